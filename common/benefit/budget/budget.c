#include "common/benefit/budget/budget.h"

#define END_SLICE 100 /* lines ended in one call */

enum { SQL_FIND, SQL_OPEN, SQL_MOVE, SQL_POST, SQL_OF_YEARS, SQL_POSTING, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT account_id, balance_fen FROM account WHERE of_id = ?1 AND year = ?2 AND kind = ?3",
    [SQL_OPEN] = "INSERT INTO account (account_id, of_id, year, kind, balance_fen) VALUES (?1, ?2, ?3, ?4, 0)",
    [SQL_MOVE] = "UPDATE account SET balance_fen = ?2 WHERE account_id = ?1",
    [SQL_POST] = "INSERT INTO posting (posting_id, from_id, to_id, fen, cause_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_OF_YEARS] = "SELECT of_id, year, balance_fen FROM account WHERE kind = 2 AND year > 0 AND year < ?1 "
                     "AND balance_fen > 0 LIMIT ?2",
    [SQL_POSTING] = "SELECT f.of_id, f.year, f.kind, t.of_id, t.year, t.kind, p.fen, p.cause_id FROM posting p "
                    "JOIN account f ON f.account_id = p.from_id JOIN account t ON t.account_id = p.to_id "
                    "WHERE posting_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* One side of a posting. */
struct side {
    const struct budget_line *line;
    int kind;
    int64_t id, balance; /* id 0: nothing was posted yet */
};

static void find(const struct budget *budget, struct side *side)
{
    unsigned statement = budget->sql + SQL_FIND;

    side->id = side->balance = 0;
    store_ask(budget->store, statement, "iii", side->line->of_id, (int64_t)side->line->year, (int64_t)side->kind);
    store_only(budget->store, statement, INTO(side->id), INTO(side->balance));
}

int64_t budget_balance(const struct budget *budget, const struct budget_line *line, int account)
{
    struct side side = {line, account, 0, 0};

    find(budget, &side);
    return side.balance;
}

int64_t budget_granted(const struct budget *budget, const struct budget_line *line)
{
    int64_t sum = 0;

    for (int account = BUDGET__ACCOUNT__FREE; account <= BUDGET__ACCOUNT__IN_FLIGHT; account++) {
        if (__builtin_add_overflow(sum, budget_balance(budget, line, account), &sum))
            return INT64_MAX;
    }
    return sum;
}

/* ---- postings ---- */

static void put(struct budget *budget, struct side *side, void *call)
{
    if (!side->id) {
        side->id = id_next(&budget->parts->ids, rpc_now(call));
        store_run(budget->store, budget->sql + SQL_OPEN, "iiii", side->id, side->line->of_id, (int64_t)side->line->year,
                  (int64_t)side->kind);
    }
    store_run(budget->store, budget->sql + SQL_MOVE, "ii", side->id, side->balance);
}

static void tell(const struct side *from, const struct side *to, int64_t posting_id, int64_t fen, int64_t cause_id,
                 void *call)
{
    Budget__Posted posted = BUDGET__POSTED__INIT;

    posted.posting_id = posting_id;
    posted.from_of_id = from->line->of_id;
    posted.from_year = from->line->year;
    posted.from = (Budget__Account)from->kind;
    posted.to_of_id = to->line->of_id;
    posted.to_year = to->line->year;
    posted.to = (Budget__Account)to->kind;
    posted.fen = fen;
    posted.cause_id = cause_id;
    rpc_tell(call, &posted.base);
}

static int post(struct budget *budget, struct side from, struct side to, int64_t fen, int64_t cause_id, void *call)
{
    int64_t posting_id;

    find(budget, &from);
    find(budget, &to);
    if (__builtin_sub_overflow(from.balance, fen, &from.balance) ||
        __builtin_add_overflow(to.balance, fen, &to.balance))
        return RPC__REASON__OUT_OF_RANGE;
    if (from.balance < 0 && from.kind != BUDGET__ACCOUNT__SOURCE)
        return BUDGET__REASON__BUDGET_SHORT;
    put(budget, &from, call);
    put(budget, &to, call);
    posting_id = id_next(&budget->parts->ids, rpc_now(call));
    store_run(budget->store, budget->sql + SQL_POST, "iiiiii", posting_id, from.id, to.id, fen, cause_id,
              rpc_now(call));
    tell(&from, &to, posting_id, fen, cause_id, call);
    return 0;
}

int budget_post(struct budget *budget, const struct budget_line *line, int from, int to, int64_t fen, int64_t cause_id,
                void *call)
{
    ensure(from != to);
    if (fen == INT64_MIN)
        return RPC__REASON__OUT_OF_RANGE;
    if (fen == 0)
        return 0;
    return fen > 0 ? post(budget, (struct side){line, from, 0, 0}, (struct side){line, to, 0, 0}, fen, cause_id, call)
                   : post(budget, (struct side){line, to, 0, 0}, (struct side){line, from, 0, 0}, -fen, cause_id, call);
}

int budget_grant_to(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call)
{
    int64_t less, of_free = budget_balance(budget, line, BUDGET__ACCOUNT__FREE);
    int reason;

    if (fen < 0)
        return RPC__REASON__OUT_OF_RANGE;
    if (fen < budget_balance(budget, line, BUDGET__ACCOUNT__SPENT))
        return BUDGET__REASON__BUDGET_SHORT;
    less = budget_granted(budget, line) - fen;
    of_free = less < of_free ? less : of_free;
    reason = budget_post(budget, line, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__SOURCE, of_free, cause_id, call);
    return reason ? reason
                  : budget_post(budget, line, BUDGET__ACCOUNT__COMMITTED, BUDGET__ACCOUNT__SOURCE, less - of_free,
                                cause_id, call);
}

int budget_transfer(struct budget *budget, const struct budget_line *from, const struct budget_line *to, int64_t fen,
                    int64_t cause_id, void *call)
{
    ensure(from->of_id != to->of_id || from->year != to->year);
    if (fen < 0)
        return RPC__REASON__OUT_OF_RANGE;
    return fen == 0 ? 0
                    : post(budget, (struct side){from, BUDGET__ACCOUNT__FREE, 0, 0},
                           (struct side){to, BUDGET__ACCOUNT__FREE, 0, 0}, fen, cause_id, call);
}

int budget_commit_to(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call)
{
    int64_t committed = budget_balance(budget, line, BUDGET__ACCOUNT__COMMITTED), more;

    if (__builtin_sub_overflow(fen, committed, &more) ||
        __builtin_sub_overflow(more, budget_balance(budget, line, BUDGET__ACCOUNT__SPENT), &more))
        return RPC__REASON__OUT_OF_RANGE;
    return budget_post(budget, line, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__COMMITTED,
                       more < -committed ? -committed : more, cause_id, call);
}

int budget_spend(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call)
{
    int64_t committed = budget_balance(budget, line, BUDGET__ACCOUNT__COMMITTED);
    int reason = fen > committed ? budget_post(budget, line, BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__COMMITTED,
                                               fen - committed, cause_id, call)
                                 : 0;

    return reason ? reason
                  : budget_post(budget, line, BUDGET__ACCOUNT__COMMITTED, BUDGET__ACCOUNT__SPENT, fen, cause_id, call);
}

bool budget_end_years(struct budget *budget, int32_t before, void *call)
{
    unsigned statement = budget->sql + SQL_OF_YEARS;
    struct budget_line lines[END_SLICE];
    int64_t left[END_SLICE];
    unsigned n = 0;

    store_ask(budget->store, statement, "ii", (int64_t)before, (int64_t)END_SLICE);
    while (n < END_SLICE &&
           store_read(budget->store, statement, INTO(lines[n].of_id), INTO(lines[n].year), INTO(left[n])))
        n++;
    store_end(budget->store, statement);
    for (unsigned i = 0; i < n; i++)
        ensure(budget_post(budget, &lines[i], BUDGET__ACCOUNT__FREE, BUDGET__ACCOUNT__SOURCE, left[i], 0, call) == 0);
    return n == END_SLICE;
}

/* ---- the audit ---- */

static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct budget *budget = self;
    const Rpc__ChassisEvent *event = body;
    const Budget__Posted *posted;
    Budget__Posted is = BUDGET__POSTED__INIT;

    (void)row;
    if (!event || event->event_case != RPC__CHASSIS_EVENT__EVENT_POSTED)
        return true;
    posted = event->posted;
    told[0]++;
    store_ask(budget->store, budget->sql + SQL_POSTING, "i", posted->posting_id);
    return store_only(budget->store, budget->sql + SQL_POSTING, INTO(is.from_of_id), INTO(is.from_year), INTO(is.from),
                      INTO(is.to_of_id), INTO(is.to_year), INTO(is.to), INTO(is.fen), INTO(is.cause_id)) &&
           is.from_of_id == posted->from_of_id && is.from_year == posted->from_year && is.from == posted->from &&
           is.to_of_id == posted->to_of_id && is.to_year == posted->to_year && is.to == posted->to &&
           is.fen == posted->fen && is.cause_id == posted->cause_id;
}

static const struct part_stray strays[] = {
    {"account", "its balance is not what its postings come to",
     "SELECT account_id FROM account LEFT JOIN (SELECT id, sum(fen) AS sum_fen FROM (SELECT to_id AS id, fen "
     "FROM posting UNION ALL SELECT from_id, -fen FROM posting) GROUP BY id) ON id = account_id "
     "WHERE balance_fen <> coalesce(sum_fen, 0) LIMIT 1"},
    {"account", "below zero", "SELECT account_id FROM account WHERE balance_fen < 0 AND kind <> 1 LIMIT 1"},
    {"account", "all together are not zero",
     "SELECT min(account_id) FROM account HAVING count(*) > 0 AND sum(balance_fen) <> 0"},
    {NULL, NULL, NULL},
};

const struct part_spec budget_part = {
    .tables = "account posting",
    .others = "account.of_id account.year account.kind posting.cause_id",
    .steps = &budget_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(account_id) FROM account), 0), "
               "coalesce((SELECT max(posting_id) FROM posting), 0))",
    .agrees = agrees,
    .counts = {{"postings", "SELECT count(*) FROM posting"}},
    .strays = strays,
};
