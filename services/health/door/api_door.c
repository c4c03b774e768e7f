#include "common/cn/cn_id.h"
#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/door/entrance.h"
#include "services/health/campaign/sites.h"

/* ---- who may ---- */

const Health__Site *site_of_staff(struct health *self, int64_t site_id, void *call)
{
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    if (!site) {
        rpc_refuse(call, HEALTH__REASON__SITE_NOT_FOUND);
        return NULL;
    }
    if (!rpc_has_role(call, RULE__ROLE__CHECKUP_STAFF, site->union_path) ||
        !staff_has(&self->sites, site_id, rpc_principal(call)->member_id, HEALTH__DUTY__SCANS)) {
        rpc_refuse(call, HEALTH__REASON__NOT_SITE_STAFF);
        return NULL;
    }
    return site;
}

bool device_of_staff(struct health *self, int64_t site_id, int64_t device_id, bool in_use, void *call,
                     struct scanner *ret)
{
    return site_of_staff(self, site_id, call) &&
           !rpc_refuse_field_if(call, scanner_of_caller(&self->scanners, site_id, device_id, in_use, call, ret),
                                "deviceId");
}

/* ---- devices ---- */

/* Its name is the scanner's. */
static void device_message(const struct scanner *device, Health__Device *ret)
{
    health__device__init(ret);
    ret->device_id = device->id;
    ret->site_id = device->place_id;
    ret->staff_id = device->staff_id;
    ret->name = unconst(device->name);
    ret->registered_at = device->registered_at;
    ret->revoked_at = device->revoked_at;
}

static void reply_device(const struct scanner *device, Health__Device_Closure reply, void *call)
{
    Health__Device message;

    device_message(device, &message);
    reply(&message, call);
}

/* Whether the caller has a say over a site's devices: she scans there, or is an official over it; else refused. */
static bool keeps_devices(struct health *self, int64_t site_id, void *call)
{
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    return (site && rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, site->union_path)) ||
           site_of_staff(self, site_id, call);
}

/* rpc RegisterDevice: the caller's, in this session; it may take over from another. */
static void doors__register_device(Health__Doors_Service *service, const Health__RegisterDeviceRequest *req,
                                   Health__Device_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    struct scanner device;
    const char *field;
    int refusal;

    if (!site_of_staff(self, req->site_id, call))
        return;
    refusal = scanner_register(&self->scanners, req->site_id, req->name, req->replaces, call, &device, &field);
    if (field ? rpc_refuse_field_if(call, refusal, field) : rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    reply_device(&device, reply, call);
}

/* rpc RevokeDevice: by any who scans at its site, or an official. */
static void doors__revoke_device(Health__Doors_Service *service, const Health__RevokeDeviceRequest *req,
                                 Health__Device_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    struct scanner device;

    if (!scanners_find(&self->scanners, req->device_id, &device)) {
        rpc_refuse(call, HEALTH__REASON__DEVICE_NOT_FOUND);
        return;
    }
    if (!keeps_devices(self, device.place_id, call))
        return;
    scanner_revoke(&self->scanners, &device, call);
    reply_device(&device, reply, call);
}

/* rpc ListDevices: of those that are in use, the newest first. */
static void doors__list_devices(Health__Doors_Service *service, const Health__ListDevicesRequest *req,
                                Health__DeviceList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    Health__DeviceList list = HEALTH__DEVICE_LIST__INIT;
    struct scanner *found;
    size_t n;

    if (!keeps_devices(self, req->site_id, call))
        return;
    n = scanners_page(&self->scanners, req->site_id, call, &found);
    for (size_t i = 0; i < n; i++) {
        Health__Device *message = arena_message(rpc_arena(call), &health__device__descriptor);

        if (message)
            device_message(&found[i], message);
        rpc_add(call, &list, devices, message);
    }
    reply(&list, call);
}

/* ---- what a scanner takes along ---- */

/* The day that was asked for, or today; false after refusing. */
static bool read_day(int32_t day, void *call, int64_t *ret_from)
{
    *ret_from = day_of(rpc_now(call));
    if (!day || cn_day_begin(day, ret_from))
        return true;
    rpc_refuse_field(call, RPC__REASON__NO_SUCH_DAY, "day");
    return false;
}

static bool add_keys(struct health *self, struct arena *arena, Health__ScannerPackage *message)
{
    struct pass_public public[PASS_KEYS_MAX];
    size_t n = pass_keys_list(self->passes, public);
    Health__ScannerKey *keys = arena_alloc(arena, n * sizeof(*keys));

    message->keys = arena_alloc(arena, n * sizeof(*message->keys));
    if (!keys || !message->keys)
        return false;
    for (size_t i = 0; i < n; i++) {
        health__scanner_key__init(&keys[i]);
        keys[i].key_id = public[i].key_id;
        keys[i].point.len = PASS_POINT_LEN;
        keys[i].point.data = (uint8_t *)arena_strndup(arena, (const char *)public[i].point, PASS_POINT_LEN);
        if (!keys[i].point.data)
            return false;
        message->keys[message->n_keys++] = &keys[i];
    }
    return true;
}

/* rpc GetScannerPackage: what judges passes without network. */
static void doors__get_scanner_package(Health__Doors_Service *service, const Health__ScannerRequest *req,
                                       Health__ScannerPackage_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    const Health__Site *site = site_of_staff(self, req->site_id, call);
    Health__ScannerPackage message = HEALTH__SCANNER_PACKAGE__INIT;
    unsigned char hash[32];
    int64_t from;

    if (!site || !read_day(req->day, call, &from))
        return;
    message.site_id = site->site_id;
    message.made_at = rpc_now(call);
    message.roster_size = door_roster(&self->door, site->site_id, from, from + HEALTH_DAY_MS, hash);
    message.roster_hash = (ProtobufCBinaryData){sizeof(hash), hash};
    if (add_keys(self, rpc_arena(call), &message) &&
        door_revocations(&self->door, site->site_id, site->union_path, call, &message.revocations))
        reply(&message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static Health__RosterLine *roster_line(const struct booking *booking, struct arena *arena)
{
    Health__RosterLine *line = arena_message(arena, &health__roster_line__descriptor);

    if (!line)
        return NULL;
    line->handle = handle_text(booking->handle, arena);
    line->starts_at = booking->starts_at;
    line->ends_at = booking->ends_at;
    line->state = (Health__BookingState)booking->state;
    return line->handle ? line : NULL;
}

/* rpc GetRoster: who is expected on a day, by handle: nothing of who she is. */
static void doors__get_roster(Health__Doors_Service *service, const Health__RosterRequest *req,
                              Health__Roster_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    Health__Roster roster = HEALTH__ROSTER__INIT;
    struct booking booking;
    int64_t from;

    if (!site_of_staff(self, req->site_id, call) || !read_day(req->day, call, &from))
        return;
    bookings_ask_roster(&self->bookings, req->site_id, from, from + HEALTH_DAY_MS, rpc_page(call)->after,
                        (int)rpc_page(call)->limit, rpc_page(call)->states);
    while (bookings_next_roster(&self->bookings, &booking)) {
        if (rpc_page_takes(call, booking.handle))
            rpc_add(call, &roster, lines, roster_line(&booking, rpc_arena(call)));
    }
    reply(&roster, call);
}

/* rpc GetCounts: of a day. */
static void doors__get_counts(Health__Doors_Service *service, const Health__ScannerRequest *req,
                              Health__Counts_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    Health__Counts message = HEALTH__COUNTS__INIT;
    struct booking_counts counts;
    int64_t from;

    if (!site_of_staff(self, req->site_id, call) || !read_day(req->day, call, &from))
        return;
    bookings_count(&self->bookings, req->site_id, from, from + HEALTH_DAY_MS, &counts);
    message.expected = (int32_t)counts.expected;
    message.arrived = (int32_t)counts.arrived;
    message.not_come = (int32_t)counts.not_come;
    message.left_over = (int32_t)(counts.expected - counts.arrived - counts.not_come);
    message.walked_in = (int32_t)counts.walked_in;
    reply(&message, call);
}

const Health__Doors_Service doors_api = HEALTH__DOORS__INIT(doors__);
