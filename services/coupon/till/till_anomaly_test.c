/* What members spend, and what the merchant is owed for it, while the N-th access to the disk fails in each call, or
 * the power is lost at every write: a coupon is spent once, and what is stated is what was spent. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/anomaly.h"
#include "tests/power.h"
#include "services/coupon/settlement/settlement_fixture.h"

#define FACE     500
#define PEOPLE   3
#define PURCHASE 1000

static int64_t the_fund, the_release;

/* A merchant's counter, and a release that is open, paid from a fund. */
static void open_counter(struct harness *on)
{
    begin(on);
    open_shop();
    the_fund = open_fund(terms_of(10 * FACE, 0));
    the_release = publish(paid_from(the_fund, 1));
    to(OPENS);
}

static void tidy_it(struct harness *on)
{
    while (harness_tidy(on))
        continue;
}

static int64_t spent_fen(void)
{
    return harness_number(&h, "SELECT coalesce(sum(fen), 0) FROM redemption WHERE state = 2");
}

/* Redeemed is a subset of what was granted, each once. */
static void assert_spent_once(void)
{
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM redemption WHERE coupon_id NOT IN (SELECT coupon_id FROM "
                                        "claim)"),
                     0);
    assert_int_equal(harness_number(&h, "SELECT count(*) - count(DISTINCT coupon_id) FROM redemption WHERE state = 2"),
                     0);
    assert_string_equal(harness_audit(&h), "");
}

/* The sum of statements is that of redemptions, and what the fund has paid. */
static void assert_all_is_stated(const Coupon__Settlement *settlement)
{
    assert_int_equal(settlement->total_fen, spent_fen());
    assert_int_equal(get_fund(the_fund)->spent_fen, spent_fen());
}

/* ---- a failing disk ---- */

static const Rpc__Answer *hand_in(const char *ref, char *text, int64_t at)
{
    Coupon__UploadSalesRequest request = COUPON__UPLOAD_SALES_REQUEST__INIT;
    Coupon__UploadSale item = COUPON__UPLOAD_SALE__INIT, *items = &item;

    item.sale_ref = unconst(ref);
    item.text = text;
    item.purchase_fen = PURCHASE;
    item.at = at;
    request.branch_id = the_branch;
    request.device_id = the_device;
    request.items = &items;
    request.n_items = 1;
    return harness_call(&h, "Sales.UploadSales", &request.base, cashier(), NULL);
}

/* One is kept, given up, and confirmed; one undone and spent anew; one handed in later. */
static void spend(void)
{
    Coupon__CreateSaleRequest request;
    const Coupon__SaleList *list;
    int64_t id;

    for (int64_t member_id = MEMBER; member_id < MEMBER + PEOPLE; member_id++)
        assert_ok(claim(the_release, member_id));
    assert_ok(on_sale("Sales.CancelSale", sale_in(sell("purchase-1", PURCHASE))->sale_id));
    id = sale_in(sell("purchase-2", PURCHASE))->sale_id;
    assert_refused(sell("purchase-3", PURCHASE), "COUPON_LOCKED");
    assert_ok(on_sale("Sales.ConfirmSale", id));
    request = sale_of("purchase-4", shown_by(MEMBER + 1), PURCHASE);
    request.at_once = true;
    assert_ok(reverse_sale(sale_in(send_sale(&request))->sale_id));
    request.sale_ref = unconst("purchase-5");
    assert_ok(send_sale(&request));
    list = harness_output(&h, hand_in("offline-1", shown_by(MEMBER + 2), clock_now(&h.service.clock)),
                          &coupon__sale_list__descriptor);
    assert_int_equal(list->sales[0]->state, COUPON__SALE_STATE__SALE_REDEEMED);
    assert_int_equal(spent_fen(), PEOPLE * FACE);
}

static void settle(void)
{
    const Coupon__Settlement *settlement = prepare();

    assert_ok(reject(settlement->settlement_id));
    settlement = prepare();
    assert_int_equal(settlement->total_fen, PEOPLE * FACE);
    assert_refused(on_settlement("Statements.ConfirmSettlement", settlement->settlement_id, finance(901)),
                   "HANDS_SAME");
    assert_ok(confirm(settlement->settlement_id));
    assert_refused(prepare_days(DAY, DAY, finance(901)), "NOTHING_REDEEMED");
    assert_all_is_stated(get_settlement(settlement->settlement_id));
}

static void no_failing_access_spends_or_states_anything_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        open_counter(&h);
        anomaly_begin(&h, &anomalies[i]);
        spend();
        settle();
        harness_work(&h, tidy_it);
        assert_true(anomaly_end(&h) >= 12);
        assert_spent_once();
        harness_reopen(&h);
        assert_spent_once();
        assert_int_equal(spent_fen(), PEOPLE * FACE);
        harness_close(&h);
    }
}

/* ---- the power ---- */

/* What was acknowledged. */
static struct {
    char codes[PEOPLE][64];
    int64_t sales[PEOPLE], settlement_id;
    bool reversed, confirmed;
} told;

static void open_for_sales(struct harness *trial)
{
    open_counter(trial);
    memset(&told, 0, sizeof(told));
    for (int i = 0; i < PEOPLE; i++) {
        assert_ok(claim(the_release, MEMBER + i));
        snprintf(told.codes[i], sizeof(told.codes[i]), "%s", shown_by(MEMBER + i));
    }
}

static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_is_cut());
    return false;
}

static const Rpc__Answer *sell_to(int i)
{
    Coupon__CreateSaleRequest request = sale_of(arena_printf(&h.arena, "purchase-%d", i), told.codes[i], PURCHASE);

    request.at_once = true;
    return send_sale(&request);
}

static void sell_until_dark(struct harness *trial)
{
    const Rpc__Answer *answer;

    (void)trial;
    told.reversed = told.confirmed = false;
    told.settlement_id = 0;
    for (int i = 0; i < PEOPLE; i++) {
        answer = sell_to(i);
        told.sales[i] = acknowledged(answer) ? sale_in(answer)->sale_id : 0;
    }
    told.reversed = told.sales[0] && acknowledged(reverse_sale(told.sales[0]));
    if (!told.sales[1])
        return;
    answer = prepare_days(DAY, DAY, finance(901));
    if (!acknowledged(answer))
        return;
    told.settlement_id = settlement_in(answer)->settlement_id;
    told.confirmed = acknowledged(confirm(told.settlement_id));
}

/* What was acknowledged is there; all of it is done again, and is there once. */
static void all_sales_are_there(struct harness *trial)
{
    int64_t settlement_id = told.settlement_id;

    (void)trial;
    assert_spent_once();
    for (int i = 0; i < PEOPLE; i++) {
        const Coupon__Sale *sale = sale_in(sell_to(i));

        assert_true(!told.sales[i] || sale->sale_id == told.sales[i]);
        told.sales[i] = sale->sale_id;
    }
    if (told.reversed)
        assert_int_equal(sale_in(on_sale("Sales.GetSale", told.sales[0]))->state, COUPON__SALE_STATE__SALE_REVERSED);
    if (told.confirmed)
        assert_int_equal(get_settlement(settlement_id)->state, SETTLEMENT__STATE__CONFIRMED);
    assert_ok(reverse_sale(told.sales[0]));
    assert_int_equal(spent_fen(), (PEOPLE - 1) * FACE);
    if (!settlement_id) {
        const Rpc__Answer *answer = prepare_days(DAY, DAY, finance(901));

        /* It may have been made, and not acknowledged. */
        settlement_id = answer->reason ? harness_number(&h, "SELECT max(settlement_id) FROM settlement")
                                       : settlement_in(answer)->settlement_id;
    }
    assert_ok(confirm(settlement_id));
    assert_all_is_stated(get_settlement(settlement_id));
    assert_spent_once();
}

static void no_power_cut_loses_or_doubles_what_is_spent(void **state)
{
    static const struct power_trial trial = {open_for_sales, sell_until_dark, all_sales_are_there};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_spends_or_states_anything_twice),
        cmocka_unit_test(no_power_cut_loses_or_doubles_what_is_spent),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
