/* Payouts on their way, with the test in the place of the source, of identity and of WeChat Pay: orders are told,
 * questions and requests are noted and answered one by one, and the daemon dies between any two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/bridge/pay/transfers_fixture.h"

static void an_order_is_paid_when_the_provider_says_so(void **state)
{
    (void)state;
    order(1, 5000);
    assert_int_equal(state_of(1), WAITING);
    step();
    assert_int_equal(t.n_questions, 1);
    tell_payee("o-li", "李敏");
    assert_int_equal(t.n_sent, 0); /* not before it is marked */
    step();
    assert_int_equal(state_of(1), SENT);
    assert_int_equal(t.n_sent, 1);
    assert_string_equal(last()->path, TRANSFER_PATH);
    assert_non_null(strstr(last()->body, "\"openid\":\"o-li\""));
    assert_null(strstr(last()->body, "user_name"));
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    assert_int_equal(state_of(1), CONFIRM);
    later(30000);
    answer_query("WAIT_USER_CONFIRM", 5000, "o-li");
    assert_int_equal(state_of(1), CONFIRM);
    later(60000);
    answer_query("SUCCESS", 5000, "o-li");
    assert_int_equal(state_of(1), PAID);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE hex(payee) LIKE '%6F2D6C69%'"), 0);
}

static void a_name_goes_sealed_from_two_thousand_yuan_on(void **state)
{
    (void)state;
    order(1, 200000);
    step();
    tell_payee("o-li", "");
    step();
    assert_int_equal(t.n_sent, 0);
    assert_int_equal(reason_of(1), BRIDGE__REASON__PAYOUT_NO_NAME);
    later(3600000);
    tell_payee("o-li", "李敏");
    step();
    assert_non_null(strstr(last()->body, "\"user_name\":\""));
    assert_null(strstr(last()->body, "李敏"));
}

static void what_may_have_left_is_asked_about_and_leaves_again_under_its_number(void **state)
{
    char first[256];

    (void)state;
    send_one(1, 5000);
    snprintf(first, sizeof(first), "%s", last()->body);
    lose();
    step();
    assert_int_equal(state_of(1), SENT);
    later(4000);
    assert_true(is_query());
    answer_error(404, "NOT_FOUND");
    step();
    step();
    tell_payee("o-li", "李敏");
    step();
    assert_string_equal(last()->path, TRANSFER_PATH);
    assert_memory_equal(last()->body, first, 128); /* the same form */
    answer("{'out_bill_no':'%s','state':'SUCCESS'}");
    step();
    assert_int_equal(state_of(1), PAID);
    assert_int_equal(count("SELECT count(DISTINCT number) FROM payout"), 1);
}

static void after_any_death_the_number_is_the_same(void **state)
{
    char number[PAYOUT_NUMBER_SIZE];

    (void)state;
    order(1, 5000);
    snprintf(number, sizeof(number), "%s", number_of(1));
    die();
    step();
    tell_payee("o-li", "李敏");
    die(); /* it was not marked: nothing left */
    assert_int_equal(state_of(1), WAITING);
    send_ready();
    assert_int_equal(t.n_sent, 1);
    die(); /* the request may have left */
    assert_int_equal(state_of(1), SENT);
    step();
    assert_int_equal(t.n_sent, 0);
    later(60000);
    assert_true(is_query());
    answer_query("WAIT_USER_CONFIRM", 5000, "o-li");
    die(); /* without the package, which is asked for by the same request */
    assert_int_equal(state_of(1), CONFIRM);
    step();
    tell_payee("o-li", "李敏");
    step();
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    assert_int_equal(count("SELECT package = 'pack' FROM payout"), 1);
    assert_string_equal(number_of(1), number);
    assert_int_equal(count("SELECT attempt FROM payout"), 1);
}

static void a_refusal_is_no_failure_before_the_number_stays_unknown(void **state)
{
    (void)state;
    send_one(1, 5000);
    answer_error(400, "INVALID_REQUEST");
    step();
    assert_int_equal(state_of(1), SENT);
    for (int i = 1; i < TRANSFER_MISSING; i++) {
        later(600000);
        assert_true(is_query());
        answer_error(404, "NOT_FOUND");
        step();
        assert_int_equal(state_of(1), SENT);
    }
    later(600000);
    answer_error(404, "NOT_FOUND");
    step();
    assert_int_equal(state_of(1), REFUSED);
    assert_int_equal(reason_of(1), BRIDGE__REASON__PAYOUT_PROVIDER_REFUSES);
}

static void a_refused_number_that_turns_up_is_followed(void **state)
{
    (void)state;
    send_one(1, 5000);
    answer_error(400, "INVALID_REQUEST");
    step();
    for (int i = 0; i < 3; i++) {
        later(600000);
        answer_error(404, "NOT_FOUND");
        step();
    }
    later(600000);
    answer_query("ACCEPTED", 5000, "o-li");
    assert_int_equal(state_of(1), ACCEPTED);
    later(600000);
    answer_query("SUCCESS", 5000, "o-li");
    assert_int_equal(state_of(1), PAID);
}

static void what_surely_did_nothing_is_tried_again_as_it_was(void **state)
{
    static const struct {
        long status;
        const char *code;
        int reason;
    } cases[] = {
        {429, "FREQUENCY_LIMITED", BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER},
        {403, "NOT_ENOUGH", BRIDGE__REASON__PAYOUT_NO_BALANCE},
        {403, "NO_AUTH", BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER},
    };

    (void)state;
    order(1, 5000);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        later(600000);
        tell_payee("o-li", "李敏");
        step();
        assert_string_equal(last()->path, TRANSFER_PATH);
        answer_error(cases[i].status, cases[i].code);
        step();
        assert_int_equal(state_of(1), WAITING);
        assert_int_equal(reason_of(1), cases[i].reason);
    }
    assert_int_equal(count("SELECT count(DISTINCT number) FROM payout"), 1);
}

static void after_three_days_nothing_leaves_again(void **state)
{
    (void)state;
    send_one(1, 5000);
    lose();
    step();
    later(TRANSFER_RESEND_MS);
    for (int i = 0; i < TRANSFER_MISSING; i++) {
        assert_true(is_query());
        answer_error(404, "NOT_FOUND");
        step();
        later(600000);
    }
    assert_int_equal(state_of(1), REFUSED);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_LOST), 1);
}

static void an_answer_about_another_amount_or_payee_changes_nothing(void **state)
{
    (void)state;
    send_one(1, 5000);
    lose();
    step();
    later(4000);
    answer_query("SUCCESS", 5001, "o-li");
    assert_int_equal(state_of(1), SENT);
    later(3600000);
    answer_query("SUCCESS", 5000, "o-another");
    assert_int_equal(state_of(1), SENT);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS), 1);
}

static void who_has_another_wechat_by_now_is_not_paid_under_the_same_number(void **state)
{
    (void)state;
    send_one(1, 5000);
    lose();
    step();
    later(4000);
    answer_error(404, "NOT_FOUND");
    step();
    step();
    tell_payee("o-new", "李敏");
    step();
    assert_int_equal(t.n_sent, 2); /* the request and the question */
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_WECHAT_CHANGED), 1);
    assert_int_equal(state_of(1), SENT);
}

static void a_day_has_its_limits_and_the_next_day_goes_on(void **state)
{
    (void)state;
    order(1, 200000);
    order(2, 200000);
    send_ready();
    assert_int_equal(t.n_sent, 1);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE reason = 90048"), 0);
    step();
    assert_int_equal(count("SELECT count(*) FROM payout WHERE state = 1 AND reason = 90048"), 1);
    later(INT64_C(86400000));
    assert_true(t.n_questions > 2);
    order(3, 300001);
    assert_int_equal(state_of(3), REFUSED);
    assert_int_equal(reason_of(3), BRIDGE__REASON__PAYOUT_OVER_ORDER);
}

static void what_is_withdrawn_in_time_is_not_paid(void **state)
{
    (void)state;
    order(1, 5000);
    hear_withdrawn(&h, 1);
    assert_int_equal(state_of(1), CANCELLED);
    send_one(2, 5000);
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    hear_withdrawn(&h, 2);
    step();
    assert_int_equal(state_of(2), CONFIRM);
    step();
    assert_non_null(strstr(last()->path, "/cancel"));
    answer("{'out_bill_no':'%s','state':'CANCELING'}");
    step();
    later(10000);
    answer_query("CANCELLED", 5000, "o-li");
    assert_int_equal(state_of(2), CANCELLED);
    /* One that she has confirmed before is paid, and said to be. */
    send_one(3, 5000);
    answer("{'out_bill_no':'%s','state':'ACCEPTED'}");
    step();
    hear_withdrawn(&h, 3);
    step();
    answer_error(400, "INVALID_REQUEST");
    step();
    step();
    answer_query("SUCCESS", 5000, "o-li");
    assert_int_equal(state_of(3), PAID);
}

/* What the platform did not know before a request left says nothing of that request. */
static void questions_are_counted_from_the_last_request_on(void **state)
{
    (void)state;
    send_one(1, 5000);
    for (int i = 1; i < TRANSFER_MISSING; i++) {
        lose();
        step();
        later(600000);
        assert_true(is_query());
        answer_error(404, "NOT_FOUND");
        step();
        send_ready();
        assert_string_equal(last()->path, TRANSFER_PATH);
    }
    hear_withdrawn(&h, 1);
    lose();
    step();
    for (int i = 1; i <= TRANSFER_MISSING; i++) {
        assert_int_equal(state_of(1), SENT);
        later(600000);
        assert_true(is_query());
        answer_error(404, "NOT_FOUND");
        step();
    }
    assert_int_equal(state_of(1), CANCELLED);
}

/* It waits for her in the WeChat that it went to: she is told so, can confirm it there, and is paid anew in her new one
 * when it has gone back. */
static void who_has_changed_her_wechat_is_told_and_paid_anew_to_the_new_one(void **state)
{
    (void)state;
    send_one(1, 5000);
    answer("{'out_bill_no':'%s','state':'WAIT_USER_CONFIRM','package_info':'pack'}");
    step();
    later(30000);
    assert_false(is_query());
    tell_payee("o-new", "李敏");
    answer_query("WAIT_USER_CONFIRM", 5000, "o-li");
    assert_int_equal(state_of(1), CONFIRM);
    assert_int_equal(reason_of(1), BRIDGE__REASON__PAYOUT_WECHAT_CHANGED);
    assert_int_equal(count("SELECT package = 'pack' FROM payout"), 1);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
    /* She has the old one again. */
    later(60000);
    tell_payee("o-li", "李敏");
    answer_query("WAIT_USER_CONFIRM", 5000, "o-li");
    assert_int_equal(reason_of(1), 0);
    later(INT64_C(86400000));
    tell_payee("o-new", "李敏");
    assert_true(is_query());
    answer("{'out_bill_no':'%s','state':'FAIL','fail_reason':'OVERDUE_CLOSE','transfer_amount':5000,'openid':'o-li'}");
    step();
    assert_int_equal(state_of(1), FAILED);
    assert_int_equal(reason_of(1), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    assert_int_equal(renew(1)->reason, 0);
    step();
    tell_payee("o-new", "李敏");
    step();
    assert_non_null(strstr(last()->body, "\"openid\":\"o-new\""));
    answer("{'out_bill_no':'%s','state':'SUCCESS'}");
    step();
    assert_int_equal(state_of(1), PAID);
}

static void another_number_is_given_only_to_what_surely_was_not_paid(void **state)
{
    (void)state;
    send_one(1, 5000);
    assert_refused(renew(1), "PAYOUT_MAY_BE_PAID");
    answer("{'out_bill_no':'%s','state':'FAIL','fail_reason':'OVERDUE_CLOSE'}");
    step();
    assert_int_equal(state_of(1), FAILED);
    assert_int_equal(reason_of(1), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    assert_int_equal(renew(1)->reason, 0);
    assert_int_equal(state_of(1), WAITING);
    assert_int_equal(count("SELECT count(*) FROM payout_number WHERE number <> (SELECT number FROM payout)"), 1);
    send_ready();
    answer("{'out_bill_no':'%s','state':'SUCCESS'}");
    step();
    assert_int_equal(state_of(1), PAID);
    assert_refused(renew(1), "PAYOUT_MAY_BE_PAID");
}

static void an_order_is_taken_once_and_another_under_its_id_is_looked_at(void **state)
{
    (void)state;
    order(1, 5000);
    order(1, 5000);
    assert_int_equal(count("SELECT count(*) FROM payout"), 1);
    assert_int_equal(count("SELECT count(*) FROM pay_case"), 0);
    order(1, 6000);
    assert_int_equal(count("SELECT count(*) FROM payout WHERE fen = 5000"), 1);
    assert_int_equal(cases_of(BRIDGE__PAY_CASE_KIND__PAY_CASE_ORDER_ODD), 1);
}

static int asked_by(const char *method, const ProtobufCMessage *request, int role, const char *path)
{
    return harness_call(&h, method, request, harness_official(&h, 5, role, path), NULL)->reason;
}

/* The merchant's account is everybody's: officials of the uppermost union look after it, no others. */
static void what_was_paid_is_shown_to_finance_of_the_whole_alone(void **state)
{
    Bridge__ListPayoutsRequest list = BRIDGE__LIST_PAYOUTS_REQUEST__INIT;
    Bridge__ExplainPayCaseRequest explained = BRIDGE__EXPLAIN_PAY_CASE_REQUEST__INIT;
    const int office = BRIDGE__REASON__PAY_OFFICE_NEEDED;

    (void)state;
    order(1, 0);
    explained.case_id = count("SELECT case_id FROM pay_case");
    explained.note = "查明";
    assert_int_equal(asked_by("Pay.ListPayouts", &list.base, RULE__ROLE__FINANCE, "00010002"), office);
    assert_int_equal(asked_by("Pay.ListPayouts", &list.base, RULE__ROLE__AUDIT_ADMIN, "00010002"), office);
    assert_int_equal(asked_by("Pay.ExplainPayCase", &explained.base, RULE__ROLE__FINANCE, "00010002"), office);
    assert_int_equal(asked_by("Pay.ExplainPayCase", &explained.base, RULE__ROLE__AUDIT_ADMIN, "0001"),
                     RPC__REASON__NOT_OFFICIAL);
    assert_int_equal(asked_by("Pay.ListPayouts", &list.base, RULE__ROLE__AUDIT_ADMIN, "0001"), 0);
    assert_int_equal(asked_by("Pay.ExplainPayCase", &explained.base, RULE__ROLE__FINANCE, "0001"), 0);
}

/* The loop's time goes on. */
static void pass(int64_t ms)
{
    t.loop.time += (uint64_t)ms;
    step();
}

static void no_more_requests_begin_in_any_second_than_the_setting_says(void **state)
{
    (void)state;
    t.bridge->pay.rate = 3; /* as the setting says before it opens */
    step();                 /* certificates are asked for, which counts */
    pass(1000);
    for (int64_t i = 1; i <= 8; i++)
        order(i, 1000);
    for (int i = 0; i < 5; i++)
        send_ready();
    assert_int_equal(t.n_sent, 3);
    pass(999);
    send_ready();
    assert_int_equal(t.n_sent, 3);
    pass(1);
    send_ready();
    send_ready();
    assert_int_equal(t.n_sent, 6);
}

/* Nor does who is asked about keep others from being sent: each has a limit of its own. */
static void what_was_sent_is_asked_about_while_others_wait_to_be_sent(void **state)
{
    (void)state;
    t.bridge->pay.rate = 2;
    send_one(1, 1000);
    answer("{'out_bill_no':'%s','state':'ACCEPTED'}");
    step();
    pass(1000);
    for (int64_t i = 2; i <= 6; i++)
        order(i, 1000);
    send_ready();
    assert_int_equal(t.n_sent, 3);
    later(5000);
    assert_int_equal(t.n_sent, 4);
    assert_true(is_query());
    assert_non_null(strstr(last()->path, number_of(1)));
    pass(1000);
    send_ready();
    assert_int_equal(t.n_sent, 6);
    assert_string_equal(last()->path, TRANSFER_PATH);
}

static unsigned lists_asked(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t.n_sent; i++)
        n += strstr(t.sent[i].path, "/v3/certificates") != NULL;
    return n;
}

static void certificates_are_asked_for_every_twelve_hours_and_when_one_is_unknown(void **state)
{
    struct pay *pay = &t.bridge->pay;

    (void)state;
    t.lists_certificates = true;
    pass(PAY_AGAIN_MS);
    assert_int_equal(lists_asked(), 1);
    answer("{'data':[]}");
    pass(PAY_REFRESH_MS - 1);
    assert_int_equal(lists_asked(), 1);
    pass(1);
    assert_int_equal(lists_asked(), 2);
    answer("{'data':[]}");
    prove("{}");
    assert_int_equal(pay_prove(pay, t.timestamp, "nonce", "NEW", t.signature, "{}", 2),
                     BRIDGE__REASON__PAY_KEY_UNKNOWN);
    pass(PAY_AGAIN_MS - 1);
    assert_int_equal(lists_asked(), 2);
    pass(1);
    assert_int_equal(lists_asked(), 3);
}

static void after_three_failures_in_a_row_the_other_host_is_asked_for_five_minutes(void **state)
{
    struct pay *pay = &t.bridge->pay;

    (void)state;
    snprintf(pay->hosts[1], sizeof(pay->hosts[1]), "https://second.example");
    send_one(1, 1000);
    lose();
    step();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pay->host, 0);
        later(600000);
        lose();
        step();
    }
    assert_int_equal(pay->host, 1);
    pass(PAY_HOST_MS - 1);
    later(600000);
    answer_query("SUCCESS", 1000, "o-li");
    assert_int_equal(pay->host, 1);
    assert_int_equal(state_of(1), PAID);
    pass(1);
    send_one(2, 1000);
    assert_int_equal(pay->host, 0);
}

static void while_the_disk_is_full_nothing_leaves(void **state)
{
    (void)state;
    order(1, 5000);
    step();
    tell_payee("o-li", "李敏");
    disk_fail(DISK_WRITE_FAILS, 1, true);
    step();
    assert_int_equal(t.n_sent, 0);
    disk_heal();
    send_ready();
    assert_int_equal(t.n_sent, 1);
    disk_fail(DISK_WRITE_FAILS, 1, true);
    answer("{'out_bill_no':'%s','state':'SUCCESS'}");
    step();
    assert_int_equal(state_of(1), SENT);
    disk_heal();
    step();
    assert_int_equal(state_of(1), PAID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(an_order_is_paid_when_the_provider_says_so),
        TEST(a_name_goes_sealed_from_two_thousand_yuan_on),
        TEST(what_may_have_left_is_asked_about_and_leaves_again_under_its_number),
        TEST(after_any_death_the_number_is_the_same),
        TEST(a_refusal_is_no_failure_before_the_number_stays_unknown),
        TEST(a_refused_number_that_turns_up_is_followed),
        TEST(what_surely_did_nothing_is_tried_again_as_it_was),
        TEST(after_three_days_nothing_leaves_again),
        TEST(an_answer_about_another_amount_or_payee_changes_nothing),
        TEST(who_has_another_wechat_by_now_is_not_paid_under_the_same_number),
        TEST(a_day_has_its_limits_and_the_next_day_goes_on),
        TEST(what_is_withdrawn_in_time_is_not_paid),
        TEST(questions_are_counted_from_the_last_request_on),
        TEST(who_has_changed_her_wechat_is_told_and_paid_anew_to_the_new_one),
        TEST(another_number_is_given_only_to_what_surely_was_not_paid),
        TEST(an_order_is_taken_once_and_another_under_its_id_is_looked_at),
        TEST(what_was_paid_is_shown_to_finance_of_the_whole_alone),
        TEST(no_more_requests_begin_in_any_second_than_the_setting_says),
        TEST(what_was_sent_is_asked_about_while_others_wait_to_be_sent),
        TEST(certificates_are_asked_for_every_twelve_hours_and_when_one_is_unknown),
        TEST(after_three_failures_in_a_row_the_other_host_is_asked_for_five_minutes),
        TEST(while_the_disk_is_full_nothing_leaves),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
