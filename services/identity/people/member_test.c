#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/people/members.h"

#define MOBILE "16900000001"

static void make_id(const char *first_17, char ret[CN_RESIDENT_ID_LEN + 1])
{
    struct cn_resident_id id;

    for (const char *check = "0123456789X"; *check; check++) {
        snprintf(ret, CN_RESIDENT_ID_LEN + 1, "%s%c", first_17, *check);
        if (cn_resident_id(ret, 20260101, &id) == CN_ID_OK)
            return;
    }
    fail();
}

/* A row of the roster of a union. */
static void list_row(struct harness *h, const char *name, const char *resident_id, const char *union_code)
{
    char csv[256];
    Imports__ImportReport *report;

    snprintf(csv, sizeof(csv), "%s,%s," MOBILE ",%s,COURIER\n", name, resident_id, union_code);
    report = import_roster(h, csv);
    assert_int_equal(report->loaded, 1);
}

/* ---- verification ---- */

static void who_is_on_a_roster_becomes_a_member_of_its_union(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *before, *after;
    Identity__Session *session;
    const Rpc__Answer *answer;
    Identity__Event *event;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    before = principal_of(&h, login(&h, MOBILE));
    answer = verify(&h, before, " 王小明 ", id);
    session = harness_output(&h, answer, &identity__session__descriptor);
    assert_string_equal(session->refresh_token, "");
    after = principal_of(&h, session);
    assert_int_equal(after->member_id, before->member_id);
    assert_int_equal(after->session_id, before->session_id);
    assert_int_equal(after->level, RPC__LEVEL__CATEGORY);
    assert_string_equal(after->union_path, "00000000");
    assert_int_equal(after->trade, RPC__TRADE__COURIER);
    assert_int_equal(after->birth_year, 1990);
    assert_int_equal(after->birthday, 1028);
    assert_int_equal(after->member_since, cn_day(clock_now(&h.service.clock)));
    assert_int_equal(before->birthday + before->member_since, 0);
    assert_int_equal(after->sex, RPC__SEX__FEMALE);
    assert_string_equal(session->member->union_->code, "440604");
    assert_string_equal(session->member->name, "王*明");
    assert_string_equal(before->shown_name, "");
    assert_string_equal(after->shown_name, "王*明");
    assert_memory_equal(session->member->resident_id, "440604********", 14);
    event = last_event(&h, IDENTITY__EVENT__EVENT_MEMBER_VERIFIED);
    assert_int_equal(event->member_verified->member_id, after->member_id);
    assert_int_equal(event->member_verified->union_id, first_id);
    assert_refused(verify(&h, after, "王小明", id), "ALREADY_VERIFIED");
    end(&h);
}

static void who_was_verified_stays_so_at_the_next_login(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *principal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028003", id);
    list_row(&h, "李明", id, "440605");
    assert_ok(verify(&h, principal_of(&h, login(&h, MOBILE)), "李明", id));
    harness_reopen(&h);
    principal = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(principal->level, RPC__LEVEL__CATEGORY);
    assert_string_equal(principal->union_path, "00000001");
    assert_string_equal(principal->shown_name, "李*");
    assert_int_equal(principal->sex, RPC__SEX__MALE);
    end(&h);
}

static void what_is_no_name_or_resident_id_is_told_and_not_counted(void **state)
{
    static const struct {
        const char *name, *resident_id, *reason, *field;
    } cases[] = {
        {"王", "440604199010280026", "NAME_INVALID", "name"},
        {"王小明", "44060419901028002", "RESIDENT_ID_INVALID", "residentId"},
        {"王小明", "440604901028002", "RESIDENT_ID_15_DIGITS", "residentId"},
        {"王小明", "110105194912310021", "RESIDENT_ID_CHECKSUM", "residentId"},
    };
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *principal;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    principal = principal_of(&h, login(&h, MOBILE));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        answer = verify(&h, principal, cases[i].name, cases[i].resident_id);
        assert_refused(answer, cases[i].reason);
        assert_string_equal(answer->field, cases[i].field);
    }
    assert_refused(verify(&h, principal, "王小明", "440604199010280026"), "RESIDENT_ID_CHECKSUM");
    make_id("44060420150101002", id);
    assert_refused(verify(&h, principal, "王小明", id), "TOO_YOUNG");
    make_id("44060419901028002", id);
    assert_ok(verify(&h, principal, "王小明", id));
    end(&h);
}

static void five_failed_attempts_a_day_are_counted(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], unknown[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *principal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    make_id("44060419901028004", unknown);
    list_row(&h, "王小明", id, "440604");
    principal = principal_of(&h, login(&h, MOBILE));
    for (int i = 0; i < VERIFY_TRIES; i++) {
        if (i % 2)
            assert_refused(verify(&h, principal, "王大明", id), "NAME_MISMATCH");
        else
            assert_refused(verify(&h, principal, "王小明", unknown), "NOT_ON_ROSTER");
        harness_reopen(&h);
    }
    assert_refused(verify(&h, principal, "王小明", id), "VERIFY_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, 24 * 60 * 60 * 1000);
    assert_ok(verify(&h, principal, "王小明", id));
    end(&h);
}

static void a_person_on_two_unions_rosters_is_not_verified_until_one_takes_her_off(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *principal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    list_row(&h, "王小明", id, "440605");
    principal = principal_of(&h, login(&h, MOBILE));
    assert_refused(verify(&h, principal, "王小明", id), "ROSTER_CONFLICT");
    assert_refused(verify(&h, principal, "王大明", id), "NAME_MISMATCH");
    harness_tamper(&h, "DELETE FROM roster WHERE union_id = (SELECT union_id FROM unions WHERE code = '440604')");
    assert_ok(verify(&h, principal, "王小明", id));
    assert_string_equal(principal_of(&h, login(&h, MOBILE))->union_path, "00000001");
    harness_close(&h);
}

static void a_resident_id_verifies_one_member(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *second;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    assert_ok(verify(&h, principal_of(&h, login(&h, MOBILE)), "王小明", id));
    second = principal_of(&h, login(&h, "16900000002"));
    assert_refused(verify(&h, second, "王小明", id), "RESIDENT_ID_TAKEN");
    assert_refused(verify(&h, second, "王大明", id), "NAME_MISMATCH");
    end(&h);
}

static void who_has_no_live_session_is_not_verified(void **state)
{
    Identity__LogoutRequest logout = IDENTITY__LOGOUT_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *principal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    principal = principal_of(&h, login(&h, MOBILE));
    assert_ok(harness_call(&h, "Identity.Logout", &logout.base, principal, NULL));
    assert_refused(verify(&h, principal, "王小明", id), "TOKEN_REVOKED");
    assert_refused(verify(&h, harness_person(&h, 77, RPC__LEVEL__MOBILE, ""), "王小明", id), "MEMBER_NOT_FOUND");
    assert_refused(verify(&h, NULL, "王小明", id), "MISSING_TOKEN");
    end(&h);
}

static void personal_data_is_nowhere_in_the_store_as_it_is(void **state)
{
    static const char *const secrets[] = {"王小明", MOBILE, "19901028"};
    char id[CN_RESIDENT_ID_LEN + 1], path[64];
    unsigned char *bytes;
    struct harness h;
    size_t len;
    FILE *file;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    assert_ok(verify(&h, principal_of(&h, login(&h, MOBILE)), "王小明", id));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/data.sqlite%s", h.dir, i ? "-wal" : "");
        file = fopen(path, "r");
        assert_non_null(file);
        bytes = malloc(8 << 20);
        len = fread(bytes, 1, 8 << 20, file);
        for (size_t k = 0; k < ARRAY_LEN(secrets); k++)
            assert_null(memmem(bytes, len, secrets[k], strlen(secrets[k])));
        free(bytes);
        fclose(file);
    }
    end(&h);
}

static Identity__Member *get_me(struct harness *h, const Rpc__Principal *who)
{
    Identity__MeRequest request = IDENTITY__ME_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Identity.GetMe", &request.base, who, NULL),
                          &identity__member__descriptor);
}

static void a_sealed_field_of_another_row_shows_as_stars(void **state)
{
    Rpc__Principal *first, *second;
    struct harness h;

    (void)state;
    begin(&h);
    first = principal_of(&h, login(&h, MOBILE));
    second = principal_of(&h, login(&h, "16900000002"));
    assert_string_equal(get_me(&h, second)->mobile, "169****0002");
    harness_tamper(&h,
                   "UPDATE member SET sealed_mobile = (SELECT sealed_mobile FROM member ORDER BY member_id LIMIT 1)");
    assert_string_equal(get_me(&h, first)->mobile, "169****0001");
    assert_string_equal(get_me(&h, second)->mobile, "***********");
    end(&h);
}

static void the_audit_finds_a_member_who_was_moved(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_id("44060419901028002", id);
    list_row(&h, "王小明", id, "440604");
    assert_ok(verify(&h, principal_of(&h, login(&h, MOBILE)), "王小明", id));
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET union_id = 0");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET union_id = (SELECT union_id FROM roster)");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE roster SET union_id = (SELECT union_id FROM unions WHERE code = '440605')");
    assert_string_not_equal(harness_audit(&h), "");
    harness_close(&h);
}

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
    Identity__ContestProofRequest contest = IDENTITY__CONTEST_PROOF_REQUEST__INIT;
    Identity__AskMergeRequest merge = IDENTITY__ASK_MERGE_REQUEST__INIT;
    Identity__FindRosterRowsRequest find = IDENTITY__FIND_ROSTER_ROWS_REQUEST__INIT;
    Identity__AskMobileChangeRequest number = IDENTITY__ASK_MOBILE_CHANGE_REQUEST__INIT;
    Identity__RosterRowList *rows;
    Rpc__Principal *who, *another;
    Identity__Session *session;
    int64_t request_id;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    request.name = "JOHN SMITH";
    find.union_id = first_id;
    number.name = request.name;
    number.mobile = "16900000077";
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
        number.resident_id = request.resident_id; /* right; a code was not sent */
        assert_refused(harness_call(&h, "Corrections.AskMobileChange", &number.base, who, NULL), "CODE_NOT_SIX_DIGITS");
        find.resident_id = request.resident_id;
        find.document = request.document;
        rows =
            harness_output(&h, harness_call(&h, "Rosters.FindRosterRows", &find.base, administrator(&h, FIRST), NULL),
                           &identity__roster_row_list__descriptor);
        assert_int_equal(rows->n_rows, 1);
        assert_int_equal(rows->rows[0]->member_id, who->member_id);
        /* From another number it is asked for by the same document. */
        contest.name = merge.name = request.name;
        contest.resident_id = merge.resident_id = request.resident_id;
        contest.document = merge.document = request.document;
        another = person_signed_in(&h, i + 40);
        assert_ok(harness_call(&h, "Contests.ContestProof", &contest.base, another, NULL));
        assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_CONTEST_CHANGED)->contest_changed->holder_id,
                         who->member_id);
        assert_ok(harness_call(&h, "Merges.AskMerge", &merge.base, another, NULL));
        assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MERGE_CHANGED)->merge_changed->kept_id, who->member_id);
    }
    /* On no roster, and nobody outside knows such a document: her union's officials see it. */
    who = person_signed_in(&h, 30);
    request.resident_id = "E87654321";
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    assert_refused(harness_call(&h, "Identity.VerifyMe", &request.base, who, NULL), "NOT_ON_ROSTER");
    join.union_id = first_id;
    join.name = request.name;
    join.resident_id = request.resident_id;
    request_id = asked_to_join(&h, harness_call(&h, "Joins.CreateJoinRequest", &join.base, who, NULL))->request_id;
    assert_string_equal(decide_join(&h, administrator(&h, FIRST), first_id, request_id, true), "");
    assert_int_equal(login(&h, mobile_of(30, mobile))->member->document, IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_another_document_is_proven_by_a_roster_or_at_the_counter),
        cmocka_unit_test(who_is_on_a_roster_becomes_a_member_of_its_union),
        cmocka_unit_test(who_was_verified_stays_so_at_the_next_login),
        cmocka_unit_test(what_is_no_name_or_resident_id_is_told_and_not_counted),
        cmocka_unit_test(five_failed_attempts_a_day_are_counted),
        cmocka_unit_test(a_person_on_two_unions_rosters_is_not_verified_until_one_takes_her_off),
        cmocka_unit_test(a_resident_id_verifies_one_member),
        cmocka_unit_test(who_has_no_live_session_is_not_verified),
        cmocka_unit_test(personal_data_is_nowhere_in_the_store_as_it_is),
        cmocka_unit_test(a_sealed_field_of_another_row_shows_as_stars),
        cmocka_unit_test(the_audit_finds_a_member_who_was_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
