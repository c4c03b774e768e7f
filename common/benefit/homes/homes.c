#include "common/benefit/homes/homes.h"

#include "common/base/union_path.h"
#include "identity/identity.pb-c.h"

enum { SQL_LEFT, SQL_JOINED, SQL_RESTS, SQL_ACTIVE, SQL_FIND, N_SQL };

static const char *const sql[] = {
    [SQL_LEFT] = "INSERT INTO home (member_id, has_moved, since) VALUES (?1, 1, ?2) ON CONFLICT (member_id) DO UPDATE "
                 "SET has_moved = 1, union_path = '', since = ?2",
    [SQL_JOINED] = "UPDATE home SET union_path = coalesce((SELECT path FROM tree_union WHERE union_id = ?2), ''), "
                   "since = ?3 WHERE member_id = ?1 AND has_moved = 1",
    [SQL_RESTS] = "INSERT INTO home (member_id, rests, since) VALUES (?1, 1, ?2) ON CONFLICT (member_id) DO UPDATE "
                  "SET rests = 1, since = ?2",
    [SQL_ACTIVE] = "UPDATE home SET rests = 0, since = ?2 WHERE member_id = ?1",
    [SQL_FIND] = "SELECT has_moved, union_path, rests, since FROM home WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool home_freezes(const struct homes *homes, int64_t member_id, const char *path, int64_t at)
{
    char now_at[UNION_PATH_SIZE];
    bool has_moved, rests;
    int64_t since;

    store_ask(homes->store, homes->sql + SQL_FIND, "i", member_id);
    if (!store_only(homes->store, homes->sql + SQL_FIND, INTO(has_moved), INTO(now_at), INTO(rests), INTO(since)) ||
        at < since)
        return false;
    return rests || (has_moved && *path && !union_path_covers(path, now_at));
}

/* ---- what identity says ---- */

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    const struct homes *homes = self;
    const Identity__Event *event = identity__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);
    bool rests;

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN:
        store_run(homes->store, homes->sql + SQL_JOINED, "iii", event->membership_began->member_id,
                  event->membership_began->union_id, row->at);
        break;
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED:
        store_run(homes->store, homes->sql + SQL_LEFT, "ii", event->membership_ended->member_id, row->at);
        break;
    case IDENTITY__EVENT__EVENT_STANDING_CHANGED:
        rests = event->standing_changed->standing != IDENTITY__STANDING__STANDING_ACTIVE;
        store_run(homes->store, homes->sql + (rests ? SQL_RESTS : SQL_ACTIVE), "ii", event->standing_changed->member_id,
                  row->at);
        break;
    default:
        break;
    }
}

static const int32_t kinds[] = {
    IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN,
    IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED,
    IDENTITY__EVENT__EVENT_STANDING_CHANGED,
};
const struct part_spec homes_part = {
    .tables = "home",
    .steps = &homes_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .from_first = true,
    .others = "home.has_moved home.rests",
    .exports = {{NULL, "-- where she belongs, identity tells her"}},
    .closed = {"DELETE FROM home WHERE member_id = ?1"},
    .merged = {"DELETE FROM home WHERE member_id = ?1 AND member_id <> ?2"},
    .moves = "home.union_path",
};
