#include "services/coupon/claim/frozen.h"
#include "services/coupon/till/counter_api.h"
#include "services/coupon/till/purses.h"
#include "services/coupon/till/spendings.h"

/* ---- messages ---- */

Coupon__SaleCoupon *counted_message(const struct counted *coupon, void *call)
{
    Coupon__SaleCoupon *message = arena_message(rpc_arena(call), &coupon__sale_coupon__descriptor);

    if (!message)
        return NULL;
    message->coupon_id = coupon->claim.coupon_id;
    message->release_id = coupon->claim.release_id;
    message->title = rpc_text(call, coupon->title);
    message->fen = coupon->face_fen;
    message->expires_at = coupon->expires_at;
    if (!coupon->taken)
        api_say(message, coupon->reason ? coupon->reason : COUPON__REASON__NOT_IN_BEST_SET);
    return message;
}

static Coupon__SaleCoupon *spent_message(struct coupon *self, const struct redemption *redemption, void *call)
{
    Coupon__SaleCoupon *message = arena_message(rpc_arena(call), &coupon__sale_coupon__descriptor);
    const struct terms *terms = terms_find(self, redemption->release_id);

    if (!message || !terms)
        return NULL;
    message->redemption_id = redemption->id;
    message->coupon_id = redemption->coupon_id;
    message->release_id = redemption->release_id;
    message->title = rpc_text(call, terms->title);
    message->fen = redemption->fen;
    message->expires_at = life_until(&terms->life, redemption->claimed_at, redemption->day);
    /* Of a purchase that was undone: whether it is good again. */
    if (redemption->state == COUPON__SALE_STATE__SALE_REVERSED && message->expires_at <= rpc_now(call))
        api_say(message, COUPON__REASON__COUPON_EXPIRED);
    return message;
}

/* In the arena, or NULL. */
static Coupon__Sale *made_message(struct coupon *self, const struct sale *sale, const struct redemption *redemptions,
                                  size_t n, void *call)
{
    Coupon__Sale *message = arena_message(rpc_arena(call), &coupon__sale__descriptor);
    const struct shop *shop = shop_find(self, sale->branch_id);

    if (!message)
        return NULL;
    message->sale_id = sale->id;
    message->branch_id = sale->branch_id;
    message->branch_name = rpc_text(call, shop ? shop->name : "");
    message->device_id = sale->device_id;
    message->sale_ref = rpc_text(call, sale->ref);
    message->state = (Coupon__SaleState)sale->state;
    message->purchase_fen = sale->purchase_fen;
    message->discount_fen = sale->discount_fen;
    message->pays_fen = sale->purchase_fen - sale->discount_fen;
    message->goods = (Coupon__GoodsClass)sale->goods;
    message->at = sale->at;
    message->locked_until = sale->state == COUPON__SALE_STATE__SALE_LOCKED ? sale->until : 0;
    message->reversed_at = sale->reversed_at;
    message->reverse_reason = rpc_text(call, sale->reverse_reason);
    message->offline = sale->offline;
    if (sale->refusal)
        api_say(message, sale->refusal);
    for (size_t i = 0; i < n; i++)
        rpc_add(call, message, coupons, spent_message(self, &redemptions[i], call));
    return message;
}

Coupon__Sale *sale_message(struct coupon *self, const struct sale *sale, void *call)
{
    struct redemption redemptions[SALE_COUPONS_MAX];
    size_t n = redemptions_of(&self->sales, sale->id, redemptions);

    return made_message(self, sale, redemptions, n, call);
}

static void reply_message(const Coupon__Sale *message, Coupon__Sale_Closure reply, void *call)
{
    if (message)
        reply(message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static void reply_sale(struct coupon *self, const struct sale *sale, Coupon__Sale_Closure reply, void *call)
{
    reply_message(sale_message(self, sale, call), reply, call);
}

/* ---- with network ---- */

/* The purchase just made, with what was left out. */
static void reply_made(struct coupon *self, const struct sale *sale, const struct redemption *redemptions, size_t n,
                       const struct counter *counter, Coupon__Sale_Closure reply, void *call)
{
    Coupon__Sale *message = made_message(self, sale, redemptions, n, call);

    for (size_t i = 0; message && i < counter->n; i++) {
        if (!counter->coupons[i].taken)
            rpc_add(call, message, left_out, counted_message(&counter->coupons[i], call));
    }
    reply_message(message, reply, call);
}

/* The purchase, its coupons kept or (at once) spent: how many; 0 after refusing. */
static size_t make(struct coupon *self, const Coupon__CreateSaleRequest *req, const struct scanner *scanner, void *call,
                   struct counter *counter, struct sale *ret, struct redemption ret_redemptions[SALE_COUPONS_MAX])
{
    int64_t now = rpc_now(call);
    struct purchase purchase = {.branch_id = req->branch_id,
                                .purchase_fen = req->purchase_fen,
                                .at = now,
                                .goods = (int)req->goods,
                                .chosen = req->coupon_ids,
                                .n_chosen = req->n_coupon_ids};
    struct purse purse;
    size_t n;
    int reason;

    if (rpc_refuse_field_if(call, purse_read(self, req->text, now, &purse), "text"))
        return 0;
    purchase.member_id = purse.member_id;
    purchase.coupon_id = purse.coupon_id;
    reason = counter_decide(self, &purchase, call, counter);
    if (reason) {
        counter_tell(self, counter, reason, call);
        rpc_refuse(call, reason);
        return 0;
    }
    n = counter_redemptions(counter, ret_redemptions);
    *ret = (struct sale){.branch_id = req->branch_id,
                         .merchant_id = shop_find(self, req->branch_id)->merchant_id,
                         .device_id = scanner->id,
                         .member_id = purse.member_id,
                         .state = req->at_once ? COUPON__SALE_STATE__SALE_REDEEMED : COUPON__SALE_STATE__SALE_LOCKED,
                         .purchase_fen = req->purchase_fen,
                         .discount_fen = counter->discount_fen,
                         .goods = (int)req->goods,
                         .at = now,
                         .until = req->at_once ? 0 : now + SALE_LOCK_MS,
                         .decided_at = req->at_once ? now : 0};
    snprintf(ret->ref, sizeof(ret->ref), "%s", req->sale_ref);
    sale_make(self, ret, ret_redemptions, n, call);
    return n;
}

/* rpc CreateSale: the best set of her coupons is kept for her purchase. */
static void sales__create_sale(Coupon__Sales_Service *service, const Coupon__CreateSaleRequest *req,
                               Coupon__Sale_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct counter *counter = arena_alloc(rpc_arena(call), sizeof(*counter));
    struct redemption redemptions[SALE_COUPONS_MAX];
    struct scanner scanner;
    struct sale sale;
    size_t n;

    if (rpc_refuse_if(call, counter ? 0 : RPC__REASON__OVERLOADED) ||
        !counter_of_staff(self, req->branch_id, req->device_id, true, call, &scanner))
        return;
    if (sales_find_ref(&self->sales, scanner.id, req->sale_ref, &sale)) {
        reply_sale(self, &sale, reply, call);
        return;
    }
    n = make(self, req, &scanner, call, counter, &sale, redemptions);
    if (n == 0)
        return;
    rpc_created(call);
    reply_made(self, &sale, redemptions, n, counter, reply, call);
}

/* One of a branch where the caller takes coupons; false after refusing. */
static bool sale_of_staff(struct coupon *self, int64_t sale_id, void *call, struct sale *ret)
{
    if (sales_find(&self->sales, sale_id, ret))
        return shop_of_staff(self, ret->branch_id, call) != NULL;
    rpc_refuse(call, COUPON__REASON__SALE_NOT_FOUND);
    return false;
}

/* Why what is kept for a purchase is not spent now: 0 or a Reason. */
static int confirm_refusal(struct coupon *self, const struct sale *sale, void *call)
{
    struct redemption redemptions[SALE_COUPONS_MAX];
    size_t n = redemptions_of(&self->sales, sale->id, redemptions);
    const struct shop *shop = shop_find(self, sale->branch_id);
    struct claim claim;

    if (sale->state == COUPON__SALE_STATE__SALE_LAPSED ||
        (sale->state == COUPON__SALE_STATE__SALE_LOCKED && sale->until <= rpc_now(call)))
        return COUPON__REASON__SALE_OVER;
    if (sale->state != COUPON__SALE_STATE__SALE_LOCKED)
        return COUPON__REASON__SALE_DECIDED;
    if (!shop || !shop->open)
        return COUPON__REASON__MERCHANT_NOT_OPEN;
    for (size_t i = 0; i < n; i++) {
        if (!claims_find(&self->claims, redemptions[i].coupon_id, &claim) || claim.ended_at)
            return COUPON__REASON__COUPON_VOID;
        if (frozen_of_release(self, claim.member_id, claim.release_id, rpc_now(call), rpc_arena(call)))
            return COUPON__REASON__IS_FROZEN;
    }
    return 0;
}

/* rpc ConfirmSale: once. */
static void sales__confirm_sale(Coupon__Sales_Service *service, const Coupon__SaleRequest *req,
                                Coupon__Sale_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct sale sale;

    if (!sale_of_staff(self, req->sale_id, call, &sale))
        return;
    if (sale.state != COUPON__SALE_STATE__SALE_REDEEMED) {
        if (rpc_refuse_if(call, confirm_refusal(self, &sale, call)))
            return;
        sale_set(self, &sale, COUPON__SALE_STATE__SALE_REDEEMED, call);
    }
    reply_sale(self, &sale, reply, call);
}

/* rpc CancelSale: what was kept is free at once. */
static void sales__cancel_sale(Coupon__Sales_Service *service, const Coupon__SaleRequest *req,
                               Coupon__Sale_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct sale sale;

    if (!sale_of_staff(self, req->sale_id, call, &sale))
        return;
    if (sale.state == COUPON__SALE_STATE__SALE_LOCKED)
        sale_set(self, &sale, COUPON__SALE_STATE__SALE_CANCELLED, call);
    if (sale.state == COUPON__SALE_STATE__SALE_CANCELLED || sale.state == COUPON__SALE_STATE__SALE_LAPSED)
        reply_sale(self, &sale, reply, call);
    else
        rpc_refuse(call, COUPON__REASON__SALE_DECIDED);
}

/* rpc ReverseSale: of the last day; her coupons are good again. */
static void sales__reverse_sale(Coupon__Sales_Service *service, const Coupon__ReverseSaleRequest *req,
                                Coupon__Sale_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct sale sale;

    if (!sale_of_staff(self, req->sale_id, call, &sale))
        return;
    if (sale.state != COUPON__SALE_STATE__SALE_REVERSED) {
        int reason = sale.state != COUPON__SALE_STATE__SALE_REDEEMED      ? COUPON__REASON__SALE_DECIDED
                     : rpc_now(call) >= sale.decided_at + SALE_REVERSE_MS ? COUPON__REASON__REVERSE_TOO_LATE
                                                                          : 0;

        if (rpc_refuse_if(call, reason))
            return;
        snprintf(sale.reverse_reason, sizeof(sale.reverse_reason), "%s", req->reason);
        sale_set(self, &sale, COUPON__SALE_STATE__SALE_REVERSED, call);
    }
    reply_sale(self, &sale, reply, call);
}

/* ---- reading ---- */

bool may_see_sales(struct coupon *self, int64_t branch_id, void *call)
{
    static const Rule__Role roles[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__AUDIT_ADMIN};
    const struct shop *shop = shop_find(self, branch_id);
    struct merchant merchant;

    for (size_t i = 0; shop && i < ARRAY_LEN(roles); i++) {
        if (rpc_has_role(call, roles[i], shop->union_path))
            return true;
    }
    return (shop && merchants_find(&self->merchants, shop->merchant_id, &merchant) &&
            merchant_is_kept(self, &merchant, call)) ||
           shop_of_staff(self, branch_id, call);
}

/* rpc GetSale: for who may see what is taken there. */
static void sales__get_sale(Coupon__Sales_Service *service, const Coupon__SaleRequest *req, Coupon__Sale_Closure reply,
                            void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    struct sale sale;

    if (!sales_find(&self->sales, req->sale_id, &sale))
        rpc_refuse(call, COUPON__REASON__SALE_NOT_FOUND);
    else if (may_see_sales(self, sale.branch_id, call))
        reply_sale(self, &sale, reply, call);
}

/* rpc ListSales: of a branch, the latest first. */
static void sales__list_sales(Coupon__Sales_Service *service, const Coupon__ListSalesRequest *req,
                              Coupon__SaleList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, sales_service);
    const struct rpc_page *page = rpc_page(call);
    struct sale *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__SaleList list = COUPON__SALE_LIST__INIT;
    size_t n = 0;

    if (!may_see_sales(self, req->branch_id, call))
        return;
    sales_ask(&self->sales, req->branch_id, page->before, page->states, (int)page->limit);
    while (found && n < page->limit && sales_next(&self->sales, &found[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, sales, sale_message(self, &found[i], call));
    reply(&list, call);
}

const Coupon__Sales_Service sales_api = COUPON__SALES__INIT(sales__);
