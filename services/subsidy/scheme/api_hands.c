#include "services/subsidy/subsidy.h"

#include "common/benefit/two_hands/hands_list.h"

static const int offices[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE,
                              RULE__ROLE__ROLE_NONE};

/* rpc ListSubsidyHands: what of the subsidies waits. */
static void deeds__list_subsidy_hands(Subsidy__Deeds_Service *service, const Hands__ListWaitingRequest *req,
                                      Hands__WaitingList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, deeds_service);

    hands_list(&self->two_hands, &self->tree, offices, req, reply, call);
}

const Subsidy__Deeds_Service deeds_api = SUBSIDY__DEEDS__INIT(deeds__);
