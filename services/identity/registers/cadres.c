#include "services/identity/registers/cadres.h"

#define CADRES_EXPORTED 100 /* posts of one person */
#define COLUMNS                                                                                                        \
    "cadre_id, member_id, cadre.union_id, term_from, term_to, began_at, ended_at, recorded_by, post, full_time"

enum { SQL_ADD, SQL_END, SQL_FIND, SQL_FIND_NOW, SQL_HISTORY, SQL_HERS, SQL_PAGE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO cadre (cadre_id, member_id, union_id, term_from, term_to, began_at, recorded_by, post, "
                "full_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_END] = "UPDATE cadre SET ended_at = ?2 WHERE cadre_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS ", '' FROM cadre WHERE cadre_id = ?1",
    [SQL_FIND_NOW] = "SELECT " COLUMNS ", '' FROM cadre WHERE union_id = ?1 AND member_id = ?2 AND ended_at = 0",
    [SQL_HISTORY] = "SELECT " COLUMNS ", '' FROM cadre WHERE union_id = ?1 AND member_id = ?2 AND cadre_id < ?3 "
                    "ORDER BY cadre_id DESC LIMIT ?4",
    [SQL_HERS] = "SELECT " COLUMNS ", '' FROM cadre WHERE member_id = ?1 AND cadre_id > ?2 ORDER BY cadre_id LIMIT ?3",
    [SQL_PAGE] = "WITH slice AS (" PAGE_SLICE ") SELECT " COLUMNS ", path FROM slice "
                 "JOIN cadre ON cadre.union_id = slice.union_id WHERE ended_at = 0 AND (path > ?1 OR cadre_id > ?3) "
                 "ORDER BY path, cadre_id LIMIT ?4",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void cadres_add(const struct cadres *cadres, const struct cadre *cadre)
{
    store_run(cadres->store, cadres->sql + SQL_ADD, "iiiiiiiii", cadre->id, cadre->member_id, cadre->union_id,
              cadre->term_from, cadre->term_to, cadre->began_at, cadre->recorded_by, (int64_t)cadre->post,
              (int64_t)cadre->full_time);
}

void cadres_end(const struct cadres *cadres, const struct cadre *cadre)
{
    store_run(cadres->store, cadres->sql + SQL_END, "ii", cadre->id, cadre->ended_at);
}

/* The rows of a question that has been asked, at most `size`; returns how many. */
static size_t read_rows(const struct cadres *cadres, unsigned sql_of, struct cadre *ret, size_t size)
{
    unsigned statement = cadres->sql + sql_of;
    size_t n = 0;

    for (; ret && n < size; n++) {
        struct cadre *cadre = &ret[n];

        if (!store_read(cadres->store, statement, INTO(cadre->id), INTO(cadre->member_id), INTO(cadre->union_id),
                        INTO(cadre->term_from), INTO(cadre->term_to), INTO(cadre->began_at), INTO(cadre->ended_at),
                        INTO(cadre->recorded_by), INTO(cadre->post), INTO(cadre->full_time), INTO(cadre->path)))
            break;
    }
    store_end(cadres->store, statement);
    return n;
}

bool cadres_find(const struct cadres *cadres, int64_t cadre_id, struct cadre *ret)
{
    store_ask(cadres->store, cadres->sql + SQL_FIND, "i", cadre_id);
    return read_rows(cadres, SQL_FIND, ret, 1) == 1;
}

bool cadres_find_now(const struct cadres *cadres, int64_t union_id, int64_t member_id, struct cadre *ret)
{
    store_ask(cadres->store, cadres->sql + SQL_FIND_NOW, "ii", union_id, member_id);
    return read_rows(cadres, SQL_FIND_NOW, ret, 1) == 1;
}

size_t cadres_find_history(const struct cadres *cadres, int64_t union_id, int64_t member_id, int64_t before,
                           struct cadre *ret, size_t size)
{
    store_ask(cadres->store, cadres->sql + SQL_HISTORY, "iiii", union_id, member_id, before, (int64_t)size);
    return read_rows(cadres, SQL_HISTORY, ret, size);
}

size_t cadres_find_hers(const struct cadres *cadres, int64_t member_id, int64_t after, struct cadre *ret, size_t size)
{
    store_ask(cadres->store, cadres->sql + SQL_HERS, "iii", member_id, after, (int64_t)size);
    return read_rows(cadres, SQL_HERS, ret, size);
}

size_t cadres_find_page(const struct cadres *cadres, const struct page *page, struct cadre *ret)
{
    store_ask(cadres->store, cadres->sql + SQL_PAGE, "ttii", page->from, page->end, page->after, (int64_t)page->limit);
    return read_rows(cadres, SQL_PAGE, ret, page->limit);
}

enum { TOLD_ALL, TOLD_ENDED }; /* as in counts */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__CadreChanged *changed = event->cadre_changed;
    struct cadre cadre;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_CADRE_CHANGED)
        return true;
    told[changed->ended ? TOLD_ENDED : TOLD_ALL]++;
    return cadres_find(&self->cadres, changed->cadre_id, &cadre) && cadre.member_id == changed->member_id &&
           cadre.union_id == changed->union_id && cadre.post == changed->post && (!changed->ended || cadre.ended_at);
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct cadre cadres[CADRES_EXPORTED];
    size_t n;

    n = cadres_find_hers(&self->cadres, export->member_id, export->after, cadres, CADRES_EXPORTED);
    for (size_t i = 0; i < n && part_give(export, cadre_message(self, &cadres[i], export->call), cadres[i].id); i++)
        continue;
}

const struct part_spec cadres_part = {
    .tables = "cadre",
    .others = "cadre.term_from cadre.term_to",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(cadre_id) FROM cadre",
    .agrees = agrees,
    .counts = {{"cadres", "SELECT count(*) FROM cadre"},
               {"ended cadres", "SELECT count(*) FROM cadre WHERE ended_at > 0"}},
    .on_export = on_export,
    .closed = {"-- who held which post is the union's register, under a number that tells nobody who she was"},
    .merged = {"-- stays under the number under which she held it"},
};
