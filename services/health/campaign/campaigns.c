#include "services/health/campaign/campaigns.h"

#define COLUMNS "campaign_id, state, void_reason, packed, union_path"

enum {
    SQL_ADD_PACKAGE,
    SQL_FIND_PACKAGE,
    SQL_PACKAGES_BEFORE,
    SQL_PUT,
    SQL_FIND,
    SQL_BEFORE,
    SQL_CURRENT,
    SQL_SET_STATE,
    SQL_SITES,
    SQL_CLEAR_SITES,
    SQL_ADD_SITE,
    SQL_WITHDRAW_SITE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD_PACKAGE] = "INSERT INTO package (package_id, union_path, packed) VALUES (?1, ?2, ?3)",
    [SQL_FIND_PACKAGE] = "SELECT packed, union_path FROM package WHERE package_id = ?1",
    [SQL_PACKAGES_BEFORE] = "SELECT packed, union_path FROM package WHERE package_id < ?1 ORDER BY package_id DESC",
    [SQL_PUT] =
        "INSERT INTO campaign (campaign_id, union_path, package_id, state, opens_at, closes_at, draw_at, packed) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (campaign_id) DO UPDATE SET "
        "package_id = excluded.package_id, opens_at = excluded.opens_at, closes_at = excluded.closes_at, "
        "draw_at = excluded.draw_at, packed = excluded.packed",
    [SQL_FIND] = "SELECT " COLUMNS " FROM campaign WHERE campaign_id = ?1",
    [SQL_BEFORE] = "SELECT " COLUMNS " FROM campaign WHERE campaign_id < ?1 ORDER BY campaign_id DESC",
    [SQL_CURRENT] = "SELECT " COLUMNS " FROM campaign WHERE state BETWEEN 2 AND 6 ORDER BY campaign_id DESC",
    [SQL_SET_STATE] = "UPDATE campaign SET state = ?2, void_reason = ?3 WHERE campaign_id = ?1",
    [SQL_SITES] = "SELECT site_id, withdrawn FROM campaign_site WHERE campaign_id = ?1",
    [SQL_CLEAR_SITES] = "DELETE FROM campaign_site WHERE campaign_id = ?1",
    [SQL_ADD_SITE] = "INSERT INTO campaign_site (campaign_id, site_id, price_fen) VALUES (?1, ?2, ?3)",
    [SQL_WITHDRAW_SITE] = "UPDATE campaign_site SET withdrawn = 1 WHERE campaign_id = ?1 AND site_id = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- packages ---- */

bool packages_add(const struct campaigns *campaigns, const Health__Package *package, struct arena *arena)
{
    size_t len;
    const void *packed = health_pack(&package->base, arena, &len);

    return packed && store_run(campaigns->store, campaigns->sql + SQL_ADD_PACKAGE, "itb", package->package_id,
                               package->union_path, packed, len) != -1;
}

static Health__Package *read_package(const struct campaigns *campaigns, unsigned statement, struct arena *arena)
{
    size_t len;
    const void *packed = store_blob(campaigns->store, statement, 0, &len);
    Health__Package *package = health__package__unpack(&arena->allocator, len, packed);

    if (package)
        package->union_path = health_text(campaigns->store, statement, 1, arena);
    return package && package->union_path ? package : NULL;
}

Health__Package *packages_find(const struct campaigns *campaigns, int64_t package_id, struct arena *arena)
{
    unsigned statement = campaigns->sql + SQL_FIND_PACKAGE;
    Health__Package *package;

    store_ask(campaigns->store, statement, "i", package_id);
    if (!store_row(campaigns->store, statement))
        return NULL;
    package = read_package(campaigns, statement, arena);
    store_end(campaigns->store, statement);
    return package;
}

void packages_ask(const struct campaigns *campaigns, int64_t before)
{
    store_ask(campaigns->store, campaigns->sql + SQL_PACKAGES_BEFORE, "i", before);
}

Health__Package *packages_next(const struct campaigns *campaigns, struct arena *arena)
{
    if (!store_row(campaigns->store, campaigns->sql + SQL_PACKAGES_BEFORE))
        return NULL;
    return read_package(campaigns, campaigns->sql + SQL_PACKAGES_BEFORE, arena);
}

void packages_end(const struct campaigns *campaigns)
{
    store_end(campaigns->store, campaigns->sql + SQL_PACKAGES_BEFORE);
}

/* ---- campaigns ---- */

/* Whom it is for is kept apart (common/benefit/audience). */
bool campaigns_put(const struct campaigns *campaigns, const Health__Campaign *campaign, struct arena *arena)
{
    const struct health *self = container_of(campaigns, struct health, campaigns);
    struct store *store = campaigns->store;
    Health__Campaign kept = *campaign;
    struct audience_rules rules;
    const void *packed;
    size_t len;
    bool added;

    kept.audience = NULL;
    packed = health_pack(&kept.base, arena, &len);
    audience_compile(campaign->audience, &rules);
    audience_put(&self->audience, campaign->campaign_id, &rules);
    added = packed && store_run(store, campaigns->sql + SQL_PUT, "itiiiiib", campaign->campaign_id,
                                campaign->union_path, campaign->package_id, (int64_t)campaign->state,
                                campaign->opens_at, campaign->closes_at, campaign->draw_at, packed, len) != -1;

    store_run(store, campaigns->sql + SQL_CLEAR_SITES, "i", campaign->campaign_id);
    for (size_t i = 0; i < campaign->n_sites && added; i++)
        added = store_run(store, campaigns->sql + SQL_ADD_SITE, "iii", campaign->campaign_id,
                          campaign->sites[i]->site_id, campaign->sites[i]->price_fen) != -1;
    return added;
}

static Health__Campaign *read_campaign(const struct campaigns *campaigns, unsigned statement, struct arena *arena)
{
    const struct health *self = container_of(campaigns, struct health, campaigns);
    struct audience_rules rules;
    size_t len;
    const void *packed = store_blob(campaigns->store, statement, 3, &len);
    Health__Campaign *campaign = health__campaign__unpack(&arena->allocator, len, packed);

    if (!campaign)
        return NULL;
    campaign->base.n_unknown_fields = 0; /* whom it was for, before that was kept apart */
    campaign->campaign_id = store_int(campaigns->store, statement, 0);
    campaign->state = (Health__CampaignState)store_int(campaigns->store, statement, 1);
    campaign->void_reason = health_text(campaigns->store, statement, 2, arena);
    campaign->union_path = health_text(campaigns->store, statement, 4, arena);
    audience_find(&self->audience, campaign->campaign_id, &rules);
    campaign->audience = audience_message(&rules, 0, arena);
    return campaign->void_reason && campaign->union_path && campaign->audience ? campaign : NULL;
}

static void read_sites(const struct campaigns *campaigns, Health__Campaign *campaign)
{
    unsigned statement = campaigns->sql + SQL_SITES;
    int64_t site_id;
    bool withdrawn;

    store_ask(campaigns->store, statement, "i", campaign->campaign_id);
    while (store_read(campaigns->store, statement, INTO(site_id), INTO(withdrawn))) {
        Health__CampaignSite *site = campaign_site(campaign, site_id);

        if (site)
            site->withdrawn = withdrawn;
    }
}

Health__Campaign *campaigns_find(const struct campaigns *campaigns, int64_t campaign_id, struct arena *arena)
{
    unsigned statement = campaigns->sql + SQL_FIND;
    Health__Campaign *campaign;

    store_ask(campaigns->store, statement, "i", campaign_id);
    if (!store_row(campaigns->store, statement))
        return NULL;
    campaign = read_campaign(campaigns, statement, arena);
    store_end(campaigns->store, statement);
    if (campaign)
        read_sites(campaigns, campaign);
    return campaign;
}

void campaigns_ask(const struct campaigns *campaigns, int64_t before)
{
    store_ask(campaigns->store, campaigns->sql + SQL_BEFORE, "i", before);
}

Health__Campaign *campaigns_next(const struct campaigns *campaigns, struct arena *arena)
{
    if (!store_row(campaigns->store, campaigns->sql + SQL_BEFORE))
        return NULL;
    return read_campaign(campaigns, campaigns->sql + SQL_BEFORE, arena);
}

void campaigns_end(const struct campaigns *campaigns)
{
    store_end(campaigns->store, campaigns->sql + SQL_BEFORE);
}

void campaigns_ask_current(const struct campaigns *campaigns)
{
    store_ask(campaigns->store, campaigns->sql + SQL_CURRENT, "");
}

Health__Campaign *campaigns_next_current(const struct campaigns *campaigns, struct arena *arena)
{
    if (!store_row(campaigns->store, campaigns->sql + SQL_CURRENT))
        return NULL;
    return read_campaign(campaigns, campaigns->sql + SQL_CURRENT, arena);
}

void campaigns_end_current(const struct campaigns *campaigns)
{
    store_end(campaigns->store, campaigns->sql + SQL_CURRENT);
}

/* ---- one campaign ---- */

void campaign_hide_money(Health__Campaign *campaign)
{
    campaign->price_fen = campaign->budget_fen = 0;
    for (size_t i = 0; i < campaign->n_sites; i++)
        campaign->sites[i]->price_fen = 0;
}

void campaign_tell_renewal(const Health__Campaign *campaign, void *call)
{
    struct audience_rules rules;

    audience_compile(campaign->audience, &rules);
    audience_tell_renewal(&rules, call);
}

Health__CampaignSite *campaign_site(const Health__Campaign *campaign, int64_t site_id)
{
    for (size_t i = 0; i < campaign->n_sites; i++) {
        if (campaign->sites[i]->site_id == site_id)
            return campaign->sites[i];
    }
    return NULL;
}

void campaign_set_state(struct health *self, Health__Campaign *campaign, int state, void *call)
{
    Health__CampaignChanged changed = HEALTH__CAMPAIGN_CHANGED__INIT;

    campaign->state = (Health__CampaignState)state;
    store_run(self->store, self->campaigns.sql + SQL_SET_STATE, "iit", campaign->campaign_id, (int64_t)state,
              campaign->void_reason);
    changed.campaign_id = campaign->campaign_id;
    changed.state = campaign->state;
    changed.union_path = campaign->union_path;
    rpc_tell(call, &changed.base);
}

void campaign_withdraw_site(struct health *self, const Health__Campaign *campaign, Health__CampaignSite *site,
                            void *call)
{
    Health__SiteWithdrawn withdrawn = HEALTH__SITE_WITHDRAWN__INIT;

    site->withdrawn = true;
    store_run(self->store, self->campaigns.sql + SQL_WITHDRAW_SITE, "ii", campaign->campaign_id, site->site_id);
    withdrawn.campaign_id = campaign->campaign_id;
    withdrawn.site_id = site->site_id;
    rpc_tell(call, &withdrawn.base);
}

void package_journal(const Health__Package *package, void *call)
{
    Health__PackageMade made = HEALTH__PACKAGE_MADE__INIT;

    made.package_id = package->package_id;
    made.union_path = package->union_path;
    rpc_tell(call, &made.base);
}

static const struct part_stray strays[] = {
    {"campaign", "is for nobody",
     "SELECT campaign_id FROM campaign WHERE campaign_id NOT IN (SELECT audience_id FROM audience) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec campaigns_part = {
    .tables = "package campaign campaign_site",
    .steps = &campaigns_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(campaign_id) FROM campaign), 0), "
               "coalesce((SELECT max(package_id) FROM package), 0))",
    .strays = strays,
    .moves = "package.union_path campaign.union_path",
};
