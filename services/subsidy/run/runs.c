#include "services/subsidy/run/run_internal.h"

#include "bridge/bridge.pb-c.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/objection/objections.h"

#define COLUMNS                                                                                                        \
    "run_id, scheme_id, union_path, state, n_lines, fen, list_hash, after_id, prepared_at, released_at, "              \
    "released_day, "                                                                                                   \
    "n_ordered, n_paid, paid_fen, n_back, journal_seq"
#define LINE "run_id, nth, application_id, fen, state, order_id, reason"

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static const char *const sql[] = {
    [RUN_SQL_ADD] = "INSERT INTO run (" COLUMNS ") VALUES (?1, ?2, ?3, 1, 0, 0, zeroblob(32), 0, ?4, 0, 0, 0, 0, 0, 0, "
                    "0)",
    [RUN_SQL_FIND] = "SELECT " COLUMNS " FROM run WHERE run_id = ?1",
    [RUN_SQL_SET] = "UPDATE run SET state = ?2, n_lines = ?3, fen = ?4, list_hash = ?5, after_id = ?6, released_at = "
                    "?7, released_day = ?8, n_ordered = ?9, n_paid = ?10, paid_fen = ?11, n_back = ?12, journal_seq = "
                    "?13 WHERE run_id = ?1",
    [RUN_SQL_LIST] = "SELECT " COLUMNS " FROM run WHERE scheme_id = ?1 AND run_id < ?2 AND " RPC_PAGE_STATES(
        "?3", "state") " ORDER BY run_id DESC LIMIT ?4",
    [RUN_SQL_LIVE] = "SELECT 1 FROM run WHERE scheme_id = ?1 AND state IN (1, 2, 3)",
    [RUN_SQL_WORKS] = "SELECT run_id FROM run WHERE state IN (1, 3) ORDER BY run_id LIMIT 1",
    [RUN_SQL_OF_DAY] = "SELECT coalesce(sum(fen), 0) FROM run WHERE scheme_id = ?1 AND released_day = ?2",
    [RUN_SQL_PAYABLE] = "SELECT application_id, amount_fen FROM application WHERE scheme_id = ?1 AND state > 3 AND "
                        "state = 11 AND application_id > ?2 ORDER BY application_id LIMIT ?3",
    [RUN_SQL_ADD_LINE] = "INSERT INTO run_line (" LINE ") VALUES (?1, ?2, ?3, ?4, 1, 0, 0)",
    [RUN_SQL_SET_LINE] = "UPDATE run_line SET state = ?3, order_id = ?4, reason = ?5 WHERE run_id = ?1 AND nth = ?2",
    [RUN_SQL_LINES] = "SELECT " LINE " FROM run_line WHERE run_id = ?1 AND nth > ?2 AND " RPC_PAGE_STATES(
        "?3", "state") " ORDER BY nth LIMIT ?4",
    [RUN_SQL_LINE_OF] = "SELECT " LINE " FROM run_line WHERE application_id = ?1 AND state > 1 ORDER BY run_id DESC "
                        "LIMIT 1",
    [RUN_SQL_LINE_OF_ORDER] = "SELECT " LINE " FROM run_line WHERE order_id = ?1 AND order_id > 0",
    /* STEP_APPROVED. */
    [RUN_SQL_ADD_DECIDERS] = "INSERT OR IGNORE INTO run_decider (run_id, by_id) SELECT ?1, by_id FROM application_step "
                             "WHERE application_id = ?2 AND kind = 4 AND by_id > 0",
    [RUN_SQL_ADD_OBJECTION_DECIDERS] =
        "INSERT OR IGNORE INTO run_decider (run_id, by_id) SELECT ?1, first_by FROM two_hands JOIN objection ON "
        "objection_id = deed_id WHERE kind = '" OBJECTION_DEED "' AND application_id = ?2 UNION SELECT ?1, second_by "
        "FROM two_hands JOIN objection ON objection_id = deed_id WHERE kind = '" OBJECTION_DEED
        "' AND application_id = ?2 AND second_by > 0",
    [RUN_SQL_DECIDED] = "SELECT by_id FROM run_decider WHERE run_id = ?1",
    [RUN_SQL_SET_WAY] = "INSERT INTO pay_way (way, open, order_min_fen, order_max_fen, scenes) VALUES (?1, ?2, ?3, ?4, "
                        "?5) ON CONFLICT (way) DO UPDATE SET open = excluded.open, order_min_fen = "
                        "excluded.order_min_fen, order_max_fen = excluded.order_max_fen, scenes = excluded.scenes",
    [RUN_SQL_WAY] = "SELECT open, order_min_fen, order_max_fen, scenes FROM pay_way WHERE way = ?1",
};
_Static_assert(ARRAY_LEN(sql) == RUN_N_SQL, "a statement for each");

/* ---- rows ---- */

static size_t all(const struct subsidy *self, unsigned which, struct run *ret, size_t size)
{
    size_t n = 0;

    for (; n < size; n++) {
        struct run *run = &ret[n];

        if (!store_read(self->store, run_sql(self, which), INTO(run->id), INTO(run->scheme_id), INTO(run->union_path),
                        INTO(run->state), INTO(run->n_lines), INTO(run->fen), INTO(run->list_hash), INTO(run->after_id),
                        INTO(run->prepared_at), INTO(run->released_at), INTO(run->released_day), INTO(run->n_ordered),
                        INTO(run->n_paid), INTO(run->paid_fen), INTO(run->n_back), INTO(run->journal_seq)))
            break;
    }
    store_end(self->store, run_sql(self, which));
    return n;
}

bool runs_find(const struct subsidy *self, int64_t run_id, struct run *ret)
{
    store_ask(self->store, run_sql(self, RUN_SQL_FIND), "i", run_id);
    return all(self, RUN_SQL_FIND, ret, 1) == 1;
}

size_t runs_list(const struct subsidy *self, int64_t scheme_id, int64_t before, int64_t states, struct run *ret,
                 size_t size)
{
    store_ask(self->store, run_sql(self, RUN_SQL_LIST), "iiii", scheme_id, before, states, (int64_t)size);
    return all(self, RUN_SQL_LIST, ret, size);
}

static size_t all_lines(const struct subsidy *self, unsigned which, struct run_line *ret, size_t size)
{
    size_t n = 0;

    while (n < size && store_read(self->store, run_sql(self, which), INTO(ret[n].run_id), INTO(ret[n].nth),
                                  INTO(ret[n].application_id), INTO(ret[n].fen), INTO(ret[n].state),
                                  INTO(ret[n].order_id), INTO(ret[n].reason)))
        n++;
    store_end(self->store, run_sql(self, which));
    return n;
}

size_t run_lines(const struct subsidy *self, int64_t run_id, int64_t after, int64_t states, struct run_line *ret,
                 size_t size)
{
    store_ask(self->store, run_sql(self, RUN_SQL_LINES), "iiii", run_id, after, states, (int64_t)size);
    return all_lines(self, RUN_SQL_LINES, ret, size);
}

bool run_line_of(const struct subsidy *self, int64_t application_id, struct run_line *ret)
{
    store_ask(self->store, run_sql(self, RUN_SQL_LINE_OF), "i", application_id);
    return all_lines(self, RUN_SQL_LINE_OF, ret, 1) == 1;
}

void run_line_put(struct subsidy *self, const struct run_line *line)
{
    store_run(self->store, run_sql(self, RUN_SQL_SET_LINE), "iiiii", line->run_id, line->nth, (int64_t)line->state,
              line->order_id, (int64_t)line->reason);
}

void run_put(struct subsidy *self, const struct run *run)
{
    store_run(self->store, run_sql(self, RUN_SQL_SET), "iiiibiiiiiiii", run->id, (int64_t)run->state, run->n_lines,
              run->fen, run->list_hash, sizeof(run->list_hash), run->after_id, run->released_at, run->released_day,
              run->n_ordered, run->n_paid, run->paid_fen, run->n_back, run->journal_seq);
}

void run_pass(struct subsidy *self, struct run *run, int state, void *call)
{
    Subsidy__RunChanged changed = SUBSIDY__RUN_CHANGED__INIT;

    run->state = state;
    changed.run_id = run->id;
    changed.scheme_id = run->scheme_id;
    changed.state = (Subsidy__RunState)state;
    changed.n_lines = (int32_t)run->n_lines;
    changed.fen = run->fen;
    changed.list_hash = (ProtobufCBinaryData){RUN_HASH_LEN, run->list_hash};
    rpc_tell(call, &changed.base);
    run->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    run_put(self, run);
}

void run_counts(struct subsidy *self, struct run *run, const struct run_line *line, void *call)
{
    if (line->state == SUBSIDY__LINE_STATE__LINE_PAID) {
        run->n_paid++;
        run->paid_fen += line->fen;
    } else {
        run->n_back++;
    }
    if (run->state == SUBSIDY__RUN_STATE__RUN_UNDER_WAY && run->n_paid + run->n_back == run->n_lines)
        run_pass(self, run, SUBSIDY__RUN_STATE__RUN_ENDED, call);
    else
        run_put(self, run);
}

/* ---- what officials do ---- */

int run_prepare(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, struct run *ret)
{
    if (!scheme->payment)
        return SUBSIDY__REASON__NOTHING_IS_PAID;
    store_ask(self->store, run_sql(self, RUN_SQL_LIVE), "i", scheme->scheme_id);
    if (store_any(self->store, run_sql(self, RUN_SQL_LIVE)))
        return SUBSIDY__REASON__RUN_IS_LIVE;
    if (funding_balance(self, scheme, BUDGET__ACCOUNT__PAYABLE) == 0)
        return SUBSIDY__REASON__NOBODY_TO_PAY;
    *ret = (struct run){.id = id_next(&self->ids, rpc_now(call)), .scheme_id = scheme->scheme_id};
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", scheme->union_path);
    ret->prepared_at = rpc_now(call);
    store_run(self->store, run_sql(self, RUN_SQL_ADD), "iiti", ret->id, ret->scheme_id, ret->union_path,
              ret->prepared_at);
    run_pass(self, ret, SUBSIDY__RUN_STATE__RUN_PREPARING, call);
    return 0;
}

/* Whether the caller, by any of her numbers, has decided on somebody on the list. */
static bool has_decided(const struct subsidy *self, const struct run *run, int64_t caller)
{
    bool decided = false;
    int64_t by_id;

    store_ask(self->store, run_sql(self, RUN_SQL_DECIDED), "i", run->id);
    while (store_read(self->store, run_sql(self, RUN_SQL_DECIDED), INTO(by_id)))
        decided |= by_id == caller || holder_is(&self->holders, caller, by_id);
    return decided;
}

static int release_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme, const struct run *run, void *call)
{
    int64_t today;

    if (run->state == SUBSIDY__RUN_STATE__RUN_PREPARING)
        return SUBSIDY__REASON__RUN_NOT_READY;
    if (run->state != SUBSIDY__RUN_STATE__RUN_PREPARED)
        return SUBSIDY__REASON__RUN_DECIDED;
    if (has_decided(self, run, rpc_principal(call)->member_id))
        return SUBSIDY__REASON__DECIDED_ON_A_LINE;
    store_ask(self->store, run_sql(self, RUN_SQL_OF_DAY), "ii", scheme->scheme_id, (int64_t)cn_day(rpc_now(call)));
    today = store_number(self->store, run_sql(self, RUN_SQL_OF_DAY));
    if (!scheme->payment->day_fen || today + run->fen <= scheme->payment->day_fen)
        return run_way_refusal(self, scheme, call);
    rpc_fact_number(call, "leftFen", scheme->payment->day_fen - today);
    return SUBSIDY__REASON__RUN_OVER_DAY;
}

/* Who gave the first hand may have become one since with somebody who has decided: her hand is none any more. */
static void drop_decided_hand(struct subsidy *self, const struct run *run, void *call)
{
    struct hands first;

    if (hands_find(&self->two_hands, RUN_DEED, run->id, &first) && first.state == HANDS__STATE__FIRST &&
        has_decided(self, run, first.now_by))
        hands_end(&self->two_hands, RUN_DEED, run->id, HANDS__STATE__OVER, call);
}

int run_release(struct subsidy *self, const Subsidy__Scheme *scheme, struct run *run, void *call)
{
    Subsidy__Run what = SUBSIDY__RUN__INIT;
    struct hands_deed deed = {.kind = RUN_DEED,
                              .id = run->id,
                              .what = &what.base,
                              .until = rpc_now(call) + HANDS_LIFE_MS,
                              .roles = offices,
                              .union_path = run->union_path};
    int reason = release_refusal(self, scheme, run, call);
    bool done;

    if (reason)
        return reason;
    drop_decided_hand(self, run, call);
    what.run_id = run->id;
    what.n_lines = (int32_t)run->n_lines;
    what.fen = run->fen;
    what.list_hash = (ProtobufCBinaryData){RUN_HASH_LEN, run->list_hash};
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (reason || !done)
        return reason;
    run->released_at = rpc_now(call);
    run->released_day = cn_day(rpc_now(call));
    run_pass(self, run, SUBSIDY__RUN_STATE__RUN_RELEASED, call);
    rpc_want_head(call);
    return 0;
}

int run_hand_over(struct subsidy *self, const Subsidy__Scheme *scheme, const struct run *run,
                  const Subsidy__HandOverRequest *what, void *call, struct run_line *ret)
{
    struct hands_deed deed = {.kind = HAND_OVER,
                              .what = &what->base,
                              .until = rpc_now(call) + HANDS_LIFE_MS,
                              .roles = offices,
                              .union_path = run->union_path};
    int state = what->not_taken ? (int)SUBSIDY__LINE_STATE__LINE_BACK : (int)SUBSIDY__LINE_STATE__LINE_PAID, reason;
    bool done;

    if (scheme->payment->way != PAYOUT__WAY__IN_KIND)
        return SUBSIDY__REASON__NOT_IN_KIND;
    if (run_lines(self, run->id, what->nth - 1, RPC_PAGE_ALL, ret, 1) != 1 || ret->nth != what->nth)
        return SUBSIDY__REASON__LINE_NOT_OUT;
    if (ret->state == state)
        return 0;
    if (ret->state != SUBSIDY__LINE_STATE__LINE_ORDERED)
        return SUBSIDY__REASON__LINE_NOT_OUT;
    if (has_decided(self, run, rpc_principal(call)->member_id))
        return SUBSIDY__REASON__DECIDED_ON_A_LINE;
    deed.id = ret->order_id;
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (!reason && done)
        run_apply(self, ret, state, what->not_taken ? (int)SUBSIDY__REASON__LINE_NOT_OUT : 0, call);
    return reason;
}

int run_drop(struct subsidy *self, struct run *run, void *call)
{
    if (run->state == SUBSIDY__RUN_STATE__RUN_DROPPED)
        return 0;
    if (run->state != SUBSIDY__RUN_STATE__RUN_PREPARING && run->state != SUBSIDY__RUN_STATE__RUN_PREPARED)
        return SUBSIDY__REASON__RUN_DECIDED;
    hands_end(&self->two_hands, RUN_DEED, run->id, HANDS__STATE__REFUSED, call);
    run_pass(self, run, SUBSIDY__RUN_STATE__RUN_DROPPED, call);
    return 0;
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__RunChanged *changed = event->run_changed;
    struct run run;

    if (event->event_case == SUBSIDY__EVENT__EVENT_APPLICATION_CHANGED && event->application_changed->order_id)
        *part_word(&self->parts, &runs_part, 0, event->application_changed->order_id) =
            event->application_changed->application_id;
    if (event->event_case != SUBSIDY__EVENT__EVENT_RUN_CHANGED)
        return true;
    if (!runs_find(self, changed->run_id, &run) || run.journal_seq < row->seq)
        return false;
    told[0] += run.journal_seq == row->seq;
    return run.scheme_id == changed->scheme_id &&
           (run.journal_seq > row->seq ||
            (run.state == (int)changed->state && run.n_lines >= changed->n_lines && run.fen >= changed->fen)) &&
           (changed->state < SUBSIDY__RUN_STATE__RUN_PREPARED || changed->state == SUBSIDY__RUN_STATE__RUN_DROPPED ||
            (run.n_lines == changed->n_lines && run.fen == changed->fen && changed->list_hash.len == RUN_HASH_LEN &&
             memcmp(changed->list_hash.data, run.list_hash, RUN_HASH_LEN) == 0));
}

static const struct part_stray strays[] = {
    {"run", "its lines are not what it says",
     "SELECT run_id FROM run LEFT JOIN (SELECT run_id, count(*) AS n, sum(fen) AS sum_fen FROM run_line GROUP BY "
     "run_id) USING (run_id) WHERE n_lines <> coalesce(n, 0) OR fen <> coalesce(sum_fen, 0) LIMIT 1"},
    {"run", "is released, and not by two officials",
     "SELECT run_id FROM run WHERE state IN (3, 4, 5) AND NOT EXISTS (SELECT 1 FROM two_hands WHERE kind = '" RUN_DEED
     "' AND deed_id = run_id AND state = 2) LIMIT 1"},
    {"run", "was released by somebody who has decided on one of its lines",
     "SELECT run_id FROM run JOIN run_decider USING (run_id) JOIN two_hands ON kind = '" RUN_DEED
     "' AND deed_id = run_id WHERE run.state IN (3, 4, 5) AND two_hands.state = 2 AND by_id IN (first_by, second_by) "
     "LIMIT 1"},
    {"application", "is ordered by no line, or by several",
     "SELECT application_id FROM application WHERE state IN (12, 13) AND (SELECT count(*) FROM run_line l WHERE "
     "l.application_id = application.application_id AND l.state IN (2, 3, 4)) <> 1 LIMIT 1"},
    {"run_line", "is under way or paid, and its application is not",
     "SELECT application_id FROM run_line JOIN application USING (application_id) WHERE (run_line.state IN (2, 3) AND "
     "application.state <> 12) OR (run_line.state = 4 AND application.state <> 13) LIMIT 1"},
    {NULL, NULL, NULL},
};

static const int32_t kinds[] = {BRIDGE__EVENT__EVENT_PAYOUT_CHANGED, BRIDGE__EVENT__EVENT_PAY_WAY_CHANGED};

const struct part_spec runs_part = {
    .tables = "run run_line run_decider pay_way",
    .others = "run.after_id run.n_lines run.released_day run.n_ordered run.n_paid run.n_back run_line.nth "
              "run_line.application_id run_line.order_id run_line.reason pay_way.way pay_way.open pay_way.scenes",
    .people = "run_decider.by_id",
    .steps = &runs_steps,
    .sql = sql,
    .n_sql = RUN_N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(run_id) FROM run), 0), coalesce((SELECT max(order_id) FROM run_line), "
               "0))",
    .tidy = run_tidy,
    .follows = {{"bridge", kinds, ARRAY_LEN(kinds), run_hear}},
    .agrees = agrees,
    .counts = {{"runs", "SELECT count(*) FROM run"}},
    .words = {{"order", "SELECT order_id, application_id FROM run_line WHERE order_id > 0 ORDER BY order_id"}},
    .strays = strays,
    .keeps = "who decided on a payment must be known as long as the accounts are",
    .moves = "run.union_path",
};
