#include "common/benefit/granted/granted_internal.h"

#include "common/base/limits.h"
#include "common/base/log.h"

#define TIDY_SLICE 200

/* Whose journals are followed; a service's number is its place here, from 1. */
static const char *const services[] = {"coupon", "health", "subsidy"};
enum { COUPON = 1, HEALTH, SUBSIDY, ANOTHER };

#define COLUMNS "source_id, member_id, group_key, ceiling_key, ceiling_fen, fen, at, state"

static const char *const sql[] = {
    [GRANTED_SQL_ADD] = "INSERT INTO granted (" COLUMNS ", journal_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) "
                        "ON CONFLICT (source_id) DO NOTHING",
    [GRANTED_SQL_PUT] =
        "INSERT INTO granted (" COLUMNS ", journal_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (source_id) DO UPDATE SET member_id = excluded.member_id, group_key = excluded.group_key, "
        "ceiling_key = excluded.ceiling_key, ceiling_fen = excluded.ceiling_fen, fen = excluded.fen, "
        "at = excluded.at, state = excluded.state, journal_seq = excluded.journal_seq",
    [GRANTED_SQL_FIND] = "SELECT " COLUMNS ", journal_seq FROM granted WHERE source_id = ?1",
    [GRANTED_SQL_DROP] = "DELETE FROM granted WHERE source_id = ?1",
    [GRANTED_SQL_ALL] = "SELECT " COLUMNS ", 0 FROM granted ORDER BY source_id",
    [GRANTED_SQL_OLD] =
        "SELECT source_id, member_id FROM granted WHERE source_id < ?1 AND at < ?2 ORDER BY source_id LIMIT ?3",
    [GRANTED_SQL_HEAR] =
        "INSERT INTO granted_elsewhere (" COLUMNS ", service) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) "
        "ON CONFLICT (service, source_id) DO UPDATE SET member_id = excluded.member_id, group_key = "
        "excluded.group_key, ceiling_key = excluded.ceiling_key, ceiling_fen = excluded.ceiling_fen, fen = "
        "excluded.fen, at = excluded.at, state = excluded.state",
    [GRANTED_SQL_HEAR_CHANGED] = "UPDATE granted_elsewhere SET state = ?3 WHERE service = ?1 AND source_id = ?2",
    [GRANTED_SQL_DROP_OTHER] = "DELETE FROM granted_elsewhere WHERE service = ?1 AND source_id = ?2",
    [GRANTED_SQL_ALL_OTHERS] = "SELECT " COLUMNS ", service FROM granted_elsewhere ORDER BY service, source_id",
    [GRANTED_SQL_OLD_OTHERS] =
        "SELECT source_id, member_id FROM granted_elsewhere WHERE service = ?4 AND source_id < ?1 "
        "AND at < ?2 ORDER BY source_id LIMIT ?3",
    [GRANTED_SQL_KEEP] = "INSERT INTO granted_counting (counting_id, counting) VALUES (?1, ?2)",
    [GRANTED_SQL_KEPT] = "SELECT counting FROM granted_counting WHERE counting_id = ?1",
    [GRANTED_SQL_UPTO] = "SELECT seq FROM granted_upto",
    [GRANTED_SQL_SET_UPTO] = "UPDATE granted_upto SET seq = ?1",
    [GRANTED_SQL_DROPPED] = "INSERT INTO granted_dropped (source_id) VALUES (?1) ON CONFLICT (source_id) DO NOTHING",
    [GRANTED_SQL_ALL_DROPPED] = "SELECT count(*) FROM granted_dropped",
    [GRANTED_SQL_IS_DROPPED] = "SELECT 1 FROM granted_dropped WHERE source_id = ?1",
    [GRANTED_SQL_FORGET_DROPPED] = "DELETE FROM granted_dropped",
};
_Static_assert(ARRAY_LEN(sql) == GRANTED_N_SQL, "a statement for each");

/* From when on rows are kept. */
static int64_t kept_since(int64_t now)
{
    return granted_since(granted_since(now, GRANTED__PERIOD__YEAR) - 1, GRANTED__PERIOD__YEAR);
}

/* ---- changes ---- */

struct granted_entry granted_entry_of(const struct grant *grant, int64_t at, int state, int service)
{
    return (struct granted_entry){.source_id = grant->source_id,
                                  .at = at,
                                  .fen = grant->fen,
                                  .group_key = grant->group_key,
                                  .ceiling_key = grant->ceiling_key,
                                  .ceiling_fen = grant->ceiling_fen,
                                  .service = (uint8_t)service,
                                  .state = (uint8_t)state};
}

static int64_t next_seq(const struct granted *granted)
{
    return rpc_server_journal(granted->parts->rpc)->tip.seq + 1;
}

struct grant granted_told(const Granted__Granted *told)
{
    return (struct grant){
        .source_id = told->source_id,
        .member_id = told->member_id,
        .group_key = told->group_key,
        .ceiling_key = told->ceiling_key,
        .ceiling_fen = told->ceiling_fen,
        .fen = told->fen,
    };
}

/* The whole row of one of this service's, which the next of the journal tells. */
static void put_row(struct granted *granted, const struct granted_entry *entry, int64_t member_id, int state)
{
    store_run(granted->store, granted->sql + GRANTED_SQL_PUT, "iiiiiiiii", entry->source_id, member_id,
              entry->group_key, entry->ceiling_key, entry->ceiling_fen, entry->fen, entry->at, (int64_t)state,
              next_seq(granted));
}

static int note(struct granted *granted, const struct grant *grant, const ProtobufCMessage *own, void *call)
{
    struct granted_entry entry = granted_entry_of(grant, rpc_now(call), GRANTED__GRANT_STATE__HELD, granted->service);
    struct granted_entry *had =
        grant->source_id > granted->newest
            ? NULL
            : granted_index_find(granted->index, grant->member_id, granted->service, grant->source_id);
    Granted__Granted told = GRANTED__GRANTED__INIT;

    if (had && granted_counts(had)) {
        if (own)
            rpc_tell(call, own);
        return 0;
    }
    if (had) { /* else the row is written behind */
        put_row(granted, &entry, grant->member_id, entry.state);
        granted_index_remove(granted->index, grant->member_id, had, call);
    }
    if (!granted_index_add(granted->index, grant->member_id, &entry, call))
        return RPC__REASON__OVERLOADED;
    if (grant->source_id > granted->newest)
        granted->newest = grant->source_id;
    told.source_id = grant->source_id;
    told.member_id = grant->member_id;
    told.group_key = grant->group_key;
    told.ceiling_key = grant->ceiling_key;
    told.ceiling_fen = grant->ceiling_fen;
    told.fen = grant->fen;
    told.at = entry.at;
    if (own)
        rpc_tell_both(call, &told.base, own);
    else
        rpc_tell(call, &told.base);
    return 0;
}

int granted_note(struct granted *granted, const struct grant *grant, void *call)
{
    return note(granted, grant, NULL, call);
}

static void undo_passed(void *arg, int64_t n, int64_t unused)
{
    struct granted *granted = arg;

    (void)unused;
    granted->passed -= n;
}

void granted_put(struct granted *granted, struct granted_entry *entry, int64_t member_id, int state, void *call)
{
    Granted__GrantChanged changed = GRANTED__GRANT_CHANGED__INIT;

    put_row(granted, entry, member_id, state);
    changed.source_id = entry->source_id;
    changed.member_id = member_id;
    changed.state = (Granted__GrantState)state;
    rpc_tell(call, &changed.base);
    granted_index_set(granted->index, entry, state, call);
    if (state == GRANTED__GRANT_STATE__PASSED) {
        granted->passed++;
        rpc_on_undo(call, undo_passed, granted, 1, 0);
    }
}

int granted_give(struct granted *granted, const struct granted_marks *marks, int64_t source_id, int64_t member_id,
                 int64_t fen, const ProtobufCMessage *own, void *call)
{
    const struct grant grant = {.source_id = source_id,
                                .member_id = member_id,
                                .group_key = marks->group_key,
                                .ceiling_key = marks->ceiling_key,
                                .ceiling_fen = marks->ceiling_fen,
                                .fen = fen};

    if (granted_has_marks(marks))
        return note(granted, &grant, own, call);
    if (own)
        rpc_tell(call, own);
    return 0;
}

/* What was hers no more is anew. */
static void renew(struct granted *granted, const struct granted_entry *entry, int64_t member_id, void *call)
{
    const struct grant grant = {.source_id = entry->source_id,
                                .member_id = member_id,
                                .group_key = entry->group_key,
                                .ceiling_key = entry->ceiling_key,
                                .ceiling_fen = entry->ceiling_fen,
                                .fen = entry->fen};

    rpc_refuse_if(call, granted_note(granted, &grant, call));
}

void granted_set(struct granted *granted, int64_t source_id, int64_t member_id, int state, void *call)
{
    struct granted_entry *entry = granted_index_find(granted->index, member_id, granted->service, source_id);
    int before = entry ? entry->state : state;

    if (before == GRANTED__GRANT_STATE__WITHDRAWN && state == GRANTED__GRANT_STATE__SPENT)
        state = GRANTED__GRANT_STATE__PASSED;
    if (before == state || (before == GRANTED__GRANT_STATE__PASSED && state == GRANTED__GRANT_STATE__SPENT) ||
        (before == GRANTED__GRANT_STATE__WITHDRAWN && state == GRANTED__GRANT_STATE__GIVEN_BACK))
        return;
    if (granted_counts(entry) || state == GRANTED__GRANT_STATE__PASSED) {
        granted_put(granted, entry, member_id, state, call);
        return;
    }
    renew(granted, entry, member_id, call);
    if (state == GRANTED__GRANT_STATE__SPENT && !rpc_refused(call))
        granted_set(granted, source_id, member_id, state, call);
}

/* ---- what other services tell ---- */

static void hear_granted(struct granted *granted, const Granted__Granted *told, int service, void *call)
{
    const struct grant grant = granted_told(told);
    struct granted_entry entry = granted_entry_of(&grant, told->at, GRANTED__GRANT_STATE__HELD, service);
    struct granted_entry *had = granted_index_find(granted->index, grant.member_id, service, grant.source_id);

    if (!holder_of(granted->holders, grant.member_id) || told->at < kept_since(rpc_now(call)) ||
        (had && had->at >= told->at))
        return;
    store_run(granted->store, granted->sql + GRANTED_SQL_HEAR, "iiiiiiii", grant.source_id, grant.member_id,
              grant.group_key, grant.ceiling_key, grant.ceiling_fen, grant.fen, entry.at, (int64_t)service);
    if (had)
        granted_index_remove(granted->index, grant.member_id, had, call);
    if (granted_index_add(granted->index, grant.member_id, &entry, call))
        granted_judge(granted, grant.member_id, entry.ceiling_key, entry.at, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED); /* the row comes again */
}

static void hear_changed(struct granted *granted, const Granted__GrantChanged *told, int service, void *call)
{
    struct granted_entry *entry = granted_index_find(granted->index, told->member_id, service, told->source_id);

    if (!entry || entry->state == (int)told->state)
        return;
    store_run(granted->store, granted->sql + GRANTED_SQL_HEAR_CHANGED, "iii", (int64_t)service, told->source_id,
              (int64_t)told->state);
    granted_index_set(granted->index, entry, (int)told->state, call);
    granted_judge(granted, told->member_id, entry->ceiling_key, entry->at, call);
}

static void hear(struct granted *granted, int service, void *call, const Rpc__JournalRow *row)
{
    Rpc__ChassisEvent *event = rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANTED)
        hear_granted(granted, event->granted, service, call);
    else if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANT_CHANGED)
        hear_changed(granted, event->grant_changed, service, call);
    rpc__chassis_event__free_unpacked(event, NULL);
}

static void hear_coupon(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, COUPON, call, row);
}

static void hear_health(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, HEALTH, call, row);
}

static void hear_subsidy(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, SUBSIDY, call, row);
}

static const struct part_stray strays[] = {
    {"row", "is not in the journal, and what was given up to it is said to be kept",
     "SELECT seq FROM granted_upto WHERE seq > (SELECT coalesce(max(seq), 0) FROM journal)"},
    {NULL, NULL, NULL},
};

static const int32_t kinds[] = {RPC__CHASSIS_EVENT__EVENT_GRANTED, RPC__CHASSIS_EVENT__EVENT_GRANT_CHANGED};

/* ---- people ---- */

static void drop(struct granted *granted, int64_t member_id, int service, int64_t source_id, void *call)
{
    const struct granted_entry *entry = granted_index_find(granted->index, member_id, service, source_id);

    if (service == granted->service)
        granted_drop(granted, source_id);
    else
        store_run(granted->store, granted->sql + GRANTED_SQL_DROP_OTHER, "ii", (int64_t)service, source_id);
    if (entry)
        granted_index_remove(granted->index, member_id, entry, call);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    struct granted *granted = self;
    struct granted_walk walk = granted_walk_own(granted->index, member_id);
    const struct granted_entry *entry;

    while ((entry = granted_walk_next(&walk)))
        drop(granted, member_id, entry->service, entry->source_id, call);
}

static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    const struct granted *granted = self;

    if (!granted_index_join(granted->index, gone_id, kept_id, call))
        rpc_refuse(call, RPC__REASON__OVERLOADED); /* the row comes again */
}

/* Together two accounts may have got more than one may; and who had a session of a closed one may have got something
 * before it ended. */
static bool settle(void *self, int64_t number, int64_t holder_id, void *call)
{
    if (holder_id)
        granted_judge_all(self, holder_id, call);
    else
        on_closed(self, number, call);
    return false;
}

static void on_export(void *self, struct part_export *export)
{
    const struct granted *granted = self;
    const struct granted_entry *entry = NULL;
    int64_t n = 0;
    bool more = true;

    while (more && (entry = granted_after(granted, export->member_id, entry))) {
        Granted__Got *got =
            ++n > export->after ? arena_message(rpc_arena(export->call), &granted__got__descriptor) : NULL;

        if (n <= export->after)
            continue;
        if (got) {
            got->service = unconst(entry->service < ANOTHER ? services[entry->service - 1] : granted->kind->name);
            got->source_id = entry->source_id;
            got->fen = entry->fen;
            got->at = entry->at;
            got->state = (Granted__GrantState)entry->state;
        }
        more = part_give(export, got, n);
    }
}

/* ---- what is old ---- */

/* Some of a service's rows. Whether there may be more. */
static bool drop_old(struct granted *granted, int service, void *call)
{
    unsigned statement = granted->sql + (service == granted->service ? GRANTED_SQL_OLD : GRANTED_SQL_OLD_OTHERS);
    int64_t since = kept_since(rpc_now(call)), ids[TIDY_SLICE], members[TIDY_SLICE];
    int n = 0;

    if (service == granted->service)
        store_ask(granted->store, statement, "iii", id_at(since), since, (int64_t)TIDY_SLICE);
    else
        store_ask(granted->store, statement, "iiii", id_at(since), since, (int64_t)TIDY_SLICE, (int64_t)service);
    while (n < TIDY_SLICE && store_read(granted->store, statement, INTO(ids[n]), INTO(members[n])))
        n++;
    store_end(granted->store, statement);
    for (int i = 0; i < n; i++)
        drop(granted, members[i], service, ids[i], call);
    return n == TIDY_SLICE;
}

static bool tidy(void *self, void *call)
{
    bool more = false;

    for (int service = 1; service <= ANOTHER && !more; service++)
        more = drop_old(self, service, call);
    return more;
}

/* ---- life ---- */

struct row {
    struct grant grant;
    int64_t at, service; /* 0: this one */
    int state;
};

static bool next(const struct granted *granted, unsigned statement, struct row *ret)
{
    return store_read(granted->store, statement, INTO(ret->grant.source_id), INTO(ret->grant.member_id),
                      INTO(ret->grant.group_key), INTO(ret->grant.ceiling_key), INTO(ret->grant.ceiling_fen),
                      INTO(ret->grant.fen), INTO(ret->at), INTO(ret->state), INTO(ret->service));
}

static bool load(struct granted *granted, unsigned statement)
{
    bool ok = true;
    struct row row;

    store_ask(granted->store, statement, "");
    while (ok && next(granted, statement, &row)) {
        int service = row.service ? (int)row.service : granted->service;
        struct granted_entry entry = granted_entry_of(&row.grant, row.at, row.state, service);

        granted->passed += !row.service && row.state == GRANTED__GRANT_STATE__PASSED;
        if (!row.service && row.grant.source_id > granted->newest)
            granted->newest = row.grant.source_id;
        ok = granted_index_add(granted->index, row.grant.member_id, &entry, NULL);
    }
    store_end(granted->store, statement);
    return ok;
}

int granted_start(struct granted *granted, const struct granted_kind *kind, const struct holders *holders)
{
    int64_t number, holder_id;
    bool ok;

    granted->kind = kind;
    granted->holders = holders;
    granted->service = 1;
    while (granted->service < ANOTHER && strcmp(services[granted->service - 1], kind->name) != 0)
        granted->service++;
    granted->index = granted_index_new();
    ok = granted->index && load(granted, granted->sql + GRANTED_SQL_ALL) && granted_replay(granted) &&
         load(granted, granted->sql + GRANTED_SQL_ALL_OTHERS);
    holders_ask(holders, 0);
    while (holders_next(holders, &number, &holder_id))
        ok = ok && granted_index_join(granted->index, number, holder_id, NULL);
    if (ok && !store_trouble(granted->store))
        return 0;
    log_error("grants_not_loaded", "limit", log_int(LIMIT_GRANTED));
    return -1;
}

void granted_done(struct granted *granted)
{
    granted_index_free(granted->index);
    granted->index = NULL;
}

/* ---- the audit ---- */

static bool same(const struct row *row, const Granted__Granted *told)
{
    return row->grant.member_id == told->member_id && row->grant.group_key == told->group_key &&
           row->grant.ceiling_key == told->ceiling_key && row->grant.ceiling_fen == told->ceiling_fen &&
           row->grant.fen == told->fen && row->at == told->at && row->state == GRANTED__GRANT_STATE__HELD;
}

/* One that is still there is as the journal told it last. */
static bool agrees(void *self, const void *body, const Rpc__JournalRow *journal_row, int64_t told[PART_COUNTS])
{
    const struct granted *granted = self;
    const Rpc__ChassisEvent *event = body;
    bool is_grant = event && event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANTED;
    struct row row;
    int64_t seq;

    if (!is_grant && !(event && event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANT_CHANGED))
        return true;
    store_ask(granted->store, granted->sql + GRANTED_SQL_FIND, "i",
              is_grant ? event->granted->source_id : event->grant_changed->source_id);
    if (!next(granted, granted->sql + GRANTED_SQL_FIND, &row))
        return true;
    store_end(granted->store, granted->sql + GRANTED_SQL_FIND);
    seq = row.service; /* the last column */
    told[0] += seq == journal_row->seq;
    return seq > journal_row->seq ||
           (seq == journal_row->seq &&
            (is_grant ? same(&row, event->granted) : row.state == (int)event->grant_changed->state));
}

const struct part_spec granted_part = {
    .tables = "granted granted_elsewhere granted_counting granted_upto granted_dropped",
    .others = "granted.group_key granted.ceiling_key granted_elsewhere.service granted_elsewhere.group_key "
              "granted_elsewhere.ceiling_key",
    .steps = &granted_steps,
    .sql = sql,
    .n_sql = GRANTED_N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(source_id) FROM granted), 0), "
               "coalesce((SELECT max(counting_id) FROM granted_counting), 0))",
    .tidy = tidy,
    .work = granted_work,
    .follows = {{"coupon", kinds, ARRAY_LEN(kinds), hear_coupon, true},
                {"health", kinds, ARRAY_LEN(kinds), hear_health, true},
                {"subsidy", kinds, ARRAY_LEN(kinds), hear_subsidy, true}},
    .agrees = agrees,
    .counts = {{"grants that count", "SELECT count(*) FROM granted"}},
    .strays = strays,
    .on_export = on_export,
    .on_closed = on_closed,
    .on_merged = on_merged,
    .settle = settle,
};
