/* Stores that earlier programs have left. */

#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/report/report_fixture.h"
#include "tests/earlier.h"

#define PLACE      "00000000"
#define DRAWN      INT64_C(192209884628910080) /* members 1 to 4 entered, 3 and 4 have won */
#define SEALED     INT64_C(143324400844804096)
#define UNFINISHED INT64_C(143324400844805120)
#define OPEN       INT64_C(192209897637543936) /* members 1, 2 and 5 have entered */

static const struct dump_moved moved[] = {
    {"settlement", "SELECT count(*) FROM earlier.settlement e WHERE NOT EXISTS (SELECT 1 FROM statement s "
                   "WHERE (s.statement_id, s.for_id, s.payee_id, s.state, s.n_lines, s.total_fen, s.lines_hash, "
                   "s.prepared_by, s.prepared_at, s.decided_by, s.decided_at, s.journal_seq) = (e.settlement_id, "
                   "e.campaign_id, e.site_id, e.state, e.n_lines, e.total_fen, e.lines_hash, e.prepared_by, "
                   "e.prepared_at, e.decided_by, e.decided_at, e.journal_seq))"},
    {"settlement_line",
     "SELECT count(*) FROM earlier.settlement_line e WHERE NOT EXISTS (SELECT 1 FROM statement_line l WHERE "
     "(l.statement_id, l.line, l.thing_id, l.kind, l.fen, l.seq, l.hash, l.corrects) = "
     "(e.settlement_id, e.line, e.booking_id, e.kind, e.fen, e.seq, e.hash, e.corrects))"},
    {"story_progress", "SELECT count(*) FROM earlier.story_progress WHERE upto <> "
                       "(SELECT upto FROM progress WHERE name = 'story')"},
    {"report",
     "SELECT count(*) FROM (SELECT report_id, booking_id, campaign_id, site_id, member_id, version, size, "
     "state, begun_at, ready_at, ended_at, journal_seq, wrapped, items FROM earlier.report EXCEPT SELECT "
     "file_id, subject_id, group_id, place_id, member_id, version, size, state, begun_at, ready_at, ended_at, "
     "journal_seq, wrapped, notes FROM vault_file)"},
    {"report_part", "SELECT count(*) FROM (SELECT report_id, part, sealed FROM earlier.report_part EXCEPT SELECT "
                    "file_id, part, sealed FROM vault_part)"},
    {"report_view", "SELECT count(*) FROM (SELECT view_id, report_id, at, session_id FROM earlier.report_view EXCEPT "
                    "SELECT look_id, file_id, at, session_id FROM vault_look)"},
    {"report_consent", "SELECT count(*) FROM (SELECT member_id, version FROM earlier.report_consent EXCEPT SELECT "
                       "member_id, version FROM vault_consent)"},
    {"report_policy", "SELECT count(*) FROM (SELECT version, in_force_at FROM earlier.report_policy EXCEPT SELECT "
                      "version, in_force_at FROM vault_policy)"},
    {"chain", "SELECT count(*) FROM (SELECT chain_id, union_path, days, anchor, sealed FROM earlier.chain "
              "EXCEPT SELECT chain_id, union_path, days, anchor, sealed FROM lottery_chain)"},
    {"draw", "SELECT count(*) FROM (SELECT campaign_id, c.state, d.state, void_from, void_reason, opens_at, closes_at, "
             "terms, commitment, steps, chain_id, sealed_secret, sealed_key, last_entry, root, n_entries, value, "
             "value_by, confirmed_by, secret, seated, wins, granted FROM earlier.draw d JOIN earlier.campaign c "
             "USING (campaign_id) EXCEPT SELECT lot_id, stage, state, void_from, void_reason, opens_at, closes_at, "
             "terms, commitment, steps, chain_id, sealed_secret, sealed_key, last_entry, root, n_entries, value, "
             "value_by, confirmed_by, secret, seated, wins, granted FROM lottery)"},
    {"entry", "SELECT count(*) FROM (SELECT entry_id, campaign_id, member_id, ticket, stratum, 1, at, withdrawn_at "
              "FROM earlier.entry EXCEPT SELECT entry_id, lot_id, member_id, ticket, stratum, weight, at, "
              "withdrawn_at FROM lottery_entry)"},
    {"place", "SELECT count(*) FROM (SELECT campaign_id, stratum, place, member_id FROM earlier.place "
              "EXCEPT SELECT lot_id, stratum, place, member_id FROM lottery_place)"},
    {"outcome", "SELECT count(*) FROM (SELECT campaign_id, stratum, entrants, places, cutoff, promoted "
                "FROM earlier.outcome EXCEPT SELECT lot_id, stratum, entrants, places, cutoff, promoted "
                "FROM lottery_outcome)"},
    {"attempt", "SELECT count(*) FROM (SELECT campaign_id, member_id, attempt, at FROM earlier.attempt "
                "EXCEPT SELECT lot_id, member_id, attempt, at FROM lottery_attempt)"},
    {"slot",
     "SELECT count(*) FROM (SELECT slot_id, campaign_id, site_id, starts_at, ends_at, capacity, walk_ins, booked, "
     "walked FROM earlier.slot EXCEPT SELECT slot_id, group_id, place_id, starts_at, ends_at, capacity, "
     "walk_ins, booked, walked FROM time_slot)"},
    {"booking", "SELECT count(*) FROM (SELECT booking_id, entitlement_id, campaign_id, member_id, site_id, slot_id, "
                "starts_at, ends_at, state, must_move, walk_in, handle, made_at, due_at, remind_at, journal_seq, "
                "settled, settled_site FROM earlier.booking EXCEPT SELECT booking_id, right_id, group_id, member_id, "
                "place_id, slot_id, starts_at, ends_at, state, must_move, walk_in, handle, made_at, due_at, remind_at, "
                "journal_seq, settled, settled_place FROM booked_slot)"},
    {"pass", "SELECT count(*) FROM (SELECT serial, booking_id, site_id, slot_id, from_at, until_at, issued_at, "
             "revoked_at, journal_seq FROM earlier.pass EXCEPT SELECT serial, booking_id, place_id, slot_id, from_at, "
             "until_at, issued_at, revoked_at, journal_seq FROM booked_pass)"},
    {"device",
     "SELECT count(*) FROM (SELECT device_id, site_id, staff_id, session_id, registered_at, revoked_at, name "
     "FROM earlier.device EXCEPT SELECT device_id, place_id, staff_id, session_id, registered_at, revoked_at, "
     "name FROM door_device)"},
    {"scan",
     "SELECT count(*) FROM (SELECT scan_id, device_id, site_id, booking_id, serial, at, received_at, undone_at, "
     "duplicate_of, outcome, offline, walk_in, scan_ref, undo_reason, journal_seq FROM earlier.scan EXCEPT SELECT "
     "scan_id, device_id, place_id, booking_id, serial, at, received_at, undone_at, duplicate_of, outcome, "
     "offline, walk_in, scan_ref, undo_reason, journal_seq FROM door_scan)"},
    {"walk_in",
     "SELECT count(*) FROM (SELECT subject, campaign_id, member_id FROM earlier.walk_in EXCEPT SELECT subject, "
     "group_id, member_id FROM door_guest)"},
    {"part_version", "SELECT count(*) FROM earlier.part_version e WHERE NOT EXISTS "
                     "(SELECT 1 FROM part_version p WHERE p.name = e.name AND p.steps >= e.steps)"},
    {NULL, NULL},
};

static struct harness h;

static void open_earlier(const char *name)
{
    unstarted(&h);
    earlier_open(&h, name, moved);
}

static void nothing_that_was_kept_is_lost(void **state)
{
    static const char *const stores[] = {"health/lots", "health/report", "health/sealed", "health/draws",
                                         "health/bookings"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        open_earlier(stores[i]);
        harness_reopen(&h);
        end(&h);
    }
}

/* Its campaigns have budgets from the start, in which what was settled is spent. */
static void what_was_settled_before_there_were_budgets_is_spent(void **state)
{
    struct budget_line line = {0};
    struct health *self;

    (void)state;
    open_earlier("health/report");
    self = h.service.self;
    settle(&h);
    line.of_id = harness_number(&h, "SELECT for_id FROM statement");
    assert_int_equal(budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT), 23200);
    assert_int_equal(budget_granted(&self->budget, &line),
                     campaigns_find(&self->campaigns, line.of_id, &h.arena)->budget_fen);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM campaign"),
                     harness_number(&h, "SELECT count(*) FROM account WHERE kind = 1"));
    assert_true(budget_balance(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED) > 0);
    end(&h);
}

static Health__Entry *entered(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__entry__descriptor);
}

static void lots_go_on(void **state)
{
    const Rpc__Answer *answer;
    int64_t entry_id;
    int32_t in;

    (void)state;
    open_earlier("health/lots");
    assert_non_null(strstr(file_of(&h, DRAWN), "\n499bd4df78c820943698fb3d364768c2 0 1 3\n"));
    assert_int_equal(draw_status(&h, DRAWN)->n_entries, 4);
    assert_int_equal(draw_status(&h, DRAWN)->entered, 4);
    in = draw_status(&h, OPEN)->entered;
    assert_int_equal(in, harness_number(&h, "SELECT count(*) FROM lottery_entry JOIN lottery USING (lot_id) WHERE "
                                            "stage = 3 AND withdrawn_at = 0"));
    assert_true(in > 0);
    assert_refused(enter(&h, DRAWN, harness_member(&h, 9, PLACE)), "ENTRIES_CLOSED");
    entry_id = offer_of(&h, OPEN, 5)->entry->entry_id;
    answer = enter(&h, OPEN, harness_member(&h, 5, PLACE));
    assert_false(answer->created);
    assert_int_equal(entered(answer)->entry_id, entry_id);
    assert_refused(enter(&h, OPEN, harness_member(&h, 9, "0009")), "UNION_NOT_INVITED");
    answer = enter(&h, OPEN, harness_member(&h, 9, PLACE));
    assert_true(answer->created);
    assert_true(entered(answer)->entry_id > entry_id);
    assert_int_equal(draw_status(&h, OPEN)->entered, in + 1);
    assert_int_equal(harness_number(&h, "SELECT entered FROM lottery WHERE stage = 3"), in + 1);
    assert_string_equal(harness_audit(&h), "");
    end(&h);
}

static void say_value(const char *method, int64_t member_id, const char *value)
{
    Health__ValueRequest request = HEALTH__VALUE_REQUEST__INIT;

    request.campaign_id = OPEN;
    request.value = unconst(value);
    assert_ok(harness_call(&h, method, &request.base, harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, ""),
                           NULL));
}

/* By the announcement of that time: no format of the value, and no time of the freeze. */
static void an_announced_lot_finishes_as_announced(void **state)
{
    const Health__Campaign *campaign;
    const char *file;

    (void)state;
    open_earlier("health/lots");
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", OPEN, manager_of(&h, "")));
    step_to(&h, campaign->closes_at);
    step_to(&h, campaign->draw_at);
    say_value("Draws.EnterValue", 900, "03,07,11,18,22,30 + 9");
    say_value("Draws.ConfirmValue", 901, "０３ 07 11 18 22 30 + 9");
    settle(&h);
    assert_ok(on_campaign(&h, "Draws.Publish", OPEN, manager_of(&h, "")));
    settle(&h);
    file = file_of(&h, OPEN);
    assert_memory_equal(file, "hg-draw 1\n", 10);
    assert_non_null(strstr(file, "\nvalue 03 07 11 18 22 30 + 9\n"));
    assert_null(strstr(file, "frozen-at"));
    is_verified(file);
    end(&h);
}

/* One that was read once, and the next version of it, of which one part has come. */
static void a_report_is_read_and_its_upload_goes_on(void **state)
{
    Health__ListReportViewsRequest looks = HEALTH__LIST_REPORT_VIEWS_REQUEST__INIT;
    Rpc__Principal *reader;

    (void)state;
    open_earlier("health/sealed");
    reader = harness_member(&h, 7, TOWN);
    make_pdf(9000, 'x');
    assert_string_equal(reads_her_report(&h, SEALED, reader)->items[0]->value, "9.8");
    looks.report_id = SEALED;
    assert_int_equal(((Health__ReportViewList *)harness_output(
                          &h, harness_call(&h, "Reports.ListReportViews", &looks.base, reader, NULL),
                          &health__report_view_list__descriptor))
                         ->n_views,
                     2);
    assert_ok(finish(&h, UNFINISHED));
    assert_int_equal(reads_her_report(&h, UNFINISHED, reader)->fact->version, 2);
    assert_int_equal(reads_her_report(&h, SEALED, reader)->fact->state, HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED);
    end(&h);
}

/* ---- a lot of each stage ---- */

/* The lots of health/draws, in the order of their ids. */
enum {
    CLOSING, /* nobody enters any more, and nothing has been read of the list */
    GIVING,  /* 32 of 33 winners have their place */
    DRAWING, /* some places are written down */
    DRAWN_UP,
    PUBLISHED,
    CLOSED,
    ANNOUNCED,
    OPENED,
    ENTERED, /* a value that waits for its second official */
    CONFIRMED,
    LATE,  /* nobody has entered the value, and the secret was told */
    ASKED, /* one official has asked that it be void */
    VOID_FROZEN,
    VOID_EARLY,
    DAY_1,
    DAY_2,
    DAY_3,
    FIRST_COME,
    N_LOTS
};

static int64_t lot_of(int lot)
{
    return INT64_C(132452764876803072) + lot * INT64_C(3072);
}

static int stage_of(int lot)
{
    return (int)campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", lot_of(lot), manager_of(&h, UNION)))->state;
}

/* Not one byte of a file is another than the one that was given out. */
static void files_are_as_they_were(void **state)
{
    static const struct {
        int lot;
        const char *sum;
    } files[] = {
        {PUBLISHED, "e64e891c125a1a2b44fa50638292e902b2b8d87d7adf43a48a8e8875d91adbd8"},
        {CLOSED, "a616d27bef89a791ac58dd60e3616fe4ff9162e23d4485cfbd5744e88ed9f0c7"},
        {DAY_1, "e4ff4d09dc0b7bc4ecaeff4d7af9add6dbdcc9d0210e4acbb8129668e7548b94"},
        {VOID_FROZEN, "d4f6db071c029d2c04f6a7a0032afa34b7971583b52232c69d130221f63d4386"},
        {VOID_EARLY, "7e2db6c77abdcb9652fefbcdd4097bfb262c6bcf7571aeb7430e5132c177b948"},
        {LATE, "424b96db424a8513f428ce43c29074fb518cac8998dce1488ec1dc823336ba39"},
        {ENTERED, "3e0422b06444fe3212736846d62602b89bbfe6325dc0859f3453e9a514b1b9de"},
        {DRAWN_UP, "ef16ada5fbf1ac4f47b483f88742e9b20e21bf101331be10ce2bb4c39e129c76"},
    };

    (void)state;
    open_earlier("health/draws");
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const char *file = file_of(&h, lot_of(files[i].lot));
        unsigned char sum[32];

        sha256_of(file, strlen(file), sum);
        assert_string_equal(hex_text(sum, sizeof(sum), &h.arena), files[i].sum);
        is_verified(file);
    }
    end(&h);
}

static void each_stage_goes_on_where_it_was(void **state)
{
    static const int states[N_LOTS] = {
        [CLOSING] = HEALTH__CAMPAIGN_STATE__FROZEN,      [GIVING] = HEALTH__CAMPAIGN_STATE__PUBLISHED,
        [DRAWING] = HEALTH__CAMPAIGN_STATE__DRAWN,       [DRAWN_UP] = HEALTH__CAMPAIGN_STATE__DRAWN,
        [PUBLISHED] = HEALTH__CAMPAIGN_STATE__PUBLISHED, [CLOSED] = HEALTH__CAMPAIGN_STATE__CLOSED,
        [ANNOUNCED] = HEALTH__CAMPAIGN_STATE__ANNOUNCED, [OPENED] = HEALTH__CAMPAIGN_STATE__OPEN,
        [ENTERED] = HEALTH__CAMPAIGN_STATE__FROZEN,      [CONFIRMED] = HEALTH__CAMPAIGN_STATE__FROZEN,
        [LATE] = HEALTH__CAMPAIGN_STATE__FROZEN,         [ASKED] = HEALTH__CAMPAIGN_STATE__FROZEN,
        [VOID_FROZEN] = HEALTH__CAMPAIGN_STATE__VOID,    [VOID_EARLY] = HEALTH__CAMPAIGN_STATE__VOID,
        [DAY_1] = HEALTH__CAMPAIGN_STATE__PUBLISHED,     [DAY_2] = HEALTH__CAMPAIGN_STATE__FROZEN,
        [DAY_3] = HEALTH__CAMPAIGN_STATE__OPEN,          [FIRST_COME] = HEALTH__CAMPAIGN_STATE__PUBLISHED,
    };

    (void)state;
    open_earlier("health/draws");
    assert_int_equal(stage_of(DRAWING), HEALTH__CAMPAIGN_STATE__FROZEN);
    assert_string_equal(draw_status(&h, lot_of(CLOSING))->root, "");
    settle(&h);
    for (int i = 0; i < N_LOTS; i++)
        assert_int_equal(stage_of(i), states[i]);
    assert_string_not_equal(draw_status(&h, lot_of(CLOSING))->root, "");
    assert_int_equal(winners_of(&h, lot_of(GIVING), 36), 33);
    assert_string_equal(draw_status(&h, lot_of(VOID_EARLY))->void_reason, "名单有误");
    end(&h);
}

/* What one official began before, another ends; and no one alone. */
static void second_hands_are_given_after_first_hands_of_before(void **state)
{
    Health__VoidRequest request = HEALTH__VOID_REQUEST__INIT;

    (void)state;
    open_earlier("health/draws");
    assert_refused(with_value(&h, "Draws.ConfirmValue", lot_of(ENTERED), "03 07 11 18 22 30 + 09", 900), "VALUE_OWN");
    assert_ok(with_value(&h, "Draws.ConfirmValue", lot_of(ENTERED), "03 07 11 18 22 30 + 09", 901));
    assert_true(draw_status(&h, lot_of(ENTERED))->value_confirmed);
    assert_true(draw_status(&h, lot_of(ASKED))->void_asked);
    request.campaign_id = lot_of(ASKED);
    request.reason = "名单有误";
    assert_ok(harness_call(&h, "Draws.MakeVoid", &request.base, manager_number(&h, 901), NULL));
    assert_int_equal(stage_of(ASKED), HEALTH__CAMPAIGN_STATE__VOID);
    end(&h);
}

static void the_next_is_called_up_and_a_day_of_the_chain_is_drawn(void **state)
{
    const Health__Campaign *campaign;
    struct ending ending = {.state = HEALTH__ENTITLEMENT_STATE__DECLINED};

    (void)state;
    open_earlier("health/draws");
    settle(&h);
    assert_int_equal(draw_status(&h, lot_of(PUBLISHED))->outcomes[0]->promoted, 1);
    ending.entitlement_id = harness_number(&h, arena_printf(&h.arena,
                                                            "SELECT max(entitlement_id) FROM entitlement WHERE "
                                                            "state = 1 AND campaign_id = %lld",
                                                            (long long)lot_of(PUBLISHED)));
    end_entitlement(&h, &ending);
    assert_int_equal(draw_status(&h, lot_of(PUBLISHED))->outcomes[0]->promoted, 2);
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", lot_of(DAY_2), manager_of(&h, UNION)));
    assert_ok(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "03 07 11", 900));
    assert_ok(with_value(&h, "Draws.ConfirmValue", campaign->campaign_id, "03 07 11", 901));
    step_to(&h, campaign->draw_at);
    assert_int_equal(stage_of(CONFIRMED), HEALTH__CAMPAIGN_STATE__DRAWN);
    assert_ok(on_campaign(&h, "Draws.Publish", lot_of(DAY_2), manager_of(&h, UNION)));
    settle(&h);
    assert_int_equal(winners_of(&h, lot_of(DAY_2), 6), 2);
    assert_string_equal(draw_status(&h, lot_of(DAY_2))->commitment, draw_status(&h, lot_of(DAY_1))->commitment);
    is_verified(file_of(&h, lot_of(DAY_2)));
    end(&h);
}

/* ---- bookings ---- */

/* The store health/bookings has some of each state, a slot that was changed and one that was withdrawn. */
#define BOOKED     INT64_C(139640124211204096)
#define AT_SITE    INT64_C(139640124211201024)
#define SCANNED_BY INT64_C(139843967385603072)

static int64_t the_booking(const char *which)
{
    return harness_number(&h, arena_printf(&h.arena, "SELECT booking_id FROM booked_slot WHERE %s", which));
}

/* Her slot was withdrawn before; she takes another one, and is scanned there by a device of before. */
static void who_had_booked_moves_and_comes(void **state)
{
    Health__CreateScanRequest request = HEALTH__CREATE_SCAN_REQUEST__INIT;
    const Health__SlotList *slots;
    const Health__Booking *booking;
    int64_t id, member_id = 5005;

    (void)state;
    open_earlier("health/bookings");
    id = the_booking("must_move = 1");
    slots = harness_output(&h, create_slots(&h, manager_of(&h, UNION), BOOKED, AT_SITE, 20260305, 480, 540, 1),
                           &health__slot_list__descriptor);
    assert_refused(book(&h, BOOKED, slots->slots[0]->slot_id, 5000), "ALREADY_BOOKED");
    booking = booking_in(&h, move(&h, id, slots->slots[0]->slot_id, member_id));
    assert_false(booking->must_move);
    request.text = pass_in(&h, on_booking(&h, "Passes.GetPass", id, member_id))->text;
    step_to(&h, booking->starts_at);
    request.site_id = AT_SITE;
    request.device_id = SCANNED_BY;
    request.scan_ref = "online-09";
    assert_ok(harness_call(&h, "Scans.CreateScan", &request.base,
                           harness_official(&h, 7000, RULE__ROLE__CHECKUP_STAFF, UNION), NULL));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM booked_slot WHERE state = 2"), 4);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM booked_slot WHERE state = 4"), 4); /* one more since */
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_kept_is_lost),
        cmocka_unit_test(what_was_settled_before_there_were_budgets_is_spent),
        cmocka_unit_test(lots_go_on),
        cmocka_unit_test(an_announced_lot_finishes_as_announced),
        cmocka_unit_test(a_report_is_read_and_its_upload_goes_on),
        cmocka_unit_test(files_are_as_they_were),
        cmocka_unit_test(each_stage_goes_on_where_it_was),
        cmocka_unit_test(second_hands_are_given_after_first_hands_of_before),
        cmocka_unit_test(the_next_is_called_up_and_a_day_of_the_chain_is_drawn),
        cmocka_unit_test(who_had_booked_moves_and_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
