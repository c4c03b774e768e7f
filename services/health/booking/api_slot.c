#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/booking/costs.h"

/* A slot of one of an official's campaigns, which it returns; NULL after refusing. */
static const Health__Campaign *slot_of_official(struct health *self, int64_t slot_id, void *call, struct slot *ret)
{
    if (slots_find(&self->slots, slot_id, ret))
        return campaign_of_official(self, ret->campaign_id, call);
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
    refusal = slot_change_refusal(&slot, req->capacity, req->walk_ins, rpc_now(call), &field);
    if (refusal) {
        if (refusal == HEALTH__REASON__CAPACITY_BELOW_BOOKED) {
            rpc_fact_number(call, "booked", slot.booked);
            rpc_fact_number(call, "walkedIn", slot.walked);
        }
        rpc_refuse_field(call, refusal, field);
        return;
    }
    if (slot.capacity != req->capacity || slot.walk_ins != req->walk_ins) {
        more = req->walk_ins > slot.walk_ins;
        slot.capacity = req->capacity;
        slot.walk_ins = req->walk_ins;
        slot_change(self, &slot, call);
        if (more && costs_commit(self, campaign, 0, call)) {
            rpc_refuse_field(call, HEALTH__REASON__BUDGET_EXCEEDED, "walkIns");
            return;
        }
    }
    reply_slot(&slot, reply, call);
}

/* rpc WithdrawSlot: it takes nobody any more; who has booked it is told, and moves. */
static void slots__withdraw_slot(Health__Slots_Service *service, const Health__SlotRequest *req,
                                 Health__Slot_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, slots_service);
    struct slot slot;

    if (!slot_of_official(self, req->slot_id, call, &slot))
        return;
    if (!slot.withdrawn) {
        if (rpc_now(call) >= slot.ends_at) {
            rpc_refuse(call, HEALTH__REASON__SLOT_OVER);
            return;
        }
        slot.withdrawn = true;
        slot_change(self, &slot, call);
    }
    reply_slot(&slot, reply, call);
}

const Health__Slots_Service slots_api = HEALTH__SLOTS__INIT(slots__);
