#include "services/identity/rights/closings.h"

#include "services/identity/rights/consents.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/access/grants.h"
#include "services/identity/membership/joins.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/rights/pledges.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/access/wechats.h"

enum {
    SQL_FIND,
    SQL_ASK,
    SQL_DROP,
    SQL_DUE,
    SQL_DROP_CODE,
    SQL_DROP_FAILURES,
    SQL_DROP_CREDENTIAL,
    SQL_EMPTY_ROSTERS,
    SQL_EMPTY_JOINS,
    SQL_EMPTY_CORRECTIONS,
    SQL_EMPTY_TRADES,
    SQL_EMPTY_TRANSFERS,
    SQL_END_CONSENTS,
    SQL_EMPTY_MEMBER,
    N_SQL
};

static const char *const sql[] = {
    [SQL_FIND] = "SELECT member_id, asked_at, due_at FROM closing WHERE member_id = ?1",
    [SQL_ASK] = "INSERT INTO closing (member_id, asked_at, due_at) VALUES (?1, ?2, ?3)",
    [SQL_DROP] = "DELETE FROM closing WHERE member_id = ?1",
    [SQL_DUE] = "SELECT member_id, asked_at, due_at FROM closing WHERE due_at <= ?1 ORDER BY due_at LIMIT 1",
    [SQL_DROP_CODE] = "DELETE FROM login_code WHERE mobile = ?1",
    [SQL_DROP_FAILURES] = "DELETE FROM sign_in_failure WHERE mobile = ?1",
    [SQL_DROP_CREDENTIAL] = "DELETE FROM credential WHERE member_id = ?1",
    /* An index of the row's own number stands where nothing is found any more. */
    [SQL_EMPTY_ROSTERS] = "UPDATE roster SET person = CAST(roster_id AS BLOB), sealed = x'' WHERE person = ?1",
    [SQL_EMPTY_JOINS] = "UPDATE join_request SET remark = '' WHERE member_id = ?1",
    [SQL_EMPTY_CORRECTIONS] = "UPDATE correction SET remark = '' WHERE member_id = ?1",
    [SQL_EMPTY_TRADES] = "UPDATE trade SET remark = '' WHERE member_id = ?1",
    [SQL_EMPTY_TRANSFERS] = "UPDATE transfer SET remark = '' WHERE member_id = ?1",
    [SQL_END_CONSENTS] = "UPDATE consent SET withdrawn_at = ?2 WHERE member_id = ?1 AND withdrawn_at = 0",
    [SQL_EMPTY_MEMBER] = "UPDATE member SET mobile = CAST(member_id AS BLOB), sealed_mobile = x'', person = "
                         "CASE WHEN person IS NULL THEN NULL ELSE CAST(member_id AS BLOB) END, sealed_person = NULL, "
                         "data_key = x'', birth_year = 0, sex = 0, tries_day = 0, tries_failed = 0 "
                         "WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool only(const struct closings *closings, unsigned statement, struct closing *ret)
{
    struct store *store = closings->store;

    if (!store_row(store, statement))
        return false;
    *ret = (struct closing){store_int(store, statement, 0), store_int(store, statement, 1),
                            store_int(store, statement, 2)};
    store_end(store, statement);
    return true;
}

bool closings_find(const struct closings *closings, int64_t member_id, struct closing *ret)
{
    store_ask(closings->store, closings->sql + SQL_FIND, "i", member_id);
    return only(closings, closings->sql + SQL_FIND, ret);
}

void closing_set(struct identity *self, const struct closing *closing, void *call)
{
    const struct closings *closings = &self->closings;
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__ClosingChanged changed = IDENTITY__CLOSING_CHANGED__INIT;

    if (closing->due_at)
        store_run(closings->store, closings->sql + SQL_ASK, "iii", closing->member_id, closing->asked_at,
                  closing->due_at);
    else
        store_run(closings->store, closings->sql + SQL_DROP, "i", closing->member_id);
    changed.member_id = closing->member_id;
    changed.due_at = closing->due_at;
    event.event_case = IDENTITY__EVENT__EVENT_CLOSING_CHANGED;
    event.closing_changed = &changed;
    rpc_journal(call, &event.base);
}

/* ---- closing ---- */

static void close_doors(struct identity *self, int64_t member_id, void *call)
{
    Identity__WechatUnbound unbound = IDENTITY__WECHAT_UNBOUND__INIT;
    Identity__Event event = IDENTITY__EVENT__INIT;
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member_id, doors, ARRAY_LEN(doors));

    event.event_case = IDENTITY__EVENT__EVENT_WECHAT_UNBOUND;
    event.wechat_unbound = &unbound;
    unbound.member_id = member_id;
    for (size_t i = 0; i < n; i++) {
        wechats_drop(&self->wechats, doors[i].id, member_id);
        unbound.wechat_id = doors[i].id;
        rpc_journal(call, &event.base);
    }
}

static void run(const struct closings *closings, unsigned statement, int64_t member_id)
{
    store_run(closings->store, closings->sql + statement, "i", member_id);
}

/* Her row last: all before still finds by what is in it. Of an account that is gone into
 * another the seals are destroyed already. */
static void erase(struct identity *self, const struct member *member, int64_t now)
{
    const struct closings *closings = &self->closings;

    store_run(closings->store, closings->sql + SQL_DROP_CODE, "b", member->mobile, sizeof(member->mobile));
    store_run(closings->store, closings->sql + SQL_DROP_FAILURES, "b", member->mobile, sizeof(member->mobile));
    run(closings, SQL_DROP_CREDENTIAL, member->id);
    if (member->level >= (int)RPC__LEVEL__REAL_NAME)
        store_run(closings->store, closings->sql + SQL_EMPTY_ROSTERS, "b", member->person, sizeof(member->person));
    run(closings, SQL_EMPTY_JOINS, member->id);
    run(closings, SQL_EMPTY_CORRECTIONS, member->id);
    run(closings, SQL_EMPTY_TRADES, member->id);
    run(closings, SQL_EMPTY_TRANSFERS, member->id);
    store_run(closings->store, closings->sql + SQL_END_CONSENTS, "ii", member->id, now);
    run(closings, SQL_EMPTY_MEMBER, member->id);
    run(closings, SQL_DROP, member->id);
}

static void close_account(struct identity *self, struct member *member, void *call)
{
    Identity__AccountClosed closed = IDENTITY__ACCOUNT_CLOSED__INIT;
    Identity__Event event = IDENTITY__EVENT__INIT;
    struct correction correction;
    struct member gone = {0};

    if (!membership_end(self, member, IDENTITY__ENDED__ENDED_BY_LEAVING, call)) {
        transfer_settle(self, member->id, 0, call);
        session_revoke_all(self, member->id, call);
    }
    join_withdraw(self, member->id, call);
    trade_withdraw(self, member->id, call);
    trade_end(self, member, call);
    if (corrections_find_open(&self->corrections, member->id, &correction))
        correction_end(self, &correction, IDENTITY__CORRECTION_STATE__CORRECTION_WITHDRAWN, call);
    pledge_revoke(self, member->id, call);
    close_doors(self, member->id, call);
    while (members_next_gone(&self->members, member->id, gone.id, &gone))
        erase(self, &gone, rpc_now(call));
    erase(self, member, rpc_now(call));
    closed.member_id = member->id;
    event.event_case = IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED;
    event.account_closed = &closed;
    rpc_journal(call, &event.base);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct closing closing;
    struct authority held;
    struct member member;
    int n = 0;

    for (; n < CLOSINGS_SLICE && !store_trouble(self->store); n++) {
        store_ask(self->closings.store, self->closings.sql + SQL_DUE, "i", rpc_now(call));
        if (!only(&self->closings, self->closings.sql + SQL_DUE, &closing))
            break;
        if (!members_find(&self->members, closing.member_id, &member) ||
            grants_find_all(&self->grants, member.id, &held, 1)) {
            closing.due_at = 0;
            closing_set(self, &closing, call);
        } else {
            close_account(self, &member, call);
        }
    }
    self->erased |= n > 0;
    return false;
}

const struct part_spec closings_part = {
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
};
