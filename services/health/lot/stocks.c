#include "services/health/lot/stocks.h"

#include "services/health/booking/booking_rules.h"

enum { SQL_ADD, SQL_FIND, SQL_COUNT, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO stock (campaign_id, stratum, quota) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT quota, taken, given FROM stock WHERE campaign_id = ?1 AND stratum = ?2",
    [SQL_COUNT] =
        "UPDATE stock SET taken = taken + ?3, given = given + max(?3, 0) WHERE campaign_id = ?1 AND stratum = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

struct stock {
    int64_t quota, taken, given;
};

/* What there is of a stratum. PLACES_TAKEN when nothing is left of it, or 0. */
static int find_left(const struct health *self, int64_t campaign_id, int32_t stratum, struct stock *ret)
{
    unsigned statement = self->stocks.sql + SQL_FIND;

    store_ask(self->store, statement, "ii", campaign_id, (int64_t)stratum);
    if (!store_only(self->store, statement, INTO(ret->quota), INTO(ret->taken), INTO(ret->given)))
        return RPC__REASON__STORE_FAILED;
    return ret->taken < ret->quota ? 0 : HEALTH__REASON__PLACES_TAKEN;
}

void stocks_lay_in(struct health *self, const Health__Campaign *campaign)
{
    for (size_t i = 0; i < campaign->n_strata; i++)
        store_run(self->store, self->stocks.sql + SQL_ADD, "iii", campaign->campaign_id, (int64_t)i,
                  (int64_t)campaign->strata[i]->quota);
}

/* Whether an entitlement in a state has a place that is not another's. */
static bool is_taken(int state)
{
    return state != HEALTH__ENTITLEMENT_STATE__ENTITLEMENT_NONE && state != HEALTH__ENTITLEMENT_STATE__LAPSED &&
           state != HEALTH__ENTITLEMENT_STATE__DECLINED && state != HEALTH__ENTITLEMENT_STATE__TAKEN_BACK;
}

void stocks_follow(struct health *self, const struct entitlement *entitlement, int before)
{
    int64_t more = is_taken(entitlement->state) - is_taken(before);

    if (more && entitlement->place > 0)
        store_run(self->store, self->stocks.sql + SQL_COUNT, "iii", entitlement->campaign_id,
                  (int64_t)entitlement->stratum, more);
}

/* Why the caller cannot take a place now, whether there is one or not. */
static int caller_refusal(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                          int32_t *ret_stratum)
{
    int64_t member_id = rpc_principal(call)->member_id;
    int refusal = booking_refusal(campaign, rpc_now(call));

    if (!refusal && !holder_is(&self->holders, member_id, member_id))
        refusal = RPC__REASON__TOKEN_REVOKED;
    return refusal ? refusal : audience_refusal(self, campaign, site_id, call, ret_stratum);
}

int stock_refusal(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                  int32_t *ret_stratum)
{
    int refusal = caller_refusal(self, campaign, site_id, call, ret_stratum);
    struct stock stock;

    return refusal ? refusal : find_left(self, campaign->campaign_id, *ret_stratum, &stock);
}

bool stock_is_open_again(const Health__Campaign *campaign, const struct entitlement *entitlement)
{
    return campaign->first_come && entitlement->place > 0 && !is_taken(entitlement->state);
}

/* A place of a stratum, with a number of its own, for a member who has none now. */
static int give(struct health *self, const Health__Campaign *campaign, int32_t stratum, int64_t member_id, bool had,
                struct entitlement *entitlement, void *call)
{
    struct stock stock = {0};
    int refusal = find_left(self, campaign->campaign_id, stratum, &stock);
    int32_t place = (int32_t)stock.given + 1;

    if (refusal)
        return refusal;
    if (!had)
        return entitlement_grant(self, campaign, member_id, stratum, place, call, entitlement)
                   ? 0
                   : RPC__REASON__STORE_FAILED;
    entitlement->stratum = stratum;
    entitlement->place = place;
    entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__WON, call);
    return 0;
}

int stock_take(struct health *self, const Health__Campaign *campaign, int64_t site_id, bool had,
               struct entitlement *entitlement, void *call)
{
    int32_t stratum;
    int refusal = caller_refusal(self, campaign, site_id, call, &stratum);

    return refusal ? refusal : give(self, campaign, stratum, rpc_principal(call)->member_id, had, entitlement, call);
}

/* Whether a stratum is for whoever walks in at a site. Of which union and trade she is, the door does not know. */
static bool takes_walk_ins(const Health__Campaign *campaign, const Health__Stratum *stratum, int64_t site_id)
{
    return (!stratum->site_id || stratum->site_id == site_id) &&
           (campaign->n_strata == 1 || (!*stratum->union_path && stratum->n_trades == 0));
}

bool stock_walk_in(struct health *self, const Health__Campaign *campaign, int64_t site_id, int64_t member_id, bool had,
                   struct entitlement *entitlement, void *call)
{
    bool given = false;

    if (!campaign->first_come || (had && !stock_is_open_again(campaign, entitlement)))
        return false;
    for (size_t i = 0; i < campaign->n_strata && !given; i++)
        given = takes_walk_ins(campaign, campaign->strata[i], site_id) &&
                give(self, campaign, (int32_t)i, member_id, had, entitlement, call) == 0;
    return given;
}

static const struct part_stray strays[] = {
    {"campaign", "more or fewer places are taken than it counts, or more than it has",
     "SELECT campaign_id FROM stock WHERE taken > quota OR taken > given OR taken <> "
     "(SELECT count(*) FROM entitlement e WHERE e.campaign_id = stock.campaign_id AND e.stratum = stock.stratum AND "
     "e.place > 0 "
     "AND e.state IN (1, 2, 3, 6)) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec stocks_part = {
    .tables = "stock",
    .others = "stock.quota stock.taken stock.given",
    .steps = &stocks_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .strays = strays,
};
