/* Purchases without network, and coupons that nobody spends in time. */
#include "common/benefit/granted/granted_fixture.h"
#include "services/coupon/till/till_fixture.h"

enum { REDEEMED = COUPON__SALE_STATE__SALE_REDEEMED, REFUSED = COUPON__SALE_STATE__SALE_REFUSED };

static Coupon__UploadSale *upload(const char *ref, char *text, int64_t purchase_fen, int64_t at)
{
    Coupon__UploadSale *item = harness_alloc(&h, sizeof(*item));

    coupon__upload_sale__init(item);
    item->sale_ref = unconst(ref);
    item->text = text;
    item->purchase_fen = purchase_fen;
    item->at = at;
    return item;
}

static const Coupon__SaleList *hand_in(Coupon__UploadSale **items, size_t n, int64_t device_now)
{
    Coupon__UploadSalesRequest request = COUPON__UPLOAD_SALES_REQUEST__INIT;

    request.branch_id = the_branch;
    request.device_id = the_device;
    request.items = items;
    request.n_items = n;
    request.device_now = device_now;
    return harness_output(&h, harness_call(&h, "Sales.UploadSales", &request.base, cashier(), NULL),
                          &coupon__sale_list__descriptor);
}

static const Coupon__Sale *hand_in_one(Coupon__UploadSale *item)
{
    return hand_in(&item, 1, 0)->sales[0];
}

static int64_t now(void)
{
    return clock_now(&h.service.clock);
}

static void each_is_judged_as_of_its_own_time(void **state)
{
    int64_t coupon_id = a_coupon(500, 0), at = now();
    char *text = shown_by(MEMBER);
    Coupon__UploadSale *items[] = {upload("offline-1", text, 1000, at),    upload("offline-2", text, 1000, at),
                                   upload("offline-3", "hello", 1000, at), upload("offline-4", text, 0, at),
                                   upload("offline-5", text, 1000, 0),     upload("offline-6", text, 1000, at + 90000)};
    static const char *const reasons[] = {
        "", "NO_COUPON_FITS", "COUPON_PASS_WRONG", "PURCHASE_MISSING", "TIME_OF_SALE_MISSING", "COUPON_PASS_STALE"};
    const Coupon__SaleList *list;

    (void)state;
    clock_step(&h.service.clock, 2 * COUPON_DAY_MS);
    for (int again = 0; again < 2; again++) {
        list = hand_in(items, ARRAY_LEN(items), now());
        assert_int_equal(list->n_sales, ARRAY_LEN(items));
        for (size_t i = 0; i < ARRAY_LEN(items); i++) {
            assert_int_equal(list->sales[i]->state, i == 0 ? REDEEMED : REFUSED);
            assert_string_equal(list->sales[i]->reason, reasons[i]);
            assert_true(list->sales[i]->offline);
        }
        assert_int_equal(list->sales[0]->at, at);
        assert_int_equal(coupon_now(coupon_id, MEMBER)->redeemed_at, at);
        assert_int_equal(harness_number(&h, "SELECT count(*) FROM sale"), ARRAY_LEN(items));
    }
    assert_clean();
}

static void a_coupon_that_had_been_spent_before_is_said_to_be(void **state)
{
    int64_t coupon_id = a_coupon(500, 0);
    Coupon__UploadSale *item = upload("offline-1", pass_of(MEMBER, coupon_id)->code, 1000, now());

    (void)state;
    assert_ok(sell_at_once("purchase-1", 1000));
    assert_string_equal(hand_in_one(item)->reason, "ALREADY_REDEEMED");
    assert_clean();
}

static void what_rests_on_the_devices_word_is_not_believed(void **state)
{
    int64_t at = now();
    char *text;

    (void)state;
    a_coupon(500, 0);
    text = shown_by(MEMBER);
    assert_string_equal(hand_in_one(upload("offline-1", text, 1000, at - COUPON_DAY_MS))->reason,
                        "BEFORE_REGISTRATION");
    at = now();
    assert_string_equal(hand_in_one(upload("offline-2", text, 1000, at + SALE_AHEAD_MS + 1))->reason, "CLOCK_AHEAD");
    clock_step(&h.service.clock, SALE_LATE_MS + 1);
    assert_string_equal(hand_in_one(upload("offline-3", text, 1000, at))->reason, "HANDED_IN_LATE");
    clock_step(&h.service.clock, -1);
    /* A device whose clock is wrong says so. */
    text = shown_by(MEMBER);
    at = now();
    assert_int_equal(hand_in((Coupon__UploadSale *[]){upload("offline-4", text, 1000, at - 9 * COUPON_DAY_MS)}, 1,
                             at - 9 * COUPON_DAY_MS)
                         ->sales[0]
                         ->state,
                     REDEEMED);
    assert_clean();
}

static void a_device_takes_so_much_a_day_without_network(void **state)
{
    int64_t at;
    char *text;

    (void)state;
    for (int i = 0; i < 3; i++)
        a_coupon(20000, 0);
    at = now();
    text = shown_by(MEMBER);
    assert_int_equal(hand_in_one(upload("offline-1", text, 20000, at))->state, REDEEMED);
    assert_int_equal(hand_in_one(upload("offline-2", text, 20000, at))->state, REDEEMED);
    assert_string_equal(hand_in_one(upload("offline-3", text, 20000, at))->reason, "OFFLINE_TOO_MUCH");
    /* With network, and on another day, it takes more. */
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(hand_in_one(upload("offline-4", shown_by(MEMBER), 20000, now()))->state, REDEEMED);
    assert_clean();
}

static void a_revoked_device_hands_in_what_it_took_before(void **state)
{
    Coupon__RevokeCounterRequest revoke = COUPON__REVOKE_COUNTER_REQUEST__INIT;
    Coupon__UploadSale *before, *since;

    (void)state;
    a_coupon(500, 0);
    a_coupon(500, 0);
    before = upload("offline-1", shown_by(MEMBER), 500, now());
    clock_step(&h.service.clock, 60000);
    revoke.device_id = the_device;
    assert_ok(harness_call(&h, "Counters.RevokeCounter", &revoke.base, keeper(), NULL));
    since = upload("offline-2", shown_by(MEMBER), 500, now());
    assert_int_equal(hand_in_one(before)->state, REDEEMED);
    assert_string_equal(hand_in_one(since)->reason, "COUNTER_REVOKED");
    assert_clean();
}

/* ---- expiry ---- */

static int64_t n_expired(int64_t coupon_id)
{
    struct claim claim;

    assert_true(claims_find(&self_of()->claims, coupon_id, &claim));
    return expiry_count(&self_of()->expiry, claim.release_id);
}

static void what_nobody_has_spent_in_time_is_told_once(void **state)
{
    int64_t left = a_coupon(500, 0), spent = a_coupon(300, 0), undone, sale_id;
    Coupon__CreateSaleRequest request = sale_of("purchase-1", pass_of(MEMBER, spent)->code, 1000);

    (void)state;
    request.at_once = true;
    assert_ok(send_sale(&request));
    tidy_up();
    clock_step(&h.service.clock, 29 * COUPON_DAY_MS);
    tidy_up();
    assert_int_equal(n_expired(left), 0);
    clock_step(&h.service.clock, COUPON_DAY_MS + EXPIRY_AFTER_MS);
    tidy_up();
    harness_reopen(&h);
    tidy_up();
    assert_int_equal(n_expired(left), 1);
    assert_int_equal(n_expired(spent), 0);
    assert_int_equal(coupon_now(left, MEMBER)->state, COUPON__COUPON_STATE__EXPIRED);
    assert_int_equal(coupon_now(spent, MEMBER)->state, COUPON__COUPON_STATE__REDEEMED);
    /* One that is unspent again, when its time is over. */
    undone = a_coupon(300, 0);
    clock_step(&h.service.clock, coupon_now(undone, MEMBER)->expires_at - 1 - now());
    sale_id = sale_in(sell_at_once("purchase-2", 1000))->sale_id;
    clock_step(&h.service.clock, HOUR_MS);
    assert_ok(reverse_sale(sale_id));
    clock_step(&h.service.clock, EXPIRY_AFTER_MS);
    tidy_up();
    assert_int_equal(n_expired(undone), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM coupon_due"), 0);
    assert_clean();
}

static const Coupon__Coupon *counted_coupon(bool frees)
{
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    Coupon__Release draft = draft_of(10, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    Granted__Counting counts = GRANTED__COUNTING__INIT;
    Granted__Ceiling ceiling = GRANTED__CEILING__INIT;

    ceiling.name = "普惠";
    ceiling.fen = 100000;
    counts.ceiling = &ceiling;
    draft.counts = &counts;
    spending.frees_unspent = frees;
    draft.spending = &spending;
    draft.opens_at = now() + 1;
    draft.valid_days = 1;
    clock_step(&h.service.clock, 0);
    int64_t release_id = publish(draft);
    clock_step(&h.service.clock, 1);
    return coupon_of(claim(release_id, MEMBER));
}

static int64_t grant_state(int64_t coupon_id)
{
    write_granted(&h, &((struct coupon *)h.service.self)->granted);
    return harness_number(
        &h, arena_printf(&h.arena, "SELECT state FROM granted WHERE source_id = %lld", (long long)coupon_id));
}

static void what_expires_unspent_counts_on_unless_the_release_says_so(void **state)
{
    int64_t kept = counted_coupon(false)->coupon_id, freed = counted_coupon(true)->coupon_id,
            spent = counted_coupon(true)->coupon_id, sale_id;
    Coupon__CreateSaleRequest request = sale_of("purchase-1", pass_of(MEMBER, spent)->code, 1000);

    (void)state;
    request.at_once = true;
    sale_id = sale_in(send_sale(&request))->sale_id;
    assert_int_equal(grant_state(spent), GRANTED__GRANT_STATE__SPENT);
    assert_ok(reverse_sale(sale_id));
    assert_int_equal(grant_state(spent), GRANTED__GRANT_STATE__HELD);
    request.sale_ref = "purchase-2";
    assert_ok(send_sale(&request));
    tidy_up();
    clock_step(&h.service.clock, COUPON_DAY_MS + EXPIRY_AFTER_MS);
    tidy_up();
    assert_int_equal(grant_state(kept), GRANTED__GRANT_STATE__HELD);
    assert_int_equal(grant_state(freed), GRANTED__GRANT_STATE__GIVEN_BACK);
    assert_int_equal(grant_state(spent), GRANTED__GRANT_STATE__SPENT);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(each_is_judged_as_of_its_own_time),
        SHOP_TEST(a_coupon_that_had_been_spent_before_is_said_to_be),
        SHOP_TEST(what_rests_on_the_devices_word_is_not_believed),
        SHOP_TEST(a_device_takes_so_much_a_day_without_network),
        SHOP_TEST(a_revoked_device_hands_in_what_it_took_before),
        SHOP_TEST(what_nobody_has_spent_in_time_is_told_once),
        SHOP_TEST(what_expires_unspent_counts_on_unless_the_release_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
