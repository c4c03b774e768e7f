#include "services/bridge/outbox/mutes.h"

#include "portal/inbox.pb-c.h"
#include "services/bridge/bridge.h"

enum { SQL_FIND, SQL_SET, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT off FROM mute WHERE member_id = ?1",
    [SQL_SET] = "INSERT INTO mute (member_id, off) VALUES (?1, ?2) "
                "ON CONFLICT (member_id) DO UPDATE SET off = excluded.off",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool mutes_has(const struct mutes *mutes, int64_t member_id, int kind)
{
    if (notice_needed(kind))
        return false;
    store_ask(mutes->store, mutes->sql + SQL_FIND, "i", member_id);
    return store_number(mutes->store, mutes->sql + SQL_FIND) >> kind & 1;
}

static void set(struct bridge *self, const Portal__RemindersChanged *changed)
{
    if (holder_of(&self->holders, changed->member_id) != changed->member_id)
        return; /* the portal says it again of who holds her number now */
    store_run(self->store, self->mutes.sql + SQL_SET, "ii", changed->member_id,
              notice_bits(changed->off, changed->n_off));
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    Portal__Event *event = portal__event__unpack(NULL, row->body.len, row->body.data);

    (void)call;
    if (event && event->event_case == PORTAL__EVENT__EVENT_REMINDERS_CHANGED)
        set(self, event->reminders_changed);
    portal__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {PORTAL__EVENT__EVENT_REMINDERS_CHANGED};

const struct part_spec mutes_part = {
    .tables = "mute",
    .steps = &mutes_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"portal", kinds, ARRAY_LEN(kinds), hear}},
    .others = "mute.off",
    .exports = {{NULL, "-- the portal, where she has chosen it, gives it"}},
    .closed = {"DELETE FROM mute WHERE member_id = ?1"},
    .merged = {"DELETE FROM mute WHERE member_id = ?1 AND ?2 > 0"},
};
