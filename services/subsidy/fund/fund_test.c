/* Funds: two officials of finance, and what becomes of a year's money. */
#include "services/subsidy/fixture.h"

static int64_t free_of(int64_t fund_id)
{
    return fund_of(on_fund("Budgets.GetSubsidyFund", fund_id, finance(921, CITY)))->free_fen;
}

static void two_of_finance_put_money_in_place(void **state)
{
    int64_t id = fund_of(propose_fund(CITY, 2026, 2000000000000, finance(931, CITY)))->fund_id;

    (void)state;
    assert_int_equal(free_of(id), 0);
    assert_refused(on_fund("Budgets.ConfirmSubsidyFund", id, finance(931, CITY)), "HANDS_SAME");
    assert_refused(on_fund("Budgets.ConfirmSubsidyFund", id, finance(932, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_refused(on_fund("Budgets.ConfirmSubsidyFund", id, manager(932, CITY)), "NOT_OFFICIAL");
    assert_ok(on_fund("Budgets.ConfirmSubsidyFund", id, finance(932, CITY)));
    assert_int_equal(free_of(id), 2000000000000);
    assert_refused(on_fund("Budgets.ConfirmSubsidyFund", id, finance(933, CITY)), "SUBSIDY_FUND_DECIDED");
    assert_refused(on_fund("Budgets.RefuseSubsidyFund", id, finance(933, CITY)), "SUBSIDY_FUND_DECIDED");
}

static void one_that_is_refused_is_never_there(void **state)
{
    int64_t id = fund_of(propose_fund(CITY, 0, 100, finance(931, CITY)))->fund_id;

    (void)state;
    assert_int_equal(fund_of(on_fund("Budgets.RefuseSubsidyFund", id, finance(932, CITY)))->state,
                     SUBSIDY__FUND_STATE__FUND_REFUSED);
    assert_refused(on_fund("Budgets.ConfirmSubsidyFund", id, finance(932, CITY)), "SUBSIDY_FUND_DECIDED");
    assert_refused_at(create_scheme(a_funded_draft(id, 100, SUBSIDY__SELECTION_KIND__ALL, 0), manager(901, CITY)),
                      "FUND_NOT_YOURS", "scheme.funding.fundId");
    assert_refused(propose_fund(CITY, 2031, 100, finance(931, CITY)), "FUND_YEAR_WRONG");
    assert_refused(on_fund("Budgets.GetSubsidyFund", id + 1, finance(931, CITY)), "SUBSIDY_FUND_NOT_FOUND");
}

/* What is promised to somebody stays so. */
static void what_is_free_of_a_year_ends_with_it(void **state)
{
    int64_t id = fund_of(propose_fund(CITY, 2026, 1000000, finance(931, CITY)))->fund_id, scheme_id;
    struct draft *draft;

    (void)state;
    assert_ok(on_fund("Budgets.ConfirmSubsidyFund", id, finance(932, CITY)));
    draft = a_funded_draft(id, 500000, SUBSIDY__SELECTION_KIND__ALL, 0);
    draft->scheme.closes_at = INT64_C(1798732800000) + DAY_MS; /* else what is left of it goes back before */
    scheme_id = open_scheme(draft);
    approve_whole(handed_in(scheme_id, MEMBER));
    let_pass(INT64_C(1798732799000)); /* 2026-12-31 23:59:59 in China */
    assert_int_equal(free_of(id), 500000);
    assert_int_equal(selection_of(scheme_id)->payable_fen, 100000);
    let_pass(INT64_C(1798732800000));
    assert_int_equal(free_of(id), 0);
    assert_int_equal(selection_of(scheme_id)->free_fen, 0);
    assert_int_equal(selection_of(scheme_id)->payable_fen, 100000);
}

static void a_union_sees_its_own_and_those_below(void **state)
{
    Subsidy__ListSubsidyFundsRequest request = SUBSIDY__LIST_SUBSIDY_FUNDS_REQUEST__INIT;
    const Subsidy__FundList *list;
    int64_t of_city = a_fund(100), of_town = fund_of(propose_fund(TOWN, 0, 50, finance(931, CITY)))->fund_id;

    (void)state;
    request.union_id = a_union(&h, CITY);
    list = harness_output(&h, harness_call(&h, "Budgets.ListSubsidyFunds", &request.base, finance(931, CITY), NULL),
                          &subsidy__fund_list__descriptor);
    assert_int_equal(list->n_funds, 2);
    assert_int_equal(list->funds[0]->fund_id, of_town);
    assert_int_equal(list->funds[1]->fund_id, of_city);
    assert_refused(harness_call(&h, "Budgets.ListSubsidyFunds", &request.base, finance(931, TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
}

static const Hands__WaitingList *waiting_for(const Rpc__Principal *who)
{
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;

    request.union_id = a_union(&h, CITY);
    return harness_output(&h, harness_call(&h, "Deeds.ListSubsidyHands", &request.base, who, NULL),
                          &hands__waiting_list__descriptor);
}

static void what_waits_for_a_second_official_is_in_one_list(void **state)
{
    int64_t fund_id = fund_of(propose_fund(CITY, 0, 100, finance(931, CITY)))->fund_id;
    int64_t scheme_id = scheme_of(create_scheme(a_draft(), manager(901, CITY)))->scheme_id;
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;
    const Hands__WaitingList *list;

    (void)state;
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(901, CITY)));
    list = waiting_for(finance(931, CITY));
    assert_int_equal(list->n_hands, 1);
    assert_string_equal(list->hands[0]->kind, "subsidy fund");
    assert_int_equal(list->hands[0]->deed_id, fund_id);
    assert_true(list->hands[0]->yours);
    list = waiting_for(manager(902, CITY));
    assert_int_equal(list->n_hands, 1);
    assert_string_equal(list->hands[0]->kind, "scheme");
    assert_int_equal(list->hands[0]->deed_id, scheme_id);
    assert_false(list->hands[0]->yours);
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(902, CITY)));
    assert_int_equal(waiting_for(manager(902, CITY))->n_hands, 0);
    request.union_id = a_union(&h, CITY);
    assert_refused(harness_call(&h, "Deeds.ListSubsidyHands", &request.base, finance(931, TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_of_finance_put_money_in_place),
        TEST(one_that_is_refused_is_never_there),
        TEST(what_is_free_of_a_year_ends_with_it),
        TEST(a_union_sees_its_own_and_those_below),
        TEST(what_waits_for_a_second_official_is_in_one_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
