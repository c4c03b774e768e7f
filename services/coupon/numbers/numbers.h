/* numbers.h: how releases went: asked, granted, refused and why, by day, trade and union.
 *
 * A claim counts in memory alone, in a table of so many cells that never grows, and what is counted is written behind
 * it, a slice at a time. What was counted in the last moments before the daemon died is lost, and nothing else: how
 * many were granted is what the claims say, and is told so.
 *
 * Goods of the shop are counted likewise, under their id and the days of China since 1970: who orders is counted with
 * the order, since that is asked much less often.
 *
 * What was spent of each day is counted with every purchase, of no trade and no union: that is not known at a counter.
 * It is written in the purchase's own transaction, once for all purchases of a batch.
 *
 * A union is counted by the NUMBERS_LEVELS levels of its place; while there are more cells than fit between two slices,
 * by fewer. No person is in it. Of a split by trade or union no group is told of whom fewer than LIMIT_PEOPLE_MIN were
 * asking, and where that is one group alone, the next smallest is not either, which would tell of it. */
#pragma once
#include "services/coupon/coupon.h"
#include "services/coupon/release/releases.h"

#define NUMBERS_LEVELS 4

/* Beside a Reason, what came of asking: she has one, had one already, is in a lot, is so no more. And what nobody asks
 * for at that moment: what was spent, and what was given by lot or to who waited. */
enum {
    NUMBERS_GRANTED = 0,
    NUMBERS_REPEATED = -1,
    NUMBERS_REDEEMED = -2,
    NUMBERS_ENTERED = -3,
    NUMBERS_WITHDRAWN = -4,
    NUMBERS_CALLED = -5,
    NUMBERS_GRANTED_FEN = -6, /* of goods, whose orders differ in what they come to */
    NUMBERS_REDEEMED_FEN = -7
};

struct number_cells;

/* NULL without memory. */
struct number_cells *number_cells_new(void);
void number_cells_free(struct number_cells *cells);

/* Counts that somebody asked for a coupon of the release's day; what changes something is taken back with its call. */
void number_count(struct coupon *self, const struct release *release, int what, void *call);
/* The last one of the release's day was taken. */
void number_sold_out(struct coupon *self, const struct release *release);
/* One of a release's day was given by lot, or to who waited. */
void number_called(struct coupon *self, int64_t release_id, int32_t day);
/* So many more coupons of a release's day are spent; -1: one is not any more. */
void number_redeemed(struct coupon *self, int64_t release_id, int32_t day, int n, void *call);
/* Of a release's, how many are not written yet in this batch. */
int64_t number_redeemed_unwritten(const struct coupon *self, int64_t release_id);
/* Before a batch is committed (rpc.h): self is the service's. */
void number_write_redeemed(void *self);

/* ---- goods of the shop ---- */

/* Counts that an order of some goods was refused for a Reason. */
void number_count_goods(struct coupon *self, int64_t goods_id, int reason, void *call);
/* Somebody has ordered some, which come to so much; none_left: the last of them. */
void number_ordered(struct coupon *self, int64_t goods_id, int64_t fen, bool none_left, void *call);
/* An order that was made then was handed over. */
void number_handed_over(struct coupon *self, int64_t goods_id, int64_t ordered_at, int64_t fen);
/* When the last of some goods was ordered; 0: never. */
int64_t number_goods_gone_at(const struct coupon *self, int64_t goods_id);
