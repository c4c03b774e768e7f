#include "services/bridge/flow/flows.h"

#include "common/cn/cn_id.h"
#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "release_id, day, uses, used_fen, backs, back_fen, used, cases, use_hash, back_hash, done_at, journal_seq"

enum { SQL_ADD, SQL_FIND, SQL_LAST, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] =
        "INSERT INTO flow_day (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
        "ON CONFLICT (release_id, day) DO NOTHING",
    [SQL_FIND] = "SELECT " COLUMNS " FROM flow_day WHERE release_id = ?1 AND day = ?2",
    [SQL_LAST] = "SELECT " COLUMNS " FROM flow_day WHERE release_id = ?1 ORDER BY day DESC LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t flow_next_at(int64_t now)
{
    int64_t begin_at = 0;

    cn_day_begin(cn_day(now + INT64_C(86400000)), &begin_at);
    return begin_at + FLOW_READY_MS;
}

static bool only(const struct flows *flows, unsigned statement, struct flow_day *ret)
{
    return store_only(flows->store, statement, INTO(ret->release_id), INTO(ret->day), INTO(ret->uses),
                      INTO(ret->used_fen), INTO(ret->backs), INTO(ret->back_fen), INTO(ret->used), INTO(ret->cases),
                      INTO(ret->use_hash), INTO(ret->back_hash), INTO(ret->done_at), INTO(ret->journal_seq));
}

bool flow_day_last(const struct flows *flows, int64_t release_id, struct flow_day *ret)
{
    store_ask(flows->store, flows->sql + SQL_LAST, "i", release_id);
    return only(flows, flows->sql + SQL_LAST, ret);
}

Bridge__StockFlow *flow_day_show(const struct flow_day *day, void *call)
{
    Bridge__StockFlow *message = arena_message(rpc_arena(call), &bridge__stock_flow__descriptor);

    if (!message)
        return NULL;
    message->release_id = day->release_id;
    message->day = day->day;
    message->uses = day->uses;
    message->used_fen = day->used_fen;
    message->backs = day->backs;
    message->back_fen = day->back_fen;
    message->used = day->used;
    message->cases = day->cases;
    message->use_hash = rpc_text(call, day->use_hash);
    message->back_hash = rpc_text(call, day->back_hash);
    message->done_at = day->done_at;
    return message;
}

void flow_day_add(struct bridge *bridge, struct flow_day *day, void *call)
{
    const struct flows *flows = &bridge->flows;
    Bridge__StockFlowDone done = BRIDGE__STOCK_FLOW_DONE__INIT;

    day->done_at = rpc_now(call);
    day->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq + 1;
    if (store_run(flows->store, flows->sql + SQL_ADD, "iiiiiiiittii", day->release_id, (int64_t)day->day,
                  (int64_t)day->uses, day->used_fen, (int64_t)day->backs, day->back_fen, (int64_t)day->used,
                  (int64_t)day->cases, day->use_hash, day->back_hash, day->done_at, day->journal_seq) != 1)
        return; /* the clock was set back over it */
    done.flow = flow_day_show(day, call);
    rpc_tell(call, &done.base);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const struct flows *flows = &self->flows;
    const Bridge__Event *event = body;
    const Bridge__StockFlow *flow;
    struct flow_day day;

    if (event->event_case != BRIDGE__EVENT__EVENT_STOCK_FLOW_DONE)
        return true;
    flow = event->stock_flow_done->flow;
    told[0]++;
    told[1] += flow ? flow->used_fen - flow->back_fen : 0;
    if (!flow)
        return false;
    store_ask(flows->store, flows->sql + SQL_FIND, "ii", flow->release_id, (int64_t)flow->day);
    return only(flows, flows->sql + SQL_FIND, &day) && day.journal_seq == row->seq && day.uses == flow->uses &&
           day.backs == flow->backs && day.used == flow->used && day.cases == flow->cases &&
           strcmp(day.use_hash, flow->use_hash) == 0 && strcmp(day.back_hash, flow->back_hash) == 0;
}

static const struct part_stray strays[] = {
    {"day of a stock's files", "is of no stock",
     "SELECT release_id FROM flow_day WHERE release_id NOT IN (SELECT release_id FROM stock) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec flows_part = {
    .tables = "flow_day",
    .others = "flow_day.uses flow_day.backs flow_day.cases",
    .steps = &flows_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .counts = {{"days of stocks' files", "SELECT count(*) FROM flow_day"},
               {"fen taken off by their files", "SELECT coalesce(sum(used_fen - back_fen), 0) FROM flow_day"}},
    .strays = strays,
};
