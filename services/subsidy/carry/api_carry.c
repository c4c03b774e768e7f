#include "services/subsidy/carry/carryings.h"

/* A scheme over whose union the caller has an office; NULL after refusing. */
static const Subsidy__Scheme *find(struct subsidy *self, int64_t scheme_id, void *call)
{
    const Subsidy__Scheme *scheme = scheme_find(self, scheme_id, rpc_arena(call));

    if (rpc_refuse_if(call, scheme ? 0 : SUBSIDY__REASON__SCHEME_NOT_FOUND) ||
        rpc_refuse_if(call, scheme_has_office(scheme->union_path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION))
        return NULL;
    return scheme;
}

static void reply_carrying(const struct carrying *carrying, int64_t scheme_id, Subsidy__Carrying_Closure reply,
                           void *call)
{
    Subsidy__Carrying message = SUBSIDY__CARRYING__INIT;

    message.scheme_id = scheme_id;
    message.period_at = carrying->period_at;
    message.n_carried = (int32_t)carrying->n_carried;
    message.n_left = (int32_t)carrying->n_left;
    message.done = carrying->done;
    reply(&message, call);
}

/* rpc CarryOver: once in each period. */
static void carryings__carry_over(Subsidy__Carryings_Service *service, const Subsidy__SchemeRequest *req,
                                  Subsidy__Carrying_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, carryings_service);
    const Subsidy__Scheme *scheme = find(self, req->scheme_id, call);
    struct carrying carrying;

    if (!scheme ||
        rpc_refuse_if(call, rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, scheme->union_path)
                                ? 0
                                : RPC__REASON__OUTSIDE_YOUR_UNION) ||
        rpc_refuse_if(call, carrying_begin(self, scheme, call, &carrying)))
        return;
    reply_carrying(&carrying, scheme->scheme_id, reply, call);
}

/* rpc GetCarrying: of this period; nobody when it was not carried over. */
static void carryings__get_carrying(Subsidy__Carryings_Service *service, const Subsidy__SchemeRequest *req,
                                    Subsidy__Carrying_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, carryings_service);
    const Subsidy__Scheme *scheme = find(self, req->scheme_id, call);
    struct carrying carrying = {0};

    if (!scheme)
        return;
    carrying.period_at = scheme_period(scheme, rpc_now(call));
    carryings_find(self, scheme->family_id, carrying.period_at, &carrying);
    reply_carrying(&carrying, scheme->scheme_id, reply, call);
}

const Subsidy__Carryings_Service carryings_api = SUBSIDY__CARRYINGS__INIT(carryings__);
