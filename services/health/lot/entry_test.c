/* Who may enter a lot, and who is in it. */
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static void entering_twice_is_entering_once(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    const Health__Entry *first, *again;
    const Rpc__Answer *answer = enter(&h, campaign->campaign_id, harness_member(&h, 1, TOWN));
    int64_t rows = journal_rows(&h);

    (void)state;
    assert_true(answer->created);
    first = harness_output(&h, answer, &health__entry__descriptor);
    step_to(&h, campaign->closes_at);
    answer = enter(&h, campaign->campaign_id, harness_member(&h, 1, TOWN));
    again = harness_output(&h, answer, &health__entry__descriptor);
    assert_false(answer->created);
    assert_int_equal(first->entry_id, again->entry_id);
    assert_string_equal(first->ticket, again->ticket);
    assert_true(journal_rows(&h) > rows); /* the freeze */
}

/* As everybody is told, and as her own offer says. */
static int entered_by_now(int64_t campaign_id)
{
    const Health__Offer *offer = harness_output(
        &h, on_campaign(&h, "Entries.GetOffer", campaign_id, harness_member(&h, 3, TOWN)), &health__offer__descriptor);

    assert_int_equal(offer->entered, draw_status(&h, campaign_id)->entered);
    return offer->entered;
}

static void whoever_withdraws_is_not_in_the_list_and_may_come_back(void **state)
{
    const Health__Campaign *campaign = opened(&h, 3);
    int64_t id = campaign->campaign_id;

    (void)state;
    enter_all(&h, id, 3);
    for (int i = 0; i < 2; i++) {
        assert_ok(on_campaign(&h, "Entries.WithdrawEntry", id, harness_member(&h, 1, TOWN)));
        assert_ok(on_campaign(&h, "Entries.WithdrawEntry", id, harness_member(&h, 2, TOWN)));
    }
    assert_int_equal(entered_by_now(id), 1);
    assert_ok(enter(&h, id, harness_member(&h, 2, TOWN)));
    assert_int_equal(entered_by_now(id), 2);
    assert_int_equal(draw_status(&h, id)->n_entries, 0);
    harness_tamper(&h, "UPDATE lottery SET entered = entered + 1");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE lottery SET entered = entered - 1");
    step_to(&h, campaign->closes_at);
    assert_int_equal(draw_status(&h, id)->n_entries, 2);
    assert_int_equal(entered_by_now(id), 2);
    assert_refused(on_campaign(&h, "Entries.GetReceipt", id, harness_member(&h, 1, TOWN)), "NOT_ENTERED");
}

/* What she is told who enters: what the offer has told her before. */
static const Rpc__Answer *offered(int64_t campaign_id, const Rpc__Principal *who)
{
    const Health__Offer *offer =
        harness_output(&h, on_campaign(&h, "Entries.GetOffer", campaign_id, who), &health__offer__descriptor);
    const Rpc__Answer *answer = enter(&h, campaign_id, who);

    assert_says(offer, answer);
    return answer;
}

static void each_failing_rule_has_its_own_reason(void **state)
{
    static const char *const reasons[] = {"NOT_VERIFIED",    "UNION_NOT_INVITED",      "TRADE_NOT_INVITED",
                                          "SEX_NOT_INVITED", "BIRTH_YEAR_NOT_INVITED", "BIRTH_YEAR_NOT_INVITED"};
    Health__Campaign *draft = a_draft(&h, 3);
    Rpc__Trade couriers = RPC__TRADE__COURIER;
    Health__Campaign *campaign;

    (void)state;
    whom(&h, draft)->trades = &couriers;
    whom(&h, draft)->n_trades = 1;
    whom(&h, draft)->sex = RPC__SEX__FEMALE;
    whom(&h, draft)->born_from = 1970;
    whom(&h, draft)->born_until = 1990;
    campaign = announced(&h, draft);
    assert_refused(offered(campaign->campaign_id, harness_member(&h, 1, TOWN)), "ENTRIES_NOT_OPEN");
    step_to(&h, campaign->opens_at);
    for (size_t i = 0; i <= ARRAY_LEN(reasons); i++) {
        Rpc__Principal *who = harness_member(&h, 1, TOWN);

        who->trade = RPC__TRADE__COURIER;
        who->sex = RPC__SEX__FEMALE;
        who->birth_year = 1980;
        switch (i) {
        case 0:
            who->level = RPC__LEVEL__REAL_NAME;
            break;
        case 1:
            who->union_path = "0002";
            break;
        case 2:
            who->trade = RPC__TRADE__SANITATION;
            break;
        case 3:
            who->sex = RPC__SEX__MALE;
            break;
        case 4:
            who->birth_year = 1969;
            break;
        case 5:
            who->birth_year = 1991;
            break;
        default:
            break;
        }
        if (i < ARRAY_LEN(reasons))
            assert_refused(offered(campaign->campaign_id, who), reasons[i]);
        else
            assert_ok(offered(campaign->campaign_id, who));
    }
    step_to(&h, campaign->closes_at);
    assert_refused(offered(campaign->campaign_id, harness_member(&h, 2, TOWN)), "ENTRIES_CLOSED");
    settle(&h);
    assert_refused(offered(campaign->campaign_id, harness_member(&h, 2, TOWN)), "ENTRIES_CLOSED");
}

/* The rules that health has no words of its own for. */
static void who_is_not_of_the_age_or_no_member_for_long_is_told_so(void **state)
{
    Health__Campaign *draft = a_draft(&h, 3);
    Rpc__Principal *who = harness_member(&h, 1, TOWN);
    Health__Campaign *campaign;
    const Rpc__Answer *answer;

    (void)state;
    whom(&h, draft)->age_from = 40;
    whom(&h, draft)->member_months = 12;
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    who->birth_year = 1980;
    answer = offered(campaign->campaign_id, who);
    assert_refused(answer, "NOT_FOR_AGE");
    assert_string_equal(harness_fact(answer, "renew"), "session");
    who->birthday = 101;
    who->member_since = 20250301;
    answer = offered(campaign->campaign_id, who);
    assert_refused(answer, "NOT_FOR_NEWCOMERS");
    assert_null(harness_fact(answer, "renew"));
    who->member_since = 20240301;
    assert_ok(offered(campaign->campaign_id, who));
}

static void an_offer_of_no_places_for_her_says_so_and_one_with_a_choice_of_sites_does_not(void **state)
{
    Health__Campaign *draft = a_draft(&h, 3), *of_sites, *of_couriers;
    Rpc__Trade couriers = RPC__TRADE__COURIER;

    (void)state;
    draft->strata[0]->site_id = draft->sites[0]->site_id;
    of_sites = announced(&h, draft);
    draft = a_draft(&h, 3);
    draft->strata[0]->trades = &couriers;
    draft->strata[0]->n_trades = 1;
    of_couriers = announced(&h, draft);
    step_to(&h, of_couriers->opens_at);
    assert_string_equal(offer_of(&h, of_sites->campaign_id, 1)->reason, "");
    assert_string_equal(offer_of(&h, of_sites->campaign_id, 1)->words, "");
    assert_refused(offered(of_couriers->campaign_id, harness_member(&h, 1, TOWN)), "NO_STRATUM_FITS");
}

static void the_offer_names_what_she_would_be_examined_for(void **state)
{
    Health__CreatePackageRequest request = HEALTH__CREATE_PACKAGE_REQUEST__INIT;
    Health__Package package = HEALTH__PACKAGE__INIT;
    Health__PackageItem items[2] = {HEALTH__PACKAGE_ITEM__INIT, HEALTH__PACKAGE_ITEM__INIT};
    Rpc__Principal *courier = harness_member(&h, 1, TOWN);
    Health__Campaign *draft = a_draft(&h, 3);
    const Health__Offer *offer;

    (void)state;
    items[0].code = items[1].code = items[1].name = "CT-L";
    items[0].name = "肺部低剂量CT";
    items[0].kind = HEALTH__ITEM_KIND__LUNG;
    package.title = "新就业形态套餐";
    package.union_id = a_union(&h, UNION);
    package.items = (Health__PackageItem *[]){&items[0], &items[1]};
    package.n_items = 2;
    request.package = &package;
    draft->package_id = ((Health__Package *)harness_output(
                             &h, call_once(&h, "Campaigns.CreatePackage", &request.base, manager_of(&h, UNION)),
                             &health__package__descriptor))
                            ->package_id;
    draft = announced(&h, draft);
    offer = offer_of(&h, draft->campaign_id, 1);
    assert_int_equal(offer->n_items, 1);
    assert_string_equal(offer->items[0]->name, "CT-L");
    courier->trade = RPC__TRADE__COURIER;
    offer = harness_output(&h, on_campaign(&h, "Entries.GetOffer", draft->campaign_id, courier),
                           &health__offer__descriptor);
    assert_int_equal(offer->n_items, 2);
}

static void who_did_not_come_is_barred_for_so_many_days(void **state)
{
    Health__Campaign *draft, *campaign;

    (void)state;
    assert_int_equal(winners_of(&h, published(&h, 3, 1)->campaign_id, 1), 1);
    harness_tamper(&h, "UPDATE entitlement SET state = 6");
    draft = a_draft(&h, 3);
    draft->no_show_days = 365;
    campaign = announced(&h, draft);
    step_to(&h, campaign->opens_at);
    assert_refused(offered(campaign->campaign_id, harness_member(&h, 1, TOWN)), "BARRED_AFTER_NO_SHOW");
    assert_string_equal(offer_of(&h, campaign->campaign_id, 1)->words, "您近期预约体检后未到，暂不能报名");
    assert_ok(enter(&h, campaign->campaign_id, harness_member(&h, 2, TOWN)));
    harness_tamper(&h, "UPDATE entitlement SET state = 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(entering_twice_is_entering_once),
        TEST(whoever_withdraws_is_not_in_the_list_and_may_come_back),
        TEST(each_failing_rule_has_its_own_reason),
        TEST(who_is_not_of_the_age_or_no_member_for_long_is_told_so),
        TEST(an_offer_of_no_places_for_her_says_so_and_one_with_a_choice_of_sites_does_not),
        TEST(the_offer_names_what_she_would_be_examined_for),
        TEST(who_did_not_come_is_barred_for_so_many_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
