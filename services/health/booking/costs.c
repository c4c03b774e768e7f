#include "services/health/booking/costs.h"

#include "services/health/booking/booking_rules.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/rules.h"

enum { SQL_WALK_INS, SQL_WITHOUT, N_SQL };

static const char *const sql[] = {
    /* What those cost who came so, without a place, and what is kept for such at ?3; with one more at ?4. */
    [SQL_WALK_INS] =
        "SELECT coalesce(sum(CASE s.price_fen WHEN 0 THEN ?2 ELSE s.price_fen END * max("
        "CASE WHEN o.withdrawn = 0 AND o.ends_at > ?3 THEN o.walk_ins ELSE 0 END, (o.slot_id = ?4) + "
        "(SELECT count(*) FROM booked_slot b JOIN entitlement e ON e.entitlement_id = b.right_id WHERE b.group_id = ?1 "
        "AND b.walk_in = 1 AND b.slot_id = o.slot_id AND b.state <> 3 AND e.place = 0))), 0) FROM time_slot o "
        "JOIN campaign_site s ON s.campaign_id = o.group_id AND s.site_id = o.place_id "
        "WHERE o.group_id = ?1 AND (o.walk_ins > 0 OR o.walked > 0 OR o.slot_id = ?4)",
    [SQL_WITHOUT] = "SELECT campaign_id FROM campaign c WHERE campaign_id > ?1 AND NOT EXISTS "
                    "(SELECT 1 FROM account a WHERE a.of_id = c.campaign_id AND a.year = 0 AND a.kind = 1) "
                    "ORDER BY campaign_id LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- what it may cost ---- */

/* How many places of a stratum are held, or may be; more than its quota only where places were given on. */
static int64_t places_held(struct health *self, const Health__Campaign *campaign, int32_t stratum)
{
    int64_t quota = campaign->strata[stratum]->quota, held = 0;
    struct lot_outcome outcome;

    if (lottery_outcome(&self->lottery, campaign->campaign_id, stratum, &outcome) && outcome.promoted > 0)
        held = entitlements_held(&self->entitlements, campaign->campaign_id, stratum);
    return held > quota ? held : quota;
}

/* All places: at most 10^8 of 10^8 fen. */
static int64_t places_cost(struct health *self, const Health__Campaign *campaign)
{
    int64_t cost = 0;

    for (size_t i = 0; i < campaign->n_strata; i++)
        cost += places_held(self, campaign, (int32_t)i) * dearest_price(campaign, i);
    return cost;
}

/* Of all, with one more who walks in without a place at a slot; 0: none. At the end of time slots keep nothing; nor
 * where who comes first has a place, also who walks in. */
static int64_t cost_at(struct health *self, const Health__Campaign *campaign, int64_t slot_id, int64_t now)
{
    unsigned statement = self->costs.sql + SQL_WALK_INS;

    store_ask(self->store, statement, "iiii", campaign->campaign_id, campaign->price_fen,
              campaign->first_come ? INT64_MAX : now, slot_id);
    return places_cost(self, campaign) + store_number(self->store, statement);
}

/* ---- on the budget ---- */

static struct budget_line line_of(const Health__Campaign *campaign)
{
    return (struct budget_line){campaign->campaign_id, 0};
}

/* Gives a campaign's line the budget of its terms, and spends what was settled before it had one. 0 or a Reason. */
static int open_line(struct health *self, const Health__Campaign *campaign, void *call)
{
    const struct budget_line line = line_of(campaign);
    int64_t id = campaign->campaign_id, had = budget_granted(&self->budget, &line);
    int reason =
        had == campaign->budget_fen ? 0 : budget_grant_to(&self->budget, &line, campaign->budget_fen, id, call);

    return reason || had ? reason
                         : budget_spend(&self->budget, &line, statements_total(&self->settlement, id), id, call);
}

int costs_settle(struct health *self, const Health__Campaign *campaign, int64_t statement_id, void *call)
{
    const struct budget_line line = line_of(campaign);
    int reason = open_line(self, campaign, call);
    int64_t more = statements_total(&self->settlement, campaign->campaign_id);

    if (!reason && __builtin_sub_overflow(more, budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT), &more))
        reason = RPC__REASON__OUT_OF_RANGE;
    return reason ? reason : budget_spend(&self->budget, &line, more, statement_id, call);
}

static int commit_to(struct health *self, const Health__Campaign *campaign, int64_t fen, void *call)
{
    const struct budget_line line = line_of(campaign);
    int reason = open_line(self, campaign, call);

    return reason ? reason : budget_commit_to(&self->budget, &line, fen, campaign->campaign_id, call);
}

int costs_commit(struct health *self, const Health__Campaign *campaign, int64_t more_fen, void *call)
{
    return commit_to(self, campaign, cost_at(self, campaign, 0, rpc_now(call)) + more_fen, call);
}

int costs_take_walk_in(struct health *self, const Health__Campaign *campaign, const struct slot *slot, void *call)
{
    int64_t with_her = cost_at(self, campaign, slot->id, rpc_now(call));
    const struct budget_line line = line_of(campaign);
    int reason;

    if (with_her != cost_at(self, campaign, 0, rpc_now(call)))
        return commit_to(self, campaign, with_her, call);
    reason = open_line(self, campaign, call);
    if (!reason && cost_at(self, campaign, slot->id, INT64_MAX) > budget_granted(&self->budget, &line))
        reason = BUDGET__REASON__BUDGET_SHORT;
    return reason;
}

int costs_place_refusal(struct health *self, const Health__Campaign *campaign, const struct entitlement *entitlement,
                        int64_t site_id, void *call)
{
    const Health__CampaignSite *won = site_won(campaign, entitlement), *site = campaign_site(campaign, site_id);

    if (!won || won->site_id == site_id)
        return 0;
    if (won->withdrawn && site &&
        (price_at(site, campaign) <= price_at(won, campaign) || costs_commit(self, campaign, 0, call) == 0))
        return 0;
    return HEALTH__REASON__PLACE_OF_ANOTHER_SITE;
}

/* One campaign of a store that had no budgets. */
static bool tidy(void *arg, void *call)
{
    struct health *self = arg;
    const Health__Campaign *campaign;

    if (self->budgets_upto == INT64_MAX)
        return false;
    store_ask(self->store, self->costs.sql + SQL_WITHOUT, "i", self->budgets_upto);
    self->budgets_upto = store_number(self->store, self->costs.sql + SQL_WITHOUT);
    campaign = self->budgets_upto ? campaigns_find(&self->campaigns, self->budgets_upto, rpc_arena(call)) : NULL;
    if (self->budgets_upto == 0)
        self->budgets_upto = INT64_MAX; /* those that are made later have one */
    else if (campaign)
        costs_commit(self, campaign, 0, call);
    return self->budgets_upto != INT64_MAX;
}

static const struct part_stray strays[] = {
    {"campaign", "its budget has not spent what its settlements come to",
     "SELECT of_id FROM account a WHERE kind = 1 AND coalesce((SELECT balance_fen FROM account s WHERE s.of_id = "
     "a.of_id AND s.year = 0 AND s.kind = 4), 0) <> (SELECT coalesce(sum(total_fen), 0) FROM statement "
     "WHERE for_id = a.of_id AND state IN (1, 2)) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec costs_part = {
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .strays = strays,
};
