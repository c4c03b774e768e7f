/* api_backing.c: the stocks of WeChat's coupons, in the order of backing.proto. */
#include "services/coupon/api.h"
#include "services/coupon/backing/backings.h"

static struct coupon *self_of(Coupon__Backings_Service *service)
{
    return container_of(service, struct coupon, backings_service);
}

/* A release and its backing, for who holds an office; false after refusing. */
static bool find(struct coupon *self, int64_t release_id, bool reads, void *call, struct release **ret_release,
                 struct backing *ret)
{
    struct release *release = release_look_up(self, release_id, rpc_arena(call));
    int reason = 0;

    if (!release)
        reason = COUPON__REASON__RELEASE_NOT_FOUND;
    else if (!rpc_has_role(call, RULE__ROLE__FINANCE, release->union_path) &&
             !(reads && (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path) ||
                         rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, release->union_path))))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    else if (!backing_find(self, release_id, ret))
        reason = COUPON__REASON__BACKING_NONE_THERE;
    *ret_release = release;
    return !rpc_refuse_if(call, reason);
}

static void reply_backing(struct coupon *self, int64_t release_id, int reason, Coupon__Backing_Closure reply,
                          void *call)
{
    if (!rpc_refuse_if(call, reason))
        reply(backing_message(self, release_id, call), call);
}

/* rpc ProposeBacking: the first hand. */
static void backings__propose_backing(Coupon__Backings_Service *service, const Coupon__ProposeBackingRequest *req,
                                      Coupon__Backing_Closure reply, void *call)
{
    struct coupon *self = self_of(service);
    struct release *release;
    struct backing backing;

    if (find(self, req->release_id, false, call, &release, &backing))
        reply_backing(self, release->id, backing_propose(self, release, &backing, (int)req->step, call), reply, call);
}

/* rpc ConfirmBacking: the second hand. */
static void backings__confirm_backing(Coupon__Backings_Service *service, const Coupon__BackingRequest *req,
                                      Coupon__Backing_Closure reply, void *call)
{
    struct coupon *self = self_of(service);
    struct release *release;
    struct backing backing;

    if (find(self, req->release_id, false, call, &release, &backing))
        reply_backing(self, release->id, backing_confirm(self, release, &backing, call), reply, call);
}

/* rpc RefuseBacking: or takes it back. */
static void backings__refuse_backing(Coupon__Backings_Service *service, const Coupon__BackingRequest *req,
                                     Coupon__Backing_Closure reply, void *call)
{
    struct coupon *self = self_of(service);
    struct release *release;
    struct backing backing;

    if (find(self, req->release_id, false, call, &release, &backing))
        reply_backing(self, release->id, backing_refuse(self, &backing, call), reply, call);
}

/* rpc GetBacking: where it stands. */
static void backings__get_backing(Coupon__Backings_Service *service, const Coupon__BackingRequest *req,
                                  Coupon__Backing_Closure reply, void *call)
{
    struct coupon *self = self_of(service);
    struct release *release;
    struct backing backing;

    if (find(self, req->release_id, true, call, &release, &backing))
        reply_backing(self, release->id, 0, reply, call);
}

const Coupon__Backings_Service backings_api = COUPON__BACKINGS__INIT(backings__);
