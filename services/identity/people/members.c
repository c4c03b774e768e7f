#include "services/identity/people/members.h"
#include "services/identity/membership/periods.h"
#include "services/identity/people/person.h"

#define COLUMNS                                                                                                        \
    "member_id, roster_id, union_id, created_at, level, trade, birth_year, sex, tries_day, tries_failed, mobile, "     \
    "sealed_mobile, person, sealed_person, data_key, merged_into, unproven_at"

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_MOBILE,
    SQL_FIND_PERSON,
    SQL_NEXT_GONE,
    SQL_RELEASE_MOBILE,
    SQL_LOSE_MOBILE,
    SQL_MERGE,
    SQL_MERGE_EARLIER,
    SQL_HAVE_PERSON,
    SQL_VERIFY,
    SQL_SET_TRIES,
    SQL_UNPROVE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_UNPROVE] = "UPDATE member SET level = 1, roster_id = 0, person = NULL, sealed_person = NULL, birth_year = 0, "
                    "sex = 0, unproven_at = ?2 WHERE member_id = ?1",
    [SQL_ADD] = "INSERT INTO member (member_id, mobile, sealed_mobile, level, created_at, data_key) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM member WHERE member_id = ?1",
    [SQL_FIND_MOBILE] = "SELECT " COLUMNS " FROM member WHERE member_id = (SELECT CASE merged_into "
                        "WHEN 0 THEN member_id ELSE merged_into END FROM member WHERE mobile = ?1)",
    [SQL_FIND_PERSON] = "SELECT " COLUMNS " FROM member WHERE member_id = (SELECT CASE merged_into "
                        "WHEN 0 THEN member_id ELSE merged_into END FROM member WHERE person = ?1)",
    [SQL_NEXT_GONE] = "SELECT " COLUMNS " FROM member WHERE merged_into = ?1 AND merged_into > 0 AND "
                      "member_id > ?2 ORDER BY member_id LIMIT 1",
    [SQL_RELEASE_MOBILE] = "UPDATE member SET mobile = CAST(member_id AS BLOB) WHERE mobile = ?2 AND "
                           "merged_into = ?1 AND merged_into > 0",
    [SQL_LOSE_MOBILE] = "UPDATE member SET mobile = CAST(member_id AS BLOB), sealed_mobile = ?2 WHERE member_id = ?1",
    [SQL_MERGE] = "UPDATE member SET merged_into = ?2 WHERE member_id = ?1",
    [SQL_MERGE_EARLIER] = "UPDATE member SET merged_into = ?2 WHERE merged_into = ?1 AND merged_into > 0",
    [SQL_HAVE_PERSON] = "SELECT 1 FROM member WHERE person = ?1",
    [SQL_VERIFY] = "UPDATE member SET level = ?2, roster_id = ?3, union_id = ?4, person = ?5, "
                   "sealed_person = ?6, trade = ?7, birth_year = ?8, sex = ?9 WHERE member_id = ?1",
    [SQL_SET_TRIES] = "UPDATE member SET tries_day = ?2, tries_failed = ?3 WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void members_add(const struct members *members, const struct member *member)
{
    store_run(members->store, members->sql + SQL_ADD, "ibbiib", member->id, member->mobile, sizeof(member->mobile),
              member->sealed_mobile.bytes, member->sealed_mobile.len, (int64_t)member->level, member->created_at,
              member->data_key.bytes, member->data_key.len);
}

static bool one_member(struct store *store, unsigned statement, struct member *ret)
{
    if (!store_row(store, statement))
        return false;
    *ret = (struct member){
        .id = store_int(store, statement, 0),
        .roster_id = store_int(store, statement, 1),
        .union_id = store_int(store, statement, 2),
        .created_at = store_int(store, statement, 3),
        .level = (int)store_int(store, statement, 4),
        .trade = (int)store_int(store, statement, 5),
        .birth_year = (int)store_int(store, statement, 6),
        .sex = (int)store_int(store, statement, 7),
        .tries = {(int32_t)store_int(store, statement, 8), (int32_t)store_int(store, statement, 9)},
    };
    ret->merged_into = store_int(store, statement, 15);
    ret->unproven_at = store_int(store, statement, 16);
    store_copy_blob(store, statement, 10, ret->mobile, sizeof(ret->mobile));
    ret->sealed_mobile.len =
        store_copy_blob(store, statement, 11, ret->sealed_mobile.bytes, sizeof(ret->sealed_mobile.bytes));
    store_copy_blob(store, statement, 12, ret->person, sizeof(ret->person));
    ret->sealed_person.len =
        store_copy_blob(store, statement, 13, ret->sealed_person.bytes, sizeof(ret->sealed_person.bytes));
    ret->data_key.len = store_copy_blob(store, statement, 14, ret->data_key.bytes, sizeof(ret->data_key.bytes));
    store_end(store, statement);
    return true;
}

bool members_find(const struct members *members, int64_t member_id, struct member *ret_member)
{
    store_ask(members->store, members->sql + SQL_FIND, "i", member_id);
    return one_member(members->store, members->sql + SQL_FIND, ret_member);
}

bool members_find_mobile(const struct members *members, const unsigned char mobile[PII_INDEX_LEN],
                         struct member *ret_member)
{
    store_ask(members->store, members->sql + SQL_FIND_MOBILE, "b", mobile, (size_t)PII_INDEX_LEN);
    return one_member(members->store, members->sql + SQL_FIND_MOBILE, ret_member);
}

bool members_find_person(const struct members *members, const unsigned char person[PII_INDEX_LEN],
                         struct member *ret_member)
{
    store_ask(members->store, members->sql + SQL_FIND_PERSON, "b", person, (size_t)PII_INDEX_LEN);
    return one_member(members->store, members->sql + SQL_FIND_PERSON, ret_member);
}

void members_merge(const struct members *members, int64_t gone_id, int64_t kept_id)
{
    store_run(members->store, members->sql + SQL_MERGE_EARLIER, "ii", gone_id, kept_id);
    store_run(members->store, members->sql + SQL_MERGE, "ii", gone_id, kept_id);
}

bool members_next_gone(const struct members *members, int64_t kept_id, int64_t after, struct member *ret_member)
{
    store_ask(members->store, members->sql + SQL_NEXT_GONE, "ii", kept_id, after);
    return one_member(members->store, members->sql + SQL_NEXT_GONE, ret_member);
}

void members_release_mobile(const struct members *members, int64_t kept_id, const unsigned char mobile[PII_INDEX_LEN])
{
    store_run(members->store, members->sql + SQL_RELEASE_MOBILE, "ib", kept_id, mobile, (size_t)PII_INDEX_LEN);
}

void members_lose_mobile(const struct members *members, const struct member *member)
{
    store_run(members->store, members->sql + SQL_LOSE_MOBILE, "ib", member->id, member->sealed_mobile.bytes,
              member->sealed_mobile.len);
}

bool members_have_person(const struct members *members, const unsigned char person[PII_INDEX_LEN])
{
    store_ask(members->store, members->sql + SQL_HAVE_PERSON, "b", person, (size_t)PII_INDEX_LEN);
    return store_any(members->store, members->sql + SQL_HAVE_PERSON);
}

void members_verify(const struct members *members, const struct member *member)
{
    store_run(members->store, members->sql + SQL_VERIFY, "iiiibbiii", member->id, (int64_t)member->level,
              member->roster_id, member->union_id, member->person, sizeof(member->person), member->sealed_person.bytes,
              member->sealed_person.len, (int64_t)member->trade, (int64_t)member->birth_year, (int64_t)member->sex);
}

void members_unprove(const struct members *members, int64_t member_id, int64_t now)
{
    store_run(members->store, members->sql + SQL_UNPROVE, "ii", member_id, now);
}

void members_set_tries(const struct members *members, const struct member *member)
{
    store_run(members->store, members->sql + SQL_SET_TRIES, "iii", member->id, (int64_t)member->tries.day,
              (int64_t)member->tries.failed);
}

enum { TOLD_VERIFIED, TOLD_ROWS }; /* as in counts */

/* Of ids, which are not small enough to be added up. */
static int64_t low_half(int64_t id)
{
    return id & UINT32_MAX;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct member member;

    if (event->event_case == IDENTITY__EVENT__EVENT_PROOF_TAKEN_BACK) {
        told[TOLD_VERIFIED]--;
        told[TOLD_ROWS] -= low_half(event->proof_taken_back->roster_id);
        return members_find(&self->members, event->proof_taken_back->member_id, &member) &&
               member.unproven_at >= row->at;
    }
    if (event->event_case == IDENTITY__EVENT__EVENT_PROOF_ENDED)
        told[TOLD_VERIFIED] += event->proof_ended->verdict == IDENTITY__VERDICT__VERDICT_AGREES;
    if (event->event_case != IDENTITY__EVENT__EVENT_MEMBER_VERIFIED)
        return true;
    told[TOLD_VERIFIED] += !event->member_verified->again;
    told[TOLD_ROWS] += low_half(event->member_verified->roster_id) - low_half(event->member_verified->instead_of);
    if (!members_find(&self->members, event->member_verified->member_id, &member))
        return false;
    if (member.unproven_at >= row->at) /* taken back since, which a later event says */
        return true;
    return member.level >= (int)RPC__LEVEL__REAL_NAME &&
           /* Or by a row that came back since (roster_life.h), of which a later event is. */
           member.roster_id >= event->member_verified->roster_id;
}

/* ---- for herself ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    Identity__MyAccount *account = arena_alloc(rpc_arena(export->call), sizeof(*account));
    struct standing standing = {0};
    struct member member;
    struct person person;

    if (!account || !members_find(&self->members, export->member_id, &member)) {
        export->failed |= !account;
        return;
    }
    person_open_member(self, &member, &person);
    periods_find_standing(&self->periods, member.id, &standing);
    identity__my_account__init(account);
    account->member_id = member.id;
    account->level = (Rpc__Level)member.level;
    account->birth_year = member.birth_year;
    account->sex = (Rpc__Sex)member.sex;
    account->trade = (Rpc__Trade)member.trade;
    account->standing = (Identity__Standing)standing.standing;
    account->created_at = member.created_at;
    account->mobile = rpc_text(export->call, person.mobile);
    account->name = rpc_text(export->call, person.name);
    account->resident_id = rpc_text(export->call, person.resident_id);
    part_give(export, account, member.id);
}

static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)call;
    members_merge(&((struct identity *)arg)->members, gone_id, kept_id);
}

const struct part_spec members_part = {
    .tables = "member",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(member_id) FROM member",
    .agrees = agrees,
    .counts = {{"verified members", "SELECT count(*) FROM member WHERE person IS NOT NULL"},
               {"members' roster rows", "SELECT coalesce(sum(roster_id & 4294967295), 0) FROM member"}},
    .people = "member.merged_into",
    .on_export = on_export,
    .closed = {"UPDATE member SET mobile = CAST(member_id AS BLOB), sealed_mobile = x'', person = "
               "CASE WHEN person IS NULL THEN NULL ELSE CAST(member_id AS BLOB) END, sealed_person = NULL, "
               "data_key = x'', birth_year = 0, sex = 0, tries_day = 0, tries_failed = 0 WHERE member_id = ?1"},
    .merged =
        {"UPDATE member SET data_key = x'', sealed_mobile = x'', sealed_person = x'' WHERE member_id = ?1 AND ?2 > 0"},
    .on_merged = on_merged,
};
