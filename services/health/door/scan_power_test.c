/* The power is lost at every write from a booking to the door: who was told that she
 * has a place has it, what was accepted stays accepted, and no slot or pass gives more. */
#include "services/health/booking/booking_fixture.h"
#include "services/health/door/entrance.h"
#include "tests/power.h"

#define BOOKED 5000 /* before; she moves meanwhile */
#define BOOKS  5001 /* who books meanwhile */
#define COMES  5002 /* who booked before and is scanned meanwhile */
#define STAFF  7000
#define START  (DAY_AT + 480 * MINUTE_MS)

static struct {
    int64_t campaign_id, site_id, slot_id, later_id, device_id, moves_id, comes_id;
    char text[PASS_SIZE];
    bool booked, moved, scanned, undone, scanned_again;
    int64_t scan_id;
} told;

static Rpc__Principal *staff(struct harness *h)
{
    return harness_official(h, STAFF, RULE__ROLE__CHECKUP_STAFF, UNION);
}

static void open_a_door(struct harness *h)
{
    Health__SetStaffRequest employ = HEALTH__SET_STAFF_REQUEST__INIT;
    Health__RegisterDeviceRequest device = HEALTH__REGISTER_DEVICE_REQUEST__INIT;
    Health__Campaign *draft;

    memset(&told, 0, sizeof(told));
    begin(h);
    clock_step(&h->service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(h));
    draft = a_draft(h, 10);
    told.site_id = draft->sites[0]->site_id;
    told.campaign_id = a_campaign_to_book(h, draft);
    told.slot_id = a_slot(h, told.campaign_id, told.site_id, 480, 3);
    told.later_id = a_slot(h, told.campaign_id, told.site_id, 600, 1);
    give_places(h, told.campaign_id, BOOKED, 3);
    told.moves_id = booking_in(h, book(h, told.campaign_id, told.slot_id, BOOKED))->booking_id;
    told.comes_id = booking_in(h, book(h, told.campaign_id, told.slot_id, COMES))->booking_id;
    snprintf(told.text, sizeof(told.text), "%s",
             pass_in(h, on_booking(h, "Passes.GetPass", told.comes_id, COMES))->text);
    employ.site_id = device.site_id = told.site_id;
    employ.member_id = STAFF;
    employ.duty = HEALTH__DUTY__SCANS;
    assert_ok(harness_call(h, "Sites.SetStaff", &employ.base, manager_of(h, UNION), NULL));
    device.name = "一号枪";
    told.device_id = ((const Health__Device *)harness_output(
                          h, call_once(h, "Doors.RegisterDevice", &device.base, staff(h)), &health__device__descriptor))
                         ->device_id;
    clock_step(&h->service.clock, START - HOUR_MS - now_of(h));
}

static const Rpc__Answer *scan(struct harness *h, const char *ref)
{
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;

    request.site_id = told.site_id;
    request.device_id = told.device_id;
    request.scan_ref = unconst(ref);
    request.text = told.text;
    return harness_call(h, "Scans.CreateScan", &request.base, staff(h), NULL);
}

static bool undo(struct harness *h, int64_t scan_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = "扫错了人";
    return harness_call(h, "Scans.UndoScan", &request.base, staff(h), NULL)->reason == 0;
}

static void go_to_the_door(struct harness *h)
{
    const Rpc__Answer *answer;

    told.undone = told.scanned_again = false;
    told.booked = book(h, told.campaign_id, told.slot_id, BOOKS)->reason == 0;
    told.moved = move(h, told.moves_id, told.later_id, BOOKED)->reason == 0;
    answer = scan(h, "scan-0001");
    told.scanned = answer->reason == 0;
    if (!told.scanned)
        return;
    told.scan_id = ((const Health__Scan *)harness_output(h, answer, &health__scan__descriptor))->scan_id;
    told.undone = undo(h, told.scan_id);
    if (told.undone)
        told.scanned_again = scan(h, "scan-0002")->reason == 0;
}

static void what_was_told_is_so(struct harness *h)
{
    const struct health *self = health_of(h);
    struct booking booking;
    struct scan first;

    if (told.booked)
        assert_int_equal(state_of(h, told.campaign_id, BOOKS), HEALTH__ENTITLEMENT_STATE__BOOKED);
    assert_true(bookings_find(&self->bookings, told.moves_id, &booking));
    if (told.moved)
        assert_int_equal(booking.slot_id, told.later_id);
    assert_true(bookings_find(&self->bookings, told.comes_id, &booking));
    if (told.scanned) {
        assert_true(scans_find(&self->door, told.scan_id, &first));
        if (!told.undone && first.undone_at == 0)
            assert_int_equal(booking.state, HEALTH__BOOKING_STATE__ARRIVED);
    }
    if (told.undone)
        assert_true(first.undone_at > 0);
    if (told.scanned_again)
        assert_int_equal(booking.state, HEALTH__BOOKING_STATE__ARRIVED);
    /* Whatever was lost, another scan of the pass is accepted once in all. */
    scan(h, "scan-0003");
    assert_refused(scan(h, "scan-0004"), "PASS_USED");
    assert_string_equal(harness_audit(h), "");
    harness_forget(h);
}

static void no_power_cut_changes_what_was_told(void **state)
{
    static const struct power_trial trial = {open_a_door, go_to_the_door, what_was_told_is_so};
    struct harness h;

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_power_cut_changes_what_was_told),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
