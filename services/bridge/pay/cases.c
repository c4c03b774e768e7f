#include "services/bridge/pay/cases.h"

#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "case_id, kind, state, payout_id, number, our_fen, their_fen, word, opened_at, closed_at, note, explained_by, closed_by, "  \
    "journal_seq"
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS " FROM pay_case WHERE " RPC_PAGE_STATES("?3", state) " AND state = " state " AND case_id < ?1"

#define OPEN      BRIDGE__PAY_CASE_STATE__PAY_CASE_OPEN
#define CLOSED    BRIDGE__PAY_CASE_STATE__PAY_CASE_CLOSED
#define EXPLAINED BRIDGE__PAY_CASE_STATE__PAY_CASE_EXPLAINED

enum { SQL_ADD, SQL_FIND, SQL_SET, SQL_PAGE, SQL_COUNT_OPEN, SQL_KNOWN, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO pay_case (" COLUMNS ") VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, 0, '', 0, 0, ?9)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM pay_case WHERE case_id = ?1",
    [SQL_SET] = "UPDATE pay_case SET state = ?2, closed_at = ?3, note = ?4, explained_by = ?5, closed_by = ?6, "
                "journal_seq = ?7 WHERE case_id = ?1",
    [SQL_PAGE] = RPC_PAGE_MERGED_3(IN_STATE) " ORDER BY case_id DESC LIMIT ?2",
    [SQL_COUNT_OPEN] = "SELECT count(*) FROM pay_case WHERE state <> 2",
    [SQL_KNOWN] = "SELECT count(*) FROM pay_case WHERE number = ?1 AND kind = ?2 AND our_fen = ?3 AND their_fen = ?4",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next_case(const struct cases *cases, unsigned statement, struct pay_case *ret)
{
    return store_read(cases->store, statement, INTO(ret->id), INTO(ret->kind), INTO(ret->state), INTO(ret->payout_id),
                      INTO(ret->number), INTO(ret->our_fen), INTO(ret->their_fen), INTO(ret->word),
                      INTO(ret->opened_at), INTO(ret->closed_at), INTO(ret->note),
                      INTO(ret->explained_by), INTO(ret->closed_by), INTO(ret->journal_seq));
}

static bool find(const struct cases *cases, int64_t id, struct pay_case *ret)
{
    bool found;

    store_ask(cases->store, cases->sql + SQL_FIND, "i", id);
    found = next_case(cases, cases->sql + SQL_FIND, ret);
    store_end(cases->store, cases->sql + SQL_FIND);
    return found;
}

static void tell(const struct pay_case *one, void *call)
{
    Bridge__PayCaseChanged changed = BRIDGE__PAY_CASE_CHANGED__INIT;

    changed.case_id = one->id;
    changed.kind = (Bridge__PayCaseKind)one->kind;
    changed.state = (Bridge__PayCaseState)one->state;
    changed.payout_id = one->payout_id;
    changed.our_fen = one->our_fen;
    changed.their_fen = one->their_fen;
    rpc_tell(call, &changed.base);
}

void case_open(struct bridge *bridge, struct pay_case *one, void *call)
{
    const struct cases *cases = &bridge->cases;

    one->opened_at = rpc_now(call);
    one->id = id_next(&bridge->ids, one->opened_at);
    one->state = OPEN;
    one->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq + 1;
    if (store_run(cases->store, cases->sql + SQL_ADD, "iiitiitii", one->id, (int64_t)one->kind, one->payout_id,
                  one->number, one->our_fen, one->their_fen, one->word, one->opened_at, one->journal_seq) == 1)
        tell(one, call);
}

bool case_known(const struct cases *cases, const struct pay_case *one)
{
    store_ask(cases->store, cases->sql + SQL_KNOWN, "tiii", one->number, (int64_t)one->kind, one->our_fen,
              one->their_fen);
    return store_number(cases->store, cases->sql + SQL_KNOWN) > 0;
}

/* ---- two hands ---- */

static struct hands_deed deed_of(const struct pay_case *one, const char *union_path, Bridge__PayCase *what, void *call)
{
    static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

    bridge__pay_case__init(what);
    what->case_id = one->id;
    what->kind = (Bridge__PayCaseKind)one->kind;
    what->number = rpc_text(call, one->number);
    what->our_fen = one->our_fen;
    what->their_fen = one->their_fen;
    what->note = rpc_text(call, one->note);
    return (struct hands_deed){
        .kind = "pay case",
        .id = one->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = union_path,
    };
}

static void put(struct bridge *bridge, struct pay_case *one, void *call)
{
    const struct cases *cases = &bridge->cases;

    one->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq + 1;
    store_run(cases->store, cases->sql + SQL_SET, "iiitiii", one->id, (int64_t)one->state, one->closed_at, one->note,
              one->explained_by, one->closed_by, one->journal_seq);
    tell(one, call);
}

int case_explain(struct bridge *bridge, int64_t id, const char *note, const char *union_path, void *call,
                 struct pay_case *ret)
{
    Bridge__PayCase what;
    struct hands_deed deed;
    int reason;

    if (!find(&bridge->cases, id, ret))
        return BRIDGE__REASON__PAY_CASE_NOT_FOUND;
    if (ret->state == CLOSED)
        return BRIDGE__REASON__PAY_CASE_ALREADY_CLOSED;
    snprintf(ret->note, sizeof(ret->note), "%s", note);
    deed = deed_of(ret, union_path, &what, call);
    reason = hands_give(&bridge->two_hands, &deed, call);
    if (reason)
        return reason;
    ret->state = EXPLAINED;
    ret->explained_by = rpc_principal(call)->member_id;
    put(bridge, ret, call);
    return 0;
}

int case_close(struct bridge *bridge, int64_t id, const char *union_path, void *call, struct pay_case *ret)
{
    Bridge__PayCase what;
    struct hands_deed deed;
    int reason;

    if (!find(&bridge->cases, id, ret))
        return BRIDGE__REASON__PAY_CASE_NOT_FOUND;
    if (ret->state == CLOSED)
        return BRIDGE__REASON__PAY_CASE_ALREADY_CLOSED;
    if (ret->state != EXPLAINED)
        return BRIDGE__REASON__PAY_CASE_NOT_EXPLAINED;
    deed = deed_of(ret, union_path, &what, call);
    reason = hands_confirm(&bridge->two_hands, &deed, call);
    if (reason)
        return reason;
    ret->state = CLOSED;
    ret->closed_at = rpc_now(call);
    ret->closed_by = rpc_principal(call)->member_id;
    put(bridge, ret, call);
    return 0;
}

unsigned cases_page(const struct cases *cases, int64_t states, int64_t before, struct pay_case *ret, unsigned max)
{
    unsigned n = 0;

    store_ask(cases->store, cases->sql + SQL_PAGE, "iii", before, (int64_t)max, states);
    while (ret && n < max && next_case(cases, cases->sql + SQL_PAGE, &ret[n]))
        n++;
    store_end(cases->store, cases->sql + SQL_PAGE);
    return n;
}

int64_t cases_count_open(const struct cases *cases)
{
    store_ask(cases->store, cases->sql + SQL_COUNT_OPEN, "");
    return store_number(cases->store, cases->sql + SQL_COUNT_OPEN);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__PayCaseChanged *changed = event->pay_case_changed;
    struct pay_case one;

    if (event->event_case != BRIDGE__EVENT__EVENT_PAY_CASE_CHANGED)
        return true;
    told[0] += changed->state == OPEN;
    told[1] += changed->state == OPEN ? 1 : changed->state == CLOSED ? -1 : 0;
    if (!find(&self->cases, changed->case_id, &one))
        return false;
    return one.kind == (int)changed->kind && one.payout_id == changed->payout_id && one.our_fen == changed->our_fen &&
           one.their_fen == changed->their_fen && (one.journal_seq != row->seq || one.state == (int)changed->state);
}

const struct part_spec cases_part = {
    .tables = "pay_case",
    .people = "pay_case.explained_by pay_case.closed_by",
    .keeps = "officials act by their office, and what they found is on account",
    .steps = &cases_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(case_id) FROM pay_case",
    .agrees = agrees,
    .counts = {{"cases", "SELECT count(*) FROM pay_case"},
               {"open cases", "SELECT count(*) FROM pay_case WHERE state <> 2"}},
};
