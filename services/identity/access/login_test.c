#include "services/identity/access/codes.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/people_fixture.h"
#include "services/identity/rights/purges.h"
#include "services/identity/access/sessions.h"

#include <signal.h>
#include <sys/resource.h>

#define MOBILE "16900000001"

static void a_code_lets_in_once_and_makes_a_member(void **state)
{
    char code[CODE_DIGITS + 1], masked[CN_MOBILE_LEN + 1];
    Identity__Session *session;
    const Rpc__Answer *answer;
    Rpc__Principal *principal;
    struct harness h;

    (void)state;
    begin(&h);
    get_code(&h, MOBILE, code);
    answer = try_login(&h, "+86 169-0000-0001", code);
    assert_true(answer->created);
    session = harness_output(&h, answer, &identity__session__descriptor);
    assert_int_equal(session->expires_at, HARNESS_NOW + LIMIT_SESSION_MS);
    cn_mask_mobile(MOBILE, masked);
    assert_string_equal(session->member->mobile, masked);
    assert_string_equal(session->member->name, "");
    assert_int_equal(session->member->level, RPC__LEVEL__MOBILE);
    principal = principal_of(&h, session);
    assert_int_equal(principal->member_id, session->member->member_id);
    assert_int_equal(principal->level, RPC__LEVEL__MOBILE);
    assert_string_equal(principal->union_path, "");
    assert_int_equal(principal->n_grants, 0);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_OPENED)->session_opened->session_id,
                     principal->session_id);
    assert_refused(try_login(&h, MOBILE, code), "CODE_EXPIRED");
    end(&h);
}

static void the_same_number_is_the_same_member_in_another_session(void **state)
{
    Rpc__Principal *first, *second;
    struct harness h;

    (void)state;
    begin(&h);
    first = principal_of(&h, login(&h, MOBILE));
    second = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(first->member_id, second->member_id);
    assert_int_not_equal(first->session_id, second->session_id);
    assert_int_not_equal(principal_of(&h, login(&h, "16900000002"))->member_id, first->member_id);
    end(&h);
}

static void a_code_is_sent_once_a_minute_whoever_asks(void **state)
{
    const Rpc__Answer *answer;
    Identity__SendCodeReply *reply;
    struct harness h;

    (void)state;
    begin(&h);
    reply = harness_output(&h, send_code(&h, MOBILE), &identity__send_code_reply__descriptor);
    assert_int_equal(reply->expires_in_s, 300);
    assert_int_equal(reply->resend_in_s, 60);
    clock_step(&h.service.clock, 20000);
    answer = send_code(&h, MOBILE);
    assert_refused(answer, "CODE_SENT_RECENTLY");
    assert_int_equal(answer->retry_after_s, 40);
    assert_ok(send_code(&h, "16900000002"));
    clock_step(&h.service.clock, 40000);
    assert_ok(send_code(&h, MOBILE));
    end(&h);
}

static void a_number_that_signed_in_is_answered_like_any_other(void **state)
{
    const Rpc__Answer *known, *unknown;
    struct harness h;

    (void)state;
    begin(&h);
    login(&h, MOBILE);
    known = send_code(&h, MOBILE);
    unknown = send_code(&h, "16900000002");
    assert_ok(known);
    assert_int_equal(known->output.len, unknown->output.len);
    assert_memory_equal(known->output.data, unknown->output.data, known->output.len);
    end(&h);
}

static void a_code_lives_five_minutes(void **state)
{
    char code[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    begin(&h);
    get_code(&h, MOBILE, code);
    clock_step(&h.service.clock, CODE_LIFE_MS - 1);
    assert_ok(try_login(&h, MOBILE, code));
    get_code(&h, MOBILE, code);
    clock_step(&h.service.clock, CODE_LIFE_MS);
    assert_refused(try_login(&h, MOBILE, code), "CODE_EXPIRED");
    assert_refused(try_login(&h, "16900000002", code), "CODE_EXPIRED");
    end(&h);
}

static void a_code_is_guessed_five_times(void **state)
{
    char code[CODE_DIGITS + 1], wrong[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    begin(&h);
    get_code(&h, MOBILE, code);
    memcpy(wrong, code, sizeof(wrong));
    wrong[0] = code[0] == '1' ? '2' : '1';
    for (int i = 0; i < CODE_TRIES; i++) {
        assert_refused(try_login(&h, MOBILE, "not a code at all, and too long for one"), "CODE_NOT_SIX_DIGITS");
        assert_refused(try_login(&h, MOBILE, wrong), "CODE_WRONG");
        harness_reopen(&h); /* tries are counted in the store */
    }
    assert_refused(try_login(&h, MOBILE, code), "CODE_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    get_code(&h, MOBILE, code);
    assert_ok(try_login(&h, MOBILE, code));
    end(&h);
}

static void wrong_answers_from_elsewhere_use_up_nothing(void **state)
{
    static const struct {
        unsigned address, device;
    } elsewhere[] = {{1, 2}, {2, 2}, {1, 0}, {2, 0}}; /* beside the device and address that asked */
    char code[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    for (unsigned device = 0; device < 2; device++) {
        begin(&h);
        harness_from(&h, 1, device);
        get_code(&h, MOBILE, code);
        for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
            if (elsewhere[i].device == device && elsewhere[i].address == 1)
                continue;
            harness_from(&h, elsewhere[i].address, elsewhere[i].device);
            for (int j = 0; j < 2 * CODE_TRIES; j++)
                assert_refused(try_login(&h, MOBILE, j ? "000000" : code), "CODE_EXPIRED");
        }
        harness_from(&h, device ? 2 : 1, device); /* a device may move */
        assert_ok(try_login(&h, MOBILE, code));
        end(&h);
    }
}

static void a_code_serves_for_its_purpose_alone(void **state)
{
    char code[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    begin(&h);
    assert_refused(send_code_for(&h, MOBILE, 99), "OUT_OF_RANGE");
    for (int purpose = 1; purpose <= IDENTITY__CODE_PURPOSE__CODE_PROVE; purpose++) {
        get_code_for(&h, MOBILE, purpose, code); /* each with a pause of its own */
        assert_refused(try_login(&h, MOBILE, code), "CODE_EXPIRED");
    }
    get_code(&h, MOBILE, code);
    assert_refused(send_code(&h, MOBILE), "CODE_SENT_RECENTLY");
    assert_ok(try_login(&h, MOBILE, code));
    end(&h);
}

static void the_codes_of_a_number_an_address_and_a_day_are_bounded(void **state)
{
    char mobile[CN_MOBILE_LEN + 1];
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    setenv("HUIGONG_CODES_ADDRESS", "30", 1);
    setenv("HUIGONG_CODES_DAY", "50", 1);
    begin(&h);
    for (unsigned i = 0; i < CODE_SENDS; i++) {
        harness_from(&h, 100 + i, i + 1);
        assert_ok(send_code_for(&h, MOBILE, (int)i % 7));
        clock_step(&h.service.clock, CODE_RESEND_MS);
    }
    assert_refused(send_code(&h, MOBILE), "CODE_SENT_RECENTLY");
    for (unsigned i = 1; i <= 30; i++) {
        harness_from(&h, 1, i); /* other devices, one address */
        if (codes_sent_today(identity_of(&h), clock_now(&h.service.clock)) == 40)
            break;
        assert_ok(send_code(&h, mobile_of(100 + i, mobile)));
    }
    harness_from(&h, 3, 1);
    for (unsigned i = 31; i <= 40; i++)
        assert_ok(send_code(&h, mobile_of(100 + i, mobile)));
    answer = send_code(&h, mobile_of(41, mobile));
    assert_refused(answer, "CODES_SPENT");
    assert_true(answer->retry_after_s > 0);
    clock_step(&h.service.clock, (int64_t)answer->retry_after_s * 1000);
    assert_ok(send_code(&h, mobile_of(41, mobile)));
    for (unsigned i = 42; i <= 70; i++)
        assert_ok(send_code(&h, mobile_of(100 + i, mobile)));
    answer = send_code(&h, mobile_of(71, mobile));
    assert_refused(answer, "CODES_ADDRESS_LIMITED");
    harness_from(&h, 2, 1);
    assert_ok(send_code(&h, mobile_of(71, mobile)));
    harness_from(&h, 3, 1);
    clock_step(&h.service.clock, (int64_t)answer->retry_after_s * 1000);
    assert_ok(send_code(&h, mobile_of(72, mobile)));
    unsetenv("HUIGONG_CODES_ADDRESS");
    unsetenv("HUIGONG_CODES_DAY");
    end(&h);
}

static void the_code_of_another_number_is_wrong(void **state)
{
    char code[CODE_DIGITS + 1], other[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    begin(&h);
    get_code(&h, MOBILE, code);
    get_code(&h, "16900000002", other);
    assert_string_not_equal(code, other);
    assert_refused(try_login(&h, MOBILE, other), "CODE_WRONG");
    end(&h);
}

static void what_is_no_mobile_number_is_refused(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    assert_refused(send_code(&h, "12345"), "MOBILE_INVALID");
    assert_refused(try_login(&h, "", "123456"), "MOBILE_INVALID");
    end(&h);
}

static void without_a_sender_no_code_is_made(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    with_sender("none");
    harness_reopen(&h);
    assert_refused(send_code(&h, MOBILE), "SENDER_UNAVAILABLE");
    with_sender("log");
    harness_reopen(&h);
    assert_ok(send_code(&h, MOBILE));
    end(&h);
}

static void the_bridge_is_told_the_code_and_takes_back_what_was_not_sent(void **state)
{
    Identity__SendCodeRequest request = IDENTITY__SEND_CODE_REQUEST__INIT;
    Identity__LoginCode *made;
    struct harness h;

    (void)state;
    begin(&h);
    with_sender("bridge");
    harness_reopen(&h);
    request.mobile = MOBILE;
    made = harness_output(&h, send_code(&h, "+86 " MOBILE), &identity__login_code__descriptor);
    assert_int_equal(strlen(made->code), CODE_DIGITS);
    assert_refused(send_code(&h, MOBILE), "CODE_SENT_RECENTLY");
    assert_refused(harness_call(&h, "Identity.TakeBackCode", &request.base, NULL, NULL), "NOT_OFFICIAL");
    assert_ok(harness_call(&h, "Identity.TakeBackCode", &request.base, harness_internal(&h), NULL));
    assert_refused(try_login(&h, MOBILE, made->code), "CODE_EXPIRED");
    /* What was taken back does not count among the day's codes either. */
    for (int i = 0; i < 2 * CODE_SENDS; i++) {
        assert_ok(send_code(&h, MOBILE));
        assert_ok(harness_call(&h, "Identity.TakeBackCode", &request.base, harness_internal(&h), NULL));
    }
    made = harness_output(&h, send_code(&h, MOBILE), &identity__login_code__descriptor);
    assert_true(try_login(&h, MOBILE, made->code)->created);
    with_sender("log");
    end(&h);
}

static void an_unknown_sender_is_refused_at_start(void **state)
{
    struct harness h;

    (void)state;
    begin(&h);
    with_sender("pigeon");
    assert_int_equal(identity_spec.start(&h.service), -1);
    end(&h);
}

static void a_restart_forgets_neither_codes_nor_sessions(void **state)
{
    char code[CODE_DIGITS + 1];
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin(&h);
    session = login(&h, MOBILE);
    get_code(&h, "16900000002", code);
    harness_reopen(&h);
    assert_ok(try_login(&h, "16900000002", code));
    assert_ok(try_refresh(&h, session->refresh_token));
    end(&h);
}

static void a_refresh_token_serves_once(void **state)
{
    Identity__Session *first, *second, *third;
    struct harness h;

    (void)state;
    begin(&h);
    first = login(&h, MOBILE);
    clock_step(&h.service.clock, LIMIT_SESSION_MS);
    second = harness_output(&h, try_refresh(&h, first->refresh_token), &identity__session__descriptor);
    assert_string_not_equal(second->refresh_token, first->refresh_token);
    third = harness_output(&h, try_refresh(&h, second->refresh_token), &identity__session__descriptor);
    assert_int_equal(principal_of(&h, third)->member_id, first->member->member_id);
    assert_int_equal(third->expires_at, clock_now(&h.service.clock) + LIMIT_SESSION_MS);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED));
    end(&h);
}

static void a_refresh_that_is_said_twice_has_one_successor(void **state)
{
    Identity__Session *first, *second, *third, *again;
    struct harness h;

    (void)state;
    begin(&h);
    first = login(&h, MOBILE);
    second = harness_output(&h, try_refresh(&h, first->refresh_token), &identity__session__descriptor);
    for (int i = 0; i < 6; i++) {
        clock_step(&h.service.clock, REFRESH_AGAIN_MS / 6 - 1);
        again = harness_output(&h, try_refresh(&h, first->refresh_token), &identity__session__descriptor);
        assert_string_equal(again->refresh_token, second->refresh_token);
        assert_int_equal(principal_of(&h, again)->session_id, principal_of(&h, second)->session_id);
        harness_reopen(&h);
    }
    third = harness_output(&h, try_refresh(&h, second->refresh_token), &identity__session__descriptor);
    assert_string_not_equal(third->refresh_token, second->refresh_token);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED));
    /* The one before the one before is somebody's copy, whenever it comes. */
    assert_refused(try_refresh(&h, first->refresh_token), "REFRESH_INVALID");
    assert_refused(try_refresh(&h, third->refresh_token), "REFRESH_INVALID");
    end(&h);
}

static void another_device_does_not_refresh_again(void **state)
{
    struct harness h;

    (void)state;
    for (unsigned device = 0; device < 2; device++) {
        Identity__Session *first, *second;

        begin(&h);
        harness_from(&h, 1, device);
        first = login(&h, MOBILE);
        second = harness_output(&h, try_refresh(&h, first->refresh_token), &identity__session__descriptor);
        harness_from(&h, 2, device ? 2 : 0);
        assert_refused(try_refresh(&h, first->refresh_token), "REFRESH_INVALID");
        assert_refused(try_refresh(&h, second->refresh_token), "REFRESH_INVALID");
        end(&h);
    }
}

static void a_second_use_of_a_refresh_token_ends_the_session(void **state)
{
    Identity__Session *first, *second, *other;
    Identity__Event *event;
    struct harness h;

    (void)state;
    begin(&h);
    other = login(&h, MOBILE);
    first = login(&h, MOBILE);
    second = harness_output(&h, try_refresh(&h, first->refresh_token), &identity__session__descriptor);
    clock_step(&h.service.clock, REFRESH_AGAIN_MS);
    assert_refused(try_refresh(&h, first->refresh_token), "REFRESH_INVALID");
    event = last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED);
    assert_int_equal(event->session_revoked->session_id, principal_of(&h, second)->session_id);
    assert_int_equal(event->session_revoked->member_id, second->member->member_id);
    assert_refused(try_refresh(&h, second->refresh_token), "REFRESH_INVALID");
    assert_ok(try_refresh(&h, other->refresh_token));
    end(&h);
}

static void a_forged_refresh_token_ends_no_session(void **state)
{
    Identity__Session *session;
    struct harness h;
    size_t len;

    (void)state;
    begin(&h);
    session = login(&h, MOBILE);
    len = strlen(session->refresh_token);
    assert_true(len <= 64);
    /* Characters of the id and the family, but not of the turn, which begins with the 33rd. */
    for (size_t i = 0; i < 32; i++) {
        char *forged = arena_strndup(&h.arena, session->refresh_token, len);

        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        assert_refused(try_refresh(&h, forged), "REFRESH_INVALID");
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_refused(try_refresh(&h, arena_strndup(&h.arena, session->refresh_token, cut)), "REFRESH_INVALID");
    assert_refused(try_refresh(&h, arena_printf(&h.arena, "%sA", session->refresh_token)), "REFRESH_INVALID");
    assert_refused(try_refresh(&h, arena_printf(&h.arena, "%.53s_", session->refresh_token)), "REFRESH_INVALID");
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED));
    assert_ok(try_refresh(&h, session->refresh_token));
    end(&h);
}

static void a_session_that_is_not_refreshed_ends_after_thirty_days(void **state)
{
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin(&h);
    session = login(&h, MOBILE);
    clock_step(&h.service.clock, REFRESH_LIFE_MS - CODE_RESEND_MS - 1);
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    clock_step(&h.service.clock, REFRESH_LIFE_MS);
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    end(&h);
}

static void what_is_past_its_time_is_forgotten(void **state)
{
    Identity__Session *session;
    char code[CODE_DIGITS + 1];
    struct harness h;

    (void)state;
    begin(&h);
    session = login(&h, MOBILE);
    clock_step(&h.service.clock, REFRESH_LIFE_MS / 2);
    login(&h, "16900000002");
    get_code(&h, "16900000003", code);
    clock_step(&h.service.clock, REFRESH_LIFE_MS / 2);
    harness_tidy(&h);
    /* Turned back, the clock shows what is there. */
    clock_step(&h.service.clock, -REFRESH_LIFE_MS / 2);
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    assert_refused(try_login(&h, "16900000003", code), "CODE_EXPIRED");
    end(&h);
}

static void old_sessions_are_forgotten_slice_by_slice_and_from_the_beginning_again(void **state)
{
    static const char many[] =
        "INSERT INTO session (session_id, member_id, family, turn, expires_at) WITH RECURSIVE n (i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i, max(member_id), x'', x'', 1 FROM n, member "
        "GROUP BY i";
    struct session session;
    struct harness h;

    (void)state;
    begin(&h);
    login(&h, MOBILE);
    harness_tamper(&h, many);
    harness_tidy(&h);
    assert_false(sessions_find(&identity_of(&h)->sessions, 1000, &session));
    assert_true(sessions_find(&identity_of(&h)->sessions, 1001, &session));
    harness_tidy(&h);
    assert_false(sessions_find(&identity_of(&h)->sessions, 1500, &session));
    harness_tidy(&h); /* nothing is left */
    harness_tamper(&h, many);
    clock_step(&h.service.clock, PURGE_PERIOD_MS);
    for (int slices = 0; slices < 3; slices++)
        harness_tidy(&h);
    assert_false(sessions_find(&identity_of(&h)->sessions, 1, &session));
    assert_false(sessions_find(&identity_of(&h)->sessions, 1500, &session));
    end(&h);
}

static void signing_out_ends_the_session_and_is_told_to_the_journal(void **state)
{
    Identity__LogoutRequest request = IDENTITY__LOGOUT_REQUEST__INIT;
    Identity__Session *session;
    Rpc__Principal *principal;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    session = login(&h, MOBILE);
    principal = principal_of(&h, session);
    assert_ok(harness_call(&h, "Identity.Logout", &request.base, principal, NULL));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     principal->session_id);
    assert_refused(try_refresh(&h, session->refresh_token), "REFRESH_INVALID");
    rows = journal_rows(&h);
    assert_ok(harness_call(&h, "Identity.Logout", &request.base, principal, NULL));
    assert_int_equal(journal_rows(&h), rows);
    assert_refused(harness_call(&h, "Identity.Logout", &request.base, NULL, NULL), "MISSING_TOKEN");
    end(&h);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_login_that_cannot_be_stored_leaves_nothing(void **state)
{
    char code[CODE_DIGITS + 1];
    const Rpc__Answer *answer;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    signal(SIGXFSZ, SIG_IGN);
    get_code(&h, MOBILE, code);
    rows = journal_rows(&h);
    harness_off_record(&h);
    limit_files(1024);
    answer = try_login(&h, MOBILE, code);
    limit_files(RLIM_INFINITY);
    assert_true(answer->reason == RPC__REASON__STORE_FAILED || answer->reason == RPC__REASON__STORE_FULL);
    assert_int_equal(journal_rows(&h), rows);
    /* The code is not used up, and the store goes on. */
    answer = try_login(&h, MOBILE, code);
    assert_ok(answer);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_lets_in_once_and_makes_a_member),
        cmocka_unit_test(the_same_number_is_the_same_member_in_another_session),
        cmocka_unit_test(a_code_is_sent_once_a_minute_whoever_asks),
        cmocka_unit_test(a_number_that_signed_in_is_answered_like_any_other),
        cmocka_unit_test(a_code_lives_five_minutes),
        cmocka_unit_test(a_code_is_guessed_five_times),
        cmocka_unit_test(wrong_answers_from_elsewhere_use_up_nothing),
        cmocka_unit_test(a_code_serves_for_its_purpose_alone),
        cmocka_unit_test(the_codes_of_a_number_an_address_and_a_day_are_bounded),
        cmocka_unit_test(the_code_of_another_number_is_wrong),
        cmocka_unit_test(what_is_no_mobile_number_is_refused),
        cmocka_unit_test(without_a_sender_no_code_is_made),
        cmocka_unit_test(the_bridge_is_told_the_code_and_takes_back_what_was_not_sent),
        cmocka_unit_test(an_unknown_sender_is_refused_at_start),
        cmocka_unit_test(a_restart_forgets_neither_codes_nor_sessions),
        cmocka_unit_test(a_refresh_token_serves_once),
        cmocka_unit_test(a_refresh_that_is_said_twice_has_one_successor),
        cmocka_unit_test(another_device_does_not_refresh_again),
        cmocka_unit_test(a_second_use_of_a_refresh_token_ends_the_session),
        cmocka_unit_test(a_forged_refresh_token_ends_no_session),
        cmocka_unit_test(a_session_that_is_not_refreshed_ends_after_thirty_days),
        cmocka_unit_test(what_is_past_its_time_is_forgotten),
        cmocka_unit_test(old_sessions_are_forgotten_slice_by_slice_and_from_the_beginning_again),
        cmocka_unit_test(signing_out_ends_the_session_and_is_told_to_the_journal),
        cmocka_unit_test(a_login_that_cannot_be_stored_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
