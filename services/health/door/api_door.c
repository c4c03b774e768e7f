#include "common/base/bytes.h"
#include "common/cn/cn_id.h"
#include "services/health/api.h"
#include "services/health/booking/booking_rules.h"
#include "services/health/door/scans.h"
#include "services/health/campaign/sites.h"

#include <mbedtls/sha256.h>

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

bool device_of_staff(struct health *self, int64_t site_id, int64_t device_id, void *call, struct device *ret)
{
    if (!site_of_staff(self, site_id, call))
        return false;
    if (!devices_find(&self->scans, device_id, ret) || ret->site_id != site_id) {
        rpc_refuse_field(call, HEALTH__REASON__DEVICE_NOT_FOUND, "deviceId");
        return false;
    }
    if (ret->staff_id != rpc_principal(call)->member_id) {
        rpc_refuse_field(call, HEALTH__REASON__DEVICE_NOT_YOURS, "deviceId");
        return false;
    }
    return true;
}

bool device_in_use(struct health *self, int64_t site_id, int64_t device_id, void *call, struct device *ret)
{
    if (!device_of_staff(self, site_id, device_id, call, ret))
        return false;
    if (ret->revoked_at) {
        rpc_refuse_field(call, HEALTH__REASON__DEVICE_REVOKED, "deviceId");
        return false;
    }
    if (ret->session_id != rpc_principal(call)->session_id) {
        rpc_refuse_field(call, HEALTH__REASON__DEVICE_NOT_YOURS, "deviceId");
        return false;
    }
    return true;
}

/* ---- devices ---- */

static void reply_device(const struct device *device, Health__Device_Closure reply, void *call)
{
    Health__Device message = HEALTH__DEVICE__INIT;

    message.device_id = device->id;
    message.site_id = device->site_id;
    message.name = unconst(device->name);
    message.registered_at = device->registered_at;
    message.revoked_at = device->revoked_at;
    reply(&message, call);
}

/* rpc RegisterDevice: the caller's, in this session; it may take over from another. */
static void doors__register_device(Health__Doors_Service *service, const Health__RegisterDeviceRequest *req,
                                   Health__Device_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    struct device device = {.site_id = req->site_id,
                            .staff_id = rpc_principal(call)->member_id,
                            .session_id = rpc_principal(call)->session_id,
                            .registered_at = rpc_now(call)},
                  old;

    if (!site_of_staff(self, req->site_id, call))
        return;
    if (req->replaces) {
        if (!devices_find(&self->scans, req->replaces, &old) || old.site_id != req->site_id) {
            rpc_refuse_field(call, HEALTH__REASON__DEVICE_NOT_FOUND, "replaces");
            return;
        }
        if (!old.revoked_at)
            device_revoke(self, &old, call);
    }
    if (devices_count(&self->scans, req->site_id) >= DEVICES_MAX) {
        rpc_fact_number(call, "maximum", DEVICES_MAX);
        rpc_refuse(call, HEALTH__REASON__TOO_MANY_DEVICES);
        return;
    }
    snprintf(device.name, sizeof(device.name), "%s", req->name);
    device_make(self, &device, call);
    rpc_created(call);
    reply_device(&device, reply, call);
}

/* rpc RevokeDevice: by any who scans at its site. */
static void doors__revoke_device(Health__Doors_Service *service, const Health__RevokeDeviceRequest *req,
                                 Health__Device_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, doors_service);
    struct device device;

    if (!devices_find(&self->scans, req->device_id, &device)) {
        rpc_refuse(call, HEALTH__REASON__DEVICE_NOT_FOUND);
        return;
    }
    if (!site_of_staff(self, device.site_id, call))
        return;
    if (!device.revoked_at)
        device_revoke(self, &device, call);
    reply_device(&device, reply, call);
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

static bool add_revocations(struct health *self, const Health__Site *site, void *call, Health__ScannerPackage *message)
{
    struct arena *arena = rpc_arena(call);
    int64_t now = rpc_now(call);
    int64_t version = passes_count_revoked(&self->bookings, site->site_id);
    uint32_t max = version < PASS_REVOKED_MAX ? (uint32_t)version : PASS_REVOKED_MAX;
    uint64_t *serials = arena_alloc(arena, (max + 1) * sizeof(*serials));
    struct pass_revocations head = {
        .issuer = issuer_of(site->union_path), .site = site->site_id, .version = version, .made_ms = now - now % 1000};
    struct buf buf;

    if (!serials)
        return false;
    buf_init(&buf, 8 * PASS_REVOKED_MAX + 1024);
    if (pass_revocations_make(self->passes, &head, serials,
                              passes_revoked(&self->bookings, site->site_id, now, serials, max), &buf)) {
        message->revocations.data = (uint8_t *)arena_strndup(arena, buf.bytes, buf.len);
        message->revocations.len = buf.len;
    }
    buf_done(&buf);
    return message->revocations.data != NULL;
}

static void add_roster(struct health *self, int64_t site_id, int64_t from, unsigned char ret_hash[32],
                       Health__ScannerPackage *message)
{
    mbedtls_sha256_context sha;
    struct booking booking;

    mbedtls_sha256_init(&sha);
    ensure(mbedtls_sha256_starts_ret(&sha, 0) == 0);
    bookings_ask_roster(&self->bookings, site_id, from, from + HEALTH_DAY_MS, 0, INT32_MAX, RPC_PAGE_ALL);
    while (bookings_next_roster(&self->bookings, &booking)) {
        unsigned char handle[8];

        put_be64(handle, (uint64_t)booking.handle);
        ensure(mbedtls_sha256_update_ret(&sha, handle, sizeof(handle)) == 0);
        message->roster_size++;
    }
    ensure(mbedtls_sha256_finish_ret(&sha, ret_hash) == 0);
    mbedtls_sha256_free(&sha);
    message->roster_hash.data = ret_hash;
    message->roster_hash.len = 32;
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
    add_roster(self, site->site_id, from, hash, &message);
    if (add_keys(self, rpc_arena(call), &message) && add_revocations(self, site, call, &message))
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
    struct scan_counts counts;
    int64_t from;

    if (!site_of_staff(self, req->site_id, call) || !read_day(req->day, call, &from))
        return;
    scans_count(&self->scans, req->site_id, from, from + HEALTH_DAY_MS, &counts);
    message.expected = (int32_t)counts.expected;
    message.arrived = (int32_t)counts.arrived;
    message.not_come = (int32_t)counts.not_come;
    message.left_over = (int32_t)(counts.expected - counts.arrived - counts.not_come);
    message.walked_in = (int32_t)counts.walked_in;
    reply(&message, call);
}

const Health__Doors_Service doors_api = HEALTH__DOORS__INIT(doors__);
