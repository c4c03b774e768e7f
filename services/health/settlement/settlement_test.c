/* What a site is owed: prepared by one, confirmed by another, corrected afterwards. */
#include "services/health/report/report_fixture.h"
#include "services/health/settlement/settlements.h"
#include "tests/power.h"

#define PRICE 11600

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin_campaign(&h);
    return 0;
}

static Health__SettlementLineList *lines_of(int64_t settlement_id, int32_t size, const char *token)
{
    Settlement__ListSettlementLinesRequest request = SETTLEMENT__LIST_SETTLEMENT_LINES_REQUEST__INIT;

    request.settlement_id = settlement_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(&h,
                          harness_call(&h, "Settlements.ListSettlementLines", &request.base, finance(&h, 701), NULL),
                          &health__settlement_line_list__descriptor);
}

static void who_came_is_settled_once(void **state)
{
    int64_t first = booking_of(&h, 1, true), second = booking_of(&h, 2, true), absent = booking_of(&h, 3, false);
    Health__SettlementLineList *list;
    Health__Settlement *settlement;

    (void)state;
    settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
    assert_int_equal(settlement->n_lines, 2);
    assert_int_equal(settlement->total_fen, 2 * PRICE);
    list = lines_of(settlement->settlement_id, 1, "");
    assert_int_equal(list->lines[0]->booking_id, first);
    assert_int_equal(list->lines[0]->hash.len, SETTLEMENT_HASH_LEN);
    list = lines_of(settlement->settlement_id, 1, list->next_page_token);
    assert_int_equal(list->lines[0]->booking_id, second);
    assert_string_equal(list->next_page_token, "");
    assert_int_equal(settlement_of(&h, prepare(&h, finance(&h, 702)))->settlement_id, settlement->settlement_id);
    assert_ok(confirm(&h, settlement->settlement_id, finance(&h, 702)));
    assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
    come(&h, absent);
    harness_reopen(&h);
    settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
    assert_int_equal(settlement->n_lines, 1);
    assert_int_equal(lines_of(settlement->settlement_id, 0, "")->lines[0]->booking_id, absent);
}

static void two_officials_of_the_union_or_above_settle(void **state)
{
    int64_t id;

    (void)state;
    booking_of(&h, 1, true);
    assert_refused(prepare(&h, harness_official(&h, 701, RULE__ROLE__FINANCE, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_refused(prepare(&h, manager_of(&h, UNION)), "NOT_OFFICIAL");
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_refused(confirm(&h, id, finance(&h, 701)), "SETTLED_BY_ONE");
    assert_refused(confirm(&h, id, harness_official(&h, 702, RULE__ROLE__FINANCE, "0002")), "OUTSIDE_YOUR_UNION");
    assert_refused(confirm(&h, id + 1, finance(&h, 702)), "SETTLEMENT_NOT_FOUND");
    assert_ok(confirm(&h, id, harness_official(&h, 702, RULE__ROLE__FINANCE, "")));
    assert_ok(confirm(&h, id, finance(&h, 702)));
    assert_refused(on_settlement(&h, "Settlements.RejectSettlement", id, finance(&h, 702)), "SETTLEMENT_DECIDED");
}

static Hands__WaitingList *waiting_for(const Rpc__Principal *who)
{
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;

    request.union_id = a_union(&h, UNION);
    return harness_output(&h, harness_call(&h, "Hands.ListHands", &request.base, who, NULL),
                          &hands__waiting_list__descriptor);
}

static void what_waits_for_a_second_official_is_in_one_list(void **state)
{
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;
    Hands__WaitingList *list;
    int64_t id;

    (void)state;
    booking_of(&h, 1, true);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    list = waiting_for(finance(&h, 702));
    assert_int_equal(list->n_hands, 1);
    assert_string_equal(list->hands[0]->kind, "settlement");
    assert_int_equal(list->hands[0]->deed_id, id);
    assert_int_equal(list->hands[0]->union_id, a_union(&h, UNION));
    assert_false(list->hands[0]->yours);
    assert_true(waiting_for(finance(&h, 701))->hands[0]->yours);
    assert_int_equal(waiting_for(manager_of(&h, UNION))->n_hands, 0); /* it takes another office */
    request.union_id = a_union(&h, UNION);
    assert_refused(
        harness_call(&h, "Hands.ListHands", &request.base, harness_official(&h, 702, RULE__ROLE__FINANCE, TOWN), NULL),
        "OUTSIDE_YOUR_UNION");
    assert_ok(confirm(&h, id, finance(&h, 702)));
    assert_int_equal(waiting_for(finance(&h, 702))->n_hands, 0);
}

static void what_a_settlement_rests_on_never_leaves_the_store(void **state)
{
    static const int32_t money[] = {
        HEALTH__EVENT__EVENT_BOOKING_CHANGED,
        HEALTH__EVENT__EVENT_SCANNED,
        HEALTH__EVENT__EVENT_SCAN_UNDONE,
        HEALTH__EVENT__EVENT_SETTLEMENT_CHANGED,
    };
    int32_t kinds[LIMIT_MONEY_KINDS];
    size_t n = api_money_kinds(&health__event__descriptor, kinds, ARRAY_LEN(kinds));

    (void)state;
    assert_int_equal(n, ARRAY_LEN(money));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(kinds[i], money[i]);
    assert_int_equal(api_money_kinds(&rpc__chassis_event__descriptor, kinds, ARRAY_LEN(kinds)), 9);
    assert_int_equal(kinds[0], RPC__CHASSIS_EVENT__EVENT_STATEMENT_CHANGED);
    assert_int_equal(kinds[1], RPC__CHASSIS_EVENT__EVENT_PAYEE_CHANGED);
}

static void what_is_paid_is_witnessed_before_it_is_told(void **state)
{
    int64_t id;

    (void)state;
    booking_of(&h, 1, true);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    h.head = 0;
    assert_ok(on_settlement(&h, "Settlements.RejectSettlement", id, finance(&h, 702)));
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_int_equal(h.head, 0);
    assert_ok(confirm(&h, id, finance(&h, 702)));
    assert_int_equal(h.head, rpc_server_journal(h.service.rpc)->tip.seq);
    assert_true(h.head_untold);
}

static void a_scan_undone_before_is_not_in_it_and_afterwards_a_correction(void **state)
{
    int64_t booking = booking_of(&h, 1, false), scan = come(&h, booking), id;
    Health__SettlementLineList *list;
    Health__Settlement *settlement;

    (void)state;
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    undo_scan(&h, scan);
    assert_refused(confirm(&h, id, finance(&h, 702)), "SETTLEMENT_STALE");
    assert_ok(on_settlement(&h, "Settlements.RejectSettlement", id, finance(&h, 701)));
    assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
    scan = come(&h, booking);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_ok(confirm(&h, id, finance(&h, 702)));
    undo_scan(&h, scan);
    booking_of(&h, 2, true);
    settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
    assert_int_equal(settlement->total_fen, 0);
    list = lines_of(settlement->settlement_id, 0, "");
    assert_int_equal(list->lines[0]->kind, HEALTH__LINE_KIND__LINE_CORRECTION);
    assert_int_equal(list->lines[0]->fen, -PRICE);
    /* Rejected, the correction is due again; confirmed, it is not. */
    assert_ok(on_settlement(&h, "Settlements.RejectSettlement", settlement->settlement_id, finance(&h, 702)));
    settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
    assert_int_equal(settlement->n_lines, 2);
    assert_ok(confirm(&h, settlement->settlement_id, finance(&h, 702)));
    assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
    come(&h, booking);
    assert_int_equal(settlement_of(&h, prepare(&h, finance(&h, 701)))->total_fen, PRICE);
}

/* It is what she is to two hands that counts, beside her office. */
static void the_second_official_is_known_by_name_and_has_her_office_from_another(void **state)
{
    int64_t id;

    (void)state;
    booking_of(&h, 1, true);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_refused(confirm(&h, id, harness_unnamed(finance(&h, 702))), "HAND_NOT_NAMED");
    assert_refused(confirm(&h, id, harness_newly(&h, finance(&h, 702), 701, now_of(&h))), "HAND_GAVE_OFFICE");
    assert_ok(confirm(&h, id, harness_newly(&h, finance(&h, 702), 703, now_of(&h))));
}

/* As before a part made it: what waits for its second hand in a store of then is confirmed. */
static void two_hands_know_a_settlement_by_the_name_they_knew_it_by(void **state)
{
    Settlement__StatementChanged what = SETTLEMENT__STATEMENT_CHANGED__INIT;
    unsigned char bytes[256] = "health.SettlementChanged", hash[HANDS_WHAT_LEN];
    Health__Settlement *settlement;
    struct hands hands;
    size_t len = strlen((char *)bytes) + 1;

    (void)state;
    booking_of(&h, 1, true);
    settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
    what.statement_id = settlement->settlement_id;
    what.for_id = settlement->campaign_id;
    what.payee_id = settlement->site_id;
    what.n_lines = settlement->n_lines;
    what.total_fen = settlement->total_fen;
    what.lines_hash = settlement->lines_hash;
    len += protobuf_c_message_pack(&what.base, bytes + len);
    sha256_of(bytes, len, hash);
    assert_true(hands_find(&health_of(&h)->two_hands, "settlement", what.statement_id, &hands));
    assert_memory_equal(hands.what, hash, sizeof(hash));
}

static void the_budget_is_never_exceeded(void **state)
{
    struct health *self = h.service.self;
    Health__Campaign *campaign = campaigns_find(&self->campaigns, the_campaign, &h.arena);

    (void)state;
    booking_of(&h, 1, true);
    booking_of(&h, 2, true);
    harness_off_record(&h);
    campaign->budget_fen = 2 * PRICE - 1;
    assert_true(campaigns_put(&self->campaigns, campaign, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    assert_refused(prepare(&h, finance(&h, 701)), "BUDGET_USED_UP");
    campaign->budget_fen = 2 * PRICE;
    assert_true(campaigns_put(&self->campaigns, campaign, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    assert_ok(prepare(&h, finance(&h, 701)));
}

static int64_t spent(void)
{
    const struct budget_line line = {the_campaign, 0};

    return budget_balance(&health_of(&h)->budget, &line, BUDGET__ACCOUNT__SPENT);
}

static void what_is_prepared_is_spent_until_it_is_rejected_or_corrected(void **state)
{
    int64_t booking = booking_of(&h, 1, false), scan = come(&h, booking), id;

    (void)state;
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_int_equal(spent(), PRICE);
    assert_ok(on_settlement(&h, "Settlements.RejectSettlement", id, finance(&h, 702)));
    assert_int_equal(spent(), 0);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_ok(confirm(&h, id, finance(&h, 702)));
    undo_scan(&h, scan);
    assert_int_equal(spent(), PRICE);
    assert_ok(prepare(&h, finance(&h, 701)));
    assert_int_equal(spent(), 0);
}

static void it_is_exported_for_a_spreadsheet(void **state)
{
    Settlement__ExportSettlementRequest request = SETTLEMENT__EXPORT_SETTLEMENT_REQUEST__INIT;
    const Rpc__Part *part;
    char wanted[64];
    int64_t booking = booking_of(&h, 1, true);
    char *text;

    (void)state;
    request.settlement_id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    part = harness_output(&h,
                          harness_call(&h, "Settlements.ExportSettlement", &request.base,
                                       harness_official(&h, 703, RULE__ROLE__AUDIT_ADMIN, UNION), NULL),
                          &rpc__part__descriptor);
    assert_int_equal(part->next, 0);
    text = arena_strndup(&h.arena, (const char *)part->body.data, part->body.len);
    snprintf(wanted, sizeof(wanted), ",1,%lld,到检,116.00,", (long long)booking);
    assert_non_null(strstr(text, wanted));
    assert_memory_equal(text, "\xef\xbb\xbf", 3);
}

static void money_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE statement SET total_fen = total_fen + 1",
        "UPDATE statement_line SET fen = fen + 1 WHERE line = 1",
        "UPDATE statement_line SET hash = zeroblob(32) WHERE line = 1",
        "DELETE FROM statement_line WHERE line = 2",
        "UPDATE booked_slot SET settled = 0",
        "UPDATE statement SET state = 2",
        "UPDATE account SET balance_fen = balance_fen + 1 WHERE kind = 4",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        begin_campaign(&h);
        booking_of(&h, 1, true);
        booking_of(&h, 2, true);
        assert_ok(prepare(&h, finance(&h, 701)));
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

/* ---- the power ---- */

static int64_t told_id;
static bool told_confirmed;

static void open_with_bookings(struct harness *trial)
{
    begin_campaign(trial);
    for (int64_t member = 1; member <= 3; member++)
        booking_of(trial, member, true);
}

static void settle_until_dark(struct harness *trial)
{
    const Rpc__Answer *answer = prepare(&h, finance(&h, 701));

    (void)trial;
    told_id = 0;
    told_confirmed = false;
    if (answer->reason)
        return;
    told_id = settlement_of(&h, answer)->settlement_id;
    told_confirmed = confirm(&h, told_id, finance(&h, 702))->reason == 0;
}

static void what_was_settled_is_settled(struct harness *trial)
{
    Health__Settlement *settlement;

    (void)trial;
    if (told_confirmed) {
        assert_int_equal(
            settlement_of(&h, on_settlement(&h, "Settlements.GetSettlement", told_id, finance(&h, 701)))->state,
            HEALTH__SETTLEMENT_STATE__SETTLEMENT_CONFIRMED);
        assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
        return;
    }
    if (told_id) {
        assert_ok(confirm(&h, told_id, finance(&h, 702)));
        return;
    }
    if (prepare(&h, finance(&h, 701))->reason == 0) {
        settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));
        assert_int_equal(settlement->total_fen, 3 * PRICE);
        assert_ok(confirm(&h, settlement->settlement_id, finance(&h, 702)));
    }
    assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
}

static void no_power_cut_settles_twice_or_not_at_all(void **state)
{
    static const struct power_trial trial = {open_with_bookings, settle_until_dark, what_was_settled_is_settled};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_came_is_settled_once),
        TEST(two_officials_of_the_union_or_above_settle),
        TEST(what_waits_for_a_second_official_is_in_one_list),
        TEST(what_a_settlement_rests_on_never_leaves_the_store),
        TEST(what_is_paid_is_witnessed_before_it_is_told),
        TEST(a_scan_undone_before_is_not_in_it_and_afterwards_a_correction),
        TEST(the_second_official_is_known_by_name_and_has_her_office_from_another),
        TEST(two_hands_know_a_settlement_by_the_name_they_knew_it_by),
        TEST(the_budget_is_never_exceeded),
        TEST(what_is_prepared_is_spent_until_it_is_rejected_or_corrected),
        TEST(it_is_exported_for_a_spreadsheet),
        cmocka_unit_test(money_that_was_changed_is_found),
        cmocka_unit_test(no_power_cut_settles_twice_or_not_at_all),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
