/* Scans without network, which are handed in later; and what of them an official accepts. */
#include "services/health/campaign/sites.h"
#include "services/health/door/scan_api.h"

/* rpc UploadScans: what a device scanned without network; each gets its own outcome. */
void scans__upload_scans(Health__Scans_Service *service, const Health__UploadScansRequest *req,
                         Health__ScanList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    Health__ScanList list = HEALTH__SCAN_LIST__INIT;
    struct scanned scanned[DOOR_UPLOAD] = {0};
    struct scanner device;

    if (!device_of_staff(self, req->site_id, req->device_id, false, call, &device))
        return;
    if (req->n_items > DOOR_UPLOAD) {
        rpc_fact_number(call, "maxItems", DOOR_UPLOAD);
        rpc_refuse_field(call, RPC__REASON__TOO_MANY_ITEMS, "items");
        return;
    }
    for (size_t i = 0; i < req->n_items; i++)
        scanned[i] = (struct scanned){.text = req->items[i]->text, .ref = req->items[i]->scan_ref};
    if (req->device_now > 0)
        list.clock_behind_ms = rpc_now(call) - req->device_now;
    if (!door_read(&self->door, scanned, req->n_items, call))
        return;
    list.scans = arena_alloc(rpc_arena(call), req->n_items * sizeof(*list.scans));
    for (size_t i = 0; i < req->n_items; i++) {
        Health__Scan *message;
        struct scan scan;

        door_take_late(&self->door, &device, &scanned[i], req->items[i]->at, list.clock_behind_ms, call, &scan);
        message = list.scans ? scan_message(self, &scan, rpc_arena(call)) : NULL;
        if (!message) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
        list.scans[list.n_scans++] = message;
    }
    reply(&list, call);
}

/* rpc AcceptScan: what waits is as if it had been accepted then; the scan that waited stays as it was. */
void scans__accept_scan(Health__Scans_Service *service, const Health__ScanRequest *req, Health__Scan_Closure reply,
                        void *call)
{
    struct health *self = container_of(service, struct health, scans_service);
    const Health__Site *site;
    struct scan waits, scan;
    bool made;

    if (!scans_find(&self->door, req->scan_id, &waits)) {
        rpc_refuse(call, HEALTH__REASON__SCAN_NOT_FOUND);
        return;
    }
    site = sites_find(&self->sites, waits.place_id, rpc_arena(call));
    if (!site || !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    if (rpc_refuse_if(call, door_accept(&self->door, &waits, call, &scan, &made)))
        return;
    if (made)
        rpc_created(call);
    scan_reply(self, &scan, reply, call);
}
