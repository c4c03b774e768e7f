/* membership_fixture.h: joining a union, what is decided of it, leaving, and who was a member when. */
#pragma once
#include "services/identity/people/people_fixture.h"

/* The n-th person asks a union to take her. */
static inline const Rpc__Answer *ask_to_join(struct harness *h, const Rpc__Principal *who, int64_t union_id, unsigned n)
{
    Identity__CreateJoinRequestRequest request = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = union_id;
    request.name = "王小明";
    request.resident_id = id;
    return harness_call(h, "Joins.CreateJoinRequest", &request.base, who, NULL);
}

static inline Identity__JoinRequest *asked_to_join(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__join_request__descriptor);
}

/* What came of the one that was to be decided: "" when it was done, or a Reason's name. */
static inline const char *outcome(struct harness *h, const Rpc__Answer *answer)
{
    Identity__DecisionReport *report;

    if (answer->reason)
        return harness_refusal(answer);
    report = harness_output(h, answer, &identity__decision_report__descriptor);
    assert_int_equal(report->n_results, 1);
    return report->results[0]->reason;
}

/* The same of one request to join a union, and of one for correction. */
static inline const char *decide_join(struct harness *h, const Rpc__Principal *official, int64_t union_id,
                                      int64_t request_id, bool approve)
{
    Identity__DecideJoinRequestsRequest request = IDENTITY__DECIDE_JOIN_REQUESTS_REQUEST__INIT;

    request.union_id = union_id;
    request.request_ids = &request_id;
    request.n_request_ids = 1;
    request.approve = approve;
    request.reason = IDENTITY__REFUSAL_REASON__REFUSAL_UNPROVEN;
    return outcome(h, harness_call(h, "Joins.DecideJoinRequests", &request.base, official, NULL));
}

static inline const char *decide_correction(struct harness *h, const Rpc__Principal *official, int64_t union_id,
                                            int64_t correction_id, bool approve)
{
    Identity__DecideCorrectionsRequest request = IDENTITY__DECIDE_CORRECTIONS_REQUEST__INIT;

    request.union_id = union_id;
    request.correction_ids = &correction_id;
    request.n_correction_ids = 1;
    request.approve = approve;
    request.reason = IDENTITY__REFUSAL_REASON__REFUSAL_UNPROVEN;
    return outcome(h, harness_call(h, "Corrections.DecideCorrections", &request.base, official, NULL));
}

static inline const Rpc__Answer *leave(struct harness *h, const Rpc__Principal *who)
{
    Identity__LeaveRequest request = IDENTITY__LEAVE_REQUEST__INIT;

    request.confirmed = true;
    return harness_call(h, "Memberships.Leave", &request.base, who, NULL);
}

static inline Identity__MembershipList *history(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyMembershipsRequest request = IDENTITY__MY_MEMBERSHIPS_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Memberships.ListMyMemberships", &request.base, who, NULL),
                          &identity__membership_list__descriptor);
}

static inline const Rpc__Answer *check_membership(struct harness *h, const Rpc__Principal *who, int64_t member_id,
                                                  int64_t union_id, int64_t at)
{
    Identity__CheckMembershipRequest request = IDENTITY__CHECK_MEMBERSHIP_REQUEST__INIT;

    request.member_id = member_id;
    request.union_id = union_id;
    request.at = at;
    return harness_call(h, "Memberships.CheckMembership", &request.base, who, NULL);
}

static inline bool was_member(struct harness *h, int64_t member_id, int64_t union_id, int64_t at)
{
    const Rpc__Answer *answer = check_membership(h, harness_internal(h), member_id, union_id, at);

    return ((Identity__MembershipCheck *)harness_output(h, answer, &identity__membership_check__descriptor))->member;
}
