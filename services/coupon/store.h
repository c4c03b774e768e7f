/* store.h: coupon's only SQL. */
#pragma once
#include "services/coupon/coupon.h"

extern const char *const coupon_sql[];
extern const unsigned coupon_n_sql;

struct claim {
    int64_t coupon_id, release_id, member_id, at;
    int32_t day;
    uint64_t code;
    unsigned char key[16];
    size_t key_len;
};

/* False when it breaks a constraint of the table. */
bool store_add_release(struct store *store, const struct release *release);
void store_set_state(struct store *store, const struct release *release);
/* Releases that are not closed, or were closed since; one a call, in order of id. */
void store_ask_releases(struct store *store, int64_t closed_since);
bool store_next_release(struct store *store, struct release *ret_release);
/* Writes the paths of a release. */
void store_set_paths(struct store *store, const struct release *release);
/* One release however old. */
bool store_find_release(struct store *store, int64_t release_id, struct release *ret_release);

void store_add_claim(struct store *store, const struct claim *claim);
bool store_find_claim(struct store *store, int64_t coupon_id, struct claim *ret_claim);
/* Claims after an id, in order. */
void store_ask_claims(struct store *store, int64_t after);
bool store_next_claim(struct store *store, struct claim *ret_claim);
void store_end_claims(struct store *store);
int64_t store_last_coupon(struct store *store);

int64_t store_indexed(struct store *store);
void store_set_indexed(struct store *store, int64_t upto);
void store_index_claim(struct store *store, int64_t member_id, int64_t coupon_id);
/* A member's coupons before an id, newest first. */
void store_ask_coupons(struct store *store, int64_t member_id, int64_t before, int limit);
bool store_next_coupon(struct store *store, struct claim *ret_claim);

/* For the audit: the first day of a release with more claims than its stock, the
 * first member with two claims for one allowance. */
bool store_find_oversold(struct store *store, int64_t *ret_release, int64_t *ret_day);
bool store_find_duplicate(struct store *store, int64_t *ret_release, int64_t *ret_member);
