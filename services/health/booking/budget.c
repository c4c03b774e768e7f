#include "services/health/booking/budget.h"

#include "services/health/booking/booking_rules.h"
#include "services/health/booking/booking_sql.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/rules.h"

/* How many places of a stratum are held, or may be; more than its quota only where places were given on. */
static int64_t places_held(struct health *self, const Health__Campaign *campaign, int32_t stratum)
{
    int64_t quota = campaign->strata[stratum]->quota, held = 0;
    struct lot_outcome outcome;

    if (lottery_outcome(&self->lottery, campaign->campaign_id, stratum, &outcome) && outcome.promoted > 0)
        held = entitlements_held(&self->entitlements, campaign->campaign_id, stratum);
    return held > quota ? held : quota;
}

/* What is left beside all places. */
static int64_t left_beside_places(struct health *self, const Health__Campaign *campaign)
{
    int64_t left = campaign->budget_fen;

    for (size_t i = 0; i < campaign->n_strata; i++)
        left -= places_held(self, campaign, (int32_t)i) * dearest_price(campaign, i);
    return left;
}

/* Of who walks in without a place, with one more of them at a slot; 0: none. At the end of time slots keep nothing;
 * nor where who comes first has a place, also who walks in. */
static int64_t walk_ins_cost(struct health *self, const Health__Campaign *campaign, int64_t slot_id, int64_t now)
{
    unsigned statement = self->bookings.sql + BOOKING_SQL_WALK_INS_COST;

    store_ask(self->store, statement, "iiii", campaign->campaign_id, campaign->price_fen,
              campaign->first_come ? INT64_MAX : now, slot_id);
    return store_number(self->store, statement);
}

int64_t budget_left(struct health *self, const Health__Campaign *campaign, int64_t now)
{
    return left_beside_places(self, campaign) - walk_ins_cost(self, campaign, 0, now);
}

bool budget_takes_walk_in(struct health *self, const Health__Campaign *campaign, const struct slot *slot, int64_t now)
{
    int64_t left = left_beside_places(self, campaign), with_her = walk_ins_cost(self, campaign, slot->id, now);

    return walk_ins_cost(self, campaign, slot->id, INT64_MAX) <= left &&
           (with_her <= left || with_her == walk_ins_cost(self, campaign, 0, now));
}

int budget_place_refusal(struct health *self, const Health__Campaign *campaign, const struct entitlement *entitlement,
                         int64_t site_id, int64_t now)
{
    const Health__CampaignSite *won = site_won(campaign, entitlement), *site = campaign_site(campaign, site_id);

    if (!won || won->site_id == site_id)
        return 0;
    if (won->withdrawn && site &&
        (price_at(site, campaign) <= price_at(won, campaign) || budget_left(self, campaign, now) >= 0))
        return 0;
    return HEALTH__REASON__PLACE_OF_ANOTHER_SITE;
}
