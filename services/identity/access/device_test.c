/* Where a member is signed in, and ending that. */
#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/access/sessions.h"

#define MOBILE "16900000001"

static Rpc__Principal *signed_in_on(struct harness *h, const char *device)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    char code[CODE_DIGITS + 1];

    get_code(h, MOBILE, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    request.mobile = MOBILE;
    request.code = code;
    request.device = unconst(device);
    return principal_of(h, harness_output(h, harness_call(h, "Identity.Login", &request.base, NULL, NULL),
                                          &identity__session__descriptor));
}

static const Rpc__Answer *ask_list(struct harness *h, const Rpc__Principal *who)
{
    Identity__ListSessionsRequest request = IDENTITY__LIST_SESSIONS_REQUEST__INIT;

    return harness_call(h, "Devices.ListSessions", &request.base, who, NULL);
}

static Identity__LiveSessionList *list(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, ask_list(h, who), &identity__live_session_list__descriptor);
}

static const Rpc__Answer *end_session(struct harness *h, const Rpc__Principal *who, int64_t session_id)
{
    Identity__EndSessionRequest request = IDENTITY__END_SESSION_REQUEST__INIT;

    request.session_id = session_id;
    return harness_call(h, "Devices.EndSession", &request.base, who, NULL);
}

static const Rpc__Answer *log_out_everywhere(struct harness *h, const Rpc__Principal *who)
{
    Identity__LogoutEverywhereRequest request = IDENTITY__LOGOUT_EVERYWHERE_REQUEST__INIT;

    return harness_call(h, "Devices.LogoutEverywhere", &request.base, who, NULL);
}

static int64_t last_revoked(struct harness *h)
{
    return last_event(h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id;
}

static void a_member_sees_where_she_is_signed_in(void **state)
{
    Rpc__Principal *phone, *tablet;
    Identity__LiveSessionList *sessions;
    Identity__WechatLoginRequest wechat = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;
    int64_t opened;
    struct harness h;

    (void)state;
    begin(&h);
    person_signed_in(&h, 2);
    phone = signed_in_on(&h, "手机");
    tablet = signed_in_on(&h, "");
    wechat.appid = "wx1";
    wechat.openid = "o1";
    wechat.mobile = MOBILE;
    wechat.device = "iPhone 15";
    opened = clock_now(&h.service.clock);
    harness_output(&h, harness_call(&h, "Identity.CompleteWechatLogin", &wechat.base, harness_internal(&h), NULL),
                   &identity__session__descriptor);
    sessions = list(&h, phone);
    assert_int_equal(sessions->n_sessions, 3);
    assert_int_equal(sessions->sessions[0]->sign_in, IDENTITY__SIGN_IN__SIGN_IN_BY_WECHAT);
    assert_string_equal(sessions->sessions[0]->device, "iPhone 15");
    assert_int_equal(sessions->sessions[0]->opened_at, opened);
    assert_int_equal(sessions->sessions[0]->expires_at, opened + REFRESH_LIFE_MS);
    assert_int_equal(sessions->sessions[1]->session_id, tablet->session_id);
    assert_false(sessions->sessions[1]->own);
    assert_int_equal(sessions->sessions[2]->sign_in, IDENTITY__SIGN_IN__SIGN_IN_BY_CODE);
    assert_string_equal(sessions->sessions[2]->device, "手机");
    assert_true(sessions->sessions[2]->own);
    end(&h);
}

static void a_refresh_is_seen_and_what_is_over_is_not(void **state)
{
    Identity__Session *session;
    Identity__LiveSessionList *sessions;
    int64_t opened;
    struct harness h;

    (void)state;
    begin(&h);
    signed_in_on(&h, "old");
    clock_step(&h.service.clock, REFRESH_LIFE_MS - 2 * CODE_RESEND_MS);
    session = login(&h, MOBILE);
    opened = clock_now(&h.service.clock);
    clock_step(&h.service.clock, 2 * CODE_RESEND_MS);
    assert_ok(try_refresh(&h, session->refresh_token));
    sessions = list(&h, principal_of(&h, session));
    assert_int_equal(sessions->n_sessions, 1);
    assert_int_equal(sessions->sessions[0]->opened_at, opened);
    assert_int_equal(sessions->sessions[0]->refreshed_at, opened + 2 * CODE_RESEND_MS);
    end(&h);
}

static void a_member_ends_one_of_her_own_sessions_and_no_others(void **state)
{
    Rpc__Principal *phone, *tablet, *other;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    phone = signed_in_on(&h, "");
    tablet = signed_in_on(&h, "");
    other = person_signed_in(&h, 2);
    rows = journal_rows(&h);
    assert_refused(end_session(&h, other, tablet->session_id), "SESSION_NOT_FOUND");
    assert_refused(end_session(&h, other, 4711), "SESSION_NOT_FOUND");
    assert_int_equal(journal_rows(&h), rows);
    assert_ok(end_session(&h, phone, tablet->session_id));
    assert_int_equal(last_revoked(&h), tablet->session_id);
    assert_refused(end_session(&h, phone, tablet->session_id), "SESSION_NOT_FOUND");
    assert_ok(end_session(&h, phone, phone->session_id));
    assert_refused(end_session(&h, phone, phone->session_id), "TOKEN_REVOKED");
    assert_refused(ask_list(&h, phone), "TOKEN_REVOKED");
    end(&h);
}

static void logging_out_everywhere_ends_all_of_hers_at_once(void **state)
{
    Rpc__Principal *phone, *other;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    other = person_signed_in(&h, 2);
    signed_in_on(&h, "");
    assert_ok(enter_by_wechat(&h, "o1", MOBILE));
    assert_ok(enter_by_wechat(&h, "o1", "")); /* as a door that is hers */
    phone = signed_in_on(&h, "");
    rows = journal_rows(&h);
    assert_ok(log_out_everywhere(&h, phone));
    assert_int_equal(journal_rows(&h), rows + 6); /* a door, what was told of it, and four sessions */
    assert_refused(ask_list(&h, phone), "TOKEN_REVOKED");
    assert_refused(enter_by_wechat(&h, "o1", ""), "WECHAT_NOT_BOUND");
    assert_int_equal(list(&h, other)->n_sessions, 1);
    assert_ok(log_out_everywhere(&h, phone));
    assert_int_equal(journal_rows(&h), rows + 6);
    end(&h);
}

static const Rpc__Answer *list_hers(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__ListMemberSessionsRequest request = IDENTITY__LIST_MEMBER_SESSIONS_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Devices.ListMemberSessions", &request.base, who, NULL);
}

static const Rpc__Answer *end_hers(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__EndMemberSessionsRequest request = IDENTITY__END_MEMBER_SESSIONS_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Devices.EndMemberSessions", &request.base, who, NULL);
}

/* Over all her offices: one that covers only some of them is not enough. */
static void who_watches_over_an_official_sees_and_ends_her_sessions(void **state)
{
    const Rpc__Principal *guard, *high;
    Identity__LiveSessionList *sessions;
    Rpc__Principal *hers;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    assert_ok(create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
    hers = principal_of(&h, enrolled(&h, MOBILE));
    guard = harness_official(&h, 8, RULE__ROLE__SECURITY_ADMIN, "00000000");
    high = harness_official(&h, 9, RULE__ROLE__SECURITY_ADMIN, "0000");
    sessions = harness_output(&h, list_hers(&h, guard, hers->member_id), &identity__live_session_list__descriptor);
    assert_true(sessions->n_sessions > 0);
    assert_int_equal(sessions->sessions[0]->member_id, hers->member_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen->member_ids[0], hers->member_id);
    assert_refused(list_hers(&h, harness_official(&h, 8, RULE__ROLE__SECURITY_ADMIN, "00000001"), hers->member_id),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(list_hers(&h, harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, "0000"), hers->member_id),
                   "NOT_OFFICIAL");
    assert_refused(list_hers(&h, high, 4711), "MEMBER_NOT_FOUND");
    assert_ok(create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__FINANCE, "440605"));
    rows = journal_rows(&h);
    assert_refused(end_hers(&h, guard, hers->member_id), "OUTSIDE_YOUR_UNION");
    assert_int_equal(journal_rows(&h), rows);
    assert_ok(end_hers(&h, high, hers->member_id));
    sessions = harness_output(&h, list_hers(&h, high, hers->member_id), &identity__live_session_list__descriptor);
    assert_int_equal(sessions->n_sessions, 0);
    assert_refused(ask_list(&h, hers), "TOKEN_REVOKED");
    end(&h);
}

static void one_session_too_many_ends_the_oldest(void **state)
{
    Rpc__Principal *first, *last = NULL;
    struct harness h;

    (void)state;
    begin(&h);
    first = signed_in_on(&h, "first");
    for (int i = 1; i < SESSIONS_MAX; i++) {
        clock_step(&h.service.clock, CODE_WINDOW_MS / CODE_SENDS);
        last = signed_in_on(&h, "");
    }
    assert_int_equal(list(&h, first)->n_sessions, SESSIONS_MAX);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED));
    clock_step(&h.service.clock, CODE_WINDOW_MS / CODE_SENDS);
    signed_in_on(&h, "");
    assert_int_equal(last_revoked(&h), first->session_id);
    assert_int_equal(list(&h, last)->n_sessions, SESSIONS_MAX);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_sees_where_she_is_signed_in),
        cmocka_unit_test(a_refresh_is_seen_and_what_is_over_is_not),
        cmocka_unit_test(a_member_ends_one_of_her_own_sessions_and_no_others),
        cmocka_unit_test(logging_out_everywhere_ends_all_of_hers_at_once),
        cmocka_unit_test(who_watches_over_an_official_sees_and_ends_her_sessions),
        cmocka_unit_test(one_session_too_many_ends_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
