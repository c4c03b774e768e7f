/* settlement_fixture.h: a market whose union owes its merchants for what members were sold. */
#pragma once
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/payments/payments.h"
#include "common/benefit/settlement/reconcile.h"

#define PATH     "0001"
#define FINANCE  RULE__ROLE__FINANCE
#define MONTH    202603 /* a statement's purpose */
#define MERCHANT 8
#define ANOTHER  9

#define MARKET_PARTS(PART, SHARED) SHARED(two_hands) SHARED(settlement) SHARED(payees) SHARED(payments) PART(sales)
#define MARKET_SERVICES(SERVICE)
#define market__event__descriptor sample__event__descriptor

SERVICE_PARTS(MARKET)
struct market {
    SERVICE_MEMBERS(MARKET)
    struct pii_keys *keys;
};

/* ---- sales ---- */

enum { SALE_ADD, SALE_SET, SALE_OWED, SALE_STAND, SALE_DUE, SALE_UNDONE, SALE_N };

static const char *const sale_sql[] = {
    [SALE_ADD] = "INSERT INTO sale (sale_id, merchant_id, fen, journal_seq) VALUES (?1, ?2, ?3, ?4)",
    [SALE_SET] = "UPDATE sale SET merchant_id = ?2, journal_seq = ?3 WHERE sale_id = ?1",
    [SALE_OWED] = "SELECT merchant_id, journal_seq FROM sale WHERE sale_id = ?1",
    [SALE_STAND] = "UPDATE sale SET settled = ?2, settled_for = ?3 WHERE sale_id = ?1",
    [SALE_DUE] = "SELECT sale_id, fen, journal_seq FROM sale WHERE merchant_id = ?1 AND settled = 0 ORDER BY sale_id",
    [SALE_UNDONE] = "SELECT sale_id, settled, journal_seq FROM sale WHERE settled_for = ?1 AND merchant_id <> ?1 "
                    "ORDER BY sale_id",
};

static const char sales_text[] =
    "-- step 1\nCREATE TABLE sale (sale_id INTEGER PRIMARY KEY, merchant_id INTEGER NOT NULL, fen INTEGER NOT NULL, "
    "journal_seq INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0, settled_for INTEGER NOT NULL DEFAULT 0) "
    "STRICT;\n";
static const size_t sales_len = sizeof(sales_text) - 1;
const struct store_steps sales_steps = {"sales", (const unsigned char *)sales_text, &sales_len};
const struct part_spec sales_part = {
    .tables = "sale",
    .steps = &sales_steps,
    .sql = sale_sql,
    .n_sql = SALE_N,
    .last_id = "SELECT max(sale_id) FROM sale",
};

SERVICE_TABLE(market, MARKET)

static bool sale_owed(void *self, int64_t sale_id, int64_t *ret_merchant_id, int64_t *ret_seq)
{
    struct market *market = self;

    store_ask(market->store, market->sales.sql + SALE_OWED, "i", sale_id);
    return store_only(market->store, market->sales.sql + SALE_OWED, INTO(*ret_merchant_id), INTO(*ret_seq));
}

static void sale_stands(void *self, int64_t sale_id, int64_t statement_id, int64_t merchant_id)
{
    struct market *market = self;

    store_run(market->store, market->sales.sql + SALE_STAND, "iii", sale_id, statement_id, merchant_id);
}

static const int market_offices[] = {FINANCE, RULE__ROLE__ROLE_NONE};

static const struct settlement_kind market_kind = {
    .deed = "statement",
    .roles = market_offices,
    .reasons = {SAMPLE__REASON__SOLD_OUT, RPC__REASON__BAD_REQUEST, RPC__REASON__OVERLOADED, RPC__REASON__INTERNAL, 0},
    .csv_head = "statement,line,sale,kind,yuan,seq,hash",
    .csv_due = "sale",
    .csv_correction = "correction",
    .file_name = "statement",
    .owed = sale_owed,
    .stands = sale_stands,
};

/* ---- the market ---- */

static int market_start(struct service *service)
{
    struct market *market = service->self;

    market->keys = pii_keys_open(getenv("HUIGONG_MARKET_KEY"));
    settlement_use(&market->settlement, &market_kind, &market->two_hands);
    payees_use(&market->payees, market->keys, &market->two_hands);
    payments_use(&market->payments, &market->payees);
    return market->keys ? 0 : -1;
}

static void market_done(void *self)
{
    pii_keys_close(((struct market *)self)->keys);
}

static const struct service_spec market_spec = {.name = "sample", .parts = &service_table, .start = market_start};

static inline int setup(void **state)
{
    (void)state;
    return begin(&market_spec, market_done, "HUIGONG_MARKET_KEY");
}

static inline struct market *market(void)
{
    return h.service.self;
}

static inline Rpc__Principal *finance(int64_t member_id)
{
    return harness_official(&h, member_id, FINANCE, PATH);
}

/* What a person does: 0, or the Reason for which it was refused. */
struct task {
    const Rpc__Principal *who;
    int (*deed)(void *call, void *arg);
    void *arg;
};

static inline void carry_out(void *call, void *arg)
{
    const struct task *task = arg;
    int reason;

    if (task->who)
        rpc_act_for(call, task->who);
    reason = task->deed(call, task->arg);
    if (reason)
        rpc_refuse(call, reason);
}

static inline int act(const Rpc__Principal *who, int (*deed)(void *call, void *arg), void *arg)
{
    struct task task = {who, deed, arg};

    return rpc_server_transact(h.service.rpc, carry_out, &task);
}

struct sale {
    int64_t id, merchant_id, fen;
};

static inline int64_t tell_sale(void *call, int64_t sale_id)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    changed.show_id = sale_id;
    rpc_tell(call, &changed.base);
    return rpc_server_journal(h.service.rpc)->tip.seq;
}

static inline int add_sale(void *call, void *arg)
{
    struct sale *sale = arg;

    sale->id = id_next(&market()->ids, rpc_now(call));
    store_run(market()->store, market()->sales.sql + SALE_ADD, "iiii", sale->id, sale->merchant_id, sale->fen,
              tell_sale(call, sale->id));
    return 0;
}

/* It is another merchant's, or nobody's (0). */
static inline int set_sale(void *call, void *arg)
{
    const struct sale *sale = arg;

    store_run(market()->store, market()->sales.sql + SALE_SET, "iii", sale->id, sale->merchant_id,
              tell_sale(call, sale->id));
    return 0;
}

static inline int64_t sell(int64_t merchant_id, int64_t fen)
{
    struct sale sale = {0, merchant_id, fen};

    assert_int_equal(act(NULL, add_sale, &sale), 0);
    return sale.id;
}

static inline void undo(int64_t sale_id, int64_t merchant_id)
{
    struct sale sale = {sale_id, merchant_id, 0};

    assert_int_equal(act(NULL, set_sale, &sale), 0);
}

/* ---- statements ---- */

static inline int prepare(void *call, void *arg)
{
    struct statement *statement = arg;
    struct statement_line lines[16], line = {.kind = SETTLEMENT__LINE_KIND__CORRECTION};
    unsigned undone = market()->sales.sql + SALE_UNDONE, due = market()->sales.sql + SALE_DUE;
    int n = 0;

    store_ask(market()->store, undone, "i", statement->payee_id);
    while (store_read(market()->store, undone, INTO(line.thing_id), INTO(line.corrects), INTO(line.seq)))
        lines[n++] = line;
    line = (struct statement_line){.kind = SETTLEMENT__LINE_KIND__DUE};
    store_ask(market()->store, due, "i", statement->payee_id);
    while (store_read(market()->store, due, INTO(line.thing_id), INTO(line.fen), INTO(line.seq)))
        lines[n++] = line;
    return statement_prepare(&market()->settlement, PATH, lines, n, call, statement);
}

static inline int confirm(void *call, void *arg)
{
    return statement_decide(&market()->settlement, PATH, SETTLEMENT__STATE__CONFIRMED, call, arg);
}

static inline int reject(void *call, void *arg)
{
    return statement_decide(&market()->settlement, PATH, SETTLEMENT__STATE__REJECTED, call, arg);
}

static inline struct statement prepared(int64_t merchant_id)
{
    struct statement statement = {.for_id = MONTH, .payee_id = merchant_id};

    assert_int_equal(act(finance(1), prepare, &statement), 0);
    return statement;
}

static inline struct statement confirmed(int64_t merchant_id)
{
    struct statement statement = prepared(merchant_id);

    assert_int_equal(act(finance(2), confirm, &statement), 0);
    return statement;
}
