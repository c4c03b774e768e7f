/* Industry unions for new employment forms, and joining them by one request (三位一体). */
#include "services/identity/access/office_fixture.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/people/merges.h"

#define DAY_MS INT64_C(86400000)

/* Industry unions: of riders below 440604 (two), of couriers and riders below 440600. */
static int64_t riders_id, others_id, city_id;

static Identity__Union *make_industry(struct harness *h, const char *code, const char *parent, Rpc__Trade *trades,
                                      size_t n)
{
    Identity__CreateUnionRequest request = IDENTITY__CREATE_UNION_REQUEST__INIT;

    request.code = unconst(code);
    request.name = "新就业形态行业工会联合会";
    request.parent_id = union_coded(h, parent);
    request.trades = trades;
    request.n_trades = n;
    return harness_output(h, harness_call(h, "Identity.CreateUnion", &request.base, harness_internal(h), code),
                          &identity__union__descriptor);
}

static void begin_with_industries(struct harness *h)
{
    Rpc__Trade trades[] = {RPC__TRADE__FOOD_DELIVERY, RPC__TRADE__COURIER};

    begin_with_unions(h);
    riders_id = make_industry(h, "440604-R", "440604", trades, 1)->union_id;
    others_id = make_industry(h, "440604-S", "440604", trades, 1)->union_id;
    city_id = make_industry(h, "440600-R", "440600", trades, 2)->union_id;
}

static const char *approve(struct harness *h, const Identity__JoinRequest *join)
{
    return decide_join(h, administrator(h, ROOT), join->union_->union_id, join->request_id, true);
}

/* The n-th person asks by one request. */
static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, int64_t union_id, int trade, unsigned n)
{
    Identity__CreateJoinRequestRequest request = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = union_id;
    request.trade = (Rpc__Trade)trade;
    request.name = "王小明";
    request.resident_id = id;
    request.three_in_one = true;
    return harness_call(h, "Joins.CreateJoinRequest", &request.base, who, NULL);
}

static Identity__JoinRequest *asked(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__join_request__descriptor);
}

static void a_request_goes_to_the_nearest_industry_union_for_the_trade(void **state)
{
    struct harness h;

    (void)state;
    begin_with_industries(&h);
    const struct {
        int64_t from, to;
        int trade;
    } cases[] = {
        {town_id, riders_id, RPC__TRADE__FOOD_DELIVERY},   {first_id, riders_id, RPC__TRADE__FOOD_DELIVERY},
        {town_id, city_id, RPC__TRADE__COURIER},           {second_id, city_id, RPC__TRADE__FOOD_DELIVERY},
        {root_id, city_id, RPC__TRADE__FOOD_DELIVERY},     {riders_id, riders_id, RPC__TRADE__FOOD_DELIVERY},
        {others_id, others_id, RPC__TRADE__FOOD_DELIVERY}, {riders_id, city_id, RPC__TRADE__COURIER},
    };

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Identity__JoinRequest *join = asked(&h, ask(&h, person_signed_in(&h, i), cases[i].from, cases[i].trade, i));

        if (join->union_->union_id != cases[i].to || !join->three_in_one)
            fail_msg("case %u", i);
    }
    assert_refused(ask(&h, person_signed_in(&h, 90), town_id, RPC__TRADE__SANITATION, 90), "INDUSTRY_UNION_NOT_FOUND");
    assert_refused(ask(&h, person_signed_in(&h, 91), town_id, RPC__TRADE__TRADE_OTHER, 91), "TRADE_INVALID");
    assert_refused(ask(&h, person_signed_in(&h, 92), 4711, RPC__TRADE__COURIER, 92), "UNION_NOT_FOUND");
    end(&h);
}

static void an_approval_joins_proves_the_trade_and_enrols_for_the_cover_of_a_year_while_she_stays(void **state)
{
    Identity__CoverEnrolled *enrolled;
    Identity__JoinRequest *join;
    Rpc__Principal *who;
    struct harness h;
    int64_t cover_id, until;

    (void)state;
    begin_with_industries(&h);
    who = person_signed_in(&h, 1);
    join = asked(&h, ask(&h, who, town_id, RPC__TRADE__FOOD_DELIVERY, 1));
    assert_int_equal(asked(&h, ask(&h, who, first_id, RPC__TRADE__FOOD_DELIVERY, 1))->request_id, join->request_id);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED));
    assert_string_equal(approve(&h, join), "");
    who = person_signed_in(&h, 1);
    assert_int_equal(who->level, RPC__LEVEL__CATEGORY);
    assert_int_equal(who->trade, RPC__TRADE__FOOD_DELIVERY);
    enrolled = last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED)->cover_enrolled;
    assert_int_equal(enrolled->member_id, who->member_id);
    assert_int_equal(enrolled->union_id, riders_id);
    assert_int_equal(enrolled->trade, RPC__TRADE__FOOD_DELIVERY);
    assert_int_equal(enrolled->until - enrolled->from, INT64_C(365) * 86400000);
    cover_id = enrolled->cover_id;
    until = enrolled->until;
    clock_step(&h.service.clock, 30 * DAY_MS);
    assert_ok(leave(&h, stepped_up(&h, person_signed_in(&h, 1), 1)));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENDED)->cover_ended->cover_id, cover_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENDED)->cover_ended->until,
                     clock_now(&h.service.clock));
    clock_step(&h.service.clock, 30 * DAY_MS);
    assert_string_equal(approve(&h, asked(&h, ask(&h, person_signed_in(&h, 1), second_id, RPC__TRADE__COURIER, 1))),
                        "");
    enrolled = last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED)->cover_enrolled;
    assert_int_not_equal(enrolled->cover_id, cover_id);
    assert_int_equal(enrolled->from, clock_now(&h.service.clock));
    assert_int_equal(enrolled->until, until);
    clock_step(&h.service.clock, 365 * DAY_MS);
    assert_ok(leave(&h, stepped_up(&h, person_signed_in(&h, 1), 1)));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENDED)->cover_ended->cover_id, cover_id);
    assert_string_equal(approve(&h, asked(&h, ask(&h, person_signed_in(&h, 1), second_id, RPC__TRADE__COURIER, 1))),
                        "");
    enrolled = last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED)->cover_enrolled;
    assert_int_equal(enrolled->until - enrolled->from, 365 * DAY_MS);
    harness_tamper(&h, "UPDATE cover SET until_at = until_at + 1");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE cover SET until_at = until_at - 1");
    harness_tamper(&h, "UPDATE cover SET ended_at = ended_at + 1 WHERE ended_at > 0");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE cover SET ended_at = ended_at - 1 WHERE ended_at > 0");
    end(&h);
}

static void two_accounts_of_one_person_are_covered_once(void **state)
{
    Identity__ProposeMergeRequest proposal = IDENTITY__PROPOSE_MERGE_REQUEST__INIT;
    Identity__DecideMergeRequest decision = IDENTITY__DECIDE_MERGE_REQUEST__INIT;
    Identity__Merge *merge;
    struct harness h;
    int64_t until;

    (void)state;
    begin_with_industries(&h);
    assert_string_equal(approve(&h, asked(&h, ask(&h, person_signed_in(&h, 1), town_id, RPC__TRADE__FOOD_DELIVERY, 1))),
                        "");
    until = last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED)->cover_enrolled->until;
    proposal.gone_id = person_signed_in(&h, 1)->member_id;
    proposal.kept_id = member_of_union(&h, 2, "440605")->member_id;
    proposal.reason = IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS;
    merge = harness_output(&h,
                           harness_call(&h, "Merges.ProposeMerge", &proposal.base,
                                        harness_official(&h, 8, RULE__ROLE__UNION_ADMIN, ROOT), NULL),
                           &identity__merge__descriptor);
    decision.merge_id = merge->merge_id;
    decision.approve = true;
    clock_step(&h.service.clock, MERGE_WAIT_MS);
    assert_ok(harness_call(&h, "Merges.DecideMerge", &decision.base, administrator(&h, ROOT), NULL));
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENDED));
    assert_ok(leave(&h, person_signed_in(&h, 2)));
    assert_non_null(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENDED));
    assert_string_equal(approve(&h, asked(&h, ask(&h, person_signed_in(&h, 1), second_id, RPC__TRADE__COURIER, 1))),
                        "");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_COVER_ENROLLED)->cover_enrolled->until, until);
    end(&h);
}

static void an_industry_union_proves_a_trade_of_a_member_of_another(void **state)
{
    Identity__ClaimTradeRequest request = IDENTITY__CLAIM_TRADE_REQUEST__INIT;
    Identity__TradeRecord *claim;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_industries(&h);
    who = member_of_union(&h, 1, "440604-1");
    request.trade = RPC__TRADE__FOOD_DELIVERY;
    request.proof = IDENTITY__TRADE_PROOF__PROOF_PLATFORM_ACCOUNT;
    request.platform = request.work_number = "R-1";
    request.industry = true;
    claim = harness_output(&h, harness_call(&h, "Trades.ClaimTrade", &request.base, who, NULL),
                           &identity__trade_record__descriptor);
    assert_int_equal(claim->union_->union_id, riders_id);
    request.trade = RPC__TRADE__SANITATION;
    assert_refused(harness_call(&h, "Trades.ClaimTrade", &request.base, who, NULL), "INDUSTRY_UNION_NOT_FOUND");
    end(&h);
}

static void which_trades_a_union_takes_is_changed_by_the_level_above(void **state)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__DecideUnionChangeRequest decision = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;
    Identity__UnionRequest get = IDENTITY__UNION_REQUEST__INIT;
    Rpc__Trade trades[] = {RPC__TRADE__SANITATION, (Rpc__Trade)7};
    Identity__UnionChange *change;
    Identity__Union *node;
    struct harness h;

    (void)state;
    begin_with_industries(&h);
    request.union_id = second_id;
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_TRADES;
    assert_refused(harness_call(&h, "Unions.AskUnionChange", &request.base,
                                harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), "1"),
                   "CHANGE_EMPTY");
    request.trades = trades;
    request.n_trades = 2;
    assert_refused(harness_call(&h, "Unions.AskUnionChange", &request.base,
                                harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), "2"),
                   "TRADE_INVALID");
    request.n_trades = 1;
    change = harness_output(&h,
                            harness_call(&h, "Unions.AskUnionChange", &request.base,
                                         harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), "3"),
                            &identity__union_change__descriptor);
    assert_int_equal(change->trades[0], RPC__TRADE__SANITATION);
    decision.change_id = change->change_id;
    decision.approve = true;
    assert_ok(harness_call(&h, "Unions.DecideUnionChange", &decision.base, administrator(&h, ROOT), NULL));
    get.union_id = second_id;
    node = harness_output(&h, harness_call(&h, "Identity.GetUnion", &get.base, harness_member(&h, 1, ""), NULL),
                          &identity__union__descriptor);
    assert_int_equal(node->n_trades, 1);
    assert_int_equal(node->trades[0], RPC__TRADE__SANITATION);
    assert_int_equal(asked(&h, ask(&h, person_signed_in(&h, 1), town_id, RPC__TRADE__SANITATION, 1))->union_->union_id,
                     second_id);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_to_the_nearest_industry_union_for_the_trade),
        cmocka_unit_test(an_approval_joins_proves_the_trade_and_enrols_for_the_cover_of_a_year_while_she_stays),
        cmocka_unit_test(two_accounts_of_one_person_are_covered_once),
        cmocka_unit_test(an_industry_union_proves_a_trade_of_a_member_of_another),
        cmocka_unit_test(which_trades_a_union_takes_is_changed_by_the_level_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
