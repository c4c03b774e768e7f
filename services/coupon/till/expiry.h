/* expiry.h: coupons that nobody has spent in time.
 *
 * That a coupon is good no more follows from its times, and is known without this. What is done here, behind the claims
 * and a slice at a time, is that it is told once, to the journal and by the counts of each release, and that it does
 * not count any more towards group and ceiling where the release says so. That is done EXPIRY_AFTER_MS after its time,
 * when nothing that was bought without network can be handed in any more. */
#pragma once
#include "services/coupon/till/sales.h"

#define EXPIRY_AFTER_MS (SALE_LATE_MS + SALE_AHEAD_MS)

/* A coupon is unspent again: it is told when its time is over. */
void expiry_again(struct coupon *self, int64_t coupon_id);
/* How many of a release have expired, as far as it is told. */
int64_t expiry_count(const struct expiry *expiry, int64_t release_id);
