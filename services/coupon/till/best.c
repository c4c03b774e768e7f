#include "services/coupon/till/best.h"

#include "coupon.pb.h"

int set_refusal(const struct best_coupon *coupons, unsigned set, int64_t purchase_fen)
{
    int n = __builtin_popcount(set);
    int64_t sum = 0;

    for (unsigned left = set; left; left &= left - 1) {
        const struct best_coupon *coupon = &coupons[__builtin_ctz(left)];

        if (n > 1 && (coupon->alone || (coupon->at_most && n > coupon->at_most)))
            return COUPON__REASON__DOES_NOT_STACK;
        if (__builtin_add_overflow(sum, coupon->fen, &sum) || sum > purchase_fen)
            return COUPON__REASON__ABOVE_PURCHASE;
    }
    return 0;
}

struct search {
    const struct best_coupon *coupons;
    size_t n;
    int64_t purchase_fen;
    int64_t rest[BEST_MAX + 1]; /* what those from here on take off at most */
    unsigned best;
    int64_t best_fen;
    int best_n;
};

/* Goes on from a set of the first `at` coupons: with the next one, then without it, so that of equals those come first
 * that use what comes first. room: how many more its coupons let in. */
static void go_on(struct search *search, size_t at, unsigned set, int64_t fen, int n, int room)
{
    const struct best_coupon *coupon = &search->coupons[at];
    int bound;

    if (fen > search->best_fen || (fen == search->best_fen && n < search->best_n)) {
        search->best = set;
        search->best_fen = fen;
        search->best_n = n;
    }
    if (at == search->n || fen + search->rest[at] < search->best_fen)
        return;
    bound = coupon->at_most && coupon->at_most - n - 1 < room - 1 ? coupon->at_most - n - 1 : room - 1;
    if (bound >= 0 && (!coupon->alone || n == 0) && coupon->fen <= search->purchase_fen - fen)
        go_on(search, at + 1, set | 1U << at, fen + coupon->fen, n + 1, coupon->alone ? 0 : bound);
    go_on(search, at + 1, set, fen, n, room);
}

unsigned best_set(const struct best_coupon *coupons, size_t n, int64_t purchase_fen)
{
    struct search search = {.coupons = coupons, .n = n, .purchase_fen = purchase_fen};

    ensure(n <= BEST_MAX);
    for (size_t i = n; i-- > 0;)
        search.rest[i] = search.rest[i + 1] + coupons[i].fen;
    go_on(&search, 0, 0, 0, 0, BEST_MAX);
    return search.best;
}
