#include "services/health/lot/places.h"

enum { SQL_ADD, SQL_AT, SQL_OF, SQL_BETWEEN, SQL_ADD_OUTCOME, SQL_OUTCOME, SQL_PROMOTE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO place (campaign_id, stratum, place, member_id) VALUES (?1, ?2, ?3, ?4)",
    [SQL_AT] = "SELECT member_id FROM place WHERE campaign_id = ?1 AND stratum = ?2 AND place = ?3",
    [SQL_OF] = "SELECT place FROM place WHERE campaign_id = ?1 AND member_id = ?2",
    [SQL_BETWEEN] = "SELECT place, member_id FROM place WHERE campaign_id = ?1 AND stratum = ?2 AND place > ?3 "
                    "AND place <= ?4 ORDER BY place",
    [SQL_ADD_OUTCOME] = "INSERT INTO outcome (campaign_id, stratum, entrants, places, cutoff) "
                        "VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_OUTCOME] = "SELECT entrants, places, cutoff, promoted FROM outcome WHERE campaign_id = ?1 AND stratum = ?2",
    [SQL_PROMOTE] = "UPDATE outcome SET promoted = ?3 WHERE campaign_id = ?1 AND stratum = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void places_add(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t place, int64_t member_id)
{
    store_run(places->store, places->sql + SQL_ADD, "iiii", campaign_id, (int64_t)stratum, (int64_t)place, member_id);
}

int64_t places_at(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t place)
{
    store_ask(places->store, places->sql + SQL_AT, "iii", campaign_id, (int64_t)stratum, (int64_t)place);
    return store_number(places->store, places->sql + SQL_AT);
}

uint32_t places_of(const struct places *places, int64_t campaign_id, int64_t member_id)
{
    store_ask(places->store, places->sql + SQL_OF, "ii", campaign_id, member_id);
    return (uint32_t)store_number(places->store, places->sql + SQL_OF);
}

void places_ask(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t after, uint32_t upto)
{
    store_ask(places->store, places->sql + SQL_BETWEEN, "iiii", campaign_id, (int64_t)stratum, (int64_t)after,
              (int64_t)upto);
}

bool places_next(const struct places *places, uint32_t *ret_place, int64_t *ret_member_id)
{
    unsigned statement = places->sql + SQL_BETWEEN;

    if (!store_row(places->store, statement))
        return false;
    *ret_place = (uint32_t)store_int(places->store, statement, 0);
    *ret_member_id = store_int(places->store, statement, 1);
    return true;
}

void places_end(const struct places *places)
{
    store_end(places->store, places->sql + SQL_BETWEEN);
}

/* ---- outcomes ---- */

void outcomes_add(const struct places *places, int64_t campaign_id, int32_t stratum, const struct draw_outcome *outcome)
{
    store_run(places->store, places->sql + SQL_ADD_OUTCOME, "iiiib", campaign_id, (int64_t)stratum,
              (int64_t)outcome->entrants, (int64_t)outcome->places, outcome->cutoff, sizeof(outcome->cutoff));
}

bool outcomes_find(const struct places *places, int64_t campaign_id, int32_t stratum, struct outcome *ret)
{
    unsigned statement = places->sql + SQL_OUTCOME;
    const void *cutoff;
    size_t len;

    store_ask(places->store, statement, "ii", campaign_id, (int64_t)stratum);
    if (!store_row(places->store, statement))
        return false;
    *ret = (struct outcome){
        .drawn = {.entrants = (uint32_t)store_int(places->store, statement, 0),
                  .places = (uint32_t)store_int(places->store, statement, 1)},
        .promoted = (uint32_t)store_int(places->store, statement, 3),
    };
    cutoff = store_blob(places->store, statement, 2, &len);
    memcpy(ret->drawn.cutoff, cutoff, len < DRAW_HASH_LEN ? len : DRAW_HASH_LEN);
    store_end(places->store, statement);
    return true;
}

void outcomes_promote(const struct places *places, int64_t campaign_id, int32_t stratum, uint32_t promoted)
{
    store_run(places->store, places->sql + SQL_PROMOTE, "iii", campaign_id, (int64_t)stratum, (int64_t)promoted);
}

const struct part_spec places_part = {
    .tables = "place outcome",
    .sql = sql,
    .n_sql = N_SQL,
    .exports = {{&health__result__descriptor,
                 "SELECT p.rowid, p.place FROM entry JOIN place p USING (campaign_id, member_id) WHERE " HOLDER_HERS
                 " AND withdrawn_at = 0 AND p.rowid > ?2 ORDER BY p.rowid LIMIT ?3"}},
    .closed = {"-- what was drawn never changes"},
    .merged = {"-- what was drawn never changes; holders.h says whose a number is"},
};
