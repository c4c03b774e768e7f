#include "services/identity/access/devices.h"

#define SEEN_AGAIN_MS INT64_C(86400000) /* a device that is seen every hour is written down once a day */
#define SLICE         500

enum { SQL_FIND, SQL_KEEP, SQL_SURPLUS, SQL_FORGET, SQL_CAME_BY, SQL_DROP_SILENT, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT seen_at FROM device WHERE member_id = ?1 AND door = ?2 AND nonce = ?3",
    [SQL_KEEP] = "INSERT INTO device (member_id, door, nonce, seen_at) VALUES (?1, ?2, ?3, ?4) "
                 "ON CONFLICT (member_id, door, nonce) DO UPDATE SET seen_at = excluded.seen_at",
    [SQL_SURPLUS] = "DELETE FROM device WHERE (member_id, door, nonce) IN (SELECT member_id, door, nonce FROM device "
                    "WHERE member_id = ?1 ORDER BY seen_at DESC, door, nonce LIMIT -1 OFFSET ?2)",
    [SQL_FORGET] = "DELETE FROM device WHERE member_id = ?1 AND (?2 < 0 OR door = ?2)",
    [SQL_CAME_BY] = "SELECT 1 FROM device WHERE member_id = ?1 AND door = ?2 LIMIT 1",
    [SQL_DROP_SILENT] =
        "DELETE FROM device WHERE (member_id, door, nonce) IN (SELECT member_id, door, nonce FROM device "
        "WHERE seen_at <= ?1 ORDER BY seen_at LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static int64_t seen_at(const struct devices *devices, const struct device *device)
{
    store_ask(devices->store, devices->sql + SQL_FIND, "iib", device->member_id, device->door, device->nonce,
              sizeof(device->nonce));
    return store_number(devices->store, devices->sql + SQL_FIND);
}

bool devices_know(const struct devices *devices, const struct device *device, int64_t now)
{
    int64_t at = seen_at(devices, device);

    return at && at > now - DEVICE_SILENCE_MS;
}

void devices_note(const struct devices *devices, const struct device *device, int64_t now)
{
    int64_t at = seen_at(devices, device);

    if (at && at > now - SEEN_AGAIN_MS)
        return;
    store_run(devices->store, devices->sql + SQL_KEEP, "iibi", device->member_id, device->door, device->nonce,
              sizeof(device->nonce), now);
    if (!at)
        store_run(devices->store, devices->sql + SQL_SURPLUS, "ii", device->member_id, (int64_t)DEVICES_MAX);
}

void devices_forget(const struct devices *devices, int64_t member_id, int64_t door)
{
    store_run(devices->store, devices->sql + SQL_FORGET, "ii", member_id, door);
}

bool devices_came_by(const struct devices *devices, int64_t member_id, int64_t door)
{
    store_ask(devices->store, devices->sql + SQL_CAME_BY, "ii", member_id, door);
    return store_any(devices->store, devices->sql + SQL_CAME_BY);
}

static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;

    return store_run(self->devices.store, self->devices.sql + SQL_DROP_SILENT, "ii", rpc_now(call) - DEVICE_SILENCE_MS,
                     (int64_t)SLICE) == SLICE;
}

const struct part_spec devices_part = {
    .tables = "device",
    .others = "device.door",
    .steps = &devices_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .exports = {{NULL, "-- sums by which her devices are known again; she sees them among her sessions"}},
    .closed = {"DELETE FROM device WHERE member_id = ?1"},
    .merged = {"DELETE FROM device WHERE member_id = ?1 AND ?2 > 0"},
};
