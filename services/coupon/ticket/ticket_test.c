/* Seats: who takes one, gives it back, waits for one. */
#include "services/coupon/ticket/ticket_fixture.h"

static void a_ticket_is_a_seat_of_a_class_on_a_departure(void **state)
{
    int64_t id = open_tickets(1, 1, 0), coupon_id;
    const Rpc__Answer *answer = take(id, 1, 1);
    const Coupon__Coupon *coupon;

    (void)state;
    assert_true(answer->created);
    coupon_id = seat_of(answer)->coupon_id;
    for (int i = 0; i < 2; i++) {
        coupon = list_coupons(1, 10, NULL)->coupons[0];
        assert_int_equal(coupon->coupon_id, coupon_id);
        assert_string_equal(coupon->seat->class_title, "一等座");
        assert_string_equal(coupon->seat->departure_title, "G4821 广州南—贵阳北");
        assert_string_equal(coupon->seat->place, "广州南站");
        assert_int_equal(coupon->seat->price_fen, 5000);
        assert_int_equal(coupon->seat->departs_at, DEPARTS);
        assert_int_equal(coupon->seat->return_until, DEPARTS - COUPON_DAY_MS);
        assert_int_equal(coupon->expires_at, DEPARTS + COUPON_DAY_MS);
        assert_int_equal(left_of(id, 1), 0);
        assert_int_equal(left_of(id, 0), 1);
        assert_int_equal(get(id)->left, 3);
        assert_int_equal(get(id)->granted, 1);
        answer = take(id, 1, 0);
        assert_false(answer->created);
        assert_int_equal(seat_of(answer)->coupon_id, coupon_id);
        assert_refused(on_seat("Tickets.GetSeat", coupon_id, 2), "COUPON_NOT_FOUND");
        harness_reopen(&h);
    }
    answer = take(id, 2, 1);
    assert_refused(answer, "NO_SEAT_LEFT");
    assert_string_equal(harness_fact(answer, "left"), "0");
    assert_refused(take(id, 2, 5), "SEAT_NOT_OFFERED");
    assert_refused(claim(id, 2), "NOT_BY_CLAIM");
    assert_clean();
}

static void a_draft_says_all_that_it_gives(void **state)
{
    static const struct {
        const char *refusal, *field;
    } cases[] = {
        {"WAY_IS_ONE_EACH", "release.allowance"},
        {"FORM_OF_ANOTHER_WAY", "release.stockPerDay"},
        {"NO_SEATS", "release.tickets"},
        {"QUOTAS_DIFFER", "release.tickets.departures"},
        {"DEPARTS_TOO_SOON", "release.tickets.departures"},
        {"NO_SEATS", "release.tickets.departures"},
        {"FORM_OF_ANOTHER_WAY", "release.tickets"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = tickets_draft(i == 5 ? 0 : 1, 0, 0);
        const Rpc__Answer *answer;

        if (i == 0)
            draft.allowance = COUPON__ALLOWANCE__ONE_PER_DAY;
        if (i == 1)
            draft.stock_per_day = 5;
        if (i == 2)
            draft.tickets = NULL;
        if (i == 3)
            draft.tickets->departures[1]->n_quotas = 1;
        if (i == 4)
            draft.tickets->departures[1]->departs_at = OPENS + COUPON_DAY_MS;
        if (i == 6) {
            draft.way = COUPON__WAY__FIRST_COME;
            draft.stock_per_day = 1;
        }
        answer = create(&draft, manager_of(UNION));
        assert_refused(answer, cases[i].refusal);
        assert_string_equal(answer->field, cases[i].field);
    }
}

static void a_seat_is_for_whom_the_release_is_and_in_its_window(void **state)
{
    Coupon__Release draft = tickets_draft(2, 0, 0);
    Rpc__Principal *member = harness_member(&h, 1, TOWN);
    Rpc__Trade courier = RPC__TRADE__COURIER;
    int64_t id, other = open_release(1, 1, 0);

    (void)state;
    draft.opens_at = OPENS + HOUR_MS;
    whom(&draft)->trades = &courier;
    whom(&draft)->n_trades = 1;
    id = publish(draft);
    member->trade = courier;
    assert_refused(take_as(id, member, 0, 0, NULL), "NOT_OPEN_YET");
    clock_step(&h.service.clock, HOUR_MS);
    assert_refused(take(id, 2, 0), "NOT_ELIGIBLE_TRADE");
    assert_refused(wait_for(id, 2, 0), "NOT_ELIGIBLE_TRADE");
    assert_refused(take_as(id, NULL, 0, 0, NULL), "MISSING_TOKEN");
    assert_refused(take(other, 1, 0), "NO_TICKETS");
    assert_ok(take_as(id, member, 0, 0, NULL));
    clock_step(&h.service.clock, COUPON_DAY_MS);
    member->member_id = 3;
    assert_refused(take_as(id, member, 0, 0, NULL), "ENDED");
    assert_clean();
}

static void what_comes_back_goes_to_who_waits_longest(void **state)
{
    int64_t id = open_tickets(1, 5, 0), coupon_id = seat_of(take(id, 1, 0))->coupon_id;

    (void)state;
    assert_refused(wait_for(id, 2, 1), "SEATS_LEFT");
    assert_refused(wait_for(id, 1, 0), "TICKET_HELD");
    assert_int_equal(ahead_of(wait_for(id, 2, 0)), 0);
    assert_int_equal(ahead_of(wait_for(id, 3, 0)), 1);
    assert_false(wait_for(id, 2, 0)->created);
    assert_int_equal(waiting_of(id, 0), 2);
    assert_int_equal(list_offers(harness_member(&h, 3, TOWN))->offers[0]->waiting->ahead, 1);
    assert_int_equal(seat_of(return_ticket(coupon_id, 1))->returned_at, OPENS);
    assert_ok(return_ticket(coupon_id, 1));         /* again */
    assert_refused(take(id, 4, 0), "NO_SEAT_LEFT"); /* which is not hers, while others wait */
    assert_int_equal(left_of(id, 0), 0);
    tidy_all();
    assert_int_equal(waiting_of(id, 0), 1);
    assert_int_equal(
        notices_standing(&h, NOTICE__NOTICE_KIND__TICKET_GOT, list_coupons(2, 1, NULL)->coupons[0]->coupon_id), 1);
    assert_string_equal(list_coupons(2, 1, NULL)->coupons[0]->seat->class_title, "二等座");
    assert_null(list_offers(harness_member(&h, 2, TOWN))->offers[0]->waiting);
    assert_ok(leave(id, 3));
    assert_int_equal(waiting_of(id, 0), 0);
    /* Who has given hers back may take another one. */
    assert_true(take(id, 1, 1)->created);
    harness_reopen(&h);
    assert_false(take(id, 1, 1)->created);
    assert_int_equal(get(id)->granted, 2);
    assert_clean();
}

/* Also when the release is open no more, and after a restart; not past the deadline. */
static void who_waits_is_called_up_until_the_last_seat_may_come_back(void **state)
{
    int64_t id = open_tickets(2, 0, 0), first = seat_of(take(id, 1, 0))->coupon_id, second;

    (void)state;
    second = seat_of(take(id, 2, 0))->coupon_id;
    wait_for(id, 3, 0);
    wait_for(id, 4, 0);
    clock_step(&h.service.clock, 8 * COUPON_DAY_MS);
    tidy_all();
    harness_reopen(&h);
    assert_ok(return_ticket(first, 1));
    tidy_all();
    assert_int_equal(list_coupons(3, 1, NULL)->n_coupons, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_refused(return_ticket(second, 2), "RETURN_TOO_LATE");
    assert_int_equal(waiting_of(id, 0), 1);
    tidy_all();
    assert_int_equal(waiting_of(id, 0), 0);
    assert_int_equal(list_coupons(4, 1, NULL)->n_coupons, 0);
    clock_step(&h.service.clock, 2 * COUPON_DAY_MS - 1);
    tidy_all();
    assert_int_equal(get(id)->release->state, COUPON__STATE__PUBLISHED);
    clock_step(&h.service.clock, 1);
    tidy_all();
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    tidy_all();
    assert_null(release_find(h.service.self, id));
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_clean();
}

static void nobody_is_called_up_while_a_release_is_paused_nor_once_it_has_ended(void **state)
{
    int64_t id = open_tickets(2, 0, 0), first = seat_of(take(id, 1, 0))->coupon_id, second;

    (void)state;
    second = seat_of(take(id, 2, 0))->coupon_id;
    wait_for(id, 3, 0);
    wait_for(id, 4, 0);
    assert_ok(change("Coupons.PauseRelease", id));
    assert_ok(return_ticket(first, 1));
    tidy_all();
    assert_int_equal(waiting_of(id, 0), 2);
    assert_ok(change("Coupons.PublishRelease", id));
    tidy_all();
    assert_int_equal(waiting_of(id, 0), 1);
    assert_ok(change("Coupons.EndRelease", id));
    assert_ok(return_ticket(second, 2));
    tidy_all();
    assert_int_equal(waiting_of(id, 0), 0);
    assert_int_equal(list_coupons(4, 1, NULL)->n_coupons, 0);
    assert_clean();
}

/* A person has one of a release, whatever her accounts took; the other seat is for who waits. */
static void what_two_accounts_or_one_that_is_closed_had_goes_to_who_waits(void **state)
{
    int64_t id = open_tickets(2, 0, 0), kept = seat_of(take(id, 1, 0))->coupon_id, spare;

    (void)state;
    spare = seat_of(take(id, 2, 0))->coupon_id;
    wait_for(id, 3, 0);
    wait_for(id, 4, 0);
    wait_for(id, 5, 0);
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
    assert_int_equal(hear_merged(&h, 2, 1), 0);
    assert_int_equal(hear_closed(&h, 4), 0);
    tidy_all();
    assert_int_not_equal(seat(spare, 1)->returned_at, 0);
    assert_int_equal(seat(kept, 1)->returned_at, 0);
    assert_int_equal(list_coupons(3, 1, NULL)->n_coupons, 1);
    assert_int_equal(hear_closed(&h, 1), 0);
    tidy_all();
    assert_int_equal(list_coupons(4, 1, NULL)->n_coupons, 0);
    assert_int_equal(list_coupons(5, 1, NULL)->n_coupons, 1);
    assert_int_equal(waiting_of(id, 0), 0);
    harness_reopen(&h);
    assert_clean();
}

static void officials_of_the_union_see_who_travels(void **state)
{
    Coupon__ListPassengersRequest request = COUPON__LIST_PASSENGERS_REQUEST__INIT;
    const Coupon__PassengerList *list;
    int64_t id = open_tickets(3, 0, 0), gone;

    (void)state;
    gone = seat_of(take(id, 1, 0))->coupon_id;
    take(id, 2, 0);
    take(id, 3, 0);
    return_ticket(gone, 1);
    request.release_id = id;
    request.page_size = 1;
    list = harness_output(&h, harness_call(&h, "Tickets.ListPassengers", &request.base, manager_of(UNION), NULL),
                          &coupon__passenger_list__descriptor);
    assert_int_equal(list->n_passengers, 1);
    assert_int_equal(list->passengers[0]->member_id, 2);
    request.page_token = list->next_page_token;
    list = harness_output(&h, harness_call(&h, "Tickets.ListPassengers", &request.base, manager_of(UNION), NULL),
                          &coupon__passenger_list__descriptor);
    assert_int_equal(list->n_passengers, 1);
    assert_int_equal(list->passengers[0]->member_id, 3);
    assert_refused(harness_call(&h, "Tickets.ListPassengers", &request.base, manager_of("0002"), NULL),
                   "OUTSIDE_YOUR_UNION");
}

static void the_audit_finds_what_was_changed_behind_its_back(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE ticket_cell SET taken = 0 WHERE quota = 1 AND departure = 0",
         "UPDATE ticket_cell SET taken = 1 WHERE quota = 1 AND departure = 0"},
        {"UPDATE ticket_cell SET quota = quota + 1", "UPDATE ticket_cell SET quota = quota - 1"},
        {"UPDATE ticket_cell SET waiting = waiting + 1", "UPDATE ticket_cell SET waiting = waiting - 1"},
        {"UPDATE ticket_seat SET freed_at = 5", "UPDATE ticket_seat SET freed_at = 0"},
        {"UPDATE ticket_wait SET ended_at = 5", "UPDATE ticket_wait SET ended_at = 0"},
        {"UPDATE ticket_invitation SET state = 3", "UPDATE ticket_invitation SET state = 1"},
    };
    int64_t id = open_tickets(1, 2, 1);

    (void)state;
    take(id, 1, 0);
    wait_for(id, 2, 0);
    assert_ok(take_as(id, harness_member(&h, 3, TOWN), 0, 1, (char *[]){"77", NULL}));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        assert_clean();
        harness_tamper(&h, changes[i][0]);
        assert_string_not_equal(harness_audit(&h), "");
        harness_tamper(&h, changes[i][1]);
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_a_seat_of_a_class_on_a_departure),
        TEST(a_draft_says_all_that_it_gives),
        TEST(a_seat_is_for_whom_the_release_is_and_in_its_window),
        TEST(what_comes_back_goes_to_who_waits_longest),
        TEST(who_waits_is_called_up_until_the_last_seat_may_come_back),
        TEST(nobody_is_called_up_while_a_release_is_paused_nor_once_it_has_ended),
        TEST(what_two_accounts_or_one_that_is_closed_had_goes_to_who_waits),
        TEST(officials_of_the_union_see_who_travels),
        TEST(the_audit_finds_what_was_changed_behind_its_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
