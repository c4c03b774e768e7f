/* Slots, bookings and passes through the service. */
#include "services/health/booking/booking_fixture.h"

#include "services/health/campaign/sites.h"

#define MEMBER 5000

static struct harness h;
static int64_t campaign, site, other_site;

static int setup(void **state)
{
    Health__Campaign *draft;

    *state = &h;
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    draft = a_draft(&h, 100);
    draft->cancel_hours = 24;
    site = draft->sites[0]->site_id;
    draft->sites = harness_alloc(&h, 2 * sizeof(*draft->sites));
    draft->n_sites = 2;
    for (int i = 0; i < 2; i++) {
        draft->sites[i] = harness_alloc(&h, sizeof(**draft->sites));
        health__campaign_site__init(draft->sites[i]);
    }
    other_site = a_site(&h);
    draft->sites[0]->site_id = site;
    draft->sites[1]->site_id = other_site;
    campaign = a_campaign_to_book(&h, draft);
    return 0;
}

static int32_t free_of(int64_t slot_id)
{
    struct slot slot;

    assert_true(slots_find(&health_of(&h)->slots, slot_id, &slot));
    return slot_free(&slot);
}

/* ---- slots ---- */

static void slots_are_days_times_hours(void **state)
{
    int32_t days[] = {20260302, 20260303};
    Health__CreateSlotsRequest request = HEALTH__CREATE_SLOTS_REQUEST__INIT;
    Slots__Hours hours[2] = {SLOTS__HOURS__INIT, SLOTS__HOURS__INIT}, *list[2] = {&hours[0], &hours[1]};
    const Health__SlotList *slots;

    (void)state;
    for (int i = 0; i < 2; i++) {
        hours[i].from_minute = 480 + 60 * i;
        hours[i].until_minute = hours[i].from_minute + 60;
        hours[i].capacity = 30;
    }
    request.campaign_id = campaign;
    request.site_id = site;
    request.days = days;
    request.n_days = 2;
    request.hours = list;
    request.n_hours = 2;
    for (int again = 0; again < 2; again++) {
        slots = harness_output(&h, harness_call(&h, "Bookings.CreateSlots", &request.base, manager_of(&h, UNION), NULL),
                               &health__slot_list__descriptor);
        assert_int_equal(slots->n_slots, 4);
        assert_int_equal(slots->slots[0]->starts_at, DAY_AT + 480 * MINUTE_MS);
        assert_int_equal(slots->slots[3]->ends_at, DAY_AT + HEALTH_DAY_MS + 600 * MINUTE_MS);
        assert_int_equal(slots->slots[3]->free, 30);
    }
    hours[0].capacity = 31;
    assert_refused(harness_call(&h, "Bookings.CreateSlots", &request.base, manager_of(&h, UNION), NULL), "SLOT_EXISTS");
    assert_int_equal(slots_of(&h, campaign, site)->slots[0]->capacity, 30);
}

static void the_nearest_sites_say_what_is_free_there(void **state)
{
    Health__NearestSitesRequest request = HEALTH__NEAREST_SITES_REQUEST__INIT;
    const Health__NearSiteList *near;
    int64_t slot;

    (void)state;
    slot = a_slot(&h, campaign, site, 480, 2);
    a_slot(&h, campaign, site, 600, 3);
    give_places(&h, campaign, MEMBER, 1);
    assert_ok(book(&h, campaign, slot, MEMBER));
    request.campaign_id = campaign;
    near = harness_output(&h, harness_call(&h, "Sites.ListNearest", &request.base, harness_member(&h, 1, TOWN), NULL),
                          &health__near_site_list__descriptor);
    assert_int_equal(near->n_sites, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(near->sites[i]->free, near->sites[i]->site->site_id == site ? 4 : 0);
}

static void what_cannot_be_slots_is_refused(void **state)
{
    const Rpc__Principal *manager = manager_of(&h, UNION);

    (void)state;
    assert_refused(create_slots(&h, manager, campaign, site, 20260230, 480, 540, 1), "NO_SUCH_DAY");
    assert_refused(create_slots(&h, manager, campaign, site, 2026302, 480, 540, 1), "NO_SUCH_DAY");
    assert_refused(create_slots(&h, manager, campaign, site, 20250302, 480, 540, 1), "SLOT_OVER");
    assert_refused(create_slots(&h, manager, campaign, site, DAY, 540, 540, 1), "HOURS_OUT_OF_ORDER");
    assert_refused(create_slots(&h, manager, campaign, site, 0, 0, 0, 0), "MISSING_FIELD");
    assert_refused(create_slots(&h, manager, campaign, 1, DAY, 480, 540, 1), "SITE_NOT_IN_CAMPAIGN");
    assert_refused(create_slots(&h, manager, 1, site, DAY, 480, 540, 1), "CAMPAIGN_NOT_FOUND");
    assert_refused(create_slots(&h, manager_of(&h, "0002"), campaign, site, DAY, 480, 540, 1), "OUTSIDE_YOUR_UNION");
    assert_int_equal(slots_of(&h, campaign, site)->n_slots, 0);
}

/* ---- booking ---- */

static const Health__NearSiteList *nearest(int64_t campaign_id, bool free_only)
{
    Health__NearestSitesRequest request = HEALTH__NEAREST_SITES_REQUEST__INIT;

    request.lat_e6 = 23020000;
    request.lon_e6 = 113110000;
    request.campaign_id = campaign_id;
    request.free_only = free_only;
    return harness_output(&h, harness_call(&h, "Sites.ListNearest", &request.base, harness_member(&h, 1, TOWN), NULL),
                          &health__near_site_list__descriptor);
}

static int64_t free_near(const Health__NearSiteList *list)
{
    for (size_t i = 0; i < list->n_sites; i++) {
        if (list->sites[i]->site->site_id == site)
            return list->sites[i]->free;
    }
    return -1;
}

static void the_nearest_sites_say_what_is_free(void **state)
{
    int64_t slot;

    (void)state;
    assert_int_equal(free_near(nearest(campaign, false)), 0);
    assert_int_equal(free_near(nearest(campaign, true)), -1);
    slot = a_slot(&h, campaign, site, 480, 2);
    give_places(&h, campaign, MEMBER, 2);
    assert_int_equal(free_near(nearest(campaign, true)), 2);
    assert_ok(book(&h, campaign, slot, MEMBER));
    assert_int_equal(free_near(nearest(campaign, true)), 1);
    assert_ok(book(&h, campaign, slot, MEMBER + 1));
    assert_int_equal(free_near(nearest(campaign, true)), -1);
    assert_int_equal(free_near(nearest(campaign, false)), 0);
}

static void a_winner_books_once_and_the_same_again_is_the_first(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 2), later = a_slot(&h, campaign, site, 600, 2);
    const Health__Booking *first, *again;
    const Rpc__Answer *answer;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    answer = book(&h, campaign, slot, MEMBER);
    assert_true(answer->created);
    first = booking_in(&h, answer);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__BOOKED);
    harness_reopen(&h);
    answer = book(&h, campaign, slot, MEMBER);
    assert_false(answer->created);
    again = booking_in(&h, answer);
    assert_int_equal(first->booking_id, again->booking_id);
    assert_int_equal(free_of(slot), 1);
    answer = book(&h, campaign, later, MEMBER);
    assert_refused(answer, "ALREADY_BOOKED");
    assert_int_equal(strtoll(harness_fact(answer, "bookingId"), NULL, 10), first->booking_id);
    assert_int_equal(free_of(later), 2);
}

static void who_has_no_place_or_comes_at_the_wrong_time_is_told_why(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 2);
    struct entitlement entitlement;

    (void)state;
    assert_refused(book(&h, campaign, slot, MEMBER), "NOT_ENTITLED");
    assert_refused(book(&h, campaign + 1, slot, MEMBER), "CAMPAIGN_NOT_FOUND");
    give_places(&h, campaign, MEMBER, 1);
    assert_refused(book(&h, campaign, slot + 1, MEMBER), "SLOT_NOT_FOUND");
    clock_step(&h.service.clock, -1);
    assert_refused(book(&h, campaign, slot, MEMBER), "BOOKING_NOT_OPEN");
    assert_true(entitlements_find_of(&health_of(&h)->entitlements, campaign, MEMBER, &entitlement));
    clock_step(&h.service.clock, entitlement.book_by - now_of(&h));
    assert_refused(book(&h, campaign, slot, MEMBER), "BOOKING_OVER");
}

static void a_slot_that_began_is_not_booked(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 2);

    (void)state;
    clock_step(&h.service.clock, DAY_AT + 480 * MINUTE_MS - now_of(&h));
    give_places(&h, campaign, MEMBER, 1);
    assert_refused(book(&h, campaign, slot, MEMBER), "SLOT_OVER");
}

static void two_hundred_at_once_for_the_last_place_give_one(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    Health__CreateBookingRequest request = HEALTH__CREATE_BOOKING_REQUEST__INIT;
    const Rpc__AnswerBatch *answers;
    int booked = 0;

    (void)state;
    give_places(&h, campaign, MEMBER, 200);
    request.campaign_id = campaign;
    request.slot_id = slot;
    for (int i = 0; i < 200; i++)
        harness_add(&h, "Bookings.CreateBooking", &request.base, harness_member(&h, MEMBER + i, TOWN), NULL);
    answers = harness_run(&h);
    for (int i = 0; i < 200; i++) {
        if (answers->answers[i]->reason == 0)
            booked++;
        else
            assert_refused(answers->answers[i], "SLOT_FULL");
    }
    assert_int_equal(booked, 1);
    assert_int_equal(free_of(slot), 0);
}

/* ---- moving, cancelling, declining ---- */

static void a_move_gives_the_old_place_only_for_the_new_one(void **state)
{
    int64_t from = a_slot(&h, campaign, site, 480, 1), to = a_slot(&h, campaign, other_site, 600, 1);
    const Health__Booking *booking, *other;
    const char *text;

    (void)state;
    give_places(&h, campaign, MEMBER, 2);
    booking = booking_in(&h, book(&h, campaign, from, MEMBER));
    other = booking_in(&h, book(&h, campaign, to, MEMBER + 1));
    text = pass_in(&h, on_booking(&h, "Passes.GetPass", booking->booking_id, MEMBER))->text;
    assert_refused(move(&h, booking->booking_id, to, MEMBER), "SLOT_FULL");
    assert_int_equal(free_of(from), 0);
    assert_ok(on_booking(&h, "Bookings.CancelBooking", other->booking_id, MEMBER + 1));
    assert_int_equal(booking_in(&h, move(&h, booking->booking_id, to, MEMBER))->site_id, other_site);
    assert_int_equal(free_of(from), 1);
    assert_int_equal(free_of(to), 0);
    assert_string_not_equal(pass_in(&h, on_booking(&h, "Passes.GetPass", booking->booking_id, MEMBER))->text, text);
    assert_refused(move(&h, booking->booking_id, from, MEMBER + 1), "BOOKING_NOT_FOUND");
}

static void the_last_hours_before_a_slot_change_nothing(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1), later = a_slot(&h, campaign, site, 600, 1);
    int64_t id;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    clock_step(&h.service.clock, DAY_AT + 480 * MINUTE_MS - 24 * HOUR_MS - now_of(&h));
    assert_refused(on_booking(&h, "Bookings.CancelBooking", id, MEMBER), "TOO_LATE_TO_CHANGE");
    assert_refused(move(&h, id, later, MEMBER), "TOO_LATE_TO_CHANGE");
    clock_step(&h.service.clock, -1);
    assert_ok(on_booking(&h, "Bookings.CancelBooking", id, MEMBER));
    assert_ok(on_booking(&h, "Bookings.CancelBooking", id, MEMBER));
    assert_int_equal(free_of(slot), 1);
}

static void who_cancels_in_time_may_book_again_and_who_does_not_makes_room(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    struct entitlement entitlement;
    int64_t id;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    assert_ok(on_booking(&h, "Bookings.CancelBooking", id, MEMBER));
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__WON);
    assert_refused(on_booking(&h, "Passes.GetPass", id, MEMBER), "BOOKING_NOT_ACTIVE");
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    assert_true(entitlements_find_of(&health_of(&h)->entitlements, campaign, MEMBER, &entitlement));
    clock_step(&h.service.clock, entitlement.book_by - now_of(&h));
    assert_ok(on_booking(&h, "Bookings.CancelBooking", id, MEMBER));
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__LAPSED);
    assert_refused(book(&h, campaign, slot, MEMBER), "ENTITLEMENT_LAPSED");
}

static void a_place_is_declined_once_and_for_all(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    Health__DeclineRequest request = HEALTH__DECLINE_REQUEST__INIT;
    const Rpc__Principal *she = harness_member(&h, MEMBER, TOWN);
    int64_t id;

    (void)state;
    request.campaign_id = campaign;
    assert_refused(harness_call(&h, "Bookings.DeclineEntitlement", &request.base, she, NULL), "NOT_ENTITLED");
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    assert_refused(harness_call(&h, "Bookings.DeclineEntitlement", &request.base, she, NULL), "CANCEL_FIRST");
    assert_ok(on_booking(&h, "Bookings.CancelBooking", id, MEMBER));
    for (int again = 0; again < 2; again++)
        assert_ok(harness_call(&h, "Bookings.DeclineEntitlement", &request.base, she, NULL));
    assert_refused(book(&h, campaign, slot, MEMBER), "ENTITLEMENT_DECLINED");
}

/* ---- passes ---- */

static void a_pass_has_every_form_and_says_what_was_booked(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    const Health__Booking *booking;
    const Health__Pass *pass;
    struct pass got;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    booking = booking_in(&h, book(&h, campaign, slot, MEMBER));
    pass = pass_in(&h, on_booking(&h, "Passes.GetPass", booking->booking_id, MEMBER));
    assert_int_equal(pass_verify(health_of(&h)->passes, pass->text, strlen(pass->text), &got), PASS_OK);
    assert_true(got.campaign == campaign && got.site == site && got.slot == slot && got.issuer == 1);
    assert_int_equal(got.from_ms, booking->starts_at - BOOKING_EARLY_MS);
    assert_int_equal(got.until_ms, booking->ends_at + BOOKING_LATE_MS);
    assert_int_equal(strtoull(pass->handle, NULL, 16), got.handle);
    assert_int_equal(strlen(pass->code), PASS_CODE_CHARS);
    assert_int_equal(strncmp(pass->svg, "<svg", 4), 0);
    assert_memory_equal(pass->png.data, "\x89PNG", 4);
    assert_refused(on_booking(&h, "Passes.GetPass", booking->booking_id, MEMBER + 1), "BOOKING_NOT_FOUND");
}

static void a_new_pass_revokes_the_old_one(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1), id;
    const Health__Pass *old, *new;
    struct issued issued;
    struct pass pass;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    old = pass_in(&h, on_booking(&h, "Passes.GetPass", id, MEMBER));
    new = pass_in(&h, on_booking(&h, "Passes.ReissuePass", id, MEMBER));
    assert_string_not_equal(old->text, new->text);
    assert_string_equal(pass_in(&h, on_booking(&h, "Passes.GetPass", id, MEMBER))->text, new->text);
    assert_int_equal(pass_verify(health_of(&h)->passes, old->text, PASS_CHARS, &pass), PASS_OK);
    assert_true(passes_find(&health_of(&h)->bookings, (int64_t)pass.serial, &issued));
    assert_int_equal(issued.revoked_at, now_of(&h));
}

/* It opens the door, for whoever has it. */
static void a_new_pass_is_nowhere_in_the_store(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    Health__BookingRequest request = HEALTH__BOOKING_REQUEST__INIT;
    Rpc__Principal *member = harness_member(&h, MEMBER, TOWN);
    const Health__Pass *pass;
    char sql[256];

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    request.booking_id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    pass = pass_in(&h, harness_call(&h, "Passes.ReissuePass", &request.base, member, "k"));
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM stored_answer WHERE instr(CAST(answer AS TEXT), '%.20s') OR instr(answer, "
             "CAST('%.20s' AS BLOB))",
             pass->text, pass->text);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM stored_answer WHERE method = 'Passes.ReissuePass'"), 1);
    assert_int_equal(harness_number(&h, sql), 0);
    assert_string_equal(pass_in(&h, harness_call(&h, "Passes.ReissuePass", &request.base, member, "k"))->text,
                        pass->text);
}

static void the_screen_changes_every_half_minute(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1), id;
    const Health__ScreenCode *now, *later;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    now = harness_output(&h, on_booking(&h, "Passes.GetScreenCode", id, MEMBER), &health__screen_code__descriptor);
    clock_step(&h.service.clock, now->changes_at - now_of(&h));
    later = harness_output(&h, on_booking(&h, "Passes.GetScreenCode", id, MEMBER), &health__screen_code__descriptor);
    assert_string_not_equal(now->code, later->code);
}

/* ---- what comes due ---- */

static int64_t reminded(int kind)
{
    const Notice__NoticeGiven *told = last_notice(&h);

    return told && (int)told->kind == kind ? told->member_id : 0;
}

static void who_does_not_come_makes_room_after_a_day(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1), id;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    clock_step(&h.service.clock, DAY_AT + 540 * MINUTE_MS + BOOKING_GRACE_MS - 1 - now_of(&h));
    tidy(&h);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__BOOKED);
    clock_step(&h.service.clock, 1);
    tidy(&h);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    assert_int_equal(booking_in(&h, on_booking(&h, "Bookings.GetBooking", id, MEMBER))->state,
                     HEALTH__BOOKING_STATE__NOT_COME);
}

static void more_bookings_than_a_slice_come_due(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 3 * BOOKING_SLICE);

    (void)state;
    give_places(&h, campaign, MEMBER, 2 * BOOKING_SLICE + 1);
    for (int i = 0; i <= 2 * BOOKING_SLICE; i++)
        assert_ok(book(&h, campaign, slot, MEMBER + i));
    clock_step(&h.service.clock, DAY_AT + HEALTH_DAY_MS + BOOKING_GRACE_MS - now_of(&h));
    tidy(&h);
    for (int i = 0; i <= 2 * BOOKING_SLICE; i++)
        assert_int_equal(state_of(&h, campaign, MEMBER + i), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
}

static void she_is_reminded_the_day_before_and_before_her_right_lapses(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    struct entitlement entitlement;
    const Notice__NoticeGiven *told;
    int64_t rows;

    (void)state;
    give_places(&h, campaign, MEMBER, 2);
    assert_true(entitlements_find_of(&health_of(&h)->entitlements, campaign, MEMBER + 1, &entitlement));
    assert_ok(book(&h, campaign, slot, MEMBER));
    clock_step(&h.service.clock, entitlement.book_by - BOOKING_REMIND_MS - now_of(&h));
    tidy(&h);
    assert_int_equal(reminded(NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON), MEMBER + 1);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON, entitlement.id), 1);
    clock_step(&h.service.clock, BOOKING_REMIND_MS + 1);
    tidy(&h);
    assert_int_equal(state_of(&h, campaign, MEMBER + 1), HEALTH__ENTITLEMENT_STATE__LAPSED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON, entitlement.id), 0);
    clock_step(&h.service.clock, DAY_AT + 480 * MINUTE_MS - BOOKING_REMIND_MS - now_of(&h));
    tidy(&h);
    assert_int_equal(reminded(NOTICE__NOTICE_KIND__CHECKUP_SOON), MEMBER);
    told = last_notice(&h);
    assert_int_equal(told->at, DAY_AT + 480 * MINUTE_MS);
    assert_string_equal(told->title, "职工免费体检");
    assert_string_equal(told->place, "市中医院");
    rows = journal_rows(&h);
    tidy(&h);
    assert_int_equal(journal_rows(&h), rows);
}

static void a_withdrawn_site_lets_her_move_whenever(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1), later = a_slot(&h, campaign, site, 1200, 1);
    int64_t to = a_slot(&h, campaign, other_site, 1200, 1), id;
    Health__CampaignSiteRequest request = HEALTH__CAMPAIGN_SITE_REQUEST__INIT;
    const Health__Booking *booking;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    id = booking_in(&h, book(&h, campaign, slot, MEMBER))->booking_id;
    request.campaign_id = campaign;
    request.site_id = site;
    assert_ok(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL));
    tidy(&h);
    assert_int_equal(reminded(NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED), MEMBER);
    booking = booking_in(&h, on_booking(&h, "Bookings.GetBooking", id, MEMBER));
    assert_true(booking->must_move);
    clock_step(&h.service.clock, DAY_AT + 600 * MINUTE_MS - now_of(&h));
    tidy(&h);
    assert_refused(move(&h, id, later, MEMBER), "SITE_WITHDRAWN_HERE");
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED, id), 1);
    booking = booking_in(&h, move(&h, id, to, MEMBER));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED, id), 0);
    assert_true(booking->site_id == other_site && !booking->must_move);
    assert_refused(create_slots(&h, manager_of(&h, UNION), campaign, site, 20260305, 480, 540, 1),
                   "SITE_NOT_IN_CAMPAIGN");
}

static void who_does_not_move_from_a_withdrawn_site_loses_the_right_without_a_mark(void **state)
{
    int64_t slot = a_slot(&h, campaign, site, 480, 1);
    Health__CampaignSiteRequest request = HEALTH__CAMPAIGN_SITE_REQUEST__INIT;

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    assert_ok(book(&h, campaign, slot, MEMBER));
    request.campaign_id = campaign;
    request.site_id = site;
    assert_ok(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL));
    tidy(&h);
    clock_step(&h.service.clock, DAY_AT + 540 * MINUTE_MS + BOOKING_MOVE_MS - now_of(&h));
    tidy(&h);
    assert_int_equal(state_of(&h, campaign, MEMBER), HEALTH__ENTITLEMENT_STATE__LAPSED);
    assert_int_equal(free_of(slot), 1);
}

/* ---- the audit ---- */

static void the_audit_finds_what_was_changed_behind_the_journal(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE time_slot SET booked = 0", "UPDATE time_slot SET booked = 1"},
        {"UPDATE booked_slot SET state = 2", "UPDATE booked_slot SET state = 1"},
        {"UPDATE booked_slot SET journal_seq = journal_seq - 1",
         "UPDATE booked_slot SET journal_seq = journal_seq + 1"},
        {"UPDATE booked_pass SET serial = serial + 1", "UPDATE booked_pass SET serial = serial - 1"},
        {"UPDATE booked_pass SET revoked_at = 1", "UPDATE booked_pass SET revoked_at = 0"},
        {"UPDATE entitlement SET state = 1", "UPDATE entitlement SET state = 2"},
    };
    int64_t slot = a_slot(&h, campaign, site, 480, 5);

    (void)state;
    give_places(&h, campaign, MEMBER, 1);
    assert_ok(book(&h, campaign, slot, MEMBER));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

/* Who asked for a site and won stands in the lot of that site's places. */
static void a_place_won_for_one_site_is_for_that_site(void **state)
{
    int64_t here = a_slot(&h, campaign, site, 480, 5), there = a_slot(&h, campaign, other_site, 480, 5), booking;
    Health__Campaign *changed = campaigns_find(&health_of(&h)->campaigns, campaign, &h.arena);

    (void)state;
    give_places(&h, campaign, 1, 2);
    harness_off_record(&h);
    changed->strata[0]->site_id = site;
    assert_true(campaigns_put(&health_of(&h)->campaigns, changed, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    harness_tamper(&h, "UPDATE entitlement SET place = 1 WHERE member_id = 1");
    assert_refused(book(&h, campaign, there, 1), "PLACE_OF_ANOTHER_SITE");
    booking = booking_in(&h, book(&h, campaign, here, 1))->booking_id;
    assert_refused(move(&h, booking, there, 1), "PLACE_OF_ANOTHER_SITE");
    assert_ok(book(&h, campaign, there, 2)); /* without a place of the lot */
    /* Where it can be taken no more, it is good elsewhere. */
    harness_tamper(&h, "UPDATE campaign_site SET withdrawn = 1 WHERE site_id = (SELECT place_id FROM booked_slot "
                       "WHERE member_id = 1)");
    assert_ok(move(&h, booking, there, 1));
    harness_tamper(&h, "UPDATE campaign_site SET withdrawn = 0");
    harness_tamper(&h, "UPDATE entitlement SET place = 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slots_are_days_times_hours),
        TEST(a_place_won_for_one_site_is_for_that_site),
        TEST(the_nearest_sites_say_what_is_free_there),
        TEST(what_cannot_be_slots_is_refused),
        TEST(the_nearest_sites_say_what_is_free),
        TEST(a_winner_books_once_and_the_same_again_is_the_first),
        TEST(who_has_no_place_or_comes_at_the_wrong_time_is_told_why),
        TEST(a_slot_that_began_is_not_booked),
        TEST(two_hundred_at_once_for_the_last_place_give_one),
        TEST(a_move_gives_the_old_place_only_for_the_new_one),
        TEST(the_last_hours_before_a_slot_change_nothing),
        TEST(who_cancels_in_time_may_book_again_and_who_does_not_makes_room),
        TEST(a_place_is_declined_once_and_for_all),
        TEST(a_pass_has_every_form_and_says_what_was_booked),
        TEST(a_new_pass_revokes_the_old_one),
        TEST(a_new_pass_is_nowhere_in_the_store),
        TEST(the_screen_changes_every_half_minute),
        TEST(who_does_not_come_makes_room_after_a_day),
        TEST(more_bookings_than_a_slice_come_due),
        TEST(she_is_reminded_the_day_before_and_before_her_right_lapses),
        TEST(a_withdrawn_site_lets_her_move_whenever),
        TEST(who_does_not_move_from_a_withdrawn_site_loses_the_right_without_a_mark),
        TEST(the_audit_finds_what_was_changed_behind_the_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
