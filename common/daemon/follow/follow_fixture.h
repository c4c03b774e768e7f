/* follow_fixture.h: what the tests of following share: a service with a journal, another that
 * follows it over a real bus, and a table of what it was given. */
#pragma once
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

static inline void read_journal(Rpc__Daemon_Service *daemon, const Rpc__JournalRequest *request,
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

static inline int start_source(struct service *service)
{
    source.daemon = (Rpc__Daemon_Service){.base = RPC__DAEMON__BASE_INIT, .read_journal = read_journal};
    rpc_server_add(service->rpc, &source.daemon.base);
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return 0;
}

/* No tables of its own: the chassis' are enough. */
static const struct service_spec source_spec = {.name = "coupon", .start = start_source};

static inline bool on_message(void *arg, struct bus_message *message)
{
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);

    (void)arg;
    return rpc_server_take(source.h.service.rpc, bytes, len, message);
}

static inline void send_answer(void *arg, void *tag, const void *bytes, size_t len)
{
    (void)arg;
    bus_server_answer(source.bus, tag, bytes, len);
}

static inline void on_drained(void *arg)
{
    (void)arg;
    rpc_server_finish(source.h.service.rpc, send_answer, NULL);
}

/* Kind 1 for every third row, else 2. */
static inline void add_row(void *call, void *arg)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    int64_t number = *(int64_t *)arg;

    changed.show_id = taken.seat_id = number;
    rpc_tell(call, number % 3 == 0 ? &changed.base : &taken.base);
}

/* One millisecond apart, so that row n was written at HARNESS_NOW + n. */
static inline void add_rows(int64_t first, int64_t last)
{
    for (int64_t number = first; number <= last; number++) {
        clock_step(&source.h.service.clock, HARNESS_NOW + number - clock_now(&source.h.service.clock));
        assert_int_equal(rpc_server_transact(source.h.service.rpc, add_row, &number), 0);
    }
}

static inline void serve_source(void)
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

static inline int prepare(struct service *service)
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

static inline void apply(void *arg, void *call, const Rpc__JournalRow *row)
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

static inline struct follower *follow(void)
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

static inline int64_t number_of(unsigned statement)
{
    store_ask(target.service.store, first_sql + statement, "");
    return store_number(target.service.store, first_sql + statement);
}

static inline void assert_applied_once_each(int64_t rows)
{
    assert_int_equal(number_of(SQL_COUNT), rows);
    assert_int_equal(number_of(SQL_DISORDER), 0);
}

static inline void open_both(void)
{
    harness_open(&source.h, &source_spec, NULL);
    harness_open(&target, &target_spec, NULL);
    client = rpc_client_open(&b.loop, b.dir, "coupon", 4);
    assert_non_null(client);
}

static inline void close_both(void)
{
    harness_close(&source.h);
    harness_close(&target);
}

static inline void wait_for_page(void)
{
    int before = pages_asked;

    bus_wait(&b, pages_asked > before + 1);
}
