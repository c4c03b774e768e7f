#include "services/coupon/fund/funds.h"

#define DEED "coupon fund"
#define FUND                                                                                                           \
    "fund_id, union_path, name, source, source_name, state, fen, day_fen, for_below, proposed, created_at, "           \
    "journal_seq"

enum { SQL_ADD, SQL_FIND, SQL_SET, SQL_LIST, SQL_TOTALS, N_SQL };

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO fund (" FUND ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, x'', ?7, 0)",
    [SQL_FIND] = "SELECT " FUND " FROM fund WHERE fund_id = ?1",
    [SQL_SET] = "UPDATE fund SET state = ?2, fen = ?3, day_fen = ?4, for_below = ?5, proposed = ?6, journal_seq = ?7 "
                "WHERE fund_id = ?1",
    [SQL_LIST] = "SELECT " FUND " FROM fund WHERE " UNION_PATH_RANGE(
        "union_path") " AND fund_id < ?3 "
                      "AND " RPC_PAGE_STATES("?4", "state") " ORDER BY fund_id DESC LIMIT ?5",
    [SQL_TOTALS] = "SELECT coalesce(sum(CASE kind WHEN 3 THEN balance_fen END), 0), "
                   "coalesce(sum(CASE kind WHEN 4 THEN balance_fen END), 0) FROM fund_use "
                   "JOIN account ON account.of_id = fund_use.release_id AND year = 0 WHERE fund_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- terms ---- */

static Coupon__FundTerms terms_of(const struct fund_terms *terms)
{
    Coupon__FundTerms message = COUPON__FUND_TERMS__INIT;

    message.fen = terms->fen;
    message.day_fen = terms->day_fen;
    message.for_below = terms->for_below;
    message.closes = terms->closes;
    return message;
}

static bool read_terms(const void *bytes, size_t len, struct fund_terms *ret)
{
    Coupon__FundTerms *message = len ? coupon__fund_terms__unpack(NULL, len, bytes) : NULL;

    if (message)
        *ret = (struct fund_terms){message->fen, message->day_fen, message->for_below, message->closes};
    coupon__fund_terms__free_unpacked(message, NULL);
    return message != NULL;
}

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned statement, struct fund *ret)
{
    struct store *store = self->store;
    unsigned char proposed[64];
    size_t len;

    *ret = (struct fund){0};
    if (!store_read(store, statement, INTO(ret->id), INTO(ret->union_path), INTO(ret->name), INTO(ret->source),
                    INTO(ret->source_name), INTO(ret->state), INTO(ret->terms.fen), INTO(ret->terms.day_fen),
                    INTO(ret->terms.for_below), INTO_LEN(proposed, len), INTO(ret->created_at), INTO(ret->journal_seq)))
        return false;
    ret->waits = read_terms(proposed, len, &ret->proposed);
    return true;
}

bool funds_find(const struct coupon *self, int64_t fund_id, struct fund *ret)
{
    unsigned statement = self->funds.sql + SQL_FIND;
    bool found;

    store_ask(self->store, statement, "i", fund_id);
    found = next(self, statement, ret);
    store_end(self->store, statement);
    return found;
}

size_t funds_list(const struct coupon *self, const char *path, int64_t before, int64_t states, struct fund *ret,
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
    return (struct budget_line){fund->id, 0};
}

int64_t fund_free(const struct coupon *self, int64_t fund_id)
{
    const struct budget_line line = {fund_id, 0};

    return budget_balance(&self->budget, &line, BUDGET__ACCOUNT__FREE);
}

void fund_totals(const struct coupon *self, int64_t fund_id, int64_t *ret_committed, int64_t *ret_spent)
{
    unsigned statement = self->funds.sql + SQL_TOTALS;

    *ret_committed = *ret_spent = 0;
    store_ask(self->store, statement, "i", fund_id);
    store_only(self->store, statement, INTO(*ret_committed), INTO(*ret_spent));
}

/* Tells what has become of it, and keeps it. */
static void put(struct coupon *self, struct fund *fund, void *call)
{
    Coupon__FundTerms terms = terms_of(&fund->terms), proposed = terms_of(&fund->proposed);
    Coupon__FundChanged changed = COUPON__FUND_CHANGED__INIT;
    uint8_t packed[64];
    size_t len = 0;

    changed.fund_id = fund->id;
    changed.state = (Coupon__FundState)fund->state;
    changed.union_path = fund->union_path;
    changed.source = (Coupon__FundSource)fund->source;
    changed.terms = fund->terms.fen ? &terms : NULL;
    changed.proposed = fund->waits ? &proposed : NULL;
    rpc_tell(call, &changed.base);
    fund->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    if (fund->waits)
        len = coupon__fund_terms__pack(&proposed, packed);
    store_run(self->store, self->funds.sql + SQL_SET, "iiiiibi", fund->id, (int64_t)fund->state, fund->terms.fen,
              fund->terms.day_fen, (int64_t)fund->terms.for_below, packed, len, fund->journal_seq);
}

/* ---- two hands ---- */

static struct hands_deed deed_of(const struct fund *fund, Coupon__ProposeFundTermsRequest *what,
                                 Coupon__FundTerms *proposed, void *call)
{
    coupon__propose_fund_terms_request__init(what);
    *proposed = terms_of(&fund->proposed);
    what->fund_id = fund->id;
    what->terms = proposed;
    return (struct hands_deed){
        .kind = DEED,
        .id = fund->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = fund->union_path,
    };
}

int fund_propose_terms(struct coupon *self, struct fund *fund, const struct fund_terms *terms, void *call)
{
    Coupon__ProposeFundTermsRequest what;
    Coupon__FundTerms proposed;
    struct hands_deed deed;
    int reason;

    if (fund->state != COUPON__FUND_STATE__FUND_OPEN && fund->state != COUPON__FUND_STATE__FUND_PROPOSED)
        return COUPON__REASON__FUND_NOT_OPEN;
    fund->proposed = *terms;
    fund->waits = true;
    deed = deed_of(fund, &what, &proposed, call);
    reason = hands_give(&self->two_hands, &deed, call);
    if (!reason)
        put(self, fund, call);
    return reason;
}

int fund_propose(struct coupon *self, struct fund *fund, void *call)
{
    fund->id = id_next(&self->ids, rpc_now(call));
    fund->created_at = rpc_now(call);
    fund->state = COUPON__FUND_STATE__FUND_PROPOSED;
    store_run(self->store, self->funds.sql + SQL_ADD, "ittitii", fund->id, fund->union_path, fund->name,
              (int64_t)fund->source, fund->source_name, (int64_t)fund->state, fund->created_at);
    return fund_propose_terms(self, fund, &fund->proposed, call);
}

/* Brings what is in it to its terms: what is free of it grows or shrinks. */
static int fill(struct coupon *self, const struct fund *fund, const struct fund_terms *terms, void *call)
{
    const struct budget_line line = line_of(fund);
    int64_t more = terms->fen - fund->terms.fen;

    if (terms->closes)
        more = -budget_balance(&self->budget, &line, BUDGET__ACCOUNT__FREE);
    return budget_post(&self->budget, &line, BUDGET__ACCOUNT__SOURCE, BUDGET__ACCOUNT__FREE, more, fund->id, call);
}

int fund_confirm(struct coupon *self, struct fund *fund, void *call)
{
    Coupon__ProposeFundTermsRequest what;
    Coupon__FundTerms proposed;
    struct hands_deed deed = deed_of(fund, &what, &proposed, call);
    int reason = fund->waits ? hands_confirm(&self->two_hands, &deed, call) : COUPON__REASON__FUND_DECIDED;

    if (!reason)
        reason = fill(self, fund, &fund->proposed, call);
    if (reason)
        return reason;
    if (!fund->proposed.closes)
        fund->terms = fund->proposed;
    fund->state = fund->proposed.closes ? COUPON__FUND_STATE__FUND_CLOSED : COUPON__FUND_STATE__FUND_OPEN;
    fund->waits = false;
    put(self, fund, call);
    rpc_want_head(call);
    return 0;
}

int fund_refuse(struct coupon *self, struct fund *fund, void *call)
{
    if (!fund->waits)
        return COUPON__REASON__FUND_DECIDED;
    hands_end(&self->two_hands, DEED, fund->id, HANDS__STATE__REFUSED, call);
    if (fund->state == COUPON__FUND_STATE__FUND_PROPOSED)
        fund->state = COUPON__FUND_STATE__FUND_REFUSED;
    fund->waits = false;
    put(self, fund, call);
    return 0;
}

/* ---- the audit ---- */

static bool same(const struct fund_terms *terms, bool there, const Coupon__FundTerms *told)
{
    return told ? there && terms->fen == told->fen && terms->day_fen == told->day_fen &&
                      terms->for_below == told->for_below
                : !there;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__FundChanged *changed = event->fund_changed;
    struct fund fund;

    if (event->event_case != COUPON__EVENT__EVENT_FUND_CHANGED)
        return true;
    if (!funds_find(self, changed->fund_id, &fund) || fund.journal_seq < row->seq)
        return false;
    told[0] += fund.journal_seq == row->seq;
    return fund.journal_seq > row->seq || (fund.state == (int)changed->state && fund.source == (int)changed->source &&
                                           same(&fund.terms, fund.terms.fen > 0, changed->terms) &&
                                           same(&fund.proposed, fund.waits, changed->proposed) &&
                                           part_path_is(&self->parts, row->seq, changed->union_path, fund.union_path));
}

static const struct part_stray strays[] = {
    {"fund", "is not what was put into it",
     "SELECT fund_id FROM fund WHERE state = 2 AND fen <> -coalesce((SELECT balance_fen FROM account "
     "WHERE of_id = fund_id AND year = 0 AND kind = 1), 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec funds_part = {
    .tables = "fund",
    .others = "fund.for_below",
    .steps = &funds_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(fund_id) FROM fund",
    .agrees = agrees,
    .counts = {{"funds", "SELECT count(*) FROM fund"}},
    .strays = strays,
    .moves = "fund.union_path",
};
