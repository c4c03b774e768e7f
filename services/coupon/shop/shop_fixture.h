/* shop_fixture.h: a shop with a corner, and people who order. */
#pragma once
#include "services/coupon/points/points_fixture.h"
#include "services/coupon/shop/orders.h"

#define STAFF 800

static inline const Coupon__Order *order_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__order__descriptor);
}

static inline const Coupon__Goods *goods_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__goods__descriptor);
}

/* ---- corners ---- */

static inline const Rpc__Answer *set_corner_staff(int64_t corner_id, int64_t member_id, bool off,
                                                  const Rpc__Principal *who)
{
    Coupon__SetCornerStaffRequest request = COUPON__SET_CORNER_STAFF_REQUEST__INIT;

    request.corner_id = corner_id;
    request.member_id = member_id;
    request.off = off;
    return points_call("Corners.SetCornerStaff", &request.base, who);
}

static inline int64_t a_corner_of(const char *path)
{
    Coupon__CreateCornerRequest request = COUPON__CREATE_CORNER_REQUEST__INIT;
    Coupon__Corner corner = COUPON__CORNER__INIT;
    const Coupon__Corner *made;

    corner.union_id = a_union(&h, path);
    corner.name = "一楼职工e家";
    corner.address = "亲仁路6号";
    corner.hours = "工作日 9:00-18:00";
    request.corner = &corner;
    made = harness_output(&h, points_call("Corners.CreateCorner", &request.base, manager_at(901, path)),
                          &coupon__corner__descriptor);
    assert_ok(set_corner_staff(made->corner_id, STAFF, false, manager_at(901, path)));
    return made->corner_id;
}

static inline const Rpc__Answer *on_corner(const char *method, int64_t corner_id, const Rpc__Principal *who)
{
    Coupon__CornerRequest request = COUPON__CORNER_REQUEST__INIT;

    request.corner_id = corner_id;
    return points_call(method, &request.base, who);
}

/* ---- goods ---- */

/* Of UNION, for points and money, ten of them, picked up at a corner. */
static inline Coupon__Goods a_goods_draft(int64_t ledger_id, int64_t points, int64_t price_fen,
                                          const int64_t *corner_id)
{
    Coupon__Goods goods = COUPON__GOODS__INIT;

    goods.union_id = a_union(&h, UNION);
    goods.title = "东北大米5kg";
    goods.ledger_id = points ? ledger_id : 0;
    goods.points = points;
    goods.price_fen = price_fen;
    goods.market_fen = 5990;
    goods.stock = 10;
    goods.corner_ids = unconst(corner_id);
    goods.n_corner_ids = corner_id ? 1 : 0;
    goods.posted = !corner_id;
    return goods;
}

static inline const Rpc__Answer *create_goods(Coupon__Goods *goods, const Rpc__Principal *who)
{
    Coupon__CreateGoodsRequest request = COUPON__CREATE_GOODS_REQUEST__INIT;

    request.goods = goods;
    return points_call("Shop.CreateGoods", &request.base, who);
}

static inline const Rpc__Answer *on_goods(const char *method, int64_t goods_id, const Rpc__Principal *who)
{
    Coupon__GoodsRequest request = COUPON__GOODS_REQUEST__INIT;

    request.goods_id = goods_id;
    return points_call(method, &request.base, who);
}

static inline const Rpc__Answer *set_stock(int64_t goods_id, int64_t stock)
{
    Coupon__SetStockRequest request = COUPON__SET_STOCK_REQUEST__INIT;

    request.goods_id = goods_id;
    request.stock = stock;
    return points_call("Shop.SetStock", &request.base, manager(901));
}

/* Offered. */
static inline int64_t offer(Coupon__Goods goods)
{
    int64_t goods_id = goods_in(create_goods(&goods, manager(901)))->goods_id;

    assert_ok(on_goods("Shop.OfferGoods", goods_id, manager(901)));
    return goods_id;
}

static inline const Coupon__ShopOfferList *list_shop(const Rpc__Principal *who)
{
    Coupon__ShopRequest request = COUPON__SHOP_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Shop.ListShop", &request.base, who, NULL),
                          &coupon__shop_offer_list__descriptor);
}

static inline const Coupon__ShopOffer *offer_of(int64_t goods_id, int64_t member_id)
{
    const Coupon__ShopOfferList *list = list_shop(harness_member(&h, member_id, TOWN));

    for (size_t i = 0; i < list->n_offers; i++) {
        if (list->offers[i]->goods->goods_id == goods_id)
            return list->offers[i];
    }
    return NULL;
}

static inline int64_t sold_of(int64_t goods_id)
{
    return goods_in(on_goods("Shop.OfferGoods", goods_id, manager(901)))->sold;
}

/* ---- fairs ---- */

static inline const Rpc__Answer *create_fair(int32_t percent_off, int64_t ceiling_fen, int64_t from, int64_t until)
{
    Coupon__CreateFairRequest request = COUPON__CREATE_FAIR_REQUEST__INIT;
    Coupon__Fair fair = COUPON__FAIR__INIT;

    fair.union_id = a_union(&h, UNION);
    fair.title = "年货节";
    fair.percent_off = percent_off;
    fair.ceiling_fen = ceiling_fen;
    fair.from = from;
    fair.until = until;
    request.fair = &fair;
    return points_call("Fairs.CreateFair", &request.base, manager(901));
}

/* ---- orders ---- */

static inline const Rpc__Answer *order_with(int64_t goods_id, const Rpc__Principal *who, int32_t count,
                                            int64_t corner_id, const char *key)
{
    Coupon__CreateOrderRequest request = COUPON__CREATE_ORDER_REQUEST__INIT;

    request.goods_id = goods_id;
    request.count = count;
    request.corner_id = corner_id;
    return harness_call(&h, "Orders.CreateOrder", &request.base, who, key);
}

static inline const Rpc__Answer *order_some(int64_t goods_id, int64_t member_id, int32_t count, int64_t corner_id)
{
    static unsigned n;
    char key[24];

    snprintf(key, sizeof(key), "order-%u", n++);
    return order_with(goods_id, harness_member(&h, member_id, TOWN), count, corner_id, key);
}

static inline const Rpc__Answer *order_by_post_as(int64_t goods_id, const Rpc__Principal *who)
{
    Coupon__CreateOrderRequest request = COUPON__CREATE_ORDER_REQUEST__INIT;
    Coupon__Address address = COUPON__ADDRESS__INIT;

    address.name = "王小明";
    address.mobile = "16900000001";
    address.text = "禅城区人民路3号502";
    request.goods_id = goods_id;
    request.address = &address;
    return points_call("Orders.CreateOrder", &request.base, who);
}

static inline const Rpc__Answer *order_by_post(int64_t goods_id, int64_t member_id)
{
    return order_by_post_as(goods_id, harness_member(&h, member_id, TOWN));
}

static inline const Rpc__Answer *on_order(const char *method, int64_t order_id, const Rpc__Principal *who)
{
    Coupon__OrderRequest request = COUPON__ORDER_REQUEST__INIT;

    request.order_id = order_id;
    return points_call(method, &request.base, who);
}

static inline const Rpc__Answer *cancel(int64_t order_id, int64_t member_id)
{
    return on_order("Orders.CancelOrder", order_id, harness_member(&h, member_id, TOWN));
}

static inline const Coupon__Order *get_order(int64_t order_id, int64_t member_id)
{
    return order_in(on_order("Orders.GetOrder", order_id, harness_member(&h, member_id, TOWN)));
}

static inline const char *code_of(int64_t order_id, int64_t member_id)
{
    const Coupon__OrderCode *code =
        harness_output(&h, on_order("Orders.GetOrderCode", order_id, harness_member(&h, member_id, TOWN)),
                       &coupon__order_code__descriptor);

    return code->code;
}

static inline const Rpc__Answer *hand_over(int64_t corner_id, const char *code, int64_t paid_fen, int64_t staff)
{
    Coupon__HandOverRequest request = COUPON__HAND_OVER_REQUEST__INIT;

    request.corner_id = corner_id;
    request.code = unconst(code);
    request.paid_fen = paid_fen;
    return harness_call(&h, "Orders.HandOver", &request.base, harness_member(&h, staff, TOWN), NULL);
}

static inline const Rpc__Answer *scan_order(int64_t corner_id, const char *code, int64_t staff)
{
    Coupon__CornerCodeRequest request = COUPON__CORNER_CODE_REQUEST__INIT;

    request.corner_id = corner_id;
    request.code = unconst(code);
    return harness_call(&h, "Orders.ScanOrder", &request.base, harness_member(&h, staff, TOWN), NULL);
}

static inline const Rpc__Answer *post_order(int64_t order_id, const char *tracking, const Rpc__Principal *who)
{
    Coupon__PostOrderRequest request = COUPON__POST_ORDER_REQUEST__INIT;

    request.order_id = order_id;
    request.tracking = unconst(tracking);
    return points_call("Orders.PostOrder", &request.base, who);
}

static inline const Rpc__Answer *refuse_order(int64_t order_id, const Rpc__Principal *who)
{
    Coupon__RefuseOrderRequest request = COUPON__REFUSE_ORDER_REQUEST__INIT;

    request.order_id = order_id;
    request.reason = "缺货";
    return points_call("Orders.RefuseOrder", &request.base, who);
}
