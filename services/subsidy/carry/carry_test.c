/* Carrying over: who goes on from one quarter to the next, and who does not. */
#include "services/subsidy/fixture.h"

#define QUARTER     (95 * DAY_MS) /* from the opening, or one from another, it is the next one */
#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name

/* 1,000 yuan in each quarter, for what is written about it. */
static struct draft *a_quarterly_draft(void)
{
    struct draft *draft = a_draft();

    draft->fields[0].kind = SUBSIDY__FIELD_KIND__TEXT;
    draft->fields[0].most = 20;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_PERIOD;
    draft->scheme.period = GRANTED__PERIOD__SEASON;
    draft->scheme.carries = true;
    draft->scheme.closes_at = OPENS + 400 * DAY_MS;
    return draft;
}

static int64_t given(int64_t scheme_id, int64_t member_id)
{
    int64_t id = handed_in(scheme_id, member_id);

    approve_whole(id);
    return id;
}

static const Subsidy__Carrying *carrying_of(int64_t scheme_id)
{
    return harness_output(&h, on_scheme("Carryings.GetCarrying", scheme_id, finance(921, CITY)),
                          &subsidy__carrying__descriptor);
}

static int64_t last_of(int64_t member_id)
{
    Subsidy__ListMyApplicationsRequest request = SUBSIDY__LIST_MY_APPLICATIONS_REQUEST__INIT;
    const Subsidy__ApplicationList *list;

    list = harness_output(
        &h, harness_call(&h, "Applications.ListMyApplications", &request.base, member_of(member_id), NULL),
        &subsidy__application_list__descriptor);
    return list->n_applications ? list->applications[0]->application_id : 0;
}

/* With what she wrote, into review by the same offices; and a period is carried over once. */
static void who_was_given_it_is_in_review_in_the_next_quarter(void **state)
{
    int64_t scheme_id = open_scheme(a_quarterly_draft()), first = given(scheme_id, MEMBER), next;
    const Subsidy__Application *application;

    (void)state;
    handed_in(scheme_id, MEMBER + 1); /* of whom nobody has decided */
    let_pass(OPENS + QUARTER);
    assert_int_equal(carrying_of(scheme_id)->done, 0);
    assert_refused(on_scheme("Carryings.CarryOver", scheme_id, manager(901, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_ok(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)));
    assert_refused(on_scheme("Carryings.CarryOver", scheme_id, manager(902, CITY)), "PERIOD_CARRIED");
    harness_work(&h, do_what_is_due);
    assert_int_equal(carrying_of(scheme_id)->done, 1);
    assert_int_equal(carrying_of(scheme_id)->n_carried, 1);
    assert_int_equal(carrying_of(scheme_id)->n_left, 0);
    assert_refused(on_scheme("Carryings.CarryOver", scheme_id, manager(902, CITY)), "PERIOD_CARRIED");
    next = last_of(MEMBER);
    assert_true(next != first);
    application = get_hers(next, MEMBER);
    assert_int_equal(application->state, STATE(IN_REVIEW));
    assert_int_equal(application->office_id, a_union(&h, TOWN));
    assert_int_equal(application->steps[0]->kind, SUBSIDY__STEP_KIND__STEP_CARRIED_OVER);
    assert_string_equal(application->answers[0]->text, "ZS00000500");
    assert_true(application->period_at > get_hers(first, MEMBER)->period_at);
    assert_refused(start(scheme_id, member_of(MEMBER)), "STILL_DECIDED");
    approve_whole(next);
    assert_refused(start(scheme_id, member_of(MEMBER)), "HAD_IN_PERIOD");
    harness_reopen(&h);
    assert_int_equal(get_hers(next, MEMBER)->state, STATE(APPROVED));
}

/* Also for what was carried over two hands are two people. */
static void nobody_approves_alone_what_was_carried_over(void **state)
{
    struct draft *draft = a_quarterly_draft();
    int64_t scheme_id, next;

    (void)state;
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    scheme_id = open_scheme(draft);
    next = handed_in(scheme_id, MEMBER);
    assert_ok(decide(next, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)));
    assert_ok(decide(next, SUBSIDY__VERDICT__APPROVE, "", manager(912, CITY)));
    let_pass(OPENS + QUARTER);
    assert_ok(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)));
    harness_work(&h, do_what_is_due);
    next = last_of(MEMBER);
    assert_ok(decide(next, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)));
    assert_refused(decide(next, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)), "APPROVED_BY_YOU");
    assert_ok(decide(next, SUBSIDY__VERDICT__APPROVE, "", manager(912, CITY)));
}

/* Whose account is closed, and who has applied herself. */
static void who_cannot_be_carried_over_is_left(void **state)
{
    int64_t scheme_id = open_scheme(a_quarterly_draft());

    (void)state;
    for (int i = 0; i < 40; i++)
        given(scheme_id, MEMBER + i);
    let_pass(OPENS + QUARTER);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    handed_in(scheme_id, MEMBER + 1);
    assert_ok(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)));
    harness_work(&h, do_what_is_due);
    assert_int_equal(carrying_of(scheme_id)->n_carried, 38);
    assert_int_equal(carrying_of(scheme_id)->n_left, 1); /* what was given to the other one has lapsed with her account */
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM application_step WHERE kind = 30"), 38);
    /* Of a quarter in which nobody was given it nobody goes on. */
    let_pass(OPENS + 2 * QUARTER);
    assert_ok(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)));
    harness_work(&h, do_what_is_due);
    assert_int_equal(carrying_of(scheme_id)->n_carried, 0);
}

/* A quarter is by itself: what is not decided, or given back, of the one before stands in nobody's way. */
static void each_quarter_is_by_itself(void **state)
{
    int64_t scheme_id = open_scheme(a_quarterly_draft()), first = handed_in(scheme_id, MEMBER), second;

    (void)state;
    assert_refused(start(scheme_id, member_of(MEMBER)), "STILL_DECIDED");
    let_pass(OPENS + QUARTER - 3 * DAY_MS);
    assert_ok(decide(first, SUBSIDY__VERDICT__GIVE_BACK, "请补充", manager(911, "")));
    let_pass(OPENS + QUARTER);
    second = handed_in(scheme_id, MEMBER);
    assert_true(second != first);
    assert_ok(submit(first, member_of(MEMBER)));
    assert_true(get_hers(first, MEMBER)->period_at < get_hers(second, MEMBER)->period_at);
    assert_ok(decide(second, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(second, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
}

static void what_does_not_carry_is_refused(void **state)
{
    struct draft *draft = a_quarterly_draft();
    int64_t scheme_id;

    (void)state;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_EVER;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "CARRIES_WRONG", "scheme.carries");
    draft = a_quarterly_draft();
    add_field(draft, "number", SUBSIDY__FIELD_KIND__CERTIFICATE);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "CARRIES_WRONG", "scheme.carries");
    draft = a_quarterly_draft();
    scheme_id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    assert_refused(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)), "SCHEME_NOT_OPEN");
    draft->scheme.carries = false;
    scheme_id = open_scheme(draft);
    assert_refused(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)), "NOTHING_CARRIES");
}

static void the_audit_finds_a_period_that_nobody_carried_over(void **state)
{
    int64_t scheme_id = open_scheme(a_quarterly_draft());

    (void)state;
    given(scheme_id, MEMBER);
    let_pass(OPENS + QUARTER);
    assert_ok(on_scheme("Carryings.CarryOver", scheme_id, manager(901, CITY)));
    harness_work(&h, do_what_is_due);
    assert_found(&h, "UPDATE carrying SET n_carried = 2", "UPDATE carrying SET n_carried = 1");
    assert_found(&h, "UPDATE carrying SET done = 0", "UPDATE carrying SET done = 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_was_given_it_is_in_review_in_the_next_quarter),
        TEST(nobody_approves_alone_what_was_carried_over),
        TEST(who_cannot_be_carried_over_is_left),
        TEST(each_quarter_is_by_itself),
        TEST(what_does_not_carry_is_refused),
        TEST(the_audit_finds_a_period_that_nobody_carried_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
