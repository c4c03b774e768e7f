/* What a union has goes along when its place in the tree changes. */
#include "services/health/report/report_fixture.h"
#include "tests/power.h"

#define NEW_CITY "0002"
#define NEW_TOWN "00020001"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static int setup_attended(void **state)
{
    *state = &h;
    begin_campaign(&h);
    return 0;
}

static void move_town(void)
{
    assert_int_equal(hear_moved(&h, TOWN, NEW_TOWN), 0);
    settle(&h);
}

/* The town's own draft, at a site of the town. */
static Health__Campaign *draft_of_town(void)
{
    Health__Site site = a_site_draft(&h);
    Health__Campaign *draft = a_draft(&h, 1);

    site.union_id = draft->union_id = a_union(&h, TOWN);
    draft->sites[0]->site_id =
        ((Health__Site *)harness_output(&h, create_site(&h, manager_of(&h, TOWN), &site), &health__site__descriptor))
            ->site_id;
    return draft;
}

static Health__Campaign *campaign_now(int64_t campaign_id)
{
    return campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", campaign_id, manager_of(&h, "")));
}

static const Rpc__Answer *announce_by(int64_t campaign_id, int64_t chain_id, const char *path)
{
    Health__AnnounceRequest request = HEALTH__ANNOUNCE_REQUEST__INIT;

    request.campaign_id = campaign_id;
    request.chain_id = chain_id;
    request.day = chain_id ? 1 : 0;
    return harness_call(&h, "Draws.Announce", &request.base, manager_of(&h, path), NULL);
}

static void officials_of_the_new_place_have_a_campaign_and_its_site(void **state)
{
    Health__Campaign *draft = draft_of_town();
    Health__UpdateCampaignRequest update = HEALTH__UPDATE_CAMPAIGN_REQUEST__INIT;
    Health__ListStaffRequest site = HEALTH__LIST_STAFF_REQUEST__INIT;
    int64_t id = campaign_of(&h, create_campaign(&h, manager_of(&h, TOWN), draft))->campaign_id;
    int64_t citys = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_draft(&h, 1)))->campaign_id;

    (void)state;
    update.campaign_id = id;
    update.campaign = draft;
    whom(&h, draft)->union_id = 0;
    site.site_id = draft->sites[0]->site_id;
    move_town();
    for (int restarts = 0; restarts < 2; restarts++) {
        assert_refused(harness_call(&h, "Campaigns.UpdateCampaign", &update.base, manager_of(&h, UNION), NULL),
                       "OUTSIDE_YOUR_UNION");
        assert_refused(harness_call(&h, "Sites.ListStaff", &site.base, manager_of(&h, UNION), NULL),
                       "OUTSIDE_YOUR_UNION");
        assert_ok(harness_call(&h, "Campaigns.UpdateCampaign", &update.base, manager_of(&h, NEW_CITY), NULL));
        assert_ok(harness_call(&h, "Sites.ListStaff", &site.base, manager_of(&h, NEW_TOWN), NULL));
        assert_string_equal(campaign_now(id)->union_path, NEW_TOWN);
        assert_string_equal(campaign_now(id)->audience->union_path, NEW_TOWN);
        assert_string_equal(campaign_now(citys)->union_path, UNION);
        assert_refused(announce_by(citys, 0, NEW_CITY), "OUTSIDE_YOUR_UNION");
        harness_reopen(&h);
    }
    assert_refused(announce_by(id, 0, UNION), "OUTSIDE_YOUR_UNION");
    assert_ok(announce_by(id, 0, NEW_CITY));
}

static void a_chain_of_secrets_serves_its_union_in_the_new_place(void **state)
{
    Health__CreateChainRequest request = HEALTH__CREATE_CHAIN_REQUEST__INIT;
    int64_t id = campaign_of(&h, create_campaign(&h, manager_of(&h, TOWN), draft_of_town()))->campaign_id, chain_id;

    (void)state;
    request.union_id = a_union(&h, TOWN);
    request.days = 3;
    chain_id =
        ((Health__Chain *)harness_output(&h, call_once(&h, "Draws.CreateChain", &request.base, manager_of(&h, TOWN)),
                                         &health__chain__descriptor))
            ->chain_id;
    move_town();
    assert_ok(announce_by(id, chain_id, NEW_TOWN));
}

static void a_lot_is_drawn_by_the_terms_it_was_announced_with(void **state)
{
    Health__Campaign *draft = a_draft(&h, 1), *campaign;
    Health__DrawStatus *before;
    const Health__Entry *entry;

    (void)state;
    whom(&h, draft)->union_id = a_union(&h, TOWN);
    draft->strata[0]->union_id = a_union(&h, TOWN "0003");
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    assert_ok(enter(&h, campaign->campaign_id, harness_member(&h, 1, TOWN "0003")));
    before = draw_status(&h, campaign->campaign_id);
    move_town();
    assert_string_equal(draw_status(&h, campaign->campaign_id)->commitment, before->commitment);
    assert_refused(enter(&h, campaign->campaign_id, harness_member(&h, 2, TOWN "0003")), "UNION_NOT_INVITED");
    entry = harness_output(&h, enter(&h, campaign->campaign_id, harness_member(&h, 2, NEW_TOWN "0003")),
                           &health__entry__descriptor);
    assert_int_equal(entry->stratum, 0);
    draw_lots(&h, campaign);
    assert_ok(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)));
    settle(&h);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->outcomes[0]->entrants, 2);
    assert_non_null(strstr(file_of(&h, campaign->campaign_id), before->commitment));
}

static void a_site_is_settled_by_who_has_the_campaign_now(void **state)
{
    (void)state;
    booking_of(&h, 1, true);
    assert_int_equal(hear_moved(&h, UNION, "00090001"), 0);
    assert_refused(prepare(&h, finance(&h, 701)), "OUTSIDE_YOUR_UNION");
    assert_ok(prepare(&h, harness_official(&h, 701, RULE__ROLE__FINANCE, "0009")));
}

/* More campaigns than a slice, and a second move before all have followed the first. */
static void campaigns_follow_moves_in_their_order_slice_by_slice(void **state)
{
    Health__Campaign *draft = a_draft(&h, 1);
    int64_t first = 0, last = 0, rows;

    (void)state;
    whom(&h, draft)->union_id = draft->strata[0]->union_id = a_union(&h, TOWN);
    for (int i = 0; i < 2 * 50 + 1; i++) {
        last = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
        first = first ? first : last;
    }
    assert_int_equal(hear_moved(&h, TOWN, NEW_TOWN), 0);
    assert_true(harness_tidy(&h));
    assert_string_equal(campaign_now(first)->audience->union_path, NEW_TOWN);
    assert_string_equal(campaign_now(first)->strata[0]->union_path, NEW_TOWN);
    assert_string_equal(campaign_now(last)->audience->union_path, NEW_TOWN); /* at once */
    assert_string_equal(campaign_now(last)->strata[0]->union_path, TOWN);
    assert_int_equal(hear_moved(&h, NEW_CITY, "0007"), 0);
    harness_reopen(&h);
    settle(&h);
    rows = journal_rows(&h);
    for (int again = 0; again < 2; again++) {
        assert_string_equal(campaign_now(first)->audience->union_path, "00070001");
        assert_string_equal(campaign_now(last)->audience->union_path, "00070001");
        assert_string_equal(campaign_now(first)->strata[0]->union_path, "00070001");
        assert_string_equal(campaign_now(last)->strata[0]->union_path, "00070001");
        assert_int_equal(hear_moved(&h, TOWN, NEW_TOWN), 0);
        assert_int_equal(hear_moved(&h, NEW_CITY, "0007"), 0);
        settle(&h);
    }
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM union_move"), 0);
}

static void the_audit_finds_whose_union_was_changed(void **state)
{
    static const char *const changes[] = {
        "UPDATE campaign SET union_path = '0001'",
        "UPDATE site SET union_path = '00010002' WHERE union_path = '00020001'",
        "UPDATE package SET union_path = '0002'",
        "DELETE FROM package WHERE package_id NOT IN (SELECT package_id FROM campaign)",
        "INSERT INTO lottery_chain VALUES (1, '0001', 1, x'', x'')",
        "DELETE FROM audience",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        begin(&h);
        create_campaign(&h, manager_of(&h, TOWN), draft_of_town());
        a_package(&h);
        move_town();
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

/* ---- the power ---- */

static int64_t the_draft;

static void a_draft_of_town(struct harness *trial)
{
    begin(trial);
    the_draft = campaign_of(trial, create_campaign(trial, manager_of(trial, TOWN), draft_of_town()))->campaign_id;
}

static void hear_until_dark(struct harness *trial)
{
    hear_moved(trial, TOWN, NEW_TOWN);
    settle(trial);
}

/* The row comes again. */
static void all_has_moved_once(struct harness *trial)
{
    int64_t rows;

    hear_until_dark(trial);
    assert_string_equal(campaign_now(the_draft)->union_path, NEW_TOWN);
    assert_string_equal(campaign_now(the_draft)->audience->union_path, NEW_TOWN);
    rows = journal_rows(trial);
    hear_until_dark(trial);
    assert_int_equal(journal_rows(trial), rows);
    assert_string_equal(harness_audit(trial), "");
}

static void no_power_cut_leaves_a_union_in_two_places(void **state)
{
    static const struct power_trial trial = {a_draft_of_town, hear_until_dark, all_has_moved_once};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 5);
}

#define ATTENDED(name) cmocka_unit_test_setup_teardown(name, setup_attended, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(officials_of_the_new_place_have_a_campaign_and_its_site),
        TEST(a_chain_of_secrets_serves_its_union_in_the_new_place),
        TEST(a_lot_is_drawn_by_the_terms_it_was_announced_with),
        ATTENDED(a_site_is_settled_by_who_has_the_campaign_now),
        TEST(campaigns_follow_moves_in_their_order_slice_by_slice),
        cmocka_unit_test(the_audit_finds_whose_union_was_changed),
        cmocka_unit_test(no_power_cut_leaves_a_union_in_two_places),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
