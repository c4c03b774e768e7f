/* What is asked of WeChat, with the test in WeChat's place: requests are noted as they
 * go out and answered one by one. */
#include "services/bridge/wechat/wechat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "rpc.pb-c.h"
#include "tests/reason.h"

#define APP     "wx0000000000000001"
#define OTHER   "wx0000000000000002"
#define SECRET  "0123456789abcdef0123456789abcdef"
#define N_ASKED 2000

struct asked {
    char url[1400], json[512];
    fetch_done done;
    void *arg;
};

static struct wechat wechat;
static uv_loop_t loop;
static struct asked asked[N_ASKED];
static unsigned n_asked, room;

/* What the calls ended with. */
static struct ended {
    unsigned n;
    int reason;
    char openid[WECHAT_NAME_SIZE], unionid[WECHAT_NAME_SIZE], mobile[32];
} ended;

static bool note(void *self, const struct fetch_request *request, fetch_done done, void *arg)
{
    struct asked *one = &asked[n_asked];

    assert_ptr_equal(self, &room);
    assert_in_range(request->timeout_ms, 1, WECHAT_TRY_MS);
    if (n_asked == room)
        return false;
    n_asked++;
    snprintf(one->url, sizeof(one->url), "%s", request->url);
    snprintf(one->json, sizeof(one->json), "%s", request->json ? request->json : "");
    one->done = done;
    one->arg = arg;
    return true;
}

static void on_end(void *arg, const struct wechat_result *result)
{
    assert_ptr_equal(arg, &room);
    ended.n++;
    ended.reason = result->reason;
    snprintf(ended.openid, sizeof(ended.openid), "%s", result->openid);
    snprintf(ended.unionid, sizeof(ended.unionid), "%s", result->unionid);
    snprintf(ended.mobile, sizeof(ended.mobile), "%s", result->mobile);
}

static int setup(void **state)
{
    char path[] = "/tmp/huigong-test-wechat-XXXXXX";
    static const char apps[] = "# mini-programs\n" APP " " SECRET "\n\n" OTHER " another\n";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, apps, sizeof(apps) - 1), sizeof(apps) - 1);
    close(fd);
    assert_int_equal(wechat_init(&wechat, "https://api.weixin.qq.com", path, ""), 0);
    unlink(path);
    assert_int_equal(wechat.n_apps, 2);
    uv_loop_init(&loop);
    ended = (struct ended){0};
    n_asked = 0;
    room = N_ASKED;
    wechat_open(&wechat, &loop, note, &room);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wechat_close(&wechat);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void answer(unsigned i, const char *body)
{
    struct fetch_answer fetched = {.status = 200, .body = body, .len = strlen(body)};

    assert_true(i < n_asked && asked[i].done);
    asked[i].done(asked[i].arg, &fetched);
    asked[i].done = NULL;
}

static void lose(unsigned i)
{
    struct fetch_answer fetched = {.failure = "Timeout was reached", .body = ""};

    asked[i].done(asked[i].arg, &fetched);
    asked[i].done = NULL;
}

/* Until the next request is out. */
static void until_asked(unsigned n)
{
    while (n_asked < n)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(n_asked, n);
}

#define TOKEN_ANSWER "{\"access_token\":\"token1\",\"expires_in\":7200}"
#define PHONE_ANSWER(appid, country)                                                                                   \
    "{\"errcode\":0,\"phone_info\":{\"purePhoneNumber\":\"13580006666\",\"countryCode\":\"" country                    \
    "\",\"watermark\":{\"appid\":\"" appid "\"}}}"

static void phone(void)
{
    assert_is_reason(wechat_phone(&wechat, APP, "phonecode", 5000, on_end, &room), 0);
}

static void a_code_is_sent_with_the_secret_of_its_app(void **state)
{
    (void)state;
    assert_is_reason(wechat_session(&wechat, OTHER, "code-1_A", 5000, on_end, &room), 0);
    assert_int_equal(n_asked, 1);
    assert_string_equal(asked[0].url, "https://api.weixin.qq.com/sns/jscode2session?appid=" OTHER
                                      "&secret=another&js_code=code-1_A&grant_type=authorization_code");
    assert_string_equal(asked[0].json, "");
    answer(0, "{\"openid\":\"o1\",\"unionid\":\"u1\",\"session_key\":\"k\"}");
    assert_int_equal(ended.n, 1);
    assert_int_equal(ended.reason, 0);
    assert_string_equal(ended.openid, "o1");
    assert_string_equal(ended.unionid, "u1");
}

static void a_number_is_asked_for_with_a_token(void **state)
{
    (void)state;
    phone();
    assert_string_equal(asked[0].url, "https://api.weixin.qq.com/cgi-bin/stable_token");
    assert_string_equal(asked[0].json, "{\"grant_type\":\"client_credential\",\"appid\":\"" APP
                                       "\",\"secret\":\"" SECRET "\",\"force_refresh\":false}");
    answer(0, TOKEN_ANSWER);
    assert_string_equal(asked[1].url, "https://api.weixin.qq.com/wxa/business/getuserphonenumber?access_token=token1");
    assert_string_equal(asked[1].json, "{\"code\":\"phonecode\"}");
    answer(1, PHONE_ANSWER(APP, "86"));
    assert_int_equal(ended.n, 1);
    assert_string_equal(ended.mobile, "13580006666");
    phone();
    assert_int_equal(n_asked, 3);
    answer(2, PHONE_ANSWER(OTHER, "86"));
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_OTHER_APP);
    phone();
    answer(3, PHONE_ANSWER(APP, "852"));
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_PHONE_FOREIGN);
}

static void all_who_need_a_token_wait_for_one_request(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        phone();
    assert_int_equal(n_asked, 1);
    answer(0, TOKEN_ANSWER);
    assert_int_equal(n_asked, 101);
    for (unsigned i = 1; i <= 100; i++)
        answer(i, PHONE_ANSWER(APP, "86"));
    assert_int_equal(ended.n, 100);
    assert_int_equal(wechat.tokens, 1);
}

static void no_token_refuses_all_who_wait_and_the_next_asks_again(void **state)
{
    (void)state;
    phone();
    phone();
    answer(0, "{\"errcode\":40125,\"errmsg\":\"invalid appsecret\"}");
    assert_int_equal(ended.n, 2);
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_REFUSES_US);
    phone();
    assert_int_equal(n_asked, 2);
    answer(1, TOKEN_ANSWER);
    answer(2, PHONE_ANSWER(APP, "86"));
    assert_int_equal(ended.reason, 0);
}

static void a_refused_token_is_replaced_once_for_all(void **state)
{
    (void)state;
    phone();
    answer(0, TOKEN_ANSWER);
    phone();
    answer(1, "{\"errcode\":42001}");
    assert_int_equal(n_asked, 4); /* both calls, and the request for the token */
    answer(3, "{\"access_token\":\"token2\",\"expires_in\":7200}");
    assert_non_null(strstr(asked[4].url, "=token2"));
    /* The other learns of its token's end when there is a new one already. */
    answer(2, "{\"errcode\":40001}");
    assert_int_equal(n_asked, 6);
    assert_non_null(strstr(asked[5].url, "=token2"));
    answer(4, PHONE_ANSWER(APP, "86"));
    answer(5, PHONE_ANSWER(APP, "86"));
    assert_int_equal(ended.n, 2);
    assert_int_equal(ended.reason, 0);
    assert_int_equal(wechat.tokens, 2);
}

static void a_token_that_comes_again_after_its_refusal_is_forced(void **state)
{
    (void)state;
    phone();
    answer(0, TOKEN_ANSWER);
    answer(1, "{\"errcode\":40001}");
    answer(2, TOKEN_ANSWER);
    assert_non_null(strstr(asked[3].json, "\"force_refresh\":true"));
    answer(3, "{\"access_token\":\"token2\",\"expires_in\":7200}");
    answer(4, "{\"errcode\":40001}");
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_UNAVAILABLE);
    assert_int_equal(n_asked, 5);
    /* Forced so lately that WeChat would refuse: the token it gives is tried once more. */
    phone();
    answer(5, "{\"errcode\":40001}");
    answer(6, "{\"access_token\":\"token2\",\"expires_in\":7200}");
    assert_non_null(strstr(asked[7].url, "getuserphonenumber"));
    answer(7, "{\"errcode\":40001}");
    assert_int_equal(ended.n, 2);
    assert_int_equal(n_asked, 8);
}

static void a_busy_wechat_is_asked_three_times(void **state)
{
    (void)state;
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    for (unsigned i = 0; i < 3; i++) {
        until_asked(i + 1);
        assert_int_equal(ended.n, 0);
        answer(i, "{\"errcode\":-1}");
    }
    assert_int_equal(ended.n, 1);
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_UNAVAILABLE);
    assert_true(wechat.sick);
}

static void used_after_a_lost_answer_is_nobodys_fault(void **state)
{
    (void)state;
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    lose(0);
    until_asked(2);
    answer(1, "{\"errcode\":40163}");
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_UNAVAILABLE);
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    answer(2, "{\"errcode\":40163}");
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_CODE_USED);
    assert_int_equal(ended.n, 2);
}

static void no_try_is_begun_that_could_not_end_in_time(void **state)
{
    (void)state;
    assert_is_reason(wechat_session(&wechat, APP, "code", 0, on_end, &room), BRIDGE__REASON__WECHAT_UNAVAILABLE);
    assert_int_equal(n_asked, 0);
    assert_is_reason(wechat_session(&wechat, APP, "code", OUTSIDE_DELAY_MS, on_end, &room), 0);
    answer(0, "{\"errcode\":-1}");
    assert_int_equal(ended.n, 1);
    assert_int_equal(n_asked, 1);
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    (void)state;
    assert_is_reason(wechat_session(&wechat, "wx9", "code", 5000, on_end, &room), BRIDGE__REASON__WECHAT_APP_UNKNOWN);
    assert_is_reason(wechat_session(&wechat, APP, "a&b=c", 5000, on_end, &room), BRIDGE__REASON__WECHAT_CODE_INVALID);
    room = 0;
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), RPC__REASON__OVERLOADED);
    assert_is_reason(wechat_phone(&wechat, APP, "code", 5000, on_end, &room), RPC__REASON__OVERLOADED);
    room = N_ASKED;
    for (unsigned i = 0; i < WECHAT_JOBS; i++)
        assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), RPC__REASON__OVERLOADED);
    assert_int_equal(ended.n, 0);
    answer(0, "{\"openid\":\"o\"}");
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    /* A token that no request could be sent for is asked for by the next. */
    answer(1, "{\"openid\":\"o\"}");
    phone();
    assert_string_equal(asked[n_asked - 1].url, "https://api.weixin.qq.com/cgi-bin/stable_token");
}

static void ticket(void)
{
    wechat.apps[0].account = true;
    assert_is_reason(wechat_ticket(&wechat, 5000, on_end, &room), 0);
}

static void all_who_need_the_ticket_wait_for_one_request(void **state)
{
    (void)state;
    assert_is_reason(wechat_ticket(&wechat, 5000, on_end, &room), BRIDGE__REASON__WECHAT_NO_ACCOUNT);
    for (unsigned i = 0; i < 100; i++)
        ticket();
    assert_null(wechat_ticket_now(&wechat));
    answer(0, TOKEN_ANSWER);
    assert_int_equal(n_asked, 2);
    assert_string_equal(asked[1].url,
                        "https://api.weixin.qq.com/cgi-bin/ticket/getticket?access_token=token1&type=jsapi");
    assert_string_equal(asked[1].json, "");
    answer(1, "{\"errcode\":42001}");
    answer(2, "{\"access_token\":\"token2\",\"expires_in\":7200}");
    assert_int_equal(ended.n, 0);
    answer(3, "{\"errcode\":0,\"ticket\":\"ticket1\",\"expires_in\":7200}");
    assert_int_equal(ended.n, 100);
    assert_int_equal(ended.reason, 0);
    assert_string_equal(wechat_ticket_now(&wechat), "ticket1");
    assert_int_equal(n_asked, 4);
    assert_int_equal(wechat.apps[0].ticket_until_ms, (int64_t)uv_now(&loop) + 6900000);
    wechat.apps[0].ticket_until_ms = (int64_t)uv_now(&loop);
    assert_null(wechat_ticket_now(&wechat));
}

static void no_ticket_refuses_all_who_wait_and_the_next_asks_again(void **state)
{
    (void)state;
    ticket();
    answer(0, TOKEN_ANSWER);
    ticket();
    answer(1, "{\"errcode\":48001}");
    assert_int_equal(ended.n, 2);
    assert_is_reason(ended.reason, BRIDGE__REASON__WECHAT_REFUSES_US);
    assert_null(wechat_ticket_now(&wechat));
    ticket();
    assert_int_equal(n_asked, 3);
    answer(2, "{\"ticket\":\"ticket1\",\"expires_in\":7200}");
    assert_int_equal(ended.n, 3);
    assert_int_equal(ended.reason, 0);
}

static void stopping_answers_all(void **state)
{
    phone();
    phone();
    assert_is_reason(wechat_session(&wechat, APP, "code", 5000, on_end, &room), 0);
    ticket();
    ticket();
    teardown(state);
    assert_int_equal(ended.n, 5);
    assert_is_reason(ended.reason, RPC__REASON__STOPPING);
    setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_code_is_sent_with_the_secret_of_its_app),
        TEST(a_number_is_asked_for_with_a_token),
        TEST(all_who_need_a_token_wait_for_one_request),
        TEST(no_token_refuses_all_who_wait_and_the_next_asks_again),
        TEST(a_refused_token_is_replaced_once_for_all),
        TEST(a_token_that_comes_again_after_its_refusal_is_forced),
        TEST(a_busy_wechat_is_asked_three_times),
        TEST(used_after_a_lost_answer_is_nobodys_fault),
        TEST(no_try_is_begun_that_could_not_end_in_time),
        TEST(what_cannot_be_asked_is_refused_at_once),
        TEST(all_who_need_the_ticket_wait_for_one_request),
        TEST(no_ticket_refuses_all_who_wait_and_the_next_asks_again),
        TEST(stopping_answers_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
