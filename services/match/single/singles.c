#include "services/match/single/singles.h"

#include "common/cn/cn_id.h"

#define ADULT_YEARS 18

enum { SQL_FIND, SQL_SEQ, SQL_PUT, SQL_DROP, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT handle, joined_at, birth_year, sex, paused, hides, colleagues FROM single WHERE handle = ?1",
    [SQL_SEQ] = "SELECT journal_seq, paused, hides FROM single WHERE handle = ?1",
    [SQL_PUT] =
        "INSERT INTO single (handle, joined_at, birth_year, sex, paused, hides, colleagues, journal_seq) VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (handle) DO UPDATE SET paused = excluded.paused, "
        "hides = excluded.hides, journal_seq = excluded.journal_seq",
    [SQL_DROP] = "DELETE FROM single WHERE handle = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool singles_find(const struct match *self, int64_t handle, struct single *ret_single)
{
    struct single single = {0};
    bool found;

    store_ask(self->store, self->singles.sql + SQL_FIND, "i", handle);
    found = store_only(self->store, self->singles.sql + SQL_FIND, INTO(single.handle), INTO(single.joined_at),
                       INTO(single.birth_year), INTO(single.sex), INTO(single.paused), INTO(single.hides),
                       INTO(single.colleagues));
    if (found)
        *ret_single = single;
    return found;
}

void singles_put(struct match *self, const struct single *single, void *call)
{
    Match__SingleChanged changed = MATCH__SINGLE_CHANGED__INIT;

    store_run(self->store, self->singles.sql + SQL_PUT, "iiiiiibi", single->handle, single->joined_at,
              (int64_t)single->birth_year, (int64_t)single->sex, (int64_t)single->paused, (int64_t)single->hides,
              single->colleagues, sizeof(single->colleagues), rpc_server_journal(self->rpc)->tip.seq + 1);
    changed.handle = single->handle;
    changed.paused = single->paused;
    changed.hides_from_colleagues = single->hides;
    rpc_tell(call, &changed.base);
}

void singles_leave(struct match *self, int64_t handle, void *call)
{
    Match__SingleLeft left = MATCH__SINGLE_LEFT__INIT;

    parts_closed(&self->parts, handle, call);
    left.handle = handle;
    rpc_tell(call, &left.base);
}

int single_refusal(const Rpc__Principal *principal, int64_t now)
{
    int born = principal->birth_year * 10000 + principal->birthday;

    if (principal->level < RPC__LEVEL__MEMBER || principal->sex == RPC__SEX__SEX_UNKNOWN || !principal->birth_year)
        return MATCH__REASON__MATCH_NEEDS_MEMBER;
    /* Without a birthday, in a session opened before it was signed, as if born on the last day of the year. */
    if (!principal->birthday)
        born += 1231;
    return cn_years(born, cn_day(now)) < ADULT_YEARS ? MATCH__REASON__MATCH_NEEDS_ADULT : 0;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct match *self = arg;
    const Match__Event *event = body;
    const Match__SingleChanged *changed = event->single_changed;
    int64_t seq = 0;
    bool paused = false, hides = false;

    if (event->event_case != MATCH__EVENT__EVENT_SINGLE_CHANGED)
        return true;
    store_ask(self->store, self->singles.sql + SQL_SEQ, "i", changed->handle);
    store_only(self->store, self->singles.sql + SQL_SEQ, INTO(seq), INTO(paused), INTO(hides));
    told[0] += seq == row->seq;
    return seq != row->seq || (paused == changed->paused && hides == changed->hides_from_colleagues);
}

const struct part_spec singles_part = {
    .tables = "single",
    .steps = &singles_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .counts = {{"singles", "SELECT count(*) FROM single"}},
    .people = "single.handle",
    .others = "single.paused single.hides",
    .exports = {{&match__single__descriptor,
                 "SELECT handle, joined_at, birth_year, sex, hides AS hides_from_colleagues FROM single WHERE "
                 "handle = ?1 AND handle > ?2 LIMIT ?3"}},
    .closed = {"DELETE FROM single WHERE handle = ?1"},
    .merged = {"DELETE FROM single WHERE handle = ?1 AND handle <> ?2"},
};
