#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"

#define DECISIONS 5

/* The n-th person asks; NULL gives no name. */
static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, int64_t union_id, const char *name,
                              unsigned n)
{
    Identity__CreateJoinRequestRequest request = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = union_id;
    request.trade = RPC__TRADE__TRUCK_DRIVER;
    if (name) {
        request.name = unconst(name);
        request.resident_id = id;
    }
    return harness_call(h, "Joins.CreateJoinRequest", &request.base, who, NULL);
}

static Identity__JoinRequest *asked(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__join_request__descriptor);
}

static Identity__JoinRequestList *mine(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyJoinRequestsRequest request = IDENTITY__MY_JOIN_REQUESTS_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Joins.ListMyJoinRequests", &request.base, who, NULL),
                          &identity__join_request_list__descriptor);
}

static const Rpc__Answer *withdraw(struct harness *h, const Rpc__Principal *who, int64_t request_id)
{
    Identity__JoinRequestRequest request = IDENTITY__JOIN_REQUEST_REQUEST__INIT;

    request.request_id = request_id;
    return harness_call(h, "Joins.WithdrawJoinRequest", &request.base, who, NULL);
}

static const Rpc__Answer *list(struct harness *h, const Rpc__Principal *who, int64_t union_id, int size,
                               const char *token)
{
    Identity__ListJoinRequestsRequest request = IDENTITY__LIST_JOIN_REQUESTS_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(h, "Joins.ListJoinRequests", &request.base, who, NULL);
}

static const Rpc__Answer *decide(struct harness *h, const Rpc__Principal *who, int64_t union_id, int64_t *ids, size_t n,
                                 bool approve, int reason)
{
    Identity__DecideJoinRequestsRequest request = IDENTITY__DECIDE_JOIN_REQUESTS_REQUEST__INIT;

    request.union_id = union_id;
    request.request_ids = ids;
    request.n_request_ids = n;
    request.approve = approve;
    request.reason = (Identity__RefusalReason)reason;
    request.remark = "请到窗口办理";
    return harness_call(h, "Joins.DecideJoinRequests", &request.base, who, NULL);
}

static Identity__DecisionReport *decided(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__decision_report__descriptor);
}

static void who_is_approved_is_a_member_by_name(void **state)
{
    Identity__JoinRequest *request;
    Identity__JoinRequestList *page;
    const Rpc__Answer *answer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    answer = ask(&h, who, first_id, " 王小明 ", 1);
    assert_true(answer->created);
    request = asked(&h, answer);
    assert_int_equal(request->state, IDENTITY__JOIN_STATE__JOIN_ASKED);
    page = harness_output(&h, list(&h, administrator(&h, FIRST), first_id, 0, ""),
                          &identity__join_request_list__descriptor);
    assert_int_equal(page->n_requests, 1);
    assert_string_equal(page->requests[0]->name, "王*明");
    assert_string_equal(page->requests[0]->mobile, "169****0001");
    assert_memory_equal(page->requests[0]->resident_id, "440604********", 14);
    assert_int_equal(
        decided(&h, decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 1, true, 0))->done, 1);
    who = person_signed_in(&h, 1);
    assert_int_equal(who->level, RPC__LEVEL__CATEGORY);
    assert_string_equal(who->union_path, FIRST);
    assert_int_equal(who->trade, RPC__TRADE__TRUCK_DRIVER);
    assert_int_equal(who->birth_year, 1990);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN)->membership_began->began,
                     IDENTITY__BEGAN__BEGAN_BY_JOINING);
    assert_int_equal(mine(&h, who)->requests[0]->state, IDENTITY__JOIN_STATE__JOIN_APPROVED);
    assert_refused(ask(&h, who, second_id, NULL, 1), "ALREADY_MEMBER");
    end(&h);
}

static void asking_twice_is_asking_once_and_elsewhere_it_waits(void **state)
{
    Identity__JoinRequest *request;
    const Rpc__Answer *answer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    request = asked(&h, ask(&h, who, first_id, "王小明", 1));
    answer = ask(&h, who, first_id, "王小明", 1);
    assert_false(answer->created);
    assert_int_equal(asked(&h, answer)->request_id, request->request_id);
    assert_refused(ask(&h, who, second_id, "王小明", 1), "JOIN_PENDING");
    assert_int_equal(asked(&h, withdraw(&h, who, request->request_id))->state, IDENTITY__JOIN_STATE__JOIN_WITHDRAWN);
    assert_ok(withdraw(&h, who, request->request_id));
    assert_ok(ask(&h, who, second_id, "王小明", 1));
    assert_int_equal(mine(&h, who)->n_requests, 2);
    assert_refused(withdraw(&h, person_signed_in(&h, 2), request->request_id), "JOIN_NOT_FOUND");
    assert_refused(decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 0, true, 0), "MISSING_FIELD");
    assert_string_equal(decided(&h, decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 1, true, 0))
                            ->results[0]
                            ->reason,
                        "JOIN_DECIDED");
    end(&h);
}

static void what_an_applicant_says_is_checked(void **state)
{
    Identity__CreateJoinRequestRequest request = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    const Rpc__Answer *answer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    assert_refused(ask(&h, who, 4711, "王小明", 1), "UNION_NOT_FOUND");
    assert_refused(ask(&h, who, first_id, "王", 1), "NAME_INVALID");
    assert_refused(ask(&h, who, first_id, NULL, 1), "NAME_INVALID");
    request.union_id = first_id;
    request.name = "王小明";
    request.resident_id = "110105194912310021";
    answer = harness_call(&h, "Joins.CreateJoinRequest", &request.base, who, NULL);
    assert_refused(answer, "RESIDENT_ID_CHECKSUM");
    assert_string_equal(answer->field, "residentId");
    request.trade = (Rpc__Trade)99;
    assert_refused(harness_call(&h, "Joins.CreateJoinRequest", &request.base, who, NULL), "TRADE_INVALID");
    assert_refused(ask(&h, harness_person(&h, 77, RPC__LEVEL__MOBILE, ""), first_id, "王小明", 1), "MEMBER_NOT_FOUND");
    end(&h);
}

static void a_refusal_says_why_and_erases_what_was_sealed(void **state)
{
    Identity__JoinRequest *request;
    Identity__Event *event;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    request = asked(&h, ask(&h, who, first_id, "王小明", 1));
    assert_refused(decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 1, false, 0),
                   "DECISION_REASON_INVALID");
    assert_refused(decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 1, false, 99),
                   "DECISION_REASON_INVALID");
    assert_ok(decide(&h, administrator(&h, FIRST), first_id, &request->request_id, 1, false,
                     IDENTITY__REFUSAL_REASON__REFUSAL_NOT_OF_THIS_UNION));
    request = mine(&h, who)->requests[0];
    assert_int_equal(request->state, IDENTITY__JOIN_STATE__JOIN_REFUSED);
    assert_int_equal(told_of(&h, who, request->request_id), IDENTITY__ACCOUNT_NEWS__NEWS_JOIN_REFUSED);
    assert_int_equal(request->reason, IDENTITY__REFUSAL_REASON__REFUSAL_NOT_OF_THIS_UNION);
    assert_string_equal(request->remark, "请到窗口办理");
    assert_string_equal(request->name, "");
    event = last_event(&h, IDENTITY__EVENT__EVENT_JOIN_CHANGED);
    assert_int_equal(event->join_changed->reason, IDENTITY__REFUSAL_REASON__REFUSAL_NOT_OF_THIS_UNION);
    assert_refused(withdraw(&h, who, request->request_id), "JOIN_DECIDED");
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__MOBILE);
    harness_tamper(&h, "UPDATE join_request SET sealed = x'01'");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE join_request SET sealed = x''");
    end(&h);
}

static Identity__JoinRequestList *in_states(struct harness *h, unsigned states)
{
    Identity__ListJoinRequestsRequest request = IDENTITY__LIST_JOIN_REQUESTS_REQUEST__INIT;
    Identity__JoinState list[8];

    request.union_id = first_id;
    request.page_size = 100;
    request.state = list;
    for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
        if (states >> i & 1)
            list[request.n_state++] = (Identity__JoinState)i;
    }
    return harness_output(h, harness_call(h, "Joins.ListJoinRequests", &request.base, administrator(h, FIRST), NULL),
                          &identity__join_request_list__descriptor);
}

static void many_are_approved_at_once_and_each_fails_alone(void **state)
{
    int64_t ids[DECISIONS + 2];
    Identity__DecisionReport *report;
    Identity__JoinRequestList *page;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 3, "440605");
    for (unsigned n = 0; n < DECISIONS; n++)
        ids[n] = asked(&h, ask(&h, person_signed_in(&h, 10 + n), first_id, "王小明", n == 2 ? 3 : 10 + n))->request_id;
    ids[DECISIONS] = 4711;
    ids[DECISIONS + 1] = ids[0];
    page = harness_output(&h, list(&h, administrator(&h, FIRST), first_id, 2, ""),
                          &identity__join_request_list__descriptor);
    assert_int_equal(page->n_requests, 2);
    page = harness_output(&h, list(&h, administrator(&h, FIRST), first_id, 2, page->next_page_token),
                          &identity__join_request_list__descriptor);
    assert_int_equal(page->requests[0]->request_id, ids[2]);
    report = decided(&h, decide(&h, administrator(&h, FIRST), first_id, ids, ARRAY_LEN(ids), true, 0));
    assert_int_equal(report->done, DECISIONS - 1);
    assert_string_equal(report->results[2]->reason, "RESIDENT_ID_TAKEN");
    assert_string_equal(report->results[DECISIONS]->reason, "JOIN_NOT_FOUND");
    assert_string_equal(report->results[DECISIONS + 1]->reason, "JOIN_DECIDED");
    assert_int_equal(in_states(&h, 1u << IDENTITY__JOIN_STATE__JOIN_APPROVED)->n_requests, DECISIONS - 1);
    assert_int_equal(in_states(&h, 1u << IDENTITY__JOIN_STATE__JOIN_REFUSED)->n_requests, 0);
    page = in_states(&h, 1u << IDENTITY__JOIN_STATE__JOIN_APPROVED | 1u << IDENTITY__JOIN_STATE__JOIN_ASKED);
    assert_int_equal(page->n_requests, DECISIONS);
    for (unsigned n = 0; n < DECISIONS; n++)
        assert_int_equal(page->requests[n]->request_id, ids[n]);
    assert_int_equal(person_signed_in(&h, 12)->level, RPC__LEVEL__MOBILE);
    assert_int_equal(person_signed_in(&h, 13)->level, RPC__LEVEL__CATEGORY);
    end(&h);
}

static void a_union_decides_on_its_own_requests(void **state)
{
    int64_t id;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    id = asked(&h, ask(&h, who, first_id, "王小明", 1))->request_id;
    assert_refused(decide(&h, administrator(&h, SECOND), first_id, &id, 1, true, 0), "OUTSIDE_YOUR_UNION");
    assert_string_equal(
        decided(&h, decide(&h, administrator(&h, SECOND), second_id, &id, 1, true, 0))->results[0]->reason,
        "JOIN_NOT_FOUND");
    assert_refused(list(&h, administrator(&h, SECOND), first_id, 0, ""), "OUTSIDE_YOUR_UNION");
    assert_refused(list(&h, administrator(&h, FIRST), 4711, 0, ""), "UNION_NOT_FOUND");
    assert_refused(list(&h, administrator(&h, FIRST), first_id, 0, "x"), "BAD_PAGE_TOKEN");
    who = harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, FIRST);
    assert_string_equal(decided(&h, decide(&h, who, first_id, &id, 1, true, 0))->results[0]->reason,
                        "NOT_FOR_YOURSELF");
    end(&h);
}

static void a_request_is_settled_when_a_roster_makes_her_a_member(void **state)
{
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = person_signed_in(&h, 1);
    assert_ok(ask(&h, who, first_id, "王小明", 1));
    who = member_of_union(&h, 1, "440605");
    assert_int_equal(mine(&h, who)->requests[0]->state, IDENTITY__JOIN_STATE__JOIN_WITHDRAWN);
    end(&h);
}

static void who_has_left_joins_again_without_giving_her_name(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Identity__JoinRequest *request;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, who, NULL));
    who = person_signed_in(&h, 1);
    request = asked(&h, ask(&h, who, second_id, NULL, 1));
    assert_string_equal(request->name, "王*明");
    harness_reopen(&h);
    assert_int_equal(
        decided(&h, decide(&h, administrator(&h, SECOND), second_id, &request->request_id, 1, true, 0))->done, 1);
    assert_string_equal(person_signed_in(&h, 1)->union_path, SECOND);
    end(&h);
}

static void the_dead_join_no_union(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Rpc__Principal *who;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, who, NULL));
    id = asked(&h, ask(&h, person_signed_in(&h, 1), second_id, NULL, 1))->request_id;
    assert_ok(set_standing(&h, administrator(&h, FIRST), who->member_id, IDENTITY__STANDING__STANDING_DECEASED,
                           IDENTITY__STANDING_REASON__STANDING_DEATH_CERTIFIED));
    assert_string_equal(
        decided(&h, decide(&h, administrator(&h, SECOND), second_id, &id, 1, true, 0))->results[0]->reason,
        "JOIN_DECIDED");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_approved_is_a_member_by_name),
        cmocka_unit_test(asking_twice_is_asking_once_and_elsewhere_it_waits),
        cmocka_unit_test(what_an_applicant_says_is_checked),
        cmocka_unit_test(a_refusal_says_why_and_erases_what_was_sealed),
        cmocka_unit_test(many_are_approved_at_once_and_each_fails_alone),
        cmocka_unit_test(a_union_decides_on_its_own_requests),
        cmocka_unit_test(a_request_is_settled_when_a_roster_makes_her_a_member),
        cmocka_unit_test(the_dead_join_no_union),
        cmocka_unit_test(who_has_left_joins_again_without_giving_her_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
