#include "services/coupon/settlement/settlements.h"

#include "common/cn/cn_id.h"
#include "services/coupon/fund/fund_uses.h"

#define PERIOD "period_id, merchant_id, from_day, until_day"

enum {
    SQL_PERIOD_ADD,
    SQL_PERIOD_FIND,
    SQL_PERIOD_OF,
    SQL_OF_MERCHANT,
    SQL_OF_UNION,
    SQL_INVOICES,
    SQL_DUE,
    SQL_UNDONE,
    SQL_OWED,
    SQL_STAND,
    SQL_SETTLED,
    SQL_SHARES,
    SQL_RELEASES,
    SQL_CAPPED,
    SQL_MONTHS,
    SQL_COUNT_UNDONE,
    N_SQL
};

#define OF_PERIOD "statement JOIN settlement_period ON period_id = for_id "
#define UNDONE                                                                                                         \
    "FROM redemption JOIN statement ON statement_id = settled WHERE merchant_id = ?1 AND redemption.state = 3 AND "    \
    "settled > 0 AND statement.state = 2 "

static const char *const sql[] = {
    [SQL_PERIOD_ADD] = "INSERT INTO settlement_period (" PERIOD ") VALUES (?1, ?2, ?3, ?4)",
    [SQL_PERIOD_FIND] = "SELECT " PERIOD " FROM settlement_period WHERE period_id = ?1",
    [SQL_PERIOD_OF] =
        "SELECT " PERIOD " FROM settlement_period WHERE merchant_id = ?1 AND from_day = ?2 AND until_day = ?3",
    [SQL_OF_MERCHANT] =
        "SELECT statement_id FROM " OF_PERIOD "WHERE merchant_id = ?1 AND statement_id < ?2 AND " RPC_PAGE_STATES(
            "?3", "state") " ORDER BY statement_id DESC LIMIT ?4",
    [SQL_OF_UNION] =
        "SELECT statement_id FROM " OF_PERIOD
        "JOIN merchant USING (merchant_id) WHERE substr(union_path, 1, length(?1)) = ?1 AND "
        "statement_id < ?2 AND " RPC_PAGE_STATES("?3", "statement.state") " ORDER BY statement_id DESC LIMIT ?4",
    [SQL_INVOICES] =
        "SELECT invoice_id FROM invoice JOIN statement USING (statement_id) JOIN settlement_period ON period_id = "
        "for_id JOIN merchant USING (merchant_id) WHERE substr(union_path, 1, length(?1)) = ?1 AND "
        "invoice_id < ?2 AND " RPC_PAGE_STATES("?3", "invoice.state") " ORDER BY invoice_id DESC LIMIT ?4",
    [SQL_DUE] = "SELECT redemption_id, union_fen, journal_seq FROM redemption WHERE merchant_id = ?1 AND at >= ?2 AND "
                "at < ?3 AND state = 2 AND settled = 0 ORDER BY at, redemption_id LIMIT ?4",
    [SQL_UNDONE] = "SELECT redemption_id, redemption.journal_seq, settled " UNDONE "ORDER BY redemption_id LIMIT ?2",
    [SQL_OWED] =
        "SELECT CASE state WHEN 2 THEN merchant_id ELSE 0 END, journal_seq FROM redemption WHERE redemption_id = ?1",
    [SQL_STAND] = "UPDATE redemption SET settled = ?2 WHERE redemption_id = ?1",
    [SQL_SETTLED] =
        "SELECT redemption.fen, redemption.release_id, sale_id, branch_id, redemption.at, coalesce(fund.fund_id, 0), "
        "coalesce(source, 0) FROM redemption JOIN sale USING (sale_id) LEFT JOIN fund_use ON fund_use.release_id = "
        "redemption.release_id LEFT JOIN fund USING (fund_id) WHERE redemption_id = ?1",
    [SQL_SHARES] =
        "SELECT coalesce(fund_id, 0), sum(l.fen), sum(CASE kind WHEN 1 THEN r.fen ELSE -r.fen END) FROM "
        "statement_line l JOIN redemption r ON redemption_id = thing_id LEFT JOIN fund_use USING (release_id) "
        "WHERE l.statement_id = ?1 GROUP BY 1 ORDER BY 1",
    [SQL_RELEASES] = "SELECT release_id, sum(l.fen) FROM statement_line l JOIN redemption ON redemption_id = thing_id "
                     "WHERE l.statement_id = ?1 GROUP BY 1 ORDER BY 1 LIMIT ?2",
    [SQL_CAPPED] = "SELECT coupon_id, redemption.member_id FROM statement_line JOIN redemption ON redemption_id = "
                   "thing_id JOIN granted ON source_id = coupon_id WHERE statement_id = ?1 AND kind = 1 AND "
                   "ceiling_key <> 0 ORDER BY line LIMIT ?2",
    [SQL_MONTHS] = "SELECT CAST(strftime('%Y%m', at / 1000 + 28800, 'unixepoch') AS INTEGER), count(*), sum(union_fen) "
                   "FROM redemption WHERE merchant_id = ?1 AND state = 2 AND settled = 0 GROUP BY 1 ORDER BY 1",
    [SQL_COUNT_UNDONE] = "SELECT count(*) " UNDONE,
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- what is settled ---- */

static bool owed(void *arg, int64_t redemption_id, int64_t *ret_merchant_id, int64_t *ret_seq)
{
    struct coupon *self = arg;

    store_ask(self->store, self->settlements.sql + SQL_OWED, "i", redemption_id);
    return store_only(self->store, self->settlements.sql + SQL_OWED, INTO(*ret_merchant_id), INTO(*ret_seq));
}

static void stands(void *arg, int64_t redemption_id, int64_t statement_id, int64_t merchant_id)
{
    struct coupon *self = arg;

    (void)merchant_id; /* a redemption is of one merchant for ever */
    store_run(self->store, self->settlements.sql + SQL_STAND, "ii", redemption_id, statement_id);
}

/* When and where, of what release, and who bears it: the union, the merchant, as whose money. */
static size_t csv_more(void *arg, const struct statement_line *line, char to[SETTLEMENT_CSV_MORE])
{
    static const char *const sources[] = {
        [COUPON__FUND_SOURCE__FUND_SOURCE_NONE] = "未列资金", [COUPON__FUND_SOURCE__DUES] = "工会经费",
        [COUPON__FUND_SOURCE__FINANCE] = "财政资金",          [COUPON__FUND_SOURCE__BANK] = "银行资金",
        [COUPON__FUND_SOURCE__MERCHANT] = "商户资金",         [COUPON__FUND_SOURCE__DONATION] = "捐赠资金",
    };
    struct settled settled = {0};
    char discount[32], own[32];
    int64_t fen;

    settled_find(arg, line->thing_id, &settled);
    fen = line->kind == SETTLEMENT__LINE_KIND__DUE ? settled.discount_fen : -settled.discount_fen;
    statement_print_yuan(discount, sizeof(discount), fen);
    statement_print_yuan(own, sizeof(own), fen - line->fen);
    return (size_t)snprintf(
        to, SETTLEMENT_CSV_MORE, ",%d,%lld,%lld,%lld,%s,%s,%s,%lld", cn_day(settled.at), (long long)settled.branch_id,
        (long long)settled.sale_id, (long long)settled.release_id, discount, own,
        (size_t)settled.source < ARRAY_LEN(sources) ? sources[settled.source] : sources[0], (long long)settled.fund_id);
}

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

const struct settlement_kind settlements_kind = {
    .deed = "settlement",
    .roles = offices,
    .reasons =
        {
            .nothing = COUPON__REASON__NOTHING_REDEEMED,
            .decided = SETTLEMENT__REASON__SETTLEMENT_DECIDED,
            .stale = COUPON__REASON__REDEMPTIONS_CHANGED,
            .superseded = COUPON__REASON__CORRECTED_ELSEWHERE,
        },
    .csv_head = "结算单号,行号,核销号,类别,应付(元),日志序号,日志哈希,消费日期,门店号,消费号,发放号,优惠(元),商户承担("
                "元),资金来源,资金号",
    .csv_due = "核销",
    .csv_correction = "冲正",
    .file_name = "coupon-settlement",
    .csv_more = csv_more,
    .owed = owed,
    .stands = stands,
};

/* ---- asking ---- */

static bool read_period(const struct coupon *self, unsigned statement, struct settlement_period *ret)
{
    return store_only(self->store, self->settlements.sql + statement, INTO(ret->id), INTO(ret->merchant_id),
                      INTO(ret->from_day), INTO(ret->until_day));
}

bool settlement_periods_find(const struct coupon *self, int64_t period_id, struct settlement_period *ret)
{
    store_ask(self->store, self->settlements.sql + SQL_PERIOD_FIND, "i", period_id);
    return read_period(self, SQL_PERIOD_FIND, ret);
}

size_t settlements_list(const struct coupon *self, int64_t merchant_id, const char *path, int64_t before,
                        int64_t states, int64_t *ret, size_t size)
{
    unsigned statement = self->settlements.sql + (merchant_id ? SQL_OF_MERCHANT : SQL_OF_UNION);
    size_t n = 0;

    if (merchant_id)
        store_ask(self->store, statement, "iiii", merchant_id, before, states, (int64_t)size);
    else
        store_ask(self->store, statement, "tiii", path, before, states, (int64_t)size);
    while (n < size && store_read(self->store, statement, INTO(ret[n])))
        n++;
    store_end(self->store, statement);
    return n;
}

size_t settlements_list_invoices(const struct coupon *self, const char *path, int64_t before, int64_t states,
                                 int64_t *ret, size_t size)
{
    unsigned statement = self->settlements.sql + SQL_INVOICES;
    size_t n = 0;

    store_ask(self->store, statement, "tiii", path, before, states, (int64_t)size);
    while (n < size && store_read(self->store, statement, INTO(ret[n])))
        n++;
    store_end(self->store, statement);
    return n;
}

bool settled_find(const struct coupon *self, int64_t redemption_id, struct settled *ret)
{
    store_ask(self->store, self->settlements.sql + SQL_SETTLED, "i", redemption_id);
    return store_only(self->store, self->settlements.sql + SQL_SETTLED, INTO(ret->discount_fen), INTO(ret->release_id),
                      INTO(ret->sale_id), INTO(ret->branch_id), INTO(ret->at), INTO(ret->fund_id), INTO(ret->source));
}

void settlement_shares_ask(const struct coupon *self, int64_t statement_id)
{
    store_ask(self->store, self->settlements.sql + SQL_SHARES, "i", statement_id);
}

bool settlement_shares_next(const struct coupon *self, struct settlement_share *ret)
{
    return store_read(self->store, self->settlements.sql + SQL_SHARES, INTO(ret->fund_id), INTO(ret->fen),
                      INTO(ret->discount_fen));
}

void settlement_due_ask(const struct coupon *self, int64_t merchant_id)
{
    store_ask(self->store, self->settlements.sql + SQL_MONTHS, "i", merchant_id);
}

bool settlement_due_next(const struct coupon *self, int32_t *ret_month, int32_t *ret_n, int64_t *ret_fen)
{
    return store_read(self->store, self->settlements.sql + SQL_MONTHS, INTO(*ret_month), INTO(*ret_n), INTO(*ret_fen));
}

int32_t settlement_undone(const struct coupon *self, int64_t merchant_id)
{
    store_ask(self->store, self->settlements.sql + SQL_COUNT_UNDONE, "i", merchant_id);
    return (int32_t)store_number(self->store, self->settlements.sql + SQL_COUNT_UNDONE);
}

/* ---- preparing ---- */

/* When its days begin and are over; false when they are none that are settled. */
static bool read_days(const struct settlement_period *period, int64_t now, int64_t *ret_from, int64_t *ret_until)
{
    if (period->from_day > period->until_day || !cn_day_begin(period->from_day, ret_from) ||
        !cn_day_begin(period->until_day, ret_until) || *ret_until > now)
        return false;
    *ret_until += COUPON_DAY_MS;
    return true;
}

/* Finds the period of its days, or makes it. */
static void find_or_make(struct coupon *self, struct settlement_period *period, void *call)
{
    Coupon__SettlementPeriodMade made = COUPON__SETTLEMENT_PERIOD_MADE__INIT;

    store_ask(self->store, self->settlements.sql + SQL_PERIOD_OF, "iii", period->merchant_id, (int64_t)period->from_day,
              (int64_t)period->until_day);
    if (read_period(self, SQL_PERIOD_OF, period))
        return;
    period->id = id_next(&self->ids, rpc_now(call));
    store_run(self->store, self->settlements.sql + SQL_PERIOD_ADD, "iiii", period->id, period->merchant_id,
              (int64_t)period->from_day, (int64_t)period->until_day);
    made.period_id = period->id;
    made.merchant_id = period->merchant_id;
    made.from_day = period->from_day;
    made.until_day = period->until_day;
    rpc_tell(call, &made.base);
}

/* What is to be settled: what was undone first, then what was spent from an instant until before another. Their
 * number. */
static int gather(struct coupon *self, int64_t merchant_id, int64_t from, int64_t until, struct statement_line *lines)
{
    unsigned undone = self->settlements.sql + SQL_UNDONE, due = self->settlements.sql + SQL_DUE;
    struct statement_line line = {.kind = SETTLEMENT__LINE_KIND__CORRECTION};
    int n = 0;

    store_ask(self->store, undone, "ii", merchant_id, (int64_t)SETTLEMENT_LINES_MAX);
    while (store_read(self->store, undone, INTO(line.thing_id), INTO(line.seq), INTO(line.corrects)))
        lines[n++] = line;
    line = (struct statement_line){.kind = SETTLEMENT__LINE_KIND__DUE};
    store_ask(self->store, due, "iiii", merchant_id, from, until, (int64_t)(SETTLEMENT_LINES_MAX - n));
    while (store_read(self->store, due, INTO(line.thing_id), INTO(line.fen), INTO(line.seq)))
        lines[n++] = line;
    return n;
}

int settlement_prepare(struct coupon *self, const struct merchant *merchant, int32_t from_day, int32_t until_day,
                       void *call, struct statement *ret, bool *ret_made)
{
    struct statement_line *lines = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*lines));
    struct settlement_period period = {.merchant_id = merchant->id, .from_day = from_day, .until_day = until_day};
    int64_t from, until;

    if (!lines)
        return RPC__REASON__OVERLOADED;
    if (!read_days(&period, rpc_now(call), &from, &until))
        return COUPON__REASON__SETTLEMENT_DAYS_WRONG;
    find_or_make(self, &period, call);
    *ret_made = !statements_find_open(&self->settlement, period.id, merchant->id, ret);
    if (!*ret_made)
        return 0;
    *ret = (struct statement){.for_id = period.id, .payee_id = merchant->id};
    return statement_prepare(&self->settlement, merchant->union_path, lines,
                             gather(self, merchant->id, from, until, lines), call, ret);
}

/* ---- deciding ---- */

/* Two numbers of each of a statement's things; how many, -1 for want of memory. */
static int read_pairs(struct coupon *self, unsigned which, int64_t statement_id, void *call, int64_t (**ret)[2])
{
    unsigned statement = self->settlements.sql + which;
    int64_t(*pairs)[2] = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*pairs));
    int n = 0;

    if (!pairs)
        return -1;
    store_ask(self->store, statement, "ii", statement_id, (int64_t)SETTLEMENT_LINES_MAX);
    while (store_read(self->store, statement, INTO(pairs[n][0]), INTO(pairs[n][1])))
        n++;
    *ret = pairs;
    return n;
}

/* Notes what of it came to more than a ceiling. False: the call waits, or was refused. */
static bool may_be_paid(struct coupon *self, const struct statement *statement, void *call)
{
    int64_t(*coupons)[2];
    int n = read_pairs(self, SQL_CAPPED, statement->id, call, &coupons);

    if (rpc_refuse_if(call, n < 0 ? RPC__REASON__OVERLOADED : 0) || (n > 0 && !granted_knows_all(&self->granted, call)))
        return false;
    for (int i = 0; i < n; i++)
        granted_pay(&self->granted, coupons[i][0], coupons[i][1], call);
    return !rpc_refused(call);
}

static int spend(struct coupon *self, const struct statement *statement, void *call)
{
    int64_t(*releases)[2];
    int n = read_pairs(self, SQL_RELEASES, statement->id, call, &releases),
        reason = n < 0 ? RPC__REASON__OVERLOADED : 0;

    for (int i = 0; i < n && !reason; i++)
        reason = fund_spend(self, releases[i][0], releases[i][1], statement->id, call);
    return reason;
}

int settlement_decide(struct coupon *self, const struct merchant *merchant, int state, void *call,
                      struct statement *statement)
{
    int reason;

    if (statement->state == state)
        return 0;
    if (state == SETTLEMENT__STATE__CONFIRMED && statement->state == SETTLEMENT__STATE__PREPARED &&
        !may_be_paid(self, statement, call))
        return 0;
    reason = statement_decide(&self->settlement, merchant->union_path, state, call, statement);
    return reason || state != SETTLEMENT__STATE__CONFIRMED ? reason : spend(self, statement, call);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__SettlementPeriodMade *made = event->settlement_period_made;
    struct settlement_period period;

    (void)row;
    if (event->event_case != COUPON__EVENT__EVENT_SETTLEMENT_PERIOD_MADE)
        return true;
    told[0]++;
    return settlement_periods_find(self, made->period_id, &period) && period.merchant_id == made->merchant_id &&
           period.from_day == made->from_day && period.until_day == made->until_day;
}

/* What confirmed lines l come to, of redemptions r. */
#define CONFIRMED                                                                                                      \
    "statement_line l JOIN statement s ON s.statement_id = l.statement_id AND s.state = 2 JOIN redemption r ON "       \
    "r.redemption_id = l.thing_id"

static const struct part_stray strays[] = {
    {"redemption", "is settled otherwise than its lines say",
     "SELECT redemption_id FROM redemption LEFT JOIN statement_line ON thing_id = redemption_id GROUP BY redemption_id "
     "HAVING coalesce(sum(CASE kind WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END), 0) <> (min(settled) > 0) LIMIT 1"},
    {"redemption", "is settled for another amount than the union bears, or with another merchant",
     "SELECT redemption_id FROM statement_line l JOIN statement USING (statement_id) JOIN redemption ON redemption_id "
     "= thing_id WHERE abs(l.fen) <> union_fen OR payee_id <> merchant_id LIMIT 1"},
    {"release", "its fund has not spent what its settlements come to, or its vouchers",
     "SELECT release_id FROM fund_use WHERE coalesce((SELECT balance_fen FROM account WHERE of_id = release_id AND "
     "year = 0 AND kind = 4), 0) <> coalesce((SELECT sum(l.fen) FROM " CONFIRMED
     " WHERE r.release_id = fund_use.release_id), 0) + coalesce((SELECT sum(paid_fen) FROM voucher WHERE paid_fen > 0 "
     "AND "
     "voucher.release_id = fund_use.release_id), 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec settlements_part = {
    .tables = "settlement_period",
    .steps = &settlements_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(period_id) FROM settlement_period",
    .agrees = agrees,
    .counts = {{"periods of settlements", "SELECT count(*) FROM settlement_period"}},
    .strays = strays,
};
