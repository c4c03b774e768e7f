/* booking_fixture.h: what the tests of booking and scanning share: a campaign whose
 * booking is open, winners by decree instead of by lot, and their first steps. */
#pragma once
#include "services/health/booking/booking_rules.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/fixture.h"

#define DAY       20260302 /* of the slots */
#define DAY_AT    INT64_C(1772380800000)
#define MINUTE_MS INT64_C(60000)

static inline struct health *health_of(struct harness *h)
{
    return h->service.self;
}

/* ---- by decree ---- */

struct decree {
    int64_t campaign_id, first;
    int32_t n, state; /* n members from first on are entitled; 0: the campaign passes to the state */
};
struct decreed {
    struct health *self;
    struct decree decree;
};

static inline void decree_work(void *call, void *arg)
{
    const struct decreed *decreed = arg;
    const struct decree *decree = &decreed->decree;
    Health__Campaign *campaign = campaigns_find(&decreed->self->campaigns, decree->campaign_id, rpc_arena(call));
    struct entitlement made;

    assert_non_null(campaign);
    for (int i = 0; i < decree->n; i++)
        assert_true(entitlement_grant(decreed->self, campaign, decree->first + i, 0, 0, call, &made));
    if (decree->n == 0)
        campaign_set_state(decreed->self, campaign, decree->state, call);
}

static inline void carry_out(struct harness *h, const void *bytes, size_t len)
{
    struct decreed decreed = {.self = health_of(h)};

    assert_int_equal(len, sizeof(decreed.decree));
    memcpy(&decreed.decree, bytes, len);
    assert_int_equal(rpc_server_transact(h->service.rpc, decree_work, &decreed), 0);
}

/* Moves the clock to the beginning of booking. */
static inline int64_t a_campaign_to_book(struct harness *h, Health__Campaign *draft)
{
    struct decree decree = {.state = HEALTH__CAMPAIGN_STATE__PUBLISHED};

    decree.campaign_id = campaign_of(h, create_campaign(h, manager_of(h, UNION), draft))->campaign_id;
    clock_step(&h->service.clock, draft->book_from - now_of(h));
    harness_give(h, "decree", carry_out, &decree, sizeof(decree));
    return decree.campaign_id;
}

/* Members first, first + 1, ... are entitled, as those are who walk in. */
static inline void give_places(struct harness *h, int64_t campaign_id, int64_t first, int n)
{
    struct decree decree = {campaign_id, first, n, 0};

    harness_give(h, "decree", carry_out, &decree, sizeof(decree));
}

static inline int state_of(struct harness *h, int64_t campaign_id, int64_t member_id)
{
    struct entitlement entitlement;

    assert_true(entitlements_find_of(&health_of(h)->entitlements, campaign_id, member_id, &entitlement));
    return entitlement.state;
}

/* ---- slots ---- */

static inline const Rpc__Answer *create_slots(struct harness *h, const Rpc__Principal *who, int64_t campaign_id,
                                              int64_t site_id, int32_t day, int32_t from, int32_t until,
                                              int32_t capacity)
{
    Health__CreateSlotsRequest request = HEALTH__CREATE_SLOTS_REQUEST__INIT;
    Slots__Hours hours = SLOTS__HOURS__INIT, *list = &hours;

    request.campaign_id = campaign_id;
    request.site_id = site_id;
    request.days = &day;
    request.n_days = day ? 1 : 0;
    hours.from_minute = from;
    hours.until_minute = until;
    hours.capacity = capacity;
    request.hours = &list;
    request.n_hours = day ? 1 : 0;
    return harness_call(h, "Bookings.CreateSlots", &request.base, who, NULL);
}

static inline const Health__SlotList *slots_of(struct harness *h, int64_t campaign_id, int64_t site_id)
{
    Health__ListSlotsRequest request = HEALTH__LIST_SLOTS_REQUEST__INIT;

    request.campaign_id = campaign_id;
    request.site_id = site_id;
    return harness_output(h, harness_call(h, "Bookings.ListSlots", &request.base, harness_member(h, 1, TOWN), NULL),
                          &health__slot_list__descriptor);
}

/* The slot of DAY that begins at a minute. */
static inline int64_t a_slot(struct harness *h, int64_t campaign_id, int64_t site_id, int32_t from, int32_t capacity)
{
    const Health__SlotList *list =
        harness_output(h, create_slots(h, manager_of(h, UNION), campaign_id, site_id, DAY, from, from + 60, capacity),
                       &health__slot_list__descriptor);

    for (size_t i = 0; i < list->n_slots; i++) {
        if (list->slots[i]->starts_at == DAY_AT + from * MINUTE_MS)
            return list->slots[i]->slot_id;
    }
    fail();
    return 0;
}

static inline const Rpc__Answer *change_slot(struct harness *h, const Rpc__Principal *who, int64_t slot_id,
                                             int32_t capacity, int32_t walk_ins)
{
    Health__ChangeSlotRequest request = HEALTH__CHANGE_SLOT_REQUEST__INIT;

    request.slot_id = slot_id;
    request.capacity = capacity;
    request.walk_ins = walk_ins;
    return harness_call(h, "Slots.ChangeSlot", &request.base, who, NULL);
}

static inline const Rpc__Answer *withdraw_slot(struct harness *h, const Rpc__Principal *who, int64_t slot_id)
{
    Health__SlotRequest request = HEALTH__SLOT_REQUEST__INIT;

    request.slot_id = slot_id;
    return harness_call(h, "Slots.WithdrawSlot", &request.base, who, NULL);
}

/* ---- vans ---- */

/* A van that stops for eight hours. */
static inline int64_t a_van(struct harness *h, int64_t from, int32_t capacity, int32_t walk_ins)
{
    Health__Site draft = a_site_draft(h);
    const Health__Site *made;

    draft.kind = HEALTH__SITE_KIND__VAN;
    draft.name = "流动体检车";
    draft.stops_from = from;
    draft.stops_until = from + 8 * HOUR_MS;
    draft.capacity = capacity;
    draft.walk_ins = walk_ins;
    made = harness_output(h, create_site(h, manager_of(h, UNION), &draft), &health__site__descriptor);
    return made->site_id;
}

static inline const Rpc__Answer *walk_in_code(struct harness *h, int64_t campaign_id, int64_t member_id)
{
    Health__WalkInCodeRequest request = HEALTH__WALK_IN_CODE_REQUEST__INIT;

    request.campaign_id = campaign_id;
    return harness_call(h, "Scans.CreateWalkInCode", &request.base, harness_member(h, member_id, TOWN), NULL);
}

static inline const char *code_of(struct harness *h, int64_t campaign_id, int64_t member_id)
{
    const Health__ScreenCode *code =
        harness_output(h, walk_in_code(h, campaign_id, member_id), &health__screen_code__descriptor);

    return code->code;
}

static inline const Rpc__Answer *walk_in(struct harness *h, int64_t site_id, int64_t device_id,
                                         const Rpc__Principal *who, const char *ref, const char *code)
{
    Health__WalkInRequest request = HEALTH__WALK_IN_REQUEST__INIT;

    request.site_id = site_id;
    request.device_id = device_id;
    request.scan_ref = unconst(ref);
    request.code = unconst(code);
    return harness_call(h, "Scans.CreateWalkIn", &request.base, who, NULL);
}

/* ---- bookings ---- */

static inline const Rpc__Answer *book(struct harness *h, int64_t campaign_id, int64_t slot_id, int64_t member_id)
{
    Health__CreateBookingRequest request = HEALTH__CREATE_BOOKING_REQUEST__INIT;

    request.campaign_id = campaign_id;
    request.slot_id = slot_id;
    return harness_call(h, "Bookings.CreateBooking", &request.base, harness_member(h, member_id, TOWN), NULL);
}

static inline const Health__Booking *booking_in(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &health__booking__descriptor);
}

static inline const Rpc__Answer *on_booking(struct harness *h, const char *method, int64_t booking_id,
                                            int64_t member_id)
{
    Health__BookingRequest request = HEALTH__BOOKING_REQUEST__INIT;

    request.booking_id = booking_id;
    return call_once(h, method, &request.base, harness_member(h, member_id, TOWN));
}

static inline const Rpc__Answer *move(struct harness *h, int64_t booking_id, int64_t slot_id, int64_t member_id)
{
    Health__MoveBookingRequest request = HEALTH__MOVE_BOOKING_REQUEST__INIT;

    request.booking_id = booking_id;
    request.slot_id = slot_id;
    return harness_call(h, "Bookings.MoveBooking", &request.base, harness_member(h, member_id, TOWN), NULL);
}

static inline const Health__Pass *pass_in(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &health__pass__descriptor);
}
