/* Orders: by who orders, at a corner, and by who sends them. */
#include "common/benefit/bookings/bookings.h"
#include "common/pass/qr.h"
#include "services/coupon/api.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/points/points.h"
#include "services/coupon/shop/corners.h"
#include "services/coupon/shop/fairs.h"
#include "services/coupon/shop/goods.h"
#include "services/coupon/shop/orders_internal.h"

/* ---- messages ---- */

bool order_is_frozen(const struct coupon *self, const struct order *order, void *call)
{
    struct audience_rules audience;

    return order->state == COUPON__ORDER_STATE__ORDER_OPEN &&
           audience_find(&self->audience, order->goods_id, &audience) &&
           frozen_to(self, order->member_id, audience.path, rpc_now(call));
}

Coupon__Order *order_message(const struct coupon *self, const struct order *order, void *call)
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
    message->frozen = order_is_frozen(self, order, call);
    message->looks = order_looks(self, order->id);
    return message;
}

/* A page of a member's, or of some goods'. */
static void reply_list(struct coupon *self, int64_t of, bool goods, Coupon__OrderList_Closure reply, void *call)
{
    struct order *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    Coupon__OrderList list = COUPON__ORDER_LIST__INIT;
    size_t n = found ? orders_page(self, of, goods, call, found) : 0;

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

/* Counted, with when the last of them was ordered and how many before her. */
static bool refuse_order(struct coupon *self, const Coupon__Goods *goods, int reason, const char *field, void *call)
{
    if (!reason)
        return false;
    number_count_goods(self, goods->goods_id, reason, call);
    if (reason == COUPON__REASON__GOODS_SOLD_OUT) {
        int64_t gone_at = number_goods_gone_at(self, goods->goods_id);

        rpc_fact_number(call, "left", goods_left(self, goods));
        rpc_fact_number(call, "cameBefore", goods->sold);
        if (gone_at)
            rpc_fact_time(call, "soldOutAt", gone_at);
    }
    return field ? rpc_refuse_field_if(call, reason, field) : rpc_refuse_if(call, reason);
}

/* rpc CreateOrder: stock and points are taken at once; what is due in money is paid where it is picked up. */
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
    if (refuse_order(self, goods, terms.reason, NULL, call))
        return;
    reason = way_refusal(self, req, goods, &field);
    if (refuse_order(self, goods, reason, field, call))
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
    if (rpc_refuse_field_if(
            call, req->address && !order_seal(self, req->address, call, &order) ? RPC__REASON__TOO_LONG : 0, "address"))
        return;
    reason = take(self, goods, &terms, &order, call);
    if (refuse_order(self, goods, reason, NULL, call))
        return;
    number_ordered(self, goods->goods_id, order.price_fen - order.off_fen, goods_left(self, goods) == 0, call);
    order_add(self, &order, call);
    rpc_created(call);
    reply(order_message(self, &order, call), call);
}

/* rpc ListOrders: the caller's, newest first. */
static void orders__list_orders(Coupon__Orders_Service *service, const Coupon__ListOrdersRequest *req,
                                Coupon__OrderList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);

    (void)req;
    reply_list(self, rpc_principal(call)->member_id, false, reply, call);
}

/* Somebody else's is not told apart from none. */
static bool order_of_member(const struct coupon *self, int64_t order_id, void *call, struct order *ret)
{
    if (orders_find(self, order_id, ret) && holder_is(&self->holders, rpc_principal(call)->member_id, ret->member_id))
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
        order_undo(self, &order, COUPON__ORDER_STATE__ORDER_CANCELLED, call);
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
        !orders_find_serial(self, (int64_t)code.subject, ret)) {
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
    if (rpc_refuse_if(call, order_is_frozen(self, &order, call) ? COUPON__REASON__IS_FROZEN : 0))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN) {
        if (req->paid_fen != order.price_fen - order.off_fen) {
            rpc_fact_number(call, "dueFen", order.price_fen - order.off_fen);
            rpc_refuse_field(call, COUPON__REASON__PAYMENT_DIFFERS, "paidFen");
            return;
        }
        order_fulfil(self, &order, COUPON__ORDER_STATE__ORDER_HANDED_OVER, call);
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
    reply_list(self, req->goods_id, true, reply, call);
}

static bool order_of_official(const struct coupon *self, int64_t order_id, void *call, struct order *ret)
{
    if (orders_find(self, order_id, ret))
        return goods_are_of_official(self, ret->goods_id, COUPON__REASON__ORDER_NOT_FOUND, call);
    rpc_refuse(call, COUPON__REASON__ORDER_NOT_FOUND);
    return false;
}

/* rpc ShowAddress: a look that is on record. */
static void orders__show_address(Coupon__Orders_Service *service, const Coupon__OrderRequest *req,
                                 Coupon__Address_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    Coupon__Address *address;
    struct order order;

    if (!order_of_official(self, req->order_id, call, &order))
        return;
    if (order.sealed.len == 0) {
        rpc_refuse(call, COUPON__REASON__ADDRESS_GONE);
        return;
    }
    address = order_address(self, &order, rpc_arena(call));
    if (rpc_refuse_if(call, address ? 0 : RPC__REASON__STORE_FAILED))
        return;
    order_look(self, &order, call);
    reply(address, call);
}

/* rpc PostOrder: again with the same: as it is. */
static void orders__post_order(Coupon__Orders_Service *service, const Coupon__PostOrderRequest *req,
                               Coupon__Order_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, orders_service);
    struct order order;

    if (!order_of_official(self, req->order_id, call, &order) ||
        rpc_refuse_if(call, order_is_frozen(self, &order, call) ? COUPON__REASON__IS_FROZEN : 0))
        return;
    if (order.state == COUPON__ORDER_STATE__ORDER_OPEN && !order.corner_id) {
        snprintf(order.tracking, sizeof(order.tracking), "%s", req->tracking);
        order_fulfil(self, &order, COUPON__ORDER_STATE__ORDER_POSTED, call);
        order_tell_her(self, &order, NOTICE__NOTICE_KIND__ORDER_POSTED, call);
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
        order_undo(self, &order, COUPON__ORDER_STATE__ORDER_REFUSED, call);
    } else if (order.state != COUPON__ORDER_STATE__ORDER_REFUSED) {
        rpc_refuse(call, COUPON__REASON__ORDER_OVER);
        return;
    }
    reply(order_message(self, &order, call), call);
}

const Coupon__Orders_Service orders_api = COUPON__ORDERS__INIT(orders__);
