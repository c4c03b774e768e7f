/* Sites, and who works there, through the service. */
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static void a_site_says_how_to_get_there(void **state)
{
    Health__SiteRequest request = HEALTH__SITE_REQUEST__INIT;
    const Health__Site *site;

    (void)state;
    request.site_id = a_site(&h);
    site = harness_output(&h, harness_call(&h, "Sites.GetSite", &request.base, harness_member(&h, 1, TOWN), NULL),
                          &health__site__descriptor);
    assert_non_null(strstr(site->directions, "&tocoord=23.024750,113.116580&"));
    assert_null(strchr(site->directions, ' '));
}

static void a_van_has_a_day_and_so_many_people(void **state)
{
    Health__Site van = a_site_draft(&h);

    (void)state;
    van.kind = HEALTH__SITE_KIND__VAN;
    assert_refused(create_site(&h, manager_of(&h, UNION), &van), "VAN_NEEDS_DAY");
    van.stops_from = now_of(&h) + HEALTH_DAY_MS;
    van.stops_until = van.stops_from + 4 * HOUR_MS;
    van.capacity = 150;
    van.walk_ins = 151;
    assert_refused(create_site(&h, manager_of(&h, UNION), &van), "WALK_INS_ABOVE_CAPACITY");
    van.walk_ins = 30;
    assert_ok(create_site(&h, manager_of(&h, UNION), &van));
}

static size_t sites_in(Health__SiteState state)
{
    Health__ListSitesRequest request = HEALTH__LIST_SITES_REQUEST__INIT;
    const Health__SiteList *list;

    request.state = &state;
    request.n_state = 1;
    list = harness_output(&h, harness_call(&h, "Sites.ListSites", &request.base, manager_of(&h, UNION), NULL),
                          &health__site_list__descriptor);
    return list->n_sites;
}

static void a_closed_site_takes_no_new_campaign(void **state)
{
    Health__SiteRequest request = HEALTH__SITE_REQUEST__INIT;
    Health__Campaign *draft = a_draft(&h, 10);
    size_t open;

    (void)state;
    request.site_id = draft->sites[0]->site_id;
    assert_refused(harness_call(&h, "Sites.CloseSite", &request.base, manager_of(&h, TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
    assert_int_equal(sites_in(HEALTH__SITE_STATE__SITE_STATE_CLOSED), 0);
    open = sites_in(HEALTH__SITE_STATE__SITE_STATE_OPEN);
    assert_ok(harness_call(&h, "Sites.CloseSite", &request.base, manager_of(&h, UNION), NULL));
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "SITE_NOT_FOUND");
    assert_int_equal(sites_in(HEALTH__SITE_STATE__SITE_STATE_CLOSED), 1);
    assert_int_equal(sites_in(HEALTH__SITE_STATE__SITE_STATE_OPEN), open - 1);
}

static void a_campaign_uses_sites_of_its_own_union_and_those_above_and_below(void **state)
{
    static const struct {
        const char *union_path;
        bool used;
    } cases[] = {{UNION, true}, {TOWN, true}, {TOWN "0001", true}, {"00010003", false}, {"0002", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Health__Site site = a_site_draft(&h);
        Health__Campaign *draft = a_draft(&h, 10);
        const Rpc__Answer *answer;

        site.union_id = a_union(&h, cases[i].union_path);
        draft->union_id = whom(&h, draft)->union_id = a_union(&h, TOWN);
        answer = create_site(&h, manager_of(&h, cases[i].union_path), &site);
        draft->sites[0]->site_id = ((Health__Site *)harness_output(&h, answer, &health__site__descriptor))->site_id;
        answer = create_campaign(&h, manager_of(&h, UNION), draft);
        assert_string_equal(answer->reason ? harness_refusal(answer) : "", cases[i].used ? "" : "OUTSIDE_YOUR_UNION");
    }
}

static const Health__NearSiteList *nearest(int64_t campaign_id)
{
    Health__NearestSitesRequest request = HEALTH__NEAREST_SITES_REQUEST__INIT;

    request.lat_e6 = 23020000;
    request.lon_e6 = 113110000;
    request.campaign_id = campaign_id;
    return harness_output(&h, harness_call(&h, "Sites.ListNearest", &request.base, harness_member(&h, 1, TOWN), NULL),
                          &health__near_site_list__descriptor);
}

static void the_nearest_site_comes_first_and_a_closed_one_not_at_all(void **state)
{
    Health__SiteRequest request = HEALTH__SITE_REQUEST__INIT;
    Health__Site far = a_site_draft(&h);
    int64_t near = a_site(&h), far_id;

    (void)state;
    far.lat_e6 += 100000;
    far_id =
        ((Health__Site *)harness_output(&h, create_site(&h, manager_of(&h, UNION), &far), &health__site__descriptor))
            ->site_id;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(nearest(0)->n_sites, 2);
        assert_int_equal(nearest(0)->sites[0]->site->site_id, near);
        assert_in_range(nearest(0)->sites[0]->metres, 850, 870);
        assert_int_equal(nearest(0)->sites[1]->site->site_id, far_id);
        harness_reopen(&h);
    }
    request.site_id = near;
    assert_ok(harness_call(&h, "Sites.CloseSite", &request.base, manager_of(&h, UNION), NULL));
    assert_int_equal(nearest(0)->sites[0]->site->site_id, far_id);
    harness_reopen(&h);
    assert_int_equal(nearest(0)->n_sites, 1);
}

static void a_site_that_was_not_kept_is_not_on_the_map(void **state)
{
    Health__SiteRequest request = HEALTH__SITE_REQUEST__INIT;
    Health__Site site = a_site_draft(&h);
    const Rpc__Answer *answer;
    size_t kept = 1;

    (void)state;
    request.site_id = a_site(&h);
    site.lat_e6 += 100000; /* all others are farther away */
    harness_fill(&h);
    while ((answer = create_site(&h, manager_of(&h, UNION), &site))->reason == 0)
        kept++;
    assert_refused(answer, "STORE_FULL");
    assert_int_equal(self_of(&h)->map.n, kept);
    if (harness_call(&h, "Sites.CloseSite", &request.base, manager_of(&h, UNION), NULL)->reason)
        assert_int_equal(nearest(0)->sites[0]->site->site_id, request.site_id);
    else
        kept--;
    harness_empty(&h);
    harness_reopen(&h);
    assert_int_equal(self_of(&h)->map.n, kept);
}

static void a_campaign_has_its_own_sites(void **state)
{
    Health__CampaignSiteRequest request = HEALTH__CAMPAIGN_SITE_REQUEST__INIT;
    const Health__Campaign *campaign = announced(&h, a_draft(&h, 10));

    (void)state;
    a_site(&h);
    assert_int_equal(nearest(0)->n_sites, 2);
    assert_int_equal(nearest(campaign->campaign_id)->n_sites, 1);
    assert_int_equal(nearest(campaign->campaign_id)->sites[0]->site->site_id, campaign->sites[0]->site_id);
    request.campaign_id = campaign->campaign_id;
    request.site_id = campaign->sites[0]->site_id;
    for (int i = 0; i < 2; i++)
        assert_ok(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL));
    assert_int_equal(nearest(campaign->campaign_id)->n_sites, 0);
    request.site_id++;
    assert_refused(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL),
                   "SITE_NOT_IN_CAMPAIGN");
    campaign = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 10)));
    request.campaign_id = campaign->campaign_id;
    request.site_id = campaign->sites[0]->site_id;
    assert_refused(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL),
                   "CAMPAIGN_STATE_WRONG");
}

static const Rpc__Answer *set_staff(int64_t site_id, int64_t member_id, int duty, bool off, const Rpc__Principal *who)
{
    Health__SetStaffRequest request = HEALTH__SET_STAFF_REQUEST__INIT;

    request.site_id = site_id;
    request.member_id = member_id;
    request.duty = (Health__Duty)duty;
    request.off = off;
    return harness_call(&h, "Sites.SetStaff", &request.base, who, NULL);
}

static void a_duty_is_given_and_taken_once(void **state)
{
    int64_t site = a_site(&h), rows;
    const Health__StaffList *list;

    (void)state;
    assert_refused(set_staff(site, 5, HEALTH__DUTY__SCANS, false, manager_of(&h, "0002")), "OUTSIDE_YOUR_UNION");
    assert_refused(set_staff(site, 5, HEALTH__DUTY__DUTY_NONE, false, manager_of(&h, UNION)), "OUT_OF_RANGE");
    assert_ok(set_staff(site, 5, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)));
    rows = journal_rows(&h);
    list = harness_output(&h, set_staff(site, 5, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)),
                          &health__staff_list__descriptor);
    assert_int_equal(list->n_staff, 1);
    assert_int_equal(list->staff[0]->member_id, 5);
    assert_int_equal(journal_rows(&h), rows);
    list = harness_output(&h, set_staff(site, 5, HEALTH__DUTY__SCANS, true, manager_of(&h, UNION)),
                          &health__staff_list__descriptor);
    assert_int_equal(list->n_staff, 0);
}

static const Health__StaffList *staff_of(int64_t site_id, const char *token)
{
    Health__ListStaffRequest request = HEALTH__LIST_STAFF_REQUEST__INIT;

    request.site_id = site_id;
    request.page_size = 4;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Sites.ListStaff", &request.base, manager_of(&h, UNION), NULL),
                          &health__staff_list__descriptor);
}

static void everybody_of_a_site_is_on_one_page(void **state)
{
    int64_t site = a_site(&h);
    const Health__StaffList *list;
    const char *token = "";
    int64_t n = 0;

    (void)state;
    for (int64_t id = 5; id > 0; id--) {
        assert_ok(set_staff(site, id, HEALTH__DUTY__REPORTS, false, manager_of(&h, UNION)));
        assert_ok(set_staff(site, id, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)));
    }
    do {
        list = staff_of(site, token);
        for (size_t i = 0; i < list->n_staff; i++, n++) {
            assert_int_equal(list->staff[i]->member_id, n % 5 + 1);
            assert_int_equal(list->staff[i]->duty, n < 5 ? HEALTH__DUTY__SCANS : HEALTH__DUTY__REPORTS);
        }
        token = list->next_page_token;
        assert_true(list->n_staff == 4 || !*token);
    } while (*token);
    assert_int_equal(n, 10);
}

static void a_site_has_so_many_staff(void **state)
{
    int64_t site = a_site(&h);
    const Rpc__Answer *refused;

    (void)state;
    for (int64_t id = 1; id <= 200; id++)
        assert_ok(set_staff(site, id, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)));
    refused = set_staff(site, 201, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION));
    assert_refused(refused, "TOO_MANY_STAFF");
    assert_string_equal(harness_fact(refused, "maximum"), "200");
    assert_ok(set_staff(site, 1, HEALTH__DUTY__SCANS, true, manager_of(&h, UNION)));
    assert_ok(set_staff(site, 201, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)));
    assert_ok(set_staff(site, 201, HEALTH__DUTY__SCANS, false, manager_of(&h, UNION)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_site_says_how_to_get_there),
        TEST(a_van_has_a_day_and_so_many_people),
        TEST(a_closed_site_takes_no_new_campaign),
        TEST(a_campaign_uses_sites_of_its_own_union_and_those_above_and_below),
        TEST(the_nearest_site_comes_first_and_a_closed_one_not_at_all),
        TEST(a_site_that_was_not_kept_is_not_on_the_map),
        TEST(a_campaign_has_its_own_sites),
        TEST(a_duty_is_given_and_taken_once),
        TEST(everybody_of_a_site_is_on_one_page),
        TEST(a_site_has_so_many_staff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
