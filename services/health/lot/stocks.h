/* stocks.h: places that are given first come, without a lot.
 *
 * A campaign that says so (first_come) is announced without a secret or a list: from the
 * beginning of booking on, whoever it is for books a slot, and has a place of her stratum with
 * it, while there are some; its strata's quotas are what the budget was found to allow. A van's
 * day is such a campaign with the van as its one site. She has no more than one place, by
 * whichever of her accounts, as in a lot. Who cancels gives hers back at once, and may take
 * another one while there are some; who does not come has had hers.
 *
 * How many are taken is counted as entitlements change (stocks_follow). */
#pragma once
#include "services/health/lot/entitlements.h"

/* Lays in what the strata of a campaign have, as it is announced. */
void stocks_lay_in(struct health *self, const Health__Campaign *campaign);
/* An entitlement, whose state was `before`, has its state. */
void stocks_follow(struct health *self, const struct entitlement *entitlement, int before);

/* Why the caller cannot take a place now by a booking at a site (0: at any): a Reason, or 0 with her stratum. */
int stock_refusal(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                  int32_t *ret_stratum);
/* Whether she may take a place anew who has this one. */
bool stock_is_open_again(const Health__Campaign *campaign, const struct entitlement *entitlement);
/* The right to book at a site: anew when the caller has had one (`entitlement` is hers then), or her first one. 0 or a
 * Reason. */
int stock_take(struct health *self, const Health__Campaign *campaign, int64_t site_id, bool had,
               struct entitlement *entitlement, void *call);
/* The same for whoever walks in at a site, whom the campaign is for: of the first stratum that has one left for the
 * site, and is for all, or the only one. Whether she has one. */
bool stock_walk_in(struct health *self, const Health__Campaign *campaign, int64_t site_id, int64_t member_id, bool had,
                   struct entitlement *entitlement, void *call);
