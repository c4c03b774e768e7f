#include "services/bridge/stock/sends.h"

#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "send.coupon_id, send.release_id, send.member_id, send.state, send.reason, send.code, send.number, send.appid, "   \
    "send.payee, send.refusals, send.tries, send.withdrawn, send.due_at, send.made_at, send.changed_at, "              \
    "send.back_at, send.journal_seq"

#define PENDING   BRIDGE__SEND_STATE__SEND_PENDING
#define SENT      BRIDGE__SEND_STATE__SEND_DONE
#define OVER      BRIDGE__SEND_STATE__SEND_OVER
#define WITHDRAWN BRIDGE__SEND_STATE__SEND_WITHDRAWN

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_FIND_NUMBER,
    SQL_DUE,
    SQL_UNUSED,
    SQL_USED,
    SQL_ON_WAY,
    SQL_COUNT,
    SQL_WAKE,
    SQL_USE_EARLY,
    SQL_USED_EARLY,
    SQL_DROP_EARLY,
    SQL_ENDED,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] =
        "INSERT INTO send (coupon_id, release_id, member_id, state, reason, code, number, appid, payee, "
        "refusals, tries, withdrawn, due_at, made_at, changed_at, back_at, journal_seq) "
        "VALUES (?1, ?2, ?3, 1, 0, '', '', '', x'', 0, 0, 0, ?4, ?4, ?4, 0, ?5) ON CONFLICT (coupon_id) DO NOTHING",
    [SQL_SET] = "UPDATE send SET state = ?2, reason = ?3, code = ?4, number = ?5, appid = ?6, payee = ?7, "
                "refusals = ?8, tries = ?9, withdrawn = ?10, due_at = ?11, changed_at = ?12, back_at = ?13, "
                "journal_seq = ?14 "
                "WHERE coupon_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM send WHERE coupon_id = ?1",
    [SQL_FIND_NUMBER] = "SELECT " COLUMNS " FROM send WHERE number = ?1 AND number <> ''",
    [SQL_DUE] = "SELECT " COLUMNS " FROM send WHERE state = 1 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
    [SQL_UNUSED] = "SELECT " COLUMNS " FROM send WHERE release_id = ?1 AND state = 2 ORDER BY coupon_id LIMIT ?2",
    [SQL_USED] = "SELECT " COLUMNS " FROM send WHERE release_id = ?1 AND state = 3 AND coupon_id > ?2 "
                 "ORDER BY coupon_id LIMIT ?3",
    [SQL_ON_WAY] = "SELECT count(*) FROM (SELECT 1 FROM send WHERE release_id = ?1 AND state = 1 AND length(payee) > 0 "
                   "LIMIT 1)",
    [SQL_COUNT] = "SELECT state, count(*) FROM send WHERE release_id = ?1 GROUP BY state",
    [SQL_USE_EARLY] = "INSERT INTO send_use (number, used_at) VALUES (?1, ?2) ON CONFLICT (number) DO NOTHING",
    [SQL_USED_EARLY] = "SELECT used_at FROM send_use WHERE number = ?1",
    [SQL_DROP_EARLY] = "DELETE FROM send_use WHERE number = ?1",
    [SQL_ENDED] = "SELECT release_id FROM stock WHERE state BETWEEN 2 AND 4 AND until < ?1 ORDER BY until LIMIT 1",
    [SQL_WAKE] = "UPDATE send SET due_at = ?2 WHERE release_id = ?1 AND state = 1 AND due_at > ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void send_request_no(int64_t coupon_id, char ret[24])
{
    snprintf(ret, 24, "%lld", (long long)coupon_id);
}

/* ---- asking ---- */

static bool next(const struct sends *sends, unsigned statement, struct send *ret)
{
    return store_read(sends->store, statement, INTO(ret->coupon_id), INTO(ret->release_id), INTO(ret->member_id),
                      INTO(ret->state), INTO(ret->reason), INTO(ret->code), INTO(ret->number), INTO(ret->appid),
                      INTO_BYTES(ret->payee), INTO(ret->refusals), INTO(ret->tries), INTO(ret->withdrawn),
                      INTO(ret->due_at), INTO(ret->made_at), INTO(ret->changed_at), INTO(ret->back_at),
                      INTO(ret->journal_seq));
}

static unsigned all(const struct sends *sends, unsigned statement, struct send *ret, unsigned max)
{
    unsigned n = 0;

    while (n < max && next(sends, statement, &ret[n]))
        n++;
    store_end(sends->store, statement);
    return n;
}

bool send_find(const struct sends *sends, int64_t coupon_id, struct send *ret)
{
    store_ask(sends->store, sends->sql + SQL_FIND, "i", coupon_id);
    return all(sends, sends->sql + SQL_FIND, ret, 1) == 1;
}

bool send_find_number(const struct sends *sends, const char *number, struct send *ret)
{
    store_ask(sends->store, sends->sql + SQL_FIND_NUMBER, "t", number);
    return all(sends, sends->sql + SQL_FIND_NUMBER, ret, 1) == 1;
}

unsigned sends_due(const struct sends *sends, int64_t now, struct send *ret, unsigned max)
{
    store_ask(sends->store, sends->sql + SQL_DUE, "ii", now, (int64_t)max);
    return all(sends, sends->sql + SQL_DUE, ret, max);
}

unsigned sends_unused(const struct sends *sends, int64_t release_id, struct send *ret, unsigned max)
{
    store_ask(sends->store, sends->sql + SQL_UNUSED, "ii", release_id, (int64_t)max);
    return all(sends, sends->sql + SQL_UNUSED, ret, max);
}

unsigned sends_used(const struct sends *sends, int64_t release_id, int64_t after, struct send *ret, unsigned max)
{
    store_ask(sends->store, sends->sql + SQL_USED, "iii", release_id, after, (int64_t)max);
    return all(sends, sends->sql + SQL_USED, ret, max);
}

bool sends_on_way(const struct sends *sends, int64_t release_id)
{
    store_ask(sends->store, sends->sql + SQL_ON_WAY, "i", release_id);
    return store_number(sends->store, sends->sql + SQL_ON_WAY) > 0;
}

void sends_count(const struct sends *sends, int64_t release_id, int64_t ret[8])
{
    int64_t state, n;

    memset(ret, 0, 8 * sizeof(ret[0]));
    store_ask(sends->store, sends->sql + SQL_COUNT, "i", release_id);
    while (store_read(sends->store, sends->sql + SQL_COUNT, INTO(state), INTO(n)))
        ret[state & 7] = n;
}

/* ---- changes ---- */

void send_put(struct bridge *bridge, struct send *send, int was, int was_reason, int64_t at, void *call)
{
    Bridge__SendChanged changed = BRIDGE__SEND_CHANGED__INIT;

    if (send->state != was)
        send->changed_at = at ? at : rpc_now(call);
    if (send->state != was || send->reason != was_reason) {
        changed.coupon_id = send->coupon_id;
        changed.release_id = send->release_id;
        changed.state = (Bridge__SendState)send->state;
        changed.reason = send->reason;
        changed.number = send->number;
        changed.code = send->code;
        changed.at = send->changed_at;
        rpc_tell(call, &changed.base);
        send->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq;
    }
    store_run(bridge->store, bridge->sends.sql + SQL_SET, "iiitttbiiiiiii", send->coupon_id, (int64_t)send->state,
              (int64_t)send->reason, send->code, send->number, send->appid, send->payee.bytes, send->payee.len,
              (int64_t)send->refusals, (int64_t)send->tries, (int64_t)send->withdrawn, send->due_at, send->changed_at,
              send->back_at, send->journal_seq);
}

void send_take(struct bridge *bridge, const Coupon__VoucherChanged *owed, void *call)
{
    store_run(bridge->store, bridge->sends.sql + SQL_ADD, "iiiii", owed->coupon_id, owed->release_id, owed->member_id,
              rpc_now(call), INT64_C(0));
}

void send_withdraw(struct bridge *bridge, int64_t coupon_id, void *call)
{
    struct send send;

    if (!send_find(&bridge->sends, coupon_id, &send) || send.state != PENDING)
        return;
    send.withdrawn = 1;
    if (send.payee.len == 0)
        send.state = WITHDRAWN;
    send_put(bridge, &send, PENDING, send.reason, 0, call);
}

void sends_wake(struct bridge *bridge, int64_t release_id, int64_t now)
{
    store_run(bridge->store, bridge->sends.sql + SQL_WAKE, "ii", release_id, now);
}

void send_use_early(struct bridge *bridge, const char *number, int64_t used_at)
{
    store_run(bridge->store, bridge->sends.sql + SQL_USE_EARLY, "ti", number, used_at);
}

int64_t send_take_use(struct bridge *bridge, const char *number)
{
    int64_t used_at = 0;

    store_ask(bridge->store, bridge->sends.sql + SQL_USED_EARLY, "t", number);
    if (store_only(bridge->store, bridge->sends.sql + SQL_USED_EARLY, INTO(used_at)))
        store_run(bridge->store, bridge->sends.sql + SQL_DROP_EARLY, "t", number);
    return used_at;
}

#define SLICE 100

/* What was not used of a stock whose time is over is over. Whether there may be more. */
static bool tidy(void *arg, void *call)
{
    struct bridge *self = arg;
    struct send unused[SLICE];
    struct stock stock;
    unsigned n;

    store_ask(self->store, self->sends.sql + SQL_ENDED, "i", rpc_now(call) - SEND_LATE_MS);
    if (!stock_find(&self->stocks, store_number(self->store, self->sends.sql + SQL_ENDED), &stock))
        return false;
    n = sends_unused(&self->sends, stock.release_id, unused, SLICE);
    for (unsigned i = 0; i < n; i++) {
        unused[i].state = OVER;
        send_put(self, &unused[i], SENT, unused[i].reason, stock.until, call);
    }
    if (n < SLICE) {
        stock.state = BRIDGE__STOCK_STATE__STOCK_ENDED;
        stock.step = 0;
        stock_put(self, &stock, true, call);
    }
    return true;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__SendChanged *changed = event->send_changed;
    struct send send;

    if (event->event_case != BRIDGE__EVENT__EVENT_SEND_CHANGED)
        return true;
    if (!send_find(&self->sends, changed->coupon_id, &send) || send.journal_seq < row->seq)
        return false;
    told[0] += send.journal_seq == row->seq;
    return send.journal_seq > row->seq || (send.state == (int)changed->state && send.reason == changed->reason &&
                                           strcmp(send.number, changed->number) == 0);
}

static const struct part_stray strays[] = {
    {"send", "was sent to nobody, or has no number",
     "SELECT coupon_id FROM send WHERE state IN (2, 3, 4) AND (length(payee) = 0 OR number = '') LIMIT 1"},
    {"send", "is of no stock",
     "SELECT coupon_id FROM send WHERE release_id NOT IN (SELECT release_id FROM stock) LIMIT 1"},
    {"send", "was withdrawn although it may have left",
     "SELECT coupon_id FROM send WHERE state = 6 AND length(payee) > 0 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec sends_part = {
    .tables = "send send_use",
    .others = "send.coupon_id send.refusals",
    .steps = &sends_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"sends that were told of", "SELECT count(*) FROM send WHERE journal_seq > 0"}},
    .strays = strays,
    .exports = {{NULL, "-- what has become of her coupons coupon tells her"}},
    .closed = {"-- what left is hers in WeChat; what did not is withdrawn, as coupon's journal says"},
    .merged = {"-- stays under its number; whose it is, holders.h says"},
};
