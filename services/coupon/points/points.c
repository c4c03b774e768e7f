#include "services/coupon/points/points_internal.h"

#include "services/coupon/api.h"

#define SLICE       25 /* lots that expire in one transaction: some milliseconds in a store of millions */
#define ENDED       16 /* likewise of an account that was closed */
#define LOT         "lot_id, ledger_id, member_id, rest, expires_at, series_id, service"
#define LOT_COLUMNS 7
#define CALENDAR(f) "strftime('" f "', earned_at / 1000 + 28800, 'unixepoch')"
/* By how much what she has of a series is beyond the most of a lot's rule in a period, with this lot and those before.
 */
#define BEYOND(most, period)                                                                                           \
    "CASE " most " WHEN 0 THEN 0 ELSE sum(net) OVER (PARTITION BY series_id, " period                                  \
    " ORDER BY earned_at, lot_id) - " most " END"
/* What an entry is about, as she reads it. */
#define TITLE                                                                                                          \
    "coalesce((SELECT title FROM point_rule WHERE rule_id = cause_id), "                                               \
    "(SELECT reason FROM points_gift WHERE gift_id = cause_id), "                                                      \
    "(SELECT title FROM shop_order JOIN goods USING (goods_id) WHERE order_id = cause_id), '')"

static const char *const sql[] = {
    [POINTS_SQL_ADD_LOT] = "INSERT INTO points_lot (lot_id, ledger_id, member_id, points, rest, earned_at, expires_at, "
                           "rule_id, series_id, "
                           "service, deed_id) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [POINTS_SQL_SET_LOT] =
        "UPDATE points_lot SET rest = rest + ?2, taken_back = taken_back + ?3, over = max(over, ?4) WHERE lot_id = ?1",
    [POINTS_SQL_HELD] = "SELECT coalesce(sum(rest), 0) FROM points_lot WHERE " HOLDER_HERS
                        " AND ledger_id = ?2 AND rest > 0 AND expires_at > ?3",
    [POINTS_SQL_SPENDABLE] =
        "SELECT " LOT " FROM points_lot WHERE " HOLDER_HERS
        " AND ledger_id = ?2 AND rest > 0 AND expires_at > ?3 ORDER BY expires_at, lot_id LIMIT ?4",
    [POINTS_SQL_DUE] =
        "SELECT " LOT " FROM points_lot WHERE rest > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
    [POINTS_SQL_OF_DEED] = "SELECT " LOT " FROM points_lot WHERE deed_id = ?1 AND deed_id > 0 AND service = ?2 AND "
                           "over = 0 AND rule_id IN (SELECT rule_id FROM point_rule WHERE what = ?3) LIMIT ?4",
    [POINTS_SQL_EARNED] = "SELECT coalesce(sum(points - taken_back), 0) FROM points_lot WHERE " HOLDER_HERS
                          " AND series_id = ?2 AND series_id > 0 AND earned_at >= ?3",
    [POINTS_SQL_BEYOND] = "SELECT " LOT ", beyond FROM (SELECT *, max(" BEYOND("most_ever", "0") ", " BEYOND(
        "most_per_year",
        CALENDAR(
            "%Y")) ", " BEYOND("most_per_month",
                               CALENDAR(
                                   "%Y%m")) ", " BEYOND("most_per_day",
                                                        CALENDAR(
                                                            "%Y%m%d")) ") AS beyond FROM (SELECT l.*, l.points - "
                                                                       "taken_back AS net, "
                                                                       "most_ever, most_per_year, most_per_month, "
                                                                       "most_per_day FROM points_lot l JOIN point_rule "
                                                                       "USING (rule_id) "
                                                                       "WHERE l." HOLDER_HERS
                                                                       " AND l.series_id > 0)) WHERE rest > 0 AND "
                                                                       "beyond > 0 "
                                                                       "ORDER BY earned_at, lot_id LIMIT 1",
    [POINTS_SQL_OWNED] = "SELECT " LOT " FROM points_lot WHERE member_id = ?1 AND rest > 0 LIMIT ?2",
    [POINTS_SQL_ADD_ENTRY] = "INSERT INTO points_entry (entry_id, ledger_id, member_id, kind, points, cause_id, at) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [POINTS_SQL_FIND_ENTRY] =
        "SELECT ledger_id, member_id, cause_id, kind, points FROM points_entry WHERE entry_id = ?1",
    [POINTS_SQL_TAKE] = "INSERT INTO points_taken (entry_id, lot_id, points) VALUES (?1, ?2, ?3)",
    [POINTS_SQL_TAKEN] = "SELECT lot_id, t.points, CASE WHEN l.over = 0 AND l.expires_at > ?3 THEN rest ELSE -1 END "
                         "FROM points_taken t JOIN points_lot l USING (lot_id) WHERE entry_id = ?1 AND lot_id > ?2 AND "
                         "back = 0 ORDER BY lot_id LIMIT ?4",
    [POINTS_SQL_BACK] = "UPDATE points_taken SET back = 1 WHERE entry_id = ?1 AND lot_id = ?2",
    [POINTS_SQL_BALANCES] =
        "SELECT ledger_id, sum(rest) FROM points_lot WHERE " HOLDER_HERS " AND ledger_id > ?2 AND rest > 0 AND "
        "expires_at > ?3 GROUP BY ledger_id ORDER BY ledger_id LIMIT ?4",
    [POINTS_SQL_EXPIRING] =
        "SELECT expires_at, sum(rest) FROM points_lot WHERE " HOLDER_HERS " AND ledger_id = ?2 AND rest > 0 AND "
        "expires_at > ?3 GROUP BY expires_at ORDER BY expires_at LIMIT ?4",
    [POINTS_SQL_ENTRIES] = "SELECT entry_id, kind, points, cause_id, at, " TITLE " FROM points_entry WHERE " HOLDER_HERS
                           " AND ledger_id = ?2 AND entry_id < ?3 ORDER BY entry_id DESC LIMIT ?4",
};
_Static_assert(ARRAY_LEN(sql) == POINTS_N_SQL, "a statement for each");

/* ---- entries ---- */

struct entry {
    int64_t id, ledger_id, member_id, points, cause_id;
    int kind;
    bool goes_on;
    Coupon__LotRest rests[POINTS_LOTS];
    Coupon__LotRest *lots[POINTS_LOTS];
    size_t n;
};

static void begin_entry(struct coupon *self, struct entry *entry, int64_t ledger_id, int64_t member_id, int kind,
                        void *call)
{
    entry->id = id_next(&self->ids, rpc_now(call));
    entry->ledger_id = ledger_id;
    entry->member_id = member_id;
    entry->points = entry->cause_id = 0;
    entry->kind = kind;
    entry->goes_on = false;
    entry->n = 0;
}

/* What a lot has then; and what of it was taken back, or comes back no more. */
static void set_lot(struct coupon *self, struct entry *entry, int64_t lot_id, int64_t had, int64_t more,
                    int64_t taken_back, enum points_over over)
{
    ensure(entry->n < POINTS_LOTS && had + more >= 0);
    store_run(self->store, points_statement(self, POINTS_SQL_SET_LOT), "iiii", lot_id, more, taken_back, (int64_t)over);
    coupon__lot_rest__init(&entry->rests[entry->n]);
    entry->rests[entry->n].lot_id = lot_id;
    entry->rests[entry->n].rest = had + more;
    entry->lots[entry->n] = &entry->rests[entry->n];
    entry->n++;
}

/* Tells the lots so far; the first row has the entry's points. */
static void tell_lots(struct entry *entry, void *call)
{
    Coupon__PointsChanged changed = COUPON__POINTS_CHANGED__INIT;

    changed.entry_id = entry->id;
    changed.ledger_id = entry->ledger_id;
    changed.member_id = entry->member_id;
    changed.kind = (Coupon__PointsKind)entry->kind;
    changed.points = entry->goes_on ? 0 : entry->points;
    changed.cause_id = entry->cause_id;
    changed.lots = entry->lots;
    changed.n_lots = entry->n;
    changed.goes_on = entry->goes_on;
    rpc_tell(call, &changed.base);
    entry->goes_on = true;
    entry->n = 0;
}

static void keep_entry(struct coupon *self, const struct entry *entry, void *call)
{
    store_run(self->store, points_statement(self, POINTS_SQL_ADD_ENTRY), "iiiiiii", entry->id, entry->ledger_id,
              entry->member_id, (int64_t)entry->kind, entry->points, entry->cause_id, rpc_now(call));
    ledgers_count(self, entry->ledger_id, entry->kind, entry->points);
}

static bool find_entry(const struct coupon *self, int64_t entry_id, struct entry *ret)
{
    ret->id = entry_id;
    store_ask(self->store, points_statement(self, POINTS_SQL_FIND_ENTRY), "i", entry_id);
    return store_only(self->store, points_statement(self, POINTS_SQL_FIND_ENTRY), INTO(ret->ledger_id),
                      INTO(ret->member_id), INTO(ret->cause_id), INTO(ret->kind), INTO(ret->points));
}

static bool next_lot(const struct coupon *self, unsigned which, struct points_lot *ret)
{
    return store_read(self->store, points_statement(self, which), INTO(ret->id), INTO(ret->ledger_id),
                      INTO(ret->member_id), INTO(ret->rest), INTO(ret->expires_at), INTO(ret->series_id),
                      INTO(ret->service));
}

size_t points_read_lots(const struct coupon *self, unsigned which, struct points_lot *ret, size_t size)
{
    size_t n = 0;

    while (n < size && next_lot(self, which, &ret[n]))
        n++;
    store_end(self->store, points_statement(self, which));
    return n;
}

/* ---- coming and going ---- */

void points_earn(struct coupon *self, const struct points_earning *earning, void *call)
{
    int64_t lot_id = id_next(&self->ids, rpc_now(call));
    struct entry entry;

    begin_entry(self, &entry, earning->ledger_id, earning->member_id, earning->kind, call);
    entry.points = earning->points;
    entry.cause_id = earning->cause_id;
    store_run(self->store, points_statement(self, POINTS_SQL_ADD_LOT), "iiiiiiiiii", lot_id, earning->ledger_id,
              earning->member_id, earning->points, earning->earned_at, earning->expires_at, earning->rule_id,
              earning->series_id, (int64_t)earning->service, earning->deed_id);
    coupon__lot_rest__init(&entry.rests[0]);
    entry.rests[0].lot_id = lot_id;
    entry.rests[0].rest = earning->points;
    entry.lots[0] = &entry.rests[0];
    entry.n = 1;
    keep_entry(self, &entry, call);
    tell_lots(&entry, call);
}

void points_lot_loses(struct coupon *self, const struct points_lot *lot, int64_t n, int kind, enum points_over over,
                      void *call)
{
    int64_t goes = n < lot->rest ? n : lot->rest;
    bool unearned = kind == COUPON__POINTS_KIND__EARNED_TAKEN_BACK;
    struct entry entry;

    begin_entry(self, &entry, lot->ledger_id, lot->member_id, kind, call);
    entry.points = -goes;
    entry.cause_id = lot->id;
    set_lot(self, &entry, lot->id, lot->rest, -goes, unearned ? goes : 0, over);
    if (goes == 0)
        return;
    keep_entry(self, &entry, call);
    tell_lots(&entry, call);
}

int64_t points_held(const struct coupon *self, int64_t ledger_id, int64_t member_id, int64_t now)
{
    store_ask(self->store, points_statement(self, POINTS_SQL_HELD), "iii", member_id, ledger_id, now);
    return store_number(self->store, points_statement(self, POINTS_SQL_HELD));
}

static void take_from(struct coupon *self, struct entry *entry, const struct points_lot *lot, int64_t n)
{
    set_lot(self, entry, lot->id, lot->rest, -n, 0, POINTS_LOT_OPEN);
    store_run(self->store, points_statement(self, POINTS_SQL_TAKE), "iii", entry->id, lot->id, n);
}

/* Takes what she has, what is over first. */
static void take(struct coupon *self, struct entry *entry, void *call)
{
    int64_t needed = -entry->points;
    struct points_lot lots[POINTS_LOTS];

    while (needed > 0) {
        size_t n;

        store_ask(self->store, points_statement(self, POINTS_SQL_SPENDABLE), "iiii", entry->member_id, entry->ledger_id,
                  rpc_now(call), (int64_t)POINTS_LOTS);
        n = points_read_lots(self, POINTS_SQL_SPENDABLE, lots, POINTS_LOTS);
        if (n == 0) {
            rpc_refuse(call, RPC__REASON__STORE_FAILED); /* the disk: what she has was asked just before */
            return;
        }
        for (size_t i = 0; i < n && needed > 0; i++) {
            int64_t some = lots[i].rest < needed ? lots[i].rest : needed;

            take_from(self, entry, &lots[i], some);
            needed -= some;
        }
        tell_lots(entry, call);
    }
}

int points_spend(struct coupon *self, int64_t ledger_id, int64_t points, int64_t cause_id, void *call,
                 int64_t *ret_entry_id)
{
    int64_t member_id = rpc_principal(call)->member_id;
    int64_t held = points_held(self, ledger_id, member_id, rpc_now(call));
    struct ledger ledger;
    struct entry entry;

    if (!ledgers_find(self, ledger_id, &ledger))
        return COUPON__REASON__LEDGER_NOT_FOUND;
    if (!union_path_covers(ledger.union_path, rpc_principal(call)->union_path))
        return COUPON__REASON__POINTS_ELSEWHERE;
    if (held < points) {
        rpc_fact_number(call, "points", held);
        rpc_fact_number(call, "needed", points);
        return COUPON__REASON__POINTS_SHORT;
    }
    begin_entry(self, &entry, ledger_id, member_id, COUPON__POINTS_KIND__SPENT, call);
    entry.points = -points;
    entry.cause_id = cause_id;
    keep_entry(self, &entry, call);
    take(self, &entry, call);
    *ret_entry_id = entry.id;
    return 0;
}

/* ---- giving back ---- */

struct taken {
    int64_t lot_id, points, rest; /* rest -1: nothing comes back to it */
};

/* Some of what an entry has taken, behind a lot. */
static size_t read_taken(struct coupon *self, int64_t entry_id, int64_t after, int64_t now, struct taken *ret)
{
    size_t n = 0;

    store_ask(self->store, points_statement(self, POINTS_SQL_TAKEN), "iiii", entry_id, after, now,
              (int64_t)POINTS_LOTS);
    while (n < POINTS_LOTS && store_read(self->store, points_statement(self, POINTS_SQL_TAKEN), INTO(ret[n].lot_id),
                                         INTO(ret[n].points), INTO(ret[n].rest)))
        n++;
    store_end(self->store, points_statement(self, POINTS_SQL_TAKEN));
    return n;
}

/* How much would come back now. */
static int64_t returns(struct coupon *self, int64_t entry_id, int64_t now)
{
    struct taken taken[POINTS_LOTS];
    int64_t sum = 0, after = 0;
    size_t n;

    while ((n = read_taken(self, entry_id, after, now, taken)) > 0) {
        for (size_t i = 0; i < n; i++)
            sum += taken[i].rest < 0 ? 0 : taken[i].points;
        after = taken[n - 1].lot_id;
    }
    return sum;
}

int64_t points_give_back(struct coupon *self, int64_t entry_id, void *call)
{
    struct taken taken[POINTS_LOTS];
    struct entry entry, spent;
    size_t n;

    if (!find_entry(self, entry_id, &spent) || !holder_of(&self->holders, spent.member_id))
        return 0;
    begin_entry(self, &entry, spent.ledger_id, spent.member_id, COUPON__POINTS_KIND__SPENT_GIVEN_BACK, call);
    entry.points = returns(self, entry_id, rpc_now(call));
    entry.cause_id = spent.cause_id;
    while ((n = read_taken(self, entry_id, 0, rpc_now(call), taken)) > 0 && !store_trouble(self->store)) {
        for (size_t i = 0; i < n; i++) {
            store_run(self->store, points_statement(self, POINTS_SQL_BACK), "ii", entry_id, taken[i].lot_id);
            if (taken[i].rest >= 0)
                set_lot(self, &entry, taken[i].lot_id, taken[i].rest, taken[i].points, 0, POINTS_LOT_OPEN);
        }
        if (entry.points)
            tell_lots(&entry, call);
    }
    if (entry.points)
        keep_entry(self, &entry, call);
    holders_recheck(&self->holders, spent.member_id); /* what either account had of a rule counts together again */
    return entry.points;
}

/* ---- what members do ---- */

static void hear(struct coupon *self, int service, void *call, const Rpc__JournalRow *row)
{
    Rpc__ChassisEvent *event = rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_DEED)
        points_hear_deed(self, service, event->deed, row->at, call);
    else if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_DEED_UNDONE)
        points_hear_undone(self, service, event->deed_undone, call);
    rpc__chassis_event__free_unpacked(event, NULL);
}

#define HEAR(name)                                                                                                     \
    static void hear_##name(void *self, void *call, const Rpc__JournalRow *row)                                        \
    {                                                                                                                  \
        hear(self, POINTS_##name, call, row);                                                                          \
    }
HEAR(health)
HEAR(portal)
#undef HEAR

static void hear_identity(void *self, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN)
        points_hear_joining(self, event->membership_began, row->at, call);
    identity__event__free_unpacked(event, NULL);
}

static const int32_t deeds[] = {RPC__CHASSIS_EVENT__EVENT_DEED, RPC__CHASSIS_EVENT__EVENT_DEED_UNDONE};
static const int32_t joinings[] = {IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN};

/* ---- what is due ---- */

static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct points_lot lots[SLICE];
    size_t n;

    store_ask(self->store, points_statement(self, POINTS_SQL_DUE), "ii", rpc_now(call), (int64_t)SLICE);
    n = points_read_lots(self, POINTS_SQL_DUE, lots, SLICE);
    for (size_t i = 0; i < n; i++)
        points_lot_loses(self, &lots[i], lots[i].rest, COUPON__POINTS_KIND__POINTS_EXPIRED, POINTS_LOT_OPEN, call);
    return n == SLICE;
}

/* Nobody holds the number any more. */
static bool end_all(struct coupon *self, int64_t number, void *call)
{
    struct points_lot lots[ENDED];
    size_t n;

    store_ask(self->store, points_statement(self, POINTS_SQL_OWNED), "ii", number, (int64_t)ENDED);
    n = points_read_lots(self, POINTS_SQL_OWNED, lots, ENDED);
    for (size_t i = 0; i < n; i++)
        points_lot_loses(self, &lots[i], lots[i].rest, COUPON__POINTS_KIND__POINTS_ENDED, POINTS_LOT_CLOSED, call);
    return n == ENDED;
}

/* What either account had of a rule counts together. */
static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct coupon *self = arg;
    struct points_lot lot;
    int64_t beyond = 0;

    if (!holder_id)
        return end_all(self, number, call);
    store_ask(self->store, points_statement(self, POINTS_SQL_BEYOND), "i", holder_id);
    if (!next_lot(self, POINTS_SQL_BEYOND, &lot))
        return false;
    beyond = store_int(self->store, points_statement(self, POINTS_SQL_BEYOND), LOT_COLUMNS);
    store_end(self->store, points_statement(self, POINTS_SQL_BEYOND));
    points_lot_loses(self, &lot, beyond, COUPON__POINTS_KIND__EARNED_TAKEN_BACK, POINTS_LOT_OPEN, call);
    return true;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__PointsChanged *changed = event->points_changed;
    struct entry entry;

    (void)row;
    if (event->event_case != COUPON__EVENT__EVENT_POINTS_CHANGED)
        return true;
    told[0] += !changed->goes_on;
    for (size_t i = 0; i < changed->n_lots; i++)
        *part_word(&self->parts, &points_part, 0, changed->lots[i]->lot_id) = changed->lots[i]->rest;
    return find_entry(self, changed->entry_id, &entry) && entry.ledger_id == changed->ledger_id &&
           entry.member_id == changed->member_id && entry.kind == (int)changed->kind &&
           entry.cause_id == changed->cause_id && (changed->goes_on || entry.points == changed->points);
}

/* The person who holds a number; 0: nobody. */
#define PERSON                                                                                                         \
    "coalesce((SELECT coalesce(holder_id, 0) FROM account_gone g WHERE g.member_id = x.member_id), x.member_id)"

static const struct part_stray strays[] = {
    {"person", "her points are not those of her lots",
     "SELECT " PERSON " AS person FROM (SELECT member_id, ledger_id, points FROM points_entry UNION ALL "
     "SELECT member_id, ledger_id, -rest FROM points_lot) x GROUP BY person, ledger_id HAVING sum(points) <> 0 LIMIT "
     "1"},
    {"entry", "took otherwise than its lots say",
     "SELECT entry_id FROM points_entry e WHERE kind = 3 AND -points <> (SELECT coalesce(sum(points), 0) FROM "
     "points_taken t WHERE t.entry_id = e.entry_id) LIMIT 1"},
    {"lot", "more was taken than it had",
     "SELECT lot_id FROM points_taken JOIN points_lot l USING (lot_id) WHERE back = 0 GROUP BY lot_id "
     "HAVING sum(points_taken.points) + min(taken_back) + min(rest) > min(l.points) LIMIT 1"},
    {"member", "has more of a rule than it gives",
     "SELECT member_id FROM points_lot JOIN point_rule r USING (rule_id) GROUP BY member_id, points_lot.series_id "
     "HAVING min(most_ever) > 0 AND sum(points_lot.points - taken_back) > max(most_ever) LIMIT 1"},
    {"lot", "the account is closed, and it has not ended",
     "SELECT lot_id FROM account_gone JOIN points_lot USING (member_id) WHERE holder_id IS NULL AND settled = 1 AND "
     "rest > 0 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec points_part = {
    .tables = "points_lot points_entry points_taken",
    .others = "points_lot.points points_lot.rest points_lot.taken_back points_lot.over points_lot.series_id "
              "points_lot.service points_lot.deed_id points_entry.points points_entry.cause_id points_taken.points "
              "points_taken.back",
    .steps = &points_steps,
    .sql = sql,
    .n_sql = POINTS_N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(lot_id) FROM points_lot), 0), "
               "coalesce((SELECT max(entry_id) FROM points_entry), 0))",
    .tidy = tidy,
    .follows = {{"identity", joinings, ARRAY_LEN(joinings), hear_identity},
                {"health", deeds, ARRAY_LEN(deeds), hear_health},
                {"portal", deeds, ARRAY_LEN(deeds), hear_portal}},
    .agrees = agrees,
    .counts = {{"entries of points", "SELECT count(*) FROM points_entry"}},
    .words = {{"lot of points", "SELECT lot_id, rest FROM points_lot ORDER BY lot_id"}},
    .strays = strays,
    .exports =
        {{&coupon__points_lot__descriptor,
          "SELECT lot_id, lot_id, ledger_id, points, rest, earned_at, expires_at FROM points_lot WHERE " HOLDER_HERS
          " AND lot_id > ?2 ORDER BY lot_id LIMIT ?3"},
         {&coupon__points_entry__descriptor,
          "SELECT entry_id, entry_id, ledger_id, kind, points, at, cause_id, " TITLE
          " AS title FROM points_entry WHERE " HOLDER_HERS " AND entry_id > ?2 ORDER BY entry_id LIMIT ?3"}},
    .closed = {"-- what is left of them ends (settle); that they were given stays on account under a number that tells "
               "nobody who she was"},
    .merged =
        {"-- they stay under their number, and are hers who holds it; of a rule both had, what is beyond the most "
         "goes (settle)"},
    .settle = settle,
};
