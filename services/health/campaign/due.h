/* due.h: what becomes of campaigns by themselves as time passes, slice by slice.
 *
 * At its times a campaign opens and freezes; a frozen one gets its root, and once its
 * value is confirmed and the hour has come, its seed, its places and its outcomes; a
 * published one gives the winners their entitlements; who has not booked in time
 * lapses. Each slice is a transaction that goes on where the store says the last one
 * ended, so a restart changes nothing but the time it takes. */
#pragma once
#include "services/health/health.h"

/* One slice of one campaign, and some lapses; outside a batch. Whether there may be
 * more at once. */
bool due_step(void *health);
