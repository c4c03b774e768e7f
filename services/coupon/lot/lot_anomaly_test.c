/* A lot from its announcement to its coupons, while the N-th access to the disk fails in each call and in what happens
 * by itself, or the power is lost at every write: one entry each, as many coupons as it has places, each by a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/anomaly.h"
#include "tests/power.h"
#include "services/coupon/lot/lot_fixture.h"

#define PEOPLE 4
#define PLACES 2

static int64_t release_id;

static int64_t given(void)
{
    return harness_number(&h, "SELECT count(*) FROM claim");
}

static void assert_drawn(void)
{
    int64_t lot_id = lots_of(release_id)->lots[0]->lot_id;

    assert_int_equal(lot_status(lot_id)->lot->stage, LOTTERY__STAGE__PUBLISHED);
    assert_int_equal(lot_status(lot_id)->entrants, PEOPLE);
    assert_int_equal(given(), PLACES);
    assert_int_equal(how_many(release_id, lot_id, PEOPLE, COUPON__ENTRY_STATE__WON), PLACES);
    assert_int_equal(how_many(release_id, lot_id, PEOPLE, COUPON__ENTRY_STATE__LOST), PEOPLE - PLACES);
    assert_int_equal(harness_number(&h, "SELECT count(*) - count(DISTINCT member_id) FROM lottery_entry WHERE "
                                        "withdrawn_at = 0"),
                     0);
    assert_verified(lot_file(lot_id), false);
    assert_string_equal(harness_audit(&h), "");
}

/* ---- a failing disk ---- */

static void enter_all(void)
{
    Coupon__EnterLotRequest request = COUPON__ENTER_LOT_REQUEST__INIT;

    request.release_id = release_id;
    clock_to(OPENS);
    assert_ok(ask(release_id, 1));
    assert_ok(harness_call(&h, "Lots.WithdrawLotEntry", &request.base, harness_member(&h, 1, TOWN), NULL));
    for (int64_t member_id = 1; member_id <= PEOPLE; member_id++)
        assert_ok(ask(release_id, member_id));
    assert_ok(ask(release_id, 2));
    assert_refused(claim(release_id, 2), "NOT_BY_CLAIM");
}

static void no_failing_access_loses_an_entry_or_doubles_a_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        begin(&h);
        anomaly_begin(&h, &anomalies[i]);
        release_id = publish(lot_draft(COUPON__WAY__LOT, PLACES, 1));
        enter_all();
        let_pass(OPENS + WINDOW_MS);
        assert_true(anomaly_end(&h) >= 9);
        assert_drawn();
        harness_reopen(&h);
        assert_drawn();
        harness_close(&h);
    }
}

/* ---- the power ---- */

static int64_t entries[PEOPLE]; /* as she was told */

static void open_for_entries(struct harness *trial)
{
    begin(trial);
    release_id = publish(lot_draft(COUPON__WAY__LOT, PLACES, 1));
    clock_to(OPENS);
}

static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_is_cut());
    return false;
}

static void slices(struct harness *trial, int n)
{
    while (n-- > 0 && harness_tidy(trial))
        continue;
}

static void enter_until_dark(struct harness *trial)
{
    for (int i = 0; i < PEOPLE; i++) {
        const Rpc__Answer *answer = ask(release_id, i + 1);

        entries[i] = acknowledged(answer) ? entry_of(answer)->entry_id : 0;
    }
    clock_to(OPENS + WINDOW_MS);
    slices(trial, 100);
    slices(trial, 100);
}

/* Who was told that she is in is in; what is due happens once it can. */
static void all_entries_are_there(struct harness *trial)
{
    (void)trial;
    clock_to(OPENS);
    for (int i = 0; i < PEOPLE; i++) {
        if (entries[i])
            assert_int_equal(where(release_id, i + 1, 0)->entry_id, entries[i]);
    }
    assert_true(given() <= PLACES);
    if (!entries[PEOPLE - 1]) {
        for (int64_t member_id = 1; member_id <= PEOPLE; member_id++)
            assert_ok(ask(release_id, member_id));
    }
    let_pass(OPENS + WINDOW_MS);
    assert_drawn();
}

static void no_power_cut_loses_an_entry_or_doubles_a_place(void **state)
{
    static const struct power_trial trial = {open_for_entries, enter_until_dark, all_entries_are_there};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_loses_an_entry_or_doubles_a_place),
        cmocka_unit_test(no_power_cut_loses_an_entry_or_doubles_a_place),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
