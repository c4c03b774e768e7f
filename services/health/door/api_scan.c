#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/booking/budget.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/door/scans.h"
#include "services/health/campaign/sites.h"
#include "services/health/door/walk_ins.h"
#include "services/health/rules.h"

#include "common/trust/letter.h"

#define SCANS_UPLOADED 10 /* of one call */

/* ---- scans ---- */

static Health__Scan *scan_message(struct health *self, const struct scan *scan, struct arena *arena)
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

static void reply_scan(struct health *self, const struct scan *scan, Health__Scan_Closure reply, void *call)
{
    Health__Scan *message = scan_message(self, scan, rpc_arena(call));

    if (message)
        message->letter = letter_about(self, scan, call);
    reply(message, call);
}

/* What a text that was scanned says. */
struct scanned {
    const char *text;
    enum pass_reason reason; /* of a signed pass */
    struct pass pass;
};

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

/* Reads the texts, and has the signatures among them checked beside the loop; false when the call waits. */
static bool read_scanned(struct health *self, struct scanned *scanned, size_t n, void *call)
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

/* The pass that a text is, and whether it is good at the site then: the reason, with what is known of it. */
static enum pass_reason judge(struct health *self, const struct scanned *scanned, int64_t site_id, int64_t at,
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

static int outcome_of(enum pass_reason reason)
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

/* Fills in what becomes of a scan whose pass is good: of its booking the store decides. */
static void decide(struct health *self, const struct issued *issued, const struct booking *booking, struct scan *scan)
{
    struct scan first;

    if (scans_find_of(&self->scans, booking->id, &first)) {
        scan->outcome = HEALTH__SCAN_OUTCOME__DUPLICATE;
        scan->duplicate_of = first.id;
    } else if (issued->slot_id != booking->slot_id || booking->state == HEALTH__BOOKING_STATE__CANCELLED) {
        scan->outcome = HEALTH__SCAN_OUTCOME__SCAN_CHANGED;
    }
}

/* She has come: the scan, the booking, the entitlement. */
static void accept_scan(struct health *self, struct scan *scan, struct booking *booking, void *call)
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
        char site[24];

        snprintf(site, sizeof(site), "%lld", (long long)first.site_id);
        rpc_fact(call, "firstSiteId", site);
        rpc_fact_time(call, "firstAt", first.at);
        reason = PASS_USED;
    } else if (scan->outcome == HEALTH__SCAN_OUTCOME__SCAN_CHANGED) {
        reason = PASS_REVOKED;
    }
    rpc_refuse(call, pass_refusal(reason));
}

/* The caller's device for a scan that has not been taken yet; false after refusing, or after replying with
 * the scan as it was taken. */
static bool is_new_scan(struct health *self, int64_t site_id, int64_t device_id, const char *ref,
                        Health__Scan_Closure reply, void *call, struct device *ret_device)
{
    struct scan scan;

    if (!device_in_use(self, site_id, device_id, call, ret_device))
        return false;
    if (!scans_find_ref(&self->scans, ret_device->id, ref, &scan))
        return true;
    reply_scan(self, &scan, reply, call);
    return false;
}

/* A scan of a pass of ours, or of nothing we know. */
static struct scan new_scan(const struct device *device, const char *ref, const struct issued *issued, int64_t at,
                            int outcome, void *call)
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

    if (!is_new_scan(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device) ||
        !read_scanned(self, &scanned, 1, call))
        return;
    reason = judge(self, &scanned, req->site_id, rpc_now(call), &issued, &booking);
    scan = new_scan(&device, req->scan_ref, &issued, rpc_now(call), outcome_of(reason), call);
    if (reason == PASS_OK)
        decide(self, &issued, &booking, &scan);
    if (scan.outcome != HEALTH__SCAN_OUTCOME__ACCEPTED) {
        refuse_scan(self, &scan, reason, call);
        return;
    }
    accept_scan(self, &scan, &booking, call);
    rpc_created(call);
    reply_scan(self, &scan, reply, call);
}

/* Whether what a device says of a scan without network rests on its word alone: it was not there
 * yet, its clock is ahead or the scan old, or the pass has been given anew since. */
static bool rests_on_its_word(const struct device *device, const struct issued *issued, int64_t at, int64_t now)
{
    return at < device->registered_at || at > now + SCAN_AHEAD_MS || at < now - SCAN_LATE_MS || issued->revoked_at;
}

/* Whether somebody else has the place by now of who was taken not to have come. */
static bool is_given_on(struct health *self, const struct booking *booking, void *call)
{
    const Health__Campaign *campaign;
    struct entitlement entitlement;

    if (booking->state != HEALTH__BOOKING_STATE__NOT_COME)
        return false;
    campaign = campaigns_find(&self->campaigns, booking->campaign_id, rpc_arena(call));
    return !campaign || !entitlements_find(&self->entitlements, booking->entitlement_id, &entitlement) ||
           entitlement_is_given_on(self, campaign, &entitlement);
}

/* A time of a device in ours. */
static int64_t corrected(int64_t at, int64_t behind_ms)
{
    int64_t ours;

    return __builtin_add_overflow(at, behind_ms, &ours) ? at : ours;
}

/* One scan that was made without network, at a time of ours: kept, whatever it is. */
static void take_late(struct health *self, const struct device *device, const Health__UploadItem *item, int64_t at,
                      const struct scanned *scanned, void *call, struct scan *ret)
{
    enum pass_reason reason;
    struct booking booking;
    struct issued issued;

    if (scans_find_ref(&self->scans, device->id, item->scan_ref, ret))
        return;
    reason = judge(self, scanned, device->site_id, at, &issued, &booking);
    *ret = new_scan(device, item->scan_ref, &issued, at, outcome_of(reason), call);
    ret->offline = true;
    if (device->revoked_at && device->revoked_at <= at)
        ret->outcome = HEALTH__SCAN_OUTCOME__SCAN_DEVICE_OFF;
    else if (reason == PASS_OK)
        decide(self, &issued, &booking, ret);
    if (ret->outcome == HEALTH__SCAN_OUTCOME__ACCEPTED &&
        (rests_on_its_word(device, &issued, at, rpc_now(call)) || is_given_on(self, &booking, call)))
        ret->outcome = HEALTH__SCAN_OUTCOME__SCAN_WAITS;
    if (ret->outcome == HEALTH__SCAN_OUTCOME__ACCEPTED)
        accept_scan(self, ret, &booking, call);
    else
        scan_make(self, ret, call);
}

/* rpc UploadScans: what a device scanned without network; each gets its own outcome. */
static void scans__upload_scans(Health__Scans_Service *service, const Health__UploadScansRequest *req,
                                Health__ScanList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    Health__ScanList list = HEALTH__SCAN_LIST__INIT;
    struct scanned scanned[SCANS_UPLOADED] = {0};
    struct device device;

    if (!device_of_staff(self, req->site_id, req->device_id, call, &device))
        return;
    if (req->n_items > SCANS_UPLOADED) {
        rpc_refuse_field(call, RPC__REASON__TOO_MANY_ITEMS, "items");
        return;
    }
    for (size_t i = 0; i < req->n_items; i++)
        scanned[i].text = req->items[i]->text;
    if (req->device_now > 0)
        list.clock_behind_ms = rpc_now(call) - req->device_now;
    if (!read_scanned(self, scanned, req->n_items, call))
        return;
    list.scans = arena_alloc(rpc_arena(call), req->n_items * sizeof(*list.scans));
    for (size_t i = 0; i < req->n_items; i++) {
        Health__Scan *message;
        struct scan scan;

        take_late(self, &device, req->items[i], corrected(req->items[i]->at, list.clock_behind_ms), &scanned[i], call,
                  &scan);
        message = list.scans ? scan_message(self, &scan, rpc_arena(call)) : NULL;
        if (!message) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
        list.scans[list.n_scans++] = message;
    }
    reply(&list, call);
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
    scans_ask(&self->scans, req->site_id, req->conflicts, page->before, (int)page->limit);
    while (found && n < page->limit && scans_next(&self->scans, req->conflicts, &found[n]))
        n++;
    scans_end(&self->scans, req->conflicts);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, scans, scan_message(self, &found[i], rpc_arena(call)));
    reply(&list, call);
}

/* Why whoever came after her place had been given on is not taken beyond all places: 0, or BUDGET_USED_UP. */
static int beyond_refusal(struct health *self, const struct booking *booking, void *call)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->campaign_id, rpc_arena(call));
    struct entitlement entitlement;

    if (!campaign || !entitlements_find(&self->entitlements, booking->entitlement_id, &entitlement))
        return RPC__REASON__STORE_FAILED;
    return entitlement_is_given_on(self, campaign, &entitlement) &&
                   budget_left(self, campaign, rpc_now(call)) < dearest_price(campaign, (size_t)entitlement.stratum)
               ? HEALTH__REASON__BUDGET_USED_UP
               : 0;
}

/* rpc AcceptScan: what waits is as if it had been accepted then; the scan that waited stays as it was. */
static void scans__accept_scan(Health__Scans_Service *service, const Health__ScanRequest *req,
                               Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct booking booking;
    const Health__Site *site;
    struct scan waits, scan;

    if (!scans_find(&self->scans, req->scan_id, &waits)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    site = sites_find(&self->sites, waits.site_id, rpc_arena(call));
    if (!site || !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    scan = waits;
    snprintf(scan.ref, sizeof(scan.ref), "accepted-%lld", (long long)waits.id);
    if (scans_find_ref(&self->scans, waits.device_id, scan.ref, &scan)) {
        reply_scan(self, &scan, reply, call);
        return;
    }
    if (waits.outcome != HEALTH__SCAN_OUTCOME__SCAN_WAITS || scans_find_of(&self->scans, waits.booking_id, &scan) ||
        !bookings_find(&self->bookings, waits.booking_id, &booking) ||
        booking.state == HEALTH__BOOKING_STATE__CANCELLED) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_WAITING);
        return;
    }
    if (rpc_refuse_if(call, beyond_refusal(self, &booking, call)))
        return;
    scan = waits;
    snprintf(scan.ref, sizeof(scan.ref), "accepted-%lld", (long long)waits.id);
    scan.outcome = HEALTH__SCAN_OUTCOME__ACCEPTED;
    scan.received_at = rpc_now(call);
    accept_scan(self, &scan, &booking, call);
    rpc_created(call);
    reply_scan(self, &scan, reply, call);
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
        reply_scan(self, &scan, reply, call);
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
    reply_scan(self, &scan, reply, call);
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
    bool first;
    int reason = 0;
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
    first = !hands_wait(&self->two_hands, deed.kind, deed.id, rpc_now(call)) ||
            hands_is_first(&self->two_hands, deed.kind, deed.id, rpc_principal(call)->member_id);
    reason = first ? hands_give(&self->two_hands, &deed, call) : hands_confirm(&self->two_hands, &deed, call);
    if (rpc_refuse_if(call, reason))
        return;
    if (!first)
        take_back(self, &scan, &booking, &entitlement, req->reason, call);
    reply_scan(self, &scan, reply, call);
}

/* ---- walk-ins ---- */

/* The walk-in code that a text is; a Reason, or 0. */
static int read_walk_in(struct health *self, const char *text, int64_t now, struct walk_in *ret)
{
    struct pass_code code;
    enum pass_reason reason = pass_code_check(self->passes, text, strlen(text), now, &code);

    if (reason != PASS_OK)
        return pass_refusal(reason);
    if (code.kind != PASS_ACCOUNT)
        return HEALTH__REASON__NO_WALK_IN_CODE;
    if (!walk_ins_find(&self->walk_ins, (int64_t)code.subject, ret))
        return HEALTH__REASON__PASS_FORGED;
    ret->member_id = holder_of(&self->holders, ret->member_id);
    return ret->member_id ? 0 : HEALTH__REASON__PASS_REVOKED_NOW;
}

/* rpc CreateWalkIn: somebody without a booking takes a place of the van's slot that lasts now. */
static void scans__create_walk_in(Health__Scans_Service *service, const Health__WalkInRequest *req,
                                  Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct walk_in walk_in;
    struct booking booking;
    struct issued issued;
    struct device device;
    struct scan scan;
    int refusal;

    if (!is_new_scan(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device))
        return;
    refusal = read_walk_in(self, req->code, rpc_now(call), &walk_in);
    if (!refusal)
        refusal = walk_in_book(self, &walk_in, req->site_id, call, &booking);
    if (!refusal && !passes_find_of(&self->bookings, booking.id, &issued))
        refusal = RPC__REASON__STORE_FAILED;
    if (rpc_refuse_if(call, refusal))
        return;
    scan = new_scan(&device, req->scan_ref, &issued, rpc_now(call), HEALTH__SCAN_OUTCOME__ACCEPTED, call);
    scan.walk_in = true;
    accept_scan(self, &scan, &booking, call);
    rpc_created(call);
    reply_scan(self, &scan, reply, call);
}

/* rpc CreateWalkInCode: what a member shows at the van. */
static void scans__create_walk_in_code(Health__Scans_Service *service, const Health__WalkInCodeRequest *req,
                                       Health__ScreenCode_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    struct walk_in walk_in;
    int refusal;

    if (!campaign || campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    refusal = holder_is(&self->holders, rpc_principal(call)->member_id, rpc_principal(call)->member_id)
                  ? walk_in_refusal(campaign, rpc_principal(call), rpc_now(call))
                  : RPC__REASON__TOKEN_REVOKED;
    if (rpc_refuse_if(call, refusal))
        return;
    walk_ins_obtain(self, campaign->campaign_id, rpc_principal(call)->member_id, call, &walk_in);
    reply_code(self, PASS_ACCOUNT, walk_in.subject, reply, call);
}

const Health__Scans_Service scans_api = HEALTH__SCANS__INIT(scans__);
