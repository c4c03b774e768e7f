/* The platform's fund bill as it is written, and as it is not. */
#include "services/bridge/bill/bill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NAMES                                                                                                                                      \
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）," \
    "资金变更提交申请人,备注,业务凭证号\r\n"
#define RECHARGE "`2026-03-01 09:00:00,`1,`1,`充值,`充值,`收入,`1000.00,`1000.00,`system,`,`\r\n"
#define OUT      "`2026-03-01 10:00:00,`2,`2,`商家转账,`商家转账,`支出,`116.05,`883.95,`system,`,`subsidy1\r\n"
#define BACK     "`2026-03-01 11:00:00,`2,`3,`商家转账退回,`商家转账,`收入,`116.05,`1000.00,`system,`,`subsidy1\r\n"
#define TOTALS   "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n"

static struct bill bill;

static const char *read(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    const char *fault;

    memcpy(copy, text, len + 1);
    bill_done(&bill);
    fault = bill_read(copy, len, &bill);
    free(copy);
    return fault;
}

static void each_movement_is_read_with_its_sign(void **state)
{
    (void)state;
    assert_null(read("\xef\xbb\xbf" NAMES RECHARGE OUT BACK TOTALS "`3.0,`2.0,`1116.05,`1.0,`116.05\r\n"));
    assert_int_equal(bill.n, 3);
    assert_false(bill.lines[0].transfer);
    assert_int_equal(bill.lines[0].fen, -100000);
    assert_true(bill.lines[1].transfer);
    assert_int_equal(bill.lines[1].fen, 11605);
    assert_string_equal(bill.lines[1].number, "subsidy1");
    assert_int_equal(bill.lines[2].fen, -11605);
    assert_int_equal(bill.in_fen, 111605);
    assert_int_equal(bill.out_fen, 11605);
    assert_int_equal(bill.end_fen, 100000);
    assert_null(read(NAMES TOTALS "`0,`0,`0.00,`0,`0.00\r\n"));
    assert_int_equal(bill.n, 0);
    bill_done(&bill);
}

static void a_file_that_is_not_whole_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        NAMES RECHARGE,
        NAMES RECHARGE TOTALS,
        RECHARGE TOTALS "`1,`1,`1000.00,`0,`0.00\r\n",
        NAMES RECHARGE TOTALS "`2,`1,`1000.00,`1,`0.00\r\n",
        NAMES RECHARGE TOTALS "`1,`1,`1000.01,`0,`0.00\r\n",
        NAMES RECHARGE OUT TOTALS "`2,`1,`1000.00,`1,`116.06\r\n",
        NAMES RECHARGE TOTALS "`1,`1,`1000.00,`0,`0.00\r\n" RECHARGE,
        NAMES "`2026,`1,`1,`充值,`充值,`别的,`1.00,`1.00,`s,`,`\r\n" TOTALS "`1,`0,`0.00,`1,`1.00\r\n",
        NAMES "`2026,`1,`1,`充值,`充值,`收入,`1.001,`1.00,`s,`,`\r\n" TOTALS "`1,`1,`1.00,`0,`0.00\r\n",
        NAMES "`2026,`1,`1,`充值,`充值,`收入,`-1.00,`1.00,`s,`,`\r\n" TOTALS "`1,`1,`-1.00,`0,`0.00\r\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_non_null(read(texts[i]));
    assert_null(read(NAMES RECHARGE TOTALS "`1,`1,`1000.00,`0,`0.00\r\n"));
    bill_done(&bill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_movement_is_read_with_its_sign),
        cmocka_unit_test(a_file_that_is_not_whole_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
