/* sales.h: purchases that coupons pay a part of, in the store.
 *
 * A member shows a code at a counter (purses.h), whoever takes coupons there enters what she buys for, and the best set
 * of her coupons (counter.h) is kept for that purchase for SALE_LOCK_MS: LOCKED. It is confirmed, and they are spent:
 * REDEEMED; or given up, or its time passes: CANCELLED, LAPSED. A purchase that was undone within SALE_REVERSE_MS is
 * REVERSED, and its coupons are hers again as if it had not been. A coupon is in one purchase that is LOCKED or
 * REDEEMED at most, which the schema sees to, so that it is spent once over all counters.
 *
 * A purchase has the name its device gave it (ref), so that it is taken once however often it is sent. What was taken
 * without network is handed in later, is judged as of its own time, and is kept whatever becomes of it: REDEEMED, or
 * REFUSED with the reason.
 *
 * Each change is one row of the journal, about money: SaleChanged, which tells of each coupon that is spent or is not
 * any more. What is settled is the redemption (union_fen): once, under its own number. The redemptions of a purchase
 * have ids behind its own, by which they are found; the first of these is that of what she is told when they are
 * spent (notice.h), of which the purchase itself is the row. */
#pragma once
#include "services/coupon/claim/claims.h"
#include "services/coupon/merchant/branches.h"

#define SALE_LOCK_MS       (INT64_C(2) * 60000)
#define SALE_REVERSE_MS    (INT64_C(24) * 3600000)
#define SALE_AHEAD_MS      (INT64_C(5) * 60000)
#define SALE_LATE_MS       (INT64_C(72) * 3600000)
#define SALE_OFFLINE_FEN   50000     /* that coupons take off at one device on one day without network */
#define SALE_OFFLINE_SALES 100       /* and in so many purchases */
#define SALE_COUPONS_MAX   20        /* of one purchase */
#define SALE_PURCHASE_MAX  100000000 /* fen */
#define SALE_UPLOAD        10        /* purchases of one call */
#define SALE_REF           (40 * 4 + 1)
#define COUNTERS_MAX       50 /* of a branch */

extern const struct scanners_service counters_service;

struct sale {
    int64_t id, branch_id, merchant_id, device_id, member_id;
    int state; /* Coupon__SaleState */
    int64_t purchase_fen, discount_fen;
    int goods;
    int64_t at, until, decided_at, reversed_at;
    bool offline;
    int refusal;
    char ref[SALE_REF], reverse_reason[200 * 4 + 1];
};

struct redemption {
    int64_t id, sale_id, coupon_id, release_id, member_id, fen, union_fen;
    int state;
    int64_t claimed_at; /* of the coupon, as is the day */
    int32_t day;
    int64_t kept_by; /* of one that is to be made: a purchase that has kept the coupon past its time; 0: none */
};

/* ---- asking ---- */

bool sales_find(const struct sales *sales, int64_t sale_id, struct sale *ret);
bool sales_find_ref(const struct sales *sales, int64_t device_id, const char *ref, struct sale *ret);
/* A branch's before an id, the latest first, in states of a mask. */
void sales_ask(const struct sales *sales, int64_t branch_id, int64_t before, int64_t states, int limit);
bool sales_next(const struct sales *sales, struct sale *ret);
/* The coupons of a purchase, at most SALE_COUPONS_MAX. */
size_t redemptions_of(const struct sales *sales, int64_t sale_id, struct redemption ret[SALE_COUPONS_MAX]);
/* By which a coupon is kept or spent now: false when it is neither. A purchase whose time has passed keeps nothing, and
 * is given then; else ret_sale->id is 0. */
bool redemptions_find_live(const struct sales *sales, const struct claim *claim, int64_t now,
                           struct redemption *ret_redemption, struct sale *ret_sale);
/* A member's that are spent or were, under all numbers she holds, before an id, the latest first. */
void redemptions_ask_hers(const struct sales *sales, int64_t member_id, int64_t before, int limit);
bool redemptions_next_hers(const struct sales *sales, struct redemption *ret);
/* What coupons have taken off at a device without network, from an instant until before another; and in how many
 * purchases. */
int64_t sales_offline(const struct sales *sales, int64_t device_id, int64_t from, int64_t until, int64_t *ret_n);

/* ---- changes, told to the journal ---- */

/* Made, with its coupons, in its state: LOCKED, REDEEMED or REFUSED. */
void sale_make(struct coupon *self, struct sale *sale, struct redemption *redemptions, size_t n, void *call);
/* It passes to another state, and its coupons with it; she is told of what she should know. */
void sale_set(struct coupon *self, struct sale *sale, int state, void *call);
/* What has become of a coupon: its state, and where and when it was spent. */
void sale_tell(struct coupon *self, const struct claim *claim, void *call, Coupon__Coupon *ret);
