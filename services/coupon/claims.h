/* claims.h: who has taken what, in the store, and the list of a member's coupons behind it. */
#pragma once
#include "services/coupon/releases.h"

struct claim {
    int64_t coupon_id, release_id, member_id, at;
    int32_t day;
    uint64_t code;
    unsigned char key[16];
    size_t key_len;
};

/* Appends to the table: ids rise. */
void claims_append(const struct claims *claims, const struct claim *claim);
bool claims_find(const struct claims *claims, int64_t coupon_id, struct claim *ret);
/* A member's coupons that are indexed, under all numbers she holds, before an id, newest first. */
void claims_ask_hers(const struct claims *claims, int64_t member_id, int64_t before, int limit);
bool claims_next_hers(const struct claims *claims, struct claim *ret);
/* Those that are not indexed yet, from memory, likewise: their ids. */
size_t claims_recent(struct coupon *self, int64_t member_id, int64_t before, int64_t *ret_ids, size_t size);

/* Counts the claims of the releases in memory. 0 or -1, logged. */
int claims_load(struct coupon *self);
/* Indexes up to limit claims, outside a batch; returns how many ids were left to do before. */
int64_t claims_index_slice(struct coupon *self, int limit);
