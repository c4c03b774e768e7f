/* fixture.h: what the tests of identity's operations share: the service on
 * a fresh store with keys of its own, and the usual first steps of people. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/notice/notice_fixture.h"
#include "common/cn/cn_id.h"
#include "services/identity/access/credentials.h"
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"
#include "tests/harness.h"

static inline void with_sender(const char *sender)
{
    setenv("HUIGONG_SMS", sender, 1);
    assert_int_equal(conf_load(identity_spec.conf, NULL, true), 0);
}

/* A service with its keys that has not started. The codes are logged, where a test does not
 * need them. All calls come from one device. */
static inline void unstarted(struct harness *h)
{
    harness_init(h, &identity_spec, (void (*)(void *))identity_done);
    harness_key(h, "HUIGONG_PII_KEY",
                "1 " HARNESS_KEY "\nindex 2222222222222222222222222222222222222222222222222222222222222222\n");
    harness_key(h, "HUIGONG_TOKEN_KEY", HARNESS_KEY);
    harness_key(h, "HUIGONG_SESSION_KEY", HARNESS_KEY);
    harness_key(h, "HUIGONG_LOOK_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(h, "HUIGONG_CARD_KEY", "1 " HARNESS_KEY "\n");
    with_sender("log");
    harness_from(h, 1, 1);
}

static inline void begin(struct harness *h)
{
    unstarted(h);
    harness_start(h);
}

static inline struct identity *identity_of(struct harness *h)
{
    return h->service.self;
}

static inline void end(struct harness *h)
{
    assert_string_equal(harness_audit(h), "");
    harness_close(h);
}

/* ---- calls ---- */

/* The id of a union by its code: 0 of "", which is above all roots; 1, which is none, when there is none. */
static inline int64_t union_coded(struct harness *h, const char *code)
{
    const struct identity *self = h->service.self;
    struct union_node node;

    return unions_find_code(&self->unions, code, &node) ? node.id : 1;
}

static inline const Rpc__Answer *create_union(struct harness *h, const Rpc__Principal *who, const char *code,
                                              const char *name, const char *parent)
{
    static unsigned calls;
    Identity__CreateUnionRequest request = IDENTITY__CREATE_UNION_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "union %u", calls++);
    request.code = unconst(code);
    request.name = unconst(name);
    request.parent_id = union_coded(h, parent);
    return harness_call(h, "Identity.CreateUnion", &request.base, who, key);
}

/* Made by the command line. */
static inline Identity__Union *make_union(struct harness *h, const char *code, const char *parent)
{
    return harness_output(h, create_union(h, harness_internal(h), code, "总工会", parent),
                          &identity__union__descriptor);
}

static inline const Rpc__Answer *import_page(struct harness *h, const Rpc__Principal *who, const char *method,
                                             const char *csv, bool check_only)
{
    Identity__ImportRequest request = IDENTITY__IMPORT_REQUEST__INIT;

    request.csv = unconst(csv);
    request.first_line = 2;
    request.check_only = check_only;
    return harness_call(h, method, &request.base, who, NULL);
}

static inline Imports__ImportReport *import_roster(struct harness *h, const char *csv)
{
    return harness_output(h, import_page(h, harness_internal(h), "Identity.ImportRoster", csv, false),
                          &imports__import_report__descriptor);
}

static inline const Rpc__Answer *send_code_for(struct harness *h, const char *mobile, int purpose)
{
    Identity__SendCodeRequest request = IDENTITY__SEND_CODE_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.purpose = (Identity__CodePurpose)purpose;
    return harness_call(h, "Identity.SendCode", &request.base, harness_internal(h), NULL);
}

static inline const Rpc__Answer *send_code(struct harness *h, const char *mobile)
{
    return send_code_for(h, mobile, IDENTITY__CODE_PURPOSE__CODE_LOGIN);
}

/* Sends a code for a purpose and tells which: the next number of the clock's stream. */
static inline void get_code_for(struct harness *h, const char *mobile, int purpose, char ret_code[CODE_DIGITS + 1])
{
    struct clock before = h->service.clock;
    uint64_t random;

    clock_random(&before, &random, sizeof(random));
    code_text(random, ret_code);
    assert_ok(send_code_for(h, mobile, purpose));
}

static inline void get_code(struct harness *h, const char *mobile, char ret_code[CODE_DIGITS + 1])
{
    get_code_for(h, mobile, IDENTITY__CODE_PURPOSE__CODE_LOGIN, ret_code);
}

static inline const Rpc__Answer *try_login(struct harness *h, const char *mobile, const char *code)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.code = unconst(code);
    return harness_call(h, "Identity.Login", &request.base, NULL, NULL);
}

static inline Identity__Session *login(struct harness *h, const char *mobile)
{
    char code[CODE_DIGITS + 1];

    get_code(h, mobile, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return harness_output(h, try_login(h, mobile, code), &identity__session__descriptor);
}

/* Who a session's token says she is, as the gateway reads it. */
static inline Rpc__Principal *principal_of(struct harness *h, const Identity__Session *session)
{
    struct identity *self = h->service.self;
    Rpc__Principal *principal;

    assert_int_equal(token_check(self->tokens, session->token, strlen(session->token), clock_now(&h->service.clock),
                                 &h->arena, &principal),
                     0);
    return principal;
}

static inline const Rpc__Answer *try_refresh(struct harness *h, const char *token)
{
    Identity__RefreshRequest request = IDENTITY__REFRESH_REQUEST__INIT;

    request.refresh_token = unconst(token);
    return harness_call(h, "Identity.RefreshSession", &request.base, NULL, NULL);
}

static inline const Rpc__Answer *verify(struct harness *h, const Rpc__Principal *who, const char *name,
                                        const char *resident_id)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;

    request.name = unconst(name);
    request.resident_id = unconst(resident_id);
    return harness_call(h, "Identity.VerifyMe", &request.base, who, NULL);
}

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

/* ---- officials ---- */

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

/* ---- people ---- */

static inline void make_resident_id(unsigned n, char ret[CN_RESIDENT_ID_LEN + 1])
{
    struct cn_resident_id id;

    for (const char *check = "0123456789X"; *check; check++) {
        snprintf(ret, CN_RESIDENT_ID_LEN + 1, "440604199003%02u%03u%c", n / 1000 % 28 + 1, n % 1000, *check);
        if (cn_resident_id(ret, 20260101, &id) == CN_ID_OK)
            return;
    }
    fail();
}

static inline const char *mobile_of(unsigned n, char ret[CN_MOBILE_LEN + 1])
{
    snprintf(ret, CN_MOBILE_LEN + 1, "169%08u", n % 100000000);
    return ret;
}

/* The n-th person, signed in. */
static inline Rpc__Principal *person_signed_in(struct harness *h, unsigned n)
{
    char mobile[CN_MOBILE_LEN + 1];

    return principal_of(h, login(h, mobile_of(n, mobile)));
}

/* Lists the n-th person on a union's roster, with her number. */
static inline void list_person(struct harness *h, unsigned n, const char *union_code)
{
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1], csv[256];

    make_resident_id(n, id);
    snprintf(csv, sizeof(csv), "王小明,%s,%s,%s,COURIER\n", id, mobile_of(n, mobile), union_code);
    assert_int_equal(import_roster(h, csv)->loaded, 1);
}

/* The n-th person on the roster of a union, verified: as her new token says. */
static inline Rpc__Principal *member_of_union(struct harness *h, unsigned n, const char *union_code)
{
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    list_person(h, n, union_code);
    return principal_of(
        h, harness_output(h, verify(h, person_signed_in(h, n), "王小明", id), &identity__session__descriptor));
}

/* The bridge, speaking for a member. */
static inline Rpc__Principal *bridge_for(struct harness *h, const Rpc__Principal *member)
{
    Rpc__Principal *bridge = harness_internal(h);

    bridge->member_id = member->member_id;
    bridge->session_id = member->session_id;
    return bridge;
}

/* The n-th person, her name proven outside: as her new token says. */
static inline Rpc__Principal *proven_outside(struct harness *h, unsigned n)
{
    Identity__VerifyRequest begin = IDENTITY__VERIFY_REQUEST__INIT;
    Identity__EndProofRequest verdict = IDENTITY__END_PROOF_REQUEST__INIT;
    const Rpc__Principal *member = person_signed_in(h, n);
    char id[CN_RESIDENT_ID_LEN + 1];
    const Identity__Proof *proof;

    make_resident_id(n, id);
    begin.name = verdict.name = "王小明";
    begin.resident_id = verdict.resident_id = id;
    proof = harness_output(h, harness_call(h, "Proofs.BeginProof", &begin.base, bridge_for(h, member), NULL),
                           &identity__proof__descriptor);
    verdict.proof_id = proof->proof_id;
    verdict.verdict = IDENTITY__VERDICT__VERDICT_AGREES;
    return principal_of(
        h, harness_output(h, harness_call(h, "Proofs.EndProof", &verdict.base, bridge_for(h, member), NULL),
                          &identity__session__descriptor));
}

/* Through WeChat, which proves her number: made a member if she is none. */
static inline const Rpc__Answer *enter_by_wechat(struct harness *h, const char *openid, const char *mobile)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;

    request.appid = "wx0000000000000001";
    request.openid = unconst(openid);
    request.mobile = unconst(mobile);
    return harness_call(h, "Identity.CompleteWechatLogin", &request.base, harness_internal(h), NULL);
}

/* ---- a second proof ---- */

static inline const Rpc__Answer *step_up(struct harness *h, const Rpc__Principal *who, const char *resident_id)
{
    Identity__StepUpRequest request = IDENTITY__STEP_UP_REQUEST__INIT;

    request.resident_id = unconst(resident_id);
    return harness_call(h, "Stepups.StepUp", &request.base, who, NULL);
}

/* The n-th person tells her document: as her new token says. */
static inline Rpc__Principal *stepped_up(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    return principal_of(h, harness_output(h, step_up(h, who, id), &identity__session__descriptor));
}

/* The n-th person, who has proven her name, binds a WeChat by coming through it and stepping up. */
static inline Rpc__Principal *wechat_of(struct harness *h, unsigned n, const char *openid)
{
    char mobile[CN_MOBILE_LEN + 1];

    return stepped_up(h,
                      principal_of(h, harness_output(h, enter_by_wechat(h, openid, mobile_of(n, mobile)),
                                                     &identity__session__descriptor)),
                      n);
}

/* What somebody was told about her account. */
static inline Identity__AccountNoticeList *notices_of(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Notices.ListMyNotices", NULL, who, NULL),
                          &identity__account_notice_list__descriptor);
}

/* The latest of it, of this thing: an AccountNews, or 0. */
static inline int told_of(struct harness *h, const Rpc__Principal *who, int64_t about_id)
{
    const Identity__AccountNoticeList *list = notices_of(h, who);

    return list->n_notices && list->notices[0]->about_id == about_id ? (int)list->notices[0]->news : 0;
}

/* ---- the tree and who belongs where ---- */

/* 440600, below it 440604 and 440605, and 440604-1 below 440604. */
static int64_t root_id, first_id, second_id, town_id;

#define ROOT   "0000"
#define FIRST  "00000000"
#define SECOND "00000001"
#define TOWN   "000000000000"

static inline void begin_with_unions(struct harness *h)
{
    begin(h);
    root_id = make_union(h, "440600", "")->union_id;
    first_id = make_union(h, "440604", "440600")->union_id;
    second_id = make_union(h, "440605", "440600")->union_id;
    town_id = make_union(h, "440604-1", "440604")->union_id;
}

static inline Rpc__Principal *administrator(struct harness *h, const char *path)
{
    return harness_official(h, 9, RULE__ROLE__UNION_ADMIN, path);
}

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

/* ---- the journal ---- */

/* The last event of a kind, or NULL. */
/* ---- a company of the first union ---- */

#define COMPANY_CODE "91350100M000100Y43"

static inline void begin_with_company(struct harness *h)
{
    Identity__RegisterCompanyRequest request = IDENTITY__REGISTER_COMPANY_REQUEST__INIT;

    begin_with_unions(h);
    request.union_id = first_id;
    request.credit_code = COMPANY_CODE;
    request.name = "佛山某快递公司";
    assert_true(harness_call(h, "Companies.RegisterCompany", &request.base, harness_internal(h), NULL)->created);
}

static inline const Rpc__Answer *set_agent(struct harness *h, const Rpc__Principal *who, unsigned n, int kind)
{
    Identity__SetAgentRequest request = IDENTITY__SET_AGENT_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];

    request.union_id = first_id;
    request.mobile = unconst(mobile_of(n, mobile));
    request.kind = (Identity__AgentKind)kind;
    return harness_call(h, "Companies.SetAgent", &request.base, who, NULL);
}

static inline Identity__Company *company_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__company__descriptor);
}

/* The n-th person, appointed by the union and signed in as officials do. */
static inline Rpc__Principal *agent_signed_in(struct harness *h, unsigned n, int kind)
{
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *agent;

    company_of(h, set_agent(h, administrator(h, FIRST), n, kind));
    agent = principal_of(h, enrolled(h, mobile_of(n, mobile)));
    agent->level = RPC__LEVEL__REAL_NAME; /* as she would be once she has proven her name */
    return agent;
}

static inline Identity__Event *last_event(struct harness *h, int32_t kind)
{
    return harness_last_event(h, &identity__event__descriptor, kind);
}

/* ---- closing an account ---- */

static inline const Rpc__Answer *close_with(struct harness *h, const Rpc__Principal *who, const char *code)
{
    Identity__CloseAccountRequest request = IDENTITY__CLOSE_ACCOUNT_REQUEST__INIT;

    request.code = unconst(code);
    request.confirmed = true;
    return harness_call(h, "Rights.CloseAccount", &request.base, who, NULL);
}

/* With a code sent to the n-th person's number. */
static inline const Rpc__Answer *close_account(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];

    get_code_for(h, mobile_of(n, mobile), IDENTITY__CODE_PURPOSE__CODE_CLOSE, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return close_with(h, who, code);
}

static inline void close_now(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    assert_ok(close_account(h, who, n));
    clock_step(&h->service.clock, identity_of(h)->closing_delay_ms);
    harness_tidy(h);
    assert_int_equal(last_event(h, IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED)->account_closed->member_id, who->member_id);
}

static inline int64_t journal_rows(struct harness *h)
{
    return rpc_server_journal(h->service.rpc)->tip.seq;
}

/* The same without what tells of looks: whether anything has changed. */
static inline int64_t journal_changes(struct harness *h)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    int32_t kind = IDENTITY__EVENT__EVENT_DATA_SEEN;
    int64_t n = journal_rows(h);

    request.kinds = &kind;
    request.n_kinds = 1;
    for (;;) {
        Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

        journal_read(rpc_server_journal(h->service.rpc), &request, &h->arena, &page);
        n -= (int64_t)page.n_rows;
        if (page.read_to == request.after_seq || page.read_to >= page.last_seq)
            return n;
        request.after_seq = page.read_to;
    }
}
