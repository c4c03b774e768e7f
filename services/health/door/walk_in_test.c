/* Who comes to the van without a booking, through the service. */
#include "services/health/door/door_fixture.h"

static const Rpc__Answer *walk_in_code(int64_t member_id)
{
    Health__WalkInCodeRequest request = HEALTH__WALK_IN_CODE_REQUEST__INIT;

    request.campaign_id = campaign;
    return harness_call(&h, "Scans.CreateWalkInCode", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static const char *code_of(int64_t member_id)
{
    const Health__ScreenCode *code = harness_output(&h, walk_in_code(member_id), &health__screen_code__descriptor);

    return code->code;
}

static const Rpc__Answer *walk_in(int64_t device, const char *ref, const char *code)
{
    Health__WalkInRequest request = HEALTH__WALK_IN_REQUEST__INIT;

    request.site_id = van;
    request.device_id = device;
    request.scan_ref = unconst(ref);
    request.code = unconst(code);
    return harness_call(&h, "Scans.CreateWalkIn", &request.base, staff(STAFF), NULL);
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
    assert_refused(walk_in(device, "walk-0001", code_of(MEMBER + 50)), "NO_WALK_INS_NOW");
    to(START);
    id = scan_in(walk_in(device, "walk-0001", code_of(MEMBER + 50)))->scan_id;
    assert_int_equal(scan_in(walk_in(device, "walk-0001", code_of(MEMBER + 50)))->scan_id, id);
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 50)), "ENTITLEMENT_USED");
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER)), "ALREADY_BOOKED");
    assert_ok(walk_in(device, "walk-0002", code_of(MEMBER + 2))); /* a winner without a booking */
    assert_refused(walk_in(device, "walk-0003", code_of(MEMBER + 51)), "WALK_INS_FULL");
    assert_int_equal(counts(van)->walked_in, 2);
    assert_ok(undo(id, STAFF));
    assert_ok(walk_in(device, "walk-0003", code_of(MEMBER + 51)));
    assert_refused(walk_in(device, "walk-0004", code_of(MEMBER + 50)), "WALK_INS_FULL");
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
    id = scan_in(walk_in(device, "walk-0001", code_of(MEMBER + 2)))->scan_id;
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER)), "PLACES_TAKEN");
    assert_ok(walk_in(device, "walk-0002", code_of(MEMBER + 3)));
    assert_ok(undo(id, STAFF));
    assert_ok(walk_in(device, "walk-0003", code_of(MEMBER))); /* who has cancelled, too */
    assert_refused(walk_in(device, "walk-0004", code_of(MEMBER + 2)), "PLACES_TAKEN");
    assert_refused(walk_in(device, "walk-0004", code_of(MEMBER + 4)), "WALK_INS_FULL");
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
    assert_ok(walk_in(device, "walk-0001", code_of(MEMBER)));
    assert_int_equal(harness_number(&h, "SELECT sum(taken) FROM stock"), 1);
    assert_int_equal(harness_number(&h, "SELECT taken FROM stock WHERE stratum = 2"), 1);
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 1)), "WALK_INS_FULL");
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
    assert_ok(walk_in(device, "walk-0001", code_of(MEMBER + 50)));
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 51)), "WALK_INS_FULL");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 2, 1));
    assert_ok(walk_in(device, "walk-0002", code_of(MEMBER + 51)));
    assert_refused(change_slot(&h, manager_of(&h, UNION), id, 1, 0), "CAPACITY_BELOW_BOOKED");
    assert_ok(change_slot(&h, manager_of(&h, UNION), id, 9, 9));
    assert_ok(withdraw_slot(&h, manager_of(&h, UNION), id));
    assert_refused(walk_in(device, "walk-0003", code_of(MEMBER + 52)), "NO_WALK_INS_NOW");
}

static void a_walk_in_code_is_that_of_whoever_holds_the_number(void **state)
{
    int64_t device = a_device(van, STAFF);
    const char *codes[3];

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    to(START);
    for (int i = 0; i < 3; i++)
        codes[i] = code_of(MEMBER + 50 + i);
    assert_int_equal(hear_merged(&h, MEMBER + 50, MEMBER + 51), 0);
    assert_int_equal(hear_closed(&h, MEMBER + 52), 0);
    assert_ok(walk_in(device, "walk-0001", codes[0]));
    assert_int_equal(state_of(&h, campaign, MEMBER + 51), HEALTH__ENTITLEMENT_STATE__ATTENDED);
    assert_refused(walk_in(device, "walk-0002", codes[1]), "ENTITLEMENT_USED");
    assert_refused(walk_in(device, "walk-0002", codes[2]), "PASS_REVOKED_NOW");
    for (int i = 0; i < 3; i += 2)
        assert_refused(walk_in_code(MEMBER + 50 + i), "TOKEN_REVOKED");
}

static void a_walk_in_code_is_no_pass_and_a_pass_no_walk_in_code(void **state)
{
    int64_t device = a_device(van, STAFF), at_site = a_device(site, STAFF), booking = a_booking(0);

    (void)state;
    to(START);
    assert_refused(scan(at_site, "scan-0001", code_of(MEMBER)), "PASS_MALFORMED");
    assert_refused(walk_in(device, "walk-0001", screen_of(booking, 0)), "NO_WALK_IN_CODE");
    assert_refused(walk_in(device, "walk-0001", "AAAA"), "PASS_MALFORMED");
}

static void who_walks_in_is_in_the_budget(void **state)
{
    struct health *self = h.service.self;
    Health__Campaign *tight = campaigns_find(&self->campaigns, campaign, &h.arena);
    int64_t device, budget = tight->budget_fen;

    (void)state;
    assert_ok(create_slots(&h, manager_of(&h, UNION), campaign, van, 0, 0, 0, 0));
    device = a_device(van, STAFF);
    harness_off_record(&h);
    tight->budget_fen = tight->price_fen * (tight->strata[0]->quota + 1) - 1;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    to(START);
    assert_refused(walk_in(device, "walk-0001", code_of(MEMBER + 50)), "WALK_INS_FULL");
    tight->budget_fen++;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    assert_ok(walk_in(device, "walk-0001", code_of(MEMBER + 50)));
    assert_refused(walk_in(device, "walk-0002", code_of(MEMBER + 51)), "WALK_INS_FULL");
    tight->budget_fen = budget;
    assert_true(campaigns_put(&self->campaigns, tight, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
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
