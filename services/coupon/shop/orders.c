#include "services/coupon/shop/orders_internal.h"

#include "services/coupon/api.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/points/points.h"
#include "services/coupon/shop/fairs.h"
#include "services/coupon/shop/goods.h"

#define CONTEXT "shop order"
#define SLICE   20
#define COLUMNS                                                                                                        \
    "order_id, goods_id, member_id, count, points, entry_id, price_fen, off_fen, state, corner_id, serial, at, "       \
    "until_at, ended_at, ended_by, back, tracking, reason, sealed"
#define STANDS "state IN (1, 2, 3)"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_DUE_AGAIN,
    SQL_FIND,
    SQL_FIND_SERIAL,
    SQL_HERS,
    SQL_HERS_AFTER,
    SQL_OF_GOODS,
    SQL_COUNT,
    SQL_LATE,
    SQL_OLD_ADDRESS,
    SQL_BEYOND,
    SQL_OPEN,
    SQL_ADD_LOOK,
    SQL_LOOKS,
    N_SQL
};

#define OF_GOODS(state)                                                                                                \
    "SELECT " COLUMNS " FROM shop_order WHERE goods_id = ?1 AND order_id < ?2 AND state = " state                      \
    " AND " RPC_PAGE_STATES("?4", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO shop_order (order_id, goods_id, member_id, count, points, entry_id, price_fen, off_fen, "
                "state, corner_id, serial, at, until_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?10, "
                "?11, ?12, ?13)",
    [SQL_SET] =
        "UPDATE shop_order SET state = ?2, ended_at = ?3, ended_by = ?4, back = ?5, tracking = ?6, reason = ?7, "
        "sealed = ?8 WHERE order_id = ?1",
    [SQL_DUE_AGAIN] = "UPDATE shop_order SET off_fen = 0 WHERE order_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM shop_order WHERE order_id = ?1",
    [SQL_FIND_SERIAL] = "SELECT " COLUMNS " FROM shop_order WHERE serial = ?1",
    [SQL_HERS] = "SELECT " COLUMNS " FROM shop_order WHERE " HOLDER_HERS
                 " AND order_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY order_id DESC LIMIT ?3",
    [SQL_HERS_AFTER] = "SELECT " COLUMNS " FROM shop_order WHERE " HOLDER_HERS " AND order_id > ?2 ORDER BY order_id "
                       "LIMIT ?3",
    [SQL_OF_GOODS] = RPC_PAGE_MERGED_7(OF_GOODS) " ORDER BY order_id DESC LIMIT ?3",
    [SQL_COUNT] =
        "SELECT coalesce(sum(count), 0) FROM shop_order WHERE " HOLDER_HERS " AND " STANDS " AND goods_id = ?2",
    [SQL_LATE] = "SELECT order_id FROM shop_order WHERE state = 1 AND corner_id > 0 AND until_at <= ?1 "
                 "ORDER BY until_at LIMIT ?2",
    [SQL_OLD_ADDRESS] = "SELECT order_id FROM shop_order WHERE sealed <> x'' AND ended_at > 0 AND ended_at <= ?1 "
                        "ORDER BY ended_at LIMIT ?2",
    [SQL_BEYOND] = "SELECT order_id FROM (SELECT order_id, goods_id, state AS stands, sum(count) OVER (PARTITION BY "
                   "goods_id ORDER "
                   "BY state = 1, order_id) AS upto FROM shop_order WHERE " HOLDER_HERS " AND " STANDS
                   ") JOIN goods USING (goods_id) WHERE stands = 1 AND per_person > 0 AND upto > per_person "
                   "ORDER BY order_id DESC LIMIT ?2",
    [SQL_OPEN] = "SELECT order_id FROM shop_order WHERE member_id = ?1 AND (state = 1 OR sealed <> x'') LIMIT ?2",
    [SQL_ADD_LOOK] = "INSERT INTO shop_look (look_id, order_id, member_id, looked_by, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_LOOKS] = "SELECT count(*) FROM shop_look WHERE order_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned which, struct order *ret)
{
    return store_read(self->store, self->orders.sql + which, INTO(ret->id), INTO(ret->goods_id), INTO(ret->member_id),
                      INTO(ret->count), INTO(ret->points), INTO(ret->entry_id), INTO(ret->price_fen),
                      INTO(ret->off_fen), INTO(ret->state), INTO(ret->corner_id), INTO(ret->serial), INTO(ret->at),
                      INTO(ret->until), INTO(ret->ended_at), INTO(ret->ended_by), INTO(ret->back), INTO(ret->tracking),
                      INTO(ret->reason), INTO_BYTES(ret->sealed));
}

static bool find(const struct coupon *self, unsigned which, int64_t number, struct order *ret)
{
    bool found;

    store_ask(self->store, self->orders.sql + which, "i", number);
    found = next(self, which, ret);
    store_end(self->store, self->orders.sql + which);
    return found;
}

bool orders_find(const struct coupon *self, int64_t order_id, struct order *ret)
{
    return find(self, SQL_FIND, order_id, ret);
}

bool orders_find_serial(const struct coupon *self, int64_t serial, struct order *ret)
{
    return find(self, SQL_FIND_SERIAL, serial, ret);
}

size_t orders_page(const struct coupon *self, int64_t of, bool goods, void *call, struct order *ret)
{
    const struct rpc_page *page = rpc_page(call);
    unsigned which = goods ? SQL_OF_GOODS : SQL_HERS;
    size_t n = 0;

    store_ask(self->store, self->orders.sql + which, "iiii", of, page->before, (int64_t)page->limit, page->states);
    while (n < page->limit && next(self, which, &ret[n]))
        n++;
    store_end(self->store, self->orders.sql + which);
    return n;
}

static size_t read_ids(const struct coupon *self, unsigned which, int64_t of, int64_t ret[SLICE])
{
    store_ask(self->store, self->orders.sql + which, "ii", of, (int64_t)SLICE);
    return store_numbers(self->store, self->orders.sql + which, ret, SLICE);
}

static void say(const struct order *order, void *call)
{
    Coupon__OrderChanged changed = COUPON__ORDER_CHANGED__INIT;

    changed.order_id = order->id;
    changed.goods_id = order->goods_id;
    changed.member_id = order->member_id;
    changed.count = (int32_t)order->count;
    changed.points = order->points;
    changed.price_fen = order->price_fen;
    changed.off_fen = order->off_fen;
    changed.state = (Coupon__OrderState)order->state;
    changed.corner_id = order->corner_id;
    rpc_tell(call, &changed.base);
}

static void put(struct coupon *self, const struct order *order)
{
    store_run(self->store, self->orders.sql + SQL_SET, "iiiiittb", order->id, (int64_t)order->state, order->ended_at,
              order->ended_by, order->back, order->tracking, order->reason, order->sealed.bytes, order->sealed.len);
}

void order_add(struct coupon *self, const struct order *order, void *call)
{
    store_run(self->store, self->orders.sql + SQL_ADD, "iiiiiiiiiiiib", order->id, order->goods_id, order->member_id,
              order->count, order->points, order->entry_id, order->price_fen, order->off_fen, order->corner_id,
              order->serial, order->at, order->until, order->sealed.bytes, order->sealed.len);
    say(order, call);
}

void order_look(struct coupon *self, const struct order *order, void *call)
{
    Coupon__AddressSeen seen = COUPON__ADDRESS_SEEN__INIT;

    store_run(self->store, self->orders.sql + SQL_ADD_LOOK, "iiiii", id_next(&self->ids, rpc_now(call)), order->id,
              order->member_id, rpc_principal(call)->member_id, rpc_now(call));
    seen.order_id = order->id;
    seen.member_id = order->member_id;
    rpc_tell(call, &seen.base);
}

int32_t order_looks(const struct coupon *self, int64_t order_id)
{
    store_ask(self->store, self->orders.sql + SQL_LOOKS, "i", order_id);
    return (int32_t)store_number(self->store, self->orders.sql + SQL_LOOKS);
}

/* Nobody finds it in the store's files any more. */
static void destroy_address(struct coupon *self, struct order *order)
{
    self->parts.erased |= order->sealed.len > 0;
    order->sealed.len = 0;
}

bool order_seal(const struct coupon *self, const Coupon__Address *address, void *call, struct order *order)
{
    unsigned char nonce[PII_NONCE_LEN], plain[sizeof(order->sealed.bytes)];
    size_t len = coupon__address__get_packed_size(address);

    if (len + PII_OVERHEAD > sizeof(order->sealed.bytes))
        return false;
    coupon__address__pack(address, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->addresses, CONTEXT, order->id, nonce, plain, len, order->sealed.bytes);
    order->sealed.len = len + PII_OVERHEAD;
    return true;
}

Coupon__Address *order_address(const struct coupon *self, const struct order *order, struct arena *arena)
{
    char plain[sizeof(order->sealed.bytes)];
    long len = order->sealed.len
                   ? pii_open(self->addresses, CONTEXT, order->id, order->sealed.bytes, order->sealed.len, plain)
                   : -1;

    return len < 0 ? NULL : coupon__address__unpack(&arena->allocator, (size_t)len, (const uint8_t *)plain);
}

/* ---- how an order ends ---- */

static void end(struct coupon *self, struct order *order, int state, void *call)
{
    order->state = state;
    order->ended_at = rpc_now(call);
    order->ended_by = rpc_principal(call)->member_id;
    put(self, order);
    say(order, call);
}

void order_tell_her(struct coupon *self, const struct order *order, int kind, void *call)
{
    char *path;
    const Coupon__Goods *goods = goods_find(self, order->goods_id, call, &path);
    struct notice_given given = {
        .kind = kind,
        .member_id = holder_of(&self->holders, order->member_id),
        .about_id = order->id,
        .title = goods ? goods->title : NULL,
    };

    notice_give(&self->notice, &given, call);
}

void order_undo(struct coupon *self, struct order *order, int state, void *call)
{
    goods_give_back(self, order->goods_id, order->count);
    if (order->entry_id)
        order->back = points_give_back(self, order->entry_id, call);
    granted_set(&self->granted, order->id, order->member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    destroy_address(self, order);
    end(self, order, state, call);
    if (state != COUPON__ORDER_STATE__ORDER_CANCELLED)
        order_tell_her(self, order, NOTICE__NOTICE_KIND__ORDER_ENDED, call);
}

void order_fulfil(struct coupon *self, struct order *order, int state, void *call)
{
    granted_set(&self->granted, order->id, order->member_id, GRANTED__GRANT_STATE__SPENT, call);
    number_handed_over(self, order->goods_id, order->at, order->price_fen - order->off_fen);
    end(self, order, state, call);
}

void order_withdraw(void *arg, int64_t order_id, void *call)
{
    struct coupon *self = arg;
    struct order order;

    if (!find(self, SQL_FIND, order_id, &order) || order.state != COUPON__ORDER_STATE__ORDER_OPEN || !order.off_fen)
        return;
    store_run(self->store, self->orders.sql + SQL_DUE_AGAIN, "i", order_id);
    order.off_fen = 0;
    say(&order, call);
}

/* ---- terms ---- */

static int64_t ordered(const struct coupon *self, int64_t goods_id, int64_t member_id)
{
    store_ask(self->store, self->orders.sql + SQL_COUNT, "ii", member_id, goods_id);
    return store_number(self->store, self->orders.sql + SQL_COUNT);
}

/* Why she may not, whatever it costs. */
static int judge_her(const struct coupon *self, const Coupon__Goods *goods, int64_t count, void *call)
{
    static const int words[AUDIENCE_RULES];
    const Rpc__Principal *her = rpc_principal(call);
    struct audience_rules audience;
    int reason;

    if (goods->state != COUPON__GOODS_STATE__GOODS_OFFERED)
        return COUPON__REASON__GOODS_NOT_OFFERED;
    audience_find(&self->audience, goods->goods_id, &audience);
    reason = audience_reason(words, audience_judge(&audience, her, rpc_now(call)));
    if (reason)
        return reason;
    if (goods->per_person && ordered(self, goods->goods_id, her->member_id) + count > goods->per_person)
        return COUPON__REASON__ORDER_LIMIT_REACHED;
    return goods_left(self, goods) < count ? COUPON__REASON__GOODS_SOLD_OUT : 0;
}

/* Why her points do not do. */
static int judge_points(const struct coupon *self, const Coupon__Goods *goods, int64_t points, void *call)
{
    const Rpc__Principal *her = rpc_principal(call);
    struct ledger ledger;

    if (!points)
        return 0;
    if (!ledgers_find(self, goods->ledger_id, &ledger) || !union_path_covers(ledger.union_path, her->union_path))
        return COUPON__REASON__POINTS_ELSEWHERE;
    return points_held(self, goods->ledger_id, her->member_id, rpc_now(call)) < points ? COUPON__REASON__POINTS_SHORT
                                                                                       : 0;
}

void order_judge(const struct coupon *self, const Coupon__Goods *goods, const char *path, int64_t count, void *call,
                 struct order_terms *ret)
{
    int64_t member_id = rpc_principal(call)->member_id;
    struct fair fair;

    *ret = (struct order_terms){.points = goods->points * count, .price_fen = goods->price_fen * count};
    if (ret->price_fen && fairs_find_on(self, path, rpc_now(call), &fair) &&
        tree_id(&self->tree, path, call, &ret->union_id) == 0) {
        ret->fair_id = fair.id;
        ret->ceiling_fen = fair.ceiling_fen;
        ret->off_fen = fair_off(self, &fair, ret->union_id, member_id, ret->price_fen, rpc_now(call));
    }
    ret->reason = judge_her(self, goods, count, call);
    if (!ret->reason)
        ret->reason = judge_points(self, goods, ret->points, call);
}

/* ---- what is due ---- */

static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    int64_t late[SLICE], old[SLICE];
    size_t n_late = read_ids(self, SQL_LATE, rpc_now(call), late);
    size_t n_old = read_ids(self, SQL_OLD_ADDRESS, rpc_now(call) - ADDRESS_KEPT_MS, old);
    struct order order;

    for (size_t i = 0; i < n_late; i++) {
        if (find(self, SQL_FIND, late[i], &order))
            order_undo(self, &order, COUPON__ORDER_STATE__ORDER_LAPSED, call);
    }
    for (size_t i = 0; i < n_old; i++) {
        if (find(self, SQL_FIND, old[i], &order)) {
            destroy_address(self, &order);
            put(self, &order);
        }
    }
    return n_late == SLICE || n_old == SLICE;
}

/* What nobody waits for any more, or one person has beyond what one may. */
static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct coupon *self = arg;
    int64_t ids[SLICE];
    size_t n = read_ids(self, holder_id ? SQL_BEYOND : SQL_OPEN, holder_id ? holder_id : number, ids);
    struct order order;

    for (size_t i = 0; i < n; i++) {
        if (!find(self, SQL_FIND, ids[i], &order))
            continue;
        if (order.state == COUPON__ORDER_STATE__ORDER_OPEN) {
            order_undo(self, &order, COUPON__ORDER_STATE__ORDER_ENDED, call);
        } else {
            destroy_address(self, &order);
            put(self, &order);
        }
        if (holder_id)
            return true; /* the others may be within it now */
    }
    return n == SLICE;
}

/* ---- what she takes away ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct coupon *self = arg;
    unsigned statement = self->orders.sql + SQL_HERS_AFTER;
    struct arena *arena = rpc_arena(export->call);
    bool more = true;
    struct order order;

    store_ask(self->store, statement, "iii", export->member_id, export->after, (int64_t)LIMIT_EXPORT_PAGE + 1);
    while (more && next(self, SQL_HERS_AFTER, &order)) {
        Coupon__KeptOrder *kept = arena_message(arena, &coupon__kept_order__descriptor);

        if (kept) {
            kept->order = order_message(self, &order, export->call);
            kept->address = order_address(self, &order, arena);
        }
        more = part_give(export, kept, order.id);
    }
    store_end(self->store, statement);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__OrderChanged *changed = event->order_changed;
    struct order order;

    (void)row;
    told[0] += event->event_case == COUPON__EVENT__EVENT_ADDRESS_SEEN;
    if (event->event_case != COUPON__EVENT__EVENT_ORDER_CHANGED)
        return true;
    *part_word(&self->parts, &orders_part, 0, changed->order_id) = (int64_t)changed->state;
    *part_word(&self->parts, &orders_part, 1, changed->order_id) = changed->off_fen;
    return find(self, SQL_FIND, changed->order_id, &order) && order.goods_id == changed->goods_id &&
           order.member_id == changed->member_id && order.count == changed->count && order.points == changed->points &&
           order.price_fen == changed->price_fen && order.corner_id == changed->corner_id;
}

static const struct part_stray strays[] = {
    {"order", "did not cost the points that it says",
     "SELECT order_id FROM shop_order o LEFT JOIN points_entry e ON e.entry_id = o.entry_id WHERE o.points <> "
     "coalesce(-e.points, 0) OR (e.entry_id IS NOT NULL AND (e.kind <> 3 OR e.cause_id <> order_id)) LIMIT 1"},
    {"order", "came to nothing, and its points were not given back",
     "SELECT order_id FROM shop_order o JOIN points_taken t ON t.entry_id = o.entry_id AND t.back = 0 WHERE NOT " STANDS
     " AND (SELECT coalesce(holder_id, 0) FROM account_gone g WHERE g.member_id = o.member_id) IS NOT 0 LIMIT 1"},
    {"order", "stands, and its points were given back",
     "SELECT order_id FROM shop_order o JOIN points_taken t ON t.entry_id = o.entry_id AND t.back = 1 WHERE " STANDS
     " LIMIT 1"},
    {"member", "has ordered more than one may",
     "SELECT o.member_id FROM shop_order o JOIN goods g USING (goods_id) WHERE o." STANDS
     " GROUP BY o.member_id, goods_id HAVING min(per_person) > 0 AND sum(o.count) > min(per_person) LIMIT 1"},
    {"order", "came to nothing, and has an address",
     "SELECT order_id FROM shop_order WHERE NOT " STANDS " AND sealed <> x'' LIMIT 1"},
    {"order", "the account is closed, and it is open",
     "SELECT order_id FROM account_gone JOIN shop_order USING (member_id) WHERE holder_id IS NULL AND settled = 1 AND "
     "(state = 1 OR sealed <> x'') LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec orders_part = {
    .tables = "shop_order shop_look",
    .others = "shop_order.count shop_order.points shop_order.entry_id shop_order.price_fen shop_order.off_fen "
              "shop_order.serial shop_order.back",
    .steps = &orders_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(order_id) FROM shop_order), 0), "
               "coalesce((SELECT max(look_id) FROM shop_look), 0))",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"looks at addresses", "SELECT count(*) FROM shop_look"}},
    .words = {{"order", "SELECT order_id, state FROM shop_order ORDER BY order_id"},
              {"what a fair took off an order", "SELECT order_id, off_fen FROM shop_order ORDER BY order_id"}},
    .strays = strays,
    .exports = {{&coupon__address_look__descriptor,
                 "SELECT look_id, look_id, order_id, at FROM shop_look WHERE " HOLDER_HERS
                 " AND look_id > ?2 ORDER BY look_id LIMIT ?3"}},
    .on_export = on_export,
    .closed =
        {"-- what is open ends and what is sealed is destroyed (settle); that something was given stays on account "
         "under a number that tells nobody who she was"},
    .merged =
        {"-- they stay under their number, and are hers who holds it; open ones beyond what one may end (settle)"},
    .settle = settle,
};
