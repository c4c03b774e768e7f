/* What waits for officials, in one list. */
#include "services/identity/unions/waitings.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"

static const Rpc__Answer *ask_list(struct harness *h, const Rpc__Principal *who, int64_t union_id, int kind, int size,
                                   const char *token)
{
    Identity__ListWaitingRequest request = IDENTITY__LIST_WAITING_REQUEST__INIT;
    Identity__WaitingKind kinds[] = {(Identity__WaitingKind)kind};

    request.union_id = union_id;
    request.kind = kinds;
    request.n_kind = kind != 0;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_call(h, "Waitings.ListWaiting", &request.base, who, NULL);
}

static Identity__WaitingList *list(struct harness *h, const Rpc__Principal *who, int64_t union_id)
{
    return harness_output(h, ask_list(h, who, union_id, 0, 0, ""), &identity__waiting_list__descriptor);
}

/* What an administrator finds over a path and below it: how many of each kind, in the order of the kinds. */
static const char *counted(struct harness *h, const Rpc__Principal *who, int64_t union_id)
{
    static char text[256];
    const Identity__WaitingList *found = list(h, who, union_id);
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < found->n_counts; i++) {
        const Identity__WaitingCount *count = found->counts[i];

        if (count->waiting)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d x %d", len ? ", " : "", count->kind,
                                    count->waiting);
    }
    return text;
}

static void claim_trade(struct harness *h, const Rpc__Principal *who)
{
    Identity__ClaimTradeRequest request = IDENTITY__CLAIM_TRADE_REQUEST__INIT;

    request.trade = RPC__TRADE__TRUCK_DRIVER;
    request.proof = IDENTITY__TRADE_PROOF__PROOF_WORK_CARD;
    request.platform = "快递公司";
    request.work_number = "88";
    assert_ok(harness_call(h, "Trades.ClaimTrade", &request.base, who, NULL));
}

static int64_t ask_transfer(struct harness *h, const Rpc__Principal *who, int64_t to)
{
    Identity__CreateTransferRequest request = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;

    request.union_id = to;
    return ((Identity__Transfer *)harness_output(h,
                                                 harness_call(h, "Transfers.CreateTransfer", &request.base, who, NULL),
                                                 &identity__transfer__descriptor))
        ->transfer_id;
}

static const Rpc__Answer *decide_transfer(struct harness *h, const char *method, const Rpc__Principal *who,
                                          int64_t union_id, int64_t transfer_id, bool approve)
{
    Identity__DecideTransfersRequest request = IDENTITY__DECIDE_TRANSFERS_REQUEST__INIT;

    request.union_id = union_id;
    request.transfer_ids = &transfer_id;
    request.n_transfer_ids = 1;
    request.approve = approve;
    request.reason = approve ? IDENTITY__REFUSAL_REASON__REFUSAL_NONE : IDENTITY__REFUSAL_REASON__REFUSAL_OTHER;
    return harness_call(h, method, &request.base, who, NULL);
}

static int64_t ask_change(struct harness *h, const Rpc__Principal *who, int64_t union_id)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;

    request.union_id = union_id;
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_NAME;
    request.name = "石湾镇总工会";
    return ((Identity__UnionChange *)harness_output(
                h, harness_call(h, "Unions.AskUnionChange", &request.base, who, "change"),
                &identity__union_change__descriptor))
        ->change_id;
}

static void every_kind_waits_in_one_list_over_the_subtree(void **state)
{
    const Identity__WaitingList *found;
    Rpc__Principal *member, *other;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604-1");
    other = member_of_union(&h, 2, "440605");
    assert_ok(ask_to_join(&h, person_signed_in(&h, 3), town_id, 3));
    claim_trade(&h, member);
    ask_transfer(&h, other, town_id);
    ask_change(&h, administrator(&h, TOWN), town_id);
    assert_ok(propose_standing(&h, administrator(&h, FIRST), member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                               IDENTITY__STANDING_REASON__STANDING_INVESTIGATION));
    assert_string_equal(counted(&h, administrator(&h, ROOT), root_id), "1 x 1, 2 x 1, 3 x 1, 7 x 1, 8 x 1");
    assert_string_equal(counted(&h, administrator(&h, FIRST), first_id), "1 x 1, 3 x 1, 7 x 1, 8 x 1");
    assert_string_equal(counted(&h, administrator(&h, FIRST), town_id), "1 x 1, 3 x 1, 8 x 1");
    assert_string_equal(counted(&h, administrator(&h, SECOND), second_id), "2 x 1");
    assert_string_equal(counted(&h, harness_official(&h, 8, RULE__ROLE__SECURITY_ADMIN, ROOT), root_id), "");
    found = list(&h, administrator(&h, ROOT), root_id);
    assert_int_equal(found->n_waiting, 5);
    assert_int_equal(found->waiting[0]->kind, IDENTITY__WAITING_KIND__WAITING_CHANGE); /* the level above decides */
    assert_int_equal(found->waiting[0]->union_->union_id, first_id);
    assert_string_equal(found->waiting[0]->change->name, "石湾镇总工会");
    assert_int_equal(found->waiting[1]->kind, IDENTITY__WAITING_KIND__WAITING_JOIN);
    assert_string_equal(found->waiting[1]->join->name, "王*明");
    assert_int_equal(found->waiting[1]->asked_at, found->waiting[1]->join->asked_at);
    assert_int_equal(found->waiting[2]->trade->trade, RPC__TRADE__TRUCK_DRIVER);
    assert_int_equal(found->waiting[3]->proposal->member_id, member->member_id);
    assert_int_equal(found->waiting[4]->transfer->member_id, other->member_id);
    found = harness_output(&h, ask_list(&h, administrator(&h, ROOT), root_id, 3, 0, ""),
                           &identity__waiting_list__descriptor);
    assert_int_equal(found->n_waiting, 1); /* of one kind, with the counts of all */
    assert_int_equal(found->n_counts, 11);
    assert_refused(ask_list(&h, administrator(&h, FIRST), root_id, 0, 0, ""), "OUTSIDE_YOUR_UNION");
    assert_refused(ask_list(&h, administrator(&h, FIRST), second_id, 0, 0, ""), "OUTSIDE_YOUR_UNION");
    assert_refused(ask_list(&h, harness_official(&h, 8, RULE__ROLE__AUDIT_ADMIN, ROOT), root_id, 0, 0, ""),
                   "NOT_OFFICIAL");
    end(&h);
}

static void offices_wait_for_security_administrators_alone(void **state)
{
    Rpc__Principal *first, *second;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__ProposeGrantRequest request = IDENTITY__PROPOSE_GRANT_REQUEST__INIT;
    int64_t id;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604");
    first = harness_official(&h, 8, RULE__ROLE__SECURITY_ADMIN, FIRST);
    second = harness_official(&h, 9, RULE__ROLE__SECURITY_ADMIN, ROOT);
    request.mobile = unconst(mobile_of(1, mobile));
    request.role = RULE__ROLE__FINANCE;
    request.union_id = first_id;
    id = proposed(&h, harness_call(&h, "Proposals.ProposeGrant", &request.base, first, NULL))->proposal_id;
    assert_string_equal(counted(&h, first, first_id), "10 x 1");
    assert_string_equal(counted(&h, second, root_id), "10 x 1");
    assert_string_equal(counted(&h, administrator(&h, ROOT), root_id), "");
    assert_int_equal(list(&h, second, root_id)->waiting[0]->proposal->role, RULE__ROLE__FINANCE);
    assert_ok(decide_proposal(&h, second, id, true));
    assert_string_equal(counted(&h, second, root_id), "");
    end(&h);
}

static void a_transfer_waits_where_the_next_word_is(void **state)
{
    Rpc__Principal *member;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604-1");
    id = ask_transfer(&h, member, second_id);
    assert_string_equal(counted(&h, administrator(&h, TOWN), town_id), "2 x 1");
    assert_ok(decide_transfer(&h, "Transfers.ReleaseTransfers", administrator(&h, TOWN), town_id, id, false));
    assert_string_equal(counted(&h, administrator(&h, TOWN), town_id), ""); /* it objects: the level above decides */
    assert_string_equal(counted(&h, administrator(&h, FIRST), first_id), "2 x 1");
    assert_ok(decide_transfer(&h, "Transfers.ReleaseTransfers", administrator(&h, FIRST), town_id, id, true));
    assert_string_equal(counted(&h, administrator(&h, FIRST), first_id), "");
    assert_string_equal(counted(&h, administrator(&h, SECOND), second_id), "2 x 1");
    assert_ok(decide_transfer(&h, "Transfers.AcceptTransfers", administrator(&h, SECOND), second_id, id, true));
    assert_string_equal(counted(&h, administrator(&h, ROOT), root_id), "");
    end(&h);
}

static void what_waits_goes_with_a_union_that_is_hung_elsewhere(void **state)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__DecideUnionChangeRequest decision = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    assert_ok(ask_to_join(&h, person_signed_in(&h, 3), town_id, 3));
    id = ask_transfer(&h, member_of_union(&h, 1, "440604-1"), first_id);
    assert_ok(decide_transfer(&h, "Transfers.ReleaseTransfers", administrator(&h, TOWN), town_id, id, false));
    request.union_id = town_id;
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_PLACE;
    request.target_id = second_id;
    decision.change_id =
        ((Identity__UnionChange *)harness_output(
             &h, harness_call(&h, "Unions.AskUnionChange", &request.base, administrator(&h, TOWN), "change"),
             &identity__union_change__descriptor))
            ->change_id;
    decision.approve = true;
    assert_ok(harness_call(&h, "Unions.DecideUnionChange", &decision.base,
                           harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ROOT), NULL));
    assert_string_equal(counted(&h, administrator(&h, FIRST), first_id), "");
    assert_string_equal(counted(&h, administrator(&h, SECOND), second_id), "1 x 1, 2 x 1");
    end(&h);
}

static void a_list_goes_on_where_it_ended(void **state)
{
    int64_t unions[3], seen[9] = {0}, at = 0;
    const Identity__WaitingList *page;
    const char *token = "";
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    unions[0] = second_id;
    unions[1] = town_id;
    unions[2] = first_id;
    for (unsigned i = 0; i < 9; i++)
        assert_ok(ask_to_join(&h, person_signed_in(&h, i + 1), unions[i % 3], i + 1));
    do {
        page = harness_output(&h, ask_list(&h, administrator(&h, ROOT), root_id, 0, 2, token),
                              &identity__waiting_list__descriptor);
        assert_in_range(page->n_waiting, 1, 2);
        assert_int_equal(page->counts[0]->waiting, 9);
        for (size_t i = 0; i < page->n_waiting; i++) {
            assert_int_equal(page->waiting[i]->union_->union_id, unions[2 - at / 3]);
            for (int64_t j = 0; j < at; j++)
                assert_int_not_equal(page->waiting[i]->id, seen[j]);
            seen[at++] = page->waiting[i]->id;
        }
        token = page->next_page_token;
    } while (*token);
    assert_int_equal(at, 9);
    assert_refused(ask_list(&h, administrator(&h, ROOT), second_id, 0, 2, "nonsense"), "BAD_PAGE_TOKEN");
    end(&h);
}

static void a_kind_is_counted_no_further_than_is_worth_it(void **state)
{
    const Identity__WaitingList *found;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    harness_tamper(&h, "INSERT INTO waiting (kind, id, path) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                       "FROM n WHERE i <= 10000) SELECT 1, i, '00000000' FROM n");
    found = list(&h, administrator(&h, SECOND), second_id);
    assert_int_equal(found->counts[0]->waiting, 0);
    found = harness_output(&h, ask_list(&h, administrator(&h, ROOT), root_id, 3, 0, ""),
                           &identity__waiting_list__descriptor);
    assert_int_equal(found->counts[0]->waiting, WAITINGS_COUNTED);
    assert_true(found->counts[0]->more);
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "DELETE FROM waiting");
    end(&h);
}

static void the_audit_finds_what_is_in_no_list_or_in_one_for_nothing(void **state)
{
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    assert_ok(ask_to_join(&h, person_signed_in(&h, 3), town_id, 3));
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE waiting SET path = '00000009'");
    assert_non_null(strstr(harness_audit(&h), "it is in the list of no union"));
    harness_tamper(&h, "UPDATE waiting SET path = '000000000000', kind = 2");
    assert_non_null(strstr(harness_audit(&h), "it waits, and is in nobody's list"));
    assert_non_null(strstr(harness_audit(&h), "it is in a list, and does not wait"));
    harness_tamper(&h, "UPDATE waiting SET kind = 1");
    end(&h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_waits_in_one_list_over_the_subtree),
        cmocka_unit_test(offices_wait_for_security_administrators_alone),
        cmocka_unit_test(a_transfer_waits_where_the_next_word_is),
        cmocka_unit_test(what_waits_goes_with_a_union_that_is_hung_elsewhere),
        cmocka_unit_test(a_list_goes_on_where_it_ended),
        cmocka_unit_test(a_kind_is_counted_no_further_than_is_worth_it),
        cmocka_unit_test(the_audit_finds_what_is_in_no_list_or_in_one_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
