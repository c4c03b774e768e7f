/* What a pool of partners' codes costs: the codes that there are, of its fund and by the rules of publishing. */
#include "services/coupon/code/code_fixture.h"
#include "services/coupon/fund/fund_fixture.h"

#define FACE INT64_C(3000)

static const char three[] = "券码,密码\nAAAA-0001,1\nAAAA-0002,2\nAAAA-0003,3\n";
static const char two_more[] = "券码,密码\nBBBB-0001,1\nBBBB-0002,2\n";

/* Of two days, as many on each as there are. */
static int64_t a_pool(int64_t fund_id, const char *path)
{
    Coupon__Release draft = codes_draft(2);
    Coupon__Funding funding = COUPON__FUNDING__INIT;

    draft.union_id = a_union(&h, path);
    draft.face_fen = draft.threshold_fen = FACE;
    funding.fund_id = fund_id;
    if (fund_id)
        draft.funding = &funding;
    return status_of(create(&draft, manager_of(path)))->release->release_id;
}

static int64_t checked(int64_t release_id, const char *text)
{
    int64_t import_id = upload_codes(release_id, text);

    assert_int_equal(worked("Codes.CheckCodeImport", import_id)->state, IMPORTS__IMPORT_STATE__IMPORT_CHECKED);
    return import_id;
}

static const Rpc__Answer *confirm(int64_t import_id)
{
    return on_import("Codes.ConfirmCodeImport", import_id);
}

static void a_pool_is_promised_what_its_codes_cost_as_they_come(void **state)
{
    int64_t fund_id = open_fund(terms_of(3 * FACE, 0)), id = a_pool(fund_id, UNION), more;
    const Rpc__Answer *answer;

    (void)state;
    assert_ok(change("Coupons.PublishRelease", id)); /* nothing is in it yet */
    assert_money(fund_id, 3 * FACE, 0, 0);
    assert_int_equal(import_codes(id, three)->loaded, 3);
    assert_money(fund_id, 0, 3 * FACE, 0);
    assert_int_equal(get(id)->release->funding->cost_fen, 3 * FACE);
    more = checked(id, two_more);
    answer = confirm(more);
    assert_refused(answer, "BUDGET_SHORT");
    assert_string_equal(harness_fact(answer, "missingFen"), "6000");
    tidy_all();
    assert_int_equal(get(id)->release->codes->imported, 3);
    assert_money(fund_id, 0, 3 * FACE, 0);
    agree(fund_id, terms_of(5 * FACE, 0));
    assert_int_equal(worked("Codes.ConfirmCodeImport", more)->loaded, 2);
    assert_int_equal(get(id)->release->codes->imported, 5);
    assert_money(fund_id, 0, 5 * FACE, 0);
    assert_int_equal(use_of(id).day_fen, 5 * FACE);
    harness_reopen(&h);
    assert_clean();
}

static void a_draft_costs_the_codes_that_it_has(void **state)
{
    int64_t fund_id = open_fund(terms_of(3 * FACE - 1, 0)), id = a_pool(fund_id, UNION);
    const Rpc__Answer *answer;

    (void)state;
    assert_int_equal(get(id)->release->funding->cost_fen, 0);
    assert_int_equal(import_codes(id, three)->loaded, 3); /* nothing is promised to a draft */
    assert_int_equal(get(id)->release->funding->cost_fen, 3 * FACE);
    answer = change("Coupons.PublishRelease", id);
    assert_refused(answer, "BUDGET_SHORT");
    assert_string_equal(harness_fact(answer, "missingFen"), "1");
    agree(fund_id, terms_of(3 * FACE, 0));
    assert_ok(change("Coupons.PublishRelease", id));
    assert_money(fund_id, 0, 3 * FACE, 0);
    assert_clean();
}

/* The partner gives others in place of bad ones: they cost nothing more, and what was promised stays so. */
static void codes_in_place_of_bad_ones_cost_nothing_more(void **state)
{
    int64_t fund_id = open_fund(terms_of(3 * FACE, 0)), id = a_pool(fund_id, UNION), void_id;

    (void)state;
    assert_ok(change("Coupons.PublishRelease", id));
    import_codes(id, three);
    void_id = void_of(propose_void(id, "AAAA-0003", 0))->void_id;
    assert_ok(on_void("Codes.ConfirmCodeVoid", void_id, 901));
    assert_money(fund_id, 0, 3 * FACE, 0);
    assert_refused(confirm(checked(id, two_more)), "BUDGET_SHORT");
    assert_int_equal(import_codes(id, "券码,密码\nCCCC-0001,1\n")->loaded, 1);
    assert_money(fund_id, 0, 3 * FACE, 0);
    assert_clean();
}

static void a_day_of_the_fund_bounds_what_comes(void **state)
{
    int64_t fund_id = open_fund(terms_of(100 * FACE, 4 * FACE)), id = a_pool(fund_id, UNION);

    (void)state;
    assert_ok(change("Coupons.PublishRelease", id));
    import_codes(id, three);
    assert_refused(confirm(checked(id, two_more)), "FUND_DAY_CEILING");
    assert_int_equal(import_codes(id, "券码,密码\nCCCC-0001,1\n")->loaded, 1);
    assert_money(fund_id, 96 * FACE, 4 * FACE, 0);
    assert_clean();
}

static void what_a_level_may_give_bounds_what_comes(void **state)
{
    Coupon__SetPublishingRuleRequest request = COUPON__SET_PUBLISHING_RULE_REQUEST__INIT;
    Coupon__PublishingRule rule = COUPON__PUBLISHING_RULE__INIT;
    int64_t id = a_pool(0, TOWN);
    const Rpc__Answer *answer;

    (void)state;
    rule.union_id = a_union(&h, UNION);
    rule.level = 2;
    rule.cost_fen = 3 * FACE;
    request.rule = &rule;
    assert_ok(harness_call(&h, "Publishing.SetPublishingRule", &request.base, manager_of(UNION), NULL));
    import_codes(id, three);
    assert_ok(change("Coupons.PublishRelease", id)); /* all that days could hold would be too much */
    answer = confirm(checked(id, two_more));
    assert_refused(answer, "COST_ABOVE_LEVEL");
    assert_string_equal(harness_fact(answer, "maximum"), "9000");
}

/* Between what is confirmed and what is taken over the fund may promise what it has to others. */
static void codes_that_are_not_paid_any_more_are_refused_by_their_lines(void **state)
{
    int64_t fund_id = open_fund(terms_of(4 * FACE, 0)), id = a_pool(fund_id, UNION), other = a_pool(fund_id, UNION);
    int64_t import_id;

    (void)state;
    import_codes(other, two_more);
    assert_ok(change("Coupons.PublishRelease", id));
    import_id = checked(id, three);
    assert_ok(confirm(import_id));
    assert_ok(change("Coupons.PublishRelease", other));
    tidy_all();
    assert_int_equal(code_import_of(on_import("Codes.GetCodeImport", import_id))->loaded, 2);
    assert_int_equal(code_import_of(on_import("Codes.GetCodeImport", import_id))->refused, 1);
    assert_int_equal(get(id)->release->codes->imported, 2);
    assert_money(fund_id, 0, 4 * FACE, 0);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pool_is_promised_what_its_codes_cost_as_they_come),
        TEST(a_draft_costs_the_codes_that_it_has),
        TEST(codes_in_place_of_bad_ones_cost_nothing_more),
        TEST(a_day_of_the_fund_bounds_what_comes),
        TEST(what_a_level_may_give_bounds_what_comes),
        TEST(codes_that_are_not_paid_any_more_are_refused_by_their_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
