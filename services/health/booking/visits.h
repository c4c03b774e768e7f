/* visits.h: what a booking is to a check-up.
 *
 * Slots, bookings and passes are those of the parts that all who are booked share (slots.h, bookings.h): the group is
 * a campaign, the place one of its sites, and the right an entitlement, which follows its booking. Whoever does not
 * come makes room for the next, and so does who could not come and took no other slot, as one who did not book. */
#pragma once
#include "services/health/health.h"
#include "services/health/lot/entitlements.h"

#define BOOKING_EARLY_MS  (INT64_C(2) * 3600000)
#define BOOKING_LATE_MS   (INT64_C(2) * 3600000)
#define BOOKING_GRACE_MS  (INT64_C(24) * 3600000)
#define BOOKING_MOVE_MS   (INT64_C(30) * HEALTH_DAY_MS)
#define BOOKING_REMIND_MS HEALTH_DAY_MS

extern const struct slots_words visits_words;
extern const struct bookings_service visits_service;
/* Health's first own steps of bookings are called so. */
extern const struct store_steps bookings_steps;

/* Books a slot with an entitlement, which passes to BOOKED. False when the slot is full. */
bool visit_book(struct health *self, struct entitlement *entitlement, const struct slot *slot, bool walk_in, void *call,
                struct booking *ret);

/* Tells whoever holds a number (notice.h) what is completed by the names of the campaign (NULL: unknown) and of the
 * booking's site (0: there is none yet). It is about an entitlement until that is booked or over, about a booking until
 * that changes, or about a report while it is the one to be read. */
void remind(struct health *self, struct notice_given *given, const Health__Campaign *campaign, int64_t site_id,
            void *call);
/* A campaign that was asked for last (*memo), or else is found now; NULL: unknown. */
const Health__Campaign *campaign_again(struct health *self, int64_t campaign_id, void **memo, void *call);
