#include "services/health/door/scans.h"

#define DEVICE "device_id, site_id, staff_id, session_id, registered_at, revoked_at, name"
#define SCAN                                                                                                           \
    "scan_id, device_id, site_id, booking_id, serial, at, received_at, undone_at, duplicate_of, outcome, offline, "    \
    "walk_in, scan_ref, undo_reason"

enum {
    SQL_ADD_DEVICE,
    SQL_FIND_DEVICE,
    SQL_COUNT_DEVICES,
    SQL_REVOKE_DEVICE,
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_REF,
    SQL_FIND_OF,
    SQL_UNDO,
    SQL_LIST,
    SQL_COUNT,
    SQL_AUDIT_SCAN,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD_DEVICE] = "INSERT INTO device (" DEVICE ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND_DEVICE] = "SELECT " DEVICE " FROM device WHERE device_id = ?1",
    [SQL_COUNT_DEVICES] = "SELECT count(*) FROM device WHERE site_id = ?1 AND revoked_at = 0",
    [SQL_REVOKE_DEVICE] = "UPDATE device SET revoked_at = ?2 WHERE device_id = ?1",
    [SQL_ADD] = "INSERT INTO scan (" SCAN ", journal_seq) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [SQL_FIND] = "SELECT " SCAN " FROM scan WHERE scan_id = ?1",
    [SQL_FIND_REF] = "SELECT " SCAN " FROM scan WHERE device_id = ?1 AND scan_ref = ?2",
    [SQL_FIND_OF] = "SELECT " SCAN " FROM scan WHERE booking_id = ?1 AND outcome = 1 AND undone_at = 0",
    [SQL_UNDO] = "UPDATE scan SET undone_at = ?2, undo_reason = ?3, journal_seq = ?4 WHERE scan_id = ?1",
    [SQL_LIST] = "SELECT " SCAN " FROM scan WHERE site_id = ?1 AND scan_id < ?2 AND " RPC_PAGE_STATES(
        "?3", "outcome") " ORDER BY scan_id DESC LIMIT ?4",
    [SQL_COUNT] = "SELECT count(*), coalesce(sum(state = 2), 0), coalesce(sum(state = 4), 0), "
                  "coalesce(sum(state = 2 AND walk_in = 1), 0) FROM booking "
                  "WHERE site_id = ?1 AND starts_at >= ?2 AND starts_at < ?3 AND state <> 3",
    [SQL_AUDIT_SCAN] = "SELECT journal_seq, booking_id, site_id, device_id, outcome, at, offline, undone_at FROM scan "
                       "WHERE scan_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- devices ---- */

static void say_device(const struct device *device, void *call)
{
    Health__DeviceChanged changed = HEALTH__DEVICE_CHANGED__INIT;

    changed.device_id = device->id;
    changed.site_id = device->site_id;
    changed.staff_id = device->staff_id;
    changed.revoked = device->revoked_at != 0;
    rpc_tell(call, &changed.base);
}

void device_make(struct health *self, struct device *device, void *call)
{
    device->id = id_next(&self->ids, rpc_now(call));
    store_run(self->store, self->scans.sql + SQL_ADD_DEVICE, "iiiiiit", device->id, device->site_id, device->staff_id,
              device->session_id, device->registered_at, device->revoked_at, device->name);
    say_device(device, call);
}

bool devices_find(const struct scans *scans, int64_t device_id, struct device *ret)
{
    unsigned at = scans->sql + SQL_FIND_DEVICE;
    struct store *store = scans->store;

    store_ask(store, at, "i", device_id);
    return store_only(store, at, INTO(ret->id), INTO(ret->site_id), INTO(ret->staff_id), INTO(ret->session_id),
                      INTO(ret->registered_at), INTO(ret->revoked_at), INTO(ret->name));
}

int64_t devices_count(const struct scans *scans, int64_t site_id)
{
    store_ask(scans->store, scans->sql + SQL_COUNT_DEVICES, "i", site_id);
    return store_number(scans->store, scans->sql + SQL_COUNT_DEVICES);
}

void device_revoke(struct health *self, struct device *device, void *call)
{
    device->revoked_at = rpc_now(call);
    store_run(self->store, self->scans.sql + SQL_REVOKE_DEVICE, "ii", device->id, device->revoked_at);
    say_device(device, call);
}

/* ---- scans ---- */

static int64_t say_scanned(struct health *self, const struct scan *scan, void *call)
{
    Health__Scanned scanned = HEALTH__SCANNED__INIT;

    scanned.scan_id = scan->id;
    scanned.booking_id = scan->booking_id;
    scanned.site_id = scan->site_id;
    scanned.device_id = scan->device_id;
    scanned.outcome = (Health__ScanOutcome)scan->outcome;
    scanned.at = scan->at;
    scanned.offline = scan->offline;
    rpc_tell(call, &scanned.base);
    return rpc_server_journal(self->rpc)->tip.seq;
}

void scan_make(struct health *self, struct scan *scan, void *call)
{
    int64_t seq;

    scan->id = id_next(&self->ids, rpc_now(call));
    seq = say_scanned(self, scan, call);
    store_run(self->store, self->scans.sql + SQL_ADD, "iiiiiiiiiiiitti", scan->id, scan->device_id, scan->site_id,
              scan->booking_id, scan->serial, scan->at, scan->received_at, scan->undone_at, scan->duplicate_of,
              (int64_t)scan->outcome, (int64_t)scan->offline, (int64_t)scan->walk_in, scan->ref, scan->undo_reason,
              seq);
}

static bool read_scan(const struct scans *scans, unsigned statement, struct scan *ret)
{
    struct store *store = scans->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->device_id), INTO(ret->site_id), INTO(ret->booking_id),
                      INTO(ret->serial), INTO(ret->at), INTO(ret->received_at), INTO(ret->undone_at),
                      INTO(ret->duplicate_of), INTO(ret->outcome), INTO(ret->offline), INTO(ret->walk_in),
                      INTO(ret->ref), INTO(ret->undo_reason));
}

static bool only(const struct scans *scans, unsigned statement, struct scan *ret)
{
    bool found = read_scan(scans, statement, ret);

    if (found)
        store_end(scans->store, statement);
    return found;
}

bool scans_find(const struct scans *scans, int64_t scan_id, struct scan *ret)
{
    store_ask(scans->store, scans->sql + SQL_FIND, "i", scan_id);
    return only(scans, scans->sql + SQL_FIND, ret);
}

bool scans_find_ref(const struct scans *scans, int64_t device_id, const char *ref, struct scan *ret)
{
    store_ask(scans->store, scans->sql + SQL_FIND_REF, "it", device_id, ref);
    return only(scans, scans->sql + SQL_FIND_REF, ret);
}

bool scans_find_of(const struct scans *scans, int64_t booking_id, struct scan *ret)
{
    store_ask(scans->store, scans->sql + SQL_FIND_OF, "i", booking_id);
    return only(scans, scans->sql + SQL_FIND_OF, ret);
}

void scan_undo(struct health *self, struct scan *scan, const char *reason, void *call)
{
    Health__ScanUndone undone = HEALTH__SCAN_UNDONE__INIT;

    scan->undone_at = rpc_now(call);
    snprintf(scan->undo_reason, sizeof(scan->undo_reason), "%s", reason);
    undone.scan_id = scan->id;
    undone.booking_id = scan->booking_id;
    rpc_tell(call, &undone.base);
    store_run(self->store, self->scans.sql + SQL_UNDO, "iiti", scan->id, scan->undone_at, scan->undo_reason,
              rpc_server_journal(self->rpc)->tip.seq);
}

void scans_ask(const struct scans *scans, int64_t site_id, int64_t states, int64_t before, int limit)
{
    store_ask(scans->store, scans->sql + SQL_LIST, "iiii", site_id, before, states, (int64_t)limit);
}

bool scans_next(const struct scans *scans, struct scan *ret)
{
    return read_scan(scans, scans->sql + SQL_LIST, ret);
}

void scans_end(const struct scans *scans)
{
    store_end(scans->store, scans->sql + SQL_LIST);
}

void scans_count(const struct scans *scans, int64_t site_id, int64_t from, int64_t until, struct scan_counts *ret)
{
    unsigned at = scans->sql + SQL_COUNT;

    *ret = (struct scan_counts){0};
    store_ask(scans->store, at, "iii", site_id, from, until);
    if (!store_row(scans->store, at))
        return;
    ret->expected = store_int(scans->store, at, 0);
    ret->arrived = store_int(scans->store, at, 1);
    ret->not_come = store_int(scans->store, at, 2);
    ret->walked_in = store_int(scans->store, at, 3);
    store_end(scans->store, at);
}

/* ---- the audit ---- */

static bool audit_scanned(const struct scans *scans, int64_t seq, const Health__Scanned *said, int64_t *told)
{
    unsigned at = scans->sql + SQL_AUDIT_SCAN;
    bool same;

    store_ask(scans->store, at, "i", said->scan_id);
    if (!store_row(scans->store, at))
        return false;
    same = store_int(scans->store, at, 1) == said->booking_id && store_int(scans->store, at, 2) == said->site_id &&
           store_int(scans->store, at, 3) == said->device_id && store_int(scans->store, at, 4) == (int)said->outcome &&
           store_int(scans->store, at, 5) == said->at && (store_int(scans->store, at, 6) != 0) == !!said->offline;
    if (store_int(scans->store, at, 0) == seq) {
        (*told)++;
        same = same && store_int(scans->store, at, 7) == 0;
    }
    store_end(scans->store, at);
    return same;
}

static bool audit_undone(const struct scans *scans, int64_t seq, const Health__ScanUndone *said, int64_t *told)
{
    unsigned at = scans->sql + SQL_AUDIT_SCAN;
    bool same;

    store_ask(scans->store, at, "i", said->scan_id);
    if (!store_row(scans->store, at))
        return false;
    same = store_int(scans->store, at, 0) == seq && store_int(scans->store, at, 7) > 0;
    (*told)++;
    store_end(scans->store, at);
    return same;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct scans *scans = &((struct health *)arg)->scans;
    const Health__Event *event = body;

    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_SCANNED:
        return audit_scanned(scans, row->seq, event->scanned, told);
    case HEALTH__EVENT__EVENT_SCAN_UNDONE:
        return audit_undone(scans, row->seq, event->scan_undone, told);
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"booking", "arrived without one accepted scan, or the other way round",
     "SELECT booking_id FROM booking b WHERE (state = 2) <> (SELECT count(*) FROM scan s "
     "WHERE s.booking_id = b.booking_id AND s.outcome = 1 AND s.undone_at = 0) LIMIT 1"},
    {"scan", "accepted without a pass of its booking and site",
     "SELECT s.scan_id FROM scan s LEFT JOIN pass p USING (serial) WHERE s.outcome = 1 AND "
     "(p.serial IS NULL OR p.booking_id <> s.booking_id OR p.site_id <> s.site_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec scans_part = {
    .tables = "device scan",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(device_id) FROM device), 0), "
               "coalesce((SELECT max(scan_id) FROM scan), 0))",
    .agrees = agrees,
    .counts = {{"scans", "SELECT count(*) FROM scan"}},
    .strays = strays,
    .people = "device.staff_id",
    .others = "scan.duplicate_of",
    .exports = {{&health__device__descriptor,
                 "SELECT device_id, site_id, name, registered_at, revoked_at FROM device WHERE staff_id = ?1 "
                 "AND device_id > ?2 ORDER BY device_id LIMIT ?3"}},
    .closed = {"-- who scanned is on account with what was scanned; she holds no office any more"},
    .merged = {"-- offices do not pass from one account to another (holders.h)"},
};
