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

/* How many there were, and since when. */
static int64_t find(const struct look_tries *tries, int look_case, int64_t case_id, int64_t now, int64_t *ret_since)
{
    unsigned statement = tries->sql + SQL_FIND;
    int64_t looks = 0;

    *ret_since = now;
    store_ask(tries->store, statement, "iii", (int64_t)look_case, case_id, now - LOOKS_A_CASE_MS);
    store_only(tries->store, statement, INTO(looks), INTO(*ret_since));
    return looks;
}

int look_tries_left(const struct look_tries *tries, int look_case, int64_t case_id, int most, int64_t now)
{
    int64_t since, looks = find(tries, look_case, case_id, now, &since);

    return looks < most ? most - (int)looks : 0;
}

int look_tries_take(const struct look_tries *tries, int look_case, int64_t case_id, int most, int64_t now)
{
    int64_t since, looks = find(tries, look_case, case_id, now, &since);

    if (looks >= most)
        return -1;
    store_run(tries->store, tries->sql + SQL_SET, "iiii", (int64_t)look_case, case_id, looks + 1, since);
    return most - (int)looks - 1;
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
