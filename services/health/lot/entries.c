#include "services/health/lot/entries.h"

#include "services/health/holder/accounts.h"

#define COLUMNS "entry_id, campaign_id, member_id, ticket, stratum, at, withdrawn_at"

enum { SQL_LAST_ID, SQL_ADD, SQL_WITHDRAW, SQL_FIND, SQL_SPARE, SQL_AFTER, SQL_ATTEMPT, N_SQL };

static const char *const sql[] = {
    [SQL_LAST_ID] = "SELECT coalesce(max(entry_id), 0) FROM entry",
    [SQL_ADD] = "INSERT INTO entry (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
    [SQL_WITHDRAW] = "UPDATE entry SET withdrawn_at = ?2 WHERE entry_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM entry WHERE " ACCOUNT_HERS " AND campaign_id = ?2 AND withdrawn_at = 0 "
                 "ORDER BY member_id = ?1 DESC LIMIT 1",
    [SQL_SPARE] = "SELECT " COLUMNS " FROM entry e WHERE " ACCOUNT_HERS " AND withdrawn_at = 0 AND EXISTS "
                  "(SELECT 1 FROM campaign c WHERE c.campaign_id = e.campaign_id AND c.state IN (2, 3) "
                  "AND c.closes_at > ?3) AND (?2 OR EXISTS (SELECT 1 FROM entry o WHERE o." ACCOUNT_HERS
                  " AND o.withdrawn_at = 0 AND o.campaign_id = e.campaign_id "
                  "AND (o.member_id = ?1, o.entry_id) > (e.member_id = ?1, e.entry_id))) LIMIT ?4",
    [SQL_AFTER] = "SELECT " COLUMNS " FROM entry WHERE entry_id > ?1 AND entry_id <= ?2 ORDER BY entry_id",
    [SQL_ATTEMPT] = "INSERT INTO attempt (campaign_id, member_id, attempt, at) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (campaign_id, member_id, attempt) DO NOTHING",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int entries_open(struct entries *entries, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *entries = (struct entries){store, (unsigned)first};
    return 0;
}

int64_t entries_last_id(const struct entries *entries)
{
    return health_number(entries->store, entries->sql + SQL_LAST_ID);
}

static bool next(const struct entries *entries, unsigned statement, struct entry *ret)
{
    struct store *store = entries->store;
    const void *ticket;
    size_t len;

    if (!store_row(store, statement))
        return false;
    *ret = (struct entry){
        .id = store_int(store, statement, 0),
        .campaign_id = store_int(store, statement, 1),
        .member_id = store_int(store, statement, 2),
        .stratum = (int32_t)store_int(store, statement, 4),
        .at = store_int(store, statement, 5),
        .withdrawn_at = store_int(store, statement, 6),
    };
    ticket = store_blob(store, statement, 3, &len);
    memcpy(ret->ticket, ticket, len < sizeof(ret->ticket) ? len : sizeof(ret->ticket));
    return true;
}

bool entries_find(const struct entries *entries, int64_t campaign_id, int64_t member_id, struct entry *ret)
{
    store_ask(entries->store, entries->sql + SQL_FIND, "ii", member_id, campaign_id);
    if (!next(entries, entries->sql + SQL_FIND, ret))
        return false;
    store_end(entries->store, entries->sql + SQL_FIND);
    return true;
}

unsigned entries_spare(const struct entries *entries, int64_t member_id, bool all, int64_t now, struct entry *ret,
                       unsigned max)
{
    unsigned n = 0;

    store_ask(entries->store, entries->sql + SQL_SPARE, "iiii", member_id, (int64_t)all, now, (int64_t)max);
    while (n < max && next(entries, entries->sql + SQL_SPARE, &ret[n]))
        n++;
    store_end(entries->store, entries->sql + SQL_SPARE);
    return n;
}

void entries_ask(const struct entries *entries, int64_t after, int64_t upto)
{
    store_ask(entries->store, entries->sql + SQL_AFTER, "ii", after, upto);
}

bool entries_next(const struct entries *entries, struct entry *ret)
{
    return next(entries, entries->sql + SQL_AFTER, ret);
}

void entries_end(const struct entries *entries)
{
    store_end(entries->store, entries->sql + SQL_AFTER);
}

/* ---- changes ---- */

void entry_add(struct health *self, const struct entry *entry, void *call)
{
    Health__Event event = HEALTH__EVENT__INIT;
    Health__Entered entered = HEALTH__ENTERED__INIT;

    store_run(self->store, self->entries.sql + SQL_ADD, "iiibii", entry->id, entry->campaign_id, entry->member_id,
              entry->ticket, sizeof(entry->ticket), (int64_t)entry->stratum, entry->at);
    entered.entry_id = entry->id;
    entered.campaign_id = entry->campaign_id;
    entered.member_id = entry->member_id;
    entered.ticket = (ProtobufCBinaryData){sizeof(entry->ticket), unconst(entry->ticket)};
    entered.stratum = entry->stratum;
    event.event_case = HEALTH__EVENT__EVENT_ENTERED;
    event.entered = &entered;
    rpc_journal(call, &event.base);
}

void entry_withdraw(struct health *self, const struct entry *entry, void *call)
{
    Health__Event event = HEALTH__EVENT__INIT;
    Health__EntryWithdrawn withdrawn = HEALTH__ENTRY_WITHDRAWN__INIT;

    store_run(self->store, self->entries.sql + SQL_WITHDRAW, "ii", entry->id, rpc_now(call));
    withdrawn.entry_id = entry->id;
    withdrawn.campaign_id = entry->campaign_id;
    withdrawn.member_id = entry->member_id;
    event.event_case = HEALTH__EVENT__EVENT_ENTRY_WITHDRAWN;
    event.entry_withdrawn = &withdrawn;
    rpc_journal(call, &event.base);
}

void attempt_note(struct health *self, const Health__Campaign *campaign, int attempt, void *call)
{
    Health__Event event = HEALTH__EVENT__INIT;
    Health__DrawAttemptRefused refused = HEALTH__DRAW_ATTEMPT_REFUSED__INIT;

    rpc_keep(call);
    if (store_run(self->store, self->entries.sql + SQL_ATTEMPT, "iiii", campaign->campaign_id,
                  rpc_principal(call)->member_id, (int64_t)attempt, rpc_now(call)) <= 0)
        return;
    refused.campaign_id = campaign->campaign_id;
    refused.attempt = (Health__Attempt)attempt;
    refused.state = campaign->state;
    event.event_case = HEALTH__EVENT__EVENT_DRAW_ATTEMPT_REFUSED;
    event.draw_attempt_refused = &refused;
    rpc_journal(call, &event.base);
}
