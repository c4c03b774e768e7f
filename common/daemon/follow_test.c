/* A service follows another's journal over a real bus: each row once, in order,
 * whatever dies in between. */
#include "common/daemon/follow.h"

#include "sample.pb-c.h"
#include "tests/bus_harness.h"

#define ROWS 2500 /* more than two pages */

/* ---- the service that is followed: a journal and its reading ---- */

struct source {
    struct harness h;
    Rpc__Daemon_Service daemon;
    struct bus_server *bus;
};

static struct source source;
static int pages_asked;

static void read_journal(Rpc__Daemon_Service *daemon, const Rpc__JournalRequest *request,
                         Rpc__JournalPage_Closure reply, void *call)
{
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    int reason = journal_read(rpc_server_journal(source.h.service.rpc), request, rpc_arena(call), &page);

    (void)daemon;
    pages_asked++;
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&page, call);
}

static int start_source(struct service *service)
{
    source.daemon = (Rpc__Daemon_Service){.base = RPC__DAEMON__BASE_INIT, .read_journal = read_journal};
    rpc_server_add(service->rpc, &source.daemon.base);
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return 0;
}

/* No tables of its own: the chassis' are enough. */
static const struct service_spec source_spec = {.name = "coupon", .start = start_source};

static bool on_message(void *arg, struct bus_message *message)
{
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);

    (void)arg;
    return rpc_server_take(source.h.service.rpc, bytes, len, message);
}

static void send_answer(void *arg, void *tag, const void *bytes, size_t len)
{
    (void)arg;
    bus_server_answer(source.bus, tag, bytes, len);
}

static void on_drained(void *arg)
{
    (void)arg;
    rpc_server_finish(source.h.service.rpc, send_answer, NULL);
}

/* Kind 1 for every third row, else 2. */
static void add_row(void *call, void *arg)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    int64_t number = *(int64_t *)arg;

    changed.show_id = taken.seat_id = number;
    rpc_tell(call, number % 3 == 0 ? &changed.base : &taken.base);
}

/* One millisecond apart, so that row n was written at HARNESS_NOW + n. */
static void add_rows(int64_t first, int64_t last)
{
    for (int64_t number = first; number <= last; number++) {
        clock_step(&source.h.service.clock, HARNESS_NOW + number - clock_now(&source.h.service.clock));
        assert_int_equal(rpc_server_transact(source.h.service.rpc, add_row, &number), 0);
    }
}

static void serve_source(void)
{
    static const struct bus_server_events events = {on_message, on_drained};

    source.bus = bus_server_open(&b.loop, b.dir, "coupon", &events, NULL);
    assert_non_null(source.bus);
    bus_wait(&b, bus_counts(&b).served);
}

/* ---- the service that follows: a table of what it was given ---- */

static const char schema[] = "-- step 1\nCREATE TABLE applied (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;
enum { SQL_APPLY, SQL_COUNT, SQL_DISORDER, SQL_STORED, N_SQL };
static const char *const sql[] = {
    [SQL_APPLY] = "INSERT INTO applied (n, seq) VALUES ((SELECT coalesce(max(n), 0) + 1 FROM applied), ?1)",
    [SQL_COUNT] = "SELECT count(*) FROM applied",
    [SQL_DISORDER] = "SELECT count(*) FROM applied WHERE n != seq",
    [SQL_STORED] = "SELECT seq FROM cursor",
};
static unsigned first_sql;

static int prepare(struct service *service)
{
    int first = store_prepare(service->store, sql, N_SQL);

    first_sql = (unsigned)first;
    return first < 0 ? -1 : 0;
}

static const struct service_spec target_spec = {
    .name = "subsidy", .schema = (const unsigned char *)schema, .schema_len = &schema_len, .start = prepare};

static struct harness target;
static struct rpc_client *client;
static int64_t seen;     /* rows given, also those that were undone */
static int64_t greatest; /* of their numbers */
static int64_t die_at, refuse_at;
static int refusals, failed;

static void apply(void *arg, void *call, const Rpc__JournalRow *row)
{
    assert_ptr_equal(arg, &target);
    assert_true(rpc_principal(call)->internal);
    seen++;
    greatest = row->seq > greatest ? row->seq : greatest;
    if (row->seq == die_at) {
        harness_remove_dir(b.dir);
        kill(getpid(), SIGKILL);
        pause();
    }
    store_run(target.service.store, first_sql + SQL_APPLY, "i", row->seq);
    if (row->seq == refuse_at && refusals > 0) {
        refusals--;
        rpc_refuse(call, RPC__REASON__INTERNAL);
    }
    failed += store_trouble(target.service.store) != 0;
}

static struct follower *follow(void)
{
    const struct follow_options options = {
        .loop = &b.loop,
        .bus_dir = b.dir,
        .queue = "coupon",
        .client = client,
        .server = target.service.rpc,
        .store = target.service.store,
        .apply = apply,
        .arg = &target,
    };
    struct follower *follower = follower_open(&options);

    assert_non_null(follower);
    return follower;
}

static int64_t number_of(unsigned statement)
{
    store_ask(target.service.store, first_sql + statement, "");
    return store_number(target.service.store, first_sql + statement);
}

static void assert_applied_once_each(int64_t rows)
{
    assert_int_equal(number_of(SQL_COUNT), rows);
    assert_int_equal(number_of(SQL_DISORDER), 0);
}

static void open_both(void)
{
    harness_open(&source.h, &source_spec, NULL);
    harness_open(&target, &target_spec, NULL);
    client = rpc_client_open(&b.loop, b.dir, "coupon", 4);
    assert_non_null(client);
}

static void close_both(void)
{
    harness_close(&source.h);
    harness_close(&target);
}

/* ---- the tests ---- */

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
    struct follow_options options = {
        .loop = &b.loop, .bus_dir = b.dir, .queue = "coupon", .kinds = &changes, .n_kinds = 1, .apply = apply, .arg = &target};
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

/* ---- without a server of one's own ---- */

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

static void wait_for_page(void)
{
    int before = pages_asked;

    bus_wait(&b, pages_asked > before + 1);
}

/* Writes the source's journal anew: row n is about another object than before. */
static void replace_rows(int64_t first, int64_t last)
{
    harness_close(&source.h);
    harness_open(&source.h, &source_spec, NULL);
    add_rows(first, last);
}

static void a_journal_that_was_made_anew_is_not_followed(void **state)
{
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follower = follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    /* As long as before and longer, and another from the first row on. */
    replace_rows(2, 21);
    wait_for_page();
    assert_applied_once_each(10);
    assert_false(follower_is_current(follower));
    /* Nor after a restart of who follows it. */
    follower_close(follower);
    harness_reopen(&target);
    follow();
    wait_for_page();
    assert_applied_once_each(10);
    /* Once the source is the one it was, nothing has been missed. */
    replace_rows(1, 15);
    bus_wait(&b, number_of(SQL_COUNT) == 15);
    assert_applied_once_each(15);
    close_both();
}

static void a_journal_whose_end_was_cut_off_is_not_followed(void **state)
{
    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    replace_rows(1, 6);
    wait_for_page();
    add_rows(7, 9);
    wait_for_page();
    assert_applied_once_each(10);
    close_both();
}

static void a_cursor_from_before_hashes_goes_on(void **state)
{
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follower = follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    follower_close(follower);
    harness_tamper(&target, "UPDATE cursor SET hash = NULL");
    harness_reopen(&target);
    follow();
    add_rows(11, 12);
    bus_wait(&b, number_of(SQL_COUNT) == 12);
    replace_rows(2, 20);
    wait_for_page();
    assert_applied_once_each(12);
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
        cmocka_unit_test(an_edge_follows_one_kind_from_an_instant_on),
        cmocka_unit_test(a_flood_of_others_rows_is_asked_about_from_time_to_time),
        cmocka_unit_test(a_journal_that_was_made_anew_is_not_followed),
        cmocka_unit_test(a_journal_whose_end_was_cut_off_is_not_followed),
        cmocka_unit_test(a_cursor_from_before_hashes_goes_on),
        cmocka_unit_test(a_pause_holds_the_cursor),
        cmocka_unit_test(an_edge_reads_a_journal_that_was_replaced_anew),
        cmocka_unit_test(who_is_patient_reads_on_when_a_rush_is_over),
    };

    if (argc == 3 && strcmp(argv[1], "--die") == 0)
        return follow_until_death(argv[2]);
    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
