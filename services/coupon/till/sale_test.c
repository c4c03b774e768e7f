/* At the counter: what is kept for a purchase, spent once, and undone. */
#include "common/base/base64url.h"
#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/hmac.h"
#include "services/coupon/till/till_fixture.h"

enum {
    LOCKED = COUPON__SALE_STATE__SALE_LOCKED,
    REDEEMED = COUPON__SALE_STATE__SALE_REDEEMED,
    REVERSED = COUPON__SALE_STATE__SALE_REVERSED,
    CANCELLED = COUPON__SALE_STATE__SALE_CANCELLED,
    LAPSED = COUPON__SALE_STATE__SALE_LAPSED,
};
enum { SPENT = NOTICE__NOTICE_KIND__COUPON_SPENT, UNSPENT = NOTICE__NOTICE_KIND__COUPON_UNSPENT };

static void the_best_set_is_kept_confirmed_and_spent(void **state)
{
    int64_t small = a_coupon(300, 0), large = a_coupon(500, 800), dear = a_coupon(900, 2000);
    const Coupon__Sale *sale = sale_in(sell("purchase-1", 1000));
    const Coupon__Coupon *coupon;

    (void)state;
    assert_int_equal(sale->state, LOCKED);
    assert_int_equal(sale->discount_fen, 800);
    assert_int_equal(sale->pays_fen, 200);
    assert_int_equal(sale->locked_until, clock_now(&h.service.clock) + SALE_LOCK_MS);
    assert_int_equal(sale->n_coupons, 2);
    assert_int_equal(sale->n_left_out, 1);
    assert_int_equal(sale->left_out[0]->coupon_id, dear);
    assert_string_equal(sale->left_out[0]->reason, "BELOW_THRESHOLD");
    assert_string_equal(sale->branch_name, "禅城店");
    coupon = coupon_now(small, MEMBER);
    assert_int_equal(coupon->state, COUPON__COUPON_STATE__LOCKED);
    assert_int_equal(coupon->locked_until, sale->locked_until);
    assert_null(last_notice(&h));
    sale = sale_in(on_sale("Sales.ConfirmSale", sale->sale_id));
    assert_int_equal(sale->state, REDEEMED);
    coupon = coupon_now(large, MEMBER);
    assert_int_equal(coupon->state, COUPON__COUPON_STATE__REDEEMED);
    assert_int_equal(coupon->redeemed_at, sale->at);
    assert_string_equal(coupon->branch_name, "禅城店");
    assert_int_equal(coupon_now(dear, MEMBER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_int_equal(last_notice(&h)->kind, SPENT);
    assert_int_equal(last_notice(&h)->about_id, sale->sale_id);
    assert_string_equal(last_notice(&h)->place, "禅城店");
    assert_int_equal(last_notice(&h)->member_id, MEMBER);
    /* The same purchase, and the same confirmation, again. */
    assert_int_equal(sale_in(sell("purchase-1", 1000))->sale_id, sale->sale_id);
    assert_int_equal(sale_in(on_sale("Sales.ConfirmSale", sale->sale_id))->state, REDEEMED);
    harness_reopen(&h);
    assert_int_equal(coupon_now(large, MEMBER)->state, COUPON__COUPON_STATE__REDEEMED);
    assert_clean();
}

static void a_coupon_is_spent_once_over_all_counters(void **state)
{
    int64_t coupon_id = a_coupon(500, 0), first, second_branch = a_branch(the_merchant),
            second_device = a_device(second_branch);
    Coupon__CreateSaleRequest request = sale_of("purchase-2", shown_by(MEMBER), 1000);
    const Rpc__Answer *answer;

    (void)state;
    first = sale_in(sell("purchase-1", 1000))->sale_id;
    request.branch_id = second_branch;
    request.device_id = second_device;
    assert_refused(send_sale(&request), "COUPON_LOCKED");
    assert_ok(on_sale("Sales.ConfirmSale", first));
    answer = send_sale(&request);
    assert_refused(answer, "NO_COUPON_FITS");
    request.text = pass_of(MEMBER, coupon_id)->code;
    answer = send_sale(&request);
    assert_refused(answer, "ALREADY_REDEEMED");
    assert_int_equal(strtoll(harness_fact(answer, "firstBranchId"), NULL, 10), the_branch);
    assert_clean();
}

static void what_is_kept_is_free_again_when_it_is_not_confirmed(void **state)
{
    int64_t coupon_id = a_coupon(500, 0), first = sale_in(sell("purchase-1", 1000))->sale_id, second, third;

    (void)state;
    assert_int_equal(sale_in(on_sale("Sales.CancelSale", first))->state, CANCELLED);
    assert_refused(on_sale("Sales.ConfirmSale", first), "SALE_DECIDED");
    second = sale_in(sell("purchase-2", 1000))->sale_id;
    clock_step(&h.service.clock, SALE_LOCK_MS - 1);
    assert_refused(sell("purchase-3", 1000), "COUPON_LOCKED");
    clock_step(&h.service.clock, 1);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_refused(on_sale("Sales.ConfirmSale", second), "SALE_OVER");
    /* By the next purchase, and by itself. */
    third = sale_in(sell("purchase-3", 1000))->sale_id;
    assert_int_equal(sale_in(on_sale("Sales.GetSale", second))->state, LAPSED);
    clock_step(&h.service.clock, SALE_LOCK_MS);
    tidy_up();
    assert_int_equal(sale_in(on_sale("Sales.GetSale", third))->state, LAPSED);
    assert_int_equal(sale_in(sell_at_once("purchase-4", 1000))->state, REDEEMED);
    assert_clean();
}

/* The notice that the journal told last not to be so any more. */
static int64_t last_taken_back(void)
{
    const Rpc__ChassisEvent *event =
        harness_last_event(&h, &rpc__chassis_event__descriptor, RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN);

    return event->notice_withdrawn->notice_id;
}

static void a_purchase_that_is_undone_gives_the_coupons_back(void **state)
{
    int64_t coupon_id = a_coupon(500, 0), late;
    const Coupon__Sale *sale = sale_in(sell_at_once("purchase-1", 1000));
    int64_t sale_id = sale->sale_id, notice_id = last_notice(&h)->notice_id;

    (void)state;
    sale = sale_in(reverse_sale(sale_id));
    assert_int_equal(sale->state, REVERSED);
    assert_string_equal(sale->reverse_reason, "退货");
    assert_string_equal(sale->coupons[0]->reason, "");
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_int_equal(last_taken_back(), notice_id);
    assert_int_equal(notices_standing(&h, UNSPENT, sale_id), 1);
    assert_int_equal(sale_in(reverse_sale(sale_id))->state, REVERSED);
    assert_refused(on_sale("Sales.ConfirmSale", sale_id), "SALE_DECIDED");
    /* It is spent again, in the last moment of its time; undone then it is good no more. */
    clock_step(&h.service.clock, coupon_now(coupon_id, MEMBER)->expires_at - 1 - clock_now(&h.service.clock));
    late = sale_in(sell_at_once("purchase-2", 1000))->sale_id;
    clock_step(&h.service.clock, HOUR_MS);
    assert_string_equal(sale_in(reverse_sale(late))->coupons[0]->reason, "COUPON_EXPIRED");
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__EXPIRED);
    assert_clean();
}

static void a_purchase_is_undone_within_a_day(void **state)
{
    int64_t sale_id;

    (void)state;
    a_coupon(500, 0);
    sale_id = sale_in(sell_at_once("purchase-1", 1000))->sale_id;
    clock_step(&h.service.clock, SALE_REVERSE_MS);
    assert_refused(reverse_sale(sale_id), "REVERSE_TOO_LATE");
    assert_clean();
}

/* ---- rules ---- */

/* What is said of a purchase with a coupon that is spent so. */
static const Rpc__Answer *try_spending(Coupon__Spending *spending, int64_t purchase_fen)
{
    static unsigned n;
    int64_t coupon_id = a_coupon_of(MEMBER, 500, 800, spending);
    Coupon__CreateSaleRequest request = sale_of("", pass_of(MEMBER, coupon_id)->code, purchase_fen);

    request.sale_ref = arena_printf(&h.arena, "trial-%05u", n++);
    return send_sale(&request);
}

static void each_rule_has_its_reason(void **state)
{
    Coupon__GoodsClass books[] = {COUPON__GOODS_CLASS__BOOKS}, meals[] = {COUPON__GOODS_CLASS__MEALS};
    Coupon__OpenHours *hours[] = {hours_from(12 * 60, 13 * 60)}; /* it is after 8 in China */
    Coupon__Spending spending = COUPON__SPENDING__INIT, none = spending;
    int64_t other = a_merchant("00010003"), ids[] = {other};
    const Rpc__Answer *answer;

    (void)state;
    answer = try_spending(NULL, 799);
    assert_refused(answer, "BELOW_THRESHOLD");
    assert_int_equal(strtoll(harness_fact(answer, "thresholdFen"), NULL, 10), 800);
    assert_ok(try_spending(&spending, 800));
    spending.merchant_ids = ids;
    spending.n_merchant_ids = 1;
    assert_refused(try_spending(&spending, 800), "NOT_AT_THIS_PLACE");
    ids[0] = the_merchant;
    assert_ok(try_spending(&spending, 800));
    spending = none;
    ids[0] = the_branch;
    spending.branch_ids = ids;
    spending.n_branch_ids = 1;
    assert_ok(try_spending(&spending, 800));
    spending = none;
    spending.union_id = a_union(&h, "00010003");
    assert_refused(try_spending(&spending, 800), "NOT_AT_THIS_PLACE");
    spending.union_id = a_union(&h, UNION);
    assert_ok(try_spending(&spending, 800));
    spending = none;
    spending.goods = books;
    spending.n_goods = 1;
    assert_refused(try_spending(&spending, 800), "NOT_FOR_THESE_GOODS");
    spending.goods = meals;
    assert_ok(try_spending(&spending, 800));
    spending = none;
    spending.hours = hours;
    spending.n_hours = 1;
    assert_refused(try_spending(&spending, 800), "NOT_AT_THIS_HOUR");
    spending = none;
    spending.valid_after_days = 1;
    assert_refused(try_spending(&spending, 800), "COUPON_NOT_GOOD_YET");
    assert_clean();
}

static void days_are_fixed_or_from_the_claim_on(void **state)
{
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    int64_t now = clock_now(&h.service.clock), coupon_id, id;
    Coupon__CreateSaleRequest request = sale_of("purchase-1", NULL, 1000);

    (void)state;
    spending.valid_from = now + COUPON_DAY_MS;
    spending.valid_until = now + 2 * COUPON_DAY_MS;
    coupon_id = a_coupon_of(MEMBER, 500, 0, &spending);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->good_from, spending.valid_from);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->expires_at, spending.valid_until);
    request.text = pass_of(MEMBER, coupon_id)->code;
    assert_refused(send_sale(&request), "COUPON_NOT_GOOD_YET");
    clock_step(&h.service.clock, spending.valid_from - clock_now(&h.service.clock));
    request.text = pass_of(MEMBER, coupon_id)->code;
    id = sale_in(send_sale(&request))->sale_id;
    assert_ok(on_sale("Sales.CancelSale", id));
    clock_step(&h.service.clock, spending.valid_until - clock_now(&h.service.clock));
    request.text = pass_of(MEMBER, coupon_id)->code;
    request.sale_ref = "purchase-2";
    assert_refused(send_sale(&request), "COUPON_EXPIRED");
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__EXPIRED);
    /* Long after its release has left the memory. */
    harness_reopen(&h);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->expires_at, spending.valid_until);
    assert_clean();
}

static void a_purchase_is_where_and_when_the_branch_takes_coupons(void **state)
{
    Coupon__OpenHours *hours[] = {hours_from(0, 8 * 60)};
    Coupon__CreateSaleRequest request;
    Coupon__Branch draft = branch_draft();

    (void)state;
    a_coupon(500, 0);
    request = sale_of("purchase-1", shown_by(MEMBER), 1000);
    request.goods = COUPON__GOODS_CLASS__BOOKS;
    assert_refused(send_sale(&request), "NOT_SOLD_HERE");
    draft.hours = hours;
    draft.n_hours = 1;
    assert_ok(update_branch(the_branch, &draft, keeper()));
    assert_refused(sell("purchase-1", 1000), "BRANCH_SHUT");
    hours[0]->until_minute = 9 * 60;
    assert_ok(update_branch(the_branch, &draft, keeper()));
    assert_ok(sell("purchase-1", 1000));
    assert_ok(on_branch("Branches.CloseBranch", the_branch, keeper()));
    assert_refused(sell("purchase-2", 1000), "MERCHANT_NOT_OPEN");
    assert_clean();
}

static void coupons_stack_as_they_say(void **state)
{
    Coupon__Spending alone = COUPON__SPENDING__INIT, two = alone;
    int64_t ids[3];
    Coupon__CreateSaleRequest request;
    const Coupon__Sale *sale;

    (void)state;
    alone.alone = true;
    two.at_most = 2;
    ids[0] = a_coupon_of(MEMBER, 500, 0, &alone);
    ids[1] = a_coupon_of(MEMBER, 200, 0, &two);
    ids[2] = a_coupon_of(MEMBER, 200, 0, &two);
    a_coupon_of(MEMBER, 100, 0, &two);
    sale = sale_in(sell("purchase-1", 1000));
    assert_int_equal(sale->discount_fen, 500);
    assert_string_equal(sale->left_out[0]->reason, "NOT_IN_BEST_SET");
    assert_ok(on_sale("Sales.CancelSale", sale->sale_id));
    /* Just those that she wants. */
    request = sale_of("purchase-2", shown_by(MEMBER), 1000);
    request.coupon_ids = ids;
    request.n_coupon_ids = 3;
    assert_refused(send_sale(&request), "DOES_NOT_STACK");
    request.coupon_ids = ids + 1;
    request.n_coupon_ids = 2;
    request.purchase_fen = 399;
    assert_refused(send_sale(&request), "ABOVE_PURCHASE");
    request.purchase_fen = 400;
    assert_int_equal(sale_in(send_sale(&request))->pays_fen, 0);
    request.sale_ref = "purchase-3";
    ids[2] = ids[1];
    assert_refused(send_sale(&request), "NOT_AMONG_SHOWN");
    assert_clean();
}

/* ---- what is shown, and by whom it is read ---- */

static void a_code_of_another_moment_or_of_nobody_is_refused(void **state)
{
    Coupon__CreateSaleRequest request;
    char *old;

    (void)state;
    a_coupon(500, 0);
    old = shown_by(MEMBER);
    request = sale_of("purchase-1", old, 1000);
    clock_step(&h.service.clock, 90000);
    assert_refused_at(send_sale(&request), "COUPON_PASS_STALE", "text");
    request.text = "hello";
    assert_refused_at(send_sale(&request), "COUPON_PASS_WRONG", "text");
    request.text = shown_by(MEMBER);
    request.text[20] ^= 1;
    assert_refused_at(send_sale(&request), "COUPON_PASS_WRONG", "text");
    /* Her telephone was lost. */
    request.text = shown_by(MEMBER);
    assert_ok(harness_call(&h, "Purses.RenewPasses", NULL, harness_member(&h, MEMBER, TOWN), NULL));
    assert_refused_at(send_sale(&request), "COUPON_PASS_WRONG", "text");
    assert_ok(sell("purchase-1", 1000));
    /* Nobody's, and somebody's who has nothing. */
    request.text = shown_by(77);
    request.sale_ref = "purchase-2";
    assert_refused(send_sale(&request), "NO_COUPON_FITS");
    assert_clean();
}

static void the_pass_of_one_coupon_spends_that_one(void **state)
{
    int64_t small = a_coupon(300, 0), large = a_coupon(500, 0);
    Coupon__CreateSaleRequest request = sale_of("purchase-1", pass_of(MEMBER, small)->code, 1000);
    Coupon__CreatePassRequest pass = COUPON__CREATE_PASS_REQUEST__INIT;

    (void)state;
    assert_int_equal(sale_in(send_sale(&request))->discount_fen, 300);
    request.sale_ref = "purchase-2";
    request.coupon_ids = &large;
    request.n_coupon_ids = 1;
    assert_refused(send_sale(&request), "NOT_AMONG_SHOWN");
    pass.coupon_id = large;
    assert_refused_at(harness_call(&h, "Purses.CreatePass", &pass.base, harness_member(&h, 2, TOWN), NULL),
                      "COUPON_NOT_FOUND", "couponId");
    assert_clean();
}

/* The next code, made by her telephone as till.proto says. */
static char *code_without_network(const Coupon__CouponPass *pass, int64_t at)
{
    unsigned char bytes[24] = {6}, step[8], tag[32];
    struct hmac hmac;
    char *text = harness_alloc(&h, 33);

    put_be16(bytes + 1, (uint16_t)pass->key_id);
    assert_true(hex_read(pass->subject, 8, bytes + 3));
    put_be16(bytes + 11, (uint16_t)(at / 30000));
    hmac_init(&hmac, pass->turn_key.data);
    put_be64(step, (uint64_t)(at / 30000));
    hmac_sum(&hmac, &(struct hmac_part){step, 8}, 1, tag);
    hmac_done(&hmac);
    memcpy(bytes + 13, tag, 11);
    base64url_encode(bytes, sizeof(bytes), text);
    return text;
}

static void a_telephone_makes_codes_without_network(void **state)
{
    const Coupon__CouponPass *pass = pass_of(MEMBER, 0);
    Coupon__CreateSaleRequest request;

    (void)state;
    assert_string_equal(code_without_network(pass, clock_now(&h.service.clock)), pass->code);
    a_coupon(500, 0);
    clock_step(&h.service.clock, 5 * COUPON_DAY_MS);
    request = sale_of("purchase-1", code_without_network(pass, clock_now(&h.service.clock)), 1000);
    assert_ok(send_sale(&request));
    assert_clean();
}

static void a_device_is_its_cashiers_in_her_session(void **state)
{
    Coupon__RevokeCounterRequest revoke = COUPON__REVOKE_COUNTER_REQUEST__INIT;
    Coupon__CreateSaleRequest request;
    Rpc__Principal *later = harness_person(&h, CASHIER, RPC__LEVEL__MOBILE, "");

    (void)state;
    a_coupon(500, 0);
    sale_in(sell_at_once("purchase-0", 1000)); /* from now on it is known who is there */
    request = sale_of("purchase-1", shown_by(MEMBER), 1000);
    later->session_id++;
    assert_refused_at(harness_call(&h, "Sales.CreateSale", &request.base, later, NULL), "COUNTER_NOT_YOURS",
                      "deviceId");
    assert_refused(harness_call(&h, "Sales.CreateSale", &request.base, harness_member(&h, 5, TOWN), NULL),
                   "NOT_BRANCH_STAFF");
    request.device_id++;
    assert_refused_at(send_sale(&request), "COUNTER_NOT_FOUND", "deviceId");
    request.device_id = the_device;
    assert_ok(set_branch_staff(the_branch, CASHIER, true, keeper()));
    assert_refused(send_sale(&request), "NOT_BRANCH_STAFF");
    assert_ok(set_branch_staff(the_branch, CASHIER, false, keeper()));
    assert_refused(send_sale(&request), "NO_COUPON_FITS");
    revoke.device_id = the_device;
    assert_refused(harness_call(&h, "Counters.RevokeCounter", &revoke.base, harness_member(&h, 5, TOWN), NULL),
                   "NOT_BRANCH_STAFF");
    assert_ok(harness_call(&h, "Counters.RevokeCounter", &revoke.base, keeper(), NULL));
    assert_refused_at(send_sale(&request), "COUNTER_REVOKED", "deviceId");
    assert_clean();
}

/* ---- what she sees ---- */

static void she_sees_what_would_be_taken_and_where_it_was_spent(void **state)
{
    Coupon__BestSetRequest request = COUPON__BEST_SET_REQUEST__INIT;
    const Coupon__RedemptionList *list;
    const Coupon__BestSet *best;
    int64_t coupon_id = a_coupon(500, 0), sale_id;

    (void)state;
    request.branch_id = the_branch;
    request.purchase_fen = 400;
    best =
        harness_output(&h, harness_call(&h, "Purses.GetBestSet", &request.base, harness_member(&h, MEMBER, TOWN), NULL),
                       &coupon__best_set__descriptor);
    assert_int_equal(best->n_coupons, 0);
    assert_string_equal(best->left_out[0]->reason, "ABOVE_PURCHASE");
    request.purchase_fen = 600;
    best =
        harness_output(&h, harness_call(&h, "Purses.GetBestSet", &request.base, harness_member(&h, MEMBER, TOWN), NULL),
                       &coupon__best_set__descriptor);
    assert_int_equal(best->pays_fen, 100);
    assert_int_equal(best->coupons[0]->coupon_id, coupon_id);
    sale_id = sale_in(sell_at_once("purchase-1", 600))->sale_id;
    list = harness_output(&h, harness_call(&h, "Purses.ListRedemptions", NULL, harness_member(&h, MEMBER, TOWN), NULL),
                          &coupon__redemption_list__descriptor);
    assert_int_equal(list->n_redemptions, 1);
    assert_int_equal(list->redemptions[0]->sale_id, sale_id);
    assert_string_equal(list->redemptions[0]->branch_name, "禅城店");
    assert_int_equal(list->redemptions[0]->fen, 500);
    assert_clean();
}

/* ---- the audit ---- */

static void what_is_changed_behind_the_services_back_is_found(void **state)
{
    (void)state;
    a_coupon(500, 0);
    assert_ok(sell_at_once("purchase-1", 1000));
    assert_clean();
    assert_found(&h, "UPDATE redemption SET fen = fen - 1", "UPDATE redemption SET fen = fen + 1");
    assert_found(&h, "UPDATE redemption SET member_id = 2", "UPDATE redemption SET member_id = 1");
    assert_found(&h, "UPDATE redemption SET state = 3", "UPDATE redemption SET state = 2");
    assert_found(&h, "UPDATE sale SET discount_fen = 499", "UPDATE sale SET discount_fen = 500");
    assert_found(&h, "UPDATE sale SET state = 3", "UPDATE sale SET state = 2");
    assert_found(&h, "UPDATE sale SET merchant_id = merchant_id + 1", "UPDATE sale SET merchant_id = merchant_id - 1");
    assert_found(&h, "UPDATE sale SET purchase_fen = 999", "UPDATE sale SET purchase_fen = 1000");
    assert_found(&h, "UPDATE merchant SET state = 4", "UPDATE merchant SET state = 2");
    assert_found(&h, "UPDATE merchant SET manager_id = 5", "UPDATE merchant SET manager_id = 851");
    assert_found(&h, "UPDATE branch SET closed = 1", "UPDATE branch SET closed = 0");
    assert_found(&h, "DELETE FROM redemption", NULL);
}

/* ---- accounts ---- */

static bool has_ended(int64_t coupon_id)
{
    struct claim claim;

    return claims_find(&self_of()->claims, coupon_id, &claim) && claim.ended_at;
}

static void of_two_accounts_that_become_one_what_was_spent_stays(void **state)
{
    int64_t release_id = a_release(500, 0, NULL), first, spent, sale_id;
    Coupon__CreateSaleRequest request;

    (void)state;
    clock_step(&h.service.clock, 1);
    first = coupon_of(claim(release_id, MEMBER))->coupon_id;
    spent = coupon_of(claim(release_id, 2))->coupon_id;
    request = sale_of("purchase-1", pass_of(2, spent)->code, 1000);
    request.at_once = true;
    sale_id = sale_in(send_sale(&request))->sale_id;
    assert_int_equal(hear_merged(&h, 2, MEMBER), 0);
    tidy_up();
    assert_true(has_ended(first));
    assert_false(has_ended(spent));
    assert_int_equal(coupon_now(spent, MEMBER)->state, COUPON__COUPON_STATE__REDEEMED);
    assert_int_equal(coupon_now(first, MEMBER)->state, COUPON__COUPON_STATE__VOID);
    assert_ok(reverse_sale(sale_id));
    tidy_up();
    assert_int_equal(coupon_now(spent, MEMBER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_clean();
}

static void of_a_closed_account_what_was_spent_stays_and_its_codes_are_worthless(void **state)
{
    int64_t spent = a_coupon(500, 0), left, sale_id;
    Coupon__CreateSaleRequest request;

    (void)state;
    sale_id = sale_in(sell_at_once("purchase-1", 1000))->sale_id;
    left = a_coupon(300, 0);
    request = sale_of("purchase-2", shown_by(MEMBER), 1000);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    tidy_up();
    assert_false(has_ended(spent));
    assert_true(has_ended(left));
    assert_refused_at(send_sale(&request), "COUPON_PASS_WRONG", "text");
    /* Undone, it is nobody's. */
    assert_ok(reverse_sale(sale_id));
    tidy_up();
    assert_true(has_ended(spent));
    assert_clean();
}

/* As stores have them from before purchases were the rows of what is told of them. */
static void what_was_told_in_a_row_of_its_own_is_taken_back_by_it(void **state)
{
    char row[200];
    int64_t sale_id;

    (void)state;
    a_coupon(500, 0);
    sale_id = sale_in(sell_at_once("purchase-1", 1000))->sale_id;
    snprintf(row, sizeof(row), "INSERT INTO notice VALUES (77, %d, %d, %lld, 1, 1, 0, 0)", MEMBER, SPENT,
             (long long)sale_id);
    harness_tamper(&h, row);
    harness_reopen(&h);
    reverse_sale(sale_id);
    assert_int_equal(last_taken_back(), 77);
    assert_int_equal(notices_standing(&h, SPENT, sale_id), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(the_best_set_is_kept_confirmed_and_spent),
        SHOP_TEST(a_coupon_is_spent_once_over_all_counters),
        SHOP_TEST(what_is_kept_is_free_again_when_it_is_not_confirmed),
        SHOP_TEST(a_purchase_that_is_undone_gives_the_coupons_back),
        SHOP_TEST(what_was_told_in_a_row_of_its_own_is_taken_back_by_it),
        SHOP_TEST(a_purchase_is_undone_within_a_day),
        SHOP_TEST(each_rule_has_its_reason),
        SHOP_TEST(days_are_fixed_or_from_the_claim_on),
        SHOP_TEST(a_purchase_is_where_and_when_the_branch_takes_coupons),
        SHOP_TEST(coupons_stack_as_they_say),
        SHOP_TEST(a_code_of_another_moment_or_of_nobody_is_refused),
        SHOP_TEST(the_pass_of_one_coupon_spends_that_one),
        SHOP_TEST(a_telephone_makes_codes_without_network),
        SHOP_TEST(a_device_is_its_cashiers_in_her_session),
        SHOP_TEST(she_sees_what_would_be_taken_and_where_it_was_spent),
        SHOP_TEST(what_is_changed_behind_the_services_back_is_found),
        SHOP_TEST(of_two_accounts_that_become_one_what_was_spent_stays),
        SHOP_TEST(of_a_closed_account_what_was_spent_stays_and_its_codes_are_worthless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
