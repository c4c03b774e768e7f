#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/trades.h"

#define DAY_MS INT64_C(86400000)

static const Rpc__Answer *claim(struct harness *h, const Rpc__Principal *who, int trade, const char *number)
{
    Identity__ClaimTradeRequest request = IDENTITY__CLAIM_TRADE_REQUEST__INIT;

    request.trade = (Rpc__Trade)trade;
    request.proof = IDENTITY__TRADE_PROOF__PROOF_PLATFORM_ACCOUNT;
    request.platform = "网约车平台";
    request.work_number = unconst(number);
    request.evidence = "从业资格证 0042";
    return harness_call(h, "Trades.ClaimTrade", &request.base, who, NULL);
}

static Identity__TradeRecord *claimed(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__trade_record__descriptor);
}

static Identity__TradeList *mine(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyTradesRequest request = IDENTITY__MY_TRADES_REQUEST__INIT;

    return harness_output(h, harness_call(h, "Trades.ListMyTrades", &request.base, who, NULL),
                          &identity__trade_list__descriptor);
}

static Identity__TradeList *waiting(struct harness *h, int64_t union_id, int size, const char *token)
{
    Identity__ListTradeClaimsRequest request = IDENTITY__LIST_TRADE_CLAIMS_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(h, harness_call(h, "Trades.ListTradeClaims", &request.base, administrator(h, ROOT), NULL),
                          &identity__trade_list__descriptor);
}

static const Rpc__Answer *decide(struct harness *h, const Rpc__Principal *who, int64_t union_id, int64_t trade_id,
                                 bool approve, int reason)
{
    Identity__DecideTradeClaimsRequest request = IDENTITY__DECIDE_TRADE_CLAIMS_REQUEST__INIT;

    request.union_id = union_id;
    request.trade_ids = &trade_id;
    request.n_trade_ids = 1;
    request.approve = approve;
    request.reason = (Identity__RefusalReason)reason;
    request.remark = "请上传行程记录";
    return harness_call(h, "Trades.DecideTradeClaims", &request.base, who, NULL);
}

static const Rpc__Answer *withdraw(struct harness *h, const Rpc__Principal *who, int64_t trade_id)
{
    Identity__TradeRequest request = IDENTITY__TRADE_REQUEST__INIT;

    request.trade_id = trade_id;
    return harness_call(h, "Trades.WithdrawTradeClaim", &request.base, who, NULL);
}

static int64_t tallied(struct harness *h, int64_t union_id, int trade)
{
    struct identity *self = h->service.self;
    struct tally tally;

    tallies_find(&self->tallies, union_id, &tally);
    return tally.trades[trade];
}

static void tidy(struct harness *h)
{
    while (harness_tidy(h))
        continue;
}

static void a_claim_is_proven_by_her_union_and_counted(void **state)
{
    const Rpc__Answer *answer;
    Identity__TradeRecord *trade;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    answer = claim(&h, who, RPC__TRADE__RIDE_DRIVER, " DD-4711 ");
    assert_true(answer->created);
    trade = claimed(&h, answer);
    assert_int_equal(trade->state, IDENTITY__TRADE_STATE__TRADE_ASKED);
    assert_int_equal(claimed(&h, claim(&h, who, RPC__TRADE__RIDE_DRIVER, "DD-4711"))->trade_id, trade->trade_id);
    assert_refused(claim(&h, who, RPC__TRADE__SANITATION, "1"), "TRADE_CLAIM_PENDING");
    assert_int_equal(waiting(&h, second_id, 0, "")->n_trades, 0);
    assert_int_equal(waiting(&h, first_id, 0, "")->n_trades, 1);
    trade = waiting(&h, first_id, 0, "")->trades[0];
    assert_string_equal(trade->work_number, "DD-4711");
    assert_string_equal(trade->name, "王*明");
    assert_string_equal(outcome(&h, decide(&h, administrator(&h, FIRST), first_id, trade->trade_id, true, 0)), "");
    who = person_signed_in(&h, 1);
    assert_int_equal(who->trade, RPC__TRADE__RIDE_DRIVER);
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__COURIER), 0);
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__RIDE_DRIVER), 1);
    assert_int_equal(mine(&h, who)->n_trades, 2); /* the roster's before it */
    trade = mine(&h, who)->trades[0];
    assert_int_equal(told_of(&h, who, trade->trade_id), IDENTITY__ACCOUNT_NEWS__NEWS_TRADE_PROVEN);
    assert_int_equal(notices_of(&h, who)->n_notices, 1); /* of the roster's she was not */
    assert_int_equal(trade->source, IDENTITY__TRADE_SOURCE__TRADE_BY_PAPERS);
    assert_int_equal(trade->until - trade->from, 365 * DAY_MS);
    assert_string_equal(trade->work_number, ""); /* erased */
    assert_int_equal(mine(&h, who)->trades[1]->state, IDENTITY__TRADE_STATE__TRADE_REPLACED);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_TRADE_CHANGED)->trade_changed->until, trade->until);
    assert_string_equal(outcome(&h, decide(&h, administrator(&h, FIRST), first_id, trade->trade_id, true, 0)),
                        "TRADE_CLAIM_DECIDED");
    end(&h);
}

static void a_refused_claim_says_why_and_may_be_made_again(void **state)
{
    Rpc__Principal *who;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    id = claimed(&h, claim(&h, who, RPC__TRADE__RIDE_DRIVER, "1"))->trade_id;
    assert_refused(decide(&h, administrator(&h, FIRST), first_id, id, false, 0), "DECISION_REASON_INVALID");
    assert_refused(decide(&h, administrator(&h, SECOND), first_id, id, true, 0), "OUTSIDE_YOUR_UNION");
    assert_string_equal(outcome(&h, decide(&h, administrator(&h, SECOND), second_id, id, true, 0)),
                        "TRADE_CLAIM_NOT_FOUND");
    assert_string_equal(outcome(&h, decide(&h, harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, FIRST),
                                           first_id, id, true, 0)),
                        "NOT_FOR_YOURSELF");
    assert_string_equal(outcome(&h, decide(&h, administrator(&h, FIRST), first_id, id, false,
                                           IDENTITY__REFUSAL_REASON__REFUSAL_UNPROVEN)),
                        "");
    assert_int_equal(mine(&h, who)->trades[0]->reason, IDENTITY__REFUSAL_REASON__REFUSAL_UNPROVEN);
    assert_string_equal(mine(&h, who)->trades[0]->remark, "请上传行程记录");
    assert_int_equal(told_of(&h, who, id), IDENTITY__ACCOUNT_NEWS__NEWS_TRADE_REFUSED);
    assert_int_equal(person_signed_in(&h, 1)->trade, RPC__TRADE__COURIER);
    id = claimed(&h, claim(&h, who, RPC__TRADE__RIDE_DRIVER, "2"))->trade_id;
    assert_int_equal(claimed(&h, withdraw(&h, who, id))->state, IDENTITY__TRADE_STATE__TRADE_WITHDRAWN);
    assert_ok(withdraw(&h, who, id));
    assert_refused(withdraw(&h, member_of_union(&h, 2, "440604"), id), "TRADE_CLAIM_NOT_FOUND");
    assert_refused(withdraw(&h, who, mine(&h, who)->trades[1]->trade_id), "TRADE_CLAIM_DECIDED");
    end(&h);
}

static void a_trade_expires_and_is_proven_again_by_the_roster(void **state)
{
    Identity__TradeRecord *renewed;
    Rpc__Principal *who;
    struct harness h;
    int64_t until;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    assert_int_equal(who->trade, RPC__TRADE__COURIER);
    until = mine(&h, who)->trades[0]->until;
    assert_refused(claim(&h, who, RPC__TRADE__COURIER, "1"), "TRADE_STILL_VALID");
    clock_step(&h.service.clock, until - TRADE_RENEWAL_MS - clock_now(&h.service.clock));
    renewed = claimed(&h, claim(&h, who, RPC__TRADE__COURIER, "1"));
    assert_int_equal(renewed->state, IDENTITY__TRADE_STATE__TRADE_PROVEN);
    assert_int_equal(renewed->source, IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER);
    assert_int_equal(renewed->until, until + 365 * DAY_MS);
    clock_step(&h.service.clock, renewed->until - 1 - clock_now(&h.service.clock));
    tidy(&h);
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__COURIER), 1);
    clock_step(&h.service.clock, 1);
    tidy(&h);
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__COURIER), 0);
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__TRADE_OTHER), 1);
    assert_int_equal(person_signed_in(&h, 1)->trade, RPC__TRADE__TRADE_OTHER);
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__MEMBER);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_TRADE_CHANGED)->trade_changed->state,
                     IDENTITY__TRADE_STATE__TRADE_EXPIRED);
    assert_int_equal(mine(&h, who)->n_trades, 2);
    assert_int_equal(claimed(&h, claim(&h, who, RPC__TRADE__COURIER, "1"))->state, IDENTITY__TRADE_STATE__TRADE_PROVEN);
    end(&h);
}

static void more_expire_than_one_slice_takes(void **state)
{
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 0; n < TRADE_SLICE + 1; n++) {
        member_of_union(&h, n, "440604");
        harness_forget(&h);
    }
    clock_step(&h.service.clock, 366 * DAY_MS);
    assert_true(harness_tidy(&h));
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__COURIER), 1);
    assert_false(harness_tidy(&h));
    assert_int_equal(tallied(&h, root_id, RPC__TRADE__COURIER), 0);
    end(&h);
}

static void a_claim_is_checked_and_ends_with_the_membership(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    const Rpc__Answer *answer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    assert_refused(claim(&h, person_signed_in(&h, 2), RPC__TRADE__COURIER, "1"), "NO_MEMBERSHIP");
    who = member_of_union(&h, 1, "440604");
    assert_refused(claim(&h, who, RPC__TRADE__TRADE_OTHER, "1"), "TRADE_INVALID");
    assert_refused(claim(&h, who, 7, "1"), "TRADE_INVALID");
    answer = claim(&h, who, RPC__TRADE__RIDE_DRIVER, "1\n2");
    assert_refused(answer, "TRADE_PROOF_INVALID");
    assert_string_equal(answer->field, "workNumber");
    assert_refused(claim(&h, harness_person(&h, 77, RPC__LEVEL__MEMBER, ""), RPC__TRADE__RIDE_DRIVER, "1"),
                   "MEMBER_NOT_FOUND");
    assert_ok(claim(&h, who, RPC__TRADE__RIDE_DRIVER, "1"));
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, who, NULL));
    who = person_signed_in(&h, 1);
    assert_int_equal(mine(&h, who)->trades[0]->state, IDENTITY__TRADE_STATE__TRADE_WITHDRAWN);
    assert_int_equal(who->trade, RPC__TRADE__COURIER); /* hers, whichever union she is in */
    harness_tamper(&h, "UPDATE member SET trade = 3");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET trade = 1 WHERE union_id = 0 AND roster_id > 0");
    harness_tamper(&h, "UPDATE member SET trade = 0 WHERE roster_id = 0");
    end(&h);
}

static void claims_come_in_pages(void **state)
{
    Identity__ListTradeClaimsRequest request = IDENTITY__LIST_TRADE_CLAIMS_REQUEST__INIT;
    Identity__TradeState proven = IDENTITY__TRADE_STATE__TRADE_PROVEN;
    Identity__TradeList *page;
    struct harness h;
    int64_t ids[3];
    int found = 0;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 0; n < 3; n++)
        ids[n] = claimed(&h, claim(&h, member_of_union(&h, 10 + n, "440604"), RPC__TRADE__SANITATION, "1"))->trade_id;
    page = waiting(&h, first_id, 2, "");
    assert_int_equal(page->n_trades, 2);
    assert_int_equal(page->trades[0]->trade_id, ids[0]);
    page = waiting(&h, first_id, 2, page->next_page_token);
    assert_int_equal(page->n_trades, 1);
    assert_int_equal(page->trades[0]->trade_id, ids[2]);
    assert_ok(decide(&h, administrator(&h, FIRST), first_id, ids[1], true, 0));
    assert_int_equal(waiting(&h, first_id, 0, "")->n_trades, 2);
    request.union_id = first_id;
    request.state = &proven;
    request.n_state = 1;
    page = harness_output(&h, harness_call(&h, "Trades.ListTradeClaims", &request.base, administrator(&h, ROOT), NULL),
                          &identity__trade_list__descriptor);
    for (unsigned n = 0; n < page->n_trades; n++) {
        assert_int_equal(page->trades[n]->state, proven); /* by the roster too */
        found += page->trades[n]->trade_id == ids[1];
    }
    assert_int_equal(found, 1);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_proven_by_her_union_and_counted),
        cmocka_unit_test(a_refused_claim_says_why_and_may_be_made_again),
        cmocka_unit_test(a_trade_expires_and_is_proven_again_by_the_roster),
        cmocka_unit_test(more_expire_than_one_slice_takes),
        cmocka_unit_test(a_claim_is_checked_and_ends_with_the_membership),
        cmocka_unit_test(claims_come_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
