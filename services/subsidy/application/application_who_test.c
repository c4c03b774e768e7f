/* Who may apply: for herself, or for a union by her office there; and not beside what she was given elsewhere. */
#include "services/subsidy/fixture.h"

#define OTHER "000100020004" /* another company's union */

static struct draft *a_companies_draft(void)
{
    struct draft *draft = a_draft();

    a_union(&h, OTHER);
    draft->applicant_roles[0] = RULE__ROLE__COMPANY_AGENT;
    draft->scheme.applicant_roles = draft->applicant_roles;
    draft->scheme.n_applicant_roles = 1;
    draft->scheme.n_fields = 0;
    return draft;
}

static Rpc__Principal *agent(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__COMPANY_AGENT, path);
}

static const Rpc__Answer *start_for(int64_t scheme_id, const char *path, const Rpc__Principal *who)
{
    Subsidy__StartApplicationRequest request = SUBSIDY__START_APPLICATION_REQUEST__INIT;

    request.scheme_id = scheme_id;
    request.union_id = a_union(&h, path);
    return harness_call(&h, "Applications.StartApplication", &request.base, who, NULL);
}

/* Whoever of its agents applies, a company has it once. */
static void an_agent_applies_for_her_company_which_has_it_once(void **state)
{
    int64_t scheme_id = open_scheme(a_companies_draft()), id;
    const Subsidy__Application *application;

    (void)state;
    assert_refused(start(scheme_id, member_of(MEMBER)), "NOT_YOUR_UNIONS_OFFICE");
    application = application_of(start(scheme_id, agent(811, COMPANY)));
    assert_int_equal(application->for_union_id, a_union(&h, COMPANY));
    id = application->application_id;
    assert_refused(start_for(scheme_id, OTHER, agent(811, COMPANY)), "NOT_YOUR_UNIONS_OFFICE");
    assert_ok(submit(id, agent(811, COMPANY)));
    assert_refused(start(scheme_id, agent(812, COMPANY)), "STILL_DECIDED");
    approve_whole(id);
    assert_refused(start(scheme_id, agent(812, COMPANY)), "HAD_ONCE");
    assert_ok(start(scheme_id, agent(813, OTHER)));
}

static const Subsidy__SchemeForMe *standing(int64_t scheme_id, const Rpc__Principal *who)
{
    return harness_output(&h, on_scheme("Schemes.GetMyScheme", scheme_id, who), &subsidy__scheme_for_me__descriptor);
}

/* Who has the office in two of them is told both, and what she chooses is what she gets. */
static void an_agent_of_two_companies_chooses(void **state)
{
    int64_t scheme_id = open_scheme(a_companies_draft());
    Rpc__Principal *both = agent(811, COMPANY);
    Rpc__Grant *grants[2] = {both->grants[0], agent(811, OTHER)->grants[0]};
    const Subsidy__SchemeForMe *told;

    (void)state;
    assert_int_equal(standing(scheme_id, both)->n_for_unions, 0);
    both->grants = grants;
    both->n_grants = 2;
    told = standing(scheme_id, both);
    assert_int_equal(told->n_for_unions, 2);
    assert_int_equal(told->for_unions[1]->union_id, a_union(&h, OTHER));
    assert_string_equal(told->for_unions[1]->reason, "");
    assert_ok(submit(application_of(start_for(scheme_id, COMPANY, both))->application_id, both));
    told = standing(scheme_id, both);
    assert_string_equal(told->for_unions[0]->reason, "STILL_DECIDED");
    assert_string_equal(told->for_unions[1]->reason, "");
    assert_int_equal(told->n_findings, 0);
    assert_string_equal(told->reason, "");
    assert_int_equal(application_of(start_for(scheme_id, OTHER, both))->for_union_id, a_union(&h, OTHER));
    assert_ok(submit(application_of(start_for(scheme_id, OTHER, both))->application_id, both));
    assert_string_equal(standing(scheme_id, both)->reason, "STILL_DECIDED");
}

/* Who has no office there any more hands nothing in for it. */
static void who_leaves_her_office_hands_nothing_in(void **state)
{
    int64_t scheme_id = open_scheme(a_companies_draft()),
            id = application_of(start(scheme_id, agent(811, COMPANY)))->application_id;

    (void)state;
    assert_refused(submit(id, member_of(811)), "NOT_YOUR_UNIONS_OFFICE");
    assert_refused(submit(id, agent(811, OTHER)), "NOT_YOUR_UNIONS_OFFICE");
    assert_ok(submit(id, agent(811, COMPANY)));
}

/* An office over all unions below is none of theirs. */
static void an_office_above_is_none_of_the_union(void **state)
{
    struct draft *draft = a_companies_draft();
    int64_t scheme_id;

    (void)state;
    draft->applicant_roles[0] = RULE__ROLE__UNION_ADMIN;
    draft->applicant_roles[1] = RULE__ROLE__FINANCE;
    draft->scheme.n_applicant_roles = 2;
    scheme_id = open_scheme(draft);
    assert_refused(start_for(scheme_id, COMPANY, harness_official(&h, 820, RULE__ROLE__UNION_ADMIN, CITY)),
                   "NOT_YOUR_UNIONS_OFFICE");
    assert_ok(start_for(scheme_id, COMPANY, harness_official(&h, 821, RULE__ROLE__UNION_ADMIN, COMPANY)));
    assert_ok(start_for(scheme_id, COMPANY, finance(822, COMPANY)));
}

/* Two agents each handed one in before either was decided: the second is not approved. */
static void a_company_is_approved_once(void **state)
{
    struct draft *draft = a_companies_draft();
    int64_t scheme_id = open_scheme(draft), first, second;

    (void)state;
    first = application_of(start(scheme_id, agent(811, COMPANY)))->application_id;
    second = application_of(start(scheme_id, agent(812, COMPANY)))->application_id;
    assert_ok(submit(first, agent(811, COMPANY)));
    assert_refused(submit(second, agent(812, COMPANY)), "STILL_DECIDED");
    assert_ok(decide(first, SUBSIDY__VERDICT__REFUSE, "材料不全", manager(911, TOWN)));
    assert_ok(submit(second, agent(812, COMPANY)));
    assert_ok(on_application("Applications.AskAgain", first, agent(811, COMPANY)));
    approve_whole(second);
    assert_refused(decide(first, SUBSIDY__VERDICT__APPROVE, "", manager(914, CITY)), "APPROVED_BEFORE");
}

/* As for each of its workers; a member herself waits until the last one is decided. */
static void a_company_applies_for_many_at_once(void **state)
{
    struct draft *draft = a_companies_draft();
    int64_t scheme_id, ids[2];

    (void)state;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_ANY;
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 2; i++) {
        ids[i] = application_of(start(scheme_id, agent(811, COMPANY)))->application_id;
        assert_ok(submit(ids[i], agent(811, COMPANY)));
    }
    assert_true(ids[0] != ids[1]);
    for (int i = 0; i < 2; i++)
        approve_whole(ids[i]);
    draft = a_draft();
    draft->scheme.once = SUBSIDY__ONCE__ONCE_ANY;
    draft->scheme.opens_at = now() + 1;
    scheme_id = open_scheme(draft);
    clock_step(&h.service.clock, 10);
    handed_in(scheme_id, MEMBER);
    assert_refused(start(scheme_id, member_of(MEMBER)), "STILL_DECIDED");
}

static void who_cannot_apply_for_a_union_is_no_scheme(void **state)
{
    struct draft *draft = a_companies_draft();

    (void)state;
    draft->applicant_roles[0] = RULE__ROLE__BENEFIT_MANAGER;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "APPLIES_BY_WRONG", "scheme.applicantRoles");
    draft = a_funded_draft(a_fund(1000000), 100000, SUBSIDY__SELECTION_KIND__BY_LOT, 1);
    draft->applicant_roles[0] = RULE__ROLE__UNION_ADMIN;
    draft->scheme.applicant_roles = draft->applicant_roles;
    draft->scheme.n_applicant_roles = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "APPLIES_BY_WRONG", "scheme.applicantRoles");
    draft = a_paid_draft(a_fund(1000000), 100000);
    draft->applicant_roles[0] = RULE__ROLE__COMPANY_AGENT;
    draft->scheme.applicant_roles = draft->applicant_roles;
    draft->scheme.n_applicant_roles = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "APPLIES_BY_WRONG", "scheme.applicantRoles");
}

/* ---- not beside ---- */

static struct draft *not_beside(int64_t scheme_id, int32_t days)
{
    struct draft *draft = a_draft();

    subsidy__not_beside__init(&draft->not_beside);
    draft->not_beside.scheme_id = scheme_id;
    draft->not_beside.days = days;
    draft->not_beside_list[0] = &draft->not_beside;
    draft->scheme.not_beside = draft->not_beside_list;
    draft->scheme.n_not_beside = 1;
    draft->scheme.opens_at = now() + 1;
    draft->scheme.closes_at = now() + 300 * DAY_MS;
    draft->scheme.n_fields = 0;
    return draft;
}

/* What is promised stands in the way so long as it may be paid, and what was paid for so many days. */
static void it_is_not_given_beside_another_one(void **state)
{
    int64_t first = open_scheme(a_draft()), given, second;

    (void)state;
    second = open_scheme(not_beside(first, 30));
    clock_step(&h.service.clock, 10);
    given = handed_in(first, MEMBER);
    assert_ok(start(second, member_of(MEMBER)));
    approve_whole(given);
    assert_refused(submit(application_of(start(second, member_of(MEMBER)))->application_id, member_of(MEMBER)),
                   "HAD_ELSEWHERE");
    assert_refused(start(first, member_of(MEMBER)), "HAD_ONCE");
    assert_ok(start(second, member_of(MEMBER + 1)));
}

/* Also for who had handed in both before the first was decided. */
static void nobody_is_approved_of_both(void **state)
{
    int64_t first = open_scheme(a_draft()), second = open_scheme(not_beside(first, 30)), one, other;

    (void)state;
    clock_step(&h.service.clock, 10);
    one = handed_in(first, MEMBER);
    other = application_of(start(second, member_of(MEMBER)))->application_id;
    assert_ok(submit(other, member_of(MEMBER)));
    approve_whole(one);
    assert_refused(decide(other, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "GIVEN_ELSEWHERE");
    assert_ok(decide(other, SUBSIDY__VERDICT__REFUSE, "已享受其他补贴", manager(911, TOWN)));
}

static void what_nobody_knows_is_not_stood_beside(void **state)
{
    int64_t draft_id = scheme_of(create_scheme(a_draft(), manager(901, CITY)))->scheme_id;

    (void)state;
    assert_refused_at(create_scheme(not_beside(draft_id, 30), manager(901, CITY)), "NOT_BESIDE_WRONG",
                      "scheme.notBeside");
    assert_refused_at(create_scheme(not_beside(77, 30), manager(901, CITY)), "NOT_BESIDE_WRONG", "scheme.notBeside");
}

/* ---- what else ---- */

/* Of others that are open to her: what they are, and what they come to. */
static void she_is_told_what_else_she_may_apply_for(void **state)
{
    int64_t one = open_scheme(a_draft()), companies, other, id;
    const Subsidy__CheckResult *result;
    struct draft *draft = a_companies_draft();

    (void)state;
    draft->scheme.opens_at = now() + 1;
    companies = open_scheme(draft);
    draft = a_draft();
    draft->scheme.title = "技能补贴";
    draft->scheme.opens_at = now() + 1;
    other = open_scheme(draft);
    clock_step(&h.service.clock, 10);
    id = application_of(start(one, member_of(MEMBER)))->application_id;
    result = harness_output(&h, on_application("Applications.CheckApplication", id, member_of(MEMBER)),
                            &subsidy__check_result__descriptor);
    assert_int_equal(result->n_others, 1);
    assert_int_equal(result->others[0]->scheme_id, other);
    assert_string_equal(result->others[0]->scheme_title, "技能补贴");
    assert_int_equal(result->others[0]->most_fen, 100000);
    assert_true(companies != other);
    handed_in(other, MEMBER + 1);
    id = application_of(start(one, member_of(MEMBER + 1)))->application_id;
    result = harness_output(&h, on_application("Applications.CheckApplication", id, member_of(MEMBER + 1)),
                            &subsidy__check_result__descriptor);
    assert_int_equal(result->n_others, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_agent_applies_for_her_company_which_has_it_once),
        TEST(an_agent_of_two_companies_chooses),
        TEST(who_leaves_her_office_hands_nothing_in),
        TEST(an_office_above_is_none_of_the_union),
        TEST(a_company_is_approved_once),
        TEST(a_company_applies_for_many_at_once),
        TEST(who_cannot_apply_for_a_union_is_no_scheme),
        TEST(it_is_not_given_beside_another_one),
        TEST(nobody_is_approved_of_both),
        TEST(what_nobody_knows_is_not_stood_beside),
        TEST(she_is_told_what_else_she_may_apply_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
