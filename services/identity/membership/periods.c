#include "services/identity/membership/periods.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/membership/membership_life.h"

#define PERIOD_COLUMNS "membership_id, member_id, union_id, began_at, ended_at, began, ended"

enum {
    SQL_BEGIN,
    SQL_END,
    SQL_SET_MEMBER,
    SQL_CURRENT,
    SQL_PERIOD,
    SQL_LAST,
    SQL_AT,
    SQL_SINCE,
    SQL_HISTORY,
    SQL_MEMBERS,
    SQL_IN,
    SQL_STANDING_AT,
    SQL_STANDING,
    SQL_STANDINGS,
    SQL_BEGIN_STANDING,
    SQL_END_STANDING,
    N_SQL
};

static const char *const sql[] = {
    [SQL_BEGIN] = "INSERT INTO membership (membership_id, member_id, union_id, began_at, began) "
                  "VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_END] = "UPDATE membership SET ended_at = ?2, ended = ?3 WHERE membership_id = ?1",
    [SQL_SET_MEMBER] = "UPDATE member SET union_id = ?2, level = ?3 WHERE member_id = ?1",
    [SQL_CURRENT] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE member_id = ?1 AND ended_at = 0",
    [SQL_PERIOD] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE membership_id = ?1",
    [SQL_LAST] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE " SQL_HERS " ORDER BY membership_id DESC LIMIT 1",
    [SQL_AT] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE " SQL_HERS " AND began_at <= ?2 AND "
               "(ended_at = 0 OR ended_at > ?2) ORDER BY membership_id DESC LIMIT ?3",
    [SQL_SINCE] = "WITH RECURSIVE whole (began_at) AS (SELECT began_at FROM membership WHERE member_id = ?1 AND "
                  "ended_at = 0 UNION SELECT membership.began_at FROM whole JOIN membership ON " SQL_HERS " AND "
                  "ended_at >= whole.began_at AND membership.began_at < whole.began_at) "
                  "SELECT coalesce(min(began_at), 0) FROM whole",
    [SQL_HISTORY] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE " SQL_HERS " AND membership_id > ?2 "
                    "ORDER BY membership_id LIMIT ?3",
    [SQL_MEMBERS] = "SELECT " PERIOD_COLUMNS " FROM membership WHERE union_id = ?1 AND membership_id > ?2 AND "
                    "ended_at = 0 ORDER BY membership_id LIMIT ?3",
    [SQL_IN] =
        "SELECT " PERIOD_COLUMNS " FROM membership WHERE union_id = ?1 AND membership_id > ?2 AND "
        "ended_at = 0 AND " RPC_PAGE_STATES(
            "?4", "1") " UNION ALL "
                       "SELECT " PERIOD_COLUMNS " FROM membership WHERE union_id = ?1 AND membership_id > ?2 AND "
                       "ended_at > 0 AND " RPC_PAGE_STATES("?4", "2") " ORDER BY membership_id LIMIT ?3",
    [SQL_STANDING_AT] = "SELECT standing FROM standing WHERE " SQL_HERS " AND began_at <= ?2 AND "
                        "(ended_at = 0 OR ended_at > ?2) ORDER BY began_at DESC LIMIT 1",
    [SQL_STANDING] = "SELECT standing_id, member_id, began_at, decided_by, standing, reason FROM standing "
                     "WHERE member_id = ?1 AND ended_at = 0",
    [SQL_STANDINGS] = "SELECT standing, reason, began_at, ended_at FROM standing WHERE member_id = ?1 "
                      "ORDER BY began_at DESC LIMIT ?2",
    [SQL_BEGIN_STANDING] = "INSERT INTO standing (standing_id, member_id, standing, reason, began_at, decided_by) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_END_STANDING] = "UPDATE standing SET ended_at = ?2 WHERE standing_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- memberships ---- */

bool periods_begin(const struct periods *periods, const struct period *period)
{
    return store_run(periods->store, periods->sql + SQL_BEGIN, "iiiii", period->id, period->member_id, period->union_id,
                     period->began_at, (int64_t)period->began) != -1;
}

void periods_end(const struct periods *periods, const struct period *period)
{
    store_run(periods->store, periods->sql + SQL_END, "iii", period->id, period->ended_at, (int64_t)period->ended);
}

void periods_set_member(const struct periods *periods, int64_t member_id, int64_t union_id, int level)
{
    store_run(periods->store, periods->sql + SQL_SET_MEMBER, "iii", member_id, union_id, (int64_t)level);
}

static bool read_period(const struct periods *periods, unsigned statement, struct period *ret)
{
    return store_read(periods->store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id),
                      INTO(ret->began_at), INTO(ret->ended_at), INTO(ret->began), INTO(ret->ended));
}

static bool one_period(const struct periods *periods, unsigned statement, struct period *ret)
{
    bool found = read_period(periods, statement, ret);

    store_end(periods->store, statement);
    return found;
}

bool periods_find_current(const struct periods *periods, int64_t member_id, struct period *ret)
{
    store_ask(periods->store, periods->sql + SQL_CURRENT, "i", member_id);
    return one_period(periods, periods->sql + SQL_CURRENT, ret);
}

bool periods_find_period(const struct periods *periods, int64_t membership_id, struct period *ret)
{
    store_ask(periods->store, periods->sql + SQL_PERIOD, "i", membership_id);
    return one_period(periods, periods->sql + SQL_PERIOD, ret);
}

int64_t periods_since(const struct periods *periods, int64_t member_id)
{
    store_ask(periods->store, periods->sql + SQL_SINCE, "i", member_id);
    return store_number(periods->store, periods->sql + SQL_SINCE);
}

bool periods_find_last(const struct periods *periods, int64_t member_id, struct period *ret)
{
    store_ask(periods->store, periods->sql + SQL_LAST, "i", member_id);
    return one_period(periods, periods->sql + SQL_LAST, ret);
}

static size_t all_periods(const struct periods *periods, unsigned statement, struct period *ret, size_t size)
{
    size_t n = 0;

    while (ret && n < size && read_period(periods, statement, &ret[n]))
        n++;
    store_end(periods->store, statement);
    return n;
}

size_t periods_find_at(const struct periods *periods, int64_t member_id, int64_t at, struct period *ret, size_t size)
{
    store_ask(periods->store, periods->sql + SQL_AT, "iii", member_id, at, (int64_t)size);
    return all_periods(periods, periods->sql + SQL_AT, ret, size);
}

size_t periods_find_history(const struct periods *periods, int64_t member_id, int64_t after, struct period *ret,
                            size_t size)
{
    store_ask(periods->store, periods->sql + SQL_HISTORY, "iii", member_id, after, (int64_t)size);
    return all_periods(periods, periods->sql + SQL_HISTORY, ret, size);
}

size_t periods_find_members(const struct periods *periods, int64_t union_id, int64_t after, struct period *ret,
                            size_t size)
{
    store_ask(periods->store, periods->sql + SQL_MEMBERS, "iii", union_id, after, (int64_t)size);
    return all_periods(periods, periods->sql + SQL_MEMBERS, ret, size);
}

size_t periods_find_in(const struct periods *periods, int64_t union_id, int64_t states, int64_t after,
                       struct period *ret, size_t size)
{
    store_ask(periods->store, periods->sql + SQL_IN, "iiii", union_id, after, (int64_t)size, states);
    return all_periods(periods, periods->sql + SQL_IN, ret, size);
}

/* ---- standing ---- */

int periods_standing_at(const struct periods *periods, int64_t member_id, int64_t at)
{
    store_ask(periods->store, periods->sql + SQL_STANDING_AT, "ii", member_id, at);
    return (int)store_number(periods->store, periods->sql + SQL_STANDING_AT);
}

bool periods_find_standing(const struct periods *periods, int64_t member_id, struct standing *ret)
{
    unsigned statement = periods->sql + SQL_STANDING;

    store_ask(periods->store, statement, "i", member_id);
    *ret = (struct standing){0};
    return store_only(periods->store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->began_at),
                      INTO(ret->decided_by), INTO(ret->standing), INTO(ret->reason));
}

size_t periods_find_standings(const struct periods *periods, int64_t member_id, struct standing *ret, size_t size)
{
    unsigned statement = periods->sql + SQL_STANDINGS;
    struct store *store = periods->store;
    size_t n = 0;

    store_ask(store, statement, "ii", member_id, (int64_t)size);
    for (; n < size; n++) {
        ret[n] = (struct standing){.member_id = member_id};
        if (!store_read(store, statement, INTO(ret[n].standing), INTO(ret[n].reason), INTO(ret[n].began_at),
                        INTO(ret[n].ended_at)))
            break;
    }
    store_end(store, statement);
    return n;
}

void periods_begin_standing(const struct periods *periods, const struct standing *standing)
{
    store_run(periods->store, periods->sql + SQL_BEGIN_STANDING, "iiiiii", standing->id, standing->member_id,
              (int64_t)standing->standing, (int64_t)standing->reason, standing->began_at, standing->decided_by);
}

void periods_end_standing(const struct periods *periods, int64_t standing_id, int64_t at)
{
    store_run(periods->store, periods->sql + SQL_END_STANDING, "ii", standing_id, at);
}

/* ---- for the audit ---- */

/* ---- for the audit ---- */

enum { TOLD_PERIODS, TOLD_ENDED, TOLD_STANDINGS }; /* as in counts */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__MembershipBegan *began = event->membership_began;
    const Identity__MembershipEnded *ended = event->membership_ended;
    struct period period;

    (void)row;
    switch (event->event_case) {
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN:
        told[TOLD_PERIODS]++;
        return periods_find_period(&self->periods, began->membership_id, &period) &&
               period.member_id == began->member_id && period.union_id == began->union_id &&
               period.began == (int)began->began;
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED:
        told[TOLD_ENDED]++;
        return periods_find_period(&self->periods, ended->membership_id, &period) &&
               period.member_id == ended->member_id && period.union_id == ended->union_id &&
               period.ended == (int)ended->ended && period.ended_at >= period.began_at;
    case IDENTITY__EVENT__EVENT_STANDING_CHANGED:
        told[TOLD_STANDINGS] += event->standing_changed->standing != IDENTITY__STANDING__STANDING_ACTIVE;
        return true;
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"member", "her row does not agree with her membership and standing",
     "SELECT member.member_id FROM member "
     "LEFT JOIN membership ON membership.member_id = member.member_id AND membership.ended_at = 0 "
     "LEFT JOIN standing ON standing.member_id = member.member_id AND standing.ended_at = 0 "
     "WHERE member.union_id <> coalesce(membership.union_id, 0) OR (member.level = 3) <> "
     "(membership.union_id IS NOT NULL AND standing.standing IS NULL) LIMIT 1"},
    {NULL, NULL, NULL},
};

/* ---- for herself, and when her account ends ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct period *periods = arena_alloc(rpc_arena(export->call), PERIODS_HISTORY_MAX * sizeof(*periods));
    size_t n = periods_find_history(&self->periods, export->member_id, export->after, periods, PERIODS_HISTORY_MAX);

    export->failed |= !periods;
    for (size_t i = 0; i < n && part_give(export, membership_message(self, &periods[i], export->call), periods[i].id);
         i++)
        continue;
}

static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct identity *self = arg;
    struct member member;

    if (members_find(&self->members, member_id, &member))
        membership_end(self, &member, IDENTITY__ENDED__ENDED_BY_LEAVING, call);
}

static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    struct identity *self = arg;
    struct member gone, kept;
    int64_t union_id;

    if (!members_find(&self->members, gone_id, &gone) || !members_find(&self->members, kept_id, &kept))
        return;
    union_id = gone.union_id;
    if (membership_end(self, &gone, IDENTITY__ENDED__ENDED_BY_ACCOUNTS, call) && !kept.union_id)
        membership_begin(self, &kept, union_id, IDENTITY__BEGAN__BEGAN_BY_ACCOUNTS, call);
}

const struct part_spec periods_part = {
    .tables = "membership standing",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(id) FROM (SELECT max(membership_id) AS id FROM membership UNION ALL "
               "SELECT max(standing_id) FROM standing) AS ids",
    .agrees = agrees,
    /* Periods from before the journal told of them have the number of their member. */
    .counts = {{"memberships", "SELECT count(*) FROM membership WHERE membership_id <> member_id"},
               {"ended memberships", "SELECT count(*) FROM membership WHERE ended_at > 0"},
               {"standings", "SELECT count(*) FROM standing"}},
    .strays = strays,
    .exports = {{&identity__my_standing__descriptor,
                 "SELECT 9223372036854775807 - standing_id, standing, reason, began_at AS \"from\", ended_at AS \"to\" "
                 "FROM standing "
                 "WHERE member_id = ?1 AND 9223372036854775807 - standing_id > ?2 ORDER BY standing_id DESC LIMIT ?3"}},
    .on_export = on_export,
    .on_closed = on_closed,
    .on_merged = on_merged,
};
