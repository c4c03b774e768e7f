/* office_fixture.h: an office given, entered with a password and a one-time password, and used by two hands. */
#pragma once
#include "services/identity/access/credentials.h"
#include "services/identity/unions/tree_fixture.h"

static inline const Rpc__Answer *create_grant(struct harness *h, const Rpc__Principal *who, const char *mobile,
                                              int role, const char *union_code)
{
    static unsigned calls;
    Identity__CreateGrantRequest request = IDENTITY__CREATE_GRANT_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "grant %u", calls++);
    request.mobile = unconst(mobile);
    request.role = (Rule__Role)role;
    request.union_id = union_coded(h, union_code);
    return harness_call(h, "Identity.CreateGrant", &request.base, who, key);
}

#define PASSWORD "Correct-horse-9"

/* The one-time password of a member at the clock's time and so many steps later. */
static inline const char *totp_of(struct harness *h, int64_t member_id, int steps, char ret_code[TOTP_DIGITS + 1])
{
    struct credential credential;

    assert_true(credential_find(h->service.self, member_id, &credential));
    totp_code(credential.secrets.totp, clock_now(&h->service.clock) / TOTP_STEP_MS + steps, ret_code);
    return ret_code;
}

static inline const Rpc__Answer *enrol(struct harness *h, const Rpc__Principal *who, const char *password)
{
    Identity__EnrolRequest request = IDENTITY__ENROL_REQUEST__INIT;

    request.password = unconst(password);
    return harness_call(h, "Officials.Enrol", &request.base, who, NULL);
}

static inline const Rpc__Answer *confirm_enrolment(struct harness *h, const Rpc__Principal *who, const char *totp)
{
    Identity__ConfirmEnrolmentRequest request = IDENTITY__CONFIRM_ENROLMENT_REQUEST__INIT;

    request.totp = unconst(totp);
    return harness_call(h, "Officials.ConfirmEnrolment", &request.base, who, NULL);
}

/* Who holds an office enrols by a code, with PASSWORD: her session with its authority. */
static inline Identity__Session *enrolled(struct harness *h, const char *mobile)
{
    const Rpc__Principal *who = principal_of(h, login(h, mobile));
    char totp[TOTP_DIGITS + 1];

    harness_output(h, enrol(h, who, PASSWORD), &identity__enrolment__descriptor);
    return harness_output(h, confirm_enrolment(h, who, totp_of(h, who->member_id, 0, totp)),
                          &identity__session__descriptor);
}

static inline const Rpc__Answer *sign_in(struct harness *h, const char *mobile, const char *password, const char *totp,
                                         const char *new_password)
{
    Identity__OfficialSignInRequest request = IDENTITY__OFFICIAL_SIGN_IN_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.password = unconst(password);
    request.totp = unconst(totp);
    request.new_password = unconst(new_password);
    return harness_call(h, "Officials.SignIn", &request.base, NULL, NULL);
}

/* ---- two hands ---- */

static inline const Rpc__Answer *propose_standing(struct harness *h, const Rpc__Principal *who, int64_t member_id,
                                                  int standing, int reason)
{
    Identity__ProposeStandingRequest request = IDENTITY__PROPOSE_STANDING_REQUEST__INIT;

    request.member_id = member_id;
    request.standing = (Identity__Standing)standing;
    request.reason = (Identity__StandingReason)reason;
    return harness_call(h, "Proposals.ProposeStanding", &request.base, who, NULL);
}

static inline Identity__Proposal *proposed(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__proposal__descriptor);
}

static inline const Rpc__Answer *decide_proposal(struct harness *h, const Rpc__Principal *who, int64_t proposal_id,
                                                 bool confirm)
{
    Identity__DecideProposalRequest request = IDENTITY__DECIDE_PROPOSAL_REQUEST__INIT;

    request.proposal_id = proposal_id;
    request.confirm = confirm;
    return harness_call(h, "Proposals.DecideProposal", &request.base, who, NULL);
}

/* Proposed by an official, and confirmed if it was not refused. */
static inline const Rpc__Answer *set_standing(struct harness *h, const Rpc__Principal *who, int64_t member_id,
                                              int standing, int reason)
{
    const Rpc__Answer *answer = propose_standing(h, who, member_id, standing, reason);

    return answer->reason ? answer
                          : decide_proposal(h, harness_official(h, 4712, RULE__ROLE__UNION_ADMIN, ""),
                                            proposed(h, answer)->proposal_id, true);
}
