/* counter.h: what is decided at a counter: which of a member's coupons a purchase takes, and why not the others.
 *
 * All rules are judged as of the purchase's own instant, each with its reason: the branch is open then and takes
 * coupons; the coupon was claimed by then, has not ended, is not spent or kept for another purchase, is within its
 * days, and is good at this place, at this hour, for these goods and this much. Of those that are left the best set is
 * taken (best.h). */
#pragma once
#include "services/coupon/till/sales.h"

#define COUNTER_COUPONS   64  /* of one member that are counted, the newest */
#define COUNTER_LOOKED_AT 400 /* and that are looked at for it */

/* What somebody buys, and what she shows. */
struct purchase {
    int64_t branch_id, member_id;
    int64_t coupon_id; /* she shows this one alone; 0: all */
    int64_t purchase_fen, at;
    int goods;             /* Coupon__GoodsClass; 0: what the branch sells, when that is one */
    const int64_t *chosen; /* just these; none: the best set */
    size_t n_chosen;
};

/* A coupon of hers. */
struct counted {
    struct claim claim;
    int64_t face_fen, union_fen, expires_at;
    bool alone, taken;
    int32_t at_most;
    int64_t kept_by; /* a purchase that has kept it past its time; 0: none */
    int reason;      /* why it is not taken; 0 of one that is, or that the best set leaves out */
    char title[60 * 4 + 1];
};

struct counter {
    struct counted coupons[COUNTER_COUPONS];
    size_t n, n_taken;
    int64_t discount_fen;
};

/* 0 with what is taken, or the Reason for which nothing is. ret is filled in either way. */
int counter_decide(struct coupon *self, const struct purchase *purchase, void *call, struct counter *ret);
/* Before a refusal: of which coupon it is, and what it lacks. */
void counter_tell(struct coupon *self, const struct counter *counter, int reason, void *call);
/* Those that are taken, for a purchase; how many. */
size_t counter_redemptions(const struct counter *counter, struct redemption ret[SALE_COUPONS_MAX]);
