#include "services/coupon/fund/fund_uses_internal.h"

#include "common/cn/cn_id.h"
#include "services/coupon/api.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"
#include "services/coupon/till/spendings.h"

#define USE "release_id, fund_id, stage, cost_fen, kept_fen, day_fen, from_day, days, journal_seq, due_at"

static const char *const sql[] = {
    [FUND_USES_SQL_ADD] = "INSERT INTO fund_use (" USE ") VALUES (?1, ?2, 0, ?3, 0, ?4, ?5, ?6, 0, 0)",
    [FUND_USES_SQL_FIND] = "SELECT " USE " FROM fund_use WHERE release_id = ?1",
    [FUND_USES_SQL_SET] =
        "UPDATE fund_use SET stage = ?2, cost_fen = ?3, kept_fen = ?4, day_fen = ?5, from_day = ?6, days = ?7, "
        "journal_seq = ?8, due_at = ?9 WHERE release_id = ?1",
    [FUND_USES_SQL_LIST] =
        "SELECT " USE " FROM fund_use WHERE fund_id = ?1 AND release_id < ?2 ORDER BY release_id DESC LIMIT ?3",
    [FUND_USES_SQL_BESIDE] = "SELECT day_fen, from_day, days FROM fund_use WHERE fund_id = ?1 AND stage IN (1, 2) "
                             "AND from_day < ?3 AND from_day + days > ?2 LIMIT ?4",
    [FUND_USES_SQL_COUNT] = "SELECT count(*) FROM fund_use WHERE fund_id = ?1 AND stage IN (1, 2)",
    /* Of ended releases: those that are claimed, to be trimmed; and those whose coupons are all over. */
    [FUND_USES_SQL_ENDED] = "SELECT fund_use.release_id FROM fund_use JOIN release USING (release_id) "
                            "WHERE stage = 1 AND state = 3 AND way IN (0, 3) ORDER BY fund_use.release_id LIMIT 1",
    [FUND_USES_SQL_DUE] =
        "SELECT fund_use.release_id FROM fund_use JOIN release USING (release_id) WHERE stage IN (1, 2) "
        "AND state = 3 AND due_at < ?1 ORDER BY fund_use.release_id LIMIT 1",
    /* How many of its coupons are spent at counters, as is counted with each (numbers.h): one row for each day. */
    [FUND_USES_SQL_REDEEMED] =
        "WITH RECURSIVE days(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM days WHERE d + 1 < (SELECT days "
        "FROM release WHERE release_id = ?1)) SELECT coalesce(sum(n), 0) FROM days JOIN number ON "
        "release_id = ?1 AND day = d AND trade = 0 AND place = '' AND what = -2",
};
_Static_assert(ARRAY_LEN(sql) == FUND_USES_N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned statement, struct fund_use *ret)
{
    return store_read(self->store, statement, INTO(ret->release_id), INTO(ret->fund_id), INTO(ret->stage),
                      INTO(ret->cost_fen), INTO(ret->kept_fen), INTO(ret->day_fen), INTO(ret->from_day),
                      INTO(ret->days), INTO(ret->journal_seq), INTO(ret->due_at));
}

bool fund_use_find(const struct coupon *self, int64_t release_id, struct fund_use *ret)
{
    unsigned statement = self->fund_uses.sql + FUND_USES_SQL_FIND;
    bool found;

    store_ask(self->store, statement, "i", release_id);
    found = next(self, statement, ret);
    store_end(self->store, statement);
    return found;
}

int32_t fund_use_day(const struct fund_use *use)
{
    return cn_day(use->from_day * COUPON_DAY_MS - CHINA_MS);
}

void fund_uses_ask(const struct coupon *self, int64_t fund_id, int64_t before, int limit)
{
    store_ask(self->store, self->fund_uses.sql + FUND_USES_SQL_LIST, "iii", fund_id, before, (int64_t)limit);
}

bool fund_uses_next(const struct coupon *self, struct fund_use *ret)
{
    return next(self, self->fund_uses.sql + FUND_USES_SQL_LIST, ret);
}

void fund_use_keep(struct coupon *self, const struct fund_use *use)
{
    store_run(self->store, self->fund_uses.sql + FUND_USES_SQL_SET, "iiiiiiiii", use->release_id, (int64_t)use->stage,
              use->cost_fen, use->kept_fen, use->day_fen, use->from_day, (int64_t)use->days, use->journal_seq,
              use->due_at);
}

void fund_use_put(struct coupon *self, struct fund_use *use, void *call)
{
    Coupon__FundUseChanged changed = COUPON__FUND_USE_CHANGED__INIT;

    changed.release_id = use->release_id;
    changed.fund_id = use->fund_id;
    changed.cost_fen = use->cost_fen;
    changed.kept_fen = use->kept_fen;
    changed.days = use->days;
    changed.ended = use->stage == FUND_OVER;
    rpc_tell(call, &changed.base);
    use->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    fund_use_keep(self, use);
}

/* ---- what it costs ---- */

int64_t fund_use_due(const struct release *release)
{
    const struct coupon_life life = release_life(release);
    int64_t until = release->opens_at + release->days * COUPON_DAY_MS;

    if (release->closed_at && release->closed_at < until)
        until = release->closed_at;
    return life_until(&life, way_is_claimed(release->way) ? until : until + FUND_LOTS_MS, release->days - 1);
}

void fund_use_reckon(const struct coupon *self, const struct release *release, struct fund_use *use)
{
    struct release_cost cost = release_cost(self, release, 0);

    use->cost_fen = cost.fen;
    use->day_fen = cost.day_fen;
    use->days = cost.days;
    use->from_day = (release->opens_at + CHINA_MS) / COUPON_DAY_MS;
}

/* ---- drafts ---- */

int fund_may_give(const struct coupon *self, int64_t fund_id, const char *union_path, struct fund *ret)
{
    if (!funds_find(self, fund_id, ret) || !union_path_covers(ret->union_path, union_path))
        return COUPON__REASON__FUND_NOT_FOUND;
    if (ret->state != COUPON__FUND_STATE__FUND_OPEN)
        return COUPON__REASON__FUND_NOT_OPEN;
    return ret->terms.for_below || strcmp(ret->union_path, union_path) == 0 ? 0 : COUPON__REASON__FUND_NOT_FOR_BELOW;
}

bool fund_take(struct coupon *self, const Coupon__Funding *funding, const char *union_path, void *call)
{
    struct fund fund;

    return !funding || !rpc_refuse_field_if(call, fund_may_give(self, funding->fund_id, union_path, &fund),
                                            "release.funding.fundId");
}

void fund_note(struct coupon *self, const struct release *release, const Coupon__Funding *funding, void *call)
{
    struct fund_use use;

    (void)call;
    if (!funding)
        return;
    use = (struct fund_use){.release_id = release->id, .fund_id = funding->fund_id};
    fund_use_reckon(self, release, &use);
    store_run(self->store, self->fund_uses.sql + FUND_USES_SQL_ADD, "iiiiii", use.release_id, use.fund_id, use.cost_fen,
              use.day_fen, use.from_day, (int64_t)use.days);
}

Coupon__Funding *fund_of_release(const struct coupon *self, const struct release *release, struct arena *arena)
{
    const struct budget_line line = {release->id, 0};
    Coupon__Funding *message;
    struct fund_use use;

    if (!fund_use_find(self, release->id, &use))
        return NULL;
    message = arena_message(arena, &coupon__funding__descriptor);
    if (!message)
        return NULL;
    message->fund_id = use.fund_id;
    message->cost_fen = use.cost_fen;
    message->committed_fen = budget_balance(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED);
    message->spent_fen = budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT);
    return message;
}

/* ---- what goes back ---- */

/* What a release keeps of its fund from now on: the rest goes back. */
static int keep(struct coupon *self, struct fund_use *use, int64_t fen, void *call)
{
    const struct budget_line line = {use->release_id, 0}, of_fund = {use->fund_id, 0};
    int64_t spent = budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT);
    int64_t back = use->kept_fen - (fen > spent ? fen : spent);
    struct fund fund;
    int reason;

    if (back < 0)
        back = 0;
    reason = budget_post(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED, BUDGET__ACCOUNT__FREE, back, use->release_id,
                         call);
    if (!reason)
        reason = budget_transfer(&self->budget, &line, &of_fund, back, use->release_id, call);
    if (!reason && funds_find(self, use->fund_id, &fund) && fund.state == COUPON__FUND_STATE__FUND_CLOSED)
        reason = budget_post(&self->budget, &of_fund, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__SOURCE, back,
                             use->release_id, call);
    use->kept_fen -= back;
    return reason;
}

/* The days on which it gave nothing any more are free for others. */
static void cut_days(const struct release *release, struct fund_use *use)
{
    int64_t days = (release->closed_at + CHINA_MS) / COUPON_DAY_MS - use->from_day + 1;

    if (days < use->days)
        use->days = days > 0 ? (int32_t)days : 0;
}

static int trim(struct coupon *self, struct fund_use *use, void *call)
{
    const struct release *release = release_look_up(self, use->release_id, rpc_arena(call));
    int reason;

    if (!release)
        return 0;
    reason = keep(self, use, release->granted * release->face_fen, call);
    cut_days(release, use);
    use->due_at = fund_use_due(release);
    use->stage = FUND_TRIMMED;
    return reason;
}

static int keep_redeemed(struct coupon *self, struct fund_use *use, void *call)
{
    unsigned statement = self->fund_uses.sql + FUND_USES_SQL_REDEEMED;
    const struct terms *terms = terms_find(self, use->release_id);
    int64_t n;

    if (!terms)
        return RPC__REASON__STORE_FAILED;
    store_ask(self->store, statement, "i", use->release_id);
    n = store_number(self->store, statement) + number_redeemed_unwritten(self, use->release_id);
    return keep(self, use, terms->at_counters ? n * terms_union_fen(terms) : 0, call);
}

static int end(struct coupon *self, struct fund_use *use, void *call)
{
    use->stage = FUND_OVER;
    return keep_redeemed(self, use, call);
}

/* What a release has not got of an amount; not above 0: it has all. */
static int64_t missing_of(const struct coupon *self, const struct fund_use *use, int64_t fen)
{
    const struct budget_line line = {use->release_id, 0};

    return fen - budget_balance(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED) -
           budget_balance(&self->budget, &line, BUDGET__ACCOUNT__FREE);
}

/* Whether a release may take so much of its fund again: no more than was promised at first. */
static bool may_take_again(const struct fund_use *use, int64_t missing)
{
    return use->stage >= FUND_TRIMMED && use->kept_fen + missing <= use->cost_fen;
}

bool fund_can_spend_late(const struct coupon *self, int64_t release_id, int64_t fen)
{
    struct fund_use use;
    int64_t missing;

    if (!fund_use_find(self, release_id, &use))
        return true;
    missing = missing_of(self, &use, fen);
    return missing <= 0 || (may_take_again(&use, missing) && missing <= fund_free(self, use.fund_id));
}

/* What went back to the fund is taken again, for what was used and told later. */
static int take_again(struct coupon *self, struct fund_use *use, int64_t fen, void *call)
{
    const struct budget_line line = {use->release_id, 0}, of_fund = {use->fund_id, 0};
    int64_t missing = missing_of(self, use, fen);
    int reason;

    if (!may_take_again(use, missing))
        return BUDGET__REASON__BUDGET_SHORT;
    reason = budget_transfer(&self->budget, &of_fund, &line, missing, use->release_id, call);
    if (reason)
        return reason;
    use->kept_fen += missing;
    fund_use_put(self, use, call);
    return 0;
}

int fund_spend(struct coupon *self, int64_t release_id, int64_t fen, int64_t cause_id, void *call)
{
    const struct budget_line line = {release_id, 0};
    struct fund_use use;
    int reason;

    if (!fund_use_find(self, release_id, &use))
        return 0;
    reason = budget_spend(&self->budget, &line, fen, cause_id, call);
    if (reason || fen >= 0 || use.stage != FUND_OVER)
        return reason;
    reason = keep_redeemed(self, &use, call);
    fund_use_put(self, &use, call);
    return reason;
}

int fund_spend_late(struct coupon *self, int64_t release_id, int64_t fen, int64_t cause_id, void *call)
{
    struct fund_use use;
    int reason = fund_spend(self, release_id, fen, cause_id, call);

    if (reason != BUDGET__REASON__BUDGET_SHORT || !fund_use_find(self, release_id, &use))
        return reason;
    reason = take_again(self, &use, fen, call);
    return reason ? reason : fund_spend(self, release_id, fen, cause_id, call);
}

static bool find_due(struct coupon *self, unsigned statement, int64_t before, struct fund_use *ret)
{
    int64_t release_id = 0;

    if (before)
        store_ask(self->store, self->fund_uses.sql + statement, "i", before);
    else
        store_ask(self->store, self->fund_uses.sql + statement, "");
    release_id = store_number(self->store, self->fund_uses.sql + statement);
    return release_id && fund_use_find(self, release_id, ret);
}

static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct fund_use use;
    int reason;

    if (find_due(self, FUND_USES_SQL_ENDED, 0, &use))
        reason = trim(self, &use, call);
    else if (find_due(self, FUND_USES_SQL_DUE, rpc_now(call) - FUND_LATE_MS, &use))
        reason = end(self, &use, call);
    else
        return false;
    if (!rpc_refuse_if(call, reason))
        fund_use_put(self, &use, call);
    return true;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__FundUseChanged *changed = event->fund_use_changed;
    struct fund_use use;

    if (event->event_case != COUPON__EVENT__EVENT_FUND_USE_CHANGED)
        return true;
    if (!fund_use_find(self, changed->release_id, &use) || use.journal_seq < row->seq)
        return false;
    told[0] += use.journal_seq == row->seq;
    return use.fund_id == changed->fund_id && use.cost_fen >= changed->cost_fen &&
           (use.journal_seq > row->seq || (use.cost_fen == changed->cost_fen && use.kept_fen == changed->kept_fen &&
                                           use.days == changed->days && (use.stage == FUND_OVER) == !!changed->ended));
}

#define BALANCES                                                                                                       \
    "coalesce((SELECT sum(balance_fen) FROM account WHERE of_id = fund_use.release_id AND year = 0 AND kind IN (3, "   \
    "4)), 0)"

static const struct part_stray strays[] = {
    {"release", "has not of its fund what was promised",
     "SELECT release_id FROM fund_use WHERE stage < 3 AND kept_fen <> " BALANCES " LIMIT 1"},
    {"release", "is published, and nothing was promised for it",
     "SELECT release_id FROM fund_use JOIN release USING (release_id) WHERE stage = 0 AND state IN (1, 2) LIMIT 1"},
    {"release", "has granted more than its fund has for it",
     "SELECT release_id FROM fund_use JOIN release USING (release_id) WHERE stage = 2 AND way IN (0, 3) AND kept_fen < "
     "(SELECT count(*) FROM claim LEFT JOIN claim_ended USING (coupon_id) WHERE claim.release_id = release.release_id "
     "AND coalesce(withdrawn, 0) = 0) * face_fen LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec fund_uses_part = {
    .tables = "fund_use",
    .others = "fund_use.stage",
    .steps = &fund_uses_steps,
    .sql = sql,
    .n_sql = FUND_USES_N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"releases with a fund", "SELECT count(*) FROM fund_use WHERE journal_seq > 0"}},
    .strays = strays,
};
