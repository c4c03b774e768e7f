/* Claims, merges, closings, suspensions and moves in every order: nobody has more than her share, and nothing that was
 * given is forgotten. */
#include "services/coupon/fixture.h"

#define STEPS 5
#define OTHER "00010003" /* where the town may go */
#define EVERY 40         /* orders between two audits */

/* One release and two accounts of one person, for one order of steps. */
static struct {
    int64_t release_id, a, b;
    int64_t claims[4]; /* coupons, in the order in which they were given */
    int64_t numbers[4];
    size_t n_claims;
    int64_t holder_of_a, holder_of_b; /* 0: nobody */
    bool suspended;                   /* A */
    const char *town;
} now;

static const Rpc__Principal *person(int64_t member_id)
{
    if (member_id == now.a && now.suspended)
        return harness_person(&h, member_id, RPC__LEVEL__REAL_NAME, "");
    return harness_member(&h, member_id, now.town);
}

/* The coupon that counts for a member: the first of those under her numbers. */
static int64_t first_of(int64_t holder)
{
    for (size_t i = 0; i < now.n_claims; i++) {
        if (holder == (now.numbers[i] == now.a ? now.holder_of_a : now.holder_of_b))
            return now.claims[i];
    }
    return 0;
}

static bool has_claimed(int64_t number)
{
    bool has = false;

    for (size_t i = 0; i < now.n_claims; i++)
        has |= now.numbers[i] == number;
    return has;
}

static void take(int64_t member_id)
{
    const Rpc__Answer *answer = claim_as(now.release_id, person(member_id), NULL);

    if (member_id == now.a && now.suspended && !has_claimed(member_id)) {
        if (strcmp(harness_refusal(answer), "OK") != 0)
            assert_refused(answer, "NOT_ELIGIBLE_LEVEL");
        else
            assert_int_equal(coupon_of(answer)->coupon_id, first_of(now.holder_of_a));
        return;
    }
    assert_ok(answer);
    if (!answer->created)
        return;
    assert_true(now.n_claims < ARRAY_LEN(now.claims));
    now.claims[now.n_claims] = coupon_of(answer)->coupon_id;
    now.numbers[now.n_claims++] = member_id;
}

static void take_as_a(void)
{
    take(now.a);
}

static void take_as_b(void)
{
    take(now.b);
}

/* Identity does not merge into an account that is gone, nor one that is. */
static void merge_a_into_b(void)
{
    if (now.holder_of_a == now.a && now.holder_of_b == now.b) {
        assert_int_equal(hear_merged(&h, now.a, now.b), 0);
        now.holder_of_a = now.b;
    }
}

static void merge_b_into_a(void)
{
    if (now.holder_of_a == now.a && now.holder_of_b == now.b) {
        assert_int_equal(hear_merged(&h, now.b, now.a), 0);
        now.holder_of_b = now.a;
    }
}

static void close_a(void)
{
    if (now.holder_of_a == now.a) {
        assert_int_equal(hear_closed(&h, now.a), 0);
        if (now.holder_of_b == now.a)
            now.holder_of_b = 0;
        now.holder_of_a = 0;
    }
}

static void suspend_a(void)
{
    now.suspended = true;
}

static void restore_a(void)
{
    now.suspended = false;
}

static void move_the_town(void)
{
    const char *to = strcmp(now.town, TOWN) == 0 ? OTHER : TOWN;

    assert_int_equal(hear_moved(&h, now.town, to), 0);
    now.town = to;
}

static void index_claims(void)
{
    while (holdings_index_slice(h.service.self, 1) > 0)
        continue;
}

static void settle(void)
{
    while (harness_tidy(&h))
        continue;
}

static void index_and_settle(void)
{
    index_claims();
    settle();
}

static void begin_again(void)
{
    harness_reopen(&h);
}

/* Of what a member who is there holds, the first that was taken counts and all else has ended. */
static void assert_share(int64_t holder)
{
    int64_t first = first_of(holder);
    const Coupon__CouponList *list = list_coupons(holder, 0, "");
    size_t n = 0;

    for (size_t i = 0; i < now.n_claims; i++)
        n += holder == (now.numbers[i] == now.a ? now.holder_of_a : now.holder_of_b);
    assert_int_equal(list->n_coupons, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list->coupons[i]->ended_at == 0, list->coupons[i]->coupon_id == first);
        if (list->coupons[i]->ended_at)
            assert_true(list->coupons[i]->expires_at <= clock_now(&h.service.clock));
    }
    now.suspended = false;
    take(holder);
    assert_int_equal(coupon_of(claim_as(now.release_id, person(holder), NULL))->coupon_id,
                     first ? first : now.claims[now.n_claims - 1]);
}

static void assert_nothing_is_left(int64_t number)
{
    for (size_t i = 0; i < now.n_claims; i++) {
        struct claim claim;

        if (now.numbers[i] == number) {
            assert_true(claims_find(&((struct coupon *)h.service.self)->claims, now.claims[i], &claim));
            assert_true(claim.ended_at > 0);
        }
    }
}

static void assert_as_it_should_be(void)
{
    size_t given = now.n_claims;

    index_and_settle();
    assert_int_equal(get(now.release_id)->granted, given);
    if (now.holder_of_a == now.a)
        assert_share(now.a);
    if (now.holder_of_b == now.b)
        assert_share(now.b);
    if (!now.holder_of_a)
        assert_nothing_is_left(now.a);
    if (!now.holder_of_b)
        assert_nothing_is_left(now.b);
}

static unsigned orders;

static void walk(void (*const steps[STEPS])(void))
{
    Coupon__Release draft = draft_of(9, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const char *town = now.town;

    memset(&now, 0, sizeof(now));
    now.town = town;
    now.a = now.holder_of_a = 1000 + 2 * orders;
    now.b = now.holder_of_b = now.a + 1;
    draft.opens_at = clock_now(&h.service.clock) + 1;
    whom(&draft)->union_id = a_union(&h, TOWN);
    now.release_id = publish(draft);
    clock_step(&h.service.clock, 1);
    for (size_t i = 0; i < STEPS; i++) {
        clock_step(&h.service.clock, 1);
        steps[i]();
    }
    assert_as_it_should_be();
    if (++orders % EVERY == 0)
        assert_clean();
}

/* Heap's algorithm. */
static void walk_all(void (*steps[STEPS])(void), size_t n)
{
    if (n == 1) {
        walk(steps);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t other = n % 2 ? 0 : i;
        void (*step)(void);

        walk_all(steps, n - 1);
        step = steps[other];
        steps[other] = steps[n - 1];
        steps[n - 1] = step;
    }
}

static void walk_all_orders_of(void (*steps[STEPS])(void))
{
    walk_all(steps, STEPS);
    assert_int_equal(orders, 120);
}

static void who_claims_with_two_accounts_has_one_share_in_whatever_order(void **state)
{
    void (*steps[STEPS])(void) = {take_as_a, take_as_b, merge_a_into_b, merge_b_into_a, close_a};

    (void)state;
    walk_all_orders_of(steps);
}

static void when_they_are_looked_at_changes_nothing(void **state)
{
    void (*steps[STEPS])(void) = {take_as_a, take_as_b, merge_b_into_a, index_and_settle, begin_again};

    (void)state;
    walk_all_orders_of(steps);
}

/* What is indexed once her accounts have been looked at is looked at too. */
static void when_they_are_indexed_changes_nothing(void **state)
{
    void (*steps[STEPS])(void) = {take_as_a, take_as_b, merge_b_into_a, index_claims, settle};

    (void)state;
    walk_all_orders_of(steps);
}

static void who_is_suspended_takes_nothing_and_loses_nothing(void **state)
{
    void (*steps[STEPS])(void) = {take_as_a, suspend_a, restore_a, move_the_town, merge_b_into_a};

    (void)state;
    walk_all_orders_of(steps);
}

static int setup_orders(void **state)
{
    orders = 0;
    now.town = TOWN;
    return setup(state);
}

#define ORDERS(name) cmocka_unit_test_setup_teardown(name, setup_orders, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ORDERS(who_claims_with_two_accounts_has_one_share_in_whatever_order),
        ORDERS(when_they_are_looked_at_changes_nothing),
        ORDERS(when_they_are_indexed_changes_nothing),
        ORDERS(who_is_suspended_takes_nothing_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
