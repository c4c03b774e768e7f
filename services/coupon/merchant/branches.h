/* branches.h: where coupons are spent, and who takes them there.
 *
 * A branch is in the store as the packed message it came as; what is asked of it at a counter, and of many when
 * somebody looks for the nearest, is kept in memory as struct shop, read when it is first asked for and forgotten as a
 * whole whenever a merchant or a branch changes. Where the branches of open merchants are is in memory too (map.h). */
#pragma once
#include "services/coupon/merchant/hours.h"
#include "services/coupon/merchant/merchants.h"

#define BRANCHES_MAX     500 /* of one merchant, not closed */
#define BRANCH_STAFF_MAX 200

/* A branch as a counter knows it. */
struct shop {
    int64_t id, merchant_id;
    bool open; /* it is, and its merchant is */
    bool canteen;
    unsigned goods; /* bit n set: Coupon__GoodsClass n */
    struct hours hours;
    char union_path[UNION_PATH_SIZE];
    char name[60 * 4 + 1];
};

/* A branch in the arena, or NULL. */
Coupon__Branch *branches_find(const struct branches *branches, int64_t branch_id, struct arena *arena);
/* A merchant's after an id, in order. */
void branches_ask(const struct branches *branches, int64_t merchant_id, int64_t after);
Coupon__Branch *branches_next(const struct branches *branches, struct arena *arena);
void branches_end(const struct branches *branches);
/* Those where a member takes coupons, likewise. */
void branches_ask_of_staff(const struct branches *branches, int64_t member_id, int64_t after);
Coupon__Branch *branches_next_of_staff(const struct branches *branches, struct arena *arena);
void branches_end_of_staff(const struct branches *branches);
int64_t branches_count(const struct branches *branches, int64_t merchant_id);

/* Changes, told to the journal. False for want of memory. */
bool branch_add(struct coupon *self, const Coupon__Branch *branch, void *call);
bool branch_change(struct coupon *self, const Coupon__Branch *branch, void *call);

/* A merchant's branches come on the map, or leave it; false for want of memory. */
bool branches_show(struct coupon *self, int64_t merchant_id, void *call);
void branches_hide(struct coupon *self, int64_t merchant_id, void *call);
/* At the start: those of open merchants. 0 or -1. */
int branches_load(struct coupon *self);
void branches_done(struct coupon *self);

/* ---- in memory ---- */

/* NULL: there is none, or no memory; good until another one is asked for. */
const struct shop *shop_find(struct coupon *self, int64_t branch_id);
/* A merchant or a branch has changed, in the transaction of call. */
void shops_forget(struct coupon *self, void *call);
/* The same of who takes coupons where, and of a device (till/api_counter.c). */
void desks_forget(struct coupon *self, void *call);

/* ---- who takes coupons there ---- */

/* Told to the journal; nothing when it is so. */
void branch_staff_set(struct coupon *self, int64_t branch_id, int64_t member_id, bool off, void *call);
bool branch_staff_has(const struct branches *branches, int64_t branch_id, int64_t member_id);
int64_t branch_staff_count(const struct branches *branches, int64_t branch_id);
/* By member, those behind one. */
void branch_staff_ask(const struct branches *branches, int64_t branch_id, int64_t after);
bool branch_staff_next(const struct branches *branches, int64_t *ret_member_id);
void branch_staff_end(const struct branches *branches);
