/* What of the coupons waits for a second official is in one list, of whichever room it is. */
#include "services/coupon/lot/lot_fixture.h"
#include "services/coupon/points/points_fixture.h"
#include "services/coupon/till/till_fixture.h"

static Rpc__Principal *finance(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, UNION);
}

static const Hands__WaitingList *waiting_for(const char *path, const char *kind, const Rpc__Principal *who)
{
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    request.kind = unconst(kind);
    return harness_output(&h, harness_call(&h, "Approvals.ListApprovals", &request.base, who, NULL),
                          &hands__waiting_list__descriptor);
}

/* How many of each kind, with blanks between; each listed once. */
static const char *counted(const Hands__WaitingList *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->n_counts; i++) {
        int32_t listed = 0;

        for (size_t j = 0; j < list->n_hands; j++)
            listed += strcmp(list->hands[j]->kind, list->counts[i]->kind) == 0;
        assert_int_equal(listed, list->counts[i]->waiting);
        assert_false(list->counts[i]->more);
        text = arena_printf(&h.arena, "%s%s%s %d", text, i ? ", " : "", list->counts[i]->kind, (int)listed);
    }
    return text;
}

static void a_fund(const char *path)
{
    Coupon__ProposeFundRequest request = COUPON__PROPOSE_FUND_REQUEST__INIT;
    Coupon__FundTerms terms = COUPON__FUND_TERMS__INIT;

    request.union_id = a_union(&h, path);
    request.name = "送清凉";
    request.source = COUPON__FUND_SOURCE__DUES;
    request.terms = &terms;
    terms.fen = 5000;
    assert_ok(points_call("Funds.ProposeFund", &request.base, finance(901)));
}

static void what_waits_is_in_one_list_with_how_many_of_each_kind(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN);
    int64_t release_id = publish(season_draft(2, 0, 0)), lot_id = lots_of(release_id)->lots[0]->lot_id;
    int64_t ledger_id = a_ledger(), merchant_id, gift_id;
    Coupon__PointsRule rule = a_rule(ATTENDED, 5);

    (void)state;
    merchant_id = merchant_in(send_merchant("Merchants.CreateMerchant", &draft, manager(901)))->merchant_id;
    a_fund(UNION);
    a_fund(TOWN);
    assert_ok(propose_rule(ledger_id, &rule, manager(901)));
    gift_id = gift_in(propose_gift(ledger_id, 1, 10, 30))->gift_id;
    assert_string_equal(counted(waiting_for(UNION, "", manager(902))), "merchant 1, points gift 1, points rule 1");
    assert_string_equal(counted(waiting_for(UNION, "", finance(902))), "coupon fund 2, points gift 1, points rule 1");
    assert_string_equal(counted(waiting_for(TOWN, "", finance(902))), "coupon fund 1");
    assert_int_equal(waiting_for(UNION, "merchant", manager(902))->n_hands, 1);
    assert_int_equal(waiting_for(UNION, "merchant", manager(902))->hands[0]->deed_id, merchant_id);
    assert_int_equal(waiting_for(UNION, "merchant", manager(902))->hands[0]->union_id, a_union(&h, TOWN));
    assert_true(waiting_for(UNION, "merchant", manager(901))->hands[0]->yours);
    assert_int_equal(waiting_for(UNION, "merchant", manager(902))->n_counts, 3);
    assert_ok(on_merchant("Merchants.ApproveMerchant", merchant_id, manager(902)));
    assert_ok(on_gift("Gifts.RefuseGift", gift_id, manager(902)));
    assert_string_equal(counted(waiting_for(UNION, "", manager(902))), "points rule 1");
    let_pass(OPENS);
    assert_ok(ask(release_id, 1));
    let_pass(OPENS + 2 * HOUR_MS);
    let_pass(OPENS + 3 * HOUR_MS);
    assert_ok(on_lot("Lots.EnterLotValue", lot_id, "01 02 03", 901));
    assert_ok(on_lot("Lots.VoidLot", lot_id, "重复", 901));
    assert_string_equal(counted(waiting_for(UNION, "", manager(902))), "draw value 1, draw void 1, points rule 1");
    clock_step(&h.service.clock, HANDS_LIFE_MS);
    assert_string_equal(counted(waiting_for(UNION, "", manager(902))), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_is_in_one_list_with_how_many_of_each_kind, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
