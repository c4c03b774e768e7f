#include "services/health/holder/union_moves.h"

#define PATH_SIZE (64 + 1) /* with the NUL; as in health.proto */

/* Of a table that has a union's path. */
#define MOVE(table)                                                                                                    \
    "UPDATE " table " SET union_path = ?2 || substr(union_path, length(?1) + 1) "                                      \
    "WHERE substr(union_path, 1, length(?1)) = ?1"

enum {
    SQL_MOVE_PACKAGES,
    SQL_MOVE_SITES,
    SQL_MOVE_CAMPAIGNS,
    SQL_MOVE_CHAINS,
    SQL_LAST_ID,
    SQL_ADD,
    SQL_FIRST,
    SQL_ADVANCE,
    SQL_DROP,
    SQL_CAMPAIGNS,
    SQL_PUT_CAMPAIGN,
    SQL_AUDIT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_MOVE_PACKAGES] = MOVE("package"),
    [SQL_MOVE_SITES] = MOVE("site"),
    [SQL_MOVE_CAMPAIGNS] = MOVE("campaign"),
    [SQL_MOVE_CHAINS] = MOVE("chain"),
    [SQL_LAST_ID] = "SELECT coalesce(max(move_id), 0) FROM union_move",
    [SQL_ADD] = "INSERT INTO union_move (move_id, old_path, path) VALUES (?1, ?2, ?3)",
    [SQL_FIRST] = "SELECT move_id, old_path, path, upto FROM union_move ORDER BY move_id LIMIT 1",
    [SQL_ADVANCE] = "UPDATE union_move SET upto = ?2 WHERE move_id = ?1",
    [SQL_DROP] = "DELETE FROM union_move WHERE move_id = ?1",
    [SQL_CAMPAIGNS] = "SELECT campaign_id, packed FROM campaign WHERE campaign_id > ?1 ORDER BY campaign_id LIMIT ?2",
    [SQL_PUT_CAMPAIGN] = "UPDATE campaign SET packed = ?2 WHERE campaign_id = ?1",
    [SQL_AUDIT] = "SELECT package_id, union_path FROM package UNION ALL SELECT site_id, union_path FROM site "
                  "UNION ALL SELECT campaign_id, union_path FROM campaign "
                  "UNION ALL SELECT chain_id, union_path FROM chain ORDER BY 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int union_moves_open(struct union_moves *moves, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *moves = (struct union_moves){.store = store, .sql = (unsigned)first};
    return 0;
}

int64_t union_moves_last_id(const struct union_moves *moves)
{
    return health_number(moves->store, moves->sql + SQL_LAST_ID);
}

/* ---- what is a union's ---- */

static void say_moved(const char *old_path, const char *path, void *call)
{
    Health__Event event = HEALTH__EVENT__INIT;
    Health__UnionMoved moved = HEALTH__UNION_MOVED__INIT;

    moved.old_path = unconst(old_path);
    moved.path = unconst(path);
    event.event_case = HEALTH__EVENT__EVENT_UNION_MOVED;
    event.union_moved = &moved;
    rpc_journal(call, &event.base);
}

void union_move(struct health *self, const char *old_path, const char *path, void *call)
{
    unsigned first = self->union_moves.sql;
    int n = 0;

    for (unsigned statement = SQL_MOVE_PACKAGES; statement <= SQL_MOVE_CHAINS; statement++)
        n += store_run(self->store, first + statement, "tt", old_path, path);
    store_run(self->store, first + SQL_ADD, "itt", id_next(&self->ids, rpc_now(call)), old_path, path);
    if (n > 0)
        say_moved(old_path, path, call);
}

/* ---- whom campaigns are for ---- */

struct slice {
    struct health *self;
    int64_t move_id, upto;
    const char *old_path, *path;
    bool more;
};

/* Whether a path began with the old prefix; NULL in it when the arena is full. */
static bool move_path(const struct slice *slice, char **path, struct arena *arena)
{
    size_t len = strlen(slice->old_path);

    if (strncmp(*path, slice->old_path, len) != 0)
        return false;
    *path = arena_printf(arena, "%s%s", slice->path, *path + len);
    return true;
}

/* Rewrites whom a campaign is for. False when the arena is full. */
static bool move_scope(const struct slice *slice, int64_t campaign_id, Health__Campaign *campaign, struct arena *arena)
{
    bool moved = move_path(slice, &campaign->eligible_path, arena), whole = campaign->eligible_path != NULL;
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
        store_run(slice->self->store, slice->self->union_moves.sql + SQL_PUT_CAMPAIGN, "ib", campaign_id, packed, len);
    return packed != NULL;
}

/* The first move that campaigns still follow. */
static bool find_move(struct slice *slice, struct arena *arena)
{
    struct store *store = slice->self->store;
    unsigned statement = slice->self->union_moves.sql + SQL_FIRST;

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

static void move_scopes(void *call, void *arg)
{
    struct slice *slice = arg;
    struct store *store = slice->self->store;
    struct arena *arena = rpc_arena(call);
    unsigned first = slice->self->union_moves.sql, n = 0;

    if (!find_move(slice, arena))
        return;
    store_ask(store, first + SQL_CAMPAIGNS, "ii", slice->upto, (int64_t)UNION_MOVE_SLICE);
    while (store_row(store, first + SQL_CAMPAIGNS)) {
        size_t len;
        const void *packed = store_blob(store, first + SQL_CAMPAIGNS, 1, &len);
        Health__Campaign *campaign = health__campaign__unpack(&arena->allocator, len, packed);

        slice->upto = store_int(store, first + SQL_CAMPAIGNS, 0);
        if (!campaign || !move_scope(slice, slice->upto, campaign, arena)) {
            store_end(store, first + SQL_CAMPAIGNS);
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
        n++;
    }
    if (n == UNION_MOVE_SLICE)
        store_run(store, first + SQL_ADVANCE, "ii", slice->move_id, slice->upto);
    else
        store_run(store, first + SQL_DROP, "i", slice->move_id);
    slice->more = true;
}

bool union_moves_tidy(struct health *self)
{
    struct slice slice = {.self = self};

    return rpc_server_transact(self->rpc, move_scopes, &slice) == 0 && slice.more;
}

/* ---- the audit ---- */

/* Of which union something is, as the journal tells. */
struct path_told {
    int64_t id;
    char path[PATH_SIZE];
};

/* Ids are of one source and grow along the journal. */
static bool note_path(struct union_moves *moves, int64_t id, const char *path)
{
    size_t low = 0, high = moves->n_told;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (moves->told[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < moves->n_told && moves->told[low].id != id)
        return false;
    if (moves->n_told == moves->size) {
        moves->size = moves->size ? 2 * moves->size : 256;
        moves->told = realloc(moves->told, moves->size * sizeof(*moves->told));
        ensure(moves->told);
    }
    if (low == moves->n_told)
        moves->n_told++;
    moves->told[low].id = id;
    return snprintf(moves->told[low].path, PATH_SIZE, "%s", path) < PATH_SIZE;
}

static bool note_moved(struct union_moves *moves, const Health__UnionMoved *moved)
{
    size_t len = strlen(moved->old_path);
    bool fits = true;

    for (size_t i = 0; i < moves->n_told; i++) {
        struct path_told *told = &moves->told[i];
        char path[PATH_SIZE];

        if (strncmp(told->path, moved->old_path, len) != 0)
            continue;
        fits = fits && snprintf(path, sizeof(path), "%s%s", moved->path, told->path + len) < (int)sizeof(path);
        snprintf(told->path, sizeof(told->path), "%s", path);
    }
    return fits;
}

bool union_moves_audit_event(struct union_moves *moves, const Health__Event *event)
{
    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_PACKAGE_MADE:
        return note_path(moves, event->package_made->package_id, event->package_made->union_path);
    case HEALTH__EVENT__EVENT_SITE_CHANGED:
        return note_path(moves, event->site_changed->site_id, event->site_changed->union_path);
    case HEALTH__EVENT__EVENT_CAMPAIGN_CHANGED:
        return note_path(moves, event->campaign_changed->campaign_id, event->campaign_changed->union_path);
    case HEALTH__EVENT__EVENT_CHAIN_MADE:
        return note_path(moves, event->chain_made->chain_id, event->chain_made->union_path);
    case HEALTH__EVENT__EVENT_UNION_MOVED:
        return note_moved(moves, event->union_moved);
    default:
        return true;
    }
}

int union_moves_audit(struct union_moves *moves, FILE *out)
{
    unsigned statement = moves->sql + SQL_AUDIT;
    size_t i = 0;
    bool same = true;

    store_ask(moves->store, statement, "");
    while (same && store_row(moves->store, statement)) {
        same = i < moves->n_told && moves->told[i].id == store_int(moves->store, statement, 0) &&
               strcmp(moves->told[i].path, store_text(moves->store, statement, 1)) == 0;
        i += same;
    }
    store_end(moves->store, statement);
    if (same && i == moves->n_told)
        return 0;
    fprintf(out, "union: the journal and the store differ in whose %lld is\n",
            (long long)(i < moves->n_told ? moves->told[i].id : 0));
    return -1;
}
