/* What is sent out of stocks of WeChat's coupons, step by step, whatever answers, is lost or is killed between. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/bridge/stock/favor_fixture.h"

/* ---- cases ---- */

static void the_same_request_leaves_until_it_is_answered(void **state)
{
    char first[sizeof(last()->body)];

    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    assert_string_equal(last()->path, "/v3/marketing/favor/users/o-li/coupons");
    assert_string_equal(last()->body, "{\"stock_id\":\"9001\",\"out_request_no\":\"501\",\"appid\":"
                                      "\"wx0000000000000001\",\"stock_creator_mchid\":\"1900009191\"}");
    snprintf(first, sizeof(first), "%s", last()->body);
    lose();
    go();
    assert_int_equal(of_send(501, "state"), SEND_PENDING);
    kill_bridge();
    pass(20000);
    send_to("o-li");
    assert_string_equal(last()->body, first);
    kill_bridge(); /* its answer comes to nobody */
    pass(20000);
    send_to("o-li");
    assert_string_equal(last()->body, first);
    answered("{'coupon_id':'c1'}");
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    owe(501, MEMBER);
    pass(3600000);
    go();
    assert_false(is_asked());
    assert_int_equal(of_send(501, "state"), SEND_DONE);
}

static void one_person_is_sent_one_at_a_time(void **state)
{
    unsigned sent;

    (void)state;
    owe(501, MEMBER);
    owe(502, MEMBER);
    owe(503, MEMBER + 1);
    sent = t.n_sent;
    send_to("o-li");
    assert_int_equal(t.n_sent, sent + 2);
    go();
    assert_false(is_asked());
    assert_string_equal(last()->path, "/v3/marketing/favor/users/o-li/coupons");
    answered("{'coupon_id':'c3'}");
    assert_false(is_asked());
    t.n_sent--;
    answered("{'coupon_id':'c1'}");
    t.n_sent++;
    send_to("o-li");
    assert_non_null(strstr(last()->body, "\"out_request_no\":\"502\""));
    answered("{'coupon_id':'c2'}");
    assert_int_equal(count("SELECT count(*) FROM send WHERE state = 2"), 3);
}

static void a_limit_fails_after_four_refusals_and_no_sooner(void **state)
{
    (void)state;
    owe(501, MEMBER);
    for (int i = 1; i <= FAVOR_REFUSALS; i++) {
        assert_int_equal(of_send(501, "state"), SEND_PENDING);
        pass(3600000);
        send_to("o-li");
        refused(403, "RULE_LIMIT");
        assert_int_equal(of_send(501, "refusals"), i);
    }
    assert_int_equal(of_send(501, "state"), SEND_FAILED);
    assert_int_equal(of_send(501, "reason"), COUPON__REASON__VOUCHER_LIMIT);
}

static void what_is_ours_to_mend_fails_nobody(void **state)
{
    (void)state;
    owe(501, MEMBER);
    for (int i = 0; i < 10; i++) {
        pass(3600000);
        send_to("o-li");
        refused(i % 2 ? 403 : 429, i % 2 ? "NOT_ENOUGH" : "FREQUENCY_LIMITED");
    }
    assert_int_equal(of_send(501, "state"), SEND_PENDING);
    assert_int_equal(of_send(501, "refusals"), 0);
}

static void a_stock_that_was_paused_there_is_found_out_and_all_wait(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    refused(400, "INVALID_REQUEST");
    go();
    assert_string_equal(last()->path, "/v3/marketing/favor/stocks/9001?stock_creator_mchid=1900009191");
    answered("{'stock_id':'9001','status':'paused'}");
    assert_int_equal(stock_state(), BRIDGE__STOCK_STATE__STOCK_PAUSED);
    pass(60000);
    go();
    go();
    assert_int_equal(of_send(501, "reason"), COUPON__REASON__VOUCHER_ON_HOLD);
    assert_int_equal(of_send(501, "refusals"), 0);
    hear_step(COUPON__BACKING_STEP__STOCK_RESTART, 3);
    go();
    answered("{'stock_id':'9001'}");
    send_to("o-li");
    answered("{'coupon_id':'c1'}");
    assert_int_equal(of_send(501, "state"), SEND_DONE);
}

static void what_was_used_before_it_was_known_is_used(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    use("9001", "c1", 299);
    use("9001", "c1", 299);
    answered("{'coupon_id':'c1'}");
    assert_int_equal(of_send(501, "state"), SEND_USED);
    assert_int_equal(of_send(501, "changed_at"), INT64_C(1767225600000));
    assert_int_equal(count("SELECT count(*) FROM send_use"), 0);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
}

static void a_use_of_another_worth_or_stock_is_looked_at(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    answered("{'coupon_id':'c1'}");
    use("9001", "c1", 298);
    use("9002", "c1", 299);
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS), 1);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER), 1);
}

static void under_its_number_it_goes_to_one_wechat_alone(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    lose();
    go();
    pass(60000);
    send_to("o-another");
    assert_int_equal(of_send(501, "state"), SEND_PENDING);
    assert_int_equal(of_send(501, "reason"), COUPON__REASON__VOUCHER_WECHAT_CHANGED);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_WECHAT_CHANGED), 1);
    assert_null(strstr(last()->path, "o-another"));
}

static void a_coupon_that_ended_is_not_sent_unless_it_may_have_left(void **state)
{
    (void)state;
    owe(501, MEMBER);
    end_coupon(501);
    go();
    assert_false(is_asked());
    assert_int_equal(of_send(501, "state"), SEND_WITHDRAWN);
    owe(502, MEMBER);
    send_to("o-li");
    end_coupon(502);
    answered("{'coupon_id':'c2'}");
    assert_int_equal(of_send(502, "state"), SEND_DONE);
}

static void what_was_not_used_in_time_is_over_and_what_was_not_sent_has_failed(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    answered("{'coupon_id':'c1'}");
    pass(UNTIL - clock_now(&h.service.clock));
    owe(502, MEMBER);
    go();
    go();
    assert_int_equal(of_send(502, "state"), SEND_FAILED);
    assert_int_equal(of_send(502, "reason"), COUPON__REASON__VOUCHER_TOO_LATE);
    pass(SEND_LATE_MS + 1);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(of_send(501, "state"), SEND_OVER);
    assert_int_equal(stock_state(), BRIDGE__STOCK_STATE__STOCK_ENDED);
    use("9001", "c1", 299);
    assert_int_equal(of_send(501, "state"), SEND_USED);
}

static void what_may_have_left_is_not_failed_by_a_refusal_that_says_nothing(void **state)
{
    (void)state;
    owe(501, MEMBER);
    send_to("o-li");
    lose();
    go();
    pass(UNTIL - clock_now(&h.service.clock));
    send_to("o-li");
    refused(429, "FREQUENCY_LIMITED");
    assert_int_equal(of_send(501, "state"), SEND_PENDING);
    pass(3600000);
    send_to("o-li");
    refused(401, "SIGN_ERROR");
    assert_int_equal(of_send(501, "state"), SEND_PENDING);
    pass(3600000);
    send_to("o-li");
    answered("{'coupon_id':'c1'}");
    assert_int_equal(of_send(501, "state"), SEND_DONE);
    owe(502, MEMBER);
    go();
    go();
    assert_int_equal(of_send(502, "state"), SEND_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_favor, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_request_leaves_until_it_is_answered),
        TEST(one_person_is_sent_one_at_a_time),
        TEST(a_limit_fails_after_four_refusals_and_no_sooner),
        TEST(what_is_ours_to_mend_fails_nobody),
        TEST(a_stock_that_was_paused_there_is_found_out_and_all_wait),
        TEST(what_was_used_before_it_was_known_is_used),
        TEST(a_use_of_another_worth_or_stock_is_looked_at),
        TEST(under_its_number_it_goes_to_one_wechat_alone),
        TEST(a_coupon_that_ended_is_not_sent_unless_it_may_have_left),
        TEST(what_was_not_used_in_time_is_over_and_what_was_not_sent_has_failed),
        TEST(what_may_have_left_is_not_failed_by_a_refusal_that_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
