#include "services/health/health.h"

#include "common/benefit/two_hands/hands_list.h"

static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

/* rpc ListHands: what of the check-ups waits. */
static void hands__list_hands(Health__Hands_Service *service, const Hands__ListWaitingRequest *req,
                              Hands__WaitingList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, hands_service);

    hands_list(&self->two_hands, &self->tree, offices, req, reply, call);
}

const Health__Hands_Service hands_api = HEALTH__HANDS__INIT(hands__);
