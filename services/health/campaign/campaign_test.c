/* Campaigns and packages through the service. */
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static void a_package_is_kept_as_it_was_made(void **state)
{
    Health__PackageRequest request = HEALTH__PACKAGE_REQUEST__INIT;
    const Health__Package *package;

    (void)state;
    request.package_id = a_package(&h);
    harness_reopen(&h);
    package =
        harness_output(&h, harness_call(&h, "Campaigns.GetPackage", &request.base, harness_member(&h, 1, TOWN), NULL),
                       &health__package__descriptor);
    assert_string_equal(package->items[1]->name, "血糖");
    request.package_id++;
    assert_refused(harness_call(&h, "Campaigns.GetPackage", &request.base, harness_member(&h, 1, TOWN), NULL),
                   "PACKAGE_NOT_FOUND");
}

static void a_package_with_a_hepatitis_b_item_is_refused(void **state)
{
    int64_t rows = journal_rows(&h);

    (void)state;
    assert_refused(create_package(&h, manager_of(&h, UNION), "5195-3", "表面抗原"), "HEPATITIS_B_ITEM");
    assert_refused(create_package(&h, manager_of(&h, UNION), "X1", "乙肝两对半"), "HEPATITIS_B_ITEM");
    assert_int_equal(journal_rows(&h), rows);
}

static void a_package_of_nothing_is_refused(void **state)
{
    Health__CreatePackageRequest request = HEALTH__CREATE_PACKAGE_REQUEST__INIT;
    Health__Package package = HEALTH__PACKAGE__INIT;

    (void)state;
    package.title = "空套餐";
    package.union_id = a_union(&h, UNION);
    request.package = &package;
    assert_refused(call_once(&h, "Campaigns.CreatePackage", &request.base, manager_of(&h, UNION)), "NO_PACKAGE_ITEMS");
}

static void only_officials_of_the_union_or_above_make_things(void **state)
{
    Health__Site site = a_site_draft(&h);
    Health__Campaign *draft = a_draft(&h, 10);

    (void)state;
    assert_refused(create_package(&h, manager_of(&h, TOWN), "2345-7", "血糖"), "OUTSIDE_YOUR_UNION");
    assert_refused(create_site(&h, manager_of(&h, TOWN), &site), "OUTSIDE_YOUR_UNION");
    assert_refused(create_campaign(&h, manager_of(&h, TOWN), draft), "OUTSIDE_YOUR_UNION");
    assert_refused(create_campaign(&h, harness_official(&h, 1, RULE__ROLE__FINANCE, ""), draft), "NOT_OFFICIAL");
    assert_ok(create_campaign(&h, manager_of(&h, ""), draft));
}

static void a_draft_is_seen_by_its_officials_alone(void **state)
{
    int64_t id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 10)))->campaign_id;
    const Health__Campaign *campaign;

    (void)state;
    assert_refused(on_campaign(&h, "Campaigns.GetCampaign", id, harness_member(&h, 1, TOWN)), "CAMPAIGN_NOT_FOUND");
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", id, manager_of(&h, UNION)));
    assert_int_equal(campaign->state, HEALTH__CAMPAIGN_STATE__DRAFT);
    assert_int_equal(campaign->sites[0]->price_fen, 11600);
    assert_int_equal(campaign->union_id, a_union(&h, UNION));
    assert_int_equal(campaign->audience->union_id, a_union(&h, UNION));
}

/* One natural person enters once, which nobody knows of who is no member. */
static void a_checkup_is_for_members_at_least(void **state)
{
    Health__Campaign *draft = a_draft(&h, 10);

    (void)state;
    whom(&h, draft)->level = RPC__LEVEL__REAL_NAME;
    assert_refused_at(create_campaign(&h, manager_of(&h, UNION), draft), "OUT_OF_RANGE", "campaign.audience.level");
    whom(&h, draft)->level = RPC__LEVEL__CATEGORY;
    assert_int_equal(campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->audience->level,
                     RPC__LEVEL__CATEGORY);
}

static void a_draft_is_replaced_and_keeps_its_union(void **state)
{
    Health__UpdateCampaignRequest request = HEALTH__UPDATE_CAMPAIGN_REQUEST__INIT;
    const Health__Campaign *campaign;

    (void)state;
    request.campaign_id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 10)))->campaign_id;
    request.campaign = a_draft(&h, 20);
    request.campaign->union_id = a_union(&h, TOWN);
    assert_ok(harness_call(&h, "Campaigns.UpdateCampaign", &request.base, manager_of(&h, UNION), NULL));
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", request.campaign_id, manager_of(&h, UNION)));
    assert_int_equal(campaign->union_id, a_union(&h, UNION));
    assert_int_equal(campaign->strata[0]->quota, 20);
    assert_int_equal(campaign->n_sites, 1);
}

static void a_wrong_draft_names_what_is_wrong(void **state)
{
    static const char *const reasons[] = {
        "OPENS_TOO_SOON", "TIMES_OUT_OF_ORDER", "AGES_OUT_OF_ORDER", "NO_SITES",          "PRICE_MISSING",
        "NO_PLACES",      "BUDGET_EXCEEDED",    "SITE_NOT_FOUND",    "PACKAGE_NOT_FOUND", "SITE_NOT_IN_CAMPAIGN",
        "SITE_TWICE",     "OUTSIDE_YOUR_UNION"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        Health__Campaign *draft = a_draft(&h, 10);
        Health__CampaignSite *twice[] = {draft->sites[0], draft->sites[0]};
        int64_t rows = journal_rows(&h);

        switch (i) {
        case 0:
            draft->opens_at = now_of(&h);
            break;
        case 1:
            draft->value_at = draft->closes_at;
            break;
        case 2:
            whom(&h, draft)->born_from = 1990, whom(&h, draft)->born_until = 1980;
            break;
        case 3:
            draft->n_sites = 0;
            break;
        case 4:
            draft->price_fen = 0;
            break;
        case 5:
            draft->strata[0]->quota = 0;
            break;
        case 6:
            draft->budget_fen = 115999;
            break;
        case 7:
            draft->sites[0]->site_id++;
            break;
        case 8:
            draft->package_id++;
            break;
        case 9:
            draft->strata[0]->site_id = 7;
            break;
        case 10:
            draft->sites = twice;
            draft->n_sites = 2;
            break;
        default:
            whom(&h, draft)->union_id = a_union(&h, "0002");
            break;
        }
        assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), reasons[i]);
        assert_int_equal(journal_rows(&h), rows);
    }
}

static void a_union_that_is_not_there_is_refused_by_field(void **state)
{
    Health__ListCampaignsRequest campaigns = HEALTH__LIST_CAMPAIGNS_REQUEST__INIT;
    Health__ListSitesRequest sites = HEALTH__LIST_SITES_REQUEST__INIT;
    Health__CreateChainRequest chain = HEALTH__CREATE_CHAIN_REQUEST__INIT;
    Health__Site site = a_site_draft(&h);
    Health__Campaign *draft = a_draft(&h, 10);
    const Rpc__Principal *who = manager_of(&h, UNION);

    (void)state;
    draft->strata[0]->union_id = 5;
    assert_refused_at(create_campaign(&h, who, draft), "UNION_NOT_FOUND", "campaign.strata[0].unionId");
    whom(&h, draft)->union_id = 5;
    assert_refused_at(create_campaign(&h, who, draft), "UNION_NOT_FOUND", "campaign.audience.unionId");
    draft->union_id = 0;
    assert_refused_at(create_campaign(&h, who, draft), "OUTSIDE_YOUR_UNION", "campaign.unionId");
    draft->union_id = id_at(now_of(&h)) + 1;
    assert_refused_at(create_campaign(&h, who, draft), "UNION_NOT_KNOWN_YET", "campaign.unionId");
    site.union_id = campaigns.union_id = sites.union_id = chain.union_id = 5;
    assert_refused_at(create_site(&h, who, &site), "UNION_NOT_FOUND", "site.unionId");
    assert_refused_at(call_once(&h, "Campaigns.ListCampaigns", &campaigns.base, who), "UNION_NOT_FOUND", "unionId");
    assert_refused_at(call_once(&h, "Sites.ListSites", &sites.base, who), "UNION_NOT_FOUND", "unionId");
    assert_refused_at(call_once(&h, "Draws.CreateChain", &chain.base, who), "UNION_NOT_FOUND", "unionId");
}

/* Packs a campaign and its site again as they were before the ids of unions were kept. */
static void forget_ids(int64_t campaign_id, int64_t site_id)
{
    static const char *const sql[] = {
        "SELECT packed FROM campaign WHERE campaign_id = ?1", "SELECT packed FROM site WHERE site_id = ?1",
        "UPDATE campaign SET packed = ?2 WHERE campaign_id = ?1", "UPDATE site SET packed = ?2 WHERE site_id = ?1"};
    struct store *store = h.service.store;
    unsigned first = (unsigned)store_prepare(store, sql, ARRAY_LEN(sql));
    Health__Campaign *campaign;
    Health__Site *site;
    const void *packed;
    size_t len;

    store_ask(store, first, "i", campaign_id);
    assert_true(store_row(store, first));
    packed = store_blob(store, first, 0, &len);
    campaign = health__campaign__unpack(&h.arena.allocator, len, packed);
    store_end(store, first);
    assert_int_not_equal(campaign->union_id, 0);
    campaign->union_id = campaign->strata[0]->union_id = 0;
    packed = health_pack(&campaign->base, &h.arena, &len);
    store_run(store, first + 2, "ib", campaign_id, packed, len);
    store_ask(store, first + 1, "i", site_id);
    assert_true(store_row(store, first + 1));
    packed = store_blob(store, first + 1, 0, &len);
    site = health__site__unpack(&h.arena.allocator, len, packed);
    store_end(store, first + 1);
    site->union_id = 0;
    packed = health_pack(&site->base, &h.arena, &len);
    store_run(store, first + 3, "ib", site_id, packed, len);
    assert_int_equal(store_commit(store), 0);
}

/* What was made before ids were kept has the paths alone. */
static void an_older_campaign_has_the_ids_of_its_unions(void **state)
{
    Health__Campaign *draft = a_draft(&h, 10), *campaign;
    Health__SiteRequest request = HEALTH__SITE_REQUEST__INIT;
    int64_t id;

    (void)state;
    whom(&h, draft)->union_id = draft->strata[0]->union_id = a_union(&h, TOWN);
    id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
    forget_ids(id, draft->sites[0]->site_id);
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", id, manager_of(&h, UNION)));
    assert_int_equal(campaign->union_id, draft->union_id);
    assert_int_equal(campaign->audience->union_id, whom(&h, draft)->union_id);
    assert_int_equal(campaign->strata[0]->union_id, draft->strata[0]->union_id);
    request.site_id = campaign->sites[0]->site_id;
    assert_int_equal(((Health__Site *)harness_output(
                          &h, harness_call(&h, "Sites.GetSite", &request.base, harness_member(&h, 1, TOWN), NULL),
                          &health__site__descriptor))
                         ->union_id,
                     draft->union_id);
}

static void campaigns_are_listed_by_pages_newest_first(void **state)
{
    Health__ListCampaignsRequest request = HEALTH__LIST_CAMPAIGNS_REQUEST__INIT;
    const Health__CampaignList *list;
    int64_t ids[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        ids[i] = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 10)))->campaign_id;
    request.page_size = 2;
    list = harness_output(&h, harness_call(&h, "Campaigns.ListCampaigns", &request.base, manager_of(&h, UNION), NULL),
                          &health__campaign_list__descriptor);
    assert_int_equal(list->n_campaigns, 2);
    assert_int_equal(list->campaigns[0]->campaign_id, ids[2]);
    request.page_token = list->next_page_token;
    list = harness_output(&h, harness_call(&h, "Campaigns.ListCampaigns", &request.base, manager_of(&h, UNION), NULL),
                          &health__campaign_list__descriptor);
    assert_int_equal(list->n_campaigns, 1);
    assert_int_equal(list->campaigns[0]->campaign_id, ids[0]);
    assert_string_equal(list->next_page_token, "");
    list = harness_output(&h, harness_call(&h, "Campaigns.ListCampaigns", &request.base, manager_of(&h, "0002"), NULL),
                          &health__campaign_list__descriptor);
    assert_int_equal(list->n_campaigns, 0);
}

static const Rpc__Answer *list_packages(const Rpc__Principal *who, int64_t union_id, char *page_token)
{
    Health__ListPackagesRequest request = HEALTH__LIST_PACKAGES_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = 2;
    request.page_token = page_token;
    return harness_call(&h, "Campaigns.ListPackages", &request.base, who, NULL);
}

/* What is above a union and what is below it; not what is beside. */
static void packages_are_listed_by_pages_newest_first(void **state)
{
    Health__CreatePackageRequest request = HEALTH__CREATE_PACKAGE_REQUEST__INIT;
    int64_t city = a_package(&h), town, beside = a_union(&h, "0002");
    Health__Package package = HEALTH__PACKAGE__INIT;
    const Health__PackageList *list;
    Health__PackageItem item = HEALTH__PACKAGE_ITEM__INIT, *items[] = {&item};

    (void)state;
    item.code = "B1";
    item.name = "血压";
    package.title = "镇街套餐";
    package.items = items;
    package.n_items = 1;
    request.package = &package;
    package.union_id = beside;
    assert_ok(call_once(&h, "Campaigns.CreatePackage", &request.base, manager_of(&h, "0002")));
    package.union_id = a_union(&h, TOWN);
    for (int i = 0; i < 2; i++)
        town = ((Health__Package *)harness_output(
                    &h, call_once(&h, "Campaigns.CreatePackage", &request.base, manager_of(&h, TOWN)),
                    &health__package__descriptor))
                   ->package_id;
    list = harness_output(&h, list_packages(manager_of(&h, TOWN), a_union(&h, TOWN), ""),
                          &health__package_list__descriptor);
    assert_int_equal(list->n_packages, 2);
    assert_int_equal(list->packages[0]->package_id, town);
    assert_string_equal(list->packages[0]->items[0]->name, "血压");
    assert_int_equal(list->packages[0]->union_id, a_union(&h, TOWN));
    list = harness_output(&h, list_packages(manager_of(&h, TOWN), a_union(&h, TOWN), list->next_page_token),
                          &health__package_list__descriptor);
    assert_int_equal(list->n_packages, 1);
    assert_int_equal(list->packages[0]->package_id, city);
    assert_string_equal(list->next_page_token, "");
    list = harness_output(&h, list_packages(manager_of(&h, UNION), a_union(&h, UNION), ""),
                          &health__package_list__descriptor);
    assert_int_equal(list->packages[0]->package_id, town);
    assert_refused_at(list_packages(manager_of(&h, TOWN), a_union(&h, UNION), ""), "OUTSIDE_YOUR_UNION", "unionId");
}

static void what_a_checkup_costs_is_told_to_officials_alone(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 2), *seen;
    int64_t id = campaign->campaign_id;

    (void)state;
    for (int moment = 0; moment < 2; moment++) {
        const Health__OfferList *list =
            harness_output(&h, harness_call(&h, "Entries.ListOffers", NULL, harness_member(&h, 1, TOWN), NULL),
                           &health__offer_list__descriptor);
        const Health__Campaign *shown[] = {
            campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", id, harness_member(&h, 1, TOWN))),
            offer_of(&h, id, 1)->campaign,
            list->n_offers ? list->offers[0]->campaign : NULL,
        };

        assert_true(list->n_offers == 1 || moment > 0);
        for (size_t i = 0; i < ARRAY_LEN(shown) && shown[i]; i++)
            assert_int_equal(shown[i]->price_fen + shown[i]->budget_fen + shown[i]->sites[0]->price_fen, 0);
        step_to(&h, campaign->book_until);
        assert_ok(on_campaign(&h, "Draws.Close", id, manager_of(&h, UNION)));
    }
    seen = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", id, manager_of(&h, UNION)));
    assert_int_equal(seen->price_fen, 11600);
    seen = campaign_of(
        &h, on_campaign(&h, "Campaigns.GetCampaign", id, harness_official(&h, 5, RULE__ROLE__FINANCE, UNION)));
    assert_true(seen->budget_fen > 0);
}

/* Who wins a place that is for no site in particular may go to the dearest of all. */
static void the_dearest_site_is_in_the_budget(void **state)
{
    Health__Campaign *draft = a_draft(&h, 10);
    Health__CampaignSite dearer = HEALTH__CAMPAIGN_SITE__INIT, *sites[] = {draft->sites[0], &dearer};

    (void)state;
    dearer.site_id = a_site(&h);
    dearer.price_fen = draft->price_fen + 1;
    draft->sites = sites;
    draft->n_sites = 2;
    draft->budget_fen = 10 * draft->price_fen;
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "BUDGET_EXCEEDED");
    draft->budget_fen = 10 * dearer.price_fen;
    assert_ok(create_campaign(&h, manager_of(&h, UNION), draft));
    /* Of a place for the cheaper site it is not the price. */
    draft->budget_fen = 10 * draft->price_fen;
    draft->strata[0]->site_id = draft->sites[0]->site_id;
    assert_ok(create_campaign(&h, manager_of(&h, UNION), draft));
    draft->strata[0]->site_id = dearer.site_id;
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "BUDGET_EXCEEDED");
}

static void assert_line(int64_t campaign_id, int64_t left, int64_t committed)
{
    struct budget *budget = &((struct health *)h.service.self)->budget;
    const struct budget_line line = {campaign_id, 0};

    assert_int_equal(budget_balance(budget, &line, BUDGET__ACCOUNT__FREE), left);
    assert_int_equal(budget_balance(budget, &line, BUDGET__ACCOUNT__COMMITTED), committed);
}

/* Also of another budget than it had at first, with more places and with less. */
static void a_draft_has_the_budget_of_its_terms(void **state)
{
    Health__UpdateCampaignRequest request = HEALTH__UPDATE_CAMPAIGN_REQUEST__INIT;
    Health__Campaign *draft = a_draft(&h, 10);
    int64_t price = draft->price_fen;

    (void)state;
    draft->budget_fen = 12 * price;
    request.campaign_id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
    assert_line(request.campaign_id, 2 * price, 10 * price);
    request.campaign = draft;
    draft->strata[0]->quota = 15;
    assert_refused(harness_call(&h, "Campaigns.UpdateCampaign", &request.base, manager_of(&h, UNION), NULL),
                   "BUDGET_EXCEEDED");
    assert_line(request.campaign_id, 2 * price, 10 * price);
    draft->budget_fen = 16 * price;
    assert_ok(harness_call(&h, "Campaigns.UpdateCampaign", &request.base, manager_of(&h, UNION), NULL));
    assert_line(request.campaign_id, price, 15 * price);
    draft->strata[0]->quota = 3;
    draft->budget_fen = 4 * price;
    assert_ok(harness_call(&h, "Campaigns.UpdateCampaign", &request.base, manager_of(&h, UNION), NULL));
    assert_line(request.campaign_id, price, 3 * price);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_package_is_kept_as_it_was_made),
        TEST(packages_are_listed_by_pages_newest_first),
        TEST(what_a_checkup_costs_is_told_to_officials_alone),
        TEST(a_package_with_a_hepatitis_b_item_is_refused),
        TEST(a_package_of_nothing_is_refused),
        TEST(only_officials_of_the_union_or_above_make_things),
        TEST(a_draft_is_seen_by_its_officials_alone),
        TEST(a_checkup_is_for_members_at_least),
        TEST(a_draft_is_replaced_and_keeps_its_union),
        TEST(a_wrong_draft_names_what_is_wrong),
        TEST(the_dearest_site_is_in_the_budget),
        TEST(a_draft_has_the_budget_of_its_terms),
        TEST(a_union_that_is_not_there_is_refused_by_field),
        TEST(an_older_campaign_has_the_ids_of_its_unions),
        TEST(campaigns_are_listed_by_pages_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
