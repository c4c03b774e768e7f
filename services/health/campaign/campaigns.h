/* campaigns.h: campaigns and packages in the store.
 *
 * Messages are of the arena they are asked into; NULL and false are also what a full
 * arena or a failed store gives (the dispatcher knows of the latter). */
#pragma once
#include "services/health/health.h"

bool packages_add(const struct campaigns *campaigns, const Health__Package *package, struct arena *arena);
Health__Package *packages_find(const struct campaigns *campaigns, int64_t package_id, struct arena *arena);
/* Packages before an id, newest first. */
void packages_ask(const struct campaigns *campaigns, int64_t before);
Health__Package *packages_next(const struct campaigns *campaigns, struct arena *arena);
void packages_end(const struct campaigns *campaigns);

/* Adds a campaign with its sites, each with its price, or replaces a draft. */
bool campaigns_put(const struct campaigns *campaigns, const Health__Campaign *campaign, struct arena *arena);
/* A campaign as it is now, with its sites. */
Health__Campaign *campaigns_find(const struct campaigns *campaigns, int64_t campaign_id, struct arena *arena);
/* Campaigns before an id, newest first; campaigns_next reads them without their sites. */
void campaigns_ask(const struct campaigns *campaigns, int64_t before);
Health__Campaign *campaigns_next(const struct campaigns *campaigns, struct arena *arena);
void campaigns_end(const struct campaigns *campaigns);

/* Those that are announced and not closed, likewise. */
void campaigns_ask_current(const struct campaigns *campaigns);
Health__Campaign *campaigns_next_current(const struct campaigns *campaigns, struct arena *arena);
void campaigns_end_current(const struct campaigns *campaigns);

/* What a check-up costs and the union has for all of them is told to its officials alone. */
void campaign_hide_money(Health__Campaign *campaign);
/* Before a refusal: see audience_tell_renewal. */
void campaign_tell_renewal(const Health__Campaign *campaign, void *call);
/* The site of a campaign, or NULL. */
Health__CampaignSite *campaign_site(const Health__Campaign *campaign, int64_t site_id);
/* Passes to another state, in store, message and journal. */
void campaign_set_state(struct health *self, Health__Campaign *campaign, int state, void *call);
/* The site takes nobody any more in this campaign; says so in the journal. */
void campaign_withdraw_site(struct health *self, const Health__Campaign *campaign, Health__CampaignSite *site,
                            void *call);
void package_journal(const Health__Package *package, void *call);
