/* claims.h: who has taken what, in the store, and the list of a member's coupons behind it.
 *
 * A person whose accounts have become one may have taken with each what she has once: the
 * coupon that she took first stays, and each other one of its allowance ends, in whatever
 * order the accounts were merged. All of a closed account end. That is done soon after it is
 * heard, once a coupon is indexed. A coupon that ended goes back to no stock: whether it was
 * spent is not known here. */
#pragma once
#include "services/coupon/releases.h"

struct claim {
    int64_t coupon_id, release_id, member_id, at;
    int32_t day;
    uint64_t code;
    unsigned char key[16];
    size_t key_len;
    int64_t ended_at; /* 0: it did not end before its time, or it was not asked for */
};

/* Appends to the table: ids rise. */
void claims_append(const struct claims *claims, const struct claim *claim);
bool claims_find(const struct claims *claims, int64_t coupon_id, struct claim *ret);
/* A member's coupons that are indexed, under all numbers she holds, before an id, newest first. */
void claims_ask_hers(const struct claims *claims, int64_t member_id, int64_t before, int limit);
bool claims_next_hers(const struct claims *claims, struct claim *ret);
/* Those that are not indexed yet, from memory, likewise: their ids; without one that is to end. */
size_t claims_recent(struct coupon *self, int64_t member_id, int64_t before, int64_t *ret_ids, size_t size);

/* Counts the claims of the releases in memory. 0 or -1, logged. */
int claims_load(struct coupon *self);
/* Indexes up to limit claims, outside a batch; returns how many ids were left to do before. */
int64_t claims_index_slice(struct coupon *self, int limit);
