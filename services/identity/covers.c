#include "services/identity/covers.h"

enum { SQL_LAST_ID, SQL_COUNT, SQL_FIND, SQL_IS_COVERED, SQL_ADD, N_SQL };

static const char *const sql[] = {
    [SQL_LAST_ID] = "SELECT max(cover_id) FROM cover",
    [SQL_COUNT] = "SELECT count(*) FROM cover",
    [SQL_FIND] = "SELECT member_id, union_id, trade, from_at, until_at FROM cover WHERE cover_id = ?1",
    [SQL_IS_COVERED] = "SELECT 1 FROM cover WHERE " SQL_HERS " AND until_at > ?2 LIMIT 1",
    [SQL_ADD] = "INSERT INTO cover (cover_id, member_id, union_id, trade, from_at, until_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int covers_open(struct covers *covers, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *covers = (struct covers){store, (unsigned)first};
    return 0;
}

/* Of what has been asked. */
static int64_t number(const struct covers *covers, unsigned statement)
{
    int64_t value = 0;

    if (store_row(covers->store, statement)) {
        value = store_int(covers->store, statement, 0);
        store_end(covers->store, statement);
    }
    return value;
}

int64_t covers_last_id(const struct covers *covers)
{
    store_ask(covers->store, covers->sql + SQL_LAST_ID, "");
    return number(covers, covers->sql + SQL_LAST_ID);
}

int64_t covers_count(const struct covers *covers)
{
    store_ask(covers->store, covers->sql + SQL_COUNT, "");
    return number(covers, covers->sql + SQL_COUNT);
}

bool covers_agree(const struct covers *covers, const Identity__CoverEnrolled *enrolled)
{
    unsigned statement = covers->sql + SQL_FIND;
    bool agree;

    store_ask(covers->store, statement, "i", enrolled->cover_id);
    if (!store_row(covers->store, statement))
        return false;
    agree = store_int(covers->store, statement, 0) == enrolled->member_id &&
            store_int(covers->store, statement, 1) == enrolled->union_id &&
            store_int(covers->store, statement, 2) == (int64_t)enrolled->trade &&
            store_int(covers->store, statement, 3) == enrolled->from &&
            store_int(covers->store, statement, 4) == enrolled->until;
    store_end(covers->store, statement);
    return agree;
}

void cover_enrol(struct identity *self, int64_t member_id, int64_t union_id, int trade, void *call)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__CoverEnrolled enrolled = IDENTITY__COVER_ENROLLED__INIT;
    unsigned first = self->covers.sql;

    store_ask(self->store, first + SQL_IS_COVERED, "ii", member_id, rpc_now(call));
    if (number(&self->covers, first + SQL_IS_COVERED))
        return;
    enrolled.cover_id = id_next(&self->ids, rpc_now(call));
    enrolled.member_id = member_id;
    enrolled.union_id = union_id;
    enrolled.trade = (Rpc__Trade)trade;
    enrolled.from = rpc_now(call);
    enrolled.until = enrolled.from + COVER_MS;
    store_run(self->store, first + SQL_ADD, "iiiiii", enrolled.cover_id, member_id, union_id, (int64_t)trade,
              enrolled.from, enrolled.until);
    event.event_case = IDENTITY__EVENT__EVENT_COVER_ENROLLED;
    event.cover_enrolled = &enrolled;
    rpc_journal(call, &event.base);
}
