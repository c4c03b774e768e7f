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

    return store_read(store, at, INTO(ret->id), INTO(ret->entitlement_id), INTO(ret->campaign_id), INTO(ret->member_id),
                      INTO(ret->site_id), INTO(ret->slot_id), INTO(ret->starts_at), INTO(ret->ends_at),
                      INTO(ret->state), INTO(ret->must_move), INTO(ret->walk_in), INTO(ret->handle), INTO(ret->made_at),
                      INTO(ret->due_at), INTO(ret->remind_at), INTO(ret->journal_seq));
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

bool bookings_find_handle(const struct bookings *bookings, int64_t site_id, int64_t handle, struct booking *ret)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_FIND_HANDLE, "ii", site_id, handle);
    return only(bookings, BOOKING_SQL_FIND_HANDLE, ret);
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

    return store_only(store, at, INTO(ret->serial), INTO(ret->booking_id), INTO(ret->site_id), INTO(ret->slot_id),
                      INTO(ret->from_at), INTO(ret->until_at), INTO(ret->issued_at), INTO(ret->revoked_at),
                      INTO(ret->journal_seq));
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

    store_ask(bookings->store, at, "iii", site_id, now, (int64_t)max);
    return (uint32_t)store_numbers(bookings->store, at, (int64_t *)ret_serials, max);
}

int64_t passes_count_revoked(const struct bookings *bookings, int64_t site_id)
{
    ask(bookings, BOOKING_SQL_COUNT_REVOKED, site_id);
    return store_number(bookings->store, bookings->sql + BOOKING_SQL_COUNT_REVOKED);
}
