/* spendings.h: how the coupons of a release are spent.
 *
 * A release's form may say it (coupon.Spending); one that does not is spent anywhere and at any time until its coupons
 * expire. What a counter asks of a release again and again, also long after it has closed, is kept in memory as struct
 * terms; only the path of a union in it ever changes, when that moves. */
#pragma once
#include "services/coupon/merchant/branches.h"
#include "services/coupon/release/releases.h"

/* Checks what a form says of a release, in "release.spending", and completes it; said may be NULL. False after
 * refusing.
 */
bool spending_take(struct coupon *self, Coupon__Spending *said, int64_t opens_at, void *call);
/* Keeps it, unless it is NULL, for a release; false for want of memory. */
bool spending_keep(struct coupon *self, int64_t release_id, const Coupon__Spending *said, void *call);
/* Gives it again; NULL when there is none, or memory is full. */
Coupon__Spending *spending_kept(const struct coupon *self, int64_t release_id, void *call);
struct spending_dates spending_dates_of(const Coupon__Spending *said);
/* Of a release in the store; all 0 when it says nothing. */
struct spending_dates spending_dates_kept(const struct coupon *self, int64_t release_id);

/* When the coupons of a release are good. */
struct coupon_life {
    struct spending_dates dates;
    int64_t opens_at;
    int32_t valid_days;
    bool that_day; /* to the end of the day of the release alone */
};
struct coupon_life release_life(const struct release *release);
/* Of a coupon that was claimed at an instant, of a day of the release: when it is good, and when no more. */
int64_t life_from(const struct coupon_life *life, int64_t claimed_at);
int64_t life_until(const struct coupon_life *life, int64_t claimed_at, int32_t day);

/* Where a release was given, and how its coupons are spent. */
struct terms {
    int64_t release_id, face_fen, threshold_fen;
    char title[60 * 4 + 1];
    char audience_path[UNION_PATH_SIZE]; /* of the union whose members it is for */
    struct coupon_life life;
    size_t n_merchants, n_branches;
    int64_t merchants[50], branches[50];
    bool at_counters; /* they are spent there; tickets, partners' codes and places of a season are not */
    bool of_union;    /* at merchants below union_path */
    char union_path[UNION_PATH_SIZE];
    unsigned goods; /* bit n set: Coupon__GoodsClass n; 0: any */
    struct hours hours;
    bool alone, frees_unspent;
    int32_t at_most, merchant_percent;
};

/* NULL: there is no such release, or no memory; good until another one is asked for. */
const struct terms *terms_find(struct coupon *self, int64_t release_id);
/* What the union bears of each. */
int64_t terms_union_fen(const struct terms *terms);
bool terms_take_shop(const struct terms *terms, const struct shop *shop);
