#include "services/identity/access/grants.h"

#include "services/identity/unions/pages.h"
#include "services/identity/access/session_life.h"

#define COLUMNS "grant_id, member_id, authority.union_id, granted_by, granted_at, role, path, also_by, effective_at"

enum { SQL_ADD, SQL_FIND, SQL_FIND_ALL, SQL_PAGE, SQL_DROP, SQL_ROOT_GUARDS, SQL_NOTE_GUARD, SQL_ANY_GUARD, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO authority (grant_id, member_id, role, union_id, granted_by, granted_at, also_by, "
                "effective_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM authority JOIN unions ON unions.union_id = authority.union_id "
                 "WHERE grant_id = ?1",
    [SQL_FIND_ALL] = "SELECT " COLUMNS " FROM authority JOIN unions ON unions.union_id = authority.union_id "
                     "WHERE member_id = ?1 ORDER BY grant_id LIMIT ?2",
    [SQL_PAGE] = "WITH slice AS (" PAGE_SLICE ") SELECT " COLUMNS " FROM slice "
                 "JOIN authority ON authority.union_id = slice.union_id WHERE (path > ?1 OR grant_id > ?3) "
                 "ORDER BY path, grant_id LIMIT ?4",
    [SQL_DROP] = "DELETE FROM authority WHERE grant_id = ?1",
    /* A resident ID is one account's, so accounts known by name are people. */
    [SQL_ROOT_GUARDS] = "SELECT count(DISTINCT authority.member_id) FROM authority "
                        "JOIN unions ON unions.union_id = authority.union_id "
                        "JOIN member ON member.member_id = authority.member_id "
                        "WHERE role = 2 AND parent_id = 0 AND level >= 2",
    [SQL_NOTE_GUARD] = "INSERT OR IGNORE INTO root_guard (member_id, since) VALUES (?1, ?2)",
    [SQL_ANY_GUARD] = "SELECT 1 FROM root_guard LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void grants_add(const struct grants *grants, const struct authority *grant)
{
    store_run(grants->store, grants->sql + SQL_ADD, "iiiiiiii", grant->id, grant->member_id, (int64_t)grant->role,
              grant->union_id, grant->granted_by, grant->granted_at, grant->also_by, grant->effective_at);
}

bool grant_is_new(const struct authority *grant, int64_t now)
{
    return grant->granted_by && now < grant->granted_at + HANDS_OFFICE_MS;
}

bool role_is_root_guard(int role, const char *union_path)
{
    return role == RULE__ROLE__SECURITY_ADMIN && union_path_level(union_path) <= 1;
}

void grants_note_guard(const struct grants *grants, int64_t member_id, int64_t now)
{
    store_run(grants->store, grants->sql + SQL_NOTE_GUARD, "ii", member_id, now);
}

bool grants_had_guard(const struct grants *grants)
{
    store_ask(grants->store, grants->sql + SQL_ANY_GUARD, "");
    return store_any(grants->store, grants->sql + SQL_ANY_GUARD);
}

int64_t grants_root_guards(const struct grants *grants)
{
    store_ask(grants->store, grants->sql + SQL_ROOT_GUARDS, "");
    return store_number(grants->store, grants->sql + SQL_ROOT_GUARDS);
}

static bool read_grant(const struct grants *grants, unsigned statement, struct authority *ret)
{
    return store_read(grants->store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->union_id),
                      INTO(ret->granted_by), INTO(ret->granted_at), INTO(ret->role), INTO(ret->union_path),
                      INTO(ret->also_by), INTO(ret->effective_at));
}

/* At most so many. */
static size_t read_grants(const struct grants *grants, unsigned statement, struct authority *ret, size_t size)
{
    size_t n = 0;

    while (ret && n < size && read_grant(grants, statement, &ret[n]))
        n++;
    store_end(grants->store, statement);
    return n;
}

bool grants_find(const struct grants *grants, int64_t grant_id, struct authority *ret_grant)
{
    store_ask(grants->store, grants->sql + SQL_FIND, "i", grant_id);
    return read_grants(grants, grants->sql + SQL_FIND, ret_grant, 1) == 1;
}

size_t grants_find_all(const struct grants *grants, int64_t member_id, struct authority *ret_grants, size_t size)
{
    store_ask(grants->store, grants->sql + SQL_FIND_ALL, "ii", member_id, (int64_t)size);
    return read_grants(grants, grants->sql + SQL_FIND_ALL, ret_grants, size);
}

size_t grants_find_page(const struct grants *grants, const struct page *page, struct authority *ret_grants)
{
    store_ask(grants->store, grants->sql + SQL_PAGE, "ttii", page->from, page->end, page->after, (int64_t)page->limit);
    return read_grants(grants, grants->sql + SQL_PAGE, ret_grants, page->limit);
}

void grants_drop(const struct grants *grants, int64_t grant_id)
{
    store_run(grants->store, grants->sql + SQL_DROP, "i", grant_id);
}

/* A grant that is there is what was granted; one that was revoked is gone. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__GrantChanged *changed = event->grant_changed;
    struct authority grant;
    bool found;

    (void)row;
    if (event->event_case != IDENTITY__EVENT__EVENT_GRANT_CHANGED)
        return true;
    found = grants_find(&self->grants, changed->grant_id, &grant);
    told[0] += changed->revoked ? -1 : 1;
    if (changed->revoked || !found)
        return !found;
    return grant.member_id == changed->member_id && grant.role == (int)changed->role &&
           grant.union_id == changed->union_id && grant.effective_at == changed->effective_at;
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct authority held[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, export->member_id, held, ARRAY_LEN(held));

    for (size_t i = 0; i < n && part_give(export, grant_message(self, &held[i], export->call), held[i].id); i++)
        continue;
}

const struct part_spec grants_part = {
    .tables = "authority root_guard",
    .steps = &grants_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(grant_id) FROM authority",
    .agrees = agrees,
    .counts = {{"grants", "SELECT count(*) FROM authority"}},
    .on_export = on_export,
    .closed = {"-- who holds an office does not close her account (closings.h)"},
    .merged = {"-- an account that holds an office does not go into another one (merges.h)"},
};
