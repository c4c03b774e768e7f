/* An edge follows, without a server of its own; and what a flood of rows does to who follows. */
#include "common/daemon/follow/follow_fixture.h"

static int64_t last_seq, n_changes;

static void note(void *arg, void *call, const Rpc__JournalRow *row)
{
    (void)arg;
    assert_null(call);
    assert_true(row->seq > last_seq);
    assert_int_equal(row->kind, 1);
    last_seq = row->seq;
    n_changes++;
}

static void an_edge_follows_one_kind_from_an_instant_on(void **state)
{
    struct follow_options options = {
        .loop = &b.loop, .bus_dir = b.dir, .queue = "coupon", .since = HARNESS_NOW + 1000, .apply = note};
    int32_t kinds[200]; /* of which the journal has one */
    struct follower *follower;

    (void)state;
    for (int i = 0; i < (int)ARRAY_LEN(kinds); i++)
        kinds[i] = INT32_MAX - i;
    kinds[ARRAY_LEN(kinds) - 1] = 1;
    options.kinds = kinds;
    options.n_kinds = ARRAY_LEN(kinds);
    open_both();
    add_rows(1, ROWS);
    serve_source();
    options.client = client;
    follower = follower_open(&options);
    assert_non_null(follower);
    assert_false(follower_is_current(follower));
    bus_wait(&b, last_seq > 0);
    assert_false(follower_is_current(follower)); /* that was the first page of two */
    bus_wait(&b, follower_is_current(follower));
    assert_int_equal(last_seq, ROWS - ROWS % 3);
    assert_int_equal(n_changes, ROWS / 3 - 999 / 3); /* from row 1000 on, whose time it is */
    add_rows(ROWS + 1, ROWS + 9);
    bus_wait(&b, n_changes == ROWS / 3 - 999 / 3 + 3);
    close_both();
}

static void an_edge_reads_a_journal_that_was_replaced_anew(void **state)
{
    struct follow_options options = {
        .loop = &b.loop, .bus_dir = b.dir, .queue = "coupon", .kinds = &(int32_t){1}, .n_kinds = 1, .apply = note};
    struct follower *follower;

    (void)state;
    open_both();
    serve_source();
    options.client = client;
    last_seq = n_changes = 0;
    follower = follower_open(&options);
    assert_non_null(follower);
    bus_wait(&b, follower_is_current(follower)); /* also when there is nothing */
    add_rows(1, 30);
    bus_wait(&b, n_changes == 10);
    /* One that ends earlier stands in its place. */
    rpc_server_journal(source.h.service.rpc)->tip.seq = 12;
    last_seq = n_changes = 0;
    bus_wait(&b, !follower_is_current(follower));
    bus_wait(&b, n_changes > 0);
    close_both();
}

/* ---- floods ---- */

static int n_gone;

static void note_gone(void *arg, void *call, const Rpc__JournalRow *row)
{
    (void)arg;
    assert_null(call);
    assert_int_equal(row->kind, RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE);
    n_gone++;
}

static void tell_gone(void *call, void *arg)
{
    Rpc__MemberGone gone = RPC__MEMBER_GONE__INIT;

    (void)arg;
    rpc_tell(call, &gone.base);
}

/* What it wants comes seldom: then not every bell is a question, and what comes is taken all the same. */
static void a_flood_of_others_rows_is_asked_about_from_time_to_time(void **state)
{
    static const int32_t kind = RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE;
    struct follow_options options = {
        .loop = &b.loop, .bus_dir = b.dir, .queue = "coupon", .kinds = &kind, .n_kinds = 1, .apply = note_gone};
    struct bus_ringer *ringer;
    struct follower *follower;
    int64_t row = 0, began, ms, place;
    int asked;

    (void)state;
    open_both();
    ringer = bus_ringer_open(b.dir);
    serve_source();
    options.client = client;
    follower = follower_open(&options);
    assert_non_null(follower);
    bus_wait(&b, follower_is_current(follower));
    for (; row < FOLLOW_PASSED; row++)
        add_rows(row + 1, row + 1);
    place = row;
    while (follower_place(follower) < place) {
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    asked = pages_asked;
    began = clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        add_rows(row + 1, row + FOLLOW_PASSED);
        row += FOLLOW_PASSED;
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_NOWAIT);
    }
    ms = (clock_monotonic_ns() - began) / 1000000;
    /* A tick may have found nothing new, and the bell is heard at once after that. */
    assert_in_range(pages_asked - asked, 0, ms / FOLLOW_PAUSE_MS + 2 * (ms / FOLLOW_TICK_MS) + 2);
    assert_int_equal(rpc_server_transact(source.h.service.rpc, tell_gone, NULL), 0);
    place = row + 1;
    while (n_gone == 0) {
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    bus_wait(&b, follower_place(follower) == place);
    close_both();
}

/* A rush is left alone, a page at a time, until it is over. */
static void who_is_patient_reads_on_when_a_rush_is_over(void **state)
{
    struct follow_options options = {.loop = &b.loop,
                                     .bus_dir = b.dir,
                                     .queue = "coupon",
                                     .server = target.service.rpc,
                                     .apply = apply,
                                     .arg = &target,
                                     .patient = true};
    struct bus_ringer *ringer;
    struct follower *follower;
    int64_t row = 10, began, ms;
    int asked;

    (void)state;
    open_both();
    ringer = bus_ringer_open(b.dir);
    serve_source();
    options.client = client;
    options.server = target.service.rpc;
    options.store = target.service.store;
    add_rows(1, row);
    follower = follower_open(&options);
    assert_non_null(follower);
    bus_wait(&b, number_of(SQL_COUNT) == row);
    add_rows(row + 1, row + 3 * LIMIT_JOURNAL_PAGE);
    row += 3 * LIMIT_JOURNAL_PAGE;
    asked = pages_asked;
    began = clock_monotonic_ns();
    while (pages_asked < asked + 3) {
        add_rows(row + 1, row + FOLLOW_FLOOD);
        row += FOLLOW_FLOOD;
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_NOWAIT);
    }
    ms = (clock_monotonic_ns() - began) / 1000000;
    assert_true(ms >= 2 * FOLLOW_PAUSE_MS);
    assert_true(number_of(SQL_COUNT) < row);
    bus_wait(&b, number_of(SQL_COUNT) == row);
    assert_applied_once_each(row);
    close_both();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edge_follows_one_kind_from_an_instant_on),
        cmocka_unit_test(an_edge_reads_a_journal_that_was_replaced_anew),
        cmocka_unit_test(a_flood_of_others_rows_is_asked_about_from_time_to_time),
        cmocka_unit_test(who_is_patient_reads_on_when_a_rush_is_over),
    };

    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
