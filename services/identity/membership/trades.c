#include "services/identity/membership/trades.h"

#include "services/identity/people/members.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/waitings.h"
#include "services/identity/people/notices.h"

#define COLUMNS                                                                                                        \
    "trade_id, member_id, union_id, asked_at, decided_at, decided_by, from_at, until_at, trade, state, source, "       \
    "reason, proof, remark, sealed"

enum {
    SQL_MINE, /* these two as in enum trades_list */
    SQL_UNION,
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_ASKED,
    SQL_FIND_PROVEN,
    SQL_FIND_EXPIRED,
    SQL_SET,
    SQL_SET_MEMBER,
    N_SQL
};

#define OF_UNION(state) PAGE_OF_UNION(COLUMNS, "trade", "trade_id", state)

static const char *const sql[] = {
    [SQL_MINE] = "SELECT " COLUMNS " FROM trade WHERE member_id = ?1 AND trade_id < ?3 AND " RPC_PAGE_STATES(
        "?2", "state") " ORDER BY trade_id DESC LIMIT ?4",
    [SQL_UNION] = RPC_PAGE_MERGED_7(OF_UNION) " ORDER BY trade_id LIMIT ?4",
    [SQL_ADD] = "INSERT INTO trade (trade_id, member_id, union_id, trade, state, source, proof, asked_at, sealed) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM trade WHERE trade_id = ?1",
    [SQL_FIND_ASKED] = "SELECT " COLUMNS " FROM trade WHERE member_id = ?1 AND state = 1",
    [SQL_FIND_PROVEN] = "SELECT " COLUMNS " FROM trade WHERE member_id = ?1 AND state = 2",
    [SQL_FIND_EXPIRED] = "SELECT " COLUMNS " FROM trade WHERE state = 2 AND until_at <= ?1 ORDER BY until_at LIMIT 1",
    [SQL_SET] = "UPDATE trade SET state = ?2, source = ?3, reason = ?4, remark = ?5, decided_at = ?6, decided_by = ?7, "
                "from_at = ?8, until_at = ?9, sealed = x'' WHERE trade_id = ?1",
    [SQL_SET_MEMBER] = "UPDATE member SET trade = ?2 WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct trades *trades, unsigned statement, struct trade *ret)
{
    struct store *store = trades->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id), INTO(ret->asked_at),
                      INTO(ret->decided_at), INTO(ret->decided_by), INTO(ret->from_at), INTO(ret->until_at),
                      INTO(ret->trade), INTO(ret->state), INTO(ret->source), INTO(ret->reason), INTO(ret->proof),
                      INTO(ret->remark), INTO_BYTES(ret->sealed));
}

static bool only(const struct trades *trades, unsigned which, int64_t parameter, struct trade *ret)
{
    store_ask(trades->store, trades->sql + which, "i", parameter);
    if (!next(trades, trades->sql + which, ret))
        return false;
    store_end(trades->store, trades->sql + which);
    return true;
}

bool trades_find(const struct trades *trades, int64_t trade_id, struct trade *ret)
{
    return only(trades, SQL_FIND, trade_id, ret);
}

bool trades_find_asked(const struct trades *trades, int64_t member_id, struct trade *ret)
{
    return only(trades, SQL_FIND_ASKED, member_id, ret);
}

bool trades_find_proven(const struct trades *trades, int64_t member_id, struct trade *ret)
{
    return only(trades, SQL_FIND_PROVEN, member_id, ret);
}

void trades_ask(const struct trades *trades, enum trades_list list, int64_t id, int64_t beyond, size_t limit,
                int64_t states)
{
    store_ask(trades->store, trades->sql + list, "iiii", id, states, beyond, (int64_t)limit);
}

bool trades_next(const struct trades *trades, enum trades_list list, struct trade *ret)
{
    return next(trades, trades->sql + list, ret);
}

void trades_end(const struct trades *trades, enum trades_list list)
{
    store_end(trades->store, trades->sql + list);
}

/* ---- what becomes of one ---- */

static void wait_on(struct identity *self, const struct trade *trade)
{
    waitings_keep(&self->waitings, IDENTITY__WAITING_KIND__WAITING_TRADE, trade->id, trade->union_id,
                  trade->state == IDENTITY__TRADE_STATE__TRADE_ASKED);
}

static void add(struct identity *self, const struct trade *trade)
{
    store_run(self->store, self->trades.sql + SQL_ADD, "iiiiiiiib", trade->id, trade->member_id, trade->union_id,
              (int64_t)trade->trade, (int64_t)trade->state, (int64_t)trade->source, (int64_t)trade->proof,
              trade->asked_at, trade->sealed.bytes, trade->sealed.len);
    wait_on(self, trade);
}

static void journal_trade(const struct trade *trade, void *call)
{
    Identity__TradeChanged changed = IDENTITY__TRADE_CHANGED__INIT;

    changed.trade_id = trade->id;
    changed.member_id = trade->member_id;
    changed.union_id = trade->union_id;
    changed.trade = (Rpc__Trade)trade->trade;
    changed.state = (Identity__TradeState)trade->state;
    changed.source = (Identity__TradeSource)trade->source;
    changed.reason = (Identity__RefusalReason)trade->reason;
    changed.until = trade->until_at;
    rpc_tell(call, &changed.base);
}

/* Of what a union has looked at she is told; a roster, or joining, proves a trade without her asking. */
static void tell(struct identity *self, const struct trade *trade, void *call)
{
    int kind = 0;

    if (trade->state == IDENTITY__TRADE_STATE__TRADE_PROVEN && trade->source == IDENTITY__TRADE_SOURCE__TRADE_BY_PAPERS)
        kind = NOTICE__NOTICE_KIND__ACCOUNT_TRADE_PROVEN;
    else if (trade->state == IDENTITY__TRADE_STATE__TRADE_REFUSED)
        kind = NOTICE__NOTICE_KIND__ACCOUNT_TRADE_REFUSED;
    else if (trade->state == IDENTITY__TRADE_STATE__TRADE_EXPIRED ||
             trade->state == IDENTITY__TRADE_STATE__TRADE_REVOKED)
        kind = NOTICE__NOTICE_KIND__ACCOUNT_TRADE_OVER;
    if (kind)
        account_tell_decided(self, trade->member_id, kind, trade->id, call);
}

static void change(struct identity *self, struct trade *trade, int state, void *call)
{
    trade->state = state;
    store_run(self->store, self->trades.sql + SQL_SET, "iiiitiiii", trade->id, (int64_t)trade->state,
              (int64_t)trade->source, (int64_t)trade->reason, trade->remark, trade->decided_at, trade->decided_by,
              trade->from_at, trade->until_at);
    wait_on(self, trade);
    journal_trade(trade, call);
    tell(self, trade, call);
}

void trade_claim(struct identity *self, const struct trade *trade, void *call)
{
    add(self, trade);
    journal_trade(trade, call);
}

void trade_refuse(struct identity *self, struct trade *trade, int state, void *call)
{
    trade->decided_at = rpc_now(call);
    trade->decided_by = rpc_principal(call)->member_id;
    change(self, trade, state, call);
}

/* The member's row and the numbers of her union say the trade that is proven now. */
static void set_member(struct identity *self, struct member *member, int trade)
{
    if (member->trade == trade)
        return;
    if (member->union_id)
        tallies_change_trade(self, member->union_id, member->trade, trade);
    store_run(self->store, self->trades.sql + SQL_SET_MEMBER, "ii", member->id, (int64_t)trade);
    member->trade = trade;
}

void trade_prove(struct identity *self, struct member *member, struct trade *trade, void *call)
{
    int64_t now = rpc_now(call), since = now;
    struct trade old;

    if (trades_find_proven(&self->trades, member->id, &old)) {
        if (old.trade == trade->trade && old.until_at > now)
            since = old.until_at;
        old.until_at = old.until_at < now ? old.until_at : now;
        change(self, &old, IDENTITY__TRADE_STATE__TRADE_REPLACED, call);
    }
    trade->decided_at = trade->from_at = now;
    trade->decided_by = rpc_principal(call)->member_id;
    trade->until_at = since + self->trade_ms;
    if (!trade->id) {
        trade->id = id_next(&self->ids, now);
        trade->asked_at = now;
        trade->state = IDENTITY__TRADE_STATE__TRADE_PROVEN;
        add(self, trade);
    }
    change(self, trade, IDENTITY__TRADE_STATE__TRADE_PROVEN, call);
    set_member(self, member, trade->trade);
}

void trade_end(struct identity *self, struct member *member, void *call)
{
    struct trade trade;

    if (!trades_find_proven(&self->trades, member->id, &trade))
        return;
    trade.until_at = trade.until_at < rpc_now(call) ? trade.until_at : rpc_now(call);
    change(self, &trade, IDENTITY__TRADE_STATE__TRADE_REVOKED, call);
    set_member(self, member, RPC__TRADE__TRADE_OTHER);
}

void trade_withdraw(struct identity *self, int64_t member_id, void *call)
{
    struct trade trade;

    if (trades_find_asked(&self->trades, member_id, &trade))
        trade_refuse(self, &trade, IDENTITY__TRADE_STATE__TRADE_WITHDRAWN, call);
}

void trade_revoke_listed(struct identity *self, struct member *member, void *call)
{
    struct trade trade;

    if (trades_find_proven(&self->trades, member->id, &trade) &&
        trade.source == IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER)
        trade_end(self, member, call);
}

void trade_hand_over(struct identity *self, struct member *kept, struct member *gone, void *call)
{
    struct trade old, trade;

    trade_withdraw(self, gone->id, call);
    if (!trades_find_proven(&self->trades, gone->id, &old))
        return;
    trade = old;
    change(self, &old, IDENTITY__TRADE_STATE__TRADE_REPLACED, call);
    set_member(self, gone, RPC__TRADE__TRADE_OTHER);
    if (kept->trade != RPC__TRADE__TRADE_OTHER)
        return;
    trade.id = id_next(&self->ids, rpc_now(call));
    trade.member_id = kept->id;
    trade.source = IDENTITY__TRADE_SOURCE__TRADE_BY_ACCOUNTS;
    trade.proof = IDENTITY__TRADE_PROOF__TRADE_PROOF_NONE;
    trade.from_at = rpc_now(call);
    add(self, &trade);
    change(self, &trade, IDENTITY__TRADE_STATE__TRADE_PROVEN, call);
    set_member(self, kept, trade.trade);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct member member;
    struct trade trade;

    for (int i = 0; i < TRADE_SLICE; i++) {
        if (store_trouble(self->store) || !only(&self->trades, SQL_FIND_EXPIRED, rpc_now(call), &trade) ||
            !members_find(&self->members, trade.member_id, &member))
            return false;
        change(self, &trade, IDENTITY__TRADE_STATE__TRADE_EXPIRED, call);
        set_member(self, &member, RPC__TRADE__TRADE_OTHER);
    }
    return true;
}

/* A claim is told first as asked, what had none as proven; how it ended stands in its row. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__TradeChanged *changed = event->trade_changed;
    struct trade trade;
    bool asked, proven;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_TRADE_CHANGED)
        return true;
    asked = changed->state == IDENTITY__TRADE_STATE__TRADE_ASKED;
    proven = changed->state == IDENTITY__TRADE_STATE__TRADE_PROVEN;
    if (!trades_find(&self->trades, changed->trade_id, &trade))
        return false;
    told[0] += asked || (proven && trade.proof == IDENTITY__TRADE_PROOF__TRADE_PROOF_NONE);
    return trade.member_id == changed->member_id && trade.union_id == changed->union_id &&
           trade.trade == (int)changed->trade && trade.state >= (int)changed->state &&
           (asked || proven || (trade.state == (int)changed->state && trade.reason == (int)changed->reason));
}

static const struct part_stray strays[] = {
    {"member", "her row does not agree with her trade",
     "SELECT member.member_id FROM member LEFT JOIN trade ON trade.member_id = member.member_id "
     "AND trade.state = 2 WHERE member.trade <> coalesce(trade.trade, 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct trade trade;
    bool more = true;

    trades_ask(&self->trades, TRADES_MINE, export->member_id, INT64_MAX, LIMIT_EXPORT_PAGE, RPC_PAGE_ALL);
    while (more && trades_next(&self->trades, TRADES_MINE, &trade))
        more = part_give(export, trade_message(self, &trade, export->call), PART_LATEST(trade.id));
    trades_end(&self->trades, TRADES_MINE);
}

static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct identity *self = arg;
    struct member member;

    trade_withdraw(self, member_id, call);
    if (members_find(&self->members, member_id, &member))
        trade_end(self, &member, call);
}

static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    struct identity *self = arg;
    struct member gone, kept;

    if (members_find(&self->members, gone_id, &gone) && members_find(&self->members, kept_id, &kept))
        trade_hand_over(self, &kept, &gone, call);
}

const struct part_spec trades_part = {
    .tables = "trade",
    .steps = &trades_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(trade_id) FROM trade",
    .tidy = tidy,
    .agrees = agrees,
    /* Those from before there were proofs have no row of the journal. */
    .counts = {{"trades", "SELECT count(*) FROM trade WHERE trade_id <> member_id"}},
    .strays = strays,
    .on_export = on_export,
    .closed = {"UPDATE trade SET remark = '' WHERE member_id = ?1"},
    .on_closed = on_closed,
    .on_merged = on_merged,
};
