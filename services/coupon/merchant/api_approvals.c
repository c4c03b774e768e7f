#include "services/coupon/coupon.h"

#include "common/benefit/two_hands/hands_list.h"

static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

/* rpc ListApprovals: what of the coupons waits. */
static void approvals__list_approvals(Coupon__Approvals_Service *service, const Hands__ListWaitingRequest *req,
                                      Hands__WaitingList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, approvals_service);

    hands_list(&self->two_hands, &self->tree, offices, req, reply, call);
}

const Coupon__Approvals_Service approvals_api = COUPON__APPROVALS__INIT(approvals__);
