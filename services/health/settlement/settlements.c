#include "services/health/settlement/settlements.h"

#include "services/health/booking/costs.h"
#include "services/health/rules.h"

enum { SQL_SCANS, SQL_UNDONE, SQL_OWED, SQL_STAND, SQL_PLACES, N_SQL };

static const char *const sql[] = {
    [SQL_SCANS] = "SELECT booking_id, journal_seq FROM booked_slot WHERE group_id = ?1 AND place_id = ?2 AND state = 2 "
                  "AND settled = 0 ORDER BY booking_id LIMIT ?3",
    [SQL_UNDONE] =
        "SELECT booking_id, journal_seq, settled FROM booked_slot WHERE group_id = ?1 AND settled_place = ?2 "
        "AND settled > 0 AND (state <> 2 OR place_id <> settled_place) ORDER BY booking_id LIMIT ?3",
    [SQL_OWED] =
        "SELECT CASE state WHEN 2 THEN place_id ELSE 0 END, journal_seq FROM booked_slot WHERE booking_id = ?1",
    [SQL_PLACES] =
        "SELECT entitlement_id, e.member_id FROM statement_line JOIN booked_slot ON booking_id = thing_id "
        "JOIN entitlement e ON entitlement_id = right_id WHERE statement_id = ?1 AND kind = 1 ORDER BY line LIMIT ?2",
    [SQL_STAND] = "UPDATE booked_slot SET settled = ?2, settled_place = ?3 WHERE booking_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool owed(void *arg, int64_t booking_id, int64_t *ret_site_id, int64_t *ret_seq)
{
    struct health *self = arg;

    store_ask(self->store, self->settlements.sql + SQL_OWED, "i", booking_id);
    return store_only(self->store, self->settlements.sql + SQL_OWED, INTO(*ret_site_id), INTO(*ret_seq));
}

static void stands(void *arg, int64_t booking_id, int64_t statement_id, int64_t site_id)
{
    struct health *self = arg;

    store_run(self->store, self->settlements.sql + SQL_STAND, "iii", booking_id, statement_id, site_id);
}

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

const struct settlement_kind settlements_kind = {
    .deed = "settlement",
    .deeds = "health.SettlementChanged",
    .roles = offices,
    .reasons =
        {
            .nothing = HEALTH__REASON__NOTHING_TO_SETTLE,
            .decided = SETTLEMENT__REASON__SETTLEMENT_DECIDED,
            .stale = HEALTH__REASON__SETTLEMENT_STALE,
            .superseded = HEALTH__REASON__SETTLEMENT_SUPERSEDED,
            .by_one = HEALTH__REASON__SETTLED_BY_ONE,
        },
    .csv_head = "结算单号,行号,预约号,类别,金额(元),日志序号,日志哈希",
    .csv_due = "到检",
    .csv_correction = "冲正",
    .file_name = "settlement",
    .owed = owed,
    .stands = stands,
};

/* What is to be settled: undone scans first, then scans. Their number. */
static int gather(struct health *self, int64_t campaign_id, int64_t site_id, int64_t price_fen,
                  struct statement_line *lines)
{
    unsigned undone = self->settlements.sql + SQL_UNDONE, scans = self->settlements.sql + SQL_SCANS;
    struct statement_line line = {.kind = SETTLEMENT__LINE_KIND__CORRECTION};
    int n = 0;

    store_ask(self->store, undone, "iii", campaign_id, site_id, (int64_t)SETTLEMENT_LINES_MAX);
    while (store_read(self->store, undone, INTO(line.thing_id), INTO(line.seq), INTO(line.corrects)))
        lines[n++] = line;
    line = (struct statement_line){.kind = SETTLEMENT__LINE_KIND__DUE, .fen = price_fen};
    store_ask(self->store, scans, "iii", campaign_id, site_id, (int64_t)(SETTLEMENT_LINES_MAX - n));
    while (store_read(self->store, scans, INTO(line.thing_id), INTO(line.seq)))
        lines[n++] = line;
    return n;
}

bool settlement_may_be_paid(struct health *self, const Health__Campaign *campaign, const struct statement *settlement,
                            void *call)
{
    unsigned statement = self->settlements.sql + SQL_PLACES;
    int64_t(*places)[2];
    int n = 0;

    if (!campaign->counts || !campaign->counts->ceiling)
        return true;
    if (!granted_knows_all(&self->granted, call))
        return false;
    places = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*places));
    if (rpc_refuse_if(call, places ? 0 : RPC__REASON__OVERLOADED))
        return false;
    store_ask(self->store, statement, "ii", settlement->id, (int64_t)SETTLEMENT_LINES_MAX);
    while (store_read(self->store, statement, INTO(places[n][0]), INTO(places[n][1])))
        n++;
    for (int i = 0; i < n; i++)
        granted_pay(&self->granted, places[i][0], places[i][1], call);
    return !rpc_refused(call);
}

int settlement_prepare(struct health *self, const Health__Campaign *campaign, const Health__CampaignSite *site,
                       void *call, struct statement *ret)
{
    struct statement_line *lines = arena_alloc(rpc_arena(call), SETTLEMENT_LINES_MAX * sizeof(*lines));
    int reason, n;

    if (!lines)
        return RPC__REASON__OVERLOADED;
    *ret = (struct statement){.for_id = campaign->campaign_id, .payee_id = site->site_id};
    n = gather(self, ret->for_id, ret->payee_id, price_at(site, campaign), lines);
    reason = statement_prepare(&self->settlement, campaign->union_path, lines, n, call, ret);
    if (reason)
        return reason;
    return costs_settle(self, campaign, ret->id, call) ? HEALTH__REASON__BUDGET_USED_UP : 0;
}

static const struct part_stray strays[] = {
    {"booking", "settled otherwise than its lines say",
     "SELECT b.booking_id FROM booked_slot b LEFT JOIN statement_line l ON l.thing_id = b.booking_id "
     "GROUP BY b.booking_id HAVING coalesce(sum(CASE kind WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END), "
     "0) <> (min(settled) > 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec settlements_part = {
    .steps = &settlements_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .strays = strays,
};
