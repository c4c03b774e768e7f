/* One coupon per month or year of the calendar, for everybody whom a release is for. */
#include "services/coupon/fixture.h"

#define HOUR_MS INT64_C(3600000)
/* OPENS is 1 January 2026, 08:01 in China. */
#define FEBRUARY (INT64_C(1767225600000) + 31 * COUPON_DAY_MS - 8 * HOUR_MS)
#define NEW_YEAR (INT64_C(1767225600000) + 365 * COUPON_DAY_MS - 8 * HOUR_MS)

static void step_to(int64_t at)
{
    clock_step(&h.service.clock, at - clock_now(&h.service.clock));
}

static const Rpc__Answer *claim_born(int64_t release_id, int64_t member_id, int32_t birthday)
{
    Rpc__Principal *member = harness_member(&h, member_id, TOWN);

    member->birth_year = 1980;
    member->birthday = birthday;
    return claim_as(release_id, member, NULL);
}

static void withdraw_one(void *call, void *coupon_id)
{
    coupon_withdraw(h.service.self, *(int64_t *)coupon_id, call);
}

static void withdraw(int64_t coupon_id)
{
    rpc_server_transact(((struct coupon *)h.service.self)->rpc, withdraw_one, &coupon_id);
}

static void one_a_month_is_one_of_each_month_of_the_calendar(void **state)
{
    int64_t id = open_release(10, 60, COUPON__ALLOWANCE__ONE_PER_MONTH), first, second;

    (void)state;
    first = coupon_of(claim(id, 1))->coupon_id;
    step_to(FEBRUARY - 1);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, first);
    harness_reopen(&h);
    assert_false(claim(id, 1)->created);
    step_to(FEBRUARY);
    second = coupon_of(claim(id, 1))->coupon_id;
    assert_int_not_equal(second, first);
    step_to(FEBRUARY + 20 * COUPON_DAY_MS);
    harness_reopen(&h);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, second);
    assert_int_equal(get(id)->granted, 2);
    assert_clean();
}

static void one_a_year_for_her_birthday_whenever_she_asks_in_its_month(void **state)
{
    Coupon__Release draft = draft_of(10, 366, COUPON__ALLOWANCE__ONE_PER_YEAR);
    int64_t id;

    (void)state;
    whom(&draft)->birthday = AUDIENCE__BIRTHDAY__IN_ITS_MONTH;
    id = publish(draft);
    step_to(OPENS);
    assert_refused(claim_born(id, 1, 215), "NOT_FOR_BIRTHDAY");
    assert_true(claim_born(id, 2, 131)->created);
    step_to(FEBRUARY - 1);
    assert_refused(claim_born(id, 1, 215), "NOT_FOR_BIRTHDAY");
    step_to(FEBRUARY);
    assert_true(claim_born(id, 1, 215)->created);
    assert_false(claim_born(id, 1, 215)->created);
    step_to(NEW_YEAR);
    assert_true(claim_born(id, 2, 131)->created);
    assert_false(claim_born(id, 2, 131)->created);
    assert_int_equal(get(id)->granted, 3);
    assert_clean();
}

/* Of two accounts of one person the later coupon of the same month ends. */
static void a_merge_leaves_one_of_a_month(void **state)
{
    int64_t id = open_release(10, 60, COUPON__ALLOWANCE__ONE_PER_MONTH), first, kept;

    (void)state;
    first = coupon_of(claim(id, 1))->coupon_id;
    clock_step(&h.service.clock, COUPON_DAY_MS);
    claim(id, 2);
    step_to(FEBRUARY);
    kept = coupon_of(claim(id, 2))->coupon_id;
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(list_coupons(2, 10, NULL)->n_coupons, 3);
    for (size_t i = 0; i < 3; i++) {
        const Coupon__Coupon *coupon = list_coupons(2, 10, NULL)->coupons[i];

        assert_int_equal(!coupon->ended_at, coupon->coupon_id == first || coupon->coupon_id == kept);
    }
    assert_clean();
}

static int64_t open_entitlement(int32_t stock, int32_t days)
{
    Coupon__Release draft = draft_of(stock, days, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    int64_t id;

    draft.way = COUPON__WAY__ENTITLED;
    whom(&draft)->new_within_days = 30;
    id = publish(draft);
    step_to(OPENS);
    return id;
}

static Rpc__Principal *joined(int64_t member_id, int32_t since)
{
    Rpc__Principal *member = harness_member(&h, member_id, TOWN);

    member->member_since = since;
    return member;
}

/* Her first gift, asked for when she likes: on no day is less left than all that was not given. */
static void an_entitlement_has_one_stock_for_all_its_days(void **state)
{
    int64_t id = open_entitlement(2, 40);

    (void)state;
    assert_int_equal(get(id)->release->way, COUPON__WAY__ENTITLED);
    assert_refused(claim_as(id, joined(9, 20251130), NULL), "NOT_FOR_NEWCOMERS");
    assert_true(claim_as(id, joined(1, 20251215), NULL)->created);
    assert_int_equal(get(id)->left, 1);
    clock_step(&h.service.clock, 20 * COUPON_DAY_MS);
    assert_int_equal(get(id)->left, 1);
    harness_reopen(&h);
    assert_int_equal(get(id)->left, 1);
    assert_true(claim_as(id, joined(2, 20260120), NULL)->created);
    assert_int_equal(get(id)->left, 0);
    clock_step(&h.service.clock, 3 * COUPON_DAY_MS);
    for (int i = 0; i < 2; i++) {
        const Rpc__Answer *answer = claim_as(id, joined(3, 20260121), NULL);

        assert_refused(answer, "SOLD_OUT");
        assert_non_null(harness_fact(answer, "soldOutAt"));
        assert_null(harness_fact(answer, "opensAgainAt"));
        assert_false(claim_as(id, joined(1, 20251215), NULL)->created);
        harness_reopen(&h);
    }
    assert_clean();
}

/* What is taken back is there for another, on whatever day. */
static void what_is_withdrawn_goes_back_to_the_one_stock(void **state)
{
    int64_t id = open_entitlement(1, 40), coupon_id;

    (void)state;
    coupon_id = coupon_of(claim_as(id, joined(1, 20251231), NULL))->coupon_id;
    clock_step(&h.service.clock, 10 * COUPON_DAY_MS);
    assert_refused(claim_as(id, joined(2, 20251231), NULL), "SOLD_OUT");
    withdraw(coupon_id);
    assert_int_equal(get(id)->left, 1);
    harness_reopen(&h);
    assert_true(claim_as(id, joined(2, 20251231), NULL)->created);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_a_month_is_one_of_each_month_of_the_calendar),
        TEST(one_a_year_for_her_birthday_whenever_she_asks_in_its_month),
        TEST(a_merge_leaves_one_of_a_month),
        TEST(an_entitlement_has_one_stock_for_all_its_days),
        TEST(what_is_withdrawn_goes_back_to_the_one_stock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
