#include "common/base/union_path.h"
#include "services/health/api.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"
#include "services/health/booking/visits.h"

#define NEAR_USUAL 20
#define NEAR_MAX   50
#define STAFF_MAX  200 /* of one site */

/* What an answer says of a site beside what it is. 0 or a Reason. */
static int complete_site(struct health *self, Health__Site *site, void *call)
{
    site->directions = map_directions(site->name, site->lat_e6, site->lon_e6, rpc_arena(call));
    return site->directions ? site_name_unions(self, site, call) : RPC__REASON__OVERLOADED;
}

static void reply_site(struct health *self, Health__Site *site, Health__Site_Closure reply, void *call)
{
    int reason = complete_site(self, site, call);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply(site, call);
}

static void undo_add(void *map, int64_t site_id, int64_t unused)
{
    (void)unused;
    map_remove(map, site_id);
}

static void undo_close(void *map, int64_t site_id, int64_t until)
{
    map_end(map, site_id, until);
}

/* rpc CreateSite: a hospital, or one stop of the van. */
static void sites__create_site(Health__Sites_Service *service, const Health__CreateSiteRequest *req,
                               Health__Site_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    Health__Site *site = req->site;
    const char *field = "site";
    int refusal;

    if (!site) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, field);
        return;
    }
    site->union_path = tree_path(&self->tree, site->union_id, "site.unionId", call);
    if (!site->union_path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "site.unionId");
        return;
    }
    refusal = site_refusal(site, rpc_now(call), &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    site->site_id = id_next(&self->ids, rpc_now(call));
    site->closed = false;
    site->directions = "";
    if (!sites_add(&self->sites, site, rpc_arena(call)) || !site_on_map(&self->map, site)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    rpc_on_undo(call, undo_add, &self->map, site->site_id, 0);
    site_journal(site, call);
    rpc_created(call);
    reply_site(self, site, reply, call);
}

/* rpc GetSite: for whoever asks. */
static void sites__get_site(Health__Sites_Service *service, const Health__SiteRequest *req, Health__Site_Closure reply,
                            void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    Health__Site *site = sites_find(&self->sites, req->site_id, rpc_arena(call));

    if (site)
        reply_site(self, site, reply, call);
    else
        rpc_refuse(call, HEALTH__REASON__SITE_NOT_FOUND);
}

/* Whether it is in a state that is asked for. */
static bool is_wanted(const Health__Site *site, void *call)
{
    return rpc_page_wants(call,
                          site->closed ? HEALTH__SITE_STATE__SITE_STATE_CLOSED : HEALTH__SITE_STATE__SITE_STATE_OPEN);
}

/* rpc ListSites: of a union and all below it, in order of making. */
static void sites__list_sites(Health__Sites_Service *service, const Health__ListSitesRequest *req,
                              Health__SiteList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    struct arena *arena = rpc_arena(call);
    Health__SiteList list = HEALTH__SITE_LIST__INIT;
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    Health__Site *site;
    int reason = 0;

    if (!of)
        return;
    sites_ask(&self->sites, rpc_page(call)->after);
    while ((site = sites_next(&self->sites, arena))) {
        if (!union_path_covers(of, site->union_path) || !is_wanted(site, call))
            continue;
        if (!rpc_page_takes(call, site->site_id))
            break;
        rpc_add(call, &list, sites, site);
    }
    sites_end(&self->sites);
    for (size_t i = 0; i < list.n_sites && !reason; i++)
        reason = complete_site(self, list.sites[i], call);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&list, call);
}

/* The ids of a campaign's sites that take somebody, in rising order. */
static int64_t *open_sites(struct health *self, const Health__Campaign *campaign, bool free_only, void *call,
                           size_t *ret_n)
{
    int64_t *ids = arena_alloc(rpc_arena(call), (campaign->n_sites + 1) * sizeof(*ids));
    size_t n = 0;

    for (size_t i = 0; ids && i < campaign->n_sites; i++) {
        size_t at = n;

        if (campaign->sites[i]->withdrawn || (free_only && slots_free(&self->slots, campaign->campaign_id,
                                                                      campaign->sites[i]->site_id, rpc_now(call)) == 0))
            continue;
        for (; at > 0 && ids[at - 1] > campaign->sites[i]->site_id; at--)
            ids[at] = ids[at - 1];
        ids[at] = campaign->sites[i]->site_id;
        n++;
    }
    *ret_n = n;
    return ids;
}

static void reply_near(struct health *self, int64_t campaign_id, const struct near *near, size_t n,
                       Health__NearSiteList_Closure reply, void *call)
{
    struct arena *arena = rpc_arena(call);
    Health__NearSite *sites = arena_alloc(arena, (n + 1) * sizeof(*sites));
    Health__NearSiteList list = HEALTH__NEAR_SITE_LIST__INIT;
    int reason;

    list.sites = arena_alloc(arena, (n + 1) * sizeof(*list.sites));
    reason = sites && list.sites ? 0 : RPC__REASON__OVERLOADED;
    for (size_t i = 0; i < n && !reason; i++) {
        health__near_site__init(&sites[i]);
        sites[i].site = sites_find(&self->sites, near[i].place_id, arena);
        sites[i].metres = (int32_t)(near[i].metres + 0.5);
        if (campaign_id)
            sites[i].free = slots_free(&self->slots, campaign_id, near[i].place_id, rpc_now(call));
        reason = sites[i].site ? complete_site(self, sites[i].site, call) : RPC__REASON__OVERLOADED;
        list.sites[i] = &sites[i];
    }
    list.n_sites = n;
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&list, call);
}

/* rpc ListNearest: the sites by distance from where she stands. */
static void sites__list_nearest(Health__Sites_Service *service, const Health__NearestSitesRequest *req,
                                Health__NearSiteList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    size_t limit = req->limit ? (size_t)req->limit : NEAR_USUAL, n;
    const Health__Campaign *campaign = NULL;
    struct map_ids only = {NULL, 0};
    const struct map_filter filter = {map_is_among, &only};
    struct near near[NEAR_MAX];

    if (req->campaign_id) {
        campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
        if (!campaign || campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT) {
            rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
            return;
        }
        only.ids = open_sites(self, campaign, req->free_only, call, &only.n);
    }
    if (campaign && !only.ids) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (limit > NEAR_MAX)
        limit = NEAR_MAX;
    n = map_nearest(&self->map, req->lat_e6, req->lon_e6, rpc_now(call), campaign ? &filter : NULL, near, limit);
    reply_near(self, req->campaign_id, near, n, reply, call);
}

static Health__Site *site_of_official(struct health *self, int64_t site_id, void *call)
{
    Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    if (!site) {
        rpc_refuse(call, HEALTH__REASON__SITE_NOT_FOUND);
        return NULL;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return NULL;
    }
    return site;
}

/* rpc CloseSite: for good; campaigns that name it go on. */
static void sites__close_site(Health__Sites_Service *service, const Health__SiteRequest *req,
                              Health__Site_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    Health__Site *site = site_of_official(self, req->site_id, call);

    if (!site)
        return;
    if (!site->closed) {
        site->closed = true;
        sites_close(&self->sites, site->site_id);
        rpc_on_undo(call, undo_close, &self->map, site->site_id, map_end(&self->map, site->site_id, 0));
        site_journal(site, call);
    }
    reply_site(self, site, reply, call);
}

/* False: for want of memory, or since the page of a list is full. */
static bool add_record(const Health__StaffRecord *record, bool pages, Health__StaffList *list, void *call)
{
    Health__StaffRecord *copy = arena_message(rpc_arena(call), &health__staff_record__descriptor);
    char duty[2] = {(char)('0' + record->duty), '\0'};

    if (!copy || (pages && !rpc_page_takes_at(call, duty, record->member_id)))
        return false;
    *copy = *record;
    rpc_add(call, list, staff, copy);
    return true;
}

/* A page of them, or all. */
static void reply_staff(struct health *self, int64_t site_id, bool pages, Health__StaffList_Closure reply, void *call)
{
    Health__StaffList list = HEALTH__STAFF_LIST__INIT;
    Health__StaffRecord record;

    if (pages)
        staff_ask(&self->sites, site_id, (int)strtol(rpc_page(call)->place, NULL, 10), rpc_page(call)->after);
    else
        staff_ask(&self->sites, site_id, 0, 0);
    while (staff_next(&self->sites, &record) && add_record(&record, pages, &list, call))
        continue;
    staff_end(&self->sites);
    reply(&list, call);
}

/* rpc SetStaff: gives a person a duty at a site, or takes it. */
static void sites__set_staff(Health__Sites_Service *service, const Health__SetStaffRequest *req,
                             Health__StaffList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    const Health__Site *site = site_of_official(self, req->site_id, call);

    if (!site)
        return;
    if (req->duty != HEALTH__DUTY__SCANS && req->duty != HEALTH__DUTY__REPORTS) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "duty");
        return;
    }
    if (req->member_id <= 0) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "memberId");
        return;
    }
    if (staff_set(&self->sites, site->site_id, req->member_id, (int)req->duty, req->off))
        staff_journal(req, call);
    if (!req->off && staff_count(&self->sites, site->site_id) > STAFF_MAX) {
        rpc_fact_number(call, "maximum", STAFF_MAX);
        rpc_refuse(call, HEALTH__REASON__TOO_MANY_STAFF);
        return;
    }
    reply_staff(self, site->site_id, false, reply, call);
}

/* rpc ListStaff: who has which duty at a site. */
static void sites__list_staff(Health__Sites_Service *service, const Health__ListStaffRequest *req,
                              Health__StaffList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    const Health__Site *site = site_of_official(self, req->site_id, call);

    if (site)
        reply_staff(self, site->site_id, true, reply, call);
}

/* rpc ListMySites: where the caller scans. */
static void sites__list_my_sites(Health__Sites_Service *service, const Health__MySitesRequest *req,
                                 Health__SiteList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, sites_service);
    Health__SiteList list = HEALTH__SITE_LIST__INIT;
    Health__Site *site;
    int reason = 0;

    (void)req;
    sites_ask_of_staff(&self->sites, rpc_principal(call)->member_id, HEALTH__DUTY__SCANS, rpc_page(call)->after);
    while ((site = sites_next_of_staff(&self->sites, rpc_arena(call)))) {
        if (!rpc_has_role(call, RULE__ROLE__CHECKUP_STAFF, site->union_path) || !is_wanted(site, call))
            continue;
        if (!rpc_page_takes(call, site->site_id))
            break;
        rpc_add(call, &list, sites, site);
    }
    sites_end_of_staff(&self->sites);
    for (size_t i = 0; i < list.n_sites && !reason; i++)
        reason = complete_site(self, list.sites[i], call);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&list, call);
}

const Health__Sites_Service sites_api = HEALTH__SITES__INIT(sites__);
