#include "services/health/campaign/campaigns.h"
#include "services/health/door/scan_api.h"

/* rpc CreateWalkIn: somebody without a booking takes a place of the van's slot that lasts now. */
void scans__create_walk_in(Health__Scans_Service *service, const Health__WalkInRequest *req, Health__Scan_Closure reply,
                           void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct booking booking;
    struct scanner device;
    struct guest guest;
    struct scan scan;
    int refusal;

    if (!scan_is_new(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device))
        return;
    refusal = guests_read(&self->door, req->code, rpc_now(call), &guest);
    if (!refusal)
        refusal = walk_in_book(self, &guest, req->site_id, call, &booking);
    if (!refusal)
        refusal = door_admit(&self->door, &device, req->scan_ref, &booking, call, &scan);
    if (rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    scan_reply(self, &scan, reply, call);
}

/* rpc CreateWalkInCode: what a member shows at the van. */
void scans__create_walk_in_code(Health__Scans_Service *service, const Health__WalkInCodeRequest *req,
                                Health__ScreenCode_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    struct guest guest;
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
    guests_obtain(&self->door, campaign->campaign_id, rpc_principal(call)->member_id, call, &guest);
    reply_code(self, PASS_ACCOUNT, guest.subject, reply, call);
}
