#include "services/identity/unions/unions.h"
#include "services/identity/rules.h"

#define COLUMNS "union_id, parent_id, children, code, name, path, state, into_id, moves, credit_code, trades"
#define PAIRS(text)                                                                                                    \
    "WITH RECURSIVE place (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM place WHERE i < length(" text ") - 1) "         \
    "SELECT DISTINCT substr(lower(" text "), i, 2) AS pair FROM place"
#define RARE           "500" /* a pair that so many have is as good as any other */
#define CODES_IN_A_ROW 16    /* unions that became part of another, one after the other */

enum {
    SQL_ADD,
    SQL_COUNT_CHILD,
    SQL_FIND,
    SQL_FIND_CODE,
    SQL_FIND_NAME,
    SQL_FIND_PATH,
    SQL_FIND_ALIAS,
    SQL_FIND_CREDIT_CODE,
    SQL_FIND_CLOSING,
    SQL_NAME,
    SQL_UNPAIR,
    SQL_PAIR,
    SQL_RAREST,
    SQL_SEARCH,
    SQL_OF_REGION,
    SQL_HAS_REGION,
    SQL_ADD_ALIAS,
    SQL_SET_CREDIT_CODE,
    SQL_SET_TRADES,
    SQL_FIND_INDUSTRY,
    SQL_MEASURE,
    SQL_KEEP_PLACES,
    SQL_MOVE_SUBTREE,
    SQL_MOVE,
    SQL_CLOSE,
    SQL_OPEN_CHILD,
    SQL_PATH_BEYOND,
    SQL_CHILDREN,
    N_SQL
};

/* Codes that begin with the digits ?1: up to those with the digit after the last one. */
#define OF_REGION "code >= ?1 AND code < substr(?1, 1, length(?1) - 1) || char(unicode(substr(?1, -1)) + 1)"

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO unions (union_id, parent_id, code, name, path, created_at, trades) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_COUNT_CHILD] = "UPDATE unions SET children = children + 1 WHERE union_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM unions WHERE union_id = ?1",
    [SQL_FIND_CODE] = "SELECT " COLUMNS " FROM unions WHERE code = ?1",
    [SQL_FIND_NAME] = "SELECT " COLUMNS " FROM unions WHERE name = ?1 AND state = 0 LIMIT 2",
    [SQL_FIND_PATH] = "SELECT " COLUMNS " FROM unions WHERE path = ?1",
    [SQL_FIND_ALIAS] = "SELECT " COLUMNS " FROM unions WHERE union_id = "
                       "(SELECT union_id FROM union_alias WHERE code = ?1)",
    [SQL_FIND_CREDIT_CODE] = "SELECT " COLUMNS " FROM unions WHERE credit_code = ?1",
    [SQL_FIND_CLOSING] = "SELECT " COLUMNS " FROM unions WHERE state = 1 OR state = 3 LIMIT 1",
    [SQL_NAME] = "UPDATE unions SET name = ?2, code = ?3 WHERE union_id = ?1",
    [SQL_UNPAIR] = "DELETE FROM union_pair WHERE union_id = ?1",
    [SQL_PAIR] = "INSERT INTO union_pair (pair, union_id) SELECT pair, ?1 FROM (" PAIRS("?2") ") AS pairs",
    [SQL_RAREST] = "SELECT pair FROM (" PAIRS("?1") ") AS wanted ORDER BY (SELECT count(*) FROM (SELECT 1 FROM "
                                                    "union_pair WHERE union_pair.pair = wanted.pair LIMIT " RARE
                                                    ") AS those), pair LIMIT 1",
    [SQL_SEARCH] = "SELECT " COLUMNS ", " RPC_PAGE_STATES(
        "?7", "state") " AND instr(lower(name), lower(?2)) > 0 AND path >= ?3 AND path < ?4 AND substr(code, 1, "
                       "length(?8)) = ?8 "
                       "FROM union_pair JOIN unions USING (union_id) WHERE pair = ?1 AND union_id > ?5 "
                       "ORDER BY union_id LIMIT ?6",
    [SQL_OF_REGION] = "SELECT " COLUMNS ", " RPC_PAGE_STATES("?5", "state") " AND path >= ?2 AND path < ?3 FROM unions "
                                                                            "WHERE " OF_REGION
                                                                            " AND code > ?4 ORDER BY code LIMIT ?6",
    [SQL_HAS_REGION] = "SELECT 1 FROM unions WHERE " OF_REGION " AND state = 0 LIMIT 1",
    [SQL_ADD_ALIAS] = "INSERT INTO union_alias (code, union_id) VALUES (?1, ?2)",
    [SQL_SET_CREDIT_CODE] = "UPDATE unions SET credit_code = ?2 WHERE union_id = ?1",
    [SQL_SET_TRADES] = "UPDATE unions SET trades = ?2 WHERE union_id = ?1",
    [SQL_FIND_INDUSTRY] = "SELECT " COLUMNS " FROM unions WHERE parent_id = ?1 AND trades > 0 AND "
                          "trades & ?2 > 0 AND state = 0 ORDER BY path LIMIT 1",
    [SQL_MEASURE] = "SELECT count(*), max(length(path)) FROM (SELECT path FROM unions WHERE " UNION_PATH_RANGE(
        "path") " LIMIT ?3) AS subtree",
    [SQL_KEEP_PLACES] = "INSERT INTO union_place (union_id, until_at, path) SELECT union_id, ?3, path FROM unions "
                        "WHERE " UNION_PATH_RANGE("path") " ON CONFLICT DO NOTHING",
    [SQL_MOVE_SUBTREE] = "UPDATE unions SET path = ?3 || substr(path, length(?1) + 1) WHERE " UNION_PATH_RANGE("path"),
    [SQL_MOVE] = "UPDATE unions SET parent_id = ?2, moves = moves + 1 WHERE union_id = ?1",
    [SQL_CLOSE] = "UPDATE unions SET state = ?2, into_id = ?3 WHERE union_id = ?1",
    [SQL_OPEN_CHILD] = "SELECT 1 FROM unions WHERE parent_id = ?1 AND union_id > 0 AND state = 0 LIMIT 1",
    [SQL_PATH_BEYOND] = "SELECT path FROM unions WHERE " UNION_PATH_RANGE("path") " ORDER BY path LIMIT 1 OFFSET ?3",
    [SQL_CHILDREN] = "SELECT " COLUMNS " FROM unions WHERE parent_id = ?1 AND path > ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " ORDER BY path LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* By which pairs a union is looked for, in place of what it had. */
static void pair(const struct unions *unions, int64_t union_id, const char *name)
{
    store_run(unions->store, unions->sql + SQL_UNPAIR, "i", union_id);
    store_run(unions->store, unions->sql + SQL_PAIR, "it", union_id, name);
}

bool unions_add(const struct unions *unions, const struct union_node *node, int64_t now)
{
    bool added = store_run(unions->store, unions->sql + SQL_ADD, "iitttii", node->id, node->parent_id, node->code,
                           node->name, node->path, now, (int64_t)node->trades) == 1 &&
                 store_run(unions->store, unions->sql + SQL_COUNT_CHILD, "i", node->parent_id) == 1;

    if (added)
        pair(unions, node->id, node->name);
    return added;
}

/* COLUMNS. */
#define INTO_UNION(ret)                                                                                                \
    INTO((ret)->id), INTO((ret)->parent_id), INTO((ret)->children), INTO((ret)->code), INTO((ret)->name),              \
        INTO((ret)->path), INTO((ret)->state), INTO((ret)->into_id), INTO((ret)->moves), INTO((ret)->credit_code),     \
        INTO((ret)->trades)

static bool read_union(struct store *store, unsigned statement, struct union_node *ret)
{
    return store_read(store, statement, INTO_UNION(ret));
}

static bool one_union(struct store *store, unsigned statement, struct union_node *ret_node)
{
    bool found = read_union(store, statement, ret_node);

    store_end(store, statement);
    return found;
}

bool unions_find(const struct unions *unions, int64_t union_id, struct union_node *ret_node)
{
    store_ask(unions->store, unions->sql + SQL_FIND, "i", union_id);
    return one_union(unions->store, unions->sql + SQL_FIND, ret_node);
}

bool unions_find_code(const struct unions *unions, const char *code, struct union_node *ret_node)
{
    bool found;

    store_ask(unions->store, unions->sql + SQL_FIND_CODE, "t", code);
    found = one_union(unions->store, unions->sql + SQL_FIND_CODE, ret_node);
    if (!found) {
        store_ask(unions->store, unions->sql + SQL_FIND_ALIAS, "t", code);
        found = one_union(unions->store, unions->sql + SQL_FIND_ALIAS, ret_node);
    }
    for (int i = 0; found && i < CODES_IN_A_ROW && ret_node->state >= (int)IDENTITY__UNION_STATE__UNION_MERGING; i++)
        found = unions_find(unions, ret_node->into_id, ret_node);
    return found;
}

unsigned unions_find_name(const struct unions *unions, const char *name, struct union_node *ret_node)
{
    unsigned statement = unions->sql + SQL_FIND_NAME, n = 0;

    store_ask(unions->store, statement, "t", name);
    while (n < 2 && read_union(unions->store, statement, ret_node))
        n++;
    store_end(unions->store, statement);
    return n;
}

bool unions_find_credit_code(const struct unions *unions, const char *credit_code, struct union_node *ret_node)
{
    store_ask(unions->store, unions->sql + SQL_FIND_CREDIT_CODE, "t", credit_code);
    return one_union(unions->store, unions->sql + SQL_FIND_CREDIT_CODE, ret_node);
}

void unions_name(const struct unions *unions, const struct union_node *node, const char *name, const char *code)
{
    if (strcmp(node->code, code) != 0)
        store_run(unions->store, unions->sql + SQL_ADD_ALIAS, "ti", node->code, node->id);
    store_run(unions->store, unions->sql + SQL_NAME, "itt", node->id, name, code);
    if (strcmp(node->name, name) != 0)
        pair(unions, node->id, name);
}

void unions_set_credit_code(const struct unions *unions, int64_t union_id, const char *credit_code)
{
    store_run(unions->store, unions->sql + SQL_SET_CREDIT_CODE, "it", union_id, credit_code);
}

void unions_set_trades(const struct unions *unions, int64_t union_id, int trades)
{
    store_run(unions->store, unions->sql + SQL_SET_TRADES, "ii", union_id, (int64_t)trades);
}

bool unions_find_industry(const struct unions *unions, int64_t parent_id, int trade, struct union_node *ret_node)
{
    store_ask(unions->store, unions->sql + SQL_FIND_INDUSTRY, "ii", parent_id, (int64_t)1 << trade);
    return one_union(unions->store, unions->sql + SQL_FIND_INDUSTRY, ret_node);
}

void unions_measure(const struct unions *unions, const char *path, int64_t limit, int64_t *ret_n, int64_t *ret_deepest)
{
    char end[UNION_PATH_SIZE + 1];

    *ret_n = *ret_deepest = 0;
    union_path_end(path, end);
    store_ask(unions->store, unions->sql + SQL_MEASURE, "tti", path, end, limit);
    if (!store_row(unions->store, unions->sql + SQL_MEASURE))
        return;
    *ret_n = store_int(unions->store, unions->sql + SQL_MEASURE, 0);
    *ret_deepest = store_int(unions->store, unions->sql + SQL_MEASURE, 1);
    store_end(unions->store, unions->sql + SQL_MEASURE);
}

void unions_move(const struct unions *unions, const struct union_node *node, const struct union_node *parent,
                 const char *path, int64_t now)
{
    char end[UNION_PATH_SIZE + 1];

    union_path_end(node->path, end);
    store_run(unions->store, unions->sql + SQL_KEEP_PLACES, "tti", node->path, end, now);
    store_run(unions->store, unions->sql + SQL_MOVE_SUBTREE, "ttt", node->path, end, path);
    store_run(unions->store, unions->sql + SQL_MOVE, "ii", node->id, parent->id);
    store_run(unions->store, unions->sql + SQL_COUNT_CHILD, "i", parent->id);
}

void unions_close(const struct unions *unions, const struct union_node *node)
{
    store_run(unions->store, unions->sql + SQL_CLOSE, "iii", node->id, (int64_t)node->state, node->into_id);
}

bool unions_have_open_child(const struct unions *unions, int64_t union_id)
{
    store_ask(unions->store, unions->sql + SQL_OPEN_CHILD, "i", union_id);
    return store_any(unions->store, unions->sql + SQL_OPEN_CHILD);
}

bool unions_find_closing(const struct unions *unions, struct union_node *ret_node)
{
    store_ask(unions->store, unions->sql + SQL_FIND_CLOSING, "");
    return one_union(unions->store, unions->sql + SQL_FIND_CLOSING, ret_node);
}

bool unions_find_path(const struct unions *unions, const char *path, struct union_node *ret_node)
{
    store_ask(unions->store, unions->sql + SQL_FIND_PATH, "t", path);
    return one_union(unions->store, unions->sql + SQL_FIND_PATH, ret_node);
}

bool unions_find_path_beyond(const struct unions *unions, const char *from, const char *end, int64_t n,
                             char ret_path[UNION_PATH_SIZE])
{
    store_ask(unions->store, unions->sql + SQL_PATH_BEYOND, "tti", from, end, n);
    if (!store_row(unions->store, unions->sql + SQL_PATH_BEYOND))
        return false;
    store_copy_text(unions->store, unions->sql + SQL_PATH_BEYOND, 0, ret_path, UNION_PATH_SIZE);
    store_end(unions->store, unions->sql + SQL_PATH_BEYOND);
    return true;
}

void unions_rarest_pair(const struct unions *unions, const char *piece, char ret_pair[UNION_PAIR_SIZE])
{
    *ret_pair = '\0';
    store_ask(unions->store, unions->sql + SQL_RAREST, "t", piece);
    if (!store_row(unions->store, unions->sql + SQL_RAREST))
        return;
    store_copy_text(unions->store, unions->sql + SQL_RAREST, 0, ret_pair, UNION_PAIR_SIZE);
    store_end(unions->store, unions->sql + SQL_RAREST);
}

void unions_ask_search(const struct unions *unions, const char *pair, const char *piece, const char *from,
                       const char *end, int64_t after, int64_t states, const char *region)
{
    store_ask(unions->store, unions->sql + SQL_SEARCH, "ttttiiit", pair, piece, from, end, after, (int64_t)UNION_SEARCH,
              states, region);
}

bool unions_next_search(const struct unions *unions, struct union_node *ret_node, bool *ret_hit)
{
    unsigned statement = unions->sql + SQL_SEARCH;

    return store_read(unions->store, statement, INTO_UNION(ret_node), INTO(*ret_hit));
}

void unions_end_search(const struct unions *unions)
{
    store_end(unions->store, unions->sql + SQL_SEARCH);
}

void unions_ask_region(const struct unions *unions, const char *region, const char *from, const char *end,
                       const char *after, int64_t states)
{
    store_ask(unions->store, unions->sql + SQL_OF_REGION, "ttttii", region, from, end, after, states,
              (int64_t)UNION_SEARCH);
}

bool unions_next_region(const struct unions *unions, struct union_node *ret_node, bool *ret_hit)
{
    return store_read(unions->store, unions->sql + SQL_OF_REGION, INTO_UNION(ret_node), INTO(*ret_hit));
}

void unions_end_region(const struct unions *unions)
{
    store_end(unions->store, unions->sql + SQL_OF_REGION);
}

bool unions_have_region(const struct unions *unions, const char *region)
{
    store_ask(unions->store, unions->sql + SQL_HAS_REGION, "t", region);
    return store_number(unions->store, unions->sql + SQL_HAS_REGION) == 1;
}

void unions_ask_children(const struct unions *unions, int64_t parent_id, const char *after, size_t limit,
                         int64_t states)
{
    store_ask(unions->store, unions->sql + SQL_CHILDREN, "itii", parent_id, after, (int64_t)limit, states);
}

bool unions_next_child(const struct unions *unions, struct union_node *ret_node)
{
    return read_union(unions->store, unions->sql + SQL_CHILDREN, ret_node);
}

void unions_end_children(const struct unions *unions)
{
    store_end(unions->store, unions->sql + SQL_CHILDREN);
}

/* Whether a union hangs where its last move, or its creation, put it. Of its path the
 * rest follows its parent's, as no stray does. */
static bool is_in_place(const struct union_node *node, int64_t move, int64_t parent_id, const char *path)
{
    if (node->moves != move)
        return node->moves > move;
    return node->parent_id == parent_id && *path &&
           strcmp(union_path_segment(node->path), union_path_segment(path)) == 0;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct union_node node;

    (void)row;
    switch (event->event_case) {
    case IDENTITY__EVENT__EVENT_UNION_CREATED:
        told[0]++;
        return unions_find(&self->unions, event->union_created->union_id, &node) &&
               is_in_place(&node, 0, event->union_created->parent_id, event->union_created->path);
    case IDENTITY__EVENT__EVENT_UNION_MOVED:
        return unions_find(&self->unions, event->union_moved->union_id, &node) &&
               is_in_place(&node, event->union_moved->move, event->union_moved->parent_id, event->union_moved->path);
    case IDENTITY__EVENT__EVENT_UNION_CLOSED:
        return unions_find(&self->unions, event->union_closed->union_id, &node) &&
               node.state >= (int)event->union_closed->state && node.into_id == event->union_closed->into_id;
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"union", "its path is not below its parent's",
     "SELECT child.union_id FROM unions AS child JOIN unions AS parent "
     "ON parent.union_id = child.parent_id WHERE child.union_id > 0 AND "
     "(length(child.path) <> length(parent.path) + 4 OR "
     "substr(child.path, 1, length(parent.path)) <> parent.path) LIMIT 1"},
    {"union", "it is not found by its name",
     "SELECT union_id FROM unions WHERE union_id > 0 AND NOT EXISTS (SELECT 1 FROM union_pair "
     "WHERE pair = substr(lower(name), length(name) - 1) AND union_pair.union_id = unions.union_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec unions_part = {
    .tables = "unions union_alias union_place union_pair",
    .steps = &unions_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(union_id) FROM unions",
    .agrees = agrees,
    .counts = {{"unions", "SELECT count(*) FROM unions WHERE union_id > 0"}},
    .strays = strays,
    .others = "unions.into_id",
    .moves = "-- it is here that unions move (changes.h)",
};
