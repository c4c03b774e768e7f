/* A stock's files against our coupons, with the test in the place of WeChat Pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <mbedtls/sha1.h>

#include "common/base/hex.h"
#include "common/cn/cn_id.h"
#include "services/bridge/stock/favor_fixture.h"

#define DAY INT64_C(86400000)

/* ---- in the place of the platform ---- */

static struct {
    char lines[2][2048];
} files;

static void line(bool back, const char *number, const char *yuan, const char *at)
{
    size_t len = strlen(files.lines[back]);

    snprintf(files.lines[back] + len, sizeof(files.lines[back]) - len, "9001,%s,全场代金券,%s,3.00,支付,4200,%s,19,,,\r\n",
             number, yuan, at);
}

/* Of an instant, as the files write it. */
static const char *at_text(int64_t at)
{
    static char text[72];
    int64_t begin_at = 0;
    int day = cn_day(at), seconds;

    cn_day_begin(day, &begin_at);
    seconds = (int)((at - begin_at) / 1000);
    snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", day / 10000, day / 100 % 100, day % 100, seconds / 3600,
             seconds / 60 % 60, seconds % 60);
    return text;
}

static int64_t now(void)
{
    return clock_now(&h.service.clock) / 1000 * 1000;
}

static void go_on(int steps)
{
    while (steps-- > 0)
        flow_work_step(&t.bridge->flow_work);
}

static bool is_asked_for(const char *what)
{
    return t.n_sent > 0 && last()->done && strstr(last()->path, what);
}

static void hand_file(bool back, bool spoilt)
{
    char text[4096], hex[41], said[256];
    unsigned char hash[20];

    snprintf(text, sizeof(text), "批次ID,优惠ID,优惠类型,优惠金额（元）,订单总金额（元）,交易类型,支付单号,%s,消耗商户号,,,\r\n%s",
             back ? "退款时间" : "消耗时间", files.lines[back]);
    assert_true(is_asked_for(back ? "/v3/marketing/favor/stocks/9001/refund-flow" : "/v3/marketing/favor/stocks/9001/use-flow"));
    mbedtls_sha1_ret((const unsigned char *)text, strlen(text) - spoilt, hash);
    hex_print(hash, sizeof(hash), hex);
    snprintf(said, sizeof(said), "{'hash_type':'SHA1','hash_value':'%s','url':'https://x/v3/billdownload/file?token=a'}", hex);
    answer(said);
    {
        struct fetch_answer whole = {.status = 200, .sent = true, .body = text, .len = strlen(text)};
        struct asked *one = last();

        assert_string_equal(one->path, "/v3/billdownload/file?token=a");
        one->done(one->arg, &whole);
        one->done = NULL;
    }
    go_on(1);
}

/* It is eleven of the next morning, when the files are asked for. */
static void next_morning(void)
{
    pass(flow_next_at(clock_now(&h.service.clock)) + DAY / 24 - clock_now(&h.service.clock));
    t.n_sent = 0;
    go_on(2);
}

/* Both are handed over and looked at. */
static void read_files(void)
{
    next_morning();
    hand_file(false, false);
    hand_file(true, false);
    go_on(6);
    assert_int_equal(t.bridge->flow_work.stage, FLOW_IDLE);
}

static struct flow_day read_day(void)
{
    struct flow_day day;

    read_files();
    assert_true(flow_day_last(&t.bridge->flows, RELEASE, &day));
    assert_int_equal(day.day, cn_day(clock_now(&h.service.clock)));
    return day;
}

static int setup_flow(void **state)
{
    memset(&files, 0, sizeof(files));
    return setup_favor(state);
}

/* She has it: under this number. */
static void give(int64_t coupon_id, const char *number)
{
    char said[64];

    owe(coupon_id, MEMBER + coupon_id);
    send_to("o-li");
    snprintf(said, sizeof(said), "{'coupon_id':'%s'}", number);
    answered(said);
    assert_int_equal(of_send(coupon_id, "state"), SEND_DONE);
}

/* ---- cases ---- */

static void nothing_is_asked_before_ten_of_the_next_morning(void **state)
{
    (void)state;
    t.n_sent = 0;
    go_on(3);
    pass(flow_next_at(clock_now(&h.service.clock)) - 1 - clock_now(&h.service.clock));
    go_on(3);
    assert_int_equal(t.n_sent, 0);
    pass(1);
    go_on(1);
    assert_true(is_asked_for("/use-flow"));
}

static void a_use_that_nobody_told_is_learnt_and_a_purchase_given_back_undoes_it(void **state)
{
    struct flow_day day;

    (void)state;
    give(501, "c1");
    pass(60000);
    line(false, "c1", "2.99", at_text(now()));
    day = read_day();
    assert_int_equal(of_send(501, "state"), SEND_USED);
    assert_int_equal(day.uses, 1);
    assert_int_equal(day.used_fen, 299);
    assert_int_equal(day.used, 1);
    line(true, "c1", "2.99", at_text(now()));
    day = read_day();
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    assert_int_equal(day.back_fen, 299);
    assert_int_equal(day.used, 0);
    use("9001", "c1", 299); /* the callback of then comes late: it is no new use */
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    read_files();
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    line(false, "c1", "2.99", at_text(now())); /* and she uses it again */
    assert_int_equal(read_day().used, 1);
    assert_int_equal(of_send(501, "state"), SEND_USED);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
}

static void what_is_not_explained_is_a_case_once(void **state)
{
    struct flow_day day;

    (void)state;
    give(501, "c1");
    give(502, "c2");
    give(503, "c3");
    use("9001", "c3", 299); /* and the file knows nothing of it */
    pass(60000);
    line(false, "c1", "2.00", at_text(now()));
    line(false, "c2", "2.99", at_text(now()));
    line(true, "c2", "1.00", at_text(now()));
    line(false, "c9", "2.99", at_text(now()));
    day = read_day();
    assert_int_equal(day.cases, 4);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS), 2);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER), 1);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_USE_MISSING), 1);
    assert_int_equal(count("SELECT their_fen FROM pay_case WHERE number = 'c2'"), 199);
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    assert_int_equal(of_send(503, "state"), SEND_USED);
    assert_int_equal(read_day().cases, 0);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 4);
}

/* Its answer was lost, so nobody knows the number yet. */
static void one_that_is_on_its_way_is_no_stranger(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    lose();
    go();
    line(false, "c1", "2.99", at_text(now()));
    assert_int_equal(read_day().cases, 0);
    send_to("o-li");
    answered("{'coupon_id':'c1'}");
    read_files();
    assert_int_equal(of_send(501, "state"), SEND_USED);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
}

static void what_comes_back_after_its_time_is_over(void **state)
{
    (void)state;
    give(501, "c1");
    use("9001", "c1", 299);
    line(false, "c1", "2.99", "2026-01-01 08:00:00");
    pass(UNTIL - clock_now(&h.service.clock));
    line(true, "c1", "2.99", at_text(now()));
    read_files();
    assert_int_equal(of_send(501, "state"), SEND_OVER);
    pass(FLOW_AFTER_MS);
    read_files();
    next_morning();
    assert_int_equal(t.n_sent, 0);
}

static void what_is_not_there_or_spoilt_is_asked_for_again(void **state)
{
    struct flow_day day;

    (void)state;
    give(501, "c1");
    line(false, "c1", "2.99", at_text(now()));
    next_morning();
    answer_error(400, "INVALID_REQUEST"); /* as before the end of a stock */
    go_on(2);
    pass(FLOW_AGAIN_MS);
    t.n_sent = 0;
    go_on(2);
    assert_int_equal(t.n_sent, 0);
    next_morning();
    hand_file(false, true);
    go_on(4);
    assert_false(flow_day_last(&t.bridge->flows, RELEASE, &day));
    pass(FLOW_AGAIN_MS);
    go_on(1);
    hand_file(false, false);
    answer_error(429, "FREQUENCY_LIMITED");
    go_on(2);
    pass(FLOW_AGAIN_MS);
    go_on(1);
    hand_file(false, false);
    hand_file(true, false);
    go_on(1);
    kill_bridge(); /* between its lines and its end */
    assert_false(flow_day_last(&t.bridge->flows, RELEASE, &day));
    assert_int_equal(of_send(501, "state"), SEND_USED);
    go_on(1);
    hand_file(false, false);
    hand_file(true, false);
    go_on(6);
    assert_true(flow_day_last(&t.bridge->flows, RELEASE, &day));
    assert_int_equal(day.uses, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_flow, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_asked_before_ten_of_the_next_morning),
        TEST(a_use_that_nobody_told_is_learnt_and_a_purchase_given_back_undoes_it),
        TEST(what_is_not_explained_is_a_case_once),
        TEST(one_that_is_on_its_way_is_no_stranger),
        TEST(what_comes_back_after_its_time_is_over),
        TEST(what_is_not_there_or_spoilt_is_asked_for_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
