/* The best set of coupons, beside what trying all sets gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "coupon.pb.h"
#include "services/coupon/till/best.h"
#include "tests/seed.h"

#define TRIALS 3000

static int64_t worth(const struct best_coupon *coupons, unsigned set)
{
    int64_t fen = 0;

    for (unsigned i = 0; i < 32; i++)
        fen += set >> i & 1 ? coupons[i].fen : 0;
    return fen;
}

/* Whether a set may be used, by the words of best.h alone. */
static bool may_be_used(const struct best_coupon *coupons, unsigned set, int64_t purchase_fen)
{
    int n = __builtin_popcount(set);

    for (unsigned i = 0; i < 32; i++) {
        if (set >> i & 1 && n > 1 && (coupons[i].alone || (coupons[i].at_most && n > coupons[i].at_most)))
            return false;
    }
    return worth(coupons, set) <= purchase_fen;
}

/* Which of two is better: more, then fewer, then the one that has the first that only one of them has. */
static bool is_better(const struct best_coupon *coupons, unsigned a, unsigned b)
{
    int n = __builtin_popcount(a), than = __builtin_popcount(b);
    unsigned differ = a ^ b;

    if (worth(coupons, a) != worth(coupons, b))
        return worth(coupons, a) > worth(coupons, b);
    if (n != than)
        return n < than;
    return differ && (a & (differ & -differ));
}

static void the_best_set_is_that_of_trying_all(void **state)
{
    struct clock clock = test_random();

    (void)state;
    for (int trial = 0; trial < TRIALS; trial++) {
        struct best_coupon coupons[BEST_MAX];
        uint32_t random[2 + 3 * BEST_MAX];
        unsigned best = 0, n;
        int64_t purchase;

        clock_random(&clock, random, sizeof(random));
        n = random[0] % 10; /* and now and then as many as there may be */
        if (trial % 500 == 0)
            n = BEST_MAX;
        purchase = 1 + random[1] % 60;
        for (unsigned i = 0; i < n; i++)
            coupons[i] = (struct best_coupon){.fen = 1 + random[2 + 3 * i] % 20,
                                              .alone = random[3 + 3 * i] % 8 == 0,
                                              .at_most = (int32_t)(random[4 + 3 * i] % 6)};
        for (unsigned set = 1; set < 1U << n; set++) {
            assert_int_equal(set_refusal(coupons, set, purchase) == 0, may_be_used(coupons, set, purchase));
            if (may_be_used(coupons, set, purchase) && is_better(coupons, set, best))
                best = set;
        }
        assert_int_equal(best_set(coupons, n, purchase), best);
    }
}

static void why_a_set_is_none_is_said(void **state)
{
    static const struct best_coupon coupons[] = {
        {300, false, 0}, {300, true, 0}, {200, false, 2}, {INT64_MAX, false, 0}};

    (void)state;
    assert_int_equal(set_refusal(coupons, 1, 300), 0);
    assert_int_equal(set_refusal(coupons, 1, 299), COUPON__REASON__ABOVE_PURCHASE);
    assert_int_equal(set_refusal(coupons, 2, 300), 0);
    assert_int_equal(set_refusal(coupons, 3, 600), COUPON__REASON__DOES_NOT_STACK);
    assert_int_equal(set_refusal(coupons, 5, 500), 0);
    assert_int_equal(set_refusal(coupons, 5, 499), COUPON__REASON__ABOVE_PURCHASE);
    assert_int_equal(set_refusal(coupons, 9, INT64_MAX), COUPON__REASON__ABOVE_PURCHASE);
    assert_int_equal(best_set(coupons, 0, 500), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_set_is_that_of_trying_all),
        cmocka_unit_test(why_a_set_is_none_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
