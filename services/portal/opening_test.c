/* The N-th access to the disk fails while a new store is opened, for N = 1.. until nothing fails any more. */
#include "services/portal/opening_fixture.h"

static void an_opening_that_fails_can_be_tried_again(void **state)
{
    int n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        for (n = 1; open_under(&anomalies[i], n);)
            n++;
        assert_true(n > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opening_that_fails_can_be_tried_again),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
