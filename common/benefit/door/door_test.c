/* What happens at the door of a bath house. */
#define SPA_HAS_DOOR
#include "common/benefit/bookings/bookings_fixture.h"

#define STAFF 7 /* and the next */

enum { ACTIVE = BOOKINGS__STATE__ACTIVE, ARRIVED = BOOKINGS__STATE__ARRIVED, NOT_COME = BOOKINGS__STATE__NOT_COME };
enum { ACCEPTED = DOOR__OUTCOME__ACCEPTED, DUPLICATE = DOOR__OUTCOME__DUPLICATE, WAITS = DOOR__OUTCOME__WAITS };

static struct door *door(void)
{
    return &spa()->door;
}

/* ---- deeds ---- */

static int do_register(struct deed *deed, void *call)
{
    return scanner_register(&spa()->scanners, deed->at, "gate", deed->device.id, call, &deed->device, &deed->field);
}

static int do_revoke(struct deed *deed, void *call)
{
    scanner_revoke(&spa()->scanners, &deed->device, call);
    return 0;
}

static int do_own(struct deed *deed, void *call)
{
    return scanner_of_caller(&spa()->scanners, BATHS, deed->device.id, deed->made, call, &deed->device);
}

static int do_scan(struct deed *deed, void *call)
{
    return door_scan(door(), &deed->device, &deed->scanned, call, &deed->scan);
}

static int do_take_late(struct deed *deed, void *call)
{
    door_take_late(door(), &deed->device, &deed->scanned, deed->at, deed->a * MINUTE_MS, call, &deed->scan);
    return 0;
}

static int do_accept(struct deed *deed, void *call)
{
    struct scan waits = deed->scan;

    return door_accept(door(), &waits, call, &deed->scan, &deed->made);
}

static int do_undo(struct deed *deed, void *call)
{
    return door_undo(door(), &deed->scan, "the wrong one", call);
}

static int do_take_back(struct deed *deed, void *call)
{
    return door_take_back(door(), &deed->scan, "the wrong one", call);
}

static int do_guest(struct deed *deed, void *call)
{
    guests_obtain(door(), SEASON, deed->at, call, &deed->guest);
    return 0;
}

static int do_admit(struct deed *deed, void *call)
{
    int reason = do_book(deed, call);

    return reason ? reason : door_admit(door(), &deed->device, deed->scanned.ref, &deed->booking, call, &deed->scan);
}

static const Rpc__Principal *staff(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__CHECKUP_STAFF, "0001");
}

static struct scanner a_device(int64_t place_id, int64_t staff_id)
{
    struct deed deed = {.who = staff(staff_id), .at = place_id};

    assert_int_equal(act(&deed, do_register), 0);
    return deed.device;
}

/* The code that is printed for a booking. */
static const char *code_of(const struct booking *booking)
{
    static char codes[8][PASS_CODE_SIZE];
    static unsigned n;
    char *code = codes[n++ % 8];

    assert_true(pass_code_make(spa()->passes, PASS_PRINTED, (uint64_t)pass_of(booking).serial, DAY_AT, code));
    return code;
}

static struct deed scanning(const struct scanner *device, const char *ref, const char *text)
{
    return (struct deed){.device = *device, .scanned = {.text = text, .ref = ref}};
}

static struct scan scan(const struct scanner *device, const char *ref, const char *text)
{
    struct deed deed = scanning(device, ref, text);

    assert_int_equal(act(&deed, do_scan), 0);
    return deed.scan;
}

static int refusal_of(const struct scanner *device, const char *ref, const char *text)
{
    struct deed deed = scanning(device, ref, text);

    return act(&deed, do_scan);
}

static struct scan take_late(const struct scanner *device, const char *ref, const char *text, int64_t at)
{
    struct deed deed = scanning(device, ref, text);

    deed.at = at;
    assert_int_equal(act(&deed, do_take_late), 0);
    return deed.scan;
}

static int64_t n_scans(void)
{
    return harness_number(&h, "SELECT count(*) FROM door_scan");
}

/* ---- with network ---- */

static void a_pass_is_accepted_once_at_its_place_and_hour(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 5, 0);
    struct booking booking = booked(&slot, 1), cancelled = booked(&slot, 2);
    struct scanner device = a_device(BATHS, STAFF), other = a_device(BATHS + 1, STAFF);
    const char *text = code_of(&booking), *gone = code_of(&cancelled);
    struct deed twice = scanning(&device, "b", text);
    struct scan first;

    (void)state;
    assert_int_equal(refusal_of(&device, "a", text), BAD_PASS + PASS_NOT_YET);
    to(slot.starts_at - 10 * MINUTE_MS);
    assert_int_equal(refusal_of(&other, "a", text), BAD_PASS + PASS_OTHER_SITE);
    assert_int_equal(refusal_of(&device, "a", "00000000000000000000000000000000"), BAD_PASS + PASS_MALFORMED);
    set_state(&cancelled, BOOKINGS__STATE__CANCELLED);
    assert_int_equal(refusal_of(&device, "a", gone), BAD_PASS + PASS_REVOKED);
    assert_int_equal(n_scans(), 0); /* what is refused is not kept */
    first = scan(&device, "a", text);
    assert_true(first.outcome == ACCEPTED && first.booking_id == booking.id);
    assert_true(spa()->arrived == 1 && spa()->last.id == booking.id && spa()->last.state == ARRIVED);
    assert_int_equal(act(&twice, do_scan), BAD_PASS + PASS_USED);
    assert_int_equal(twice.scan.duplicate_of, first.id);
    harness_reopen(&h);
    assert_int_equal(refusal_of(&device, "b", text), BAD_PASS + PASS_USED);
    assert_true(scans_find_ref(door(), device.id, "a", &first));
    assert_int_equal(booking_again(booking.id).state, ARRIVED);
}

/* What was signed with our key and never issued by us. */
static void what_was_never_issued_is_forged(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 5, 0);
    struct booking booking = booked(&slot, 1);
    struct issued issued = pass_of(&booking);
    struct scanner device = a_device(BATHS, STAFF);
    char text[PASS_SIZE];
    struct deed deed;
    struct pass pass;

    (void)state;
    to(slot.starts_at);
    for (int forged = 1; forged >= 0; forged--) {
        pass_compose(&booking, &issued, "0001", &pass);
        pass.serial += (uint64_t)forged;
        assert_true(pass_make(spa()->passes, &pass, text));
        deed = scanning(&device, "a", text);
        deed.scanned.reason = pass_verify(spa()->passes, text, strlen(text), &deed.scanned.pass);
        assert_int_equal(act(&deed, do_scan), forged ? BAD_PASS + PASS_FORGED : 0);
    }
}

/* ---- without ---- */

static void what_is_handed_in_late_is_kept_each_with_its_outcome(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    struct booking good = booked(&slot, 1), moved = booked(&slot, 2);
    struct scanner device = a_device(BATHS, STAFF), off = a_device(BATHS, STAFF + 1);
    struct slot later = a_slot(BATHS, 12, 9, 0);
    const char *text = code_of(&good), *old = code_of(&moved);
    struct deed revoke = {.device = off}, fast = scanning(&device, "e", text);
    struct scan first;

    (void)state;
    to(slot.starts_at);
    assert_int_equal(act(&revoke, do_revoke), 0);
    off = revoke.device;
    to(slot.starts_at + HOUR_MS);
    assert_int_equal(move_to(&moved, &later), 0);
    first = take_late(&device, "a", text, slot.starts_at + MINUTE_MS);
    assert_true(first.outcome == ACCEPTED && first.offline && first.at == slot.starts_at + MINUTE_MS);
    assert_int_equal(take_late(&device, "a", text, slot.starts_at + MINUTE_MS).id, first.id); /* once */
    assert_int_equal(take_late(&device, "b", text, slot.starts_at + 2 * MINUTE_MS).duplicate_of, first.id);
    assert_int_equal(take_late(&device, "c", old, slot.starts_at).outcome, DOOR__OUTCOME__CHANGED);
    assert_int_equal(take_late(&device, "d", text, 0).outcome, DOOR__OUTCOME__MALFORMED);
    assert_int_equal(take_late(&off, "a", text, slot.starts_at + MINUTE_MS).outcome, DOOR__OUTCOME__DEVICE_OFF);
    assert_int_equal(take_late(&off, "b", text, slot.starts_at - MINUTE_MS).outcome, DUPLICATE); /* before that */
    /* A clock that is three hours behind, and names that are none. */
    fast.at = slot.starts_at - 3 * HOUR_MS;
    fast.a = 180;
    assert_int_equal(act(&fast, do_take_late), 0);
    assert_true(fast.scan.at == slot.starts_at && fast.scan.outcome == DUPLICATE);
    assert_int_equal(take_late(&device, "", "nonsense", slot.starts_at).id,
                     take_late(&device, "", "nonsense", slot.starts_at).id);
    assert_int_equal(n_scans(), 8);
    assert_int_equal(spa()->arrived, 1);
}

static void what_rests_on_the_devices_word_waits_for_an_official(void **state)
{
    static const int waits[] = {DOOR__WAIT__DEVICE_NOT_YET, DOOR__WAIT__CLOCK_AHEAD, DOOR__WAIT__HANDED_IN_LATE,
                                DOOR__WAIT__PASS_MADE_ANEW, DOOR__WAIT__PLACE_GIVEN_ON};
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    struct booking bookings[5];
    struct scanner early = a_device(BATHS, STAFF), device;
    const char *texts[5];
    struct scan scans[5];
    struct deed again = {0}, deed = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        bookings[i] = booked(&slot, 1 + i);
        texts[i] = code_of(&bookings[i]);
    }
    to(slot.starts_at + 10 * MINUTE_MS);
    device = a_device(BATHS, STAFF);
    scans[0] = take_late(&device, "a", texts[0], slot.starts_at);
    scans[1] = take_late(&early, "b", texts[1], slot.starts_at + 12 * MINUTE_MS);
    assert_int_equal(take_late(&early, "bb", texts[2], slot.starts_at + 11 * MINUTE_MS).outcome, ACCEPTED);
    bookings[3] = booking_again(bookings[3].id);
    again.booking = bookings[3];
    assert_int_equal(act(&again, do_reissue), 0);
    scans[3] = take_late(&early, "d", texts[3], slot.starts_at);
    to(slot.ends_at + 2 * HOUR_MS);
    tidy();
    assert_int_equal(booking_again(bookings[4].id).state, NOT_COME);
    spa()->given_on = true;
    scans[4] = take_late(&early, "e", texts[4], slot.starts_at);
    spa()->given_on = false;
    to(slot.starts_at + 24 * HOUR_MS + 1);
    deed = (struct deed){.scan = take_late(&early, "c", code_of(&bookings[1]), slot.starts_at)};
    scans[2] = deed.scan;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(scans[i].outcome, WAITS);
        assert_int_equal(scan_waits_for(door(), &scans[i]), waits[i]);
    }
    assert_int_equal(spa()->arrived, 1);
    /* An official accepts the last, when there is something left, and once. */
    deed.scan = scans[4];
    spa()->full = true;
    assert_int_equal(act(&deed, do_accept), BEYOND);
    spa()->full = false;
    deed.scan = scans[4];
    assert_int_equal(act(&deed, do_accept), 0);
    assert_true(deed.made && deed.scan.outcome == ACCEPTED && deed.scan.at == scans[4].at);
    again.scan = scans[4];
    assert_int_equal(act(&again, do_accept), 0);
    assert_true(!again.made && again.scan.id == deed.scan.id);
    assert_int_equal(booking_again(bookings[4].id).state, ARRIVED);
    again.scan = deed.scan;
    assert_int_equal(act(&again, do_accept), NOT_WAITING);
}

/* ---- mistakes ---- */

static void a_mistake_is_undone_within_minutes_and_taken_back_later(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    struct booking booking = booked(&slot, 1), absent = booked(&slot, 2);
    struct scanner device = a_device(BATHS, STAFF);
    const char *text = code_of(&booking), *late = code_of(&absent);
    struct deed deed = {0};

    (void)state;
    to(slot.starts_at);
    deed.scan = scan(&device, "a", text);
    to(slot.starts_at + 5 * MINUTE_MS - 1);
    assert_int_equal(act(&deed, do_undo), 0);
    assert_int_equal(act(&deed, do_undo), 0);
    assert_true(spa()->undone == 1 && booking_again(booking.id).state == ACTIVE);
    assert_int_equal(act(&deed, do_take_back), NOT_ACCEPTED);
    deed.scan = scan(&device, "b", text); /* she does come */
    to(slot.starts_at + 10 * MINUTE_MS);
    assert_int_equal(act(&deed, do_undo), UNDO_TOO_LATE);
    assert_int_equal(act(&deed, do_take_back), 0);
    assert_int_equal(booking_again(booking.id).state, ACTIVE);
    /* Who was taken not to have come is so again. */
    to(slot.ends_at + 2 * HOUR_MS);
    tidy();
    deed.scan = take_late(&device, "c", late, slot.starts_at);
    assert_int_equal(deed.scan.outcome, ACCEPTED);
    assert_int_equal(act(&deed, do_undo), 0);
    assert_int_equal(booking_again(absent.id).state, NOT_COME);
    deed.scan = take_late(&device, "d", "nonsense", slot.starts_at);
    assert_int_equal(act(&deed, do_undo), NOT_ACCEPTED);
}

/* ---- guests ---- */

static void a_guest_is_let_in_by_a_number_that_is_hers_alone(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 2, 1);
    struct scanner device = a_device(BATHS, STAFF);
    struct deed deed = {.at = 1}, again = {.at = 1};
    char code[PASS_CODE_SIZE];
    struct guest guest;

    (void)state;
    to(slot.starts_at);
    assert_int_equal(act(&deed, do_guest), 0);
    assert_int_equal(act(&again, do_guest), 0);
    assert_int_equal(again.guest.subject, deed.guest.subject);
    assert_true(pass_code_make(spa()->passes, PASS_ACCOUNT, (uint64_t)deed.guest.subject, slot.starts_at, code));
    assert_int_equal(guests_read(door(), code, slot.starts_at, &guest), 0);
    assert_true(guest.member_id == 1 && guest.group_id == SEASON);
    assert_int_equal(guests_read(door(), code, slot.starts_at + HOUR_MS, &guest), BAD_PASS + PASS_STALE);
    assert_int_equal(refusal_of(&device, "a", code), BAD_PASS + PASS_MALFORMED); /* it opens nothing by itself */
    deed.device = device;
    deed.scanned.ref = "a";
    deed.slot = slot;
    deed.booking = (struct booking){.right_id = 5, .group_id = SEASON, .member_id = guest.member_id, .walk_in = true};
    assert_int_equal(act(&deed, do_admit), 0);
    assert_true(deed.scan.walk_in && booking_again(deed.booking.id).state == ARRIVED);
    assert_int_equal(guests_read(door(), code_of(&deed.booking), slot.starts_at, &guest), NO_GUEST);
    assert_int_equal(act(&deed, do_undo), 0);
    assert_int_equal(booking_again(deed.booking.id).state, BOOKINGS__STATE__CANCELLED);
    assert_int_equal(slot_again(slot.id).walked, 0);
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    assert_int_equal(guests_read(door(), code, slot.starts_at, &guest), 0);
    assert_int_equal(guest.member_id, 2);
    assert_int_equal(hear_closed(&h, 2), 0);
    assert_int_equal(guests_read(door(), code, slot.starts_at, &guest), BAD_PASS + PASS_REVOKED);
}

/* ---- devices ---- */

static void a_device_is_its_staffs_in_its_session_until_it_is_replaced(void **state)
{
    struct scanner device = a_device(BATHS, STAFF);
    Rpc__Principal *other_session = harness_official(&h, STAFF, RULE__ROLE__CHECKUP_STAFF, "0001");
    struct deed deed = {.device = device, .who = staff(STAFF), .made = true};

    (void)state;
    assert_int_equal(act(&deed, do_own), 0);
    deed.device.id = device.id + 1;
    assert_int_equal(act(&deed, do_own), NO_DEVICE);
    deed.device = device;
    deed.who = staff(STAFF + 1);
    assert_int_equal(act(&deed, do_own), NOT_YOURS);
    other_session->session_id++;
    deed.device = device;
    deed.who = other_session;
    assert_int_equal(act(&deed, do_own), NOT_YOURS);
    deed.made = false; /* to hand in, any of her sessions does */
    assert_int_equal(act(&deed, do_own), 0);
    a_device(BATHS, STAFF);
    a_device(BATHS, STAFF + 1);
    deed = (struct deed){.who = staff(STAFF), .at = BATHS};
    assert_int_equal(act(&deed, do_register), TOO_MANY);
    deed = (struct deed){.who = staff(STAFF), .at = BATHS + 1, .device = {.id = device.id}};
    assert_int_equal(act(&deed, do_register), NO_DEVICE);
    assert_string_equal(deed.field, "replaces");
    deed = (struct deed){.who = staff(STAFF + 1), .at = BATHS, .device = {.id = device.id}};
    assert_int_equal(act(&deed, do_register), 0);
    deed = (struct deed){.who = staff(STAFF), .device = device, .made = true};
    assert_int_equal(act(&deed, do_own), DEVICE_REVOKED);
    deed = (struct deed){.who = staff(STAFF), .device = device};
    assert_int_equal(act(&deed, do_own), 0);
}

static void a_scanner_knows_how_many_come(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    unsigned char none[32], two[32], again[32];

    (void)state;
    assert_int_equal(door_roster(door(), BATHS, DAY_AT, DAY_AT + 24 * HOUR_MS, none), 0);
    booked(&slot, 1);
    booked(&slot, 2);
    assert_int_equal(door_roster(door(), BATHS, DAY_AT, DAY_AT + 24 * HOUR_MS, two), 2);
    assert_memory_not_equal(none, two, 32);
    assert_int_equal(door_roster(door(), BATHS, DAY_AT, DAY_AT + 24 * HOUR_MS, again), 2);
    assert_memory_equal(again, two, 32);
    assert_int_equal(door_roster(door(), BATHS, DAY_AT + 24 * HOUR_MS, DAY_AT + 48 * HOUR_MS, again), 0);
}

static void a_store_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE door_scan SET outcome = 2", "UPDATE door_scan SET outcome = 1"},
        {"UPDATE door_scan SET undone_at = 5", "UPDATE door_scan SET undone_at = 0"},
        {"UPDATE door_scan SET serial = serial + 1", "UPDATE door_scan SET serial = serial - 1"},
        {"UPDATE door_scan SET scan_id = scan_id + 1", "UPDATE door_scan SET scan_id = scan_id - 1"},
        {"UPDATE door_scan SET at = at + 1", "UPDATE door_scan SET at = at - 1"},
        {"UPDATE door_scan SET journal_seq = 1", "UPDATE door_scan SET journal_seq = "
                                                 "(SELECT max(seq) - 1 FROM journal)"},
    };
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    struct booking booking = booked(&slot, 1);
    struct scanner device = a_device(BATHS, STAFF);

    (void)state;
    to(slot.starts_at);
    scan(&device, "a", code_of(&booking));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pass_is_accepted_once_at_its_place_and_hour),
        TEST(what_was_never_issued_is_forged),
        TEST(what_is_handed_in_late_is_kept_each_with_its_outcome),
        TEST(what_rests_on_the_devices_word_waits_for_an_official),
        TEST(a_mistake_is_undone_within_minutes_and_taken_back_later),
        TEST(a_guest_is_let_in_by_a_number_that_is_hers_alone),
        TEST(a_device_is_its_staffs_in_its_session_until_it_is_replaced),
        TEST(a_scanner_knows_how_many_come),
        TEST(a_store_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
