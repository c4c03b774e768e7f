/* door.c: scans and guests in the store, and their audit. */
#include "common/benefit/door/door_internal.h"

#define SCAN                                                                                                           \
    "scan_id, device_id, place_id, booking_id, serial, at, received_at, undone_at, duplicate_of, outcome, offline, "   \
    "walk_in, scan_ref, undo_reason"
#define GUEST "subject, group_id, member_id"

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_REF,
    SQL_FIND_OF,
    SQL_UNDO,
    SQL_LIST,
    SQL_SEQ,
    SQL_ADD_GUEST,
    SQL_FIND_GUEST,
    SQL_FIND_GUEST_OF,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO door_scan (" SCAN ", journal_seq) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [SQL_FIND] = "SELECT " SCAN " FROM door_scan WHERE scan_id = ?1",
    [SQL_FIND_REF] = "SELECT " SCAN " FROM door_scan WHERE device_id = ?1 AND scan_ref = ?2",
    [SQL_FIND_OF] = "SELECT " SCAN " FROM door_scan WHERE booking_id = ?1 AND outcome = 1 AND undone_at = 0",
    [SQL_UNDO] = "UPDATE door_scan SET undone_at = ?2, undo_reason = ?3, journal_seq = ?4 WHERE scan_id = ?1",
    [SQL_LIST] = "SELECT " SCAN " FROM door_scan WHERE place_id = ?1 AND scan_id < ?2 AND " RPC_PAGE_STATES(
        "?3", "outcome") " ORDER BY scan_id DESC LIMIT ?4",
    [SQL_SEQ] = "SELECT journal_seq FROM door_scan WHERE scan_id = ?1",
    [SQL_ADD_GUEST] = "INSERT INTO door_guest (" GUEST ") VALUES (?1, ?2, ?3)",
    [SQL_FIND_GUEST] = "SELECT " GUEST " FROM door_guest WHERE subject = ?1",
    [SQL_FIND_GUEST_OF] = "SELECT " GUEST " FROM door_guest WHERE group_id = ?1 AND member_id = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void door_serve(struct door *door, const struct door_service *service, void *self, struct bookings *bookings,
                const struct scanners *scanners, const struct holders *holders, struct pass_keys *passes)
{
    door->service = service;
    door->self = self;
    door->bookings = bookings;
    door->scanners = scanners;
    door->holders = holders;
    door->passes = passes;
}

/* ---- scans ---- */

#define INTO_SCAN(s)                                                                                                   \
    INTO((s)->id), INTO((s)->device_id), INTO((s)->place_id), INTO((s)->booking_id), INTO((s)->serial), INTO((s)->at), \
        INTO((s)->received_at), INTO((s)->undone_at), INTO((s)->duplicate_of), INTO((s)->outcome), INTO((s)->offline), \
        INTO((s)->walk_in), INTO((s)->ref), INTO((s)->undo_reason)

static int64_t last_row(const struct door *door)
{
    return rpc_server_journal(door->parts->rpc)->tip.seq;
}

void scan_make(struct door *door, struct scan *scan, void *call)
{
    Door__Scanned scanned = DOOR__SCANNED__INIT;

    scan->id = id_next(&door->parts->ids, rpc_now(call));
    scanned.scan_id = scan->id;
    scanned.booking_id = scan->booking_id;
    scanned.place_id = scan->place_id;
    scanned.device_id = scan->device_id;
    scanned.outcome = (Door__Outcome)scan->outcome;
    scanned.at = scan->at;
    scanned.offline = scan->offline;
    rpc_tell(call, &scanned.base);
    store_run(door->store, door->sql + SQL_ADD, "iiiiiiiiiiiitti", scan->id, scan->device_id, scan->place_id,
              scan->booking_id, scan->serial, scan->at, scan->received_at, scan->undone_at, scan->duplicate_of,
              (int64_t)scan->outcome, (int64_t)scan->offline, (int64_t)scan->walk_in, scan->ref, scan->undo_reason,
              last_row(door));
}

void scan_undo(struct door *door, struct scan *scan, const char *reason, void *call)
{
    Door__ScanUndone undone = DOOR__SCAN_UNDONE__INIT;

    scan->undone_at = rpc_now(call);
    snprintf(scan->undo_reason, sizeof(scan->undo_reason), "%s", reason);
    undone.scan_id = scan->id;
    undone.booking_id = scan->booking_id;
    rpc_tell(call, &undone.base);
    store_run(door->store, door->sql + SQL_UNDO, "iiti", scan->id, scan->undone_at, scan->undo_reason, last_row(door));
}

static bool only(const struct door *door, unsigned statement, struct scan *ret)
{
    return store_only(door->store, door->sql + statement, INTO_SCAN(ret));
}

bool scans_find(const struct door *door, int64_t scan_id, struct scan *ret)
{
    store_ask(door->store, door->sql + SQL_FIND, "i", scan_id);
    return only(door, SQL_FIND, ret);
}

bool scans_find_ref(const struct door *door, int64_t device_id, const char *ref, struct scan *ret)
{
    store_ask(door->store, door->sql + SQL_FIND_REF, "it", device_id, ref);
    return only(door, SQL_FIND_REF, ret);
}

bool scans_find_of(const struct door *door, int64_t booking_id, struct scan *ret)
{
    store_ask(door->store, door->sql + SQL_FIND_OF, "i", booking_id);
    return only(door, SQL_FIND_OF, ret);
}

void scans_ask(const struct door *door, int64_t place_id, int64_t states, int64_t before, int limit)
{
    store_ask(door->store, door->sql + SQL_LIST, "iiii", place_id, before, states, (int64_t)limit);
}

bool scans_next(const struct door *door, struct scan *ret)
{
    return store_read(door->store, door->sql + SQL_LIST, INTO_SCAN(ret));
}

void scans_end(const struct door *door)
{
    store_end(door->store, door->sql + SQL_LIST);
}

/* ---- guests ---- */

static bool only_guest(const struct door *door, unsigned statement, struct guest *ret)
{
    return store_only(door->store, door->sql + statement, INTO(ret->subject), INTO(ret->group_id),
                      INTO(ret->member_id));
}

bool guests_find(const struct door *door, int64_t subject, struct guest *ret)
{
    store_ask(door->store, door->sql + SQL_FIND_GUEST, "i", subject);
    return only_guest(door, SQL_FIND_GUEST, ret);
}

void guests_obtain(struct door *door, int64_t group_id, int64_t member_id, void *call, struct guest *ret)
{
    store_ask(door->store, door->sql + SQL_FIND_GUEST_OF, "ii", group_id, member_id);
    if (only_guest(door, SQL_FIND_GUEST_OF, ret))
        return;
    *ret = (struct guest){random_id(call), group_id, member_id};
    store_run(door->store, door->sql + SQL_ADD_GUEST, "iii", ret->subject, group_id, member_id);
}

/* ---- the audit ---- */

static int64_t seq_of(const struct door *door, int64_t scan_id)
{
    store_ask(door->store, door->sql + SQL_SEQ, "i", scan_id);
    return store_number(door->store, door->sql + SQL_SEQ);
}

static bool scanned_agrees(const struct door *door, int64_t seq, const Door__Scanned *said, int64_t *told)
{
    struct scan scan;

    (*told)++;
    return scans_find(door, said->scan_id, &scan) && scan.booking_id == said->booking_id &&
           scan.place_id == said->place_id && scan.device_id == said->device_id && scan.outcome == (int)said->outcome &&
           scan.at == said->at && scan.offline == !!said->offline &&
           (seq_of(door, scan.id) == seq ? scan.undone_at == 0 : scan.undone_at > 0);
}

static bool undone_agrees(const struct door *door, int64_t seq, const Door__ScanUndone *said)
{
    struct scan scan;

    return scans_find(door, said->scan_id, &scan) && scan.undone_at > 0 && seq_of(door, scan.id) == seq;
}

static bool agrees(void *door, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const Rpc__ChassisEvent *event = body;

    switch (event ? event->event_case : RPC__CHASSIS_EVENT__EVENT__NOT_SET) {
    case RPC__CHASSIS_EVENT__EVENT_SCANNED:
        return scanned_agrees(door, row->seq, event->scanned, &told[0]);
    case RPC__CHASSIS_EVENT__EVENT_SCAN_UNDONE:
        told[1]++;
        return undone_agrees(door, row->seq, event->scan_undone);
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"booking", "arrived without one accepted scan, or the other way round",
     "SELECT booking_id FROM booked_slot b WHERE (state = 2) <> (SELECT count(*) FROM door_scan s "
     "WHERE s.booking_id = b.booking_id AND s.outcome = 1 AND s.undone_at = 0) LIMIT 1"},
    {"scan", "accepted without a pass of its booking and place",
     "SELECT s.scan_id FROM door_scan s LEFT JOIN booked_pass p USING (serial) WHERE s.outcome = 1 AND "
     "(p.serial IS NULL OR p.booking_id <> s.booking_id OR p.place_id <> s.place_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec door_part = {
    .tables = "door_scan door_guest",
    .steps = &door_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(scan_id) FROM door_scan",
    .agrees = agrees,
    .counts = {{"scans", "SELECT count(*) FROM door_scan"},
               {"undone scans", "SELECT count(*) FROM door_scan WHERE undone_at > 0"}},
    .strays = strays,
    .others = "door_scan.place_id door_scan.duplicate_of door_guest.group_id",
    .exports = {{NULL, "-- a guest's number says nothing of her, "
                       "and the booking that it led to is told"}},
    .closed = {"-- who scanned is on account with what was scanned; a guest's number lets nobody in any more"},
    .merged = {"-- offices do not pass from one account to another; holders.h says whose a guest's number is"},
};
