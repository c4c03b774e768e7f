#include "services/identity/unions/waitings.h"

enum { SQL_SET, SQL_SET_ABOVE, SQL_REHANG, SQL_END, SQL_PAGE, SQL_COUNT, N_SQL };

/* One kind's, for RPC_PAGE_MERGED. */
#define OF_KIND(kind)                                                                                                  \
    "SELECT kind, id, path FROM waiting WHERE " RPC_PAGE_STATES("?4", kind) " AND kind = " kind                        \
                                                                            " AND (path, id) > (?1, ?3) AND path < ?2"
#define OF_ALL_KINDS                                                                                                   \
    RPC_PAGE_MERGED_7(OF_KIND)                                                                                         \
    " UNION ALL " OF_KIND("8") " UNION ALL " OF_KIND("9") " UNION ALL " OF_KIND("10") " UNION ALL " OF_KIND(           \
        "11") " UNION ALL " OF_KIND("12")
#define SET  "INSERT INTO waiting (kind, id, path) SELECT ?1, ?2, "
#define ONCE " ON CONFLICT (kind, id) DO UPDATE SET path = excluded.path"

static const char *const sql[] = {
    [SQL_SET] = SET "path FROM unions WHERE union_id = ?3" ONCE,
    [SQL_SET_ABOVE] = SET "above.path FROM unions JOIN unions AS above ON above.union_id = unions.parent_id "
                          "WHERE unions.union_id = ?3" ONCE,
    [SQL_REHANG] = "UPDATE waiting SET path = (SELECT above.path FROM unions JOIN unions AS above "
                   "ON above.union_id = unions.parent_id WHERE unions.union_id = ?1) WHERE kind = 2 AND id IN "
                   "(SELECT transfer_id FROM transfer WHERE from_union = ?1 AND state = 2)",
    [SQL_END] = "DELETE FROM waiting WHERE kind = ?1 AND id = ?2",
    [SQL_PAGE] = OF_ALL_KINDS " ORDER BY path, id LIMIT ?5",
    [SQL_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM waiting WHERE kind = ?3 AND " UNION_PATH_RANGE(
        "path") " LIMIT ?4) AS those",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void waitings_set(const struct waitings *waitings, int kind, int64_t id, int64_t union_id, bool above)
{
    store_run(waitings->store, waitings->sql + (above ? SQL_SET_ABOVE : SQL_SET), "iii", (int64_t)kind, id, union_id);
}

void waitings_end(const struct waitings *waitings, int kind, int64_t id)
{
    store_run(waitings->store, waitings->sql + SQL_END, "ii", (int64_t)kind, id);
}

void waitings_keep(const struct waitings *waitings, int kind, int64_t id, int64_t union_id, bool waits)
{
    if (waits)
        waitings_set(waitings, kind, id, union_id, false);
    else
        waitings_end(waitings, kind, id);
}

void waitings_rehang(const struct waitings *waitings, int64_t union_id)
{
    store_run(waitings->store, waitings->sql + SQL_REHANG, "i", union_id);
}

size_t waitings_find_page(const struct waitings *waitings, const struct page *page, int64_t kinds, struct waiting *ret)
{
    unsigned statement = waitings->sql + SQL_PAGE;
    size_t n = 0;

    store_ask(waitings->store, statement, "ttiii", page->from, page->end, page->after, kinds, (int64_t)page->limit);
    while (ret && n < page->limit &&
           store_read(waitings->store, statement, INTO(ret[n].kind), INTO(ret[n].id), INTO(ret[n].path)))
        n++;
    store_end(waitings->store, statement);
    return n;
}

int32_t waitings_count(const struct waitings *waitings, int kind, const char *path)
{
    char end[UNION_PATH_SIZE + 1];
    int32_t n = 0;

    union_path_end(path, end);
    store_ask(waitings->store, waitings->sql + SQL_COUNT, "ttii", path, end, (int64_t)kind,
              (int64_t)WAITINGS_COUNTED + 1);
    store_only(waitings->store, waitings->sql + SQL_COUNT, INTO(n));
    return n;
}

/* ---- the audit ---- */

#define OPEN                                                                                                           \
    "SELECT 1 AS kind, request_id AS id FROM join_request WHERE state = 1 "                                            \
    "UNION ALL SELECT 2, transfer_id FROM transfer WHERE state <= 3 "                                                  \
    "UNION ALL SELECT 3, trade_id FROM trade WHERE state = 1 "                                                         \
    "UNION ALL SELECT 4, correction_id FROM correction WHERE state = 1 "                                               \
    "UNION ALL SELECT 5, merge_id FROM merge WHERE state <= 2 "                                                        \
    "UNION ALL SELECT 6, contest_id FROM contest WHERE state = 1 "                                                     \
    "UNION ALL SELECT 7, change_id FROM union_change WHERE state = 1 "                                                 \
    "UNION ALL SELECT CASE kind WHEN 1 THEN 8 WHEN 7 THEN 8 WHEN 4 THEN 9 ELSE 10 END, proposal_id FROM proposal "     \
    "WHERE state = 1 UNION ALL SELECT 11, declaration_id FROM declaration WHERE state = 1 "                            \
    "UNION ALL SELECT 12, step_up_id FROM step_up WHERE state = 1"

static const struct part_stray strays[] = {
    {"request", "it waits, and is in nobody's list",
     "SELECT id FROM (SELECT * FROM (" OPEN ") AS open EXCEPT SELECT kind, id FROM waiting) AS unlisted LIMIT 1"},
    {"request", "it is in a list, and does not wait",
     "SELECT id FROM (SELECT kind, id FROM waiting EXCEPT SELECT * FROM (" OPEN ") AS open) AS over LIMIT 1"},
    {"request", "it is in the list of no union",
     "SELECT id FROM waiting WHERE NOT EXISTS (SELECT 1 FROM unions WHERE unions.path = waiting.path) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec waitings_part = {
    .tables = "waiting",
    .steps = &waitings_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .strays = strays,
    .others = "waiting.id",
    .moves = "waiting.path",
};
