#include "services/subsidy/subsidy.h"

#include "common/benefit/two_hands/hands_list.h"

static const int offices[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE,
                              RULE__ROLE__ROLE_NONE};

/* rpc ListSubsidyHands: what of the subsidies waits. */
static void hands__list_subsidy_hands(Subsidy__Hands_Service *service, const Hands__ListWaitingRequest *req,
                                      Hands__WaitingList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, hands_service);

    hands_list(&self->two_hands, &self->tree, offices, req, reply, call);
}

const Subsidy__Hands_Service hands_api = SUBSIDY__HANDS__INIT(hands__);
