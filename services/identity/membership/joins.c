#include "services/identity/membership/joins.h"
#include "services/identity/people/person.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/waitings.h"
#include "services/identity/people/notices.h"

#define COLUMNS                                                                                                        \
    "request_id, member_id, union_id, asked_at, decided_at, decided_by, state, trade, reason, remark, sealed, cover"

enum {
    SQL_MINE, /* these two as in enum joins_list */
    SQL_UNION,
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_DECIDE,
    SQL_DROP_OLD,
    N_SQL
};

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "join_request", "request_id", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO join_request (request_id, member_id, union_id, state, trade, asked_at, sealed, cover) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM join_request WHERE request_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM join_request WHERE member_id = ?1 AND state = 1",
    [SQL_DECIDE] = "UPDATE join_request SET state = ?2, decided_at = ?3, decided_by = ?4, reason = ?5, remark = ?6, "
                   "sealed = x'' WHERE request_id = ?1",
    [SQL_MINE] = "SELECT " COLUMNS " FROM join_request WHERE member_id = ?1 AND " RPC_PAGE_STATES(
        "?2", "state") " AND "
                       "request_id < ?3 ORDER BY request_id DESC LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_4(OF_UNION) " ORDER BY request_id LIMIT ?4",
    [SQL_DROP_OLD] = "DELETE FROM join_request WHERE request_id IN (SELECT request_id FROM join_request "
                     "WHERE state > 1 AND decided_at < ?1 LIMIT 1000)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct joins *joins, unsigned statement, struct join *ret)
{
    struct store *store = joins->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id), INTO(ret->asked_at),
                      INTO(ret->decided_at), INTO(ret->decided_by), INTO(ret->state), INTO(ret->trade),
                      INTO(ret->reason), INTO(ret->remark), INTO_BYTES(ret->sealed), INTO(ret->cover));
}

static bool only(const struct joins *joins, unsigned statement, struct join *ret)
{
    bool found = next(joins, statement, ret);

    if (found)
        store_end(joins->store, statement);
    return found;
}

bool joins_find(const struct joins *joins, int64_t request_id, struct join *ret)
{
    store_ask(joins->store, joins->sql + SQL_FIND, "i", request_id);
    return only(joins, joins->sql + SQL_FIND, ret);
}

bool joins_find_open(const struct joins *joins, int64_t member_id, struct join *ret)
{
    store_ask(joins->store, joins->sql + SQL_FIND_OPEN, "i", member_id);
    return only(joins, joins->sql + SQL_FIND_OPEN, ret);
}

void joins_ask(const struct joins *joins, enum joins_list list, int64_t id, int64_t states, int64_t beyond,
               size_t limit)
{
    store_ask(joins->store, joins->sql + list, "iiii", id, states, beyond, (int64_t)limit);
}

bool joins_next(const struct joins *joins, enum joins_list list, struct join *ret)
{
    return next(joins, joins->sql + list, ret);
}

void joins_end(const struct joins *joins, enum joins_list list)
{
    store_end(joins->store, joins->sql + list);
}

int joins_drop_old(const struct joins *joins, int64_t before)
{
    return store_run(joins->store, joins->sql + SQL_DROP_OLD, "i", before);
}

void join_add(const struct identity *self, const struct join *join)
{
    store_run(self->store, self->joins.sql + SQL_ADD, "iiiiiibi", join->id, join->member_id, join->union_id,
              (int64_t)join->state, (int64_t)join->trade, join->asked_at, join->sealed.bytes, join->sealed.len,
              (int64_t)join->cover);
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_JOIN, join->id, join->union_id, false);
}

void join_journal(const struct join *join, void *call)
{
    Identity__JoinChanged changed = IDENTITY__JOIN_CHANGED__INIT;

    changed.request_id = join->id;
    changed.member_id = join->member_id;
    changed.union_id = join->union_id;
    changed.state = (Identity__JoinState)join->state;
    changed.reason = (Identity__RefusalReason)join->reason;
    rpc_tell(call, &changed.base);
}

void join_decide(struct identity *self, const struct join *join, void *call)
{
    store_run(self->store, self->joins.sql + SQL_DECIDE, "iiiiit", join->id, (int64_t)join->state, join->decided_at,
              join->decided_by, (int64_t)join->reason, join->remark);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_JOIN, join->id);
    join_journal(join, call);
    if (join->state == IDENTITY__JOIN_STATE__JOIN_APPROVED)
        account_tell_decided(self, join->member_id, NOTICE__NOTICE_KIND__ACCOUNT_JOIN_APPROVED, join->id, call);
    else if (join->state == IDENTITY__JOIN_STATE__JOIN_REFUSED)
        account_tell_decided(self, join->member_id, NOTICE__NOTICE_KIND__ACCOUNT_JOIN_REFUSED, join->id, call);
}

void join_withdraw(struct identity *self, int64_t member_id, void *call)
{
    struct join join;

    if (!joins_find_open(&self->joins, member_id, &join))
        return;
    join.state = IDENTITY__JOIN_STATE__JOIN_WITHDRAWN;
    join.decided_at = rpc_now(call);
    join.decided_by = rpc_principal(call)->member_id;
    join_decide(self, &join, call);
}

enum { TOLD_ALL, TOLD_DECIDED, TOLD_MISSING }; /* as in counts */

/* A request that was decided says what the journal does of it; it may have been purged
 * since, which the journal tells too. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__JoinChanged *changed = event->join_changed;
    struct join join;
    bool decided;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_PURGED && event->purged->kind == IDENTITY__PURGE_KIND__PURGE_JOINS)
        told[TOLD_MISSING] -= event->purged->count;
    if (event->event_case != IDENTITY__EVENT__EVENT_JOIN_CHANGED)
        return true;
    decided = changed->state != IDENTITY__JOIN_STATE__JOIN_ASKED;
    if (!joins_find(&self->joins, changed->request_id, &join)) {
        told[TOLD_MISSING] += !decided;
        return true;
    }
    told[TOLD_ALL] += !decided;
    told[TOLD_DECIDED] += decided;
    return join.member_id == changed->member_id && join.union_id == changed->union_id &&
           (!decided || (join.state == (int)changed->state && join.reason == (int)changed->reason));
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct join join;
    bool more = true;

    joins_ask(&self->joins, JOINS_MINE, export->member_id, RPC_PAGE_ALL, INT64_MAX, LIMIT_EXPORT_PAGE);
    while (more && joins_next(&self->joins, JOINS_MINE, &join))
        more = part_give(export, join_message(self, &join, export->call), PART_LATEST(join.id));
    joins_end(&self->joins, JOINS_MINE);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    join_withdraw(self, member_id, call);
}

/* Asks anew in the name of who is kept, unless that is settled already. */
static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    struct identity *self = arg;
    unsigned char nonce[PII_NONCE_LEN];
    struct member gone, kept;
    struct person person;
    struct join join, open;

    if (!joins_find_open(&self->joins, gone_id, &join) || !members_find(&self->members, gone_id, &gone) ||
        !members_find(&self->members, kept_id, &kept))
        return;
    join_withdraw(self, gone_id, call);
    if (kept.union_id || joins_find_open(&self->joins, kept_id, &open))
        return;
    if (kept.level >= (int)RPC__LEVEL__REAL_NAME)
        join.sealed.len = 0;
    else if (!person_open_join(self, &gone, join.id, &join.sealed, &person))
        return;
    join.id = id_next(&self->ids, rpc_now(call));
    join.member_id = kept_id;
    if (join.sealed.len) {
        rpc_random(call, nonce, sizeof(nonce));
        person_seal_join(self, &kept, join.id, nonce, &person, &join.sealed);
    }
    join_add(self, &join);
    join_journal(&join, call);
}

const struct part_spec joins_part = {
    .tables = "join_request",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(request_id) FROM join_request",
    .agrees = agrees,
    .counts = {{"requests to join", "SELECT count(*) FROM join_request"},
               {"decided requests to join", "SELECT count(*) FROM join_request WHERE state > 1 AND sealed = x''"},
               {"deleted requests to join, less those purged", "SELECT 0"}},
    .on_export = on_export,
    .closed = {"UPDATE join_request SET remark = '' WHERE member_id = ?1"},
    .on_closed = on_closed,
    .on_merged = on_merged,
};
