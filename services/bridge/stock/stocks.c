#include "services/bridge/stock/stocks.h"

#include "services/bridge/bridge.h"

#define COLUMNS "release_id, until, state, step, turn, reason, code, number, tries, due_at, flow_at, journal_seq"
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS " FROM stock WHERE " RPC_PAGE_STATES("?3", state) " AND state = " state " AND release_id < ?1"

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_FIND_NUMBER, SQL_FORM, SQL_DUE, SQL_FLOW_DUE, SQL_PAGE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO stock (release_id, form, until, state, step, turn, reason, code, number, tries, due_at, "
                "journal_seq) VALUES (?1, ?2, ?3, 1, ?4, ?5, 0, '', '', 0, ?6, 0) ON CONFLICT (release_id) DO NOTHING",
    [SQL_SET] = "UPDATE stock SET state = ?2, step = ?3, turn = ?4, reason = ?5, code = ?6, number = ?7, tries = ?8, "
                "due_at = ?9, flow_at = ?10, journal_seq = ?11 WHERE release_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM stock WHERE release_id = ?1",
    [SQL_FIND_NUMBER] = "SELECT " COLUMNS " FROM stock WHERE number = ?1 AND number <> ''",
    [SQL_FORM] = "SELECT form FROM stock WHERE release_id = ?1",
    [SQL_DUE] = "SELECT " COLUMNS " FROM stock WHERE step > 0 AND due_at <= ?1 ORDER BY due_at LIMIT 1",
    [SQL_FLOW_DUE] = "SELECT " COLUMNS " FROM stock WHERE flow_at > 0 AND flow_at <= ?1 ORDER BY flow_at LIMIT 1",
    [SQL_PAGE] = RPC_PAGE_MERGED_5(IN_STATE) " ORDER BY release_id DESC LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- asking ---- */

static bool next(const struct stocks *stocks, unsigned statement, struct stock *ret)
{
    return store_read(stocks->store, statement, INTO(ret->release_id), INTO(ret->until), INTO(ret->state),
                      INTO(ret->step), INTO(ret->turn), INTO(ret->reason), INTO(ret->code), INTO(ret->number),
                      INTO(ret->tries), INTO(ret->due_at), INTO(ret->flow_at), INTO(ret->journal_seq));
}

static bool only(const struct stocks *stocks, unsigned statement, struct stock *ret)
{
    bool found = next(stocks, statement, ret);

    store_end(stocks->store, statement);
    return found;
}

bool stock_find(const struct stocks *stocks, int64_t release_id, struct stock *ret)
{
    store_ask(stocks->store, stocks->sql + SQL_FIND, "i", release_id);
    return only(stocks, stocks->sql + SQL_FIND, ret);
}

bool stock_find_number(const struct stocks *stocks, const char *number, struct stock *ret)
{
    store_ask(stocks->store, stocks->sql + SQL_FIND_NUMBER, "t", number);
    return only(stocks, stocks->sql + SQL_FIND_NUMBER, ret);
}

bool stock_due(const struct stocks *stocks, int64_t now, struct stock *ret)
{
    store_ask(stocks->store, stocks->sql + SQL_DUE, "i", now);
    return only(stocks, stocks->sql + SQL_DUE, ret);
}

bool stock_flow_due(const struct stocks *stocks, int64_t now, struct stock *ret)
{
    store_ask(stocks->store, stocks->sql + SQL_FLOW_DUE, "i", now);
    return only(stocks, stocks->sql + SQL_FLOW_DUE, ret);
}

unsigned stocks_page(const struct stocks *stocks, int64_t states, int64_t before, struct stock *ret, unsigned max)
{
    unsigned n = 0;

    store_ask(stocks->store, stocks->sql + SQL_PAGE, "iii", before, (int64_t)max, states);
    while (ret && n < max && next(stocks, stocks->sql + SQL_PAGE, &ret[n]))
        n++;
    store_end(stocks->store, stocks->sql + SQL_PAGE);
    return n;
}

Coupon__StockOrdered *stock_form(const struct stocks *stocks, int64_t release_id)
{
    unsigned statement = stocks->sql + SQL_FORM;
    Coupon__StockOrdered *form = NULL;

    store_ask(stocks->store, statement, "i", release_id);
    if (store_row(stocks->store, statement)) {
        size_t len;
        const void *packed = store_blob(stocks->store, statement, 0, &len);

        form = coupon__stock_ordered__unpack(NULL, len, packed);
    }
    store_end(stocks->store, statement);
    return form;
}

/* ---- changes ---- */

void stock_put(struct bridge *bridge, struct stock *stock, bool tells, void *call)
{
    Bridge__StockChanged changed = BRIDGE__STOCK_CHANGED__INIT;

    if (tells) {
        changed.release_id = stock->release_id;
        changed.turn = stock->turn;
        changed.state = (Bridge__StockState)stock->state;
        changed.reason = stock->reason;
        changed.number = stock->number;
        changed.code = stock->code;
        rpc_tell(call, &changed.base);
        stock->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq;
    }
    store_run(bridge->store, bridge->stocks.sql + SQL_SET, "iiiiittiiii", stock->release_id, (int64_t)stock->state,
              (int64_t)stock->step, (int64_t)stock->turn, (int64_t)stock->reason, stock->code, stock->number,
              (int64_t)stock->tries, stock->due_at, stock->flow_at, stock->journal_seq);
}

void stock_order(struct bridge *bridge, const Coupon__StockOrdered *ordered, void *call)
{
    const struct stocks *stocks = &bridge->stocks;
    uint8_t form[STOCK_FORM_SIZE];
    struct stock stock;

    if (ordered->step == COUPON__BACKING_STEP__STOCK_CREATE &&
        coupon__stock_ordered__get_packed_size(ordered) <= sizeof(form))
        store_run(stocks->store, stocks->sql + SQL_ADD, "ibiiii", ordered->release_id, form,
                  coupon__stock_ordered__pack(ordered, form), ordered->until, INT64_C(0), INT64_C(0), rpc_now(call));
    if (!stock_find(stocks, ordered->release_id, &stock) || ordered->turn <= stock.turn)
        return; /* it was told again */
    stock.turn = ordered->turn;
    stock.step = (int)ordered->step;
    stock.tries = 0;
    stock.due_at = rpc_now(call);
    stock_put(bridge, &stock, false, call);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__StockChanged *changed = event->stock_changed;
    struct stock stock;

    if (event->event_case != BRIDGE__EVENT__EVENT_STOCK_CHANGED)
        return true;
    if (!stock_find(&self->stocks, changed->release_id, &stock) || stock.journal_seq < row->seq)
        return false;
    told[0] += stock.journal_seq == row->seq;
    return stock.journal_seq > row->seq || (stock.state == (int)changed->state && stock.reason == changed->reason &&
                                            strcmp(stock.number, changed->number) == 0);
}

static const struct part_stray strays[] = {
    {"stock", "is there and has no number", "SELECT release_id FROM stock WHERE (state > 1) <> (number <> '')"},
    {NULL, NULL, NULL},
};

const struct part_spec stocks_part = {
    .tables = "stock",
    .others = "stock.release_id stock.step stock.turn",
    .steps = &stocks_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .counts = {{"stocks that were told of", "SELECT count(*) FROM stock WHERE journal_seq > 0"}},
    .strays = strays,
};
