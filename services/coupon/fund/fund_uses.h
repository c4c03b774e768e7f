/* fund_uses.h: what each release has of its fund.
 *
 * Publishing promises the highest cost (release_cost): it goes from what is free of the fund to a line of the release's
 * own, so that nothing is given that nobody has, and a claim asks no budget. A fund's ceiling of one day refuses
 * publishing what together with its other releases could come to more on some day, in China; never a claim. Partners'
 * codes that are imported later are promised then, and are not taken over when the fund has not got what they cost.
 *
 * When the release has ended what it has not granted goes back to the fund (TRIMMED), and when none of its coupons can
 * be spent any more, what was not (OVER); what was redeemed
 * stays promised until it is settled. Where what is given is still decided after the end, as by lot, all goes back
 * then. What is settled with merchants is spent of the release's line (fund_spend), whatever the stage. What goes back
 * to a fund that is closed goes back to where it came from. */
#pragma once
#include "services/coupon/fund/funds.h"
#include "services/coupon/release/cost.h"

#define FUND_USES_MAX 1000                     /* releases of one fund that are not over */
#define FUND_LOTS_MS  (INT64_C(90) * 86400000) /* after its end a release gives what is not claimed, at most */
#define FUND_LATE_MS  (INT64_C(4) * 86400000)  /* after its coupons' end what was taken without network is in */

enum fund_stage { FUND_DRAFTED, FUND_PROMISED, FUND_TRIMMED, FUND_OVER };

struct fund_use {
    int64_t release_id, fund_id, cost_fen, kept_fen, day_fen, from_day; /* from_day: days since 1970 in China */
    int32_t days;
    int stage;
    int64_t journal_seq, due_at; /* due_at: when none of its coupons is good any more */
};

/* Whether a union may give of the fund that a form names; NULL may. Refuses the field otherwise. */
bool fund_take(struct coupon *self, const Coupon__Funding *funding, const char *union_path, void *call);
/* Notes which fund a draft names; NULL none. */
void fund_note(struct coupon *self, const struct release *release, const Coupon__Funding *funding, void *call);
/* As a message in the arena; NULL: it names none. */
Coupon__Funding *fund_of_release(const struct coupon *self, const struct release *release, struct arena *arena);
bool fund_use_find(const struct coupon *self, int64_t release_id, struct fund_use *ret);
/* Its first day in China, YYYYMMDD. */
int32_t fund_use_day(const struct fund_use *use);
/* Of a fund, before a release, the latest first. */
void fund_uses_ask(const struct coupon *self, int64_t fund_id, int64_t before, int limit);
bool fund_uses_next(const struct coupon *self, struct fund_use *ret);
/* Why a draft's highest cost cannot be promised now, with the facts of the refusal: 0 or a Reason. */
int fund_refusal(struct coupon *self, const struct release *release, void *call);
/* Promises it, as the draft is published: 0 or a Reason. */
int fund_commit(struct coupon *self, const struct release *release, void *call);
/* Why what more codes cost cannot be promised now, with the facts of the refusal: 0 or a Reason. */
int fund_more_refusal(struct coupon *self, const struct release *release, int64_t more_codes, void *call);
/* Of a pool to which codes came, or whose codes were found bad: what a draft costs; what is promised grows, and shrinks
 * never. 0 or a Reason. */
int fund_grow(struct coupon *self, const struct release *release, void *call);
/* What was settled of a release is spent; below zero it is promised again, or when that is over goes back. Nothing of a
 * release without a fund. cause_id is the statement. 0 or a Reason. */
int fund_spend(struct coupon *self, int64_t release_id, int64_t fen, int64_t cause_id, void *call);
/* The same of what others have paid out (backing/vouchers.h), and say when the rest of the release's money may have
 * gone back to the fund: that is taken again, as far as the release was promised it and the fund has it. */
int fund_spend_late(struct coupon *self, int64_t release_id, int64_t fen, int64_t cause_id, void *call);
/* Whether that has the money now. */
bool fund_can_spend_late(const struct coupon *self, int64_t release_id, int64_t fen);
