#include "services/health/booking/bookings.h"

#include "common/base/limits.h"
#include "services/health/booking/booking_sql.h"

static void ask(const struct bookings *bookings, unsigned statement, int64_t id)
{
    store_ask(bookings->store, bookings->sql + statement, "i", id);
}

bool booking_read(const struct bookings *bookings, unsigned statement, struct booking *ret)
{
    struct store *store = bookings->store;
    unsigned at = bookings->sql + statement;

    if (!store_row(store, at))
        return false;
    *ret = (struct booking){
        .id = store_int(store, at, 0),
        .entitlement_id = store_int(store, at, 1),
        .campaign_id = store_int(store, at, 2),
        .member_id = store_int(store, at, 3),
        .site_id = store_int(store, at, 4),
        .slot_id = store_int(store, at, 5),
        .starts_at = store_int(store, at, 6),
        .ends_at = store_int(store, at, 7),
        .state = (int)store_int(store, at, 8),
        .must_move = store_int(store, at, 9) != 0,
        .walk_in = store_int(store, at, 10) != 0,
        .handle = store_int(store, at, 11),
        .made_at = store_int(store, at, 12),
        .due_at = store_int(store, at, 13),
        .remind_at = store_int(store, at, 14),
        .journal_seq = store_int(store, at, 15),
    };
    return true;
}

static bool only(const struct bookings *bookings, unsigned statement, struct booking *ret)
{
    bool found = booking_read(bookings, statement, ret);

    if (found)
        store_end(bookings->store, bookings->sql + statement);
    return found;
}

bool bookings_find(const struct bookings *bookings, int64_t booking_id, struct booking *ret)
{
    ask(bookings, BOOKING_SQL_FIND, booking_id);
    return only(bookings, BOOKING_SQL_FIND, ret);
}

bool bookings_find_of(const struct bookings *bookings, int64_t entitlement_id, struct booking *ret)
{
    ask(bookings, BOOKING_SQL_FIND_OF, entitlement_id);
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

void bookings_ask_roster(const struct bookings *bookings, int64_t site_id, int64_t from, int64_t until, int64_t after,
                         int limit, int64_t states)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_ROSTER, "iiiiii", site_id, from, until, after,
              (int64_t)limit, states);
}

bool bookings_next_roster(const struct bookings *bookings, struct booking *ret)
{
    return booking_read(bookings, BOOKING_SQL_ROSTER, ret);
}

/* ---- passes ---- */

static bool only_pass(const struct bookings *bookings, unsigned statement, struct issued *ret)
{
    struct store *store = bookings->store;
    unsigned at = bookings->sql + statement;

    if (!store_row(store, at))
        return false;
    *ret = (struct issued){
        .serial = store_int(store, at, 0),
        .booking_id = store_int(store, at, 1),
        .site_id = store_int(store, at, 2),
        .slot_id = store_int(store, at, 3),
        .from_at = store_int(store, at, 4),
        .until_at = store_int(store, at, 5),
        .issued_at = store_int(store, at, 6),
        .revoked_at = store_int(store, at, 7),
        .journal_seq = store_int(store, at, 8),
    };
    store_end(store, at);
    return true;
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
        .campaign = booking->campaign_id,
        .site = issued->site_id,
        .slot = issued->slot_id,
        .handle = (uint64_t)booking->handle,
        .serial = (uint64_t)issued->serial,
        .from_ms = issued->from_at,
        .until_ms = issued->until_at,
    };
}

uint32_t passes_revoked(const struct bookings *bookings, int64_t site_id, int64_t now, uint64_t *ret_serials,
                        uint32_t max)
{
    unsigned at = bookings->sql + BOOKING_SQL_REVOKED;
    uint32_t n = 0;

    store_ask(bookings->store, at, "iii", site_id, now, (int64_t)max);
    while (n < max && store_row(bookings->store, at))
        ret_serials[n++] = (uint64_t)store_int(bookings->store, at, 0);
    store_end(bookings->store, at);
    return n;
}

int64_t passes_count_revoked(const struct bookings *bookings, int64_t site_id)
{
    ask(bookings, BOOKING_SQL_COUNT_REVOKED, site_id);
    return store_number(bookings->store, bookings->sql + BOOKING_SQL_COUNT_REVOKED);
}
