/* What a member shows at a counter, and what has become of her coupons there. */
#include "common/base/hex.h"
#include "common/base/bytes.h"
#include "common/pass/pass.h"
#include "common/pass/qr.h"
#include "services/coupon/till/counter_api.h"
#include "services/coupon/till/purses.h"
#include "services/coupon/till/spendings.h"

/* rpc CreatePass: the number's key, by which her telephone makes codes without network. */
static void purses__create_pass(Coupon__Purses_Service *service, const Coupon__CreatePassRequest *req,
                                Coupon__CouponPass_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, purses_service);
    int64_t member_id = rpc_principal(call)->member_id;
    Coupon__CouponPass message = COUPON__COUPON_PASS__INIT;
    char code[PASS_CODE_SIZE], subject[2 * 8 + 1];
    unsigned char key[PASS_TURN_KEY_LEN], bytes[8];
    struct purse purse;
    struct claim claim;
    uint16_t key_id;

    if (req->coupon_id && (!claims_find(&self->claims, req->coupon_id, &claim) ||
                           !holder_is(&self->holders, member_id, claim.member_id))) {
        rpc_refuse_field(call, COUPON__REASON__COUPON_NOT_FOUND, "couponId");
        return;
    }
    purse_obtain(self, member_id, req->coupon_id, call, &purse);
    if (!pass_code_make(self->tills, PASS_PURSE, (uint64_t)purse.subject, rpc_now(call), code) ||
        !pass_turn_key(self->tills, PASS_PURSE, (uint64_t)purse.subject, &key_id, key) ||
        !(message.svg = qr_svg_text(code, rpc_arena(call)))) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    put_be64(bytes, (uint64_t)purse.subject);
    hex_print(bytes, sizeof(bytes), subject);
    message.coupon_id = req->coupon_id;
    message.code = code;
    message.changes_at = pass_changes_at(rpc_now(call));
    message.key_id = key_id;
    message.subject = subject;
    message.turn_key = (ProtobufCBinaryData){sizeof(key), key};
    reply(&message, call);
}

/* rpc RenewPasses: all older codes are worthless. */
static void purses__renew_passes(Coupon__Purses_Service *service, const Coupon__RenewPassesRequest *req,
                                 Coupon__RenewPassesReply_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, purses_service);
    Coupon__RenewPassesReply message = COUPON__RENEW_PASSES_REPLY__INIT;

    (void)req;
    purses_drop(self, rpc_principal(call)->member_id);
    reply(&message, call);
}

/* rpc GetBestSet: of a purchase that she thinks of. */
static void purses__get_best_set(Coupon__Purses_Service *service, const Coupon__BestSetRequest *req,
                                 Coupon__BestSet_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, purses_service);
    struct purchase purchase = {.branch_id = req->branch_id,
                                .member_id = rpc_principal(call)->member_id,
                                .purchase_fen = req->purchase_fen,
                                .at = rpc_now(call),
                                .goods = (int)req->goods};
    struct counter *counter = arena_alloc(rpc_arena(call), sizeof(*counter));
    Coupon__BestSet message = COUPON__BEST_SET__INIT;
    int reason = counter ? counter_decide(self, &purchase, call, counter) : RPC__REASON__OVERLOADED;

    /* That nothing of what she has fits is an answer; that the place takes nothing is none. */
    if (reason && (!counter || counter->n == 0) && reason != COUPON__REASON__NO_COUPON_FITS) {
        rpc_refuse(call, reason);
        return;
    }
    message.discount_fen = counter->discount_fen;
    message.pays_fen = req->purchase_fen - counter->discount_fen;
    for (size_t i = 0; i < counter->n; i++) {
        Coupon__SaleCoupon *coupon = counted_message(&counter->coupons[i], call);

        if (counter->coupons[i].taken)
            rpc_add(call, &message, coupons, coupon);
        else
            rpc_add(call, &message, left_out, coupon);
    }
    reply(&message, call);
}

static Coupon__Redemption *redemption_message(struct coupon *self, const struct redemption *redemption, void *call)
{
    Coupon__Redemption *message = arena_message(rpc_arena(call), &coupon__redemption__descriptor);
    const struct terms *terms = terms_find(self, redemption->release_id);
    struct sale sale;
    const struct shop *shop;

    if (!message || !sales_find(&self->sales, redemption->sale_id, &sale))
        return NULL;
    shop = shop_find(self, sale.branch_id);
    message->redemption_id = redemption->id;
    message->coupon_id = redemption->coupon_id;
    message->sale_id = sale.id;
    message->title = rpc_text(call, terms ? terms->title : "");
    message->branch_id = sale.branch_id;
    message->branch_name = rpc_text(call, shop ? shop->name : "");
    message->fen = redemption->fen;
    message->at = sale.at;
    message->reversed_at = sale.reversed_at;
    return message;
}

/* rpc ListRedemptions: where and when, the latest first. */
static void purses__list_redemptions(Coupon__Purses_Service *service, const Coupon__ListRedemptionsRequest *req,
                                     Coupon__RedemptionList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, purses_service);
    const struct rpc_page *page = rpc_page(call);
    struct redemption *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__RedemptionList list = COUPON__REDEMPTION_LIST__INIT;
    size_t n = 0;

    (void)req;
    redemptions_ask_hers(&self->sales, rpc_principal(call)->member_id, page->before, (int)page->limit);
    while (found && n < page->limit && redemptions_next_hers(&self->sales, &found[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, redemptions, redemption_message(self, &found[i], call));
    reply(&list, call);
}

const Coupon__Purses_Service purses_api = COUPON__PURSES__INIT(purses__);
