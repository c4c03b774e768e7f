#include "services/health/settlement/settlements.h"

#include "services/health/rules.h"

#include <mbedtls/sha256.h>

#define COLUMNS                                                                                                        \
    "settlement_id, campaign_id, site_id, state, n_lines, total_fen, lines_hash, prepared_by, prepared_at, "           \
    "decided_by, decided_at, journal_seq"
#define LINE_COLUMNS "line, booking_id, kind, fen, seq, hash, corrects"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_OF_CAMPAIGN,
    SQL_TOTAL,
    SQL_SCANS,
    SQL_UNDONE,
    SQL_STAND,
    SQL_ADD_LINE,
    SQL_LINES,
    SQL_LINE_OF,
    SQL_STALE,
    SQL_SUPERSEDED,
    SQL_DROP_LINES,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO settlement (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_SET] = "UPDATE settlement SET state = ?2, n_lines = ?3, total_fen = ?4, lines_hash = ?5, decided_by = ?6, "
                "decided_at = ?7, journal_seq = ?8 WHERE settlement_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM settlement WHERE settlement_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM settlement WHERE campaign_id = ?1 AND site_id = ?2 AND state = 1",
    [SQL_OF_CAMPAIGN] =
        "SELECT " COLUMNS " FROM settlement WHERE campaign_id = ?1 AND settlement_id < ?2 AND " RPC_PAGE_STATES(
            "?4", "state") " "
                           "ORDER BY settlement_id DESC LIMIT ?3",
    [SQL_TOTAL] = "SELECT coalesce(sum(total_fen), 0) FROM settlement WHERE campaign_id = ?1 AND state IN (1, 2)",
    [SQL_SCANS] = "SELECT booking_id, journal_seq FROM booking WHERE campaign_id = ?1 AND site_id = ?2 AND state = 2 "
                  "AND settled = 0 ORDER BY booking_id LIMIT ?3",
    [SQL_UNDONE] =
        "SELECT b.booking_id, b.journal_seq, b.settled, l.fen FROM booking b "
        "JOIN settlement_line l ON l.settlement_id = b.settled AND l.booking_id = b.booking_id AND l.kind = 1 "
        "WHERE b.campaign_id = ?1 AND b.settled_site = ?2 AND b.settled > 0 "
        "AND (b.state <> 2 OR b.site_id <> b.settled_site) ORDER BY b.booking_id LIMIT ?3",
    /* The scan line that stands; of two that an earlier program let stand, the one to be corrected. */
    [SQL_STAND] =
        "UPDATE booking SET (settled, settled_site) = (SELECT id, site FROM ("
        "SELECT l.settlement_id AS id, s.site_id AS site, booking.state = 2 AND s.site_id = booking.site_id AS due "
        "FROM settlement_line l JOIN settlement s USING (settlement_id) WHERE l.booking_id = booking.booking_id "
        "AND l.kind = 1 AND NOT EXISTS (SELECT 1 FROM settlement_line c WHERE c.booking_id = l.booking_id "
        "AND c.corrects = l.settlement_id) UNION ALL SELECT 0, 0, 2) ORDER BY due LIMIT 1) WHERE booking_id = ?1",
    [SQL_ADD_LINE] = "INSERT INTO settlement_line (settlement_id, " LINE_COLUMNS ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_LINES] = "SELECT " LINE_COLUMNS " FROM settlement_line WHERE settlement_id = ?1 AND line > ?2 "
                  "ORDER BY line LIMIT ?3",
    [SQL_LINE_OF] = "SELECT " LINE_COLUMNS ", settlement_id FROM settlement_line WHERE booking_id = ?1 "
                    "ORDER BY settlement_id DESC, line DESC LIMIT 1",
    /* A correction is due as long as she has not come to that site again. */
    [SQL_STALE] = "SELECT count(*) FROM settlement_line l JOIN booking b USING (booking_id) "
                  "JOIN settlement s USING (settlement_id) WHERE settlement_id = ?1 AND "
                  "CASE kind WHEN 1 THEN b.journal_seq <> l.seq ELSE b.state = 2 AND b.site_id = s.site_id END",
    [SQL_SUPERSEDED] = "SELECT 1 FROM settlement_line l JOIN booking b USING (booking_id) "
                       "WHERE settlement_id = ?1 AND kind = 2 AND b.settled > 0 LIMIT 1",
    [SQL_DROP_LINES] = "DELETE FROM settlement_line WHERE settlement_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next_settlement(const struct settlements *settlements, unsigned statement, struct settlement *ret)
{
    struct store *store = settlements->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->campaign_id), INTO(ret->site_id), INTO(ret->state),
                      INTO(ret->n_lines), INTO(ret->total_fen), INTO(ret->lines_hash), INTO(ret->prepared_by),
                      INTO(ret->prepared_at), INTO(ret->decided_by), INTO(ret->decided_at), INTO(ret->journal_seq));
}

static bool only_settlement(const struct settlements *settlements, unsigned statement, struct settlement *ret)
{
    bool found = next_settlement(settlements, statement, ret);

    store_end(settlements->store, statement);
    return found;
}

bool settlements_find(const struct settlements *settlements, int64_t settlement_id, struct settlement *ret)
{
    store_ask(settlements->store, settlements->sql + SQL_FIND, "i", settlement_id);
    return only_settlement(settlements, settlements->sql + SQL_FIND, ret);
}

bool settlements_find_open(const struct settlements *settlements, int64_t campaign_id, int64_t site_id,
                           struct settlement *ret)
{
    store_ask(settlements->store, settlements->sql + SQL_FIND_OPEN, "ii", campaign_id, site_id);
    return only_settlement(settlements, settlements->sql + SQL_FIND_OPEN, ret);
}

void settlements_ask(const struct settlements *settlements, int64_t campaign_id, int64_t before, int limit,
                     int64_t states)
{
    store_ask(settlements->store, settlements->sql + SQL_OF_CAMPAIGN, "iiii", campaign_id, before, (int64_t)limit,
              states);
}

bool settlements_next(const struct settlements *settlements, struct settlement *ret)
{
    return next_settlement(settlements, settlements->sql + SQL_OF_CAMPAIGN, ret);
}

void settlement_lines_ask(const struct settlements *settlements, int64_t settlement_id, int32_t after, int limit)
{
    store_ask(settlements->store, settlements->sql + SQL_LINES, "iii", settlement_id, (int64_t)after, (int64_t)limit);
}

static bool next_line(const struct settlements *settlements, unsigned statement, struct settlement_line *ret)
{
    struct store *store = settlements->store;

    return store_read(store, statement, INTO(ret->line), INTO(ret->booking_id), INTO(ret->kind), INTO(ret->fen),
                      INTO(ret->seq), INTO(ret->hash), INTO(ret->corrects));
}

bool settlement_lines_next(const struct settlements *settlements, struct settlement_line *ret)
{
    return next_line(settlements, settlements->sql + SQL_LINES, ret);
}

void settlement_lines_end(const struct settlements *settlements)
{
    store_end(settlements->store, settlements->sql + SQL_LINES);
}

bool settlement_line_of(const struct settlements *settlements, int64_t booking_id, int64_t *ret_settlement,
                        struct settlement_line *ret)
{
    unsigned statement = settlements->sql + SQL_LINE_OF;
    bool found;

    store_ask(settlements->store, statement, "i", booking_id);
    found = next_line(settlements, statement, ret);
    if (found)
        *ret_settlement = store_int(settlements->store, statement, 7);
    store_end(settlements->store, statement);
    return found;
}

/* ---- changes ---- */

/* Says what became of it, then keeps that with the number of the row. */
static void change(struct health *self, struct settlement *s, int state, void *call)
{
    Health__SettlementChanged changed = HEALTH__SETTLEMENT_CHANGED__INIT;

    s->state = state;
    changed.settlement_id = s->id;
    changed.campaign_id = s->campaign_id;
    changed.site_id = s->site_id;
    changed.state = (Health__SettlementState)state;
    changed.n_lines = s->n_lines;
    changed.total_fen = s->total_fen;
    changed.lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), s->lines_hash};
    rpc_tell(call, &changed.base);
    s->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->settlements.sql + SQL_SET, "iiiibiii", s->id, (int64_t)state, (int64_t)s->n_lines,
              s->total_fen, s->lines_hash, sizeof(s->lines_hash), s->decided_by, s->decided_at, s->journal_seq);
}

static void hash_line(mbedtls_sha256_context *sum, const struct settlement_line *line)
{
    const uint64_t numbers[] = {(uint64_t)line->booking_id, (uint64_t)line->fen, (uint64_t)line->seq};
    unsigned char bytes[28];
    size_t at = 0;

    for (int i = 0; i < 3; i++) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes[at++] = (unsigned char)(numbers[i] >> shift);
        for (int shift = 24; shift >= 0 && i == 0; shift -= 8)
            bytes[at++] = (unsigned char)((uint32_t)line->kind >> shift);
    }
    mbedtls_sha256_update_ret(sum, bytes, at);
    mbedtls_sha256_update_ret(sum, line->hash, sizeof(line->hash));
}

/* The hash of the journal's row of each line. False when one cannot be read. */
static bool find_hashes(struct health *self, struct settlement_line *lines, int32_t n)
{
    struct journal *journal = rpc_server_journal(self->rpc);
    int32_t i = 0;

    _Static_assert(SETTLEMENT_HASH_LEN == JOURNAL_HASH_LEN, "the hash of a row");
    while (i < n && journal_hash_at(journal, lines[i].seq, lines[i].hash))
        i++;
    return i == n;
}

/* What is to be settled: undone scans first, then scans. Their number. */
static int gather(struct health *self, int64_t campaign_id, int64_t site_id, int64_t price_fen,
                  struct settlement_line *lines)
{
    unsigned statement = self->settlements.sql + SQL_UNDONE;
    int n = 0;

    store_ask(self->store, statement, "iii", campaign_id, site_id, (int64_t)SETTLEMENT_LINES_MAX);
    for (; n < SETTLEMENT_LINES_MAX && store_row(self->store, statement); n++)
        lines[n] = (struct settlement_line){.booking_id = store_int(self->store, statement, 0),
                                            .kind = HEALTH__LINE_KIND__LINE_CORRECTION,
                                            .seq = store_int(self->store, statement, 1),
                                            .corrects = store_int(self->store, statement, 2),
                                            .fen = -store_int(self->store, statement, 3)};
    store_end(self->store, statement);
    statement = self->settlements.sql + SQL_SCANS;
    store_ask(self->store, statement, "iii", campaign_id, site_id, (int64_t)SETTLEMENT_LINES_MAX);
    for (; n < SETTLEMENT_LINES_MAX && store_row(self->store, statement); n++)
        lines[n] = (struct settlement_line){.booking_id = store_int(self->store, statement, 0),
                                            .kind = HEALTH__LINE_KIND__LINE_SCAN,
                                            .seq = store_int(self->store, statement, 1),
                                            .fen = price_fen};
    store_end(self->store, statement);
    return n;
}

static void add_lines(struct health *self, struct settlement *s, struct settlement_line *lines)
{
    mbedtls_sha256_context sum;

    mbedtls_sha256_init(&sum);
    mbedtls_sha256_starts_ret(&sum, 0);
    for (int32_t i = 0; i < s->n_lines; i++) {
        struct settlement_line *line = &lines[i];

        line->line = i + 1;
        hash_line(&sum, line);
        store_run(self->store, self->settlements.sql + SQL_ADD_LINE, "iiiiiibi", s->id, (int64_t)line->line,
                  line->booking_id, (int64_t)line->kind, line->fen, line->seq, line->hash, sizeof(line->hash),
                  line->corrects);
        store_run(self->store, self->settlements.sql + SQL_STAND, "i", line->booking_id);
    }
    mbedtls_sha256_finish_ret(&sum, s->lines_hash);
    mbedtls_sha256_free(&sum);
}

int settlement_prepare(struct health *self, const Health__Campaign *campaign, const Health__CampaignSite *site,
                       void *call, struct settlement *ret)
{
    struct settlement_line *lines = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*lines));
    int64_t spent_fen;
    struct settlement made = {
        .id = id_next(&self->ids, rpc_now(call)),
        .campaign_id = campaign->campaign_id,
        .site_id = site->site_id,
        .prepared_by = rpc_principal(call)->member_id,
        .prepared_at = rpc_now(call),
    };

    if (!lines)
        return RPC__REASON__OVERLOADED;
    made.n_lines = gather(self, made.campaign_id, made.site_id, price_at(site, campaign), lines);
    if (made.n_lines == 0)
        return HEALTH__REASON__NOTHING_TO_SETTLE;
    for (int32_t i = 0; i < made.n_lines; i++) {
        if (__builtin_add_overflow(made.total_fen, lines[i].fen, &made.total_fen))
            return RPC__REASON__OUT_OF_RANGE;
    }
    store_ask(self->store, self->settlements.sql + SQL_TOTAL, "i", made.campaign_id);
    spent_fen = store_number(self->store, self->settlements.sql + SQL_TOTAL);
    if (__builtin_add_overflow(spent_fen, made.total_fen, &spent_fen) || spent_fen > campaign->budget_fen)
        return HEALTH__REASON__BUDGET_USED_UP;
    if (!find_hashes(self, lines, made.n_lines))
        return RPC__REASON__STORE_FAILED;
    store_run(self->store, self->settlements.sql + SQL_ADD, "iiiiiibiiiii", made.id, made.campaign_id, made.site_id,
              (int64_t)0, (int64_t)0, (int64_t)0, made.lines_hash, sizeof(made.lines_hash), made.prepared_by,
              made.prepared_at, (int64_t)0, (int64_t)0, (int64_t)0);
    add_lines(self, &made, lines);
    change(self, &made, HEALTH__SETTLEMENT_STATE__SETTLEMENT_PREPARED, call);
    *ret = made;
    return 0;
}

bool settlement_is_stale(struct health *self, const struct settlement *settlement)
{
    store_ask(self->store, self->settlements.sql + SQL_STALE, "i", settlement->id);
    return store_number(self->store, self->settlements.sql + SQL_STALE) > 0;
}

bool settlement_is_superseded(struct health *self, const struct settlement *settlement)
{
    store_ask(self->store, self->settlements.sql + SQL_SUPERSEDED, "i", settlement->id);
    return store_any(self->store, self->settlements.sql + SQL_SUPERSEDED);
}

/* Frees what its lines stand for. */
static bool drop_lines(struct health *self, struct settlement *s, void *call)
{
    struct settlement_line *lines = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*lines));
    int n = 0;

    if (!lines)
        return false;
    settlement_lines_ask(&self->settlements, s->id, 0, SETTLEMENT_LINES_MAX);
    while (n < SETTLEMENT_LINES_MAX && settlement_lines_next(&self->settlements, &lines[n]))
        n++;
    settlement_lines_end(&self->settlements);
    store_run(self->store, self->settlements.sql + SQL_DROP_LINES, "i", s->id);
    for (int i = 0; i < n; i++)
        store_run(self->store, self->settlements.sql + SQL_STAND, "i", lines[i].booking_id);
    s->n_lines = 0;
    s->total_fen = 0;
    return true;
}

bool settlement_decide(struct health *self, struct settlement *settlement, int state, void *call)
{
    settlement->decided_by = rpc_principal(call)->member_id;
    settlement->decided_at = rpc_now(call);
    if (state == HEALTH__SETTLEMENT_STATE__SETTLEMENT_REJECTED && !drop_lines(self, settlement, call))
        return false;
    change(self, settlement, state, call);
    if (state == HEALTH__SETTLEMENT_STATE__SETTLEMENT_CONFIRMED)
        rpc_want_head(call);
    return true;
}

/* ---- the audit ---- */

static bool lines_agree(struct settlements *settlements, const struct settlement *s)
{
    unsigned char hash[SETTLEMENT_HASH_LEN];
    struct settlement_line line;
    mbedtls_sha256_context sum;

    mbedtls_sha256_init(&sum);
    mbedtls_sha256_starts_ret(&sum, 0);
    settlement_lines_ask(settlements, s->id, 0, SETTLEMENT_LINES_MAX);
    while (settlement_lines_next(settlements, &line))
        hash_line(&sum, &line);
    mbedtls_sha256_finish_ret(&sum, hash);
    mbedtls_sha256_free(&sum);
    return memcmp(hash, s->lines_hash, sizeof(hash)) == 0;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct settlements *settlements = &((struct health *)arg)->settlements;
    const Health__Event *event = body;
    const Health__SettlementChanged *changed = event->settlement_changed;
    struct settlement s;

    if (event->event_case != HEALTH__EVENT__EVENT_SETTLEMENT_CHANGED)
        return true;
    if (!settlements_find(settlements, changed->settlement_id, &s) || s.campaign_id != changed->campaign_id ||
        s.site_id != changed->site_id || s.journal_seq < row->seq || changed->lines_hash.len != sizeof(s.lines_hash) ||
        memcmp(changed->lines_hash.data, s.lines_hash, sizeof(s.lines_hash)) != 0)
        return false;
    if (s.journal_seq > row->seq)
        return true;
    told[0]++;
    return s.state == (int)changed->state && s.total_fen == changed->total_fen && s.n_lines == changed->n_lines &&
           (s.n_lines == 0 || lines_agree(settlements, &s));
}

static const struct part_stray strays[] = {
    {"booking", "settled twice: what is prepared for the site of its `settled` takes one back",
     "SELECT booking_id FROM settlement_line GROUP BY booking_id "
     "HAVING sum(CASE kind WHEN 1 THEN 1 ELSE -1 END) > 1 LIMIT 1"},
    {"settlement", "its lines do not add up to it",
     "SELECT s.settlement_id FROM settlement s LEFT JOIN settlement_line USING (settlement_id) "
     "GROUP BY s.settlement_id HAVING coalesce(sum(fen), 0) <> min(total_fen) "
     "OR count(line) <> min(n_lines) LIMIT 1"},
    {"booking", "settled otherwise than its lines say",
     "SELECT b.booking_id FROM booking b LEFT JOIN settlement_line l USING (booking_id) "
     "GROUP BY b.booking_id HAVING coalesce(sum(CASE kind WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END), "
     "0) <> (min(settled) > 0) LIMIT 1"},
    {"settlement", "a line names another row than the journal has",
     "SELECT settlement_id FROM settlement_line l LEFT JOIN journal j ON j.seq = l.seq "
     "WHERE j.seq IS NULL OR j.hash <> l.hash LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec settlements_part = {
    .tables = "settlement settlement_line",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(settlement_id), 0) FROM settlement",
    .agrees = agrees,
    .counts = {{"settlements", "SELECT count(*) FROM settlement"}},
    .strays = strays,
    .keeps = "which officials prepared and decided what money is owed must be known as long as the accounts are",
};
