/* From where a part hears another service's journal, in stores that followed it with and without that part. */
#include "common/daemon/hearing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/harness.h"

#define SOURCE "coupon.4406"

static struct store *store;
static char dir[] = "/tmp/huigong-hearing-XXXXXX";

static const int32_t kinds[] = {1};
static const struct part_spec usual = {.follows = {{"coupon", kinds, 1, NULL}}},
                              first = {.follows = {{"bridge", kinds, 0, NULL}, {"coupon", kinds, 1, NULL}},
                                       .from_first = true},
                              elsewhere = {.follows = {{"bridge", kinds, 1, NULL}}, .from_first = true};

enum { SQL_CURSOR, SQL_MOVE, N_SQL };
static const char *const sql[] = {
    [SQL_CURSOR] = "SELECT seq FROM cursor WHERE source = '" SOURCE "'",
    [SQL_MOVE] = "INSERT INTO cursor (source, seq, hash) VALUES ('" SOURCE "', ?1, x'00') "
                 "ON CONFLICT (source) DO UPDATE SET seq = ?1",
};

static int setup(void **state)
{
    (void)state;
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(dir));
    store = store_open(&(struct store_options){.dir = dir, .sql = sql, .n_sql = N_SQL});
    assert_non_null(store);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    harness_remove_dir(dir);
    return 0;
}

static void follow_to(int64_t seq)
{
    store_run(store, SQL_MOVE, "i", seq);
    assert_int_equal(store_commit(store), 0);
}

/* A start with the first n parts of some: where its cursor is then. */
static int64_t start(unsigned n, struct hearing *ret)
{
    static const struct part_entry entries[] = {
        {.spec = &usual, .name = "usual"},
        {.spec = &first, .name = "first"},
        {.spec = &elsewhere, .name = "elsewhere"},
        {.spec = &first, .name = "second"},
    };
    const struct part_table table = {.entries = entries, .n = n};

    assert_int_equal(hearing_open(store, &table, "coupon", SOURCE, ret), 0);
    store_ask(store, SQL_CURSOR, "");
    return store_number(store, SQL_CURSOR);
}

static void assert_upto(const struct hearing *hearing, unsigned n, const int64_t *expected)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(hearing->upto[i], expected[i]);
}

static void in_a_fresh_store_all_hear_as_one(void **state)
{
    struct hearing hearing;

    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(start(3, &hearing), 0);
        assert_upto(&hearing, 3, (int64_t[]){0, 0, 0});
    }
    follow_to(40);
    assert_int_equal(start(3, &hearing), 40);
}

static void a_part_that_comes_later_hears_alone_what_the_others_have_heard(void **state)
{
    struct hearing hearing;

    (void)state;
    assert_int_equal(start(1, &hearing), 0);
    follow_to(40);
    assert_int_equal(start(1, &hearing), 40);
    assert_int_equal(start(3, &hearing), 0);
    assert_upto(&hearing, 3, (int64_t[]){40, 0, 40});
    follow_to(20);
    assert_int_equal(start(3, &hearing), 20); /* a start in between changes nothing */
    assert_upto(&hearing, 3, (int64_t[]){40, 0, 40});
}

static void another_one_that_comes_before_the_first_has_caught_up_loses_it_nothing(void **state)
{
    struct hearing hearing;

    (void)state;
    start(1, &hearing);
    follow_to(40);
    start(3, &hearing);
    follow_to(20);
    assert_int_equal(start(4, &hearing), 0);
    assert_upto(&hearing, 4, (int64_t[]){40, 20, 40, 0});
    follow_to(60);
    assert_int_equal(start(4, &hearing), 60);
    assert_upto(&hearing, 4, (int64_t[]){40, 20, 40, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_a_fresh_store_all_hear_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_that_comes_later_hears_alone_what_the_others_have_heard, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_one_that_comes_before_the_first_has_caught_up_loses_it_nothing, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("hearing", tests, NULL, NULL);
}
