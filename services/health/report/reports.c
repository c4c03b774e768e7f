#include "services/health/report/reports.h"

#include "identity/consent.pb-c.h"
#include "services/health/api.h"
#include "services/health/booking/visits.h"
#include "services/health/campaign/campaigns.h"

/* ---- what the journal says ---- */

/* They are stored, and in journals. */
_Static_assert((int)HEALTH__REPORT_STATE__REPORT_STATE_UPLOADING == (int)VAULT_UPLOADING &&
                   (int)HEALTH__REPORT_STATE__REPORT_STATE_READY == (int)VAULT_READY &&
                   (int)HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED == (int)VAULT_SUPERSEDED &&
                   (int)HEALTH__REPORT_STATE__REPORT_STATE_ABANDONED == (int)VAULT_ABANDONED &&
                   (int)HEALTH__REPORT_STATE__REPORT_STATE_EXPIRED == (int)VAULT_EXPIRED &&
                   (int)HEALTH__REPORT_STATE__REPORT_STATE_ERASED == (int)VAULT_ERASED,
               "the states of a report are those of a file");

static void tell(const struct vault_file *report, void *call)
{
    Health__ReportChanged changed = HEALTH__REPORT_CHANGED__INIT;

    changed.report_id = report->id;
    changed.booking_id = report->subject_id;
    changed.state = (Health__ReportState)report->state;
    changed.version = report->version;
    changed.size = report->size;
    rpc_tell(call, &changed.base);
}

static void tell_look(const struct vault_file *report, void *call)
{
    Health__ReportOpened opened = HEALTH__REPORT_OPENED__INIT;

    opened.report_id = report->id;
    opened.booking_id = report->subject_id;
    rpc_tell(call, &opened.base);
}

/* Nobody is told of what she cannot read any more, or is no longer the latest. */
static void follow(void *self, const struct vault_file *report, void *call)
{
    if (report->state > (int)VAULT_READY)
        notice_withdraw(&((struct health *)self)->notice, 0, report->id, call);
}

const struct vault_kind report_kind = {
    .name = "report",
    .versions_max = REPORT_VERSIONS_MAX,
    .purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT,
    .is_type = vault_is_pdf,
    .tell = tell,
    .tell_look = tell_look,
    .follow = follow,
};

int report_reason(enum vault_trouble trouble)
{
    static const int reasons[VAULT_TROUBLES] = {
        [VAULT_NO_MEMORY] = RPC__REASON__OVERLOADED,
        [VAULT_UNREADABLE] = RPC__REASON__STORE_FAILED,
        [VAULT_TOO_MANY] = HEALTH__REASON__TOO_MANY_VERSIONS,
        [VAULT_WRONG_PART] = HEALTH__REASON__REPORT_PART_WRONG,
        [VAULT_WRONG_TYPE] = HEALTH__REASON__NOT_A_PDF,
        [VAULT_GONE] = HEALTH__REASON__REPORT_GONE,
        [VAULT_INCOMPLETE] = HEALTH__REASON__REPORT_INCOMPLETE,
        [VAULT_DAMAGED] = HEALTH__REASON__REPORT_DAMAGED,
    };

    return reasons[trouble];
}

/* ---- reports ---- */

Health__ReportItems *report_items(const struct health *self, const struct vault_file *report, struct arena *arena)
{
    size_t len;
    const uint8_t *notes = vault_notes(&self->vault, report, arena, &len);

    return notes ? health__report_items__unpack(&arena->allocator, len, notes) : NULL;
}

void report_ready(struct health *self, struct vault_file *report, void *call)
{
    struct notice_given ready = {
        .kind = NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, .member_id = report->member_id, .about_id = report->id};

    vault_ready(&self->vault, report, call);
    remind(self, &ready, campaigns_find(&self->campaigns, report->group_id, rpc_arena(call)), report->place_id, call);
}

/* ---- for herself ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct health *self = arg;
    struct arena *arena = rpc_arena(export->call);
    struct vault_file report;
    bool more = true;

    vault_ask_after(&self->vault, export->member_id, export->after, (size_t)LIMIT_EXPORT_PAGE + 1);
    while (more && vault_next_after(&self->vault, &report)) {
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
    vault_end_after(&self->vault);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct health *self = arg;
    const Health__Event *event = body;
    const Health__ReportChanged *changed = event->report_changed;
    struct vault_file report;

    if (event->event_case != HEALTH__EVENT__EVENT_REPORT_CHANGED)
        return true;
    if (!vault_find(&self->vault, changed->report_id, &report) || report.subject_id != changed->booking_id ||
        report.size != changed->size || report.journal_seq < row->seq)
        return false;
    if (report.journal_seq > row->seq)
        return true;
    told[0]++;
    return report.state == (int)changed->state && report.version == changed->version;
}

const struct part_spec reports_part = {
    .tables = "",
    .steps = &reports_steps,
    .agrees = agrees,
    .counts = {{"reports", "SELECT count(*) FROM vault_file"}},
    .on_export = on_export,
};
