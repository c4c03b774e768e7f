#include "common/daemon/part.h"

#include "common/base/limits.h"
#include "common/daemon/part_internal.h"

#define SCRUB_MS   60000 /* from one scrubbing of the store to the next */
#define LULL_CALLS 5     /* a millisecond: fewer leave room for what can wait */

/* What the chassis itself keeps, in every store. */
static const struct part_spec journal_part = {
    .tables = "journal segment cursor heard part_version ids",
    .people = "journal.actor",
    .others = "segment.last segment.cleared",
    .keeps = "the chain of hashes breaks without one of its rows, and they hold ids and facts alone (journal.h)",
};
static const struct part_spec answers_part = {
    .tables = "stored_answer",
    .exports = {{NULL, "-- copies of what she was answered, gone within a day"}},
    .closed = {"DELETE FROM stored_answer WHERE member_id = ?1"},
    .merged = {"DELETE FROM stored_answer WHERE member_id = ?1 AND ?2 > 0"},
};
static const struct part_spec *const own_parts[] = {&journal_part, &answers_part};

/* ---- the list ---- */

unsigned parts_count(const struct part_table *table)
{
    return table->n + ARRAY_LEN(own_parts);
}

const struct part_spec *parts_spec(const struct part_table *table, unsigned i, const char **ret_name)
{
    static const char *const names[] = {"journal", "answers"};

    *ret_name = i < table->n ? table->entries[i].name : names[i - table->n];
    return i < table->n ? table->entries[i].spec : own_parts[i - table->n];
}

void *parts_self(struct parts *parts)
{
    return (char *)parts - parts->table->at;
}

void *parts_hook_self(const struct parts *parts, unsigned i)
{
    const struct part_entry *entry = &parts->table->entries[i];
    char *self = (char *)unconst(parts) - parts->table->at;

    return i < parts->table->n && entry->parts ? self + entry->at : self;
}

/* ---- statements ---- */

/* Prepares those of a list that are more than a comment: how many, or -1, logged. */
static int prepare(struct store *store, const char *const *sql, unsigned max, unsigned *ret_first)
{
    int n = 0, first = 0;

    for (unsigned i = 0; i < max && sql[i]; i++) {
        if (strncmp(sql[i], "--", 2) == 0)
            continue;
        first = store_prepare(store, &sql[i], 1);
        if (first < 0)
            return -1;
        n++;
    }
    *ret_first = (unsigned)(first - n + 1);
    return n;
}

bool part_next_column(const char **at, char ret_table[PART_NAME], char ret_column[PART_NAME])
{
    size_t len, dot;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    dot = strcspn(*at, ".");
    if (len == 0 || strncmp(*at, "--", 2) == 0)
        return false;
    ensure(dot > 0 && dot < len && len < PART_NAME);
    snprintf(ret_table, PART_NAME, "%.*s", (int)dot, *at);
    snprintf(ret_column, PART_NAME, "%.*s", (int)(len - dot - 1), *at + dot + 1);
    *at += len;
    return true;
}

static int prepare_moves(struct store *store, const char *moves, unsigned *ret_first)
{
    char table[PART_NAME], column[PART_NAME], sql[8 * PART_NAME];
    const char *text = sql;
    int n = 0, first = 0;

    while (moves && part_next_column(&moves, table, column)) {
        snprintf(sql, sizeof(sql),
                 "UPDATE %s SET %s = ?2 || substr(%s, length(?1) + 1) WHERE substr(%s, 1, length(?1)) = ?1", table,
                 column, column, column);
        first = store_prepare(store, &text, 1);
        if (first < 0)
            return -1;
        n++;
    }
    *ret_first = (unsigned)(first - n + 1);
    return n;
}

static int prepare_hooks(struct store *store, const struct part_spec *spec, struct part_hooks *ret)
{
    ret->n_closed = prepare(store, spec->closed, PART_STATEMENTS, &ret->closed);
    ret->n_merged = prepare(store, spec->merged, PART_STATEMENTS, &ret->merged);
    ret->n_moves = prepare_moves(store, spec->moves, &ret->moves);
    for (unsigned i = 0; i < PART_EXPORTS && spec->exports[i].type; i++) {
        int first = store_prepare(store, &spec->exports[i].sql, 1);

        if (first < 0)
            return -1;
        ret->exports[i] = (unsigned)first;
    }
    return ret->n_closed < 0 || ret->n_merged < 0 || ret->n_moves < 0 ? -1 : 0;
}

/* ---- life ---- */

static int64_t last_id(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    if (statement < 0)
        return -1;
    store_ask(store, (unsigned)statement, "");
    return store_number(store, (unsigned)statement);
}

static int open_part(struct parts *parts, const struct part_entry *entry)
{
    const struct part_spec *spec = entry->spec;
    int first = store_prepare(parts->store, spec->sql, spec->n_sql);
    unsigned sql = (unsigned)first;
    char *self = parts_self(parts);
    int64_t last = 0;

    if (first >= 0 && spec->last_id)
        last = last_id(parts->store, spec->last_id);
    if (first < 0 || last < 0)
        return -1;
    memcpy(self + entry->store, &parts->store, sizeof(struct store *));
    memcpy(self + entry->sql, &sql, sizeof(sql));
    if (entry->parts)
        memcpy(self + entry->parts, &parts, sizeof(struct parts *));
    if (last > parts->ids.last)
        parts->ids.last = last;
    return 0;
}

int parts_open(const struct part_table *table, void *self, struct store *store, struct rpc_server *rpc,
               struct clock *clock)
{
    struct parts *parts = (struct parts *)(void *)((char *)self + table->at);
    const char *name;

    memset(self, 0, table->size);
    *parts = (struct parts){.table = table, .store = store, .rpc = rpc, .clock = clock};
    parts->hooks = calloc(parts_count(table), sizeof(*parts->hooks));
    if (!parts->hooks)
        return -1;
    for (unsigned i = 0; i < table->n; i++) {
        if (open_part(parts, &table->entries[i]))
            return -1;
    }
    for (unsigned i = 0; i < parts_count(table); i++) {
        if (prepare_hooks(store, parts_spec(table, i, &name), &parts->hooks[i]))
            return -1;
    }
    for (unsigned i = 0; i < table->n; i++) {
        if (table->entries[i].spec->opened)
            table->entries[i].spec->opened(parts_hook_self(parts, i));
    }
    for (unsigned i = 0; i < table->n_apis; i++)
        memcpy((char *)self + table->apis[i].at, table->apis[i].handlers, table->apis[i].size);
    return store_trouble(store) ? -1 : 0;
}

void parts_close(struct parts *parts)
{
    free(parts->hooks);
    parts->hooks = NULL;
}

unsigned parts_steps(const struct part_table *table, struct store_steps *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < table->n; i++) {
        if (table->entries[i].spec->steps)
            ret[n++] = *table->entries[i].spec->steps;
    }
    return n;
}

/* ---- tidying ---- */

struct turn {
    const struct part_spec *spec;
    void *self;
    bool more;
};

static void tidy(void *call, void *arg)
{
    struct turn *turn = arg;

    turn->more = turn->spec->tidy(turn->self, call);
}

/* What was erased is in neither of the store's files any more, soon after. */
static void scrub(struct parts *parts)
{
    int64_t now = clock_now(parts->clock);

    if (!parts->erased || now < parts->scrub_at)
        return;
    parts->erased = !store_scrub(parts->store);
    parts->scrub_at = now + SCRUB_MS;
}

bool parts_tidy(struct parts *parts)
{
    bool more = false;

    for (unsigned i = 0; i < parts->table->n; i++) {
        struct turn turn = {.spec = parts->table->entries[i].spec, .self = parts_hook_self(parts, i)};

        if (turn.spec->tidy && rpc_server_transact(parts->rpc, tidy, &turn) == 0)
            more |= turn.more;
        if (turn.spec->work)
            more |= turn.spec->work(turn.self);
    }
    scrub(parts);
    return more;
}

bool parts_lull(struct parts *parts, struct part_lull *lull)
{
    uint64_t calls = rpc_server_counts(parts->rpc)->calls, more = calls - lull->calls;
    int64_t now = clock_now(parts->clock), ms = now - lull->at;

    if (ms <= 0)
        return false;
    *lull = (struct part_lull){calls, now};
    return more < (uint64_t)ms * LULL_CALLS;
}

/* ---- what becomes of a person's ---- */

void parts_closed(struct parts *parts, int64_t member_id, void *call)
{
    const char *name;

    for (unsigned i = parts_count(parts->table); i-- > 0;) {
        const struct part_spec *spec = parts_spec(parts->table, i, &name);
        const struct part_hooks *hooks = &parts->hooks[i];

        for (int n = 0; n < hooks->n_closed; n++)
            store_run(parts->store, hooks->closed + (unsigned)n, "i", member_id);
        if (spec->on_closed)
            spec->on_closed(parts_hook_self(parts, i), member_id, call);
    }
    parts->erased = true;
}

void parts_merged(struct parts *parts, int64_t gone_id, int64_t kept_id, void *call)
{
    const char *name;

    for (unsigned i = parts_count(parts->table); i-- > 0;) {
        const struct part_spec *spec = parts_spec(parts->table, i, &name);
        const struct part_hooks *hooks = &parts->hooks[i];

        for (int n = 0; n < hooks->n_merged; n++)
            store_run(parts->store, hooks->merged + (unsigned)n, "ii", gone_id, kept_id);
        if (spec->on_merged)
            spec->on_merged(parts_hook_self(parts, i), gone_id, kept_id, call);
    }
}

bool parts_moved(struct parts *parts, const char *old_path, const char *path, void *call)
{
    bool any = false;

    ensure(*old_path);
    for (unsigned i = 0; i < parts->table->n; i++) {
        const struct part_spec *spec = parts->table->entries[i].spec;
        const struct part_hooks *hooks = &parts->hooks[i];

        for (int n = 0; n < hooks->n_moves; n++)
            any |= store_run(parts->store, hooks->moves + (unsigned)n, "tt", old_path, path) > 0;
        if (spec->on_moved)
            spec->on_moved(parts_hook_self(parts, i), old_path, path, call);
    }
    return any;
}

bool parts_settle(struct parts *parts, int64_t number, int64_t holder_id, void *call)
{
    bool more = false;

    for (unsigned i = 0; i < parts->table->n; i++) {
        const struct part_spec *spec = parts->table->entries[i].spec;

        if (spec->settle)
            more |= spec->settle(parts_hook_self(parts, i), number, holder_id, call);
    }
    return more;
}
