#include "common/daemon/follow.h"

#include <uv.h>

#include "common/bus/bus.h"
#include "common/base/limits.h"
#include "common/base/log.h"

enum { SQL_CURSOR, SQL_SET_CURSOR, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_CURSOR] = "SELECT seq FROM cursor WHERE source = ?1",
    [SQL_SET_CURSOR] = "INSERT INTO cursor (source, seq) VALUES (?1, ?2) "
                       "ON CONFLICT (source) DO UPDATE SET seq = excluded.seq",
};

struct follower {
    struct follow_options options;
    struct bus_listener *listener;
    uv_timer_t timer;
    unsigned sql;
    int64_t cursor;
    int64_t behind_ns; /* since when the end of the journal is out of sight; 0: it is not */
    bool reached;      /* it has been seen */
    bool asking;       /* a page is on its way */
    bool rung;         /* meanwhile there is more */
    bool closing;
};

struct page {
    struct follower *follower;
    const Rpc__JournalPage *rows;
};

static void apply_rows(struct follower *follower, void *call, const Rpc__JournalPage *page)
{
    for (size_t i = 0; i < page->n_rows && !(call && rpc_refused(call)); i++)
        follower->options.apply(follower->options.arg, call, page->rows[i]);
}

static void apply_page(void *call, void *arg)
{
    struct page *page = arg;
    struct follower *follower = page->follower;

    apply_rows(follower, call, page->rows);
    store_run(follower->options.store, follower->sql + SQL_SET_CURSOR, "ti", follower->options.queue,
              page->rows->read_to);
}

static void ask(struct follower *follower);

/* Where the cursor is, seen from the journal's end. */
static void note_place(struct follower *follower, int64_t last_seq)
{
    if (follower->cursor >= last_seq) {
        follower->reached = true;
        follower->behind_ns = 0;
    } else if (!follower->behind_ns) {
        follower->behind_ns = clock_monotonic_ns();
    }
}

bool follower_is_current(const struct follower *follower)
{
    return follower->reached &&
           (!follower->behind_ns || clock_monotonic_ns() - follower->behind_ns < FOLLOW_BEHIND_MS * INT64_C(1000000));
}

static void take_page(struct follower *follower, const Rpc__JournalPage *rows)
{
    struct page page = {follower, rows};

    if (!follower->options.server && rows->last_seq < follower->cursor) {
        log_warn("journal_replaced", "queue", follower->options.queue);
        follower->cursor = 0;
        follower->reached = false;
        follower->rung = true;
        return;
    }
    if (rows->read_to == follower->cursor) {
        note_place(follower, rows->last_seq);
        return;
    }
    if (!follower->options.server)
        apply_rows(follower, NULL, rows);
    else if (rpc_server_transact(follower->options.server, apply_page, &page))
        return; /* undone; the next tick tries again */
    follower->cursor = rows->read_to;
    note_place(follower, rows->last_seq);
    if (rows->read_to < rows->last_seq)
        follower->rung = true;
}

static void on_page(void *arg, const Rpc__Answer *answer)
{
    struct follower *follower = arg;
    Rpc__JournalPage *page = NULL;

    follower->asking = false;
    if (follower->closing) {
        free(follower);
        return;
    }
    if (!answer->reason)
        page = rpc__journal_page__unpack(NULL, answer->output.len, answer->output.data);
    if (page)
        take_page(follower, page);
    rpc__journal_page__free_unpacked(page, NULL);
    if (page && follower->rung)
        ask(follower);
}

static void ask(struct follower *follower)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[64 + FOLLOW_KINDS * 10];

    if (follower->asking) {
        follower->rung = true;
        return;
    }
    follower->rung = false;
    request.after_seq = follower->cursor;
    request.since = follower->cursor ? 0 : follower->options.since;
    request.kinds = unconst(follower->options.kinds);
    request.n_kinds = follower->options.n_kinds;
    request.limit = LIMIT_JOURNAL_PAGE;
    principal.internal = true;
    call.method = "Daemon.ReadJournal";
    call.principal = &principal;
    call.input = (ProtobufCBinaryData){rpc__journal_request__pack(&request, packed), packed};
    follower->asking = rpc_client_call(follower->options.client, &call, on_page, follower);
    rpc_client_flush(follower->options.client);
}

static void on_ring(void *arg)
{
    ask(arg);
}

static void on_tick(uv_timer_t *timer)
{
    ask(timer->data);
}

struct follower *follower_open(const struct follow_options *options)
{
    struct follower *follower = calloc(1, sizeof(*follower));

    if (!follower)
        return NULL;
    ensure(options->n_kinds <= FOLLOW_KINDS);
    follower->options = *options;
    if (options->server) {
        int first = store_prepare(options->store, sql, N_SQL);

        if (first < 0)
            goto free_follower;
        follower->sql = (unsigned)first;
        store_ask(options->store, follower->sql + SQL_CURSOR, "t", options->queue);
        if (store_row(options->store, follower->sql + SQL_CURSOR)) {
            follower->cursor = store_int(options->store, follower->sql + SQL_CURSOR, 0);
            store_end(options->store, follower->sql + SQL_CURSOR);
        }
    }
    follower->listener = bus_listener_open(options->loop, options->bus_dir, options->queue, on_ring, follower);
    if (!follower->listener)
        goto free_follower;
    uv_timer_init(options->loop, &follower->timer);
    follower->timer.data = follower;
    uv_timer_start(&follower->timer, on_tick, 0, FOLLOW_TICK_MS);
    return follower;
free_follower:
    free(follower);
    return NULL;
}

static void timer_closed(uv_handle_t *handle)
{
    struct follower *follower = handle->data;

    follower->closing = true;
    if (!follower->asking)
        free(follower);
}

void follower_close(struct follower *follower)
{
    if (!follower)
        return;
    bus_listener_close(follower->listener);
    uv_close((uv_handle_t *)&follower->timer, timer_closed);
}
