#include "services/identity/people/names.h"

#include "services/identity/people/members.h"
#include "services/identity/people/person.h"

#define SLICE 50

enum { SQL_SET, SQL_DROP, SQL_FIND, SQL_SWEEP, SQL_NEXT, SQL_SWEPT, N_SQL };

static const char *const sql[] = {
    [SQL_SET] = "INSERT INTO person_name (member_id, mark) VALUES (?1, ?2) "
                "ON CONFLICT (member_id) DO UPDATE SET mark = excluded.mark",
    [SQL_DROP] = "DELETE FROM person_name WHERE member_id = ?1",
    [SQL_FIND] = "SELECT member_id FROM person_name WHERE mark = ?1 AND member_id > ?2 ORDER BY member_id LIMIT ?3",
    [SQL_SWEEP] = "SELECT until_id, done_id FROM name_sweep WHERE sweep = 1",
    [SQL_NEXT] = "SELECT member_id FROM member WHERE member_id > ?1 AND member_id <= ?2 ORDER BY member_id LIMIT ?3",
    [SQL_SWEPT] = "UPDATE name_sweep SET done_id = ?1 WHERE sweep = 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void name_mark(const struct identity *self, const char *name, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->pii, "name", name, strlen(name), ret);
}

void name_set(const struct identity *self, int64_t member_id, const char *name)
{
    unsigned char mark[PII_INDEX_LEN];

    name_mark(self, name, mark);
    store_run(self->store, self->names.sql + SQL_SET, "ib", member_id, mark, sizeof(mark));
}

void names_drop(const struct names *names, int64_t member_id)
{
    store_run(names->store, names->sql + SQL_DROP, "i", member_id);
}

size_t names_find(const struct names *names, const unsigned char mark[PII_INDEX_LEN], int64_t after, int64_t *ret_ids,
                  size_t size)
{
    store_ask(names->store, names->sql + SQL_FIND, "bii", mark, (size_t)PII_INDEX_LEN, after, (int64_t)size);
    return store_numbers(names->store, names->sql + SQL_FIND, ret_ids, size);
}

/* ---- those whose names were proven before ---- */

static void look_at(struct identity *self, int64_t member_id)
{
    struct member member;
    struct person person;

    if (members_find(&self->members, member_id, &member) && !member.merged_into && member.sealed_person.len &&
        person_open_member(self, &member, &person))
        name_set(self, member_id, person.name);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    unsigned sql_of = self->names.sql;
    int64_t until = 0, done = 0, ids[SLICE];
    size_t n;

    (void)call;
    store_ask(self->store, sql_of + SQL_SWEEP, "");
    store_only(self->store, sql_of + SQL_SWEEP, INTO(until), INTO(done));
    if (done >= until)
        return false;
    store_ask(self->store, sql_of + SQL_NEXT, "iii", done, until, (int64_t)SLICE);
    n = store_numbers(self->store, sql_of + SQL_NEXT, ids, SLICE);
    for (size_t i = 0; i < n; i++)
        look_at(self, ids[i]);
    store_run(self->store, sql_of + SQL_SWEPT, "i", n == SLICE ? ids[n - 1] : until);
    return n == SLICE;
}

static const struct part_stray strays[] = {
    {"member", "she is found by a name that is not proven",
     "SELECT person_name.member_id FROM person_name JOIN member USING (member_id) WHERE person IS NULL OR "
     "merged_into > 0 LIMIT 1"},
    {"member", "she is not found by her name",
     "SELECT member_id FROM member, name_sweep WHERE length(sealed_person) > 0 AND merged_into = 0 AND "
     "(member_id <= done_id OR member_id > until_id) AND "
     "NOT EXISTS (SELECT 1 FROM person_name WHERE person_name.member_id = member.member_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec names_part = {
    .tables = "person_name name_sweep",
    .steps = &names_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .strays = strays,
    .others = "name_sweep.until_id name_sweep.done_id",
    .exports = {{NULL, "-- a mark of her name, which her account says"}},
    .closed = {"DELETE FROM person_name WHERE member_id = ?1"},
    .merged = {"DELETE FROM person_name WHERE member_id = ?1 AND ?2 > 0"},
};
