/* Coupons that are given otherwise than by a claim. */
#include "services/coupon/fixture.h"

struct gift {
    int64_t release_id, member_id;
    int32_t day;
    int reason;
    int64_t coupon_id;
    bool take_back;
};

static void give(void *call, void *arg)
{
    struct gift *gift = arg;
    struct coupon *self = h.service.self;

    gift->reason =
        claim_give(self, release_find(self, gift->release_id), gift->member_id, gift->day, call, &gift->coupon_id);
    if (gift->reason || gift->take_back)
        rpc_refuse(call, gift->reason ? gift->reason : RPC__REASON__OVERLOADED);
}

/* One that is given, or not and why. */
static struct gift gift_of(int64_t release_id, int64_t member_id, int32_t day, bool take_back)
{
    struct coupon *self = h.service.self;
    struct gift gift = {.release_id = release_id, .member_id = member_id, .day = day, .take_back = take_back};

    rpc_server_transact(self->rpc, give, &gift);
    return gift;
}

static void what_is_given_is_a_coupon_like_one_that_was_claimed(void **state)
{
    int64_t release_id = open_release(2, 1, COUPON__ALLOWANCE__ONE_PER_DAY);
    struct gift gift = gift_of(release_id, 7, 0, false);
    const Rpc__Answer *answer;

    (void)state;
    assert_int_equal(gift.reason, 0);
    assert_int_equal(get(release_id)->granted, 1);
    answer = claim(release_id, 7);
    assert_ok(answer);
    assert_false(answer->created);
    assert_int_equal(coupon_of(answer)->coupon_id, gift.coupon_id);
    assert_int_equal(list_coupons(7, 10, NULL)->n_coupons, 1);
    assert_clean();
}

static void who_has_one_is_given_that_one(void **state)
{
    int64_t release_id = open_release(2, 1, COUPON__ALLOWANCE__ONE_PER_DAY);
    int64_t first = coupon_of(claim(release_id, 7))->coupon_id;

    (void)state;
    assert_int_equal(gift_of(release_id, 7, 0, false).coupon_id, first);
    assert_int_equal(get(release_id)->granted, 1);
    assert_clean();
}

static void a_day_gives_no_more_than_its_stock(void **state)
{
    int64_t release_id = open_release(1, 2, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    assert_int_equal(gift_of(release_id, 7, 0, false).reason, 0);
    assert_int_equal(gift_of(release_id, 8, 0, false).reason, COUPON__REASON__SOLD_OUT);
    assert_reason(claim(release_id, 9), COUPON__REASON__SOLD_OUT);
    assert_clean();
}

static void what_is_taken_back_was_not_given(void **state)
{
    int64_t release_id = open_release(1, 2, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    gift_of(release_id, 7, 0, true);
    assert_int_equal(get(release_id)->granted, 0);
    assert_ok(claim(release_id, 8));
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(release_id)->day, 1);
    gift_of(release_id, 9, 0, true);
    assert_int_equal(get(release_id)->granted, 1);
    assert_true(claim(release_id, 9)->created);
    assert_clean();
}

/* Whether one of a day that is over counts for her on the day that is open, now and after a restart. */
static void give_late(int allowance, bool counts)
{
    int64_t release_id = open_release(1, 3, allowance);

    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(release_id)->day, 1);
    assert_int_equal(gift_of(release_id, 7, 0, false).reason, 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(get(release_id)->left, 1);
        assert_int_equal(get(release_id)->granted, 1);
        assert_int_equal(!list_offers(harness_member(&h, 7, TOWN))->offers[0]->coupon, !counts);
        harness_reopen(&h);
    }
    assert_int_equal(claim(release_id, 7)->created, !counts);
    assert_clean();
}

static void one_of_a_day_that_is_over_takes_nothing_of_today(void **state)
{
    (void)state;
    give_late(COUPON__ALLOWANCE__ONE_PER_DAY, false);
}

static void one_of_a_day_that_is_over_counts_for_all_days_of_one_per_release(void **state)
{
    (void)state;
    give_late(COUPON__ALLOWANCE__ONE_PER_RELEASE, true);
}

static void a_release_given_in_another_way_cannot_be_claimed(void **state)
{
    int64_t release_id = open_release(1, 1, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    harness_off_record(&h);
    release_find(h.service.self, release_id)->way = COUPON__WAY__TICKETS;
    assert_reason(claim(release_id, 7), COUPON__REASON__NOT_BY_CLAIM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_given_is_a_coupon_like_one_that_was_claimed),
        TEST(who_has_one_is_given_that_one),
        TEST(a_day_gives_no_more_than_its_stock),
        TEST(what_is_taken_back_was_not_given),
        TEST(one_of_a_day_that_is_over_takes_nothing_of_today),
        TEST(one_of_a_day_that_is_over_counts_for_all_days_of_one_per_release),
        TEST(a_release_given_in_another_way_cannot_be_claimed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
