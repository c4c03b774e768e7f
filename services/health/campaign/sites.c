#include "services/health/campaign/sites.h"

enum {
    SQL_ADD,
    SQL_CLOSE,
    SQL_FIND,
    SQL_AFTER,
    SQL_ADD_STAFF,
    SQL_DROP_STAFF,
    SQL_HAS,
    SQL_COUNT,
    SQL_STAFF,
    SQL_OF_STAFF,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO site (site_id, union_path, packed) VALUES (?1, ?2, ?3)",
    [SQL_CLOSE] = "UPDATE site SET closed = 1 WHERE site_id = ?1",
    [SQL_FIND] = "SELECT site_id, closed, packed, union_path FROM site WHERE site_id = ?1",
    [SQL_AFTER] = "SELECT site_id, closed, packed, union_path FROM site WHERE site_id > ?1 ORDER BY site_id",
    [SQL_ADD_STAFF] = "INSERT INTO site_staff (site_id, member_id, duty) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (site_id, member_id, duty) DO NOTHING",
    [SQL_DROP_STAFF] = "DELETE FROM site_staff WHERE site_id = ?1 AND member_id = ?2 AND duty = ?3",
    [SQL_HAS] = "SELECT 1 FROM site_staff WHERE site_id = ?1 AND member_id = ?2 AND duty = ?3",
    [SQL_COUNT] = "SELECT count(*) FROM site_staff WHERE site_id = ?1",
    [SQL_STAFF] = "SELECT site_id, member_id, duty FROM site_staff WHERE site_id = ?1 AND (duty, member_id) > (?2, ?3) "
                  "ORDER BY duty, member_id",
    [SQL_OF_STAFF] = "SELECT s.site_id, s.closed, s.packed, s.union_path FROM site_staff AS d JOIN site AS s ON "
                     "s.site_id = d.site_id "
                     "WHERE d.member_id = ?1 AND d.duty = ?2 AND s.site_id > ?3 ORDER BY s.site_id",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool sites_add(const struct sites *sites, const Health__Site *site, struct arena *arena)
{
    size_t len;
    const void *packed = health_pack(&site->base, arena, &len);

    return packed &&
           store_run(sites->store, sites->sql + SQL_ADD, "itb", site->site_id, site->union_path, packed, len) != -1;
}

void sites_close(const struct sites *sites, int64_t site_id)
{
    store_run(sites->store, sites->sql + SQL_CLOSE, "i", site_id);
}

static Health__Site *next_site(const struct sites *sites, unsigned statement, struct arena *arena)
{
    Health__Site *site;
    const void *packed;
    size_t len;

    if (!store_row(sites->store, statement))
        return NULL;
    packed = store_blob(sites->store, statement, 2, &len);
    site = health__site__unpack(&arena->allocator, len, packed);
    if (!site)
        return NULL;
    site->site_id = store_int(sites->store, statement, 0);
    site->closed = store_int(sites->store, statement, 1) != 0;
    site->union_path = health_text(sites->store, statement, 3, arena);
    return site->union_path ? site : NULL;
}

Health__Site *sites_find(const struct sites *sites, int64_t site_id, struct arena *arena)
{
    Health__Site *site;

    store_ask(sites->store, sites->sql + SQL_FIND, "i", site_id);
    site = next_site(sites, sites->sql + SQL_FIND, arena);
    store_end(sites->store, sites->sql + SQL_FIND);
    return site;
}

void sites_ask(const struct sites *sites, int64_t after)
{
    store_ask(sites->store, sites->sql + SQL_AFTER, "i", after);
}

Health__Site *sites_next(const struct sites *sites, struct arena *arena)
{
    return next_site(sites, sites->sql + SQL_AFTER, arena);
}

void sites_end(const struct sites *sites)
{
    store_end(sites->store, sites->sql + SQL_AFTER);
}

/* ---- who works there ---- */

bool staff_set(const struct sites *sites, int64_t site_id, int64_t member_id, int duty, bool off)
{
    return store_run(sites->store, sites->sql + (off ? SQL_DROP_STAFF : SQL_ADD_STAFF), "iii", site_id, member_id,
                     (int64_t)duty) > 0;
}

bool staff_has(const struct sites *sites, int64_t site_id, int64_t member_id, int duty)
{
    unsigned statement = sites->sql + SQL_HAS;

    store_ask(sites->store, statement, "iii", site_id, member_id, (int64_t)duty);
    return store_number(sites->store, statement) == 1;
}

int64_t staff_count(const struct sites *sites, int64_t site_id)
{
    store_ask(sites->store, sites->sql + SQL_COUNT, "i", site_id);
    return store_number(sites->store, sites->sql + SQL_COUNT);
}

void staff_ask(const struct sites *sites, int64_t site_id, int duty, int64_t after)
{
    store_ask(sites->store, sites->sql + SQL_STAFF, "iii", site_id, (int64_t)duty, after);
}

bool staff_next(const struct sites *sites, Health__StaffRecord *ret)
{
    unsigned statement = sites->sql + SQL_STAFF;

    if (!store_row(sites->store, statement))
        return false;
    health__staff_record__init(ret);
    ret->site_id = store_int(sites->store, statement, 0);
    ret->member_id = store_int(sites->store, statement, 1);
    ret->duty = (Health__Duty)store_int(sites->store, statement, 2);
    return true;
}

void staff_end(const struct sites *sites)
{
    store_end(sites->store, sites->sql + SQL_STAFF);
}

void sites_ask_of_staff(const struct sites *sites, int64_t member_id, int duty, int64_t after)
{
    store_ask(sites->store, sites->sql + SQL_OF_STAFF, "iii", member_id, (int64_t)duty, after);
}

Health__Site *sites_next_of_staff(const struct sites *sites, struct arena *arena)
{
    return next_site(sites, sites->sql + SQL_OF_STAFF, arena);
}

void sites_end_of_staff(const struct sites *sites)
{
    store_end(sites->store, sites->sql + SQL_OF_STAFF);
}

/* ---- the journal ---- */

void site_journal(const Health__Site *site, void *call)
{
    Health__SiteChanged changed = HEALTH__SITE_CHANGED__INIT;

    changed.site_id = site->site_id;
    changed.union_path = site->union_path;
    changed.closed = site->closed;
    rpc_tell(call, &changed.base);
}

void staff_journal(const Health__SetStaffRequest *request, void *call)
{
    Health__StaffChanged changed = HEALTH__STAFF_CHANGED__INIT;

    changed.site_id = request->site_id;
    changed.member_id = request->member_id;
    changed.duty = request->duty;
    changed.off = request->off;
    rpc_tell(call, &changed.base);
}

bool site_on_map(struct map *map, const Health__Site *site)
{
    struct spot spot = {
        .lat_e6 = site->lat_e6,
        .lon_e6 = site->lon_e6,
        .place_id = site->site_id,
        .until = site->kind == HEALTH__SITE_KIND__VAN ? site->stops_until : INT64_MAX,
    };

    return map_add(map, &spot);
}

const struct part_spec sites_part = {
    .tables = "site site_staff",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(site_id), 0) FROM site",
    .exports = {{&health__staff_record__descriptor,
                 "SELECT rowid, site_id, member_id, duty FROM site_staff WHERE member_id = ?1 "
                 "AND rowid > ?2 ORDER BY rowid LIMIT ?3"}},
    .closed = {"-- who holds an office cannot close her account; where she has worked is on account"},
    .merged = {"-- offices do not pass from one account to another (holders.h)"},
    .moves = "site.union_path",
};
