#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void instants_are_written_as_rfc_3339(void **state)
{
    static const struct {
        int64_t at;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1767225599999, "2025-12-31T23:59:59.999Z"},
        {1767225600000, "2026-01-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        char text[CLOCK_TEXT];

        clock_format(cases[i].at, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void no_instant_overruns_the_text(void **state)
{
    static const int64_t extremes[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1, INT64_MAX / 1000, INT64_MIN / 1000};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(extremes); i++) {
        char text[CLOCK_TEXT];

        clock_format(extremes[i], text);
        assert_non_null(memchr(text, '\0', sizeof(text)));
    }
}

static void a_fake_clock_stands_until_it_is_stepped(void **state)
{
    struct clock clock;

    (void)state;
    clock_fake(&clock, 1000, 1);
    assert_int_equal(clock_now(&clock), 1000);
    assert_int_equal(clock_now(&clock), 1000);
    clock_step(&clock, 234);
    assert_int_equal(clock_now(&clock), 1234);
    clock_step(&clock, -34);
    assert_int_equal(clock_now(&clock), 1200);
}

static void a_seed_gives_the_same_stream_again(void **state)
{
    unsigned char first[100], again[100], other[100];
    struct clock clock;

    (void)state;
    clock_fake(&clock, 1, 42);
    clock_random(&clock, first, sizeof(first));
    clock_random(&clock, other, sizeof(other));
    assert_memory_not_equal(first, other, sizeof(first));
    clock_fake(&clock, 1, 42);
    clock_random(&clock, again, sizeof(again));
    assert_memory_equal(first, again, sizeof(first));
    clock_fake(&clock, 1, 43);
    clock_random(&clock, other, sizeof(other));
    assert_memory_not_equal(first, other, sizeof(first));
}

/* All bytes of a long request are filled: none of them stays what it was in four draws. */
static void the_real_clock_fills_every_byte(void **state)
{
    static unsigned char bytes[1000], changed[1000];
    struct clock clock;

    (void)state;
    clock_real(&clock);
    for (int draw = 0; draw < 4; draw++) {
        memset(bytes, 0xa5, sizeof(bytes));
        clock_random(&clock, bytes, sizeof(bytes));
        for (unsigned i = 0; i < sizeof(bytes); i++)
            changed[i] |= bytes[i] != 0xa5;
    }
    for (unsigned i = 0; i < sizeof(bytes); i++)
        assert_true(changed[i]);
    assert_true(clock_now(&clock) > 1767225600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_written_as_rfc_3339),        cmocka_unit_test(no_instant_overruns_the_text),
        cmocka_unit_test(a_fake_clock_stands_until_it_is_stepped), cmocka_unit_test(a_seed_gives_the_same_stream_again),
        cmocka_unit_test(the_real_clock_fills_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
