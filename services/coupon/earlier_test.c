/* A store that an earlier program has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/earlier.h"
#include "services/coupon/fixture.h"

#define PLACE  "00000000"
#define GONE   INT64_C(192209731675226112) /* a release of one coupon */
#define OPEN   INT64_C(192209728516915200) /* one for couriers, that nobody has taken of */
#define WHO    INT64_C(192209724444246016) /* who has the one */
#define COUPON INT64_C(192209734864994304)

static const struct dump_moved moved[] = {
    /* Identity's journal is read anew, since it was read for less. */
    {"cursor", "SELECT count(*) FROM earlier.cursor WHERE source <> 'identity'"},
    {NULL, NULL},
};

static int setup_earlier(void **state)
{
    (void)state;
    unstarted(&h);
    earlier_open(&h, "coupon/claims", moved);
    return 0;
}

static void nothing_that_was_kept_is_lost(void **state)
{
    (void)state;
    harness_reopen(&h);
    assert_clean();
}

static void claims_go_on(void **state)
{
    Rpc__Principal *courier = harness_member(&h, 77, PLACE);
    const Rpc__Answer *answer;

    (void)state;
    answer = claim_as(GONE, harness_member(&h, WHO, PLACE), "again");
    assert_false(answer->created);
    assert_int_equal(coupon_of(answer)->coupon_id, COUPON);
    assert_refused(claim_as(GONE, courier, "another"), "SOLD_OUT");
    assert_int_equal(list_coupons(WHO, 10, "")->n_coupons, 2);
    assert_refused(claim_as(OPEN, courier, "no courier"), "NOT_ELIGIBLE_TRADE");
    assert_refused(claim_as(OPEN, harness_person(&h, 78, RPC__LEVEL__REAL_NAME, PLACE), "no member"),
                   "NOT_ELIGIBLE_LEVEL");
    assert_refused(claim_as(OPEN, harness_member(&h, 78, "0009"), "elsewhere"), "NOT_ELIGIBLE_UNION");
    courier->trade = RPC__TRADE__COURIER;
    answer = claim_as(OPEN, courier, "first");
    assert_true(answer->created);
    assert_true(coupon_of(answer)->coupon_id > COUPON);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_that_was_kept_is_lost, setup_earlier, teardown),
        cmocka_unit_test_setup_teardown(claims_go_on, setup_earlier, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
