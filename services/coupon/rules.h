/* rules.h: what coupon decides, without I/O, clock or memory of its own. */
#pragma once
#include "services/coupon/release/releases.h"

/* How long before a release opens its day 0 begins: where one has a coupon per month or year days are those of China's
 * calendar. */
int64_t release_lead(int64_t opens_at, int allowance);
/* What of a release, by its days, one person has one coupon in: equal numbers of two days mean the same. */
int64_t release_period(const struct release *release, int32_t day);
/* Whether what is given in a way is claimed, and given to who claims it (CreateClaim). */
bool way_is_claimed(int way);
/* Whether what was given on a day is of the stock that is open: that of the same day, or of all days where nobody is to
 * hurry. */
bool release_gives_of(const struct release *release, int32_t day);
/* The 0-based day of a release at an instant; -1 before it opens. May pass its last. */
int32_t release_day(const struct release *release, int64_t now);
/* Why nobody may claim now, whoever she is: a Reason, or 0. */
int release_refusal(const struct release *release, int64_t now);
/* coupon's word for a rule of a release's audience that she does not meet: a Reason, or 0. */
int eligibility_reason(enum audience_rule rule);
/* Why a release cannot be made like this: a Reason with ret_field, or 0. */
int draft_refusal(const Coupon__Release *draft, int64_t now, const char **ret_field);
/* Whether a release may pass from one state to another. */
bool may_become(int from, int to);
/* Why these are no goods to be sold or paid for: a Reason, or 0. */
int goods_refusal(const Coupon__GoodsClass *goods, size_t n);
/* 13 digits of Crockford's base 32 and a NUL. */
void coupon_code(uint64_t number, char ret_code[14]);
