/* What is paid for vouchers of WeChat's, however late the bridge says that they were used. */
#include "services/coupon/backing/backing_fixture.h"
#include "services/coupon/fund/fund_fixture.h"

#define FACE  299
#define STOCK 3

static int64_t the_fund;

/* As many as the fund pays for; two members have one each. */
static int64_t open_paid(int64_t fund_fen, int64_t ret_coupons[2])
{
    static Coupon__Funding funding;
    Coupon__Release draft = backed(draft_of(STOCK, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE));
    int64_t id;

    the_fund = open_fund(terms_of(fund_fen, 0));
    coupon__funding__init(&funding);
    funding.fund_id = the_fund;
    draft.funding = &funding;
    id = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    publish_backed(id);
    to(OPENS);
    for (int i = 0; i < 2; i++)
        ret_coupons[i] = coupon_of(claim(id, 11 + i))->coupon_id;
    holdings_index_slice(h.service.self, 100);
    tidy();
    return id;
}

static void what_is_used_is_paid_by_the_fund_and_comes_back(void **state)
{
    int64_t coupons[2];

    (void)state;
    open_paid(STOCK * FACE, coupons);
    assert_money(the_fund, 0, STOCK * FACE, 0);
    for (int again = 0; again < 2; again++)
        hear_send(coupons[0], BRIDGE__SEND_STATE__SEND_USED, 0);
    assert_money(the_fund, 0, 2 * FACE, FACE);
    assert_clean();
    hear_send(coupons[0], BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_money(the_fund, 0, STOCK * FACE, 0);
    assert_clean();
}

/* The release is over and forgotten, and its money has gone back. */
static void long_after_the_end(int64_t id)
{
    assert_ok(change("Coupons.EndRelease", id));
    clock_step(&h.service.clock, 45 * COUPON_DAY_MS);
    tidy();
    releases_forget_closed(h.service.self);
    assert_null(release_find(h.service.self, id));
    assert_int_equal(use_of(id).stage, FUND_OVER);
}

static void what_is_told_after_the_money_went_back_is_taken_again(void **state)
{
    int64_t coupons[2], id = open_paid(STOCK * FACE, coupons);

    (void)state;
    long_after_the_end(id);
    assert_money(the_fund, STOCK * FACE, 0, 0);
    hear_send(coupons[1], BRIDGE__SEND_STATE__SEND_USED, 0);
    assert_money(the_fund, 2 * FACE, 0, FACE);
    assert_clean();
}

static void what_the_fund_cannot_pay_any_more_is_found(void **state)
{
    int64_t coupons[2], id = open_paid(STOCK * FACE, coupons);
    Coupon__FundTerms less = terms_of(FACE, 0);

    (void)state;
    long_after_the_end(id);
    assert_ok(propose_terms(the_fund, &less, finance(901)));
    assert_ok(on_fund("Funds.ConfirmFund", the_fund, finance(902)));
    hear_send(coupons[0], BRIDGE__SEND_STATE__SEND_USED, 0);
    assert_clean();
    hear_send(coupons[1], BRIDGE__SEND_STATE__SEND_USED, 0); /* and others after it are heard */
    assert_non_null(strstr(harness_audit(&h), "is not paid for"));
    hear_send(coupons[1], BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_clean();
    assert_money(the_fund, 0, 0, FACE);
}

/* What the fund could not pay it pays as soon as it has the money, once, and no more than it has. */
static void what_the_fund_could_not_pay_is_paid_when_it_can(void **state)
{
    int64_t coupons[2], id = open_paid(STOCK * FACE, coupons);
    Coupon__FundTerms less = terms_of(FACE - 1, 0), one = terms_of(2 * FACE - 1, 0), enough = terms_of(3 * FACE, 0);

    (void)state;
    long_after_the_end(id);
    assert_ok(propose_terms(the_fund, &less, finance(901)));
    assert_ok(on_fund("Funds.ConfirmFund", the_fund, finance(902)));
    hear_send(coupons[0], BRIDGE__SEND_STATE__SEND_USED, 0);
    hear_send(coupons[1], BRIDGE__SEND_STATE__SEND_USED, 0);
    tidy();
    assert_money(the_fund, FACE - 1, 0, 0);
    assert_ok(propose_terms(the_fund, &one, finance(901)));
    assert_ok(on_fund("Funds.ConfirmFund", the_fund, finance(902)));
    tidy();
    assert_money(the_fund, FACE - 1, 0, FACE);
    assert_non_null(strstr(harness_audit(&h), "is not paid for"));
    harness_reopen(&h);
    assert_ok(propose_terms(the_fund, &enough, finance(901)));
    assert_ok(on_fund("Funds.ConfirmFund", the_fund, finance(902)));
    for (int again = 0; again < 2; again++)
        tidy();
    assert_money(the_fund, FACE, 0, 2 * FACE);
    assert_clean();
}

static void a_coupon_that_is_indexed_after_its_release_was_forgotten_is_owed(void **state)
{
    int64_t id = open_backed(STOCK), coupon_id = coupon_of(claim(id, 11))->coupon_id;
    struct coupon *self;

    (void)state;
    assert_ok(change("Coupons.EndRelease", id));
    clock_step(&h.service.clock, 3 * COUPON_DAY_MS); /* meanwhile nothing runs */
    harness_reopen(&h);
    self = h.service.self;
    assert_null(release_find(self, id));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM voucher"), 0);
    harness_tamper(&h, "UPDATE progress SET upto = 9000000000000000000");
    assert_non_null(strstr(harness_audit(&h), "is owed by no voucher"));
    harness_tamper(&h, "UPDATE progress SET upto = 0");
    while (holdings_index_slice(self, 100) > 0)
        continue;
    assert_int_equal(harness_number(&h, "SELECT coupon_id FROM voucher"), coupon_id);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_used_is_paid_by_the_fund_and_comes_back),
        TEST(what_is_told_after_the_money_went_back_is_taken_again),
        TEST(what_the_fund_cannot_pay_any_more_is_found),
        TEST(what_the_fund_could_not_pay_is_paid_when_it_can),
        TEST(a_coupon_that_is_indexed_after_its_release_was_forgotten_is_owed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
