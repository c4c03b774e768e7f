/* The accident cover: who has it, until when, and that claims are for days on which she had it. */
#include "common/benefit/holders/holders_fixture.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/fixture.h"

#define RIDERS  "00010009"
#define YEAR_MS (365 * DAY_MS)
#define BEGAN   (HARNESS_NOW - 100 * DAY_MS)

static void hear_enrolled(int64_t cover_id, int64_t member_id, int64_t from, int64_t until)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__CoverEnrolled enrolled = IDENTITY__COVER_ENROLLED__INIT;

    enrolled.cover_id = cover_id;
    enrolled.member_id = member_id;
    enrolled.union_id = a_union(&h, RIDERS);
    enrolled.from = from;
    enrolled.until = until;
    event.event_case = IDENTITY__EVENT__EVENT_COVER_ENROLLED;
    event.cover_enrolled = &enrolled;
    assert_int_equal(hear(&h, &event), 0);
}

static void hear_ended(int64_t cover_id, int64_t member_id, int64_t until)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__CoverEnded ended = IDENTITY__COVER_ENDED__INIT;

    ended.cover_id = cover_id;
    ended.member_id = member_id;
    ended.until = until;
    event.event_case = IDENTITY__EVENT__EVENT_COVER_ENDED;
    event.cover_ended = &ended;
    assert_int_equal(hear(&h, &event), 0);
}

static const Subsidy__CoverList *covers_of(int64_t member_id)
{
    Subsidy__ListMyCoversRequest request = SUBSIDY__LIST_MY_COVERS_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Covers.ListMyCovers", &request.base, member_of(member_id), NULL),
                          &subsidy__cover_list__descriptor);
}

/* What is paid for an accident, of which the day is asked. */
static struct draft *a_claim_draft(void)
{
    static Subsidy__CoverCheck check;
    struct draft *draft = a_draft();

    draft->fields[0].kind = SUBSIDY__FIELD_KIND__DATE;
    draft->fields[0].name = "hurt";
    subsidy__cover_check__init(&check);
    check.field = "hurt";
    draft->scheme.cover_check = &check;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_ANY;
    return draft;
}

/* A draft of hers for an accident on the day of an instant. */
static int64_t a_claim(int64_t scheme_id, int64_t member_id, int64_t at)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT, *list[] = {&answer};

    answer.field = "hurt";
    answer.date = cn_day(at);
    request.application_id = application_of(start(scheme_id, member_of(member_id)))->application_id;
    request.answers = list;
    request.n_answers = 1;
    assert_ok(harness_call(&h, "Applications.SaveApplication", &request.base, member_of(member_id), NULL));
    return request.application_id;
}

static void who_is_enrolled_sees_her_policy_and_its_time(void **state)
{
    const Subsidy__CoverList *list;

    (void)state;
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS);
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS); /* said once more */
    hear_enrolled(42, MEMBER + 1, BEGAN, BEGAN + YEAR_MS);
    list = covers_of(MEMBER);
    assert_int_equal(list->n_covers, 1);
    assert_string_equal(list->covers[0]->policy_number, "HZ41");
    assert_int_equal(list->covers[0]->union_id, a_union(&h, RIDERS));
    assert_int_equal(list->covers[0]->from, BEGAN);
    assert_int_equal(list->covers[0]->until, BEGAN + YEAR_MS);
    assert_false(list->covers[0]->left);
    assert_int_equal(covers_of(MEMBER + 2)->n_covers, 0);
}

static void leaving_the_union_ends_it_and_says_when(void **state)
{
    (void)state;
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS);
    hear_ended(41, MEMBER, BEGAN + 10 * DAY_MS);
    assert_int_equal(covers_of(MEMBER)->covers[0]->until, BEGAN + 10 * DAY_MS);
    assert_true(covers_of(MEMBER)->covers[0]->left);
    hear_enrolled(43, MEMBER, BEGAN + 20 * DAY_MS, BEGAN + YEAR_MS);
    assert_int_equal(covers_of(MEMBER)->n_covers, 2);
    assert_string_equal(covers_of(MEMBER)->covers[0]->policy_number, "HZ43");
    harness_reopen(&h);
    assert_int_equal(covers_of(MEMBER)->n_covers, 2);
}

/* From the day on which it begins to the last day of which an instant is covered. */
static void a_claim_is_for_a_day_on_which_she_was_covered(void **state)
{
    const int64_t until = BEGAN + 10 * DAY_MS, again = BEGAN + 20 * DAY_MS;
    const struct {
        int64_t at;
        const char *refused;
    } cases[] = {
        {BEGAN - DAY_MS, "NOT_COVERED_THAT_DAY"},
        {BEGAN, NULL},
        {until - DAY_MS, NULL},
        {until + DAY_MS, "NOT_COVERED_THAT_DAY"},
        {again - DAY_MS, "NOT_COVERED_THAT_DAY"},
        {again, NULL},
        {OPENS, NULL},
        {OPENS + DAY_MS, "COVER_DAY_TO_COME"},
    };
    int64_t scheme_id = open_scheme(a_claim_draft()), id;

    (void)state;
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS);
    hear_ended(41, MEMBER, until);
    hear_enrolled(43, MEMBER, again, BEGAN + YEAR_MS);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        const Subsidy__CheckResult *result;

        id = a_claim(scheme_id, MEMBER, cases[i].at);
        result = harness_output(&h, on_application("Applications.CheckApplication", id, member_of(MEMBER)),
                                &subsidy__check_result__descriptor);
        assert_int_equal(result->n_findings, cases[i].refused ? 1 : 0);
        if (cases[i].refused) {
            assert_string_equal(result->findings[0]->reason, cases[i].refused);
            assert_string_equal(result->findings[0]->field, "hurt");
            assert_refused_at(submit(id, member_of(MEMBER)), cases[i].refused, "answers.hurt");
        } else {
            assert_ok(submit(id, member_of(MEMBER)));
            approve_whole(id);
        }
    }
    assert_refused(submit(a_claim(scheme_id, MEMBER + 1, BEGAN), member_of(MEMBER + 1)), "NOT_COVERED_THAT_DAY");
}

static void claims_are_told_apart_from_what_else_she_applies_for(void **state)
{
    Subsidy__ListMyApplicationsRequest request = SUBSIDY__LIST_MY_APPLICATIONS_REQUEST__INIT;
    int64_t claims, others;
    const Subsidy__ApplicationList *list;

    (void)state;
    claims = scheme_of(create_scheme(a_claim_draft(), manager(901, CITY)))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", claims, manager(901, CITY)));
    assert_ok(on_scheme("Schemes.OpenScheme", claims, manager(902, CITY)));
    others = open_scheme(a_draft());
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS);
    handed_in(others, MEMBER);
    assert_ok(submit(a_claim(claims, MEMBER, BEGAN), member_of(MEMBER)));
    request.on_cover = true;
    list =
        harness_output(&h, harness_call(&h, "Applications.ListMyApplications", &request.base, member_of(MEMBER), NULL),
                       &subsidy__application_list__descriptor);
    assert_int_equal(list->n_applications, 1);
    assert_int_equal(list->applications[0]->scheme_id, claims);
}

/* What one account was covered for, both are that became one; who closes hers leaves a number. */
static void cover_goes_with_her_accounts(void **state)
{
    int64_t scheme_id = open_scheme(a_claim_draft());
    struct exported all;

    (void)state;
    hear_enrolled(41, MEMBER + 1, BEGAN, BEGAN + YEAR_MS);
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(covers_of(MEMBER)->n_covers, 1);
    assert_ok(submit(a_claim(scheme_id, MEMBER, BEGAN), member_of(MEMBER)));
    all = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&all, "covers", "\"policyNumber\":\"HZ41\""), 1);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(covers_of(MEMBER)->n_covers, 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM cover"), 1);
}

static void a_scheme_asks_for_the_day_of_the_accident(void **state)
{
    struct draft *draft = a_claim_draft();

    (void)state;
    draft->scheme.cover_check->field = "nothing";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "COVER_CHECK_WRONG", "scheme.coverCheck.field");
    draft = a_claim_draft();
    draft->fields[0].optional = true;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "COVER_CHECK_WRONG", "scheme.coverCheck.field");
    draft = a_claim_draft();
    draft->fields[0].kind = SUBSIDY__FIELD_KIND__NUMBER;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "COVER_CHECK_WRONG", "scheme.coverCheck.field");
    draft = a_claim_draft();
    draft->applicant_roles[0] = RULE__ROLE__UNION_ADMIN;
    draft->scheme.applicant_roles = draft->applicant_roles;
    draft->scheme.n_applicant_roles = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "COVER_CHECK_WRONG", "scheme.coverCheck.field");
}

static void the_audit_finds_a_cover_that_was_made_longer(void **state)
{
    (void)state;
    hear_enrolled(41, MEMBER, BEGAN, BEGAN + YEAR_MS);
    assert_found(&h, "UPDATE cover SET until_at = until_at + 1", "UPDATE cover SET until_at = until_at - 1");
    assert_found(&h, "UPDATE cover SET member_id = member_id + 1", "UPDATE cover SET member_id = member_id - 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_enrolled_sees_her_policy_and_its_time),
        TEST(leaving_the_union_ends_it_and_says_when),
        TEST(a_claim_is_for_a_day_on_which_she_was_covered),
        TEST(claims_are_told_apart_from_what_else_she_applies_for),
        TEST(cover_goes_with_her_accounts),
        TEST(a_scheme_asks_for_the_day_of_the_accident),
        TEST(the_audit_finds_a_cover_that_was_made_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
