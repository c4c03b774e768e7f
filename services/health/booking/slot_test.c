/* Slots that are changed after they were made. */
#include "services/health/booking/booking_fixture.h"

#include "services/health/campaign/sites.h"

#define MEMBER 5000

static struct harness h;
static int64_t campaign, site, slot;

static int setup(void **state)
{
    Health__Campaign *draft;

    *state = &h;
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    draft = a_draft(&h, 100);
    draft->cancel_hours = 24;
    site = draft->sites[0]->site_id;
    campaign = a_campaign_to_book(&h, draft);
    slot = a_slot(&h, campaign, site, 480, 3);
    give_places(&h, campaign, MEMBER, 5);
    return 0;
}

static const Health__Slot *slot_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__slot__descriptor);
}

static void a_slot_is_raised_and_lowered_to_no_less_than_is_booked(void **state)
{
    const Rpc__Answer *answer;
    int64_t rows;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_ok(book(&h, campaign, slot, MEMBER + i));
    assert_refused(book(&h, campaign, slot, MEMBER + 3), "SLOT_FULL");
    assert_int_equal(slot_in(change_slot(&h, manager_of(&h, UNION), slot, 6, 2))->free, 1);
    assert_ok(book(&h, campaign, slot, MEMBER + 3));
    assert_refused(book(&h, campaign, slot, MEMBER + 4), "SLOT_FULL");
    rows = journal_rows(&h);
    answer = change_slot(&h, manager_of(&h, UNION), slot, 3, 0);
    assert_refused(answer, "CAPACITY_BELOW_BOOKED");
    assert_string_equal(harness_fact(answer, "booked"), "4");
    assert_refused(change_slot(&h, manager_of(&h, UNION), slot, 6, 3), "CAPACITY_BELOW_BOOKED");
    assert_refused(change_slot(&h, manager_of(&h, UNION), slot, 6, 7), "WALK_INS_ABOVE_CAPACITY");
    assert_int_equal(slot_in(change_slot(&h, manager_of(&h, UNION), slot, 6, 2))->capacity, 6);
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(slot_in(change_slot(&h, manager_of(&h, UNION), slot, 4, 0))->free, 0);
    assert_int_equal(last_event(&h, HEALTH__EVENT__EVENT_SLOT_CHANGED)->slot_changed->capacity, 4);
    clock_step(&h.service.clock, DAY_AT + 540 * MINUTE_MS - now_of(&h));
    assert_refused(change_slot(&h, manager_of(&h, UNION), slot, 9, 0), "SLOT_OVER");
    assert_refused(withdraw_slot(&h, manager_of(&h, UNION), slot), "SLOT_OVER");
}

static void the_slots_of_a_site_are_listed_by_pages_in_order_of_time(void **state)
{
    Health__ListSlotsRequest request = HEALTH__LIST_SLOTS_REQUEST__INIT;
    const Health__SlotList *list;
    int64_t last = 0;
    size_t n = 0;

    (void)state;
    for (int32_t from = 1200; from > 600; from -= 120)
        a_slot(&h, campaign, site, from, 3);
    request.campaign_id = campaign;
    request.site_id = site;
    request.page_size = 4;
    do {
        list = harness_output(&h, harness_call(&h, "Bookings.ListSlots", &request.base, manager_of(&h, UNION), NULL),
                              &health__slot_list__descriptor);
        for (size_t i = 0; i < list->n_slots; i++, n++) {
            assert_true(list->slots[i]->starts_at > last);
            last = list->slots[i]->starts_at;
        }
        request.page_token = list->next_page_token;
        assert_true(list->n_slots == 4 || !*request.page_token);
    } while (*request.page_token);
    assert_int_equal(n, 6);
}

static void withdrawn_slots_are_listed_alone_or_not_at_all(void **state)
{
    Health__ListSlotsRequest request = HEALTH__LIST_SLOTS_REQUEST__INIT;
    Health__SlotState asked = HEALTH__SLOT_STATE__SLOT_STATE_WITHDRAWN;
    int64_t gone = a_slot(&h, campaign, site, 600, 3);
    const Health__SlotList *list;

    (void)state;
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), gone));
    request.campaign_id = campaign;
    request.site_id = site;
    request.state = &asked;
    for (request.n_state = 0; request.n_state < 2; request.n_state++) {
        list = harness_output(&h, harness_call(&h, "Bookings.ListSlots", &request.base, manager_of(&h, UNION), NULL),
                              &health__slot_list__descriptor);
        assert_int_equal(list->n_slots, request.n_state ? 1 : 2);
    }
    assert_int_equal(list->slots[0]->slot_id, gone);
    request.n_state = 1;
    asked = HEALTH__SLOT_STATE__SLOT_STATE_OFFERED;
    list = harness_output(&h, harness_call(&h, "Bookings.ListSlots", &request.base, manager_of(&h, UNION), NULL),
                          &health__slot_list__descriptor);
    assert_int_equal(list->n_slots, 1);
    assert_int_equal(list->slots[0]->slot_id, slot);
}

static void a_slot_is_in_the_hands_of_its_unions_officials(void **state)
{
    (void)state;
    assert_refused(change_slot(&h, manager_of(&h, TOWN), slot, 5, 0), "OUTSIDE_YOUR_UNION");
    assert_refused(withdraw_slot(&h, manager_of(&h, TOWN), slot), "OUTSIDE_YOUR_UNION");
    assert_refused(withdraw_slot(&h, harness_member(&h, MEMBER, TOWN), slot), "NOT_OFFICIAL");
    assert_refused(change_slot(&h, manager_of(&h, UNION), slot + 999, 5, 0), "SLOT_NOT_FOUND");
}

static void who_booked_a_withdrawn_slot_is_told_and_books_another_one(void **state)
{
    int64_t to = a_slot(&h, campaign, site, 600, 1), id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    const Notice__NoticeGiven *told;

    (void)state;
    assert_true(slot_in(withdraw_slot(&h, manager_of(&h, UNION), slot))->withdrawn);
    settle(&h);
    told = last_notice(&h);
    assert_int_equal(told->kind, NOTICE__NOTICE_KIND__CHECKUP_SLOT_CHANGED);
    assert_int_equal(told->member_id, MEMBER);
    assert_int_equal(told->about_id, id);
    assert_true(booking_in(&h, on_booking(&h, "Bookings.GetBooking", id, MEMBER))->must_move);
    assert_refused(book(&h, campaign, slot, MEMBER + 1), "SLOT_WITHDRAWN");
    assert_refused(change_slot(&h, manager_of(&h, UNION), slot, 9, 0), "SLOT_WITHDRAWN");
    assert_refused(create_slots(&h, manager_of(&h, UNION), campaign, site, DAY, 480, 540, 3), "SLOT_EXISTS");
    assert_int_equal(slots_free(&health_of(&h)->slots, campaign, site, now_of(&h)), 1);
    assert_int_equal(slot_in(withdraw_slot(&h, manager_of(&h, UNION), slot))->free, 0);
    /* Past the hours in which others may still move. */
    clock_step(&h.service.clock, DAY_AT + 500 * MINUTE_MS - now_of(&h));
    settle(&h);
    assert_false(booking_in(&h, move(&h, id, to, MEMBER))->must_move);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__BOOKED);
}

static void more_bookings_of_a_slot_than_a_slice_are_told(void **state)
{
    int64_t large = a_slot(&h, campaign, site, 720, 300), told = 0;
    const Health__BookingList *list;

    (void)state;
    give_places(&h, campaign, MEMBER + 10, BOOKING_SLICE + 5);
    for (int i = 0; i < BOOKING_SLICE + 5; i++)
        assert_ok(book(&h, campaign, large, MEMBER + 10 + i));
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), large));
    settle(&h);
    for (int i = 0; i < BOOKING_SLICE + 5; i++) {
        Health__ListBookingsRequest request = HEALTH__LIST_BOOKINGS_REQUEST__INIT;

        list = harness_output(
            &h,
            harness_call(&h, "Bookings.ListBookings", &request.base, harness_member(&h, MEMBER + 10 + i, TOWN), NULL),
            &health__booking_list__descriptor);
        told += list->bookings[0]->must_move;
    }
    assert_int_equal(told, BOOKING_SLICE + 5);
}

static void the_audit_finds_a_slot_changed_behind_the_journal(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE time_slot SET capacity = 8", "UPDATE time_slot SET capacity = 9"},
        {"UPDATE time_slot SET withdrawn = 1", "UPDATE time_slot SET withdrawn = 0"},
        {"UPDATE time_slot SET journal_seq = journal_seq + 1", "UPDATE time_slot SET journal_seq = journal_seq - 1"},
        {"UPDATE time_slot SET journal_seq = 0",
         "UPDATE time_slot SET journal_seq = (SELECT max(seq) FROM journal WHERE kind = 54)"},
    };

    (void)state;
    assert_ok(change_slot(&h, manager_of(&h, UNION), slot, 7, 0));
    assert_ok(change_slot(&h, manager_of(&h, UNION), slot, 9, 0));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slot_is_raised_and_lowered_to_no_less_than_is_booked),
        TEST(the_slots_of_a_site_are_listed_by_pages_in_order_of_time),
        TEST(withdrawn_slots_are_listed_alone_or_not_at_all),
        TEST(a_slot_is_in_the_hands_of_its_unions_officials),
        TEST(who_booked_a_withdrawn_slot_is_told_and_books_another_one),
        TEST(more_bookings_of_a_slot_than_a_slice_are_told),
        TEST(the_audit_finds_a_slot_changed_behind_the_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
