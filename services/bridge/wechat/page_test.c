#include "services/bridge/wechat/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define APP "wx0000000000000001"
#define NOW INT64_C(1767225600000)
#define URI "https://gh.example/member?a=1"
/* SHA-256 of "secret", by sha256sum. */
#define CHALLENGE "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static struct page page;

static int setup(void **state)
{
    static const unsigned char key[32] = "thirty-two bytes of a random key";

    (void)state;
    return page_init(&page, "https://open.weixin.qq.com", "gh.example,127.0.0.1:8080", key);
}

/* The state of a visit that is begun now. */
static const char *begun(char address[PAGE_ADDRESS_SIZE])
{
    static char state[PAGE_STATE_SIZE];
    const char *at;

    assert_true(page_begin(&page, APP, URI, CHALLENGE, false, NOW, address));
    at = strstr(address, "&state=");
    assert_non_null(at);
    snprintf(state, sizeof(state), "%.*s", PAGE_STATE_SIZE - 1, at + 7);
    return state;
}

static void the_address_is_as_wechat_wants_it(void **state)
{
    char address[PAGE_ADDRESS_SIZE], expected[PAGE_ADDRESS_SIZE];
    const char *text;

    (void)state;
    text = begun(address);
    snprintf(
        expected, sizeof(expected),
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=" APP
        "&redirect_uri=https%%3A%%2F%%2Fgh.example%%2Fmember%%3Fa%%3D1&response_type=code&scope=snsapi_base&state=%s"
        "#wechat_redirect",
        text);
    assert_string_equal(address, expected);
    assert_int_equal(strlen(text), PAGE_STATE_SIZE - 1);
    assert_true(strlen(text) <= 128);
    assert_true(page_begin(&page, APP, URI, CHALLENGE, true, NOW, address));
    assert_non_null(strstr(address, "&scope=snsapi_userinfo&"));
    assert_false(page_begin(&page, APP, URI, "", false, NOW, address));
    assert_false(page_begin(&page, APP, URI, "G" CHALLENGE, false, NOW, address));
}

static void a_state_is_good_for_its_browser_its_app_and_ten_minutes(void **state)
{
    char address[PAGE_ADDRESS_SIZE], text[PAGE_STATE_SIZE];

    (void)state;
    snprintf(text, sizeof(text), "%s", begun(address));
    assert_true(page_state_ok(&page, APP, text, "secret", NOW));
    assert_true(page_state_ok(&page, APP, text, "secret", NOW + 599999));
    assert_false(page_state_ok(&page, APP, text, "secret", NOW + 600000));
    assert_false(page_state_ok(&page, APP, text, "another", NOW));
    assert_false(page_state_ok(&page, APP, text, "", NOW));
    assert_false(page_state_ok(&page, "wx0000000000000002", text, "secret", NOW));
    assert_false(page_state_ok(&page, APP, "", "secret", NOW));
    for (size_t i = 0; i < strlen(text); i++) {
        text[i] = (char)(text[i] == 'a' ? 'b' : 'a');
        assert_false(page_state_ok(&page, APP, text, "secret", NOW));
        snprintf(text, sizeof(text), "%s", begun(address));
    }
}

static void wechat_sends_back_to_listed_hosts_only(void **state)
{
    static const char *const good[] = {"https://gh.example/", "https://gh.example/a/b?c=d", "http://127.0.0.1:8080/",
                                       "https://127.0.0.1:8080/"};
    static const char *const bad[] = {
        "",
        "https://",
        "https:///",
        "https://gh.example",
        "https://gh.example?x=/",
        "http://gh.example/",
        "https://gh.example.evil/",
        "https://evil/gh.example/",
        "https://gh.example:8443/",
        "https://gh.example@evil/",
        "https://evil\\@gh.example/",
        "https://gh.example/#x",
        "https://gh.example/ x",
        "//gh.example/",
        "javascript://gh.example/",
        "https://gh.example,127.0.0.1:8080/",
        "http://127.0.0.1:8081/",
        "https://GH.example/",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(page_uri_ok(&page, good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(page_uri_ok(&page, bad[i]));
    page.hosts[0] = '\0';
    assert_false(page_uri_ok(&page, "https:///"));
    assert_false(page_uri_ok(&page, good[0]));
}

/* The samples of WeChat's page of the signature, and one as sha1sum says. */
static void an_address_is_signed_as_wechat_does_it(void **state)
{
    static const struct {
        const char *address, *signature;
    } cases[] = {
        {"http://mp.weixin.qq.com", "f4d90daf4b3bca3078ab155816175ba34c443a7b"},
        {"http://mp.weixin.qq.com?params=value", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"},
        {"http://mp.weixin.qq.com?params=value#/mine", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"},
        {"https://gh.example/a?x={1}", "df794c589ef1ed9c658f2e28f7af2235e06daf5b"},
    };
    char ret[HEX_SIZE(PAGE_SIGNATURE_LEN)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        page_sign("sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
                  "Wm3WZYTPz0wzccnW", 1414587457, cases[i].address, ret);
        assert_string_equal(ret, cases[i].signature);
    }
}

static void addresses_of_our_own_hosts_alone_are_signed(void **state)
{
    char address[PAGE_SIGNED_SIZE + 1] = "https://gh.example/";

    (void)state;
    assert_true(page_address_ok(&page, "https://gh.example/a?x={1}|^#/coupons"));
    assert_true(page_address_ok(&page, "http://127.0.0.1:8080/"));
    assert_false(page_address_ok(&page, "https://evil/#https://gh.example/"));
    assert_false(page_address_ok(&page, "https://gh.example@evil/"));
    assert_false(page_address_ok(&page, "https://gh.example.evil/"));
    assert_false(page_address_ok(&page, "http://gh.example/"));
    assert_false(page_address_ok(&page, "https://gh.example/\xe7\xa0\x81"));
    memset(address + strlen(address), 'a', PAGE_SIGNED_SIZE - strlen(address));
    assert_false(page_address_ok(&page, address));
    address[PAGE_SIGNED_SIZE - 1] = '\0';
    assert_true(page_address_ok(&page, address));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_address_is_as_wechat_wants_it),
        TEST(a_state_is_good_for_its_browser_its_app_and_ten_minutes),
        TEST(wechat_sends_back_to_listed_hosts_only),
        TEST(an_address_is_signed_as_wechat_does_it),
        TEST(addresses_of_our_own_hosts_alone_are_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
