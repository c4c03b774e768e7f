/* Campaigns without a lot: who books first has a place, while places and budget last. */
#include "services/health/booking/booking_fixture.h"
#include "services/health/lot/stocks.h"

#define MEMBER 5000
#define OPENS  (DAY_AT - 2 * HEALTH_DAY_MS)

static struct harness h;
static int64_t campaign, site, slot;

static Health__Campaign *first_come(int32_t quota)
{
    Health__Campaign *draft = a_draft(&h, quota);

    draft->first_come = true;
    draft->opens_at = draft->closes_at = draft->value_at = draft->draw_at = 0;
    draft->public_name = "";
    draft->strata[0]->waiting = 0;
    draft->book_from = OPENS;
    draft->book_until = DAY_AT + HEALTH_DAY_MS;
    draft->budget_fen = INT64_C(11600) * quota;
    return draft;
}

/* Announced, with a slot of so many people; booking begins now. */
static void open_campaign(Health__Campaign *draft, int32_t capacity)
{
    campaign = announced(&h, draft)->campaign_id;
    site = draft->sites[0]->site_id;
    slot = a_slot(&h, campaign, site, 480, capacity);
    clock_step(&h.service.clock, OPENS - now_of(&h));
}

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 9 * HEALTH_DAY_MS - now_of(&h));
    return 0;
}

static int64_t booked(int64_t member_id)
{
    return booking_in(&h, book(&h, campaign, slot, member_id))->booking_id;
}

static const char *reason_of(int64_t member_id)
{
    return offer_of(&h, campaign, member_id)->reason;
}

static void assert_clean(void)
{
    assert_string_equal(harness_audit(&h), "");
}

static void who_books_first_has_a_place_and_nobody_has_two(void **state)
{
    int64_t first, again;

    (void)state;
    open_campaign(first_come(3), 10);
    first = booked(MEMBER);
    assert_int_equal(booked(MEMBER), first); /* the same again */
    assert_refused(book(&h, campaign, a_slot(&h, campaign, site, 600, 10), MEMBER), "ALREADY_BOOKED");
    assert_int_equal(offer_of(&h, campaign, MEMBER)->result->place, 1);
    assert_int_equal(offer_of(&h, campaign, MEMBER)->result->state, HEALTH__ENTITLEMENT_STATE__BOOKED);
    assert_string_equal(reason_of(MEMBER), "");
    booked(MEMBER + 1);
    assert_string_equal(reason_of(MEMBER + 2), "");
    booked(MEMBER + 2);
    assert_refused(book(&h, campaign, slot, MEMBER + 3), "PLACES_TAKEN");
    assert_string_equal(reason_of(MEMBER + 3), "PLACES_TAKEN");
    harness_reopen(&h);
    assert_refused(book(&h, campaign, slot, MEMBER + 3), "PLACES_TAKEN");
    /* Who cancels makes room at once, for whoever is first, and for herself. */
    assert_ok(on_booking(&h, "Bookings.CancelBooking", first, MEMBER));
    booked(MEMBER + 3);
    assert_refused(book(&h, campaign, slot, MEMBER), "PLACES_TAKEN");
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booked(MEMBER + 3), MEMBER + 3));
    again = booked(MEMBER);
    assert_true(again != first);
    assert_refused(book(&h, campaign, slot, MEMBER + 3), "PLACES_TAKEN");
    assert_clean();
    harness_tamper(&h, "UPDATE stock SET taken = taken - 1");
    assert_non_null(strstr(harness_audit(&h), "more or fewer places are taken"));
    harness_tamper(&h, "UPDATE stock SET taken = taken + 1");
}

/* A full slot, and its places, are none of the campaign's. */
static void a_slot_that_is_full_takes_no_place(void **state)
{
    int64_t later;

    (void)state;
    open_campaign(first_come(3), 1);
    later = a_slot(&h, campaign, site, 600, 5);
    booked(MEMBER);
    assert_refused(book(&h, campaign, slot, MEMBER + 1), "SLOT_FULL");
    assert_refused(book(&h, campaign, slot + 1, MEMBER + 1), "SLOT_NOT_FOUND");
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), later));
    assert_refused(book(&h, campaign, later, MEMBER + 1), "SLOT_WITHDRAWN");
    later = a_slot(&h, campaign, site, 720, 5);
    assert_int_equal(harness_number(&h, "SELECT taken FROM stock"), 1);
    assert_ok(book(&h, campaign, later, MEMBER + 1));
    assert_ok(book(&h, campaign, later, MEMBER + 2));
    assert_refused(book(&h, campaign, later, MEMBER + 3), "PLACES_TAKEN");
    assert_clean();
}

static void it_is_booked_from_its_hour_on_by_whom_it_is_for(void **state)
{
    Health__Campaign *draft = first_come(3);
    Health__CreateBookingRequest request = HEALTH__CREATE_BOOKING_REQUEST__INIT;

    (void)state;
    whom(&h, draft)->sex = RPC__SEX__FEMALE;
    campaign = announced(&h, draft)->campaign_id;
    slot = a_slot(&h, campaign, draft->sites[0]->site_id, 480, 10);
    request.campaign_id = campaign;
    request.slot_id = slot;
    assert_refused(book(&h, campaign, slot, MEMBER), "BOOKING_NOT_OPEN");
    assert_string_equal(reason_of(MEMBER), "BOOKING_NOT_OPEN");
    clock_step(&h.service.clock, OPENS - now_of(&h));
    assert_refused(book(&h, campaign, slot, MEMBER), "SEX_NOT_INVITED");
    assert_refused(harness_call(&h, "Bookings.CreateBooking", &request.base, harness_member(&h, MEMBER, "0002"), NULL),
                   "UNION_NOT_INVITED");
    assert_refused(harness_call(&h, "Bookings.CreateBooking", &request.base,
                                harness_person(&h, MEMBER, RPC__LEVEL__REAL_NAME, TOWN), NULL),
                   "NOT_VERIFIED");
    clock_step(&h.service.clock, draft->book_until - now_of(&h));
    assert_refused(book(&h, campaign, slot, MEMBER), "BOOKING_OVER");
    assert_ok(on_campaign(&h, "Draws.Close", campaign, manager_of(&h, UNION)));
    assert_int_equal(draw_status(&h, campaign)->state, HEALTH__CAMPAIGN_STATE__CLOSED);
    assert_int_equal(harness_number(&h, "SELECT given FROM stock"), 0);
    assert_clean();
}

/* Of two accounts that are one person's one place goes to somebody else; who closes hers gives it back. */
static void merged_and_closed_accounts_give_their_places_back(void **state)
{
    (void)state;
    open_campaign(first_come(2), 10);
    booked(MEMBER);
    booked(MEMBER + 1);
    assert_refused(book(&h, campaign, slot, MEMBER + 2), "PLACES_TAKEN");
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    settle(&h);
    assert_refused(book(&h, campaign, slot, MEMBER + 1), "TOKEN_REVOKED");
    assert_int_equal(offer_of(&h, campaign, MEMBER)->result->state, HEALTH__ENTITLEMENT_STATE__BOOKED);
    booked(MEMBER + 2);
    assert_refused(book(&h, campaign, slot, MEMBER + 3), "PLACES_TAKEN");
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    settle(&h);
    booked(MEMBER + 3);
    assert_refused(book(&h, campaign, slot, MEMBER + 4), "PLACES_TAKEN");
    assert_clean();
}

static int64_t a_later_slot(void)
{
    const Health__SlotList *list =
        harness_output(&h, create_slots(&h, manager_of(&h, UNION), campaign, site, DAY + 7, 480, 540, 5),
                       &health__slot_list__descriptor);

    return list->slots[list->n_slots - 1]->slot_id;
}

/* Who does not come has had her place. */
static void a_place_is_not_given_again_to_who_did_not_come(void **state)
{
    Health__Campaign *draft = first_come(1);
    int64_t later;

    (void)state;
    draft->book_until = DAY_AT + 9 * HEALTH_DAY_MS;
    open_campaign(draft, 10);
    later = a_later_slot();
    booked(MEMBER);
    clock_step(&h.service.clock, DAY_AT + 90 * HOUR_MS - now_of(&h));
    settle(&h);
    assert_refused(book(&h, campaign, later, MEMBER), "ALREADY_BOOKED");
    assert_refused(book(&h, campaign, later, MEMBER + 1), "PLACES_TAKEN");
    assert_int_equal(harness_number(&h, "SELECT state FROM entitlement"), HEALTH__ENTITLEMENT_STATE__NO_SHOW);
    assert_int_equal(harness_number(&h, "SELECT taken FROM stock"), 1);
    assert_clean();
}

/* A place at each of two sites. Opens the campaign; a slot of the second site. */
static int64_t open_two_strata(void)
{
    Health__Campaign *draft = first_come(1);
    Health__Stratum *other = harness_alloc(&h, sizeof(*other));
    Health__CampaignSite *second = harness_alloc(&h, sizeof(*second));

    health__stratum__init(other);
    health__campaign_site__init(second);
    second->site_id = a_site(&h);
    other->label = "第二体检点";
    other->quota = 1;
    other->site_id = second->site_id;
    draft->strata[0]->site_id = draft->sites[0]->site_id;
    draft->strata = memcpy(harness_alloc(&h, 2 * sizeof(other)), draft->strata, sizeof(other));
    draft->sites = memcpy(harness_alloc(&h, 2 * sizeof(second)), draft->sites, sizeof(second));
    draft->strata[1] = other;
    draft->sites[1] = second;
    draft->n_strata = draft->n_sites = 2;
    draft->budget_fen *= 2;
    open_campaign(draft, 10);
    return a_slot(&h, campaign, second->site_id, 480, 10);
}

/* Places of one site are booked there; a stratum that is full leaves the others alone. */
static void strata_have_places_of_their_own(void **state)
{
    int64_t there = open_two_strata();

    (void)state;
    booked(MEMBER);
    assert_refused(book(&h, campaign, slot, MEMBER + 1), "PLACES_TAKEN");
    assert_string_equal(reason_of(MEMBER + 1), "");
    assert_ok(book(&h, campaign, there, MEMBER + 1));
    assert_string_equal(reason_of(MEMBER + 2), "PLACES_TAKEN");
    /* Given up here and taken there. */
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booked(MEMBER), MEMBER));
    assert_refused(book(&h, campaign, there, MEMBER), "PLACES_TAKEN");
    assert_ok(on_booking(&h, "Bookings.CancelBooking",
                         booking_in(&h, book(&h, campaign, there, MEMBER + 1))->booking_id, MEMBER + 1));
    assert_ok(book(&h, campaign, there, MEMBER));
    assert_ok(book(&h, campaign, slot, MEMBER + 1));
    assert_clean();
}

/* In each stratum each number is one place. */
static void who_takes_a_place_of_another_stratum_has_a_number_there(void **state)
{
    int64_t there = open_two_strata(), booking;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_ok(on_booking(&h, "Bookings.CancelBooking", booked(MEMBER + i), MEMBER + i));
    booking = booking_in(&h, book(&h, campaign, there, MEMBER + 1))->booking_id;
    assert_int_equal(offer_of(&h, campaign, MEMBER + 1)->result->place, 1);
    assert_clean();
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booking, MEMBER + 1));
    assert_ok(book(&h, campaign, there, MEMBER + 2));
    assert_int_equal(offer_of(&h, campaign, MEMBER + 2)->result->place, 2);
    assert_clean();
}

static void what_is_of_a_lot_is_refused_by_name(void **state)
{
    static const char *const methods[] = {"Entries.Enter", "Entries.WithdrawEntry"};
    static const char *const official[] = {"Draws.DrawLots", "Draws.Publish"};
    Health__AnnounceRequest chain = HEALTH__ANNOUNCE_REQUEST__INIT;
    Health__Campaign *draft = first_come(3);
    const Rpc__Answer *answer;

    (void)state;
    draft->draw_at = DAY_AT;
    answer = create_campaign(&h, manager_of(&h, UNION), draft);
    assert_refused(answer, "NO_LOT");
    assert_string_equal(answer->field, "campaign.drawAt");
    draft->draw_at = 0;
    draft->value_format = "words";
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "NO_LOT");
    draft->value_format = "";
    draft->strata[0]->waiting = 1;
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "NO_LOT");
    draft->strata[0]->waiting = 0;
    draft->budget_fen--;
    assert_refused(create_campaign(&h, manager_of(&h, UNION), draft), "BUDGET_EXCEEDED");
    draft->budget_fen++;
    draft->book_from = now_of(&h);
    answer = create_campaign(&h, manager_of(&h, UNION), draft);
    assert_refused(answer, "OPENS_TOO_SOON");
    assert_string_equal(answer->field, "campaign.bookFrom");
    draft->book_from = OPENS;
    chain.campaign_id = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
    chain.day = 1;
    assert_refused(harness_call(&h, "Draws.Announce", &chain.base, manager_of(&h, UNION), NULL), "NO_LOT");
    open_campaign(draft, 10);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        assert_refused(on_campaign(&h, methods[i], campaign, harness_member(&h, MEMBER, TOWN)), "NO_LOT");
    for (size_t i = 0; i < ARRAY_LEN(official); i++)
        assert_refused(on_campaign(&h, official[i], campaign, manager_of(&h, UNION)), "NO_LOT");
    assert_refused(with_value(&h, "Draws.EnterValue", campaign, "1", 900), "NO_LOT");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM lottery_attempt"), 0);
    assert_refused(on_campaign(&h, "Draws.Close", campaign, manager_of(&h, UNION)), "CAMPAIGN_STATE_WRONG");
    assert_clean();
}

/* The days of a lot are still asked for, each by name. */
static void a_lot_needs_its_days(void **state)
{
    for (int i = 0; i < 5; i++) {
        static const char *const fields[] = {"campaign.opensAt", "campaign.closesAt", "campaign.valueAt",
                                             "campaign.drawAt", "campaign.publicName"};
        Health__Campaign *draft = a_draft(&h, 1);
        const Rpc__Answer *answer;

        (void)state;
        *(int64_t *[]){&draft->opens_at, &draft->closes_at, &draft->value_at, &draft->draw_at, &(int64_t){0}}[i] = 0;
        if (i == 4)
            draft->public_name = "";
        answer = create_campaign(&h, manager_of(&h, UNION), draft);
        assert_refused(answer, "MISSING_FIELD");
        assert_string_equal(answer->field, fields[i]);
    }
}

/* One stop of a van, for whoever books first; on the day it takes who walks in within the budget. */
static void a_vans_day_is_booked_first_come(void **state)
{
    Health__Campaign *draft = first_come(3);
    int64_t van = a_van(&h, DAY_AT + 8 * HOUR_MS, 2, 0);
    const Health__SlotList *slots;

    (void)state;
    draft->sites[0]->site_id = van;
    campaign = announced(&h, draft)->campaign_id;
    slots = harness_output(&h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0),
                           &health__slot_list__descriptor);
    clock_step(&h.service.clock, OPENS - now_of(&h));
    slot = slots->slots[0]->slot_id;
    booked(MEMBER);
    booked(MEMBER + 1);
    assert_refused(book(&h, campaign, slot, MEMBER + 2), "SLOT_FULL");
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booked(MEMBER), MEMBER));
    booked(MEMBER + 2);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_books_first_has_a_place_and_nobody_has_two),
        TEST(a_slot_that_is_full_takes_no_place),
        TEST(it_is_booked_from_its_hour_on_by_whom_it_is_for),
        TEST(merged_and_closed_accounts_give_their_places_back),
        TEST(a_place_is_not_given_again_to_who_did_not_come),
        TEST(strata_have_places_of_their_own),
        TEST(who_takes_a_place_of_another_stratum_has_a_number_there),
        TEST(what_is_of_a_lot_is_refused_by_name),
        TEST(a_lot_needs_its_days),
        TEST(a_vans_day_is_booked_first_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
