/* opening_fixture.h: a new store, of the service with the fewest tables, is opened while something fails, or the power is
 * lost, at the n-th access. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/portal/portal.h"
#include "tests/anomaly.h"
#include "tests/power.h"

static inline struct store *open_store(const char *dir)
{
    static struct service service = {.spec = &portal_spec};
    struct store_options options;

    service_store_options(&service, dir, &options);
    return store_open(&options);
}

/* Opens a new store while something fails, or the power is lost (kind NULL), at the n-th
 * access, and again on what that left. Whether anything did fail. */
static inline bool open_under(const struct anomaly *kind, int n)
{
    char dir[] = "/tmp/huigong-anomaly-XXXXXX";
    struct store *store;
    bool failed;

    assert_non_null(mkdtemp(dir));
    if (kind)
        disk_fail(kind->fault, n, kind->lasting);
    else
        disk_cut(n);
    store = open_store(dir);
    failed = kind ? disk_has_failed() : disk_is_cut();
    assert_true(store || failed);
    store_close(store);
    disk_heal();
    if (!kind) {
        disk_cut(0);
        disk_power_on(test_seed() + (uint64_t)n);
    }
    store = open_store(dir);
    assert_non_null(store);
    assert_int_equal(store_check(store, stderr), 0);
    store_close(store);
    harness_remove_dir(dir);
    return failed;
}
