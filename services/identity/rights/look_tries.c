#include "services/identity/rights/look_tries.h"

#define SLICE 100

enum { SQL_FIND, SQL_SET, SQL_DROP, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT looks, since FROM look_try WHERE look_case = ?1 AND case_id = ?2 AND since > ?3",
    [SQL_SET] = "INSERT INTO look_try (look_case, case_id, looks, since) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (look_case, case_id) DO UPDATE SET looks = excluded.looks, since = excluded.since",
    [SQL_DROP] = "DELETE FROM look_try WHERE (look_case, case_id) IN "
                 "(SELECT look_case, case_id FROM look_try WHERE since <= ?1 ORDER BY since LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int look_tries_take(const struct look_tries *tries, int look_case, int64_t case_id, int64_t now)
{
    unsigned find = tries->sql + SQL_FIND;
    int64_t looks = 0, since = now;

    store_ask(tries->store, find, "iii", (int64_t)look_case, case_id, now - LOOKS_A_CASE_MS);
    if (store_row(tries->store, find)) {
        looks = store_int(tries->store, find, 0);
        since = store_int(tries->store, find, 1);
        store_end(tries->store, find);
    }
    if (looks >= LOOKS_A_CASE)
        return -1;
    looks++;
    store_run(tries->store, tries->sql + SQL_SET, "iiii", (int64_t)look_case, case_id, looks, since);
    return (int)(LOOKS_A_CASE - looks);
}

static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;
    const struct look_tries *tries = &self->look_tries;

    return store_run(tries->store, tries->sql + SQL_DROP, "ii", rpc_now(call) - LOOKS_A_CASE_MS, (int64_t)SLICE) ==
           SLICE;
}

const struct part_spec look_tries_part = {
    .tables = "look_try",
    .others = "look_try.look_case look_try.case_id",
    .sql = sql,
    .n_sql = N_SQL,
    .steps = &look_tries_steps,
    .tidy = tidy,
};
