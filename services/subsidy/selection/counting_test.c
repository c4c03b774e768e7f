/* What is paid under a ceiling over coupon, health and subsidy together. */
#include "common/benefit/granted/granted_fixture.h"
#include "services/subsidy/fixture.h"

#define FEN         INT64_C(100000)
#define CEILING     (2 * FEN)
#define YEARLY      "普惠"
#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name

static int64_t scheme_id, ids[3];

static struct draft *counted(struct draft *draft)
{
    static Granted__Counting counts;
    static Granted__Ceiling ceiling;

    granted__counting__init(&counts);
    granted__ceiling__init(&ceiling);
    ceiling.name = unconst(YEARLY);
    ceiling.fen = CEILING;
    counts.ceiling = &ceiling;
    draft->scheme.counts = &counts;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_ANY;
    return draft;
}

/* A coupon or a check-up of so much under the same ceiling. */
static void hear_other(const char *queue, int64_t source_id, int64_t member_id, int64_t at, int64_t fen)
{
    const struct grant grant = {.source_id = source_id,
                                .member_id = member_id,
                                .fen = fen,
                                .ceiling_key = granted_key(a_union(&h, CITY), YEARLY),
                                .ceiling_fen = CEILING};

    hear_given(&h, queue, &grant, at);
}

static struct granted *granted(void)
{
    return &((struct subsidy *)h.service.self)->granted;
}

static int64_t worth_of(int64_t member_id)
{
    return granted_value(granted(), member_id, granted_key(a_union(&h, CITY), YEARLY), now());
}

static int64_t counted_as(int64_t application_id)
{
    write_granted(&h, granted());
    return harness_number(
        &h, arena_printf(&h.arena, "SELECT state FROM granted WHERE source_id = %lld", (long long)application_id));
}

static int state_of(int i)
{
    return (int)get_hers(ids[i], MEMBER + i)->state;
}

static int last_step(int i)
{
    const Subsidy__Application *application = get_hers(ids[i], MEMBER + i);

    return (int)application->steps[application->n_steps - 1]->kind;
}

/* Of ALL, and paid; ids[0] is to be paid. */
static void begin_paid(void)
{
    hear_way(30, 500000);
    scheme_id = open_scheme(counted(a_paid_draft(a_fund(10 * FEN), 5 * FEN)));
    ids[0] = handed_in(scheme_id, MEMBER);
    approve_whole(ids[0]);
}

static void who_has_got_enough_elsewhere_is_told_so_at_once(void **state)
{
    Subsidy__ListMySchemesRequest request = SUBSIDY__LIST_MY_SCHEMES_REQUEST__INIT;
    const Subsidy__SchemesForMe *list;
    int64_t id;

    (void)state;
    scheme_id = open_scheme(counted(a_funded_draft(a_fund(10 * FEN), 5 * FEN, SUBSIDY__SELECTION_KIND__ALL, 0)));
    id = application_of(start(scheme_id, member_of(MEMBER)))->application_id;
    assert_ok(save(id, "certificate", "ZS0000001", member_of(MEMBER)));
    hear_other("coupon", 1, MEMBER, now(), FEN / 2);
    hear_other("health", 2, MEMBER, now(), FEN / 2 + 1);
    assert_refused(submit(id, member_of(MEMBER)), "CEILING_REACHED");
    list = harness_output(&h, harness_call(&h, "Schemes.ListMySchemes", &request.base, member_of(MEMBER), NULL),
                          &subsidy__schemes_for_me__descriptor);
    assert_string_equal(list->schemes[0]->reason, "CEILING_REACHED");
    hear_grant_state(&h, "coupon", 1, MEMBER, GRANTED__GRANT_STATE__GIVEN_BACK);
    assert_ok(submit(id, member_of(MEMBER)));
    /* And again when it is approved for good. */
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    hear_other("coupon", 3, MEMBER, now(), FEN / 2);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)), "CEILING_REACHED");
    assert_int_equal(worth_of(MEMBER), FEN + 1);
}

static void what_is_given_counts_until_it_is_lost_and_for_good_once_it_is_paid(void **state)
{
    int64_t run_id, order_id;

    (void)state;
    begin_paid();
    assert_int_equal(worth_of(MEMBER), FEN);
    assert_int_equal(counted_as(ids[0]), GRANTED__GRANT_STATE__HELD);
    ids[1] = handed_in(scheme_id, MEMBER + 1);
    approve_whole(ids[1]);
    assert_int_equal(hear_closed(&h, MEMBER + 1), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(worth_of(MEMBER + 1), 0);
    let_pass(now() + 7 * DAY_MS);
    run_id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;
    do_what_is_due(&h);
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(951, CITY)));
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(952, CITY)));
    do_what_is_due(&h);
    assert_int_equal(counted_as(ids[0]), GRANTED__GRANT_STATE__SPENT);
    order_id = lines_of(run_id)->lines[0]->order_id;
    hear_payout(order_id, BRIDGE__PAYOUT_STATE__PAYOUT_FAILED, BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    assert_int_equal(counted_as(ids[0]), GRANTED__GRANT_STATE__HELD);
    hear_payout(order_id, BRIDGE__PAYOUT_STATE__PAYOUT_PAID, 0);
    assert_int_equal(counted_as(ids[0]), GRANTED__GRANT_STATE__SPENT);
    assert_int_equal(worth_of(MEMBER), FEN);
}

/* Who is above is not chosen, and keeps nobody behind her waiting. */
static void in_order_who_has_got_enough_is_passed_over(void **state)
{
    (void)state;
    scheme_id = open_scheme(counted(a_funded_draft(a_fund(10 * FEN), FEN, SUBSIDY__SELECTION_KIND__IN_ORDER, 1)));
    for (int i = 0; i < 3; i++) {
        ids[i] = handed_in(scheme_id, MEMBER + i);
        approve_whole(ids[i]);
    }
    hear_other("health", 1, MEMBER, now(), FEN + 1);
    let_pass(LIST_AT);
    assert_int_equal(state_of(0), STATE(NOT_CHOSEN));
    assert_int_equal(last_step(0), SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING);
    assert_int_equal(state_of(1), STATE(SHOWN));
    assert_int_equal(state_of(2), STATE(WAITING));
    /* What was given before hers, and is heard of later, goes before it; her place is the next one's. */
    hear_other("coupon", 2, MEMBER + 1, LIST_AT - 1, CEILING);
    assert_int_equal(state_of(1), STATE(NOT_CHOSEN));
    assert_int_equal(last_step(1), SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING);
    assert_int_equal(counted_as(ids[1]), GRANTED__GRANT_STATE__WITHDRAWN);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_NOT_CHOSEN, ids[1]), 1);
    assert_int_equal(state_of(2), STATE(SHOWN));
    assert_int_equal(selection_of(scheme_id)->committed_fen, FEN);
}

/* The later one is taken back where it was given: this stays. */
static void what_was_given_before_what_is_heard_stays(void **state)
{
    (void)state;
    begin_paid();
    hear_other("coupon", 1, MEMBER, now() + 1, CEILING);
    assert_int_equal(state_of(0), STATE(SHOWN));
    assert_int_equal(counted_as(ids[0]), GRANTED__GRANT_STATE__HELD);
}

static void what_came_to_more_before_it_was_ordered_is_not_paid(void **state)
{
    int64_t run_id, given_at;

    (void)state;
    begin_paid();
    given_at = now();
    let_pass(now() + 7 * DAY_MS);
    run_id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;
    do_what_is_due(&h);
    hear_other("coupon", 1, MEMBER, given_at - 1, CEILING);
    assert_int_equal(state_of(0), STATE(NOT_CHOSEN));
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(951, CITY)));
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(952, CITY)));
    do_what_is_due(&h);
    assert_int_equal(lines_of(run_id)->lines[0]->state, SUBSIDY__LINE_STATE__LINE_OUT);
    assert_int_equal(selection_of(scheme_id)->free_fen, 5 * FEN);
}

/* It was heard of while her payment was under way, which came back. */
static void what_came_back_above_a_ceiling_is_not_ordered_again(void **state)
{
    int64_t run_id, given_at;

    (void)state;
    begin_paid();
    given_at = now();
    let_pass(now() + 7 * DAY_MS);
    for (int i = 0; i < 2; i++) {
        run_id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;
        do_what_is_due(&h);
        assert_ok(on_run("Runs.ReleaseRun", run_id, finance(951, CITY)));
        assert_ok(on_run("Runs.ReleaseRun", run_id, finance(952, CITY)));
        do_what_is_due(&h);
        if (i == 1)
            break;
        hear_other("coupon", 1, MEMBER, given_at - 1, CEILING);
        assert_int_equal(state_of(0), STATE(ORDERED));
        hear_payout(lines_of(run_id)->lines[0]->order_id, BRIDGE__PAYOUT_STATE__PAYOUT_FAILED,
                    BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
        assert_int_equal(state_of(0), STATE(PAYABLE));
    }
    assert_int_equal(lines_of(run_id)->lines[0]->state, SUBSIDY__LINE_STATE__LINE_OUT);
    assert_int_equal(state_of(0), STATE(NOT_CHOSEN));
    assert_int_equal(selection_of(scheme_id)->free_fen, 5 * FEN);
}

static void a_ceiling_is_of_the_union_or_of_one_above_it(void **state)
{
    struct draft *draft = counted(a_funded_draft(a_fund(10 * FEN), FEN, SUBSIDY__SELECTION_KIND__ALL, 0));

    (void)state;
    draft->scheme.union_id = a_union(&h, TOWN);
    draft->scheme.counts->ceiling->union_id = a_union(&h, COMPANY);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "OUTSIDE_YOUR_UNION", "scheme.counts.ceiling.unionId");
    draft->scheme.counts->ceiling->union_id = a_union(&h, CITY);
    assert_int_equal(scheme_of(create_scheme(draft, manager(901, CITY)))->counts->ceiling->union_id, a_union(&h, CITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_got_enough_elsewhere_is_told_so_at_once),
        TEST(what_is_given_counts_until_it_is_lost_and_for_good_once_it_is_paid),
        TEST(in_order_who_has_got_enough_is_passed_over),
        TEST(what_was_given_before_what_is_heard_stays),
        TEST(what_came_to_more_before_it_was_ordered_is_not_paid),
        TEST(what_came_back_above_a_ceiling_is_not_ordered_again),
        TEST(a_ceiling_is_of_the_union_or_of_one_above_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
