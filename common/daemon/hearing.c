#include "common/daemon/hearing.h"

enum { SQL_FIND, SQL_ADD, SQL_RAISE, SQL_REST, SQL_BACK, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT seq FROM heard WHERE source = ?1 AND part = ?2",
    [SQL_ADD] = "INSERT INTO heard (source, part, seq) VALUES (?1, ?2, 0)",
    /* The parts that hear from the first row, and under the name '' all others. */
    [SQL_RAISE] = "UPDATE heard SET seq = max(seq, (SELECT seq FROM cursor WHERE cursor.source = ?1)) "
                  "WHERE source = ?1 AND EXISTS (SELECT 1 FROM cursor WHERE cursor.source = ?1)",
    [SQL_REST] =
        "INSERT INTO heard (source, part, seq) SELECT source, '', seq FROM cursor WHERE source = ?1 AND seq > 0 "
        "ON CONFLICT (source, part) DO NOTHING",
    [SQL_BACK] = "UPDATE cursor SET seq = 0, hash = NULL WHERE source = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool find(struct store *store, unsigned first, const char *source, const char *part, int64_t *ret_upto)
{
    store_ask(store, first + SQL_FIND, "tt", source, part);
    if (!store_row(store, first + SQL_FIND))
        return false;
    *ret_upto = store_int(store, first + SQL_FIND, 0);
    store_end(store, first + SQL_FIND);
    return true;
}

/* Whether a part hears a queue from its first row. */
static bool hears_all(const struct part_entry *entry, const char *queue)
{
    return entry->spec->from_first && part_follow(entry->spec, queue);
}

/* Notes the parts that have not heard of it yet; the others have heard what the cursor says. */
static void begin_anew(struct store *store, unsigned first, const struct part_table *table, const char *queue,
                       const char *source)
{
    bool back = false;
    int64_t upto;

    for (unsigned i = 0; i < table->n; i++) {
        if (!hears_all(&table->entries[i], queue) || find(store, first, source, table->entries[i].name, &upto))
            continue;
        if (!back) {
            store_run(store, first + SQL_REST, "t", source);
            store_run(store, first + SQL_RAISE, "t", source);
            store_run(store, first + SQL_BACK, "t", source);
        }
        back = true;
        store_run(store, first + SQL_ADD, "tt", source, table->entries[i].name);
    }
}

int hearing_open(struct store *store, const struct part_table *table, const char *queue, const char *source,
                 struct hearing *ret)
{
    int first = store_prepare(store, sql, N_SQL);
    int64_t rest = 0;

    if (first < 0)
        return -1;
    ensure(table->n <= LIMIT_PARTS);
    *ret = (struct hearing){{0}};
    begin_anew(store, (unsigned)first, table, queue, source);
    find(store, (unsigned)first, source, "", &rest);
    for (unsigned i = 0; i < table->n; i++) {
        ret->upto[i] = rest;
        if (hears_all(&table->entries[i], queue))
            find(store, (unsigned)first, source, table->entries[i].name, &ret->upto[i]);
    }
    return store_trouble(store) || store_commit(store) ? -1 : 0;
}
