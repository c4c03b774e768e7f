#include "common/base/union_path.h"
#include "services/health/api.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entries.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"

/* ---- packages ---- */

/* rpc CreatePackage: what is examined. */
static void campaigns__create_package(Health__Campaigns_Service *service, const Health__CreatePackageRequest *req,
                                      Health__Package_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    const char *field = "package";
    Health__Package package;
    int refusal;

    if (!req->package) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, field);
        return;
    }
    package = *req->package;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, package.union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "package.unionPath");
        return;
    }
    refusal = package_refusal(&package, &field);
    if (refusal) {
        rpc_refuse_field(call, refusal, field);
        return;
    }
    package.package_id = id_next(&self->ids, rpc_now(call));
    package.created_at = rpc_now(call);
    if (!packages_add(&self->campaigns, &package, rpc_arena(call))) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    package_journal(&package, call);
    rpc_created(call);
    reply(&package, call);
}

/* rpc GetPackage: for whoever asks. */
static void campaigns__get_package(Health__Campaigns_Service *service, const Health__PackageRequest *req,
                                   Health__Package_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    const Health__Package *package = packages_find(&self->campaigns, req->package_id, rpc_arena(call));

    if (package)
        reply(package, call);
    else
        rpc_refuse(call, HEALTH__REASON__PACKAGE_NOT_FOUND);
}

/* ---- campaigns ---- */

/* Sites exist, are not closed and belong to the union, to one above or below it. */
static int used_sites_refusal(struct health *self, const Health__Campaign *campaign, struct arena *arena)
{
    for (size_t i = 0; i < campaign->n_sites; i++) {
        const Health__Site *site = sites_find(&self->sites, campaign->sites[i]->site_id, arena);

        if (!site || site->closed)
            return HEALTH__REASON__SITE_NOT_FOUND;
        if (!union_path_covers(site->union_path, campaign->union_path) &&
            !union_path_covers(campaign->union_path, site->union_path))
            return RPC__REASON__OUTSIDE_YOUR_UNION;
    }
    return 0;
}

/* Checks a draft and completes it: the state it has, prices, whom it is for. */
static int draft_refusal(struct health *self, Health__Campaign *draft, void *call, const char **ret_field)
{
    int refusal = campaign_refusal(draft, rpc_now(call), ret_field);

    if (refusal)
        return refusal;
    *ret_field = "campaign.packageId";
    if (!packages_find(&self->campaigns, draft->package_id, rpc_arena(call)))
        return HEALTH__REASON__PACKAGE_NOT_FOUND;
    *ret_field = "campaign.sites";
    refusal = used_sites_refusal(self, draft, rpc_arena(call));
    if (refusal)
        return refusal;
    for (size_t i = 0; i < draft->n_sites; i++) {
        draft->sites[i]->withdrawn = false;
        if (!draft->sites[i]->price_fen)
            draft->sites[i]->price_fen = draft->price_fen;
    }
    if (!*draft->eligible_path)
        draft->eligible_path = draft->union_path;
    draft->void_reason = "";
    draft->state = HEALTH__CAMPAIGN_STATE__DRAFT;
    return 0;
}

static void put_draft(struct health *self, Health__Campaign *draft, Health__Campaign_Closure reply, void *call)
{
    const char *field = "campaign";
    int refusal = draft_refusal(self, draft, call, &field);

    if (refusal) {
        rpc_refuse_field(call, refusal, field);
        return;
    }
    if (!campaigns_put(&self->campaigns, draft, rpc_arena(call))) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    campaign_set_state(self, draft, HEALTH__CAMPAIGN_STATE__DRAFT, call);
    reply(draft, call);
}

/* rpc CreateCampaign: a draft that its union's officials see. */
static void campaigns__create_campaign(Health__Campaigns_Service *service, const Health__CreateCampaignRequest *req,
                                       Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__Campaign *draft = req->campaign;

    if (!draft) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "campaign");
        return;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, draft->union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "campaign.unionPath");
        return;
    }
    draft->campaign_id = id_next(&self->ids, rpc_now(call));
    draft->created_at = rpc_now(call);
    rpc_created(call);
    put_draft(self, draft, reply, call);
}

Health__Campaign *campaign_of_official(struct health *self, int64_t campaign_id, void *call)
{
    Health__Campaign *campaign = campaigns_find(&self->campaigns, campaign_id, rpc_arena(call));

    if (!campaign) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return NULL;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return NULL;
    }
    return campaign;
}

/* rpc UpdateCampaign: replaces a draft; its union stays. */
static void campaigns__update_campaign(Health__Campaigns_Service *service, const Health__UpdateCampaignRequest *req,
                                       Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    const Health__Campaign *old = campaign_of_official(self, req->campaign_id, call);
    Health__Campaign *draft = req->campaign;

    if (!old)
        return;
    if (!draft) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "campaign");
        return;
    }
    if (old->state != HEALTH__CAMPAIGN_STATE__DRAFT) {
        attempt_note(self, old, HEALTH__ATTEMPT__CHANGE_TERMS, call);
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_FIXED);
        return;
    }
    draft->campaign_id = old->campaign_id;
    draft->union_path = old->union_path;
    draft->created_at = old->created_at;
    put_draft(self, draft, reply, call);
}

/* rpc GetCampaign: for whoever asks; a draft only for its union's officials. */
static void campaigns__get_campaign(Health__Campaigns_Service *service, const Health__CampaignRequest *req,
                                    Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));

    if (!campaign || (campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT &&
                      !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path))) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    reply(campaign, call);
}

/* rpc ListCampaigns: those of the caller's unions, newest first. */
static void campaigns__list_campaigns(Health__Campaigns_Service *service, const Health__ListCampaignsRequest *req,
                                      Health__CampaignList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__CampaignList list = HEALTH__CAMPAIGN_LIST__INIT;
    Health__Campaign *campaign;

    campaigns_ask(&self->campaigns, rpc_page(call)->before);
    while ((campaign = campaigns_next(&self->campaigns, rpc_arena(call)))) {
        if (!union_path_covers(req->union_path, campaign->union_path) ||
            !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path))
            continue;
        if (!rpc_page_takes(call, campaign->campaign_id))
            break;
        rpc_add(call, &list, campaigns, campaign);
    }
    campaigns_end(&self->campaigns);
    reply(&list, call);
}

/* rpc WithdrawSite: takes nobody any more in this campaign; who has booked there is
 * told by whoever follows the journal, and books elsewhere. */
static void campaigns__withdraw_site(Health__Campaigns_Service *service, const Health__CampaignSiteRequest *req,
                                     Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    const Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    Health__CampaignSite *site;

    if (!campaign)
        return;
    site = campaign_site(campaign, req->site_id);
    if (!site) {
        rpc_refuse(call, HEALTH__REASON__SITE_NOT_IN_CAMPAIGN);
        return;
    }
    if (campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT || campaign->state >= HEALTH__CAMPAIGN_STATE__CLOSED) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_STATE_WRONG);
        return;
    }
    if (!site->withdrawn)
        campaign_withdraw_site(self, campaign, site, call);
    reply(campaign, call);
}

const Health__Campaigns_Service campaigns_api = HEALTH__CAMPAIGNS__INIT(campaigns__);
