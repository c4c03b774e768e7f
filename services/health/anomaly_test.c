/* A campaign from its draft to the site's money, each call of it while the N-th access to
 * the disk fails: what was acknowledged is there once, and nothing else is. */
#include "services/health/report/report_fixture.h"
#include "services/health/door/entrance.h"
#include "tests/anomaly.h"

#define ENTRANTS 4
#define QUOTA    2
#define KEPT     50 /* the account of which the first winner's becomes part */
#define PRICE    11600
#define AT_DOOR  (DAY_AT + 9 * HOUR_MS + 30 * MINUTE_MS)

static struct harness h;

static Rpc__Principal *member(int64_t member_id)
{
    return harness_member(&h, member_id, TOWN);
}

/* ---- the lot ---- */

/* All but the last of the entrants are in it; the winners come out. */
static void draw_a_lot(int64_t ret_winners[QUOTA])
{
    Health__Campaign *campaign = opened(&h, QUOTA);
    int n = 0;

    enter_all(&h, campaign->campaign_id, ENTRANTS);
    assert_ok(on_campaign(&h, "Entries.WithdrawEntry", campaign->campaign_id, member(ENTRANTS)));
    draw_lots(&h, campaign);
    assert_refused(with_value(&h, "Draws.EnterValue", campaign->campaign_id, "1", 900), "VALUE_FIXED");
    assert_ok(on_campaign(&h, "Draws.Publish", campaign->campaign_id, manager_of(&h, UNION)));
    settle(&h);
    for (int64_t id = 1; id < ENTRANTS; id++) {
        const Health__Offer *offer = offer_of(&h, campaign->campaign_id, id);

        if (offer->result->state == HEALTH__ENTITLEMENT_STATE__WON)
            ret_winners[n++] = id;
    }
    assert_int_equal(n, QUOTA);
    the_campaign = campaign->campaign_id;
    the_site = campaign->sites[0]->site_id;
}

/* ---- booking ---- */

static int booked(int64_t slot_id)
{
    struct slot slot;

    assert_true(slots_find(&health_of(&h)->slots, slot_id, &slot));
    return slot.booked;
}

/* The first winner moves to the later slot, the second gets the place she leaves when her own slot is
 * withdrawn, and again when she has given it up. */
static void book_places(const int64_t winners[QUOTA], int64_t ret_bookings[QUOTA])
{
    const Rpc__Principal *manager = manager_of(&h, UNION);
    int64_t morning = a_slot(&h, the_campaign, the_site, 9 * 60, 1), noon = a_slot(&h, the_campaign, the_site, 660, 1);
    int64_t evening = a_slot(&h, the_campaign, the_site, 18 * 60, 1), moved;

    ret_bookings[0] = booking_in(&h, book(&h, the_campaign, morning, winners[0]))->booking_id;
    assert_refused(book(&h, the_campaign, morning, winners[1]), "SLOT_FULL");
    moved = booking_in(&h, book(&h, the_campaign, evening, winners[1]))->booking_id;
    assert_ok(withdraw_slot(&h, manager, evening));
    settle(&h);
    assert_refused(move(&h, moved, morning, winners[1]), "SLOT_FULL");
    assert_ok(change_slot(&h, manager, noon, 2, 0));
    assert_ok(move(&h, ret_bookings[0], noon, winners[0]));
    assert_ok(move(&h, moved, morning, winners[1]));
    assert_ok(on_booking(&h, "Bookings.CancelBooking", moved, winners[1]));
    ret_bookings[1] = booking_in(&h, book(&h, the_campaign, morning, winners[1]))->booking_id;
    assert_int_equal(booked(morning), 1);
    assert_int_equal(booked(noon), 1);
    assert_int_equal(booked(evening), 0);
}

/* ---- the door ---- */

static const Rpc__Answer *hand_in(int64_t booking_id, int64_t member_id)
{
    Health__UploadScansRequest request = HEALTH__UPLOAD_SCANS_REQUEST__INIT;
    Health__UploadItem item = HEALTH__UPLOAD_ITEM__INIT, *items = &item;

    item.scan_ref = "late-0001";
    item.text = pass_in(&h, on_booking(&h, "Passes.GetPass", booking_id, member_id))->text;
    item.at = now_of(&h) - MINUTE_MS;
    request.site_id = the_site;
    request.device_id = the_device;
    request.items = &items;
    request.n_items = 1;
    return harness_call(&h, "Scans.UploadScans", &request.base, scanner_of(&h), NULL);
}

/* One comes with network, by mistake first; the other without. */
static void open_the_door(const int64_t winners[QUOTA], const int64_t bookings[QUOTA])
{
    const Health__ScanList *late;

    set_staff(&h, SCANNER, HEALTH__DUTY__SCANS, false);
    set_staff(&h, CLERK, HEALTH__DUTY__REPORTS, false);
    step_to(&h, AT_DOOR - 2 * MINUTE_MS); /* a scan from before its device was registered waits */
    register_the_device(&h);
    step_to(&h, AT_DOOR);
    undo_scan(&h, come(&h, bookings[0]));
    come(&h, bookings[0]);
    late = harness_output(&h, hand_in(bookings[1], winners[1]), &health__scan_list__descriptor);
    assert_int_equal(late->scans[0]->outcome, HEALTH__SCAN_OUTCOME__ACCEPTED);
    for (int i = 0; i < QUOTA; i++)
        assert_int_equal(state_of(&h, the_campaign, winners[i]), HEALTH__ENTITLEMENT_STATE__ATTENDED);
}

/* ---- afterwards ---- */

static void settle_the_money(void)
{
    const Health__Settlement *settlement = settlement_of(&h, prepare(&h, finance(&h, 701)));

    assert_int_equal(settlement->n_lines, QUOTA);
    assert_int_equal(settlement->total_fen, QUOTA * PRICE);
    assert_refused(confirm(&h, settlement->settlement_id, finance(&h, 701)), "SETTLED_BY_ONE");
    assert_ok(confirm(&h, settlement->settlement_id, finance(&h, 702)));
    assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
}

static void no_failing_access_loses_or_doubles_anything(void **state)
{
    int64_t winners[QUOTA], bookings[QUOTA], report_id;

    (void)state;
    make_pdf(LIMIT_PART + 900, 'x');
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        begin(&h);
        clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
        anomaly_begin(&h, &anomalies[i]);
        draw_a_lot(winners);
        book_places(winners, bookings);
        assert_int_equal(hear_merged(&h, winners[0], KEPT), 0);
        settle(&h);
        winners[0] = KEPT;
        open_the_door(winners, bookings);
        report_id = uploaded(&h, bookings[0]);
        consent(&h, winners[0], 1, false);
        reads_her_report(&h, report_id, member(winners[0]));
        settle_the_money();
        assert_true(anomaly_end(&h) > 30);
        harness_reopen(&h);
        reads_her_report(&h, report_id, member(winners[0]));
        assert_refused(prepare(&h, finance(&h, 701)), "NOTHING_TO_SETTLE");
        end(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_loses_or_doubles_anything),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
