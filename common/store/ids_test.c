#include "common/store/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/harness.h"

#define NOW HARNESS_NOW

static char dir[32];
static struct store *store;

static void open_store(void)
{
    const struct store_options options = {.dir = dir};

    store = store_open(&options);
    assert_non_null(store);
}

static void reopen(void)
{
    store_close(store);
    open_store();
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-ids-XXXXXX");
    ensure(mkdtemp(dir));
    open_store();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    harness_remove_dir(dir);
    return 0;
}

static void an_empty_store_begins_now(void **state)
{
    struct id_source ids;
    int64_t first;

    (void)state;
    assert_int_equal(ids_open(&ids, store, 5, 0, NOW, &first), 0);
    assert_int_equal(first, id_at(NOW));
    assert_int_equal(id_next(&ids, NOW), first + 5);
}

static void what_was_recorded_stays(void **state)
{
    struct id_source ids;
    int64_t first, again;

    (void)state;
    assert_int_equal(ids_open(&ids, store, 5, 0, NOW, &first), 0);
    reopen();
    /* Nothing was made before the end, and the clock has stepped back. */
    assert_int_equal(ids_open(&ids, store, 5, 0, NOW - 1000, &again), 0);
    assert_int_equal(again, first);
    assert_int_equal(id_next(&ids, NOW - 1000), first + 5);
    reopen();
    assert_int_equal(ids_open(&ids, store, 5, first + 50 * ID_STEP + 5, NOW, &again), 0);
    assert_int_equal(again, first);
    assert_int_equal(id_next(&ids, NOW), first + 51 * ID_STEP + 5);
}

/* Of the form before this one: 21 bits that count, among them those of partitions. */
static void a_store_with_ids_goes_on_behind_them_as_partition_0(void **state)
{
    static const int64_t lasts[] = {1, (INT64_C(7) << 21) + 406, (INT64_C(8) << 21) - 1};
    struct id_source ids;
    int64_t first;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(lasts); i++) {
        if (i > 0) {
            teardown(NULL);
            setup(NULL);
        }
        assert_int_equal(ids_open(&ids, store, 0, lasts[i], 0, &first), 0);
        assert_true(first > lasts[i]);
        assert_int_equal(id_next(&ids, 0), first);
        assert_true(id_next(&ids, NOW) > first);
    }
}

static void a_store_is_of_one_partition(void **state)
{
    struct id_source ids;

    (void)state;
    assert_int_equal(ids_open(&ids, store, 1, 0, NOW, NULL), 0);
    reopen();
    assert_int_equal(ids_open(&ids, store, 2, 0, NOW, NULL), -1);
    reopen();
    assert_int_equal(ids_open(&ids, store, 0, 0, NOW, NULL), -1);
    reopen();
    assert_int_equal(ids_open(&ids, store, 1, 0, NOW, NULL), 0);
}

static void a_store_from_before_partitions_is_of_none_but_the_first(void **state)
{
    struct id_source ids;

    (void)state;
    assert_int_equal(ids_open(&ids, store, 1, id_at(NOW), NOW, NULL), -1);
    reopen();
    assert_int_equal(ids_open(&ids, store, 0, id_at(NOW), NOW, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_store_begins_now, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_recorded_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_with_ids_goes_on_behind_them_as_partition_0, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_is_of_one_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_from_before_partitions_is_of_none_but_the_first, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
