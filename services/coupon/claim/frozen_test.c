/* What a member has of a union that she has left, or while she is suspended: it is hers, frozen, and says so. */
#include "common/benefit/homes/homes_fixture.h"
#include "services/coupon/lot/lot_fixture.h"
#include "services/coupon/shop/shop_fixture.h"
#include "services/coupon/ticket/ticket_fixture.h"
#include "services/coupon/till/till_fixture.h"

#define ELSEWHERE "0002"
#define OTHER     2

/* MEMBER's coupon of a release for the members of a union, or ("") of any. */
static int64_t a_coupon_for(const char *path)
{
    Coupon__Release draft = draft_of(1000, 2, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    int64_t release_id;

    clock_step(&h.service.clock, 1);
    draft.opens_at = clock_now(&h.service.clock) + 1;
    draft.union_id = *path ? a_union(&h, path) : 0;
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    clock_step(&h.service.clock, 1);
    return coupon_of(claim(release_id, MEMBER))->coupon_id;
}

static void assert_state(int64_t coupon_id, int state)
{
    const Coupon__Coupon *coupon = coupon_now(coupon_id, MEMBER);

    assert_int_equal(coupon->state, state);
    assert_string_equal(coupon->reason, state == COUPON__COUPON_STATE__FROZEN ? "IS_FROZEN" : "");
    assert_int_equal(strlen(coupon->words) > 0, state == COUPON__COUPON_STATE__FROZEN);
}

static void what_a_union_gave_is_frozen_to_who_has_left_it_until_she_is_back(void **state)
{
    int64_t own = a_coupon_for(UNION), anybodys = a_coupon_for("");

    (void)state;
    assert_state(own, COUPON__COUPON_STATE__GRANTED);
    hear_transferred(&h, MEMBER, TOWN); /* which is below it */
    assert_state(own, COUPON__COUPON_STATE__GRANTED);
    hear_transferred(&h, MEMBER, ELSEWHERE);
    assert_state(own, COUPON__COUPON_STATE__FROZEN);
    assert_state(anybodys, COUPON__COUPON_STATE__GRANTED);
    harness_reopen(&h);
    assert_state(own, COUPON__COUPON_STATE__FROZEN);
    assert_int_equal(hear_moved(&h, ELSEWHERE, UNION "0009"), 0); /* her union comes below the one that gave */
    assert_state(own, COUPON__COUPON_STATE__GRANTED);
    hear_left(&h, MEMBER);
    assert_state(own, COUPON__COUPON_STATE__FROZEN);
    hear_joined(&h, MEMBER, UNION);
    assert_state(own, COUPON__COUPON_STATE__GRANTED);
    hear_left(&h, MEMBER);
    clock_step(&h.service.clock, 40 * COUPON_DAY_MS);
    assert_state(own, COUPON__COUPON_STATE__EXPIRED);
    assert_clean();
}

static void who_is_suspended_has_the_use_of_nothing_meanwhile(void **state)
{
    int64_t own = a_coupon_for(UNION), anybodys = a_coupon_for("");

    (void)state;
    hear_suspended(&h, MEMBER, true);
    assert_state(own, COUPON__COUPON_STATE__FROZEN);
    assert_state(anybodys, COUPON__COUPON_STATE__FROZEN);
    assert_refused(sell("sale-0001", 2000), "IS_FROZEN");
    hear_suspended(&h, MEMBER, false);
    assert_state(own, COUPON__COUPON_STATE__GRANTED);
    assert_ok(sell("sale-0002", 2000));
}

static void of_two_accounts_the_one_that_is_kept_says_where_she_is(void **state)
{
    int64_t own = a_coupon_for(UNION);

    (void)state;
    hear_transferred(&h, OTHER, ELSEWHERE);
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    assert_int_equal(coupon_now(own, OTHER)->state, COUPON__COUPON_STATE__FROZEN);
    hear_transferred(&h, OTHER, TOWN);
    assert_int_equal(coupon_now(own, OTHER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_clean();
}

static void a_counter_says_that_it_is_frozen(void **state)
{
    int64_t own = a_coupon_for(UNION), anybodys = a_coupon_for(""), kept;
    const Coupon__Sale *sale;

    (void)state;
    kept = sale_in(sell("sale-0001", 2000))->sale_id;
    hear_transferred(&h, MEMBER, ELSEWHERE);
    assert_refused(on_sale("Sales.ConfirmSale", kept), "IS_FROZEN");
    assert_ok(on_sale("Sales.CancelSale", kept));
    sale = sale_in(sell("sale-0002", 2000));
    assert_int_equal(sale->n_coupons, 1);
    assert_int_equal(sale->coupons[0]->coupon_id, anybodys);
    assert_int_equal(sale->n_left_out, 1);
    assert_int_equal(sale->left_out[0]->coupon_id, own);
    assert_string_equal(sale->left_out[0]->reason, "IS_FROZEN");
    assert_ok(on_sale("Sales.ConfirmSale", sale->sale_id));
    assert_refused(sell("sale-0003", 2000), "IS_FROZEN");
    hear_transferred(&h, MEMBER, UNION);
    assert_ok(sell("sale-0004", 2000));
    assert_clean();
}

static const Coupon__Sale *hand_in(const char *ref, char *text, int64_t at)
{
    Coupon__UploadSalesRequest request = COUPON__UPLOAD_SALES_REQUEST__INIT;
    Coupon__UploadSale item = COUPON__UPLOAD_SALE__INIT, *items[] = {&item};
    const Coupon__SaleList *list;

    item.sale_ref = unconst(ref);
    item.text = text;
    item.purchase_fen = 2000;
    item.at = at;
    request.branch_id = the_branch;
    request.device_id = the_device;
    request.items = items;
    request.n_items = 1;
    list = harness_output(&h, harness_call(&h, "Sales.UploadSales", &request.base, cashier(), NULL),
                          &coupon__sale_list__descriptor);
    return list->sales[0];
}

static void a_purchase_without_network_is_judged_as_of_its_own_time(void **state)
{
    int64_t own = a_coupon_for(UNION), at;
    char *text;

    (void)state;
    text = shown_by(MEMBER);
    at = clock_now(&h.service.clock);
    clock_step(&h.service.clock, 1000);
    hear_left(&h, MEMBER);
    assert_string_equal(hand_in("late-0001", text, at + 2000)->reason, "IS_FROZEN");
    assert_int_equal(hand_in("late-0002", text, at)->state, COUPON__SALE_STATE__SALE_REDEEMED);
    assert_state(own, COUPON__COUPON_STATE__REDEEMED);
}

static void a_place_of_a_season_is_accepted_by_members_alone(void **state)
{
    Coupon__Release draft = season_draft(1, 0, 3);
    int64_t release_id, lot_id, coupon_id;

    (void)state;
    whom(&draft)->union_id = a_union(&h, UNION);
    release_id = publish(draft);
    let_pass(OPENS);
    assert_false(entry_of(ask(release_id, MEMBER))->frozen);
    hear_transferred(&h, MEMBER, ELSEWHERE);
    assert_true(where(release_id, MEMBER, 0)->frozen);
    lot_id = lots_of(release_id)->lots[0]->lot_id;
    let_pass(OPENS + 2 * HOUR_MS);
    let_pass(OPENS + 3 * HOUR_MS);
    assert_ok(on_lot("Lots.EnterLotValue", lot_id, "01 02 03", 900));
    assert_ok(on_lot("Lots.ConfirmLotValue", lot_id, "01 02 03", 901));
    let_pass(OPENS + 4 * HOUR_MS);
    assert_ok(on_lot("Lots.PublishLot", lot_id, "", 900));
    harness_work(&h, do_what_is_due);
    coupon_id = where(release_id, MEMBER, 0)->coupon_id;
    assert_int_equal(where(release_id, MEMBER, 0)->state, COUPON__ENTRY_STATE__MUST_ACCEPT);
    assert_refused(on_place("Lots.AcceptPlace", coupon_id, MEMBER), "IS_FROZEN");
    hear_transferred(&h, MEMBER, UNION);
    assert_ok(on_place("Lots.AcceptPlace", coupon_id, MEMBER));
}

static void a_ticket_is_frozen_and_may_be_given_back_and_nobody_is_called_up_who_has_left(void **state)
{
    Coupon__Release draft = tickets_draft(1, 0, 1);
    char *companions[] = {"7", NULL};
    int64_t release_id, coupon_id;

    (void)state;
    whom(&draft)->union_id = a_union(&h, UNION);
    release_id = publish(draft);
    clock_to(OPENS);
    coupon_id = seat_of(take(release_id, MEMBER, 0))->coupon_id;
    assert_ok(wait_for(release_id, OTHER, 0));
    assert_ok(wait_for(release_id, 3, 0));
    assert_false(seat(coupon_id, MEMBER)->frozen);
    hear_transferred(&h, MEMBER, ELSEWHERE);
    hear_transferred(&h, OTHER, ELSEWHERE);
    assert_true(seat(coupon_id, MEMBER)->frozen);
    assert_state(coupon_id, COUPON__COUPON_STATE__FROZEN);
    assert_refused(invite(coupon_id, MEMBER, companions), "IS_FROZEN");
    assert_ok(return_ticket(coupon_id, MEMBER));
    tidy_up();
    assert_int_equal(list_coupons(OTHER, 0, "")->n_coupons, 0);
    assert_int_equal(list_coupons(3, 0, "")->n_coupons, 1);
    assert_clean();
}

static void an_order_of_goods_for_a_union_is_not_given_out_and_may_be_cancelled(void **state)
{
    int64_t ledger_id = a_ledger(), corner_id = a_corner_of(UNION), goods_id, order_id, other_id;
    Audience__Audience audience = AUDIENCE__AUDIENCE__INIT;
    Coupon__Goods goods;

    (void)state;
    give_points(ledger_id, MEMBER, 100, 30);
    goods = a_goods_draft(ledger_id, 20, 0, &corner_id);
    audience.union_id = a_union(&h, UNION);
    goods.audience = &audience;
    goods_id = offer(goods);
    order_id = order_in(order_some(goods_id, MEMBER, 1, corner_id))->order_id;
    other_id = order_in(order_some(goods_id, MEMBER, 1, corner_id))->order_id;
    assert_false(get_order(order_id, MEMBER)->frozen);
    hear_transferred(&h, MEMBER, ELSEWHERE);
    assert_true(get_order(order_id, MEMBER)->frozen);
    assert_refused(hand_over(corner_id, code_of(order_id, MEMBER), 0, STAFF), "IS_FROZEN");
    assert_ok(cancel(other_id, MEMBER));
    hear_transferred(&h, MEMBER, TOWN);
    assert_ok(hand_over(corner_id, code_of(order_id, MEMBER), 0, STAFF));
    assert_clean();
}

int main(void)
{
#define OF_SHOP(name) cmocka_unit_test_setup_teardown(name, shop_setup, teardown)
    const struct CMUnitTest tests[] = {
        OF_SHOP(what_a_union_gave_is_frozen_to_who_has_left_it_until_she_is_back),
        OF_SHOP(who_is_suspended_has_the_use_of_nothing_meanwhile),
        OF_SHOP(of_two_accounts_the_one_that_is_kept_says_where_she_is),
        OF_SHOP(a_counter_says_that_it_is_frozen),
        OF_SHOP(a_purchase_without_network_is_judged_as_of_its_own_time),
        OF_SHOP(a_place_of_a_season_is_accepted_by_members_alone),
        OF_SHOP(a_ticket_is_frozen_and_may_be_given_back_and_nobody_is_called_up_who_has_left),
        OF_SHOP(an_order_of_goods_for_a_union_is_not_given_out_and_may_be_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
