#include "services/health/campaign/scopes.h"

#include "common/base/union_path.h"
#include "services/health/campaign/campaigns.h"

/* All that is a union's. */
#define OF_UNIONS                                                                                                      \
    "SELECT package_id AS id, union_path AS path FROM package UNION ALL SELECT site_id, union_path FROM site "         \
    "UNION ALL SELECT campaign_id, union_path FROM campaign"

enum { SQL_ADD, SQL_FIRST, SQL_ADVANCE, SQL_DROP, SQL_CAMPAIGNS, SQL_PUT_CAMPAIGN, SQL_PATH, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO union_move (move_id, old_path, path) VALUES (?1, ?2, ?3)",
    [SQL_FIRST] = "SELECT move_id, old_path, path, upto FROM union_move ORDER BY move_id LIMIT 1",
    [SQL_ADVANCE] = "UPDATE union_move SET upto = ?2 WHERE move_id = ?1",
    [SQL_DROP] = "DELETE FROM union_move WHERE move_id = ?1",
    [SQL_CAMPAIGNS] = "SELECT campaign_id, packed FROM campaign WHERE campaign_id > ?1 ORDER BY campaign_id LIMIT ?2",
    [SQL_PUT_CAMPAIGN] = "UPDATE campaign SET packed = ?2 WHERE campaign_id = ?1",
    [SQL_PATH] = "SELECT path FROM (" OF_UNIONS ") WHERE id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static void on_moved(void *arg, const char *old_path, const char *path, void *call)
{
    struct health *self = arg;

    store_run(self->store, self->scopes.sql + SQL_ADD, "itt", id_next(&self->ids, rpc_now(call)), old_path, path);
}

struct slice {
    struct health *self;
    int64_t move_id, upto;
    const char *old_path, *path;
};

/* Whether a path began with the old prefix; NULL in it when the arena is full. */
static bool move_path(const struct slice *slice, char **path, struct arena *arena)
{
    if (!union_path_covers(slice->old_path, *path))
        return false;
    *path = arena_printf(arena, "%s%s", slice->path, *path + strlen(slice->old_path));
    return true;
}

/* Rewrites for whom the strata of a campaign are. False when the arena is full. */
static bool move_scope(const struct slice *slice, int64_t campaign_id, Health__Campaign *campaign, struct arena *arena)
{
    bool moved = false, whole = true;
    const void *packed;
    size_t len;

    for (size_t i = 0; i < campaign->n_strata; i++) {
        moved = move_path(slice, &campaign->strata[i]->union_path, arena) || moved;
        whole = whole && campaign->strata[i]->union_path;
    }
    if (!moved || !whole)
        return whole;
    packed = health_pack(&campaign->base, arena, &len);
    if (packed)
        store_run(slice->self->store, slice->self->scopes.sql + SQL_PUT_CAMPAIGN, "ib", campaign_id, packed, len);
    return packed != NULL;
}

/* The first move that campaigns still follow. */
static bool find_move(struct slice *slice, struct arena *arena)
{
    struct store *store = slice->self->store;
    unsigned statement = slice->self->scopes.sql + SQL_FIRST;

    store_ask(store, statement, "");
    if (!store_row(store, statement))
        return false;
    slice->move_id = store_int(store, statement, 0);
    slice->old_path = health_text(store, statement, 1, arena);
    slice->path = health_text(store, statement, 2, arena);
    slice->upto = store_int(store, statement, 3);
    store_end(store, statement);
    return slice->old_path && slice->path;
}

static bool tidy(void *arg, void *call)
{
    struct health *self = arg;
    struct slice slice = {.self = self};
    struct arena *arena = rpc_arena(call);
    unsigned first = self->scopes.sql, n = 0;

    if (!find_move(&slice, arena))
        return false;
    store_ask(self->store, first + SQL_CAMPAIGNS, "ii", slice.upto, (int64_t)SCOPES_SLICE);
    while (store_row(self->store, first + SQL_CAMPAIGNS)) {
        size_t len;
        const void *packed = store_blob(self->store, first + SQL_CAMPAIGNS, 1, &len);
        Health__Campaign *campaign = health__campaign__unpack(&arena->allocator, len, packed);

        slice.upto = store_int(self->store, first + SQL_CAMPAIGNS, 0);
        if (!campaign || !move_scope(&slice, slice.upto, campaign, arena)) {
            store_end(self->store, first + SQL_CAMPAIGNS);
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return false;
        }
        n++;
    }
    if (n == SCOPES_SLICE)
        store_run(self->store, first + SQL_ADVANCE, "ii", slice.move_id, slice.upto);
    else
        store_run(self->store, first + SQL_DROP, "i", slice.move_id);
    return true;
}

/* ---- whose something is ---- */

/* Notes that the journal told of it. */
static bool is_of(struct health *self, int64_t seq, int64_t id, const char *said)
{
    unsigned statement = self->scopes.sql + SQL_PATH;
    bool same;

    *part_word(&self->parts, &scopes_part, 0, id) = 1;
    store_ask(self->store, statement, "i", id);
    same = store_row(self->store, statement) &&
           part_path_is(&self->parts, seq, said, store_text(self->store, statement, 0));
    store_end(self->store, statement);
    return same;
}

/* Of every package, site and campaign what the journal says of its union. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct health *self = arg;
    const Health__Event *event = body;

    (void)told;
    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_PACKAGE_MADE:
        return is_of(self, row->seq, event->package_made->package_id, event->package_made->union_path);
    case HEALTH__EVENT__EVENT_SITE_CHANGED:
        return is_of(self, row->seq, event->site_changed->site_id, event->site_changed->union_path);
    case HEALTH__EVENT__EVENT_CAMPAIGN_CHANGED:
        return is_of(self, row->seq, event->campaign_changed->campaign_id, event->campaign_changed->union_path);
    default:
        return true;
    }
}

const struct part_spec scopes_part = {
    .tables = "union_move",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(move_id) FROM union_move",
    .tidy = tidy,
    .agrees = agrees,
    .words = {{"package, site or campaign", "SELECT id, 1 FROM (" OF_UNIONS ") ORDER BY id"}},
    .moves = "-- what its rows say is what happened",
    .on_moved = on_moved,
};
