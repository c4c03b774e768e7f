#include "services/subsidy/fund/funds.h"

#include "common/cn/cn_id.h"
#include "services/subsidy/scheme/schemes.h"

#define DEED "subsidy fund"
#define FUND "fund_id, union_path, name, year, fen, state, created_at, journal_seq"

enum { SQL_ADD, SQL_FIND, SQL_SET, SQL_LIST, N_SQL };

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO fund (" FUND ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    [SQL_FIND] = "SELECT " FUND " FROM fund WHERE fund_id = ?1",
    [SQL_SET] = "UPDATE fund SET state = ?2, journal_seq = ?3 WHERE fund_id = ?1",
    [SQL_LIST] = "SELECT " FUND " FROM fund WHERE " UNION_PATH_RANGE(
        "union_path") " AND fund_id < ?3 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY fund_id DESC LIMIT ?5",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct subsidy *self, unsigned statement, struct fund *ret)
{
    *ret = (struct fund){0};
    return store_read(self->store, statement, INTO(ret->id), INTO(ret->union_path), INTO(ret->name), INTO(ret->year),
                      INTO(ret->fen), INTO(ret->state), INTO(ret->created_at), INTO(ret->journal_seq));
}

bool funds_find(const struct subsidy *self, int64_t fund_id, struct fund *ret)
{
    unsigned statement = self->funds.sql + SQL_FIND;
    bool found;

    store_ask(self->store, statement, "i", fund_id);
    found = next(self, statement, ret);
    store_end(self->store, statement);
    return found;
}

size_t funds_list(const struct subsidy *self, const char *path, int64_t before, int64_t states, struct fund *ret,
                  size_t size)
{
    unsigned statement = self->funds.sql + SQL_LIST;
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0;

    union_path_end(path, end);
    store_ask(self->store, statement, "ttiii", path, end, before, states, (int64_t)size);
    while (n < size && next(self, statement, &ret[n]))
        n++;
    store_end(self->store, statement);
    return n;
}

static struct budget_line line_of(const struct fund *fund)
{
    return (struct budget_line){fund->id, fund->year};
}

int64_t fund_free(const struct subsidy *self, const struct fund *fund)
{
    const struct budget_line line = line_of(fund);

    return budget_balance(&self->budget, &line, BUDGET__ACCOUNT__FREE);
}

/* Tells what has become of it, and keeps it. */
static void put(struct subsidy *self, struct fund *fund, int state, void *call)
{
    Subsidy__FundChanged changed = SUBSIDY__FUND_CHANGED__INIT;

    fund->state = state;
    changed.fund_id = fund->id;
    changed.state = (Subsidy__FundState)state;
    changed.union_path = fund->union_path;
    changed.year = fund->year;
    changed.fen = fund->fen;
    rpc_tell(call, &changed.base);
    fund->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->funds.sql + SQL_SET, "iii", fund->id, (int64_t)state, fund->journal_seq);
}

/* ---- two hands ---- */

static struct hands_deed deed_of(const struct fund *fund, Subsidy__Fund *what, void *call)
{
    subsidy__fund__init(what);
    what->fund_id = fund->id;
    what->year = fund->year;
    what->fen = fund->fen;
    return (struct hands_deed){
        .kind = DEED,
        .id = fund->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = fund->union_path,
    };
}

int fund_propose(struct subsidy *self, struct fund *fund, void *call)
{
    int32_t year = cn_day(rpc_now(call)) / 10000;
    struct hands_deed deed;
    Subsidy__Fund what;
    int reason;

    if (fund->year && fund->year != year && fund->year != year + 1)
        return SUBSIDY__REASON__FUND_YEAR_WRONG;
    fund->id = id_next(&self->ids, rpc_now(call));
    fund->created_at = rpc_now(call);
    deed = deed_of(fund, &what, call);
    reason = hands_give(&self->two_hands, &deed, call);
    if (reason)
        return reason;
    store_run(self->store, self->funds.sql + SQL_ADD, "ittiiii", fund->id, fund->union_path, fund->name,
              (int64_t)fund->year, fund->fen, (int64_t)SUBSIDY__FUND_STATE__FUND_PROPOSED, fund->created_at);
    put(self, fund, SUBSIDY__FUND_STATE__FUND_PROPOSED, call);
    return 0;
}

int fund_confirm(struct subsidy *self, struct fund *fund, void *call)
{
    const struct budget_line line = line_of(fund);
    Subsidy__Fund what;
    struct hands_deed deed = deed_of(fund, &what, call);
    int reason = fund->state == SUBSIDY__FUND_STATE__FUND_PROPOSED ? hands_confirm(&self->two_hands, &deed, call)
                                                                   : SUBSIDY__REASON__SUBSIDY_FUND_DECIDED;

    if (!reason)
        reason = budget_grant_to(&self->budget, &line, fund->fen, fund->id, call);
    if (reason)
        return reason;
    put(self, fund, SUBSIDY__FUND_STATE__FUND_OPEN, call);
    rpc_want_head(call);
    return 0;
}

int fund_refuse(struct subsidy *self, struct fund *fund, void *call)
{
    if (fund->state != SUBSIDY__FUND_STATE__FUND_PROPOSED)
        return SUBSIDY__REASON__SUBSIDY_FUND_DECIDED;
    hands_end(&self->two_hands, DEED, fund->id, HANDS__STATE__REFUSED, call);
    put(self, fund, SUBSIDY__FUND_STATE__FUND_REFUSED, call);
    return 0;
}

/* ---- what schemes have of it ---- */

int funding_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme)
{
    struct fund fund;

    if (!scheme->funding)
        return 0;
    return funds_find(self, scheme->funding->fund_id, &fund) && fund.state == SUBSIDY__FUND_STATE__FUND_OPEN &&
                   union_path_covers(fund.union_path, scheme->union_path)
               ? 0
               : SUBSIDY__REASON__FUND_NOT_YOURS;
}

struct budget_line funding_line(const struct subsidy *self, const Subsidy__Scheme *scheme)
{
    struct fund fund = {0};

    if (scheme->funding)
        funds_find(self, scheme->funding->fund_id, &fund);
    return (struct budget_line){scheme->scheme_id, fund.year};
}

int64_t funding_balance(const struct subsidy *self, const Subsidy__Scheme *scheme, int account)
{
    const struct budget_line line = funding_line(self, scheme);

    return budget_balance(&self->budget, &line, account);
}

static int short_of(int reason, int64_t fen, int64_t there, void *call)
{
    if (reason == BUDGET__REASON__BUDGET_SHORT)
        rpc_fact_number(call, "missingFen", fen - there);
    return reason;
}

int funding_give(struct subsidy *self, const Subsidy__Scheme *scheme, void *call)
{
    const struct budget_line to = funding_line(self, scheme);
    struct budget_line from;
    struct fund fund;
    int reason = funding_refusal(self, scheme);

    if (!scheme->funding || reason)
        return reason;
    funds_find(self, scheme->funding->fund_id, &fund);
    from = line_of(&fund);
    reason = budget_transfer(&self->budget, &from, &to, scheme->funding->fen, scheme->scheme_id, call);
    return short_of(reason, scheme->funding->fen, fund_free(self, &fund), call);
}

int funding_move(struct subsidy *self, const Subsidy__Scheme *scheme, int from, int to, int64_t fen, int64_t cause_id,
                 void *call)
{
    const struct budget_line line = funding_line(self, scheme);
    int reason = budget_post(&self->budget, &line, from, to, fen, cause_id, call);

    return short_of(reason, fen, budget_balance(&self->budget, &line, from), call);
}

/* ---- the part ---- */

static bool tidy(void *arg, void *call)
{
    struct subsidy *self = arg;

    return budget_end_years(&self->budget, cn_day(rpc_now(call)) / 10000, call);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__FundChanged *changed = event->fund_changed;
    struct fund fund;

    if (event->event_case != SUBSIDY__EVENT__EVENT_FUND_CHANGED)
        return true;
    if (!funds_find(self, changed->fund_id, &fund) || fund.journal_seq < row->seq)
        return false;
    told[0] += fund.journal_seq == row->seq;
    return fund.fen == changed->fen && fund.year == changed->year &&
           part_path_is(&self->parts, row->seq, changed->union_path, fund.union_path) &&
           (fund.journal_seq > row->seq || fund.state == (int)changed->state);
}

static const struct part_stray strays[] = {
    {"fund", "is open, and no two officials have opened it",
     "SELECT fund_id FROM fund WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM two_hands WHERE kind = '" DEED "' AND "
     "deed_id = fund_id AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec funds_part = {
    .tables = "fund",
    .others = "fund.year",
    .steps = &funds_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(fund_id) FROM fund",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"funds", "SELECT count(*) FROM fund"}},
    .strays = strays,
    .moves = "fund.union_path",
};
