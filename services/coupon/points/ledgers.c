#include "services/coupon/points/ledgers.h"

#include "services/coupon/api.h"

#define CHINA_MS (INT64_C(8) * 3600000) /* that China's clocks are ahead */

enum { SQL_ADD, SQL_FIND, SQL_FIND_AT, SQL_LIST, SQL_COUNT, SQL_TOTALS, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO ledger (ledger_id, union_path, name, created_at) VALUES (?1, ?2, ?3, ?4)",
    [SQL_FIND] = "SELECT ledger_id, union_path, name, created_at FROM ledger WHERE ledger_id = ?1",
    [SQL_FIND_AT] = "SELECT ledger_id, union_path, name, created_at FROM ledger WHERE union_path = ?1",
    [SQL_LIST] = "SELECT ledger_id, union_path, name, created_at FROM ledger WHERE ledger_id > ?1 ORDER BY ledger_id",
    [SQL_COUNT] = "INSERT INTO ledger_total (ledger_id, kind, points) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (ledger_id, kind) DO UPDATE SET points = points + excluded.points",
    [SQL_TOTALS] = "SELECT kind, points FROM ledger_total WHERE ledger_id = ?1 ORDER BY kind",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned which, struct ledger *ret)
{
    return store_read(self->store, self->ledgers.sql + which, INTO(ret->id), INTO(ret->union_path), INTO(ret->name),
                      INTO(ret->created_at));
}

static bool only(const struct coupon *self, unsigned which, struct ledger *ret)
{
    bool found = next(self, which, ret);

    store_end(self->store, self->ledgers.sql + which);
    return found;
}

bool ledgers_find(const struct coupon *self, int64_t ledger_id, struct ledger *ret)
{
    store_ask(self->store, self->ledgers.sql + SQL_FIND, "i", ledger_id);
    return only(self, SQL_FIND, ret);
}

void ledgers_count(const struct coupon *self, int64_t ledger_id, int kind, int64_t points)
{
    store_run(self->store, self->ledgers.sql + SQL_COUNT, "iii", ledger_id, (int64_t)kind, points);
}

int64_t points_expire_at(int64_t at, int32_t valid_days)
{
    int64_t day = (at + CHINA_MS) / COUPON_DAY_MS;

    return (day + (valid_days ? valid_days : POINTS_DAYS) + 1) * COUPON_DAY_MS - CHINA_MS;
}

bool ledger_of_official(const struct coupon *self, int64_t ledger_id, Rule__Role role, Rule__Role or_role, void *call,
                        struct ledger *ret)
{
    if (!ledgers_find(self, ledger_id, ret)) {
        rpc_refuse(call, COUPON__REASON__LEDGER_NOT_FOUND);
        return false;
    }
    if (rpc_has_role(call, role, ret->union_path) || (or_role && rpc_has_role(call, or_role, ret->union_path)))
        return true;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return false;
}

/* ---- operations ---- */

/* 0 or a Reason. NULL when the call's memory is full. */
static int ledger_message(const struct coupon *self, const struct ledger *ledger, void *call, Coupon__Ledger **ret)
{
    Coupon__Ledger *message = arena_message(rpc_arena(call), &coupon__ledger__descriptor);

    *ret = message;
    if (!message)
        return 0;
    message->ledger_id = ledger->id;
    message->name = rpc_text(call, ledger->name);
    message->created_at = ledger->created_at;
    return tree_id(&self->tree, ledger->union_path, call, &message->union_id);
}

/* rpc CreateLedger: the one of a union. */
static void ledgers__create_ledger(Coupon__Ledgers_Service *service, const Coupon__CreateLedgerRequest *req,
                                   Coupon__Ledger_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, ledgers_service);
    const char *path;
    Coupon__LedgerMade made = COUPON__LEDGER_MADE__INIT;
    struct ledger ledger = {.created_at = rpc_now(call)};
    Coupon__Ledger *message;

    if (form_missing(req->ledger, "ledger", call))
        return;
    path = tree_path(&self->tree, req->ledger->union_id, "ledger.unionId", call);
    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "ledger.unionId");
        return;
    }
    store_ask(self->store, self->ledgers.sql + SQL_FIND_AT, "t", path);
    if (!only(self, SQL_FIND_AT, &ledger)) {
        ledger.id = id_next(&self->ids, rpc_now(call));
        snprintf(ledger.union_path, sizeof(ledger.union_path), "%s", path);
        snprintf(ledger.name, sizeof(ledger.name), "%s", req->ledger->name);
        store_run(self->store, self->ledgers.sql + SQL_ADD, "itti", ledger.id, path, ledger.name, ledger.created_at);
        made.ledger_id = ledger.id;
        made.union_path = ledger.union_path;
        rpc_tell(call, &made.base);
        rpc_created(call);
    }
    if (!rpc_refuse_if(call, ledger_message(self, &ledger, call, &message)))
        reply(message, call);
}

/* rpc ListLedgers: of the caller's unions. */
static void ledgers__list_ledgers(Coupon__Ledgers_Service *service, const Coupon__ListLedgersRequest *req,
                                  Coupon__LedgerList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, ledgers_service);
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    struct ledger *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    Coupon__LedgerList list = COUPON__LEDGER_LIST__INIT;
    size_t n = 0;

    if (!of)
        return;
    store_ask(self->store, self->ledgers.sql + SQL_LIST, "i", rpc_page(call)->after);
    while (found && n < rpc_page(call)->limit && next(self, SQL_LIST, &found[n])) {
        const char *path = found[n].union_path;

        n += union_path_covers(of, path) &&
             (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__FINANCE, path));
    }
    store_end(self->store, self->ledgers.sql + SQL_LIST);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Coupon__Ledger *message;

        if (rpc_refuse_if(call, ledger_message(self, &found[i], call, &message)))
            return;
        rpc_add(call, &list, ledgers, message);
    }
    reply(&list, call);
}

static void add_total(int kind, int64_t points, Coupon__LedgerTotals *ret)
{
    switch (kind) {
    case COUPON__POINTS_KIND__EARNED:
        ret->earned = points;
        break;
    case COUPON__POINTS_KIND__GIFTED:
        ret->gifted = points;
        break;
    case COUPON__POINTS_KIND__SPENT:
        ret->spent = -points;
        break;
    case COUPON__POINTS_KIND__SPENT_GIVEN_BACK:
        ret->given_back = points;
        break;
    case COUPON__POINTS_KIND__POINTS_EXPIRED:
        ret->expired = -points;
        break;
    case COUPON__POINTS_KIND__EARNED_TAKEN_BACK:
        ret->taken_back = -points;
        break;
    default:
        ret->ended = -points;
        break;
    }
    ret->left += points;
}

/* rpc GetLedgerTotals: of all its entries. */
static void ledgers__get_ledger_totals(Coupon__Ledgers_Service *service, const Coupon__LedgerRequest *req,
                                       Coupon__LedgerTotals_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, ledgers_service);
    Coupon__LedgerTotals totals = COUPON__LEDGER_TOTALS__INIT;
    struct ledger ledger;
    int64_t points;
    int kind;

    if (!ledger_of_official(self, req->ledger_id, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, call, &ledger))
        return;
    totals.ledger_id = ledger.id;
    store_ask(self->store, self->ledgers.sql + SQL_TOTALS, "i", ledger.id);
    while (store_read(self->store, self->ledgers.sql + SQL_TOTALS, INTO(kind), INTO(points)))
        add_total(kind, points, &totals);
    reply(&totals, call);
}

const Coupon__Ledgers_Service ledgers_api = COUPON__LEDGERS__INIT(ledgers__);

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    struct ledger ledger;

    if (event->event_case != COUPON__EVENT__EVENT_LEDGER_MADE)
        return true;
    told[0]++;
    return ledgers_find(self, event->ledger_made->ledger_id, &ledger) &&
           part_path_is(&self->parts, row->seq, event->ledger_made->union_path, ledger.union_path);
}

static const struct part_stray strays[] = {
    {"ledger", "its totals are not those of its entries",
     "SELECT ledger_id FROM (SELECT ledger_id, kind, points FROM ledger_total UNION ALL "
     "SELECT ledger_id, kind, -points FROM points_entry) GROUP BY ledger_id, kind HAVING sum(points) <> 0 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec ledgers_part = {
    .tables = "ledger ledger_total",
    .others = "ledger_total.points",
    .steps = &ledgers_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(ledger_id) FROM ledger",
    .agrees = agrees,
    .counts = {{"ledgers of points", "SELECT count(*) FROM ledger"}},
    .strays = strays,
    .moves = "ledger.union_path",
};
