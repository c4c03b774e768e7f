/* Who comes to the van without a booking, through the service. */
#include "services/health/door/door_fixture.h"

/* A member shows her code at the van. */
static const Rpc__Answer *comes(int64_t device, const char *ref, int64_t member_id)
{
    return walk_in(&h, van, device, staff(STAFF), ref, code_of(&h, campaign, member_id));
}

static void the_van_takes_who_walks_in_while_places_are_left(void **state)
{
    const Health__SlotList *stop = harness_output(
        &h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0), &health__slot_list__descriptor);
    int64_t device = a_device(van, STAFF), id;

    (void)state;
    assert_refused(create_slots(&h, manager_of(&h, UNION), campaign, van, DAY, 480, 540, 1), "VAN_HAS_ITS_HOURS");
    assert_int_equal(stop->n_slots, 1);
    assert_int_equal(stop->slots[0]->free, 2);
    give_places(&h, campaign, MEMBER, 3);
    for (int i = 0; i < 2; i++)
        assert_ok(book(&h, campaign, stop->slots[0]->slot_id, MEMBER + i));
    assert_refused(book(&h, campaign, stop->slots[0]->slot_id, MEMBER + 2), "SLOT_FULL");
    assert_refused(comes(device, "walk-0001", MEMBER + 50), "NO_WALK_INS_NOW");
    to(START);
    id = scan_in(comes(device, "walk-0001", MEMBER + 50))->scan_id;
    assert_int_equal(scan_in(comes(device, "walk-0001", MEMBER + 50))->scan_id, id);
    assert_refused(comes(device, "walk-0002", MEMBER + 50), "ENTITLEMENT_USED");
    assert_refused(comes(device, "walk-0002", MEMBER), "ALREADY_BOOKED");
    assert_ok(comes(device, "walk-0002", MEMBER + 2)); /* a winner without a booking */
    assert_refused(comes(device, "walk-0003", MEMBER + 51), "WALK_INS_FULL");
    assert_int_equal(counts(van)->walked_in, 2);
    assert_ok(undo(id, STAFF));
    assert_ok(comes(device, "walk-0003", MEMBER + 51));
    assert_refused(comes(device, "walk-0004", MEMBER + 50), "WALK_INS_FULL");
}

/* At the van alone, without a lot, from now on. */
static Health__Campaign *a_first_come_draft(int32_t quota)
{
    Health__Campaign *draft = a_draft(&h, quota);

    draft->first_come = true;
    draft->value_at = draft->draw_at = 0;
    draft->public_name = "";
    draft->strata[0]->waiting = 0;
    draft->sites[0]->site_id = van;
    draft->book_from = now_of(&h) + 1;
    draft->book_until = START + 9 * HOUR_MS;
    return draft;
}

/* A van's day without a lot: who walks in has what is left of its places, at no cost beyond them; then what is left
 * of the budget. */
static void who_walks_in_first_has_a_place_that_is_left(void **state)
{
    Health__Campaign *draft = a_first_come_draft(2);
    const Health__SlotList *stop;
    int64_t device = a_device(van, STAFF), id, booking_id;

    (void)state;
    draft->budget_fen = 3 * draft->price_fen;
    campaign = announced(&h, draft)->campaign_id;
    stop = harness_output(&h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0),
                          &health__slot_list__descriptor);
    clock_step(&h.service.clock, 1);
    booking_id = booking_in(&h, book(&h, campaign, stop->slots[0]->slot_id, MEMBER))->booking_id;
    booking_in(&h, book(&h, campaign, stop->slots[0]->slot_id, MEMBER + 1));
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booking_id, MEMBER));
    to(START);
    id = scan_in(comes(device, "walk-0001", MEMBER + 2))->scan_id;
    assert_refused(comes(device, "walk-0002", MEMBER), "PLACES_TAKEN");
    assert_ok(comes(device, "walk-0002", MEMBER + 3));
    assert_ok(undo(id, STAFF));
    assert_ok(comes(device, "walk-0003", MEMBER)); /* who has cancelled, too */
    assert_refused(comes(device, "walk-0004", MEMBER + 2), "PLACES_TAKEN");
    assert_refused(comes(device, "walk-0004", MEMBER + 4), "WALK_INS_FULL");
    assert_int_equal(harness_number(&h, "SELECT taken FROM stock"), 2);
    assert_string_equal(harness_audit(&h), "");
}

/* The second is for one trade: whether she is of it, the door does not know. */
static void who_walks_in_has_a_place_of_the_vans_own_stratum(void **state)
{
    Health__Campaign *draft = a_first_come_draft(1);
    Health__CampaignSite hospital = HEALTH__CAMPAIGN_SITE__INIT, *sites[] = {draft->sites[0], &hospital};
    Health__Stratum strata[3], *list[3];
    Rpc__Trade couriers = RPC__TRADE__COURIER;
    int64_t device = a_device(van, STAFF);

    (void)state;
    hospital.site_id = site;
    draft->sites = sites;
    draft->n_sites = 2;
    for (size_t i = 0; i < 3; i++) {
        strata[i] = *draft->strata[0];
        strata[i].site_id = i == 0 ? site : van;
        list[i] = &strata[i];
    }
    strata[1].trades = &couriers;
    strata[1].n_trades = 1;
    draft->strata = list;
    draft->n_strata = 3;
    draft->budget_fen = 3 * draft->price_fen;
    campaign = announced(&h, draft)->campaign_id;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    to(START);
    assert_ok(comes(device, "walk-0001", MEMBER));
    assert_int_equal(harness_number(&h, "SELECT sum(taken) FROM stock"), 1);
    assert_int_equal(harness_number(&h, "SELECT taken FROM stock WHERE stratum = 2"), 1);
    assert_refused(comes(device, "walk-0002", MEMBER + 1), "WALK_INS_FULL");
    assert_string_equal(harness_audit(&h), "");
}

static void a_vans_places_are_changed_while_it_stops(void **state)
{
    const Health__SlotList *stop = harness_output(
        &h, create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0), &health__slot_list__descriptor);
    int64_t device = a_device(van, STAFF), id = stop->slots[0]->slot_id;

    (void)state;
    to(START);
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 1, 1));
    assert_ok(comes(device, "walk-0001", MEMBER + 50));
    assert_refused(comes(device, "walk-0002", MEMBER + 51), "WALK_INS_FULL");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 2, 1));
    assert_ok(comes(device, "walk-0002", MEMBER + 51));
    assert_refused(change_slot(&h, manager_of(&h, UNION), id, 1, 0), "CAPACITY_BELOW_BOOKED");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 9, 9));
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), id));
    assert_refused(comes(device, "walk-0003", MEMBER + 52), "NO_WALK_INS_NOW");
}

static void a_walk_in_code_is_that_of_whoever_holds_the_number(void **state)
{
    int64_t device = a_device(van, STAFF);
    const char *codes[3];

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    to(START);
    for (int i = 0; i < 3; i++)
        codes[i] = code_of(&h, campaign, MEMBER + 50 + i);
    assert_int_equal(hear_merged(&h, MEMBER + 50, MEMBER + 51), 0);
    assert_int_equal(hear_closed(&h, MEMBER + 52), 0);
    assert_ok(walk_in(&h, van, device, staff(STAFF), "walk-0001", codes[0]));
    assert_int_equal(state_of(&h, campaign, MEMBER + 51), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_refused(walk_in(&h, van, device, staff(STAFF), "walk-0002", codes[1]), "ENTITLEMENT_USED");
    assert_refused(walk_in(&h, van, device, staff(STAFF), "walk-0002", codes[2]), "PASS_REVOKED_NOW");
    for (int i = 0; i < 3; i += 2)
        assert_refused(walk_in_code(&h, campaign, MEMBER + 50 + i), "TOKEN_REVOKED");
}

static void a_walk_in_code_is_no_pass_and_a_pass_no_walk_in_code(void **state)
{
    int64_t device = a_device(van, STAFF), at_site = a_device(site, STAFF), booking = a_booking(0);

    (void)state;
    to(START);
    assert_refused(scan(at_site, "scan-0001", code_of(&h, campaign, MEMBER)), "PASS_MALFORMED");
    assert_refused(walk_in(&h, van, device, staff(STAFF), "walk-0001", screen_of(booking, 0)), "NO_WALK_IN_CODE");
    assert_refused(walk_in(&h, van, device, staff(STAFF), "walk-0001", "AAAA"), "PASS_MALFORMED");
}

static void who_walks_in_is_in_the_budget(void **state)
{
    const Health__Campaign *tight = campaigns_find(&health_of(&h)->campaigns, campaign, &h.arena);
    int64_t device, budget = tight->budget_fen, price = tight->price_fen;
    int32_t quota = tight->strata[0]->quota;

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    device = a_device(van, STAFF);
    set_budget(price * (quota + 1) - 1);
    to(START);
    assert_refused(comes(device, "walk-0001", MEMBER + 50), "WALK_INS_FULL");
    set_budget(price * (quota + 1));
    assert_ok(comes(device, "walk-0001", MEMBER + 50));
    assert_refused(comes(device, "walk-0002", MEMBER + 51), "WALK_INS_FULL");
    set_budget(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_van_takes_who_walks_in_while_places_are_left),
        TEST(who_walks_in_first_has_a_place_that_is_left),
        TEST(who_walks_in_has_a_place_of_the_vans_own_stratum),
        TEST(a_vans_places_are_changed_while_it_stops),
        TEST(a_walk_in_code_is_that_of_whoever_holds_the_number),
        TEST(a_walk_in_code_is_no_pass_and_a_pass_no_walk_in_code),
        TEST(who_walks_in_is_in_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
