/* What is asked of a partner, with the test in its place: requests are noted as they go
 * out and answered one by one. */
#include "services/bridge/partner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW     INT64_C(1767225600000)
#define N_ASKED 300
#define PATH    "/v1/identity-checks"

struct asked {
    char url[256], json[256], authorization[PARTNER_SIGN_SIZE];
    fetch_done done;
    void *arg;
};

static struct partner partner;
static struct clock now;
static uv_loop_t loop;
static struct asked asked[N_ASKED];
static unsigned n_asked, room;

/* What the calls ended with. */
static struct ended {
    unsigned n;
    enum partner_end end;
    char result[32];
} ended;

static bool note(void *self, const struct fetch_request *request, fetch_done done, void *arg)
{
    struct asked *one = &asked[n_asked];

    assert_ptr_equal(self, &room);
    assert_in_range(request->timeout_ms, 1, PARTNER_TRY_MS);
    if (n_asked == room)
        return false;
    n_asked++;
    snprintf(one->url, sizeof(one->url), "%s", request->url);
    snprintf(one->json, sizeof(one->json), "%s", request->json);
    snprintf(one->authorization, sizeof(one->authorization), "%s", request->authorization);
    one->done = done;
    one->arg = arg;
    return true;
}

static void on_end(void *arg, enum partner_end end, const json_t *answer)
{
    const char *result = json_string_value(json_object_get(answer, "result"));

    assert_ptr_equal(arg, &room);
    assert_true((end == PARTNER_DONE) == (answer != NULL));
    ended.n++;
    ended.end = end;
    snprintf(ended.result, sizeof(ended.result), "%s", result ? result : "");
}

static int init_with(const char *text)
{
    char path[] = "/tmp/huigong-test-partner-XXXXXX";
    int fd = mkstemp(path), failed;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    failed = partner_init(&partner, "verifier", "HUIGONG_VERIFIER_URL", "https://verifier.example", path);
    unlink(path);
    return failed;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(init_with("union 1111111111111111111111111111111111111111111111111111111111111111\n"), 0);
    assert_true(partner.ready);
    uv_loop_init(&loop);
    clock_fake(&now, NOW, 7);
    ended = (struct ended){0};
    n_asked = 0;
    room = N_ASKED;
    partner_open(&partner, &loop, &now, note, &room);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    partner_close(&partner);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void answer(unsigned i, long status, const char *body)
{
    struct fetch_answer fetched = {.sent = true, .status = status, .body = body, .len = strlen(body)};

    assert_true(i < n_asked && asked[i].done);
    asked[i].done(asked[i].arg, &fetched);
    asked[i].done = NULL;
}

static void fail_try(unsigned i, bool sent)
{
    struct fetch_answer fetched = {.failure = "Timeout was reached", .sent = sent, .body = ""};

    asked[i].done(asked[i].arg, &fetched);
    asked[i].done = NULL;
}

static bool ask(bool repeatable)
{
    return partner_ask(&partner, PATH, json_pack("{s:s}", "requestId", "1"), 5000, repeatable, on_end, &room);
}

/* Until the next request is out. */
static void until_asked(unsigned n)
{
    while (n_asked < n)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(n_asked, n);
}

static void a_request_is_signed_over_all_that_it_says(void **state)
{
    static const unsigned char nonce[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    char sign[PARTNER_SIGN_SIZE];

    (void)state;
    partner_sign(&partner, PATH, "{\"requestId\":\"1\"}", NOW / 1000, nonce, sign);
    /* By Python's hmac over the same five lines. */
    assert_string_equal(sign, "HG1 id=union, at=1767225600, nonce=000102030405060708090a0b0c0d0e0f, "
                              "sign=8ed5a326f1562187994a062f377a6d029a11bef83e7521848eb828aa5736f4b6");
    assert_true(ask(true));
    assert_string_equal(asked[0].url, "https://verifier.example" PATH);
    assert_string_equal(asked[0].json, "{\"requestId\":\"1\"}");
    assert_memory_equal(asked[0].authorization, "HG1 id=union, at=1767225600, nonce=", 35);
    answer(0, 200, "{\"result\":\"AGREE\"}");
    assert_int_equal(ended.end, PARTNER_DONE);
    assert_string_equal(ended.result, "AGREE");
}

static void what_was_not_done_is_tried_again_with_another_nonce(void **state)
{
    (void)state;
    assert_true(ask(false));
    answer(0, 503, "");
    until_asked(2);
    fail_try(1, false);
    until_asked(3);
    assert_string_equal(asked[0].json, asked[2].json);
    assert_string_not_equal(asked[0].authorization, asked[2].authorization);
    answer(2, 503, "");
    assert_int_equal(ended.n, 1);
    assert_int_equal(ended.end, PARTNER_BUSY);
    assert_true(partner.sick);
}

static void what_may_have_been_done_is_tried_again_only_if_it_does_no_harm(void **state)
{
    (void)state;
    assert_true(ask(false));
    fail_try(0, true);
    assert_int_equal(ended.end, PARTNER_LOST);
    assert_int_equal(n_asked, 1);
    assert_true(ask(false));
    answer(1, 500, "");
    assert_int_equal(ended.end, PARTNER_LOST);
    assert_int_equal(n_asked, 2);
    assert_true(ask(true));
    answer(2, 500, "");
    until_asked(4);
    answer(3, 200, "{\"result\":\"AGREE\"}");
    assert_int_equal(ended.end, PARTNER_DONE);
    /* One lost try among busy ones leaves it open. */
    assert_true(ask(true));
    fail_try(4, true);
    until_asked(6);
    answer(5, 503, "");
    until_asked(7);
    answer(6, 503, "");
    assert_int_equal(ended.end, PARTNER_LOST);
    assert_int_equal(ended.n, 4);
}

static void a_refusal_is_final(void **state)
{
    static const long statuses[] = {400, 401, 403, 404, 409, 429};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
        assert_true(ask(true));
        answer(i, statuses[i], "{\"error\":\"BAD_SIGN\"}");
        assert_int_equal(ended.end, PARTNER_REFUSES);
        assert_int_equal(ended.n, i + 1);
    }
}

static void what_is_no_object_is_no_answer(void **state)
{
    static const char *const bodies[] = {"", "[]", "AGREE", "{\"result\":\"AGREE\"", "{\"a\":1,\"a\":2}", "\xff"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_true(ask(false));
        answer(i, 200, bodies[i]);
        assert_int_equal(ended.end, PARTNER_LOST);
    }
}

static void there_is_an_end_to_time_and_room(void **state)
{
    char text[PARTNER_BODY_SIZE + 1];

    (void)state;
    assert_false(partner_ask(&partner, PATH, json_pack("{}"), 0, true, on_end, &room));
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_false(partner_ask(&partner, PATH, json_pack("{s:s}", "text", text), 5000, true, on_end, &room));
    assert_false(partner_ask(&partner, PATH, NULL, 5000, true, on_end, &room));
    assert_true(partner_ask(&partner, PATH, json_pack("{}"), OUTSIDE_DELAY_MS, true, on_end, &room));
    answer(0, 503, "");
    assert_int_equal(ended.n, 1);
    for (unsigned i = 0; i < PARTNER_JOBS; i++)
        assert_true(ask(true));
    assert_false(ask(true));
    room = 0;
    assert_int_equal(ended.n, 1);
}

static void stopping_ends_all(void **state)
{
    assert_true(ask(true));
    assert_true(ask(false));
    answer(1, 503, "");
    teardown(state);
    assert_int_equal(ended.n, 2);
    assert_int_equal(ended.end, PARTNER_LOST);
    setup(state);
}

static void a_key_that_is_none_is_refused_at_start(void **state)
{
    struct partner kept = partner;

    (void)state;
    assert_int_equal(init_with(""), -1);
    assert_int_equal(init_with("union 11\n"), -1);
    assert_int_equal(init_with("1111111111111111111111111111111111111111111111111111111111111111\n"), -1);
    assert_int_equal(partner_init(&partner, "verifier", "HUIGONG_VERIFIER_URL", "http://verifier.example", ""), -1);
    assert_int_equal(partner_init(&partner, "verifier", "HUIGONG_VERIFIER_URL", "", ""), 0);
    assert_false(partner.ready);
    partner = kept;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_signed_over_all_that_it_says),
        TEST(what_was_not_done_is_tried_again_with_another_nonce),
        TEST(what_may_have_been_done_is_tried_again_only_if_it_does_no_harm),
        TEST(a_refusal_is_final),
        TEST(what_is_no_object_is_no_answer),
        TEST(there_is_an_end_to_time_and_room),
        TEST(stopping_ends_all),
        TEST(a_key_that_is_none_is_refused_at_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
