/* A real name proven outside, with the test in the bridge's place. */
#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"

#define MOBILE "16900000001"
#define NAME   "王小明"

/* What was claimed last, which the bridge remembers. */
static char claimed_name[CN_NAME_SIZE], claimed_id[CN_RESIDENT_ID_LEN + 1];

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *member, const char *name, const char *id)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;

    snprintf(claimed_name, sizeof(claimed_name), "%s", name);
    snprintf(claimed_id, sizeof(claimed_id), "%s", id);
    request.name = unconst(name);
    request.resident_id = unconst(id);
    return harness_call(h, "Proofs.BeginProof", &request.base, bridge_for(h, member), NULL);
}

static const Rpc__Answer *tell(struct harness *h, const Rpc__Principal *member, const Identity__Proof *proof,
                               int verdict)
{
    Identity__EndProofRequest request = IDENTITY__END_PROOF_REQUEST__INIT;

    request.proof_id = proof->proof_id;
    request.verdict = (Identity__Verdict)verdict;
    request.name = claimed_name;
    request.resident_id = claimed_id;
    return harness_call(h, "Proofs.EndProof", &request.base, bridge_for(h, member), NULL);
}

static Identity__Proof *begun(struct harness *h, const Rpc__Principal *member, const char *name, const char *id)
{
    return harness_output(h, ask(h, member, name, id), &identity__proof__descriptor);
}

static void whose_name_is_proven_outside_is_known_by_name_and_no_member(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *before, *after;
    Identity__Session *session;
    Identity__Proof *proof;
    struct harness h;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    before = principal_of(&h, login(&h, MOBILE));
    proof = begun(&h, before, " " NAME " ", id);
    session =
        harness_output(&h, tell(&h, before, proof, IDENTITY__VERDICT__VERDICT_AGREES), &identity__session__descriptor);
    after = principal_of(&h, session);
    assert_int_equal(after->member_id, before->member_id);
    assert_int_equal(after->session_id, before->session_id);
    assert_int_equal(after->level, RPC__LEVEL__REAL_NAME);
    assert_string_equal(after->union_path, "");
    assert_int_equal(after->birth_year, 1990);
    assert_string_equal(session->member->name, "王*明");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_PROOF_ENDED)->proof_ended->member_id, after->member_id);
    assert_int_equal(principal_of(&h, login(&h, MOBILE))->level, RPC__LEVEL__REAL_NAME);
    assert_refused(ask(&h, after, NAME, id), "ALREADY_VERIFIED");
    end(&h);
}

static void each_verdict_has_its_reason(void **state)
{
    static const struct {
        int verdict;
        const char *reason;
    } cases[] = {
        {IDENTITY__VERDICT__VERDICT_DISAGREES, "REAL_NAME_DISAGREES"},
        {IDENTITY__VERDICT__VERDICT_NO_RECORD, "REAL_NAME_NO_RECORD"},
        {IDENTITY__VERDICT__VERDICT_UNAVAILABLE, "REAL_NAME_UNAVAILABLE"},
        {99, "REAL_NAME_UNAVAILABLE"},
    };
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];
    struct harness h;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Rpc__Principal *member = person_signed_in(&h, i + 1);
        Identity__Proof *proof = begun(&h, member, NAME, id);

        assert_refused(tell(&h, member, proof, cases[i].verdict), cases[i].reason);
        /* It is ended: no second verdict changes it. */
        assert_refused(tell(&h, member, proof, IDENTITY__VERDICT__VERDICT_AGREES), "PROOF_NOT_FOUND");
        assert_int_equal(principal_of(&h, login(&h, mobile_of(i + 1, mobile)))->level, RPC__LEVEL__MOBILE);
    }
    end(&h);
}

static void the_verifier_is_asked_three_times_a_day_and_not_charged_for_its_silence(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], csv[256];
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    member = principal_of(&h, login(&h, MOBILE));
    for (int i = 0; i < 2 * PROOF_TRIES; i++)
        assert_refused(tell(&h, member, begun(&h, member, NAME, id), IDENTITY__VERDICT__VERDICT_UNAVAILABLE),
                       "REAL_NAME_UNAVAILABLE");
    /* What is under way, or was lost, counts like what is answered. */
    assert_refused(tell(&h, member, begun(&h, member, NAME, id), IDENTITY__VERDICT__VERDICT_DISAGREES),
                   "REAL_NAME_DISAGREES");
    for (int i = 1; i < PROOF_TRIES; i++)
        begun(&h, member, NAME, id);
    assert_refused(ask(&h, member, NAME, id), "PROOF_TRIES_EXHAUSTED");
    harness_reopen(&h);
    assert_refused(ask(&h, member, NAME, id), "PROOF_TRIES_EXHAUSTED");
    /* A roster still may prove her. */
    make_union(&h, "440604", "");
    snprintf(csv, sizeof(csv), NAME ",%s," MOBILE ",440604,COURIER\n", id);
    import_roster(&h, csv);
    assert_ok(verify(&h, member, NAME, id));
    end(&h);
}

static void tries_come_back_after_a_day(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    member = principal_of(&h, login(&h, MOBILE));
    for (int i = 0; i < PROOF_TRIES; i++)
        begun(&h, member, NAME, id);
    clock_step(&h.service.clock, PROOF_WINDOW_MS - 1);
    assert_refused(ask(&h, member, NAME, id), "PROOF_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, 1);
    assert_ok(ask(&h, member, NAME, id));
    end(&h);
}

static void a_resident_id_proves_one_member(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Proof *first, *second;
    Rpc__Principal *one, *other;
    struct harness h;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    one = person_signed_in(&h, 1);
    other = person_signed_in(&h, 2);
    first = begun(&h, one, NAME, id);
    second = begun(&h, other, NAME, id);
    assert_ok(tell(&h, one, first, IDENTITY__VERDICT__VERDICT_AGREES));
    assert_refused(tell(&h, other, second, IDENTITY__VERDICT__VERDICT_AGREES), "RESIDENT_ID_TAKEN");
    assert_refused(ask(&h, other, NAME, id), "RESIDENT_ID_TAKEN");
    make_union(&h, "440604", "");
    list_person(&h, 7, "440604");
    assert_refused(verify(&h, other, NAME, id), "RESIDENT_ID_TAKEN");
    end(&h);
}

static void whom_a_roster_lists_later_becomes_a_member_by_it(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], another[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *member;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440604", "");
    make_resident_id(7, id);
    make_resident_id(8, another);
    member = proven_outside(&h, 7);
    assert_refused(verify(&h, member, NAME, id), "NOT_ON_ROSTER");
    list_person(&h, 7, "440604");
    list_person(&h, 8, "440604");
    assert_refused(verify(&h, member, NAME, another), "ALREADY_VERIFIED");
    answer = verify(&h, member, NAME, id);
    member = principal_of(&h, harness_output(&h, answer, &identity__session__descriptor));
    assert_int_equal(member->level, RPC__LEVEL__CATEGORY);
    assert_int_equal(member->trade, RPC__TRADE__COURIER);
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_MEMBER_VERIFIED)->member_verified->again);
    assert_refused(verify(&h, member, NAME, id), "ALREADY_VERIFIED");
    end(&h);
}

static void what_cannot_be_asked_is_refused_and_nothing_is_counted(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Proof *proof;
    Rpc__Principal *member;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    make_resident_id(7, id);
    member = principal_of(&h, login(&h, MOBILE));
    for (int i = 0; i < 2 * PROOF_TRIES; i++) {
        assert_refused(ask(&h, member, "王", "440604199010280026"), "NAME_INVALID");
        assert_refused(ask(&h, member, NAME, "440604199010280026"), "RESIDENT_ID_CHECKSUM");
        assert_refused(ask(&h, member, NAME, "440604900307001"), "RESIDENT_ID_15_DIGITS");
    }
    proof = begun(&h, member, NAME, id);
    rows = journal_rows(&h);
    assert_refused(tell(&h, person_signed_in(&h, 9), proof, IDENTITY__VERDICT__VERDICT_AGREES), "PROOF_NOT_FOUND");
    proof->proof_id++;
    assert_refused(tell(&h, member, proof, IDENTITY__VERDICT__VERDICT_AGREES), "PROOF_NOT_FOUND");
    proof->proof_id--;
    assert_ok(harness_call(&h, "Identity.Logout", NULL, member, NULL));
    assert_refused(tell(&h, member, proof, IDENTITY__VERDICT__VERDICT_AGREES), "TOKEN_REVOKED");
    assert_refused(ask(&h, member, NAME, id), "TOKEN_REVOKED");
    assert_refused(ask(&h, harness_person(&h, 77, RPC__LEVEL__MOBILE, ""), NAME, id), "MEMBER_NOT_FOUND");
    assert_true(journal_rows(&h) - rows <= 2); /* the other's session, and the end of hers */
    end(&h);
}

static void an_account_is_not_merged_by_the_union_of_who_is_in_none(void **state)
{
    Identity__AskMergeRequest request = IDENTITY__ASK_MERGE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin(&h);
    proven_outside(&h, 1);
    make_resident_id(1, id);
    request.name = NAME;
    request.resident_id = id;
    assert_refused(harness_call(&h, "Merges.AskMerge", &request.base, person_signed_in(&h, 2), NULL), "MERGE_NO_UNION");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_name_is_proven_outside_is_known_by_name_and_no_member),
        cmocka_unit_test(each_verdict_has_its_reason),
        cmocka_unit_test(the_verifier_is_asked_three_times_a_day_and_not_charged_for_its_silence),
        cmocka_unit_test(tries_come_back_after_a_day),
        cmocka_unit_test(a_resident_id_proves_one_member),
        cmocka_unit_test(whom_a_roster_lists_later_becomes_a_member_by_it),
        cmocka_unit_test(what_cannot_be_asked_is_refused_and_nothing_is_counted),
        cmocka_unit_test(an_account_is_not_merged_by_the_union_of_who_is_in_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
