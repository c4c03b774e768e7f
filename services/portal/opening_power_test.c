/* The power is lost at every write while a new store is opened. */
#include "services/portal/opening_fixture.h"

static void an_opening_without_power_can_be_tried_again(void **state)
{
    int n = 1;

    (void)state;
    while (open_under(NULL, n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opening_without_power_can_be_tried_again),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
