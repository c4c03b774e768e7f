#include "services/identity/unions/tallies.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

#define CHINA_MS INT64_C(28800000)
#define DAY_MS   INT64_C(86400000)
#define COLUMNS  "own, members, listed, verified, trade0, trade1, trade2, trade3, trade4, trade5, trade6"

enum { SQL_FIND, SQL_DAYS, SQL_ADD, SQL_LIST_AT, SQL_KEEP_DAY, SQL_ADD_DAY, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT " COLUMNS " FROM tally WHERE union_id = ?1",
    [SQL_DAYS] = "SELECT day, sum(joined), sum(gone) FROM "
                 "(SELECT day, joined, gone FROM tally_day WHERE union_id = ?1 AND day >= ?2 AND day <= ?3 "
                 "UNION ALL SELECT day, joined, gone FROM tally WHERE union_id = ?1 AND day >= ?2 AND day <= ?3) "
                 "AS days WHERE joined + gone > 0 GROUP BY day ORDER BY day LIMIT ?4",
    [SQL_ADD] = "INSERT INTO tally (union_id, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
                "ON CONFLICT (union_id) DO UPDATE SET own = own + ?2, members = members + ?3, listed = listed + ?4, "
                "verified = verified + ?5, trade0 = trade0 + ?6, trade1 = trade1 + ?7, trade2 = trade2 + ?8, "
                "trade3 = trade3 + ?9, trade4 = trade4 + ?10, trade5 = trade5 + ?11, trade6 = trade6 + ?12",
    [SQL_LIST_AT] = "UPDATE tally SET listed = listed + ?2 "
                    "WHERE union_id = (SELECT union_id FROM unions WHERE path = ?1)",
    /* The day at which a union's row stands goes to those before it when another begins. */
    [SQL_KEEP_DAY] = "INSERT INTO tally_day (union_id, day, own_joined, own_left, joined, gone) "
                     "SELECT union_id, day, own_joined, own_left, joined, gone FROM tally "
                     "WHERE union_id = ?1 AND day <> ?2 AND joined + gone + own_joined + own_left > 0 "
                     "ON CONFLICT (union_id, day) DO UPDATE SET own_joined = own_joined + excluded.own_joined, "
                     "own_left = own_left + excluded.own_left, joined = joined + excluded.joined, "
                     "gone = gone + excluded.gone",
    [SQL_ADD_DAY] = "UPDATE tally SET day = ?2, own_joined = CASE WHEN day = ?2 THEN own_joined ELSE 0 END + ?3, "
                    "own_left = CASE WHEN day = ?2 THEN own_left ELSE 0 END + ?4, "
                    "joined = CASE WHEN day = ?2 THEN joined ELSE 0 END + ?5, "
                    "gone = CASE WHEN day = ?2 THEN gone ELSE 0 END + ?6 WHERE union_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t tally_day_of(int64_t at)
{
    return (at + CHINA_MS) / DAY_MS;
}

int64_t tally_day_begin(int64_t day)
{
    return day * DAY_MS - CHINA_MS;
}

void tallies_find(const struct tallies *tallies, int64_t union_id, struct tally *ret)
{
    unsigned statement = tallies->sql + SQL_FIND;

    *ret = (struct tally){0};
    store_ask(tallies->store, statement, "i", union_id);
    if (!store_row(tallies->store, statement))
        return;
    ret->own = store_int(tallies->store, statement, 0);
    ret->members = store_int(tallies->store, statement, 1);
    ret->listed = store_int(tallies->store, statement, 2);
    ret->verified = store_int(tallies->store, statement, 3);
    for (int i = 0; i < TALLY_TRADES; i++)
        ret->trades[i] = store_int(tallies->store, statement, 4 + i);
    store_end(tallies->store, statement);
}

size_t tallies_find_days(const struct tallies *tallies, int64_t union_id, int64_t from, int64_t to,
                         struct tally_day *ret, size_t size)
{
    unsigned statement = tallies->sql + SQL_DAYS;
    size_t n = 0;

    store_ask(tallies->store, statement, "iiii", union_id, from, to, (int64_t)size);
    while (n < size && store_read(tallies->store, statement, INTO(ret[n].day), INTO(ret[n].joined), INTO(ret[n].gone)))
        n++;
    store_end(tallies->store, statement);
    return n;
}

/* ---- increments ---- */

void tallies_add(const struct tallies *tallies, int64_t union_id, const struct tally *by)
{
    const int64_t *t = by->trades;

    store_run(tallies->store, tallies->sql + SQL_ADD, "iiiiiiiiiiii", union_id, by->own, by->members, by->listed,
              by->verified, t[0], t[1], t[2], t[3], t[4], t[5], t[6]);
}

void tallies_add_day(const struct tallies *tallies, int64_t union_id, int64_t day, int64_t own, int64_t members)
{
    store_run(tallies->store, tallies->sql + SQL_KEEP_DAY, "ii", union_id, day);
    store_run(tallies->store, tallies->sql + SQL_ADD_DAY, "iiiiii", union_id, day, own > 0 ? own : 0,
              own < 0 ? -own : 0, members > 0 ? members : 0, members < 0 ? -members : 0);
}

/* Adds to the union at a path and all above it that do not cover `but`, another path
 * or NULL. The union's own number is added at the path itself only. day 0: to no day. */
static void add_up(const struct identity *self, const char *path, const char *but, const struct tally *by, int64_t day)
{
    char above[UNION_PATH_SIZE];

    snprintf(above, sizeof(above), "%s", path);
    for (; *above; union_path_parent(above, above)) {
        bool common = but && union_path_covers(above, but);
        struct union_node node;
        struct tally here = *by;

        if (strcmp(above, path) != 0)
            here.own = 0;
        if (common && here.own == 0)
            return;
        if (!unions_find_path(&self->unions, above, &node))
            return;
        if (common)
            here = (struct tally){.own = here.own};
        tallies_add(&self->tallies, node.id, &here);
        if (day)
            tallies_add_day(&self->tallies, node.id, day, here.own, here.members);
    }
}

void tallies_move(const struct identity *self, int64_t from, int64_t to, int trade, int64_t now)
{
    struct union_node left = {0}, joined = {0};
    struct tally by = {.own = -1, .members = -1};
    int64_t day = tally_day_of(now);

    ensure(trade >= 0 && trade < TALLY_TRADES);
    if (from && unions_find(&self->unions, from, &left)) {
        by.trades[trade] = -1;
        add_up(self, left.path, to && unions_find(&self->unions, to, &joined) ? joined.path : NULL, &by, day);
    }
    if (to && unions_find(&self->unions, to, &joined)) {
        by = (struct tally){.own = 1, .members = 1};
        by.trades[trade] = 1;
        add_up(self, joined.path, from ? left.path : NULL, &by, day);
    }
}

void tallies_change_trade(const struct identity *self, int64_t union_id, int from, int to)
{
    struct tally by = {0};
    struct union_node node;

    ensure(from >= 0 && from < TALLY_TRADES && to >= 0 && to < TALLY_TRADES);
    by.trades[from]--;
    by.trades[to]++;
    if (unions_find(&self->unions, union_id, &node))
        add_up(self, node.path, NULL, &by, 0);
}

static void verified(const struct identity *self, int64_t union_id, int n)
{
    struct tally by = {.verified = n};
    struct union_node node;

    if (unions_find(&self->unions, union_id, &node))
        add_up(self, node.path, NULL, &by, 0);
}

void tallies_verify(const struct identity *self, int64_t union_id)
{
    verified(self, union_id, 1);
}

void tallies_unverify(const struct identity *self, int64_t union_id)
{
    verified(self, union_id, -1);
}

void tallies_unlist(const struct identity *self, int64_t union_id, bool verified)
{
    struct tally by = {.listed = -1, .verified = verified ? -1 : 0};
    struct union_node node;

    if (unions_find(&self->unions, union_id, &node))
        add_up(self, node.path, NULL, &by, 0);
}

void tallies_list_at(const struct identity *self, const char *path, int64_t listed)
{
    struct tally by = {.listed = listed};
    struct union_node node;

    if (store_run(self->store, self->tallies.sql + SQL_LIST_AT, "ti", path, listed) == 0 &&
        unions_find_path(&self->unions, path, &node))
        tallies_add(&self->tallies, node.id, &by);
}

void tallies_move_union(const struct identity *self, const struct union_node *node, const struct union_node *parent,
                        int64_t now)
{
    char above[UNION_PATH_SIZE];
    int64_t day = tally_day_of(now);
    struct tally by;

    union_path_parent(node->path, above);
    tallies_find(&self->tallies, node->id, &by);
    by.own = 0;
    add_up(self, parent->path, above, &by, day);
    by.members = -by.members;
    by.listed = -by.listed;
    by.verified = -by.verified;
    for (int i = 0; i < TALLY_TRADES; i++)
        by.trades[i] = -by.trades[i];
    add_up(self, above, parent->path, &by, day);
}

static const struct part_stray strays[] = {
    {"union", "its numbers are not what counting gives",
     "WITH cut (len) AS (VALUES (4), (8), (12), (16), (20), (24), (28), (32), (36), (40), (44), (48)), people AS "
     "(SELECT membership.union_id, 1 AS n, 0 AS listed, 0 AS verified, trade FROM membership "
     "JOIN member ON member.member_id = membership.member_id WHERE ended_at = 0 "
     "UNION ALL SELECT union_id, 0, 1, 0, -1 FROM roster "
     "UNION ALL SELECT roster.union_id, 0, 0, 1, -1 FROM member JOIN roster ON roster.roster_id = "
     "member.roster_id), "
     "sums AS (SELECT union_id, sum(n) AS n, sum(listed) AS listed, sum(verified) AS verified, sum(trade = 0) AS "
     "t0, "
     "sum(trade = 1) AS t1, sum(trade = 2) AS t2, sum(trade = 3) AS t3, sum(trade = 4) AS t4, sum(trade = 5) AS t5, "
     "sum(trade = 6) AS t6 FROM people GROUP BY union_id), "
     "counted AS (SELECT above.union_id, sum((below.union_id = above.union_id) * n) AS own, sum(n) AS members, "
     "sum(listed) AS listed, sum(verified) AS verified, sum(t0) AS t0, sum(t1) AS t1, sum(t2) AS t2, sum(t3) AS t3, "
     "sum(t4) AS t4, sum(t5) AS t5, sum(t6) AS t6 FROM sums JOIN unions AS below ON below.union_id = sums.union_id "
     "JOIN cut ON cut.len <= length(below.path) "
     "JOIN unions AS above ON above.path = substr(below.path, 1, cut.len) GROUP BY above.union_id) "
     "SELECT unions.union_id FROM unions LEFT JOIN tally ON tally.union_id = unions.union_id "
     "LEFT JOIN counted ON counted.union_id = unions.union_id WHERE "
     "coalesce(tally.own, 0) <> coalesce(counted.own, 0) OR "
     "coalesce(tally.members, 0) <> coalesce(counted.members, 0) OR "
     "coalesce(tally.listed, 0) <> coalesce(counted.listed, 0) OR "
     "coalesce(tally.verified, 0) <> coalesce(counted.verified, 0) OR "
     "coalesce(trade0, 0) <> coalesce(t0, 0) OR coalesce(trade1, 0) <> coalesce(t1, 0) OR "
     "coalesce(trade2, 0) <> coalesce(t2, 0) OR coalesce(trade3, 0) <> coalesce(t3, 0) OR "
     "coalesce(trade4, 0) <> coalesce(t4, 0) OR coalesce(trade5, 0) <> coalesce(t5, 0) OR "
     "coalesce(trade6, 0) <> coalesce(t6, 0) LIMIT 1"},
    {"union", "its days are not what counting gives",
     "SELECT union_id FROM (SELECT union_id, day, sum(joined) AS joined, sum(gone) AS gone FROM "
     "(SELECT union_id, (began_at + 28800000) / 86400000 AS day, 1 AS joined, 0 AS gone FROM membership "
     "UNION ALL SELECT union_id, (ended_at + 28800000) / 86400000, 0, 1 FROM membership WHERE ended_at > 0 "
     "UNION ALL SELECT union_id, day, -own_joined, -own_left FROM tally_day "
     "UNION ALL SELECT union_id, day, -own_joined, -own_left FROM tally WHERE day > 0) AS steps GROUP BY union_id, "
     "day) "
     "AS days WHERE joined <> 0 OR gone <> 0 LIMIT 1"},
    {"union", "its days do not add up",
     "SELECT tally.union_id FROM tally WHERE members <> joined - gone + coalesce("
     "(SELECT sum(joined) - sum(gone) FROM tally_day WHERE tally_day.union_id = tally.union_id), 0) "
     "LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec tallies_part = {
    .tables = "tally tally_day",
    .sql = sql,
    .n_sql = N_SQL,
    .strays = strays,
};
