/* The shop against a model: any order of ordering, cancelling, handing over and lapsing, of goods and a bundle of them.
 */
#include "services/coupon/shop/shop_fixture.h"
#include "tests/seed.h"

#define PEOPLE 4
#define ORDERS 120
#define STEPS  150
#define WALKS  4

enum { RICE, OIL, BUNDLE, GOODS };
static const int64_t prices[GOODS] = {7, 5, 20};
/* How many of each one of each takes. */
static const int64_t takes[GOODS][GOODS] = {{1, 0, 0}, {0, 1, 0}, {2, 3, 1}};

struct model_order {
    int64_t id, until;
    int person, goods, count, state;
};

static struct {
    int64_t ids[GOODS], stock[GOODS], sold[GOODS], points[PEOPLE], ledger_id, corner_id;
    struct model_order orders[ORDERS];
    int n_orders;
} m;

static struct clock dice;

static int64_t number_of(int person)
{
    return person + 1;
}

static void move_stock(int goods, int count)
{
    for (int i = 0; i < GOODS; i++)
        m.sold[i] += takes[goods][i] * count;
}

static bool is_there(int goods, int count)
{
    for (int i = 0; i < GOODS; i++) {
        if (m.sold[i] + takes[goods][i] * count > m.stock[i])
            return false;
    }
    return true;
}

/* ---- steps ---- */

static void somebody_orders(void)
{
    int person = (int)test_roll(&dice, PEOPLE), goods = (int)test_roll(&dice, GOODS),
        count = 1 + (int)test_roll(&dice, 3);
    const Rpc__Answer *answer;
    const char *expected = "OK";

    if (m.n_orders == ORDERS)
        return;
    if (!is_there(goods, count))
        expected = "GOODS_SOLD_OUT";
    else if (m.points[person] < prices[goods] * count)
        expected = "POINTS_SHORT";
    answer = order_some(m.ids[goods], number_of(person), count, m.corner_id);
    assert_string_equal(harness_refusal(answer), expected);
    if (answer->reason)
        return;
    m.points[person] -= prices[goods] * count;
    move_stock(goods, count);
    m.orders[m.n_orders++] = (struct model_order){.id = order_in(answer)->order_id,
                                                  .until = order_in(answer)->until,
                                                  .person = person,
                                                  .goods = goods,
                                                  .count = count,
                                                  .state = COUPON__ORDER_STATE__ORDER_OPEN};
}

static void comes_to_nothing(struct model_order *order, int state)
{
    m.points[order->person] += prices[order->goods] * order->count;
    move_stock(order->goods, -order->count);
    order->state = state;
}

static void somebody_cancels(struct model_order *order)
{
    const Rpc__Answer *answer = cancel(order->id, number_of(order->person));
    bool open = order->state == COUPON__ORDER_STATE__ORDER_OPEN;
    bool again = order->state == COUPON__ORDER_STATE__ORDER_CANCELLED;

    assert_string_equal(harness_refusal(answer), open || again ? "OK" : "ORDER_OVER");
    if (open)
        comes_to_nothing(order, COUPON__ORDER_STATE__ORDER_CANCELLED);
}

static void somebody_comes(struct model_order *order)
{
    const Rpc__Answer *answer =
        on_order("Orders.GetOrderCode", order->id, harness_member(&h, number_of(order->person), TOWN));

    if (order->state != COUPON__ORDER_STATE__ORDER_OPEN) {
        assert_refused(answer, "ORDER_OVER");
        return;
    }
    assert_ok(hand_over(m.corner_id, code_of(order->id, number_of(order->person)), 0, STAFF));
    order->state = COUPON__ORDER_STATE__ORDER_HANDED_OVER;
}

static void days_pass(void)
{
    step_days(1 + (int)test_roll(&dice, 3));
    tidy_all();
    for (int i = 0; i < m.n_orders; i++) {
        if (m.orders[i].state == COUPON__ORDER_STATE__ORDER_OPEN && m.orders[i].until <= clock_now(&h.service.clock))
            comes_to_nothing(&m.orders[i], COUPON__ORDER_STATE__ORDER_LAPSED);
    }
}

static void take_a_step(void)
{
    struct model_order *order = m.n_orders ? &m.orders[test_roll(&dice, (unsigned)m.n_orders)] : NULL;
    unsigned step = test_roll(&dice, 10);

    if (step < 5 || !order)
        somebody_orders();
    else if (step < 7)
        somebody_cancels(order);
    else if (step < 9)
        somebody_comes(order);
    else
        days_pass();
}

static void all_is_as_the_model_says(void)
{
    for (int i = 0; i < PEOPLE; i++)
        assert_int_equal(points_of(number_of(i)), m.points[i]);
    for (int i = 0; i < GOODS; i++)
        assert_int_equal(sold_of(m.ids[i]), m.sold[i]);
}

static void begin_walk(void)
{
    Coupon__GoodsPart parts[2] = {COUPON__GOODS_PART__INIT, COUPON__GOODS_PART__INIT};
    Coupon__GoodsPart *list[2] = {&parts[0], &parts[1]};
    Coupon__Goods draft;

    memset(&m, 0, sizeof(m));
    m.ledger_id = a_ledger();
    m.corner_id = a_corner_of(UNION);
    for (int i = 0; i < GOODS; i++) {
        draft = a_goods_draft(m.ledger_id, prices[i], 0, &m.corner_id);
        draft.stock = m.stock[i] = 12 + (int64_t)test_roll(&dice, 20);
        draft.wait_days = 5;
        for (int part = 0; part < BUNDLE && i == BUNDLE; part++) {
            parts[part].goods_id = m.ids[part];
            parts[part].count = (int32_t)takes[BUNDLE][part];
            draft.parts = list;
            draft.n_parts = 2;
        }
        m.ids[i] = offer(draft);
    }
    for (int i = 0; i < PEOPLE; i++) {
        m.points[i] = 50 + (int64_t)test_roll(&dice, 100);
        give_points(m.ledger_id, number_of(i), m.points[i], 3000);
    }
}

static void in_any_order_points_and_stock_are_what_orders_say(void **state)
{
    dice = test_random();
    for (int walk = 0; walk < WALKS; walk++) {
        setup(state);
        begin_walk();
        for (int i = 0; i < STEPS; i++) {
            take_a_step();
            all_is_as_the_model_says();
            if (i % 50 == 49)
                assert_clean();
            harness_forget(&h);
        }
        teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_order_points_and_stock_are_what_orders_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
