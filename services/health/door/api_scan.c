#include "services/health/booking/booking_rules.h"
#include "services/health/campaign/sites.h"
#include "services/health/door/scan_api.h"
#include "services/health/door/walk_ins.h"

#include "common/trust/letter.h"

/* What there is beside its device's word is on record as it was; all else is that the place was given on. */
static Health__ScanWait waits_for(struct health *self, const struct scan *scan)
{
    struct issued issued;
    struct device device;
    int wait;

    if (scan->outcome != HEALTH__SCAN_OUTCOME__SCAN_WAITS || !devices_find(&self->scans, scan->device_id, &device) ||
        !passes_find(&self->bookings, scan->serial, &issued))
        return HEALTH__SCAN_WAIT__WAITS_NOT;
    wait = scan_rests_on(&device, &issued, scan);
    return wait ? (Health__ScanWait)wait : HEALTH__SCAN_WAIT__PLACE_GIVEN_ON;
}

Health__Scan *scan_message(struct health *self, const struct scan *scan, struct arena *arena)
{
    Health__Scan *message = arena_alloc(arena, sizeof(*message));
    struct booking booking;
    struct scan first;

    if (!message)
        return NULL;
    health__scan__init(message);
    message->scan_id = scan->id;
    message->device_id = scan->device_id;
    message->scan_ref = arena_strndup(arena, scan->ref, strlen(scan->ref));
    message->outcome = (Health__ScanOutcome)scan->outcome;
    message->waits_for = waits_for(self, scan);
    message->at = scan->at;
    message->offline = scan->offline;
    message->walk_in = scan->walk_in;
    message->undone_at = scan->undone_at;
    message->undo_reason = arena_strndup(arena, scan->undo_reason, strlen(scan->undo_reason));
    if (scan->booking_id && bookings_find(&self->bookings, scan->booking_id, &booking))
        message->handle = handle_text(booking.handle, arena);
    if (scan->duplicate_of && scans_find(&self->scans, scan->duplicate_of, &first)) {
        message->duplicate_of = first.id;
        message->first_site_id = first.site_id;
        message->first_at = first.at;
    }
    return message->scan_ref && message->undo_reason && message->handle ? message : NULL;
}

/* The letter by which whoever scanned somebody may ask identity who she is; "" when there is
 * nobody to ask about. NULL when the call's memory is full. */
static char *letter_about(struct health *self, const struct scan *scan, void *call)
{
    const Health__Site *site = sites_find(&self->sites, scan->site_id, rpc_arena(call));
    struct letter letter = {.about_id = scan->booking_id,
                            .bearer_id = rpc_principal(call)->member_id,
                            .until = rpc_now(call) + LIMIT_LETTER_MS};
    unsigned char nonce[PII_NONCE_LEN];
    char text[LETTER_SIZE] = "";
    struct booking booking;

    if (site && scan->outcome == HEALTH__SCAN_OUTCOME__ACCEPTED && !scan->undone_at &&
        bookings_find(&self->bookings, scan->booking_id, &booking))
        letter.member_id = holder_of(&self->holders, booking.member_id);
    if (letter.member_id) {
        snprintf(letter.union_path, sizeof(letter.union_path), "%s", site->union_path);
        rpc_random(call, nonce, sizeof(nonce));
        letter_write(self->letters, nonce, &letter, text);
    }
    return rpc_text(call, text);
}

void scan_reply(struct health *self, const struct scan *scan, Health__Scan_Closure reply, void *call)
{
    Health__Scan *message = scan_message(self, scan, rpc_arena(call));

    if (message)
        message->letter = letter_about(self, scan, call);
    reply(message, call);
}

static bool is_signed(const struct scanned *scanned)
{
    return strlen(scanned->text) != PASS_CODE_CHARS;
}

/* One byte for each question. */
static size_t answer_questions(const void *in, size_t len, void *out)
{
    size_t n = len / PASS_QUESTION_LEN;

    for (size_t i = 0; i < n; i++)
        ((unsigned char *)out)[i] = pass_signed((const unsigned char *)in + i * PASS_QUESTION_LEN);
    return n;
}

bool scans_read(struct health *self, struct scanned *scanned, size_t n, void *call)
{
    unsigned char questions[SCANS_UPLOADED][PASS_QUESTION_LEN];
    const unsigned char *answers;
    size_t n_questions = 0, n_answers;

    ensure(n <= SCANS_UPLOADED);
    for (size_t i = 0; i < n; i++) {
        if (!is_signed(&scanned[i]))
            continue;
        scanned[i].reason =
            pass_read(self->passes, scanned[i].text, strlen(scanned[i].text), &scanned[i].pass, questions[n_questions]);
        n_questions += scanned[i].reason == PASS_OK;
    }
    if (n_questions == 0)
        return true;
    answers = rpc_make(call, answer_questions, questions, n_questions * PASS_QUESTION_LEN,
                       n_questions * PASS_QUESTION_LEN, &n_answers);
    if (!answers)
        return false;
    ensure(n_answers == n_questions);
    for (size_t i = 0; i < n; i++) {
        if (is_signed(&scanned[i]) && scanned[i].reason == PASS_OK && !*answers++)
            scanned[i].reason = PASS_FORGED;
    }
    return true;
}

enum pass_reason scan_judge(struct health *self, const struct scanned *scanned, int64_t site_id, int64_t at,
                            struct issued *ret_issued, struct booking *ret_booking)
{
    enum pass_reason reason = scanned->reason;
    struct pass pass = scanned->pass;
    struct pass_code code;

    *ret_issued = (struct issued){0};
    *ret_booking = (struct booking){0};
    if (!is_signed(scanned)) {
        reason = pass_code_check(self->passes, scanned->text, PASS_CODE_CHARS, at, &code);
        if (reason == PASS_OK && code.kind == PASS_ACCOUNT)
            reason = PASS_MALFORMED;
        pass.serial = code.subject;
    }
    if (reason != PASS_OK)
        return reason;
    /* What we signed and never issued has been signed by who stole the key. */
    if (!passes_find(&self->bookings, (int64_t)pass.serial, ret_issued) ||
        !bookings_find(&self->bookings, ret_issued->booking_id, ret_booking))
        return PASS_FORGED;
    if (ret_issued->revoked_at && ret_issued->revoked_at <= at)
        return PASS_REVOKED;
    pass.site = ret_issued->site_id;
    pass.from_ms = ret_issued->from_at;
    pass.until_ms = ret_issued->until_at;
    return pass_judge(&pass, site_id, NULL, at);
}

int scan_outcome(enum pass_reason reason)
{
    static const int outcomes[] = {
        [PASS_OK] = HEALTH__SCAN_OUTCOME__ACCEPTED,
        [PASS_MALFORMED] = HEALTH__SCAN_OUTCOME__SCAN_MALFORMED,
        [PASS_UNKNOWN_KEY] = HEALTH__SCAN_OUTCOME__SCAN_UNKNOWN_KEY,
        [PASS_FORGED] = HEALTH__SCAN_OUTCOME__SCAN_FORGED,
        [PASS_STALE] = HEALTH__SCAN_OUTCOME__SCAN_STALE,
        [PASS_REVOKED] = HEALTH__SCAN_OUTCOME__SCAN_REVOKED,
        [PASS_OTHER_SITE] = HEALTH__SCAN_OUTCOME__SCAN_OTHER_SITE,
        [PASS_NOT_YET] = HEALTH__SCAN_OUTCOME__SCAN_NOT_YET,
        [PASS_EXPIRED] = HEALTH__SCAN_OUTCOME__SCAN_EXPIRED,
        [PASS_USED] = HEALTH__SCAN_OUTCOME__DUPLICATE,
    };

    return outcomes[reason];
}

void scan_decide(struct health *self, const struct issued *issued, const struct booking *booking, struct scan *scan)
{
    struct scan first;

    if (scans_find_of(&self->scans, booking->id, &first)) {
        scan->outcome = HEALTH__SCAN_OUTCOME__DUPLICATE;
        scan->duplicate_of = first.id;
    } else if (issued->slot_id != booking->slot_id || booking->state == HEALTH__BOOKING_STATE__CANCELLED) {
        scan->outcome = HEALTH__SCAN_OUTCOME__SCAN_CHANGED;
    }
}

void scan_accept(struct health *self, struct scan *scan, struct booking *booking, void *call)
{
    struct entitlement entitlement;

    scan_make(self, scan, call);
    booking_set(self, booking, HEALTH__BOOKING_STATE__ARRIVED, call);
    if (entitlements_find(&self->entitlements, booking->entitlement_id, &entitlement))
        entitlement_set(self, &entitlement, HEALTH__ENTITLEMENT_STATE__ATTENDED, call);
    holders_recheck(&self->holders, booking->member_id);
}

static void refuse_scan(struct health *self, const struct scan *scan, enum pass_reason reason, void *call)
{
    struct scan first;

    if (scan->outcome == HEALTH__SCAN_OUTCOME__DUPLICATE && scans_find(&self->scans, scan->duplicate_of, &first)) {
        rpc_fact_number(call, "firstSiteId", first.site_id);
        rpc_fact_time(call, "firstAt", first.at);
        reason = PASS_USED;
    } else if (scan->outcome == HEALTH__SCAN_OUTCOME__SCAN_CHANGED) {
        reason = PASS_REVOKED;
    }
    rpc_refuse(call, pass_refusal(reason));
}

bool scan_is_new(struct health *self, int64_t site_id, int64_t device_id, const char *ref, Health__Scan_Closure reply,
                 void *call, struct device *ret_device)
{
    struct scan scan;

    if (!device_in_use(self, site_id, device_id, call, ret_device))
        return false;
    if (!scans_find_ref(&self->scans, ret_device->id, ref, &scan))
        return true;
    scan_reply(self, &scan, reply, call);
    return false;
}

struct scan scan_new(const struct device *device, const char *ref, const struct issued *issued, int64_t at, int outcome,
                     void *call)
{
    struct scan scan = {
        .device_id = device->id,
        .site_id = device->site_id,
        .booking_id = issued->booking_id,
        .serial = issued->serial,
        .at = at,
        .received_at = rpc_now(call),
        .outcome = outcome,
    };

    snprintf(scan.ref, sizeof(scan.ref), "%s", ref);
    return scan;
}

/* rpc CreateScan: with network: it is accepted, or refused with what is wrong and nothing is kept. */
static void scans__create_scan(Health__Scans_Service *service, const Health__CreateScanRequest *req,
                               Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct scanned scanned = {.text = req->text};
    enum pass_reason reason;
    struct booking booking;
    struct device device;
    struct issued issued;
    struct scan scan;

    if (!scan_is_new(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device) ||
        !scans_read(self, &scanned, 1, call))
        return;
    reason = scan_judge(self, &scanned, req->site_id, rpc_now(call), &issued, &booking);
    scan = scan_new(&device, req->scan_ref, &issued, rpc_now(call), scan_outcome(reason), call);
    if (reason == PASS_OK)
        scan_decide(self, &issued, &booking, &scan);
    if (scan.outcome != HEALTH__SCAN_OUTCOME__ACCEPTED) {
        refuse_scan(self, &scan, reason, call);
        return;
    }
    scan_accept(self, &scan, &booking, call);
    rpc_created(call);
    scan_reply(self, &scan, reply, call);
}

/* Whether the caller may see a site's scans: who scans there, or an official above it. */
static bool may_see(struct health *self, int64_t site_id, void *call)
{
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    if (site && rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path))
        return true;
    return site_of_staff(self, site_id, call) != NULL;
}

/* rpc ListScans: of a site, the latest first. */
static void scans__list_scans(Health__Scans_Service *service, const Health__ListScansRequest *req,
                              Health__ScanList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    const struct rpc_page *page = rpc_page(call);
    struct scan *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Health__ScanList list = HEALTH__SCAN_LIST__INIT;
    size_t n = 0;

    if (!may_see(self, req->site_id, call))
        return;
    scans_ask(&self->scans, req->site_id, page->states, page->before, (int)page->limit);
    while (found && n < page->limit && scans_next(&self->scans, &found[n]))
        n++;
    scans_end(&self->scans);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, scans, scan_message(self, &found[i], rpc_arena(call)));
    reply(&list, call);
}

/* All is as before a scan. */
static void take_back(struct health *self, struct scan *scan, struct booking *booking, struct entitlement *entitlement,
                      const char *reason, void *call)
{
    scan_undo(self, scan, reason, call);
    if (booking->walk_in) {
        walk_in_undo(self, booking, entitlement, call);
    } else if (booking->due_at <= scan->received_at) { /* had not come, and the next was called */
        booking_set(self, booking, HEALTH__BOOKING_STATE__NOT_COME, call);
        entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__NO_SHOW, call);
    } else {
        booking_set(self, booking, HEALTH__BOOKING_STATE__ACTIVE, call);
        entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__BOOKED, call);
    }
    holders_recheck(&self->holders, booking->member_id);
}

/* rpc UndoScan: a mistake of the last minutes; all is as before it. */
static void scans__undo_scan(Health__Scans_Service *service, const Health__UndoScanRequest *req,
                             Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct entitlement entitlement;
    struct booking booking;
    struct scan scan;

    if (!scans_find(&self->scans, req->scan_id, &scan)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    if (!site_of_staff(self, scan.site_id, call))
        return;
    if (scan.undone_at) {
        scan_reply(self, &scan, reply, call);
        return;
    }
    if (scan.outcome != HEALTH__SCAN_OUTCOME__ACCEPTED) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_ACCEPTED);
        return;
    }
    if (rpc_now(call) >= scan.received_at + SCAN_UNDO_MS) {
        rpc_refuse(call, HEALTH__REASON__UNDO_TOO_LATE);
        return;
    }
    if (!bookings_find(&self->bookings, scan.booking_id, &booking) ||
        !entitlements_find(&self->entitlements, booking.entitlement_id, &entitlement)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    take_back(self, &scan, &booking, &entitlement, req->reason, call);
    scan_reply(self, &scan, reply, call);
}

/* rpc StrikeScan: whenever, by two officials. */
static void scans__strike_scan(Health__Scans_Service *service, const Health__UndoScanRequest *req,
                               Health__Scan_Closure reply, void *call)
{
    static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};
    struct health *self = container_of(service, struct health, scans_service);
    struct hands_deed deed = {
        .kind = "scan strike",
        .id = req->scan_id,
        .what = &req->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
    };
    int reason = 0;
    bool done;
    struct entitlement entitlement;
    struct booking booking;
    const Health__Site *site;
    struct scan scan;

    if (!scans_find(&self->scans, req->scan_id, &scan)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    site = sites_find(&self->sites, scan.site_id, rpc_arena(call));
    if (!site || !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    else if (scan.outcome != HEALTH__SCAN_OUTCOME__ACCEPTED || scan.undone_at)
        reason = HEALTH__REASON__SCAN_NOT_ACCEPTED;
    else if (!bookings_find(&self->bookings, scan.booking_id, &booking) ||
             !entitlements_find(&self->entitlements, booking.entitlement_id, &entitlement))
        reason = RPC__REASON__STORE_FAILED;
    if (rpc_refuse_if(call, reason))
        return;
    deed.union_path = site->union_path;
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (rpc_refuse_if(call, reason))
        return;
    if (done)
        take_back(self, &scan, &booking, &entitlement, req->reason, call);
    scan_reply(self, &scan, reply, call);
}

const Health__Scans_Service scans_api = HEALTH__SCANS__INIT(scans__);
