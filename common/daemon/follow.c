#include "common/daemon/follow.h"

#include <uv.h>

#include "common/bus/bus.h"
#include "common/base/limits.h"
#include "common/base/log.h"

#define SAY_AGAIN_MS 60000
#define REQUEST_SIZE (64 + JOURNAL_HASH_LEN) /* packed, without its kinds, */
#define VARINT_SIZE  10                      /* of which each takes so much at most */

enum { SQL_CURSOR, SQL_SET_CURSOR, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_CURSOR] = "SELECT seq, hash FROM cursor WHERE source = ?1",
    [SQL_SET_CURSOR] = "INSERT INTO cursor (source, seq, hash) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (source) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
};

struct follower {
    struct follow_options options;
    uint8_t *request; /* as it is packed */
    struct bus_listener *listener;
    uv_timer_t timer;
    unsigned sql;
    int64_t cursor;
    unsigned char hash[JOURNAL_HASH_LEN]; /* of the row at the cursor */
    size_t hash_len;                      /* 0: not known, as after an upgrade */
    int64_t paused_ns;                    /* until when it stands still */
    int64_t asked_ns;                     /* when the last page was asked for, */
    int64_t heard_ns;                     /* and the last one of those that had the journal's end */
    int64_t said_ns;                      /* when it was last said that the journal differs */
    int64_t refused_ns;                   /* and that a row was refused */
    int64_t stored_ns;                    /* when the cursor was stored last, */
    bool unstored;                        /* and whether it moved since then */
    Rpc__JournalPage *page;               /* in hand; NULL: none */
    size_t at;                            /* its next row */
    int64_t last_seq;                     /* of the journal, by the page before */
    int64_t behind_ns;                    /* since when the end of the journal is out of sight; 0: it is not */
    bool reached;                         /* it has been seen */
    bool asking;                          /* a page is on its way */
    bool rung;                            /* meanwhile there is more */
    bool floods;                          /* the last page was one of many */
    bool waits;                           /* for the timer, since the bell rang */
    bool tells;                           /* the last rows made it tell something itself */
    bool hurries;                         /* to the end, whatever floods */
    bool closing;
};

/* Some rows of the page, in one transaction. */
struct slice {
    struct follower *follower;
    size_t end;     /* the row behind its last */
    size_t refused; /* the row that was; end: none */
    int64_t seq;    /* where the cursor is then, and the hash of that row */
    ProtobufCBinaryData hash;
};

static void apply_slice(void *call, void *arg)
{
    struct slice *slice = arg;
    struct follower *follower = slice->follower;

    for (size_t i = follower->at; i < slice->end; i++) {
        follower->options.apply(follower->options.arg, call, follower->page->rows[i]);
        if (call && rpc_refused(call)) {
            slice->refused = i;
            return;
        }
    }
    if (call)
        store_run(follower->options.store, follower->sql + SQL_SET_CURSOR, "tib", follower->options.queue, slice->seq,
                  slice->hash.data, slice->hash.len);
}

static void ask(struct follower *follower);
static void on_ring(void *arg);
static void on_tick(uv_timer_t *timer);

/* Once in a while, of what happens again and again. */
static bool is_time_to_say(int64_t *said_ns)
{
    int64_t now = clock_monotonic_ns();

    if (*said_ns && now - *said_ns <= SAY_AGAIN_MS * INT64_C(1000000))
        return false;
    *said_ns = now;
    return true;
}

/* Where the cursor is, seen from the journal's end. */
static void note_place(struct follower *follower, int64_t last_seq)
{
    if (follower->cursor >= last_seq) {
        follower->reached = true;
        follower->hurries = false;
        follower->behind_ns = 0;
        follower->heard_ns = follower->asked_ns;
    } else if (!follower->behind_ns) {
        follower->behind_ns = clock_monotonic_ns();
    }
}

bool follower_is_current(const struct follower *follower)
{
    return follower->reached &&
           (!follower->behind_ns || clock_monotonic_ns() - follower->behind_ns < FOLLOW_BEHIND_MS * INT64_C(1000000));
}

bool follower_heard_since(const struct follower *follower, int64_t since_ns)
{
    return follower->heard_ns >= since_ns;
}

int64_t follower_place(const struct follower *follower)
{
    return follower->cursor;
}

static void move_cursor(struct follower *follower, int64_t seq, const void *hash, size_t hash_len)
{
    follower->cursor = seq;
    follower->hash_len = hash_len == sizeof(follower->hash) ? hash_len : 0;
    if (follower->hash_len)
        memcpy(follower->hash, hash, hash_len);
}

static bool is_paused(const struct follower *follower)
{
    return clock_monotonic_ns() < follower->paused_ns;
}

/* The journal is not the one that was read: it was put back from a backup, or made anew.
 * Who keeps what it told of would follow it with holes, so nothing more is taken until a
 * restore has brought the two together again. Who keeps nothing begins anew. */
static void on_another_journal(struct follower *follower)
{
    if (is_time_to_say(&follower->said_ns))
        log_error("journal_differs", "queue", follower->options.queue, "seq", log_int(follower->cursor));
    follower->reached = follower->floods = false;
    if (!follower->options.server) {
        move_cursor(follower, 0, NULL, 0);
        follower->rung = true;
    }
}

static void drop_page(struct follower *follower)
{
    rpc__journal_page__free_unpacked(follower->page, NULL);
    follower->page = NULL;
    follower->at = 0;
}

/* Whether the cursor alone moves, and was stored a moment ago. */
static bool may_wait(struct follower *follower, const Rpc__JournalPage *page)
{
    int64_t now = clock_monotonic_ns();
    bool may = page->n_rows == 0 && now - follower->stored_ns < FOLLOW_TICK_MS * INT64_C(1000000);

    if (!may)
        follower->stored_ns = now;
    follower->unstored = may;
    return may;
}

/* Applies the page's rows up to one: 0, or why nothing was done, with the row that was refused. */
static int take_slice(struct follower *follower, size_t end, size_t *ret_refused)
{
    const Rpc__JournalPage *page = follower->page;
    bool last = end == page->n_rows;
    struct slice slice = {
        .follower = follower,
        .end = end,
        .refused = end,
        .seq = last ? page->read_to : page->rows[end - 1]->seq,
        .hash = last ? page->read_hash : page->rows[end - 1]->hash,
    };
    int reason = 0;

    if (!follower->options.server)
        apply_slice(NULL, &slice);
    else if (!may_wait(follower, page))
        reason = rpc_server_transact_again(follower->options.server, apply_slice, &slice, &follower->tells);
    *ret_refused = slice.refused;
    if (reason)
        return reason;
    follower->at = end;
    move_cursor(follower, slice.seq, slice.hash.data, slice.hash.len);
    note_place(follower, page->last_seq);
    return 0;
}

/* What lies before a row that is refused is not undone with it; the row itself is tried again
 * with the next tick, and nothing behind it before. */
static bool take_some(struct follower *follower)
{
    const Rpc__JournalPage *page = follower->page;
    size_t most = page->read_to < page->last_seq ? FOLLOW_SLICE_BEHIND : FOLLOW_SLICE;
    size_t left = page->n_rows - follower->at, refused, unused;
    size_t end = follower->at + (follower->options.server && left > most ? most : left);
    int reason = take_slice(follower, end, &refused);

    if (!reason)
        return true;
    if (refused < end) {
        if (refused > follower->at)
            take_slice(follower, refused, &unused);
        if (is_time_to_say(&follower->refused_ns))
            log_warn("row_refused", "queue", follower->options.queue, "seq",
                     log_int(follower->page->rows[refused]->seq), "reason", api_reason(reason)->name);
    }
    return false;
}

/* Hears no bell for so long. */
static void wait(struct follower *follower)
{
    follower->waits = true;
    uv_timer_start(&follower->timer, on_tick, FOLLOW_PAUSE_MS, FOLLOW_TICK_MS);
}

/* Whether the journal is flooded just now, and may be left alone. */
static bool may_yield(const struct follower *follower, int64_t grown)
{
    return follower->options.patient && grown >= FOLLOW_FLOOD && !follower->hurries &&
           clock_monotonic_ns() - follower->behind_ns < FOLLOW_YIELD_MS * INT64_C(1000000);
}

/* The next slice of the page; other work of the loop comes between. */
static void step(struct follower *follower)
{
    int64_t grown;
    bool last, more;

    if (is_paused(follower) || !take_some(follower))
        return; /* the next tick tries again */
    last = follower->at == follower->page->n_rows;
    if (!last) {
        uv_timer_start(&follower->timer, on_tick, 1, FOLLOW_TICK_MS); /* 0 would be this turn */
        return;
    }
    more = follower->cursor < follower->page->last_seq;
    grown = follower->last_seq ? follower->page->last_seq - follower->last_seq : 0;
    follower->last_seq = follower->page->last_seq;
    drop_page(follower);
    if (more && may_yield(follower, grown))
        wait(follower);
    else if (more)
        ask(follower);
    else if (follower->rung)
        on_ring(follower);
}

/* Takes the page over. */
static void take_page(struct follower *follower, Rpc__JournalPage *page)
{
    follower->page = page;
    follower->floods = page->read_to - follower->cursor >= (page->n_rows ? FOLLOW_FLOOD : FOLLOW_PASSED);
    if (is_paused(follower)) {
        drop_page(follower);
    } else if (page->last_seq < follower->cursor) {
        drop_page(follower);
        on_another_journal(follower);
    } else if (page->read_to == follower->cursor && !follower->unstored) {
        move_cursor(follower, follower->cursor, page->read_hash.data, page->read_hash.len);
        note_place(follower, page->last_seq);
        drop_page(follower);
    } else {
        step(follower);
    }
}

static void follower_free(struct follower *follower)
{
    free(follower->request);
    free(follower);
}

static void on_page(void *arg, const Rpc__Answer *answer)
{
    struct follower *follower = arg;
    Rpc__JournalPage *page = NULL;

    follower->asking = false;
    if (follower->closing) {
        follower_free(follower);
        return;
    }
    if (!answer->reason)
        page = rpc__journal_page__unpack(NULL, answer->output.len, answer->output.data);
    else if (answer->reason == RPC__REASON__JOURNAL_DIFFERS)
        on_another_journal(follower);
    if (page)
        take_page(follower, page);
    if (follower->rung && (page || answer->reason == RPC__REASON__JOURNAL_DIFFERS))
        on_ring(follower);
}

static void ask(struct follower *follower)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;

    if (is_paused(follower))
        return;
    if (follower->asking || follower->page) {
        follower->rung = true;
        return;
    }
    follower->rung = false;
    follower->asked_ns = clock_monotonic_ns();
    request.after_seq = follower->cursor;
    request.since = follower->cursor ? 0 : follower->options.since;
    request.kinds = unconst(follower->options.kinds);
    request.n_kinds = follower->options.n_kinds;
    request.limit = LIMIT_JOURNAL_PAGE;
    request.after_hash = (ProtobufCBinaryData){follower->hash_len, follower->hash};
    principal.internal = true;
    call.method = "Daemon.ReadJournal";
    call.principal = &principal;
    call.input.data = follower->request;
    call.input.len = rpc__journal_request__pack(&request, follower->request);
    follower->asking = rpc_client_call(follower->options.client, &call, on_page, follower);
    rpc_client_flush(follower->options.client);
}

/* A question for each batch of a flood would cost who is asked more than the rows. */
static void on_ring(void *arg)
{
    struct follower *follower = arg;

    if (!follower->floods || follower->asking || follower->page) {
        ask(follower);
    } else if (!follower->waits) {
        wait(follower);
    }
}

void follower_hurry(struct follower *follower)
{
    follower->hurries = true;
    ask(follower);
}

static void on_tick(uv_timer_t *timer)
{
    struct follower *follower = timer->data;

    follower->waits = false;
    if (follower->page)
        step(follower);
    else
        ask(follower);
}

struct follower *follower_open(const struct follow_options *options)
{
    struct follower *follower = calloc(1, sizeof(*follower));

    if (!follower)
        return NULL;
    follower->options = *options;
    follower->request = malloc(REQUEST_SIZE + options->n_kinds * VARINT_SIZE);
    if (!follower->request)
        goto free_follower;
    if (options->server) {
        int first = store_prepare(options->store, sql, N_SQL);

        if (first < 0)
            goto free_follower;
        follower->sql = (unsigned)first;
        store_ask(options->store, follower->sql + SQL_CURSOR, "t", options->queue);
        if (store_row(options->store, follower->sql + SQL_CURSOR)) {
            size_t len;
            const void *hash = store_blob(options->store, follower->sql + SQL_CURSOR, 1, &len);

            move_cursor(follower, store_int(options->store, follower->sql + SQL_CURSOR, 0), hash, len);
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
    follower_free(follower);
    return NULL;
}

static void timer_closed(uv_handle_t *handle)
{
    struct follower *follower = handle->data;

    follower->closing = true;
    drop_page(follower);
    if (!follower->asking)
        follower_free(follower);
}

void follower_close(struct follower *follower)
{
    if (!follower)
        return;
    bus_listener_close(follower->listener);
    uv_close((uv_handle_t *)&follower->timer, timer_closed);
}

void follower_pause(struct follower *follower, int64_t ms)
{
    follower->paused_ns = clock_monotonic_ns() + ms * 1000000;
}

int follow_print(struct store *store, FILE *out)
{
    static const char *const all[] = {
        "SELECT source, seq, lower(hex(hash)) FROM cursor WHERE hash IS NOT NULL ORDER BY source"};
    int statement = store_prepare(store, all, ARRAY_LEN(all));

    if (statement < 0)
        return -1;
    store_ask(store, (unsigned)statement, "");
    while (store_row(store, (unsigned)statement))
        fprintf(out, "%s %lld %s\n", store_text(store, (unsigned)statement, 0),
                (long long)store_int(store, (unsigned)statement, 1), store_text(store, (unsigned)statement, 2));
    return store_trouble(store) ? -1 : 0;
}
