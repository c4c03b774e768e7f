/* door_fixture.h: two sites and a van, who scans there, and what the tests of the doors do there. */
#pragma once
#include "services/health/booking/booking_fixture.h"
#include "services/health/door/entrance.h"

#define MEMBER 5000
#define STAFF  7000 /* and the next: who scan at the first site; STAFF + 10 at the second */
#define START  (DAY_AT + 480 * MINUTE_MS)

static struct harness h;
static int64_t campaign, site, other_site, van, slot;

static inline Rpc__Principal *staff(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__CHECKUP_STAFF, UNION);
}

static inline void employ(int64_t at, int64_t member_id)
{
    Health__SetStaffRequest request = HEALTH__SET_STAFF_REQUEST__INIT;

    request.site_id = at;
    request.member_id = member_id;
    request.duty = HEALTH__DUTY__SCANS;
    assert_ok(harness_call(&h, "Sites.SetStaff", &request.base, manager_of(&h, UNION), NULL));
}

static inline int setup(void **state)
{
    Health__Campaign *draft;

    *state = &h;
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    draft = a_draft(&h, 100);
    site = draft->sites[0]->site_id;
    other_site = a_site(&h);
    van = a_van(&h, START, 4, 2);
    draft->sites = harness_alloc(&h, 3 * sizeof(*draft->sites));
    draft->n_sites = 3;
    for (int i = 0; i < 3; i++) {
        draft->sites[i] = harness_alloc(&h, sizeof(**draft->sites));
        health__campaign_site__init(draft->sites[i]);
        draft->sites[i]->site_id = (int64_t[]){site, other_site, van}[i];
    }
    campaign = a_campaign_to_book(&h, draft);
    slot = a_slot(&h, campaign, site, 480, 50);
    employ(site, STAFF);
    employ(site, STAFF + 1);
    employ(other_site, STAFF + 10);
    employ(van, STAFF);
    return 0;
}

static inline void to(int64_t at)
{
    clock_step(&h.service.clock, at - now_of(&h));
}

/* By decree, without a record. */
static inline void set_budget(int64_t budget_fen)
{
    struct health *self = h.service.self;
    Health__Campaign *changed = campaigns_find(&self->campaigns, campaign, &h.arena);

    harness_off_record(&h);
    changed->budget_fen = budget_fen;
    assert_true(campaigns_put(&self->campaigns, changed, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
}

/* ---- what staff does ---- */

static inline const Rpc__Answer *register_device(int64_t at, int64_t member_id, int64_t replaces)
{
    Health__RegisterDeviceRequest request = HEALTH__REGISTER_DEVICE_REQUEST__INIT;

    request.site_id = at;
    request.name = "一号枪";
    request.replaces = replaces;
    return call_once(&h, "Doors.RegisterDevice", &request.base, staff(member_id));
}

static inline int64_t a_device(int64_t at, int64_t member_id)
{
    const Health__Device *device = harness_output(&h, register_device(at, member_id, 0), &health__device__descriptor);

    return device->device_id;
}

static inline const Rpc__Answer *scan_as(int64_t at, int64_t device, int64_t member_id, const char *ref,
                                         const char *text)
{
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;

    request.site_id = at;
    request.device_id = device;
    request.scan_ref = unconst(ref);
    request.text = unconst(text);
    return harness_call(&h, "Scans.CreateScan", &request.base, staff(member_id), NULL);
}

static inline const Rpc__Answer *scan(int64_t device, const char *ref, const char *text)
{
    return scan_as(site, device, STAFF, ref, text);
}

static inline const Health__Scan *scan_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__scan__descriptor);
}

static inline const Rpc__Answer *undo(int64_t scan_id, int64_t member_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = "扫错了人";
    return harness_call(&h, "Scans.UndoScan", &request.base, staff(member_id), NULL);
}

static inline const Health__Counts *counts(int64_t at)
{
    Health__ScannerRequest request = HEALTH__SCANNER_REQUEST__INIT;

    request.site_id = at;
    request.day = DAY;
    return harness_output(&h, harness_call(&h, "Doors.GetCounts", &request.base, staff(STAFF), NULL),
                          &health__counts__descriptor);
}

/* A booking of the first site's slot by the n-th member, and its pass. */
static inline int64_t a_booking(int n)
{
    give_places(&h, campaign, MEMBER + n, 1);
    return booking_in(&h, book(&h, campaign, slot, MEMBER + n))->booking_id;
}

static inline const char *text_of(int64_t booking_id, int n)
{
    return pass_in(&h, on_booking(&h, "Passes.GetPass", booking_id, MEMBER + n))->text;
}

static inline const char *screen_of(int64_t booking_id, int n)
{
    const Health__ScreenCode *code = harness_output(&h, on_booking(&h, "Passes.GetScreenCode", booking_id, MEMBER + n),
                                                    &health__screen_code__descriptor);

    return code->code;
}
