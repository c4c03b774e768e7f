#include "services/health/report/reports.h"

#include "common/base/base64url.h"
#include "common/base/bytes.h"
#include "services/health/api.h"
#include "services/health/booking/bookings.h"
#include "services/health/campaign/campaigns.h"

#define COLUMNS                                                                                                        \
    "report_id, booking_id, campaign_id, site_id, member_id, version, size, state, begun_at, ready_at, ended_at, "     \
    "journal_seq, wrapped"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_OF_BOOKING,
    SQL_LATEST,
    SQL_OF_MEMBER,
    SQL_HERS_AFTER,
    SQL_VERSIONS,
    SQL_LIVING,
    SQL_DUE,
    SQL_ITEMS,
    SQL_END,
    SQL_PUT_PART,
    SQL_PART,
    SQL_RECEIVED,
    SQL_DROP_PARTS,
    SQL_ADD_VIEW,
    SQL_VIEWS,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO report (" COLUMNS ", items) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_SET] = "UPDATE report SET version = ?2, state = ?3, ready_at = ?4, ended_at = ?5, journal_seq = ?6 "
                "WHERE report_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM report WHERE report_id = ?1",
    [SQL_OF_BOOKING] = "SELECT " COLUMNS " FROM report WHERE booking_id = ?1 AND state = ?2",
    [SQL_LATEST] = "SELECT " COLUMNS " FROM report WHERE booking_id = ?1 AND version > 0 "
                   "ORDER BY version DESC LIMIT 1",
    [SQL_OF_MEMBER] = "SELECT " COLUMNS " FROM report WHERE " HOLDER_HERS " AND ready_at > 0 "
                      "AND report_id < ?2 ORDER BY report_id DESC LIMIT ?3",
    [SQL_HERS_AFTER] = "SELECT " COLUMNS " FROM report WHERE " HOLDER_HERS " AND ready_at > 0 AND report_id > ?2 "
                       "ORDER BY report_id LIMIT ?3",
    [SQL_VERSIONS] = "SELECT count(*), coalesce(max(version), 0) FROM report WHERE booking_id = ?1",
    [SQL_LIVING] = "SELECT " COLUMNS " FROM report WHERE member_id = ?1 AND state <= 3 LIMIT ?2",
    [SQL_DUE] = "SELECT " COLUMNS " FROM report WHERE (state = 1 AND begun_at <= ?1) "
                "OR (state IN (2, 3) AND ready_at <= ?2) LIMIT ?3",
    [SQL_ITEMS] = "SELECT items FROM report WHERE report_id = ?1",
    [SQL_END] = "UPDATE report SET wrapped = x'', items = x'' WHERE report_id = ?1",
    [SQL_PUT_PART] = "INSERT INTO report_part (report_id, part, sealed) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (report_id, part) DO UPDATE SET sealed = excluded.sealed",
    [SQL_PART] = "SELECT sealed FROM report_part WHERE report_id = ?1 AND part = ?2",
    [SQL_RECEIVED] = "SELECT count(*) FROM report_part WHERE report_id = ?1",
    [SQL_DROP_PARTS] = "DELETE FROM report_part WHERE report_id = ?1",
    [SQL_ADD_VIEW] = "INSERT INTO report_view (report_id, at, session_id) VALUES (?1, ?2, ?3)",
    [SQL_VIEWS] = "SELECT at, session_id, view_id FROM report_view WHERE report_id = ?1 AND view_id < ?2 "
                  "ORDER BY view_id DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next_report(const struct reports *reports, unsigned statement, struct report *ret)
{
    struct store *store = reports->store;
    const void *wrapped;

    if (!store_row(store, statement))
        return false;
    *ret = (struct report){
        .id = store_int(store, statement, 0),
        .booking_id = store_int(store, statement, 1),
        .campaign_id = store_int(store, statement, 2),
        .site_id = store_int(store, statement, 3),
        .member_id = store_int(store, statement, 4),
        .version = (int32_t)store_int(store, statement, 5),
        .size = (int32_t)store_int(store, statement, 6),
        .state = (int)store_int(store, statement, 7),
        .begun_at = store_int(store, statement, 8),
        .ready_at = store_int(store, statement, 9),
        .ended_at = store_int(store, statement, 10),
        .journal_seq = store_int(store, statement, 11),
    };
    wrapped = store_blob(store, statement, 12, &ret->wrapped_len);
    if (ret->wrapped_len > sizeof(ret->wrapped))
        ret->wrapped_len = 0;
    memcpy(ret->wrapped, wrapped, ret->wrapped_len);
    return true;
}

static bool only_report(const struct reports *reports, unsigned statement, struct report *ret)
{
    bool found = next_report(reports, statement, ret);

    store_end(reports->store, statement);
    return found;
}

bool reports_find(const struct reports *reports, int64_t report_id, struct report *ret)
{
    store_ask(reports->store, reports->sql + SQL_FIND, "i", report_id);
    return only_report(reports, reports->sql + SQL_FIND, ret);
}

bool reports_latest(const struct reports *reports, int64_t booking_id, struct report *ret)
{
    store_ask(reports->store, reports->sql + SQL_LATEST, "i", booking_id);
    return only_report(reports, reports->sql + SQL_LATEST, ret);
}

static bool find_in_state(const struct reports *reports, int64_t booking_id, int state, struct report *ret)
{
    store_ask(reports->store, reports->sql + SQL_OF_BOOKING, "ii", booking_id, (int64_t)state);
    return only_report(reports, reports->sql + SQL_OF_BOOKING, ret);
}

void reports_ask(const struct reports *reports, int64_t member_id, int64_t before, size_t limit)
{
    store_ask(reports->store, reports->sql + SQL_OF_MEMBER, "iii", member_id, before, (int64_t)limit);
}

bool reports_next(const struct reports *reports, struct report *ret)
{
    return next_report(reports, reports->sql + SQL_OF_MEMBER, ret);
}

int32_t reports_received(const struct reports *reports, int64_t report_id)
{
    store_ask(reports->store, reports->sql + SQL_RECEIVED, "i", report_id);
    return (int32_t)store_number(reports->store, reports->sql + SQL_RECEIVED);
}

/* ---- changes ---- */

/* Says what became of it, then keeps that with the number of the row. */
static void change(struct health *self, struct report *report, int state, void *call)
{
    Health__ReportChanged changed = HEALTH__REPORT_CHANGED__INIT;

    report->state = state;
    changed.report_id = report->id;
    changed.booking_id = report->booking_id;
    changed.state = (Health__ReportState)state;
    changed.version = report->version;
    changed.size = report->size;
    rpc_tell(call, &changed.base);
    report->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->reports.sql + SQL_SET, "iiiiii", report->id, (int64_t)report->version, (int64_t)state,
              report->ready_at, report->ended_at, report->journal_seq);
    if (state > (int)HEALTH__REPORT_STATE__REPORT_STATE_READY)
        notice_withdraw(&self->notice, 0, report->id, call);
}

static const struct pii_key *key_of(const struct health *self, const struct report *report)
{
    return pii_data_key(self->report_keys, report->id, report->wrapped, report->wrapped_len);
}

int report_begin(struct health *self, struct report *report, const Health__ReportItems *items, void *call)
{
    unsigned char key[PII_KEY_LEN], nonce[PII_NONCE_LEN], *sealed;
    struct report before;
    const void *packed;
    size_t len = 0;

    store_ask(self->store, self->reports.sql + SQL_VERSIONS, "i", report->booking_id);
    if (store_number(self->store, self->reports.sql + SQL_VERSIONS) >= REPORT_VERSIONS_MAX) {
        rpc_fact_number(call, "maximum", REPORT_VERSIONS_MAX);
        return HEALTH__REASON__TOO_MANY_VERSIONS;
    }
    if (find_in_state(&self->reports, report->booking_id, HEALTH__REPORT_STATE__REPORT_STATE_UPLOADING, &before))
        report_end(self, &before, HEALTH__REPORT_STATE__REPORT_STATE_ABANDONED, call);
    report->id = id_next(&self->ids, rpc_now(call));
    report->begun_at = rpc_now(call);
    report->wrapped_len = sizeof(report->wrapped);
    rpc_random(call, key, sizeof(key));
    rpc_random(call, nonce, sizeof(nonce));
    pii_wrap(self->report_keys, report->id, nonce, key, report->wrapped);
    memset(key, 0, sizeof(key));
    packed = health_pack(&items->base, rpc_arena(call), &len);
    sealed = arena_alloc(rpc_arena(call), len + PII_OVERHEAD);
    if (!packed || !sealed || len > LIMIT_PART || !key_of(self, report))
        return RPC__REASON__OVERLOADED;
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal_under(key_of(self, report), "report.items", report->id, nonce, packed, len, sealed);
    store_run(self->store, self->reports.sql + SQL_ADD, "iiiiiiiiiiiibb", report->id, report->booking_id,
              report->campaign_id, report->site_id, report->member_id, (int64_t)0, (int64_t)report->size, (int64_t)0,
              report->begun_at, (int64_t)0, (int64_t)0, (int64_t)0, report->wrapped, sizeof(report->wrapped), sealed,
              len + PII_OVERHEAD);
    change(self, report, HEALTH__REPORT_STATE__REPORT_STATE_UPLOADING, call);
    return 0;
}

/* A part is authenticated with its place, so that none can stand for another. */
static const char *part_context(int32_t part, char ret[24])
{
    snprintf(ret, 24, "report.part.%d", part);
    return ret;
}

void report_put(struct health *self, const struct report *report, int32_t part, ProtobufCBinaryData content, void *call)
{
    const struct pii_key *key = key_of(self, report);
    unsigned char nonce[PII_NONCE_LEN];
    char context[24];

    if (!key) {
        rpc_refuse(call, HEALTH__REASON__REPORT_GONE);
        return;
    }
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal_under(key, part_context(part, context), report->id, nonce, content.data, content.len, self->sealed);
    store_run(self->store, self->reports.sql + SQL_PUT_PART, "iib", report->id, (int64_t)part, self->sealed,
              content.len + PII_OVERHEAD);
    report_hash_changed(self, report->id, call);
}

void report_ready(struct health *self, struct report *report, void *call)
{
    struct notice_given ready = {
        .kind = NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, .member_id = report->member_id, .about_id = report->id};
    struct report before;

    if (find_in_state(&self->reports, report->booking_id, HEALTH__REPORT_STATE__REPORT_STATE_READY, &before))
        change(self, &before, HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED, call);
    store_ask(self->store, self->reports.sql + SQL_VERSIONS, "i", report->booking_id);
    if (store_row(self->store, self->reports.sql + SQL_VERSIONS))
        report->version = (int32_t)store_int(self->store, self->reports.sql + SQL_VERSIONS, 1) + 1;
    store_end(self->store, self->reports.sql + SQL_VERSIONS);
    report->ready_at = rpc_now(call);
    change(self, report, HEALTH__REPORT_STATE__REPORT_STATE_READY, call);
    remind(self, &ready, campaigns_find(&self->campaigns, report->campaign_id, rpc_arena(call)), report->site_id, call);
}

void report_end(struct health *self, struct report *report, int state, void *call)
{
    report->ended_at = rpc_now(call);
    report->wrapped_len = 0;
    store_run(self->store, self->reports.sql + SQL_DROP_PARTS, "i", report->id);
    store_run(self->store, self->reports.sql + SQL_END, "i", report->id);
    change(self, report, state, call);
    self->erased = true;
}

/* ---- what they say ---- */

long report_part(const struct health *self, const struct report *report, int32_t part, char *ret_plain)
{
    const struct pii_key *key = key_of(self, report);
    unsigned statement = self->reports.sql + SQL_PART;
    const void *sealed;
    char context[24];
    long plain = -1;
    size_t len;

    store_ask(self->store, statement, "ii", report->id, (int64_t)part);
    if (store_row(self->store, statement)) {
        sealed = store_blob(self->store, statement, 0, &len);
        if (key && len <= LIMIT_PART + PII_OVERHEAD)
            plain =
                pii_open_under(self->report_keys, key, part_context(part, context), report->id, sealed, len, ret_plain);
    }
    store_end(self->store, statement);
    return plain;
}

Health__ReportItems *report_items(const struct health *self, const struct report *report, struct arena *arena)
{
    const struct pii_key *key = key_of(self, report);
    unsigned statement = self->reports.sql + SQL_ITEMS;
    Health__ReportItems *items = NULL;
    const void *sealed;
    char *plain;
    size_t len;
    long n = -1;

    store_ask(self->store, statement, "i", report->id);
    if (store_row(self->store, statement)) {
        sealed = store_blob(self->store, statement, 0, &len);
        plain = arena_alloc(arena, len + 1);
        if (key && plain && len <= LIMIT_PART + PII_OVERHEAD)
            n = pii_open_under(self->report_keys, key, "report.items", report->id, sealed, len, plain);
        if (n >= 0)
            items = health__report_items__unpack(&arena->allocator, (size_t)n, (const uint8_t *)plain);
    }
    store_end(self->store, statement);
    return items;
}

void report_view(struct health *self, const struct report *report, void *call)
{
    Health__ReportOpened opened = HEALTH__REPORT_OPENED__INIT;

    store_run(self->store, self->reports.sql + SQL_ADD_VIEW, "iii", report->id, rpc_now(call),
              rpc_principal(call)->session_id);
    opened.report_id = report->id;
    opened.booking_id = report->booking_id;
    rpc_tell(call, &opened.base);
}

void report_views_ask(const struct reports *reports, int64_t report_id, int64_t before, size_t limit)
{
    store_ask(reports->store, reports->sql + SQL_VIEWS, "iii", report_id, before, (int64_t)limit);
}

bool report_views_next(const struct reports *reports, Health__ReportView *ret, int64_t *ret_view_id)
{
    unsigned statement = reports->sql + SQL_VIEWS;

    if (!store_row(reports->store, statement))
        return false;
    health__report_view__init(ret);
    ret->at = store_int(reports->store, statement, 0);
    ret->session_id = store_int(reports->store, statement, 1);
    *ret_view_id = store_int(reports->store, statement, 2);
    return true;
}

/* ---- links ---- */

#define LINK_SAID 16 /* bytes before the blind index */

void report_link(const struct health *self, int64_t report_id, int64_t until, char ret_link[REPORT_LINK_SIZE])
{
    unsigned char bytes[LINK_SAID + PII_INDEX_LEN];

    put_be64(bytes, (uint64_t)report_id);
    put_be64(bytes + 8, (uint64_t)until);
    pii_index(self->report_keys, "report.link", bytes, LINK_SAID, bytes + LINK_SAID);
    ret_link[base64url_encode(bytes, sizeof(bytes), ret_link)] = '\0';
}

int64_t report_of_link(const struct health *self, const char *link, int64_t now)
{
    unsigned char bytes[LINK_SAID + PII_INDEX_LEN], sum[PII_INDEX_LEN], differ = 0;

    if (strlen(link) != REPORT_LINK_SIZE - 1 ||
        base64url_decode(link, REPORT_LINK_SIZE - 1, bytes) != (int)sizeof(bytes))
        return 0;
    pii_index(self->report_keys, "report.link", bytes, LINK_SAID, sum);
    for (size_t i = 0; i < sizeof(sum); i++)
        differ |= (unsigned char)(sum[i] ^ bytes[LINK_SAID + i]);
    return differ == 0 && now < (int64_t)get_be64(bytes + 8) ? (int64_t)get_be64(bytes) : 0;
}

/* ---- what is due ---- */

/* Ends a slice of the versions that a query found, each by its state. Whether there may be more. */
static bool end_found(struct health *self, unsigned statement, int state, void *call)
{
    struct report due[REPORT_SLICE];
    int n = 0;

    while (n < REPORT_SLICE && next_report(&self->reports, statement, &due[n]))
        n++;
    store_end(self->store, statement);
    for (int i = 0; i < n; i++)
        report_end(self, &due[i],
                   due[i].state == HEALTH__REPORT_STATE__REPORT_STATE_UPLOADING
                       ? HEALTH__REPORT_STATE__REPORT_STATE_ABANDONED
                       : state,
                   call);
    return n == REPORT_SLICE;
}

static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct health *self = arg;
    unsigned statement = self->reports.sql + SQL_LIVING;

    if (holder_id)
        return false;
    store_ask(self->store, statement, "ii", number, (int64_t)REPORT_SLICE);
    return end_found(self, statement, HEALTH__REPORT_STATE__REPORT_STATE_ERASED, call);
}

static bool tidy(void *arg, void *call)
{
    struct health *self = arg;

    store_ask(self->store, self->reports.sql + SQL_DUE, "iii", rpc_now(call) - REPORT_UPLOAD_MS,
              rpc_now(call) - self->report_ms, (int64_t)REPORT_SLICE);
    return end_found(self, self->reports.sql + SQL_DUE, HEALTH__REPORT_STATE__REPORT_STATE_EXPIRED, call);
}

/* ---- for herself ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct health *self = arg;
    struct arena *arena = rpc_arena(export->call);
    unsigned statement = self->reports.sql + SQL_HERS_AFTER;
    struct report report;
    bool more = true;

    store_ask(self->store, statement, "iii", export->member_id, export->after, (int64_t)LIMIT_EXPORT_PAGE + 1);
    while (more && next_report(&self->reports, statement, &report)) {
        Health__ReportItems *items = report.wrapped_len ? report_items(self, &report, arena) : NULL;
        Health__OpenedReport *opened = arena_alloc(arena, sizeof(*opened));
        Health__ReportFact *fact = arena_alloc(arena, sizeof(*fact));

        if (opened && fact) {
            health__opened_report__init(opened);
            report_fact(&report, body_parts(report.size), fact);
            opened->fact = fact;
            opened->items = items ? items->items : NULL;
            opened->n_items = items ? items->n_items : 0;
        }
        more = part_give(export, fact ? opened : NULL, report.id);
    }
    store_end(self->store, statement);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct reports *reports = &((struct health *)arg)->reports;
    const Health__Event *event = body;
    const Health__ReportChanged *changed = event->report_changed;
    struct report report;

    if (event->event_case != HEALTH__EVENT__EVENT_REPORT_CHANGED)
        return true;
    if (!reports_find(reports, changed->report_id, &report) || report.booking_id != changed->booking_id ||
        report.size != changed->size || report.journal_seq < row->seq)
        return false;
    if (report.journal_seq > row->seq)
        return true;
    told[0]++;
    return report.state == (int)changed->state && report.version == changed->version;
}

static const struct part_stray strays[] = {
    {"report", "its key and its state do not agree",
     "SELECT report_id FROM report WHERE (length(wrapped) = 0) <> (state > 3) UNION ALL "
     "SELECT report_id FROM report_part JOIN report USING (report_id) WHERE state > 3 LIMIT 1"},
    {"member", "the account is closed, and has a report",
     "SELECT g.member_id FROM account_gone g JOIN report r ON r.member_id = g.member_id "
     "WHERE g.holder_id IS NULL AND g.settled = 1 AND r.state <= 3 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec reports_part = {
    .tables = "report report_part report_view",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(report_id), 0) FROM report",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"reports", "SELECT count(*) FROM report"}},
    .strays = strays,
    .others = "report_view.view_id",
    .on_export = on_export,
    .closed =
        {"-- its key is destroyed (settle), which ends what was sealed under it; that there was one is on account"},
    .merged = {"-- stays under its number; holders.h says whose it is"},
    .settle = settle,
};
