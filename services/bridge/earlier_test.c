/* A store that an earlier program has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/bridge/bridge.h"
#include "tests/earlier.h"

static void nothing_that_was_kept_is_lost(void **state)
{
    static struct harness h;

    (void)state;
    harness_init(&h, &bridge_spec, NULL);
    assert_int_equal(conf_load(bridge_spec.conf, NULL, true), 0);
    earlier_open(&h, "bridge/messages", NULL);
    harness_reopen(&h);
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_kept_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
