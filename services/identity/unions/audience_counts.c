#include "services/identity/unions/audience_counts.h"

#include "services/identity/access/session_life.h"
#include "services/identity/people/members.h"
#include "services/identity/unions/pages.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/unions/unions.h"

#define COLUMNS "count_id, member_id, union_id, audience, done, upto_path, upto, looked, fits"

enum {
    SQL_BEGIN,
    SQL_FIND,
    SQL_OPEN,
    SQL_STEP,
    SQL_DROP_HERS,
    SQL_DROP_OLD,
    SQL_COUNT,
    SQL_MEMBERS,
    SQL_SLICE,
    SQL_SUSPENDED,
    N_SQL
};

static const char *const sql[] = {
    [SQL_BEGIN] = "INSERT INTO audience_count (count_id, member_id, union_id, audience) VALUES (?1, ?2, ?3, ?4)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM audience_count WHERE count_id = ?1",
    [SQL_OPEN] = "SELECT " COLUMNS " FROM audience_count WHERE done = 0 ORDER BY count_id DESC LIMIT 1",
    [SQL_STEP] = "UPDATE audience_count SET done = ?2, upto_path = ?3, upto = ?4, looked = ?5, fits = ?6 "
                 "WHERE count_id = ?1",
    [SQL_DROP_HERS] = "DELETE FROM audience_count WHERE member_id = ?1 AND count_id NOT IN (SELECT count_id FROM "
                      "audience_count WHERE member_id = ?1 ORDER BY count_id DESC LIMIT ?2)",
    [SQL_DROP_OLD] = "DELETE FROM audience_count WHERE count_id < ?1",
    [SQL_COUNT] = "SELECT count(*) FROM audience_count",
    [SQL_SLICE] = "WITH slice AS (" PAGE_SLICE ") SELECT max(path), count(*) FROM slice",
    /* Who is in unions from one to another, behind a membership (?3) of the first. */
    [SQL_MEMBERS] = "SELECT path, membership_id, member_id FROM unions CROSS JOIN membership ON "
                    "membership.union_id = unions.union_id AND ended_at = 0 AND "
                    "membership_id > CASE path WHEN ?1 THEN ?3 ELSE 0 END "
                    "WHERE path >= ?1 AND path <= ?2 ORDER BY path, membership_id LIMIT ?4",
    [SQL_SUSPENDED] = "SELECT 1 FROM standing WHERE ended_at = 0 LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the rows ---- */

static bool read_count(struct identity *self, unsigned statement, struct arena *arena, struct audience_count *ret)
{
    const void *packed;
    Audience__Audience *said;
    size_t len;

    if (!store_row(self->store, statement))
        return false;
    *ret = (struct audience_count){
        .id = store_int(self->store, statement, 0),
        .member_id = store_int(self->store, statement, 1),
        .union_id = store_int(self->store, statement, 2),
        .done = store_int(self->store, statement, 4) != 0,
        .upto = store_int(self->store, statement, 6),
        .looked = store_int(self->store, statement, 7),
        .fits = store_int(self->store, statement, 8),
    };
    snprintf(ret->upto_path, sizeof(ret->upto_path), "%s", store_text(self->store, statement, 5));
    packed = store_blob(self->store, statement, 3, &len);
    said = audience__audience__unpack(&arena->allocator, len, packed);
    if (said)
        audience_compile(said, &ret->rules);
    store_end(self->store, statement);
    return said != NULL;
}

bool audience_counts_find(struct identity *self, int64_t count_id, void *call, struct audience_count *ret)
{
    unsigned statement = self->audience_counts.sql + SQL_FIND;

    store_ask(self->store, statement, "i", count_id);
    return read_count(self, statement, rpc_arena(call), ret);
}

bool audience_counts_begin(struct identity *self, int64_t union_id, const Audience__Audience *said, void *call,
                           struct audience_count *ret)
{
    unsigned first = self->audience_counts.sql;
    size_t len = audience__audience__get_packed_size(said);
    uint8_t *packed = arena_alloc(rpc_arena(call), len + 1);

    *ret = (struct audience_count){.member_id = rpc_principal(call)->member_id, .union_id = union_id};
    store_run(self->store, first + SQL_DROP_HERS, "ii", ret->member_id, (int64_t)AUDIENCE_COUNTS_HERS - 1);
    store_ask(self->store, first + SQL_COUNT, "");
    if (!packed || store_number(self->store, first + SQL_COUNT) >= LIMIT_AUDIENCE_COUNTS)
        return false;
    ret->id = id_next(&self->ids, rpc_now(call));
    audience__audience__pack(said, packed);
    store_run(self->store, first + SQL_BEGIN, "iiib", ret->id, ret->member_id, union_id, packed, len);
    return true;
}

/* ---- counting ---- */

bool audience_counts_tallied(struct identity *self, int64_t union_id, const struct audience_rules *rules,
                             int64_t *ret_members)
{
    unsigned statement = self->audience_counts.sql + SQL_SUSPENDED;
    struct tally tally;

    /* Who is suspended is tallied, and does not fit. */
    store_ask(self->store, statement, "");
    if (rules->personal || rules->level > (int32_t)RPC__LEVEL__MEMBER || store_any(self->store, statement))
        return false;
    tallies_find(&self->tallies, union_id, &tally);
    *ret_members = rules->trades ? 0 : tally.members;
    for (int trade = 0; trade < TALLY_TRADES && rules->trades; trade++)
        *ret_members += rules->trades & UINT32_C(1) << trade ? tally.trades[trade] : 0;
    return true;
}

/* Whether a member meets the rules, as her session would say of her now. */
static bool member_fits(struct identity *self, const struct audience_rules *rules, int64_t member_id, void *call)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    struct union_node node;
    struct member member;

    if (!members_find(&self->members, member_id, &member))
        return false;
    principal.unproven = !rules->age_from && !rules->age_until && !rules->birthday; /* the day need not be opened */
    session_describe(self, &member, &node, call, &principal);
    return audience_judge(rules, &principal, rpc_now(call)) == AUDIENCE_FITS;
}

/* The last of the next unions, and whether there are more behind it. */
static bool find_slice(struct identity *self, const char *from, const char *end, char ret_last[UNION_PATH_SIZE])
{
    unsigned statement = self->audience_counts.sql + SQL_SLICE;
    struct union_node last = {.path = ""};
    int64_t n = 0;

    store_ask(self->store, statement, "tt", from, end);
    store_read(self->store, statement, INTO(last.path), INTO(n));
    store_end(self->store, statement);
    memcpy(ret_last, last.path, UNION_PATH_SIZE);
    return n == PAGE_UNIONS;
}

/* Looks at the next ones. */
static void step(struct identity *self, struct audience_count *count, void *call)
{
    unsigned statement = self->audience_counts.sql + SQL_MEMBERS, n = 0;
    char from[UNION_PATH_SIZE], last[UNION_PATH_SIZE], end[UNION_PATH_SIZE + 1];
    int64_t member_ids[AUDIENCE_COUNT_SLICE];
    struct union_node node;
    bool more;

    count->done = !unions_find(&self->unions, count->union_id, &node);
    if (count->done)
        return;
    union_path_end(node.path, end);
    memcpy(count->rules.path, node.path, sizeof(count->rules.path));
    snprintf(from, sizeof(from), "%s", strcmp(count->upto_path, node.path) > 0 ? count->upto_path : node.path);
    more = find_slice(self, from, end, last);
    store_ask(self->store, statement, "ttii", from, last, count->upto, (int64_t)AUDIENCE_COUNT_SLICE);
    while (n < AUDIENCE_COUNT_SLICE &&
           store_read(self->store, statement, INTO(count->upto_path), INTO(count->upto), INTO(member_ids[n])))
        n++;
    store_end(self->store, statement);
    for (unsigned i = 0; i < n; i++)
        count->fits += member_fits(self, &count->rules, member_ids[i], call);
    count->looked += n;
    if (n == AUDIENCE_COUNT_SLICE)
        return;
    count->done = !more;
    count->upto = INT64_MAX;
    memcpy(count->upto_path, last, sizeof(last));
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    unsigned first = self->audience_counts.sql;
    struct audience_count count;

    store_run(self->store, first + SQL_DROP_OLD, "i", id_at(rpc_now(call) - AUDIENCE_COUNT_LIFE_MS));
    store_ask(self->store, first + SQL_OPEN, "");
    if (!read_count(self, first + SQL_OPEN, rpc_arena(call), &count))
        return false;
    step(self, &count, call);
    store_run(self->store, first + SQL_STEP, "iitiii", count.id, (int64_t)count.done, count.upto_path, count.upto,
              count.looked, count.fits);
    return true;
}

const struct part_spec audience_counts_part = {
    .tables = "audience_count",
    .steps = &audience_counts_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(count_id) FROM audience_count",
    .tidy = tidy,
    .others = "audience_count.done audience_count.looked audience_count.fits",
    .moves = "-- a count that a move overtakes is as of a moment before",
    .exports = {{NULL, "-- a question of her office, kept for an hour"}},
    .closed = {"DELETE FROM audience_count WHERE member_id = ?1"},
    .merged = {"DELETE FROM audience_count WHERE member_id = ?1 AND ?2 > 0"},
};
