#include "services/health/booking/booking_rules.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/door/scan_api.h"
#include "services/health/door/walk_ins.h"

/* The walk-in code that a text is; a Reason, or 0. */
static int read_walk_in(struct health *self, const char *text, int64_t now, struct walk_in *ret)
{
    struct pass_code code;
    enum pass_reason reason = pass_code_check(self->passes, text, strlen(text), now, &code);

    if (reason != PASS_OK)
        return pass_refusal(reason);
    if (code.kind != PASS_ACCOUNT)
        return HEALTH__REASON__NO_WALK_IN_CODE;
    if (!walk_ins_find(&self->walk_ins, (int64_t)code.subject, ret))
        return HEALTH__REASON__PASS_FORGED;
    ret->member_id = holder_of(&self->holders, ret->member_id);
    return ret->member_id ? 0 : HEALTH__REASON__PASS_REVOKED_NOW;
}

/* rpc CreateWalkIn: somebody without a booking takes a place of the van's slot that lasts now. */
void scans__create_walk_in(Health__Scans_Service *service, const Health__WalkInRequest *req, Health__Scan_Closure reply,
                           void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct walk_in walk_in;
    struct booking booking;
    struct issued issued;
    struct device device;
    struct scan scan;
    int refusal;

    if (!scan_is_new(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device))
        return;
    refusal = read_walk_in(self, req->code, rpc_now(call), &walk_in);
    if (!refusal)
        refusal = walk_in_book(self, &walk_in, req->site_id, call, &booking);
    if (!refusal && !passes_find_of(&self->bookings, booking.id, &issued))
        refusal = RPC__REASON__STORE_FAILED;
    if (rpc_refuse_if(call, refusal))
        return;
    scan = scan_new(&device, req->scan_ref, &issued, rpc_now(call), HEALTH__SCAN_OUTCOME__ACCEPTED, call);
    scan.walk_in = true;
    scan_accept(self, &scan, &booking, call);
    rpc_created(call);
    scan_reply(self, &scan, reply, call);
}

/* rpc CreateWalkInCode: what a member shows at the van. */
void scans__create_walk_in_code(Health__Scans_Service *service, const Health__WalkInCodeRequest *req,
                                Health__ScreenCode_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    struct walk_in walk_in;
    int refusal;

    if (!campaign || campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    refusal = holder_is(&self->holders, rpc_principal(call)->member_id, rpc_principal(call)->member_id)
                  ? walk_in_refusal(campaign, rpc_principal(call), rpc_now(call))
                  : RPC__REASON__TOKEN_REVOKED;
    if (rpc_refuse_if(call, refusal))
        return;
    walk_ins_obtain(self, campaign->campaign_id, rpc_principal(call)->member_id, call, &walk_in);
    reply_code(self, PASS_ACCOUNT, walk_in.subject, reply, call);
}
