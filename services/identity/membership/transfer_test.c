#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"

#define DAY_MS INT64_C(86400000)

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, int64_t union_id)
{
    Identity__CreateTransferRequest request = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;

    request.union_id = union_id;
    return harness_call(h, "Transfers.CreateTransfer", &request.base, who, NULL);
}

static Identity__Transfer *asked(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__transfer__descriptor);
}

static const Rpc__Answer *withdraw(struct harness *h, const Rpc__Principal *who, int64_t transfer_id)
{
    Identity__TransferRequest request = IDENTITY__TRANSFER_REQUEST__INIT;

    request.transfer_id = transfer_id;
    return harness_call(h, "Transfers.WithdrawTransfer", &request.base, who, NULL);
}

static Identity__TransferList *listed(struct harness *h, const char *path, int64_t union_id, int state)
{
    Identity__ListTransfersRequest request = IDENTITY__LIST_TRANSFERS_REQUEST__INIT;
    Identity__TransferState only = (Identity__TransferState)state;

    request.union_id = union_id;
    request.state = &only;
    request.n_state = state != 0;
    return harness_output(h, harness_call(h, "Transfers.ListTransfers", &request.base, administrator(h, path), NULL),
                          &identity__transfer_list__descriptor);
}

static Identity__Transfer *mine(struct harness *h, const Rpc__Principal *who)
{
    Identity__MyTransfersRequest request = IDENTITY__MY_TRANSFERS_REQUEST__INIT;
    Identity__TransferList *list =
        harness_output(h, harness_call(h, "Transfers.ListMyTransfers", &request.base, who, NULL),
                       &identity__transfer_list__descriptor);

    assert_true(list->n_transfers > 0);
    return list->transfers[0];
}

/* What came of one: "" when it was done. */
static const char *decide(struct harness *h, const char *verb, const char *path, int64_t union_id, int64_t transfer_id,
                          int reason)
{
    Identity__DecideTransfersRequest request = IDENTITY__DECIDE_TRANSFERS_REQUEST__INIT;
    char method[64];

    snprintf(method, sizeof(method), "Transfers.%sTransfers", verb);
    request.union_id = union_id;
    request.transfer_ids = &transfer_id;
    request.n_transfer_ids = 1;
    request.approve = reason == 0;
    request.reason = (Identity__RefusalReason)reason;
    return outcome(h, harness_call(h, method, &request.base, administrator(h, path), NULL));
}

static const char *hang(struct harness *h, const Rpc__Principal *who, int64_t union_id, int64_t member_id)
{
    Identity__HangMembersRequest request = IDENTITY__HANG_MEMBERS_REQUEST__INIT;

    request.union_id = union_id;
    request.member_ids = &member_id;
    request.n_member_ids = 1;
    return outcome(h, harness_call(h, "Transfers.HangMembers", &request.base, who, NULL));
}

static void a_transfer_is_asked_released_and_accepted_and_both_histories_are_kept(void **state)
{
    Identity__MembershipList *list;
    Identity__Transfer *transfer;
    Rpc__Principal *who;
    struct harness h;
    int since;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    since = who->member_since;
    transfer = asked(&h, ask(&h, who, second_id));
    assert_int_equal(transfer->state, IDENTITY__TRANSFER_STATE__TRANSFER_ASKED);
    assert_int_equal(transfer->free_at, clock_now(&h.service.clock) + 15 * DAY_MS);
    assert_false(ask(&h, who, second_id)->created);
    assert_int_equal(listed(&h, FIRST, first_id, 0)->n_transfers, 1);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, 0), "TRANSFER_STATE");
    assert_string_equal(decide(&h, "Release", FIRST, first_id, transfer->transfer_id, 0), "");
    assert_string_equal(listed(&h, SECOND, second_id, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)->transfers[0]->name,
                        "王*明");
    clock_step(&h.service.clock, DAY_MS + 1000);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, 0), "");
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, 0), "TRANSFER_STATE");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     who->session_id);
    who = person_signed_in(&h, 1);
    assert_string_equal(who->union_path, SECOND);
    assert_true(since > 0 && since < cn_day(clock_now(&h.service.clock)));
    assert_int_equal(who->member_since, since); /* without a break */
    list = history(&h, who);
    assert_int_equal(list->n_memberships, 2);
    assert_int_equal(list->memberships[0]->ended, IDENTITY__ENDED__ENDED_BY_TRANSFER);
    assert_int_equal(list->memberships[0]->to, list->memberships[1]->from);
    assert_int_equal(list->memberships[1]->union_->union_id, second_id);
    assert_int_equal(mine(&h, who)->state, IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED);
    assert_int_equal(told_of(&h, who, transfer->transfer_id), IDENTITY__ACCOUNT_NEWS__NEWS_TRANSFER_DONE);
    end(&h);
}

static void a_silent_union_cannot_block_a_transfer(void **state)
{
    Identity__Transfer *first, *second;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    first = asked(&h, ask(&h, member_of_union(&h, 1, "440604"), second_id));
    clock_step(&h.service.clock, DAY_MS);
    second = asked(&h, ask(&h, member_of_union(&h, 2, "440604"), second_id));
    clock_step(&h.service.clock, 14 * DAY_MS - 2 * CODE_RESEND_MS);
    harness_tidy(&h);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, first->transfer_id, 0), "TRANSFER_STATE");
    clock_step(&h.service.clock, 2 * CODE_RESEND_MS);
    harness_tidy(&h);
    assert_int_equal(listed(&h, SECOND, second_id, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)->n_transfers, 1);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_TRANSFER_CHANGED)->transfer_changed->release,
                     IDENTITY__RELEASE__RELEASE_BY_SILENCE);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, first->transfer_id, 0), "");
    /* Before the daemon has tidied, the acceptance sees it too. */
    clock_step(&h.service.clock, DAY_MS);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, second->transfer_id, 0), "");
    assert_string_equal(person_signed_in(&h, 2)->union_path, SECOND);
    end(&h);
}

static void an_objection_is_decided_by_the_level_above(void **state)
{
    Identity__Transfer *transfer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    transfer = asked(&h, ask(&h, who, second_id));
    assert_string_equal(
        decide(&h, "Release", FIRST, first_id, transfer->transfer_id, IDENTITY__REFUSAL_REASON__REFUSAL_DUES_OPEN), "");
    assert_int_equal(mine(&h, who)->reason, IDENTITY__REFUSAL_REASON__REFUSAL_DUES_OPEN);
    clock_step(&h.service.clock, 20 * DAY_MS);
    harness_tidy(&h);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, 0), "TRANSFER_STATE");
    assert_string_equal(decide(&h, "Release", FIRST, first_id, transfer->transfer_id, 0), "NEEDS_LEVEL_ABOVE");
    assert_string_equal(decide(&h, "Release", ROOT, first_id, transfer->transfer_id, 0), "");
    assert_int_equal(mine(&h, who)->state, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED);
    assert_string_equal(
        decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, IDENTITY__REFUSAL_REASON__REFUSAL_OTHER), "");
    assert_int_equal(mine(&h, who)->state, IDENTITY__TRANSFER_STATE__TRANSFER_REFUSED);
    assert_int_equal(told_of(&h, who, transfer->transfer_id), IDENTITY__ACCOUNT_NEWS__NEWS_TRANSFER_REFUSED);
    assert_string_equal(person_signed_in(&h, 1)->union_path, FIRST);
    end(&h);
}

static void who_left_the_company_is_hung_above_until_she_moves_in_herself(void **state)
{
    Identity__Transfer *transfer;
    Identity__MembershipList *list;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    assert_string_equal(hang(&h, administrator(&h, SECOND), first_id, who->member_id), "OUTSIDE_YOUR_UNION");
    assert_string_equal(hang(&h, administrator(&h, SECOND), second_id, who->member_id), "MEMBER_NOT_FOUND");
    assert_string_equal(
        hang(&h, harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, FIRST), first_id, who->member_id),
        "NOT_FOR_YOURSELF");
    assert_string_equal(hang(&h, administrator(&h, FIRST), first_id, who->member_id), "");
    who = person_signed_in(&h, 1);
    assert_int_equal(who->level, RPC__LEVEL__CATEGORY);
    assert_string_equal(who->union_path, ROOT);
    list = history(&h, who);
    assert_int_equal(list->memberships[1]->began, IDENTITY__BEGAN__BEGAN_BY_HANGING);
    transfer = asked(&h, ask(&h, who, second_id));
    assert_int_equal(transfer->state, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED);
    assert_int_equal(transfer->release, IDENTITY__RELEASE__RELEASE_NOT_NEEDED);
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, transfer->transfer_id, 0), "");
    assert_string_equal(person_signed_in(&h, 1)->union_path, SECOND);
    who = member_of_union(&h, 2, "440600");
    assert_string_equal(hang(&h, administrator(&h, ROOT), root_id, who->member_id), "");
    assert_int_equal(person_signed_in(&h, 2)->level, RPC__LEVEL__REAL_NAME);
    end(&h);
}

static void an_open_transfer_follows_what_becomes_of_her(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Rpc__Principal *hung, *left;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    hung = member_of_union(&h, 1, "440604");
    assert_ok(ask(&h, hung, second_id));
    assert_string_equal(hang(&h, administrator(&h, FIRST), first_id, hung->member_id), "");
    assert_int_equal(mine(&h, hung)->state, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED);
    left = member_of_union(&h, 2, "440604");
    assert_ok(ask(&h, left, second_id));
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, left, NULL));
    assert_int_equal(mine(&h, left)->state, IDENTITY__TRANSFER_STATE__TRANSFER_WITHDRAWN);
    end(&h);
}

static void a_transfer_is_asked_once_by_a_member_and_may_be_withdrawn(void **state)
{
    Identity__Transfer *transfer;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    assert_refused(ask(&h, person_signed_in(&h, 2), first_id), "NO_MEMBERSHIP");
    who = member_of_union(&h, 1, "440604");
    assert_refused(ask(&h, who, first_id), "TRANSFER_TO_SAME");
    assert_refused(ask(&h, who, 4711), "UNION_NOT_FOUND");
    transfer = asked(&h, ask(&h, who, second_id));
    assert_refused(ask(&h, who, root_id), "TRANSFER_PENDING");
    assert_refused(withdraw(&h, person_signed_in(&h, 2), transfer->transfer_id), "TRANSFER_NOT_FOUND");
    assert_ok(withdraw(&h, who, transfer->transfer_id));
    assert_ok(withdraw(&h, who, transfer->transfer_id));
    assert_string_equal(decide(&h, "Release", FIRST, first_id, transfer->transfer_id, 0), "TRANSFER_STATE");
    assert_string_equal(decide(&h, "Release", SECOND, first_id, transfer->transfer_id, 0), "OUTSIDE_YOUR_UNION");
    assert_string_equal(decide(&h, "Release", SECOND, second_id, transfer->transfer_id, 0), "TRANSFER_NOT_FOUND");
    assert_true(ask(&h, who, root_id)->created);
    harness_tamper(&h, "UPDATE transfer SET state = 4 WHERE state = 6");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE transfer SET state = 6 WHERE state = 4");
    end(&h);
}

static void a_union_lists_what_waits_for_it_and_by_their_states_those_that_do_not(void **state)
{
    Identity__TransferState both[] = {IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED,
                                      IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED};
    Identity__ListTransfersRequest request = IDENTITY__LIST_TRANSFERS_REQUEST__INIT;
    Identity__TransferList *list;
    struct harness h;
    int64_t ids[3];

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 0; n < 3; n++)
        ids[n] = asked(&h, ask(&h, member_of_union(&h, 10 + n, "440604"), second_id))->transfer_id;
    for (unsigned n = 0; n < 2; n++)
        assert_string_equal(decide(&h, "Release", FIRST, first_id, ids[n], 0), "");
    assert_string_equal(decide(&h, "Accept", SECOND, second_id, ids[0], 0), "");
    list = listed(&h, FIRST, first_id, 0);
    assert_int_equal(list->n_transfers, 1);
    assert_int_equal(list->transfers[0]->transfer_id, ids[2]);
    list = listed(&h, SECOND, second_id, 0);
    assert_int_equal(list->n_transfers, 1);
    assert_int_equal(list->transfers[0]->transfer_id, ids[1]);
    assert_int_equal(listed(&h, SECOND, second_id, IDENTITY__TRANSFER_STATE__TRANSFER_ASKED)->n_transfers, 0);
    request.state = both;
    request.n_state = ARRAY_LEN(both);
    request.page_size = 1;
    for (int side = 0; side < 2; side++) {
        request.union_id = side ? second_id : first_id;
        request.page_token = unconst("");
        for (int n = 0; n < 2; n++) {
            list = harness_output(
                &h, harness_call(&h, "Transfers.ListTransfers", &request.base, administrator(&h, ROOT), NULL),
                &identity__transfer_list__descriptor);
            assert_int_equal(list->n_transfers, 1);
            assert_int_equal(list->transfers[0]->transfer_id, ids[n]);
            assert_int_equal(*list->next_page_token == '\0', n == 1);
            request.page_token = list->next_page_token;
        }
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_is_asked_released_and_accepted_and_both_histories_are_kept),
        cmocka_unit_test(a_silent_union_cannot_block_a_transfer),
        cmocka_unit_test(an_objection_is_decided_by_the_level_above),
        cmocka_unit_test(who_left_the_company_is_hung_above_until_she_moves_in_herself),
        cmocka_unit_test(an_open_transfer_follows_what_becomes_of_her),
        cmocka_unit_test(a_transfer_is_asked_once_by_a_member_and_may_be_withdrawn),
        cmocka_unit_test(a_union_lists_what_waits_for_it_and_by_their_states_those_that_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
