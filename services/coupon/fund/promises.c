/* promises.c: what is promised of funds, to what is published and to what is imported later. */
#include "services/coupon/fund/fund_uses_internal.h"

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
    unsigned statement = self->fund_uses.sql + FUND_USES_SQL_BESIDE;
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

/* Why its fund cannot promise so much more: on one day use->day_fen beside what it has promised. */
static int more_refusal(struct coupon *self, const struct release *release, const struct fund_use *use, int64_t fen,
                        void *call)
{
    struct fund fund;
    int reason = fund_may_give(self, use->fund_id, release->union_path, &fund);
    int64_t missing;

    if (reason)
        return reason;
    missing = fen - fund_free(self, use->fund_id);
    if (missing <= 0)
        return day_refusal(self, &fund, use, call);
    rpc_fact_number(call, "missingFen", missing);
    return BUDGET__REASON__BUDGET_SHORT;
}

static int refusal(struct coupon *self, const struct release *release, const struct fund_use *use, void *call)
{
    store_ask(self->store, self->fund_uses.sql + FUND_USES_SQL_COUNT, "i", use->fund_id);
    if (store_number(self->store, self->fund_uses.sql + FUND_USES_SQL_COUNT) < FUND_USES_MAX)
        return more_refusal(self, release, use, use->cost_fen, call);
    rpc_fact_number(call, "maximum", FUND_USES_MAX);
    return COUPON__REASON__FUND_IN_USE;
}

/* Of a draft whose fund is to promise its cost, as that is now. */
static bool find_draft(struct coupon *self, const struct release *release, struct fund_use *ret)
{
    if (!fund_use_find(self, release->id, ret) || ret->stage != FUND_DRAFTED)
        return false;
    fund_use_reckon(self, release, ret);
    return true;
}

int fund_refusal(struct coupon *self, const struct release *release, void *call)
{
    struct fund_use use;

    return find_draft(self, release, &use) ? refusal(self, release, &use, call) : 0;
}

static int promise(struct coupon *self, const struct fund_use *use, int64_t fen, void *call)
{
    const struct budget_line line = {use->release_id, 0}, fund = {use->fund_id, 0};
    int reason = budget_transfer(&self->budget, &fund, &line, fen, use->release_id, call);

    return reason ? reason
                  : budget_post(&self->budget, &line, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__COMMITTED, fen,
                                use->release_id, call);
}

int fund_commit(struct coupon *self, const struct release *release, void *call)
{
    struct fund_use use;
    int reason;

    if (!find_draft(self, release, &use))
        return 0;
    reason = refusal(self, release, &use, call);
    if (!reason)
        reason = promise(self, &use, use.cost_fen, call);
    if (reason)
        return reason;
    use.stage = FUND_PROMISED;
    use.kept_fen = use.cost_fen;
    use.due_at = fund_use_due(release);
    fund_use_put(self, &use, call);
    return 0;
}

/* What a release that its fund pays for costs more, with so many more codes, than was promised to it; on a day too. */
static bool grows(const struct coupon *self, const struct release *release, int64_t more_codes, struct fund_use *ret,
                  struct fund_use *ret_more)
{
    struct release_cost cost = release_cost(self, release, more_codes);

    if (!fund_use_find(self, release->id, ret) || ret->stage != FUND_PROMISED || cost.fen <= ret->cost_fen)
        return false;
    *ret_more = *ret;
    ret_more->cost_fen = cost.fen - ret->cost_fen;
    ret_more->day_fen = cost.day_fen > ret->day_fen ? cost.day_fen - ret->day_fen : 0;
    return true;
}

int fund_more_refusal(struct coupon *self, const struct release *release, int64_t more_codes, void *call)
{
    struct fund_use use, more;

    return grows(self, release, more_codes, &use, &more) ? more_refusal(self, release, &more, more.cost_fen, call) : 0;
}

int fund_grow(struct coupon *self, const struct release *release, void *call)
{
    struct fund_use use, more;
    int reason;

    if (find_draft(self, release, &use))
        fund_use_keep(self, &use);
    if (!grows(self, release, 0, &use, &more))
        return 0;
    reason = more_refusal(self, release, &more, more.cost_fen, call);
    if (!reason)
        reason = promise(self, &use, more.cost_fen, call);
    if (reason)
        return reason;
    use.cost_fen += more.cost_fen;
    use.kept_fen += more.cost_fen;
    use.day_fen += more.day_fen;
    fund_use_put(self, &use, call);
    return 0;
}
