/* booking_rules.h: what booking and scanning decide, without I/O, clock or memory of their own. */
#pragma once
#include "services/health/booking/visits.h"

/* The midnight in China (UTC+8) that begins the day in which an instant lies. */
int64_t day_of(int64_t at);

/* Why nobody books now, whatever she has: a Reason, or 0. */
int booking_refusal(const Health__Campaign *campaign, int64_t now);
/* Why an entitlement cannot be booked with now: a Reason, or 0. */
int book_refusal(const Health__Campaign *campaign, const struct entitlement *entitlement, int64_t now);
/* Why this slot cannot be taken, full or not: a Reason, or 0. */
int visit_refusal(const struct slots *slots, const Health__Campaign *campaign, const struct slot *slot, int64_t now);
/* The site for which a place was won; NULL when it is for any. */
const Health__CampaignSite *site_won(const Health__Campaign *campaign, const struct entitlement *entitlement);
/* Until when a booking may be moved or cancelled. */
int64_t cancel_until(const Health__Campaign *campaign, const struct booking *booking);
/* The Reason for a pass that is not good. */
int pass_refusal(enum pass_reason reason);
