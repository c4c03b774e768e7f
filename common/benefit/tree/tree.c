#include "common/benefit/tree/tree.h"

#include "common/base/union_path.h"
#include "identity/identity.pb-c.h"

enum { SQL_ADD, SQL_MOVE, SQL_PATH, SQL_ID, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO tree_union (union_id, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_MOVE] = "UPDATE tree_union SET path = ?3 || substr(path, length(?1) + 1) WHERE " UNION_PATH_RANGE("path"),
    [SQL_PATH] = "SELECT path FROM tree_union WHERE union_id = ?1",
    [SQL_ID] = "SELECT union_id FROM tree_union WHERE path = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

char *tree_find(const struct tree *tree, int64_t union_id, struct arena *arena)
{
    unsigned statement = tree->sql + SQL_PATH;
    const char *text;
    char *path;

    store_ask(tree->store, statement, "i", union_id);
    if (!store_row(tree->store, statement))
        return NULL;
    text = store_text(tree->store, statement, 0);
    path = arena_strndup(arena, text, strlen(text));
    store_end(tree->store, statement);
    return path;
}

char *tree_path(const struct tree *tree, int64_t union_id, const char *field, void *call)
{
    bool anew = union_id && parts_hear_anew(tree->parts, "identity");
    char *path = union_id ? tree_find(tree, union_id, rpc_arena(call)) : "";

    if (path && !anew)
        return path;
    if (anew || !parts_are_current(tree->parts, "identity") ||
        (union_id > id_at(rpc_now(call) - TREE_NEW_MS) && union_id < id_at(rpc_now(call) + TREE_NEW_MS))) {
        rpc_retry_after(call, 1);
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_KNOWN_YET, field);
    } else {
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_FOUND, field);
    }
    return NULL;
}

int tree_id(const struct tree *tree, const char *path, void *call, int64_t *ret_id)
{
    unsigned statement = tree->sql + SQL_ID;

    *ret_id = 0;
    if (!*path)
        return 0;
    store_ask(tree->store, statement, "t", path);
    *ret_id = store_number(tree->store, statement);
    if (*ret_id || parts_are_current(tree->parts, "identity"))
        return 0;
    rpc_retry_after(call, 1);
    return RPC__REASON__UNION_NOT_KNOWN_YET;
}

/* ---- what identity says ---- */

/* From where it is known to be: the oldest rows do not say. */
static void move(const struct tree *tree, const Identity__UnionMoved *moved, void *call)
{
    const char *old_path = tree_find(tree, moved->union_id, rpc_arena(call));
    char end[UNION_PATH_SIZE + 1];

    if (!old_path)
        old_path = moved->old_path;
    if (!*old_path)
        return;
    union_path_end(old_path, end);
    store_run(tree->store, tree->sql + SQL_MOVE, "ttt", old_path, end, moved->path);
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    const struct tree *tree = self;
    const Identity__Event *event = identity__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_UNION_CREATED:
        store_run(tree->store, tree->sql + SQL_ADD, "it", event->union_created->union_id, event->union_created->path);
        break;
    case IDENTITY__EVENT__EVENT_UNION_MOVED:
        move(tree, event->union_moved, call);
        break;
    default:
        break;
    }
}

static const int32_t kinds[] = {IDENTITY__EVENT__EVENT_UNION_CREATED, IDENTITY__EVENT__EVENT_UNION_MOVED};
const struct part_spec tree_part = {
    .tables = "tree_union",
    .others = "tree_union.union_id",
    .steps = &tree_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .from_first = true,
    .moves = "-- it hears of moves itself, from the first row on",
};
