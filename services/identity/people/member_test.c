#include "services/identity/fixture.h"
#include "services/identity/people/members.h"

#define MOBILE "16900000001"

static int64_t first_id; /* of the union 440604 */

static void two_unions(struct harness *h)
{
    make_union(h, "440600", "");
    first_id = make_union(h, "440604", "440600")->union_id;
    make_union(h, "440605", "440600");
}

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
    Identity__ImportReport *report;

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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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
    begin(&h);
    two_unions(&h);
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

/* ---- grants ---- */

static Identity__GrantRecord *granted(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__grant_record__descriptor);
}

static const Rpc__Answer *take_back(struct harness *h, const Rpc__Principal *who, int64_t grant_id)
{
    Identity__RevokeGrantRequest request = IDENTITY__REVOKE_GRANT_REQUEST__INIT;

    request.grant_id = grant_id;
    return harness_call(h, "Identity.RevokeGrant", &request.base, who, NULL);
}

static void a_grant_waits_for_who_has_not_signed_in_yet(void **state)
{
    Identity__GrantRecord *grant;
    Rpc__Principal *principal;
    const Rpc__Answer *answer;
    Identity__Member *me;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604");
    assert_true(answer->created);
    grant = granted(&h, answer);
    assert_string_equal(grant->union_->code, "440604");
    harness_reopen(&h);
    principal = principal_of(&h, enrolled(&h, MOBILE));
    assert_int_equal(principal->member_id, grant->member_id);
    assert_int_equal(principal->n_grants, 1);
    assert_int_equal(principal->grants[0]->role, RULE__ROLE__UNION_ADMIN);
    assert_string_equal(principal->grants[0]->union_path, "00000000");
    me = get_me(&h, principal);
    assert_int_equal(me->n_grants, 1);
    assert_int_equal(me->grants[0]->grant_id, grant->grant_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed->grant_id, grant->grant_id);
    end(&h);
}

static void the_same_grant_twice_is_one(void **state)
{
    const Rpc__Answer *answer;
    Identity__GrantRecord *first;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    two_unions(&h);
    first = granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
    rows = journal_rows(&h);
    answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604");
    assert_false(answer->created);
    assert_int_equal(granted(&h, answer)->grant_id, first->grant_id);
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

static void a_refused_grant_makes_no_member(void **state)
{
    const Rpc__Principal *official;
    const Rpc__Answer *answer;
    struct member member;
    struct harness h;
    char code[16];

    (void)state;
    begin(&h);
    two_unions(&h);
    official = harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "00000000");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440605"), "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, official, MOBILE, 99, "440604"), "ROLE_INVALID");
    answer = create_grant(&h, official, "1234", RULE__ROLE__UNION_ADMIN, "440604");
    assert_refused(answer, "MOBILE_INVALID");
    assert_string_equal(answer->field, "mobile");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440699"), "UNION_NOT_FOUND");
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "0000");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440604"), "NOT_OFFICIAL");
    /* The first login makes her. */
    clock_step(&h.service.clock, 1000);
    assert_true(members_find(&identity_of(&h)->members, principal_of(&h, login(&h, MOBILE))->member_id, &member));
    assert_int_equal(member.created_at, HARNESS_NOW + 1000 + CODE_RESEND_MS);
    for (int i = 0; i <= LIMIT_GRANTS; i++) {
        snprintf(code, sizeof(code), "G-%d", i);
        make_union(&h, code, "440604");
        answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__FINANCE, code);
        assert_true(i < LIMIT_GRANTS ? answer->reason == 0 : answer->reason == IDENTITY__REASON__TOO_MANY_GRANTS);
    }
    end(&h);
}

static void an_official_grants_within_her_office_and_not_to_herself(void **state)
{
    Rpc__Principal *official;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__SECURITY_ADMIN, "440604"));
    official = principal_of(&h, enrolled(&h, MOBILE));
    assert_int_equal(
        granted(&h, create_grant(&h, official, "16900000002", RULE__ROLE__CHECKUP_STAFF, "440604"))->granted_by,
        official->member_id);
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__CHECKUP_STAFF, "440604"), "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, official, "16900000002", RULE__ROLE__CHECKUP_STAFF, "440600"),
                   "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__AUDIT_ADMIN, "440605"), "ROLES_EXCLUDE");
    end(&h);
}

static void a_revoked_grant_ends_the_sessions_that_carry_it(void **state)
{
    Identity__Session *first, *second, *other;
    const Rpc__Principal *outsider;
    Identity__GrantRecord *grant;
    Rpc__Principal *after;
    struct harness h;

    (void)state;
    begin(&h);
    two_unions(&h);
    grant = granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
    first = login(&h, MOBILE);
    second = enrolled(&h, MOBILE);
    other = login(&h, "16900000002");
    outsider = harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "00000001");
    assert_refused(take_back(&h, outsider, grant->grant_id), "GRANT_EXCEEDS_YOURS");
    assert_ok(take_back(&h, harness_internal(&h), grant->grant_id));
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed->revoked);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     principal_of(&h, second)->session_id);
    assert_refused(try_refresh(&h, first->refresh_token), "REFRESH_INVALID");
    assert_refused(try_refresh(&h, second->refresh_token), "REFRESH_INVALID");
    assert_ok(try_refresh(&h, other->refresh_token));
    after = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(after->n_grants, 0);
    assert_refused(take_back(&h, harness_internal(&h), grant->grant_id), "GRANT_NOT_FOUND");
    end(&h);
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
        cmocka_unit_test(a_grant_waits_for_who_has_not_signed_in_yet),
        cmocka_unit_test(the_same_grant_twice_is_one),
        cmocka_unit_test(a_refused_grant_makes_no_member),
        cmocka_unit_test(an_official_grants_within_her_office_and_not_to_herself),
        cmocka_unit_test(a_revoked_grant_ends_the_sessions_that_carry_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
