/* Scans without network, which are handed in later; and what of them an official accepts. */
#include <mbedtls/sha256.h>

#include "common/base/hex.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/campaign/sites.h"
#include "services/health/door/scan_api.h"
#include "services/health/rules.h"

int scan_rests_on(const struct device *device, const struct issued *issued, const struct scan *scan)
{
    if (scan->at < device->registered_at)
        return HEALTH__SCAN_WAIT__DEVICE_NOT_YET;
    if (scan->at > scan->received_at + SCAN_AHEAD_MS)
        return HEALTH__SCAN_WAIT__CLOCK_AHEAD;
    if (scan->at < scan->received_at - SCAN_LATE_MS)
        return HEALTH__SCAN_WAIT__HANDED_IN_LATE;
    if (issued->revoked_at)
        return HEALTH__SCAN_WAIT__PASS_MADE_ANEW;
    return HEALTH__SCAN_WAIT__WAITS_NOT;
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

/* A time of a device in ours; one that is none stays so. */
static int64_t corrected(int64_t at, int64_t behind_ms)
{
    int64_t ours;

    return at <= 0 || __builtin_add_overflow(at, behind_ms, &ours) ? at : ours;
}

/* What a scan is called whose device gave it no name that can be taken. */
static void name_scan(const Health__UploadItem *item, char ret_ref[SCAN_REF])
{
    static const char unnamed[] = "unnamed-";
    unsigned char hash[32];
    mbedtls_sha256_context sha;

    if (*item->scan_ref) {
        snprintf(ret_ref, SCAN_REF, "%s", item->scan_ref);
        return;
    }
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    mbedtls_sha256_update_ret(&sha, (const unsigned char *)&item->at, sizeof(item->at));
    mbedtls_sha256_update_ret(&sha, (const unsigned char *)item->text, strlen(item->text));
    mbedtls_sha256_finish_ret(&sha, hash);
    mbedtls_sha256_free(&sha);
    memcpy(ret_ref, unnamed, sizeof(unnamed));
    hex_print(hash, 12, ret_ref + sizeof(unnamed) - 1);
}

/* One scan that was made without network, at a time of ours: kept, whatever it is. */
static void take_late(struct health *self, const struct device *device, const Health__UploadItem *item, int64_t at,
                      const struct scanned *scanned, void *call, struct scan *ret)
{
    enum pass_reason reason;
    struct booking booking;
    struct issued issued;
    char ref[SCAN_REF];

    name_scan(item, ref);
    if (scans_find_ref(&self->scans, device->id, ref, ret))
        return;
    reason = scan_judge(self, scanned, device->site_id, at, &issued, &booking);
    if (at <= 0)
        reason = PASS_MALFORMED;
    *ret = scan_new(device, ref, &issued, at, scan_outcome(reason), call);
    ret->offline = true;
    if (device->revoked_at && device->revoked_at <= at)
        ret->outcome = HEALTH__SCAN_OUTCOME__SCAN_DEVICE_OFF;
    else if (reason == PASS_OK)
        scan_decide(self, &issued, &booking, ret);
    if (ret->outcome == HEALTH__SCAN_OUTCOME__ACCEPTED &&
        (scan_rests_on(device, &issued, ret) || is_given_on(self, &booking, call)))
        ret->outcome = HEALTH__SCAN_OUTCOME__SCAN_WAITS;
    if (ret->outcome == HEALTH__SCAN_OUTCOME__ACCEPTED)
        scan_accept(self, ret, &booking, call);
    else
        scan_make(self, ret, call);
}

/* rpc UploadScans: what a device scanned without network; each gets its own outcome. */
void scans__upload_scans(Health__Scans_Service *service, const Health__UploadScansRequest *req,
                         Health__ScanList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    Health__ScanList list = HEALTH__SCAN_LIST__INIT;
    struct scanned scanned[SCANS_UPLOADED] = {0};
    struct device device;

    if (!device_of_staff(self, req->site_id, req->device_id, call, &device))
        return;
    if (req->n_items > SCANS_UPLOADED) {
        rpc_fact_number(call, "maxItems", SCANS_UPLOADED);
        rpc_refuse_field(call, RPC__REASON__TOO_MANY_ITEMS, "items");
        return;
    }
    for (size_t i = 0; i < req->n_items; i++)
        scanned[i].text = req->items[i]->text;
    if (req->device_now > 0)
        list.clock_behind_ms = rpc_now(call) - req->device_now;
    if (!scans_read(self, scanned, req->n_items, call))
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

/* Why whoever came after her place had been given on is not taken beyond all places: 0, or BUDGET_USED_UP. */
static int beyond_refusal(struct health *self, const struct booking *booking, void *call)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->campaign_id, rpc_arena(call));
    struct entitlement entitlement;

    if (!campaign || !entitlements_find(&self->entitlements, booking->entitlement_id, &entitlement))
        return RPC__REASON__STORE_FAILED;
    return entitlement_is_given_on(self, campaign, &entitlement) &&
                   costs_commit(self, campaign, dearest_price(campaign, (size_t)entitlement.stratum), call)
               ? HEALTH__REASON__BUDGET_USED_UP
               : 0;
}

/* rpc AcceptScan: what waits is as if it had been accepted then; the scan that waited stays as it was. */
void scans__accept_scan(Health__Scans_Service *service, const Health__ScanRequest *req, Health__Scan_Closure reply,
                        void *call)
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
        scan_reply(self, &scan, reply, call);
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
    scan_accept(self, &scan, &booking, call);
    rpc_created(call);
    scan_reply(self, &scan, reply, call);
}
