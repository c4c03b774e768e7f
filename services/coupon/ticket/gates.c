#include "services/coupon/ticket/gates.h"

#include "services/coupon/numbers/numbers.h"

#define COLUMNS                                                                                                        \
    "boarding_id, release_id, departure, device_id, coupon_id, cell_id, brought_by, at, received_at, offline, "        \
    "refusal, undone_at, scan_ref, undo_reason"
#define IS_IN "refusal = 0 AND undone_at = 0"

enum {
    SQL_ADD_STAFF,
    SQL_DROP_STAFF,
    SQL_COUNT_STAFF,
    SQL_HAS,
    SQL_HAS_ANY,
    SQL_STAFF,
    SQL_HERS,
    SQL_ADD,
    SQL_UNDO,
    SQL_FIND,
    SQL_FIND_REF,
    SQL_FIND_OF,
    SQL_LIST,
    SQL_COMPANIONS,
    SQL_TICKET,
    SQL_RETURNED,
    SQL_TURNOUT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD_STAFF] = "INSERT INTO gate_staff (release_id, departure, member_id) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (release_id, departure, member_id) DO NOTHING",
    [SQL_DROP_STAFF] = "DELETE FROM gate_staff WHERE release_id = ?1 AND departure = ?2 AND member_id = ?3",
    [SQL_COUNT_STAFF] = "SELECT count(*) FROM gate_staff WHERE release_id = ?1 AND departure = ?2",
    [SQL_HAS] = "SELECT 1 FROM gate_staff WHERE release_id = ?1 AND departure = ?2 AND member_id = ?3",
    [SQL_HAS_ANY] = "SELECT 1 FROM gate_staff WHERE release_id = ?1 AND member_id = ?2 LIMIT 1",
    [SQL_STAFF] = "SELECT rowid, departure, member_id FROM gate_staff WHERE release_id = ?1 AND rowid > ?2 "
                  "ORDER BY rowid LIMIT ?3",
    [SQL_HERS] = "SELECT rowid, release_id, departure FROM gate_staff WHERE member_id = ?1 AND rowid > ?2 "
                 "ORDER BY rowid LIMIT ?3",
    [SQL_ADD] = "INSERT INTO boarding (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12, '')",
    [SQL_UNDO] = "UPDATE boarding SET undone_at = ?2, undo_reason = ?3 WHERE boarding_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM boarding WHERE boarding_id = ?1",
    [SQL_FIND_REF] = "SELECT " COLUMNS " FROM boarding WHERE device_id = ?1 AND scan_ref = ?2",
    [SQL_FIND_OF] = "SELECT " COLUMNS " FROM boarding WHERE coupon_id = ?1 AND " IS_IN,
    [SQL_LIST] = "SELECT " COLUMNS " FROM boarding WHERE release_id = ?1 AND departure = ?2 AND boarding_id < ?3 "
                 "ORDER BY boarding_id DESC LIMIT ?4",
    [SQL_COMPANIONS] =
        "SELECT s.coupon_id, coalesce((SELECT at FROM boarding WHERE boarding.coupon_id = s.coupon_id AND " IS_IN
        "), 0) FROM ticket_invitation i JOIN ticket_seat s ON s.invitation_id = i.invitation_id AND s.invitation_id > "
        "0 "
        "WHERE i.host_coupon_id = ?1 AND i.state = 2 AND freed_at = 0 ORDER BY s.coupon_id",
    [SQL_TICKET] = "SELECT coupon_id FROM claim_of_member JOIN ticket_seat USING (coupon_id) WHERE " HOLDER_HERS
                   " AND release_id = ?2 ORDER BY freed_at > 0, coupon_id DESC LIMIT 1",
    [SQL_RETURNED] = "SELECT 1 FROM claim_ended WHERE coupon_id = ?1 AND withdrawn = 2",
    [SQL_TURNOUT] =
        "SELECT departure, class, departs_at, (SELECT count(*) FROM ticket_seat s WHERE s.cell_id = c.cell_id AND "
        "freed_at = 0), (SELECT count(*) FROM boarding b WHERE b.cell_id = c.cell_id AND " IS_IN
        ") FROM ticket_cell c WHERE release_id = ?1 ORDER BY departure, class",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- who stands there ---- */

bool gate_staff_has(const struct gates *gates, int64_t release_id, int32_t departure, int64_t member_id)
{
    store_ask(gates->store, gates->sql + SQL_HAS, "iii", release_id, (int64_t)departure, member_id);
    return store_any(gates->store, gates->sql + SQL_HAS);
}

bool gate_staff_any(const struct gates *gates, int64_t release_id, int64_t member_id)
{
    store_ask(gates->store, gates->sql + SQL_HAS_ANY, "ii", release_id, member_id);
    return store_any(gates->store, gates->sql + SQL_HAS_ANY);
}

bool gate_staff_set(struct coupon *self, const Coupon__GateStaffChanged *change, void *call)
{
    unsigned statement = self->gates.sql + (change->off ? SQL_DROP_STAFF : SQL_ADD_STAFF);

    if (store_run(self->store, statement, "iii", change->release_id, (int64_t)change->departure, change->member_id) > 0)
        rpc_tell(call, &change->base);
    store_ask(self->store, self->gates.sql + SQL_COUNT_STAFF, "ii", change->release_id, (int64_t)change->departure);
    return store_number(self->store, self->gates.sql + SQL_COUNT_STAFF) <= GATE_STAFF_MAX;
}

void gate_staff_ask(const struct gates *gates, int64_t release_id, int64_t after, size_t limit)
{
    store_ask(gates->store, gates->sql + SQL_STAFF, "iii", release_id, after, (int64_t)limit);
}

bool gate_staff_next(const struct gates *gates, int64_t *ret_row, int32_t *ret_departure, int64_t *ret_member_id)
{
    return store_read(gates->store, gates->sql + SQL_STAFF, INTO(*ret_row), INTO(*ret_departure), INTO(*ret_member_id));
}

void gates_ask_hers(const struct gates *gates, int64_t member_id, int64_t after, size_t limit)
{
    store_ask(gates->store, gates->sql + SQL_HERS, "iii", member_id, after, (int64_t)limit);
}

bool gates_next_hers(const struct gates *gates, int64_t *ret_row, int64_t *ret_release_id, int32_t *ret_departure)
{
    return store_read(gates->store, gates->sql + SQL_HERS, INTO(*ret_row), INTO(*ret_release_id), INTO(*ret_departure));
}

/* ---- who came ---- */

#define INTO_BOARDING(b)                                                                                               \
    INTO((b)->id), INTO((b)->release_id), INTO((b)->departure), INTO((b)->device_id), INTO((b)->coupon_id),            \
        INTO((b)->cell_id), INTO((b)->brought_by), INTO((b)->at), INTO((b)->received_at), INTO((b)->offline),          \
        INTO((b)->refusal), INTO((b)->undone_at), INTO((b)->ref), INTO((b)->undo_reason)

static bool only(const struct gates *gates, unsigned which, struct boarding *ret)
{
    return store_only(gates->store, gates->sql + which, INTO_BOARDING(ret));
}

bool boardings_find(const struct gates *gates, int64_t boarding_id, struct boarding *ret)
{
    store_ask(gates->store, gates->sql + SQL_FIND, "i", boarding_id);
    return only(gates, SQL_FIND, ret);
}

bool boardings_find_ref(const struct gates *gates, int64_t device_id, const char *ref, struct boarding *ret)
{
    store_ask(gates->store, gates->sql + SQL_FIND_REF, "it", device_id, ref);
    return only(gates, SQL_FIND_REF, ret);
}

bool boardings_find_of(const struct gates *gates, int64_t coupon_id, struct boarding *ret)
{
    store_ask(gates->store, gates->sql + SQL_FIND_OF, "i", coupon_id);
    return only(gates, SQL_FIND_OF, ret);
}

void boardings_ask(const struct gates *gates, int64_t release_id, int32_t departure, int64_t before, size_t limit)
{
    store_ask(gates->store, gates->sql + SQL_LIST, "iiii", release_id, (int64_t)departure, before, (int64_t)limit);
}

bool boardings_next(const struct gates *gates, struct boarding *ret)
{
    return store_read(gates->store, gates->sql + SQL_LIST, INTO_BOARDING(ret));
}

void boarding_companions_ask(const struct gates *gates, int64_t host_coupon_id)
{
    store_ask(gates->store, gates->sql + SQL_COMPANIONS, "i", host_coupon_id);
}

bool boarding_companions_next(const struct gates *gates, int64_t *ret_coupon_id, int64_t *ret_at)
{
    return store_read(gates->store, gates->sql + SQL_COMPANIONS, INTO(*ret_coupon_id), INTO(*ret_at));
}

int64_t gate_ticket_of(struct coupon *self, int64_t release_id, int64_t member_id)
{
    struct release *release = release_find(self, release_id);
    int64_t coupon_id = release ? claimants_find(&release->claimants, member_id) : 0;
    struct ticket_seat seat;

    /* Of two accounts that have become one memory knows the ticket that came first. */
    if (coupon_id && ticket_seat_find(&self->tickets, coupon_id, &seat) && !seat.freed_at)
        return coupon_id;
    store_ask(self->store, self->gates.sql + SQL_TICKET, "ii", member_id, release_id);
    return store_number(self->store, self->gates.sql + SQL_TICKET);
}

bool gate_given_back(const struct gates *gates, int64_t coupon_id)
{
    store_ask(gates->store, gates->sql + SQL_RETURNED, "i", coupon_id);
    return store_any(gates->store, gates->sql + SQL_RETURNED);
}

/* A ticket is spent, or is so no more. */
static void spend(struct coupon *self, int64_t coupon_id, bool spent, void *call)
{
    struct claim claim;

    if (!claims_find(&self->claims, coupon_id, &claim))
        return;
    number_redeemed(self, claim.release_id, claim.day, spent ? 1 : -1, call);
    granted_set(&self->granted, coupon_id, claim.member_id,
                spent ? GRANTED__GRANT_STATE__SPENT : GRANTED__GRANT_STATE__HELD, call);
    if (!spent)
        holders_recheck(&self->holders, claim.member_id); /* she may have another one */
}

void boarding_make(struct coupon *self, struct boarding *boarding, void *call)
{
    Coupon__Boarded boarded = COUPON__BOARDED__INIT;

    boarding->id = id_next(&self->ids, rpc_now(call));
    boarding->received_at = rpc_now(call);
    if (boarding->brought_by)
        snprintf(boarding->ref, sizeof(boarding->ref), "with %lld", (long long)boarding->id);
    boarded.boarding_id = boarding->id;
    boarded.release_id = boarding->release_id;
    boarded.coupon_id = boarding->coupon_id;
    boarded.at = boarding->at;
    boarded.offline = boarding->offline;
    boarded.refused = boarding->refusal;
    rpc_tell(call, &boarded.base);
    store_run(self->store, self->gates.sql + SQL_ADD, "iiiiiiiiiiit", boarding->id, boarding->release_id,
              (int64_t)boarding->departure, boarding->device_id, boarding->coupon_id, boarding->cell_id,
              boarding->brought_by, boarding->at, boarding->received_at, (int64_t)boarding->offline,
              (int64_t)boarding->refusal, boarding->ref);
    if (!boarding->refusal)
        spend(self, boarding->coupon_id, true, call);
}

void boarding_undo(struct coupon *self, struct boarding *boarding, const char *reason, void *call)
{
    Coupon__BoardingUndone undone = COUPON__BOARDING_UNDONE__INIT;

    boarding->undone_at = rpc_now(call);
    snprintf(boarding->undo_reason, sizeof(boarding->undo_reason), "%s", reason);
    undone.boarding_id = boarding->id;
    undone.coupon_id = boarding->coupon_id;
    rpc_tell(call, &undone.base);
    store_run(self->store, self->gates.sql + SQL_UNDO, "iit", boarding->id, boarding->undone_at, boarding->undo_reason);
    spend(self, boarding->coupon_id, false, call);
}

void turnout_ask(const struct gates *gates, int64_t release_id)
{
    store_ask(gates->store, gates->sql + SQL_TURNOUT, "i", release_id);
}

bool turnout_next(const struct gates *gates, Coupon__TurnoutRow *ret, int64_t *ret_departs_at)
{
    return store_read(gates->store, gates->sql + SQL_TURNOUT, INTO(ret->departure), INTO(ret->class_),
                      INTO(*ret_departs_at), INTO(ret->seats), INTO(ret->boarded));
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__Boarded *boarded = event->boarded;
    struct boarding boarding;

    (void)row;
    if (event->event_case == COUPON__EVENT__EVENT_GATE_STAFF_CHANGED)
        told[0] += event->gate_staff_changed->off ? -1 : 1;
    if (event->event_case == COUPON__EVENT__EVENT_BOARDING_UNDONE)
        *part_word(&self->parts, &gates_part, 0, event->boarding_undone->boarding_id) = -1;
    if (event->event_case != COUPON__EVENT__EVENT_BOARDED)
        return true;
    *part_word(&self->parts, &gates_part, 0, boarded->boarding_id) = boarded->refused + 1;
    return boardings_find(&self->gates, boarded->boarding_id, &boarding) && boarding.coupon_id == boarded->coupon_id &&
           boarding.release_id == boarded->release_id && boarding.at == boarded->at &&
           boarding.offline == !!boarded->offline;
}

static const struct part_stray strays[] = {
    {"boarding", "lets in whoever has no ticket of the departure",
     "SELECT boarding_id FROM boarding b LEFT JOIN ticket_seat s USING (coupon_id) LEFT JOIN ticket_cell c ON "
     "c.cell_id = s.cell_id WHERE refusal = 0 AND undone_at = 0 AND (c.release_id IS NOT b.release_id OR c.departure "
     "IS NOT b.departure OR c.cell_id <> b.cell_id) LIMIT 1"},
    {"ticket", "was let in and has come back",
     "SELECT coupon_id FROM boarding JOIN claim_ended USING (coupon_id) WHERE " IS_IN " AND withdrawn = 2 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec gates_part = {
    .tables = "gate_staff boarding",
    .steps = &gates_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(boarding_id) FROM boarding",
    .others = "gate_staff.departure boarding.departure",
    .agrees = agrees,
    .counts = {{"people at gates", "SELECT count(*) FROM gate_staff"}},
    .words = {{"boarding", "SELECT boarding_id, CASE WHEN undone_at > 0 THEN -1 ELSE refusal + 1 END FROM boarding "
                           "ORDER BY boarding_id"}},
    .strays = strays,
    .exports = {{&coupon__gate_staff__descriptor,
                 "SELECT rowid, release_id, departure, member_id FROM gate_staff WHERE member_id = ?1 AND rowid > ?2 "
                 "ORDER BY rowid LIMIT ?3"}},
    .closed = {"-- where she has let people in is on account"},
    .merged = {"-- a duty does not pass from one account to another (holders.h)"},
};
