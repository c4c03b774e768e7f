#include "services/match/single/pledges.h"

#include "identity/identity.pb-c.h"

enum { SQL_UNTIL, SQL_FIND, SQL_SET, SQL_DROP, N_SQL };

static const char *const sql[] = {
    [SQL_UNTIL] = "SELECT until FROM pledge WHERE handle = ?1",
    [SQL_FIND] = "SELECT until, journal_seq FROM pledge WHERE handle = ?1",
    [SQL_SET] = "INSERT INTO pledge (handle, until, journal_seq) VALUES (?1, ?2, ?3) ON CONFLICT (handle) DO UPDATE "
                "SET until = excluded.until, journal_seq = excluded.journal_seq",
    [SQL_DROP] = "DELETE FROM pledge WHERE handle = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t pledge_until(const struct match *self, int64_t handle, int64_t now)
{
    int64_t until;

    store_ask(self->store, self->pledges.sql + SQL_UNTIL, "i", handle);
    until = store_number(self->store, self->pledges.sql + SQL_UNTIL);
    return until > now ? until : 0;
}

/* It stands, or is over (until is 0). */
static void set(struct match *self, int64_t handle, int64_t until, void *call)
{
    Match__PledgeHeard heard = MATCH__PLEDGE_HEARD__INIT;
    int64_t seq = rpc_server_journal(self->rpc)->tip.seq + 1;

    if (until)
        store_run(self->store, self->pledges.sql + SQL_SET, "iii", handle, until, seq);
    else if (store_run(self->store, self->pledges.sql + SQL_DROP, "i", handle) != 1)
        return;
    heard.handle = handle;
    heard.until = until;
    rpc_tell(call, &heard.base);
}

static void apply(struct match *self, const Identity__PledgeChanged *changed, void *call)
{
    bool stands = changed->state == IDENTITY__PLEDGE_STATE__PLEDGE_STANDING;
    int64_t handle =
        stands ? handle_made(&self->handles, changed->member_id, call) : handle_of(&self->handles, changed->member_id);

    if (handle)
        set(self, handle, stands ? changed->until : 0, call);
    else if (stands)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == IDENTITY__EVENT__EVENT_PLEDGE_CHANGED)
        apply(self, event->pledge_changed, call);
    identity__event__free_unpacked(event, NULL);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct match *self = arg;
    const Match__Event *event = body;
    int64_t until = 0, seq = 0;

    if (event->event_case != MATCH__EVENT__EVENT_PLEDGE_HEARD)
        return true;
    store_ask(self->store, self->pledges.sql + SQL_FIND, "i", event->pledge_heard->handle);
    store_only(self->store, self->pledges.sql + SQL_FIND, INTO(until), INTO(seq));
    told[0] += seq == row->seq;
    return seq != row->seq || until == event->pledge_heard->until;
}

static const int32_t kinds[] = {IDENTITY__EVENT__EVENT_PLEDGE_CHANGED};
const struct part_spec pledges_part = {
    .tables = "pledge",
    .steps = &pledges_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .agrees = agrees,
    .counts = {{"single pledges", "SELECT count(*) FROM pledge"}},
    .people = "pledge.handle",
    .exports = {{NULL, "-- identity gives her the pledge itself"}},
    .closed = {"DELETE FROM pledge WHERE handle = ?1"},
    .merged = {"DELETE FROM pledge WHERE handle = ?1 AND handle <> ?2"},
};
