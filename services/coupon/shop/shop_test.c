/* The shop: goods and bundles, ordered, picked up, posted, cancelled. */
#include "services/coupon/shop/shop_fixture.h"
#include "tests/scan.h"

#define HER   1
#define OTHER 2

static int64_t ledger_id, corner_id;

static int setup_shop(void **state)
{
    setup(state);
    ledger_id = a_ledger();
    corner_id = a_corner_of(UNION);
    give_points(ledger_id, HER, 100, 20);
    return 0;
}

static Coupon__Goods for_points(int64_t points)
{
    return a_goods_draft(ledger_id, points, 0, &corner_id);
}

static Coupon__Goods for_money(int64_t price_fen)
{
    return a_goods_draft(0, 0, price_fen, &corner_id);
}

static void an_order_takes_points_and_stock_once_for_its_key(void **state)
{
    int64_t goods_id = offer(for_points(30));
    const Rpc__Principal *her = harness_member(&h, HER, TOWN);
    const Coupon__Order *order = order_in(order_with(goods_id, her, 2, corner_id, "mine"));

    (void)state;
    assert_int_equal(order->points, 60);
    assert_int_equal(order->count, 2);
    assert_int_equal(order->due_fen, 0);
    assert_string_equal(order->title, "东北大米5kg");
    assert_int_equal(order->until, HARNESS_NOW + 14 * COUPON_DAY_MS);
    assert_int_equal(order_in(order_with(goods_id, her, 2, corner_id, "mine"))->order_id, order->order_id);
    assert_int_equal(points_of(HER), 40);
    assert_int_equal(sold_of(goods_id), 2);
    assert_refused(order_some(goods_id, HER, 2, corner_id), "POINTS_SHORT");
    assert_refused(order_some(goods_id, OTHER, 1, corner_id), "POINTS_SHORT");
    assert_int_equal(sold_of(goods_id), 2);
    assert_string_equal(entries_of(ledger_id, HER, 1, "")->entries[0]->title, "东北大米5kg");
    harness_reopen(&h);
    assert_int_equal(get_order(order->order_id, HER)->state, COUPON__ORDER_STATE__ORDER_OPEN);
    assert_refused(on_order("Orders.GetOrder", order->order_id, harness_member(&h, OTHER, TOWN)), "ORDER_NOT_FOUND");
    assert_clean();
}

static void what_is_offered_says_why_not(void **state)
{
    Coupon__Goods draft = for_points(30);
    Audience__Audience whom = AUDIENCE__AUDIENCE__INIT;
    const Coupon__ShopOffer *shown;
    int64_t goods_id, dear;

    (void)state;
    whom.union_id = a_union(&h, TOWN);
    draft.audience = &whom;
    draft.per_person = 2;
    draft.stock = 3;
    goods_id = goods_in(create_goods(&draft, manager(901)))->goods_id;
    assert_null(offer_of(goods_id, HER));
    assert_refused(order_some(goods_id, HER, 1, corner_id), "GOODS_NOT_FOUND");
    assert_ok(on_goods("Shop.OfferGoods", goods_id, manager(901)));
    dear = offer(for_points(101));
    shown = offer_of(goods_id, HER);
    assert_int_equal(shown->left, 3);
    assert_string_equal(shown->reason, "");
    assert_says(offer_of(dear, HER), order_some(dear, HER, 1, corner_id));
    assert_string_equal(offer_of(dear, HER)->reason, "POINTS_SHORT");
    assert_int_equal(list_shop(harness_member(&h, HER, "0002"))->n_offers, 0);
    assert_refused(order_with(goods_id, harness_member(&h, HER, UNION), 1, corner_id, "elsewhere"), "NOT_FOR_UNION");
    assert_refused(order_some(goods_id, HER, 3, corner_id), "ORDER_LIMIT_REACHED");
    assert_ok(order_some(goods_id, HER, 2, corner_id));
    assert_string_equal(offer_of(goods_id, HER)->reason, "ORDER_LIMIT_REACHED");
    give_points(ledger_id, OTHER, 100, 20);
    assert_refused(order_some(goods_id, OTHER, 2, corner_id), "GOODS_SOLD_OUT");
    assert_refused_at(set_stock(goods_id, 1), "STOCK_BELOW_SOLD", "stock");
    assert_ok(set_stock(goods_id, 4));
    assert_ok(order_some(goods_id, OTHER, 2, corner_id));
    assert_ok(on_goods("Shop.WithdrawGoods", goods_id, manager(901)));
    assert_refused(order_some(goods_id, OTHER, 1, corner_id), "GOODS_NOT_OFFERED");
    assert_clean();
}

static void a_form_that_does_not_fit_is_refused(void **state)
{
    Coupon__Goods draft = for_points(30);
    int64_t elsewhere = a_ledger_of("0002"), far = a_corner_of("0002");

    (void)state;
    draft.ledger_id = elsewhere;
    assert_refused_at(create_goods(&draft, manager(901)), "PRICE_WITHOUT_LEDGER", "goods.ledgerId");
    draft = for_points(30);
    draft.corner_ids = &far;
    assert_refused_at(create_goods(&draft, manager(901)), "CORNER_NOT_FOUND", "goods.cornerIds");
    draft.n_corner_ids = 0;
    assert_refused(create_goods(&draft, manager(901)), "NOWHERE_TO_GET_IT");
    draft = for_money(100);
    draft.posted = true;
    assert_refused_at(create_goods(&draft, manager(901)), "POST_NEEDS_PAYMENT", "goods.posted");
    draft = for_money(5990);
    assert_refused_at(create_goods(&draft, manager(901)), "PRICE_NOT_BELOW_MARKET", "goods.priceFen");
    draft.price_fen = 5989;
    assert_ok(create_goods(&draft, manager(901)));
    draft.price_fen = 6000;
    draft.market_fen = 0; /* not said */
    assert_ok(create_goods(&draft, manager(901)));
    assert_refused(create_goods(&draft, manager_at(901, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_refused(on_goods("Shop.OfferGoods", 5, manager(901)), "GOODS_NOT_FOUND");
    assert_refused(on_corner("Corners.CloseCorner", far, manager(901)), "OUTSIDE_YOUR_UNION");
    assert_clean();
}

static void a_bundle_takes_of_each_of_its_parts(void **state)
{
    Coupon__Goods rice = for_points(30), bundle = for_points(50);
    Coupon__GoodsPart parts[2] = {COUPON__GOODS_PART__INIT, COUPON__GOODS_PART__INIT};
    Coupon__GoodsPart *list[2] = {&parts[0], &parts[1]};
    int64_t rice_id = offer(rice), oil_id = offer(for_points(20)), bundle_id, order_id;

    (void)state;
    parts[0].goods_id = rice_id;
    parts[0].count = 2;
    parts[1].goods_id = rice_id;
    parts[1].count = 3;
    bundle.title = "春节慰问包";
    bundle.parts = list;
    bundle.n_parts = 2;
    assert_refused_at(create_goods(&bundle, manager(901)), "BUNDLE_PARTS_WRONG", "goods.parts");
    parts[1].goods_id = oil_id;
    bundle_id = offer(bundle);
    parts[1].goods_id = bundle_id;
    assert_refused(create_goods(&bundle, manager(901)), "BUNDLE_PARTS_WRONG");
    assert_int_equal(offer_of(bundle_id, HER)->left, 3); /* of oil there are three times three */
    order_id = order_in(order_some(bundle_id, HER, 2, corner_id))->order_id;
    assert_int_equal(sold_of(rice_id), 4);
    assert_int_equal(sold_of(oil_id), 6);
    assert_int_equal(offer_of(bundle_id, HER)->left, 1);
    assert_int_equal(points_of(HER), 0);
    assert_ok(cancel(order_id, HER));
    assert_int_equal(sold_of(rice_id), 0);
    assert_int_equal(sold_of(oil_id), 0);
    assert_ok(set_stock(oil_id, 2));
    assert_refused(order_some(bundle_id, HER, 1, corner_id), "GOODS_SOLD_OUT");
    assert_int_equal(sold_of(rice_id), 0);
    assert_clean();
}

static void who_cancels_has_her_points_and_it_its_stock_again(void **state)
{
    int64_t goods_id = offer(for_points(30)), order_id = order_in(order_some(goods_id, HER, 2, corner_id))->order_id;

    (void)state;
    assert_refused(cancel(order_id, OTHER), "ORDER_NOT_FOUND");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(order_in(cancel(order_id, HER))->points_back, 60);
        assert_int_equal(points_of(HER), 100);
        assert_int_equal(sold_of(goods_id), 0);
    }
    assert_refused(on_order("Orders.GetOrderCode", order_id, harness_member(&h, HER, TOWN)), "ORDER_OVER");
    order_id = order_in(order_some(goods_id, HER, 2, corner_id))->order_id;
    assert_refused(refuse_order(order_id, manager_at(902, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_string_equal(order_in(refuse_order(order_id, manager(902)))->remark, "缺货");
    assert_int_equal(points_of(HER), 100);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ORDER_ENDED, order_id), 1);
    assert_refused(cancel(order_id, HER), "ORDER_OVER");
    assert_clean();
}

static void what_nobody_picks_up_lapses(void **state)
{
    Coupon__Goods draft = for_points(30);
    int64_t goods_id, order_id;

    (void)state;
    draft.wait_days = 25; /* her points are good for twenty */
    goods_id = offer(draft);
    order_id = order_in(order_some(goods_id, HER, 1, corner_id))->order_id;
    step_days(24);
    tidy_all();
    assert_int_equal(get_order(order_id, HER)->state, COUPON__ORDER_STATE__ORDER_OPEN);
    step_days(1);
    tidy_all();
    assert_int_equal(get_order(order_id, HER)->state, COUPON__ORDER_STATE__ORDER_LAPSED);
    assert_int_equal(get_order(order_id, HER)->points_back, 0); /* they have expired */
    assert_int_equal(sold_of(goods_id), 0);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ORDER_ENDED, order_id), 1);
    assert_clean();
}

static void it_is_handed_over_once_at_its_corner_for_what_is_due(void **state)
{
    int64_t goods_id = offer(for_money(3500)), other_corner = a_corner_of(TOWN);
    int64_t order_id = order_in(order_some(goods_id, HER, 2, corner_id))->order_id;
    const char *code = code_of(order_id, HER);

    (void)state;
    assert_refused(scan_order(corner_id, code, OTHER), "NOT_YOUR_CORNER");
    assert_refused(scan_order(5, code, STAFF), "CORNER_NOT_FOUND");
    assert_refused_at(scan_order(corner_id, "no code", STAFF), "ORDER_CODE_INVALID", "code");
    assert_refused(scan_order(other_corner, code, STAFF), "ORDER_AT_ANOTHER_CORNER");
    assert_int_equal(order_in(scan_order(corner_id, code, STAFF))->due_fen, 7000);
    assert_refused_at(hand_over(corner_id, code, 3500, STAFF), "PAYMENT_DIFFERS", "paidFen");
    assert_string_equal(harness_fact(hand_over(corner_id, code, 0, STAFF), "dueFen"), "7000");
    clock_step(&h.service.clock, 90000);
    assert_refused(hand_over(corner_id, code, 7000, STAFF), "ORDER_CODE_INVALID"); /* a photograph */
    code = code_of(order_id, HER);
    for (int i = 0; i < 2; i++)
        assert_int_equal(order_in(hand_over(corner_id, code, 7000, STAFF))->state,
                         COUPON__ORDER_STATE__ORDER_HANDED_OVER);
    assert_ok(set_corner_staff(corner_id, OTHER, false, manager(901)));
    assert_refused(hand_over(corner_id, code, 7000, OTHER), "ORDER_OVER");
    assert_refused(cancel(order_id, HER), "ORDER_OVER");
    assert_ok(set_corner_staff(corner_id, STAFF, true, manager(901)));
    assert_refused(scan_order(corner_id, code, STAFF), "NOT_YOUR_CORNER");
    step_days(30);
    tidy_all();
    assert_int_equal(get_order(order_id, HER)->state, COUPON__ORDER_STATE__ORDER_HANDED_OVER);
    assert_int_equal(sold_of(goods_id), 2);
    assert_clean();
}

static void where_it_can_be_had_is_said(void **state)
{
    int64_t here = offer(for_points(1)), by_post = offer(a_goods_draft(ledger_id, 1, 0, NULL));
    int64_t other_corner = a_corner_of(TOWN);

    (void)state;
    assert_refused_at(order_some(here, HER, 1, other_corner), "NOT_PICKED_UP_THERE", "cornerId");
    assert_refused(order_some(here, HER, 1, 0), "NOWHERE_TO_GET_IT");
    assert_refused_at(order_by_post(here, HER), "NOT_BY_POST", "address");
    assert_refused(order_some(by_post, HER, 1, corner_id), "NOT_PICKED_UP_THERE");
    assert_ok(on_corner("Corners.CloseCorner", corner_id, manager(901)));
    assert_refused(order_some(here, HER, 1, corner_id), "NOT_PICKED_UP_THERE");
    assert_int_equal(points_of(HER), 100);
    assert_clean();
}

static const Rpc__Answer *show_address(int64_t order_id, const Rpc__Principal *who)
{
    return on_order("Orders.ShowAddress", order_id, who);
}

static void an_address_is_for_who_sends_it_and_each_look_is_on_record(void **state)
{
    int64_t goods_id = offer(a_goods_draft(ledger_id, 10, 0, NULL));
    int64_t order_id = order_in(order_by_post(goods_id, HER))->order_id;
    const Coupon__Address *address;

    (void)state;
    assert_refused(show_address(order_id, manager_at(902, TOWN)), "OUTSIDE_YOUR_UNION");
    address = harness_output(&h, show_address(order_id, manager(902)), &coupon__address__descriptor);
    assert_string_equal(address->text, "禅城区人民路3号502");
    assert_int_equal(get_order(order_id, HER)->looks, 1);
    assert_false(scan_text(&h, "禅城区人民路"));
    assert_ok(post_order(order_id, "SF100", manager(902)));
    assert_ok(post_order(order_id, "SF100", manager(902)));
    assert_refused(post_order(order_id, "SF200", manager(902)), "ORDER_OVER");
    assert_string_equal(get_order(order_id, HER)->tracking, "SF100");
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__ORDER_POSTED, order_id), 1);
    step_days(29);
    tidy_all();
    assert_ok(show_address(order_id, manager(902)));
    step_days(1);
    tidy_all();
    assert_refused(show_address(order_id, manager(902)), "ADDRESS_GONE");
    order_id = order_in(order_by_post(offer(a_goods_draft(0, 0, 0, NULL)), HER))->order_id; /* for nothing */
    assert_ok(cancel(order_id, HER));
    assert_refused(show_address(order_id, manager(902)), "ADDRESS_GONE");
    assert_refused(post_order(order_id, "", manager(902)), "ORDER_OVER");
    assert_clean();
}

static void a_fair_that_is_ended_makes_room_for_another(void **state)
{
    Coupon__FairRequest ending = COUPON__FAIR_REQUEST__INIT;
    const Coupon__Fair *fair;

    (void)state;
    fair = harness_output(&h, create_fair(7, 150, HARNESS_NOW, HARNESS_NOW + COUPON_DAY_MS), &coupon__fair__descriptor);
    ending.fair_id = fair->fair_id;
    assert_refused(create_fair(9, 150, HARNESS_NOW, HARNESS_NOW + 2), "FAIR_OVERLAPS");
    assert_ok(points_call("Fairs.EndFair", &ending.base, manager(901)));
    assert_ok(create_fair(9, 150, HARNESS_NOW, HARNESS_NOW + 2));
    assert_clean();
}

static void a_fair_is_cheaper_up_to_its_ceiling(void **state)
{
    int64_t goods_id = offer(for_money(1000)), order_id;
    const Coupon__Order *order;

    (void)state;
    assert_refused_at(create_fair(7, 150, HARNESS_NOW + 5, HARNESS_NOW + 5), "FAIR_OUT_OF_ORDER", "fair.until");
    assert_ok(create_fair(7, 150, HARNESS_NOW + 1, HARNESS_NOW + COUPON_DAY_MS));
    assert_refused(create_fair(9, 150, HARNESS_NOW, HARNESS_NOW + 2), "FAIR_OVERLAPS");
    assert_int_equal(offer_of(goods_id, HER)->due_fen, 1000);
    clock_step(&h.service.clock, 1);
    assert_int_equal(offer_of(goods_id, HER)->due_fen, 930);
    order = order_in(order_some(goods_id, HER, 1, corner_id));
    assert_int_equal(order->off_fen, 70);
    assert_int_equal(order->due_fen, 930);
    order_id = order->order_id;
    assert_int_equal(order_in(order_some(goods_id, HER, 2, corner_id))->off_fen, 80); /* what is left of 150 */
    assert_int_equal(offer_of(goods_id, HER)->due_fen, 1000);
    assert_ok(cancel(order_id, HER));
    assert_int_equal(offer_of(goods_id, HER)->due_fen, 930);
    assert_ok(
        hand_over(corner_id, code_of(order_in(order_some(goods_id, HER, 1, corner_id))->order_id, HER), 930, STAFF));
    step_days(1);
    assert_int_equal(offer_of(goods_id, OTHER)->due_fen, 1000);
    assert_clean();
}

/* Each of her accounts has ordered one, and had something off. */
static void two_accounts_of_one_person_have_ordered_what_one_may(void **state)
{
    Coupon__Goods draft = for_points(30);
    int64_t goods_id, first, second, cheap, cheap_too;

    (void)state;
    draft.per_person = 1;
    goods_id = offer(draft);
    give_points(ledger_id, OTHER, 100, 20);
    assert_ok(create_fair(50, 600, HARNESS_NOW, HARNESS_NOW + COUPON_DAY_MS));
    first = order_in(order_some(goods_id, HER, 1, corner_id))->order_id;
    second = order_in(order_some(goods_id, OTHER, 1, corner_id))->order_id;
    cheap = order_in(order_some(offer(for_money(1000)), HER, 1, corner_id))->order_id;
    cheap_too = order_in(order_some(offer(for_money(1000)), OTHER, 1, corner_id))->order_id;
    assert_int_equal(hear_merged(&h, OTHER, HER), 0);
    tidy_all();
    assert_int_equal(get_order(first, HER)->state, COUPON__ORDER_STATE__ORDER_OPEN);
    assert_int_equal(get_order(second, HER)->state, COUPON__ORDER_STATE__ORDER_ENDED);
    assert_int_equal(points_of(HER), 170);
    assert_int_equal(sold_of(goods_id), 1);
    assert_int_equal(get_order(cheap, HER)->due_fen, 500);
    assert_int_equal(get_order(cheap_too, HER)->due_fen, 1000);
    assert_refused(order_some(goods_id, HER, 1, corner_id), "ORDER_LIMIT_REACHED");
    assert_clean();
}

static void what_is_open_ends_with_the_account(void **state)
{
    int64_t goods_id = offer(for_points(30)), by_post = offer(a_goods_draft(ledger_id, 10, 0, NULL)), posted;

    (void)state;
    assert_ok(order_some(goods_id, HER, 1, corner_id));
    posted = order_in(order_by_post(by_post, HER))->order_id;
    assert_ok(post_order(posted, "SF1", manager(902)));
    assert_int_equal(hear_closed(&h, HER), 0);
    tidy_all();
    assert_int_equal(sold_of(goods_id), 0);
    assert_int_equal(sold_of(by_post), 1);
    assert_refused(show_address(posted, manager(902)), "ADDRESS_GONE");
    assert_int_equal(totals_of(ledger_id)->left, 0);
    assert_clean();
}

static void she_is_given_what_she_ordered(void **state)
{
    int64_t goods_id = offer(a_goods_draft(ledger_id, 10, 0, NULL));
    int64_t order_id = order_in(order_by_post(goods_id, HER))->order_id;
    Coupon__ListOrdersRequest request = COUPON__LIST_ORDERS_REQUEST__INIT;
    Coupon__ListGoodsOrdersRequest theirs = COUPON__LIST_GOODS_ORDERS_REQUEST__INIT;
    Coupon__OrderState open = COUPON__ORDER_STATE__ORDER_OPEN;
    const Coupon__OrderList *list;
    struct exported all;

    (void)state;
    assert_ok(show_address(order_id, manager(902)));
    all = export_person(&h, HER);
    assert_int_equal(exported_count(&all, "orders", "禅城区人民路3号502"), 1);
    assert_int_equal(exported_count(&all, "orders", "lookId"), 1);
    all = export_person(&h, STAFF);
    assert_int_equal(exported_count(&all, "corners", ""), 1);
    request.page_size = 1;
    assert_ok(order_by_post(goods_id, HER));
    list = harness_output(&h, harness_call(&h, "Orders.ListOrders", &request.base, harness_member(&h, HER, TOWN), NULL),
                          &coupon__order_list__descriptor);
    assert_int_equal(list->n_orders, 1);
    assert_string_not_equal(list->next_page_token, "");
    assert_ok(cancel(order_id, HER));
    theirs.goods_id = goods_id;
    theirs.state = &open;
    theirs.n_state = 1;
    list = harness_output(&h, points_call("Orders.ListGoodsOrders", &theirs.base, manager(902)),
                          &coupon__order_list__descriptor);
    assert_int_equal(list->n_orders, 1);
    assert_clean();
}

static void the_shop_goes_along_with_a_union_that_moves(void **state)
{
    int64_t goods_id = offer(for_points(30));
    Rpc__Principal *her = harness_member(&h, HER, "00090002");

    (void)state;
    assert_int_equal(hear_moved(&h, UNION, "0009"), 0);
    assert_int_equal(list_shop(her)->n_offers, 1);
    assert_ok(order_with(goods_id, her, 1, corner_id, "moved"));
    assert_refused(on_goods("Shop.WithdrawGoods", goods_id, manager(901)), "OUTSIDE_YOUR_UNION");
    assert_ok(on_goods("Shop.WithdrawGoods", goods_id, manager_at(901, "0009")));
    assert_clean();
}

static void the_audit_finds_what_was_changed_behind_its_back(void **state)
{
    int64_t goods_id = offer(for_points(30));

    (void)state;
    assert_ok(create_fair(50, 600, HARNESS_NOW, HARNESS_NOW + COUPON_DAY_MS));
    assert_ok(order_some(goods_id, HER, 1, corner_id));
    assert_ok(order_some(offer(for_money(1000)), HER, 1, corner_id));
    assert_found(&h, "UPDATE goods SET sold = 2 WHERE points = 30", "UPDATE goods SET sold = 1 WHERE points = 30");
    assert_found(&h, "UPDATE goods SET points = 31 WHERE points = 30",
                 "UPDATE goods SET points = 30 WHERE points = 31");
    assert_found(&h, "UPDATE goods SET stock = 11 WHERE points = 30", "UPDATE goods SET stock = 10 WHERE points = 30");
    assert_found(&h, "UPDATE goods SET union_path = '0003'", NULL);
}

static void the_audit_finds_orders_that_were_changed(void **state)
{
    int64_t goods_id = offer(for_points(30));

    (void)state;
    assert_ok(create_fair(50, 600, HARNESS_NOW, HARNESS_NOW + COUPON_DAY_MS));
    assert_ok(order_some(goods_id, HER, 1, corner_id));
    assert_ok(order_some(offer(for_money(1000)), HER, 1, corner_id));
    assert_found(&h, "UPDATE shop_order SET state = 2 WHERE points = 30",
                 "UPDATE shop_order SET state = 1 WHERE points = 30");
    assert_found(&h, "UPDATE shop_order SET off_fen = 499 WHERE off_fen = 500",
                 "UPDATE shop_order SET off_fen = 500 WHERE off_fen = 499");
    assert_found(
        &h, "UPDATE shop_order SET entry_id = 0 WHERE points = 30",
        "UPDATE shop_order SET entry_id = (SELECT entry_id FROM points_entry WHERE kind = 3) WHERE points = 30");
    assert_found(&h, "UPDATE points_taken SET back = 1", "UPDATE points_taken SET back = 0");
    assert_found(&h, "UPDATE shop_order SET member_id = 9 WHERE points = 30",
                 "UPDATE shop_order SET member_id = 1 WHERE points = 30");
    assert_found(&h, "UPDATE fair SET ceiling_fen = 601", "UPDATE fair SET ceiling_fen = 600");
    assert_found(&h, "UPDATE corner SET closed = 1", "UPDATE corner SET closed = 0");
    assert_found(&h, "INSERT INTO corner_staff VALUES (1, 2)", "DELETE FROM corner_staff WHERE member_id = 2");
    assert_found(&h, "INSERT INTO shop_look VALUES (1, 2, 3, 4, 5)", NULL);
}

#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup_shop, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(an_order_takes_points_and_stock_once_for_its_key),
        SHOP_TEST(what_is_offered_says_why_not),
        SHOP_TEST(a_form_that_does_not_fit_is_refused),
        SHOP_TEST(a_bundle_takes_of_each_of_its_parts),
        SHOP_TEST(who_cancels_has_her_points_and_it_its_stock_again),
        SHOP_TEST(what_nobody_picks_up_lapses),
        SHOP_TEST(it_is_handed_over_once_at_its_corner_for_what_is_due),
        SHOP_TEST(where_it_can_be_had_is_said),
        SHOP_TEST(an_address_is_for_who_sends_it_and_each_look_is_on_record),
        SHOP_TEST(a_fair_that_is_ended_makes_room_for_another),
        SHOP_TEST(a_fair_is_cheaper_up_to_its_ceiling),
        SHOP_TEST(two_accounts_of_one_person_have_ordered_what_one_may),
        SHOP_TEST(what_is_open_ends_with_the_account),
        SHOP_TEST(she_is_given_what_she_ordered),
        SHOP_TEST(the_shop_goes_along_with_a_union_that_moves),
        SHOP_TEST(the_audit_finds_what_was_changed_behind_its_back),
        SHOP_TEST(the_audit_finds_orders_that_were_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
