/* attended.h: for the tests of what comes after a scan: a campaign at one site, and
 * bookings of people who were there. */
#pragma once
#include "services/health/booking_fixture.h"

static int64_t the_campaign, the_site, the_slot;

static inline void begin_campaign(struct harness *h)
{
    Health__Campaign *draft;

    begin(h);
    draft = a_draft(h, 100);
    the_site = draft->sites[0]->site_id;
    the_campaign = a_campaign_to_book(h, draft);
    the_slot = a_slot(h, the_campaign, the_site, 9 * 60, 200);
}

struct attending {
    struct health *self;
    int64_t booking_id;
    bool came;
};

static inline void attend_work(void *call, void *arg)
{
    const struct attending *attending = arg;
    struct health *self = attending->self;
    struct entitlement entitlement;
    struct booking booking;

    assert_true(bookings_find(&self->bookings, attending->booking_id, &booking));
    assert_true(entitlements_find(&self->entitlements, booking.entitlement_id, &entitlement));
    booking_set(self, &booking, attending->came ? HEALTH__BOOKING_STATE__ARRIVED : HEALTH__BOOKING_STATE__ACTIVE, call);
    entitlement_set(self, &entitlement,
                    attending->came ? HEALTH__ENTITLEMENT_STATE__ATTENDED : HEALTH__ENTITLEMENT_STATE__BOOKED, call);
}

/* She was there; or the scan that said so is undone. */
static inline void set_came(struct harness *h, int64_t booking_id, bool came)
{
    struct attending attending = {health_of(h), booking_id, came};

    assert_int_equal(rpc_server_transact(h->service.rpc, attend_work, &attending), 0);
}

/* A booking of a member who has come, or not yet. */
static inline int64_t booking_of(struct harness *h, int64_t member_id, bool came)
{
    int64_t booking_id;

    give_places(h, the_campaign, member_id, 1);
    booking_id = booking_in(h, book(h, the_campaign, the_slot, member_id))->booking_id;
    if (came)
        set_came(h, booking_id, true);
    return booking_id;
}

static inline void set_staff(struct harness *h, int64_t member_id, int duty, bool off)
{
    Health__SetStaffRequest request = HEALTH__SET_STAFF_REQUEST__INIT;

    request.site_id = the_site;
    request.member_id = member_id;
    request.duty = (Health__Duty)duty;
    request.off = off;
    assert_int_equal(harness_call(h, "Sites.SetStaff", &request.base, manager_of(h, UNION), NULL)->reason, 0);
}
