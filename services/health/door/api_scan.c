#include "services/health/campaign/sites.h"
#include "services/health/door/scan_api.h"

#include "common/trust/letter.h"

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
    message->waits_for = (Health__ScanWait)scan_waits_for(&self->door, scan);
    message->at = scan->at;
    message->offline = scan->offline;
    message->walk_in = scan->walk_in;
    message->undone_at = scan->undone_at;
    message->undo_reason = arena_strndup(arena, scan->undo_reason, strlen(scan->undo_reason));
    if (scan->booking_id && bookings_find(&self->bookings, scan->booking_id, &booking))
        message->handle = handle_text(booking.handle, arena);
    if (scan->duplicate_of && scans_find(&self->door, scan->duplicate_of, &first)) {
        message->duplicate_of = first.id;
        message->first_site_id = first.place_id;
        message->first_at = first.at;
    }
    return message->scan_ref && message->undo_reason && message->handle ? message : NULL;
}

/* The letter by which whoever scanned somebody may ask identity who she is; "" when there is
 * nobody to ask about. NULL when the call's memory is full. */
static char *letter_about(struct health *self, const struct scan *scan, void *call)
{
    const Health__Site *site = sites_find(&self->sites, scan->place_id, rpc_arena(call));
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

bool scan_is_new(struct health *self, int64_t site_id, int64_t device_id, const char *ref, Health__Scan_Closure reply,
                 void *call, struct scanner *ret_device)
{
    struct scan scan;

    if (!device_of_staff(self, site_id, device_id, true, call, ret_device))
        return false;
    if (!scans_find_ref(&self->door, ret_device->id, ref, &scan))
        return true;
    scan_reply(self, &scan, reply, call);
    return false;
}

/* rpc CreateScan: with network: it is accepted, or refused with what is wrong and nothing is kept. */
static void scans__create_scan(Health__Scans_Service *service, const Health__CreateScanRequest *req,
                               Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct scanned scanned = {.text = req->text, .ref = req->scan_ref};
    struct scan scan, first;
    struct scanner device;
    int refusal;

    if (!scan_is_new(self, req->site_id, req->device_id, req->scan_ref, reply, call, &device) ||
        !door_read(&self->door, &scanned, 1, call))
        return;
    refusal = door_scan(&self->door, &device, &scanned, call, &scan);
    if (refusal && scan.duplicate_of && scans_find(&self->door, scan.duplicate_of, &first)) {
        rpc_fact_number(call, "firstSiteId", first.place_id);
        rpc_fact_time(call, "firstAt", first.at);
    }
    if (rpc_refuse_if(call, refusal))
        return;
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
    scans_ask(&self->door, req->site_id, page->states, page->before, (int)page->limit);
    while (found && n < page->limit && scans_next(&self->door, &found[n]))
        n++;
    scans_end(&self->door);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, scans, scan_message(self, &found[i], rpc_arena(call)));
    reply(&list, call);
}

/* rpc UndoScan: a mistake of the last minutes; all is as before it. */
static void scans__undo_scan(Health__Scans_Service *service, const Health__UndoScanRequest *req,
                             Health__Scan_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    struct scan scan;

    if (!scans_find(&self->door, req->scan_id, &scan)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    if (!site_of_staff(self, scan.place_id, call))
        return;
    if (rpc_refuse_if(call, door_undo(&self->door, &scan, req->reason, call)))
        return;
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
    const Health__Site *site;
    struct scan scan;

    if (!scans_find(&self->door, req->scan_id, &scan)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    site = sites_find(&self->sites, scan.place_id, rpc_arena(call));
    if (!site || !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    else if (scan.outcome != HEALTH__SCAN_OUTCOME__ACCEPTED || scan.undone_at)
        reason = HEALTH__REASON__SCAN_NOT_ACCEPTED;
    if (rpc_refuse_if(call, reason))
        return;
    deed.union_path = site->union_path;
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (!reason && done)
        reason = door_take_back(&self->door, &scan, req->reason, call);
    if (rpc_refuse_if(call, reason))
        return;
    scan_reply(self, &scan, reply, call);
}

const Health__Scans_Service scans_api = HEALTH__SCANS__INIT(scans__);
