/* benefit_fixture.h: a service that a test makes of the parts it is about, all in the test's file. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/holders/holders_fixture.h"
#define SERVICE_SPEC 1 /* it is all in the test */
#include "common/daemon/service_of_parts.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

static struct harness h;

/* Starts it, with a key by a name unless that is NULL; for a setup. */
static inline int begin(const struct service_spec *spec, void (*done)(void *self), const char *key)
{
    harness_init(&h, spec, done);
    if (key)
        harness_key(&h, key, "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_start(&h);
    return 0;
}

/* Whatever a test has done, the audit finds nothing. */
static inline int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
