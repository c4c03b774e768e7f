/* lots.h: releases that are given by lot (common/benefit/lottery/lottery.h).
 *
 * FAIR: who asks in the first seconds of a day is in its lot, however often she asks; what it leaves goes first come.
 * LOT: one lot each day, or one in all, a season. The lots of days draw their secrets from one chain, committed to when
 * the release is published; each is announced LOT_AHEAD_DAYS before its day and drawn by itself, without a public
 * value, as soon as its list is fixed and the list's root published. Of days that pass while nothing runs there is no
 * lot. A season has a public value that two officials read, a waiting list, and winners who accept or make room.
 *
 * What a winner has is a coupon (claim_give), and a row that says by which place. A release whose lots are not done
 * does not close by itself; when an official ends it, lots that take entries are void, and frozen ones go on.
 *
 * Promises: one natural person has one entry in a lot and one coupon by it; no lot gives more coupons than it has
 * places; each is of the place that was drawn. */
#pragma once
#include "services/coupon/coupon.h"
#include "services/coupon/release/releases.h"

#define LOT_AHEAD_DAYS 7
/* How many are announced, or lapse, in a slice. */
#define LOT_SLICE 16

/* One lot of a release, as it is now. */
struct lot_day {
    int64_t lot_id;
    struct release *release;
    int32_t day;
    int stage;
};

/* The same with its terms, which lead back to its day, and what the lottery knows of it. It stays where it was made. */
struct lot_whole {
    struct lot_day day;
    struct lot_terms terms;
    struct lot lot;
};

extern const struct lottery_service coupon_lottery;

bool way_is_lot(int way);
/* Why a form cannot be like this: a Reason with ret_field, or 0. */
int lot_form_refusal(const Coupon__Release *draft, const char **ret_field);
/* Keeps the form of a release, unless it is NULL; and gives it again with the commitment of its days' secrets, NULL:
 * none, or no memory. */
bool lots_keep(struct coupon *self, struct release *release, const Coupon__LotForm *form);
Coupon__LotForm *lots_kept(const struct coupon *self, const struct release *release, struct arena *arena);
/* Of a release in memory, what its form says. */
void lots_remember(struct release *release, const Coupon__LotForm *form);

/* ---- what becomes of a release ---- */

/* It is published: its secrets are committed to, and its first lots announced. 0 or a Reason. */
int lots_publish(struct coupon *self, struct release *release, void *call);
/* It was closed. */
void lots_close(struct coupon *self, struct release *release, void *call);
/* Whether something of its lots is still to be done. */
bool lots_pend(struct coupon *self, const struct release *release);
bool lot_pends(struct coupon *self, int64_t lot_id);

/* ---- lots ---- */

/* That of a day in memory: from it, after the first time. False: it has none. */
bool lots_of_day(struct coupon *self, struct release *release, int32_t day, struct lot_day *ret);
/* By its id, however old, in an arena. False: there is none, or no memory. */
bool lots_find(struct coupon *self, int64_t lot_id, struct arena *arena, struct lot_day *ret);
/* Terms for what nothing but the times and the stage matter to; all of them, in an arena. False: no memory. */
struct lot_terms lot_terms_light(struct lot_day *lot);
bool lot_terms_whole(struct coupon *self, struct lot_day *lot, struct arena *arena, struct lot_terms *ret);
/* Adds what a day of a lot is without. False: no memory, or it does not open. */
bool lot_complete(struct coupon *self, struct lot_whole *lot, struct arena *arena);
int64_t lot_closes_at(const struct lot_day *lot);
int64_t lot_decided_at(struct coupon *self, const struct lot_day *lot, struct arena *arena);
/* Why she cannot be in the lots of a release, whenever: a Reason, or 0. */
int lot_judgement(const struct coupon *self, const struct release *release, const Rpc__Principal *principal,
                  int64_t now);
/* Why a release with lots cannot be claimed now: a Reason with its facts, or 0. */
int lots_claim_refusal(struct coupon *self, struct release *release, void *call);
/* Counts an ask of who was in already. */
void lots_count_repeat(struct coupon *self, const struct lot_day *lot);
int64_t lots_repeats(struct coupon *self, int64_t lot_id);
/* The lots of a release before a day, the latest first. */
void lots_ask(struct coupon *self, int64_t release_id, int64_t before, int64_t limit);
bool lots_next(struct coupon *self, struct release *release, struct lot_day *ret);
void lots_end(struct coupon *self);
/* The best place of somebody's number in a lot, 0: none. */
int64_t lots_place(struct coupon *self, int64_t lot_id, int64_t number);
