#include "services/health/api.h"
#include "services/health/booking/visits.h"
#include "services/health/report/reports.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"

void report_fact(const struct vault_file *report, int32_t received, Health__ReportFact *ret)
{
    health__report_fact__init(ret);
    ret->report_id = report->id;
    ret->booking_id = report->subject_id;
    ret->campaign_id = report->group_id;
    ret->site_id = report->place_id;
    ret->version = report->version;
    ret->state = (Health__ReportState)report->state;
    ret->size = report->size;
    ret->parts = body_parts(report->size);
    ret->received = received;
    ret->begun_at = report->begun_at;
    ret->ready_at = report->ready_at;
    ret->ended_at = report->ended_at;
}

static void reply_fact(struct health *self, const struct vault_file *report, Health__ReportFact_Closure reply,
                       void *call)
{
    Health__ReportFact fact;

    report_fact(report, vault_received(&self->vault, report->id), &fact);
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
static bool clerks_report(struct health *self, int64_t report_id, void *call, struct vault_file *ret)
{
    if (vault_find(&self->vault, report_id, ret))
        return is_clerk(self, ret->place_id, call);
    rpc_refuse(call, HEALTH__REASON__REPORT_NOT_FOUND);
    return false;
}

/* The same while it is being uploaded. */
static bool clerks_upload(struct health *self, int64_t report_id, void *call, struct vault_file *ret)
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
                bookings_find(&self->bookings, issued.booking_id, &booking) && booking.place_id == req->site_id;
    if (!known) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return;
    }
    found.booking_id = booking.id;
    found.campaign_id = booking.group_id;
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
    struct vault_file report;
    struct booking booking;
    const char *field;
    const void *packed;
    size_t len = 0;
    int refusal;

    if (!bookings_find(&self->bookings, req->booking_id, &booking)) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return;
    }
    if (!is_clerk(self, booking.place_id, call))
        return;
    if (!holder_of(&self->holders, booking.member_id)) {
        rpc_refuse(call, HEALTH__REASON__MEMBER_CLOSED);
        return;
    }
    refusal = report_refusal(req, booking.state == HEALTH__BOOKING_STATE__ARRIVED, &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    report = (struct vault_file){.subject_id = booking.id,
                                 .group_id = booking.group_id,
                                 .place_id = booking.place_id,
                                 .member_id = booking.member_id,
                                 .size = req->size};
    items.items = req->items;
    items.n_items = req->n_items;
    packed = health_pack(&items.base, rpc_arena(call), &len);
    refusal = packed ? report_reason(vault_begin(&self->vault, &report, packed, len, call)) : RPC__REASON__OVERLOADED;
    if (rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    reply_fact(self, &report, reply, call);
}

/* rpc PutReportPart: any of its parts, also again. */
static void reports__put_report_part(Health__Reports_Service *service, const Health__PutReportPartRequest *req,
                                     Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    enum vault_trouble trouble;
    struct vault_file report;

    if (!clerks_upload(self, req->report_id, call, &report))
        return;
    trouble = vault_put(&self->vault, &report, req->part, req->content, call);
    if (trouble)
        rpc_refuse_field(call, report_reason(trouble),
                         trouble == VAULT_WRONG_PART && req->part >= body_parts(report.size) ? "part" : "content");
    else
        reply_fact(self, &report, reply, call);
}

/* rpc FinishReport: from now on she can read it. */
static void reports__finish_report(Health__Reports_Service *service, const Health__FinishReportRequest *req,
                                   Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct booking booking;
    struct vault_file report;
    enum vault_trouble trouble;
    int reason = 0;

    if (!clerks_report(self, req->report_id, call, &report))
        return;
    if (report.version == 0) {
        if (!clerks_upload(self, req->report_id, call, &report))
            return;
        trouble = vault_check(&self->vault, &report, req->sha256, call);
        if (trouble == VAULT_WAITS)
            return;
        reason = report_reason(trouble);
        /* A scan may have been undone while the parts came. */
        if (!reason && (!bookings_find(&self->bookings, report.subject_id, &booking) ||
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
    struct vault_file report;

    if (clerks_report(self, req->report_id, call, &report))
        reply_fact(self, &report, reply, call);
}

/* ---- the member ---- */

/* Her own version that was ready; false after refusing. Others' are not found. */
static bool own_report(struct health *self, int64_t report_id, void *call, struct vault_file *ret)
{
    if (vault_find(&self->vault, report_id, ret) && ret->ready_at > 0 &&
        holder_is(&self->holders, rpc_principal(call)->member_id, ret->member_id))
        return true;
    rpc_refuse(call, HEALTH__REASON__REPORT_NOT_FOUND);
    return false;
}

/* The same while it can be read, with her consent. */
static bool own_readable(struct health *self, int64_t report_id, void *call, struct vault_file *ret)
{
    if (!own_report(self, report_id, call, ret))
        return false;
    if (vault_is_readable(ret) && vault_agreed(&self->vault, rpc_principal(call)->member_id, rpc_now(call)))
        return true;
    rpc_refuse(call, vault_is_readable(ret) ? HEALTH__REASON__REPORT_CONSENT_MISSING : HEALTH__REASON__REPORT_GONE);
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
    struct vault_file *reports = arena_alloc(arena, page->limit * sizeof(*reports));
    size_t n = 0;

    (void)req;
    list.consented = vault_agreed(&self->vault, rpc_principal(call)->member_id, rpc_now(call));
    vault_ask_before(&self->vault, rpc_principal(call)->member_id, page->before, page->limit);
    while (reports && n < page->limit && vault_next_before(&self->vault, &reports[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, reports[i].id); i++) {
        Health__MyReport *mine = arena_message(arena, &health__my_report__descriptor);
        Health__ReportFact *fact = arena_message(arena, &health__report_fact__descriptor);
        const Health__ReportItems *items = NULL;

        if (!mine || !fact)
            break;
        if (list.consented && vault_is_readable(&reports[i]))
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
    char link[VAULT_LINK_SIZE], path[64];
    Health__ReportItems *items;
    struct vault_file report;

    if (!own_readable(self, req->report_id, call, &report))
        return;
    items = report_items(self, &report, rpc_arena(call));
    if (!items) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    vault_look(&self->vault, &report, call);
    report_fact(&report, body_parts(report.size), &fact);
    opened.fact = &fact;
    opened.items = items->items;
    opened.n_items = items->n_items;
    if (report.size > 0) {
        opened.link_until = rpc_now(call) + VAULT_LINK_MS;
        vault_link(&self->vault, report.id, opened.link_until, link);
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
    int64_t report_id = vault_of_link(&self->vault, req->link, rpc_now(call));
    Rpc__Part part = RPC__PART__INIT;
    struct vault_file report;
    char *plain, name[40];
    long len;

    if (!report_id) {
        rpc_refuse(call, HEALTH__REASON__REPORT_LINK_INVALID);
        return;
    }
    if (!own_readable(self, report_id, call, &report))
        return;
    plain = arena_alloc(rpc_arena(call), LIMIT_PART + 1);
    len = plain ? vault_part_of(&self->vault, &report, req->part, plain) : -1;
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
    int64_t look_id, at, session_id;
    struct vault_file report;

    if (!own_report(self, req->report_id, call, &report))
        return;
    vault_ask_looks(&self->vault, report.id, rpc_page(call)->before, rpc_page(call)->limit);
    while (vault_next_look(&self->vault, &look_id, &at, &session_id)) {
        Health__ReportView *message = arena_message(rpc_arena(call), &health__report_view__descriptor);

        if (!message || !rpc_page_takes(call, look_id))
            continue;
        message->at = at;
        message->session_id = session_id;
        rpc_add(call, &list, views, message);
    }
    reply(&list, call);
}

/* rpc EraseReport: for good; that there was one stays. */
static void reports__erase_report(Health__Reports_Service *service, const Health__ReportRequest *req,
                                  Health__ReportFact_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, reports_service);
    struct vault_file report;

    if (!own_report(self, req->report_id, call, &report))
        return;
    if (vault_is_readable(&report))
        vault_end(&self->vault, &report, VAULT_ERASED, call);
    reply_fact(self, &report, reply, call);
}

const Health__Reports_Service reports_api = HEALTH__REPORTS__INIT(reports__);
