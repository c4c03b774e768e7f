#include "common/benefit/scanners/scanners.h"

#include "common/base/hex.h"
#include "common/base/sha256.h"

#define DEVICE "device_id, place_id, staff_id, session_id, registered_at, revoked_at, name"

enum { SQL_ADD, SQL_FIND, SQL_LIST, SQL_COUNT, SQL_REVOKE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO door_device (" DEVICE ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND] = "SELECT " DEVICE " FROM door_device WHERE device_id = ?1",
    [SQL_LIST] = "SELECT " DEVICE " FROM door_device WHERE place_id = ?1 AND revoked_at = 0 AND device_id < ?2 "
                 "ORDER BY device_id DESC LIMIT ?3",
    [SQL_COUNT] = "SELECT count(*) FROM door_device WHERE place_id = ?1 AND revoked_at = 0",
    [SQL_REVOKE] = "UPDATE door_device SET revoked_at = ?2 WHERE device_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void scanners_serve(struct scanners *scanners, const struct scanners_service *service)
{
    scanners->service = service;
}

static void say(const struct scanner *scanner, void *call)
{
    Door__DeviceChanged changed = DOOR__DEVICE_CHANGED__INIT;

    changed.device_id = scanner->id;
    changed.place_id = scanner->place_id;
    changed.staff_id = scanner->staff_id;
    changed.revoked = scanner->revoked_at != 0;
    rpc_tell(call, &changed.base);
}

static bool next(const struct scanners *scanners, unsigned statement, bool only, struct scanner *ret)
{
    const struct store_into into[] = {
        INTO(ret->id),         INTO(ret->place_id),         INTO(ret->staff_id),
        INTO(ret->session_id), INTO(ret->registered_at),    INTO(ret->revoked_at),
        INTO(ret->name),       {NULL, 0, INTO_INT64, NULL},
    };

    return store_read_into(scanners->store, scanners->sql + statement, only, into);
}

bool scanners_find(const struct scanners *scanners, int64_t device_id, struct scanner *ret)
{
    store_ask(scanners->store, scanners->sql + SQL_FIND, "i", device_id);
    return next(scanners, SQL_FIND, true, ret);
}

size_t scanners_page(const struct scanners *scanners, int64_t place_id, void *call, struct scanner **ret)
{
    const struct rpc_page *page = rpc_page(call);
    size_t n = 0;

    *ret = arena_alloc(rpc_arena(call), page->limit * sizeof(**ret));
    store_ask(scanners->store, scanners->sql + SQL_LIST, "iii", place_id, page->before, (int64_t)page->limit);
    while (*ret && n < page->limit && next(scanners, SQL_LIST, false, &(*ret)[n]) &&
           rpc_page_takes(call, (*ret)[n].id))
        n++;
    store_end(scanners->store, scanners->sql + SQL_LIST);
    return n;
}

int scanner_of_caller(const struct scanners *scanners, int64_t place_id, int64_t device_id, bool in_use, void *call,
                      struct scanner *ret)
{
    if (!scanners_find(scanners, device_id, ret) || ret->place_id != place_id)
        return scanners->service->words.not_found;
    if (ret->staff_id != rpc_principal(call)->member_id)
        return scanners->service->words.not_yours;
    if (in_use && ret->revoked_at)
        return scanners->service->words.revoked;
    return in_use && ret->session_id != rpc_principal(call)->session_id ? scanners->service->words.not_yours : 0;
}

int scanner_register(struct scanners *scanners, int64_t place_id, const char *name, int64_t replaces, void *call,
                     struct scanner *ret, const char **ret_field)
{
    const Rpc__Principal *caller = rpc_principal(call);
    unsigned count = scanners->sql + SQL_COUNT;
    struct scanner old;

    *ret_field = "replaces";
    if (replaces) {
        if (!scanners_find(scanners, replaces, &old) || old.place_id != place_id)
            return scanners->service->words.not_found;
        scanner_revoke(scanners, &old, call);
    }
    *ret_field = NULL;
    store_ask(scanners->store, count, "i", place_id);
    if (store_number(scanners->store, count) >= scanners->service->max) {
        rpc_fact_number(call, "maximum", scanners->service->max);
        return scanners->service->words.too_many;
    }
    *ret = (struct scanner){.id = id_next(&scanners->parts->ids, rpc_now(call)),
                            .place_id = place_id,
                            .staff_id = caller->member_id,
                            .session_id = caller->session_id,
                            .registered_at = rpc_now(call)};
    snprintf(ret->name, sizeof(ret->name), "%s", name);
    store_run(scanners->store, scanners->sql + SQL_ADD, "iiiiiit", ret->id, ret->place_id, ret->staff_id,
              ret->session_id, ret->registered_at, ret->revoked_at, ret->name);
    say(ret, call);
    return 0;
}

void scanner_revoke(struct scanners *scanners, struct scanner *scanner, void *call)
{
    if (scanner->revoked_at)
        return;
    scanner->revoked_at = rpc_now(call);
    store_run(scanners->store, scanners->sql + SQL_REVOKE, "ii", scanner->id, scanner->revoked_at);
    say(scanner, call);
}

/* ---- what was read without network ---- */

int64_t scanner_time(int64_t at, int64_t behind_ms)
{
    int64_t ours;

    return at <= 0 || __builtin_add_overflow(at, behind_ms, &ours) ? at : ours;
}

void scanner_ref(const char *ref, const char *text, int64_t at, char ret_ref[SCANNER_REF])
{
    static const char unnamed[] = "unnamed-";
    unsigned char hash[32];
    struct sha256 sha;

    if (*ref) {
        snprintf(ret_ref, SCANNER_REF, "%s", ref);
        return;
    }
    sha256_start(&sha);
    sha256_add(&sha, &at, sizeof(at));
    sha256_add(&sha, text, strlen(text));
    sha256_end(&sha, hash);
    memcpy(ret_ref, unnamed, sizeof(unnamed));
    hex_print(hash, 12, ret_ref + sizeof(unnamed) - 1);
}

int scanner_doubt(const struct scanners *scanners, const struct scanner *scanner, int64_t at, int64_t received_at)
{
    if (at < scanner->registered_at)
        return DOOR__WAIT__DEVICE_NOT_YET;
    if (at > received_at + scanners->service->ahead_ms)
        return DOOR__WAIT__CLOCK_AHEAD;
    return at < received_at - scanners->service->late_ms ? DOOR__WAIT__HANDED_IN_LATE : DOOR__WAIT__WAITS_NOT;
}

const struct part_spec scanners_part = {
    .tables = "door_device",
    .steps = &scanners_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(device_id) FROM door_device",
    .people = "door_device.staff_id",
    .others = "door_device.place_id",
    .exports = {{NULL, "-- the service tells her of her scanners, in its own words"}},
    .closed = {"-- who read is on account with what was read"},
    .merged = {"-- offices do not pass from one account to another (holders.h)"},
};
