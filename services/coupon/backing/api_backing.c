/* api_backing.c: the stocks of WeChat's coupons, in the order of backing.proto. */
#include "services/coupon/api.h"
#include "services/coupon/backing/backings.h"
#include "services/coupon/backing/vouchers.h"

static struct coupon *self_of(Coupon__Backings_Service *service)
{
    return container_of(service, struct coupon, backings_service);
}

/* Whether she looks after stocks of a union, by any office that may. */
static bool reads(const char *union_path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__FINANCE, union_path) ||
           rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, union_path) ||
           rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, union_path);
}

/* A release and its backing, for who holds an office; false after refusing. */
static bool find(struct coupon *self, int64_t release_id, bool only_reads, void *call, struct release **ret_release,
                 struct backing *ret)
{
    struct release *release = release_look_up(self, release_id, rpc_arena(call));
    int reason = 0;

    if (!release)
        reason = COUPON__REASON__RELEASE_NOT_FOUND;
    else if (!(only_reads ? reads(release->union_path, call)
                          : rpc_has_role(call, RULE__ROLE__FINANCE, release->union_path)))
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

static Coupon__BackedRelease *show(const struct coupon *self, const struct release *release, void *call)
{
    Coupon__BackedRelease *message = arena_message(rpc_arena(call), &coupon__backed_release__descriptor);
    Coupon__BackingCounts *counts = arena_message(rpc_arena(call), &coupon__backing_counts__descriptor);
    struct backing backing;

    if (!message || !counts || !backing_find(self, release->id, &backing) ||
        tree_id(&self->tree, release->union_path, call, &message->union_id))
        return NULL;
    vouchers_count(self, release->id, counts);
    message->release_id = release->id;
    message->title = rpc_text(call, release->title);
    message->face_fen = release->face_fen;
    message->threshold_fen = release->threshold_fen;
    message->coupons = backing_coupons(self, release);
    message->opens_at = release->opens_at;
    message->until = release->dates.until;
    message->backing = backing_message(self, release->id, call);
    message->counts = counts;
    message->proposed_by = backing_proposer(self, &backing, call);
    return message;
}

/* rpc ListBackings: newest first, of those in memory. */
static void backings__list_backings(Coupon__Backings_Service *service, const Coupon__ListBackingsRequest *req,
                                    Coupon__BackedReleaseList_Closure reply, void *call)
{
    struct coupon *self = self_of(service);
    Coupon__BackedReleaseList list = COUPON__BACKED_RELEASE_LIST__INIT;
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);

    if (!of)
        return;
    if (!reads(of, call)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    for (unsigned i = self->n_live; i-- > 0;) {
        const struct release *release = self->live[i];

        if (!release->backed || release->id >= rpc_page(call)->before || !union_path_covers(of, release->union_path))
            continue;
        if (!rpc_page_takes(call, release->id))
            break;
        rpc_add(call, &list, releases, show(self, release, call));
    }
    reply(&list, call);
}

const Coupon__Backings_Service backings_api = COUPON__BACKINGS__INIT(backings__);
