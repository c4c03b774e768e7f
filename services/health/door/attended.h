/* attended.h: for the tests of what comes after a scan: a campaign at one site an hour
 * before its slot, and bookings of people who were there. */
#pragma once
#include "services/health/booking/booking_fixture.h"
#include "services/health/booking/visits.h"

#define SCANNER 790

static int64_t the_campaign, the_site, the_slot, the_device;

static inline void set_staff(struct harness *h, int64_t member_id, int duty, bool off)
{
    Health__SetStaffRequest request = HEALTH__SET_STAFF_REQUEST__INIT;

    request.site_id = the_site;
    request.member_id = member_id;
    request.duty = (Health__Duty)duty;
    request.off = off;
    assert_int_equal(harness_call(h, "Sites.SetStaff", &request.base, manager_of(h, UNION), NULL)->reason, 0);
}

static inline Rpc__Principal *scanner_of(struct harness *h)
{
    return harness_official(h, SCANNER, RULE__ROLE__CHECKUP_STAFF, UNION);
}

static inline void register_the_device(struct harness *h)
{
    Health__RegisterDeviceRequest request = HEALTH__REGISTER_DEVICE_REQUEST__INIT;

    request.site_id = the_site;
    request.name = "一号枪";
    the_device =
        ((Health__Device *)harness_output(h, call_once(h, "Doors.RegisterDevice", &request.base, scanner_of(h)),
                                          &health__device__descriptor))
            ->device_id;
}

/* Whose places count so; NULL: with nothing. */
static inline void begin_counted(struct harness *h, Granted__Counting *counts)
{
    Health__Campaign *draft;

    begin(h);
    clock_step(&h->service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(h));
    draft = a_draft(h, 100);
    draft->counts = counts;
    the_site = draft->sites[0]->site_id;
    the_campaign = a_campaign_to_book(h, draft);
    the_slot = a_slot(h, the_campaign, the_site, 9 * 60, 200);
    set_staff(h, SCANNER, HEALTH__DUTY__SCANS, false);
    clock_step(&h->service.clock, DAY_AT + 8 * HOUR_MS - now_of(h));
    register_the_device(h);
}

static inline void begin_campaign(struct harness *h)
{
    begin_counted(h, NULL);
}

/* Her pass is scanned; the scan's number. */
static inline int64_t come(struct harness *h, int64_t booking_id)
{
    static unsigned scans;
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;
    struct booking booking;
    char ref[24];

    assert_true(bookings_find(&health_of(h)->bookings, booking_id, &booking));
    snprintf(ref, sizeof(ref), "scan-%08u", scans++);
    request.site_id = the_site;
    request.device_id = the_device;
    request.scan_ref = ref;
    request.text =
        pass_in(h, on_booking(h, "Passes.GetPass", booking_id, holder_of(&health_of(h)->holders, booking.member_id)))
            ->text;
    return ((Health__Scan *)harness_output(h, harness_call(h, "Scans.CreateScan", &request.base, scanner_of(h), NULL),
                                           &health__scan__descriptor))
        ->scan_id;
}

/* It was a mistake. */
static inline void undo_scan(struct harness *h, int64_t scan_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = "扫错了人";
    assert_int_equal(harness_call(h, "Scans.UndoScan", &request.base, scanner_of(h), NULL)->reason, 0);
}

/* A booking of a member who has come, or not yet. */
static inline int64_t booking_of(struct harness *h, int64_t member_id, bool came)
{
    int64_t booking_id;

    give_places(h, the_campaign, member_id, 1);
    booking_id = booking_in(h, book(h, the_campaign, the_slot, member_id))->booking_id;
    if (came)
        come(h, booking_id);
    return booking_id;
}
