/* Selections: who gets it of those approved, what is promised for it, and what the public sees. */
#include "services/subsidy/fixture.h"

#define FEN INT64_C(100000) /* what each gets */
#define ALL SUBSIDY__SELECTION_KIND__ALL
#define ORD SUBSIDY__SELECTION_KIND__IN_ORDER
#define LOT SUBSIDY__SELECTION_KIND__BY_LOT

#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name

static int64_t a_scheme(int kind, int32_t places, int64_t fen)
{
    return open_scheme(a_funded_draft(a_fund(10 * FEN), fen, kind, places));
}

static int64_t approved(int64_t scheme_id, int64_t member_id)
{
    int64_t id = handed_in(scheme_id, member_id);

    approve_whole(id);
    return id;
}

static int state_of(int64_t id, int64_t member_id)
{
    return (int)get_hers(id, member_id)->state;
}

static void a_scheme_gets_its_money_when_it_is_opened(void **state)
{
    int64_t fund_id = a_fund(10 * FEN), id;
    const Rpc__Answer *answer;

    (void)state;
    id = open_scheme(a_funded_draft(fund_id, 4 * FEN, ALL, 0));
    assert_int_equal(fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen, 6 * FEN);
    assert_int_equal(selection_of(id)->free_fen, 4 * FEN);
    id = scheme_of(create_scheme(a_funded_draft(fund_id, 7 * FEN, ALL, 0), manager(901, CITY)))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)));
    answer = on_scheme("Schemes.OpenScheme", id, manager(902, CITY));
    assert_refused(answer, "BUDGET_SHORT");
    assert_string_equal(harness_fact(answer, "missingFen"), "100000");
    assert_int_equal(scheme_of(on_scheme("Schemes.GetScheme", id, manager(901, CITY)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_DRAFT);
}

/* Nobody is approved for whom there is no money, and all that was decided before stays. */
static void all_who_are_approved_get_it_while_there_is_money(void **state)
{
    int64_t scheme_id = a_scheme(ALL, 0, 2 * FEN), ids[3];
    const Rpc__Answer *answer;

    (void)state;
    for (int i = 0; i < 3; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    approve_whole(ids[1]);
    approve_whole(ids[0]);
    assert_int_equal(state_of(ids[1], MEMBER + 1), STATE(SHOWN));
    assert_int_equal(get_hers(ids[0], MEMBER)->place, 2);
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
    assert_ok(decide(ids[2], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    answer = decide(ids[2], SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY));
    assert_refused(answer, "BUDGET_SHORT");
    assert_string_equal(harness_fact(answer, "missingFen"), "100000");
    assert_int_equal(state_of(ids[2], MEMBER + 2), STATE(IN_REVIEW));
    assert_ok(decide(ids[2], SUBSIDY__VERDICT__REFUSE, "资金已用完", finance(921, CITY)));
}

static const Subsidy__Ticket *ticket_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__ticket__descriptor);
}

/* By who handed in first, whoever was approved first. */
static void in_order_the_first_to_hand_in_get_it(void **state)
{
    int64_t scheme_id = a_scheme(ORD, 0, 2 * FEN), ids[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    approve_whole(ids[2]);
    approve_whole(ids[1]);
    approve_whole(ids[0]);
    assert_int_equal(selection_of(scheme_id)->n_approved, 3);
    assert_int_equal(notice_of(scheme_id)->n, 0);
    let_pass(LIST_AT);
    assert_int_equal(state_of(ids[0], MEMBER), STATE(SHOWN));
    assert_int_equal(get_hers(ids[1], MEMBER + 1)->place, 2);
    assert_int_equal(state_of(ids[2], MEMBER + 2), STATE(WAITING));
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
    assert_refused(decide(ids[3], SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)), "NOT_YOUR_STEP");
    harness_reopen(&h);
    assert_int_equal(notice_of(scheme_id)->n_shown, 2);
    assert_int_equal(notice_of(scheme_id)->shown[1]->application_id, ids[1]);
}

static const Subsidy__PublicNoticeList *notices_now(void)
{
    Subsidy__ListPublicNoticesRequest request = SUBSIDY__LIST_PUBLIC_NOTICES_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Selections.ListPublicNotices", &request.base, NULL, NULL),
                          &subsidy__public_notice_list__descriptor);
}

/* Whoever looks need not know which schemes there are. */
static void everybody_finds_the_schemes_that_show_somebody(void **state)
{
    int64_t first = a_scheme(ALL, 0, 2 * FEN), second = a_scheme(ALL, 0, 2 * FEN), id;
    const Subsidy__PublicNoticeList *list;

    (void)state;
    handed_in(first, MEMBER);
    assert_int_equal(notices_now()->n_notices, 0);
    approved(first, MEMBER + 1);
    id = handed_in(second, MEMBER + 2);
    list = notices_now();
    assert_int_equal(list->n_notices, 1);
    assert_int_equal(list->notices[0]->scheme_id, first);
    approve_whole(id);
    list = notices_now();
    assert_int_equal(list->n_notices, 2);
    assert_int_equal(list->notices[0]->scheme_id, second);
    assert_int_equal(list->notices[0]->n, 1);
    assert_int_equal(list->notices[0]->fen, FEN);
    assert_int_equal(list->notices[0]->union_id, a_union(&h, CITY));
}

/* With a certificate and a fee of her own, approved. */
static int64_t approved_for(int64_t scheme_id, int64_t member_id, int64_t fen)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer certificate = SUBSIDY__FIELD_ANSWER__INIT, fee = SUBSIDY__FIELD_ANSWER__INIT;
    Subsidy__FieldAnswer *list[] = {&certificate, &fee};

    certificate.field = "certificate";
    certificate.text = arena_printf(&h.arena, "ZS%08lld", (long long)member_id);
    fee.field = "fee";
    fee.number = fen;
    request.application_id = application_of(start(scheme_id, member_of(member_id)))->application_id;
    request.answers = list;
    request.n_answers = ARRAY_LEN(list);
    assert_ok(harness_call(&h, "Applications.SaveApplication", &request.base, member_of(member_id), NULL));
    assert_ok(submit(request.application_id, member_of(member_id)));
    approve_whole(request.application_id);
    return request.application_id;
}

/* Nobody overtakes who is waiting for more. */
static void in_order_who_does_not_fit_is_not_passed_over(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 3 * FEN, ORD, 0);
    int64_t scheme_id, ids[3];

    (void)state;
    add_field(draft, "fee", SUBSIDY__FIELD_KIND__FEN);
    draft->amount.fen = 0;
    draft->amount.field = "fee";
    draft->amount.most_fen = 2 * FEN;
    scheme_id = open_scheme(draft);
    ids[0] = approved_for(scheme_id, MEMBER, 2 * FEN);
    ids[1] = approved_for(scheme_id, MEMBER + 1, 2 * FEN);
    ids[2] = approved_for(scheme_id, MEMBER + 2, FEN);
    let_pass(LIST_AT);
    assert_int_equal(state_of(ids[0], MEMBER), STATE(SHOWN));
    assert_int_equal(state_of(ids[1], MEMBER + 1), STATE(WAITING));
    assert_int_equal(state_of(ids[2], MEMBER + 2), STATE(WAITING));
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
}

static void nobody_comes_to_a_list_that_is_fixed(void **state)
{
    int64_t scheme_id = a_scheme(ORD, 0, 2 * FEN), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    wait_until(LIST_AT);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)), "LIST_FIXED");
}

/* Whose account is closed makes room for the next alone, who is shown for her own time. */
static void a_place_that_becomes_free_is_the_next_ones(void **state)
{
    int64_t scheme_id = a_scheme(ORD, 2, 4 * FEN), ids[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        ids[i] = approved(scheme_id, MEMBER + i);
    let_pass(LIST_AT);
    assert_int_equal(state_of(ids[2], MEMBER + 2), STATE(WAITING));
    wait_until(LIST_AT + 2 * DAY_MS);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(state_of(ids[1], MEMBER + 1), STATE(SHOWN));
    assert_int_equal(get_hers(ids[1], MEMBER + 1)->place, 2);
    assert_int_equal(state_of(ids[2], MEMBER + 2), STATE(SHOWN));
    assert_true(get_hers(ids[2], MEMBER + 2)->shown_until > get_hers(ids[1], MEMBER + 1)->shown_until);
    assert_int_equal(state_of(ids[3], MEMBER + 3), STATE(WAITING));
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
}

/* When nobody gets a place any more, who waits is told so, and what is left goes back. */
static void what_is_left_goes_back_to_the_fund(void **state)
{
    int64_t fund_id = a_fund(10 * FEN), scheme_id = open_scheme(a_funded_draft(fund_id, 5 * FEN, ORD, 1)), ids[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        ids[i] = approved(scheme_id, MEMBER + i);
    let_pass(LIST_AT);
    let_pass(UNTIL);
    assert_int_equal(state_of(ids[0], MEMBER), STATE(PAYABLE));
    assert_int_equal(state_of(ids[1], MEMBER + 1), STATE(NOT_CHOSEN));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, ids[1]), 1);
    assert_int_equal(selection_of(scheme_id)->stage, LOTTERY__STAGE__CLOSED);
    assert_int_equal(selection_of(scheme_id)->free_fen, 0);
    assert_int_equal(fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen, 9 * FEN);
    assert_int_equal(selection_of(scheme_id)->payable_fen, FEN);
    /* Also what becomes free later. */
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(selection_of(scheme_id)->payable_fen, 0);
    assert_int_equal(selection_of(scheme_id)->free_fen, 0);
    assert_int_equal(fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen, 10 * FEN);
}

/* As many as there are places, and those behind them in the order of the draw. */
static void by_lot_each_place_is_somebodys_who_was_approved(void **state)
{
    Subsidy__TicketRequest ticket = SUBSIDY__TICKET_REQUEST__INIT;
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 3 * FEN, LOT, 3);
    const Subsidy__Ticket *told;
    const char *number;
    int64_t scheme_id, ids[6];
    int shown = 0, waiting = 0, out = 0;

    (void)state;
    draft->selection.waiting = 2;
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 6; i++)
        ids[i] = approved(scheme_id, MEMBER + i);
    assert_int_equal(state_of(ids[5], MEMBER + 5), STATE(APPROVED));
    ticket.application_id = ids[0];
    told = ticket_of(harness_call(&h, "Selections.GetMyTicket", &ticket.base, member_of(MEMBER), NULL));
    number = told->ticket;
    assert_int_equal(strlen(number), 2 * DRAW_TICKET_LEN);
    assert_string_equal(told->text, ""); /* others still come to the list */
    let_pass(LIST_AT);
    for (int i = 0; i < 6; i++) {
        int at = state_of(ids[i], MEMBER + i);

        shown += at == STATE(SHOWN);
        waiting += at == STATE(WAITING);
        out += at == STATE(NOT_CHOSEN);
    }
    assert_int_equal(shown, 3);
    assert_int_equal(waiting, 2);
    assert_int_equal(out, 1);
    assert_int_equal(notice_of(scheme_id)->n_shown, 3);
    assert_int_equal(selection_of(scheme_id)->committed_fen, 3 * FEN);
    told = ticket_of(harness_call(&h, "Selections.GetMyTicket", &ticket.base, member_of(MEMBER), NULL));
    assert_string_equal(told->ticket, number);
    assert_non_null(strstr(told->text, number));
    assert_refused(harness_call(&h, "Selections.GetMyTicket", &ticket.base, member_of(MEMBER + 1), NULL),
                   "APPLICATION_NOT_FOUND");
}

/* Who applied by an account that is part of another one since has her ticket, and her turn, under that. */
static void whoever_holds_her_number_gets_the_place(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), FEN, LOT, 1);
    int64_t scheme_id, ids[2];
    int won;

    (void)state;
    draft->selection.waiting = 5;
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 2; i++) {
        ids[i] = handed_in(scheme_id, MEMBER + i);
        assert_int_equal(hear_merged(&h, MEMBER + i, MEMBER + 7 + i), 0);
        approve_whole(ids[i]);
    }
    let_pass(LIST_AT);
    won = state_of(ids[1], MEMBER + 8) == STATE(SHOWN);
    assert_int_equal(state_of(ids[won], MEMBER + 7 + won), STATE(SHOWN));
    assert_int_equal(state_of(ids[!won], MEMBER + 7 + !won), STATE(WAITING));
    assert_int_equal(hear_closed(&h, MEMBER + 7 + won), 0);
    do_what_is_due(&h);
    assert_int_equal(state_of(ids[!won], MEMBER + 7 + !won), STATE(SHOWN));
    assert_int_equal(selection_of(scheme_id)->committed_fen, FEN);
}

static const Rpc__Answer *value(const char *method, int64_t scheme_id, const char *text, int64_t who)
{
    Subsidy__DrawValueRequest request = SUBSIDY__DRAW_VALUE_REQUEST__INIT;

    request.scheme_id = scheme_id;
    request.value = unconst(text);
    return harness_call(&h, method, &request.base, manager(who, CITY), NULL);
}

static struct draft *a_draft_by_value(int64_t fund_id)
{
    struct draft *draft = a_funded_draft(fund_id, 2 * FEN, LOT, 1);

    draft->selection.waiting = 1;
    draft->selection.public_name = "双色球第2026001期";
    draft->selection.value_format = "## ## ##";
    draft->selection.value_at = LIST_AT + 3600000;
    draft->selection.draw_at = LIST_AT + 7200000;
    return draft;
}

static void a_draw_waits_for_the_value_that_two_have_read(void **state)
{
    Subsidy__DrawFileRequest file = SUBSIDY__DRAW_FILE_REQUEST__INIT;
    int64_t scheme_id = open_scheme(a_draft_by_value(a_fund(10 * FEN)));
    const Lottery__Status *status;

    (void)state;
    for (int i = 0; i < 3; i++)
        approved(scheme_id, MEMBER + i);
    let_pass(LIST_AT + 60000);
    assert_refused(value("Selections.EnterSchemeValue", scheme_id, "1 2 3", 901), "DRAW_STAGE_WRONG");
    let_pass(LIST_AT + 7200000);
    assert_refused(value("Selections.EnterSchemeValue", scheme_id, "eins", 901), "DRAW_VALUE_WRONG");
    assert_ok(value("Selections.EnterSchemeValue", scheme_id, "03 11 27", 901));
    assert_refused(value("Selections.ConfirmSchemeValue", scheme_id, "03 11 27", 901), "DRAW_VALUE_OWN");
    assert_refused(value("Selections.ConfirmSchemeValue", scheme_id, "03 11 28", 902), "DRAW_VALUE_DIFFERS");
    assert_ok(value("Selections.ConfirmSchemeValue", scheme_id, "03 11 27", 902));
    let_pass(LIST_AT + 7260000);
    assert_int_equal(notice_of(scheme_id)->n, 0);
    assert_ok(on_scheme("Selections.PublishSchemeDraw", scheme_id, manager(901, CITY)));
    let_pass(LIST_AT + 7320000);
    assert_int_equal(notice_of(scheme_id)->n, 1);
    status = harness_output(&h, on_scheme("Selections.GetSchemeDraw", scheme_id, NULL), &lottery__status__descriptor);
    assert_int_equal(status->n_entries, 3);
    assert_int_equal(status->stage, LOTTERY__STAGE__PUBLISHED);
    file.scheme_id = scheme_id;
    assert_ok(harness_call(&h, "Selections.GetSchemeDrawFile", &file.base, NULL, NULL));
}

static void of_a_draw_that_is_void_nobody_gets_anything(void **state)
{
    Subsidy__VoidDrawRequest request = SUBSIDY__VOID_DRAW_REQUEST__INIT;
    int64_t fund_id = a_fund(10 * FEN), scheme_id = open_scheme(a_draft_by_value(fund_id)),
            id = approved(scheme_id, MEMBER);

    (void)state;
    request.scheme_id = scheme_id;
    request.reason = "公告有误";
    assert_refused(harness_call(&h, "Selections.VoidSchemeDraw", &request.base, manager(901, TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
    assert_ok(harness_call(&h, "Selections.VoidSchemeDraw", &request.base, manager(901, CITY), NULL));
    let_pass(now() + 60000);
    assert_int_equal(state_of(id, MEMBER), STATE(NOT_CHOSEN));
    assert_int_equal(fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen, 10 * FEN);
    assert_refused(on_scheme("Selections.GetSchemeDraw", a_scheme(ALL, 0, FEN), NULL), "DRAW_NONE");
}

/* By the calendar of working days; then it is to be paid. */
static void the_public_sees_names_as_their_sessions_signed_them(void **state)
{
    int64_t scheme_id = a_scheme(ALL, 0, 2 * FEN), id;
    const Subsidy__PublicNotice *notice;
    int64_t until;

    (void)state;
    wait_until(INT64_C(1770955200000)); /* Friday 2026-02-13, 12:00 in China: the spring festival comes between */
    id = approved(scheme_id, MEMBER);
    notice = notice_of(scheme_id);
    assert_int_equal(notice->n, 1);
    assert_int_equal(notice->fen, FEN);
    assert_string_equal(notice->shown[0]->shown_name, "王*明");
    assert_int_equal(notice->shown[0]->application_id, id);
    until = INT64_C(1772208000000); /* 2026-02-28 00:00 in China */
    assert_int_equal(notice->shown[0]->until, until);
    let_pass(until - 1);
    assert_int_equal(state_of(id, MEMBER), STATE(SHOWN));
    let_pass(until);
    assert_int_equal(state_of(id, MEMBER), STATE(PAYABLE));
    assert_int_equal(notice_of(scheme_id)->n, 0);
    assert_int_equal(selection_of(scheme_id)->payable_fen, FEN);
    assert_int_equal(selection_of(scheme_id)->committed_fen, 0);
}

static void of_hardship_the_public_sees_numbers_alone(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 2 * FEN, ALL, 0);
    const Subsidy__PublicNotice *notice;
    int64_t scheme_id;

    (void)state;
    draft->showing.counts_only = true;
    scheme_id = open_scheme(draft);
    approved(scheme_id, MEMBER);
    notice = notice_of(scheme_id);
    assert_int_equal(notice->n, 1);
    assert_int_equal(notice->n_shown, 0);
}

/* Of a year of which nobody has said which days are worked, nothing is guessed: she is shown until it is said. */
static void of_a_year_that_nobody_knows_no_days_are_counted(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 2 * FEN, ALL, 0);
    int64_t scheme_id, id;

    (void)state;
    draft->scheme.opens_at = INT64_C(1798700000000); /* 2026-12-31 */
    draft->scheme.closes_at = INT64_C(1800000000000);
    scheme_id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    assert_int_equal(scheme_of(on_scheme("Schemes.GetScheme", scheme_id, manager(901, CITY)))->unknown_year, 2027);
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(901, CITY)));
    assert_int_equal(scheme_of(on_scheme("Schemes.OpenScheme", scheme_id, manager(902, CITY)))->unknown_year, 2027);
    wait_until(INT64_C(1798800000000));
    id = approved(scheme_id, MEMBER);
    assert_int_equal(notice_of(scheme_id)->shown[0]->until, 0);
    let_pass(now() + 40 * DAY_MS);
    assert_int_equal(state_of(id, MEMBER), STATE(SHOWN));
}

static void what_was_had_by_two_accounts_leaves_one(void **state)
{
    int64_t scheme_id = a_scheme(ALL, 0, 2 * FEN), ids[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        ids[i] = approved(scheme_id, MEMBER + i);
    assert_int_equal(hear_merged(&h, MEMBER, MEMBER + 1), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(state_of(ids[0], MEMBER + 1), STATE(SHOWN));
    assert_int_equal(state_of(ids[1], MEMBER + 1), STATE(LAPSED));
    assert_int_equal(selection_of(scheme_id)->committed_fen, FEN);
    assert_int_equal(selection_of(scheme_id)->free_fen, FEN);
}

static int64_t free_of(int64_t fund_id)
{
    return fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen;
}

/* Nothing waits for money of it any more: not what is in review, nor what may be asked again. */
static void what_is_left_when_all_are_decided_goes_back_to_the_fund(void **state)
{
    int64_t fund_id = a_fund(10 * FEN), scheme_id, ids[3], closes = OPENS + 60 * DAY_MS;

    (void)state;
    scheme_id = open_scheme(a_funded_draft(fund_id, 4 * FEN, ALL, 0));
    for (int i = 0; i < 2; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    approve_whole(ids[0]);
    wait_until(closes - DAY_MS);
    ids[2] = handed_in(scheme_id, MEMBER + 2);
    let_pass(closes + DAY_MS);
    assert_int_equal(free_of(fund_id), 6 * FEN);
    approve_whole(ids[2]);
    assert_ok(decide(ids[1], SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(912, CITY)));
    let_pass(now() + 2 * DAY_MS);
    assert_int_equal(free_of(fund_id), 6 * FEN);
    assert_int_equal(selection_of(scheme_id)->free_fen, 2 * FEN);
    let_pass(now() + 15 * DAY_MS);
    assert_int_equal(free_of(fund_id), 8 * FEN);
    assert_int_equal(selection_of(scheme_id)->free_fen, 0);
    assert_int_equal(selection_of(scheme_id)->stage, LOTTERY__STAGE__CLOSED);
    /* What is lost later follows. */
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(free_of(fund_id), 9 * FEN);
}

static void what_cannot_be_chosen_so_is_refused(void **state)
{
    int64_t fund_id = a_fund(10 * FEN);
    struct draft *draft = a_funded_draft(fund_id, 2 * FEN, LOT, 3);

    (void)state;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FUNDS_BELOW_PLACES", "scheme.funding.fen");
    draft = a_funded_draft(fund_id, 2 * FEN, LOT, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SELECTION_FORM_WRONG", "scheme.selection");
    draft = a_funded_draft(fund_id, 2 * FEN, ORD, 0);
    draft->selection.list_at = draft->scheme.closes_at - 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SELECTION_TIMES_WRONG", "scheme.selection");
    draft = a_funded_draft(fund_id, 2 * FEN, ALL, 0);
    draft->scheme.selection = NULL;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SELECTION_INCOMPLETE", "scheme.selection");
    draft = a_funded_draft(propose_fund(CITY, 0, FEN, finance(931, CITY)) ? fund_id + 1 : 0, FEN, ALL, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FUND_NOT_YOURS", "scheme.funding.fundId");
    draft = a_funded_draft(fund_id, 20 * FEN, LOT, 1);
    draft->selection.public_name = "双色球";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SELECTION_TIMES_WRONG", "scheme.selection");
}

static void the_audit_finds_money_that_is_nobodys(void **state)
{
    int64_t scheme_id = a_scheme(ALL, 0, 2 * FEN);

    (void)state;
    approved(scheme_id, MEMBER);
    assert_found(&h, "UPDATE application SET amount_fen = 1 WHERE state = 9",
                 "UPDATE application SET amount_fen = 100000 WHERE state = 9");
    assert_found(&h, "UPDATE selection SET stage = 7", "UPDATE selection SET stage = 3");
    assert_found(&h, "UPDATE award SET scheme_id = 1", "UPDATE award SET scheme_id = (SELECT scheme_id FROM scheme)");
    assert_found(&h, "UPDATE fund SET fen = 1", "UPDATE fund SET fen = 1000000");
    assert_found(&h, "UPDATE standing SET n = n + 1", "UPDATE standing SET n = n - 1");
    assert_found(&h, "UPDATE standing SET fen = fen + 1", "UPDATE standing SET fen = fen - 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scheme_gets_its_money_when_it_is_opened),
        TEST(all_who_are_approved_get_it_while_there_is_money),
        TEST(in_order_the_first_to_hand_in_get_it),
        TEST(in_order_who_does_not_fit_is_not_passed_over),
        TEST(nobody_comes_to_a_list_that_is_fixed),
        TEST(a_place_that_becomes_free_is_the_next_ones),
        TEST(what_is_left_goes_back_to_the_fund),
        TEST(by_lot_each_place_is_somebodys_who_was_approved),
        TEST(whoever_holds_her_number_gets_the_place),
        TEST(a_draw_waits_for_the_value_that_two_have_read),
        TEST(of_a_draw_that_is_void_nobody_gets_anything),
        TEST(the_public_sees_names_as_their_sessions_signed_them),
        TEST(of_hardship_the_public_sees_numbers_alone),
        TEST(of_a_year_that_nobody_knows_no_days_are_counted),
        TEST(what_was_had_by_two_accounts_leaves_one),
        TEST(what_cannot_be_chosen_so_is_refused),
        TEST(everybody_finds_the_schemes_that_show_somebody),
        TEST(the_audit_finds_money_that_is_nobodys),
        TEST(what_is_left_when_all_are_decided_goes_back_to_the_fund),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
