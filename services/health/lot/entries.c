#include "services/health/lot/entries.h"

#define COLUMNS "entry_id, campaign_id, member_id, ticket, stratum, at, withdrawn_at"

enum { SQL_LAST_ID, SQL_ADD, SQL_WITHDRAW, SQL_FIND, SQL_SPARE, SQL_AFTER, SQL_ATTEMPT, N_SQL };

static const char *const sql[] = {
    [SQL_LAST_ID] = "SELECT max(entry_id) FROM entry",
    [SQL_ADD] = "INSERT INTO entry (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
    [SQL_WITHDRAW] = "UPDATE entry SET withdrawn_at = ?2 WHERE entry_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM entry WHERE " HOLDER_HERS " AND campaign_id = ?2 AND withdrawn_at = 0 "
                 "ORDER BY member_id = ?1 DESC LIMIT 1",
    [SQL_SPARE] = "SELECT " COLUMNS " FROM entry e WHERE " HOLDER_HERS " AND withdrawn_at = 0 AND EXISTS "
                  "(SELECT 1 FROM campaign c WHERE c.campaign_id = e.campaign_id AND c.state IN (2, 3) "
                  "AND c.closes_at > ?3) AND (?2 OR EXISTS (SELECT 1 FROM entry o WHERE o." HOLDER_HERS
                  " AND o.withdrawn_at = 0 AND o.campaign_id = e.campaign_id "
                  "AND (o.member_id = ?1, o.entry_id) > (e.member_id = ?1, e.entry_id))) LIMIT ?4",
    [SQL_AFTER] = "SELECT " COLUMNS " FROM entry WHERE entry_id > ?1 AND entry_id <= ?2 ORDER BY entry_id",
    [SQL_ATTEMPT] = "INSERT INTO attempt (campaign_id, member_id, attempt, at) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (campaign_id, member_id, attempt) DO NOTHING",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t entries_last_id(const struct entries *entries)
{
    store_ask(entries->store, entries->sql + SQL_LAST_ID, "");
    return store_number(entries->store, entries->sql + SQL_LAST_ID);
}

static bool next(const struct entries *entries, unsigned statement, struct entry *ret)
{
    struct store *store = entries->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->campaign_id), INTO(ret->member_id), INTO(ret->ticket),
                      INTO(ret->stratum), INTO(ret->at), INTO(ret->withdrawn_at));
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
    Health__Entered entered = HEALTH__ENTERED__INIT;

    store_run(self->store, self->entries.sql + SQL_ADD, "iiibii", entry->id, entry->campaign_id, entry->member_id,
              entry->ticket, sizeof(entry->ticket), (int64_t)entry->stratum, entry->at);
    entered.entry_id = entry->id;
    entered.campaign_id = entry->campaign_id;
    entered.member_id = entry->member_id;
    entered.ticket = (ProtobufCBinaryData){sizeof(entry->ticket), unconst(entry->ticket)};
    entered.stratum = entry->stratum;
    rpc_tell(call, &entered.base);
}

void entry_withdraw(struct health *self, const struct entry *entry, void *call)
{
    Health__EntryWithdrawn withdrawn = HEALTH__ENTRY_WITHDRAWN__INIT;

    store_run(self->store, self->entries.sql + SQL_WITHDRAW, "ii", entry->id, rpc_now(call));
    withdrawn.entry_id = entry->id;
    withdrawn.campaign_id = entry->campaign_id;
    withdrawn.member_id = entry->member_id;
    rpc_tell(call, &withdrawn.base);
}

void attempt_note(struct health *self, const Health__Campaign *campaign, int attempt, void *call)
{
    Health__DrawAttemptRefused refused = HEALTH__DRAW_ATTEMPT_REFUSED__INIT;

    rpc_keep(call);
    if (store_run(self->store, self->entries.sql + SQL_ATTEMPT, "iiii", campaign->campaign_id,
                  rpc_principal(call)->member_id, (int64_t)attempt, rpc_now(call)) <= 0)
        return;
    refused.campaign_id = campaign->campaign_id;
    refused.attempt = (Health__Attempt)attempt;
    refused.state = campaign->state;
    rpc_tell(call, &refused.base);
}

/* ---- what there is twice, or for nobody ---- */

#define SPARE_SLICE 16

static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct health *self = arg;
    struct entry spare[SPARE_SLICE];
    unsigned n =
        entries_spare(&self->entries, holder_id ? holder_id : number, !holder_id, rpc_now(call), spare, SPARE_SLICE);

    for (unsigned i = 0; i < n; i++)
        entry_withdraw(self, &spare[i], call);
    return n == SPARE_SLICE;
}

/* ---- the audit ---- */

/* Entries are appended in the journal's order, so the two are read side by side. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct health *self = arg;
    const Health__Event *event = body;
    const Health__Entered *entered = event->entered;
    struct entry entry;

    (void)row;
    told[1] += event->event_case == HEALTH__EVENT__EVENT_ENTRY_WITHDRAWN;
    if (event->event_case != HEALTH__EVENT__EVENT_ENTERED)
        return true;
    if (!told[0]++)
        entries_ask(&self->entries, 0, INT64_MAX);
    return entries_next(&self->entries, &entry) && entry.id == entered->entry_id &&
           entry.campaign_id == entered->campaign_id && entry.member_id == entered->member_id &&
           entry.stratum == entered->stratum && entered->ticket.len == DRAW_TICKET_LEN &&
           memcmp(entry.ticket, entered->ticket.data, DRAW_TICKET_LEN) == 0;
}

const struct part_spec entries_part = {
    .tables = "entry attempt",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(entry_id) FROM entry",
    .agrees = agrees,
    .counts = {{"entries", "SELECT count(*) FROM entry"},
               {"withdrawn entries", "SELECT count(*) FROM entry WHERE withdrawn_at > 0"}},
    .exports = {{&health__entry__descriptor,
                 "SELECT entry_id, campaign_id, lower(hex(ticket)) AS ticket, stratum, at AS entered_at FROM entry "
                 "WHERE " HOLDER_HERS " AND withdrawn_at = 0 AND entry_id > ?2 ORDER BY entry_id LIMIT ?3"}},
    .closed = {"-- the list of a lot never changes; what is still open is withdrawn (settle)"},
    .merged = {"-- the list of a lot never changes; of two that are open one is withdrawn (settle)"},
    .settle = settle,
};
