#include "common/base/union_path.h"
#include "services/health/api.h"
#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/lots.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"

/* ---- unions ---- */

static int name_union(struct health *self, const char *path, int64_t *union_id, void *call)
{
    return *union_id ? 0 : tree_id(&self->tree, path, call, union_id);
}

int package_name_unions(struct health *self, Health__Package *package, void *call)
{
    return name_union(self, package->union_path, &package->union_id, call);
}

int site_name_unions(struct health *self, Health__Site *site, void *call)
{
    return name_union(self, site->union_path, &site->union_id, call);
}

int campaign_name_unions(struct health *self, Health__Campaign *campaign, void *call)
{
    int reason = name_union(self, campaign->union_path, &campaign->union_id, call);

    if (!reason)
        reason = name_union(self, campaign->audience->union_path, &campaign->audience->union_id, call);
    for (size_t i = 0; i < campaign->n_strata && !reason; i++)
        reason = name_union(self, campaign->strata[i]->union_path, &campaign->strata[i]->union_id, call);
    return reason;
}

static void reply_campaign(struct health *self, Health__Campaign *campaign, Health__Campaign_Closure reply, void *call)
{
    int reason = campaign_name_unions(self, campaign, call);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply(campaign, call);
}

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
    package.union_path = tree_path(&self->tree, package.union_id, "package.unionId", call);
    if (!package.union_path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, package.union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "package.unionId");
        return;
    }
    refusal = package_refusal(&package, &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
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
    Health__Package *package = packages_find(&self->campaigns, req->package_id, rpc_arena(call));
    int reason = package ? package_name_unions(self, package, call) : HEALTH__REASON__PACKAGE_NOT_FOUND;

    if (reason)
        rpc_refuse(call, reason);
    else
        reply(package, call);
}

/* rpc ListPackages: what a campaign of a union may give, newest first. What is above it is everybody's to read. */
static void campaigns__list_packages(Health__Campaigns_Service *service, const Health__ListPackagesRequest *req,
                                     Health__PackageList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__PackageList list = HEALTH__PACKAGE_LIST__INIT;
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    Health__Package *package;
    int reason = 0;

    if (!of)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, of)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    packages_ask(&self->campaigns, rpc_page(call)->before);
    while ((package = packages_next(&self->campaigns, rpc_arena(call)))) {
        if (!union_path_covers(of, package->union_path) && !union_path_covers(package->union_path, of))
            continue;
        if (!rpc_page_takes(call, package->package_id))
            break;
        rpc_add(call, &list, packages, package);
    }
    packages_end(&self->campaigns);
    for (size_t i = 0; i < list.n_packages && !reason; i++)
        reason = package_name_unions(self, list.packages[i], call);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&list, call);
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
    if (draft->first_come) {
        draft->opens_at = draft->book_from;
        draft->closes_at = draft->book_until;
    }
    draft->void_reason = "";
    draft->state = HEALTH__CAMPAIGN_STATE__DRAFT;
    return 0;
}

/* Finds where the unions are that a draft is for; false after refusing. */
static bool find_unions(struct health *self, Health__Campaign *draft, void *call)
{
    struct arena *arena = rpc_arena(call);
    struct audience_rules rules;
    int64_t union_id = draft->audience && draft->audience->union_id ? draft->audience->union_id : draft->union_id;

    if (!audience_take(&self->tree, draft->audience, draft->union_path, "campaign.audience", call, &rules))
        return false;
    if (rules.level < (int32_t)RPC__LEVEL__MEMBER) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "campaign.audience.level");
        return false;
    }
    draft->audience = audience_message(&rules, union_id, arena);
    if (!draft->audience) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return false;
    }
    for (size_t i = 0; i < draft->n_strata; i++) {
        Health__Stratum *stratum = draft->strata[i];
        char *field = arena_printf(arena, "campaign.strata[%zu].unionId", i);

        stratum->union_path = tree_path(&self->tree, stratum->union_id, field ? field : "campaign.strata", call);
        if (!stratum->union_path)
            return false;
    }
    return true;
}

static void put_draft(struct health *self, Health__Campaign *draft, Health__Campaign_Closure reply, void *call)
{
    const char *field = "campaign";
    int refusal;

    if (!find_unions(self, draft, call))
        return;
    refusal = draft_refusal(self, draft, call, &field);
    if (rpc_refuse_field_if(call, refusal, field) ||
        !granted_take(&self->tree, draft->counts, draft->union_id, draft->union_path, "campaign.counts", call))
        return;
    if (!campaigns_put(&self->campaigns, draft, rpc_arena(call))) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (costs_commit(self, draft, 0, call)) {
        rpc_refuse_field(call, HEALTH__REASON__BUDGET_EXCEEDED, "campaign.budgetFen");
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
    draft->union_path = tree_path(&self->tree, draft->union_id, "campaign.unionId", call);
    if (!draft->union_path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, draft->union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "campaign.unionId");
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
    Health__Campaign *old = campaign_of_official(self, req->campaign_id, call), *draft = req->campaign;
    int reason = old ? campaign_name_unions(self, old, call) : 0;

    if (reason)
        rpc_refuse(call, reason);
    if (!old || reason)
        return;
    if (!draft) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "campaign");
        return;
    }
    if (old->state != HEALTH__CAMPAIGN_STATE__DRAFT) {
        struct lot_terms terms = lot_terms_of(old, NULL);

        lottery_note_attempt(&self->lottery, &terms, LOTTERY__ATTEMPT__CHANGE_TERMS, call);
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_FIXED);
        return;
    }
    draft->campaign_id = old->campaign_id;
    draft->union_path = old->union_path;
    draft->union_id = old->union_id;
    draft->created_at = old->created_at;
    put_draft(self, draft, reply, call);
}

static bool sees_money(const Health__Campaign *campaign, void *call)
{
    static const Rule__Role roles[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__AUDIT_ADMIN};

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (rpc_has_role(call, roles[i], campaign->union_path))
            return true;
    }
    return false;
}

/* rpc GetCampaign: for whoever asks; a draft only for its union's officials. */
static void campaigns__get_campaign(Health__Campaigns_Service *service, const Health__CampaignRequest *req,
                                    Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));

    if (!campaign || (campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT &&
                      !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path))) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    if (!sees_money(campaign, call))
        campaign_hide_money(campaign);
    reply_campaign(self, campaign, reply, call);
}

/* rpc ListCampaigns: those of the caller's unions, newest first. */
static void campaigns__list_campaigns(Health__Campaigns_Service *service, const Health__ListCampaignsRequest *req,
                                      Health__CampaignList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__CampaignList list = HEALTH__CAMPAIGN_LIST__INIT;
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    Health__Campaign *campaign;
    int reason = 0;

    if (!of)
        return;
    campaigns_ask(&self->campaigns, rpc_page(call)->before);
    while ((campaign = campaigns_next(&self->campaigns, rpc_arena(call)))) {
        if (!rpc_page_wants(call, (int)campaign->state) || !union_path_covers(of, campaign->union_path) ||
            !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path))
            continue;
        if (!rpc_page_takes(call, campaign->campaign_id))
            break;
        rpc_add(call, &list, campaigns, campaign);
    }
    campaigns_end(&self->campaigns);
    for (size_t i = 0; i < list.n_campaigns && !reason; i++)
        reason = campaign_name_unions(self, list.campaigns[i], call);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&list, call);
}

/* rpc WithdrawSite: takes nobody any more in this campaign; who has booked there is
 * told by whoever follows the journal, and books elsewhere. */
static void campaigns__withdraw_site(Health__Campaigns_Service *service, const Health__CampaignSiteRequest *req,
                                     Health__Campaign_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, campaigns_service);
    Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
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
    reply_campaign(self, campaign, reply, call);
}

const Health__Campaigns_Service campaigns_api = HEALTH__CAMPAIGNS__INIT(campaigns__);
