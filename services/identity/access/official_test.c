/* Officials: enrolment, signing in by password and one-time password, and how long that lasts. */
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"

#define MOBILE   "16900000001"
#define NOBODYS  "16900000009"
#define NEW      "Another-horse-8"
#define MINUTE   INT64_C(60000)
#define WRONG_OF "999999"

static void begin_with_office(struct harness *h)
{
    begin(h);
    make_union(h, "440600", "");
    make_union(h, "440604", "440600");
    assert_ok(create_grant(h, harness_internal(h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
}

static int64_t office_holder(struct harness *h)
{
    return last_event(h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed->member_id;
}

/* Signs in with the one-time password of so many steps from now. */
static const Rpc__Answer *sign_in_at(struct harness *h, const char *password, int steps, const char *new_password)
{
    char totp[TOTP_DIGITS + 1];

    return sign_in(h, MOBILE, password, totp_of(h, office_holder(h), steps, totp), new_password);
}

/* The same, a step later than anything before. */
static const Rpc__Answer *sign_in_next(struct harness *h, const char *password, const char *new_password)
{
    clock_step(&h->service.clock, (1 + TOTP_WINDOW) * TOTP_STEP_MS);
    return sign_in_at(h, password, 0, new_password);
}

static Identity__Session *session_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__session__descriptor);
}

static int last_change(struct harness *h)
{
    Identity__Event *event = last_event(h, IDENTITY__EVENT__EVENT_CREDENTIAL_CHANGED);

    return event ? (int)event->credential_changed->change : 0;
}

static void one_time_passwords_are_those_of_rfc_6238(void **state)
{
    static const unsigned char secret[] = "12345678901234567890";
    static const struct {
        int64_t at_s;
        const char *code;
    } cases[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {INT64_C(20000000000), "353130"}};
    char code[TOTP_DIGITS + 1], text[TOTP_SECRET_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t now = cases[i].at_s * 1000, step = now / TOTP_STEP_MS;

        totp_code(secret, step, code);
        assert_string_equal(code, cases[i].code);
        assert_int_equal(totp_match(secret, code, now, 0), step);
        assert_int_equal(totp_match(secret, code, now + TOTP_STEP_MS, 0), step);
        assert_int_equal(totp_match(secret, code, now - TOTP_STEP_MS, 0), step);
        assert_int_equal(totp_match(secret, code, now + 2 * TOTP_STEP_MS, 0), 0);
        assert_int_equal(totp_match(secret, code, now, step), 0);
        assert_int_equal(totp_match(secret, "", now, 0), 0);
        assert_int_equal(totp_match(secret, "2870821", now, 0), 0);
    }
    totp_secret_text(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void a_password_is_long_mixed_and_tells_nothing_of_her(void **state)
{
    static const struct person person = {.name = "Ann Wang", .mobile = "16900000001"};
    static const struct person unnamed = {.mobile = "16900000001"};
    static const struct {
        const char *password;
        int reason;
    } cases[] = {
        {"Abcdefgh1", IDENTITY__REASON__PASSWORD_WEAK},
        {"Abcdefghi1", 0},
        {"abcdefghi1", IDENTITY__REASON__PASSWORD_WEAK},
        {"abcdefgh1!", 0},
        {"惠工惠工惠工惠工惠1", IDENTITY__REASON__PASSWORD_WEAK},
        {"惠工惠工惠工惠工a1", 0},
        {"惠工惠工惠工a1", IDENTITY__REASON__PASSWORD_WEAK},
        {"A-16900000001", IDENTITY__REASON__PASSWORD_TELLING},
        {"ann wangANN9", IDENTITY__REASON__PASSWORD_TELLING},
        {"", IDENTITY__REASON__PASSWORD_WEAK},
        {"Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcd", 0},
        {"Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcdefghi1Abcde", IDENTITY__REASON__PASSWORD_WEAK},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(password_refusal(cases[i].password, &person), cases[i].reason);
    assert_int_equal(password_refusal("ann wangANN9", &unnamed), 0);
}

static void a_session_by_code_has_no_authority_and_one_by_both_factors_has(void **state)
{
    Identity__Enrolment *enrolment;
    Rpc__Principal *plain, *official;
    char totp[TOTP_DIGITS + 1];
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    plain = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(plain->n_grants, 0);
    assert_refused(create_union(&h, plain, "440604-1", "工会", "440604"), "NOT_OFFICIAL");
    enrolment = harness_output(&h, enrol(&h, plain, PASSWORD), &identity__enrolment__descriptor);
    assert_int_equal(strlen(enrolment->secret), TOTP_SECRET_CHARS);
    assert_string_equal(
        enrolment->uri,
        arena_printf(&h.arena, "otpauth://totp/Huigong:169****0001?secret=%s&issuer=Huigong", enrolment->secret));
    /* Until it is confirmed it lets nobody in. */
    assert_refused(sign_in_at(&h, PASSWORD, 0, ""), "SIGN_IN_WRONG");
    assert_refused(confirm_enrolment(&h, plain, "x"), "TOTP_WRONG");
    session = session_of(&h, confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp)));
    assert_int_equal(session->sign_in, IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD);
    assert_int_equal(last_change(&h), IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_ENROLLED);
    official = principal_of(&h, session);
    assert_int_equal(official->n_grants, 1);
    assert_ok(create_union(&h, official, "440604-1", "工会", "440604"));
    harness_reopen(&h);
    official = principal_of(&h, session_of(&h, sign_in_next(&h, PASSWORD, "")));
    assert_int_equal(official->n_grants, 1);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_OPENED)->session_opened->sign_in,
                     IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD);
    assert_int_equal(principal_of(&h, login(&h, MOBILE))->n_grants, 0);
    end(&h);
}

/* A hash takes a tenth of a second, for which nobody else would be answered. */
static void passwords_are_hashed_beside_the_loop(void **state)
{
    char totp[TOTP_DIGITS + 1];
    Rpc__Principal *plain;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    plain = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(h.n_beside, 0);
    assert_ok(enrol(&h, plain, PASSWORD));
    assert_int_equal(h.n_beside, 1);
    assert_ok(confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp)));
    assert_int_equal(h.n_beside, 1);
    assert_ok(sign_in_next(&h, PASSWORD, ""));
    assert_int_equal(h.n_beside, 2);
    assert_refused(sign_in_next(&h, NEW, ""), "SIGN_IN_WRONG");
    assert_int_equal(h.n_beside, 3);
    end(&h);
}

static void only_who_holds_an_office_enrols_by_a_code_and_once(void **state)
{
    Rpc__Principal *plain, *official;
    char totp[TOTP_DIGITS + 1];
    struct harness h;

    (void)state;
    begin_with_office(&h);
    assert_refused(enrol(&h, principal_of(&h, login(&h, NOBODYS)), PASSWORD), "NOT_OFFICIAL");
    plain = principal_of(&h, login(&h, MOBILE));
    assert_refused(confirm_enrolment(&h, plain, "000000"), "NOT_ENROLLED");
    assert_refused(enrol(&h, plain, "short"), "PASSWORD_WEAK");
    assert_refused(enrol(&h, plain, "A-" MOBILE), "PASSWORD_TELLING");
    clock_step(&h.service.clock, ENROL_FRESH_MS - 1);
    assert_ok(enrol(&h, plain, PASSWORD));
    clock_step(&h.service.clock, 1);
    assert_refused(enrol(&h, plain, PASSWORD), "ENROL_BY_CODE");
    assert_refused(confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp)), "ENROL_BY_CODE");
    plain = principal_of(&h, login(&h, MOBILE));
    assert_ok(enrol(&h, plain, PASSWORD));
    /* An answer may be lost: the same again is good, and its secret is the last told. */
    assert_ok(enrol(&h, plain, PASSWORD));
    official = principal_of(&h, session_of(&h, confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp))));
    assert_refused(enrol(&h, official, NEW), "ENROL_BY_CODE");
    assert_refused(enrol(&h, plain, NEW), "ALREADY_ENROLLED");
    assert_refused(confirm_enrolment(&h, plain, "000000"), "ALREADY_ENROLLED");
    plain->session_id += 1000;
    assert_refused(enrol(&h, plain, NEW), "TOKEN_REVOKED");
    end(&h);
}

static void a_one_time_password_is_taken_once(void **state)
{
    struct harness h;

    (void)state;
    begin_with_office(&h);
    enrolled(&h, MOBILE);
    assert_refused(sign_in_at(&h, PASSWORD, 0, ""), "SIGN_IN_WRONG");
    assert_ok(sign_in_at(&h, PASSWORD, 1, ""));
    assert_refused(sign_in_at(&h, PASSWORD, 1, ""), "SIGN_IN_WRONG");
    clock_step(&h.service.clock, TOTP_STEP_MS);
    assert_refused(sign_in_at(&h, PASSWORD, 0, ""), "SIGN_IN_WRONG");
    assert_refused(sign_in_at(&h, PASSWORD, 2, ""), "SIGN_IN_WRONG");
    assert_ok(sign_in_at(&h, PASSWORD, 1, ""));
    /* With a wrong password it is used up too. */
    clock_step(&h.service.clock, 2 * TOTP_STEP_MS);
    assert_refused(sign_in_at(&h, NEW, 0, ""), "SIGN_IN_WRONG");
    assert_refused(sign_in_at(&h, PASSWORD, 0, ""), "SIGN_IN_WRONG");
    end(&h);
}

static void five_failures_lock_the_number_for_a_quarter_of_an_hour(void **state)
{
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    enrolled(&h, MOBILE);
    for (int i = 0; i < SIGN_IN_FAILURES; i++)
        assert_refused(i % 2 ? sign_in_next(&h, NEW, "") : sign_in(&h, MOBILE, PASSWORD, WRONG_OF, ""),
                       "SIGN_IN_WRONG");
    assert_int_equal(last_change(&h), IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_LOCKED);
    harness_reopen(&h);
    answer = sign_in_next(&h, PASSWORD, "");
    assert_refused(answer, "SIGN_IN_LOCKED");
    assert_int_equal(answer->retry_after_s, 14 * 60);
    clock_step(&h.service.clock, 14 * MINUTE - 1);
    answer = sign_in_at(&h, PASSWORD, 0, "");
    assert_refused(answer, "SIGN_IN_LOCKED");
    assert_int_equal(answer->retry_after_s, 1);
    clock_step(&h.service.clock, 1);
    for (int i = 0; i < SIGN_IN_FAILURES - 1; i++)
        assert_refused(sign_in(&h, MOBILE, PASSWORD, WRONG_OF, ""), "SIGN_IN_WRONG");
    assert_ok(sign_in_at(&h, PASSWORD, 0, ""));
    /* Success forgets them. */
    for (int i = 0; i < SIGN_IN_FAILURES - 1; i++)
        assert_refused(sign_in(&h, MOBILE, PASSWORD, WRONG_OF, ""), "SIGN_IN_WRONG");
    assert_ok(sign_in_next(&h, PASSWORD, ""));
    end(&h);
}

static void a_number_that_nobody_has_is_answered_alike(void **state)
{
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_office(&h);
    login(&h, "16900000002"); /* a member without an office */
    rows = journal_rows(&h);
    for (int i = 0; i < SIGN_IN_FAILURES; i++) {
        assert_refused(sign_in(&h, NOBODYS, PASSWORD, "123456", ""), "SIGN_IN_WRONG");
        assert_refused(sign_in(&h, "16900000002", PASSWORD, "123456", ""), "SIGN_IN_WRONG");
    }
    assert_refused(sign_in(&h, NOBODYS, PASSWORD, "123456", ""), "SIGN_IN_LOCKED");
    assert_refused(sign_in(&h, "16900000002", PASSWORD, "123456", ""), "SIGN_IN_LOCKED");
    assert_refused(sign_in(&h, "1", PASSWORD, "123456", ""), "MOBILE_INVALID");
    assert_int_equal(journal_rows(&h), rows);
    /* Nothing of it is kept for long. */
    clock_step(&h.service.clock, SIGN_IN_LOCK_MS + 1);
    harness_tidy(&h);
    harness_tamper(&h, "INSERT INTO sign_in_failure SELECT x'00', 1 / (count(*) = 0), 0 FROM sign_in_failure");
    end(&h);
}

static void a_password_of_ninety_days_is_changed_at_the_next_sign_in(void **state)
{
    Identity__Session *other, *session;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    enrolled(&h, MOBILE);
    clock_step(&h.service.clock, PASSWORD_LIFE_MS - 3 * TOTP_STEP_MS);
    assert_ok(sign_in_next(&h, PASSWORD, ""));
    clock_step(&h.service.clock, 3 * TOTP_STEP_MS);
    other = login(&h, MOBILE);
    assert_refused(sign_in_at(&h, PASSWORD, 0, ""), "PASSWORD_EXPIRED");
    /* The refusal has used nothing up. */
    assert_refused(sign_in_at(&h, PASSWORD, 0, "short"), "PASSWORD_WEAK");
    assert_refused(sign_in_at(&h, PASSWORD, 0, PASSWORD), "PASSWORD_USED");
    session = session_of(&h, sign_in_at(&h, PASSWORD, 0, NEW));
    assert_int_equal(principal_of(&h, session)->n_grants, 1);
    assert_int_equal(last_change(&h), IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_PASSWORD);
    assert_refused(try_refresh(&h, other->refresh_token), "REFRESH_INVALID");
    assert_refused(sign_in_next(&h, PASSWORD, ""), "SIGN_IN_WRONG");
    assert_ok(sign_in_next(&h, NEW, ""));
    end(&h);
}

static void none_of_the_last_five_passwords_comes_back(void **state)
{
    static const char *const passwords[] = {PASSWORD, "Horse-number-1", "Horse-number-2", "Horse-number-3",
                                            "Horse-number-4"};
    const char *now = PASSWORD;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    enrolled(&h, MOBILE);
    for (size_t i = 1; i < ARRAY_LEN(passwords); i++) {
        assert_ok(sign_in_next(&h, now, passwords[i]));
        now = passwords[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(passwords); i++)
        assert_refused(sign_in_next(&h, now, passwords[i]), "PASSWORD_USED");
    assert_ok(sign_in_next(&h, now, NEW));
    assert_refused(sign_in_next(&h, NEW, passwords[1]), "PASSWORD_USED");
    assert_ok(sign_in_next(&h, NEW, PASSWORD));
    end(&h);
}

static void an_officials_session_dies_when_idle_and_after_twelve_hours(void **state)
{
    Identity__Session *session;
    int64_t opened;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    session = enrolled(&h, MOBILE);
    opened = clock_now(&h.service.clock);
    assert_int_equal(session->expires_at, opened + 10 * MINUTE);
    while (clock_now(&h.service.clock) < opened + 12 * 60 * MINUTE - 14 * MINUTE) {
        clock_step(&h.service.clock, 14 * MINUTE);
        session = session_of(&h, try_refresh(&h, session->refresh_token));
        assert_int_equal(principal_of(&h, session)->n_grants, 1);
        assert_int_equal(session->sign_in, IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD);
    }
    assert_int_equal(session->expires_at, opened + 12 * 60 * MINUTE);
    clock_step(&h.service.clock, opened + 12 * 60 * MINUTE - clock_now(&h.service.clock));
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    session = session_of(&h, sign_in_next(&h, PASSWORD, ""));
    clock_step(&h.service.clock, 15 * MINUTE);
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    end(&h);
}

static void a_grant_that_is_new_is_carried_from_the_next_refresh(void **state)
{
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    session = enrolled(&h, MOBILE);
    create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__FINANCE, "440604");
    session = session_of(&h, try_refresh(&h, session->refresh_token));
    assert_int_equal(principal_of(&h, session)->n_grants, 2);
    end(&h);
}

static void who_is_suspended_carries_no_authority(void **state)
{
    const Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_office(&h);
    who = member_of_union(&h, 1, "440604");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_int_equal(principal_of(&h, enrolled(&h, MOBILE))->n_grants, 1);
    assert_ok(set_standing(&h, administrator(&h, ROOT), who->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_INVESTIGATION));
    assert_int_equal(principal_of(&h, session_of(&h, sign_in_next(&h, PASSWORD, "")))->n_grants, 0);
    assert_ok(set_standing(&h, administrator(&h, ROOT), who->member_id, IDENTITY__STANDING__STANDING_ACTIVE,
                           IDENTITY__STANDING_REASON__STANDING_MISTAKE));
    assert_int_equal(principal_of(&h, session_of(&h, sign_in_next(&h, PASSWORD, "")))->n_grants, 1);
    end(&h);
}

static void neither_a_password_nor_a_secret_is_readable_in_the_store(void **state)
{
    struct credential credential;
    static unsigned char bytes[8 << 20];
    struct harness h;

    (void)state;
    begin_with_office(&h);
    assert_true(credential_find(h.service.self, enrolled(&h, MOBILE)->member->member_id, &credential));
    for (int i = 0; i < 2; i++) {
        char path[64];
        FILE *file;
        size_t len;

        snprintf(path, sizeof(path), "%s/data.sqlite%s", h.dir, i ? "-wal" : "");
        file = fopen(path, "r");
        assert_non_null(file);
        len = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        assert_null(memmem(bytes, len, PASSWORD, strlen(PASSWORD)));
        assert_null(memmem(bytes, len, "$y$", 3));
        assert_null(memmem(bytes, len, credential.secrets.totp, TOTP_SECRET_LEN));
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_passwords_are_those_of_rfc_6238),
        cmocka_unit_test(a_password_is_long_mixed_and_tells_nothing_of_her),
        cmocka_unit_test(a_session_by_code_has_no_authority_and_one_by_both_factors_has),
        cmocka_unit_test(passwords_are_hashed_beside_the_loop),
        cmocka_unit_test(only_who_holds_an_office_enrols_by_a_code_and_once),
        cmocka_unit_test(a_one_time_password_is_taken_once),
        cmocka_unit_test(five_failures_lock_the_number_for_a_quarter_of_an_hour),
        cmocka_unit_test(a_number_that_nobody_has_is_answered_alike),
        cmocka_unit_test(a_password_of_ninety_days_is_changed_at_the_next_sign_in),
        cmocka_unit_test(none_of_the_last_five_passwords_comes_back),
        cmocka_unit_test(an_officials_session_dies_when_idle_and_after_twelve_hours),
        cmocka_unit_test(a_grant_that_is_new_is_carried_from_the_next_refresh),
        cmocka_unit_test(who_is_suspended_carries_no_authority),
        cmocka_unit_test(neither_a_password_nor_a_secret_is_readable_in_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
