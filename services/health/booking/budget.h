/* budget.h: what a campaign may come to cost, beside its budget.
 *
 * All places of its strata at the dearest of the sites where each may be used (also another one, when the
 * site for which it was won takes nobody any more); whoever was found to have come after her place had been
 * given on; who walked in without a place; and, as long as it takes anybody, what a slot keeps for such. Whatever
 * adds to it is refused when it would pass the budget, so that no site is refused the money for who came. */
#pragma once
#include "services/health/booking/bookings.h"

/* What is left at most; below 0 in a store of before that was not so careful. */
int64_t budget_left(struct health *self, const Health__Campaign *campaign, int64_t now);
/* Whether one more may walk in without a place: what her slot keeps is hers to take. */
bool budget_takes_walk_in(struct health *self, const Health__Campaign *campaign, const struct slot *slot, int64_t now);
/* Whether a place may be used at a site: one that was won for a site which takes nobody any more is for another
 * one that costs as little, or as the budget allows. 0, or PLACE_OF_ANOTHER_SITE. */
int budget_place_refusal(struct health *self, const Health__Campaign *campaign, const struct entitlement *entitlement,
                         int64_t site_id, int64_t now);
