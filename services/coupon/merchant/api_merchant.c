#include "common/cn/cn_id.h"
#include "services/coupon/merchant/branches.h"

static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};

/* ---- messages ---- */

/* NULL when the call's memory is full, or its union is not known now. */
static Coupon__Merchant *merchant_message(struct coupon *self, const struct merchant *merchant, void *call)
{
    Coupon__Merchant *message = arena_message(rpc_arena(call), &coupon__merchant__descriptor);

    if (!message || tree_id(&self->tree, merchant->union_path, call, &message->union_id))
        return NULL;
    message->merchant_id = merchant->id;
    message->name = rpc_text(call, merchant->name);
    message->credit_code = rpc_text(call, merchant->credit_code);
    message->about = rpc_text(call, merchant->about);
    message->state = (Coupon__MerchantState)merchant->state;
    message->applied_at = merchant->applied_at;
    message->decided_at = merchant->decided_at;
    if (!merchant_may_be_seen(self, merchant, call))
        return message;
    message->manager_id = merchant->manager_id;
    message->by_company = merchant->by_company;
    message->end_reason = rpc_text(call, merchant->reason);
    message->hands = merchant->state == COUPON__MERCHANT_STATE__MERCHANT_WAITS &&
                     hands_wait(&self->two_hands, "merchant", merchant->id, rpc_now(call));
    return message;
}

static void reply_merchant(struct coupon *self, const struct merchant *merchant, Coupon__Merchant_Closure reply,
                           void *call)
{
    Coupon__Merchant *message = merchant_message(self, merchant, call);

    if (message)
        reply(message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* ---- two hands ---- */

/* What is approved: all that was applied for. */
static struct hands_deed approval_of(const struct merchant *merchant, Coupon__Merchant *what, void *call)
{
    coupon__merchant__init(what);
    what->merchant_id = merchant->id;
    what->name = unconst(merchant->name);
    what->credit_code = unconst(merchant->credit_code);
    what->about = unconst(merchant->about);
    what->manager_id = merchant->manager_id;
    return (struct hands_deed){.kind = "merchant",
                               .id = merchant->id,
                               .what = &what->base,
                               .until = rpc_now(call) + HANDS_LIFE_MS,
                               .roles = offices,
                               .union_path = merchant->union_path};
}

/* ---- making one ---- */

/* One as it was sent; false after refusing. */
static bool read_merchant(struct coupon *self, const Coupon__Merchant *said, void *call, struct merchant *ret)
{
    const char *path;

    *ret = (struct merchant){.state = COUPON__MERCHANT_STATE__MERCHANT_WAITS,
                             .applied_by = rpc_principal(call)->member_id,
                             .applied_at = rpc_now(call)};
    path = tree_path(&self->tree, said->union_id, "merchant.unionId", call);
    if (!path)
        return false;
    if (cn_uscc(said->credit_code, ret->credit_code) != CN_ID_OK) {
        rpc_refuse_field(call, COUPON__REASON__CREDIT_CODE_WRONG, "merchant.creditCode");
        return false;
    }
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", path);
    snprintf(ret->name, sizeof(ret->name), "%s", said->name);
    snprintf(ret->about, sizeof(ret->about), "%s", said->about);
    return true;
}

static void make(struct coupon *self, struct merchant *merchant, Coupon__Merchant_Closure reply, void *call)
{
    Coupon__Merchant what;
    struct hands_deed deed;

    merchant->id = id_next(&self->ids, rpc_now(call));
    if (!merchant_add(self, merchant, call)) {
        rpc_refuse_field(call, COUPON__REASON__CREDIT_CODE_USED, "merchant.creditCode");
        return;
    }
    deed = approval_of(merchant, &what, call);
    if (merchant->entered && rpc_refuse_if(call, hands_give(&self->two_hands, &deed, call)))
        return;
    rpc_created(call);
    reply_merchant(self, merchant, reply, call);
}

/* rpc ApplyForMerchant: by whoever keeps it, or by the agent of a company in its union. */
static void merchants__apply_for_merchant(Coupon__Merchants_Service *service, const Coupon__CreateMerchantRequest *req,
                                          Coupon__Merchant_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    struct merchant merchant;

    if (!req->merchant) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "merchant");
        return;
    }
    if (rpc_principal(call)->level < RPC__LEVEL__REAL_NAME) {
        rpc_refuse(call, COUPON__REASON__NAME_NOT_PROVEN);
        return;
    }
    if (!read_merchant(self, req->merchant, call, &merchant))
        return;
    merchant.manager_id = merchant.applied_by;
    merchant.by_company = rpc_has_role(call, RULE__ROLE__COMPANY_AGENT, merchant.union_path);
    make(self, &merchant, reply, call);
}

/* rpc CreateMerchant: by the first of two officials. */
static void merchants__create_merchant(Coupon__Merchants_Service *service, const Coupon__CreateMerchantRequest *req,
                                       Coupon__Merchant_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    struct merchant merchant;

    if (!req->merchant) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "merchant");
        return;
    }
    if (!read_merchant(self, req->merchant, call, &merchant))
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, merchant.union_path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "merchant.unionId");
        return;
    }
    if (req->merchant->manager_id < 0 || req->merchant->manager_id == merchant.applied_by) {
        rpc_refuse_field(call, req->merchant->manager_id < 0 ? RPC__REASON__OUT_OF_RANGE : HANDS__REASON__HANDS_SAME,
                         "merchant.managerId");
        return;
    }
    merchant.entered = true;
    merchant.manager_id = req->merchant->manager_id;
    make(self, &merchant, reply, call);
}

/* ---- deciding on it ---- */

/* One over which the caller gives benefits; false after refusing. */
static bool merchant_of_official(struct coupon *self, int64_t merchant_id, void *call, struct merchant *ret)
{
    if (!merchants_find(&self->merchants, merchant_id, ret))
        rpc_refuse(call, COUPON__REASON__MERCHANT_NOT_FOUND);
    else if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, ret->union_path))
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return !rpc_refused(call);
}

static int approve(struct coupon *self, struct merchant *merchant, void *call)
{
    Coupon__Merchant what;
    struct hands_deed deed = approval_of(merchant, &what, call);
    bool done;
    int reason;

    if (merchant->state != COUPON__MERCHANT_STATE__MERCHANT_WAITS)
        return COUPON__REASON__MERCHANT_DECIDED;
    if (merchant_is_own(self, merchant, call))
        return HANDS__REASON__HANDS_SAME;
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (reason || !done)
        return reason;
    merchant->state = COUPON__MERCHANT_STATE__MERCHANT_OPEN;
    merchant->decided_at = rpc_now(call);
    merchant_change(self, merchant, call);
    return branches_show(self, merchant->id, call) ? 0 : RPC__REASON__OVERLOADED;
}

/* rpc ApproveMerchant: the first hand, or the second. */
static void merchants__approve_merchant(Coupon__Merchants_Service *service, const Coupon__MerchantRequest *req,
                                        Coupon__Merchant_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    struct merchant merchant;

    if (!merchant_of_official(self, req->merchant_id, call, &merchant))
        return;
    if (merchant.state != COUPON__MERCHANT_STATE__MERCHANT_OPEN && rpc_refuse_if(call, approve(self, &merchant, call)))
        return;
    reply_merchant(self, &merchant, reply, call);
}

/* It ends in a state, from another one. */
static void end(struct coupon *self, const Coupon__EndMerchantRequest *req, int from, int state,
                Coupon__Merchant_Closure reply, void *call)
{
    struct merchant merchant;

    if (!merchant_of_official(self, req->merchant_id, call, &merchant))
        return;
    if (merchant.state != state) {
        if (merchant.state != from) {
            rpc_refuse(call, COUPON__REASON__MERCHANT_DECIDED);
            return;
        }
        merchant.state = state;
        merchant.decided_at = rpc_now(call);
        snprintf(merchant.reason, sizeof(merchant.reason), "%s", req->reason);
        hands_end(&self->two_hands, "merchant", merchant.id, HANDS__STATE__REFUSED, call);
        branches_hide(self, merchant.id, call);
        merchant_change(self, &merchant, call);
    }
    reply_merchant(self, &merchant, reply, call);
}

/* rpc RefuseMerchant: while it waits. */
static void merchants__refuse_merchant(Coupon__Merchants_Service *service, const Coupon__EndMerchantRequest *req,
                                       Coupon__Merchant_Closure reply, void *call)
{
    end(container_of(service, struct coupon, merchants_service), req, COUPON__MERCHANT_STATE__MERCHANT_WAITS,
        COUPON__MERCHANT_STATE__MERCHANT_REFUSED, reply, call);
}

/* rpc CloseMerchant: for good. */
static void merchants__close_merchant(Coupon__Merchants_Service *service, const Coupon__EndMerchantRequest *req,
                                      Coupon__Merchant_Closure reply, void *call)
{
    end(container_of(service, struct coupon, merchants_service), req, COUPON__MERCHANT_STATE__MERCHANT_OPEN,
        COUPON__MERCHANT_STATE__MERCHANT_CLOSED, reply, call);
}

/* rpc SetManager: what waits is approved anew. */
static void merchants__set_manager(Coupon__Merchants_Service *service, const Coupon__SetManagerRequest *req,
                                   Coupon__Merchant_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    struct merchant merchant;

    if (!merchant_of_official(self, req->merchant_id, call, &merchant))
        return;
    if (req->member_id <= 0) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "memberId");
        return;
    }
    if (merchant.state != COUPON__MERCHANT_STATE__MERCHANT_WAITS &&
        merchant.state != COUPON__MERCHANT_STATE__MERCHANT_OPEN) {
        rpc_refuse(call, COUPON__REASON__MERCHANT_NOT_OPEN);
        return;
    }
    if (merchant.manager_id != req->member_id) {
        merchant.manager_id = req->member_id;
        hands_end(&self->two_hands, "merchant", merchant.id, HANDS__STATE__TAKEN_BACK, call);
        merchant_change(self, &merchant, call);
    }
    reply_merchant(self, &merchant, reply, call);
}

/* ---- reading ---- */

/* rpc GetMerchant: an open one for everybody. */
static void merchants__get_merchant(Coupon__Merchants_Service *service, const Coupon__MerchantRequest *req,
                                    Coupon__Merchant_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    struct merchant merchant;

    if (merchants_find(&self->merchants, req->merchant_id, &merchant) &&
        (merchant.state == COUPON__MERCHANT_STATE__MERCHANT_OPEN || merchant_may_be_seen(self, &merchant, call)))
        reply_merchant(self, &merchant, reply, call);
    else
        rpc_refuse(call, COUPON__REASON__MERCHANT_NOT_FOUND);
}

/* A page of those in a union and below it, or (mine) of those that the caller keeps. */
static void list(struct coupon *self, const char *path, bool mine, Coupon__MerchantList_Closure reply, void *call)
{
    Coupon__MerchantList message = COUPON__MERCHANT_LIST__INIT;
    struct merchant *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    int64_t manager_id = mine ? rpc_principal(call)->member_id : 0;
    size_t n = 0;

    merchants_ask(&self->merchants, manager_id, path, rpc_page(call)->before, rpc_page(call)->states);
    while (found && n < rpc_page(call)->limit && merchants_next(&self->merchants, manager_id, &found[n]))
        n += mine || merchant_may_be_seen(self, &found[n], call);
    merchants_end(&self->merchants, manager_id);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &message, merchants, merchant_message(self, &found[i], call));
    reply(&message, call);
}

/* rpc ListMerchants: of a union and all below it. */
static void merchants__list_merchants(Coupon__Merchants_Service *service, const Coupon__ListMerchantsRequest *req,
                                      Coupon__MerchantList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, merchants_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);

    if (path)
        list(self, path, false, reply, call);
}

/* rpc ListMyMerchants: those that the caller keeps. */
static void merchants__list_my_merchants(Coupon__Merchants_Service *service, const Coupon__MyMerchantsRequest *req,
                                         Coupon__MerchantList_Closure reply, void *call)
{
    (void)req;
    list(container_of(service, struct coupon, merchants_service), "", true, reply, call);
}

const Coupon__Merchants_Service merchants_api = COUPON__MERCHANTS__INIT(merchants__);
