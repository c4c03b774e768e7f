/* Companies, and who acts for them. */
#include "services/identity/registers/companies.h"
#include "services/identity/registers/company_fixture.h"

static const Rpc__Answer *register_company(struct harness *h, const Rpc__Principal *who, int64_t union_id,
                                           const char *code, const char *excuse)
{
    Identity__RegisterCompanyRequest request = IDENTITY__REGISTER_COMPANY_REQUEST__INIT;

    request.union_id = union_id;
    request.credit_code = unconst(code);
    request.name = "佛山某快递公司";
    request.excuse = unconst(excuse);
    return harness_call(h, "Companies.RegisterCompany", &request.base, who, NULL);
}

static const Rpc__Answer *dismiss(struct harness *h, const Rpc__Principal *who, int64_t agent_id)
{
    Identity__DismissAgentRequest request = IDENTITY__DISMISS_AGENT_REQUEST__INIT;

    request.agent_id = agent_id;
    return harness_call(h, "Companies.DismissAgent", &request.base, who, NULL);
}

static const Rpc__Answer *ask_members(struct harness *h, const Rpc__Principal *who, int64_t union_id, bool gone)
{
    Identity__ListCompanyMembersRequest request = IDENTITY__LIST_COMPANY_MEMBERS_REQUEST__INIT;
    Identity__CompanyMemberState left = IDENTITY__COMPANY_MEMBER_STATE__COMPANY_MEMBER_LEFT;

    request.union_id = union_id;
    request.state = &left;
    request.n_state = gone;
    return harness_call(h, "Companies.ListCompanyMembers", &request.base, who, NULL);
}

static Identity__CompanyMemberList *all_members(struct harness *h, const Rpc__Principal *who)
{
    Identity__ListCompanyMembersRequest request = IDENTITY__LIST_COMPANY_MEMBERS_REQUEST__INIT;
    Identity__CompanyMemberState states[] = {IDENTITY__COMPANY_MEMBER_STATE__COMPANY_MEMBER_LEFT,
                                             IDENTITY__COMPANY_MEMBER_STATE__COMPANY_MEMBER_THERE};

    request.union_id = first_id;
    request.state = states;
    request.n_state = ARRAY_LEN(states);
    return harness_output(h, harness_call(h, "Companies.ListCompanyMembers", &request.base, who, NULL),
                          &identity__company_member_list__descriptor);
}

static Identity__CompanyMemberList *members(struct harness *h, const Rpc__Principal *who, bool gone)
{
    return harness_output(h, ask_members(h, who, first_id, gone), &identity__company_member_list__descriptor);
}

static const Rpc__Answer *propose_departure(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__ProposeDepartureRequest request = IDENTITY__PROPOSE_DEPARTURE_REQUEST__INIT;

    request.union_id = first_id;
    request.member_id = member_id;
    return harness_call(h, "Companies.ProposeDeparture", &request.base, who, NULL);
}

static void a_union_registers_its_company_once(void **state)
{
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_company(&h);
    rows = journal_rows(&h);
    assert_false(register_company(&h, administrator(&h, FIRST), first_id, "91350100m000100y43", "")->created);
    assert_int_equal(journal_rows(&h), rows);
    assert_refused(register_company(&h, administrator(&h, FIRST), first_id, "91110000101623741K", ""), "COMPANY_TAKEN");
    assert_refused(register_company(&h, administrator(&h, FIRST), town_id, COMPANY_CODE, ""), "COMPANY_TAKEN");
    assert_refused(register_company(&h, administrator(&h, FIRST), town_id, "91350211M0000XUF46", ""),
                   "CREDIT_CODE_CHECKSUM");
    assert_refused(register_company(&h, administrator(&h, FIRST), town_id, "9135", ""), "CREDIT_CODE_INVALID");
    assert_int_equal(journal_rows(&h), rows);
    assert_ok(register_company(&h, administrator(&h, FIRST), town_id, "91350211M0000XUF46", "执照原件如此"));
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE company SET company_id = company_id + 1 WHERE excuse <> ''");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE company SET company_id = company_id - 1 WHERE excuse <> ''");
    end(&h);
}

static void the_first_agent_appoints_others_and_signs_in_as_officials_do(void **state)
{
    Rpc__Principal *first, *second;
    Identity__Company *company;
    int64_t second_agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    assert_refused(set_agent(&h, administrator(&h, FIRST), 1, 3), "AGENT_KIND_INVALID");
    first = agent_signed_in(&h, 1, IDENTITY__AGENT_KIND__AGENT_APPROVER);
    assert_int_equal(first->n_grants, 1);
    assert_int_equal(first->grants[0]->role, RULE__ROLE__COMPANY_AGENT);
    assert_string_equal(first->grants[0]->union_path, FIRST);
    company = company_of(&h, set_agent(&h, first, 2, IDENTITY__AGENT_KIND__AGENT_HANDLER));
    assert_int_equal(company->n_agents, 2);
    assert_int_equal(company->agents[1]->kind, IDENTITY__AGENT_KIND__AGENT_HANDLER);
    second_agent = company->agents[1]->agent_id;
    second = principal_of(&h, enrolled(&h, "16900000002"));
    assert_refused(set_agent(&h, second, 3, IDENTITY__AGENT_KIND__AGENT_HANDLER), "AGENT_NOT_FIRST");
    assert_refused(dismiss(&h, second, company->agents[0]->agent_id), "AGENT_NOT_FIRST");
    assert_refused(dismiss(&h, first, company->agents[0]->agent_id), "NOT_FOR_YOURSELF");
    assert_refused(dismiss(&h, first, 4711), "AGENT_NOT_FOUND");
    /* Another kind of the same agent. */
    company = company_of(&h, set_agent(&h, first, 2, IDENTITY__AGENT_KIND__AGENT_APPROVER));
    assert_int_equal(company->n_agents, 2);
    assert_int_equal(company->agents[1]->agent_id, second_agent);
    assert_int_equal(company->agents[1]->kind, IDENTITY__AGENT_KIND__AGENT_APPROVER);
    assert_int_equal(company_of(&h, dismiss(&h, first, second_agent))->n_agents, 1);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     second->session_id);
    /* Nobody becomes one by a grant. */
    assert_refused(create_grant(&h, harness_internal(&h), "16900000002", RULE__ROLE__COMPANY_AGENT, "440604"),
                   "ROLE_INVALID");
    end(&h);
}

static void of_an_agent_of_another_union_nothing_is_told(void **state)
{
    Identity__CompanyAgent *agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    member_of_union(&h, 1, "440605");
    agent = company_of(&h, set_agent(&h, administrator(&h, FIRST), 1, IDENTITY__AGENT_KIND__AGENT_HANDLER))->agents[0];
    assert_string_equal(agent->name, "");
    assert_int_equal(agent->member_id, 0);
    member_of_union(&h, 2, "440604");
    agent = company_of(&h, set_agent(&h, administrator(&h, FIRST), 2, IDENTITY__AGENT_KIND__AGENT_HANDLER))->agents[1];
    assert_string_equal(agent->name, "王*明");
    assert_int_not_equal(agent->member_id, 0);
    end(&h);
}

static void agents_are_few(void **state)
{
    struct harness h;

    (void)state;
    begin_with_company(&h);
    for (unsigned i = 0; i < COMPANY_AGENTS_MAX; i++)
        assert_ok(set_agent(&h, administrator(&h, FIRST), i + 1, IDENTITY__AGENT_KIND__AGENT_HANDLER));
    assert_refused(set_agent(&h, administrator(&h, FIRST), 99, IDENTITY__AGENT_KIND__AGENT_HANDLER), "TOO_MANY_AGENTS");
    assert_ok(set_agent(&h, administrator(&h, FIRST), 1, IDENTITY__AGENT_KIND__AGENT_APPROVER));
    end(&h);
}

static void an_agent_sees_her_companys_own_members_masked(void **state)
{
    Identity__CompanyMemberList *list;
    Rpc__Principal *agent, *member;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    member = member_of_union(&h, 11, "440604");
    member_of_union(&h, 12, "440604-1");
    agent = agent_signed_in(&h, 1, IDENTITY__AGENT_KIND__AGENT_HANDLER);
    list = members(&h, agent, false);
    assert_int_equal(list->n_members, 1);
    assert_int_equal(list->members[0]->member_id, member->member_id);
    assert_string_equal(list->members[0]->name, "王*明");
    assert_int_equal(list->members[0]->trade, RPC__TRADE__COURIER);
    assert_int_equal(members(&h, agent, true)->n_members, 0);
    assert_refused(ask_members(&h, agent, town_id, false), "OUTSIDE_YOUR_UNION");
    assert_refused(ask_members(&h, harness_official(&h, 5, RULE__ROLE__COMPANY_AGENT, ROOT), first_id, false),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(ask_members(&h, harness_official(&h, 5, RULE__ROLE__COMPANY_AGENT, TOWN), town_id, false),
                   "COMPANY_NOT_FOUND");
    end(&h);
}

static void who_left_the_company_is_hung_above_when_an_approver_confirms(void **state)
{
    Rpc__Principal *handler, *approver, *member, *elsewhere;
    Identity__CompanyMemberList *gone;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_company(&h);
    member = member_of_union(&h, 11, "440604");
    elsewhere = member_of_union(&h, 12, "440604-1");
    approver = agent_signed_in(&h, 1, IDENTITY__AGENT_KIND__AGENT_APPROVER);
    handler = agent_signed_in(&h, 2, IDENTITY__AGENT_KIND__AGENT_HANDLER);
    assert_refused(propose_departure(&h, handler, elsewhere->member_id), "MEMBER_NOT_FOUND");
    assert_refused(propose_departure(&h, handler, 4711), "MEMBER_NOT_FOUND");
    id = proposed(&h, propose_departure(&h, handler, member->member_id))->proposal_id;
    assert_refused(propose_departure(&h, approver, member->member_id), "PROPOSAL_PENDING");
    assert_refused(decide_proposal(&h, handler, id, true), "AGENT_NOT_APPROVER");
    assert_int_equal(members(&h, handler, false)->n_members, 1);
    assert_ok(decide_proposal(&h, approver, id, true));
    assert_int_equal(members(&h, handler, false)->n_members, 0);
    gone = members(&h, handler, true);
    assert_int_equal(gone->n_members, 1);
    assert_int_equal(gone->members[0]->member_id, member->member_id);
    assert_int_equal(gone->members[0]->ended, IDENTITY__ENDED__ENDED_BY_COMPANY);
    assert_int_equal(gone->members[0]->to, clock_now(&h.service.clock));
    member_of_union(&h, 21, "440604");
    gone = all_members(&h, handler);
    assert_int_equal(gone->n_members, 2);
    assert_int_equal(gone->members[0]->member_id, member->member_id);
    assert_string_equal(person_signed_in(&h, 11)->union_path, ROOT);
    end(&h);
}

static void an_approver_does_not_confirm_her_own_word_but_the_union_may(void **state)
{
    Identity__ListProposalsRequest request = IDENTITY__LIST_PROPOSALS_REQUEST__INIT;
    Rpc__Principal *approver, *member, *other;
    Identity__ProposalList *list;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_company(&h);
    member = member_of_union(&h, 11, "440604");
    other = member_of_union(&h, 12, "440604");
    approver = agent_signed_in(&h, 1, IDENTITY__AGENT_KIND__AGENT_APPROVER);
    proposed(&h,
             propose_standing(&h, administrator(&h, FIRST), other->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                              IDENTITY__STANDING_REASON__STANDING_DISCIPLINE));
    id = proposed(&h, propose_departure(&h, approver, member->member_id))->proposal_id;
    assert_refused(decide_proposal(&h, approver, id, true), "PROPOSAL_OWN");
    /* She sees her company's own proposals alone. */
    request.union_id = first_id;
    list = harness_output(&h, harness_call(&h, "Proposals.ListProposals", &request.base, approver, NULL),
                          &identity__proposal_list__descriptor);
    assert_int_equal(list->n_proposals, 1);
    assert_int_equal(list->proposals[0]->proposal_id, id);
    list =
        harness_output(&h, harness_call(&h, "Proposals.ListProposals", &request.base, administrator(&h, FIRST), NULL),
                       &identity__proposal_list__descriptor);
    assert_int_equal(list->n_proposals, 2);
    assert_refused(decide_proposal(&h, approver, list->proposals[0]->proposal_id, true), "PROPOSAL_OTHER_OFFICE");
    /* Who has just made her the company's agent is no second hand with it. */
    assert_refused(decide_proposal(&h, administrator(&h, FIRST), id, true), "HAND_GAVE_OFFICE");
    assert_ok(decide_proposal(&h, harness_official(&h, 10, RULE__ROLE__UNION_ADMIN, FIRST), id, true));
    end(&h);
}

static size_t n_listed(struct harness *h, const Rpc__Principal *who, int64_t union_id, const char *piece)
{
    Identity__ListCompaniesRequest request = IDENTITY__LIST_COMPANIES_REQUEST__INIT;

    request.union_id = union_id;
    request.name = unconst(piece);
    return ((Identity__CompanyList *)harness_output(
                h, harness_call(h, "Companies.ListCompanies", &request.base, who, NULL),
                &identity__company_list__descriptor))
        ->n_companies;
}

static void companies_are_found_by_a_piece_of_their_names(void **state)
{
    struct harness h;

    (void)state;
    begin_with_company(&h);
    assert_ok(register_company(&h, administrator(&h, ROOT), second_id, "91110000101623741K", ""));
    assert_int_equal(n_listed(&h, administrator(&h, ROOT), root_id, ""), 2);
    assert_int_equal(n_listed(&h, administrator(&h, ROOT), root_id, "某快递"), 2);
    assert_int_equal(n_listed(&h, administrator(&h, ROOT), root_id, "外卖"), 0);
    assert_int_equal(n_listed(&h, administrator(&h, FIRST), first_id, "快递"), 1);
    assert_int_equal(n_listed(&h, administrator(&h, FIRST), town_id, "快递"), 0);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_union_registers_its_company_once),
        cmocka_unit_test(the_first_agent_appoints_others_and_signs_in_as_officials_do),
        cmocka_unit_test(of_an_agent_of_another_union_nothing_is_told),
        cmocka_unit_test(agents_are_few),
        cmocka_unit_test(an_agent_sees_her_companys_own_members_masked),
        cmocka_unit_test(who_left_the_company_is_hung_above_when_an_approver_confirms),
        cmocka_unit_test(an_approver_does_not_confirm_her_own_word_but_the_union_may),
        cmocka_unit_test(companies_are_found_by_a_piece_of_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
