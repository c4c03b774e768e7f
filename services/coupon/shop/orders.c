#include "services/coupon/shop/orders.h"

#include "common/benefit/bookings/bookings.h"
#include "common/pass/qr.h"
#include "services/coupon/api.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/points/points.h"
#include "services/coupon/shop/corners.h"
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

/* Nobody finds it in the store's files any more. */
static void destroy_address(struct coupon *self, struct order *order)
{
    self->parts.erased |= order->sealed.len > 0;
    order->sealed.len = 0;
}

/* In the arena; NULL: there is none, it does not open, or memory is full. */
static Coupon__Address *open_address(const struct coupon *self, const struct order *order, struct arena *arena)
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

/* She is told of what others did. */
static void tell_her(struct coupon *self, const struct order *order, int kind, void *call)
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

/* It comes to nothing: all that it took goes back. */
static void undo(struct coupon *self, struct order *order, int state, void *call)
{
    goods_give_back(self, order->goods_id, order->count);
    if (order->entry_id)
        order->back = points_give_back(self, order->entry_id, call);
    granted_set(&self->granted, order->id, order->member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    destroy_address(self, order);
    end(self, order, state, call);
    if (state != COUPON__ORDER_STATE__ORDER_CANCELLED)
        tell_her(self, order, NOTICE__NOTICE_KIND__ORDER_ENDED, call);
}

/* It is hers for good. */
static void fulfil(struct coupon *self, struct order *order, int state, void *call)
{
    granted_set(&self->granted, order->id, order->member_id, GRANTED__GRANT_STATE__SPENT, call);
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

/* ---- messages ---- */

/* Whether the goods are for members of a union that she has left. */
static bool is_frozen(const struct coupon *self, const struct order *order, void *call)
{
    struct audience_rules audience;

    return order->state == COUPON__ORDER_STATE__ORDER_OPEN &&
           audience_find(&self->audience, order->goods_id, &audience) &&
           frozen_to(self, order->member_id, audience.path, rpc_now(call));
}

/* NULL when the call's memory is full. */
static Coupon__Order *order_message(const struct coupon *self, const struct order *order, void *call)
{
    Coupon__Order *message = arena_message(rpc_arena(call), &coupon__order__descriptor);
    char *path;
    const Coupon__Goods *goods = goods_find(self, order->goods_id, call, &path);

    if (!message || !goods)
        return NULL;
    message->order_id = order->id;
    message->goods_id = order->goods_id;
    message->title = goods->title;
    message->count = (int32_t)order->count;
    message->points = order->points;
    message->price_fen = order->price_fen;
    message->off_fen = order->off_fen;
    message->due_fen = order->price_fen - order->off_fen;
    message->corner_id = order->corner_id;
    message->state = (Coupon__OrderState)order->state;
    message->ordered_at = order->at;
    message->until = order->until;
    message->ended_at = order->ended_at;
    message->tracking = rpc_text(call, order->tracking);
    message->remark = rpc_text(call, order->reason);
    message->points_back = order->back;
    message->frozen = is_frozen(self, order, call);
    store_ask(self->store, self->orders.sql + SQL_LOOKS, "i", order->id);
    message->looks = (int32_t)store_number(self->store, self->orders.sql + SQL_LOOKS);
    return message;
}

/* A page of what a question gives. */
static void reply_list(struct coupon *self, unsigned which, Coupon__OrderList_Closure reply, void *call)
{
    struct order *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    Coupon__OrderList list = COUPON__ORDER_LIST__INIT;
    size_t n = 0;

    while (found && n < rpc_page(call)->limit && next(self, which, &found[n]))
        n++;
    store_end(self->store, self->orders.sql + which);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, orders, order_message(self, &found[i], call));
    reply(&list, call);
}

/* ---- a member's ---- */

/* Where it goes: 0, or a Reason with its field. */
static int way_refusal(const struct coupon *self, const Coupon__CreateOrderRequest *req, const Coupon__Goods *goods,
                       const char **ret_field)
{
    struct corner corner;
    bool there = false;

    *ret_field = "cornerId";
    if ((req->corner_id != 0) == (req->address != NULL))
        return COUPON__REASON__NOWHERE_TO_GET_IT;
    if (req->address) {
        *ret_field = "address";
        return goods->posted ? 0 : COUPON__REASON__NOT_BY_POST;
    }
    for (size_t i = 0; i < goods->n_corner_ids; i++)
        there |= goods->corner_ids[i] == req->corner_id;
    return there && corners_find(self, req->corner_id, &corner) && !corner.closed ? 0
                                                                                  : COUPON__REASON__NOT_PICKED_UP_THERE;
}

static bool seal(const struct coupon *self, const Coupon__Address *address, void *call, struct order *order)
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

/* Stock, points and what a fair takes off. 0 or a Reason. */
static int take(struct coupon *self, const Coupon__Goods *goods, const struct order_terms *terms, struct order *order,
                void *call)
{
    const struct grant grant = {
        .source_id = order->id,
        .member_id = order->member_id,
        .ceiling_key = granted_key(terms->union_id, FAIR_CEILING),
        .ceiling_fen = terms->ceiling_fen,
        .fen = terms->off_fen,
    };
    int reason = goods_take(self, goods->goods_id, order->count) ? 0 : COUPON__REASON__GOODS_SOLD_OUT;

    if (!reason && terms->points)
        reason = points_spend(self, goods->ledger_id, terms->points, order->id, call, &order->entry_id);
    if (!reason && terms->off_fen)
        reason = granted_note(&self->granted, &grant, call);
    return reason;
}

/* rpc CreateOrder: what is due in money is paid when it is picked up; paying at once comes with payments. */
static void orders__create_order(Coupon__Orders_Service *service, const Coupon__CreateOrderRequest *req,
                                 Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order = {.goods_id = req->goods_id, .count = req->count ? req->count : 1};
    char *path;
    const Coupon__Goods *goods = goods_find(self, req->goods_id, call, &path);
    struct order_terms terms;
    const char *field;
    int reason;

    if (!goods || goods->state == COUPON__GOODS_STATE__GOODS_DRAFTED) {
        rpc_refuse(call, COUPON__REASON__GOODS_NOT_FOUND);
        return;
    }
    order_judge(self, goods, path, order.count, call, &terms);
    if (rpc_refuse_if(call, terms.reason))
        return;
    reason = way_refusal(self, req, goods, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    order.id = id_next(&self->ids, rpc_now(call));
    order.member_id = rpc_principal(call)->member_id;
    order.points = terms.points;
    order.price_fen = terms.price_fen;
    order.off_fen = terms.off_fen;
    order.state = COUPON__ORDER_STATE__ORDER_OPEN;
    order.corner_id = req->corner_id;
    order.serial = random_id(call);
    order.at = rpc_now(call);
    order.until = order.at + goods->wait_days * COUPON_DAY_MS;
    if (rpc_refuse_field_if(call, req->address && !seal(self, req->address, call, &order) ? RPC__REASON__TOO_LONG : 0,
                            "address"))
        return;
    reason = take(self, goods, &terms, &order, call);
    if (rpc_refuse_if(call, reason))
        return;
    store_run(self->store, self->orders.sql + SQL_ADD, "iiiiiiiiiiiib", order.id, order.goods_id, order.member_id,
              order.count, order.points, order.entry_id, order.price_fen, order.off_fen, order.corner_id, order.serial,
              order.at, order.until, order.sealed.bytes, order.sealed.len);
    say(&order, call);
    rpc_created(call);
    reply(order_message(self, &order, call), call);
}

/* rpc ListOrders: the caller's, newest first. */
static void orders__list_orders(Coupon__Orders_Service *service, const Coupon__ListOrdersRequest *req,
                                Coupon__OrderList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);

    (void)req;
    store_ask(self->store, self->orders.sql + SQL_HERS, "iiii", rpc_principal(call)->member_id, rpc_page(call)->before,
              (int64_t)rpc_page(call)->limit, rpc_page(call)->states);
    reply_list(self, SQL_HERS, reply, call);
}

/* Somebody else's is not told apart from none. */
static bool order_of_member(const struct coupon *self, int64_t order_id, void *call, struct order *ret)
{
    if (find(self, SQL_FIND, order_id, ret) &&
        holder_is(&self->holders, rpc_principal(call)->member_id, ret->member_id))
        return true;
    rpc_refuse(call, COUPON__REASON__ORDER_NOT_FOUND);
    return false;
}

/* rpc GetOrder: the caller's. */
static void orders__get_order(Coupon__Orders_Service *service, const Coupon__OrderRequest *req,
                              Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (order_of_member(self, req->order_id, call, &order))
        reply(order_message(self, &order, call), call);
}

/* rpc CancelOrder: again does nothing. */
static void orders__cancel_order(Coupon__Orders_Service *service, const Coupon__OrderRequest *req,
                                 Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (!order_of_member(self, req->order_id, call, &order))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN) {
        undo(self, &order, COUPON__ORDER_STATE__ORDER_CANCELLED, call);
    } else if (order.state != COUPON__ORDER_STATE__ORDER_CANCELLED) {
        rpc_refuse(call, COUPON__REASON__ORDER_OVER);
        return;
    }
    reply(order_message(self, &order, call), call);
}

/* rpc GetOrderCode: of one that is to be picked up. */
static void orders__get_order_code(Coupon__Orders_Service *service, const Coupon__OrderRequest *req,
                                   Coupon__OrderCode_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    Coupon__OrderCode message = COUPON__ORDER_CODE__INIT;
    unsigned char key[PASS_TURN_KEY_LEN];
    char code[PASS_CODE_SIZE];
    struct order order;
    uint16_t key_id;

    if (!order_of_member(self, req->order_id, call, &order))
        return;
    if (order.state != COUPON__ORDER_STATE__ORDER_OPEN || !order.corner_id) {
        rpc_refuse(call, COUPON__REASON__ORDER_OVER);
        return;
    }
    if (!pass_code_make(self->tills, PASS_SCREEN, (uint64_t)order.serial, rpc_now(call), code) ||
        !pass_turn_key(self->tills, PASS_SCREEN, (uint64_t)order.serial, &key_id, key)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    message.order_id = order.id;
    message.code = code;
    message.svg = qr_svg_text(code, rpc_arena(call));
    message.changes_at = pass_changes_at(rpc_now(call));
    message.turn_key = (ProtobufCBinaryData){sizeof(key), key};
    reply(message.svg ? &message : NULL, call);
}

/* ---- at a corner ---- */

/* Which order a code is of, at a corner where the caller hands out. False after refusing. */
static bool order_of_code(const struct coupon *self, int64_t corner_id, const char *text, void *call, struct order *ret)
{
    struct pass_code code;

    if (!corner_of_staff(self, corner_id, call))
        return false;
    if (pass_code_check(self->tills, text, strlen(text), rpc_now(call), &code) != PASS_OK || code.kind != PASS_SCREEN ||
        !find(self, SQL_FIND_SERIAL, (int64_t)code.subject, ret)) {
        rpc_refuse_field(call, COUPON__REASON__ORDER_CODE_INVALID, "code");
        return false;
    }
    if (ret->corner_id == corner_id)
        return true;
    rpc_refuse(call, COUPON__REASON__ORDER_AT_ANOTHER_CORNER);
    return false;
}

/* rpc ScanOrder: changes nothing. */
static void orders__scan_order(Coupon__Orders_Service *service, const Coupon__CornerCodeRequest *req,
                               Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (order_of_code(self, req->corner_id, req->code, call, &order))
        reply(order_message(self, &order, call), call);
}

/* rpc HandOver: again, by the same person: as it is. */
static void orders__hand_over(Coupon__Orders_Service *service, const Coupon__HandOverRequest *req,
                              Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (!order_of_code(self, req->corner_id, req->code, call, &order))
        return;
    if (rpc_refuse_if(call, is_frozen(self, &order, call) ? COUPON__REASON__IS_FROZEN : 0))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN) {
        if (req->paid_fen != order.price_fen - order.off_fen) {
            rpc_fact_number(call, "dueFen", order.price_fen - order.off_fen);
            rpc_refuse_field(call, COUPON__REASON__PAYMENT_DIFFERS, "paidFen");
            return;
        }
        fulfil(self, &order, COUPON__ORDER_STATE__ORDER_HANDED_OVER, call);
    } else if (order.state != COUPON__ORDER_STATE__ORDER_HANDED_OVER ||
               order.ended_by != rpc_principal(call)->member_id) {
        rpc_fact_time(call, "endedAt", order.ended_at);
        rpc_refuse(call, COUPON__REASON__ORDER_OVER);
        return;
    }
    reply(order_message(self, &order, call), call);
}

/* ---- officials ---- */

static bool goods_are_of_official(const struct coupon *self, int64_t goods_id, int missing, void *call)
{
    char *path;

    if (goods_find(self, goods_id, call, &path))
        return shop_is_official(path, call);
    rpc_refuse(call, missing);
    return false;
}

/* rpc ListGoodsOrders: newest first. */
static void orders__list_goods_orders(Coupon__Orders_Service *service, const Coupon__ListGoodsOrdersRequest *req,
                                      Coupon__OrderList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);

    if (!goods_are_of_official(self, req->goods_id, COUPON__REASON__GOODS_NOT_FOUND, call))
        return;
    store_ask(self->store, self->orders.sql + SQL_OF_GOODS, "iiii", req->goods_id, rpc_page(call)->before,
              (int64_t)rpc_page(call)->limit, rpc_page(call)->states);
    reply_list(self, SQL_OF_GOODS, reply, call);
}

static bool order_of_official(const struct coupon *self, int64_t order_id, void *call, struct order *ret)
{
    if (find(self, SQL_FIND, order_id, ret))
        return goods_are_of_official(self, ret->goods_id, COUPON__REASON__ORDER_NOT_FOUND, call);
    rpc_refuse(call, COUPON__REASON__ORDER_NOT_FOUND);
    return false;
}

/* rpc ShowAddress: a look that is on record. */
static void orders__show_address(Coupon__Orders_Service *service, const Coupon__OrderRequest *req,
                                 Coupon__Address_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    Coupon__AddressSeen seen = COUPON__ADDRESS_SEEN__INIT;
    Coupon__Address *address;
    struct order order;

    if (!order_of_official(self, req->order_id, call, &order))
        return;
    if (order.sealed.len == 0) {
        rpc_refuse(call, COUPON__REASON__ADDRESS_GONE);
        return;
    }
    address = open_address(self, &order, rpc_arena(call));
    if (rpc_refuse_if(call, address ? 0 : RPC__REASON__STORE_FAILED))
        return;
    store_run(self->store, self->orders.sql + SQL_ADD_LOOK, "iiiii", id_next(&self->ids, rpc_now(call)), order.id,
              order.member_id, rpc_principal(call)->member_id, rpc_now(call));
    seen.order_id = order.id;
    seen.member_id = order.member_id;
    rpc_tell(call, &seen.base);
    reply(address, call);
}

/* rpc PostOrder: again with the same: as it is. */
static void orders__post_order(Coupon__Orders_Service *service, const Coupon__PostOrderRequest *req,
                               Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (!order_of_official(self, req->order_id, call, &order) ||
        rpc_refuse_if(call, is_frozen(self, &order, call) ? COUPON__REASON__IS_FROZEN : 0))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN && !order.corner_id) {
        snprintf(order.tracking, sizeof(order.tracking), "%s", req->tracking);
        fulfil(self, &order, COUPON__ORDER_STATE__ORDER_POSTED, call);
        tell_her(self, &order, NOTICE__NOTICE_KIND__ORDER_POSTED, call);
    } else if (order.state != COUPON__ORDER_STATE__ORDER_POSTED || strcmp(order.tracking, req->tracking) != 0) {
        rpc_refuse(call, order.state == COUPON__ORDER_STATE__ORDER_OPEN ? COUPON__REASON__NOT_BY_POST
                                                                        : COUPON__REASON__ORDER_OVER);
        return;
    }
    reply(order_message(self, &order, call), call);
}

/* rpc RefuseOrder: again does nothing. */
static void orders__refuse_order(Coupon__Orders_Service *service, const Coupon__RefuseOrderRequest *req,
                                 Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (!order_of_official(self, req->order_id, call, &order))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN) {
        snprintf(order.reason, sizeof(order.reason), "%s", req->reason);
        undo(self, &order, COUPON__ORDER_STATE__ORDER_REFUSED, call);
    } else if (order.state != COUPON__ORDER_STATE__ORDER_REFUSED) {
        rpc_refuse(call, COUPON__REASON__ORDER_OVER);
        return;
    }
    reply(order_message(self, &order, call), call);
}

const Coupon__Orders_Service orders_api = COUPON__ORDERS__INIT(orders__);

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
            undo(self, &order, COUPON__ORDER_STATE__ORDER_LAPSED, call);
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
            undo(self, &order, COUPON__ORDER_STATE__ORDER_ENDED, call);
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
            kept->address = open_address(self, &order, arena);
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
