/* Companions: members who are asked to come along, and say so themselves. */
#include "common/pass/pass.h"
#include "services/coupon/ticket/ticket_fixture.h"

static char *two_and_three[] = {"2", "3", NULL};

/* Member 1 takes a ticket of three seats and asks 2 and 3. */
static int64_t taken_for_three(int64_t release_id)
{
    Rpc__Principal *host = harness_member(&h, 1, TOWN);

    host->shown_name = "王*明";
    return seat_of(take_as(release_id, host, 0, 0, two_and_three))->coupon_id;
}

static int64_t invitation_to(int64_t member_id)
{
    return invitations_of(harness_member(&h, member_id, TOWN))->invitations[0]->invitation_id;
}

static void a_companion_accepts_for_herself_and_has_a_ticket_of_her_own(void **state)
{
    int64_t id = open_tickets(4, 0, 2), host = taken_for_three(id), own;
    const Coupon__InvitationList *list = invitations_of(harness_member(&h, 2, TOWN));
    const Rpc__Answer *answer;

    (void)state;
    assert_int_equal(left_of(id, 0), 1);
    assert_int_equal(get(id)->granted, 1);
    assert_int_equal(list->n_invitations, 1);
    assert_string_equal(list->invitations[0]->host_name, "王*明");
    assert_string_equal(list->invitations[0]->title, "返乡专列");
    assert_string_equal(list->invitations[0]->seat->departure_title, "G4821 广州南—贵阳北");
    assert_string_equal(list->invitations[0]->reason, "");
    assert_int_equal(list->invitations[0]->until, OPENS + COUPON_DAY_MS);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__TICKET_INVITED, list->invitations[0]->invitation_id), 1);
    assert_refused(on_invitation("Tickets.AcceptInvitation", list->invitations[0]->invitation_id, 3),
                   "INVITATION_NOT_FOUND");
    answer = on_invitation("Tickets.AcceptInvitation", list->invitations[0]->invitation_id, 2);
    assert_true(answer->created);
    assert_true(seat_of(answer)->invited);
    own = seat_of(answer)->coupon_id;
    for (int i = 0; i < 2; i++) {
        answer = on_invitation("Tickets.AcceptInvitation", list->invitations[0]->invitation_id, 2);
        assert_false(answer->created);
        assert_int_equal(seat_of(answer)->coupon_id, own);
        assert_int_equal(seat(host, 1)->n_companions, 2);
        assert_string_equal(seat(host, 1)->companions[0]->number, "2");
        assert_int_equal(seat(host, 1)->companions[0]->state, COUPON__COMPANION_STATE__ACCEPTED);
        assert_int_equal(seat(host, 1)->companions[1]->state, COUPON__COMPANION_STATE__ASKED);
        assert_int_equal(get(id)->granted, 2);
        assert_int_equal(left_of(id, 0), 1);
        harness_reopen(&h);
    }
    assert_int_equal(invitations_of(harness_member(&h, 2, TOWN))->n_invitations, 0);
    /* It is hers, whatever becomes of who has asked; who has not accepted yet is asked no more. */
    assert_ok(return_ticket(host, 1));
    assert_int_equal(invitations_of(harness_member(&h, 3, TOWN))->n_invitations, 0);
    assert_int_equal(seat(own, 2)->returned_at, 0);
    assert_int_equal(left_of(id, 0), 3);
    assert_clean();
}

static void a_companion_must_fit_herself(void **state)
{
    Coupon__Release draft = tickets_draft(4, 0, 2);
    Rpc__Trade courier = RPC__TRADE__COURIER;
    Rpc__Principal *host = harness_member(&h, 1, TOWN), *companion = harness_member(&h, 2, TOWN);
    Coupon__InvitationRequest request = COUPON__INVITATION_REQUEST__INIT;
    const Coupon__InvitationList *list;
    int64_t id;

    (void)state;
    whom(&draft)->trades = &courier;
    whom(&draft)->n_trades = 1;
    id = publish(draft);
    clock_step(&h.service.clock, 60000);
    host->trade = courier;
    assert_ok(take_as(id, host, 0, 0, (char *[]){"2", NULL}));
    list = invitations_of(companion);
    request.invitation_id = list->invitations[0]->invitation_id;
    assert_string_equal(list->invitations[0]->reason, "NOT_ELIGIBLE_TRADE");
    assert_refused(harness_call(&h, "Tickets.AcceptInvitation", &request.base, companion, NULL), "NOT_ELIGIBLE_TRADE");
    companion->trade = courier;
    assert_string_equal(invitations_of(companion)->invitations[0]->reason, "");
    assert_ok(harness_call(&h, "Tickets.AcceptInvitation", &request.base, companion, NULL));
    assert_clean();
}

static void who_does_not_answer_in_time_leaves_the_seat_to_others(void **state)
{
    int64_t id = open_tickets(3, 0, 2), host = taken_for_three(id), second = invitation_to(2), third = invitation_to(3);

    (void)state;
    assert_int_equal(left_of(id, 0), 0);
    wait_for(id, 4, 0);
    assert_ok(on_invitation("Tickets.DeclineInvitation", second, 2));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__TICKET_COMPANION_OUT, second), 1);
    assert_int_equal(last_notice(&h)->member_id, 1);
    tidy_all();
    assert_int_equal(list_coupons(4, 1, NULL)->n_coupons, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS - 1);
    tidy_all();
    assert_int_equal(left_of(id, 0), 0);
    clock_step(&h.service.clock, 1);
    assert_refused(on_invitation("Tickets.AcceptInvitation", third, 3), "INVITATION_OVER");
    assert_int_equal(invitations_of(harness_member(&h, 3, TOWN))->n_invitations, 0);
    tidy_all();
    assert_int_equal(left_of(id, 0), 1);
    assert_int_equal(seat(host, 1)->companions[0]->state, COUPON__COMPANION_STATE__DECLINED);
    assert_int_equal(seat(host, 1)->companions[1]->state, COUPON__COMPANION_STATE__LAPSED);
    assert_clean();
}

static void nobody_is_asked_twice_nor_more_than_the_form_allows(void **state)
{
    int64_t id = open_tickets(20, 0, 2), coupon_id;
    Rpc__Principal *host = harness_member(&h, 1, TOWN);
    static const struct {
        char *numbers[4];
        const char *refusal;
    } cases[] = {
        {{"1"}, "COMPANION_TWICE"},
        {{"2", "2"}, "COMPANION_TWICE"},
        {{"王小明"}, "COMPANION_NUMBER_INVALID"},
        {{"0"}, "COMPANION_NUMBER_INVALID"},
        {{"-5"}, "COMPANION_NUMBER_INVALID"},
        {{"99999999999999999999"}, "COMPANION_NUMBER_INVALID"},
        {{"2", "3", "4"}, "TOO_MANY_COMPANIONS"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_refused(take_as(id, host, 0, 0, unconst(cases[i].numbers)), cases[i].refusal);
        assert_int_equal(left_of(id, 0), 20);
    }
    coupon_id = seat_of(take_as(id, host, 0, 0, (char *[]){"2", NULL}))->coupon_id;
    assert_refused(invite(coupon_id, 1, (char *[]){"3", "4", NULL}), "TOO_MANY_COMPANIONS");
    assert_refused(invite(coupon_id, 2, (char *[]){"3", NULL}), "COUPON_NOT_FOUND");
    assert_int_equal(seat_of(invite(coupon_id, 1, (char *[]){"2", NULL}))->n_companions, 1); /* again */
    assert_int_equal(seat_of(invite(coupon_id, 1, (char *[]){"2", "3", NULL}))->n_companions, 2);
    /* Who takes invitations back asks no more than so many in all. */
    for (int i = 0; i < 4; i++) {
        char number[16];

        assert_ok(on_invitation("Tickets.WithdrawInvitation", seat(coupon_id, 1)->companions[1 + i]->invitation_id, 1));
        snprintf(number, sizeof(number), "%d", 10 + i);
        assert_ok(invite(coupon_id, 1, (char *[]){number, NULL}));
        assert_int_equal(left_of(id, 0), 17);
    }
    assert_ok(on_invitation("Tickets.WithdrawInvitation", seat(coupon_id, 1)->companions[5]->invitation_id, 1));
    assert_refused(invite(coupon_id, 1, (char *[]){"20", NULL}), "TOO_MANY_COMPANIONS");
    assert_clean();
}

/* Its tag is not asked for: whoever it names says yes herself, or nobody does. */
static void a_cards_code_is_as_good_as_the_number(void **state)
{
    struct pass_keys *keys;
    char code[PASS_CODE_SIZE], path[300];
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/card", h.dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "1 %s\n", HARNESS_KEY);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    keys = pass_keys_open(path);
    assert_non_null(keys);
    assert_true(pass_code_make(keys, PASS_CARD, 123456789012345678, OPENS, code));
    assert_int_equal(companion_number(code), INT64_C(123456789012345678));
    assert_true(pass_code_make(keys, PASS_SCREEN, 5, OPENS, code));
    assert_int_equal(companion_number(code), 0);
    assert_int_equal(companion_number("123456789012345678"), INT64_C(123456789012345678));
    assert_int_equal(companion_number(""), 0);
    pass_keys_close(keys);
}

static void accounts_that_are_merged_or_closed_meanwhile(void **state)
{
    int64_t id = open_tickets(5, 0, 3), host, second, third;
    Rpc__Principal *who = harness_member(&h, 1, TOWN);

    (void)state;
    who->shown_name = "王*明";
    host = seat_of(take_as(id, who, 0, 0, (char *[]){"2", "3", "4", NULL}))->coupon_id;
    second = invitation_to(2);
    third = invitation_to(3);
    assert_int_equal(hear_merged(&h, 2, 12), 0);
    assert_int_equal(hear_closed(&h, 3), 0);
    assert_int_equal(hear_merged(&h, 1, 11), 0);
    assert_ok(on_invitation("Tickets.AcceptInvitation", second, 12));
    assert_refused(on_invitation("Tickets.AcceptInvitation", third, 3), "INVITATION_NOT_FOUND");
    assert_int_equal(seat(host, 11)->companions[1]->state, COUPON__COMPANION_STATE__LAPSED);
    assert_int_equal(left_of(id, 0), 2);
    assert_int_equal(hear_closed(&h, 11), 0);
    assert_string_equal(invitations_of(harness_member(&h, 4, TOWN))->invitations[0]->host_name, "");
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
    tidy_all();
    assert_int_equal(invitations_of(harness_member(&h, 4, TOWN))->n_invitations, 0);
    assert_int_equal(left_of(id, 0), 4);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_companion_accepts_for_herself_and_has_a_ticket_of_her_own),
        TEST(a_companion_must_fit_herself),
        TEST(who_does_not_answer_in_time_leaves_the_seat_to_others),
        TEST(nobody_is_asked_twice_nor_more_than_the_form_allows),
        TEST(a_cards_code_is_as_good_as_the_number),
        TEST(accounts_that_are_merged_or_closed_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
