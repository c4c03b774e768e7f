/* Any order of spending, undoing, preparing for two periods that share a day, confirming and rejecting: nothing is
 * settled twice, and in the end the statements come to what is spent, and so do the funds. */
#include "services/coupon/settlement/settlement_fixture.h"
#include "tests/seed.h"

#define WALKS  20
#define STEPS  60
#define BUYERS 60

enum { ONE_DAY, TWO_DAYS, PERIODS };
static const int32_t begins[PERIODS] = {DAY, DAY - 8870}; /* 20251231 */

static struct {
    int64_t fund_id, releases[2], sales[STEPS];
    int n_sales;
} m;

static struct clock dice;

/* One release of a fund, of which the merchant bears a part, and one without. */
static void open_world(void)
{
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    Coupon__Release draft;

    memset(&m, 0, sizeof(m));
    open_shop();
    m.fund_id = open_fund(terms_of(10 * BUYERS * 500, 0));
    draft = paid_from(m.fund_id, 1);
    draft.stock_per_day = BUYERS;
    spending.merchant_percent = 30;
    draft.spending = &spending;
    m.releases[0] = publish(draft);
    draft = draft_of(BUYERS, 1, COUPON__ALLOWANCE__ONE_PER_DAY);
    m.releases[1] = publish(draft);
    to(OPENS);
}

/* ---- steps ---- */

static void somebody_spends(void)
{
    int64_t member_id = m.n_sales + 1;
    Coupon__CreateSaleRequest request;

    if (m.n_sales == STEPS)
        return;
    assert_ok(claim(m.releases[test_roll(&dice, 2)], member_id));
    request = sale_of(arena_printf(&h.arena, "purchase-%d", m.n_sales), shown_by(member_id), 1000);
    request.at_once = true;
    m.sales[m.n_sales++] = sale_in(send_sale(&request))->sale_id;
}

static int64_t open_of(int period)
{
    return harness_number(&h, arena_printf(&h.arena,
                                           "SELECT coalesce(min(statement_id), 0) FROM statement JOIN "
                                           "settlement_period ON period_id = for_id WHERE state = 1 AND from_day = %d",
                                           begins[period]));
}

static const Rpc__Answer *prepare_for(int period)
{
    return prepare_days(begins[period], DAY, finance(901));
}

static void take_step(void)
{
    int period = (int)test_roll(&dice, PERIODS);

    switch (test_roll(&dice, 8)) {
    case 0:
    case 1:
    case 2:
        somebody_spends();
        break;
    case 3:
        if (m.n_sales)
            reverse_sale(m.sales[test_roll(&dice, (unsigned)m.n_sales)]);
        break;
    case 4:
    case 5:
        prepare_for(period);
        break;
    case 6:
        if (open_of(period))
            confirm(open_of(period));
        break;
    default:
        if (open_of(period))
            reject(open_of(period));
    }
    harness_forget(&h);
}

/* What is open is confirmed, or rejected where it is stale, until nothing is left. */
static void settle_all(void)
{
    for (int period = 0; period < PERIODS; period++) {
        if (open_of(period) && confirm(open_of(period))->reason)
            assert_ok(reject(open_of(period)));
    }
    while (prepare_for(ONE_DAY)->reason == 0)
        assert_ok(confirm(open_of(ONE_DAY)));
    assert_refused(prepare_for(TWO_DAYS), "NOTHING_REDEEMED");
}

static void walk(void)
{
    int64_t owed, of_fund;

    for (int step = 0; step < STEPS; step++) {
        take_step();
        if (step % 10 == 0)
            assert_clean();
    }
    settle_all();
    owed = harness_number(&h, "SELECT coalesce(sum(union_fen), 0) FROM redemption WHERE state = 2");
    of_fund = harness_number(&h, arena_printf(&h.arena,
                                              "SELECT coalesce(sum(union_fen), 0) FROM redemption WHERE state = 2 AND "
                                              "release_id = %lld",
                                              (long long)m.releases[0]));
    assert_int_equal(harness_number(&h, "SELECT coalesce(sum(total_fen), 0) FROM statement WHERE state = 2"), owed);
    assert_int_equal(get_fund(m.fund_id)->spent_fen, of_fund);
    assert_clean();
}

static void statements_come_to_what_is_spent_in_any_order(void **state)
{
    (void)state;
    dice = test_random();
    for (int i = 0; i < WALKS; i++) {
        setup(NULL);
        open_world();
        walk();
        teardown(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(statements_come_to_what_is_spent_in_any_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
