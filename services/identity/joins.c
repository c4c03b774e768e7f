#include "services/identity/joins.h"

#define COLUMNS                                                                                                        \
    "request_id, member_id, union_id, asked_at, decided_at, decided_by, state, trade, reason, remark, sealed, cover"

enum { SQL_LAST_ID, SQL_ADD, SQL_FIND, SQL_FIND_OPEN, SQL_DECIDE, SQL_MINE, SQL_UNION, SQL_DROP_OLD, SQL_COUNT, N_SQL };

static const char *const sql[] = {
    [SQL_LAST_ID] = "SELECT max(request_id) FROM join_request",
    [SQL_ADD] = "INSERT INTO join_request (request_id, member_id, union_id, state, trade, asked_at, sealed, cover) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM join_request WHERE request_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM join_request WHERE member_id = ?1 AND state = 1",
    [SQL_DECIDE] = "UPDATE join_request SET state = ?2, decided_at = ?3, decided_by = ?4, reason = ?5, remark = ?6, "
                   "sealed = x'' WHERE request_id = ?1",
    [SQL_MINE] = "SELECT " COLUMNS " FROM join_request WHERE member_id = ?1 ORDER BY request_id DESC LIMIT ?2",
    [SQL_UNION] = "SELECT " COLUMNS " FROM join_request WHERE union_id = ?1 AND state = ?2 AND request_id > ?3 "
                  "ORDER BY request_id LIMIT ?4",
    [SQL_DROP_OLD] = "DELETE FROM join_request WHERE request_id IN (SELECT request_id FROM join_request "
                     "WHERE state > 1 AND decided_at < ?1 LIMIT 1000)",
    [SQL_COUNT] = "SELECT (SELECT count(*) FROM join_request), "
                  "(SELECT count(*) FROM join_request WHERE state > 1 AND sealed = x'')",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int joins_open(struct joins *joins, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *joins = (struct joins){store, (unsigned)first};
    return 0;
}

int64_t joins_last_id(const struct joins *joins)
{
    int64_t id = 0;

    store_ask(joins->store, joins->sql + SQL_LAST_ID, "");
    if (store_row(joins->store, joins->sql + SQL_LAST_ID)) {
        id = store_int(joins->store, joins->sql + SQL_LAST_ID, 0);
        store_end(joins->store, joins->sql + SQL_LAST_ID);
    }
    return id;
}

void joins_add(const struct joins *joins, const struct join *join)
{
    store_run(joins->store, joins->sql + SQL_ADD, "iiiiiibi", join->id, join->member_id, join->union_id,
              (int64_t)join->state, (int64_t)join->trade, join->asked_at, join->sealed.bytes, join->sealed.len,
              (int64_t)join->cover);
}

static bool next(const struct joins *joins, unsigned statement, struct join *ret)
{
    struct store *store = joins->store;
    const void *sealed;

    if (!store_row(store, statement))
        return false;
    *ret = (struct join){
        .id = store_int(store, statement, 0),
        .member_id = store_int(store, statement, 1),
        .union_id = store_int(store, statement, 2),
        .asked_at = store_int(store, statement, 3),
        .decided_at = store_int(store, statement, 4),
        .decided_by = store_int(store, statement, 5),
        .state = (int)store_int(store, statement, 6),
        .trade = (int)store_int(store, statement, 7),
        .reason = (int)store_int(store, statement, 8),
        .cover = store_int(store, statement, 11) != 0,
    };
    snprintf(ret->remark, sizeof(ret->remark), "%s", store_text(store, statement, 9));
    sealed = store_blob(store, statement, 10, &ret->sealed.len);
    if (ret->sealed.len > sizeof(ret->sealed.bytes))
        ret->sealed.len = 0; /* as if it could not be opened */
    memcpy(ret->sealed.bytes, sealed, ret->sealed.len);
    return true;
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

void joins_decide(const struct joins *joins, const struct join *join)
{
    store_run(joins->store, joins->sql + SQL_DECIDE, "iiiiit", join->id, (int64_t)join->state, join->decided_at,
              join->decided_by, (int64_t)join->reason, join->remark);
}

void joins_ask_mine(const struct joins *joins, int64_t member_id, int limit)
{
    store_ask(joins->store, joins->sql + SQL_MINE, "ii", member_id, (int64_t)limit);
}

bool joins_next_mine(const struct joins *joins, struct join *ret)
{
    return next(joins, joins->sql + SQL_MINE, ret);
}

void joins_ask_union(const struct joins *joins, int64_t union_id, int state, int64_t after, int limit)
{
    store_ask(joins->store, joins->sql + SQL_UNION, "iiii", union_id, (int64_t)state, after, (int64_t)limit);
}

bool joins_next_union(const struct joins *joins, struct join *ret)
{
    return next(joins, joins->sql + SQL_UNION, ret);
}

void joins_end(const struct joins *joins)
{
    store_end(joins->store, joins->sql + SQL_MINE);
    store_end(joins->store, joins->sql + SQL_UNION);
}

int joins_drop_old(const struct joins *joins, int64_t before)
{
    return store_run(joins->store, joins->sql + SQL_DROP_OLD, "i", before);
}

void joins_count(const struct joins *joins, int64_t *ret_all, int64_t *ret_decided)
{
    unsigned statement = joins->sql + SQL_COUNT;

    store_ask(joins->store, statement, "");
    if (!store_row(joins->store, statement))
        return;
    *ret_all = store_int(joins->store, statement, 0);
    *ret_decided = store_int(joins->store, statement, 1);
    store_end(joins->store, statement);
}

void join_journal(const struct join *join, void *call)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__JoinChanged changed = IDENTITY__JOIN_CHANGED__INIT;

    changed.request_id = join->id;
    changed.member_id = join->member_id;
    changed.union_id = join->union_id;
    changed.state = (Identity__JoinState)join->state;
    changed.reason = (Identity__RefusalReason)join->reason;
    event.event_case = IDENTITY__EVENT__EVENT_JOIN_CHANGED;
    event.join_changed = &changed;
    rpc_journal(call, &event.base);
}

void join_withdraw(struct identity *self, int64_t member_id, void *call)
{
    struct join join;

    if (!joins_find_open(&self->joins, member_id, &join))
        return;
    join.state = IDENTITY__JOIN_STATE__JOIN_WITHDRAWN;
    join.decided_at = rpc_now(call);
    join.decided_by = rpc_principal(call)->member_id;
    joins_decide(&self->joins, &join);
    join_journal(&join, call);
}
