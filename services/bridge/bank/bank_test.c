/* Payments by bank: prepared by one, released by another, and what the bank says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/bridge/pay/orders_fixture.h"

#define ROOT "0001"

static struct harness h;

static int setup(void **state)
{
    (void)state;
    harness_init(&h, &bridge_spec, close_bank_keys);
    harness_key(&h, "HUIGONG_BANK_KEY", BANK_KEY);
    assert_int_equal(conf_load(bridge_spec.conf, NULL, true), 0);
    harness_start(&h);
    hear_bank_order(&h, 1, 11605, "李敏", "6222020200112230");
    hear_bank_order(&h, 2, 30000000, "佛山\"骑手\"餐饮,有限公司", "44010203040506070809");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    unsetenv("HUIGONG_BANK_KEY");
    return 0;
}

static Rpc__Principal *finance(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, ROOT);
}

static int64_t count(const char *sql)
{
    return harness_number(&h, sql);
}

static const Bridge__BankBatch *batch_of(const Rpc__Answer *answer)
{
    assert_int_equal(answer->reason, 0);
    return harness_output(&h, answer, &bridge__bank_batch__descriptor);
}

static int64_t prepared(int layout)
{
    Bridge__PrepareBankBatchRequest request = BRIDGE__PREPARE_BANK_BATCH_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "key-%lld", (long long)count("SELECT count(*) FROM bank_batch"));
    request.layout = (Bridge__BankLayout)layout;
    return batch_of(harness_call(&h, "Bank.PrepareBankBatch", &request.base, finance(5), key))->batch_id;
}

static const Rpc__Answer *act(const char *method, int64_t batch_id, int64_t member_id)
{
    Bridge__BankBatchRequest request = BRIDGE__BANK_BATCH_REQUEST__INIT;

    request.batch_id = batch_id;
    return harness_call(&h, method, &request.base, finance(member_id), NULL);
}

static const Rpc__Part *file_of(int64_t batch_id, int *ret_reason)
{
    Bridge__BankFileRequest request = BRIDGE__BANK_FILE_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.batch_id = batch_id;
    answer = harness_call(&h, "Bank.GetBankFile", &request.base, finance(5), NULL);
    *ret_reason = answer->reason;
    return answer->reason ? NULL : harness_output(&h, answer, &rpc__part__descriptor);
}

static const Bridge__BankResults *results(int64_t batch_id, const char *csv, int *ret_reason)
{
    Bridge__ReadBankResultsRequest request = BRIDGE__READ_BANK_RESULTS_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.batch_id = batch_id;
    request.file = (ProtobufCBinaryData){strlen(csv), (uint8_t *)unconst(csv)};
    answer = harness_call(&h, "Bank.ReadBankResults", &request.base, finance(5), NULL);
    *ret_reason = answer->reason;
    return answer->reason ? NULL : harness_output(&h, answer, &bridge__bank_results__descriptor);
}

static void nothing_leaves_before_another_has_released_it(void **state)
{
    static const char file[] =
        "\xef\xbb\xbf业务编号,收款账号,户名,开户行,金额,附言\r\n"
        "subsidy0000000000000001001,6222020200112230,李敏,工商银行佛山分行,116.05,\"困难,补助\"\r\n"
        "subsidy0000000000000002001,44010203040506070809,\"佛山\"\"骑手\"\"餐饮,有限公司\","
        "工商银行佛山分行,300000.00,\"困难,补助\"\r\n"
        "合计,2,,,300116.05,3039\r\n";
    int64_t batch_id = prepared(BRIDGE__BANK_LAYOUT__BANK_LIST);
    const Rpc__Part *part;
    int reason;

    (void)state;
    assert_int_equal(count("SELECT fen FROM bank_batch"), 30011605);
    assert_int_equal(count("SELECT control FROM bank_batch"), 2230 + 809);
    assert_null(file_of(batch_id, &reason));
    assert_int_equal(reason, BRIDGE__REASON__BANK_BATCH_STATE);
    assert_int_equal(act("Bank.ReleaseBankBatch", batch_id, 5)->reason, HANDS__REASON__HANDS_SAME);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 1"), 2);
    assert_int_equal(act("Bank.ReleaseBankBatch", batch_id, 6)->reason, 0);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 2"), 2);
    part = file_of(batch_id, &reason);
    assert_int_equal(part->next, 0);
    assert_int_equal(part->body.len, sizeof(file) - 1);
    assert_memory_equal(part->body.data, file, sizeof(file) - 1);
}

static void what_comes_back_is_matched_line_by_line(void **state)
{
    int64_t batch_id = prepared(BRIDGE__BANK_LAYOUT__BANK_TOTALS);
    const Bridge__BankResults *said;
    const Rpc__Part *part;
    char file[1024];
    size_t len;
    int reason;

    (void)state;
    assert_null(results(batch_id, "业务编号,金额,状态\n", &reason));
    assert_int_equal(reason, BRIDGE__REASON__BANK_BATCH_STATE);
    act("Bank.ReleaseBankBatch", batch_id, 6);
    part = file_of(batch_id, &reason);
    len = part->body.len;
    assert_in_range(len, 1, sizeof(file));
    memcpy(file, part->body.data, len);
    said = results(batch_id,
                   "某某银行代发结果\n序号,业务编号,金额(元),处理结果,失败原因\n"
                   "1,subsidy0000000000000001001,116.05,成功,\n2,subsidy0000000000000002001,300000.01,失败,\n"
                   "3,subsidy0000000000000003001,1.00,成功,\n4,subsidy0000000000000002001,300000.00,处理中,\n",
                   &reason);
    assert_int_equal(said->paid, 1);
    assert_int_equal(said->failed, 0);
    assert_int_equal(said->odd_lines, 3);
    assert_int_equal(said->odd[0]->oddity, BRIDGE__BANK_ODDITY__BANK_LINE_AMOUNT);
    assert_int_equal(said->odd[0]->line, 4);
    assert_int_equal(said->odd[1]->oddity, BRIDGE__BANK_ODDITY__BANK_LINE_UNKNOWN);
    assert_int_equal(said->odd[2]->oddity, BRIDGE__BANK_ODDITY__BANK_LINE_STATE);
    assert_int_equal(said->batch->state, BRIDGE__BANK_BATCH_STATE__BANK_RELEASED);
    /* The file can be had again as it was, until the last line is answered. */
    part = file_of(batch_id, &reason);
    assert_int_equal(reason, 0);
    assert_int_equal(part->body.len, len);
    assert_memory_equal(part->body.data, file, len);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE account IS NULL"), 0);
    /* The same again changes nothing; what says otherwise is looked at. */
    said = results(batch_id,
                   "业务编号,金额,状态\nsubsidy0000000000000001001,116.05,成功\n"
                   "subsidy0000000000000001001,116.05,退票\nsubsidy0000000000000002001,300000.00,失败\n",
                   &reason);
    assert_int_equal(said->same, 1);
    assert_int_equal(said->odd[0]->oddity, BRIDGE__BANK_ODDITY__BANK_LINE_CHANGED);
    assert_int_equal(count("SELECT count(*) FROM pay_case WHERE kind = 3"), 1);
    assert_int_equal(said->failed, 1);
    assert_int_equal(said->batch->state, BRIDGE__BANK_BATCH_STATE__BANK_DONE);
    assert_int_equal(said->batch->paid_fen, 11605);
    assert_int_equal(said->batch->failed_fen, 30000000);
    assert_int_equal(count("SELECT state FROM payout WHERE order_id = 1"), BRIDGE__PAYOUT_STATE__PAYOUT_PAID);
    assert_int_equal(count("SELECT state FROM payout WHERE order_id = 2"), BRIDGE__PAYOUT_STATE__PAYOUT_FAILED);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE account IS NOT NULL"), 0);
    assert_null(file_of(batch_id, &reason));
    assert_int_equal(reason, BRIDGE__REASON__BANK_BATCH_STATE);
}

static void a_file_whose_totals_are_not_its_own_changes_nothing(void **state)
{
    static const char *const files[] = {"",
                                        "什么,也不是\n",
                                        "业务编号,金额,状态\nsubsidy0000000000000001001,116.05,成功\n合计,1,116.06\n",
                                        "业务编号,金额,状态\nsubsidy0000000000000001001,116.05,成功\n合计,2,116.05\n",
                                        "业务编号,金额\nsubsidy0000000000000001001,116.05\n",
                                        "\xff\xfe\x80"};
    int64_t batch_id = prepared(BRIDGE__BANK_LAYOUT__BANK_LIST);
    int reason;

    (void)state;
    act("Bank.ReleaseBankBatch", batch_id, 6);
    for (size_t i = 1; i < ARRAY_LEN(files); i++) {
        assert_null(results(batch_id, files[i], &reason));
        assert_int_equal(reason, BRIDGE__REASON__BANK_FILE_ODD);
    }
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 2"), 2);
    /* The same in GB18030, as it is. */
    results(batch_id,
            "\xd2"
            "\xb5"
            "\xce"
            "\xf1"
            "\xb1"
            "\xe0"
            "\xba"
            "\xc5"
            ",\xd7"
            "\xb4"
            "\xcc"
            "\xac"
            ",\xbd"
            "\xf0"
            "\xb6"
            "\xee"
            "\nsubsidy0000000000000001001,\xb3"
            "\xc9"
            "\xb9"
            "\xa6"
            ",116.05\n\xba"
            "\xcf"
            "\xbc"
            "\xc6"
            ",1,116.05\n",
            &reason);
    assert_int_equal(reason, 0);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 5"), 1);
}

static void a_bank_gets_gb18030_with_the_totals_first(void **state)
{
    int64_t batch_id = prepared(BRIDGE__BANK_LAYOUT__BANK_TOTALS);
    const Rpc__Part *part;
    int reason;

    (void)state;
    act("Bank.ReleaseBankBatch", batch_id, 6);
    part = file_of(batch_id, &reason);
    assert_memory_equal(part->body.data,
                        "\xd7"
                        "\xdc"
                        "\xb1"
                        "\xca"
                        "\xca"
                        "\xfd"
                        ",\xd7"
                        "\xdc"
                        "\xbd"
                        "\xf0"
                        "\xb6"
                        "\xee"
                        ",\xd5"
                        "\xcb"
                        "\xba"
                        "\xc5"
                        "\xd0"
                        "\xa3"
                        "\xd1"
                        "\xe9"
                        "\xba"
                        "\xcd"
                        "\r\n2,300116.05,3039\r\n\xd0"
                        "\xf2"
                        "\xba"
                        "\xc5"
                        ",\xca"
                        "\xd5"
                        "\xbf"
                        "\xee"
                        "\xbb"
                        "\xa7"
                        "\xc3"
                        "\xfb"
                        ",\xca"
                        "\xd5"
                        "\xbf"
                        "\xee"
                        "\xd5"
                        "\xcb"
                        "\xba"
                        "\xc5"
                        ",\xca"
                        "\xd5"
                        "\xbf"
                        "\xee"
                        "\xd0"
                        "\xd0"
                        "\xc3"
                        "\xfb"
                        ",\xbd"
                        "\xf0"
                        "\xb6"
                        "\xee"
                        "(\xd4"
                        "\xaa"
                        "),\xd3"
                        "\xc3"
                        "\xcd"
                        "\xbe"
                        ",\xd2"
                        "\xb5"
                        "\xce"
                        "\xf1"
                        "\xb1"
                        "\xe0"
                        "\xba"
                        "\xc5"
                        "\r\n1,\xc0"
                        "\xee"
                        "\xc3"
                        "\xf4"
                        ",6222020200112230,\xb9"
                        "\xa4"
                        "\xc9"
                        "\xcc"
                        "\xd2"
                        "\xf8"
                        "\xd0"
                        "\xd0"
                        "\xb7"
                        "\xf0"
                        "\xc9"
                        "\xbd"
                        "\xb7"
                        "\xd6"
                        "\xd0"
                        "\xd0"
                        ",116.05,\"\xc0"
                        "\xa7"
                        "\xc4"
                        "\xd1"
                        ",\xb2"
                        "\xb9"
                        "\xd6"
                        "\xfa"
                        "\",subsidy0000000000000001001\r\n",
                        188);
}

static void what_was_withdrawn_has_the_batch_made_anew(void **state)
{
    int64_t batch_id = prepared(BRIDGE__BANK_LAYOUT__BANK_TOTALS), again;

    (void)state;
    hear_withdrawn(&h, 2);
    assert_int_equal(act("Bank.ReleaseBankBatch", batch_id, 6)->reason, BRIDGE__REASON__BANK_BATCH_STALE);
    assert_int_equal(act("Bank.TakeBackBankBatch", batch_id, 6)->reason, 0);
    again = prepared(BRIDGE__BANK_LAYOUT__BANK_TOTALS);
    assert_int_equal(act("Bank.ReleaseBankBatch", again, 6)->reason, 0);
    assert_int_equal(count("SELECT sum(fen) FROM payout WHERE state = 2"), 11605);
    assert_int_equal(act("Bank.TakeBackBankBatch", again, 6)->reason, BRIDGE__REASON__BANK_BATCH_STATE);
}

static void an_account_that_no_bank_would_take_refuses_its_order(void **state)
{
    (void)state;
    hear_bank_order(&h, 3, 100, "李敏", "62220X0200112230");
    hear_bank_order(&h, 4, 100, "", "6222020200112230");
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 8 AND reason = 90065"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(nothing_leaves_before_another_has_released_it),
        TEST(what_comes_back_is_matched_line_by_line),
        TEST(a_file_whose_totals_are_not_its_own_changes_nothing),
        TEST(a_bank_gets_gb18030_with_the_totals_first),
        TEST(what_was_withdrawn_has_the_batch_made_anew),
        TEST(an_account_that_no_bank_would_take_refuses_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
