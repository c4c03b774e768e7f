/* A day's bill against what was paid, with the test in the place of WeChat Pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <mbedtls/sha1.h>

#include "common/base/hex.h"
#include "common/cn/cn_id.h"
#include "services/bridge/pay/transfers_fixture.h"
#include "tests/disk.h"

#define DAY INT64_C(86400000)

/* ---- in the place of the platform ---- */

static struct {
    char lines[2048];
    unsigned n_in, n_out;
    int64_t in_fen, out_fen;
} file;

static void move(const char *what, int64_t fen, const char *voucher)
{
    size_t len = strlen(file.lines);

    file.n_in += fen < 0;
    file.n_out += fen > 0;
    file.in_fen += fen < 0 ? -fen : 0;
    file.out_fen += fen > 0 ? fen : 0;
    snprintf(file.lines + len, sizeof(file.lines) - len, "`t,`1,`2,`%s,`%s,`%s,`%lld.%02lld,`7.00,`s,`,`%s\r\n", what,
             what, fen < 0 ? "收入" : "支出", llabs(fen) / 100, llabs(fen) % 100, voucher);
}

static void out(int64_t order_id, int64_t fen)
{
    move("商家转账", fen, number_of(order_id));
}

static void back(int64_t order_id, int64_t fen)
{
    move("商家转账退回", -fen, number_of(order_id));
}

static bool is_asked_for(const char *what)
{
    return t.n_sent > 0 && last()->done && strstr(last()->path, what);
}

static void until_asked(const char *what)
{
    for (int i = 0; i < 20 && !is_asked_for(what); i++) {
        bill_work_step(&t.bridge->bill_work);
        clock_step(&h.service.clock, BILL_LOOK_MS);
    }
    assert_true(is_asked_for(what));
}

static void hand_over(const char *text)
{
    struct fetch_answer answer = {.status = 200, .sent = true, .body = text, .len = strlen(text)};
    struct asked *one = last();

    one->done(one->arg, &answer);
    one->done = NULL;
}

static void go_on(int steps)
{
    while (steps-- > 0)
        bill_work_step(&t.bridge->bill_work);
}

/* The next bill is asked for, told of, and handed over. */
static void hand_bill(const char *hash_of)
{
    char text[4096], hex[41], said[256];
    unsigned char hash[20];

    snprintf(text, sizeof(text),
             "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,"
             "资金变更提交申请人,备注,业务凭证号\r\n%s资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n"
             "`%u,`%u,`%lld.%02lld,`%u,`%lld.%02lld\r\n",
             file.lines, file.n_in + file.n_out, file.n_in, (long long)file.in_fen / 100, (long long)file.in_fen % 100,
             file.n_out, (long long)file.out_fen / 100, (long long)file.out_fen % 100);
    memset(&file, 0, sizeof(file));
    until_asked("/v3/bill/fundflowbill");
    mbedtls_sha1_ret((const unsigned char *)(hash_of ? hash_of : text), strlen(hash_of ? hash_of : text), hash);
    hex_print(hash, sizeof(hash), hex);
    snprintf(said, sizeof(said),
             "{'hash_type':'SHA1','hash_value':'%s','download_url':'https://elsewhere/v3/billdownload/file?token=a'}",
             hex);
    answer(said);
    assert_string_equal(last()->path, "/v3/billdownload/file?token=a");
    hand_over(text);
}

static void tell_bill(const char *hash_of)
{
    hand_bill(hash_of);
    go_on(10);
}

static void nothing_moved(void)
{
    until_asked("/v3/bill/fundflowbill");
    answer_error(400, "NO_STATEMENT_EXIST");
    go_on(10);
}

static struct bill_day day_done(void)
{
    struct bill_day day;

    assert_true(bills_find_last(&t.bridge->bills, &day));
    return day;
}

/* ---- what was paid ---- */

static void pay_one(int64_t order_id, int64_t fen, const char *state)
{
    send_one(order_id, fen);
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    later(60000);
    answer_query(state, fen, "o-li");
}

/* It is noon in China of a day before which there are bills of nothing. */
static void begin_day(void)
{
    int64_t begin_at = 0;

    cn_day_begin(cn_day(clock_now(&h.service.clock)), &begin_at);
    clock_step(&h.service.clock, begin_at + DAY + DAY / 2 - clock_now(&h.service.clock));
    order(99, 1); /* is refused: and from two days before it bills are asked for */
    nothing_moved();
    nothing_moved();
}

static void next_noon(void)
{
    int64_t begin_at = 0;

    cn_day_begin(cn_day(clock_now(&h.service.clock)), &begin_at);
    clock_step(&h.service.clock, begin_at + DAY + DAY / 2 - clock_now(&h.service.clock));
}

/* ---- tests ---- */

static void a_day_is_explained_to_the_fen(void **state)
{
    struct bill_day first, second;

    (void)state;
    begin_day();
    pay_one(1, 5000, "SUCCESS");
    pay_one(2, 700, "FAIL");
    send_one(3, 305);
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    assert_int_equal(state_of(3), CONFIRM);
    out(1, 5000);
    out(2, 700);
    back(2, 700);
    out(3, 305);
    move("充值", -100000, "");
    move("手续费", 3, "");
    bill_work_step(&t.bridge->bill_work);
    assert_false(is_asked_for("/v3/bill/")); /* before ten of the next morning */
    next_noon();
    tell_bill(NULL);
    first = day_done();
    assert_int_equal(first.lines, 6);
    assert_int_equal(first.out_fen, 6005);
    assert_int_equal(first.back_fen, 700);
    assert_int_equal(first.other_in_fen, 100000);
    assert_int_equal(first.other_out_fen, 3);
    assert_int_equal(first.odd_fen, 0);
    assert_int_equal(first.end_fen, 700);
    assert_int_equal(first.paid, 1);
    assert_int_equal(first.paid_fen, 5000);
    assert_int_equal(first.on_way_fen, 305);
    assert_int_equal(first.cases, 0);
    later(60000);
    answer_query("SUCCESS", 305, "o-li");
    next_noon();
    nothing_moved();
    second = day_done();
    assert_int_equal(second.paid_fen, 305);
    assert_int_equal(second.on_way_fen, 0);
    assert_int_equal(second.cases, 0);
}

/* What a slice has counted and could not write counts once, when it is written. */
static void a_slice_that_finds_the_disk_full_is_done_anew(void **state)
{
    struct bill_day day;
    int first;

    (void)state;
    begin_day();
    first = day_done().day;
    pay_one(1, 5000, "SUCCESS");
    out(1, 5000);
    move("商家转账", 44, "subsidy0000000000000077001");
    move("手续费", 3, "");
    next_noon();
    hand_bill(NULL);
    disk_fail(DISK_FULL, 1, true);
    go_on(10);
    assert_true(disk_has_failed());
    disk_heal();
    assert_int_equal(day_done().day, first);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
    go_on(10);
    day = day_done();
    assert_int_equal(day.lines, 3);
    assert_int_equal(day.out_fen, 5000);
    assert_int_equal(day.other_out_fen, 3);
    assert_int_equal(day.odd_fen, 44);
    assert_int_equal(day.cases, 1);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 1);
}

static void what_is_not_explained_becomes_a_case(void **state)
{
    struct bill_day day;

    (void)state;
    begin_day();
    pay_one(1, 5000, "SUCCESS");
    pay_one(2, 700, "FAIL");
    pay_one(3, 900, "SUCCESS");
    out(1, 5000);
    out(1, 5000); /* twice */
    out(2, 700);  /* and it does not come back */
    move("商家转账", 44, "subsidy0000000000000077001");
    next_noon();
    tell_bill(NULL);
    day = day_done();
    assert_int_equal(day.odd_fen, 5044);
    assert_int_equal(day.out_fen, 5700);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS), 1);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER), 1);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_MISSING), 2); /* the one twice, and 3 */
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_KEPT), 0);
    assert_int_equal(day.cases, 4);
    next_noon();
    nothing_moved();
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_KEPT), 1);
    assert_int_equal(count("SELECT their_fen FROM pay_case WHERE kind = 8"), 700);
}

static void what_an_order_left_behind_comes_back(void **state)
{
    char old[PAYOUT_NUMBER_SIZE];

    (void)state;
    begin_day();
    pay_one(1, 700, "FAIL");
    snprintf(old, sizeof(old), "%s", number_of(1));
    out(1, 700);
    assert_int_equal(renew(1)->reason, 0);
    send_ready();
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    out(1, 700); /* under its second number */
    next_noon();
    tell_bill(NULL);
    assert_int_equal(day_done().on_way_fen, 700);
    assert_int_equal(day_done().cases, 0);
    next_noon();
    nothing_moved();
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_KEPT), 1);
    assert_int_equal(day_done().cases, 1);
    assert_int_equal(count("SELECT count(*) FROM pay_case JOIN payout USING (payout_id) WHERE kind = 8"), 1);
    assert_string_not_equal(old, number_of(1));
}

static void a_file_with_another_hash_is_asked_for_again(void **state)
{
    int first;

    (void)state;
    begin_day();
    first = day_done().day;
    next_noon();
    tell_bill("another");
    assert_int_equal(day_done().day, first);
    clock_step(&h.service.clock, BILL_AGAIN_MS);
    tell_bill(NULL);
    assert_int_equal(day_done().day, cn_day(clock_now(&h.service.clock) - DAY));
}

static void a_day_that_was_broken_off_begins_anew(void **state)
{
    (void)state;
    begin_day();
    pay_one(1, 5000, "SUCCESS");
    next_noon();
    out(1, 5000);
    out(1, 1);
    hand_bill(NULL);
    go_on(3);
    assert_int_equal(count("SELECT count(*) FROM bill_line"), 2);
    assert_int_equal(count("SELECT count(*) FROM bill_day"), 2); /* of nothing, before */
    bill_work_done(&t.bridge->bill_work);
    die();
    out(1, 5000);
    tell_bill(NULL);
    assert_int_equal(day_done().cases, 0);
    assert_int_equal(day_done().out_fen, 5000);
    assert_int_equal(count("SELECT count(*) FROM bill_line"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_is_explained_to_the_fen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slice_that_finds_the_disk_full_is_done_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_explained_becomes_a_case, setup, teardown),
        cmocka_unit_test_setup_teardown(what_an_order_left_behind_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_with_another_hash_is_asked_for_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_day_that_was_broken_off_begins_anew, setup, teardown),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
