#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/person.h"
#include "services/identity/unions/unions.h"

enum { SQL_ADD, SQL_SET, SQL_FIND_PERSON, SQL_FIND, SQL_DROP, SQL_MEMBER, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO roster (roster_id, union_id, trade, person, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_SET] = "UPDATE roster SET trade = ?2, sealed = ?3, person = ?4 WHERE roster_id = ?1",
    [SQL_FIND_PERSON] = "SELECT roster_id, union_id, trade, sealed FROM roster WHERE person = ?1 LIMIT ?2",
    [SQL_FIND] = "SELECT roster_id, union_id, trade, sealed, person FROM roster WHERE roster_id = ?1",
    [SQL_DROP] = "DELETE FROM roster WHERE roster_id = ?1",
    [SQL_MEMBER] = "SELECT CASE merged_into WHEN 0 THEN member_id ELSE merged_into END FROM member "
                   "WHERE person = ?1 AND roster_id = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int rosters_add(const struct rosters *rosters, const struct roster_entry *entry)
{
    return store_run(rosters->store, rosters->sql + SQL_ADD, "iiibb", entry->id, entry->union_id, (int64_t)entry->trade,
                     entry->person, sizeof(entry->person), entry->sealed.bytes, entry->sealed.len);
}

void rosters_set(const struct rosters *rosters, const struct roster_entry *entry)
{
    store_run(rosters->store, rosters->sql + SQL_SET, "iibb", entry->id, (int64_t)entry->trade, entry->sealed.bytes,
              entry->sealed.len, entry->person, sizeof(entry->person));
}

size_t rosters_find_person(const struct rosters *rosters, const unsigned char person[PII_INDEX_LEN],
                           struct roster_entry *ret, size_t size)
{
    size_t n = 0;

    store_ask(rosters->store, rosters->sql + SQL_FIND_PERSON, "bi", person, (size_t)PII_INDEX_LEN, (int64_t)size);
    while (n < size && store_read(rosters->store, rosters->sql + SQL_FIND_PERSON, INTO(ret[n].id),
                                  INTO(ret[n].union_id), INTO(ret[n].trade), INTO_BYTES(ret[n].sealed)))
        memcpy(ret[n++].person, person, PII_INDEX_LEN);
    store_end(rosters->store, rosters->sql + SQL_FIND_PERSON);
    return n;
}

bool rosters_find(const struct rosters *rosters, int64_t roster_id, struct roster_entry *ret_entry)
{
    unsigned statement = rosters->sql + SQL_FIND;

    store_ask(rosters->store, statement, "i", roster_id);
    return store_only(rosters->store, statement, INTO(ret_entry->id), INTO(ret_entry->union_id), INTO(ret_entry->trade),
                      INTO_BYTES(ret_entry->sealed), INTO(ret_entry->person));
}

void rosters_drop(const struct rosters *rosters, int64_t roster_id)
{
    store_run(rosters->store, rosters->sql + SQL_DROP, "i", roster_id);
}

int64_t rosters_member(const struct rosters *rosters, const struct roster_entry *entry)
{
    store_ask(rosters->store, rosters->sql + SQL_MEMBER, "bi", entry->person, sizeof(entry->person), entry->id);
    return store_number(rosters->store, rosters->sql + SQL_MEMBER);
}

enum { TOLD_ROWS, TOLD_MISSING }; /* as in counts */

/* A row that was told of is there or was taken off, which is told too. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct roster_entry entry;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_ROSTER_ROW_REMOVED) {
        told[TOLD_MISSING]--;
        return !rosters_find(&self->rosters, event->roster_row_removed->roster_id, &entry);
    }
    if (event->event_case == IDENTITY__EVENT__EVENT_ROSTER_ROW_CHANGED)
        return !rosters_find(&self->rosters, event->roster_row_changed->roster_id, &entry) ||
               entry.union_id == event->roster_row_changed->union_id;
    if (event->event_case != IDENTITY__EVENT__EVENT_ROSTER_ROW_ADDED)
        return true;
    if (!rosters_find(&self->rosters, event->roster_row_added->roster_id, &entry)) {
        told[TOLD_MISSING]++;
        return true;
    }
    told[TOLD_ROWS]++;
    return entry.union_id == event->roster_row_added->union_id;
}

/* ---- for herself ---- */

#define ROSTERS_MAX 8

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    Identity__MyRosterRow *rows = arena_alloc(rpc_arena(export->call), ROSTERS_MAX * sizeof(*rows));
    struct roster_entry entries[ROSTERS_MAX];
    struct member member;
    size_t n;

    export->failed |= !rows;
    if (!rows || !members_find(&self->members, export->member_id, &member) || !member.sealed_person.len)
        return;
    n = rosters_find_person(&self->rosters, member.person, entries, ROSTERS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct union_node node = {0};
        struct person person;

        unions_find(&self->unions, entries[i].union_id, &node);
        person_open_roster(self, entries[i].id, &entries[i].sealed, &person);
        identity__my_roster_row__init(&rows[i]);
        rows[i].union_ = union_message(&node, export->call);
        rows[i].trade = (Rpc__Trade)entries[i].trade;
        rows[i].name = rpc_text(export->call, person.name);
        rows[i].resident_id = rpc_text(export->call, person.resident_id);
        rows[i].mobile = rpc_text(export->call, person.mobile);
        export->failed |= !rows[i].union_;
        if (!part_give(export, &rows[i], entries[i].id))
            return;
    }
}

const struct part_spec rosters_part = {
    .tables = "roster",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(roster_id) FROM roster",
    .agrees = agrees,
    .counts = {{"roster rows", "SELECT count(*) FROM roster"}, {"roster rows missing, less those removed", "SELECT 0"}},
    .on_export = on_export,
    .closed =
        {/* An index of the row's own number stands where nothing is found any more. */
         "UPDATE roster SET person = CAST(roster_id AS BLOB), sealed = x'' WHERE person = "
         "(SELECT person FROM member WHERE member_id = ?1 AND person IS NOT NULL AND level >= 2)"},
    .merged = {"-- a row is of a person, whichever account she has"},
};
