/* The platform's files of a stock as they are written, and as they are not. */
#include "services/bridge/flow/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define USES                                                                                                           \
    "批次id,优惠id,优惠类型,优惠金额(元),订单总金额(元),交易类型,支付单号,消耗时间,消耗商户号,设备号,银行流水号,单品信息\r\n"
#define BACKS                                                                                                          \
    "批次ID,优惠ID,优惠类型,优惠金额（元）,订单总金额（元）,交易类型,支付单号,退款时间,消耗商户号,设备号,银行流水号," \
    "单品信息\r\n"
#define LINE(stock, coupon, yuan, at) stock "," coupon ",全场代金券," yuan ",3.00,支付,420000," at ",1900009191,,,\r\n"

static struct flow flow;

static const char *read(const char *text, bool back)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    const char *fault;

    memcpy(copy, text, len + 1);
    fault = flow_read(&flow, "9001", back, copy, len);
    free(copy);
    return fault;
}

static void all_lines_of_a_coupon_come_to_one_sum(void **state)
{
    struct flow_sum sum;

    (void)state;
    assert_null(read(USES LINE("9001", "c2", "2.99", "2026-01-01 08:00:00") LINE("9001", "`c1", "2.99", "2026-01-01 08:00:00")
                         LINE("9001", "c2", "2.98", "2026-01-03 08:00:00"),
                     false));
    assert_null(read(BACKS LINE("9001", "c2", "2.99", "2026-01-02 08:00:00"), true));
    flow_sort(&flow);
    assert_int_equal(flow.n, 4);
    assert_true(flow_find(&flow, "c1"));
    assert_false(flow_find(&flow, "c"));
    assert_false(flow_find(&flow, "c3"));
    assert_int_equal(flow_sum(&flow, 0, 299, &sum), 1);
    assert_int_equal(sum.used_fen, 299);
    assert_false(sum.odd);
    assert_int_equal(flow_sum(&flow, 1, 299, &sum), 4);
    assert_int_equal(sum.uses, 2);
    assert_int_equal(sum.backs, 1);
    assert_int_equal(sum.used_fen, 597);
    assert_int_equal(sum.back_fen, 299);
    assert_int_equal(sum.used_at, INT64_C(1767398400000));
    assert_int_equal(sum.back_at, INT64_C(1767312000000));
    assert_true(sum.odd);
    assert_int_equal(sum.odd_fen, 298);
    flow_done(&flow);
}

static void a_file_that_is_not_of_it_is_none(void **state)
{
    (void)state;
    assert_string_equal(read("", false), "it is empty");
    assert_null(read(USES, false));
    assert_string_equal(read(USES, true), "names are missing");
    assert_string_equal(read(USES LINE("9002", "c1", "2.99", "2026-01-01 08:00:00"), false), "a line is of another stock");
    assert_string_equal(read(USES LINE("9001", "", "2.99", "2026-01-01 08:00:00"), false), "a line is none");
    assert_string_equal(read(USES LINE("9001", "c1", "-2.99", "2026-01-01 08:00:00"), false), "a line is none");
    assert_string_equal(read(USES LINE("9001", "c1", "2.99", "yesterday"), false), "a line is none");
    assert_string_equal(read(USES "9001,\"c1\r\n", false), "a line is none");
    assert_int_equal(flow.n, 0);
    flow_done(&flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lines_of_a_coupon_come_to_one_sum),
        cmocka_unit_test(a_file_that_is_not_of_it_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
