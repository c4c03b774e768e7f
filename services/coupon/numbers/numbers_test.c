/* How releases went: what is counted, what is told of it, and what is not. */
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/till/till_fixture.h"

#define OTHER "00010003"

static void count_all(void)
{
    harness_tidy(&h);
    while (harness_tidy(&h))
        continue;
}

static const Coupon__Numbers *numbers_of(int64_t release_id, int by)
{
    Coupon__ReleaseNumbersRequest request = COUPON__RELEASE_NUMBERS_REQUEST__INIT;

    request.release_id = release_id;
    request.by = (Coupon__NumbersBy)by;
    count_all();
    return harness_output(&h, harness_call(&h, "Tallies.GetReleaseNumbers", &request.base, manager_of(UNION), NULL),
                          &coupon__numbers__descriptor);
}

static const Rpc__Answer *claim_at(int64_t release_id, int64_t member_id, const char *path, int trade)
{
    Rpc__Principal *member = harness_member(&h, member_id, path);

    member->trade = (Rpc__Trade)trade;
    return claim_as(release_id, member, NULL);
}

static const Coupon__NumbersRow *of_trade(const Coupon__Numbers *numbers, int trade)
{
    for (size_t i = 0; i < numbers->n_rows; i++) {
        if (numbers->rows[i]->trade == trade)
            return numbers->rows[i];
    }
    return NULL;
}

static void what_is_asked_is_counted_with_what_came_of_it(void **state)
{
    int64_t id = open_release(12, 2, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Coupon__Numbers *numbers;

    (void)state;
    for (int64_t member = 1; member <= 15; member++)
        claim(id, member);
    claim(id, 1);
    claim_as(id, harness_member(&h, 90, "0002"), NULL);
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_NOTHING);
    assert_int_equal(numbers->n_rows, 0);
    assert_int_equal(numbers->all->asked, 17);
    assert_int_equal(numbers->all->granted, 12);
    assert_int_equal(numbers->all->granted_fen, 6000);
    assert_int_equal(numbers->all->repeated_asks, 1);
    assert_int_equal(numbers->all->n_refused, 2);
    assert_string_equal(numbers->all->refused[0]->reason, "SOLD_OUT");
    assert_int_equal(numbers->all->refused[0]->n, 3);
    assert_string_equal(numbers->all->refused[1]->reason, "NOT_ELIGIBLE_UNION");
    assert_int_equal(numbers->all->odds_per_mille, 800);
    /* What is counted after it was written adds to it, also over a restart. */
    clock_step(&h.service.clock, COUPON_DAY_MS);
    claim(id, 16);
    count_all();
    harness_reopen(&h);
    claim(id, 17);
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_DAY);
    assert_int_equal(numbers->all->asked, 19);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->granted, 12);
    assert_int_equal(numbers->rows[0]->opened_at, OPENS);
    assert_int_equal(numbers->rows[0]->sold_out_at, OPENS);
    assert_int_equal(numbers->rows[1]->day, 1);
    assert_int_equal(numbers->rows[1]->granted, 2);
    assert_int_equal(numbers->rows[1]->opened_at, OPENS + COUPON_DAY_MS);
    assert_int_equal(numbers->rows[1]->sold_out_at, 0);
    assert_clean();
}

/* Whatever was counted and not written when it died, what was granted is told as it is. */
static void what_was_granted_is_told_as_the_claims_say(void **state)
{
    int64_t id = open_release(12, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    claim(id, 1);
    harness_reopen(&h);
    assert_int_equal(numbers_of(id, 0)->all->asked, 0);
    assert_int_equal(numbers_of(id, 0)->all->granted, 1);
}

static void of_a_few_nothing_is_told_nor_of_whom_it_would_follow(void **state)
{
    int64_t id = open_release(100, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), member = 1;
    int64_t town = a_union(&h, TOWN);
    const Coupon__Numbers *numbers;

    (void)state;
    a_union(&h, OTHER);
    for (int i = 0; i < 30; i++)
        claim_at(id, member++, TOWN, RPC__TRADE__COURIER);
    for (int i = 0; i < 20; i++)
        claim_at(id, member++, OTHER, RPC__TRADE__SANITATION);
    for (int i = 0; i < 9; i++)
        claim_at(id, member++, OTHER, RPC__TRADE__TRUCK_DRIVER);
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_TRADE);
    assert_int_equal(numbers->all->granted, 59);
    assert_int_equal(numbers->n_rows, 3);
    assert_int_equal(of_trade(numbers, RPC__TRADE__COURIER)->granted, 30);
    assert_true(of_trade(numbers, RPC__TRADE__TRUCK_DRIVER)->withheld);
    assert_int_equal(of_trade(numbers, RPC__TRADE__TRUCK_DRIVER)->asked, 0);
    assert_true(of_trade(numbers, RPC__TRADE__SANITATION)->withheld);
    assert_int_equal(of_trade(numbers, RPC__TRADE__SANITATION)->granted, 0);
    /* By the unions below the one that gives. */
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_UNION);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->union_id, town);
    assert_int_equal(numbers->rows[0]->granted, 30);
    assert_int_equal(numbers->rows[1]->granted, 29);
    /* With ten all is told. */
    claim_at(id, member++, OTHER, RPC__TRADE__TRUCK_DRIVER);
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_TRADE);
    assert_int_equal(of_trade(numbers, RPC__TRADE__TRUCK_DRIVER)->granted, 10);
    assert_int_equal(of_trade(numbers, RPC__TRADE__SANITATION)->granted, 20);
}

static const Coupon__Numbers *of_union(const char *path, int by, int32_t from, int32_t until)
{
    Coupon__UnionNumbersRequest request = COUPON__UNION_NUMBERS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    request.by = (Coupon__NumbersBy)by;
    request.from_day = from;
    request.until_day = until;
    count_all();
    return harness_output(&h, harness_call(&h, "Tallies.GetUnionNumbers", &request.base, manager_of(path), NULL),
                          &coupon__numbers__descriptor);
}

static void a_unions_releases_are_counted_together_in_some_days(void **state)
{
    Coupon__Release draft = draft_of(50, 2, COUPON__ALLOWANCE__ONE_PER_DAY);
    int64_t one = open_release(50, 2, COUPON__ALLOWANCE__ONE_PER_DAY), of_town;
    const Coupon__Numbers *numbers;
    Coupon__UnionNumbersRequest request = COUPON__UNION_NUMBERS_REQUEST__INIT;

    (void)state;
    draft.union_id = a_union(&h, TOWN);
    draft.opens_at = OPENS + 10;
    of_town = publish(draft);
    clock_step(&h.service.clock, 10);
    for (int64_t member = 1; member <= 3; member++) {
        claim(one, member);
        claim(of_town, member);
    }
    clock_step(&h.service.clock, COUPON_DAY_MS);
    claim(one, 1);
    numbers = of_union(UNION, COUPON__NUMBERS_BY__BY_RELEASE, 0, 0);
    assert_int_equal(numbers->all->granted, 7);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->release_id, one);
    assert_int_equal(numbers->rows[0]->granted, 4);
    assert_int_equal(of_union(TOWN, 0, 0, 0)->all->granted, 3);
    assert_int_equal(of_union(UNION, 0, 20260102, 20260102)->all->granted, 1);
    assert_int_equal(of_union(UNION, 0, 20260101, 20260101)->all->granted, 6);
    assert_int_equal(of_union(UNION, 0, 20260103, 20260109)->all->granted, 0);
    numbers = of_union(UNION, COUPON__NUMBERS_BY__BY_DAY, 0, 0);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->day, 20260101);
    assert_int_equal(numbers->rows[0]->granted, 6);
    assert_int_equal(numbers->rows[1]->day, 20260102);
    request.union_id = a_union(&h, UNION);
    assert_refused(harness_call(&h, "Tallies.GetUnionNumbers", &request.base, manager_of(TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
}

/* More unions than there are cells: each is counted, if by a union above it. */
static void more_groups_than_fit_are_counted_by_fewer_levels(void **state)
{
    int64_t id = open_release(10000, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Coupon__Numbers *numbers;
    char path[32];

    (void)state;
    for (int i = 0; i < 7000; i++) {
        snprintf(path, sizeof(path), "0001%04d%04d", i % 2 + 2, i);
        claim_at(id, i + 1, path, RPC__TRADE__COURIER);
        harness_forget(&h);
    }
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_UNION);
    assert_int_equal(numbers->all->asked, 7000);
    assert_int_equal(numbers->n_rows, 2);
    assert_int_equal(numbers->rows[0]->granted + numbers->rows[1]->granted, 7000);
    /* What is written makes room. */
    claim_at(id, 7001, "000100021111", RPC__TRADE__COURIER);
    numbers = numbers_of(id, COUPON__NUMBERS_BY__BY_NOTHING);
    assert_int_equal(numbers->all->asked, 7001);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM number WHERE place = '000100021111'"), 1);
}

static void what_a_union_asked_goes_along_with_it(void **state)
{
    int64_t id = open_release(100, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    for (int64_t member = 1; member <= 10; member++)
        claim(id, member);
    count_all();
    claim(id, 11); /* and what is not written yet */
    assert_int_equal(hear_moved(&h, TOWN, "00010009"), 0);
    count_all();
    assert_int_equal(harness_number(&h, "SELECT sum(n) FROM number WHERE place = '00010009'"), 11);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM number WHERE place = '00010002'"), 0);
}

static void what_is_spent_is_counted_as_long_as_it_is(void **state)
{
    const Coupon__Numbers *numbers;
    int64_t release_id, sale_id;

    (void)state;
    open_shop();
    release_id = a_release(500, 0, NULL);
    clock_step(&h.service.clock, 1);
    for (int64_t member = MEMBER; member < MEMBER + 12; member++)
        assert_ok(claim(release_id, member));
    sale_id = sale_in(sell_at_once("purchase-1", 1000))->sale_id;
    numbers = numbers_of(release_id, COUPON__NUMBERS_BY__BY_DAY);
    assert_int_equal(numbers->all->asked, 12);
    assert_int_equal(numbers->all->redeemed, 1);
    assert_int_equal(numbers->all->redeemed_fen, 500);
    assert_int_equal(numbers->rows[0]->redeemed, 1);
    /* Of no trade: that of who has spent it is not known at a counter. */
    numbers = numbers_of(release_id, COUPON__NUMBERS_BY__BY_TRADE);
    assert_int_equal(numbers->all->redeemed, 1);
    assert_int_equal(numbers->n_rows, 1);
    assert_int_equal(numbers->rows[0]->granted, 12);
    assert_int_equal(numbers->rows[0]->redeemed, 0);
    assert_clean();
    assert_ok(reverse_sale(sale_id));
    assert_int_equal(numbers_of(release_id, 0)->all->redeemed, 0);
    assert_int_equal(numbers_of(release_id, 0)->all->redeemed_fen, 0);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_is_counted_with_what_came_of_it),
        TEST(what_was_granted_is_told_as_the_claims_say),
        TEST(of_a_few_nothing_is_told_nor_of_whom_it_would_follow),
        TEST(a_unions_releases_are_counted_together_in_some_days),
        TEST(more_groups_than_fit_are_counted_by_fewer_levels),
        TEST(what_a_union_asked_goes_along_with_it),
        TEST(what_is_spent_is_counted_as_long_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
