/* A name and a document are not a person: the third thing that a roster knows, and proofs that were another's. */
#include "services/identity/access/sessions.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/rights/closing_fixture.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/members.h"
#include "services/identity/rights/purges.h"

static const Rpc__Answer *verify_by(struct harness *h, const Rpc__Principal *who, unsigned n, const char *mobile,
                                    const char *code)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.name = "王小明";
    request.resident_id = id;
    request.mobile = unconst(mobile);
    request.code = unconst(code);
    return harness_call(h, "Identity.VerifyMe", &request.base, who, NULL);
}

static const Rpc__Answer *contest(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    Identity__ContestProofRequest request = IDENTITY__CONTEST_PROOF_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.name = "王小明";
    request.resident_id = id;
    return harness_call(h, "Contests.ContestProof", &request.base, who, NULL);
}

static Identity__ContestList *contests_in(struct harness *h, const Rpc__Principal *official, int64_t union_id,
                                          int state)
{
    Identity__ListContestsRequest request = IDENTITY__LIST_CONTESTS_REQUEST__INIT;
    Identity__ContestState only = (Identity__ContestState)state;

    request.union_id = union_id;
    request.state = &only;
    request.n_state = state != 0;
    return harness_output(h, harness_call(h, "Contests.ListContests", &request.base, official, NULL),
                          &identity__contest_list__descriptor);
}

static Identity__ContestList *contests_of(struct harness *h, const Rpc__Principal *official, int64_t union_id)
{
    return contests_in(h, official, union_id, 0);
}

static const Rpc__Answer *look_for(struct harness *h, const Rpc__Principal *official, int64_t contest_id,
                                   int64_t member_id)
{
    Identity__LookRequest request = IDENTITY__LOOK_REQUEST__INIT;

    request.look_case = IDENTITY__LOOK_CASE__LOOK_CONTEST;
    request.case_id = contest_id;
    request.member_id = member_id;
    return harness_call(h, "Looks.LookAtPerson", &request.base, official, NULL);
}

static const Rpc__Answer *refuse_contest(struct harness *h, const Rpc__Principal *official, int64_t contest_id)
{
    Identity__RefuseContestRequest request = IDENTITY__REFUSE_CONTEST_REQUEST__INIT;

    request.contest_id = contest_id;
    return harness_call(h, "Contests.RefuseContest", &request.base, official, NULL);
}

static const Rpc__Answer *propose_take_back(struct harness *h, const Rpc__Principal *official, int64_t member_id)
{
    Identity__ProposeTakeBackRequest request = IDENTITY__PROPOSE_TAKE_BACK_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Proposals.ProposeTakeBack", &request.base, official, NULL);
}

/* ---- the third thing ---- */

static void a_name_and_a_document_from_another_number_are_for_officials_to_judge(void **state)
{
    Identity__LookRequest look = IDENTITY__LOOK_REQUEST__INIT;
    Identity__ListJoinRequestsRequest list = IDENTITY__LIST_JOIN_REQUESTS_REQUEST__INIT;
    Identity__JoinRequestList *requests;
    Identity__WholePerson *person;
    Rpc__Principal *thief;
    char id[CN_RESIDENT_ID_LEN + 1], masked_id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    list_person(&h, 1, "440604");
    thief = person_signed_in(&h, 2);
    for (int i = 0; i < 2; i++)
        assert_refused(verify_by(&h, thief, 1, "", ""), "LISTED_NUMBER_DIFFERS");
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_MEMBER_VERIFIED));
    list.union_id = look.case_id = first_id;
    requests =
        harness_output(&h, harness_call(&h, "Joins.ListJoinRequests", &list.base, administrator(&h, FIRST), NULL),
                       &identity__join_request_list__descriptor);
    assert_int_equal(requests->n_requests, 1);
    look.look_case = IDENTITY__LOOK_CASE__LOOK_JOIN;
    look.case_id = requests->requests[0]->request_id;
    look.member_id = thief->member_id;
    person = harness_output(&h, harness_call(&h, "Looks.LookAtPerson", &look.base, administrator(&h, FIRST), NULL),
                            &identity__whole_person__descriptor);
    assert_string_equal(person->name, "王小明");
    make_resident_id(1, id);
    cn_mask_resident_id(id, masked_id);
    assert_string_equal(person->resident_id, masked_id);
    /* The person herself is not kept out by it. */
    assert_ok(verify_by(&h, person_signed_in(&h, 1), 1, "", ""));
    end(&h);
}

static void the_listed_number_answers_a_code(void **state)
{
    char listed[CN_MOBILE_LEN + 1], other[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    list_person(&h, 1, "440604");
    mobile_of(1, listed);
    who = person_signed_in(&h, 2);
    get_code_for(&h, mobile_of(2, other), IDENTITY__CODE_PURPOSE__CODE_PROVE, code);
    assert_refused(verify_by(&h, who, 1, other, code), "LISTED_NUMBER_DIFFERS"); /* a code of her own proves nothing */
    get_code_for(&h, listed, IDENTITY__CODE_PURPOSE__CODE_PROVE, code);
    assert_refused(verify_by(&h, who, 1, listed, strcmp(code, "000000") == 0 ? "111111" : "000000"), "CODE_WRONG");
    assert_ok(verify_by(&h, who, 1, listed, code));
    /* That she asked for an official's word before is settled. */
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_JOIN_CHANGED)->join_changed->state,
                     IDENTITY__JOIN_STATE__JOIN_WITHDRAWN);
    end(&h);
}

/* ---- proofs that were another's ---- */

/* The thief of old: verified from a number that the roster does not list. */
static Rpc__Principal *stolen(struct harness *h, unsigned n)
{
    char listed[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Rpc__Principal *thief = person_signed_in(h, n + 50);

    list_person(h, n, "440604");
    get_code_for(h, mobile_of(n, listed), IDENTITY__CODE_PURPOSE__CODE_PROVE, code);
    return principal_of(h, harness_output(h, verify_by(h, thief, n, listed, code), &identity__session__descriptor));
}

static void whose_document_is_taken_opens_a_case_and_two_officials_free_it(void **state)
{
    Rpc__Principal *thief, *owner, *official;
    const Rpc__Answer *answer;
    Identity__Contest *opened;
    Identity__Proposal *proposal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    thief = stolen(&h, 1);
    owner = person_signed_in(&h, 1);
    assert_refused(verify_by(&h, owner, 1, "", ""), "RESIDENT_ID_TAKEN");
    answer = contest(&h, owner, 1);
    assert_true(answer->created);
    opened = harness_output(&h, answer, &identity__contest__descriptor);
    assert_int_equal(opened->holder_id, 0); /* she is not told whose account it is */
    assert_false(contest(&h, owner, 1)->created);
    assert_refused(contest(&h, person_signed_in(&h, 9), 2), "CONTEST_NOTHING");
    assert_int_equal(notices_of(&h, thief)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_NAME_CONTESTED);
    assert_int_equal(notices_of(&h, owner)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_NAME_CONTESTED);
    assert_int_equal(contests_of(&h, official, first_id)->contests[0]->holder_id, thief->member_id);
    proposal = proposed(&h, propose_take_back(&h, official, thief->member_id));
    assert_refused(decide_proposal(&h, official, proposal->proposal_id, true), "PROPOSAL_OWN");
    assert_ok(
        decide_proposal(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), proposal->proposal_id, true));
    assert_refused(harness_call(&h, "Devices.ListSessions", NULL, thief, NULL), "TOKEN_REVOKED");
    assert_int_equal(contests_of(&h, official, first_id)->n_contests, 0);
    assert_int_equal(notices_of(&h, owner)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_CONTEST_DECIDED);
    thief = person_signed_in(&h, 51);
    assert_int_equal(thief->level, RPC__LEVEL__MOBILE);
    assert_int_equal(notices_of(&h, thief)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_PROOF_TAKEN_BACK);
    assert_string_equal(harness_audit(&h), "");
    owner = principal_of(&h, harness_output(&h, verify_by(&h, owner, 1, "", ""), &identity__session__descriptor));
    assert_int_equal(owner->level, RPC__LEVEL__CATEGORY);
    assert_refused(propose_take_back(&h, official, thief->member_id), "ALREADY_UNPROVEN");
    /* Under a name that is hers she is proven again. */
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK, thief->member_id), 1);
    assert_int_equal(proven_outside(&h, 51)->level, RPC__LEVEL__REAL_NAME);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK, thief->member_id), 0);
    end(&h);
}

/* How often somebody was told that another account has proven the document of what she asked. */
static unsigned told_of_taken(struct harness *h, const Rpc__Principal *who, int64_t about_id)
{
    Identity__AccountNoticeList *told = notices_of(h, who);
    unsigned n = 0;

    for (size_t i = 0; i < told->n_notices; i++)
        n += told->notices[i]->news == IDENTITY__ACCOUNT_NEWS__NEWS_DOCUMENT_TAKEN &&
             told->notices[i]->about_id == about_id;
    return n;
}

static void who_cannot_join_because_her_document_is_taken_is_told_and_opens_a_case(void **state)
{
    Identity__JoinRequest *request;
    Rpc__Principal *owner;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    stolen(&h, 1);
    owner = person_signed_in(&h, 1);
    for (int asked = 0; asked < 2; asked++) {
        request = asked_to_join(&h, ask_to_join(&h, owner, first_id, 1));
        for (int i = 0; i < 2; i++)
            assert_string_equal(decide_join(&h, administrator(&h, FIRST), first_id, request->request_id, true),
                                "RESIDENT_ID_TAKEN");
        assert_int_equal(told_of_taken(&h, owner, request->request_id), 1); /* once of each */
        assert_string_equal(decide_join(&h, administrator(&h, FIRST), first_id, request->request_id, false), "");
    }
    assert_true(contest(&h, owner, 1)->created);
    end(&h);
}

static void a_member_whose_right_document_is_taken_is_told_and_opens_a_case(void **state)
{
    Identity__AskCorrectionRequest request = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    Identity__Correction *correction;
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Contest *opened;
    Rpc__Principal *holder, *owner;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    holder = member_of_union(&h, 3, "440604");
    owner = member_of_union(&h, 1, "440604"); /* whose roster has a wrong number of hers */
    make_resident_id(3, id);
    request.resident_id = id;
    request.reason = IDENTITY__CORRECTION_REASON__CORRECTION_MISTAKE;
    correction = harness_output(&h, harness_call(&h, "Corrections.AskCorrection", &request.base, owner, NULL),
                                &identity__correction__descriptor);
    for (int i = 0; i < 2; i++)
        assert_string_equal(decide_correction(&h, administrator(&h, FIRST), first_id, correction->correction_id, true),
                            "RESIDENT_ID_TAKEN");
    assert_int_equal(told_of_taken(&h, owner, correction->correction_id), 1);
    opened = harness_output(&h, contest(&h, owner, 3), &identity__contest__descriptor);
    assert_int_equal(contests_of(&h, administrator(&h, FIRST), first_id)->contests[0]->contest_id, opened->contest_id);
    /* She is no hand in it, should she be an official there. */
    assert_refused(propose_take_back(&h, harness_official(&h, owner->member_id, RULE__ROLE__UNION_ADMIN, FIRST),
                                     holder->member_id),
                   "NOT_FOR_YOURSELF");
    assert_ok(decide_proposal(
        &h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST),
        proposed(&h, propose_take_back(&h, administrator(&h, FIRST), holder->member_id))->proposal_id, true));
    assert_string_equal(decide_correction(&h, administrator(&h, FIRST), first_id, correction->correction_id, true), "");
    end(&h);
}

static void what_is_proven_of_her_already_is_no_case_and_each_guess_counts(void **state)
{
    Rpc__Principal *owner;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    owner = member_of_union(&h, 1, "440604");
    for (int i = 0; i < VERIFY_TRIES; i++)
        assert_refused(contest(&h, owner, i % 2 ? 77 : 1), i % 2 ? "CONTEST_NOTHING" : "ALREADY_VERIFIED");
    assert_refused(contest(&h, owner, 1), "VERIFY_TRIES_EXHAUSTED");
    end(&h);
}

static void of_whom_no_union_knows_the_roots_officials_decide(void **state)
{
    Rpc__Principal *holder, *owner;
    Identity__Proposal *proposal;
    Identity__Contest *opened;
    struct harness h;

    (void)state;
    begin(&h);
    holder = proven_outside(&h, 1);
    owner = person_signed_in(&h, 2);
    assert_refused(contest(&h, owner, 1), "CONTEST_NO_UNION"); /* there is none at all */
    root_id = make_union(&h, "440600", "")->union_id;
    opened = harness_output(&h, contest(&h, owner, 1), &identity__contest__descriptor);
    assert_int_equal(opened->union_->union_id, root_id);
    assert_int_equal(contests_of(&h, administrator(&h, ROOT), root_id)->contests[0]->holder_id, holder->member_id);
    assert_ok(look_for(&h, administrator(&h, ROOT), opened->contest_id, holder->member_id));
    proposal = proposed(&h, propose_take_back(&h, administrator(&h, ROOT), holder->member_id));
    assert_ok(decide_proposal(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, ROOT), proposal->proposal_id, true));
    assert_refused(contest(&h, owner, 1), "CONTEST_NOTHING");
    end(&h);
}

/* The number of the last row of a kind: who follows withdraws what waits to be told of a case when it is decided. */
static int64_t last_row(struct harness *h, int kind)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "SELECT max(seq) FROM journal WHERE kind = %d", kind);
    return harness_number(h, sql);
}

static void an_official_who_has_looked_says_that_a_proof_is_right(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], masked_id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *owner, *third, *claimant;
    Identity__WholePerson *seen;
    Identity__Contest *opened;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    owner = member_of_union(&h, 1, "440604");
    third = member_of_union(&h, 3, "440604");
    claimant = person_signed_in(&h, 2);
    opened = harness_output(&h, contest(&h, claimant, 1), &identity__contest__descriptor);
    assert_refused(refuse_contest(&h, administrator(&h, SECOND), opened->contest_id), "OUTSIDE_YOUR_UNION");
    assert_refused(
        refuse_contest(&h, harness_official(&h, owner->member_id, RULE__ROLE__UNION_ADMIN, FIRST), opened->contest_id),
        "NOT_FOR_YOURSELF");
    /* Who has not looked at this case has nothing to say of it; nor does a look at another, or another's. */
    assert_ok(look_for(
        &h, administrator(&h, FIRST),
        ((Identity__Contest *)harness_output(&h, contest(&h, claimant, 3), &identity__contest__descriptor))->contest_id,
        third->member_id));
    assert_ok(
        look_for(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, FIRST), opened->contest_id, owner->member_id));
    assert_refused(refuse_contest(&h, administrator(&h, FIRST), opened->contest_id), "CONTEST_NOT_LOOKED");
    seen = harness_output(&h, look_for(&h, administrator(&h, FIRST), opened->contest_id, owner->member_id),
                          &identity__whole_person__descriptor);
    assert_string_equal(seen->name, "王小明");
    assert_string_equal(seen->mobile, mobile_of(1, mobile));
    make_resident_id(1, id);
    cn_mask_resident_id(id, masked_id);
    assert_string_equal(seen->resident_id, masked_id); /* of which four digits are enough */
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen->case_id, opened->contest_id);
    assert_ok(refuse_contest(&h, administrator(&h, FIRST), opened->contest_id));
    assert_true(last_row(&h, IDENTITY__EVENT__EVENT_CONTEST_CHANGED) <
                last_row(&h, RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN));
    assert_refused(refuse_contest(&h, administrator(&h, FIRST), opened->contest_id), "CONTEST_DECIDED");
    assert_refused(look_for(&h, administrator(&h, FIRST), opened->contest_id, owner->member_id), "CONTEST_DECIDED");
    assert_int_equal(contests_in(&h, administrator(&h, FIRST), first_id, IDENTITY__CONTEST_STATE__CONTEST_REFUSED)
                         ->contests[0]
                         ->contest_id,
                     opened->contest_id);
    assert_int_equal(notices_of(&h, claimant)->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_CONTEST_DECIDED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ACCOUNT_NAME_CONTESTED, opened->contest_id), 0);
    assert_ok(harness_call(&h, "Devices.ListSessions", NULL, owner, NULL));
    end(&h);
}

static void a_decided_case_is_deleted_when_its_time_is_over(void **state)
{
    Rpc__Principal *owner, *claimant;
    Identity__Contest *opened;
    struct identity *self;
    struct contest row;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    self = h.service.self;
    owner = member_of_union(&h, 1, "440604");
    member_of_union(&h, 3, "440604");
    claimant = person_signed_in(&h, 2);
    opened = harness_output(&h, contest(&h, claimant, 1), &identity__contest__descriptor);
    assert_ok(contest(&h, claimant, 3));
    assert_ok(look_for(&h, administrator(&h, FIRST), opened->contest_id, owner->member_id));
    assert_ok(refuse_contest(&h, administrator(&h, FIRST), opened->contest_id));
    clock_step(&h.service.clock, self->retention_ms);
    while (harness_tidy(&h))
        continue;
    assert_true(contests_find(&self->contests, opened->contest_id, &row));
    clock_step(&h.service.clock, PURGE_PERIOD_MS + 1);
    while (harness_tidy(&h))
        continue;
    assert_false(contests_find(&self->contests, opened->contest_id, &row));
    assert_int_equal(contests_of(&h, administrator(&h, FIRST), first_id)->n_contests, 1); /* open, however old */
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_PURGED)->purged->kind, IDENTITY__PURGE_KIND__PURGE_CONTESTS);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "DELETE FROM contest");
    assert_non_null(strstr(harness_audit(&h), "deleted contested proofs"));
    harness_close(&h);
}

/* The n-th person's. */
static void ask_closing(struct harness *h, Rpc__Principal *who, unsigned n)
{
    if (who->level >= RPC__LEVEL__REAL_NAME)
        who = stepped_up(h, person_signed_in(h, n), n);
    assert_ok(close_account(h, who, n));
}

/* The first person's account and the second's become one, by codes. */
static void merge_accounts(struct harness *h, const Rpc__Principal *second)
{
    Identity__MergeMineRequest request = IDENTITY__MERGE_MINE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1], own_code[CODE_DIGITS + 1];

    get_code_for(h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, own_code);
    get_code_for(h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_MERGE, code);
    request.mobile = mobile;
    request.code = code;
    request.own_code = own_code;
    assert_ok(harness_call(h, "Merges.MergeMine", &request.base, second, NULL));
}

enum { HOLDER_CLOSES, CLAIMANT_CLOSES, BOTH_ARE_ONE, N_ENDS };

static void a_case_is_over_when_the_account_of_either_side_is(void **state)
{
    for (int how = 0; how < N_ENDS; how++) {
        Rpc__Principal *owner, *claimant;
        Identity__Contest *opened;
        struct identity *self;
        struct harness h;

        (void)state;
        begin_with_unions(&h);
        self = h.service.self;
        owner = member_of_union(&h, 1, "440604");
        claimant = person_signed_in(&h, 2);
        opened = harness_output(&h, contest(&h, claimant, 1), &identity__contest__descriptor);
        if (how == BOTH_ARE_ONE)
            merge_accounts(&h, claimant);
        else
            ask_closing(&h, how == HOLDER_CLOSES ? owner : claimant, how == HOLDER_CLOSES ? 1 : 2);
        clock_step(&h.service.clock, self->closing_delay_ms + 1);
        while (harness_tidy(&h))
            continue;
        assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice AS told JOIN member USING (member_id) "
                                            "WHERE kind = 10 AND data_key = x''"),
                         0); /* nobody whose account is gone */
        assert_int_equal(contests_of(&h, administrator(&h, FIRST), first_id)->n_contests, 0);
        assert_int_equal(contests_in(&h, administrator(&h, FIRST), first_id, IDENTITY__CONTEST_STATE__CONTEST_OVER)
                             ->contests[0]
                             ->contest_id,
                         opened->contest_id);
        end(&h);
    }
}

static void who_has_looked_is_forgotten_with_her_account(void **state)
{
    for (int merges = 0; merges < 2; merges++) {
        Rpc__Principal *owner, *official;
        Identity__Contest *opened;
        struct identity *self;
        struct harness h;

        (void)state;
        begin_with_unions(&h);
        self = h.service.self;
        owner = member_of_union(&h, 1, "440604");
        official = person_signed_in(&h, 2);
        opened = harness_output(&h, contest(&h, person_signed_in(&h, 3), 1), &identity__contest__descriptor);
        assert_ok(look_for(&h, harness_official(&h, official->member_id, RULE__ROLE__UNION_ADMIN, FIRST),
                           opened->contest_id, owner->member_id));
        assert_int_equal(harness_number(&h, "SELECT count(*) FROM contest_look"), 1);
        if (merges)
            merge_accounts(&h, official);
        else
            ask_closing(&h, official, 2);
        clock_step(&h.service.clock, self->closing_delay_ms + 1);
        while (harness_tidy(&h))
            continue;
        assert_int_equal(harness_number(&h, "SELECT count(*) FROM contest_look"), 0);
        end(&h);
    }
}

static void her_union_decides_or_else_one_whose_roster_lists_her(void **state)
{
    Identity__JoinRequest *request;
    Identity__Contest *opened;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    proven_outside(&h, 1);
    list_person(&h, 1, "440605");
    opened = harness_output(&h, contest(&h, person_signed_in(&h, 2), 1), &identity__contest__descriptor);
    assert_int_equal(opened->union_->union_id, second_id);
    request = asked_to_join(&h, ask_to_join(&h, proven_outside(&h, 3), first_id, 3));
    assert_string_equal(decide_join(&h, administrator(&h, FIRST), first_id, request->request_id, true), "");
    list_person(&h, 3, "440605");
    opened = harness_output(&h, contest(&h, person_signed_in(&h, 2), 3), &identity__contest__descriptor);
    assert_int_equal(opened->union_->union_id, first_id);
    end(&h);
}

static void proofs_of_before_from_another_number_wait_for_a_look(void **state)
{
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];
    Identity__ExportRequest export = IDENTITY__EXPORT_REQUEST__INIT;
    Identity__ContestList *found;
    Rpc__Principal *doubtful;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    doubtful = stolen(&h, 1);
    member_of_union(&h, 2, "440604");
    while (harness_tidy(&h))
        continue;
    assert_int_equal(contests_of(&h, administrator(&h, FIRST), first_id)->n_contests, 0); /* proven as one must now */
    /* As the steps leave a store whose members were verified by an earlier program. */
    harness_tamper(&h, "UPDATE contest_sweep SET until_id = (SELECT max(member_id) FROM member), done_id = 0");
    while (harness_tidy(&h))
        continue;
    found = contests_of(&h, administrator(&h, FIRST), first_id);
    assert_int_equal(found->n_contests, 1);
    assert_int_equal(found->contests[0]->holder_id, doubtful->member_id);
    assert_int_equal(found->contests[0]->claimant_id, 0);
    get_code_for(&h, mobile_of(51, mobile), IDENTITY__CODE_PURPOSE__CODE_EXPORT, code);
    export.code = code;
    assert_int_equal(doubtful->level, RPC__LEVEL__CATEGORY); /* which she keeps */
    assert_refused(harness_call(&h, "Rights.ExportMyData", &export.base, doubtful, NULL), "PROOF_DOUBTED");
    assert_ok(look_for(&h, administrator(&h, FIRST), found->contests[0]->contest_id, doubtful->member_id));
    assert_ok(refuse_contest(&h, administrator(&h, FIRST), found->contests[0]->contest_id));
    assert_ok(harness_call(&h, "Rights.ExportMyData", &export.base, doubtful, NULL));
    while (harness_tidy(&h))
        continue;
    assert_int_equal(contests_of(&h, administrator(&h, FIRST), first_id)->n_contests, 0); /* once */
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_and_a_document_from_another_number_are_for_officials_to_judge),
        cmocka_unit_test(the_listed_number_answers_a_code),
        cmocka_unit_test(whose_document_is_taken_opens_a_case_and_two_officials_free_it),
        cmocka_unit_test(who_cannot_join_because_her_document_is_taken_is_told_and_opens_a_case),
        cmocka_unit_test(a_member_whose_right_document_is_taken_is_told_and_opens_a_case),
        cmocka_unit_test(what_is_proven_of_her_already_is_no_case_and_each_guess_counts),
        cmocka_unit_test(of_whom_no_union_knows_the_roots_officials_decide),
        cmocka_unit_test(an_official_who_has_looked_says_that_a_proof_is_right),
        cmocka_unit_test(a_decided_case_is_deleted_when_its_time_is_over),
        cmocka_unit_test(a_case_is_over_when_the_account_of_either_side_is),
        cmocka_unit_test(who_has_looked_is_forgotten_with_her_account),
        cmocka_unit_test(her_union_decides_or_else_one_whose_roster_lists_her),
        cmocka_unit_test(proofs_of_before_from_another_number_wait_for_a_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
