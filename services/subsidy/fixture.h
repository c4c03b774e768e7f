/* fixture.h: hg-subsidy in the test's own process, and the usual first steps of officials and members. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "bridge/bridge.pb-c.h"
#include "common/benefit/notice/notice_fixture.h"
#include "common/benefit/tree/tree_fixture.h"
#include "services/subsidy/subsidy.h"

#define CITY    "0001"
#define TOWN    "00010002"
#define COMPANY "000100020003"
#define OPENS   (HARNESS_NOW + 3600000)
#define DAY_MS  SUBSIDY_DAY_MS
#define MEMBER  500

static struct harness h;

static inline void fixture_close(void *self)
{
    subsidy_done(self);
}

static inline int setup(void **state)
{
    (void)state;
    harness_init(&h, &subsidy_spec, fixture_close);
    harness_key(&h, "HUIGONG_FORM_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(&h, "HUIGONG_BANK_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(&h, "HUIGONG_DRAW_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    assert_int_equal(conf_load(subsidy_spec.conf, NULL, true), 0);
    harness_start(&h);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- who ---- */

static inline Rpc__Principal *manager(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, path);
}

static inline Rpc__Principal *finance(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, path);
}

static inline Rpc__Principal *member_of(int64_t member_id)
{
    Rpc__Principal *principal = harness_member(&h, member_id, COMPANY);

    principal->shown_name = "王*明";
    return principal;
}

static inline const Rpc__Answer *call_once(const char *method, const ProtobufCMessage *input, const Rpc__Principal *who)
{
    static unsigned calls;
    char key[32];

    snprintf(key, sizeof(key), "call %u", calls++);
    return harness_call(&h, method, input, who, key);
}

static inline int64_t now(void)
{
    return clock_now(&h.service.clock);
}

static inline void wait_until(int64_t at)
{
    if (now() < at)
        clock_step(&h.service.clock, at - now());
}

/* ---- schemes ---- */

/* A form with a field of each kind that the tests need, in memory of its own until the next is asked for. */
struct draft {
    Subsidy__Scheme scheme;
    Subsidy__FormField fields[8], *field_list[8];
    Subsidy__FormRule rules[2], *rule_list[2];
    Subsidy__ReviewStep steps[3], *step_list[3];
    Subsidy__Amount amount;
    Subsidy__Funding funding;
    Subsidy__Selection selection;
    Subsidy__Showing showing;
    Subsidy__Payment payment;
    Subsidy__Points points[4], *point_list[4];
    Subsidy__Stratum strata[2], *stratum_list[2];
    Subsidy__NotBeside not_beside, *not_beside_list[1];
    Rule__Role applicant_roles[2];
};

static inline Subsidy__FormField *add_field(struct draft *draft, const char *name, Subsidy__FieldKind kind)
{
    Subsidy__FormField *field = &draft->fields[draft->scheme.n_fields];

    subsidy__form_field__init(field);
    field->name = unconst(name);
    field->label = unconst(name);
    field->kind = kind;
    draft->field_list[draft->scheme.n_fields++] = field;
    draft->scheme.fields = draft->field_list;
    return field;
}

static inline Subsidy__ReviewStep *add_step(struct draft *draft, const char *title, int level, Rule__Role role)
{
    Subsidy__ReviewStep *step = &draft->steps[draft->scheme.n_steps];

    subsidy__review_step__init(step);
    step->title = unconst(title);
    step->level = level;
    step->role = role;
    step->days = 5;
    draft->step_list[draft->scheme.n_steps++] = step;
    draft->scheme.steps = draft->step_list;
    return step;
}

/* 1,000 yuan for a certificate, seen by the town's officials and the city's finance. */
static inline struct draft *a_draft(void)
{
    static struct draft draft;

    memset(&draft, 0, sizeof(draft));
    subsidy__scheme__init(&draft.scheme);
    subsidy__amount__init(&draft.amount);
    draft.amount.fen = 100000;
    draft.scheme.union_id = a_union(&h, CITY);
    a_union(&h, TOWN);
    a_union(&h, COMPANY);
    draft.scheme.title = "学历补贴";
    draft.scheme.basis = "取得大专以上学历的会员，每人一次性补贴1000元。";
    draft.scheme.amount = &draft.amount;
    draft.scheme.once = SUBSIDY__ONCE__ONCE_EVER;
    draft.scheme.opens_at = OPENS;
    draft.scheme.closes_at = OPENS + 60 * DAY_MS;
    add_field(&draft, "certificate", SUBSIDY__FIELD_KIND__CERTIFICATE);
    add_step(&draft, "镇街工会初审", 2, RULE__ROLE__BENEFIT_MANAGER);
    add_step(&draft, "市总工会复核", 0, RULE__ROLE__FINANCE);
    return &draft;
}

static inline const Rpc__Answer *create_scheme(struct draft *draft, const Rpc__Principal *who)
{
    Subsidy__CreateSchemeRequest request = SUBSIDY__CREATE_SCHEME_REQUEST__INIT;

    request.scheme = &draft->scheme;
    return call_once("Schemes.CreateScheme", &request.base, who);
}

static inline const Subsidy__Scheme *scheme_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__scheme__descriptor);
}

static inline const Rpc__Answer *on_scheme(const char *method, int64_t scheme_id, const Rpc__Principal *who)
{
    Subsidy__SchemeRequest request = SUBSIDY__SCHEME_REQUEST__INIT;

    request.scheme_id = scheme_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

/* Two officials have opened it, and it is time. */
static inline int64_t open_scheme(struct draft *draft)
{
    int64_t id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;

    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)));
    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(902, CITY)));
    wait_until(OPENS);
    return id;
}

/* ---- money ---- */

static inline const Subsidy__Fund *fund_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__fund__descriptor);
}

static inline const Rpc__Answer *propose_fund(const char *path, int32_t year, int64_t fen, const Rpc__Principal *who)
{
    Subsidy__ProposeSubsidyFundRequest request = SUBSIDY__PROPOSE_SUBSIDY_FUND_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    request.name = "2026年补贴";
    request.year = year;
    request.fen = fen;
    return call_once("Budgets.ProposeSubsidyFund", &request.base, who);
}

static inline const Rpc__Answer *on_fund(const char *method, int64_t fund_id, const Rpc__Principal *who)
{
    Subsidy__SubsidyFundRequest request = SUBSIDY__SUBSIDY_FUND_REQUEST__INIT;

    request.fund_id = fund_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

/* Confirmed by two of the city's finance. */
static inline int64_t a_fund(int64_t fen)
{
    int64_t id = fund_of(propose_fund(CITY, 0, fen, finance(931, CITY)))->fund_id;

    assert_ok(on_fund("Budgets.ConfirmSubsidyFund", id, finance(932, CITY)));
    return id;
}

#define LIST_AT (OPENS + 70 * DAY_MS)
#define UNTIL   (OPENS + 120 * DAY_MS)

/* A draft that is paid from a fund, by 1,000 yuan each, and chosen so. */
static inline struct draft *a_funded_draft(int64_t fund_id, int64_t fen, int kind, int32_t places)
{
    struct draft *draft = a_draft();

    subsidy__funding__init(&draft->funding);
    subsidy__selection__init(&draft->selection);
    subsidy__showing__init(&draft->showing);
    draft->funding.fund_id = fund_id;
    draft->funding.fen = fen;
    draft->selection.kind = (Subsidy__SelectionKind)kind;
    draft->selection.places = places;
    if (kind != SUBSIDY__SELECTION_KIND__ALL) {
        draft->selection.list_at = LIST_AT;
        draft->selection.until = UNTIL;
    }
    draft->showing.working_days = 5;
    draft->scheme.funding = &draft->funding;
    draft->scheme.selection = &draft->selection;
    draft->scheme.showing = &draft->showing;
    return draft;
}

static inline void add_points(struct draft *draft, const char *field, const char *choice, int32_t points, int32_t most)
{
    Subsidy__Points *one = &draft->points[draft->selection.n_points];

    subsidy__points__init(one);
    one->field = unconst(field);
    one->choice = unconst(choice);
    one->points = points;
    one->most = most;
    draft->point_list[draft->selection.n_points++] = one;
    draft->selection.points = draft->point_list;
}

static inline Subsidy__Stratum *add_stratum(struct draft *draft, const char *title, char **choices, size_t n,
                                            int32_t places)
{
    Subsidy__Stratum *one = &draft->strata[draft->selection.n_strata];

    subsidy__stratum__init(one);
    one->title = unconst(title);
    one->choices = choices;
    one->n_choices = n;
    one->places = places;
    draft->stratum_list[draft->selection.n_strata++] = one;
    draft->selection.strata = draft->stratum_list;
    return one;
}

static inline const Subsidy__SelectionStatus *selection_of(int64_t scheme_id)
{
    return harness_output(&h, on_scheme("Selections.GetSelection", scheme_id, finance(921, CITY)),
                          &subsidy__selection_status__descriptor);
}

static inline const Subsidy__PublicNotice *notice_of(int64_t scheme_id)
{
    Subsidy__PublicNoticeRequest request = SUBSIDY__PUBLIC_NOTICE_REQUEST__INIT;

    request.scheme_id = scheme_id;
    return harness_output(&h, harness_call(&h, "Selections.GetPublicNotice", &request.base, NULL, NULL),
                          &subsidy__public_notice__descriptor);
}

/* ---- what the bridge tells ---- */

static inline int hear_bridge(const Bridge__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[512];

    row.kind = (int32_t)event->event_case;
    row.body = (ProtobufCBinaryData){bridge__event__pack(event, packed), packed};
    return harness_hear(&h, "bridge", &row);
}

/* WeChat carries so much for subsidies. */
static inline void hear_way(int64_t least_fen, int64_t most_fen)
{
    Bridge__Event event = BRIDGE__EVENT__INIT;
    Bridge__PayWayChanged way = BRIDGE__PAY_WAY_CHANGED__INIT;
    Payout__Scene scenes[] = {PAYOUT__SCENE__SCENE_SUBSIDY, PAYOUT__SCENE__SCENE_INSURANCE};

    way.way = PAYOUT__WAY__BY_WECHAT;
    way.open = most_fen > 0;
    way.order_min_fen = least_fen;
    way.order_max_fen = most_fen;
    way.scene = scenes;
    way.n_scene = ARRAY_LEN(scenes);
    event.event_case = BRIDGE__EVENT__EVENT_PAY_WAY_CHANGED;
    event.pay_way_changed = &way;
    assert_int_equal(hear_bridge(&event), 0);
}

/* A bank takes any amount. */
static inline void hear_bank_way(void)
{
    Bridge__Event event = BRIDGE__EVENT__INIT;
    Bridge__PayWayChanged way = BRIDGE__PAY_WAY_CHANGED__INIT;

    way.way = PAYOUT__WAY__BY_BANK;
    way.open = true;
    way.order_min_fen = 1;
    way.order_max_fen = INT64_C(100000000000);
    event.event_case = BRIDGE__EVENT__EVENT_PAY_WAY_CHANGED;
    event.pay_way_changed = &way;
    assert_int_equal(hear_bridge(&event), 0);
}

static inline void hear_payout(int64_t order_id, int state, int reason)
{
    Bridge__Event event = BRIDGE__EVENT__INIT;
    Bridge__PayoutChanged changed = BRIDGE__PAYOUT_CHANGED__INIT;

    changed.payout_id = order_id + 1;
    changed.source = "subsidy";
    changed.order_id = order_id;
    changed.state = (Bridge__PayoutState)state;
    changed.reason = reason;
    event.event_case = BRIDGE__EVENT__EVENT_PAYOUT_CHANGED;
    event.payout_changed = &changed;
    assert_int_equal(hear_bridge(&event), 0);
}

/* A draft that is paid by WeChat to all who are approved, two days after. */
static inline struct draft *a_paid_draft(int64_t fund_id, int64_t fen)
{
    static char *report[] = {"学历补贴"};
    struct draft *draft = a_funded_draft(fund_id, fen, SUBSIDY__SELECTION_KIND__ALL, 0);

    subsidy__payment__init(&draft->payment);
    draft->payment.way = PAYOUT__WAY__BY_WECHAT;
    draft->payment.scene = PAYOUT__SCENE__SCENE_SUBSIDY;
    draft->payment.report = report;
    draft->payment.n_report = 1;
    draft->payment.remark = "学历补贴";
    draft->scheme.payment = &draft->payment;
    draft->showing.working_days = 2;
    return draft;
}

/* The same by bank, to the account that each writes into the form. */
static inline struct draft *a_bank_draft(int64_t fund_id, int64_t fen)
{
    struct draft *draft = a_paid_draft(fund_id, fen);

    add_field(draft, "account", SUBSIDY__FIELD_KIND__BANK_ACCOUNT);
    add_field(draft, "holder", SUBSIDY__FIELD_KIND__TEXT)->most = 60;
    add_field(draft, "bank", SUBSIDY__FIELD_KIND__TEXT)->most = 60;
    draft->payment.way = PAYOUT__WAY__BY_BANK;
    draft->payment.scene = PAYOUT__SCENE__SCENE_NONE;
    draft->payment.n_report = 0;
    draft->payment.account_field = "account";
    draft->payment.holder_field = "holder";
    draft->payment.bank_field = "bank";
    return draft;
}

static inline const Rpc__Answer *prepare_run(int64_t scheme_id, const Rpc__Principal *who)
{
    Subsidy__PrepareRunRequest request = SUBSIDY__PREPARE_RUN_REQUEST__INIT;

    request.scheme_id = scheme_id;
    return call_once("Runs.PrepareRun", &request.base, who);
}

static inline const Rpc__Answer *on_run(const char *method, int64_t run_id, const Rpc__Principal *who)
{
    Subsidy__RunRequest request = SUBSIDY__RUN_REQUEST__INIT;

    request.run_id = run_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Subsidy__Run *run_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__run__descriptor);
}

static inline const Subsidy__RunLineList *lines_of(int64_t run_id)
{
    Subsidy__ListRunLinesRequest request = SUBSIDY__LIST_RUN_LINES_REQUEST__INIT;

    request.run_id = run_id;
    return harness_output(&h, harness_call(&h, "Runs.ListRunLines", &request.base, finance(951, CITY), NULL),
                          &subsidy__run_line_list__descriptor);
}

/* ---- objections ---- */

static inline const Rpc__Answer *raise_objection(int64_t id, int64_t who)
{
    Subsidy__RaiseObjectionRequest request = SUBSIDY__RAISE_OBJECTION_REQUEST__INIT;

    request.application_id = id;
    request.text = "此人证书系伪造";
    return harness_call(&h, "Objections.RaiseObjection", &request.base, member_of(who), NULL);
}

static inline const Subsidy__Objection *objection_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__objection__descriptor);
}

static inline const Rpc__Answer *decide_objection(int64_t id, bool upheld, const Rpc__Principal *who)
{
    Subsidy__DecideObjectionRequest request = SUBSIDY__DECIDE_OBJECTION_REQUEST__INIT;

    request.objection_id = id;
    request.upheld = upheld;
    request.remark = "经核实";
    return harness_call(&h, "Objections.DecideObjection", &request.base, who, NULL);
}

/* ---- what happens by itself ---- */

static inline void do_what_is_due(struct harness *harness)
{
    while (harness_tidy(harness))
        continue;
}

/* What happens by itself until an instant. */
static inline void let_pass(int64_t at)
{
    wait_until(at);
    harness_work(&h, do_what_is_due);
    harness_work(&h, do_what_is_due); /* the head that was wanted is signed by then */
}

/* ---- applications ---- */

static inline const Subsidy__Application *application_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__application__descriptor);
}

static inline const Rpc__Answer *start(int64_t scheme_id, const Rpc__Principal *who)
{
    Subsidy__StartApplicationRequest request = SUBSIDY__START_APPLICATION_REQUEST__INIT;

    request.scheme_id = scheme_id;
    return harness_call(&h, "Applications.StartApplication", &request.base, who, NULL);
}

static inline const Rpc__Answer *on_application(const char *method, int64_t id, const Rpc__Principal *who)
{
    Subsidy__ApplicationRequest request = SUBSIDY__APPLICATION_REQUEST__INIT;

    request.application_id = id;
    return harness_call(&h, method, &request.base, who, NULL);
}

/* Writes one text into one field. */
static inline const Rpc__Answer *save(int64_t id, const char *field, const char *text, const Rpc__Principal *who)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT, *list[] = {&answer};

    answer.field = unconst(field);
    answer.text = unconst(text);
    request.application_id = id;
    request.answers = list;
    request.n_answers = 1;
    return harness_call(&h, "Applications.SaveApplication", &request.base, who, NULL);
}

static inline const Rpc__Answer *submit(int64_t id, const Rpc__Principal *who)
{
    return on_application("Applications.SubmitApplication", id, who);
}

/* Handed in by a member, with a certificate of her own. */
static inline int64_t handed_in(int64_t scheme_id, int64_t member_id)
{
    int64_t id = application_of(start(scheme_id, member_of(member_id)))->application_id;
    char number[24];

    snprintf(number, sizeof(number), "ZS%08lld", (long long)member_id);
    assert_ok(save(id, "certificate", number, member_of(member_id)));
    assert_ok(submit(id, member_of(member_id)));
    return id;
}

static inline const Subsidy__Application *get_hers(int64_t id, int64_t member_id)
{
    return application_of(on_application("Applications.GetMyApplication", id, member_of(member_id)));
}

/* ---- reviews ---- */

static inline const Rpc__Answer *decide(int64_t id, Subsidy__Verdict verdict, const char *remark,
                                        const Rpc__Principal *who)
{
    Subsidy__DecideRequest request = SUBSIDY__DECIDE_REQUEST__INIT;

    request.application_id = id;
    request.verdict = verdict;
    request.remark = unconst(remark);
    return harness_call(&h, "Reviews.Decide", &request.base, who, NULL);
}

static inline const Subsidy__ReviewItem *item_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__review_item__descriptor);
}

static inline void approve_whole(int64_t id)
{
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
}
