/* Where coupons are spent: branches, their hours, which is the nearest, and who takes coupons there. */
#include "services/coupon/till/till_fixture.h"

#define MIDNIGHT (HARNESS_NOW + 16 * HOUR_MS) /* in China: of Friday, 2 January 2026 */

static const Coupon__NearBranchList *nearest(Coupon__NearestBranchesRequest *request)
{
    request->lat_e6 = 23020000;
    request->lon_e6 = 113110000;
    return harness_output(
        &h, harness_call(&h, "Branches.ListNearestBranches", &request->base, harness_member(&h, 5, TOWN), NULL),
        &coupon__near_branch_list__descriptor);
}

static size_t n_nearest(Coupon__NearestBranchesRequest request)
{
    return nearest(&request)->n_branches;
}

static Coupon__NearestBranchesRequest wish(void)
{
    return (Coupon__NearestBranchesRequest)COUPON__NEAREST_BRANCHES_REQUEST__INIT;
}

static void hours_are_those_of_china_by_the_day_of_the_week(void **state)
{
    Coupon__Weekday days[] = {COUPON__WEEKDAY__FRIDAY, COUPON__WEEKDAY__SATURDAY, COUPON__WEEKDAY__SUNDAY,
                              COUPON__WEEKDAY__TUESDAY};
    Coupon__OpenHours *said[] = {hours_from(7 * 60, 9 * 60), hours_from(0, 1440)};
    struct hours hours;

    (void)state;
    assert_true(hours_compile(said, 0, &hours));
    assert_true(hours_hold(&hours, MIDNIGHT));
    said[0]->days = days;
    said[0]->n_days = ARRAY_LEN(days);
    assert_true(hours_compile(said, 1, &hours));
    assert_false(hours_hold(&hours, MIDNIGHT + 7 * HOUR_MS - 1));
    assert_true(hours_hold(&hours, MIDNIGHT + 7 * HOUR_MS));
    assert_true(hours_hold(&hours, MIDNIGHT + 9 * HOUR_MS - 1));
    assert_false(hours_hold(&hours, MIDNIGHT + 9 * HOUR_MS));
    assert_false(hours_hold(&hours, MIDNIGHT - COUPON_DAY_MS + 7 * HOUR_MS));    /* Thursday */
    assert_true(hours_hold(&hours, MIDNIGHT + 2 * COUPON_DAY_MS + 8 * HOUR_MS)); /* Sunday */
    assert_false(hours_hold(&hours, MIDNIGHT + 3 * COUPON_DAY_MS + 8 * HOUR_MS));
    assert_string_equal(hours_words(&hours, &h.arena), "周二、周五至周日 07:00-09:00");
    assert_true(hours_compile(said, 2, &hours));
    assert_string_equal(hours_words(&hours, &h.arena), "周二、周五至周日 07:00-09:00，每天 00:00-24:00");
    said[0]->until_minute = 7 * 60;
    assert_false(hours_compile(said, 1, &hours));
    said[0]->until_minute = 1441;
    assert_false(hours_compile(said, 1, &hours));
    said[0]->until_minute = 1440;
    days[0] = COUPON__WEEKDAY__WEEKDAY_NONE;
    assert_false(hours_compile(said, 1, &hours));
}

static void a_branch_is_changed_by_who_keeps_its_merchant_and_by_officials(void **state)
{
    Coupon__Branch draft = branch_draft();
    const Coupon__Branch *branch;
    int64_t id;

    (void)state;
    the_merchant = a_merchant(TOWN);
    assert_refused(create_branch(the_merchant, &draft, harness_member(&h, 5, TOWN)), "NOT_YOUR_MERCHANT");
    assert_refused(create_branch(the_merchant, &draft, manager_of("00010003")), "NOT_YOUR_MERCHANT");
    branch = branch_in(create_branch(the_merchant, &draft, keeper()));
    id = branch->branch_id;
    assert_string_equal(branch->merchant_name, "好味餐厅");
    assert_non_null(strstr(branch->directions, "23.024750"));
    assert_true(branch->open_now);
    draft.name = "桂城店";
    assert_refused(update_branch(id, &draft, harness_member(&h, 5, TOWN)), "NOT_YOUR_MERCHANT");
    assert_string_equal(branch_in(update_branch(id, &draft, manager_of(UNION)))->name, "桂城店");
    assert_string_equal(branch_in(on_branch("Branches.GetBranch", id, harness_member(&h, 5, TOWN)))->name, "桂城店");
    assert_refused(on_branch("Branches.CloseBranch", id, harness_member(&h, 5, TOWN)), "NOT_YOUR_MERCHANT");
    assert_true(branch_in(on_branch("Branches.CloseBranch", id, keeper()))->closed);
    assert_ok(on_branch("Branches.CloseBranch", id, keeper()));
    assert_refused(update_branch(id, &draft, keeper()), "BRANCH_IS_CLOSED");
    assert_clean();
}

static void what_is_wrong_with_a_branch_is_said(void **state)
{
    Coupon__Branch draft = branch_draft();
    Coupon__GoodsClass none[] = {COUPON__GOODS_CLASS__GOODS_ANY};
    Coupon__OpenHours *hours[] = {hours_from(60, 60)};

    (void)state;
    the_merchant = a_merchant(TOWN);
    draft.hours = hours;
    draft.n_hours = 1;
    assert_refused_at(create_branch(the_merchant, &draft, keeper()), "HOURS_WRONG", "branch.hours");
    draft = branch_draft();
    draft.lat_e6 = 0;
    assert_refused_at(create_branch(the_merchant, &draft, keeper()), "POSITION_MISSING", "branch.latE6");
    draft = branch_draft();
    draft.goods = none;
    assert_refused_at(create_branch(the_merchant, &draft, keeper()), "OUT_OF_RANGE", "branch.goods");
    assert_ok(end_merchant("Merchants.CloseMerchant", the_merchant, manager_of(UNION)));
    draft = branch_draft();
    assert_refused(create_branch(the_merchant, &draft, keeper()), "MERCHANT_NOT_OPEN");
    assert_clean();
}

static void the_nearest_are_open_and_are_what_was_asked_for(void **state)
{
    Coupon__GoodsClass books[] = {COUPON__GOODS_CLASS__BOOKS};
    Coupon__OpenHours *hours[] = {hours_from(7 * 60, 9 * 60)};
    Coupon__Merchant waiting = merchant_draft(TOWN);
    Coupon__Branch draft = branch_draft(), far = branch_draft();
    Coupon__NearestBranchesRequest request = wish();
    const Coupon__NearBranchList *list;
    int64_t canteen, other;

    (void)state;
    waiting.union_id = a_union(&h, TOWN);
    the_merchant = merchant_in(send_merchant("Merchants.ApplyForMerchant", &waiting, keeper()))->merchant_id;
    draft.canteen = true;
    draft.hours = hours;
    draft.n_hours = 1;
    canteen = branch_in(create_branch(the_merchant, &draft, keeper()))->branch_id;
    far.lat_e6 += 100000;
    far.goods = books;
    other = branch_in(create_branch(the_merchant, &far, keeper()))->branch_id;
    assert_int_equal(n_nearest(wish()), 0); /* it is not approved */
    assert_ok(on_merchant("Merchants.ApproveMerchant", the_merchant, manager_of(UNION)));
    assert_ok(on_merchant("Merchants.ApproveMerchant", the_merchant, second_hand()));
    for (int restart = 0; restart < 2; restart++) {
        list = nearest(&request);
        assert_int_equal(list->n_branches, 2);
        assert_int_equal(list->branches[0]->branch->branch_id, canteen);
        assert_true(list->branches[0]->branch->canteen);
        assert_string_equal(list->branches[0]->branch->hours_words, "每天 07:00-09:00");
        assert_true(list->branches[0]->metres > 500 && list->branches[0]->metres < 1000);
        assert_int_equal(list->branches[1]->branch->branch_id, other);
        request = wish();
        request.canteens = true;
        assert_int_equal(n_nearest(request), 1);
        request = wish();
        request.goods = COUPON__GOODS_CLASS__BOOKS;
        assert_int_equal(nearest(&request)->branches[0]->branch->branch_id, other);
        request = wish();
        request.open_now = true; /* at 8 in China */
        assert_int_equal(n_nearest(request), restart ? 1 : 2);
        if (!restart)
            clock_step(&h.service.clock, 2 * HOUR_MS);
        request = wish();
        harness_reopen(&h);
    }
    /* What changes is so at once. */
    far.lat_e6 = 23020000;
    far.lon_e6 = 113110000;
    assert_ok(update_branch(other, &far, keeper()));
    request = wish();
    assert_int_equal(nearest(&request)->branches[0]->branch->branch_id, other);
    assert_int_equal(nearest(&request)->branches[0]->metres, 0);
    assert_ok(on_branch("Branches.CloseBranch", other, keeper()));
    assert_int_equal(n_nearest(wish()), 1);
    assert_ok(end_merchant("Merchants.CloseMerchant", the_merchant, manager_of(UNION)));
    assert_int_equal(n_nearest(wish()), 0);
    harness_reopen(&h);
    assert_int_equal(n_nearest(wish()), 0);
    assert_clean();
}

static void the_nearest_of_a_release_take_its_coupons(void **state)
{
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    Coupon__NearestBranchesRequest request = wish();
    int64_t other;

    (void)state;
    open_shop();
    other = a_branch(a_merchant("00010003"));
    spending.union_id = a_union(&h, "00010003");
    request.release_id = a_release(500, 800, &spending);
    assert_int_equal(nearest(&request)->n_branches, 1);
    assert_int_equal(nearest(&request)->branches[0]->branch->branch_id, other);
    request.release_id++;
    assert_refused_at(harness_call(&h, "Branches.ListNearestBranches", &request.base, keeper(), NULL),
                      "RELEASE_NOT_FOUND", "releaseId");
    assert_clean();
}

static const Coupon__BranchList *my_branches(const Rpc__Principal *who)
{
    return harness_output(&h, harness_call(&h, "Branches.ListMyBranches", NULL, who, NULL),
                          &coupon__branch_list__descriptor);
}

static void who_is_on_its_list_takes_coupons_there(void **state)
{
    Coupon__ListBranchStaffRequest request = COUPON__LIST_BRANCH_STAFF_REQUEST__INIT;
    const Coupon__BranchStaffList *list;

    (void)state;
    open_shop();
    assert_int_equal(my_branches(cashier())->n_branches, 1);
    assert_int_equal(my_branches(keeper())->n_branches, 0);
    assert_refused(set_branch_staff(the_branch, 5, false, cashier()), "NOT_YOUR_MERCHANT");
    assert_ok(set_branch_staff(the_branch, 5, false, manager_of(UNION)));
    request.branch_id = the_branch;
    list = harness_output(&h, harness_call(&h, "Branches.ListBranchStaff", &request.base, keeper(), NULL),
                          &coupon__branch_staff_list__descriptor);
    assert_int_equal(list->n_staff, 2);
    assert_int_equal(list->staff[0]->member_id, 5);
    assert_refused(harness_call(&h, "Branches.ListBranchStaff", &request.base, cashier(), NULL), "NOT_YOUR_MERCHANT");
    assert_ok(set_branch_staff(the_branch, CASHIER, true, keeper()));
    assert_int_equal(my_branches(cashier())->n_branches, 0);
    assert_refused(register_counter(the_branch, 0, cashier()), "NOT_BRANCH_STAFF");
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hours_are_those_of_china_by_the_day_of_the_week),
        TEST(a_branch_is_changed_by_who_keeps_its_merchant_and_by_officials),
        TEST(what_is_wrong_with_a_branch_is_said),
        TEST(the_nearest_are_open_and_are_what_was_asked_for),
        TEST(the_nearest_of_a_release_take_its_coupons),
        TEST(who_is_on_its_list_takes_coupons_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
