/* What is given in kind: ordered from nobody, and had when two officials of finance have recorded it. */
#include "services/subsidy/run/run_fixture.h"

static struct draft *a_draft_in_kind(int64_t fund_id)
{
    struct draft *draft = a_paid_draft(fund_id, 5 * FEN);

    draft->payment.way = PAYOUT__WAY__IN_KIND;
    draft->payment.scene = PAYOUT__SCENE__SCENE_NONE;
    draft->payment.n_report = 0;
    draft->payment.remark = "慰问品一份";
    return draft;
}

static const Rpc__Answer *hand_over(int64_t run_id, int32_t nth, bool not_taken, int64_t who)
{
    Subsidy__HandOverRequest request = SUBSIDY__HAND_OVER_REQUEST__INIT;

    request.run_id = run_id;
    request.nth = nth;
    request.not_taken = not_taken;
    return harness_call(&h, "Runs.RecordHandOver", &request.base, finance(who, CITY), NULL);
}

static const Subsidy__RunLine *line_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__run_line__descriptor);
}

static void what_is_given_is_recorded_by_two_and_ordered_from_nobody(void **state)
{
    int64_t id;

    (void)state;
    begin_with(a_draft_in_kind(a_fund(10 * FEN)), 2);
    assert_refused(hand_over(prepared(), 1, false, 951), "LINE_NOT_OUT");
    assert_ok(on_run("Runs.DropRun", harness_number(&h, "SELECT max(run_id) FROM run"), finance(951, CITY)));
    id = released();
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED), 0);
    assert_int_equal(selection_of(scheme_id)->in_flight_fen, 2 * FEN);
    assert_refused(hand_over(id, 3, false, 951), "LINE_NOT_OUT");
    assert_refused(hand_over(id, 1, false, 921), "DECIDED_ON_A_LINE");
    assert_true(line_in(hand_over(id, 1, false, 953))->waits_for_hand);
    assert_true(line_in(hand_over(id, 1, false, 953))->waits_for_hand);
    assert_refused(hand_over(id, 1, true, 954), "HANDS_DIFFER");
    assert_int_equal(state_of(0), STATE(ORDERED));
    assert_int_equal(line_in(hand_over(id, 1, false, 954))->state, LINE(PAID));
    assert_int_equal(line_in(hand_over(id, 1, false, 954))->state, LINE(PAID));
    assert_refused(hand_over(id, 1, true, 954), "LINE_NOT_OUT");
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_int_equal(get(id)->n_paid, 1);
}

static void what_was_not_taken_is_given_by_the_next_run(void **state)
{
    int64_t id, again;

    (void)state;
    begin_with(a_draft_in_kind(a_fund(10 * FEN)), 1);
    id = released();
    assert_ok(hand_over(id, 1, true, 953));
    assert_int_equal(line_in(hand_over(id, 1, true, 954))->state, LINE(BACK));
    assert_int_equal(get(id)->state, RUN(ENDED));
    assert_int_equal(state_of(0), STATE(PAYABLE));
    assert_non_null(strstr(get_hers(ids[0], MEMBER)->payment_words, "领取"));
    assert_int_equal(n_told(RPC__CHASSIS_EVENT__EVENT_PAYOUT_WITHDRAWN), 0);
    again = released();
    assert_refused(hand_over(id, 1, false, 953), "LINE_NOT_OUT");
    assert_ok(hand_over(again, 1, false, 953));
    assert_ok(hand_over(again, 1, false, 954));
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
}

static void what_is_paid_in_money_is_not_handed_over(void **state)
{
    struct draft *draft;

    (void)state;
    begin(1);
    assert_refused(hand_over(released(), 1, false, 953), "NOT_IN_KIND");
    draft = a_draft_in_kind(a_fund(FEN));
    draft->payment.scene = PAYOUT__SCENE__SCENE_SUBSIDY;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "PAYMENT_FORM_WRONG", "scheme.payment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_given_is_recorded_by_two_and_ordered_from_nobody),
        TEST(what_was_not_taken_is_given_by_the_next_run),
        TEST(what_is_paid_in_money_is_not_handed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
