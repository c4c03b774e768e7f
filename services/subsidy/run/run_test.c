/* Runs of payments: what is frozen, who releases it, and what comes of each order. */
#include "common/base/hex.h"
#include "services/subsidy/run/run_fixture.h"
#include "services/subsidy/run/run_internal.h"

static void a_list_is_frozen_and_two_release_it(void **state)
{
    const Subsidy__Run *run;
    int64_t id;

    (void)state;
    begin(2);
    id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;
    assert_refused(on_run("Runs.ReleaseRun", id, finance(951, CITY)), "RUN_NOT_READY");
    do_what_is_due(&h);
    run = get(id);
    assert_int_equal(run->state, RUN(PREPARED));
    assert_int_equal(run->n_lines, 2);
    assert_int_equal(run->fen, 2 * FEN);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "RUN_IS_LIVE");
    assert_true(run_of(on_run("Runs.ReleaseRun", id, finance(951, CITY)))->waits_for_hand);
    assert_true(run_of(on_run("Runs.ReleaseRun", id, finance(951, CITY)))->waits_for_hand);
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED), 0);
    assert_int_equal(run_of(on_run("Runs.ReleaseRun", id, finance(952, CITY)))->state, RUN(RELEASED));
    do_what_is_due(&h);
    assert_int_equal(get(id)->state, RUN(UNDER_WAY));
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED), 2);
    assert_int_equal(state_of(1), STATE(ORDERED));
    assert_int_equal(selection_of(scheme_id)->in_flight_fen, 2 * FEN);
    assert_int_equal(selection_of(scheme_id)->payable_fen, 0);
    assert_refused(on_run("Runs.ReleaseRun", id, finance(953, CITY)), "RUN_DECIDED");
    assert_refused(on_run("Runs.DropRun", id, finance(953, CITY)), "RUN_DECIDED");
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

/* By whatever account of hers. */
static void who_has_decided_on_a_line_does_not_release_it(void **state)
{
    int64_t id;

    (void)state;
    begin(1);
    id = prepared();
    assert_refused(on_run("Runs.ReleaseRun", id, finance(921, CITY)), "DECIDED_ON_A_LINE");
    assert_int_equal(hear_merged(&h, 911, 955), 0);
    assert_refused(on_run("Runs.ReleaseRun", id, finance(955, CITY)), "DECIDED_ON_A_LINE");
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_refused(on_run("Runs.ReleaseRun", id, finance(921, CITY)), "DECIDED_ON_A_LINE");
    assert_refused(on_run("Runs.ReleaseRun", id, finance(952, "00010009")), "OUTSIDE_YOUR_UNION");
}

/* Also of an objection that was not the last to be decided. */
static void who_has_decided_an_objection_does_not_release_it(void **state)
{
    int64_t id, objections[2];

    (void)state;
    hear_way(30, 500000);
    scheme_id = open_scheme(a_paid_draft(a_fund(10 * FEN), 5 * FEN));
    ids[0] = handed_in(scheme_id, MEMBER);
    approve_whole(ids[0]);
    for (int i = 0; i < 2; i++)
        objections[i] = objection_of(raise_objection(ids[0], 600 + i))->objection_id;
    for (int i = 0; i < 2; i++) {
        assert_ok(decide_objection(objections[i], false, manager(961 + 2 * i, CITY)));
        assert_ok(decide_objection(objections[i], false, manager(962 + 2 * i, CITY)));
    }
    let_pass(now() + 7 * DAY_MS);
    id = prepared();
    for (int who = 961; who <= 964; who++)
        assert_refused(on_run("Runs.ReleaseRun", id, finance(who, CITY)), "DECIDED_ON_A_LINE");
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
}

static void each_order_is_paid_once(void **state)
{
    int64_t id;

    (void)state;
    begin(2);
    id = released();
    hear_payout(order_of(id, 0), TOLD(WAITING), 0);
    hear_payout(order_of(id, 0), TOLD(CONFIRM), 0);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_TO_CONFIRM, ids[0]), 1);
    assert_int_equal(lines_of(id)->lines[0]->state, LINE(TO_CONFIRM));
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    hear_payout(order_of(id, 1), TOLD(PAID), 0);
    assert_int_equal(get(id)->state, RUN(ENDED));
    assert_int_equal(get(id)->paid_fen, 2 * FEN);
    assert_int_equal(selection_of(scheme_id)->in_flight_fen, 0);
    hear_payout(order_of(id, 1), TOLD(FAILED), BRIDGE__REASON__PAYOUT_PROVIDER_FAILED);
    assert_int_equal(state_of(1), STATE(PAID));
    hear_payout(77, TOLD(PAID), 0);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

/* The next run takes what came back, under an order of its own; the first is withdrawn for good. */
static void what_came_back_is_paid_by_the_next_run(void **state)
{
    int64_t id, again, first, second;

    (void)state;
    begin(2);
    id = released();
    first = order_of(id, 0);
    hear_payout(first, TOLD(FAILED), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    hear_payout(order_of(id, 1), TOLD(PAID), 0);
    assert_int_equal(get(id)->state, RUN(ENDED));
    assert_int_equal(get(id)->n_back, 1);
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_WITHDRAWN), 1);
    assert_int_equal(state_of(0), STATE(PAYABLE));
    assert_non_null(strstr(get_hers(ids[0], MEMBER)->payment_words, "24小时"));
    assert_string_equal(lines_of(id)->lines[0]->words, get_hers(ids[0], MEMBER)->payment_words);
    assert_int_equal(selection_of(scheme_id)->payable_fen, FEN);
    again = released();
    assert_int_equal(get(again)->n_lines, 1);
    second = order_of(again, 0);
    assert_int_not_equal(first, second);
    /* Nothing that is told of the first moves the second. */
    hear_payout(first, TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(ORDERED));
    assert_int_equal(selection_of(scheme_id)->in_flight_fen, FEN);
    hear_payout(second, TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, 2 * FEN);
    assert_int_equal(get(again)->state, RUN(ENDED));
}

/* Paid after all, before anything else was ordered: she is not paid again. */
static void what_was_paid_after_all_is_not_ordered_again(void **state)
{
    int64_t id;

    (void)state;
    begin(1);
    id = released();
    hear_payout(order_of(id, 0), TOLD(FAILED), BRIDGE__REASON__PAYOUT_PROVIDER_FAILED);
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_int_equal(get(id)->n_back, 0);
    assert_int_equal(get(id)->n_paid, 1);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

/* Also by an order before the last. */
static void what_was_paid_by_an_earlier_order_is_not_ordered_again(void **state)
{
    int64_t first, second;

    (void)state;
    begin(1);
    first = released();
    hear_payout(order_of(first, 0), TOLD(FAILED), BRIDGE__REASON__PAYOUT_PROVIDER_FAILED);
    second = released();
    hear_payout(order_of(second, 0), TOLD(CANCELLED), BRIDGE__REASON__PAYOUT_WITHDRAWN);
    hear_payout(order_of(first, 0), TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(get(first)->n_paid, 1);
    assert_int_equal(get(second)->n_back, 1);
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

static void who_lost_it_after_the_list_was_frozen_is_not_ordered(void **state)
{
    int64_t id;

    (void)state;
    begin(2);
    id = prepared();
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    do_what_is_due(&h);
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_ok(on_run("Runs.ReleaseRun", id, finance(952, CITY)));
    do_what_is_due(&h);
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED), 1);
    assert_int_equal(lines_of(id)->lines[0]->state, LINE(OUT));
    hear_payout(order_of(id, 1), TOLD(PAID), 0);
    assert_int_equal(get(id)->state, RUN(ENDED));
}

/* Whose account is closed while her payment is under way is paid if it can be, and else it lapses. */
static void a_closed_account_waits_for_what_is_under_way(void **state)
{
    int64_t id;

    (void)state;
    begin(2);
    id = released();
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    assert_int_equal(hear_closed(&h, MEMBER + 1), 0);
    do_what_is_due(&h);
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    hear_payout(order_of(id, 1), TOLD(REFUSED), BRIDGE__REASON__PAYOUT_NO_WECHAT);
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_int_equal(selection_of(scheme_id)->payable_fen, 0);
    assert_int_equal(selection_of(scheme_id)->free_fen, 4 * FEN);
}

/* Two accounts became one while each was being paid: what comes back of one is not paid again beside the other. */
static void what_may_be_had_once_is_not_paid_by_a_second_account(void **state)
{
    int64_t id;

    (void)state;
    begin(2);
    id = released();
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    do_what_is_due(&h);
    hear_payout(order_of(id, 1), TOLD(FAILED), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    assert_int_equal(get_hers(ids[1], MEMBER)->state, STATE(LAPSED));
    assert_int_equal(selection_of(scheme_id)->payable_fen, 0);
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_int_equal(get(id)->state, RUN(ENDED));
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

static void a_run_keeps_to_its_limits(void **state)
{
    struct draft *draft;
    int64_t id;

    (void)state;
    hear_way(30, 500000);
    draft = a_paid_draft(a_fund(10 * FEN), 5 * FEN);
    draft->payment.run_fen = 2 * FEN;
    draft->payment.day_fen = 2 * FEN;
    begin_with(draft, 3);
    id = released();
    assert_int_equal(get(id)->n_lines, 2);
    id = prepared();
    assert_int_equal(get(id)->n_lines, 1);
    assert_refused(on_run("Runs.ReleaseRun", id, finance(951, CITY)), "RUN_OVER_DAY");
    wait_until(now() + DAY_MS);
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_int_equal(run_of(on_run("Runs.DropRun", id, finance(952, CITY)))->state, RUN(DROPPED));
    assert_int_equal(state_of(2), STATE(PAYABLE));
    assert_int_equal(get(released())->n_lines, 1);
}

/* Nor does a run come to more than is released in a day. */
static void a_run_is_not_above_what_is_released_in_a_day(void **state)
{
    struct draft *draft;
    int64_t id;

    (void)state;
    hear_way(30, 500000);
    draft = a_paid_draft(a_fund(10 * FEN), 5 * FEN);
    draft->payment.day_fen = 2 * FEN;
    begin_with(draft, 3);
    id = released();
    assert_int_equal(get(id)->state, RUN(UNDER_WAY));
    assert_int_equal(get(id)->n_lines, 2);
}

static void an_amount_that_no_run_has_room_for_is_refused_and_holds_nobody_up(void **state)
{
    Subsidy__Payment payment = SUBSIDY__PAYMENT__INIT;
    struct run run = {.n_lines = 1, .fen = FEN};
    struct draft *draft;
    int64_t fund_id;

    (void)state;
    hear_way(30, 500000);
    fund_id = a_fund(10 * FEN);
    draft = a_paid_draft(fund_id, 5 * FEN);
    draft->payment.run_fen = FEN - 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "RUN_BELOW_AMOUNT", "scheme.payment.runFen");
    draft = a_paid_draft(fund_id, 5 * FEN);
    draft->payment.day_fen = FEN - 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "RUN_BELOW_AMOUNT", "scheme.payment.runFen");
    payment.run_fen = 2 * FEN;
    assert_int_equal(run_room(&payment, &run, FEN), RUN_ROOM);
    assert_int_equal(run_room(&payment, &run, FEN + 1), RUN_FULL);
    assert_int_equal(run_room(&payment, &run, 2 * FEN + 1), RUN_NEVER);
    payment.run_fen = 0;
    payment.day_fen = FEN;
    assert_int_equal(run_room(&payment, &run, FEN), RUN_FULL);
    assert_int_equal(run_room(&payment, &run, FEN + 1), RUN_NEVER);
    payment.run_lines = 1;
    payment.day_fen = 0;
    assert_int_equal(run_room(&payment, &run, FEN), RUN_FULL);
}

/* Whoever gave the first hand has become one with somebody who has decided: it takes two others. */
static void a_first_hand_that_turns_out_to_have_decided_is_none(void **state)
{
    int64_t id;

    (void)state;
    begin(1);
    id = prepared();
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_int_equal(hear_merged(&h, 911, 951), 0);
    assert_true(run_of(on_run("Runs.ReleaseRun", id, finance(952, CITY)))->waits_for_hand);
    assert_int_equal(get(id)->state, RUN(PREPARED));
    assert_refused(on_run("Runs.ReleaseRun", id, finance(951, CITY)), "DECIDED_ON_A_LINE");
    assert_int_equal(run_of(on_run("Runs.ReleaseRun", id, finance(953, CITY)))->state, RUN(RELEASED));
    do_what_is_due(&h);
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED), 1);
}

/* What its way cannot carry is said before anybody applies. */
static void a_scheme_that_cannot_be_paid_is_not_opened(void **state)
{
    struct draft *draft = a_paid_draft(a_fund(10 * FEN), 5 * FEN);
    int64_t id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    const Rpc__Answer *answer;

    (void)state;
    assert_refused(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)), "WAY_NOT_OPEN");
    hear_way(30, 20000);
    answer = on_scheme("Schemes.OpenScheme", id, manager(901, CITY));
    assert_refused(answer, "AMOUNT_NOT_CARRIED");
    assert_string_equal(harness_fact(answer, "mostFen"), "20000");
    hear_way(30, FEN);
    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)));
    draft = a_paid_draft(draft->funding.fund_id, FEN);
    draft->payment.n_report = 0;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "PAYMENT_FORM_WRONG", "scheme.payment");
    draft = a_paid_draft(draft->funding.fund_id, FEN);
    draft->payment.way = PAYOUT__WAY__BY_BANK;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "PAYMENT_FORM_WRONG", "scheme.payment");
    draft = a_paid_draft(draft->funding.fund_id, FEN);
    draft->payment.scene = PAYOUT__SCENE__SCENE_PRIZE;
    draft->payment.n_report = 0;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "PAYMENT_FORM_WRONG", "scheme.payment");
}

static void runs_of_a_scheme_are_listed(void **state)
{
    Subsidy__ListRunsRequest request = SUBSIDY__LIST_RUNS_REQUEST__INIT;
    const Subsidy__RunList *list;
    int64_t id;

    (void)state;
    begin(1);
    assert_ok(on_run("Runs.DropRun", prepared(), finance(952, CITY)));
    id = prepared();
    request.scheme_id = scheme_id;
    list = harness_output(&h, harness_call(&h, "Runs.ListRuns", &request.base, finance(951, CITY), NULL),
                          &subsidy__run_list__descriptor);
    assert_int_equal(list->n_runs, 2);
    assert_int_equal(list->runs[0]->run_id, id);
    assert_refused(on_run("Runs.GetRun", 77, finance(951, CITY)), "RUN_NOT_FOUND");
}

static void the_audit_finds_payments_that_were_changed(void **state)
{
    int64_t id;

    (void)state;
    begin(2);
    id = released();
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    assert_found(&h, "UPDATE run_line SET state = 2 WHERE nth = 1", "UPDATE run_line SET state = 4 WHERE nth = 1");
    assert_found(&h, "UPDATE run_line SET order_id = order_id + 1 WHERE nth = 2",
                 "UPDATE run_line SET order_id = order_id - 1 WHERE nth = 2");
    assert_found(&h, "UPDATE run_line SET fen = fen + 1 WHERE nth = 2",
                 "UPDATE run_line SET fen = fen - 1 WHERE nth = 2");
    assert_found(&h, "UPDATE application SET state = 13 WHERE state = 12",
                 "UPDATE application SET state = 12 WHERE state = 13 AND application_id = (SELECT application_id FROM "
                 "run_line WHERE nth = 2)");
    assert_found(
        &h, "UPDATE run SET list_hash = zeroblob(32)",
        arena_printf(&h.arena, "UPDATE run SET list_hash = x'%s'", hex_text(get(id)->list_hash.data, 32, &h.arena)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_is_frozen_and_two_release_it),
        TEST(who_has_decided_on_a_line_does_not_release_it),
        TEST(who_has_decided_an_objection_does_not_release_it),
        TEST(each_order_is_paid_once),
        TEST(what_came_back_is_paid_by_the_next_run),
        TEST(what_was_paid_after_all_is_not_ordered_again),
        TEST(what_was_paid_by_an_earlier_order_is_not_ordered_again),
        TEST(who_lost_it_after_the_list_was_frozen_is_not_ordered),
        TEST(a_closed_account_waits_for_what_is_under_way),
        TEST(what_may_be_had_once_is_not_paid_by_a_second_account),
        TEST(a_run_keeps_to_its_limits),
        TEST(a_run_is_not_above_what_is_released_in_a_day),
        TEST(an_amount_that_no_run_has_room_for_is_refused_and_holds_nobody_up),
        TEST(a_first_hand_that_turns_out_to_have_decided_is_none),
        TEST(a_scheme_that_cannot_be_paid_is_not_opened),
        TEST(runs_of_a_scheme_are_listed),
        TEST(the_audit_finds_payments_that_were_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
