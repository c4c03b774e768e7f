#include "services/identity/rights/closings.h"

#include "services/identity/access/grants.h"
#include "services/identity/people/members.h"

enum { SQL_FIND, SQL_ASK, SQL_DROP, SQL_DUE, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT member_id, asked_at, due_at FROM closing WHERE member_id = ?1",
    [SQL_ASK] = "INSERT INTO closing (member_id, asked_at, due_at) VALUES (?1, ?2, ?3)",
    [SQL_DROP] = "DELETE FROM closing WHERE member_id = ?1",
    [SQL_DUE] = "SELECT member_id, asked_at, due_at FROM closing WHERE due_at <= ?1 ORDER BY due_at LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool only(const struct closings *closings, unsigned statement, struct closing *ret)
{
    struct store *store = closings->store;

    return store_only(store, statement, INTO(ret->member_id), INTO(ret->asked_at), INTO(ret->due_at));
}

bool closings_find(const struct closings *closings, int64_t member_id, struct closing *ret)
{
    store_ask(closings->store, closings->sql + SQL_FIND, "i", member_id);
    return only(closings, closings->sql + SQL_FIND, ret);
}

void closing_set(struct identity *self, const struct closing *closing, void *call)
{
    const struct closings *closings = &self->closings;
    Identity__ClosingChanged changed = IDENTITY__CLOSING_CHANGED__INIT;

    if (closing->due_at)
        store_run(closings->store, closings->sql + SQL_ASK, "iii", closing->member_id, closing->asked_at,
                  closing->due_at);
    else
        store_run(closings->store, closings->sql + SQL_DROP, "i", closing->member_id);
    changed.member_id = closing->member_id;
    changed.due_at = closing->due_at;
    rpc_tell(call, &changed.base);
}

/* ---- closing ---- */

/* Hers last: what is found by it is found for all accounts that have become part of it. */
static void close_account(struct identity *self, const struct member *member, void *call)
{
    Identity__AccountClosed closed = IDENTITY__ACCOUNT_CLOSED__INIT;
    struct member gone = {0};

    while (members_next_gone(&self->members, member->id, gone.id, &gone))
        parts_closed(&self->parts, gone.id, call);
    parts_closed(&self->parts, member->id, call);
    closed.member_id = member->id;
    rpc_tell(call, &closed.base);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct closing closing;
    struct authority held;
    struct member member;
    int n = 0;

    for (; n < CLOSINGS_SLICE && !store_trouble(self->store); n++) {
        store_ask(self->closings.store, self->closings.sql + SQL_DUE, "i", rpc_now(call));
        if (!only(&self->closings, self->closings.sql + SQL_DUE, &closing))
            break;
        if (!members_find(&self->members, closing.member_id, &member) ||
            grants_find_all(&self->grants, member.id, &held, 1)) {
            closing.due_at = 0;
            closing_set(self, &closing, call);
        } else {
            close_account(self, &member, call);
        }
    }
    return false;
}

const struct part_spec closings_part = {
    .tables = "closing",
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .exports = {{&identity__closing__descriptor,
                 "SELECT member_id, asked_at, due_at FROM closing WHERE member_id = ?1 AND member_id > ?2 LIMIT ?3"}},
    .closed = {"DELETE FROM closing WHERE member_id = ?1"},
    .merged = {"-- an account that is to be closed does not go into another one (merges.h)"},
};
