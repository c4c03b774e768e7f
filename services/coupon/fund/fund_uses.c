#include "services/coupon/fund/fund_uses.h"

#include "common/cn/cn_id.h"
#include "services/coupon/api.h"
#include "services/coupon/rules.h"
#include "services/coupon/till/spendings.h"

#define USE      "release_id, fund_id, stage, cost_fen, kept_fen, day_fen, from_day, days, journal_seq, due_at"
#define CHINA_MS (INT64_C(8) * 3600000)

enum { SQL_ADD, SQL_FIND, SQL_SET, SQL_LIST, SQL_BESIDE, SQL_COUNT, SQL_ENDED, SQL_DUE, SQL_REDEEMED, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO fund_use (" USE ") VALUES (?1, ?2, 0, ?3, 0, ?4, ?5, ?6, 0, 0)",
    [SQL_FIND] = "SELECT " USE " FROM fund_use WHERE release_id = ?1",
    [SQL_SET] = "UPDATE fund_use SET stage = ?2, cost_fen = ?3, kept_fen = ?4, day_fen = ?5, from_day = ?6, days = ?7, "
                "journal_seq = ?8, due_at = ?9 WHERE release_id = ?1",
    [SQL_LIST] =
        "SELECT " USE " FROM fund_use WHERE fund_id = ?1 AND release_id < ?2 ORDER BY release_id DESC LIMIT ?3",
    [SQL_BESIDE] = "SELECT day_fen, from_day, days FROM fund_use WHERE fund_id = ?1 AND stage IN (1, 2) "
                   "AND from_day < ?3 AND from_day + days > ?2 LIMIT ?4",
    [SQL_COUNT] = "SELECT count(*) FROM fund_use WHERE fund_id = ?1 AND stage IN (1, 2)",
    /* Of ended releases: those that are claimed, to be trimmed; and those whose coupons are all over. */
    [SQL_ENDED] = "SELECT fund_use.release_id FROM fund_use JOIN release USING (release_id) "
                  "WHERE stage = 1 AND state = 3 AND way IN (0, 3) ORDER BY fund_use.release_id LIMIT 1",
    [SQL_DUE] = "SELECT fund_use.release_id FROM fund_use JOIN release USING (release_id) WHERE stage IN (1, 2) "
                "AND state = 3 AND due_at < ?1 ORDER BY fund_use.release_id LIMIT 1",
    /* How many of its coupons are spent at counters, as is counted with each (numbers.h): a row for each of its days. */
    [SQL_REDEEMED] = "WITH RECURSIVE days(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM days WHERE d + 1 < (SELECT days "
                     "FROM release WHERE release_id = ?1)) SELECT coalesce(sum(n), 0) FROM days JOIN number ON "
                     "release_id = ?1 AND day = d AND trade = 0 AND place = '' AND what = -2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned statement, struct fund_use *ret)
{
    return store_read(self->store, statement, INTO(ret->release_id), INTO(ret->fund_id), INTO(ret->stage),
                      INTO(ret->cost_fen), INTO(ret->kept_fen), INTO(ret->day_fen), INTO(ret->from_day),
                      INTO(ret->days), INTO(ret->journal_seq), INTO(ret->due_at));
}

bool fund_use_find(const struct coupon *self, int64_t release_id, struct fund_use *ret)
{
    unsigned statement = self->fund_uses.sql + SQL_FIND;
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
    store_ask(self->store, self->fund_uses.sql + SQL_LIST, "iii", fund_id, before, (int64_t)limit);
}

bool fund_uses_next(const struct coupon *self, struct fund_use *ret)
{
    return next(self, self->fund_uses.sql + SQL_LIST, ret);
}

/* Tells what has become of it, and keeps it. */
static void put(struct coupon *self, struct fund_use *use, void *call)
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
    store_run(self->store, self->fund_uses.sql + SQL_SET, "iiiiiiiii", use->release_id, (int64_t)use->stage,
              use->cost_fen, use->kept_fen, use->day_fen, use->from_day, (int64_t)use->days, use->journal_seq,
              use->due_at);
}

/* ---- what it costs ---- */

/* Whose stock is of all days together. */
static bool has_one_stock(const struct release *release)
{
    return release->way == COUPON__WAY__ENTITLED || release->way == COUPON__WAY__TICKETS;
}

int64_t release_cost(const struct release *release, int64_t *ret_day_fen)
{
    *ret_day_fen = release->face_fen * release->stock_per_day;
    return has_one_stock(release) ? *ret_day_fen : *ret_day_fen * release->days;
}

/* When none of its coupons is good any more: of those that it gives until its days are over, or it was ended before. */
static int64_t due_of(const struct release *release)
{
    const struct coupon_life life = release_life(release);
    int64_t until = release->opens_at + release->days * COUPON_DAY_MS;

    if (release->closed_at && release->closed_at < until)
        until = release->closed_at;
    return life_until(&life, way_is_claimed(release->way) ? until : until + FUND_LOTS_MS, release->days - 1);
}

static struct fund_use use_of(const struct release *release, int64_t fund_id)
{
    struct fund_use use = {.release_id = release->id, .fund_id = fund_id};

    use.cost_fen = release_cost(release, &use.day_fen);
    use.from_day = (release->opens_at + CHINA_MS) / COUPON_DAY_MS;
    use.days = has_one_stock(release) ? 1 : release->days;
    return use;
}

/* ---- drafts ---- */

static int may_give_of(const struct coupon *self, int64_t fund_id, const char *union_path, struct fund *ret)
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

    return !funding ||
           !rpc_refuse_field_if(call, may_give_of(self, funding->fund_id, union_path, &fund), "release.funding.fundId");
}

void fund_note(struct coupon *self, const struct release *release, const Coupon__Funding *funding, void *call)
{
    struct fund_use use;

    (void)call;
    if (!funding)
        return;
    use = use_of(release, funding->fund_id);
    store_run(self->store, self->fund_uses.sql + SQL_ADD, "iiiiii", use.release_id, use.fund_id, use.cost_fen,
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

/* ---- publishing ---- */

struct span {
    int64_t day_fen, from_day;
    int32_t days;
};

static bool covers(const struct span *span, int64_t day)
{
    return span->from_day <= day && day < span->from_day + span->days;
}

/* The first day on which spans come to more than an amount; 0: none. What they come to is greatest where one begins. */
static int64_t day_above(const struct span *spans, size_t n, const struct fund_use *use, int64_t most)
{
    int64_t found = 0;

    for (size_t i = 0; i <= n; i++) {
        int64_t day = i < n && spans[i].from_day > use->from_day ? spans[i].from_day : use->from_day;
        int64_t sum = use->day_fen;

        for (size_t k = 0; k < n; k++) {
            if (covers(&spans[k], day) && __builtin_add_overflow(sum, spans[k].day_fen, &sum))
                sum = INT64_MAX;
        }
        if (sum > most && (!found || day < found))
            found = day;
    }
    return found;
}

static int day_refusal(const struct coupon *self, const struct fund *fund, const struct fund_use *use, void *call)
{
    unsigned statement = self->fund_uses.sql + SQL_BESIDE;
    struct span *spans = arena_alloc(rpc_arena(call), FUND_USES_MAX * sizeof(*spans));
    int64_t day;
    size_t n = 0;

    if (!fund->terms.day_fen)
        return 0;
    if (!spans)
        return RPC__REASON__OVERLOADED;
    store_ask(self->store, statement, "iiii", fund->id, use->from_day, use->from_day + use->days,
              (int64_t)FUND_USES_MAX);
    while (n < FUND_USES_MAX &&
           store_read(self->store, statement, INTO(spans[n].day_fen), INTO(spans[n].from_day), INTO(spans[n].days)))
        n++;
    store_end(self->store, statement);
    day = day_above(spans, n, use, fund->terms.day_fen);
    if (!day)
        return 0;
    rpc_fact_time(call, "day", day * COUPON_DAY_MS - CHINA_MS);
    rpc_fact_number(call, "maximum", fund->terms.day_fen);
    return COUPON__REASON__FUND_DAY_CEILING;
}

static int refusal(struct coupon *self, const struct release *release, const struct fund_use *use, void *call)
{
    struct fund fund;
    int reason = may_give_of(self, use->fund_id, release->union_path, &fund);
    int64_t missing;

    if (reason)
        return reason;
    store_ask(self->store, self->fund_uses.sql + SQL_COUNT, "i", use->fund_id);
    if (store_number(self->store, self->fund_uses.sql + SQL_COUNT) >= FUND_USES_MAX) {
        rpc_fact_number(call, "maximum", FUND_USES_MAX);
        return COUPON__REASON__FUND_IN_USE;
    }
    missing = use->cost_fen - fund_free(self, use->fund_id);
    if (missing <= 0)
        return day_refusal(self, &fund, use, call);
    rpc_fact_number(call, "missingFen", missing);
    return BUDGET__REASON__BUDGET_SHORT;
}

int fund_refusal(struct coupon *self, const struct release *release, void *call)
{
    struct fund_use use;

    return fund_use_find(self, release->id, &use) && use.stage == FUND_DRAFTED ? refusal(self, release, &use, call) : 0;
}

int fund_commit(struct coupon *self, const struct release *release, void *call)
{
    const struct budget_line line = {release->id, 0};
    struct budget_line fund;
    struct fund_use use;
    int reason;

    if (!fund_use_find(self, release->id, &use) || use.stage != FUND_DRAFTED)
        return 0;
    fund = (struct budget_line){use.fund_id, 0};
    reason = refusal(self, release, &use, call);
    if (!reason)
        reason = budget_transfer(&self->budget, &fund, &line, use.cost_fen, release->id, call);
    if (!reason)
        reason = budget_commit_to(&self->budget, &line, use.cost_fen, release->id, call);
    if (reason)
        return reason;
    use.stage = FUND_PROMISED;
    use.kept_fen = use.cost_fen;
    use.due_at = due_of(release);
    put(self, &use, call);
    return 0;
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
    use->due_at = due_of(release);
    use->stage = FUND_TRIMMED;
    return reason;
}

static int keep_redeemed(struct coupon *self, struct fund_use *use, void *call)
{
    unsigned statement = self->fund_uses.sql + SQL_REDEEMED;
    const struct terms *terms = terms_find(self, use->release_id);

    if (!terms)
        return RPC__REASON__STORE_FAILED;
    store_ask(self->store, statement, "i", use->release_id);
    return keep(self, use, terms->at_counters ? store_number(self->store, statement) * terms_union_fen(terms) : 0, call);
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
    put(self, use, call);
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
    put(self, &use, call);
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

    if (find_due(self, SQL_ENDED, 0, &use))
        reason = trim(self, &use, call);
    else if (find_due(self, SQL_DUE, rpc_now(call) - FUND_LATE_MS, &use))
        reason = end(self, &use, call);
    else
        return false;
    if (!rpc_refuse_if(call, reason))
        put(self, &use, call);
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
    return use.fund_id == changed->fund_id && use.cost_fen == changed->cost_fen &&
           (use.journal_seq > row->seq || (use.kept_fen == changed->kept_fen && use.days == changed->days &&
                                           (use.stage == FUND_OVER) == !!changed->ended));
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
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"releases with a fund", "SELECT count(*) FROM fund_use WHERE journal_seq > 0"}},
    .strays = strays,
};
