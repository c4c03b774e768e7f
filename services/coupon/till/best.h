/* best.h: which coupons of several take most off a purchase: pure.
 *
 * A coupon is used whole or not at all, and together they never take off more than the purchase. One that is `alone` is
 * used with no other; one that says at_most is used with so many in all. Of two sets that take off the same the smaller
 * one is better, and of two as small that which uses up the coupons that come first. */
#pragma once

#define BEST_MAX 16 /* coupons: every set of them is tried */

struct best_coupon {
    int64_t fen; /* that it takes off, not 0 */
    bool alone;
    int32_t at_most; /* 0: any number */
};

/* The bits of those in the best set; 0: none may be used. */
unsigned best_set(const struct best_coupon *coupons, size_t n, int64_t purchase_fen);
/* Why some may not be used together: 0 or a Reason. */
int set_refusal(const struct best_coupon *coupons, unsigned set, int64_t purchase_fen);
