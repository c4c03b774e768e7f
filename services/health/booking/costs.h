/* costs.h: what a campaign may come to cost, on its budget (budget.h).
 *
 * A campaign is a line of that part, whose SOURCE gives the budget of its terms. COMMITTED and SPENT together are all
 * places of its strata at the dearest of the sites where each may be used (also another one, when the site for which it
 * was won takes nobody any more); whoever was found to have come after her place had been given on; who walked in
 * without a place; and, as long as it takes anybody, what a slot keeps for such. SPENT is what settlements come to.
 *
 * Whatever adds to it is committed before it is done, and refused when the budget has it not, so that no site is
 * refused the money for who came. What costs less than it might have is free again at the next such deed. A campaign of
 * a store that had no budgets gets its line when it is first asked for one, or soon after the start. */
#pragma once
#include "services/health/booking/visits.h"

/* All return 0 or a Reason, the first three BUDGET_SHORT or one of the chassis'. */

/* Commits what a campaign may cost now, and an amount more. */
int costs_commit(struct health *self, const Health__Campaign *campaign, int64_t more_fen, void *call);
/* Spends what settlements have come to since, by what was done with one. */
int costs_settle(struct health *self, const Health__Campaign *campaign, int64_t statement_id, void *call);
/* Commits that one more walks in without a place: what her slot keeps is hers to take. */
int costs_take_walk_in(struct health *self, const Health__Campaign *campaign, const struct slot *slot, void *call);
/* Whether a place may be used at a site: one that was won for a site which takes nobody any more is for another
 * one that costs as little, or as the budget allows. 0, or PLACE_OF_ANOTHER_SITE. */
int costs_place_refusal(struct health *self, const Health__Campaign *campaign, const struct entitlement *entitlement,
                        int64_t site_id, void *call);
