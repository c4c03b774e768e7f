#include "services/identity/unions/changes.h"
#include "services/identity/rules.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS                                                                                                        \
    "change_id, union_id, target_id, asked_by, asked_at, decided_by, decided_at, kind, state, name, code, "            \
    "credit_code, excuse, remark, trades, workers, body"

enum {
    SQL_UNION, /* these two as in enum changes_list */
    SQL_MINE,
    SQL_ADD,
    SQL_FIND,
    SQL_DECIDE,
    SQL_PATH_AT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO union_change (change_id, union_id, kind, state, target_id, name, code, credit_code, "
                "excuse, asked_by, asked_at, trades, workers, body) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM union_change WHERE change_id = ?1",
    [SQL_DECIDE] = "UPDATE union_change SET state = ?2, decided_by = ?3, decided_at = ?4, remark = ?5, "
                   "target_id = ?6 WHERE change_id = ?1",
    [SQL_UNION] = "SELECT " COLUMNS " FROM union_change WHERE union_id = ?1 AND change_id < ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " ORDER BY change_id DESC LIMIT ?3",
    [SQL_MINE] = "SELECT " COLUMNS " FROM union_change WHERE asked_by = ?1 AND kind = 6 "
                 "AND change_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY change_id DESC LIMIT ?3",
    [SQL_PATH_AT] = "SELECT path FROM union_place WHERE union_id = ?1 AND until_at > ?2 ORDER BY until_at LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct changes *changes, unsigned statement, struct change *ret)
{
    struct store *store = changes->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->union_id), INTO(ret->target_id), INTO(ret->asked_by),
                      INTO(ret->asked_at), INTO(ret->decided_by), INTO(ret->decided_at), INTO(ret->kind),
                      INTO(ret->state), INTO(ret->name), INTO(ret->code), INTO(ret->credit_code), INTO(ret->excuse),
                      INTO(ret->remark), INTO(ret->trades), INTO(ret->workers), INTO(ret->body));
}

bool changes_find(const struct changes *changes, int64_t change_id, struct change *ret)
{
    store_ask(changes->store, changes->sql + SQL_FIND, "i", change_id);
    if (!next(changes, changes->sql + SQL_FIND, ret))
        return false;
    store_end(changes->store, changes->sql + SQL_FIND);
    return true;
}

bool change_add(const struct identity *self, const struct change *change)
{
    if (store_run(self->store, self->changes.sql + SQL_ADD, "iiiiittttiiiii", change->id, change->union_id,
                  (int64_t)change->kind, (int64_t)change->state, change->target_id, change->name, change->code,
                  change->credit_code, change->excuse, change->asked_by, change->asked_at, (int64_t)change->trades,
                  (int64_t)change->workers, (int64_t)change->body) == -1)
        return false;
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CHANGE, change->id, change->union_id,
                 change->kind != IDENTITY__CHANGE_KIND__CHANGE_CREATE);
    return true;
}

void change_decide(const struct identity *self, const struct change *change)
{
    store_run(self->store, self->changes.sql + SQL_DECIDE, "iiiiti", change->id, (int64_t)change->state,
              change->decided_by, change->decided_at, change->remark, change->target_id);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_CHANGE, change->id);
}

void changes_ask(const struct changes *changes, enum changes_list list, int64_t id, int64_t before, size_t limit,
                 int64_t states)
{
    store_ask(changes->store, changes->sql + list, "iiii", id, before, (int64_t)limit, states);
}

bool changes_next(const struct changes *changes, enum changes_list list, struct change *ret)
{
    return next(changes, changes->sql + list, ret);
}

void changes_end(const struct changes *changes, enum changes_list list)
{
    store_end(changes->store, changes->sql + list);
}

bool changes_path_at(const struct changes *changes, int64_t union_id, int64_t at, char ret_path[UNION_PATH_SIZE])
{
    unsigned statement = changes->sql + SQL_PATH_AT;

    store_ask(changes->store, statement, "ii", union_id, at);
    if (!store_row(changes->store, statement))
        return false;
    store_copy_text(changes->store, statement, 0, ret_path, UNION_PATH_SIZE);
    store_end(changes->store, statement);
    return true;
}

static bool tidy(void *arg, void *call)
{
    return change_drain(arg, call);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__UnionChanged *changed = event->union_changed;
    struct change change;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_UNION_CHANGED)
        return true;
    told[0] += changed->state == IDENTITY__CHANGE_STATE__CHANGE_ASKED;
    return changes_find(&self->changes, changed->change_id, &change) && change.union_id == changed->union_id &&
           change.kind == (int)changed->kind &&
           (changed->state == IDENTITY__CHANGE_STATE__CHANGE_ASKED || change.state == (int)changed->state);
}

const struct part_spec changes_part = {
    .tables = "union_change",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(change_id) FROM union_change",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"changes of unions", "SELECT count(*) FROM union_change"}},
    .others = "union_change.target_id",
    .exports = {{&identity__union_change__descriptor,
                 "SELECT 9223372036854775807 - change_id, change_id, union_id, kind, state, target_id, name, code, "
                 "credit_code, excuse, asked_by, asked_at, decided_at, remark, workers, body FROM union_change "
                 "WHERE asked_by = ?1 AND 9223372036854775807 - change_id > ?2 ORDER BY change_id DESC LIMIT ?3"}},
    .closed = {"-- who asked for a change of a union and who decided is the union's account"},
    .merged = {"-- stays under the number under which it was asked for or decided"},
};
