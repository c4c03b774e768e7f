#include "services/bridge/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/reason.h"

static void each_errcode_has_its_meaning(void **state)
{
    static const struct {
        enum wechat_what what;
        int64_t errcode;
        enum wechat_next next;
        int reason;
    } cases[] = {
        {WECHAT_SESSION, 0, WECHAT_DONE, 0},
        {WECHAT_SESSION, -1, WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_SESSION, 40029, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_INVALID},
        {WECHAT_PHONE, 40029, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_INVALID},
        {WECHAT_SESSION, 40163, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_USED},
        {WECHAT_SESSION, 42003, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_EXPIRED},
        {WECHAT_SESSION, 40226, WECHAT_NEVER, BRIDGE__REASON__WECHAT_USER_BLOCKED},
        {WECHAT_SESSION, 45011, WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED},
        {WECHAT_TOKEN, 45009, WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED},
        {WECHAT_PHONE, 40001, WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_PHONE, 40014, WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_PHONE, 42001, WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_TOKEN, 40001, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_SESSION, 40001, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_SESSION, 40125, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 40164, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_PHONE, 48001, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_PAGE, 0, WECHAT_DONE, 0},
        {WECHAT_PAGE, -1, WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_PAGE, 40029, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_INVALID},
        {WECHAT_PAGE, 40163, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_USED},
        {WECHAT_PAGE, 42003, WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_EXPIRED},
        {WECHAT_PAGE, 40001, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_PHONE, -1, WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_PHONE, 45011, WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED},
        {WECHAT_TOKEN, -1, WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {WECHAT_TOKEN, 45011, WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED},
        {WECHAT_TOKEN, 40002, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 40013, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 40125, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 41002, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 41004, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 43002, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 89503, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 89506, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_TOKEN, 89507, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {WECHAT_PHONE, INT64_MAX, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wechat_verdict verdict = wechat_judge(cases[i].what, cases[i].errcode);

        assert_int_equal(verdict.next, cases[i].next);
        assert_int_equal(verdict.reason, cases[i].reason);
    }
}

static void a_call_is_tried_three_times_with_growing_pauses(void **state)
{
    (void)state;
    assert_int_equal(outside_delay_ms(1), 200);
    assert_int_equal(outside_delay_ms(2), 400);
    assert_int_equal(outside_delay_ms(3), -1);
    assert_int_equal(outside_delay_ms(1000), -1);
}

static void a_token_is_given_up_before_its_end(void **state)
{
    (void)state;
    assert_int_equal(wechat_token_life_ms(7200), 6900000);
    assert_int_equal(wechat_token_life_ms(300), 60000);
    assert_int_equal(wechat_token_life_ms(-5), 60000);
    assert_int_equal(wechat_token_life_ms(361), 61000);
    assert_int_equal(wechat_token_life_ms(INT64_MIN), 60000);
    assert_int_equal(wechat_token_life_ms(INT64_MAX), 86100000);
}

static void a_token_is_forced_twenty_times_a_day_and_not_twice_in_half_a_minute(void **state)
{
    struct wechat_forces forces = {0};
    int64_t now = 5;

    (void)state;
    assert_true(wechat_force(&forces, now));
    assert_false(wechat_force(&forces, now + 29999));
    for (int i = 1; i < 20; i++)
        assert_true(wechat_force(&forces, now + i * INT64_C(30000)));
    assert_false(wechat_force(&forces, now + 20 * INT64_C(30000)));
    assert_false(wechat_force(&forces, now + 86399999));
    assert_true(wechat_force(&forces, now + 86400000));
    assert_false(wechat_force(&forces, now + 86400001));
}

static void what_a_text_is_refused_for_has_its_reason(void **state)
{
    static const struct {
        int64_t errcode;
        enum wechat_next next;
        int reason;
    } cases[] = {
        {0, WECHAT_DONE, 0},
        {-1, WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {40003, WECHAT_NEVER, BRIDGE__REASON__WECHAT_OPENID_UNKNOWN},
        {43104, WECHAT_NEVER, BRIDGE__REASON__WECHAT_OPENID_UNKNOWN},
        {43101, WECHAT_NEVER, BRIDGE__REASON__WECHAT_NOT_SUBSCRIBED},
        {47003, WECHAT_NEVER, BRIDGE__REASON__WECHAT_MESSAGE_INVALID},
        {61010, WECHAT_NEVER, BRIDGE__REASON__WECHAT_NOT_ACTIVE},
        {40037, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {41030, WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US},
        {45009, WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED},
        {40001, WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
        {42001, WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int what = WECHAT_MESSAGE; what <= WECHAT_CHECK; what++) {
            struct wechat_verdict verdict = wechat_judge((enum wechat_what)what, cases[i].errcode);

            assert_int_equal(verdict.next, cases[i].next);
            assert_int_equal(verdict.reason, cases[i].reason);
        }
    }
    assert_is_reason(wechat_judge(WECHAT_SESSION, 43101).reason, BRIDGE__REASON__WECHAT_REFUSES_US);
}

static void a_value_is_of_its_kind(void **state)
{
    static const struct {
        const char *name, *value;
        bool ok;
    } cases[] = {
        {"thing1", "字字字字字字字字字字字字字字字字字字字字", true},
        {"thing1", "字字字字字字字字字字字字字字字字字字字字字", false},
        {"thing12", "a", true},
        {"thing", "a", false},
        {"thing1x", "a", false},
        {"1", "a", false},
        {"other1", "a", false},
        {"thing1", "", false},
        {"thing1", "a\nb", false},
        {"number1", "12.5", true},
        {"number1", "12,5", false},
        {"letter3", "abc", true},
        {"letter3", "a-c", false},
        {"character_string4", "A-1_2#", true},
        {"character_string4", "A 1", false},
        {"character_string4", "字", false},
        {"phone_number1", "+86-0757-8888888", true},
        {"phone_number1", "8888 8888", false},
        {"phrase5", "已通过", true},
        {"phrase5", "已经通过审核", false},
        {"car_number1", "粤E12345", true},
        {"amount1", "￥100.00元", true},
        {"time2", "2019年10月1日 15:01", true},
        {"date3", "2019年10月1日", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(wechat_value_ok(cases[i].name, cases[i].value), cases[i].ok);
}

static void a_partners_status_says_what_was_done(void **state)
{
    (void)state;
    assert_int_equal(partner_judge(200), PARTNER_DONE);
    assert_int_equal(partner_judge(503), PARTNER_BUSY);
    assert_int_equal(partner_judge(400), PARTNER_REFUSES);
    assert_int_equal(partner_judge(429), PARTNER_REFUSES);
    assert_int_equal(partner_judge(500), PARTNER_LOST);
    assert_int_equal(partner_judge(302), PARTNER_LOST);
    assert_int_equal(partner_judge(0), PARTNER_LOST);
}

static void only_https_leads_outside(void **state)
{
    static const char *const good[] = {"https://api.weixin.qq.com", "https://api.weixin.qq.com:443",
                                       "http://127.0.0.1:8090", "http://localhost:80"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "http://api.weixin.qq.com",
                                      "http://127.0.0.1",
                                      "http://127.0.0.1.evil.example:80",
                                      "http://localhost.evil.example",
                                      "https://a@b",
                                      "https://a/b",
                                      "https://a?b",
                                      "https://a b",
                                      "HTTPS://A",
                                      "file:///etc/passwd"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(outside_url_ok(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(outside_url_ok(bad[i]));
}

static void a_word_needs_no_escaping(void **state)
{
    (void)state;
    assert_true(wechat_word_ok("aZ09-_", 6));
    assert_false(wechat_word_ok("aZ09-_", 5));
    assert_false(wechat_word_ok("", 5));
    for (int c = 1; c < 256; c++) {
        char text[] = {'a', (char)c, '\0'};
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';

        assert_int_equal(wechat_word_ok(text, 2), good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_errcode_has_its_meaning),
        cmocka_unit_test(a_call_is_tried_three_times_with_growing_pauses),
        cmocka_unit_test(a_token_is_given_up_before_its_end),
        cmocka_unit_test(a_token_is_forced_twenty_times_a_day_and_not_twice_in_half_a_minute),
        cmocka_unit_test(what_a_text_is_refused_for_has_its_reason),
        cmocka_unit_test(a_value_is_of_its_kind),
        cmocka_unit_test(a_partners_status_says_what_was_done),
        cmocka_unit_test(only_https_leads_outside),
        cmocka_unit_test(a_word_needs_no_escaping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
