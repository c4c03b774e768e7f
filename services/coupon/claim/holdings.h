/* holdings.h: the list of a member's coupons, indexed behind the claims.
 *
 * A claim appends its row and nothing else (coupon.h). What is appended is indexed by member when nobody calls, a slice
 * at a time; until then her newest coupons are found in memory. */
#pragma once
#include "services/coupon/claim/claims.h"

/* A member's coupons that are indexed, under all numbers she holds, before an id, newest first. What it returns, the
 * others are given. */
unsigned holdings_ask(const struct coupon *self, int64_t member_id, int64_t before, int limit);
bool holdings_next(const struct coupon *self, unsigned asked, struct claim *ret);
void holdings_end(const struct coupon *self, unsigned asked);
/* Those that are not indexed yet, from memory, likewise: their ids; without one that is to end. */
size_t holdings_recent(struct coupon *self, int64_t member_id, int64_t before, int64_t *ret_ids, size_t size);
/* Those of both, each once, as claims give them to her. */
void holdings_export(void *self, struct part_export *export);

/* Learns how far the index has come. 0 or -1, logged. */
int holdings_load(struct coupon *self);
/* Indexes up to limit claims, outside a batch; returns how many ids were left to do before. */
int64_t holdings_index_slice(struct coupon *self, int limit);
