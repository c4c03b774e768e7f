/* How releases went that are given by lot, as tickets, or as what somebody is entitled to; and what who got nothing is
 * told of it. */
#include "common/cn/cn_id.h"
#include "services/coupon/lot/lot_fixture.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/shop/shop_fixture.h"
#include "services/coupon/ticket/ticket_fixture.h"

static const Coupon__Numbers *numbers_of(int64_t release_id, int by)
{
    Coupon__ReleaseNumbersRequest request = COUPON__RELEASE_NUMBERS_REQUEST__INIT;

    request.release_id = release_id;
    request.by = (Coupon__NumbersBy)by;
    tidy_all();
    return harness_output(&h, harness_call(&h, "Tallies.GetReleaseNumbers", &request.base, manager_of(UNION), NULL),
                          &coupon__numbers__descriptor);
}

static int64_t refused_for(const Coupon__NumbersRow *row, const char *reason)
{
    for (size_t i = 0; i < row->n_refused; i++) {
        if (strcmp(row->refused[i]->reason, reason) == 0)
            return row->refused[i]->n;
    }
    return 0;
}

static void of_a_daily_lot_who_was_in_and_who_was_drawn_is_told_with_the_odds(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 3, 2));
    Coupon__EnterLotRequest request = COUPON__ENTER_LOT_REQUEST__INIT;
    const Coupon__Numbers *numbers;
    const Rpc__Answer *answer;

    (void)state;
    assert_refused(ask(release_id, 1), "NOT_OPEN_YET");
    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= 13; member_id++)
        assert_ok(ask(release_id, member_id));
    assert_ok(ask(release_id, 1));
    assert_refused(ask_as(release_id, harness_member(&h, 90, "0002")), "NOT_ELIGIBLE_UNION");
    assert_refused(claim(release_id, 1), "NOT_BY_CLAIM");
    request.release_id = release_id;
    for (int again = 0; again < 2; again++)
        assert_ok(harness_call(&h, "Lots.WithdrawLotEntry", &request.base, harness_member(&h, 13, TOWN), NULL));
    let_pass(OPENS + WINDOW_MS);
    answer = ask(release_id, 14);
    assert_refused(answer, "LOT_ENTRIES_CLOSED");
    assert_non_null(harness_fact(answer, "closedAt"));
    numbers = numbers_of(release_id, COUPON__NUMBERS_BY__BY_DAY);
    assert_int_equal(numbers->all->entered, 12);
    assert_int_equal(numbers->all->called, 3);
    assert_int_equal(numbers->all->granted, 3);
    assert_int_equal(numbers->all->granted_fen, 1500);
    assert_int_equal(numbers->all->odds_per_mille, 250);
    assert_int_equal(numbers->all->repeated_asks, 1);
    assert_int_equal(numbers->all->asked, 18);
    assert_int_equal(refused_for(numbers->all, "NOT_OPEN_YET"), 1);
    assert_int_equal(refused_for(numbers->all, "NOT_ELIGIBLE_UNION"), 1);
    assert_int_equal(refused_for(numbers->all, "NOT_BY_CLAIM"), 1);
    assert_int_equal(refused_for(numbers->all, "LOT_ENTRIES_CLOSED"), 1);
    assert_int_equal(numbers->n_rows, 1);
    assert_int_equal(numbers->rows[0]->granted, 3);
    assert_int_equal(numbers->rows[0]->odds_per_mille, 250);
    /* Whom the lot has called is of no trade: neither they nor the odds. */
    numbers = numbers_of(release_id, COUPON__NUMBERS_BY__BY_TRADE);
    assert_int_equal(numbers->n_rows, 1);
    assert_int_equal(numbers->rows[0]->entered, 12);
    assert_int_equal(numbers->rows[0]->granted, 0);
    assert_int_equal(numbers->rows[0]->odds_per_mille, 0);
    assert_clean();
}

static void in_fair_mode_who_comes_after_the_lot_counts_beside_it(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__FAIR, 4, 1));
    const Coupon__NumbersRow *all;
    const Rpc__Answer *answer;

    (void)state;
    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= 3; member_id++)
        assert_ok(ask(release_id, member_id));
    assert_refused(claim(release_id, 9), "LOT_FIRST");
    let_pass(OPENS + WINDOW_MS);
    assert_ok(claim(release_id, 10));
    answer = claim(release_id, 11);
    assert_refused(answer, "SOLD_OUT");
    assert_string_equal(harness_fact(answer, "cameBefore"), "4");
    assert_non_null(harness_fact(answer, "soldOutAt"));
    all = numbers_of(release_id, 0)->all;
    assert_int_equal(all->entered, 3);
    assert_int_equal(all->called, 3);
    assert_int_equal(all->granted, 4);
    assert_int_equal(all->odds_per_mille, 1000);
    assert_int_equal(refused_for(all, "LOT_FIRST"), 1);
    assert_int_equal(refused_for(all, "SOLD_OUT"), 1);
    assert_clean();
}

static void of_tickets_who_asks_comes_along_or_is_called_up_is_counted(void **state)
{
    int64_t release_id = open_tickets(2, 0, 1), first;
    const Coupon__Seat *hers;
    const Rpc__Answer *answer;
    const Coupon__NumbersRow *all;
    char last[CLOCK_TEXT];

    (void)state;
    hers = seat_of(take_as(release_id, harness_member(&h, 1, TOWN), 0, 0, (char *[]){"2", NULL}));
    first = hers->coupon_id;
    clock_step(&h.service.clock, 5000);
    clock_format(clock_now(&h.service.clock), last);
    assert_ok(on_invitation("Tickets.AcceptInvitation", hers->companions[0]->invitation_id, 2));
    clock_step(&h.service.clock, 5000);
    answer = take(release_id, 3, 0);
    assert_refused(answer, "NO_SEAT_LEFT");
    assert_string_equal(harness_fact(answer, "cameBefore"), "2");
    assert_string_equal(harness_fact(answer, "soldOutAt"), last);
    assert_ok(wait_for(release_id, 3, 0));
    answer = take(release_id, 4, 0);
    assert_refused(answer, "NO_SEAT_LEFT");
    assert_string_equal(harness_fact(answer, "cameBefore"), "3");
    assert_ok(take(release_id, 1, 0));
    assert_refused(take_as(release_id, harness_member(&h, 90, "0002"), 0, 0, NULL), "NOT_ELIGIBLE_UNION");
    assert_ok(return_ticket(first, 1));
    all = numbers_of(release_id, 0)->all;
    assert_int_equal(all->asked, 6);
    assert_int_equal(all->repeated_asks, 1);
    assert_int_equal(all->called, 1);
    assert_int_equal(refused_for(all, "NO_SEAT_LEFT"), 2);
    assert_int_equal(refused_for(all, "NOT_ELIGIBLE_UNION"), 1);
    assert_int_equal(all->odds_per_mille, 500); /* of two who hold a seat now and two who found none */
    assert_clean();
}

static void an_entitlement_counts_who_is_entitled_and_who_is_not(void **state)
{
    Coupon__Release draft = draft_of(2, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Coupon__NumbersRow *all;
    int64_t release_id;

    (void)state;
    draft.way = COUPON__WAY__ENTITLED;
    release_id = publish(draft);
    clock_to(OPENS);
    assert_ok(claim(release_id, 1));
    assert_ok(claim(release_id, 2));
    assert_refused(claim_as(release_id, harness_member(&h, 90, "0002"), NULL), "NOT_ELIGIBLE_UNION");
    assert_refused(claim(release_id, 3), "SOLD_OUT");
    all = numbers_of(release_id, 0)->all;
    assert_int_equal(all->asked, 4);
    assert_int_equal(all->granted, 2);
    assert_int_equal(all->odds_per_mille, 666);
    assert_clean();
}

static void of_goods_orders_count_with_what_they_come_to(void **state)
{
    int64_t corner_id = a_corner_of(UNION), goods_id, order_id;
    Coupon__GoodsNumbersRequest request = COUPON__GOODS_NUMBERS_REQUEST__INIT;
    Coupon__Goods draft = a_goods_draft(0, 0, 1000, &corner_id);
    const Coupon__Numbers *numbers;
    char last[CLOCK_TEXT];
    const Rpc__Answer *answer;

    (void)state;
    draft.stock = 3;
    draft.per_person = 2;
    goods_id = offer(draft);
    order_id = order_in(order_some(goods_id, 1, 2, corner_id))->order_id;
    clock_step(&h.service.clock, 5000);
    clock_format(clock_now(&h.service.clock), last);
    assert_ok(order_some(goods_id, 2, 1, corner_id));
    answer = order_some(goods_id, 3, 1, corner_id);
    assert_refused(answer, "GOODS_SOLD_OUT");
    assert_string_equal(harness_fact(answer, "soldOutAt"), last);
    assert_string_equal(harness_fact(answer, "cameBefore"), "3");
    assert_refused(order_some(goods_id, 1, 1, corner_id), "ORDER_LIMIT_REACHED");
    assert_ok(hand_over(corner_id, code_of(order_id, 1), 2000, STAFF));
    tidy_all();
    harness_reopen(&h);
    request.goods_id = goods_id;
    for (int by = COUPON__NUMBERS_BY__BY_NOTHING; by <= COUPON__NUMBERS_BY__BY_TRADE; by++) {
        request.by = (Coupon__NumbersBy)by;
        numbers =
            harness_output(&h, harness_call(&h, "Tallies.GetGoodsNumbers", &request.base, manager_of(UNION), NULL),
                           &coupon__numbers__descriptor);
        assert_int_equal(numbers->all->asked, 4);
        assert_int_equal(numbers->all->granted, 2);
        assert_int_equal(numbers->all->granted_fen, 3000);
        assert_int_equal(numbers->all->redeemed, 1);
        assert_int_equal(numbers->all->redeemed_fen, 2000);
        assert_int_equal(numbers->all->odds_per_mille, 666);
        assert_int_equal(refused_for(numbers->all, "ORDER_LIMIT_REACHED"), 1);
        assert_int_equal(numbers->n_rows, by != 0);
        if (by == COUPON__NUMBERS_BY__BY_DAY) {
            assert_int_equal(numbers->rows[0]->day, 20260101);
            assert_int_equal(numbers->rows[0]->granted_fen, 3000);
            assert_int_not_equal(numbers->rows[0]->sold_out_at, 0);
        }
        if (by == COUPON__NUMBERS_BY__BY_TRADE)
            assert_true(numbers->rows[0]->withheld); /* they are fewer than ten */
    }
    assert_refused(harness_call(&h, "Tallies.GetGoodsNumbers", &request.base, manager_of("0009"), NULL),
                   "OUTSIDE_YOUR_UNION");
    assert_clean();
}

/* What a union gives in its shop counts beside its releases. */
static void a_unions_numbers_are_of_its_shop_too(void **state)
{
    int64_t corner_id = a_corner_of(UNION), goods_id, release_id;
    Coupon__UnionNumbersRequest request = COUPON__UNION_NUMBERS_REQUEST__INIT;
    Coupon__Goods draft = a_goods_draft(0, 0, 1000, &corner_id);
    const Coupon__Numbers *numbers;

    (void)state;
    goods_id = offer(draft);
    assert_ok(order_some(goods_id, 1, 2, corner_id));
    release_id = open_release(50, 2, COUPON__ALLOWANCE__ONE_PER_DAY);
    claim(release_id, 1);
    tidy_all();
    harness_reopen(&h);
    request.union_id = a_union(&h, UNION);
    request.by = COUPON__NUMBERS_BY__BY_RELEASE;
    numbers = harness_output(&h, harness_call(&h, "Tallies.GetUnionNumbers", &request.base, manager_of(UNION), NULL),
                             &coupon__numbers__descriptor);
    assert_int_equal(numbers->all->granted, 2);
    assert_int_equal(numbers->all->granted_fen, 2000 + 500);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->goods_id, goods_id);
    assert_int_equal(numbers->rows[0]->release_id, 0);
    assert_int_equal(numbers->rows[0]->granted_fen, 2000);
    assert_int_equal(numbers->rows[1]->release_id, release_id);
    assert_int_equal(numbers->rows[1]->granted, 1);
    /* Of the days before its day nothing is told. */
    request.until_day = cn_day(clock_now(&h.service.clock) - COUPON_DAY_MS);
    numbers = harness_output(&h, harness_call(&h, "Tallies.GetUnionNumbers", &request.base, manager_of(UNION), NULL),
                             &coupon__numbers__descriptor);
    assert_int_equal(numbers->all->asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_a_daily_lot_who_was_in_and_who_was_drawn_is_told_with_the_odds),
        TEST(in_fair_mode_who_comes_after_the_lot_counts_beside_it),
        TEST(of_tickets_who_asks_comes_along_or_is_called_up_is_counted),
        TEST(of_goods_orders_count_with_what_they_come_to),
        TEST(a_unions_numbers_are_of_its_shop_too),
        TEST(an_entitlement_counts_who_is_entitled_and_who_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
