#include "common/base/limits.h"
#include "common/benefit/bookings/bookings_internal.h"

#define BOOKING                                                                                                        \
    "b.booking_id, b.right_id, b.group_id, b.member_id, b.place_id, b.slot_id, b.starts_at, b.ends_at, b.state, "      \
    "b.must_move, b.walk_in, b.handle, b.made_at, b.due_at, b.remind_at, b.journal_seq"
#define PASS "serial, booking_id, place_id, slot_id, from_at, until_at, issued_at, revoked_at, journal_seq"

static const char *const sql[] = {
    [BOOKING_SQL_ADD] =
        "INSERT INTO booked_slot (booking_id, right_id, group_id, member_id, place_id, slot_id, starts_at, ends_at, "
        "state, must_move, walk_in, handle, made_at, due_at, remind_at, journal_seq) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [BOOKING_SQL_SET] =
        "UPDATE booked_slot SET place_id = ?2, slot_id = ?3, starts_at = ?4, ends_at = ?5, state = ?6, must_move = ?7, "
        "due_at = ?8, remind_at = ?9, journal_seq = ?10 WHERE booking_id = ?1",
    [BOOKING_SQL_FIND] = "SELECT " BOOKING " FROM booked_slot b WHERE booking_id = ?1",
    [BOOKING_SQL_FIND_OF] = "SELECT " BOOKING " FROM booked_slot b WHERE right_id = ?1 AND state <> 3",
    [BOOKING_SQL_FIND_HANDLE] = "SELECT " BOOKING " FROM booked_slot b WHERE place_id = ?1 AND handle = ?2 LIMIT 1",
    [BOOKING_SQL_LIST] =
        "SELECT " BOOKING " FROM booked_slot b WHERE " HOLDER_HERS
        " AND booking_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY booking_id DESC LIMIT ?3",
    [BOOKING_SQL_ROSTER] =
        "SELECT " BOOKING " FROM booked_slot b WHERE place_id = ?1 AND starts_at >= ?2 AND starts_at < ?3 "
        "AND state <> 3 AND handle > ?4 AND " RPC_PAGE_STATES("?6", "state") " ORDER BY handle LIMIT ?5",
    [BOOKING_SQL_COUNT] = "SELECT count(*), coalesce(sum(state = 2), 0), coalesce(sum(state = 4), 0), "
                          "coalesce(sum(state = 2 AND walk_in = 1), 0) FROM booked_slot "
                          "WHERE place_id = ?1 AND starts_at >= ?2 AND starts_at < ?3 AND state <> 3",
    [BOOKING_SQL_DUE] = "SELECT " BOOKING " FROM booked_slot b WHERE state = 1 AND due_at <= ?1 LIMIT ?2",
    [BOOKING_SQL_REMIND] =
        "SELECT " BOOKING " FROM booked_slot b WHERE state = 1 AND remind_at > 0 AND remind_at <= ?1 LIMIT ?2",
    [BOOKING_SQL_HELD] = "SELECT " BOOKING " FROM booked_slot b WHERE group_id = ?1 AND place_id = ?2 AND state = 1 "
                         "AND must_move = 0 LIMIT ?3",
    [BOOKING_SQL_STRANDED] = "SELECT " BOOKING " FROM time_slot s JOIN booked_slot b ON b.slot_id = s.slot_id "
                             "AND b.state = 1 AND b.must_move = 0 WHERE s.withdrawn = 1 AND s.ends_at > ?2 "
                             "LIMIT ?1",
    [BOOKING_SQL_ADD_PASS] =
        "INSERT INTO booked_pass (serial, booking_id, place_id, slot_id, from_at, until_at, issued_at, journal_seq) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [BOOKING_SQL_REVOKE] = "UPDATE booked_pass SET revoked_at = ?2, journal_seq = ?3 WHERE serial = ?1",
    [BOOKING_SQL_FIND_PASS] = "SELECT " PASS " FROM booked_pass WHERE serial = ?1",
    [BOOKING_SQL_FIND_PASS_OF] = "SELECT " PASS " FROM booked_pass WHERE booking_id = ?1 AND revoked_at = 0",
    [BOOKING_SQL_REVOKED] = "SELECT serial FROM booked_pass WHERE place_id = ?1 AND revoked_at > 0 AND until_at > ?2 "
                            "ORDER BY serial LIMIT ?3",
    [BOOKING_SQL_COUNT_REVOKED] = "SELECT count(*) FROM booked_pass WHERE place_id = ?1 AND revoked_at > 0",
};
_Static_assert(ARRAY_LEN(sql) == BOOKING_N_SQL, "a statement for each");

void bookings_serve(struct bookings *bookings, const struct bookings_service *service, void *self, struct slots *slots)
{
    bookings->service = service;
    bookings->self = self;
    bookings->slots = slots;
}

/* ---- bookings ---- */

#define INTO_BOOKING(b)                                                                                                \
    INTO((b)->id), INTO((b)->right_id), INTO((b)->group_id), INTO((b)->member_id), INTO((b)->place_id),                \
        INTO((b)->slot_id), INTO((b)->starts_at), INTO((b)->ends_at), INTO((b)->state), INTO((b)->must_move),          \
        INTO((b)->walk_in), INTO((b)->handle), INTO((b)->made_at), INTO((b)->due_at), INTO((b)->remind_at),            \
        INTO((b)->journal_seq)

static void ask(const struct bookings *bookings, unsigned statement, int64_t id)
{
    store_ask(bookings->store, bookings->sql + statement, "i", id);
}

bool booking_read(const struct bookings *bookings, unsigned statement, struct booking *ret)
{
    return store_read(bookings->store, bookings->sql + statement, INTO_BOOKING(ret));
}

static bool only(const struct bookings *bookings, unsigned statement, struct booking *ret)
{
    return store_only(bookings->store, bookings->sql + statement, INTO_BOOKING(ret));
}

bool bookings_find(const struct bookings *bookings, int64_t booking_id, struct booking *ret)
{
    ask(bookings, BOOKING_SQL_FIND, booking_id);
    return only(bookings, BOOKING_SQL_FIND, ret);
}

bool bookings_find_handle(const struct bookings *bookings, int64_t place_id, int64_t handle, struct booking *ret)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_FIND_HANDLE, "ii", place_id, handle);
    return only(bookings, BOOKING_SQL_FIND_HANDLE, ret);
}

bool bookings_find_of(const struct bookings *bookings, int64_t right_id, struct booking *ret)
{
    ask(bookings, BOOKING_SQL_FIND_OF, right_id);
    return only(bookings, BOOKING_SQL_FIND_OF, ret);
}

void bookings_ask(const struct bookings *bookings, int64_t member_id, int64_t before, size_t limit, int64_t states)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_LIST, "iiii", member_id, before, (int64_t)limit, states);
}

bool bookings_next(const struct bookings *bookings, struct booking *ret)
{
    return booking_read(bookings, BOOKING_SQL_LIST, ret);
}

void bookings_end(const struct bookings *bookings)
{
    store_end(bookings->store, bookings->sql + BOOKING_SQL_LIST);
}

void bookings_ask_roster(const struct bookings *bookings, int64_t place_id, int64_t from, int64_t until, int64_t after,
                         int limit, int64_t states)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_ROSTER, "iiiiii", place_id, from, until, after,
              (int64_t)limit, states);
}

bool bookings_next_roster(const struct bookings *bookings, struct booking *ret)
{
    return booking_read(bookings, BOOKING_SQL_ROSTER, ret);
}

void bookings_count(const struct bookings *bookings, int64_t place_id, int64_t from, int64_t until,
                    struct booking_counts *ret)
{
    unsigned statement = bookings->sql + BOOKING_SQL_COUNT;

    *ret = (struct booking_counts){0};
    store_ask(bookings->store, statement, "iii", place_id, from, until);
    store_only(bookings->store, statement, INTO(ret->expected), INTO(ret->arrived), INTO(ret->not_come),
               INTO(ret->walked_in));
}

int booking_fixed(const struct bookings *bookings, const struct booking *booking, int64_t until, int64_t now)
{
    if (booking->state != BOOKINGS__STATE__ACTIVE)
        return bookings->service->not_active;
    return booking->must_move || now < until ? 0 : bookings->service->too_late;
}

/* ---- passes ---- */

static bool only_pass(const struct bookings *bookings, unsigned statement, struct issued *ret)
{
    return store_only(bookings->store, bookings->sql + statement, INTO(ret->serial), INTO(ret->booking_id),
                      INTO(ret->place_id), INTO(ret->slot_id), INTO(ret->from_at), INTO(ret->until_at),
                      INTO(ret->issued_at), INTO(ret->revoked_at), INTO(ret->journal_seq));
}

bool passes_find(const struct bookings *bookings, int64_t serial, struct issued *ret)
{
    ask(bookings, BOOKING_SQL_FIND_PASS, serial);
    return only_pass(bookings, BOOKING_SQL_FIND_PASS, ret);
}

bool passes_find_of(const struct bookings *bookings, int64_t booking_id, struct issued *ret)
{
    ask(bookings, BOOKING_SQL_FIND_PASS_OF, booking_id);
    return only_pass(bookings, BOOKING_SQL_FIND_PASS_OF, ret);
}

int64_t issuer_of(const char *union_path)
{
    char first[LIMIT_PATH_SEGMENT + 1];

    snprintf(first, sizeof(first), "%s", union_path);
    return (int64_t)strtoll(first, NULL, 36);
}

void pass_compose(const struct booking *booking, const struct issued *issued, const char *union_path, struct pass *ret)
{
    *ret = (struct pass){
        .issuer = issuer_of(union_path),
        .campaign = booking->group_id,
        .site = issued->place_id,
        .slot = issued->slot_id,
        .handle = (uint64_t)booking->handle,
        .serial = (uint64_t)issued->serial,
        .from_ms = issued->from_at,
        .until_ms = issued->until_at,
    };
}

uint32_t passes_revoked(const struct bookings *bookings, int64_t place_id, int64_t now, uint64_t *ret_serials,
                        uint32_t max)
{
    unsigned at = bookings->sql + BOOKING_SQL_REVOKED;

    store_ask(bookings->store, at, "iii", place_id, now, (int64_t)max);
    return (uint32_t)store_numbers(bookings->store, at, (int64_t *)ret_serials, max);
}

int64_t passes_count_revoked(const struct bookings *bookings, int64_t place_id)
{
    ask(bookings, BOOKING_SQL_COUNT_REVOKED, place_id);
    return store_number(bookings->store, bookings->sql + BOOKING_SQL_COUNT_REVOKED);
}

/* ---- the part ---- */

static const struct part_stray strays[] = {
    {"slot", "its counts are not those of its bookings, or pass its capacity",
     "SELECT slot_id FROM time_slot s WHERE booked > capacity - walk_ins OR booked + walked > capacity "
     "OR booked <> (SELECT count(*) FROM booked_slot b WHERE b.slot_id = s.slot_id AND b.state <> 3 AND walk_in = 0) "
     "OR walked <> (SELECT count(*) FROM booked_slot b WHERE b.slot_id = s.slot_id AND b.state <> 3 AND walk_in = 1) "
     "LIMIT 1"},
    {"booking", "not one pass while it counts",
     "SELECT booking_id FROM booked_slot b WHERE (state <> 3) <> "
     "(SELECT count(*) FROM booked_pass p WHERE p.booking_id = b.booking_id AND p.revoked_at = 0 "
     "AND p.slot_id = b.slot_id AND p.place_id = b.place_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec bookings_part = {
    .tables = "booked_slot booked_pass",
    .others = "booked_slot.right_id booked_slot.group_id booked_slot.place_id booked_slot.settled_place "
              "booked_pass.place_id",
    .steps = &booked_steps,
    .sql = sql,
    .n_sql = BOOKING_N_SQL,
    .last_id = "SELECT max(booking_id) FROM booked_slot",
    .work = bookings_work,
    .agrees = bookings_agree,
    .counts = {{"bookings and passes",
                "SELECT (SELECT count(*) FROM booked_slot) + (SELECT count(*) FROM booked_pass)"}},
    .strays = strays,
    .exports = {{NULL, "-- the service tells her of her bookings, in its own words"}},
    .closed = {"-- the service gives up what she has; that she had it is on account"},
    .merged = {"-- stays under its number, like its right (holders.h)"},
};
