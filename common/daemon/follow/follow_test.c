/* A service follows another's journal over a real bus: each row once, in order,
 * whatever dies in between. */
#include "common/daemon/follow/follow_fixture.h"

static void every_row_is_applied_once_in_order(void **state)
{
    (void)state;
    open_both();
    add_rows(1, ROWS);
    serve_source();
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == ROWS);
    assert_applied_once_each(ROWS);
    assert_int_equal(seen, ROWS);
    add_rows(ROWS + 1, ROWS + 5); /* found by the timer, without a bell */
    bus_wait(&b, number_of(SQL_COUNT) == ROWS + 5);
    assert_applied_once_each(ROWS + 5);
    close_both();
}

static void the_bell_brings_new_rows(void **state)
{
    struct bus_ringer *ringer;
    int64_t rows = 1;

    (void)state;
    open_both();
    ringer = bus_ringer_open(b.dir);
    add_rows(1, 1);
    serve_source();
    follow();
    bus_wait(&b, seen == 1);
    /* Many times quicker than the timer could. */
    for (; rows < 100; rows++) {
        add_rows(rows + 1, rows + 1);
        while (seen != rows + 1) {
            bus_ringer_ring(ringer, "coupon");
            uv_run(&b.loop, UV_RUN_ONCE);
        }
    }
    assert_applied_once_each(rows);
    close_both();
}

static void a_restart_goes_on_where_the_cursor_is(void **state)
{
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, ROWS);
    serve_source();
    follower = follow();
    bus_wait(&b, seen > 0);
    follower_close(follower);
    for (int turn = 0; turn < 20; turn++)
        uv_run(&b.loop, UV_RUN_ONCE);
    harness_reopen(&target);
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == ROWS);
    assert_applied_once_each(ROWS);
    assert_int_equal(seen, ROWS);
    close_both();
}

/* Where it is in memory, though nothing comes any more. */
static void the_store_learns_of_rows_that_were_passed_over(void **state)
{
    const int32_t changes = 1;
    struct follow_options options = {.loop = &b.loop,
                                     .bus_dir = b.dir,
                                     .queue = "coupon",
                                     .kinds = &changes,
                                     .n_kinds = 1,
                                     .apply = apply,
                                     .arg = &target};
    struct follower *follower;

    (void)state;
    open_both();
    options.client = client;
    options.server = target.service.rpc;
    options.store = target.service.store;
    add_rows(1, 3);
    serve_source();
    follower = follower_open(&options);
    assert_non_null(follower);
    bus_wait(&b, number_of(SQL_STORED) == 3);
    add_rows(4, 4); /* of the other kind, in the same second */
    follower_hurry(follower);
    bus_wait(&b, follower_place(follower) == 4);
    bus_wait(&b, number_of(SQL_STORED) == 4);
    close_both();
}

static void what_cannot_be_applied_is_tried_again(void **state)
{
    (void)state;
    open_both();
    add_rows(1, 1500);
    serve_source();
    refuse_at = 1200;
    refusals = 1;
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == 1500);
    assert_applied_once_each(1500);
    harness_fill(&target);
    add_rows(1501, 2500);
    bus_wait(&b, failed > 0);
    assert_applied_once_each(harness_number(&target, "SELECT seq FROM cursor"));
    harness_empty(&target);
    bus_wait(&b, number_of(SQL_COUNT) == 2500);
    assert_applied_once_each(2500);
    close_both();
}

static void a_refused_row_is_waited_for_where_it_stands(void **state)
{
    (void)state;
    open_both();
    add_rows(1, 300);
    serve_source();
    refuse_at = 150;
    refusals = 3;
    follow();
    bus_wait(&b, refusals == 0);
    /* What lies before it is kept, nothing behind it was ever given. */
    assert_applied_once_each(149);
    assert_int_equal(harness_number(&target, "SELECT seq FROM cursor"), 149);
    assert_int_equal(greatest, 150);
    bus_wait(&b, number_of(SQL_COUNT) == 300);
    assert_applied_once_each(300);
    close_both();
}

static void other_work_comes_between_the_rows_of_a_page(void **state)
{
    int64_t last = 0, most = 0;

    (void)state;
    open_both();
    add_rows(1, LIMIT_JOURNAL_PAGE);
    serve_source();
    follow();
    while (seen < LIMIT_JOURNAL_PAGE) {
        uv_run(&b.loop, UV_RUN_ONCE);
        most = seen - last > most ? seen - last : most;
        last = seen;
    }
    assert_true(most <= 2 * FOLLOW_SLICE); /* libuv looks at its timers before and after it waits */
    assert_int_equal(pages_asked, 1);
    assert_applied_once_each(LIMIT_JOURNAL_PAGE);
    close_both();
}

static void a_source_that_is_down_is_waited_for(void **state)
{
    (void)state;
    open_both();
    add_rows(1, 10);
    follow();
    bus_wait(&b, bus_counts(&b).refused_unserved > 0);
    serve_source();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    assert_applied_once_each(10);
    close_both();
}

static void count_row(void *arg, void *call, const Rpc__JournalRow *row)
{
    (void)call;
    (void)row;
    ++*(int64_t *)arg;
}

static void a_pause_holds_the_cursor(void **state)
{
    int64_t counted = 0;
    struct follow_options other = {
        .loop = &b.loop, .bus_dir = b.dir, .queue = "coupon", .apply = count_row, .arg = &counted};
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follower = follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    follower_pause(follower, 3600000);
    add_rows(11, 12);
    /* Somebody else, who begins only now, comes to the end meanwhile and reads on. */
    other.client = client;
    assert_non_null(follower_open(&other));
    bus_wait(&b, counted == 12);
    wait_for_page();
    assert_applied_once_each(10);
    follower_pause(follower, 0);
    bus_wait(&b, number_of(SQL_COUNT) == 12);
    assert_applied_once_each(12);
    close_both();
}

/* ---- a crash between the applying and the cursor ---- */

/* The stores outlive the process: their folders are named by the test. */
static void open_in(struct harness *h, const struct service_spec *spec, const char *dir)
{
    *h = (struct harness){.service = {.spec = spec}};
    snprintf(h->dir, sizeof(h->dir), "%s", dir);
    arena_init(&h->arena, 1 << 20);
    clock_fake(&h->service.clock, HARNESS_NOW, 1);
    harness_start(h);
}

/* Follows and is killed at a row. */
static int follow_until_death(const char *arguments)
{
    char source_dir[32], target_dir[32];
    int row;

    alarm(60);
    if (sscanf(arguments, "%31[^,],%31[^,],%d", source_dir, target_dir, &row) != 3)
        return 1;
    die_at = row;
    bus_setup(NULL);
    open_in(&source.h, &source_spec, source_dir);
    open_in(&target, &target_spec, target_dir);
    client = rpc_client_open(&b.loop, b.dir, "coupon", 4);
    serve_source();
    follow();
    return uv_run(&b.loop, UV_RUN_DEFAULT);
}

static void a_crash_between_row_and_cursor_doubles_nothing(void **state)
{
    static const int rows[] = {1, 500, 1000, 1001, 1999, 2500};

    (void)state;
    open_both();
    add_rows(1, ROWS);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        char arguments[100];
        int64_t applied;
        int status;
        pid_t child;

        snprintf(arguments, sizeof(arguments), "%s,%s,%d", source.h.dir, target.dir, rows[i]);
        harness_stop(&source.h);
        harness_stop(&target);
        child = bus_spawn("--die", arguments);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        harness_start(&source.h);
        harness_start(&target);
        applied = number_of(SQL_COUNT); /* whole slices */
        assert_applied_once_each(applied);
        assert_true(applied < rows[i] && rows[i] - applied <= FOLLOW_SLICE_BEHIND);
    }
    serve_source();
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == ROWS);
    assert_applied_once_each(ROWS);
    close_both();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_applied_once_in_order),
        cmocka_unit_test(the_bell_brings_new_rows),
        cmocka_unit_test(a_restart_goes_on_where_the_cursor_is),
        cmocka_unit_test(the_store_learns_of_rows_that_were_passed_over),
        cmocka_unit_test(what_cannot_be_applied_is_tried_again),
        cmocka_unit_test(a_refused_row_is_waited_for_where_it_stands),
        cmocka_unit_test(other_work_comes_between_the_rows_of_a_page),
        cmocka_unit_test(a_source_that_is_down_is_waited_for),
        cmocka_unit_test(a_crash_between_row_and_cursor_doubles_nothing),
        cmocka_unit_test(a_pause_holds_the_cursor),
    };

    if (argc == 3 && strcmp(argv[1], "--die") == 0)
        return follow_until_death(argv[2]);
    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
