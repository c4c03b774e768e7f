#include "services/identity/access/step_ups.h"
#include "services/identity/unions/pages.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS "step_up_id, member_id, session_id, union_id, asked_at, decided_at, decided_by, state"
#define SLICE   500

enum { SQL_ADD, SQL_FIND, SQL_FIND_OPEN, SQL_FIND_UNION, SQL_DECIDE, SQL_UNLIST_OLD, SQL_DROP_OLD, N_SQL };

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "step_up", "step_up_id", state) " AND asked_at > ?5"

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO step_up (step_up_id, member_id, session_id, union_id, state, asked_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM step_up WHERE step_up_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM step_up WHERE session_id = ?1 AND state = 1",
    [SQL_FIND_UNION] = RPC_PAGE_MERGED_3(OF_UNION) " ORDER BY step_up_id LIMIT ?4",
    [SQL_DECIDE] = "UPDATE step_up SET state = ?2, decided_at = ?3, decided_by = ?4 WHERE step_up_id = ?1",
    [SQL_UNLIST_OLD] = "DELETE FROM waiting WHERE kind = ?1 AND id IN (SELECT step_up_id FROM step_up "
                       "WHERE asked_at <= ?2 ORDER BY asked_at LIMIT ?3)",
    [SQL_DROP_OLD] = "DELETE FROM step_up WHERE step_up_id IN (SELECT step_up_id FROM step_up WHERE asked_at <= ?1 "
                     "ORDER BY asked_at LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct step_ups *step_ups, unsigned which, struct step_up *ret)
{
    unsigned statement = step_ups->sql + which;

    if (!store_row(step_ups->store, statement))
        return false;
    *ret = (struct step_up){
        .id = store_int(step_ups->store, statement, 0),
        .member_id = store_int(step_ups->store, statement, 1),
        .session_id = store_int(step_ups->store, statement, 2),
        .union_id = store_int(step_ups->store, statement, 3),
        .asked_at = store_int(step_ups->store, statement, 4),
        .decided_at = store_int(step_ups->store, statement, 5),
        .decided_by = store_int(step_ups->store, statement, 6),
        .state = (int)store_int(step_ups->store, statement, 7),
    };
    return true;
}

static bool only(const struct step_ups *step_ups, unsigned which, int64_t parameter, struct step_up *ret)
{
    store_ask(step_ups->store, step_ups->sql + which, "i", parameter);
    if (!next(step_ups, which, ret))
        return false;
    store_end(step_ups->store, step_ups->sql + which);
    return true;
}

bool step_ups_find(const struct step_ups *step_ups, int64_t step_up_id, struct step_up *ret)
{
    return only(step_ups, SQL_FIND, step_up_id, ret);
}

bool step_ups_find_open(const struct step_ups *step_ups, int64_t session_id, struct step_up *ret)
{
    return only(step_ups, SQL_FIND_OPEN, session_id, ret);
}

size_t step_ups_find_union(const struct step_ups *step_ups, int64_t union_id, int64_t states, int64_t after,
                           int64_t since, struct step_up *ret, size_t size)
{
    size_t n = 0;

    store_ask(step_ups->store, step_ups->sql + SQL_FIND_UNION, "iiiii", union_id, states, after, (int64_t)size, since);
    while (ret && n < size && next(step_ups, SQL_FIND_UNION, &ret[n]))
        n++;
    store_end(step_ups->store, step_ups->sql + SQL_FIND_UNION);
    return n;
}

void step_up_add(struct identity *self, const struct step_up *step_up)
{
    store_run(self->store, self->step_ups.sql + SQL_ADD, "iiiiii", step_up->id, step_up->member_id, step_up->session_id,
              step_up->union_id, (int64_t)step_up->state, step_up->asked_at);
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_STEP_UP, step_up->id, step_up->union_id, false);
}

void step_up_decide(struct identity *self, const struct step_up *step_up)
{
    store_run(self->store, self->step_ups.sql + SQL_DECIDE, "iiii", step_up->id, (int64_t)step_up->state,
              step_up->decided_at, step_up->decided_by);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_STEP_UP, step_up->id);
}

/* Those whose time is over wait for nobody, and are deleted. */
static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;
    int64_t before = rpc_now(call) - STEP_UP_LIFE_MS;

    store_run(self->store, self->step_ups.sql + SQL_UNLIST_OLD, "iii", (int64_t)IDENTITY__WAITING_KIND__WAITING_STEP_UP,
              before, (int64_t)SLICE);
    return store_run(self->store, self->step_ups.sql + SQL_DROP_OLD, "ii", before, (int64_t)SLICE) == SLICE;
}

#define UNLIST_HERS                                                                                                    \
    "DELETE FROM waiting WHERE kind = 12 AND id IN (SELECT step_up_id FROM step_up WHERE member_id = ?1)"

const struct part_spec step_ups_part = {
    .tables = "step_up",
    .steps = &step_ups_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(step_up_id) FROM step_up",
    .tidy = tidy,
    .exports = {{NULL, "-- that a session waits for an official, for a day"}},
    .closed = {UNLIST_HERS, "DELETE FROM step_up WHERE member_id = ?1"},
    .merged = {UNLIST_HERS " AND ?2 > 0", "DELETE FROM step_up WHERE member_id = ?1 AND ?2 > 0"},
};
