/* Who is let in at the gate of a departure. */
#include "common/benefit/homes/homes_fixture.h"
#include "services/coupon/ticket/gate_fixture.h"

static const Coupon__GateList *gates_of(const Rpc__Principal *who)
{
    return harness_output(&h, harness_call(&h, "Gatekeepers.ListMyGates", NULL, who, NULL),
                          &coupon__gate_list__descriptor);
}

static const Coupon__BoardingList *boardings_of(int64_t release_id, const Rpc__Principal *who)
{
    Coupon__ListBoardingsRequest request = COUPON__LIST_BOARDINGS_REQUEST__INIT;

    request.release_id = release_id;
    return harness_output(&h, harness_call(&h, "Gates.ListBoardings", &request.base, who, NULL),
                          &coupon__boarding_list__descriptor);
}

static void a_ticket_is_let_in_once_whatever_she_shows(void **state)
{
    int64_t release_id = a_guarded_release(0), coupon_id = seat_of(take(release_id, MEMBER, 1))->coupon_id;
    const Coupon__Boarding *first, *again;
    const Rpc__Answer *answer;
    int64_t at;

    (void)state;
    to_the_gate();
    at = clock_now(&h.service.clock);
    answer = board(release_id, "scan-0001", MEMBER);
    assert_true(answer->created);
    first = boarding_in(answer);
    assert_int_equal(first->coupon_id, coupon_id);
    assert_string_equal(first->class_title, "一等座");
    assert_int_equal(first->at, at);
    clock_step(&h.service.clock, 1000);
    again = boarding_in(board(release_id, "scan-0001", MEMBER));
    assert_int_equal(again->boarding_id, first->boarding_id);
    answer = board(release_id, "scan-0002", MEMBER);
    assert_refused(answer, "ALREADY_ABOARD");
    assert_non_null(harness_fact(answer, "boardedAt"));
    assert_refused(board_as(release_id, 0, "scan-0003", pass_of(MEMBER, coupon_id)->code, guard()), "ALREADY_ABOARD");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), 1);
    assert_int_equal(seat(coupon_id, MEMBER)->boarded_at, at);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__REDEEMED);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->redeemed_at, at);
    assert_refused(return_ticket(coupon_id, MEMBER), "TICKET_USED");
    assert_clean();
}

static void each_who_is_not_let_in_hears_why(void **state)
{
    int64_t other = publish(draft_of(10, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE)), release_id = a_guarded_release(0);
    int64_t back = seat_of(take(release_id, 2, 0))->coupon_id, given, here = seat_of(take(release_id, 4, 0))->coupon_id;
    const Rpc__Answer *answer;

    (void)state;
    assert_ok(take_as(release_id, harness_member(&h, 1, TOWN), 1, 0, NULL));
    given = coupon_of(claim(other, 3))->coupon_id;
    assert_ok(return_ticket(back, 2));
    holdings_index_slice(self_of(), 100);
    answer = board(release_id, "scan-0001", 4);
    assert_refused(answer, "GATE_NOT_OPEN");
    assert_non_null(harness_fact(answer, "opensAt"));
    to_the_gate();
    answer = board(release_id, "scan-0001", 1);
    assert_refused(answer, "OTHER_DEPARTURE");
    assert_string_equal(harness_fact(answer, "departure"), "G4823 广州南—贵阳北");
    assert_refused(board(release_id, "scan-0001", 2), "TICKET_GIVEN_BACK");
    assert_refused(board_as(release_id, 0, "scan-0001", pass_of(2, back)->code, guard()), "TICKET_GIVEN_BACK");
    assert_refused(board(release_id, "scan-0001", 3), "NO_TICKET_HERE");
    assert_refused(board_as(release_id, 0, "scan-0001", pass_of(3, given)->code, guard()), "NO_TICKET_HERE");
    assert_refused(board_as(release_id, 0, "scan-0001", "hello", guard()), "COUPON_PASS_WRONG");
    assert_refused(board_as(release_id, 1, "scan-0001", shown_by(1), guard()), "NOT_GATE_STAFF");
    assert_refused(board_as(release_id, 0, "scan-0001", shown_by(4), harness_member(&h, 4, TOWN)), "NOT_GATE_STAFF");
    assert_refused(board_as(release_id, 2, "scan-0001", shown_by(4), guard()), "SEAT_NOT_OFFERED");
    assert_refused(board_as(other, 0, "scan-0001", shown_by(4), guard()), "NO_TICKETS");
    clock_step(&h.service.clock, 2 * HOUR_MS);
    assert_refused(board(release_id, "scan-0001", 4), "GATE_CLOSED");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), 0);
    assert_int_equal(seat(here, 4)->boarded_at, 0);
    assert_clean();
}

static void who_has_left_the_union_is_not_let_in_while_she_is_away(void **state)
{
    Coupon__Release draft = tickets_draft(10, 10, 0);
    int64_t release_id;

    (void)state;
    whom(&draft)->union_id = a_union(&h, TOWN);
    release_id = publish(draft);
    clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    assert_ok(set_gate_staff(release_id, 0, GUARD, false, manager_of(UNION)));
    the_device = a_gate_device(release_id);
    assert_ok(take(release_id, MEMBER, 0));
    hear_transferred(&h, MEMBER, "0002");
    to_the_gate();
    assert_refused(board(release_id, "scan-0001", MEMBER), "IS_FROZEN");
    hear_transferred(&h, MEMBER, TOWN);
    assert_ok(board(release_id, "scan-0001", MEMBER));
    assert_clean();
}

static void companions_come_in_with_her_or_by_themselves(void **state)
{
    int64_t release_id = a_guarded_release(3), boarding_id, strangers[1], first, second;
    const Coupon__Seat *hers =
        seat_of(take_as(release_id, harness_member(&h, 1, TOWN), 0, 0, (char *[]){"2", "3", "4", NULL}));
    const Coupon__Boarding *in;

    (void)state;
    first = seat_of(on_invitation("Tickets.AcceptInvitation", hers->companions[0]->invitation_id, 2))->coupon_id;
    second = seat_of(on_invitation("Tickets.AcceptInvitation", hers->companions[1]->invitation_id, 3))->coupon_id;
    strangers[0] = seat_of(take(release_id, 5, 0))->coupon_id;
    to_the_gate();
    in = boarding_in(board(release_id, "scan-0001", 1));
    boarding_id = in->boarding_id;
    assert_int_equal(in->n_companions, 2);
    assert_int_equal(in->companions[0]->coupon_id, first);
    assert_int_equal(in->companions[0]->boarded_at, 0);
    assert_refused(bring(boarding_id, strangers, 1), "NOT_HER_COMPANION");
    assert_refused(bring(boarding_id, (int64_t[]){first, strangers[0]}, 2), "NOT_HER_COMPANION");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), 1);
    for (int again = 0; again < 2; again++) {
        in = boarding_in(bring(boarding_id, &first, 1));
        assert_int_equal(in->companions[0]->boarded_at, clock_now(&h.service.clock));
        assert_int_equal(in->companions[1]->boarded_at, 0);
    }
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), 2);
    assert_refused(board(release_id, "scan-0002", 2), "ALREADY_ABOARD");
    assert_ok(board(release_id, "scan-0003", 3));
    boarding_in(bring(boarding_id, (int64_t[]){first, second}, 2));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), 3);
    assert_clean();
}

static void what_is_undone_is_as_if_it_had_not_been(void **state)
{
    int64_t release_id = a_guarded_release(0), coupon_id = seat_of(take(release_id, MEMBER, 0))->coupon_id, id, second;
    const Coupon__BoardingList *list;

    (void)state;
    to_the_gate();
    id = boarding_in(board(release_id, "scan-0001", MEMBER))->boarding_id;
    assert_refused(undo_boarding(id, harness_member(&h, MEMBER, TOWN)), "NOT_GATE_STAFF");
    assert_refused(undo_boarding(id + 1, guard()), "BOARDING_NOT_FOUND");
    for (int again = 0; again < 2; again++)
        assert_string_equal(boarding_in(undo_boarding(id, guard()))->undo_reason, "扫错了人");
    assert_refused(bring(id, &coupon_id, 1), "BOARDING_NOT_GOOD");
    assert_int_equal(seat(coupon_id, MEMBER)->boarded_at, 0);
    assert_int_equal(coupon_now(coupon_id, MEMBER)->state, COUPON__COUPON_STATE__GRANTED);
    assert_clean();
    second = boarding_in(board(release_id, "scan-0002", MEMBER))->boarding_id;
    list = boardings_of(release_id, guard());
    assert_int_equal(list->n_boardings, 2);
    assert_int_equal(list->boardings[0]->boarding_id, second);
    assert_int_not_equal(list->boardings[1]->undone_at, 0);
    assert_int_equal(boardings_of(release_id, manager_of(UNION))->n_boardings, 2);
    clock_step(&h.service.clock, GATE_UNDO_MS);
    assert_refused(undo_boarding(second, guard()), "BOARDING_UNDO_LATE");
    assert_clean();
}

static void of_two_accounts_that_become_one_the_ticket_that_was_used_stays(void **state)
{
    int64_t release_id = a_guarded_release(0), first = seat_of(take(release_id, 1, 0))->coupon_id;
    int64_t used = seat_of(take(release_id, 2, 0))->coupon_id;

    (void)state;
    to_the_gate();
    assert_ok(board(release_id, "scan-0001", 2));
    holdings_index_slice(self_of(), 100);
    assert_int_equal(hear_merged(&h, 2, 1), 0);
    tidy_all();
    assert_int_not_equal(seat(first, 1)->returned_at, 0);
    assert_int_equal(seat(used, 1)->returned_at, 0);
    assert_refused(board(release_id, "scan-0002", 1), "ALREADY_ABOARD");
    assert_int_equal(turnout(release_id)->rows[0]->seats, 1);
    assert_clean();
}

static void what_was_read_without_network_is_judged_as_of_its_own_time(void **state)
{
    static const char *const reasons[] = {"",
                                          "ALREADY_ABOARD",
                                          "GATE_NOT_OPEN",
                                          "COUPON_PASS_WRONG",
                                          "TIME_OF_SALE_MISSING",
                                          "COUPON_PASS_STALE",
                                          "CLOCK_AHEAD"};
    int64_t release_id = a_guarded_release(0), coupon_id = seat_of(take(release_id, MEMBER, 0))->coupon_id, at, id;
    char *early, *text;

    (void)state;
    take(release_id, 2, 0);
    clock_step(&h.service.clock, DEPARTS - 3 * HOUR_MS - clock_now(&h.service.clock));
    early = shown_by(2);
    to_the_gate();
    at = clock_now(&h.service.clock);
    text = shown_by(MEMBER);
    clock_step(&h.service.clock, 48 * HOUR_MS);
    Coupon__UploadBoarding *items[] = {upload("offline-1", text, at),
                                       upload("offline-2", text, at),
                                       upload("offline-3", early, at - 2 * HOUR_MS),
                                       upload("offline-4", "hello", at),
                                       upload("offline-5", text, 0),
                                       upload("offline-6", text, at + 90000),
                                       upload("offline-7", text, at + 60 * HOUR_MS)};

    for (int again = 0; again < 2; again++) {
        const Coupon__BoardingList *list = hand_in(release_id, items, ARRAY_LEN(items));

        assert_int_equal(list->n_boardings, ARRAY_LEN(items));
        for (size_t i = 0; i < ARRAY_LEN(items); i++) {
            assert_string_equal(list->boardings[i]->reason, reasons[i]);
            assert_true(list->boardings[i]->offline);
        }
        id = list->boardings[1]->boarding_id;
        assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding"), ARRAY_LEN(items));
    }
    assert_int_equal(seat(coupon_id, MEMBER)->boarded_at, at);
    assert_refused(undo_boarding(id, guard()), "BOARDING_NOT_GOOD");
    assert_clean();
}

static void officials_read_how_many_came_and_how_many_did_not(void **state)
{
    Coupon__ListPassengersRequest request = COUPON__LIST_PASSENGERS_REQUEST__INIT;
    int64_t release_id = a_guarded_release(0);
    const Coupon__PassengerList *passengers;
    const Coupon__GateList *gates;
    const Coupon__Turnout *all;

    (void)state;
    for (int64_t i = 1; i <= 3; i++)
        assert_ok(take(release_id, i, 0));
    assert_ok(take(release_id, 4, 1));
    to_the_gate();
    assert_ok(board(release_id, "scan-0001", 1));
    assert_ok(board(release_id, "scan-0002", 4));
    for (int closed = 0; closed < 2; closed++) {
        all = turnout(release_id);
        assert_int_equal(all->n_rows, 4);
        assert_int_equal(all->rows[0]->seats, 3);
        assert_int_equal(all->rows[0]->boarded, 1);
        assert_int_equal(all->rows[0]->no_show, closed ? 2 : 0);
        assert_int_equal(all->rows[0]->closed, closed);
        assert_int_equal(all->rows[1]->boarded, 1);
        assert_int_equal(all->rows[1]->no_show, 0);
        assert_false(all->rows[2]->closed);
        if (!closed)
            clock_step(&h.service.clock, HOUR_MS + GATE_LATE_MS);
    }
    gates = gates_of(guard());
    assert_int_equal(gates->n_gates, 1);
    assert_string_equal(gates->gates[0]->departure_title, "G4821 广州南—贵阳北");
    assert_int_equal(gates->gates[0]->seats, 4);
    assert_int_equal(gates->gates[0]->boarded, 2);
    assert_int_equal(gates->gates[0]->closes_at, DEPARTS + GATE_LATE_MS);
    request.release_id = release_id;
    passengers = harness_output(&h, harness_call(&h, "Tickets.ListPassengers", &request.base, manager_of(UNION), NULL),
                                &coupon__passenger_list__descriptor);
    assert_int_equal(passengers->passengers[0]->boarded_at, DEPARTS - HOUR_MS);
    assert_int_equal(passengers->passengers[1]->boarded_at, 0);
    assert_clean();
}

static void officials_name_who_stands_at_a_gate(void **state)
{
    Coupon__ListGateStaffRequest request = COUPON__LIST_GATE_STAFF_REQUEST__INIT;
    int64_t release_id = a_guarded_release(0);
    const Coupon__GateStaffList *list;

    (void)state;
    assert_refused(register_gate(release_id, harness_member(&h, 5, TOWN)), "NOT_GATE_STAFF");
    assert_refused(set_gate_staff(release_id, 2, 5, false, manager_of(UNION)), "SEAT_NOT_OFFERED");
    assert_refused(set_gate_staff(release_id, 0, 5, false, manager_of("0009")), "OUTSIDE_YOUR_UNION");
    for (int again = 0; again < 2; again++)
        assert_ok(set_gate_staff(release_id, 1, 5, false, manager_of(UNION)));
    request.release_id = release_id;
    list = harness_output(&h, harness_call(&h, "Gatekeepers.ListGateStaff", &request.base, manager_of(UNION), NULL),
                          &coupon__gate_staff_list__descriptor);
    assert_int_equal(list->n_staff, 2);
    assert_int_equal(list->staff[1]->departure, 1);
    assert_int_equal(list->staff[1]->member_id, 5);
    for (int64_t i = 1; i < GATE_STAFF_MAX; i++)
        assert_ok(set_gate_staff(release_id, 0, 1000 + i, false, manager_of(UNION)));
    assert_refused(set_gate_staff(release_id, 0, 2000, false, manager_of(UNION)), "GATE_STAFF_FULL");
    assert_ok(set_gate_staff(release_id, 0, GUARD, true, manager_of(UNION)));
    assert_refused(board(release_id, "scan-0001", 5), "NOT_GATE_STAFF");
    assert_int_equal(gates_of(guard())->n_gates, 0);
    assert_clean();
}

static const Rpc__Answer *list_devices(int64_t release_id, int32_t size, const char *token, const Rpc__Principal *who)
{
    Coupon__ListGateDevicesRequest request = COUPON__LIST_GATE_DEVICES_REQUEST__INIT;

    request.release_id = release_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(&h, "Gatekeepers.ListGateDevices", &request.base, who, NULL);
}

static const Coupon__GateDeviceList *devices_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__gate_device_list__descriptor);
}

/* Somebody's telephone is lost: who stands there, and officials, find it in the list and revoke it. */
static void a_device_is_found_in_the_list_and_revoked(void **state)
{
    Coupon__RevokeGateRequest revoke = COUPON__REVOKE_GATE_REQUEST__INIT;
    int64_t release_id = a_guarded_release(0), second;
    const Coupon__GateDeviceList *list;

    (void)state;
    clock_step(&h.service.clock, 1000);
    second = a_gate_device(release_id);
    list = devices_of(list_devices(release_id, 1, "", guard()));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, second);
    assert_int_equal(list->devices[0]->staff_id, GUARD);
    assert_string_equal(list->devices[0]->name, "一号闸机");
    list = devices_of(list_devices(release_id, 1, list->next_page_token, guard()));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, the_device);
    assert_string_equal(list->next_page_token, "");
    assert_refused(list_devices(release_id, 0, "", harness_member(&h, 6, TOWN)), "NOT_GATE_STAFF");
    assert_refused(list_devices(release_id, 0, "", manager_of("0009")), "NOT_GATE_STAFF");
    assert_refused(list_devices(release_id + 1, 0, "", guard()), "RELEASE_NOT_FOUND");
    revoke.device_id = the_device;
    assert_refused(harness_call(&h, "Gatekeepers.RevokeGate", &revoke.base, harness_member(&h, 6, TOWN), NULL),
                   "NOT_GATE_STAFF");
    assert_ok(harness_call(&h, "Gatekeepers.RevokeGate", &revoke.base, guard(), NULL));
    assert_refused(board(release_id, "scan-0001", 5), "COUNTER_REVOKED");
    list = devices_of(list_devices(release_id, 0, "", manager_of(UNION)));
    assert_int_equal(list->n_devices, 1);
    assert_int_equal(list->devices[0]->device_id, second);
    revoke.device_id = second;
    assert_ok(harness_call(&h, "Gatekeepers.RevokeGate", &revoke.base, manager_of(UNION), NULL));
    assert_int_equal(devices_of(list_devices(release_id, 0, "", manager_of(UNION)))->n_devices, 0);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_let_in_once_whatever_she_shows),
        TEST(each_who_is_not_let_in_hears_why),
        TEST(who_has_left_the_union_is_not_let_in_while_she_is_away),
        TEST(companions_come_in_with_her_or_by_themselves),
        TEST(what_is_undone_is_as_if_it_had_not_been),
        TEST(of_two_accounts_that_become_one_the_ticket_that_was_used_stays),
        TEST(what_was_read_without_network_is_judged_as_of_its_own_time),
        TEST(officials_read_how_many_came_and_how_many_did_not),
        TEST(officials_name_who_stands_at_a_gate),
        TEST(a_device_is_found_in_the_list_and_revoked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
