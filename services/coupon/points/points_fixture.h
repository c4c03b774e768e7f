/* points_fixture.h: a ledger with rules, and people who do what these are about. */
#pragma once
#include "services/coupon/fixture.h"
#include "services/coupon/points/points_internal.h"

#define ATTENDED "attendance"
#define QUIZ     "quiz"

static inline const Rpc__Answer *points_call(const char *method, const ProtobufCMessage *input,
                                             const Rpc__Principal *who)
{
    static unsigned n;
    char key[24];

    snprintf(key, sizeof(key), "points-%u", n++);
    return harness_call(&h, method, input, who, key);
}

static inline Rpc__Principal *manager_at(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, path);
}

static inline Rpc__Principal *manager(int64_t member_id)
{
    return manager_at(member_id, UNION);
}

/* ---- the ledger and what it gives for ---- */

static inline const Rpc__Answer *create_ledger(const char *path, const Rpc__Principal *who)
{
    Coupon__CreateLedgerRequest request = COUPON__CREATE_LEDGER_REQUEST__INIT;
    Coupon__Ledger ledger = COUPON__LEDGER__INIT;

    ledger.union_id = a_union(&h, path);
    ledger.name = "惠工积分";
    request.ledger = &ledger;
    return points_call("Ledgers.CreateLedger", &request.base, who);
}

static inline int64_t a_ledger_of(const char *path)
{
    const Coupon__Ledger *ledger =
        harness_output(&h, create_ledger(path, harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, "")),
                       &coupon__ledger__descriptor);

    return ledger->ledger_id;
}

static inline int64_t a_ledger(void)
{
    return a_ledger_of(UNION);
}

static inline Coupon__PointsRule a_rule(const char *what, int64_t points)
{
    Coupon__PointsRule rule = COUPON__POINTS_RULE__INIT;

    rule.ledger_id = 1; /* the request's counts */
    rule.title = "参加活动";
    rule.service = "portal";
    rule.what = unconst(what);
    rule.points = points;
    rule.valid_days = 30;
    return rule;
}

static inline const Rpc__Answer *propose_rule(int64_t ledger_id, Coupon__PointsRule *rule, const Rpc__Principal *who)
{
    Coupon__ProposeRuleRequest request = COUPON__PROPOSE_RULE_REQUEST__INIT;

    request.ledger_id = ledger_id;
    request.rule = rule;
    return points_call("Earnings.ProposeRule", &request.base, who);
}

static inline const Rpc__Answer *on_rule(const char *method, int64_t rule_id, const Rpc__Principal *who)
{
    Coupon__RuleRequest request = COUPON__RULE_REQUEST__INIT;

    request.rule_id = rule_id;
    return points_call(method, &request.base, who);
}

static inline const Coupon__PointsRule *rule_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__points_rule__descriptor);
}

/* In force, by two officials. */
static inline int64_t open_rule(int64_t ledger_id, Coupon__PointsRule rule)
{
    int64_t rule_id = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;

    assert_ok(on_rule("Earnings.ConfirmRule", rule_id, manager(902)));
    return rule_id;
}

static inline const Rpc__Answer *propose_gift_as(int64_t ledger_id, int64_t member_id, int64_t points, int32_t days,
                                                 const Rpc__Principal *who)
{
    Coupon__ProposeGiftRequest request = COUPON__PROPOSE_GIFT_REQUEST__INIT;
    Coupon__Gift gift = COUPON__GIFT__INIT;

    gift.member_ids = &member_id;
    gift.n_member_ids = 1;
    gift.points = points;
    gift.valid_days = days;
    gift.remark = "运动会志愿者";
    request.ledger_id = ledger_id;
    request.gift = &gift;
    return points_call("Gifts.ProposeGift", &request.base, who);
}

static inline const Rpc__Answer *propose_gift(int64_t ledger_id, int64_t member_id, int64_t points, int32_t days)
{
    return propose_gift_as(ledger_id, member_id, points, days, manager(901));
}

static inline const Coupon__Gift *gift_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__gift__descriptor);
}

static inline const Rpc__Answer *on_gift(const char *method, int64_t gift_id, const Rpc__Principal *who)
{
    Coupon__GiftRequest request = COUPON__GIFT_REQUEST__INIT;

    request.gift_id = gift_id;
    return points_call(method, &request.base, who);
}

static inline void give_points(int64_t ledger_id, int64_t member_id, int64_t points, int32_t days)
{
    assert_ok(
        on_gift("Gifts.ConfirmGift", gift_in(propose_gift(ledger_id, member_id, points, days))->gift_id, manager(902)));
}

/* ---- what people do ---- */

/* A row of a service's journal. */
static inline void hear_chassis(const char *queue, const Rpc__ChassisEvent *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    row.kind = (int32_t)event->event_case;
    row.at = clock_now(&h.service.clock);
    row.body = (ProtobufCBinaryData){rpc__chassis_event__pack(event, packed), packed};
    assert_int_equal(harness_hear(&h, queue, &row), 0);
}

static inline void does_as(const Rpc__Principal *who, const char *what, int64_t deed_id)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Rpc__Deed deed = RPC__DEED__INIT;

    deed.deed_id = deed_id;
    deed.what = unconst(what);
    deed.member_id = who->member_id;
    deed.level = who->level;
    deed.union_path = who->union_path;
    deed.trade = who->trade;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_DEED;
    event.deed = &deed;
    hear_chassis("portal", &event);
}

static inline void does(int64_t member_id, const char *what, int64_t deed_id)
{
    does_as(harness_member(&h, member_id, TOWN), what, deed_id);
}

static inline void did_not(const char *what, int64_t deed_id)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Rpc__DeedUndone undone = RPC__DEED_UNDONE__INIT;

    undone.deed_id = deed_id;
    undone.what = unconst(what);
    event.event_case = RPC__CHASSIS_EVENT__EVENT_DEED_UNDONE;
    event.deed_undone = &undone;
    hear_chassis("portal", &event);
}

/* ---- what they have ---- */

static inline const Coupon__PointsList *points_list(const Rpc__Principal *who)
{
    Coupon__ListPointsRequest request = COUPON__LIST_POINTS_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Points.ListPoints", &request.base, who, NULL),
                          &coupon__points_list__descriptor);
}

/* Of all ledgers. */
static inline int64_t points_of(int64_t member_id)
{
    const Coupon__PointsList *list = points_list(harness_member(&h, member_id, TOWN));
    int64_t sum = 0;

    for (size_t i = 0; i < list->n_balances; i++)
        sum += list->balances[i]->points;
    return sum;
}

static inline const Coupon__PointsEntryList *entries_of(int64_t ledger_id, int64_t member_id, int32_t size,
                                                        const char *token)
{
    Coupon__ListPointsEntriesRequest request = COUPON__LIST_POINTS_ENTRIES_REQUEST__INIT;

    request.ledger_id = ledger_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(
        &h, harness_call(&h, "Points.ListPointsEntries", &request.base, harness_member(&h, member_id, TOWN), NULL),
        &coupon__points_entry_list__descriptor);
}

static inline const Coupon__LedgerTotals *totals_of(int64_t ledger_id)
{
    Coupon__LedgerRequest request = COUPON__LEDGER_REQUEST__INIT;

    request.ledger_id = ledger_id;
    return harness_output(&h, harness_call(&h, "Ledgers.GetLedgerTotals", &request.base, manager(901), NULL),
                          &coupon__ledger_totals__descriptor);
}

static inline void step_days(int days)
{
    clock_step(&h.service.clock, days * COUPON_DAY_MS);
}

/* ---- spending, as the shop does it ---- */

struct spending {
    int64_t ledger_id, points, entry_id;
    const Rpc__Principal *who;
    int reason;
};

static inline void spend_in(void *call, void *arg)
{
    struct spending *spending = arg;

    rpc_act_for(call, spending->who);
    spending->reason =
        points_spend(h.service.self, spending->ledger_id, spending->points, 77, call, &spending->entry_id);
}

/* A Reason, or 0 with the entry. */
static inline int spend_as(int64_t ledger_id, const Rpc__Principal *who, int64_t points, int64_t *ret_entry_id)
{
    struct spending spending = {.ledger_id = ledger_id, .points = points, .who = who};

    harness_off_record(&h);
    assert_int_equal(rpc_server_transact(h.service.rpc, spend_in, &spending), 0);
    *ret_entry_id = spending.entry_id;
    return spending.reason;
}

static inline int64_t spend(int64_t ledger_id, int64_t member_id, int64_t points)
{
    int64_t entry_id;

    assert_int_equal(spend_as(ledger_id, harness_member(&h, member_id, TOWN), points, &entry_id), 0);
    return entry_id;
}

static inline void give_back_in(void *call, void *arg)
{
    struct spending *spending = arg;

    spending->points = points_give_back(h.service.self, spending->entry_id, call);
}

/* How many came back. */
static inline int64_t give_back(int64_t entry_id)
{
    struct spending spending = {.entry_id = entry_id};

    harness_off_record(&h);
    assert_int_equal(rpc_server_transact(h.service.rpc, give_back_in, &spending), 0);
    return spending.points;
}
