#include "services/match/single/singles.h"

#include "services/match/fixture.h"
#include "tests/scan.h"

#define UNPLEDGED MATCH__SINGLE_STATE__SINGLE_UNPLEDGED
#define SHOWN     MATCH__SINGLE_STATE__SINGLE_SHOWN
#define PAUSED    MATCH__SINGLE_STATE__SINGLE_PAUSED
#define STANDING  IDENTITY__PLEDGE_STATE__PLEDGE_STANDING
#define REVOKED   IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED
#define EXPIRED   IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED

static const Rpc__Answer *call(const char *method, int64_t member_id)
{
    return harness_call(&h, method, NULL, a_member(member_id, TOWN), NULL);
}

static Match__Single *single_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &match__single__descriptor);
}

static int state_of(int64_t member_id)
{
    return (int)single_of(call("Singles.GetSingle", member_id))->state;
}

static void who_has_pledged_joins(void **state)
{
    const Rpc__Answer *answer;
    Match__Single *single;

    (void)state;
    pledge(MEMBER);
    answer = join(a_member(MEMBER, TOWN));
    assert_true(answer->created);
    single = single_of(answer);
    assert_int_equal(single->state, SHOWN);
    assert_int_equal(single->birth_year, 1998);
    assert_int_equal(single->sex, RPC__SEX__FEMALE);
    assert_int_equal(single->joined_at, HARNESS_NOW);
    assert_int_equal(single->pledged_until, HARNESS_NOW + YEAR_MS);
    assert_true(single->hides_from_colleagues);
}

static void joining_twice_changes_nothing(void **state)
{
    int64_t rows;

    (void)state;
    enter(MEMBER, TOWN);
    assert_ok(call("Singles.PauseMatch", MEMBER));
    rows = harness_number(&h, "SELECT max(seq) FROM journal");
    clock_step(&h.service.clock, 1000);
    assert_int_equal(single_of(join(a_member(MEMBER, TOWN)))->state, PAUSED);
    assert_int_equal(harness_number(&h, "SELECT max(seq) FROM journal"), rows);
}

static void without_a_pledge_that_stands_nobody_joins(void **state)
{
    (void)state;
    assert_reason(join(a_member(MEMBER, TOWN)), MATCH__REASON__MATCH_NEEDS_PLEDGE);
    pledge(OTHER);
    assert_reason(join(a_member(MEMBER, TOWN)), MATCH__REASON__MATCH_NEEDS_PLEDGE);
    pledge(MEMBER);
    assert_int_equal(hear_pledge(MEMBER, REVOKED, 0), 0);
    assert_reason(join(a_member(MEMBER, TOWN)), MATCH__REASON__MATCH_NEEDS_PLEDGE);
    pledge(MEMBER);
    clock_step(&h.service.clock, YEAR_MS);
    assert_reason(join(a_member(MEMBER, TOWN)), MATCH__REASON__MATCH_NEEDS_PLEDGE);
}

/* On 2026-01-01. */
static void only_members_who_are_known_as_adult_join(void **state)
{
    Rpc__Principal *young = a_member(MEMBER, TOWN), *adult = a_member(MEMBER, TOWN), *unsure = a_member(MEMBER, TOWN);
    Rpc__Principal *nameless = a_member(MEMBER, TOWN), *sexless = a_member(MEMBER, TOWN);

    (void)state;
    pledge(MEMBER);
    nameless->level = RPC__LEVEL__REAL_NAME;
    assert_reason(join(nameless), MATCH__REASON__MATCH_NEEDS_MEMBER);
    sexless->sex = RPC__SEX__SEX_UNKNOWN;
    assert_reason(join(sexless), MATCH__REASON__MATCH_NEEDS_MEMBER);
    young->birth_year = 2008;
    young->birthday = 102;
    assert_reason(join(young), MATCH__REASON__MATCH_NEEDS_ADULT);
    unsure->birth_year = 2008;
    unsure->birthday = 0;
    assert_reason(join(unsure), MATCH__REASON__MATCH_NEEDS_ADULT);
    adult->birth_year = 2008;
    adult->birthday = 101;
    assert_ok(join(adult));
}

static void who_is_not_here_can_do_nothing_else(void **state)
{
    static const char *const methods[] = {"Singles.GetSingle", "Singles.PauseMatch", "Singles.ResumeMatch",
                                          "Singles.SetHiding", "Singles.LeaveMatch"};

    (void)state;
    pledge(MEMBER);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        assert_reason(call(methods[i], MEMBER), MATCH__REASON__MATCH_NOT_JOINED);
}

static void pausing_hides_until_she_resumes(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    assert_int_equal(single_of(call("Singles.PauseMatch", MEMBER))->state, PAUSED);
    assert_int_equal(state_of(MEMBER), PAUSED);
    harness_reopen(&h);
    assert_int_equal(state_of(MEMBER), PAUSED);
    assert_int_equal(single_of(call("Singles.ResumeMatch", MEMBER))->state, SHOWN);
}

static void a_pledge_that_is_over_hides_until_it_is_renewed(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    assert_int_equal(hear_pledge(MEMBER, REVOKED, 0), 0);
    assert_int_equal(state_of(MEMBER), UNPLEDGED);
    pledge(MEMBER);
    assert_int_equal(state_of(MEMBER), SHOWN);
    clock_step(&h.service.clock, YEAR_MS);
    assert_int_equal(state_of(MEMBER), UNPLEDGED); /* also before identity says so */
    assert_int_equal(hear_pledge(MEMBER, EXPIRED, HARNESS_NOW + YEAR_MS), 0);
    assert_int_equal(state_of(MEMBER), UNPLEDGED);
}

static void she_chooses_whether_colleagues_are_kept_from_her(void **state)
{
    Match__SetHidingRequest request = MATCH__SET_HIDING_REQUEST__INIT;

    (void)state;
    enter(MEMBER, TOWN);
    assert_false(single_of(harness_call(&h, "Singles.SetHiding", &request.base, a_member(MEMBER, TOWN), NULL))
                     ->hides_from_colleagues);
    request.hides_from_colleagues = true;
    assert_true(single_of(harness_call(&h, "Singles.SetHiding", &request.base, a_member(MEMBER, TOWN), NULL))
                    ->hides_from_colleagues);
}

static void colleagues_are_told_by_a_hash(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    enter(OTHER, TOWN);
    enter(3, "000100020003");
    assert_int_equal(harness_number(&h, "SELECT count(DISTINCT colleagues) FROM single"), 2);
}

static void leaving_takes_everything_along(void **state)
{
    int64_t handle;

    (void)state;
    enter(OTHER, TOWN);
    enter(MEMBER, TOWN);
    handle = handle_of(&match()->handles, MEMBER);
    assert_ok(call("Singles.LeaveMatch", MEMBER));
    assert_int_equal(handle_of(&match()->handles, MEMBER), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM single"), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM pledge"), 1);
    assert_reason(call("Singles.GetSingle", MEMBER), MATCH__REASON__MATCH_NOT_JOINED);
    assert_reason(join(a_member(MEMBER, TOWN)), MATCH__REASON__MATCH_NEEDS_PLEDGE);
    enter(MEMBER, TOWN);
    assert_int_not_equal(handle_of(&match()->handles, MEMBER), handle);
}

static void a_closed_account_leaves_too(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    assert_int_equal(harness_number(&h, "SELECT (SELECT count(*) FROM single) + (SELECT count(*) FROM pledge) + "
                                        "(SELECT count(*) FROM handle)"),
                     0);
}

static void of_two_accounts_one_place_stays(void **state)
{
    (void)state;
    enter(MEMBER, TOWN);
    enter(OTHER, TOWN);
    assert_ok(call("Singles.PauseMatch", OTHER));
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM single"), 1);
    assert_int_equal(state_of(OTHER), PAUSED);
}

static void what_is_kept_of_her_is_given_to_her_alone(void **state)
{
    struct exported hers, others;

    (void)state;
    enter(MEMBER, TOWN);
    enter(OTHER, TOWN);
    hers = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&hers, "singles", "1998"), 1);
    others = export_person(&h, 99);
    assert_int_equal(others.n, 0);
}

static void no_member_id_and_no_union_stands_in_the_store(void **state)
{
    static const int64_t ids[] = {MEMBER, OTHER};

    (void)state;
    enter(MEMBER, TOWN);
    enter(OTHER, TOWN);
    assert_ok(call("Singles.PauseMatch", MEMBER));
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_null(scan_number(&h, ids[i]));
    assert_false(scan_text(&h, TOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_pledged_joins),
        TEST(joining_twice_changes_nothing),
        TEST(without_a_pledge_that_stands_nobody_joins),
        TEST(only_members_who_are_known_as_adult_join),
        TEST(who_is_not_here_can_do_nothing_else),
        TEST(pausing_hides_until_she_resumes),
        TEST(a_pledge_that_is_over_hides_until_it_is_renewed),
        TEST(she_chooses_whether_colleagues_are_kept_from_her),
        TEST(colleagues_are_told_by_a_hash),
        TEST(leaving_takes_everything_along),
        TEST(a_closed_account_leaves_too),
        TEST(of_two_accounts_one_place_stays),
        TEST(what_is_kept_of_her_is_given_to_her_alone),
        TEST(no_member_id_and_no_union_stands_in_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
