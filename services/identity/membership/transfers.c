#include "services/identity/membership/transfers.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/people/notices.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS                                                                                                        \
    "transfer_id, member_id, from_union, to_union, asked_at, released_at, decided_at, decided_by, state, release, "    \
    "reason, remark"

enum {
    SQL_MINE, /* these three as in enum transfers_list */
    SQL_TO,
    SQL_UNION,
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_FIND_SILENT,
    SQL_SET,
    N_SQL
};

#define OF_STATE(mask, state, whose)                                                                                   \
    "SELECT " COLUMNS " FROM transfer WHERE " RPC_PAGE_STATES(mask, state) " AND state = " state                       \
                                                                           " AND transfer_id > ?3 AND " whose
#define TO_UNION(state)          OF_STATE("?2", state, "to_union = ?1")
#define FROM_UNION(state)        OF_STATE("?2", state, "from_union = ?1")
#define RELEASED_TO_UNION(state) OF_STATE("?5", state, "to_union = ?1 AND released_at > 0")

static const char *const sql[] = {
    [SQL_MINE] =
        "SELECT " COLUMNS
        " FROM transfer WHERE member_id = ?1 AND " RPC_PAGE_STATES("?2", "state") " AND transfer_id < ?3 "
                                                                                  "ORDER BY transfer_id DESC LIMIT ?4",
    [SQL_TO] = RPC_PAGE_MERGED_3(TO_UNION) " ORDER BY transfer_id LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_6(FROM_UNION) " UNION ALL " RPC_PAGE_MERGED_6(
        RELEASED_TO_UNION) " ORDER BY transfer_id LIMIT ?4",
    [SQL_ADD] = "INSERT INTO transfer (transfer_id, member_id, from_union, to_union, state, release, asked_at, "
                "released_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM transfer WHERE transfer_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM transfer WHERE member_id = ?1 AND state <= 3",
    [SQL_FIND_SILENT] = "SELECT " COLUMNS " FROM transfer WHERE state = 1 AND asked_at <= ?1 ORDER BY asked_at LIMIT 1",
    [SQL_SET] = "UPDATE transfer SET state = ?2, release = ?3, reason = ?4, remark = ?5, released_at = ?6, "
                "decided_at = ?7, decided_by = ?8 WHERE transfer_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct transfers *transfers, unsigned statement, struct transfer *ret)
{
    struct store *store = transfers->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->from_union), INTO(ret->to_union),
                      INTO(ret->asked_at), INTO(ret->released_at), INTO(ret->decided_at), INTO(ret->decided_by),
                      INTO(ret->state), INTO(ret->release), INTO(ret->reason), INTO(ret->remark));
}

static bool only(const struct transfers *transfers, unsigned which, int64_t parameter, struct transfer *ret)
{
    store_ask(transfers->store, transfers->sql + which, "i", parameter);
    if (!next(transfers, transfers->sql + which, ret))
        return false;
    store_end(transfers->store, transfers->sql + which);
    return true;
}

bool transfers_find(const struct transfers *transfers, int64_t transfer_id, struct transfer *ret)
{
    return only(transfers, SQL_FIND, transfer_id, ret);
}

bool transfers_find_open(const struct transfers *transfers, int64_t member_id, struct transfer *ret)
{
    return only(transfers, SQL_FIND_OPEN, member_id, ret);
}

void transfers_ask(const struct transfers *transfers, enum transfers_list list, int64_t id, int64_t states,
                   int64_t beyond, size_t limit)
{
    store_ask(transfers->store, transfers->sql + list, "iiii", id, states, beyond, (int64_t)limit);
}

void transfers_ask_union(const struct transfers *transfers, int64_t union_id, int64_t from_states, int64_t to_states,
                         int64_t after, size_t limit)
{
    store_ask(transfers->store, transfers->sql + SQL_UNION, "iiiii", union_id, from_states, after, (int64_t)limit,
              to_states);
}

bool transfers_next(const struct transfers *transfers, enum transfers_list list, struct transfer *ret)
{
    return next(transfers, transfers->sql + list, ret);
}

void transfers_end(const struct transfers *transfers, enum transfers_list list)
{
    store_end(transfers->store, transfers->sql + list);
}

/* ---- what becomes of one ---- */

/* Waits for whose word is next: of the old union, the level above it, the new union; or for nobody. */
static void wait_on(const struct identity *self, const struct transfer *transfer)
{
    bool free = transfer->state == IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED;

    if (transfer->state > (int)IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)
        waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_TRANSFER, transfer->id);
    else
        waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_TRANSFER, transfer->id,
                     free ? transfer->to_union : transfer->from_union,
                     transfer->state == IDENTITY__TRANSFER_STATE__TRANSFER_OBJECTED);
}

void transfer_add(const struct identity *self, const struct transfer *transfer)
{
    store_run(self->store, self->transfers.sql + SQL_ADD, "iiiiiiii", transfer->id, transfer->member_id,
              transfer->from_union, transfer->to_union, (int64_t)transfer->state, (int64_t)transfer->release,
              transfer->asked_at, transfer->released_at);
    wait_on(self, transfer);
}

void transfer_journal(const struct transfer *transfer, void *call)
{
    Identity__TransferChanged changed = IDENTITY__TRANSFER_CHANGED__INIT;

    changed.transfer_id = transfer->id;
    changed.member_id = transfer->member_id;
    changed.from_union_id = transfer->from_union;
    changed.to_union_id = transfer->to_union;
    changed.state = (Identity__TransferState)transfer->state;
    changed.release = (Identity__Release)transfer->release;
    changed.reason = (Identity__RefusalReason)transfer->reason;
    rpc_tell(call, &changed.base);
}

void transfer_change(struct identity *self, struct transfer *transfer, int state, void *call)
{
    transfer->state = state;
    transfer->decided_by = rpc_principal(call)->member_id;
    if (state > (int)IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)
        transfer->decided_at = rpc_now(call);
    store_run(self->store, self->transfers.sql + SQL_SET, "iiiitiii", transfer->id, (int64_t)transfer->state,
              (int64_t)transfer->release, (int64_t)transfer->reason, transfer->remark, transfer->released_at,
              transfer->decided_at, transfer->decided_by);
    wait_on(self, transfer);
    transfer_journal(transfer, call);
    if (state == (int)IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED)
        account_tell_decided(self, transfer->member_id, NOTICE__NOTICE_KIND__ACCOUNT_TRANSFER_DONE, transfer->id, call);
    else if (state == (int)IDENTITY__TRANSFER_STATE__TRANSFER_REFUSED)
        account_tell_decided(self, transfer->member_id, NOTICE__NOTICE_KIND__ACCOUNT_TRANSFER_REFUSED, transfer->id,
                             call);
}

void transfer_release(struct identity *self, struct transfer *transfer, int release, void *call)
{
    transfer->release = release;
    transfer->released_at = rpc_now(call);
    transfer->reason = 0;
    transfer->remark[0] = '\0';
    transfer_change(self, transfer, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED, call);
}

void transfer_settle(struct identity *self, int64_t member_id, int64_t union_id, void *call)
{
    struct transfer transfer;

    if (!transfers_find_open(&self->transfers, member_id, &transfer))
        return;
    if (!union_id || union_id == transfer.to_union)
        transfer_change(self, &transfer, IDENTITY__TRANSFER_STATE__TRANSFER_WITHDRAWN, call);
    else if (transfer.state != IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)
        transfer_release(self, &transfer, IDENTITY__RELEASE__RELEASE_NOT_NEEDED, call);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct transfer transfer;

    for (int i = 0; i < TRANSFER_SLICE && !store_trouble(self->store); i++) {
        if (!only(&self->transfers, SQL_FIND_SILENT, rpc_now(call) - self->transfer_silence_ms, &transfer))
            return false;
        transfer_release(self, &transfer, IDENTITY__RELEASE__RELEASE_BY_SILENCE, call);
    }
    return false;
}

/* Once it is closed, a transfer says what the journal does of it; its first row is
 * the one before which nothing was released or decided. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__TransferChanged *changed = event->transfer_changed;
    struct transfer transfer;
    bool closed;

    if (event->event_case != IDENTITY__EVENT__EVENT_TRANSFER_CHANGED)
        return true;
    closed = changed->state > IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED;
    told[0] += row->actor == changed->member_id && !closed;
    return transfers_find(&self->transfers, changed->transfer_id, &transfer) &&
           transfer.member_id == changed->member_id && transfer.from_union == changed->from_union_id &&
           transfer.to_union == changed->to_union_id &&
           (!closed || (transfer.state == (int)changed->state && transfer.release == (int)changed->release &&
                        transfer.reason == (int)changed->reason));
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct transfer transfer;
    bool more = true;

    transfers_ask(&self->transfers, TRANSFERS_MINE, export->member_id, RPC_PAGE_ALL, INT64_MAX, LIMIT_EXPORT_PAGE);
    while (more && transfers_next(&self->transfers, TRANSFERS_MINE, &transfer))
        more = part_give(export, transfer_message(self, &transfer, export->call), PART_LATEST(transfer.id));
    transfers_end(&self->transfers, TRANSFERS_MINE);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    transfer_settle(self, member_id, 0, call);
}

const struct part_spec transfers_part = {
    .tables = "transfer",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(transfer_id) FROM transfer",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"transfers", "SELECT count(*) FROM transfer"}},
    .on_export = on_export,
    .closed = {"UPDATE transfer SET remark = '' WHERE member_id = ?1"},
    .on_closed = on_closed,
    .merged = {"-- ends with the membership (membership_life.h)"},
};
