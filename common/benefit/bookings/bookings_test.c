/* Who comes when to a bath house, and the pass that says so. */
#include "common/benefit/bookings/bookings_fixture.h"

enum {
    ACTIVE = BOOKINGS__STATE__ACTIVE,
    ARRIVED = BOOKINGS__STATE__ARRIVED,
    CANCELLED = BOOKINGS__STATE__CANCELLED,
    NOT_COME = BOOKINGS__STATE__NOT_COME
};

static void a_right_is_booked_once_and_its_pass_is_good_around_its_slot(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 2, 0);
    struct booking booking = booked(&slot, 1), other;
    struct issued issued = pass_of(&booking);
    struct pass pass;

    (void)state;
    assert_true(bookings_find_of(&spa()->bookings, 1001, &other) && other.id == booking.id);
    assert_true(bookings_find_handle(&spa()->bookings, BATHS, booking.handle, &other) && other.id == booking.id);
    assert_int_equal(booking.state, ACTIVE);
    assert_int_equal(slot_again(slot.id).booked, 1);
    pass_compose(&booking, &issued, "00010002", &pass);
    assert_true(pass.campaign == SEASON && pass.site == BATHS && pass.slot == slot.id && pass.issuer == 1);
    assert_true(pass.from_ms == slot.starts_at - 10 * MINUTE_MS && pass.until_ms == slot.ends_at + 20 * MINUTE_MS);
    booked(&slot, 2);
    assert_int_equal(try_to_book(&slot, 3, false, &other), OVER);
    assert_false(bookings_find_of(&spa()->bookings, 1003, &other));
    harness_reopen(&h);
    assert_int_equal(pass_of(&booking).serial, issued.serial);
}

static void it_moves_with_another_pass_and_gives_its_place_back(void **state)
{
    struct slot first = a_slot(BATHS, 9, 1, 0), second = a_slot(BATHS + 1, 11, 1, 0), full = a_slot(BATHS, 12, 1, 0);
    struct booking booking = booked(&first, 1);
    struct issued old = pass_of(&booking);
    uint64_t revoked[4];

    (void)state;
    booked(&full, 2);
    assert_int_equal(move_to(&booking, &full), OVER);
    assert_int_equal(booking.slot_id, first.id);
    assert_int_equal(pass_of(&booking).serial, old.serial);
    assert_int_equal(move_to(&booking, &second), 0);
    assert_true(booking.place_id == BATHS + 1 && booking.starts_at == second.starts_at);
    assert_true(slot_again(first.id).booked == 0 && slot_again(second.id).booked == 1);
    assert_int_equal(spa()->changes, 1);
    assert_int_not_equal(pass_of(&booking).serial, old.serial);
    assert_int_equal(passes_count_revoked(&spa()->bookings, BATHS), 1);
    assert_int_equal(passes_revoked(&spa()->bookings, BATHS, DAY_AT, revoked, 4), 1);
    assert_int_equal(revoked[0], old.serial);
    assert_int_equal(passes_revoked(&spa()->bookings, BATHS, old.until_at, revoked, 4), 0); /* good no more anyway */
}

static void a_pass_that_was_lost_is_made_anew(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 1, 0);
    struct deed deed = {.booking = booked(&slot, 1)};
    struct issued old = pass_of(&deed.booking);

    (void)state;
    assert_int_equal(act(&deed, do_reissue), 0);
    assert_int_not_equal(pass_of(&deed.booking).serial, old.serial);
    assert_true(passes_find(&spa()->bookings, old.serial, &old) && old.revoked_at > 0);
}

static void until_when_it_is_changed(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 1, 0);
    struct booking booking = booked(&slot, 1), other;

    (void)state;
    assert_int_equal(booking_fixed(&spa()->bookings, &booking, DAY_AT + 1, DAY_AT), 0);
    assert_int_equal(booking_fixed(&spa()->bookings, &booking, DAY_AT, DAY_AT), TOO_LATE);
    booking.must_move = true;
    assert_int_equal(booking_fixed(&spa()->bookings, &booking, DAY_AT, DAY_AT), 0);
    set_state(&booking, CANCELLED);
    assert_int_equal(booking_fixed(&spa()->bookings, &booking, DAY_AT + 1, DAY_AT), NOT_ACTIVE);
    assert_int_equal(slot_again(slot.id).booked, 0);
    assert_false(bookings_find_of(&spa()->bookings, 1001, &other));
    booked(&slot, 1); /* the right is free again */
}

static void who_is_due_is_reminded_and_has_not_come(void **state)
{
    struct slot slot = a_slot(BATHS, 9, BOOKING_SLICE + 5, 0);
    struct booking booking;

    (void)state;
    for (int i = 0; i < BOOKING_SLICE + 5; i++)
        booking = booked(&slot, 1 + i);
    set_state(&booking, ARRIVED);
    to(slot.starts_at - HOUR_MS - 1);
    tidy();
    assert_int_equal(spa()->soon, 0);
    to(slot.starts_at - HOUR_MS);
    tidy();
    tidy();
    assert_int_equal(spa()->soon, BOOKING_SLICE + 4);
    to(slot.ends_at + 2 * HOUR_MS - 1);
    tidy();
    assert_int_equal(spa()->ended, 0);
    to(slot.ends_at + 2 * HOUR_MS);
    tidy();
    tidy();
    assert_int_equal(spa()->ended, BOOKING_SLICE + 4);
    assert_int_equal(spa()->last.state, NOT_COME);
    assert_int_equal(booking_again(booking.id).state, ARRIVED);
    assert_int_equal(slot_again(slot.id).booked, BOOKING_SLICE + 5); /* nobody else takes it */
}

static void who_cannot_come_is_told_and_moves_or_loses_it(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 3, 0), at_closed = a_slot(BATHS + 1, 9, 3, 0), other = a_slot(BATHS, 13, 3, 0);
    struct booking first = booked(&slot, 1), second = booked(&slot, 2), third = booked(&at_closed, 3);
    struct deed deed = {.slot = slot};

    (void)state;
    assert_int_equal(act(&deed, do_withdraw), 0);
    spa()->closed_place = BATHS + 1;
    tidy();
    tidy();
    assert_true(spa()->of_place == 1 && spa()->of_slot == 2);
    first = booking_again(first.id);
    assert_true(first.must_move && booking_again(third.id).must_move);
    to(slot.ends_at + 3 * HOUR_MS); /* past what else is taken for not having come */
    tidy();
    assert_int_equal(move_to(&first, &other), 0);
    assert_false(first.must_move);
    to(slot.ends_at + 5 * HOUR_MS);
    tidy();
    assert_int_equal(spa()->ended, 2);
    assert_int_equal(booking_again(second.id).state, CANCELLED);
    assert_int_equal(booking_again(third.id).state, CANCELLED);
    assert_int_equal(slot_again(slot.id).booked, 0);
}

static void a_place_knows_who_is_expected(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 9, 1);
    struct booking bookings[4], next;
    struct booking_counts counts;
    int64_t after = 0;
    int n = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        bookings[i] = booked(&slot, 1 + i);
    assert_int_equal(try_to_book(&slot, 9, true, &bookings[3]), 0);
    bookings[3] = booking_again(bookings[3].id);
    set_state(&bookings[0], CANCELLED);
    set_state(&bookings[1], ARRIVED);
    set_state(&bookings[3], ARRIVED);
    bookings_count(&spa()->bookings, BATHS, DAY_AT, DAY_AT + 24 * HOUR_MS, &counts);
    assert_true(counts.expected == 3 && counts.arrived == 2 && counts.not_come == 0 && counts.walked_in == 1);
    bookings_ask_roster(&spa()->bookings, BATHS, DAY_AT, DAY_AT + 24 * HOUR_MS, 0, 9, RPC_PAGE_ALL);
    while (bookings_next_roster(&spa()->bookings, &next)) {
        assert_true(next.handle > after);
        after = next.handle;
        n++;
    }
    assert_int_equal(n, 3);
}

/* Hers are hers under each number that she holds, the latest first. */
static void a_persons_are_found_under_all_her_numbers(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 9, 0);
    struct booking first = booked(&slot, 1), second = booked(&slot, 2), next;

    (void)state;
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    bookings_ask(&spa()->bookings, 2, INT64_MAX, 9, RPC_PAGE_ALL);
    assert_true(bookings_next(&spa()->bookings, &next) && next.id == second.id);
    assert_true(bookings_next(&spa()->bookings, &next) && next.id == first.id);
    assert_false(bookings_next(&spa()->bookings, &next));
    assert_int_equal(hear_closed(&h, 2), 0);
    assert_int_equal(booking_again(second.id).state, ACTIVE); /* the service gives it up */
}

static void a_store_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE booked_slot SET state = 2", "UPDATE booked_slot SET state = 1"},
        {"UPDATE booked_slot SET right_id = right_id + 1", "UPDATE booked_slot SET right_id = right_id - 1"},
        {"UPDATE booked_slot SET must_move = 1", "UPDATE booked_slot SET must_move = 0"},
        {"UPDATE booked_slot SET journal_seq = journal_seq - 1",
         "UPDATE booked_slot SET journal_seq = journal_seq + 1"},
        {"UPDATE booked_pass SET serial = serial + 1", "UPDATE booked_pass SET serial = serial - 1"},
        {"UPDATE booked_pass SET revoked_at = 1", "UPDATE booked_pass SET revoked_at = 0"},
        {"UPDATE booked_pass SET place_id = 1", "UPDATE booked_pass SET place_id = 80"},
        {"UPDATE time_slot SET booked = 2", "UPDATE time_slot SET booked = 1"},
    };
    struct slot slot = a_slot(BATHS, 9, 9, 0);

    (void)state;
    booked(&slot, 1);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_is_booked_once_and_its_pass_is_good_around_its_slot),
        TEST(it_moves_with_another_pass_and_gives_its_place_back),
        TEST(a_pass_that_was_lost_is_made_anew),
        TEST(until_when_it_is_changed),
        TEST(who_is_due_is_reminded_and_has_not_come),
        TEST(who_cannot_come_is_told_and_moves_or_loses_it),
        TEST(a_place_knows_who_is_expected),
        TEST(a_persons_are_found_under_all_her_numbers),
        TEST(a_store_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
