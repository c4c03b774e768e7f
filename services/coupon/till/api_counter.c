/* Devices of branches. */
#include "services/coupon/till/counter_api.h"

const struct scanners_service counters_service = {
    .ahead_ms = SALE_AHEAD_MS,
    .late_ms = SALE_LATE_MS,
    .max = COUNTERS_MAX,
    .words = {.not_found = COUPON__REASON__COUNTER_NOT_FOUND,
              .not_yours = COUPON__REASON__COUNTER_NOT_YOURS,
              .revoked = COUPON__REASON__COUNTER_REVOKED,
              .too_many = COUPON__REASON__TOO_MANY_COUNTERS},
};

const struct shop *shop_of_staff(struct coupon *self, int64_t branch_id, void *call)
{
    const struct shop *shop = shop_find(self, branch_id);

    if (!shop)
        rpc_refuse(call, COUPON__REASON__BRANCH_NOT_FOUND);
    else if (!branch_staff_has(&self->branches, branch_id, rpc_principal(call)->member_id))
        rpc_refuse(call, COUPON__REASON__NOT_BRANCH_STAFF);
    return rpc_refused(call) ? NULL : shop;
}

/* One that is in use, of the caller in her session, who is of the branch's staff: as it was found before. */
static const struct scanner *desk_of_caller(const struct coupon *self, int64_t branch_id, int64_t device_id, void *call)
{
    const Rpc__Principal *caller = rpc_principal(call);
    const struct scanner *desk = kept_find(&self->desks, device_id);

    return desk && desk->place_id == branch_id && desk->staff_id == caller->member_id &&
                   desk->session_id == caller->session_id
               ? desk
               : NULL;
}

static void keep_desk(struct coupon *self, const struct scanner *scanner)
{
    struct scanner *desk = malloc(sizeof(*desk));

    if (!desk)
        return;
    *desk = *scanner;
    kept_put(&self->desks, desk->id, desk);
}

bool counter_of_staff(struct coupon *self, int64_t branch_id, int64_t device_id, bool in_use, void *call,
                      struct scanner *ret)
{
    const struct scanner *desk = in_use ? desk_of_caller(self, branch_id, device_id, call) : NULL;

    if (desk) {
        *ret = *desk;
        return true;
    }
    if (!shop_of_staff(self, branch_id, call) ||
        rpc_refuse_field_if(call, scanner_of_caller(&self->scanners, branch_id, device_id, in_use, call, ret),
                            "deviceId"))
        return false;
    if (in_use && !store_trouble(self->store))
        keep_desk(self, ret);
    return true;
}

/* Its name is the scanner's. */
static void counter_message(const struct scanner *scanner, Coupon__Counter *ret)
{
    coupon__counter__init(ret);
    ret->device_id = scanner->id;
    ret->branch_id = scanner->place_id;
    ret->staff_id = scanner->staff_id;
    ret->name = unconst(scanner->name);
    ret->registered_at = scanner->registered_at;
    ret->revoked_at = scanner->revoked_at;
}

int counter_doubt(struct coupon *self, const struct scanner *scanner, int64_t at, void *call)
{
    if (at <= 0)
        return COUPON__REASON__TIME_OF_SALE_MISSING;
    if (scanner->revoked_at && scanner->revoked_at <= at)
        return COUPON__REASON__COUNTER_REVOKED;
    switch (scanner_doubt(&self->scanners, scanner, at, rpc_now(call))) {
    case DOOR__WAIT__DEVICE_NOT_YET:
        return COUPON__REASON__BEFORE_REGISTRATION;
    case DOOR__WAIT__CLOCK_AHEAD:
        return COUPON__REASON__CLOCK_AHEAD;
    case DOOR__WAIT__HANDED_IN_LATE:
        return COUPON__REASON__HANDED_IN_LATE;
    default:
        return 0;
    }
}

static void reply_counter(const struct scanner *scanner, Coupon__Counter_Closure reply, void *call)
{
    Coupon__Counter message;

    counter_message(scanner, &message);
    reply(&message, call);
}

/* rpc RegisterCounter: the caller's, in this session. */
static void counters__register_counter(Coupon__Counters_Service *service, const Coupon__RegisterCounterRequest *req,
                                       Coupon__Counter_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, counters_service);
    const struct shop *shop = shop_of_staff(self, req->branch_id, call);
    struct scanner scanner;
    const char *field;
    int reason;

    if (!shop || rpc_refuse_if(call, shop->open ? 0 : COUPON__REASON__MERCHANT_NOT_OPEN))
        return;
    desks_forget(self, call); /* it may take over from another */
    reason = scanner_register(&self->scanners, req->branch_id, req->name, req->replaces, call, &scanner, &field);
    if (field ? rpc_refuse_field_if(call, reason, field) : rpc_refuse_if(call, reason))
        return;
    rpc_created(call);
    reply_counter(&scanner, reply, call);
}

/* rpc RevokeCounter: by who takes coupons there, or keeps the merchant. */
static void counters__revoke_counter(Coupon__Counters_Service *service, const Coupon__RevokeCounterRequest *req,
                                     Coupon__Counter_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, counters_service);
    const struct shop *shop;
    struct merchant merchant;
    struct scanner scanner;

    if (!scanners_find(&self->scanners, req->device_id, &scanner) || !(shop = shop_find(self, scanner.place_id))) {
        rpc_refuse(call, COUPON__REASON__COUNTER_NOT_FOUND);
        return;
    }
    if (!(merchants_find(&self->merchants, shop->merchant_id, &merchant) && merchant_is_kept(self, &merchant, call)) &&
        !shop_of_staff(self, scanner.place_id, call))
        return;
    scanner_revoke(&self->scanners, &scanner, call);
    desks_forget(self, call);
    reply_counter(&scanner, reply, call);
}

/* rpc ListCounters: of those that are in use, the newest first. */
static void counters__list_counters(Coupon__Counters_Service *service, const Coupon__ListCountersRequest *req,
                                    Coupon__CounterList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, counters_service);
    Coupon__CounterList list = COUPON__COUNTER_LIST__INIT;
    struct scanner *found;
    size_t n;

    if (!may_see_sales(self, req->branch_id, call))
        return;
    n = scanners_page(&self->scanners, req->branch_id, call, &found);
    for (size_t i = 0; i < n; i++) {
        Coupon__Counter *message = arena_message(rpc_arena(call), &coupon__counter__descriptor);

        if (message)
            counter_message(&found[i], message);
        rpc_add(call, &list, counters, message);
    }
    reply(&list, call);
}

const Coupon__Counters_Service counters_api = COUPON__COUNTERS__INIT(counters__);
