/* The devices of a branch, as who keeps the merchant and who works there see them. */
#include "services/coupon/till/till_fixture.h"

static const Rpc__Answer *ask_counters(const Rpc__Principal *who, int32_t size, const char *token)
{
    Coupon__ListCountersRequest request = COUPON__LIST_COUNTERS_REQUEST__INIT;

    request.branch_id = the_branch;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(&h, "Counters.ListCounters", &request.base, who, NULL);
}

static const Coupon__CounterList *counters(const Rpc__Principal *who, int32_t size, const char *token)
{
    return harness_output(&h, ask_counters(who, size, token), &coupon__counter_list__descriptor);
}

static void those_in_use_are_listed_newest_first_page_by_page(void **state)
{
    int64_t second, elsewhere = a_device(a_branch(the_merchant));
    const Coupon__CounterList *list;

    (void)state;
    clock_step(&h.service.clock, 1000);
    second = a_device(the_branch);
    assert_true(elsewhere != second);
    list = counters(keeper(), 0, "");
    assert_int_equal(list->n_counters, 2);
    assert_int_equal(list->counters[0]->device_id, second);
    assert_int_equal(list->counters[0]->staff_id, CASHIER);
    assert_int_equal(list->counters[0]->branch_id, the_branch);
    assert_string_equal(list->counters[0]->name, "一号台");
    assert_int_equal(list->counters[0]->registered_at, clock_now(&h.service.clock));
    assert_int_equal(list->counters[1]->device_id, the_device);
    assert_string_equal(list->next_page_token, "");
    list = counters(cashier(), 1, "");
    assert_int_equal(list->n_counters, 1);
    list = counters(cashier(), 1, list->next_page_token);
    assert_int_equal(list->n_counters, 1);
    assert_int_equal(list->counters[0]->device_id, the_device);
    assert_clean();
}

static void one_that_is_revoked_is_not_among_them(void **state)
{
    Coupon__RevokeCounterRequest revoke = COUPON__REVOKE_COUNTER_REQUEST__INIT;

    (void)state;
    revoke.device_id = the_device;
    assert_ok(harness_call(&h, "Counters.RevokeCounter", &revoke.base, keeper(), NULL));
    assert_int_equal(counters(keeper(), 0, "")->n_counters, 0);
    assert_clean();
}

static void whoever_has_no_part_in_the_branch_is_shown_none(void **state)
{
    (void)state;
    assert_refused(ask_counters(harness_member(&h, 5, TOWN), 0, ""), "NOT_BRANCH_STAFF");
    assert_int_equal(counters(manager_of(UNION), 0, "")->n_counters, 1);
    the_branch++;
    assert_refused(ask_counters(keeper(), 0, ""), "BRANCH_NOT_FOUND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(those_in_use_are_listed_newest_first_page_by_page),
        SHOP_TEST(one_that_is_revoked_is_not_among_them),
        SHOP_TEST(whoever_has_no_part_in_the_branch_is_shown_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
