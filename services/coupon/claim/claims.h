/* claims.h: who has taken what, in the store.
 *
 * A person whose accounts have become one may have taken with each what she has once: of an allowance the coupons that
 * she has spent (till/sales.h) stay, or else the one that she took first, and each other one ends, in whatever order
 * the accounts were merged. All of a closed account end that were not spent. That is done soon after it is heard, once
 * a coupon is indexed (holdings.h). A coupon that ended goes back to no stock; one that was withdrawn because of its
 * ceiling (granted.h) does. */
#pragma once
#include "services/coupon/release/releases.h"

struct claim {
    int64_t coupon_id, release_id, member_id, at;
    int32_t day;
    uint64_t code;
    unsigned char key[16];
    size_t key_len;
    int64_t ended_at; /* 0: it did not end before its time, or it was not asked for */
};

/* ---- giving, whatever the way: memory, row and journal ---- */

/* Gives a coupon of the day of the release's that is open, to a member who has none of it: release_id, member_id, day
 * and key are said, the rest is filled in. Whether there is one left was asked. 0 or a Reason. */
int claim_take(struct coupon *self, struct release *release, struct claim *claim, void *call);
/* Gives a member a coupon of a day of the release's that has begun. Whether she may have one is asked before, by the
 * way in which the release is given; what counts together (granted.h) and the stock of the day that is open are asked
 * here. Of a day that is over memory does not know: who gives one then sees to it that nobody has two of the day, and
 * that its stock is not passed. Who has one already has that one. 0 or a Reason. */
int claim_give(struct coupon *self, struct release *release, int64_t member_id, int32_t day, void *call,
               int64_t *ret_coupon_id);

/* ---- what was given ---- */

bool claims_find(const struct claims *claims, int64_t coupon_id, struct claim *ret);

/* Ends one for which she has not come: its place in the stock of its day is free again, and she may have no other. */
void claim_free(struct coupon *self, int64_t coupon_id, void *call);
/* Ends one that cannot be handed to her (backing/vouchers.h), and tells her: its place is free again. */
void claim_fail(struct coupon *self, int64_t coupon_id, void *call);
/* Ends one that she gives back, which stands: its place is free again, and so is what she may have. */
void claim_return(struct coupon *self, const struct claim *claim, void *call);
/* Ends one that came to more than its ceiling: its place in the stock of its day is free again. */
void coupon_withdraw(void *self, int64_t coupon_id, void *call);

/* Counts the claims of the releases in memory. 0 or -1, logged. */
int claims_load(struct coupon *self);
