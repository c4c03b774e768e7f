/* Documents other than the resident ID: proven, and read as their kind wherever they are typed. */
#include "services/identity/fixture.h"

static void who_has_another_document_is_proven_by_a_roster_or_at_the_counter(void **state)
{
    static const struct {
        const char *listed, *typed;
        int kind;
    } cases[] = {
        {"H12345678", "h1234567802", IDENTITY__DOCUMENT_KIND__DOCUMENT_HK_MACAU_PERMIT},
        {"12345678", "12345678", IDENTITY__DOCUMENT_KIND__DOCUMENT_TAIWAN_PERMIT},
        {"USA440090010112", "usa440090010112", IDENTITY__DOCUMENT_KIND__DOCUMENT_FOREIGN_PERMANENT},
        {"PP-12345678", "12345678", IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT},
    };
    char csv[256], mobile[CN_MOBILE_LEN + 1];
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;
    Identity__CreateJoinRequestRequest join = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    Identity__Session *session;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    request.name = "JOHN SMITH";
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(csv, sizeof(csv), "JOHN SMITH,%s,%s,440604,COURIER\n", cases[i].listed, mobile_of(i + 20, mobile));
        assert_int_equal(import_roster(&h, csv)->loaded, 1);
        request.resident_id = unconst(cases[i].typed);
        request.document = (Identity__DocumentKind)cases[i].kind;
        session =
            harness_output(&h, harness_call(&h, "Identity.VerifyMe", &request.base, person_signed_in(&h, i + 20), NULL),
                           &identity__session__descriptor);
        assert_int_equal(session->member->document, cases[i].kind);
        who = principal_of(&h, session);
        assert_int_equal(who->birth_year, 0);
        assert_int_equal(who->sex, RPC__SEX__SEX_UNKNOWN);
        assert_ok(step_up(&h, who, cases[i].typed));
    }
    /* On no roster, and nobody outside knows such a document: her union's officials see it. */
    who = person_signed_in(&h, 30);
    request.resident_id = "E87654321";
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    assert_refused(harness_call(&h, "Identity.VerifyMe", &request.base, who, NULL), "NOT_ON_ROSTER");
    join.union_id = first_id;
    join.name = request.name;
    join.resident_id = request.resident_id;
    asked_to_join(&h, harness_call(&h, "Joins.CreateJoinRequest", &join.base, who, NULL));
    {
        Identity__DecideJoinRequestsRequest decide = IDENTITY__DECIDE_JOIN_REQUESTS_REQUEST__INIT;
        int64_t id = last_event(&h, IDENTITY__EVENT__EVENT_JOIN_CHANGED)->join_changed->request_id;

        decide.union_id = first_id;
        decide.request_ids = &id;
        decide.n_request_ids = 1;
        decide.approve = true;
        assert_string_equal(
            outcome(&h, harness_call(&h, "Joins.DecideJoinRequests", &decide.base, administrator(&h, FIRST), NULL)),
            "");
    }
    assert_int_equal(login(&h, mobile_of(30, mobile))->member->document, IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT);
    end(&h);
}

#define PASSPORT       "12345678" /* which has the form of a Taiwan permit */
#define OTHER_PASSPORT "87654321"

/* The n-th person, on the roster of 440604 by a passport and verified: as her new token says. */
static Rpc__Principal *member_by_passport(struct harness *h, unsigned n)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;
    char csv[256], mobile[CN_MOBILE_LEN + 1];

    snprintf(csv, sizeof(csv), "JOHN SMITH,PP-" PASSPORT ",%s,440604,COURIER\n", mobile_of(n, mobile));
    assert_int_equal(import_roster(h, csv)->loaded, 1);
    request.name = "JOHN SMITH";
    request.resident_id = PASSPORT;
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    return principal_of(
        h, harness_output(h, harness_call(h, "Identity.VerifyMe", &request.base, person_signed_in(h, n), NULL),
                          &identity__session__descriptor));
}

static void a_proof_by_a_passport_is_contested_by_its_number(void **state)
{
    Identity__ContestProofRequest request = IDENTITY__CONTEST_PROOF_REQUEST__INIT;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_by_passport(&h, 1);
    who = person_signed_in(&h, 2);
    request.name = "JOHN SMITH";
    request.resident_id = PASSPORT;
    assert_refused(harness_call(&h, "Contests.ContestProof", &request.base, who, NULL), "CONTEST_NOTHING");
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    assert_ok(harness_call(&h, "Contests.ContestProof", &request.base, who, NULL));
    end(&h);
}

static void an_account_proven_by_a_passport_is_found_for_a_merge(void **state)
{
    Identity__AskMergeRequest request = IDENTITY__ASK_MERGE_REQUEST__INIT;
    Identity__Merge *merge;
    Rpc__Principal *kept, *gone;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    kept = member_by_passport(&h, 1);
    gone = person_signed_in(&h, 2);
    request.name = "JOHN SMITH";
    request.resident_id = PASSPORT;
    assert_refused(harness_call(&h, "Merges.AskMerge", &request.base, gone, NULL), "MERGE_NO_OTHER");
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    merge = harness_output(&h, harness_call(&h, "Merges.AskMerge", &request.base, gone, NULL),
                           &identity__merge__descriptor);
    assert_int_equal(merge->kept_id, kept->member_id);
    end(&h);
}

static void a_passport_is_corrected_to_another_and_both_are_known_as_passports(void **state)
{
    Identity__AskCorrectionRequest request = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    Identity__DecideCorrectionsRequest decide = IDENTITY__DECIDE_CORRECTIONS_REQUEST__INIT;
    Identity__Correction *correction;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__Session *session;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_by_passport(&h, 1);
    request.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    request.resident_id = PASSPORT;
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    assert_refused(harness_call(&h, "Corrections.AskCorrection", &request.base, who, NULL), "CORRECTION_EMPTY");
    request.resident_id = OTHER_PASSPORT;
    correction = harness_output(&h, harness_call(&h, "Corrections.AskCorrection", &request.base, who, NULL),
                                &identity__correction__descriptor);
    decide.union_id = first_id;
    decide.correction_ids = &correction->correction_id;
    decide.n_correction_ids = 1;
    decide.approve = true;
    assert_string_equal(
        outcome(&h, harness_call(&h, "Corrections.DecideCorrections", &decide.base, administrator(&h, FIRST), NULL)),
        "");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    session = login(&h, mobile_of(1, mobile));
    assert_int_equal(session->member->document, IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT);
    assert_ok(step_up(&h, principal_of(&h, session), OTHER_PASSPORT));
    end(&h);
}

/* As at a step-up she need not say of which kind the document is that is known of her. */
static void who_lost_her_number_proves_herself_by_her_passports(void **state)
{
    Identity__AskMobileChangeRequest request = IDENTITY__ASK_MOBILE_CHANGE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_by_passport(&h, 1);
    get_code_for(&h, mobile_of(5, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    request.name = "JOHN SMITH";
    request.mobile = mobile;
    request.code = code;
    request.resident_id = OTHER_PASSPORT;
    assert_refused(harness_call(&h, "Corrections.AskMobileChange", &request.base, who, NULL), "CORRECTION_PROOF_WRONG");
    request.resident_id = PASSPORT;
    assert_ok(harness_call(&h, "Corrections.AskMobileChange", &request.base, who, NULL));
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_another_document_is_proven_by_a_roster_or_at_the_counter),
        cmocka_unit_test(a_proof_by_a_passport_is_contested_by_its_number),
        cmocka_unit_test(an_account_proven_by_a_passport_is_found_for_a_merge),
        cmocka_unit_test(a_passport_is_corrected_to_another_and_both_are_known_as_passports),
        cmocka_unit_test(who_lost_her_number_proves_herself_by_her_passports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
