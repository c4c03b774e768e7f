#include "services/health/api.h"
#include "services/health/booking/bookings.h"
#include "services/health/report/consents.h"
#include "services/health/report/reports.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"

void report_fact(const struct report *report, int32_t received, Health__ReportFact *ret)
{
    health__report_fact__init(ret);
    ret->report_id = report->id;
    ret->booking_id = report->booking_id;
    ret->campaign_id = report->campaign_id;
    ret->site_id = report->site_id;
    ret->version = report->version;
    ret->state = (Health__ReportState)report->state;
    ret->size = report->size;
    ret->parts = body_parts(report->size);
    ret->received = received;
    ret->begun_at = report->begun_at;
    ret->ready_at = report->ready_at;
    ret->ended_at = report->ended_at;
}

static void reply_fact(struct health *self, const struct report *report, Health__ReportFact_Closure reply, void *call)
{
    Health__ReportFact fact;

    report_fact(report, reports_received(&self->reports, report->id), &fact);
    reply(&fact, call);
}

/* ---- the hospital's clerk ---- */

/* Her role covers the site's union and the site names her; else refused. */
static bool is_clerk(struct health *self, int64_t site_id, void *call)
{
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    if (site && rpc_has_role(call, RULE__ROLE__REPORT_CLERK, site->union_path) &&
        staff_has(&self->sites, site_id, rpc_principal(call)->member_id, HEALTH__DUTY__REPORTS))
        return true;
    rpc_refuse(call, HEALTH__REASON__NOT_CLERK_HERE);
    return false;
}

/* A version at one of her sites; false after refusing. */
static bool clerks_report(struct health *self, int64_t report_id, void *call, struct report *ret)
{
    if (reports_find(&self->reports, report_id, ret))
        return is_clerk(self, ret->site_id, call);
    rpc_refuse(call, HEALTH__REASON__REPORT_NOT_FOUND);
    return false;
}

/* The same while it is being uploaded. */
static bool clerks_upload(struct health *self, int64_t report_id, void *call, struct report *ret)
{
    if (!clerks_report(self, report_id, call, ret))
        return false;
    if (ret->state == HEALTH__REPORT_STATE__REPORT_STATE_UPLOADING)
        return true;
    rpc_refuse(call, HEALTH__REASON__REPORT_NOT_UPLOADING);
    return false;
}

/* The serial of the pass that a text is, 0 when it is none. Serials are random, so who knows one has seen
 * the pass: whether it is signed, and good now, is a question of the door alone. */
static int64_t serial_of(struct health *self, const char *text, int64_t now)
{
    unsigned char question[PASS_QUESTION_LEN];
    struct pass_code code;
    struct pass pass;

    if (strlen(text) == PASS_CODE_CHARS)
        return pass_code_check(self->passes, text, PASS_CODE_CHARS, now, &code) == PASS_OK && code.kind != PASS_ACCOUNT
                   ? (int64_t)code.subject
                   : 0;
    return pass_read(self->passes, text, strlen(text), &pass, question) == PASS_OK ? (int64_t)pass.serial : 0;
}

/* rpc FindBooking: by pass or handle, at a site of hers. */
static void reports__find_booking(Health__Reports_Service *service, const Health__FindBookingRequest *req,
                                  Health__FoundBooking_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    Health__FoundBooking found = HEALTH__FOUND_BOOKING__INIT;
    struct booking booking;
    struct issued issued;
    bool known;

    if (!is_clerk(self, req->site_id, call))
        return;
    if (*req->handle)
        known = bookings_find_handle(&self->bookings, req->site_id, (int64_t)strtoull(req->handle, NULL, 16), &booking);
    else
        known = passes_find(&self->bookings, serial_of(self, req->text, rpc_now(call)), &issued) &&
                bookings_find(&self->bookings, issued.booking_id, &booking) && booking.site_id == req->site_id;
    if (!known) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return;
    }
    found.booking_id = booking.id;
    found.campaign_id = booking.campaign_id;
    found.handle = handle_text(booking.handle, rpc_arena(call));
    found.starts_at = booking.starts_at;
    found.arrived = booking.state == HEALTH__BOOKING_STATE__ARRIVED;
    reply(found.handle ? &found : NULL, call);
}

/* rpc BeginReport: of somebody who was there. */
static void reports__begin_report(Health__Reports_Service *service, const Health__BeginReportRequest *req,
                                  Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    Health__ReportItems items = HEALTH__REPORT_ITEMS__INIT;
    const char *field;
    struct report report = {0};
    struct booking booking;
    int refusal;

    if (!bookings_find(&self->bookings, req->booking_id, &booking)) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return;
    }
    if (!is_clerk(self, booking.site_id, call))
        return;
    if (!holder_of(&self->holders, booking.member_id)) {
        rpc_refuse(call, HEALTH__REASON__MEMBER_CLOSED);
        return;
    }
    refusal = report_refusal(req, booking.state == HEALTH__BOOKING_STATE__ARRIVED, &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    report = (struct report){.booking_id = booking.id,
                             .campaign_id = booking.campaign_id,
                             .site_id = booking.site_id,
                             .member_id = booking.member_id,
                             .size = req->size};
    items.items = req->items;
    items.n_items = req->n_items;
    refusal = report_begin(self, &report, &items, call);
    if (rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    reply_fact(self, &report, reply, call);
}

/* Says how many parts there are, and how long this one is. */
static void refuse_part(const struct report *report, int32_t part, void *call)
{
    int32_t parts = body_parts(report->size);

    rpc_fact_number(call, "parts", parts);
    if (part < parts)
        rpc_fact_number(call, "length", body_part_size(report->size, part));
    rpc_refuse_field(call, HEALTH__REASON__REPORT_PART_WRONG, part < parts ? "content" : "part");
}

/* rpc PutReportPart: any of its parts, also again. */
static void reports__put_report_part(Health__Reports_Service *service, const Health__PutReportPartRequest *req,
                                     Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct report report;

    if (!clerks_upload(self, req->report_id, call, &report))
        return;
    if (req->part >= body_parts(report.size) || (int32_t)req->content.len != body_part_size(report.size, req->part)) {
        refuse_part(&report, req->part, call);
        return;
    }
    if (req->part == 0 && !is_pdf(req->content.data, req->content.len)) {
        rpc_refuse_field(call, HEALTH__REASON__NOT_A_PDF, "content");
        return;
    }
    report_put(self, &report, req->part, req->content, call);
    reply_fact(self, &report, reply, call);
}

/* Whether all of a PDF is there and is what the clerk sent: 0, why not, or REPORT_WAITS. */
static int check_report(struct health *self, const struct report *report, ProtobufCBinaryData sha256, void *call)
{
    unsigned char sum[32];
    int reason;

    if (reports_received(&self->reports, report->id) < body_parts(report->size))
        return HEALTH__REASON__REPORT_INCOMPLETE;
    if (report->size == 0)
        return 0;
    reason = report_hash(self, report, call, sum);
    if (reason)
        return reason;
    return sha256.len == sizeof(sum) && memcmp(sha256.data, sum, sizeof(sum)) == 0 ? 0 : HEALTH__REASON__REPORT_DAMAGED;
}

/* rpc FinishReport: from now on she can read it. */
static void reports__finish_report(Health__Reports_Service *service, const Health__FinishReportRequest *req,
                                   Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct booking booking;
    struct report report;
    int reason = 0;

    if (!clerks_report(self, req->report_id, call, &report))
        return;
    if (report.version == 0) {
        if (!clerks_upload(self, req->report_id, call, &report))
            return;
        reason = check_report(self, &report, req->sha256, call);
        if (reason == REPORT_WAITS)
            return;
        /* A scan may have been undone while the parts came. */
        if (!reason && (!bookings_find(&self->bookings, report.booking_id, &booking) ||
                        booking.state != HEALTH__BOOKING_STATE__ARRIVED))
            reason = HEALTH__REASON__NOT_ATTENDED;
        if (rpc_refuse_if(call, reason))
            return;
        report_ready(self, &report, call);
    }
    reply_fact(self, &report, reply, call);
}

/* rpc GetUploadedReport: how far an upload is, and what became of it. */
static void reports__get_uploaded_report(Health__Reports_Service *service, const Health__ReportRequest *req,
                                         Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct report report;

    if (clerks_report(self, req->report_id, call, &report))
        reply_fact(self, &report, reply, call);
}

/* ---- the member ---- */

static bool is_readable(const struct report *report)
{
    return report->state == HEALTH__REPORT_STATE__REPORT_STATE_READY ||
           report->state == HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED;
}

/* Her own version that was ready; false after refusing. Others' are not found. */
static bool own_report(struct health *self, int64_t report_id, void *call, struct report *ret)
{
    if (reports_find(&self->reports, report_id, ret) && ret->ready_at > 0 &&
        holder_is(&self->holders, rpc_principal(call)->member_id, ret->member_id))
        return true;
    rpc_refuse(call, HEALTH__REASON__REPORT_NOT_FOUND);
    return false;
}

/* The same while it can be read, with her consent. */
static bool own_readable(struct health *self, int64_t report_id, void *call, struct report *ret)
{
    if (!own_report(self, report_id, call, ret))
        return false;
    if (is_readable(ret) && consent_stands(&self->consents, rpc_principal(call)->member_id, rpc_now(call)))
        return true;
    rpc_refuse(call, is_readable(ret) ? HEALTH__REASON__REPORT_CONSENT_MISSING : HEALTH__REASON__REPORT_GONE);
    return false;
}

/* rpc ListMyReports: what there is, and whether something in it is abnormal. */
static void reports__list_my_reports(Health__Reports_Service *service, const Health__MyReportsRequest *req,
                                     Health__MyReportList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct arena *arena = rpc_arena(call);
    const struct rpc_page *page = rpc_page(call);
    Health__MyReportList list = HEALTH__MY_REPORT_LIST__INIT;
    struct report *reports = arena_alloc(arena, page->limit * sizeof(*reports));
    size_t n = 0;

    (void)req;
    list.consented = consent_stands(&self->consents, rpc_principal(call)->member_id, rpc_now(call));
    reports_ask(&self->reports, rpc_principal(call)->member_id, page->before, page->limit);
    while (reports && n < page->limit && reports_next(&self->reports, &reports[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, reports[i].id); i++) {
        Health__MyReport *mine = arena_message(arena, &health__my_report__descriptor);
        Health__ReportFact *fact = arena_message(arena, &health__report_fact__descriptor);
        const Health__ReportItems *items = NULL;

        if (!mine || !fact)
            break;
        if (list.consented && is_readable(&reports[i]))
            items = report_items(self, &reports[i], arena);
        report_fact(&reports[i], body_parts(reports[i].size), fact);
        mine->fact = fact;
        mine->abnormal = items && is_abnormal(items);
        rpc_add(call, &list, reports, mine);
    }
    reply(&list, call);
}

/* rpc OpenReport: what it says, and a link to the PDF; noted as a look at it. */
static void reports__open_report(Health__Reports_Service *service, const Health__ReportRequest *req,
                                 Health__OpenedReport_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    Health__OpenedReport opened = HEALTH__OPENED_REPORT__INIT;
    Health__ReportFact fact = HEALTH__REPORT_FACT__INIT;
    char link[REPORT_LINK_SIZE], path[64];
    Health__ReportItems *items;
    struct report report;

    if (!own_readable(self, req->report_id, call, &report))
        return;
    items = report_items(self, &report, rpc_arena(call));
    if (!items) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    report_view(self, &report, call);
    report_fact(&report, body_parts(report.size), &fact);
    opened.fact = &fact;
    opened.items = items->items;
    opened.n_items = items->n_items;
    if (report.size > 0) {
        opened.link_until = rpc_now(call) + REPORT_LINK_MS;
        report_link(self, report.id, opened.link_until, link);
        snprintf(path, sizeof(path), "/v1/me/report-files/%s", link);
        opened.link = path;
    }
    reply(&opened, call);
}

/* rpc FetchReport: the PDF, part by part. */
static void reports__fetch_report(Health__Reports_Service *service, const Health__FetchReportRequest *req,
                                  Rpc__Part_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    int64_t report_id = report_of_link(self, req->link, rpc_now(call));
    Rpc__Part part = RPC__PART__INIT;
    struct report report;
    char *plain, name[40];
    long len;

    if (!report_id) {
        rpc_refuse(call, HEALTH__REASON__REPORT_LINK_INVALID);
        return;
    }
    if (!own_readable(self, report_id, call, &report))
        return;
    plain = arena_alloc(rpc_arena(call), LIMIT_PART + 1);
    len = plain ? report_part(self, &report, req->part, plain) : -1;
    if (len < 0) {
        rpc_refuse(call, plain ? HEALTH__REASON__REPORT_NOT_FOUND : RPC__REASON__OVERLOADED);
        return;
    }
    snprintf(name, sizeof(name), "report-%lld.pdf", (long long)report.id);
    part.body = (ProtobufCBinaryData){(size_t)len, (uint8_t *)plain};
    part.next = req->part + 1 < body_parts(report.size) ? req->part + 1 : 0;
    part.file_name = name;
    reply(&part, call);
}

/* rpc ListReportViews: when she, or somebody in her name, has looked at it. */
static void reports__list_report_views(Health__Reports_Service *service, const Health__ListReportViewsRequest *req,
                                       Health__ReportViewList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    Health__ReportViewList list = HEALTH__REPORT_VIEW_LIST__INIT;
    Health__ReportView view;
    struct report report;
    int64_t view_id;

    if (!own_report(self, req->report_id, call, &report))
        return;
    report_views_ask(&self->reports, report.id, rpc_page(call)->before, rpc_page(call)->limit);
    while (report_views_next(&self->reports, &view, &view_id)) {
        Health__ReportView *message = arena_message(rpc_arena(call), &health__report_view__descriptor);

        if (!message || !rpc_page_takes(call, view_id))
            continue;
        *message = view;
        rpc_add(call, &list, views, message);
    }
    reply(&list, call);
}

/* rpc EraseReport: for good; that there was one stays. */
static void reports__erase_report(Health__Reports_Service *service, const Health__ReportRequest *req,
                                  Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct report report;

    if (!own_report(self, req->report_id, call, &report))
        return;
    if (is_readable(&report))
        report_end(self, &report, HEALTH__REPORT_STATE__REPORT_STATE_ERASED, call);
    reply_fact(self, &report, reply, call);
}

const Health__Reports_Service reports_api = HEALTH__REPORTS__INIT(reports__);
