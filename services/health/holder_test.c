/* Accounts that are merged and closed, heard of from identity. */
#include "services/health/report/report_fixture.h"
#include "tests/power.h"

#define KEPT  7
#define GONE  8
#define OTHER 9

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

static int setup_attended(void **state)
{
    *state = &h;
    begin_campaign(&h);
    return 0;
}

static void merge(int64_t gone_id, int64_t kept_id)
{
    assert_int_equal(hear_merged(&h, gone_id, kept_id), 0);
    settle(&h);
}

static void close_account(int64_t member_id)
{
    assert_int_equal(hear_closed(&h, member_id), 0);
    settle(&h);
}

/* ---- callers ---- */

static Rpc__Principal *member(int64_t member_id)
{
    return harness_member(&h, member_id, TOWN);
}

/* A report of her booking that is ready. */
static int64_t report_for(int64_t booking_id)
{
    set_staff(&h, CLERK, HEALTH__DUTY__REPORTS, false);
    return uploaded(&h, booking_id);
}

static bool is_entered(int64_t campaign_id, int64_t member_id)
{
    return offer_of(&h, campaign_id, member_id)->entry != NULL;
}

static int result_state(int64_t campaign_id, int64_t member_id)
{
    const Health__Offer *offer = offer_of(&h, campaign_id, member_id);

    return offer->result ? (int)offer->result->state : 0;
}

/* ---- entries ---- */

static void an_open_entry_is_hers_with_its_ticket(void **state)
{
    const Health__Campaign *campaign = opened(&h, 1);
    const char *ticket;

    (void)state;
    assert_ok(enter(&h, campaign->campaign_id, member(GONE)));
    ticket = offer_of(&h, campaign->campaign_id, GONE)->entry->ticket;
    merge(GONE, KEPT);
    assert_string_equal(offer_of(&h, campaign->campaign_id, KEPT)->entry->ticket, ticket);
    assert_ok(on_campaign(&h, "Entries.WithdrawEntry", campaign->campaign_id, member(KEPT)));
    assert_false(is_entered(campaign->campaign_id, KEPT));
    assert_refused(enter(&h, campaign->campaign_id, member(GONE)), "TOKEN_REVOKED");
    assert_ok(enter(&h, campaign->campaign_id, member(KEPT)));
    draw_lots(&h, campaign);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->n_entries, 1);
}

static void of_two_open_entries_her_own_stays(void **state)
{
    const Health__Campaign *campaign = opened(&h, 1);
    const char *ticket;

    (void)state;
    for (int64_t id = KEPT; id <= OTHER; id++)
        assert_ok(enter(&h, campaign->campaign_id, member(id)));
    ticket = offer_of(&h, campaign->campaign_id, KEPT)->entry->ticket;
    merge(GONE, KEPT);
    assert_string_equal(offer_of(&h, campaign->campaign_id, KEPT)->entry->ticket, ticket);
    assert_int_equal(last_event(&h, HEALTH__EVENT__EVENT_ENTRY_WITHDRAWN)->entry_withdrawn->member_id, GONE);
    draw_lots(&h, campaign);
    assert_int_equal(draw_status(&h, campaign->campaign_id)->n_entries, 2);
}

/* Who of four accounts is on the waiting list alone; the same in each of the tests' draws. */
static int64_t the_loser(void)
{
    int64_t id, loser = 0;

    begin(&h);
    id = published(&h, 3, 4)->campaign_id;
    for (int64_t one = 1; one <= 4; one++)
        loser = result_state(id, one) ? loser : one;
    end(&h);
    return loser;
}

/* Two of the winners' accounts become one, once the list is frozen, once it is drawn, and once the winners have
 * their places: nothing of the lot changes, one place is given up, and the next in order has it. */
static void a_person_whose_two_tickets_win_has_one_place(void **state)
{
    int64_t loser = the_loser(), gone = loser == 1 ? 2 : 1, kept = gone + 1 == loser ? gone + 2 : gone + 1;

    (void)state;
    for (int moment = 0; moment < 3; moment++) {
        const Health__Campaign *campaign;
        const Health__DrawStatus *status;
        int64_t id;

        begin(&h);
        campaign = opened(&h, 3);
        id = campaign->campaign_id;
        enter_all(&h, id, 4);
        step_to(&h, campaign->closes_at);
        step_to(&h, campaign->value_at);
        if (moment == 0)
            merge(gone, kept);
        draw_lots(&h, campaign);
        if (moment == 1)
            merge(gone, kept);
        assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
        settle(&h);
        if (moment == 2)
            merge(gone, kept);
        status = draw_status(&h, id);
        assert_int_equal(status->n_entries, 4);
        assert_int_equal(status->outcomes[0]->entrants, 4);
        assert_int_equal(status->outcomes[0]->promoted, 1);
        for (int64_t one = 1; one <= 4; one++) {
            if (one != gone)
                assert_int_equal(result_state(id, one), HEALTH__ENTITLEMENT_STATE__WON);
        }
        end(&h);
    }
}

static void who_closed_her_account_is_passed_over(void **state)
{
    (void)state;
    for (int moment = 0; moment < 3; moment++) {
        const Health__Campaign *campaign;
        int64_t id, closed = 0;

        begin(&h);
        campaign = opened(&h, 3);
        id = campaign->campaign_id;
        enter_all(&h, id, 4);
        if (moment == 0)
            close_account(2);
        draw_lots(&h, campaign);
        if (moment == 1)
            close_account(2);
        assert_int_equal(draw_status(&h, id)->n_entries, moment == 0 ? 3 : 4);
        assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
        settle(&h);
        if (moment == 2)
            close_account(2);
        for (int64_t one = 1; one <= 4; one++)
            closed += result_state(id, one) != HEALTH__ENTITLEMENT_STATE__WON;
        assert_int_equal(closed, 1);
        assert_int_not_equal(result_state(id, 2), HEALTH__ENTITLEMENT_STATE__WON);
        assert_refused(enter(&h, opened(&h, 1)->campaign_id, member(2)), "TOKEN_REVOKED");
        end(&h);
    }
}

/* ---- bookings ---- */

static int32_t places_left(void)
{
    struct slot slot;

    assert_true(slots_find(&health_of(&h)->slots, the_slot, &slot));
    return slot_free(&slot);
}

static int booking_state(int64_t booking_id, int64_t member_id)
{
    return (int)booking_in(&h, on_booking(&h, "Bookings.GetBooking", booking_id, member_id))->state;
}

static void her_bookings_pass_is_hers_and_nobody_elses(void **state)
{
    int64_t booking_id = booking_of(&h, GONE, false);
    Health__ListBookingsRequest list = HEALTH__LIST_BOOKINGS_REQUEST__INIT;

    (void)state;
    merge(GONE, KEPT);
    assert_int_equal(((Health__BookingList *)harness_output(
                          &h, harness_call(&h, "Bookings.ListBookings", &list.base, member(KEPT), NULL),
                          &health__booking_list__descriptor))
                         ->n_bookings,
                     1);
    assert_non_null(pass_in(&h, on_booking(&h, "Passes.GetPass", booking_id, KEPT)));
    assert_refused(on_booking(&h, "Passes.GetPass", booking_id, GONE), "BOOKING_NOT_FOUND");
    assert_refused(on_booking(&h, "Passes.GetPass", booking_id, OTHER), "BOOKING_NOT_FOUND");
    assert_refused(book(&h, the_campaign, a_slot(&h, the_campaign, the_site, 12 * 60, 5), KEPT), "ALREADY_BOOKED");
    assert_ok(on_booking(&h, "Bookings.CancelBooking", booking_id, KEPT));
}

static void of_two_bookings_her_own_stays_and_the_other_place_is_free(void **state)
{
    int64_t hers = booking_of(&h, KEPT, false), spare = booking_of(&h, GONE, false);
    int32_t left = places_left();

    (void)state;
    merge(GONE, KEPT);
    assert_int_equal(places_left(), left + 1);
    assert_int_equal(booking_state(hers, KEPT), HEALTH__BOOKING_STATE__ACTIVE);
    assert_int_equal(booking_state(spare, KEPT), HEALTH__BOOKING_STATE__CANCELLED);
    assert_refused(on_booking(&h, "Passes.GetPass", spare, KEPT), "BOOKING_NOT_ACTIVE");
    assert_int_equal(state_of(&h, the_campaign, GONE), HEALTH__ENTITLEMENT_STATE__DECLINED);
}

static void the_place_by_which_she_came_counts(void **state)
{
    int64_t hers = booking_of(&h, KEPT, false), used = booking_of(&h, GONE, true);

    (void)state;
    merge(GONE, KEPT);
    assert_int_equal(booking_state(hers, KEPT), HEALTH__BOOKING_STATE__CANCELLED);
    assert_int_equal(booking_state(used, KEPT), HEALTH__BOOKING_STATE__ARRIVED);
    assert_int_equal(state_of(&h, the_campaign, KEPT), HEALTH__ENTITLEMENT_STATE__ATTENDED);
}

static void two_scans_of_one_person_that_are_undone_leave_one_booking(void **state)
{
    int64_t hers = booking_of(&h, KEPT, false), other = booking_of(&h, GONE, false);
    int64_t scans[] = {come(&h, hers), come(&h, other)};

    (void)state;
    merge(GONE, KEPT);
    for (size_t i = 0; i < ARRAY_LEN(scans); i++)
        undo_scan(&h, scans[i]);
    settle(&h);
    assert_int_equal(booking_state(hers, KEPT), HEALTH__BOOKING_STATE__ACTIVE);
    assert_int_equal(booking_state(other, KEPT), HEALTH__BOOKING_STATE__CANCELLED);
}

static void whoever_did_not_come_under_another_number_did_not_come(void **state)
{
    (void)state;
    booking_of(&h, GONE, false);
    step_to(&h, DAY_AT + 10 * HOUR_MS + BOOKING_GRACE_MS);
    merge(GONE, KEPT);
    assert_true(entitlements_missed(&health_of(&h)->entitlements, KEPT, 0));
    assert_false(entitlements_missed(&health_of(&h)->entitlements, OTHER, 0));
}

/* ---- reports ---- */

static void her_report_story_and_history_go_with_her(void **state)
{
    struct exported all;
    int64_t booking_id = booking_of(&h, GONE, true), report_id = report_for(booking_id);
    Health__MyReportsRequest reports = HEALTH__MY_REPORTS_REQUEST__INIT;
    Health__MyCheckupsRequest checkups = HEALTH__MY_CHECKUPS_REQUEST__INIT;
    Health__StoryRequest story = HEALTH__STORY_REQUEST__INIT;
    const Health__MyCheckupList *list;

    (void)state;
    consent(&h, GONE, 1, false);
    merge(GONE, KEPT);
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(KEPT)), "REPORT_CONSENT_MISSING");
    consent(&h, KEPT, 1, false);
    assert_string_equal(reads_her_report(&h, report_id, member(KEPT))->items[0]->value, "9.8");
    assert_refused(on_report(&h, "Reports.OpenReport", report_id, member(GONE)), "REPORT_NOT_FOUND");
    assert_int_equal(((Health__MyReportList *)harness_output(
                          &h, harness_call(&h, "Reports.ListMyReports", &reports.base, member(KEPT), NULL),
                          &health__my_report_list__descriptor))
                         ->n_reports,
                     1);
    story.booking_id = booking_id;
    assert_ok(harness_call(&h, "Stories.GetMyStory", &story.base, member(KEPT), NULL));
    assert_refused(harness_call(&h, "Stories.GetMyStory", &story.base, member(GONE), NULL), "BOOKING_NOT_FOUND");
    list = harness_output(&h, harness_call(&h, "Stories.ListMyCheckups", &checkups.base, member(KEPT), NULL),
                          &health__my_checkup_list__descriptor);
    assert_int_equal(list->n_checkups, 1);
    assert_int_equal(list->checkups[0]->booking_id, booking_id);
    assert_int_equal(list->checkups[0]->reports, 1);
    /* A later version is told to her, under the number she has. */
    report_for(booking_id);
    assert_int_equal(last_notice(&h)->member_id, KEPT);
    all = export_person(&h, KEPT);
    assert_int_equal(exported_count(&all, "entitlements", "\"kind\":\"CHECKUP_REPORT_READY\""), 2);
}

static void accounts_are_merged_one_after_the_other(void **state)
{
    int64_t first = booking_of(&h, 1, true), rows;

    (void)state;
    report_for(first);
    merge(1, 2);
    merge(2, 3);
    merge(100, 3);
    rows = journal_rows(&h);
    merge(1, 2);
    merge(2, 3);
    merge(3, 1);
    assert_int_equal(journal_rows(&h), rows);
    assert_int_equal(booking_state(first, 3), HEALTH__BOOKING_STATE__ARRIVED);
    for (int64_t gone = 1; gone <= 2; gone++)
        assert_refused(on_booking(&h, "Bookings.GetBooking", first, gone), "BOOKING_NOT_FOUND");
    harness_reopen(&h);
    assert_int_equal(booking_state(first, 3), HEALTH__BOOKING_STATE__ARRIVED);
}

static void of_a_closed_account_nothing_lives(void **state)
{
    int64_t attended = booking_of(&h, GONE, true), report_id = report_for(attended);
    int64_t booked = booking_of(&h, KEPT, false);
    int32_t left = places_left();
    struct booking booking;
    struct vault_file report;

    (void)state;
    merge(GONE, OTHER);
    close_account(OTHER);
    assert_true(vault_find(&health_of(&h)->vault, report_id, &report));
    assert_int_equal(report.state, HEALTH__REPORT_STATE__REPORT_STATE_ERASED);
    assert_int_equal(report.wrapped_len, 0);
    assert_refused(try_begin(&h, clerk_of(&h), attended, 1000, NULL), "MEMBER_CLOSED");
    close_account(KEPT);
    assert_int_equal(places_left(), left + 1);
    assert_true(bookings_find(&health_of(&h)->bookings, booked, &booking));
    assert_int_equal(booking.state, HEALTH__BOOKING_STATE__CANCELLED);
    assert_int_equal(state_of(&h, the_campaign, KEPT), HEALTH__ENTITLEMENT_STATE__DECLINED);
    assert_refused(on_booking(&h, "Bookings.GetBooking", attended, OTHER), "BOOKING_NOT_FOUND");
    assert_false(holder_is(&health_of(&h)->holders, 0, OTHER));
}

/* ---- officials ---- */

static void one_person_is_not_two_officials(void **state)
{
    int64_t settlement_id;

    (void)state;
    booking_of(&h, KEPT, true);
    settlement_id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    merge(701, 702);
    assert_refused(confirm(&h, settlement_id, finance(&h, 702)), "SETTLED_BY_ONE");
}

static void the_audit_finds_whose_number_was_changed(void **state)
{
    static const char *const changes[] = {
        "UPDATE account_gone SET holder_id = 5 WHERE member_id = 8",
        "UPDATE account_gone SET holder_id = NULL WHERE member_id = 8",
        "DELETE FROM account_gone",
        "INSERT INTO account_gone (member_id, holder_id, settled) VALUES (9, 5, 1)",
        "UPDATE entitlement SET state = 1 WHERE member_id = 8",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        begin_campaign(&h);
        booking_of(&h, KEPT, false);
        booking_of(&h, GONE, false);
        merge(GONE, KEPT);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

/* ---- the power ---- */

static int64_t her_booking, spare_booking, other_report;

static void two_bookings_and_a_report(struct harness *trial)
{
    begin_campaign(trial);
    her_booking = booking_of(trial, KEPT, false);
    spare_booking = booking_of(trial, GONE, false);
    other_report = report_for(booking_of(trial, OTHER, true));
}

static void hear_until_dark(struct harness *trial)
{
    hear_merged(trial, GONE, KEPT);
    hear_closed(trial, OTHER);
    settle(trial);
}

/* The rows come again. */
static void all_is_ended_once(struct harness *trial)
{
    struct vault_file report;
    int64_t rows;

    hear_until_dark(trial);
    assert_int_equal(booking_state(her_booking, KEPT), HEALTH__BOOKING_STATE__ACTIVE);
    assert_int_equal(booking_state(spare_booking, KEPT), HEALTH__BOOKING_STATE__CANCELLED);
    assert_true(vault_find(&health_of(trial)->vault, other_report, &report));
    assert_int_equal(report.state, HEALTH__REPORT_STATE__REPORT_STATE_ERASED);
    rows = journal_rows(trial);
    hear_until_dark(trial);
    assert_int_equal(journal_rows(trial), rows);
    assert_string_equal(harness_audit(trial), "");
}

static void no_power_cut_leaves_anything_half_ended(void **state)
{
    static const struct power_trial trial = {two_bookings_and_a_report, hear_until_dark, all_is_ended_once};

    (void)state;
    make_pdf(1000, 'x');
    assert_true(power_every_cut(&h, &trial) > 10);
}

#define ATTENDED(name) cmocka_unit_test_setup_teardown(name, setup_attended, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_open_entry_is_hers_with_its_ticket),
        TEST(of_two_open_entries_her_own_stays),
        cmocka_unit_test(a_person_whose_two_tickets_win_has_one_place),
        cmocka_unit_test(who_closed_her_account_is_passed_over),
        ATTENDED(her_bookings_pass_is_hers_and_nobody_elses),
        ATTENDED(of_two_bookings_her_own_stays_and_the_other_place_is_free),
        ATTENDED(the_place_by_which_she_came_counts),
        ATTENDED(two_scans_of_one_person_that_are_undone_leave_one_booking),
        ATTENDED(whoever_did_not_come_under_another_number_did_not_come),
        ATTENDED(her_report_story_and_history_go_with_her),
        ATTENDED(accounts_are_merged_one_after_the_other),
        ATTENDED(of_a_closed_account_nothing_lives),
        ATTENDED(one_person_is_not_two_officials),
        cmocka_unit_test(the_audit_finds_whose_number_was_changed),
        cmocka_unit_test(no_power_cut_leaves_anything_half_ended),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
