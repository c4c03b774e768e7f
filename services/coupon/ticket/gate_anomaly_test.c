/* Who is let in at the gate of a departure while the N-th access to the disk fails in each call, or the power is lost at
 * every write: each ticket once, and whoever was told that she is in, is. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/anomaly.h"
#include "tests/power.h"
#include "services/coupon/ticket/gate_fixture.h"

#define LATE (MEMBER + 2) /* whose ticket is read without network */

static int64_t the_release, the_companion;

/* A gate that is open; MEMBER comes with a companion, LATE by herself. */
static void open_gate(struct harness *on)
{
    const Coupon__Seat *hers;

    begin(on);
    the_release = a_guarded_release(1);
    hers = seat_of(take_as(the_release, harness_member(&h, MEMBER, TOWN), 0, 0,
                           (char *[]){arena_printf(&h.arena, "%d", MEMBER + 1), NULL}));
    the_companion =
        seat_of(on_invitation("Tickets.AcceptInvitation", hers->companions[0]->invitation_id, MEMBER + 1))->coupon_id;
    assert_ok(take(the_release, LATE, 1));
    holdings_index_slice(self_of(), 100);
    to_the_gate();
}

static int64_t aboard(void)
{
    return harness_number(&h, "SELECT count(*) FROM boarding WHERE refusal = 0 AND undone_at = 0");
}

/* Who is in is in once, with a ticket of hers, and all that the journal tells is so. */
static void assert_in_once(void)
{
    assert_int_equal(harness_number(&h, "SELECT count(*) - count(DISTINCT coupon_id) FROM boarding WHERE refusal = 0 AND "
                                        "undone_at = 0"),
                     0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM boarding WHERE refusal = 0 AND coupon_id NOT IN (SELECT "
                                        "coupon_id FROM claim)"),
                     0);
    assert_string_equal(harness_audit(&h), "");
}

/* ---- a failing disk ---- */

/* She comes in with her companion, is taken back as a mistake and comes in again; another one is read without network,
 * and so is she once more. */
static void let_in(void)
{
    int64_t id = boarding_in(board(the_release, "scan-0001", MEMBER))->boarding_id;
    Coupon__UploadBoarding *items[2];
    const Coupon__BoardingList *list;

    assert_int_equal(boarding_in(board(the_release, "scan-0001", MEMBER))->boarding_id, id);
    assert_refused(board(the_release, "scan-0002", MEMBER), "ALREADY_ABOARD");
    assert_ok(bring(id, &the_companion, 1));
    assert_ok(undo_boarding(id, guard()));
    assert_int_equal(aboard(), 1);
    assert_ok(board(the_release, "scan-0003", MEMBER));
    items[0] = upload("offline-1", shown_by(LATE), clock_now(&h.service.clock));
    items[1] = upload("offline-2", shown_by(MEMBER), clock_now(&h.service.clock));
    for (int again = 0; again < 2; again++) {
        list = hand_in(the_release, items, 2);
        assert_string_equal(list->boardings[0]->reason, "");
        assert_string_equal(list->boardings[1]->reason, "ALREADY_ABOARD");
    }
}

static void tidy_it(struct harness *on)
{
    while (harness_tidy(on))
        continue;
}

static void no_failing_access_lets_anybody_in_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        open_gate(&h);
        anomaly_begin(&h, &anomalies[i]);
        let_in();
        harness_work(&h, tidy_it);
        assert_true(anomaly_end(&h) >= 8);
        assert_in_once();
        harness_reopen(&h);
        assert_in_once();
        assert_int_equal(aboard(), 3);
        harness_close(&h);
    }
}

/* ---- the power ---- */

/* What was acknowledged. */
static struct {
    char codes[2][64]; /* of MEMBER and LATE */
    int64_t boarding_id;
    bool brought, undone, handed_in;
} told;

static void open_for_all(struct harness *trial)
{
    open_gate(trial);
    memset(&told, 0, sizeof(told));
    snprintf(told.codes[0], sizeof(told.codes[0]), "%s", shown_by(MEMBER));
    snprintf(told.codes[1], sizeof(told.codes[1]), "%s", shown_by(LATE));
}

static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_is_cut());
    return false;
}

static const Rpc__Answer *board_her(const char *ref)
{
    return board_as(the_release, 0, ref, told.codes[0], guard());
}

static const Rpc__Answer *hand_in_late(void)
{
    Coupon__UploadBoarding *items[] = {upload("offline-1", told.codes[1], clock_now(&h.service.clock))};

    return send_boardings(the_release, items, 1);
}

static void let_in_until_dark(struct harness *trial)
{
    const Rpc__Answer *answer = board_her("scan-0001");

    (void)trial;
    told.brought = told.undone = told.handed_in = false;
    told.boarding_id = acknowledged(answer) ? boarding_in(answer)->boarding_id : 0;
    if (!told.boarding_id)
        return;
    told.brought = acknowledged(bring(told.boarding_id, &the_companion, 1));
    told.undone = told.brought && acknowledged(undo_boarding(told.boarding_id, guard()));
    told.handed_in = told.undone && acknowledged(hand_in_late());
}

/* What was acknowledged is there; all of it is done again, and is there once. */
static void all_are_in(struct harness *trial)
{
    const Coupon__Boarding *hers;

    (void)trial;
    assert_in_once();
    assert_true(aboard() >= (told.boarding_id && !told.brought) + told.brought + told.handed_in);
    hers = boarding_in(board_her("scan-0001"));
    assert_true(!told.boarding_id || hers->boarding_id == told.boarding_id);
    assert_true(!told.undone || hers->undone_at);
    if (!hers->undone_at) {
        assert_ok(bring(hers->boarding_id, &the_companion, 1));
        assert_ok(undo_boarding(hers->boarding_id, guard()));
    }
    assert_ok(hand_in_late());
    assert_int_equal(aboard(), 2);
    assert_ok(board_her("scan-0002"));
    assert_int_equal(aboard(), 3);
    assert_in_once();
}

static void no_power_cut_loses_or_doubles_who_is_let_in(void **state)
{
    static const struct power_trial trial = {open_for_all, let_in_until_dark, all_are_in};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_lets_anybody_in_twice),
        cmocka_unit_test(no_power_cut_loses_or_doubles_who_is_let_in),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
