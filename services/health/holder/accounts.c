#include "services/health/holder/accounts.h"

#include "services/health/booking/bookings.h"
#include "services/health/report/consents.h"
#include "services/health/lot/entries.h"
#include "services/health/report/reports.h"

enum {
    SQL_FIND,
    SQL_ADD,
    SQL_HAND_OVER,
    SQL_RECHECK,
    SQL_UNSETTLED,
    SQL_SETTLE,
    SQL_AUDIT_COUNT,
    SQL_AUDIT_TWICE,
    SQL_AUDIT_LEFT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_FIND] = "SELECT coalesce(holder_id, 0) FROM account_gone WHERE member_id = ?1",
    [SQL_ADD] = "INSERT INTO account_gone (member_id, holder_id, settled) VALUES (?1, nullif(?2, 0), 0)",
    [SQL_HAND_OVER] = "UPDATE account_gone SET holder_id = nullif(?2, 0), settled = 0 WHERE holder_id = ?1",
    [SQL_RECHECK] = "UPDATE account_gone SET settled = 0 WHERE member_id = ?1 OR holder_id = ?1",
    [SQL_UNSETTLED] = "SELECT member_id, coalesce(holder_id, 0) FROM account_gone WHERE settled = 0 LIMIT 1",
    [SQL_SETTLE] = "UPDATE account_gone SET settled = 1 WHERE member_id = ?1",
    [SQL_AUDIT_COUNT] = "SELECT count(*) FROM account_gone",
    [SQL_AUDIT_TWICE] =
        "SELECT e.entitlement_id FROM account_gone g JOIN entitlement e ON e.member_id = g.member_id "
        "JOIN entitlement o ON o.campaign_id = e.campaign_id AND o.entitlement_id <> e.entitlement_id "
        "AND o.member_id IN " ACCOUNT_NUMBERS("g.holder_id") " WHERE g.settled = 1 AND e.state IN (1, 2) "
                                                             "AND o.state IN (1, 2) LIMIT 1",
    [SQL_AUDIT_LEFT] = "SELECT g.member_id FROM account_gone g WHERE g.holder_id IS NULL AND g.settled = 1 AND "
                       "(EXISTS (SELECT 1 FROM entitlement e WHERE e.member_id = g.member_id AND e.state IN (1, 2)) "
                       "OR EXISTS (SELECT 1 FROM report r WHERE r.member_id = g.member_id AND r.state <= 3)) LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int accounts_open(struct accounts *accounts, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *accounts = (struct accounts){.store = store, .sql = (unsigned)first};
    return 0;
}

static bool find(const struct accounts *accounts, int64_t number, int64_t *ret_holder)
{
    unsigned statement = accounts->sql + SQL_FIND;

    store_ask(accounts->store, statement, "i", number);
    if (!store_row(accounts->store, statement))
        return false;
    *ret_holder = store_int(accounts->store, statement, 0);
    store_end(accounts->store, statement);
    return true;
}

int64_t accounts_holder(const struct accounts *accounts, int64_t number)
{
    int64_t holder;

    return find(accounts, number, &holder) ? holder : number;
}

bool accounts_holds(const struct accounts *accounts, int64_t member_id, int64_t number)
{
    return member_id && accounts_holder(accounts, number) == member_id;
}

/* ---- the end of an account ---- */

void account_end(struct health *self, int64_t gone_id, int64_t kept_id, void *call)
{
    Health__Event event = HEALTH__EVENT__INIT;
    Health__MemberGone gone = HEALTH__MEMBER_GONE__INIT;
    int64_t holder = accounts_holder(&self->accounts, kept_id), before;

    if (holder == gone_id || find(&self->accounts, gone_id, &before))
        return;
    store_run(self->store, self->accounts.sql + SQL_HAND_OVER, "ii", gone_id, holder);
    store_run(self->store, self->accounts.sql + SQL_ADD, "ii", gone_id, holder);
    consent_drop(&self->consents, gone_id);
    gone.member_id = gone_id;
    gone.kept_id = kept_id;
    event.event_case = HEALTH__EVENT__EVENT_MEMBER_GONE;
    event.member_gone = &gone;
    rpc_journal(call, &event.base);
}

void account_recheck(struct health *self, int64_t number)
{
    store_run(self->store, self->accounts.sql + SQL_RECHECK, "i", accounts_holder(&self->accounts, number));
}

/* ---- what there is twice, or for nobody ---- */

struct settling {
    struct health *self;
    bool more;
};

/* These end a slice of what a member has twice, or of all that stands under the number of an
 * account that was closed, and say whether there may be more of it. */

static bool withdraw_entries(struct health *self, int64_t member_id, bool all, void *call)
{
    struct entry spare[ACCOUNT_SLICE];
    unsigned n = entries_spare(&self->entries, member_id, all, rpc_now(call), spare, ACCOUNT_SLICE);

    for (unsigned i = 0; i < n; i++)
        entry_withdraw(self, &spare[i], call);
    return n == ACCOUNT_SLICE;
}

static bool give_up_places(struct health *self, int64_t member_id, bool all, void *call)
{
    struct entitlement spare[ACCOUNT_SLICE];
    unsigned n = entitlements_spare(&self->entitlements, member_id, all, spare, ACCOUNT_SLICE);

    for (unsigned i = 0; i < n; i++) {
        struct booking booking;

        if (bookings_find_of(&self->bookings, spare[i].id, &booking))
            booking_set(self, &booking, HEALTH__BOOKING_STATE__CANCELLED, call);
        entitlement_end(self, &spare[i], HEALTH__ENTITLEMENT_STATE__DECLINED, call);
    }
    return n == ACCOUNT_SLICE;
}

static void settle_one(void *call, void *arg)
{
    struct settling *settling = arg;
    struct health *self = settling->self;
    unsigned statement = self->accounts.sql + SQL_UNSETTLED;
    int64_t number, holder;
    bool more;

    store_ask(self->store, statement, "");
    if (!store_row(self->store, statement))
        return;
    number = store_int(self->store, statement, 0);
    holder = store_int(self->store, statement, 1);
    store_end(self->store, statement);
    more = withdraw_entries(self, holder ? holder : number, !holder, call);
    more = give_up_places(self, holder ? holder : number, !holder, call) || more;
    more = (!holder && reports_end_of(self, number, call)) || more;
    if (!more)
        store_run(self->store, self->accounts.sql + SQL_SETTLE, "i", number);
    settling->more = true;
}

bool accounts_tidy(struct health *self)
{
    struct settling settling = {.self = self};

    return rpc_server_transact(self->rpc, settle_one, &settling) == 0 && settling.more;
}

/* ---- the audit ---- */

bool accounts_audit_event(struct accounts *accounts, const Health__Event *event)
{
    const Health__MemberGone *gone = event->member_gone;
    int64_t holder;

    if (event->event_case != HEALTH__EVENT__EVENT_MEMBER_GONE)
        return true;
    accounts->told++;
    return find(accounts, gone->member_id, &holder) && holder == accounts_holder(accounts, gone->kept_id);
}

int accounts_audit(struct accounts *accounts, FILE *out)
{
    static const struct audit_check checks[] = {
        {SQL_AUDIT_TWICE, "entitlement", "whoever holds it has another one in its campaign"},
        {SQL_AUDIT_LEFT, "member", "the account is closed, and has a place or a report"},
    };

    return audit_told(accounts->store, accounts->sql + SQL_AUDIT_COUNT, accounts->told, "account", out) ||
                   audit_checks(accounts->store, accounts->sql, checks, ARRAY_LEN(checks), out)
               ? -1
               : 0;
}
