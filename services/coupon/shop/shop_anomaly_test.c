/* Points that are given and ordered with, while the N-th access to the disk fails in each call, or the power is lost at
 * every write: nothing is sold that is not there, and a person's points are those of her lots. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/anomaly.h"
#include "tests/power.h"
#include "services/coupon/shop/shop_fixture.h"

#define HER    1
#define OTHER  2
#define PRICE  30
#define STOCK  3
#define ORDERS 4 /* tried, one more than there are */

static int64_t ledger_id, corner_id, goods_id;

/* Goods for points at a corner; and points of two lots, the older of which one order takes whole. */
static void open_goods(void)
{
    Coupon__Goods draft;

    ledger_id = a_ledger();
    corner_id = a_corner_of(UNION);
    draft = a_goods_draft(ledger_id, PRICE, 0, &corner_id);
    draft.stock = STOCK;
    goods_id = offer(draft);
}

static void give_all(void)
{
    give_points(ledger_id, HER, 20, 20);
    give_points(ledger_id, HER, 100, 30);
    give_points(ledger_id, OTHER, PRICE, 20);
}

static int64_t standing(void)
{
    return harness_number(&h, "SELECT coalesce(sum(count), 0) FROM shop_order WHERE state IN (1, 2, 3)");
}

static void assert_all_adds_up(void)
{
    assert_int_equal(
        harness_number(&h, "SELECT count(*) FROM (SELECT member_id, sum(points) AS points FROM points_entry GROUP BY "
                           "member_id) e JOIN (SELECT member_id, sum(rest) AS rest FROM points_lot GROUP BY member_id) "
                           "l USING (member_id) WHERE e.points <> l.rest"),
        0);
    assert_int_equal(sold_of(goods_id), standing());
    assert_true(standing() <= STOCK);
    assert_string_equal(harness_audit(&h), "");
}

/* ---- a failing disk ---- */

static void order_and_cancel(void)
{
    int64_t first, second;

    assert_refused(order_some(goods_id, HER, 1, corner_id), "POINTS_SHORT");
    give_all();
    first = order_in(order_some(goods_id, HER, 1, corner_id))->order_id;
    assert_ok(cancel(first, HER));
    assert_int_equal(points_of(HER), 120);
    first = order_in(order_some(goods_id, HER, 2, corner_id))->order_id;
    second = order_in(order_some(goods_id, OTHER, 1, corner_id))->order_id;
    assert_refused(order_some(goods_id, HER, 1, corner_id), "GOODS_SOLD_OUT");
    assert_ok(refuse_order(second, manager(902)));
    assert_ok(hand_over(corner_id, code_of(first, HER), 0, STAFF));
    assert_ok(order_by_post(offer(a_goods_draft(ledger_id, PRICE, 0, NULL)), OTHER));
    assert_int_equal(points_of(HER), 60);
    assert_int_equal(points_of(OTHER), 0);
}

static void no_failing_access_loses_or_doubles_points_or_goods(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        begin(&h);
        open_goods();
        anomaly_begin(&h, &anomalies[i]);
        order_and_cancel();
        assert_true(anomaly_end(&h) >= 10);
        harness_reopen(&h);
        assert_int_equal(sold_of(goods_id), 2);
        assert_int_equal(points_of(HER), 60);
        assert_string_equal(harness_audit(&h), "");
        harness_close(&h);
    }
}

/* ---- the power ---- */

/* What was acknowledged. */
static struct {
    int64_t orders[ORDERS], gift_id;
    bool cancelled, given;
} told;

static void open_for_orders(struct harness *trial)
{
    begin(trial);
    open_goods();
    give_all();
    memset(&told, 0, sizeof(told));
    told.gift_id = gift_in(propose_gift(ledger_id, OTHER, PRICE, 20))->gift_id;
}

static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_is_cut());
    return false;
}

static const Rpc__Answer *order_by_her(int i)
{
    return order_with(goods_id, harness_member(&h, HER, TOWN), 1, corner_id, arena_printf(&h.arena, "hers-%d", i));
}

static void order_until_dark(struct harness *trial)
{
    (void)trial;
    for (int i = 0; i < ORDERS - 1; i++) {
        const Rpc__Answer *answer = order_by_her(i);

        told.orders[i] = acknowledged(answer) ? order_in(answer)->order_id : 0;
    }
    told.cancelled = told.orders[0] && acknowledged(cancel(told.orders[0], HER));
    told.given = acknowledged(on_gift("Gifts.ConfirmGift", told.gift_id, manager(902)));
}

/* What was acknowledged is there; all of it is done again, and is there once. */
static void all_orders_are_there(struct harness *trial)
{
    (void)trial;
    assert_all_adds_up();
    if (told.cancelled)
        assert_int_equal(get_order(told.orders[0], HER)->state, COUPON__ORDER_STATE__ORDER_CANCELLED);
    if (told.given)
        assert_int_equal(points_of(OTHER), 2 * PRICE);
    for (int i = 0; i < ORDERS - 1; i++) {
        const Coupon__Order *order = order_in(order_by_her(i));

        assert_true(!told.orders[i] || order->order_id == told.orders[i]);
        told.orders[i] = order->order_id;
    }
    assert_ok(cancel(told.orders[0], HER));
    assert_int_equal(points_of(HER), 60);
    if (!told.given) /* or it was, and nobody was told */
        on_gift("Gifts.ConfirmGift", told.gift_id, manager(902));
    assert_int_equal(points_of(OTHER), 2 * PRICE);
    assert_int_equal(standing(), STOCK - 1);
    assert_all_adds_up();
}

static void no_power_cut_loses_or_doubles_points_or_goods(void **state)
{
    static const struct power_trial trial = {open_for_orders, order_until_dark, all_orders_are_there};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_loses_or_doubles_points_or_goods),
        cmocka_unit_test(no_power_cut_loses_or_doubles_points_or_goods),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
