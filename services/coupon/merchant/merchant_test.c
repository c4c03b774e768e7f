/* Who takes coupons: two officials open a merchant, and whoever keeps it says where, when and by whom. */
#include "services/coupon/till/till_fixture.h"

enum {
    WAITS = COUPON__MERCHANT_STATE__MERCHANT_WAITS,
    OPEN = COUPON__MERCHANT_STATE__MERCHANT_OPEN,
    REFUSED = COUPON__MERCHANT_STATE__MERCHANT_REFUSED,
    CLOSED = COUPON__MERCHANT_STATE__MERCHANT_CLOSED,
};

static void one_that_is_applied_for_is_opened_by_two_officials(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN);
    const Coupon__Merchant *merchant;
    int64_t id;

    (void)state;
    merchant = merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()));
    id = merchant->merchant_id;
    assert_int_equal(merchant->state, WAITS);
    assert_int_equal(merchant->manager_id, KEEPER);
    assert_int_equal(merchant->hands, 0);
    assert_false(merchant->by_company);
    assert_refused(on_merchant("Merchants.GetMerchant", id, harness_member(&h, 5, TOWN)), "MERCHANT_NOT_FOUND");
    assert_refused(
        on_merchant("Merchants.ApproveMerchant", id, harness_official(&h, KEEPER, RULE__ROLE__BENEFIT_MANAGER, UNION)),
        "HANDS_SAME");
    merchant = merchant_in(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)));
    assert_int_equal(merchant->state, WAITS);
    assert_int_equal(merchant->hands, 1);
    assert_int_equal(merchant_in(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)))->state, WAITS);
    merchant = merchant_in(on_merchant("Merchants.ApproveMerchant", id, second_hand()));
    assert_int_equal(merchant->state, OPEN);
    assert_int_equal(merchant->decided_at, HARNESS_NOW);
    merchant = merchant_in(on_merchant("Merchants.GetMerchant", id, harness_member(&h, 5, TOWN)));
    assert_string_equal(merchant->name, "好味餐厅");
    assert_int_equal(merchant->manager_id, 0);
    harness_reopen(&h);
    assert_int_equal(merchant_in(on_merchant("Merchants.GetMerchant", id, keeper()))->state, OPEN);
    assert_clean();
}

static void one_that_an_official_enters_waits_for_another(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN);
    int64_t id;

    (void)state;
    draft.manager_id = 900; /* herself */
    assert_refused(send_merchant("Merchants.CreateMerchant", &draft, manager_of(UNION)), "HANDS_SAME");
    draft.manager_id = KEEPER;
    assert_refused(send_merchant("Merchants.CreateMerchant", &draft, manager_of("0009")), "OUTSIDE_YOUR_UNION");
    assert_refused(send_merchant("Merchants.CreateMerchant", &draft, harness_unnamed(manager_of(UNION))),
                   "HAND_NOT_NAMED");
    id = merchant_in(send_merchant("Merchants.CreateMerchant", &draft, manager_of(UNION)))->merchant_id;
    assert_int_equal(merchant_in(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)))->state, WAITS);
    assert_int_equal(merchant_in(on_merchant("Merchants.ApproveMerchant", id, second_hand()))->state, OPEN);
    assert_clean();
}

static void who_keeps_it_now_is_what_was_approved(void **state)
{
    Coupon__SetManagerRequest request = COUPON__SET_MANAGER_REQUEST__INIT;
    Coupon__Branch branch = branch_draft();
    Coupon__Merchant draft = merchant_draft(TOWN);
    int64_t id = merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()))->merchant_id;

    (void)state;
    assert_ok(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)));
    request.merchant_id = id;
    request.member_id = 853;
    assert_ok(harness_call(&h, "Merchants.SetManager", &request.base, second_hand(), NULL));
    assert_int_equal(merchant_in(on_merchant("Merchants.ApproveMerchant", id, second_hand()))->state, WAITS);
    assert_int_equal(merchant_in(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)))->state, OPEN);
    assert_refused(create_branch(id, &branch, keeper()), "NOT_YOUR_MERCHANT");
    assert_clean();
}

static void what_is_wrong_with_an_application_is_said(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN), again;

    (void)state;
    assert_refused(send_merchant("Merchants.ApplyForMerchant", &draft, harness_person(&h, 5, RPC__LEVEL__MOBILE, "")),
                   "NAME_NOT_PROVEN");
    draft.credit_code = "914406040000000000";
    assert_refused_at(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()), "CREDIT_CODE_WRONG",
                      "merchant.creditCode");
    draft = again = merchant_draft(TOWN);
    assert_ok(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()));
    assert_refused_at(send_merchant("Merchants.ApplyForMerchant", &again, keeper()), "CREDIT_CODE_USED",
                      "merchant.creditCode");
    again.union_id = a_union(&h, "00010003");
    assert_ok(send_merchant("Merchants.ApplyForMerchant", &again, keeper()));
    assert_clean();
}

static void the_agent_of_a_company_applies_in_its_union(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN);
    const Rpc__Principal *agent = harness_official(&h, 854, RULE__ROLE__COMPANY_AGENT, TOWN);

    (void)state;
    assert_true(merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, agent))->by_company);
    draft = merchant_draft(UNION);
    assert_false(merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, agent))->by_company);
    assert_clean();
}

static void one_that_was_refused_or_closed_stays_so(void **state)
{
    Coupon__Merchant draft = merchant_draft(TOWN);
    int64_t id = merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()))->merchant_id;
    const Coupon__Merchant *merchant;

    (void)state;
    assert_refused(end_merchant("Merchants.CloseMerchant", id, manager_of(UNION)), "MERCHANT_DECIDED");
    assert_ok(on_merchant("Merchants.ApproveMerchant", id, second_hand()));
    merchant = merchant_in(end_merchant("Merchants.RefuseMerchant", id, manager_of(UNION)));
    assert_int_equal(merchant->state, REFUSED);
    assert_string_equal(merchant->end_reason, "资料不符");
    assert_ok(end_merchant("Merchants.RefuseMerchant", id, manager_of(UNION)));
    assert_refused(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)), "MERCHANT_DECIDED");
    /* Its code is free for another application. */
    assert_ok(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()));
    id = a_merchant(TOWN);
    assert_int_equal(merchant_in(end_merchant("Merchants.CloseMerchant", id, manager_of(UNION)))->state, CLOSED);
    assert_refused(end_merchant("Merchants.RefuseMerchant", id, manager_of(UNION)), "MERCHANT_DECIDED");
    assert_clean();
}

static const Coupon__MerchantList *list_merchants(const char *method, const Rpc__Principal *who, int state)
{
    Coupon__ListMerchantsRequest request = COUPON__LIST_MERCHANTS_REQUEST__INIT;
    Coupon__MyMerchantsRequest mine = COUPON__MY_MERCHANTS_REQUEST__INIT;
    Coupon__MerchantState states[] = {(Coupon__MerchantState)state};
    bool of_mine = strstr(method, "My") != NULL;

    request.state = mine.state = states;
    request.n_state = mine.n_state = state != 0;
    return harness_output(&h, harness_call(&h, method, of_mine ? &mine.base : &request.base, who, NULL),
                          &coupon__merchant_list__descriptor);
}

static void lists_are_of_a_union_or_of_whoever_keeps_them(void **state)
{
    int64_t first = a_merchant(TOWN), last = a_merchant("00010003");

    (void)state;
    assert_int_equal(list_merchants("Merchants.ListMerchants", manager_of(UNION), 0)->n_merchants, 2);
    assert_int_equal(list_merchants("Merchants.ListMerchants", manager_of(UNION), 0)->merchants[0]->merchant_id, last);
    assert_int_equal(list_merchants("Merchants.ListMerchants", manager_of(UNION), WAITS)->n_merchants, 0);
    assert_int_equal(list_merchants("Merchants.ListMerchants", manager_of(TOWN), OPEN)->merchants[0]->merchant_id,
                     first);
    assert_int_equal(list_merchants("Merchants.ListMyMerchants", keeper(), 0)->n_merchants, 2);
    assert_int_equal(list_merchants("Merchants.ListMyMerchants", harness_member(&h, 5, TOWN), 0)->n_merchants, 0);
    /* Who is kept of two accounts keeps what either has kept. */
    assert_int_equal(hear_merged(&h, KEEPER, 5), 0);
    assert_int_equal(list_merchants("Merchants.ListMyMerchants", harness_member(&h, 5, TOWN), 0)->n_merchants, 2);
    assert_clean();
}

static void a_merchant_moves_with_its_union(void **state)
{
    int64_t id = a_merchant(TOWN);

    (void)state;
    assert_int_equal(hear_moved(&h, TOWN, "00010009"), 0);
    assert_refused(end_merchant("Merchants.CloseMerchant", id, manager_of(TOWN)), "OUTSIDE_YOUR_UNION");
    assert_ok(end_merchant("Merchants.CloseMerchant", id, manager_of("00010009")));
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_applied_for_is_opened_by_two_officials),
        TEST(one_that_an_official_enters_waits_for_another),
        TEST(who_keeps_it_now_is_what_was_approved),
        TEST(what_is_wrong_with_an_application_is_said),
        TEST(the_agent_of_a_company_applies_in_its_union),
        TEST(one_that_was_refused_or_closed_stays_so),
        TEST(lists_are_of_a_union_or_of_whoever_keeps_them),
        TEST(a_merchant_moves_with_its_union),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
