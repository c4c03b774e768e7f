/* granted_behind.c: the table of what was given here, which follows the journal.
 *
 * A rush of claims writes no rows of it: the journal has told all that they say, in the transaction of each. They are
 * written in its order when few calls come. What becomes of a grant is written at once, the whole row; the journal's
 * first word about it then changes nothing. What is dropped before it was written is kept in mind until then, by its
 * id alone. At the start what the journal has told behind the last row that was written is read into memory. */
#include "common/benefit/granted/granted_internal.h"

#include "common/base/limits.h"
#include "common/base/log.h"

#define SLICE   500  /* rows written in one transaction */
#define TELL_MS 1000 /* the store is told how far it is though no row had to be written: the start reads on from there,
                        and what lies before may be in an archive that is not at hand */

/* A page of the journal behind what was written: 0 or a Reason. */
static int read_page(const struct granted *granted, int64_t after, struct arena *arena, Rpc__JournalPage *ret_page)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    int32_t kind = RPC__CHASSIS_EVENT__EVENT_GRANTED;
    int reason;

    request.after_seq = after;
    request.kinds = &kind;
    request.n_kinds = 1;
    request.limit = SLICE;
    rpc__journal_page__init(ret_page);
    reason = journal_read(rpc_server_journal(granted->parts->rpc), &request, arena, ret_page);
    return !reason && ret_page->read_to == after && after < ret_page->last_seq ? (int)RPC__REASON__OVERLOADED : reason;
}

/* What a row tells; NULL without memory, or when it is unreadable. */
static const Granted__Granted *told_by(const Rpc__JournalRow *row, struct arena *arena)
{
    const Rpc__ChassisEvent *event = rpc__chassis_event__unpack(&arena->allocator, row->body.len, row->body.data);

    return event && event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANTED ? event->granted : NULL;
}

/* ---- at the start ---- */

static bool is_dropped(const struct granted *granted, int64_t source_id)
{
    store_ask(granted->store, granted->sql + GRANTED_SQL_IS_DROPPED, "i", source_id);
    return store_any(granted->store, granted->sql + GRANTED_SQL_IS_DROPPED);
}

/* Takes what a row tells into memory, unless more is known of it. False without memory. */
static bool take(struct granted *granted, const Granted__Granted *told)
{
    struct grant grant = granted_told(told);
    struct granted_entry entry = granted_entry_of(&grant, told->at, GRANTED__GRANT_STATE__HELD, granted->service);
    const struct granted_entry *had =
        granted_index_find(granted->index, grant.member_id, granted->service, grant.source_id);

    if (had || (granted->n_dropped && is_dropped(granted, grant.source_id)))
        return true;
    if (grant.source_id > granted->newest)
        granted->newest = grant.source_id;
    return granted_index_add(granted->index, grant.member_id, &entry, NULL);
}

static bool take_page(struct granted *granted, const Rpc__JournalPage *page, struct arena *arena)
{
    for (size_t i = 0; i < page->n_rows; i++) {
        const Granted__Granted *told = told_by(page->rows[i], arena);

        if (!told || !take(granted, told))
            return false;
    }
    return true;
}

bool granted_replay(struct granted *granted)
{
    struct arena arena;
    Rpc__JournalPage page;
    int64_t after;
    bool ok = true;

    store_ask(granted->store, granted->sql + GRANTED_SQL_UPTO, "");
    after = granted->upto = granted->stored = store_number(granted->store, granted->sql + GRANTED_SQL_UPTO);
    store_ask(granted->store, granted->sql + GRANTED_SQL_ALL_DROPPED, "");
    granted->n_dropped = store_number(granted->store, granted->sql + GRANTED_SQL_ALL_DROPPED);
    arena_init(&arena, LIMIT_BATCH_ARENA);
    do {
        arena_reset(&arena);
        ok = read_page(granted, after, &arena, &page) == 0 && take_page(granted, &page, &arena);
        after = page.read_to;
    } while (ok && after < page.last_seq);
    arena_done(&arena);
    if (!ok)
        log_error("grants_not_read", "after", log_int(after));
    return ok;
}

/* ---- while it runs ---- */

/* Unless it was dropped, or more has become of it. */
static void write_row(struct granted *granted, const Granted__Granted *told, int64_t seq)
{
    const struct granted_entry *entry =
        granted_index_find(granted->index, told->member_id, granted->service, told->source_id);

    if (entry && entry->at == told->at)
        store_run(granted->store, granted->sql + GRANTED_SQL_ADD, "iiiiiiii", told->source_id, told->member_id,
                  told->group_key, told->ceiling_key, told->ceiling_fen, told->fen, told->at, seq);
}

struct writing {
    struct granted *granted;
    int64_t upto;
    bool all, stored; /* up to the journal's end; in the store too */
};

static bool is_time_to_tell(const struct granted *granted)
{
    return clock_now(granted->parts->clock) - granted->stored_at >= TELL_MS;
}

static void write_page(void *call, void *arg)
{
    struct writing *writing = arg;
    struct granted *granted = writing->granted;
    Rpc__JournalPage page;

    if (rpc_refuse_if(call, read_page(granted, granted->upto, rpc_arena(call), &page)))
        return;
    for (size_t i = 0; i < page.n_rows; i++) {
        const Granted__Granted *told = told_by(page.rows[i], rpc_arena(call));

        if (!told) {
            rpc_refuse(call, RPC__REASON__STORE_FAILED);
            return;
        }
        write_row(granted, told, page.rows[i]->seq);
    }
    writing->upto = page.read_to;
    writing->all = page.read_to == page.last_seq;
    writing->stored = page.n_rows || (writing->all && granted->n_dropped) || is_time_to_tell(granted);
    if (writing->stored)
        store_run(granted->store, granted->sql + GRANTED_SQL_SET_UPTO, "i", writing->upto);
    if (writing->all && granted->n_dropped)
        store_run(granted->store, granted->sql + GRANTED_SQL_FORGET_DROPPED, "");
}

bool granted_write_some(struct granted *granted)
{
    struct writing writing = {.granted = granted};
    int64_t last = rpc_server_journal(granted->parts->rpc)->tip.seq;
    bool tells = false;

    if (granted->stored == last || (granted->upto == last && !is_time_to_tell(granted)) ||
        rpc_server_transact_again(granted->parts->rpc, write_page, &writing, &tells))
        return false;
    granted->upto = writing.upto;
    if (writing.stored) {
        granted->stored = writing.upto;
        granted->stored_at = clock_now(granted->parts->clock);
    }
    if (writing.all)
        granted->n_dropped = 0;
    return !writing.all;
}

bool granted_work(void *self)
{
    struct granted *granted = self;

    return parts_lull(granted->parts, &granted->lull) && granted_write_some(granted);
}

void granted_drop(struct granted *granted, int64_t source_id)
{
    store_run(granted->store, granted->sql + GRANTED_SQL_DROP, "i", source_id);
    if (granted->stored == rpc_server_journal(granted->parts->rpc)->tip.seq)
        return;
    store_run(granted->store, granted->sql + GRANTED_SQL_DROPPED, "i", source_id);
    granted->n_dropped++;
}
