/* Purchases without network, which are handed in later: each is judged as of its own time. */
#include "services/coupon/till/counter_api.h"
#include "services/coupon/till/purses.h"

#define CHINA_MS INT64_C(28800000)

/* Whether a device has taken more on one day without network than it may. */
static bool is_too_much(struct coupon *self, const struct sale *sale)
{
    int64_t day = sale->at - (sale->at + CHINA_MS) % COUPON_DAY_MS, n;
    int64_t fen = sales_offline(&self->sales, sale->device_id, day, day + COUPON_DAY_MS, &n);

    return fen + sale->discount_fen > SALE_OFFLINE_FEN || n >= SALE_OFFLINE_SALES;
}

/* What becomes of one: 0 or the Reason for which it is refused. */
static int judge(struct coupon *self, const Coupon__UploadSale *item, const struct scanner *scanner, void *call,
                 struct counter *counter, struct sale *sale)
{
    struct purchase purchase = {
        .branch_id = sale->branch_id, .purchase_fen = sale->purchase_fen, .at = sale->at, .goods = sale->goods};
    struct purse purse;
    int reason = counter_doubt(self, scanner, sale->at, call);

    if (!reason && (item->purchase_fen <= 0 || item->purchase_fen > SALE_PURCHASE_MAX))
        reason = COUPON__REASON__PURCHASE_MISSING;
    if (!reason)
        reason = purse_read(self, item->text, sale->at, &purse);
    if (reason)
        return reason;
    sale->member_id = purchase.member_id = purse.member_id;
    purchase.coupon_id = purse.coupon_id;
    reason = counter_decide(self, &purchase, call, counter);
    if (reason)
        return reason;
    sale->discount_fen = counter->discount_fen;
    return is_too_much(self, sale) ? COUPON__REASON__OFFLINE_TOO_MUCH : 0;
}

static void take(struct coupon *self, const Coupon__UploadSale *item, const struct scanner *scanner, int64_t behind_ms,
                 void *call, struct counter *counter, struct sale *ret)
{
    struct redemption redemptions[SALE_COUPONS_MAX];
    char ref[SALE_REF];
    size_t n = 0;

    scanner_ref(item->sale_ref, item->text, item->at, ref);
    if (sales_find_ref(&self->sales, scanner->id, ref, ret))
        return;
    *ret = (struct sale){.branch_id = scanner->place_id,
                         .merchant_id = shop_find(self, scanner->place_id)->merchant_id,
                         .device_id = scanner->id,
                         .purchase_fen = item->purchase_fen > 0 ? item->purchase_fen : 0,
                         .goods = (int)item->goods,
                         .at = scanner_time(item->at, behind_ms),
                         .decided_at = rpc_now(call),
                         .offline = true};
    memcpy(ret->ref, ref, sizeof(ref));
    ret->refusal = judge(self, item, scanner, call, counter, ret);
    ret->state = ret->refusal ? COUPON__SALE_STATE__SALE_REFUSED : COUPON__SALE_STATE__SALE_REDEEMED;
    if (ret->refusal)
        ret->discount_fen = 0;
    else
        n = counter_redemptions(counter, redemptions);
    sale_make(self, ret, redemptions, n, call);
}

/* rpc UploadSales: each gets its own answer. */
void sales__upload_sales(Coupon__Sales_Service *service, const Coupon__UploadSalesRequest *req,
                         Coupon__SaleList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct counter *counter = arena_alloc(rpc_arena(call), sizeof(*counter));
    Coupon__SaleList list = COUPON__SALE_LIST__INIT;
    struct scanner scanner;
    struct sale sale;

    if (rpc_refuse_if(call, counter ? 0 : RPC__REASON__OVERLOADED) ||
        !counter_of_staff(self, req->branch_id, req->device_id, false, call, &scanner))
        return;
    if (req->n_items > SALE_UPLOAD) {
        rpc_fact_number(call, "maxItems", SALE_UPLOAD);
        rpc_refuse_field(call, RPC__REASON__TOO_MANY_ITEMS, "items");
        return;
    }
    if (req->device_now > 0)
        list.clock_behind_ms = rpc_now(call) - req->device_now;
    for (size_t i = 0; i < req->n_items; i++) {
        take(self, req->items[i], &scanner, list.clock_behind_ms, call, counter, &sale);
        rpc_add(call, &list, sales, sale_message(self, &sale, call));
    }
    reply(&list, call);
}
