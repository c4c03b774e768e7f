/* What releases are paid from: funds by two hands, what publishing promises, and what goes back. */
#include "services/coupon/fund/fund_fixture.h"

static int64_t draft_paid_from(int64_t fund_id, int32_t days)
{
    Coupon__Release draft = paid_from(fund_id, days);

    return status_of(create(&draft, manager_of(UNION)))->release->release_id;
}

/* ---- two hands ---- */

static void a_fund_is_opened_by_two(void **state)
{
    Coupon__FundTerms terms = terms_of(100000, 0), more = terms_of(150000, 20000);
    const Coupon__Fund *fund = fund_of(propose(&terms, finance(901)));
    int64_t id = fund->fund_id;

    (void)state;
    assert_int_equal(fund->state, COUPON__FUND_STATE__FUND_PROPOSED);
    assert_null(fund->terms);
    assert_int_equal(fund->proposed->fen, 100000);
    assert_int_equal(fund->free_fen, 0);
    assert_string_equal(fund->source_name, "农商银行");
    assert_refused(on_fund("Funds.ConfirmFund", id, finance(901)), "HANDS_SAME");
    assert_refused(on_fund("Funds.ConfirmFund", id, manager_of(UNION)), "NOT_OFFICIAL");
    assert_ok(on_fund("Funds.ConfirmFund", id, finance(902)));
    assert_money(id, 100000, 0, 0);
    assert_refused(on_fund("Funds.ConfirmFund", id, finance(902)), "FUND_DECIDED");
    /* Other terms hold when they are confirmed, and not before. */
    assert_ok(propose_terms(id, &more, finance(902)));
    assert_money(id, 100000, 0, 0);
    assert_int_equal(get_fund(id)->proposed->day_fen, 20000);
    assert_refused(on_fund("Funds.ConfirmFund", id, finance(902)), "HANDS_SAME");
    assert_ok(on_fund("Funds.ConfirmFund", id, finance(901)));
    assert_money(id, 150000, 0, 0);
    assert_int_equal(get_fund(id)->terms->day_fen, 20000);
    /* And what is refused changes nothing. */
    assert_ok(propose_terms(id, &terms, finance(901)));
    assert_ok(on_fund("Funds.RefuseFund", id, finance(902)));
    assert_null(get_fund(id)->proposed);
    assert_money(id, 150000, 0, 0);
    assert_clean();
}

static void what_a_fund_cannot_be(void **state)
{
    Coupon__FundTerms terms = terms_of(1000, 2000), fine = terms_of(1000, 0);
    int64_t id;

    (void)state;
    assert_refused(propose(&terms, finance(901)), "FUND_DAY_ABOVE_ALL");
    assert_refused(propose(&fine, harness_official(&h, 903, RULE__ROLE__FINANCE, "0002")), "OUTSIDE_YOUR_UNION");
    id = fund_of(propose(&fine, finance(901)))->fund_id;
    assert_ok(on_fund("Funds.RefuseFund", id, finance(901)));
    assert_int_equal(get_fund(id)->state, COUPON__FUND_STATE__FUND_REFUSED);
    assert_refused(propose_terms(id, &fine, finance(901)), "FUND_NOT_OPEN");
    assert_refused(on_fund("Funds.ConfirmFund", id, finance(902)), "FUND_DECIDED");
    assert_refused(on_fund("Funds.GetFund", 4711, finance(901)), "FUND_NOT_FOUND");
    /* More than is free of it is not taken out again. */
    id = open_fund(terms_of(2 * COST, 0));
    publish(paid_from(id, 1));
    fine.fen = COST - 1;
    assert_ok(propose_terms(id, &fine, finance(901)));
    assert_refused(on_fund("Funds.ConfirmFund", id, finance(902)), "BUDGET_SHORT");
    agree(id, terms_of(COST, 0));
    assert_money(id, 0, COST, 0);
    assert_clean();
}

static void of_a_union_and_all_below_it_funds_are_listed(void **state)
{
    Coupon__ListFundsRequest request = COUPON__LIST_FUNDS_REQUEST__INIT;
    Coupon__FundState open = COUPON__FUND_STATE__FUND_OPEN;
    const Coupon__FundList *list;
    int64_t first = open_fund(terms_of(1000, 0));
    Coupon__FundTerms terms = terms_of(2000, 0);

    (void)state;
    clock_step(&h.service.clock, 5);
    assert_ok(propose(&terms, finance(901)));
    request.union_id = a_union(&h, UNION);
    list = harness_output(&h, harness_call(&h, "Funds.ListFunds", &request.base, manager_of(UNION), NULL),
                          &coupon__fund_list__descriptor);
    assert_int_equal(list->n_funds, 2);
    assert_int_equal(list->funds[1]->fund_id, first);
    request.state = &open;
    request.n_state = 1;
    list = harness_output(&h, harness_call(&h, "Funds.ListFunds", &request.base, manager_of(UNION), NULL),
                          &coupon__fund_list__descriptor);
    assert_int_equal(list->n_funds, 1);
    assert_refused(harness_call(&h, "Funds.ListFunds", &request.base, manager_of(TOWN), NULL), "OUTSIDE_YOUR_UNION");
}

/* ---- publishing ---- */

static void publishing_promises_the_highest_cost(void **state)
{
    int64_t fund_id = open_fund(terms_of(4 * COST - 1, 0)), one, other;
    const Rpc__Answer *answer;
    const Coupon__Funding *funding;

    (void)state;
    one = draft_paid_from(fund_id, 3);
    other = draft_paid_from(fund_id, 1);
    assert_money(fund_id, 4 * COST - 1, 0, 0);
    assert_ok(change("Coupons.PublishRelease", one));
    assert_money(fund_id, COST - 1, 3 * COST, 0);
    funding = get(one)->release->funding;
    assert_int_equal(funding->cost_fen, 3 * COST);
    assert_int_equal(funding->committed_fen, 3 * COST);
    answer = change("Coupons.PublishRelease", other);
    assert_refused(answer, "BUDGET_SHORT");
    assert_string_equal(harness_fact(answer, "missingFen"), "1");
    assert_int_equal(get(other)->release->state, COUPON__STATE__DRAFT);
    /* A pause promises nothing anew. */
    assert_ok(change("Coupons.PauseRelease", one));
    assert_ok(change("Coupons.PublishRelease", one));
    assert_money(fund_id, COST - 1, 3 * COST, 0);
    agree(fund_id, terms_of(4 * COST, 0));
    assert_ok(change("Coupons.PublishRelease", other));
    assert_money(fund_id, 0, 4 * COST, 0);
    /* Members are not told what it is paid from. */
    assert_null(status_of(on_release("Coupons.GetRelease", one, harness_member(&h, 1, TOWN)))->release->funding);
    assert_clean();
}

static void a_days_ceiling_refuses_publishing_and_no_claim(void **state)
{
    int64_t fund_id = open_fund(terms_of(100 * COST, 2 * COST)), ids[4];
    const Rpc__Answer *answer;
    Coupon__Release late;

    (void)state;
    for (int i = 0; i < 3; i++) {
        clock_step(&h.service.clock, 5);
        ids[i] = draft_paid_from(fund_id, 3);
    }
    late = paid_from(fund_id, 3);
    late.opens_at += 3 * COUPON_DAY_MS;
    ids[3] = status_of(create(&late, manager_of(UNION)))->release->release_id;
    assert_ok(change("Coupons.PublishRelease", ids[0]));
    assert_ok(change("Coupons.PublishRelease", ids[1]));
    answer = change("Coupons.PublishRelease", ids[2]);
    assert_refused(answer, "FUND_DAY_CEILING");
    assert_non_null(harness_fact(answer, "day"));
    assert_ok(change("Coupons.PublishRelease", ids[3])); /* on other days */
    to(OPENS);
    for (int64_t member = 1; member <= 10; member++)
        assert_ok(claim(ids[0], member));
    /* What ends leaves its days to others. */
    assert_ok(change("Coupons.EndRelease", ids[1]));
    tidy();
    clock_step(&h.service.clock, 5);
    late = paid_from(fund_id, 1);
    late.opens_at = OPENS + COUPON_DAY_MS;
    publish(late);
    assert_clean();
}

static void a_fund_is_for_those_who_keep_it_and_for_those_below_if_it_says_so(void **state)
{
    int64_t own = open_fund(terms_of(100 * COST, 0)), shared;
    Coupon__FundTerms terms = terms_of(100 * COST, 0);
    Coupon__Release draft;

    (void)state;
    terms.for_below = true;
    clock_step(&h.service.clock, 5);
    shared = open_fund(terms);
    draft = paid_from(own, 1);
    draft.union_id = a_union(&h, TOWN);
    assert_refused(create(&draft, manager_of(TOWN)), "FUND_NOT_FOR_BELOW");
    draft = paid_from(shared, 1);
    draft.union_id = a_union(&h, TOWN);
    assert_ok(create(&draft, manager_of(TOWN)));
    draft.union_id = a_union(&h, "0002");
    assert_refused(create(&draft, manager_of("0002")), "FUND_NOT_FOUND");
    assert_clean();
}

/* ---- what goes back ---- */

static void what_is_not_granted_goes_back_at_the_end_and_what_is_not_spent_later(void **state)
{
    int64_t fund_id = open_fund(terms_of(10 * COST, 0)), id = publish(paid_from(fund_id, 2));
    struct fund_use use;

    (void)state;
    to(OPENS);
    for (int64_t member = 1; member <= 4; member++)
        assert_ok(claim(id, member));
    tidy();
    assert_money(fund_id, 8 * COST, 2 * COST, 0);
    to(OPENS + 2 * COUPON_DAY_MS); /* it ends by itself */
    tidy();
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_money(fund_id, 10 * COST - 2000, 2000, 0);
    assert_int_equal(use_of(id).stage, FUND_TRIMMED);
    assert_clean();
    to(OPENS + 2 * COUPON_DAY_MS + 30 * COUPON_DAY_MS + FUND_LATE_MS);
    tidy();
    assert_money(fund_id, 10 * COST - 2000, 2000, 0);
    clock_step(&h.service.clock, 10);
    tidy();
    use = use_of(id);
    assert_int_equal(use.stage, FUND_OVER);
    assert_int_equal(use.kept_fen, 0);
    assert_money(fund_id, 10 * COST, 0, 0);
    assert_clean();
}

static void what_is_settled_is_spent_whatever_the_stage(void **state)
{
    int64_t fund_id = open_fund(terms_of(10 * COST, 0)), id = publish(paid_from(fund_id, 1));
    Coupon__Release free_one = draft_of(1, 1, 0);
    int64_t unpaid = publish(free_one);

    (void)state;
    to(OPENS);
    for (int64_t member = 1; member <= 4; member++)
        assert_ok(claim(id, member));
    assert_int_equal(spend_fen(id, 500), 0);
    assert_money(fund_id, 9 * COST, COST - 500, 500);
    assert_ok(change("Coupons.EndRelease", id));
    tidy();
    assert_money(fund_id, 10 * COST - 2000, 1500, 500);
    assert_int_equal(spend_fen(id, 1000), 0);
    assert_int_equal(spend_fen(id, -500), 0); /* a correction */
    assert_money(fund_id, 10 * COST - 2000, 1000, 1000);
    assert_int_equal(spend_fen(id, 1001), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(spend_fen(unpaid, 1001), 0); /* which has no fund */
    clock_step(&h.service.clock, 40 * COUPON_DAY_MS);
    tidy();
    assert_money(fund_id, 10 * COST - 1000, 0, 1000);
    /* What is taken back after the end goes back at once. */
    assert_int_equal(spend_fen(id, -1000), 0);
    assert_money(fund_id, 10 * COST, 0, 0);
    assert_clean();
}

/* Whenever that is. */
static void what_is_redeemed_stays_promised_until_it_is_settled(void **state)
{
    int64_t fund_id, id;

    (void)state;
    open_shop();
    fund_id = open_fund(terms_of(10 * COST, 0));
    id = publish(paid_from(fund_id, 1));
    to(OPENS);
    assert_ok(claim(id, MEMBER));
    assert_ok(claim(id, MEMBER + 1));
    assert_ok(sell_at_once("a", 1000));
    clock_step(&h.service.clock, 40 * COUPON_DAY_MS);
    tidy();
    assert_int_equal(use_of(id).stage, FUND_OVER);
    assert_money(fund_id, 10 * COST - 500, 500, 0);
    assert_int_equal(spend_fen(id, 501), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(spend_fen(id, 500), 0);
    assert_money(fund_id, 10 * COST - 500, 0, 500);
    assert_int_equal(spend_fen(id, -500), 0); /* it is owed again, by another statement */
    assert_money(fund_id, 10 * COST - 500, 500, 0);
    assert_clean();
}

/* Coupons that are good to a fixed day are so however long ago it ended. */
static void what_is_good_for_long_is_kept_for_long(void **state)
{
    int64_t fund_id = open_fund(terms_of(10 * COST, 0)), id;
    Coupon__Release draft = paid_from(fund_id, 1);
    Coupon__Spending spending = COUPON__SPENDING__INIT;

    (void)state;
    spending.valid_until = OPENS + 100 * COUPON_DAY_MS;
    draft.spending = &spending;
    id = publish(draft);
    to(OPENS);
    assert_ok(claim(id, 1));
    clock_step(&h.service.clock, 90 * COUPON_DAY_MS);
    tidy();
    assert_int_equal(use_of(id).stage, FUND_TRIMMED);
    assert_money(fund_id, 10 * COST - 500, 500, 0);
    clock_step(&h.service.clock, 20 * COUPON_DAY_MS);
    tidy();
    assert_money(fund_id, 10 * COST, 0, 0);
    assert_clean();
}

static void what_goes_back_to_a_closed_fund_goes_back_to_where_it_came_from(void **state)
{
    int64_t fund_id = open_fund(terms_of(10 * COST, 0)), id = publish(paid_from(fund_id, 1)), other;
    Coupon__FundTerms end = terms_of(10 * COST, 0);

    (void)state;
    other = draft_paid_from(fund_id, 1);
    end.closes = true;
    agree(fund_id, end);
    assert_int_equal(get_fund(fund_id)->state, COUPON__FUND_STATE__FUND_CLOSED);
    assert_money(fund_id, 0, COST, 0);
    assert_refused(change("Coupons.PublishRelease", other), "FUND_NOT_OPEN");
    assert_ok(change("Coupons.EndRelease", id)); /* nobody had one */
    tidy();
    assert_money(fund_id, 0, 0, 0);
    assert_clean();
}

/* ---- the audit ---- */

static void the_audit_finds_money_that_nobody_moved(void **state)
{
    static const char *const wrongs[][2] = {
        {"UPDATE fund SET state = 3", "fund"},
        {"UPDATE fund SET union_path = '0002'", "fund"},
        {"UPDATE fund_use SET kept_fen = kept_fen - 1", "fund"},
        {"UPDATE fund_use SET cost_fen = cost_fen + 1", "fund"},
        {"DELETE FROM fund_use", "fund"},
        {"INSERT INTO fund SELECT fund_id + 1, union_path, name, source, source_name, state, fen, day_fen, for_below, "
         "proposed, created_at, journal_seq FROM fund",
         "fund"},
        {"UPDATE fund SET fen = fen + 1", "fund"},
    };
    int64_t fund_id = open_fund(terms_of(10 * COST, 0));

    (void)state;
    publish(paid_from(fund_id, 1));
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM fund");
    harness_tamper(&h, "CREATE TABLE kept_use AS SELECT * FROM fund_use");
    for (unsigned i = 0; i < ARRAY_LEN(wrongs); i++) {
        assert_clean();
        harness_tamper(&h, wrongs[i][0]);
        if (!strstr(harness_audit(&h), wrongs[i][1]))
            fail_msg("%s: %s", wrongs[i][0], harness_audit(&h));
        harness_tamper(&h, "DELETE FROM fund_use");
        harness_tamper(&h, "DELETE FROM fund");
        harness_tamper(&h, "INSERT INTO fund SELECT * FROM kept");
        harness_tamper(&h, "INSERT INTO fund_use SELECT * FROM kept_use");
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fund_is_opened_by_two),
        TEST(what_a_fund_cannot_be),
        TEST(of_a_union_and_all_below_it_funds_are_listed),
        TEST(publishing_promises_the_highest_cost),
        TEST(a_days_ceiling_refuses_publishing_and_no_claim),
        TEST(a_fund_is_for_those_who_keep_it_and_for_those_below_if_it_says_so),
        TEST(what_is_not_granted_goes_back_at_the_end_and_what_is_not_spent_later),
        TEST(what_is_settled_is_spent_whatever_the_stage),
        TEST(what_is_redeemed_stays_promised_until_it_is_settled),
        TEST(what_is_good_for_long_is_kept_for_long),
        TEST(what_goes_back_to_a_closed_fund_goes_back_to_where_it_came_from),
        TEST(the_audit_finds_money_that_nobody_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
