#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/booking/costs.h"

/* A slot of one of an official's campaigns, which it returns; NULL after refusing. */
static const Health__Campaign *slot_of_official(struct health *self, int64_t slot_id, void *call, struct slot *ret)
{
    if (slots_find(&self->slots, slot_id, ret))
        return campaign_of_official(self, ret->group_id, call);
    rpc_refuse(call, HEALTH__REASON__SLOT_NOT_FOUND);
    return NULL;
}

static void reply_slot(const struct slot *slot, Health__Slot_Closure reply, void *call)
{
    reply(slot_message(slot, rpc_arena(call)), call);
}

/* rpc ChangeSlot: how many it takes, and how many of them without a booking. */
static void slots__change_slot(Health__Slots_Service *service, const Health__ChangeSlotRequest *req,
                               Health__Slot_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, slots_service);
    const Health__Campaign *campaign;
    const char *field;
    struct slot slot;
    int refusal;
    bool more;

    campaign = slot_of_official(self, req->slot_id, call, &slot);
    if (!campaign)
        return;
    more = req->walk_ins > slot.walk_ins;
    refusal = slot_change(&self->slots, &slot, req->capacity, req->walk_ins, call, &field);
    if (!refusal && more && costs_commit(self, campaign, 0, call)) {
        refusal = HEALTH__REASON__BUDGET_EXCEEDED;
        field = "walkIns";
    }
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    reply_slot(&slot, reply, call);
}

/* rpc WithdrawSlot: it takes nobody any more; who has booked it is told, and moves. */
static void slots__withdraw_slot(Health__Slots_Service *service, const Health__SlotRequest *req,
                                 Health__Slot_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, slots_service);
    struct slot slot;

    if (!slot_of_official(self, req->slot_id, call, &slot) ||
        rpc_refuse_if(call, slot_withdraw(&self->slots, &slot, call)))
        return;
    reply_slot(&slot, reply, call);
}

const Health__Slots_Service slots_api = HEALTH__SLOTS__INIT(slots__);
