#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/limits.h"

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

/* ---- the system's time, seconds after the clock was first asked ---- */

#define NOW INT64_C(1767225600000)
#define S   1000

static int64_t ask(struct clock *clock, int64_t system_s, int64_t steady_s)
{
    return (clock_follow(clock, NOW + system_s * S, (7 + steady_s) * INT64_C(1000000000)) - NOW) / S;
}

static void small_changes_of_the_systems_time_are_taken(void **state)
{
    struct clock clock;

    (void)state;
    clock_real(&clock);
    assert_int_equal(ask(&clock, 0, 0), 0);
    assert_int_equal(ask(&clock, 12, 10), 12);
    assert_int_equal(ask(&clock, 10, 10), 10);
    for (int64_t s = 20; s < 100000; s += 10) /* which runs fast */
        assert_int_equal(ask(&clock, s + s / 20, s), s + s / 20);
    assert_int_equal(clock_off(&clock), 0);
}

static void a_jump_that_is_taken_back_is_never_seen(void **state)
{
    static const int64_t jumps[] = {3, 3600, 10 * 365 * 86400, -3, -86400};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(jumps); i++) {
        struct clock clock;

        clock_real(&clock);
        assert_int_equal(ask(&clock, 0, 0), 0);
        for (int64_t s = 1; s < LIMIT_CLOCK_TRIAL_MS / S; s++) {
            assert_int_equal(ask(&clock, s + jumps[i], s), s);
            assert_int_equal(clock_off(&clock), jumps[i] * S);
        }
        assert_int_equal(ask(&clock, 1000, 1000), 1000);
        assert_int_equal(clock_off(&clock), 0);
    }
}

static void a_jump_that_stands_is_believed(void **state)
{
    static const int64_t jumps[] = {3, 86400, -3, -86400};
    const int64_t trial = LIMIT_CLOCK_TRIAL_MS / S;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(jumps); i++) {
        struct clock clock;

        clock_real(&clock);
        ask(&clock, 0, 0);
        assert_int_equal(ask(&clock, 10 + jumps[i], 10), 10);
        assert_int_equal(ask(&clock, 9 + trial + jumps[i], 9 + trial), 9 + trial);
        assert_int_equal(ask(&clock, 10 + trial + jumps[i], 10 + trial), 10 + trial + jumps[i]);
        assert_int_equal(clock_off(&clock), 0);
        assert_int_equal(ask(&clock, 20 + trial + jumps[i], 20 + trial), 20 + trial + jumps[i]);
    }
}

static void each_jump_has_its_own_trial(void **state)
{
    struct clock clock;
    int64_t s;

    (void)state;
    clock_real(&clock);
    ask(&clock, 0, 0);
    for (s = 1; s < 3 * LIMIT_CLOCK_TRIAL_MS / S; s++) /* it is set again every minute */
        assert_int_equal(ask(&clock, s + (s / 60 + 1) * 3600, s), s);
    assert_int_equal(ask(&clock, s, s), s);
}

static void a_time_in_which_no_ids_are_is_never_believed(void **state)
{
    static const int64_t jumps[] = {-3 * 365 * INT64_C(86400), 100 * 365 * INT64_C(86400)};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(jumps); i++) {
        struct clock clock;

        assert_false(clock_is_possible(NOW + jumps[i] * S));
        clock_real(&clock);
        ask(&clock, 0, 0);
        for (int64_t s = 1; s < 10000; s += 10)
            assert_int_equal(ask(&clock, s + jumps[i], s), s);
    }
    assert_true(clock_is_possible(NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_written_as_rfc_3339),
        cmocka_unit_test(no_instant_overruns_the_text),
        cmocka_unit_test(a_fake_clock_stands_until_it_is_stepped),
        cmocka_unit_test(a_seed_gives_the_same_stream_again),
        cmocka_unit_test(the_real_clock_fills_every_byte),
        cmocka_unit_test(small_changes_of_the_systems_time_are_taken),
        cmocka_unit_test(a_jump_that_is_taken_back_is_never_seen),
        cmocka_unit_test(a_jump_that_stands_is_believed),
        cmocka_unit_test(each_jump_has_its_own_trial),
        cmocka_unit_test(a_time_in_which_no_ids_are_is_never_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
