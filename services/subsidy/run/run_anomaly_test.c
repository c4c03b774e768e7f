/* From a declaration to money in her wallet while the N-th access to the disk fails in each call and in all that the
 * service does by itself, or the power is lost at every write of a run: who was chosen is ordered and paid once. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/anomaly.h"
#include "tests/power.h"
#include "services/subsidy/fixture.h"
#include "services/subsidy/run/run_internal.h"

#define FEN        INT64_C(100000)
#define PEOPLE     3
#define PLACES     2
#define SCHEME_FEN (PLACES * FEN)
#define RUN(name)  SUBSIDY__RUN_STATE__RUN_##name
#define TOLD(name) BRIDGE__PAYOUT_STATE__PAYOUT_##name
#define N_ORDERED                                                                                                      \
    arena_printf(&h.arena, "SELECT count(*) FROM journal WHERE kind = %d", RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED)
#define IS_ORDERED(n) assert_int_equal(harness_number(&h, N_ORDERED), n)

static int64_t scheme_id, ids[PEOPLE];

/* Two of three are drawn, and shown for two days. */
static struct draft *a_lot(void)
{
    struct draft *draft = a_paid_draft(a_fund(10 * FEN), SCHEME_FEN);

    draft->selection.kind = SUBSIDY__SELECTION_KIND__BY_LOT;
    draft->selection.places = PLACES;
    draft->selection.list_at = LIST_AT;
    draft->selection.until = UNTIL;
    return draft;
}

/* Two who were drawn are to be paid. */
static void choose(void)
{
    scheme_id = open_scheme(a_lot());
    for (int i = 0; i < PEOPLE; i++) {
        ids[i] = handed_in(scheme_id, MEMBER + i);
        approve_whole(ids[i]);
    }
    let_pass(LIST_AT);
    let_pass(LIST_AT + 60000);
    let_pass(LIST_AT + 10 * DAY_MS);
    assert_int_equal(selection_of(scheme_id)->payable_fen, SCHEME_FEN);
}

/* ---- what the bridge tells, heard again until it is kept ---- */

static struct {
    int64_t order_id;
    int state, reason;
} news;

static void hear_news(struct harness *on)
{
    Bridge__Event event = BRIDGE__EVENT__INIT;
    Bridge__PayoutChanged changed = BRIDGE__PAYOUT_CHANGED__INIT;

    (void)on;
    changed.source = "subsidy";
    changed.payout_id = news.order_id + 1;
    changed.order_id = news.order_id;
    changed.state = (Bridge__PayoutState)news.state;
    changed.reason = news.reason;
    event.event_case = BRIDGE__EVENT__EVENT_PAYOUT_CHANGED;
    event.payout_changed = &changed;
    hear_bridge(&event);
}

static void told_of(int64_t order_id, int state, int reason)
{
    news.order_id = order_id;
    news.state = state;
    news.reason = reason;
    harness_work(&h, hear_news);
}

/* ---- runs ---- */

static int64_t released(int lines)
{
    int64_t id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;

    harness_work(&h, do_what_is_due);
    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_refused(on_run("Runs.ReleaseRun", id, finance(921, CITY)), "DECIDED_ON_A_LINE");
    assert_ok(on_run("Runs.ReleaseRun", id, finance(952, CITY)));
    harness_work(&h, do_what_is_due);
    assert_int_equal(run_of(on_run("Runs.GetRun", id, finance(951, CITY)))->n_ordered, lines);
    return id;
}

static int64_t order_of(int64_t run_id, int nth)
{
    return lines_of(run_id)->lines[nth]->order_id;
}

/* Each of those chosen once, and the fund to the fen. */
static void assert_all_are_paid(void)
{
    const Subsidy__SelectionStatus *status = selection_of(scheme_id);

    assert_int_equal(status->paid_fen, SCHEME_FEN);
    assert_int_equal(status->in_flight_fen + status->payable_fen + status->committed_fen, 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM run_line WHERE state = 4"), PLACES);
    assert_int_equal(harness_number(&h, "SELECT count(DISTINCT application_id) FROM run_line WHERE state = 4"), PLACES);
    assert_int_equal(harness_number(&h, "SELECT sum(balance_fen) FROM account"), 0);
    assert_refused(prepare_run(scheme_id, finance(951, CITY)), "NOBODY_TO_PAY");
    assert_string_equal(harness_audit(&h), "");
}

/* ---- a failing disk ---- */

static void no_failing_access_orders_or_pays_anything_twice(void **state)
{
    int64_t first, second;

    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        setup(state);
        hear_way(30, 500000);
        anomaly_begin(&h, &anomalies[i]);
        choose();
        first = released(PLACES);
        told_of(order_of(first, 0), TOLD(CONFIRM), 0);
        told_of(order_of(first, 0), TOLD(PAID), 0);
        told_of(order_of(first, 1), TOLD(FAILED), BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
        second = released(1);
        told_of(order_of(second, 0), TOLD(PAID), 0);
        assert_true(anomaly_end(&h) >= 30);
        IS_ORDERED(PLACES + 1);
        assert_all_are_paid();
        harness_reopen(&h);
        assert_all_are_paid();
        harness_close(&h);
    }
}

/* ---- the power ---- */

/* What was acknowledged of a run. */
static struct {
    int64_t run_id;
    bool released;
} told;

static void choose_two(struct harness *trial)
{
    void *state = NULL;

    (void)trial;
    setup(&state);
    hear_way(30, 500000);
    choose();
}

static void run_until_dark(struct harness *trial)
{
    const Rpc__Answer *answer;
    struct run_line lines[PLACES];

    (void)trial;
    memset(&told, 0, sizeof(told));
    answer = prepare_run(scheme_id, finance(951, CITY));
    if (answer->reason)
        return;
    told.run_id = run_of(answer)->run_id;
    do_what_is_due(&h);
    on_run("Runs.ReleaseRun", told.run_id, finance(951, CITY));
    told.released = on_run("Runs.ReleaseRun", told.run_id, finance(952, CITY))->reason == 0;
    do_what_is_due(&h);
    news.state = TOLD(PAID);
    news.reason = 0;
    for (size_t i = run_lines(h.service.self, told.run_id, 0, RPC_PAGE_ALL, lines, PLACES); i-- > 0;) {
        news.order_id = lines[i].order_id;
        if (news.order_id)
            hear_news(&h);
    }
}

/* The run goes on from where it was; what it had ordered it has not ordered again. */
static void all_of_the_run_is_there(struct harness *trial)
{
    int64_t id = told.run_id;

    (void)trial;
    do_what_is_due(&h);
    if (told.released)
        assert_true(run_of(on_run("Runs.GetRun", id, finance(951, CITY)))->state >= RUN(RELEASED));
    if (!id) { /* it may have been made, and not acknowledged */
        const Rpc__Answer *answer = prepare_run(scheme_id, finance(951, CITY));

        id = answer->reason ? harness_number(&h, "SELECT max(run_id) FROM run") : run_of(answer)->run_id;
        do_what_is_due(&h);
    }
    for (int official = 951; official <= 952; official++)
        on_run("Runs.ReleaseRun", id, finance(official, CITY));
    do_what_is_due(&h);
    IS_ORDERED(PLACES);
    for (int i = 0; i < PLACES; i++)
        hear_payout(order_of(id, i), TOLD(PAID), 0);
    assert_int_equal(run_of(on_run("Runs.GetRun", id, finance(951, CITY)))->state, RUN(ENDED));
    assert_all_are_paid();
    harness_forget(&h);
}

static void no_power_cut_orders_or_pays_anything_twice(void **state)
{
    static const struct power_trial trial = {choose_two, run_until_dark, all_of_the_run_is_there};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_orders_or_pays_anything_twice),
        cmocka_unit_test(no_power_cut_orders_or_pays_anything_twice),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
