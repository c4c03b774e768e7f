#include "common/base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW (ID_EPOCH_MS + 1000)

static void an_id_carries_its_millisecond(void **state)
{
    struct id_source source = {0};

    (void)state;
    assert_int_equal(id_next(&source, NOW), INT64_C(1000) << 21);
    assert_int_equal(id_next(&source, NOW), (INT64_C(1000) << 21) + 1);
    assert_int_equal(id_next(&source, NOW + 1), INT64_C(1001) << 21);
}

static void ids_grow_whatever_the_clock_does(void **state)
{
    static const int64_t steps[] = {0, 0, 1, -1, -100000, 5, -(ID_EPOCH_MS + 5000), 0, ID_EPOCH_MS, 100000, 0, -3};
    struct id_source source = {0};
    int64_t now = NOW, last = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        int64_t id;

        now += steps[i % ARRAY_LEN(steps)];
        id = id_next(&source, now);
        assert_true(id > last);
        last = id;
    }
}

static void more_than_a_millisecond_holds_runs_into_the_next(void **state)
{
    struct id_source source = {0};
    int64_t first = id_next(&source, NOW), id = first;

    (void)state;
    for (int i = 0; i < 1 << 21; i++)
        id = id_next(&source, NOW);
    assert_int_equal(id, INT64_C(1001) << 21);
    assert_int_equal(id_next(&source, NOW + 1), id + 1);
}

static void a_source_goes_on_after_the_greatest_id_of_the_store(void **state)
{
    struct id_source source = {.last = INT64_C(5000) << 21};

    (void)state;
    assert_int_equal(id_next(&source, NOW), (INT64_C(5000) << 21) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_carries_its_millisecond),
        cmocka_unit_test(ids_grow_whatever_the_clock_does),
        cmocka_unit_test(more_than_a_millisecond_holds_runs_into_the_next),
        cmocka_unit_test(a_source_goes_on_after_the_greatest_id_of_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
