#include "services/identity/membership/covers.h"
#include "services/identity/people/members.h"

enum { SQL_FIND, SQL_LIVE, SQL_YEAR, SQL_ADD, SQL_END, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT member_id, union_id, trade, from_at, until_at, ended_at FROM cover WHERE cover_id = ?1",
    [SQL_LIVE] =
        "SELECT cover_id, member_id FROM cover WHERE " SQL_HERS " AND until_at > ?2 AND ended_at = 0 ORDER BY cover_id",
    [SQL_YEAR] = "SELECT coalesce(max(until_at), 0) FROM cover WHERE " SQL_HERS " AND until_at > ?2",
    [SQL_ADD] = "INSERT INTO cover (cover_id, member_id, union_id, trade, from_at, until_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_END] = "UPDATE cover SET ended_at = ?2 WHERE cover_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void cover_enrol(struct identity *self, int64_t member_id, int64_t union_id, int trade, void *call)
{
    Identity__CoverEnrolled enrolled = IDENTITY__COVER_ENROLLED__INIT;
    unsigned first = self->covers.sql;

    store_ask(self->store, first + SQL_LIVE, "ii", member_id, rpc_now(call));
    if (store_number(self->store, first + SQL_LIVE))
        return;
    store_ask(self->store, first + SQL_YEAR, "ii", member_id, rpc_now(call));
    enrolled.until = store_number(self->store, first + SQL_YEAR); /* of the year that she left in */
    enrolled.cover_id = id_next(&self->ids, rpc_now(call));
    enrolled.member_id = member_id;
    enrolled.union_id = union_id;
    enrolled.trade = (Rpc__Trade)trade;
    enrolled.from = rpc_now(call);
    if (!enrolled.until)
        enrolled.until = enrolled.from + COVER_MS;
    store_run(self->store, first + SQL_ADD, "iiiiii", enrolled.cover_id, member_id, union_id, (int64_t)trade,
              enrolled.from, enrolled.until);
    rpc_tell(call, &enrolled.base);
}

void cover_end(struct identity *self, int64_t member_id, void *call)
{
    Identity__CoverEnded ended = IDENTITY__COVER_ENDED__INIT;
    unsigned first = self->covers.sql;

    ended.until = rpc_now(call);
    store_ask(self->store, first + SQL_LIVE, "ii", member_id, ended.until);
    if (!store_only(self->store, first + SQL_LIVE, INTO(ended.cover_id), INTO(ended.member_id)))
        return;
    store_run(self->store, first + SQL_END, "ii", ended.cover_id, ended.until);
    rpc_tell(call, &ended.base);
}

static bool is_as_told(const struct covers *covers, const Identity__CoverEnrolled *enrolled)
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

static bool ended_as_told(const struct covers *covers, const Identity__CoverEnded *ended)
{
    unsigned statement = covers->sql + SQL_FIND;
    bool agree;

    store_ask(covers->store, statement, "i", ended->cover_id);
    if (!store_row(covers->store, statement))
        return false;
    agree = store_int(covers->store, statement, 5) == ended->until;
    store_end(covers->store, statement);
    return agree;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_COVER_ENDED) {
        told[1]++;
        return ended_as_told(&self->covers, event->cover_ended);
    }
    if (event->event_case != IDENTITY__EVENT__EVENT_COVER_ENROLLED)
        return true;
    told[0]++;
    return is_as_told(&self->covers, event->cover_enrolled);
}

const struct part_spec covers_part = {
    .tables = "cover",
    .steps = &covers_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(cover_id) FROM cover",
    .agrees = agrees,
    .counts = {{"enrolments", "SELECT count(*) FROM cover"},
               {"covers ended", "SELECT count(*) FROM cover WHERE ended_at > 0"}},
    .exports =
        {{&identity__my_cover__descriptor,
          "SELECT cover_id, union_id, trade, from_at AS \"from\", CASE ended_at WHEN 0 THEN until_at ELSE ended_at "
          "END AS until FROM cover WHERE member_id = ?1 AND cover_id > ?2 ORDER BY cover_id LIMIT ?3"}},
    .closed =
        {"-- that somebody was covered for some years is the insurer's account, under a number that tells nobody who"},
    .merged = {"-- stays under the number under which it was given"},
};
