/* entrance.h: what a scan at a site's door is to a check-up.
 *
 * Devices, scans and the numbers of who comes without a booking are those of the part that all doors share (door.h).
 * Who is scanned has attended; a scan that is undone makes her entitlement what it was.
 *
 * A member asks for a code of a campaign that is for her and shows it at a van. Site staff then takes a place of the
 * slot that lasts, whether it was kept for walk-ins or nobody booked it. A winner who has not booked comes the same
 * way, with her own right. */
#pragma once
#include "services/health/booking/visits.h"

#define SCAN_UNDO_MS  (INT64_C(15) * 60000)
#define SCAN_AHEAD_MS (INT64_C(5) * 60000)
#define SCAN_LATE_MS  (INT64_C(72) * 3600000)
#define DEVICES_MAX   50

extern const struct scanners_service entrance_scanners;
extern const struct door_service entrance_service;

/* Why this member gets no code now: a Reason, or 0. */
int walk_in_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now);
/* Books a place of the slot that lasts now at a site: a Reason, or 0. */
int walk_in_book(struct health *self, const struct guest *guest, int64_t site_id, void *call, struct booking *ret);
