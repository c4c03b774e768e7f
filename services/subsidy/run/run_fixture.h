/* run_fixture.h: runs of payments, and those who are on them. */
#pragma once
#include "services/subsidy/fixture.h"

#define FEN         INT64_C(100000)
#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name
#define LINE(name)  SUBSIDY__LINE_STATE__LINE_##name
#define RUN(name)   SUBSIDY__RUN_STATE__RUN_##name
#define TOLD(name)  BRIDGE__PAYOUT_STATE__PAYOUT_##name

static int64_t scheme_id, ids[3];

/* So many are to be paid. */
static inline void begin_with(struct draft *draft, int n)
{
    scheme_id = open_scheme(draft);
    for (int i = 0; i < n; i++) {
        ids[i] = handed_in(scheme_id, MEMBER + i);
        approve_whole(ids[i]);
    }
    let_pass(now() + 7 * DAY_MS);
    assert_int_equal(selection_of(scheme_id)->payable_fen, n * FEN);
}

static inline void begin(int n)
{
    hear_way(30, 500000);
    begin_with(a_paid_draft(a_fund(10 * FEN), 5 * FEN), n);
}

static inline int64_t prepared(void)
{
    int64_t id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;

    do_what_is_due(&h);
    return id;
}

static inline int64_t released(void)
{
    int64_t id = prepared();

    assert_ok(on_run("Runs.ReleaseRun", id, finance(951, CITY)));
    assert_ok(on_run("Runs.ReleaseRun", id, finance(952, CITY)));
    do_what_is_due(&h);
    return id;
}

static inline const Subsidy__Run *get(int64_t run_id)
{
    return run_of(on_run("Runs.GetRun", run_id, finance(951, CITY)));
}

static inline int state_of(int i)
{
    return (int)get_hers(ids[i], MEMBER + i)->state;
}

static inline int64_t order_of(int64_t run_id, int nth)
{
    return lines_of(run_id)->lines[nth]->order_id;
}

static inline int64_t n_told(int kind)
{
    return harness_number(&h, arena_printf(&h.arena, "SELECT count(*) FROM journal WHERE kind = %d", kind));
}
