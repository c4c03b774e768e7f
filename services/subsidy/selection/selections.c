#include "services/subsidy/selection/selection_internal.h"

#include "common/cn/cn_calendar.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define COLUMNS "scheme_id, kind, stage, list_at, until, done, after_seq, filled, n_awards, journal_seq, after_behind"
#define CHOSEN  "(9, 10, 11, 12, 13)" /* APPLICATION_SHOWN to APPLICATION_PAID */

static const char *const sql[] = {
    [SELECTION_SQL_ADD] = "INSERT INTO selection (scheme_id, kind, stage, list_at, until, journal_seq, "
                          "after_behind) VALUES (?1, ?2, 1, ?3, ?4, 0, ?5)",
    [SELECTION_SQL_FIND] = "SELECT " COLUMNS " FROM selection WHERE scheme_id = ?1",
    [SELECTION_SQL_SET] = "UPDATE selection SET stage = ?2, done = ?3, after_seq = ?4, filled = ?5, n_awards = ?6, "
                          "journal_seq = ?7, after_behind = ?8 WHERE scheme_id = ?1",
    /* IN_ORDER is 2, BY_LOT 3, BY_SCORE 4; PUBLISHED is 6, CLOSED 7 and VOID 8. */
    [SELECTION_SQL_DUE] =
        "SELECT s.scheme_id FROM selection s LEFT JOIN lottery l ON l.lot_id = s.scheme_id WHERE s.done < 2 AND s.kind "
        "> 1 AND ((s.done = 0 AND s.kind IN (2, 4) AND s.list_at <= ?1) OR (s.done = 0 AND s.kind = 3 AND (s.stage > 6 "
        "OR "
        "(s.stage = 6 AND l.granted >= l.wins))) OR (s.done = 1 AND (s.until <= ?1 OR s.stage > 6))) ORDER BY "
        "s.scheme_id LIMIT 1",
    [SELECTION_SQL_DUE_OF_ALL] = "SELECT scheme_id FROM selection WHERE done = 0 AND kind = 1 AND until <= ?1 ORDER BY "
                                 "until LIMIT 1",
    [SELECTION_SQL_SET_UNTIL] = "UPDATE selection SET until = ?2 WHERE scheme_id = ?1",
    /* In review, given back, or refused by one who may still ask the union above. */
    [SELECTION_SQL_LIVES] =
        "SELECT EXISTS (SELECT 1 FROM application WHERE scheme_id = ?1 AND state IN (2, 3)) OR EXISTS (SELECT 1 FROM "
        "application WHERE scheme_id = ?1 AND state > 3 AND state = 5 AND again = 0 AND since > ?2)",
    [SELECTION_SQL_ADD_CANDIDATE] =
        "INSERT INTO candidate (scheme_id, first_seq, application_id, behind) VALUES (?1, ?2, "
        "?3, ?4)",
    [SELECTION_SQL_FIRST_SEQ] = "SELECT journal_seq FROM application_step WHERE application_id = ?1 AND nth = 1",
    [SELECTION_SQL_CANDIDATES] = "SELECT behind, first_seq, application_id FROM candidate WHERE scheme_id = ?1 AND "
                                 "(behind, first_seq) > (?2, ?3) ORDER BY behind, first_seq LIMIT ?4",
    [SELECTION_SQL_POINTS] = "SELECT -behind FROM candidate WHERE application_id = ?1",
    [SELECTION_SQL_FIRST_WAITING] =
        "SELECT application_id FROM candidate JOIN application USING (application_id) WHERE candidate.scheme_id = ?1 "
        "AND state = 8 ORDER BY behind, first_seq LIMIT 1",
    [SELECTION_SQL_OF_PERSON] = "SELECT application_id FROM application WHERE " HOLDER_HERS
                                " AND scheme_id = ?2 AND state IN (4, 8) ORDER BY application_id LIMIT 1",
    [SELECTION_SQL_ADD_AWARD] =
        "INSERT INTO award (application_id, scheme_id, place, shown_until, stratum) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SELECTION_SQL_SET_SHOWN] = "UPDATE award SET shown_until = ?2 WHERE application_id = ?1",
    [SELECTION_SQL_AWARD] =
        "SELECT application_id, scheme_id, place, shown_until, stratum FROM award WHERE application_id = ?1",
    [SELECTION_SQL_SHOWN] = "SELECT application_id FROM award JOIN application USING (application_id) WHERE "
                            "award.scheme_id = ?1 AND (stratum, place) > (?2, ?3) AND state IN (9, 10) ORDER BY "
                            "stratum, place LIMIT ?4",
    [SELECTION_SQL_COUNT] =
        "SELECT coalesce(sum(n), 0), coalesce(sum(fen), 0) FROM standing WHERE scheme_id = ?1 AND " RPC_PAGE_STATES(
            "?2", "state"),
    [SELECTION_SQL_STANDS] = "INSERT INTO standing (scheme_id, state, n, fen) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
                             "(scheme_id, state) DO UPDATE SET n = n + excluded.n, fen = fen + excluded.fen",
    [SELECTION_SQL_HELD] = "SELECT count(*) FROM award JOIN application USING (application_id) WHERE award.scheme_id = "
                           "?1 AND stratum = ?2 AND state IN " CHOSEN,
    [SELECTION_SQL_SHOWING] =
        "SELECT scheme_id FROM selection WHERE scheme_id < ?1 AND EXISTS (SELECT 1 FROM application a WHERE "
        "a.scheme_id = selection.scheme_id AND a.state > 3 AND a.state IN (9, 10)) ORDER BY scheme_id DESC LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == SELECTION_N_SQL, "a statement for each");

/* ---- rows ---- */

bool selections_find(const struct subsidy *self, int64_t scheme_id, struct selection *ret)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_FIND), "i", scheme_id);
    return store_only(self->store, selection_sql(self, SELECTION_SQL_FIND), INTO(ret->scheme_id), INTO(ret->kind),
                      INTO(ret->stage), INTO(ret->list_at), INTO(ret->until), INTO(ret->done), INTO(ret->after_seq),
                      INTO(ret->filled), INTO(ret->n_awards), INTO(ret->journal_seq), INTO(ret->after_behind));
}

void selection_put(struct subsidy *self, const struct selection *selection)
{
    store_run(self->store, selection_sql(self, SELECTION_SQL_SET), "iiiiiiii", selection->scheme_id,
              (int64_t)selection->stage, (int64_t)selection->done, selection->after_seq, (int64_t)selection->filled,
              selection->n_awards, selection->journal_seq, selection->after_behind);
}

void selection_stage(struct subsidy *self, struct selection *selection, int stage, void *call)
{
    Subsidy__SelectionStaged staged = SUBSIDY__SELECTION_STAGED__INIT;

    selection->stage = stage;
    staged.scheme_id = selection->scheme_id;
    staged.stage = (Lottery__Stage)stage;
    rpc_tell(call, &staged.base);
    selection->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    selection_put(self, selection);
}

bool awards_find(const struct subsidy *self, int64_t application_id, struct award *ret)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_AWARD), "i", application_id);
    return store_only(self->store, selection_sql(self, SELECTION_SQL_AWARD), INTO(ret->application_id),
                      INTO(ret->scheme_id), INTO(ret->place), INTO(ret->shown_until), INTO(ret->stratum));
}

int32_t selection_points(const struct subsidy *self, int64_t application_id)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_POINTS), "i", application_id);
    return (int32_t)store_number(self->store, selection_sql(self, SELECTION_SQL_POINTS));
}

void selection_count(const struct subsidy *self, int64_t scheme_id, int64_t states, int64_t *ret_n, int64_t *ret_fen)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_COUNT), "ii", scheme_id, states);
    store_only(self->store, selection_sql(self, SELECTION_SQL_COUNT), INTO(*ret_n), INTO(*ret_fen));
}

/* So many of what stands decided in a scheme; what is not is counted by nobody. */
static void stands(struct subsidy *self, const struct application *application, int64_t n)
{
    if (application->state > SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK)
        store_run(self->store, selection_sql(self, SELECTION_SQL_STANDS), "iiii", application->scheme_id,
                  (int64_t)application->state, n, n * application->amount_fen);
}

void selection_recount(struct subsidy *self, const struct application *before, const struct application *application)
{
    stands(self, before, -1);
    stands(self, application, 1);
}

size_t awards_shown(const struct subsidy *self, int64_t scheme_id, int64_t after, int64_t *ret_ids, size_t size)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_SHOWN), "iiii", scheme_id, award_stratum(after),
              award_place(after), (int64_t)size);
    return store_numbers(self->store, selection_sql(self, SELECTION_SQL_SHOWN), ret_ids, size);
}

size_t selections_showing(const struct subsidy *self, int64_t before, int64_t *ret_ids, size_t size)
{
    store_ask(self->store, selection_sql(self, SELECTION_SQL_SHOWING), "ii", before, (int64_t)size);
    return store_numbers(self->store, selection_sql(self, SELECTION_SQL_SHOWING), ret_ids, size);
}

/* ---- opening ---- */

int selection_open(struct subsidy *self, const Subsidy__Scheme *scheme, void *call)
{
    struct selection selection = {.scheme_id = scheme->scheme_id};
    struct lot_terms terms;
    struct lot lot;
    int reason;

    if (!scheme->selection)
        return 0;
    reason = funding_give(self, scheme, call);
    if (reason)
        return reason;
    selection.kind = (int)scheme->selection->kind;
    store_run(self->store, selection_sql(self, SELECTION_SQL_ADD), "iiiii", scheme->scheme_id, (int64_t)selection.kind,
              scheme->selection->list_at, scheme->selection->until, SELECTION_FIRST);
    if (selection.kind == SUBSIDY__SELECTION_KIND__BY_LOT)
        return selection_terms(self, scheme->scheme_id, rpc_arena(call), &terms)
                   ? lottery_announce(&self->lottery, &terms, 0, 0, call, &lot)
                   : RPC__REASON__OVERLOADED;
    selections_find(self, scheme->scheme_id, &selection);
    selection_stage(self, &selection, LOTTERY__STAGE__OPEN, call);
    return 0;
}

/* ---- approving ---- */

int selection_refusal(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                      void *call)
{
    struct selection selection;
    int64_t left;
    int reason;

    if (!scheme->selection || !selections_find(self, scheme->scheme_id, &selection))
        return 0;
    reason = selection_counts_refusal(self, scheme, application->member_id, application->amount_fen, rpc_now(call));
    if (reason)
        return reason;
    if (selection.kind != SUBSIDY__SELECTION_KIND__ALL)
        return rpc_now(call) < selection.list_at && selection.stage <= LOTTERY__STAGE__OPEN
                   ? 0
                   : SUBSIDY__REASON__LIST_FIXED;
    left = funding_balance(self, scheme, BUDGET__ACCOUNT__FREE);
    if (application->amount_fen <= left)
        return 0;
    rpc_fact_number(call, "missingFen", application->amount_fen - left);
    return BUDGET__REASON__BUDGET_SHORT;
}

int32_t selection_points_now(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                             void *call)
{
    const Subsidy__FormAnswers *answers;

    if (!scheme->selection || scheme->selection->kind != SUBSIDY__SELECTION_KIND__BY_SCORE)
        return 0;
    answers = application_answers(self, application->id, rpc_arena(call));
    return answers ? form_points(scheme, answers) : 0;
}

int selection_admit(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call)
{
    struct selection selection;
    const Subsidy__FormAnswers *answers;
    struct lot_terms terms;
    struct lot_entry entry;
    int64_t first_seq;

    if (!scheme->selection || !selections_find(self, scheme->scheme_id, &selection))
        return 0;
    if (selection.kind == SUBSIDY__SELECTION_KIND__ALL) {
        selection.n_awards++;
        selection_put(self, &selection);
        return selection_choose(self, scheme, application, 0, (int32_t)selection.n_awards, call);
    }
    store_ask(self->store, selection_sql(self, SELECTION_SQL_FIRST_SEQ), "i", application->id);
    first_seq = store_number(self->store, selection_sql(self, SELECTION_SQL_FIRST_SEQ));
    store_run(self->store, selection_sql(self, SELECTION_SQL_ADD_CANDIDATE), "iiii", scheme->scheme_id, first_seq,
              application->id, -(int64_t)selection_points_now(self, scheme, application, call));
    if (selection.kind != SUBSIDY__SELECTION_KIND__BY_LOT)
        return 0;
    answers = application_answers(self, application->id, rpc_arena(call));
    if (!answers || !selection_terms(self, scheme->scheme_id, rpc_arena(call), &terms))
        return RPC__REASON__OVERLOADED;
    return lottery_enter_for(&self->lottery, &terms, holder_of(&self->holders, application->member_id),
                             form_stratum(scheme, answers), 1 + (uint32_t)form_points(scheme, answers), call, &entry);
}

/* ---- choosing ---- */

void selection_pass(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, int state,
                    int step_kind, int notice_kind, void *call)
{
    const struct application_step step = {.kind = step_kind};

    application_leaves(application, state, 0, rpc_now(call));
    if (state == SUBSIDY__APPLICATION_STATE__APPLICATION_NOT_CHOSEN)
        application_frees(self, application->id);
    application_put(self, application, &step, call);
    if (notice_kind)
        application_tell_her(self, application, scheme, notice_kind, call);
}

/* Until when somebody who is chosen now is shown; 0: not known yet. */
static int64_t shown_until(const Subsidy__Scheme *scheme, int64_t now)
{
    int year;

    if (!scheme->showing || !scheme->showing->working_days)
        return now;
    return cn_working_days_end(now, scheme->showing->working_days, &year);
}

int selection_choose(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                     int32_t stratum, int32_t place, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_CHOSEN};
    int64_t now = rpc_now(call), until = shown_until(scheme, now);
    int reason = selection_counts_refusal(self, scheme, application->member_id, application->amount_fen, now);

    if (!reason)
        reason = funding_move(self, scheme, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__COMMITTED, application->amount_fen,
                              application->id, call);
    if (!reason)
        reason = selection_counts(self, scheme, application, call);
    if (reason)
        return reason;
    store_run(self->store, selection_sql(self, SELECTION_SQL_ADD_AWARD), "iiiii", application->id,
              application->scheme_id, (int64_t)place, until, (int64_t)stratum);
    application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN, until ? until : now + SUBSIDY_DAY_MS,
                       now);
    application_put(self, application, &step, call);
    application_tell_her(self, application, scheme, NOTICE__NOTICE_KIND__SUBSIDY_CHOSEN, call);
    return 0;
}

void selection_shown(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call)
{
    struct award award;
    int reason;

    if (!awards_find(self, application->id, &award))
        return;
    if (!award.shown_until) {
        award.shown_until = shown_until(scheme, application->since);
        store_run(self->store, selection_sql(self, SELECTION_SQL_SET_SHOWN), "ii", application->id, award.shown_until);
    }
    if (!award.shown_until || award.shown_until > rpc_now(call)) {
        application_set_due(self, application, award.shown_until ? award.shown_until : rpc_now(call) + SUBSIDY_DAY_MS);
        return;
    }
    reason = funding_move(self, scheme, BUDGET__ACCOUNT__COMMITTED, BUDGET__ACCOUNT__PAYABLE, application->amount_fen,
                          application->id, call);
    if (!rpc_refuse_if(call, reason))
        selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE,
                       SUBSIDY__STEP_KIND__STEP_SHOWN, 0, call);
}

/* ---- places that become free ---- */

void selection_give_back(struct subsidy *self, const Subsidy__Scheme *scheme, void *call)
{
    const struct budget_line from = funding_line(self, scheme);
    const struct budget_line to = {scheme->funding->fund_id, from.year};

    rpc_refuse_if(call, budget_transfer(&self->budget, &from, &to,
                                        budget_balance(&self->budget, &from, BUDGET__ACCOUNT__FREE), scheme->scheme_id,
                                        call));
}

void selection_frees(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                     void *call)
{
    int from = BUDGET__ACCOUNT__COMMITTED;

    switch (application->state) {
    case SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE:
        from = BUDGET__ACCOUNT__PAYABLE;
        break;
    case SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED:
        break;
    default:
        return;
    }
    rpc_refuse_if(
        call, funding_move(self, scheme, from, BUDGET__ACCOUNT__FREE, application->amount_fen, application->id, call));
    selection_counts_as(self, application, GRANTED__GRANT_STATE__GIVEN_BACK, call);
}

/* Of those who wait in order, the first, if she fits. */
static void next_in_order(struct subsidy *self, const Subsidy__Scheme *scheme, struct selection *selection, void *call)
{
    struct application application;

    do {
        store_ask(self->store, selection_sql(self, SELECTION_SQL_FIRST_WAITING), "i", scheme->scheme_id);
        if (!application_find(self, store_number(self->store, selection_sql(self, SELECTION_SQL_FIRST_WAITING)),
                              &application))
            return;
    } while (selection_is_above(self, scheme, &application, call));
    if (application.amount_fen > funding_balance(self, scheme, BUDGET__ACCOUNT__FREE))
        return;
    selection->n_awards++;
    selection_put(self, selection);
    rpc_refuse_if(call, selection_choose(self, scheme, &application, 0, (int32_t)selection->n_awards, call));
}

void selection_next(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                    void *call)
{
    struct selection selection;
    struct lot_terms terms;
    struct award award;

    if (!scheme->selection || !selections_find(self, scheme->scheme_id, &selection))
        return;
    if (selection.done == 2)
        selection_give_back(self, scheme, call);
    else if (selection_is_ranked(selection.kind) && selection.done == 1 && rpc_now(call) < selection.until)
        next_in_order(self, scheme, &selection, call);
    else if (selection.kind == SUBSIDY__SELECTION_KIND__BY_LOT && awards_find(self, application->id, &award) &&
             selection_terms(self, scheme->scheme_id, rpc_arena(call), &terms))
        lottery_promote(&self->lottery, &terms, award.stratum, call);
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;

    (void)row;
    (void)told;
    if (event->event_case == SUBSIDY__EVENT__EVENT_APPLICATION_CHANGED && event->application_changed->points)
        *part_word(&self->parts, &selections_part, 1, event->application_changed->application_id) =
            event->application_changed->points;
    if (event->event_case == SUBSIDY__EVENT__EVENT_SELECTION_STAGED)
        *part_word(&self->parts, &selections_part, 0, event->selection_staged->scheme_id) =
            (int64_t)event->selection_staged->stage;
    return true;
}

/* What applications come to in states of a scheme is what its line has there. */
#define HAS(account, states, what)                                                                                     \
    {                                                                                                                  \
        "scheme", what,                                                                                                \
            "SELECT scheme_id FROM selection LEFT JOIN (SELECT scheme_id, sum(amount_fen) AS fen FROM application "    \
            "WHERE "                                                                                                   \
            "state IN " states " GROUP BY scheme_id) USING (scheme_id) LEFT JOIN account ON of_id = scheme_id AND "    \
            "account.kind = " account " WHERE coalesce(fen, 0) <> coalesce(balance_fen, 0) LIMIT 1"                    \
    }

static const struct part_stray strays[] = {
    {"application", "was chosen, and has no place",
     "SELECT application_id FROM application WHERE state IN " CHOSEN " AND application_id NOT IN (SELECT "
     "application_id FROM award) LIMIT 1"},
    {"award", "is of another scheme than its application",
     "SELECT application_id FROM award JOIN application USING (application_id) WHERE award.scheme_id <> "
     "application.scheme_id LIMIT 1"},
    {"candidate", "is of another scheme than its application, or was never approved",
     "SELECT application_id FROM candidate LEFT JOIN application USING (application_id) WHERE candidate.scheme_id IS "
     "NOT application.scheme_id OR NOT EXISTS (SELECT 1 FROM application_step s WHERE s.application_id = "
     "candidate.application_id AND kind = 8) LIMIT 1"},
    {"scheme", "is open and names a fund, and has no selection",
     "SELECT scheme_id FROM scheme WHERE state > 1 AND scheme_id IN (SELECT of_id FROM account) AND scheme_id NOT IN "
     "(SELECT scheme_id FROM selection) LIMIT 1"},
    {"scheme", "its applications are not as many, or come to another amount, than is counted",
     "SELECT scheme_id FROM (SELECT scheme_id, state, 1 AS n, amount_fen AS fen FROM application WHERE state > 3 UNION "
     "ALL SELECT scheme_id, state, -n, -fen FROM standing) GROUP BY scheme_id, state HAVING sum(n) <> 0 OR sum(fen) <> "
     "0 LIMIT 1"},
    HAS("3", "(9, 10)", "has not promised what those come to who are shown"),
    HAS("5", "(11)", "has not to pay what those come to who are to be paid"),
    HAS("6", "(12)", "has not ordered what those come to whose payment is under way"),
    HAS("4", "(13)", "has not paid what those come to who are paid"),
    {NULL, NULL, NULL},
};

const struct part_spec selections_part = {
    .tables = "selection candidate award standing",
    .others = "selection.scheme_id selection.stage selection.done selection.filled selection.n_awards "
              "candidate.application_id candidate.behind selection.after_behind award.application_id award.shown_until "
              "award.stratum standing.scheme_id standing.state standing.n standing.fen",
    .steps = &selections_steps,
    .sql = sql,
    .n_sql = SELECTION_N_SQL,
    .opened = selection_serve_draws,
    .tidy = selection_tidy,
    .agrees = agrees,
    .words = {{"selection", "SELECT scheme_id, stage FROM selection ORDER BY scheme_id"},
              {"candidate's points", "SELECT application_id, -behind FROM candidate WHERE behind <> 0 ORDER BY "
                                     "application_id"}},
    .strays = strays,
};
