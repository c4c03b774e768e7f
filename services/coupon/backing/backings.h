/* backings.h: the stock of WeChat's coupons (代金券, 立减金) behind a release.
 *
 * A release whose form says so gives coupons that are WeChat's: a stock is made of them there, with the face and the
 * threshold of the release, and what a member wins here is sent to her WeChat out of it (vouchers.h). Who wins is
 * decided here alone, by the ways in which any release is given; a claim asks nothing of WeChat and waits for nothing.
 *
 * A stock is money. That it is created, started, paused or started again, one official of finance proposes and another
 * confirms (two_hands). Then the journal orders it (StockOrdered), the bridge does it, and its journal says what came
 * of it. One thing is asked at a time. A release is published when its stock runs; while that is paused what members
 * win waits. */
#pragma once
#include "services/coupon/release/releases.h"

#define BACKING_DAYS_MAX  90 /* WeChat's, of a stock's time */
#define BACKING_EACH_MAX  60 /* of coupons to one person */
#define BACKING_NAME_SIZE (20 * 4 + 1)

struct backing {
    int64_t release_id;
    char name[BACKING_NAME_SIZE], description[1000 * 4 + 1], stock[32];
    bool no_cash;
    int state;               /* Coupon__BackingState */
    int proposed, under_way; /* Coupon__BackingStep */
    int32_t turn;
    int reason;
    int64_t journal_seq;
};

/* Whether a form says of its backing what WeChat takes: 0, or a Reason with the field. */
int backing_form_refusal(const Coupon__Release *draft, const char **ret_field);
/* Why a release is not published yet: 0 or a Reason. */
int backing_publish_refusal(const struct coupon *self, const struct release *release);
void backing_keep(struct coupon *self, int64_t release_id, const Coupon__Backing *said);
bool backing_find(const struct coupon *self, int64_t release_id, struct backing *ret);
bool backing_exists(const struct coupon *self, int64_t release_id);
/* As a message in the arena; NULL: there is none, or no memory. */
Coupon__Backing *backing_message(const struct coupon *self, int64_t release_id, void *call);
/* How many coupons its stock has. */
int64_t backing_coupons(const struct coupon *self, const struct release *release);
/* The first hand to a step, and the second, with which the bridge is told; or what is proposed is given up. 0 or a
 * Reason. */
int backing_propose(struct coupon *self, const struct release *release, struct backing *backing, int step, void *call);
int backing_confirm(struct coupon *self, const struct release *release, struct backing *backing, void *call);
int backing_refuse(struct coupon *self, struct backing *backing, void *call);
/* Who gave the first hand to what is proposed, as the accounts are now; 0: nothing is. */
int64_t backing_proposer(const struct coupon *self, const struct backing *backing, void *call);
