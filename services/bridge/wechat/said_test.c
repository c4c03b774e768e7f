#include "services/bridge/wechat/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static bool said(enum wechat_what what, const char *body, struct wechat_said *ret)
{
    return wechat_said_read(what, body, strlen(body), ret);
}

static void a_session_is_read_with_and_without_a_unionid(void **state)
{
    struct wechat_said out;

    (void)state;
    assert_true(said(WECHAT_SESSION, "{\"session_key\":\"tiihtNczf5v6AKRyjwEUhQ==\",\"openid\":\"oGZU\"}", &out));
    assert_int_equal(out.errcode, 0);
    assert_string_equal(out.openid, "oGZU");
    assert_string_equal(out.unionid, "");
    assert_true(said(WECHAT_SESSION, "{\"openid\":\"o1\",\"unionid\":\"o6_b\",\"errcode\":0}", &out));
    assert_string_equal(out.unionid, "o6_b");
}

static void a_token_is_read_with_its_life(void **state)
{
    char body[WECHAT_TOKEN_SIZE + 64], token[WECHAT_TOKEN_SIZE + 1];
    struct wechat_said out;

    (void)state;
    memset(token, 't', sizeof(token));
    token[WECHAT_TOKEN_SIZE - 1] = '\0';
    snprintf(body, sizeof(body), "{\"access_token\":\"%s\",\"expires_in\":7200}", token);
    assert_true(said(WECHAT_TOKEN, body, &out));
    assert_string_equal(out.token, token);
    assert_int_equal(out.expires_in_s, 7200);
    assert_true(
        said(WECHAT_TICKET, "{\"errcode\":0,\"errmsg\":\"ok\",\"ticket\":\"sM4-_x\",\"expires_in\":7200}", &out));
    assert_string_equal(out.token, "sM4-_x");
    assert_false(said(WECHAT_TICKET, "{\"errcode\":0,\"access_token\":\"sM4\",\"expires_in\":7200}", &out));
    assert_false(said(WECHAT_TICKET, "{\"ticket\":\"a&b\",\"expires_in\":7200}", &out));
    token[WECHAT_TOKEN_SIZE - 1] = 't';
    token[WECHAT_TOKEN_SIZE] = '\0';
    snprintf(body, sizeof(body), "{\"access_token\":\"%s\",\"expires_in\":7200}", token);
    assert_false(said(WECHAT_TOKEN, body, &out));
    assert_false(said(WECHAT_TOKEN, "{\"access_token\":\"a&b\",\"expires_in\":7200}", &out));
    assert_false(said(WECHAT_TOKEN, "{\"access_token\":\"a\"}", &out));
}

#define PHONE(country)                                                                                                 \
    "{\"errcode\":0,\"errmsg\":\"ok\",\"phone_info\":{\"phoneNumber\":\"13580006666\",\"purePhoneNumber\":"            \
    "\"13580006666\",\"countryCode\":" country ",\"watermark\":{\"timestamp\":1637744274,\"appid\":\"wx1\"}}}"

static void a_country_is_a_number_or_a_text(void **state)
{
    struct wechat_said out;

    (void)state;
    assert_true(said(WECHAT_PHONE, PHONE("86"), &out));
    assert_string_equal(out.country, "86");
    assert_string_equal(out.mobile, "13580006666");
    assert_string_equal(out.appid, "wx1");
    assert_true(said(WECHAT_PHONE, PHONE("\"86\""), &out));
    assert_string_equal(out.country, "86");
    assert_true(said(WECHAT_PHONE, PHONE("-9223372036854775807"), &out));
    assert_string_not_equal(out.country, "86");
    assert_false(said(WECHAT_PHONE, PHONE("null"), &out));
    assert_false(said(WECHAT_PHONE, PHONE("\"12345678\""), &out));
}

static void a_refusal_is_its_errcode_alone(void **state)
{
    struct wechat_said out;

    (void)state;
    assert_true(said(WECHAT_SESSION, "{\"errcode\":40029,\"errmsg\":\"invalid code, rid: 6\",\"openid\":\"o\"}", &out));
    assert_int_equal(out.errcode, 40029);
    assert_string_equal(out.openid, "");
    assert_true(said(WECHAT_PHONE, "{\"errcode\":-1}", &out));
    assert_int_equal(out.errcode, -1);
}

static void what_is_no_answer_is_told_apart(void **state)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "0",
        "\"openid\"",
        "{}",
        "{\"openid\":\"\"}",
        "{\"openid\":7}",
        "{\"openid\":\"o\",\"openid\":\"p\"}",
        "{\"openid\":\"o\",\"unionid\":7}",
        "{\"openid\":\"o\\u0000x\"}",
        "{\"openid\":\"o\"} more",
        "{\"openid\":\"o\"",
        "{\"errcode\":\"0\",\"openid\":\"o\"}",
        "{\"errcode\":1e3,\"openid\":\"o\"}",
        "{\"errcode\":99999999999999999999}",
        "<html>502 Bad Gateway</html>",
        "\xff\xfe",
    };
    struct wechat_said out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        assert_false(said(WECHAT_SESSION, bodies[i], &out));
    assert_false(said(WECHAT_PHONE, "{\"errcode\":0,\"phone_info\":null}", &out));
    assert_false(
        said(WECHAT_PHONE, "{\"errcode\":0,\"phone_info\":{\"purePhoneNumber\":\"1\",\"countryCode\":86}}", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_read_with_and_without_a_unionid),
        cmocka_unit_test(a_token_is_read_with_its_life),
        cmocka_unit_test(a_country_is_a_number_or_a_text),
        cmocka_unit_test(a_refusal_is_its_errcode_alone),
        cmocka_unit_test(what_is_no_answer_is_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
