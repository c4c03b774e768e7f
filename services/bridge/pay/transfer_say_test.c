/* Words of the provider and ours: numbers, forms, codes, states. */
#include "services/bridge/pay/transfer_say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct pay_limits limits = {30, 20000, 50000, 100000, {1000, 1002, 1004}, 3, true};

static Payout__PayoutOrdered subsidy(char *const reports[], size_t n)
{
    Payout__PayoutOrdered order = PAYOUT__PAYOUT_ORDERED__INIT;

    order.order_id = 7;
    order.member_id = 9;
    order.fen = 5000;
    order.way = PAYOUT__WAY__BY_WECHAT;
    order.scene = PAYOUT__SCENE__SCENE_SUBSIDY;
    order.remark = "困难职工补助";
    order.report = (char **)(void *)unconst(reports);
    order.n_report = n;
    return order;
}

static void a_number_follows_from_the_order_and_is_one_the_provider_takes(void **state)
{
    char number[PAYOUT_NUMBER_SIZE], other[PAYOUT_NUMBER_SIZE];

    (void)state;
    payout_number("subsidy", INT64_C(192314156374818800), 1, number);
    assert_string_equal(number, "subsidy02ab3cb4cffffff0001");
    payout_number("subsidy", INT64_C(192314156374818800), 2, other);
    assert_string_not_equal(number, other);
    payout_number("averyverylongname", INT64_MAX, 255, number);
    assert_true(strlen(number) <= 32);
    assert_int_equal(strspn(number, "0123456789abcdefghijklmnopqrstuvwxyz"), strlen(number));
}

static void an_order_that_no_way_can_carry_is_refused(void **state)
{
    char *one[] = {"困难补助"}, *two[] = {"活动", "奖品"}, *empty[] = {""};
    char *const long_one[] = {"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三"};
    Payout__PayoutOrdered order = subsidy(one, 1);

    (void)state;
    assert_int_equal(payout_refusal(&order, &limits), 0);
    order.fen = 20000;
    assert_int_equal(payout_refusal(&order, &limits), 0);
    order.fen = 20001;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_OVER_ORDER);
    order.fen = 29;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_OVER_ORDER);
    order.fen = 0;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(two, 2);
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order.scene = PAYOUT__SCENE__SCENE_PRIZE;
    assert_int_equal(payout_refusal(&order, &limits), 0);
    order.scene = PAYOUT__SCENE__SCENE_COMPENSATION;
    order.n_report = 1;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP);
    order.scene = (Payout__Scene)1005;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(empty, 1);
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(long_one, 1);
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(NULL, 0);
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(one, 1);
    order.remark = "两\n行";
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order.remark = "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三";
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
    order = subsidy(one, 1);
    order.way = PAYOUT__WAY__BY_BANK;
    assert_int_equal(payout_refusal(&order, &limits), BRIDGE__REASON__PAYOUT_ORDER_ODD);
}

static void a_request_says_what_the_order_says_and_nothing_else(void **state)
{
    char *three[] = {"备案1", "职工互助", "操作9"};
    Payout__PayoutOrdered order = subsidy(three, 3);
    struct payout payout = {.fen = 5000, .number = "subsidy1"};
    char *body;

    (void)state;
    order.scene = PAYOUT__SCENE__SCENE_INSURANCE;
    payout.form.len = payout__payout_ordered__pack(&order, payout.form.bytes);
    body = transfer_body(&payout, "wx1", "o-li", "", "https://h/v1");
    assert_string_equal(
        body, "{\"appid\":\"wx1\",\"out_bill_no\":\"subsidy1\",\"transfer_scene_id\":\"1004\",\"openid\":\"o-li\","
              "\"transfer_amount\":5000,\"transfer_remark\":\"困难职工补助\",\"notify_url\":\"https://h/v1\","
              "\"transfer_scene_report_infos\":[{\"info_type\":\"保险产品备案编号\",\"info_content\":\"备案1\"},"
              "{\"info_type\":\"保险名称\",\"info_content\":\"职工互助\"},{\"info_type\":\"保险操作单号\","
              "\"info_content\":\"操作9\"}]}");
    free(body);
    body = transfer_body(&payout, "wx1", "o-li", "c2VhbGVk", "https://h/v1");
    assert_non_null(strstr(body, "\"user_name\":\"c2VhbGVk\""));
    free(body);
}

static void a_code_and_never_a_message_says_what_is_to_be_done(void **state)
{
    static const struct {
        long status;
        const char *code;
        enum pay_next next;
    } cases[] = {
        {400, "PARAM_ERROR", PAY_NEVER},
        {400, "INVALID_REQUEST", PAY_NEVER},
        {401, "SIGN_ERROR", PAY_LATER},
        {403, "NOT_ENOUGH", PAY_LATER},
        {403, "NO_AUTH", PAY_LATER},
        {403, "RULE_LIMIT", PAY_NEVER},
        {429, "FREQUENCY_LIMITED", PAY_LATER},
        {429, "ANYTHING", PAY_LATER},
        {500, "SYSTEM_ERROR", PAY_ASK},
        {404, "NOT_FOUND", PAY_ASK},
        {409, "ALREADY_EXISTS", PAY_ASK},
        {400, "NEW_CODE", PAY_ASK},
        {502, "", PAY_ASK},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(pay_next_of(cases[i].status, pay_code_of(cases[i].code)), cases[i].next);
    assert_string_equal(pay_code_name(pay_code_of("NOT_ENOUGH")), "NOT_ENOUGH");
    assert_int_equal(pay_code_of("not_enough"), PAY_CODE_OTHER);
    assert_int_equal(pay_code_of(""), PAY_CODE_NONE);
}

static void every_state_of_a_bill_means_one_of_a_payout(void **state)
{
    static const struct {
        const char *word;
        int means;
    } cases[] = {
        {"ACCEPTED", BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED},
        {"PROCESSING", BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED},
        {"WAIT_USER_CONFIRM", BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM},
        {"TRANSFERING", BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED},
        {"SUCCESS", BRIDGE__PAYOUT_STATE__PAYOUT_PAID},
        {"FAIL", BRIDGE__PAYOUT_STATE__PAYOUT_FAILED},
        {"CANCELING", BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED},
        {"CANCELLED", BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED},
        {"PAID", 0},
    };
    struct transfer_said said;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *body = json_pack("{s:s, s:s, s:i}", "out_bill_no", "n", "state", cases[i].word, "transfer_amount", 7);

        assert_true(transfer_read(body, &said));
        assert_int_equal(transfer_means(said.state), cases[i].means);
        assert_int_equal(said.fen, 7);
        json_decref(body);
    }
    assert_false(transfer_read(NULL, &said));
    assert_int_equal(transfer_reason("OVERDUE_CLOSE"), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    assert_int_equal(transfer_reason("NAME_NOT_CORRECT"), BRIDGE__REASON__PAYOUT_ACCOUNT_REFUSED);
    assert_int_equal(transfer_reason("SOMETHING"), BRIDGE__REASON__PAYOUT_PROVIDER_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_follows_from_the_order_and_is_one_the_provider_takes),
        cmocka_unit_test(an_order_that_no_way_can_carry_is_refused),
        cmocka_unit_test(a_request_says_what_the_order_says_and_nothing_else),
        cmocka_unit_test(a_code_and_never_a_message_says_what_is_to_be_done),
        cmocka_unit_test(every_state_of_a_bill_means_one_of_a_payout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
