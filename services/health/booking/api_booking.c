#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/campaign/sites.h"
#include "services/health/lot/stocks.h"

#define SLOTS_MADE 500

/* ---- slots ---- */

Health__Slot *slot_message(const struct slot *slot, struct arena *arena)
{
    Health__Slot *message = arena_alloc(arena, sizeof(*message));

    if (!message)
        return NULL;
    health__slot__init(message);
    message->slot_id = slot->id;
    message->campaign_id = slot->group_id;
    message->site_id = slot->place_id;
    message->starts_at = slot->starts_at;
    message->ends_at = slot->ends_at;
    message->capacity = slot->capacity;
    message->walk_ins = slot->walk_ins;
    message->free = slot_free(slot);
    message->withdrawn = slot->withdrawn;
    return message;
}

/* What was just made is shown with what was there, as far as one answer goes. */
static void reply_made(struct health *self, int64_t campaign_id, int64_t site_id, Health__SlotList_Closure reply,
                       void *call)
{
    Health__SlotList list = HEALTH__SLOT_LIST__INIT;
    struct slot slot;

    slots_ask(&self->slots, campaign_id, site_id, rpc_now(call), INT64_MAX, RPC_PAGE_ALL, SLOTS_MADE);
    while (slots_next(&self->slots, &slot))
        rpc_add(call, &list, slots, slot_message(&slot, rpc_arena(call)));
    reply(&list, call);
}

/* A Reason with its field, or 0 after making them. */
static int make_van_slot(struct health *self, const Health__Campaign *campaign, const Health__CreateSlotsRequest *req,
                         const Health__Site *site, void *call, const char **ret_field)
{
    struct slot slot = {.group_id = req->campaign_id,
                        .place_id = site->site_id,
                        .starts_at = site->stops_from,
                        .ends_at = site->stops_until,
                        .capacity = site->capacity,
                        .walk_ins = site->walk_ins},
                other;

    *ret_field = "days";
    if (req->n_days > 0 || req->n_hours > 0)
        return HEALTH__REASON__VAN_HAS_ITS_HOURS;
    *ret_field = "siteId";
    if (slots_find_of(&self->slots, site->site_id, &other) && other.group_id != req->campaign_id)
        return HEALTH__REASON__SLOT_EXISTS;
    if (slots_find_at(&self->slots, slot.group_id, slot.place_id, slot.starts_at, &other))
        return slot_obtain(&self->slots, &slot, call);
    slot_make(&self->slots, &slot, call);
    return slot.walk_ins > 0 && costs_commit(self, campaign, 0, call) ? HEALTH__REASON__BUDGET_EXCEEDED : 0;
}

/* rpc CreateSlots: days times hours at a hospital, or the stop of a van. */
static void bookings__create_slots(Health__Bookings_Service *service, const Health__CreateSlotsRequest *req,
                                   Health__SlotList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    const Health__CampaignSite *of_campaign;
    const Health__Site *site;
    const char *field = "siteId";
    int refusal;

    if (!campaign)
        return;
    site = sites_find(&self->sites, req->site_id, rpc_arena(call));
    of_campaign = campaign_site(campaign, req->site_id);
    if (!site || !of_campaign || of_campaign->withdrawn) {
        rpc_refuse_field(call, HEALTH__REASON__SITE_NOT_IN_CAMPAIGN, field);
        return;
    }
    refusal = site->kind == HEALTH__SITE_KIND__VAN
                  ? make_van_slot(self, campaign, req, site, call, &field)
                  : slots_obtain_days(&self->slots, req->campaign_id, req->site_id, req->days, req->n_days, req->hours,
                                      req->n_hours, call, &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    reply_made(self, req->campaign_id, req->site_id, reply, call);
}

/* rpc ListSlots: a site's hours in a campaign, and what is free. */
static void bookings__list_slots(Health__Bookings_Service *service, const Health__ListSlotsRequest *req,
                                 Health__SlotList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const struct rpc_page *page = rpc_page(call);
    int64_t from = page->after ? page->after + 1 : req->from ? req->from : rpc_now(call);
    Health__SlotList list = HEALTH__SLOT_LIST__INIT;
    struct slot slot;

    slots_ask(&self->slots, req->campaign_id, req->site_id, from, req->until ? req->until : INT64_MAX, page->states,
              (int)page->limit);
    while (slots_next(&self->slots, &slot)) {
        if (rpc_page_takes(call, slot.starts_at))
            rpc_add(call, &list, slots, slot_message(&slot, rpc_arena(call)));
    }
    reply(&list, call);
}

/* ---- bookings ---- */

static void booking_message(const Health__Campaign *campaign, const struct booking *booking, Health__Booking *ret)
{
    health__booking__init(ret);
    ret->booking_id = booking->id;
    ret->entitlement_id = booking->right_id;
    ret->campaign_id = booking->group_id;
    ret->site_id = booking->place_id;
    ret->slot_id = booking->slot_id;
    ret->starts_at = booking->starts_at;
    ret->ends_at = booking->ends_at;
    ret->state = (Health__BookingState)booking->state;
    ret->must_move = booking->must_move;
    ret->cancel_until = cancel_until(campaign, booking);
    ret->made_at = booking->made_at;
}

static void reply_booking(const Health__Campaign *campaign, const struct booking *booking,
                          Health__Booking_Closure reply, void *call)
{
    Health__Booking message;

    booking_message(campaign, booking, &message);
    reply(&message, call);
}

/* A campaign that members see; NULL after refusing. */
static const Health__Campaign *campaign_of_member(struct health *self, int64_t campaign_id, void *call)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, campaign_id, rpc_arena(call));

    if (campaign && campaign->state != HEALTH__CAMPAIGN_STATE__DRAFT)
        return campaign;
    rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
    return NULL;
}

bool booking_of_member(struct health *self, int64_t booking_id, void *call, struct booking *ret_booking,
                       const Health__Campaign **ret_campaign)
{
    if (!bookings_find(&self->bookings, booking_id, ret_booking) ||
        !holder_is(&self->holders, rpc_principal(call)->member_id, ret_booking->member_id)) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return false;
    }
    *ret_campaign = campaigns_find(&self->campaigns, ret_booking->group_id, rpc_arena(call));
    if (!*ret_campaign)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    return *ret_campaign != NULL;
}

/* A slot that may be booked, full or not; false after refusing. */
static bool find_slot(struct health *self, const Health__Campaign *campaign, const struct entitlement *entitlement,
                      int64_t slot_id, void *call, struct slot *ret)
{
    int refusal = slots_find(&self->slots, slot_id, ret) ? visit_refusal(&self->slots, campaign, ret, rpc_now(call))
                                                         : HEALTH__REASON__SLOT_NOT_FOUND;

    if (!refusal)
        refusal = costs_place_refusal(self, campaign, entitlement, ret->place_id, call);
    return !rpc_refuse_field_if(call, refusal, "slotId");
}

/* The right to book a slot where there is no lot; false after refusing. */
static bool take_place(struct health *self, const Health__Campaign *campaign, int64_t slot_id, bool had,
                       struct entitlement *entitlement, void *call)
{
    struct slot slot;
    int refusal;

    if (!slots_find(&self->slots, slot_id, &slot)) {
        rpc_refuse_field(call, HEALTH__REASON__SLOT_NOT_FOUND, "slotId");
        return false;
    }
    refusal = booking_refusal(campaign, rpc_now(call));
    if (refusal == HEALTH__REASON__BOOKING_NOT_OPEN)
        rpc_fact_time(call, "opensAt", campaign->book_from);
    if (!refusal)
        refusal = visit_refusal(&self->slots, campaign, &slot, rpc_now(call));
    if (!refusal && slot_free(&slot) <= 0)
        refusal = HEALTH__REASON__SLOT_FULL;
    if (!refusal)
        refusal = stock_take(self, campaign, slot.place_id, had, entitlement, call);
    if (refusal)
        campaign_tell_renewal(campaign, call);
    return !rpc_refuse_if(call, refusal);
}

/* rpc CreateBooking: a winner takes a place, or whoever comes first; the same again gives the first. */
static void bookings__create_booking(Health__Bookings_Service *service, const Health__CreateBookingRequest *req,
                                     Health__Booking_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const Health__Campaign *campaign = campaign_of_member(self, req->campaign_id, call);
    struct entitlement entitlement;
    struct booking booking;
    struct slot slot;
    int refusal;
    bool had;

    if (!campaign)
        return;
    had = entitlements_find_of(&self->entitlements, req->campaign_id, rpc_principal(call)->member_id, &entitlement);
    if (!had && !campaign->first_come) {
        rpc_refuse(call, HEALTH__REASON__NOT_ENTITLED);
        return;
    }
    if (had && bookings_find_of(&self->bookings, entitlement.id, &booking)) {
        if (booking.slot_id == req->slot_id) {
            reply_booking(campaign, &booking, reply, call);
            return;
        }
        rpc_fact_number(call, "bookingId", booking.id);
        rpc_refuse(call, HEALTH__REASON__ALREADY_BOOKED);
        return;
    }
    if ((!had || stock_is_open_again(campaign, &entitlement)) &&
        !take_place(self, campaign, req->slot_id, had, &entitlement, call))
        return;
    refusal = book_refusal(campaign, &entitlement, rpc_now(call));
    if (rpc_refuse_if(call, refusal))
        return;
    if (!find_slot(self, campaign, &entitlement, req->slot_id, call, &slot))
        return;
    if (!visit_book(self, &entitlement, &slot, false, call, &booking)) {
        rpc_refuse_field(call, HEALTH__REASON__SLOT_FULL, "slotId");
        return;
    }
    rpc_created(call);
    reply_booking(campaign, &booking, reply, call);
}

/* Whether a booking can be moved or cancelled now; false after refusing. */
static bool may_change(struct health *self, const Health__Campaign *campaign, const struct booking *booking, void *call)
{
    int64_t until = cancel_until(campaign, booking);
    int refusal = booking_fixed(&self->bookings, booking, until, rpc_now(call));

    if (refusal == HEALTH__REASON__TOO_LATE_TO_CHANGE)
        rpc_fact_time(call, "cancelUntil", until);
    return !rpc_refuse_if(call, refusal);
}

/* rpc MoveBooking: takes the new place, and only then gives the old one back. */
static void bookings__move_booking(Health__Bookings_Service *service, const Health__MoveBookingRequest *req,
                                   Health__Booking_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const Health__Campaign *campaign;
    struct entitlement entitlement;
    struct booking booking;
    struct slot slot;

    if (!booking_of_member(self, req->booking_id, call, &booking, &campaign))
        return;
    if (booking.slot_id == req->slot_id && booking.state == HEALTH__BOOKING_STATE__ACTIVE) {
        reply_booking(campaign, &booking, reply, call);
        return;
    }
    if (!entitlements_find(&self->entitlements, booking.right_id, &entitlement)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    if (!may_change(self, campaign, &booking, call) ||
        !find_slot(self, campaign, &entitlement, req->slot_id, call, &slot))
        return;
    if (!booking_move(&self->bookings, &booking, &slot, call)) {
        rpc_refuse_field(call, HEALTH__REASON__SLOT_FULL, "slotId");
        return;
    }
    reply_booking(campaign, &booking, reply, call);
}

/* rpc CancelBooking: she may book again while she has the right to, and else makes room; without a lot at once. */
static void bookings__cancel_booking(Health__Bookings_Service *service, const Health__BookingRequest *req,
                                     Health__Booking_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const Health__Campaign *campaign;
    struct entitlement entitlement;
    struct booking booking;

    if (!booking_of_member(self, req->booking_id, call, &booking, &campaign))
        return;
    if (booking.state == HEALTH__BOOKING_STATE__CANCELLED) {
        reply_booking(campaign, &booking, reply, call);
        return;
    }
    if (!may_change(self, campaign, &booking, call))
        return;
    booking_set(&self->bookings, &booking, HEALTH__BOOKING_STATE__CANCELLED, call);
    if (entitlements_find(&self->entitlements, booking.right_id, &entitlement)) {
        if (campaign->first_come)
            entitlement_end(self, &entitlement, HEALTH__ENTITLEMENT_STATE__DECLINED, call);
        else if (rpc_now(call) < entitlement.book_by)
            entitlement_set(self, &entitlement, HEALTH__ENTITLEMENT_STATE__WON, call);
        else
            entitlement_end(self, &entitlement, HEALTH__ENTITLEMENT_STATE__LAPSED, call);
    }
    reply_booking(campaign, &booking, reply, call);
}

/* rpc DeclineEntitlement: she does not want her place, and makes room for the next. */
static void bookings__decline_entitlement(Health__Bookings_Service *service, const Health__DeclineRequest *req,
                                          Health__DeclineReply_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    Health__DeclineReply message = HEALTH__DECLINE_REPLY__INIT;
    struct entitlement entitlement;

    if (!entitlements_find_of(&self->entitlements, req->campaign_id, rpc_principal(call)->member_id, &entitlement)) {
        rpc_refuse(call, HEALTH__REASON__NOT_ENTITLED);
        return;
    }
    if (entitlement.state == HEALTH__ENTITLEMENT_STATE__WON) {
        entitlement_end(self, &entitlement, HEALTH__ENTITLEMENT_STATE__DECLINED, call);
    } else if (entitlement.state != HEALTH__ENTITLEMENT_STATE__DECLINED) {
        rpc_refuse(call, entitlement.state == HEALTH__ENTITLEMENT_STATE__BOOKED   ? HEALTH__REASON__CANCEL_FIRST
                         : entitlement.state == HEALTH__ENTITLEMENT_STATE__LAPSED ? HEALTH__REASON__ENTITLEMENT_LAPSED
                                                                                  : HEALTH__REASON__ENTITLEMENT_USED);
        return;
    }
    message.entitlement_id = entitlement.id;
    reply(&message, call);
}

/* rpc GetBooking: hers. */
static void bookings__get_booking(Health__Bookings_Service *service, const Health__BookingRequest *req,
                                  Health__Booking_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const Health__Campaign *campaign;
    struct booking booking;

    if (booking_of_member(self, req->booking_id, call, &booking, &campaign))
        reply_booking(campaign, &booking, reply, call);
}

/* rpc ListBookings: hers, the latest first. */
static void bookings__list_bookings(Health__Bookings_Service *service, const Health__ListBookingsRequest *req,
                                    Health__BookingList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, bookings_service);
    const struct rpc_page *page = rpc_page(call);
    struct booking *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Health__BookingList list = HEALTH__BOOKING_LIST__INIT;
    size_t n = 0;

    (void)req;
    bookings_ask(&self->bookings, rpc_principal(call)->member_id, page->before, page->limit, page->states);
    while (found && n < page->limit && bookings_next(&self->bookings, &found[n]))
        n++;
    bookings_end(&self->bookings);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        const Health__Campaign *campaign = campaigns_find(&self->campaigns, found[i].group_id, rpc_arena(call));
        Health__Booking *message = arena_message(rpc_arena(call), &health__booking__descriptor);

        if (!campaign || !message)
            continue;
        booking_message(campaign, &found[i], message);
        rpc_add(call, &list, bookings, message);
    }
    reply(&list, call);
}

const Health__Bookings_Service bookings_api = HEALTH__BOOKINGS__INIT(bookings__);
