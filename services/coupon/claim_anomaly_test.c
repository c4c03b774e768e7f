/* The N-th access to the disk fails while members claim, for N = 1.. until nothing fails any more (anomaly_fixture.h).
 */
#include "services/coupon/anomaly_fixture.h"

/* The disk works again: everybody tries once more with her own key. */
static void settle(bool restart)
{
    disk_heal();
    if (restart)
        harness_reopen(&h);
    else
        assert_int_equal(granted(), told());
    /* After a restart, what was not acknowledged may be there all the same. */
    assert_true(granted() >= told() && granted() <= STOCK);
    assert_string_equal(harness_audit(&h), "");
    claim(0, MEMBERS);
    assert_int_equal(told(), STOCK);
    assert_int_equal(granted(), STOCK);
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
    assert_string_equal(harness_audit(&h), "");
    harness_reopen(&h);
    claim(0, MEMBERS);
    assert_int_equal(granted(), STOCK);
    assert_string_equal(harness_audit(&h), "");
}

static const enum disk_fault write_faults[] = {DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS};

/* Every combination of a fault, its lasting and a restart; N until nothing fails. */
static void for_every_fault(void (*body)(void), void (*after)(bool restart))
{
    for (unsigned variant = 0; variant < 4 * ARRAY_LEN(write_faults); variant++) {
        int n = 0;

        do {
            memset(coupons, 0, sizeof(coupons));
            begin(&h);
            open_release();
            disk_fail(write_faults[variant / 4], ++n, variant & 1);
            body();
            after(variant & 2);
            harness_close(&h);
            assert_true(n < 1000);
        } while (disk_has_failed());
        assert_true(n > 1);
    }
}

static void no_failing_access_loses_or_doubles_a_claim(void **state)
{
    (void)state;
    for_every_fault(claim_in_batches, settle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_failing_access_loses_or_doubles_a_claim)};

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
