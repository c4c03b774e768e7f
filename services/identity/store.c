#include "services/identity/pages.h"

#define UNION_COLUMNS  "union_id, parent_id, children, code, name, path, state, into_id, moves, credit_code, trades"
#define SUBTREE        "path >= ?1 AND path < ?2"
#define CODES_IN_A_ROW 16 /* unions that became part of another, one after the other */
#define MEMBER_COLUMNS                                                                                                 \
    "member_id, roster_id, union_id, created_at, level, trade, birth_year, sex, tries_day, tries_failed, mobile, "     \
    "sealed_mobile, person, sealed_person, data_key, merged_into"
#define SESSION_COLUMNS "session_id, member_id, family, turn, expires_at, sign_in, opened_at, refreshed_at, device"
#define GRANT_COLUMNS   "grant_id, member_id, authority.union_id, granted_by, granted_at, role, path"
#define OLD_SLICE       "1000"

enum {
    SQL_LAST_ID,
    SQL_ADD_UNION,
    SQL_COUNT_CHILD,
    SQL_FIND_UNION,
    SQL_FIND_UNION_CODE,
    SQL_FIND_UNION_PATH,
    SQL_FIND_ALIAS,
    SQL_FIND_CREDIT_CODE,
    SQL_FIND_CLOSING,
    SQL_NAME_UNION,
    SQL_ADD_ALIAS,
    SQL_SET_CREDIT_CODE,
    SQL_SET_TRADES,
    SQL_FIND_INDUSTRY,
    SQL_MEASURE,
    SQL_KEEP_PLACES,
    SQL_MOVE_SUBTREE,
    SQL_MOVE_UNION,
    SQL_CLOSE_UNION,
    SQL_OPEN_CHILD,
    SQL_PATH_BEYOND,
    SQL_CHILDREN,
    SQL_ADD_ROSTER,
    SQL_ON_ROSTER,
    SQL_FIND_ROSTER,
    SQL_FIND_ROSTER_ROW,
    SQL_DROP_ROSTER,
    SQL_ROSTER_MEMBER,
    SQL_ROSTER,
    SQL_ADD_MEMBER,
    SQL_FIND_MEMBER,
    SQL_FIND_MEMBER_MOBILE,
    SQL_FIND_MEMBER_PERSON,
    SQL_MERGE_MEMBER,
    SQL_NEXT_GONE,
    SQL_RELEASE_MOBILE,
    SQL_MERGE_EARLIER,
    SQL_PERSON_IS_MEMBER,
    SQL_VERIFY_MEMBER,
    SQL_SET_TRIES,
    SQL_ADD_SESSION,
    SQL_FIND_SESSION,
    SQL_TURN_SESSION,
    SQL_DROP_SESSION,
    SQL_FIND_SESSIONS,
    SQL_FIRST_SESSION,
    SQL_SESSIONS_SLICE,
    SQL_SURPLUS_SESSION,
    SQL_DROP_OLD_SESSIONS,
    SQL_FIND_CODE,
    SQL_KEEP_CODE,
    SQL_DROP_OLD_CODES,
    SQL_ADD_WECHAT,
    SQL_FIND_WECHAT,
    SQL_WECHAT_OWNER,
    SQL_SET_WECHAT,
    SQL_SEAL_WECHAT,
    SQL_COUNT_WECHATS,
    SQL_WECHAT_MEMBER,
    SQL_FIND_WECHATS,
    SQL_MOVE_WECHAT,
    SQL_DROP_WECHAT,
    SQL_ADD_GRANT,
    SQL_FIND_GRANT,
    SQL_FIND_GRANTS,
    SQL_PAGE_GRANTS,
    SQL_DROP_GRANT,
    SQL_COUNT,
    SQL_STRAY_UNION,
    SQL_SPLIT_UNIONID,
    N_SQL
};

const char *const identity_sql[] = {
    [SQL_LAST_ID] = "SELECT max(id) FROM (SELECT max(union_id) AS id FROM unions UNION ALL "
                    "SELECT max(roster_id) FROM roster UNION ALL SELECT max(member_id) FROM member UNION ALL "
                    "SELECT max(session_id) FROM session UNION ALL SELECT max(grant_id) FROM authority UNION ALL "
                    "SELECT max(wechat_id) FROM wechat) AS ids",
    [SQL_ADD_UNION] = "INSERT INTO unions (union_id, parent_id, code, name, path, created_at, trades) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_COUNT_CHILD] = "UPDATE unions SET children = children + 1 WHERE union_id = ?1",
    [SQL_FIND_UNION] = "SELECT " UNION_COLUMNS " FROM unions WHERE union_id = ?1",
    [SQL_FIND_UNION_CODE] = "SELECT " UNION_COLUMNS " FROM unions WHERE code = ?1",
    [SQL_FIND_UNION_PATH] = "SELECT " UNION_COLUMNS " FROM unions WHERE path = ?1",
    [SQL_FIND_ALIAS] = "SELECT " UNION_COLUMNS " FROM unions WHERE union_id = "
                       "(SELECT union_id FROM union_alias WHERE code = ?1)",
    [SQL_FIND_CREDIT_CODE] = "SELECT " UNION_COLUMNS " FROM unions WHERE credit_code = ?1",
    [SQL_FIND_CLOSING] = "SELECT " UNION_COLUMNS " FROM unions WHERE state = 1 OR state = 3 LIMIT 1",
    [SQL_NAME_UNION] = "UPDATE unions SET name = ?2, code = ?3 WHERE union_id = ?1",
    [SQL_ADD_ALIAS] = "INSERT INTO union_alias (code, union_id) VALUES (?1, ?2)",
    [SQL_SET_CREDIT_CODE] = "UPDATE unions SET credit_code = ?2 WHERE union_id = ?1",
    [SQL_SET_TRADES] = "UPDATE unions SET trades = ?2 WHERE union_id = ?1",
    [SQL_FIND_INDUSTRY] = "SELECT " UNION_COLUMNS " FROM unions WHERE parent_id = ?1 AND trades > 0 AND "
                          "trades & ?2 > 0 AND state = 0 ORDER BY path LIMIT 1",
    [SQL_MEASURE] =
        "SELECT count(*), max(length(path)) FROM (SELECT path FROM unions WHERE " SUBTREE " LIMIT ?3) AS subtree",
    [SQL_KEEP_PLACES] = "INSERT INTO union_place (union_id, until_at, path) SELECT union_id, ?3, path FROM unions "
                        "WHERE " SUBTREE " ON CONFLICT DO NOTHING",
    [SQL_MOVE_SUBTREE] = "UPDATE unions SET path = ?3 || substr(path, length(?1) + 1) WHERE " SUBTREE,
    [SQL_MOVE_UNION] = "UPDATE unions SET parent_id = ?2, moves = moves + 1 WHERE union_id = ?1",
    [SQL_CLOSE_UNION] = "UPDATE unions SET state = ?2, into_id = ?3 WHERE union_id = ?1",
    [SQL_OPEN_CHILD] = "SELECT 1 FROM unions WHERE parent_id = ?1 AND union_id > 0 AND state = 0 LIMIT 1",
    [SQL_PATH_BEYOND] = "SELECT path FROM unions WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT 1 OFFSET ?3",
    [SQL_CHILDREN] = "SELECT " UNION_COLUMNS " FROM unions WHERE parent_id = ?1 AND path > ?2 ORDER BY path LIMIT ?3",
    [SQL_ADD_ROSTER] = "INSERT INTO roster (roster_id, union_id, trade, person, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_ON_ROSTER] = "SELECT 1 FROM roster WHERE person = ?1 LIMIT 1",
    [SQL_FIND_ROSTER] = "SELECT roster_id, union_id, trade, sealed FROM roster WHERE person = ?1 LIMIT ?2",
    [SQL_FIND_ROSTER_ROW] = "SELECT roster_id, union_id, trade, sealed, person FROM roster WHERE roster_id = ?1",
    [SQL_DROP_ROSTER] = "DELETE FROM roster WHERE roster_id = ?1",
    [SQL_ROSTER_MEMBER] = "SELECT CASE merged_into WHEN 0 THEN member_id ELSE merged_into END FROM member "
                          "WHERE person = ?1 AND roster_id = ?2",
    [SQL_ROSTER] = "SELECT roster_id, union_id FROM roster ORDER BY roster_id",
    [SQL_ADD_MEMBER] = "INSERT INTO member (member_id, mobile, sealed_mobile, level, created_at, data_key) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND_MEMBER] = "SELECT " MEMBER_COLUMNS " FROM member WHERE member_id = ?1",
    [SQL_FIND_MEMBER_MOBILE] = "SELECT " MEMBER_COLUMNS " FROM member WHERE member_id = (SELECT CASE merged_into "
                               "WHEN 0 THEN member_id ELSE merged_into END FROM member WHERE mobile = ?1)",
    [SQL_FIND_MEMBER_PERSON] = "SELECT " MEMBER_COLUMNS " FROM member WHERE member_id = (SELECT CASE merged_into "
                               "WHEN 0 THEN member_id ELSE merged_into END FROM member WHERE person = ?1)",
    [SQL_MERGE_MEMBER] = "UPDATE member SET merged_into = ?2 WHERE member_id = ?1",
    [SQL_NEXT_GONE] = "SELECT " MEMBER_COLUMNS " FROM member WHERE merged_into = ?1 AND merged_into > 0 AND "
                      "member_id > ?2 ORDER BY member_id LIMIT 1",
    [SQL_RELEASE_MOBILE] = "UPDATE member SET mobile = CAST(member_id AS BLOB) WHERE mobile = ?2 AND "
                           "merged_into = ?1 AND merged_into > 0",
    [SQL_MERGE_EARLIER] = "UPDATE member SET merged_into = ?2 WHERE merged_into = ?1 AND merged_into > 0",
    [SQL_PERSON_IS_MEMBER] = "SELECT 1 FROM member WHERE person = ?1",
    [SQL_VERIFY_MEMBER] = "UPDATE member SET level = ?2, roster_id = ?3, union_id = ?4, person = ?5, "
                          "sealed_person = ?6, trade = ?7, birth_year = ?8, sex = ?9 WHERE member_id = ?1",
    [SQL_SET_TRIES] = "UPDATE member SET tries_day = ?2, tries_failed = ?3 WHERE member_id = ?1",
    [SQL_ADD_SESSION] = "INSERT INTO session (" SESSION_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_FIND_SESSION] = "SELECT " SESSION_COLUMNS " FROM session WHERE session_id = ?1",
    [SQL_FIND_SESSIONS] = "SELECT " SESSION_COLUMNS " FROM session WHERE member_id = ?1 AND expires_at > ?2 "
                          "ORDER BY session_id DESC LIMIT ?3",
    [SQL_TURN_SESSION] = "UPDATE session SET turn = ?2, expires_at = ?3, refreshed_at = ?4 WHERE session_id = ?1",
    [SQL_DROP_SESSION] = "DELETE FROM session WHERE session_id = ?1",
    [SQL_FIRST_SESSION] = "SELECT session_id FROM session WHERE member_id = ?1 LIMIT 1",
    [SQL_SURPLUS_SESSION] = "SELECT session_id FROM session WHERE member_id = ?1 ORDER BY session_id DESC "
                            "LIMIT 1 OFFSET ?2",
    [SQL_SESSIONS_SLICE] = "SELECT max(session_id) FROM (SELECT session_id FROM session WHERE session_id > ?1 "
                           "ORDER BY session_id LIMIT " OLD_SLICE ") AS slice",
    [SQL_DROP_OLD_SESSIONS] = "DELETE FROM session WHERE session_id > ?1 AND session_id <= ?2 AND expires_at <= ?3",
    [SQL_FIND_CODE] = "SELECT code, sent_at, used, tries, window_at, sends FROM login_code WHERE mobile = ?1",
    [SQL_KEEP_CODE] = "INSERT INTO login_code (mobile, code, sent_at, used, tries, window_at, sends) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (mobile) DO UPDATE SET code = excluded.code, "
                      "sent_at = excluded.sent_at, used = excluded.used, tries = excluded.tries, "
                      "window_at = excluded.window_at, sends = excluded.sends",
    [SQL_DROP_OLD_CODES] = "DELETE FROM login_code WHERE mobile IN "
                           "(SELECT mobile FROM login_code WHERE sent_at < ?1 LIMIT " OLD_SLICE ")",
    [SQL_ADD_WECHAT] = "INSERT INTO wechat (wechat_id, member_id, openid, unionid, sealed, bound_at) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND_WECHAT] = "SELECT wechat_id, member_id, unionid, bound_at FROM wechat WHERE openid = ?1",
    [SQL_WECHAT_OWNER] = "SELECT member_id FROM wechat WHERE unionid = ?1 AND length(unionid) > 0 LIMIT 1",
    [SQL_SET_WECHAT] = "UPDATE wechat SET unionid = ?2, sealed = ?3 WHERE wechat_id = ?1",
    [SQL_SEAL_WECHAT] = "UPDATE wechat SET sealed = ?2 WHERE wechat_id = ?1",
    [SQL_COUNT_WECHATS] = "SELECT count(*) FROM wechat WHERE member_id = ?1",
    [SQL_WECHAT_MEMBER] = "SELECT member_id FROM wechat WHERE wechat_id = ?1",
    [SQL_FIND_WECHATS] = "SELECT wechat_id, bound_at, sealed FROM wechat WHERE member_id = ?1 ORDER BY wechat_id "
                         "LIMIT ?2",
    [SQL_MOVE_WECHAT] = "UPDATE wechat SET wechat_id = ?2, member_id = ?3, sealed = ?4 WHERE wechat_id = ?1",
    [SQL_DROP_WECHAT] = "DELETE FROM wechat WHERE wechat_id = ?1 AND member_id = ?2",
    [SQL_ADD_GRANT] = "INSERT INTO authority (grant_id, member_id, role, union_id, granted_by, granted_at) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND_GRANT] = "SELECT " GRANT_COLUMNS " FROM authority JOIN unions ON unions.union_id = authority.union_id "
                       "WHERE grant_id = ?1",
    [SQL_FIND_GRANTS] = "SELECT " GRANT_COLUMNS " FROM authority JOIN unions ON unions.union_id = authority.union_id "
                        "WHERE member_id = ?1 ORDER BY grant_id LIMIT ?2",
    [SQL_PAGE_GRANTS] = "WITH slice AS (" PAGE_SLICE ") SELECT " GRANT_COLUMNS " FROM slice "
                        "JOIN authority ON authority.union_id = slice.union_id WHERE (path > ?1 OR grant_id > ?3) "
                        "ORDER BY path, grant_id LIMIT ?4",
    [SQL_DROP_GRANT] = "DELETE FROM authority WHERE grant_id = ?1",
    [SQL_COUNT] = "SELECT (SELECT count(*) FROM unions WHERE union_id > 0), (SELECT count(*) FROM roster), "
                  "(SELECT count(*) FROM member WHERE person IS NOT NULL), (SELECT count(*) FROM authority), "
                  "(SELECT count(*) FROM wechat)",
    [SQL_STRAY_UNION] = "SELECT child.union_id FROM unions AS child JOIN unions AS parent "
                        "ON parent.union_id = child.parent_id WHERE child.union_id > 0 AND "
                        "(length(child.path) <> length(parent.path) + 4 OR "
                        "substr(child.path, 1, length(parent.path)) <> parent.path) LIMIT 1",
    [SQL_SPLIT_UNIONID] = "SELECT max(wechat_id) FROM wechat WHERE length(unionid) > 0 GROUP BY unionid "
                          "HAVING min(member_id) <> max(member_id) LIMIT 1",
};
const unsigned identity_n_sql = N_SQL;

/* Copies a text or blob that the schema keeps within its size. */
static void read_text(struct store *store, unsigned sql, int column, char *ret, size_t size)
{
    snprintf(ret, size, "%s", store_text(store, sql, column));
}

static size_t read_bytes(struct store *store, unsigned sql, int column, unsigned char *ret, size_t size)
{
    size_t len;
    const void *bytes = store_blob(store, sql, column, &len);

    if (len > size)
        len = 0; /* as if it could not be opened */
    memcpy(ret, bytes, len);
    return len;
}

/* The only row of a question with one blob or number as its parameter. */
static bool one_row(struct store *store, unsigned sql)
{
    bool found = store_row(store, sql);

    if (found)
        store_end(store, sql);
    return found;
}

int64_t store_last_id(struct store *store)
{
    int64_t last = 0;

    store_ask(store, SQL_LAST_ID, "");
    if (store_row(store, SQL_LAST_ID)) {
        last = store_int(store, SQL_LAST_ID, 0);
        store_end(store, SQL_LAST_ID);
    }
    return last;
}

/* ---- unions ---- */

bool store_add_union(struct store *store, const struct union_node *node, int64_t now)
{
    return store_run(store, SQL_ADD_UNION, "iitttii", node->id, node->parent_id, node->code, node->name, node->path,
                     now, (int64_t)node->trades) == 1 &&
           store_run(store, SQL_COUNT_CHILD, "i", node->parent_id) == 1;
}

static void read_union(struct store *store, unsigned sql, struct union_node *ret)
{
    ret->id = store_int(store, sql, 0);
    ret->parent_id = store_int(store, sql, 1);
    ret->children = store_int(store, sql, 2);
    read_text(store, sql, 3, ret->code, sizeof(ret->code));
    read_text(store, sql, 4, ret->name, sizeof(ret->name));
    read_text(store, sql, 5, ret->path, sizeof(ret->path));
    ret->state = (int)store_int(store, sql, 6);
    ret->into_id = store_int(store, sql, 7);
    ret->moves = store_int(store, sql, 8);
    read_text(store, sql, 9, ret->credit_code, sizeof(ret->credit_code));
    ret->trades = (int)store_int(store, sql, 10);
}

static bool one_union(struct store *store, unsigned sql, struct union_node *ret_node)
{
    if (!store_row(store, sql))
        return false;
    read_union(store, sql, ret_node);
    store_end(store, sql);
    return true;
}

bool store_find_union(struct store *store, int64_t union_id, struct union_node *ret_node)
{
    store_ask(store, SQL_FIND_UNION, "i", union_id);
    return one_union(store, SQL_FIND_UNION, ret_node);
}

bool store_find_union_code(struct store *store, const char *code, struct union_node *ret_node)
{
    bool found;

    store_ask(store, SQL_FIND_UNION_CODE, "t", code);
    found = one_union(store, SQL_FIND_UNION_CODE, ret_node);
    if (!found) {
        store_ask(store, SQL_FIND_ALIAS, "t", code);
        found = one_union(store, SQL_FIND_ALIAS, ret_node);
    }
    for (int i = 0; found && i < CODES_IN_A_ROW && ret_node->state >= (int)IDENTITY__UNION_STATE__UNION_MERGING; i++)
        found = store_find_union(store, ret_node->into_id, ret_node);
    return found;
}

bool store_find_credit_code(struct store *store, const char *credit_code, struct union_node *ret_node)
{
    store_ask(store, SQL_FIND_CREDIT_CODE, "t", credit_code);
    return one_union(store, SQL_FIND_CREDIT_CODE, ret_node);
}

void store_name_union(struct store *store, const struct union_node *node, const char *name, const char *code)
{
    if (strcmp(node->code, code) != 0)
        store_run(store, SQL_ADD_ALIAS, "ti", node->code, node->id);
    store_run(store, SQL_NAME_UNION, "itt", node->id, name, code);
}

void store_set_credit_code(struct store *store, int64_t union_id, const char *credit_code)
{
    store_run(store, SQL_SET_CREDIT_CODE, "it", union_id, credit_code);
}

void store_set_trades(struct store *store, int64_t union_id, int trades)
{
    store_run(store, SQL_SET_TRADES, "ii", union_id, (int64_t)trades);
}

bool store_find_industry(struct store *store, int64_t parent_id, int trade, struct union_node *ret_node)
{
    store_ask(store, SQL_FIND_INDUSTRY, "ii", parent_id, (int64_t)1 << trade);
    return one_union(store, SQL_FIND_INDUSTRY, ret_node);
}

void store_measure_subtree(struct store *store, const char *path, int64_t limit, int64_t *ret_n, int64_t *ret_deepest)
{
    char end[UNION_PATH_SIZE + 1];

    *ret_n = *ret_deepest = 0;
    union_path_end(path, end);
    store_ask(store, SQL_MEASURE, "tti", path, end, limit);
    if (!store_row(store, SQL_MEASURE))
        return;
    *ret_n = store_int(store, SQL_MEASURE, 0);
    *ret_deepest = store_int(store, SQL_MEASURE, 1);
    store_end(store, SQL_MEASURE);
}

void store_move_union(struct store *store, const struct union_node *node, const struct union_node *parent,
                      const char *path, int64_t now)
{
    char end[UNION_PATH_SIZE + 1];

    union_path_end(node->path, end);
    store_run(store, SQL_KEEP_PLACES, "tti", node->path, end, now);
    store_run(store, SQL_MOVE_SUBTREE, "ttt", node->path, end, path);
    store_run(store, SQL_MOVE_UNION, "ii", node->id, parent->id);
    store_run(store, SQL_COUNT_CHILD, "i", parent->id);
}

void store_close_union(struct store *store, const struct union_node *node)
{
    store_run(store, SQL_CLOSE_UNION, "iii", node->id, (int64_t)node->state, node->into_id);
}

bool store_has_open_child(struct store *store, int64_t union_id)
{
    store_ask(store, SQL_OPEN_CHILD, "i", union_id);
    return one_row(store, SQL_OPEN_CHILD);
}

bool store_find_closing_union(struct store *store, struct union_node *ret_node)
{
    store_ask(store, SQL_FIND_CLOSING, "");
    return one_union(store, SQL_FIND_CLOSING, ret_node);
}

bool store_find_union_path(struct store *store, const char *path, struct union_node *ret_node)
{
    store_ask(store, SQL_FIND_UNION_PATH, "t", path);
    return one_union(store, SQL_FIND_UNION_PATH, ret_node);
}

bool store_find_path_beyond(struct store *store, const char *from, const char *end, int64_t n,
                            char ret_path[UNION_PATH_SIZE])
{
    store_ask(store, SQL_PATH_BEYOND, "tti", from, end, n);
    if (!store_row(store, SQL_PATH_BEYOND))
        return false;
    read_text(store, SQL_PATH_BEYOND, 0, ret_path, UNION_PATH_SIZE);
    store_end(store, SQL_PATH_BEYOND);
    return true;
}

void store_ask_children(struct store *store, int64_t parent_id, const char *after, int limit)
{
    store_ask(store, SQL_CHILDREN, "iti", parent_id, after, (int64_t)limit);
}

bool store_next_child(struct store *store, struct union_node *ret_node)
{
    if (!store_row(store, SQL_CHILDREN))
        return false;
    read_union(store, SQL_CHILDREN, ret_node);
    return true;
}

void store_end_children(struct store *store)
{
    store_end(store, SQL_CHILDREN);
}

/* ---- rosters ---- */

int store_add_roster(struct store *store, const struct roster_entry *entry)
{
    return store_run(store, SQL_ADD_ROSTER, "iiibb", entry->id, entry->union_id, (int64_t)entry->trade, entry->person,
                     sizeof(entry->person), entry->sealed.bytes, entry->sealed.len);
}

bool store_on_roster(struct store *store, const unsigned char person[PII_INDEX_LEN])
{
    store_ask(store, SQL_ON_ROSTER, "b", person, (size_t)PII_INDEX_LEN);
    return one_row(store, SQL_ON_ROSTER);
}

size_t store_find_roster(struct store *store, const unsigned char person[PII_INDEX_LEN], struct roster_entry *ret,
                         size_t size)
{
    size_t n = 0;

    store_ask(store, SQL_FIND_ROSTER, "bi", person, (size_t)PII_INDEX_LEN, (int64_t)size);
    while (n < size && store_row(store, SQL_FIND_ROSTER)) {
        struct roster_entry *entry = &ret[n++];

        entry->id = store_int(store, SQL_FIND_ROSTER, 0);
        entry->union_id = store_int(store, SQL_FIND_ROSTER, 1);
        entry->trade = (int)store_int(store, SQL_FIND_ROSTER, 2);
        memcpy(entry->person, person, PII_INDEX_LEN);
        entry->sealed.len = read_bytes(store, SQL_FIND_ROSTER, 3, entry->sealed.bytes, sizeof(entry->sealed.bytes));
    }
    store_end(store, SQL_FIND_ROSTER);
    return n;
}

bool store_find_roster_row(struct store *store, int64_t roster_id, struct roster_entry *ret_entry)
{
    unsigned sql = SQL_FIND_ROSTER_ROW;

    store_ask(store, sql, "i", roster_id);
    if (!store_row(store, sql))
        return false;
    ret_entry->id = store_int(store, sql, 0);
    ret_entry->union_id = store_int(store, sql, 1);
    ret_entry->trade = (int)store_int(store, sql, 2);
    ret_entry->sealed.len = read_bytes(store, sql, 3, ret_entry->sealed.bytes, sizeof(ret_entry->sealed.bytes));
    read_bytes(store, sql, 4, ret_entry->person, sizeof(ret_entry->person));
    store_end(store, sql);
    return true;
}

void store_drop_roster(struct store *store, int64_t roster_id)
{
    store_run(store, SQL_DROP_ROSTER, "i", roster_id);
}

int64_t store_roster_member(struct store *store, const struct roster_entry *entry)
{
    int64_t member_id = 0;

    store_ask(store, SQL_ROSTER_MEMBER, "bi", entry->person, sizeof(entry->person), entry->id);
    if (store_row(store, SQL_ROSTER_MEMBER)) {
        member_id = store_int(store, SQL_ROSTER_MEMBER, 0);
        store_end(store, SQL_ROSTER_MEMBER);
    }
    return member_id;
}

void store_ask_roster(struct store *store)
{
    store_ask(store, SQL_ROSTER, "");
}

bool store_next_roster(struct store *store, int64_t *ret_roster_id, int64_t *ret_union_id)
{
    if (!store_row(store, SQL_ROSTER))
        return false;
    *ret_roster_id = store_int(store, SQL_ROSTER, 0);
    *ret_union_id = store_int(store, SQL_ROSTER, 1);
    return true;
}

void store_end_roster(struct store *store)
{
    store_end(store, SQL_ROSTER);
}

/* ---- members ---- */

void store_add_member(struct store *store, const struct member *member)
{
    store_run(store, SQL_ADD_MEMBER, "ibbiib", member->id, member->mobile, sizeof(member->mobile),
              member->sealed_mobile.bytes, member->sealed_mobile.len, (int64_t)member->level, member->created_at,
              member->data_key.bytes, member->data_key.len);
}

static bool one_member(struct store *store, unsigned sql, struct member *ret)
{
    if (!store_row(store, sql))
        return false;
    *ret = (struct member){
        .id = store_int(store, sql, 0),
        .roster_id = store_int(store, sql, 1),
        .union_id = store_int(store, sql, 2),
        .created_at = store_int(store, sql, 3),
        .level = (int)store_int(store, sql, 4),
        .trade = (int)store_int(store, sql, 5),
        .birth_year = (int)store_int(store, sql, 6),
        .sex = (int)store_int(store, sql, 7),
        .tries = {(int32_t)store_int(store, sql, 8), (int32_t)store_int(store, sql, 9)},
    };
    ret->merged_into = store_int(store, sql, 15);
    read_bytes(store, sql, 10, ret->mobile, sizeof(ret->mobile));
    ret->sealed_mobile.len = read_bytes(store, sql, 11, ret->sealed_mobile.bytes, sizeof(ret->sealed_mobile.bytes));
    read_bytes(store, sql, 12, ret->person, sizeof(ret->person));
    ret->sealed_person.len = read_bytes(store, sql, 13, ret->sealed_person.bytes, sizeof(ret->sealed_person.bytes));
    ret->data_key.len = read_bytes(store, sql, 14, ret->data_key.bytes, sizeof(ret->data_key.bytes));
    store_end(store, sql);
    return true;
}

bool store_find_member(struct store *store, int64_t member_id, struct member *ret_member)
{
    store_ask(store, SQL_FIND_MEMBER, "i", member_id);
    return one_member(store, SQL_FIND_MEMBER, ret_member);
}

bool store_find_member_mobile(struct store *store, const unsigned char mobile[PII_INDEX_LEN], struct member *ret_member)
{
    store_ask(store, SQL_FIND_MEMBER_MOBILE, "b", mobile, (size_t)PII_INDEX_LEN);
    return one_member(store, SQL_FIND_MEMBER_MOBILE, ret_member);
}

bool store_find_member_person(struct store *store, const unsigned char person[PII_INDEX_LEN], struct member *ret_member)
{
    store_ask(store, SQL_FIND_MEMBER_PERSON, "b", person, (size_t)PII_INDEX_LEN);
    return one_member(store, SQL_FIND_MEMBER_PERSON, ret_member);
}

void store_merge_member(struct store *store, int64_t gone_id, int64_t kept_id)
{
    store_run(store, SQL_MERGE_EARLIER, "ii", gone_id, kept_id);
    store_run(store, SQL_MERGE_MEMBER, "ii", gone_id, kept_id);
}

bool store_next_gone(struct store *store, int64_t kept_id, int64_t after, struct member *ret_member)
{
    store_ask(store, SQL_NEXT_GONE, "ii", kept_id, after);
    return one_member(store, SQL_NEXT_GONE, ret_member);
}

void store_release_mobile(struct store *store, int64_t kept_id, const unsigned char mobile[PII_INDEX_LEN])
{
    store_run(store, SQL_RELEASE_MOBILE, "ib", kept_id, mobile, (size_t)PII_INDEX_LEN);
}

bool store_person_is_member(struct store *store, const unsigned char person[PII_INDEX_LEN])
{
    store_ask(store, SQL_PERSON_IS_MEMBER, "b", person, (size_t)PII_INDEX_LEN);
    return one_row(store, SQL_PERSON_IS_MEMBER);
}

void store_verify_member(struct store *store, const struct member *member)
{
    store_run(store, SQL_VERIFY_MEMBER, "iiiibbiii", member->id, (int64_t)member->level, member->roster_id,
              member->union_id, member->person, sizeof(member->person), member->sealed_person.bytes,
              member->sealed_person.len, (int64_t)member->trade, (int64_t)member->birth_year, (int64_t)member->sex);
}

void store_set_tries(struct store *store, const struct member *member)
{
    store_run(store, SQL_SET_TRIES, "iii", member->id, (int64_t)member->tries.day, (int64_t)member->tries.failed);
}

/* ---- sessions ---- */

void store_add_session(struct store *store, const struct session *session)
{
    store_run(store, SQL_ADD_SESSION, "iibbiiiit", session->id, session->member_id, session->family,
              sizeof(session->family), session->turn, sizeof(session->turn), session->expires_at,
              (int64_t)session->sign_in, session->opened_at, session->refreshed_at, session->device);
}

static void read_session(struct store *store, unsigned sql, struct session *ret)
{
    *ret = (struct session){
        .id = store_int(store, sql, 0),
        .member_id = store_int(store, sql, 1),
        .expires_at = store_int(store, sql, 4),
        .sign_in = (int)store_int(store, sql, 5),
        .opened_at = store_int(store, sql, 6),
        .refreshed_at = store_int(store, sql, 7),
    };
    read_bytes(store, sql, 2, ret->family, sizeof(ret->family));
    read_bytes(store, sql, 3, ret->turn, sizeof(ret->turn));
    read_text(store, sql, 8, ret->device, sizeof(ret->device));
}

bool store_find_session(struct store *store, int64_t session_id, struct session *ret)
{
    store_ask(store, SQL_FIND_SESSION, "i", session_id);
    if (!store_row(store, SQL_FIND_SESSION))
        return false;
    read_session(store, SQL_FIND_SESSION, ret);
    store_end(store, SQL_FIND_SESSION);
    return true;
}

size_t store_find_sessions(struct store *store, int64_t member_id, int64_t now, struct session *ret_sessions,
                           size_t size)
{
    size_t n = 0;

    store_ask(store, SQL_FIND_SESSIONS, "iii", member_id, now, (int64_t)size);
    while (n < size && store_row(store, SQL_FIND_SESSIONS))
        read_session(store, SQL_FIND_SESSIONS, &ret_sessions[n++]);
    store_end(store, SQL_FIND_SESSIONS);
    return n;
}

void store_turn_session(struct store *store, const struct session *session)
{
    store_run(store, SQL_TURN_SESSION, "ibii", session->id, session->turn, sizeof(session->turn), session->expires_at,
              session->refreshed_at);
}

bool store_drop_session(struct store *store, int64_t session_id)
{
    return store_run(store, SQL_DROP_SESSION, "i", session_id) == 1;
}

bool store_first_session(struct store *store, int64_t member_id, int64_t *ret_session_id)
{
    store_ask(store, SQL_FIRST_SESSION, "i", member_id);
    if (!store_row(store, SQL_FIRST_SESSION))
        return false;
    *ret_session_id = store_int(store, SQL_FIRST_SESSION, 0);
    store_end(store, SQL_FIRST_SESSION);
    return true;
}

bool store_find_surplus_session(struct store *store, int64_t member_id, int64_t later, int64_t *ret_session_id)
{
    store_ask(store, SQL_SURPLUS_SESSION, "ii", member_id, later);
    if (!store_row(store, SQL_SURPLUS_SESSION))
        return false;
    *ret_session_id = store_int(store, SQL_SURPLUS_SESSION, 0);
    store_end(store, SQL_SURPLUS_SESSION);
    return true;
}

int store_drop_old_sessions(struct store *store, int64_t *after, int64_t now)
{
    int64_t first = *after;

    *after = 0;
    store_ask(store, SQL_SESSIONS_SLICE, "i", first);
    if (store_row(store, SQL_SESSIONS_SLICE)) {
        *after = store_int(store, SQL_SESSIONS_SLICE, 0);
        store_end(store, SQL_SESSIONS_SLICE);
    }
    return *after ? store_run(store, SQL_DROP_OLD_SESSIONS, "iii", first, *after, now) : 0;
}

/* ---- one-time codes ---- */

bool store_find_code(struct store *store, const unsigned char mobile[PII_INDEX_LEN], struct login_code *ret_code,
                     unsigned char ret_hash[PII_INDEX_LEN])
{
    store_ask(store, SQL_FIND_CODE, "b", mobile, (size_t)PII_INDEX_LEN);
    if (!store_row(store, SQL_FIND_CODE))
        return false;
    read_bytes(store, SQL_FIND_CODE, 0, ret_hash, PII_INDEX_LEN);
    *ret_code = (struct login_code){
        .sent_at = store_int(store, SQL_FIND_CODE, 1),
        .used = store_int(store, SQL_FIND_CODE, 2) != 0,
        .tries = (int32_t)store_int(store, SQL_FIND_CODE, 3),
        .window_at = store_int(store, SQL_FIND_CODE, 4),
        .sends = (int32_t)store_int(store, SQL_FIND_CODE, 5),
    };
    store_end(store, SQL_FIND_CODE);
    return true;
}

void store_keep_code(struct store *store, const unsigned char mobile[PII_INDEX_LEN], const struct login_code *code,
                     const unsigned char hash[PII_INDEX_LEN])
{
    store_run(store, SQL_KEEP_CODE, "bbiiiii", mobile, (size_t)PII_INDEX_LEN, hash, (size_t)PII_INDEX_LEN,
              code->sent_at, (int64_t)code->used, (int64_t)code->tries, code->window_at, (int64_t)code->sends);
}

int store_drop_old_codes(struct store *store, int64_t sent_before)
{
    return store_run(store, SQL_DROP_OLD_CODES, "i", sent_before);
}

/* ---- WeChat ---- */

static size_t unionid_len(const struct wechat *wechat)
{
    return wechat->has_unionid ? sizeof(wechat->unionid) : 0;
}

void store_add_wechat(struct store *store, const struct wechat *wechat)
{
    store_run(store, SQL_ADD_WECHAT, "iibbbi", wechat->id, wechat->member_id, wechat->openid, sizeof(wechat->openid),
              wechat->unionid, unionid_len(wechat), wechat->sealed.bytes, wechat->sealed.len, wechat->bound_at);
}

bool store_find_wechat(struct store *store, const unsigned char openid[PII_INDEX_LEN], struct wechat *ret_wechat)
{
    store_ask(store, SQL_FIND_WECHAT, "b", openid, (size_t)PII_INDEX_LEN);
    if (!store_row(store, SQL_FIND_WECHAT))
        return false;
    *ret_wechat = (struct wechat){
        .id = store_int(store, SQL_FIND_WECHAT, 0),
        .member_id = store_int(store, SQL_FIND_WECHAT, 1),
        .bound_at = store_int(store, SQL_FIND_WECHAT, 3),
    };
    memcpy(ret_wechat->openid, openid, PII_INDEX_LEN);
    ret_wechat->has_unionid =
        read_bytes(store, SQL_FIND_WECHAT, 2, ret_wechat->unionid, sizeof(ret_wechat->unionid)) > 0;
    store_end(store, SQL_FIND_WECHAT);
    return true;
}

int64_t store_wechat_owner(struct store *store, const unsigned char unionid[PII_INDEX_LEN])
{
    int64_t member_id = 0;

    store_ask(store, SQL_WECHAT_OWNER, "b", unionid, (size_t)PII_INDEX_LEN);
    if (store_row(store, SQL_WECHAT_OWNER)) {
        member_id = store_int(store, SQL_WECHAT_OWNER, 0);
        store_end(store, SQL_WECHAT_OWNER);
    }
    return member_id;
}

void store_set_wechat(struct store *store, const struct wechat *wechat)
{
    store_run(store, SQL_SET_WECHAT, "ibb", wechat->id, wechat->unionid, unionid_len(wechat), wechat->sealed.bytes,
              wechat->sealed.len);
}

void store_seal_wechat(struct store *store, const struct wechat *wechat)
{
    store_run(store, SQL_SEAL_WECHAT, "ib", wechat->id, wechat->sealed.bytes, wechat->sealed.len);
}

int64_t store_count_wechats(struct store *store, int64_t member_id)
{
    int64_t n = 0;

    store_ask(store, SQL_COUNT_WECHATS, "i", member_id);
    if (store_row(store, SQL_COUNT_WECHATS)) {
        n = store_int(store, SQL_COUNT_WECHATS, 0);
        store_end(store, SQL_COUNT_WECHATS);
    }
    return n;
}

int64_t store_wechat_member(struct store *store, int64_t wechat_id)
{
    int64_t member_id = 0;

    store_ask(store, SQL_WECHAT_MEMBER, "i", wechat_id);
    if (store_row(store, SQL_WECHAT_MEMBER)) {
        member_id = store_int(store, SQL_WECHAT_MEMBER, 0);
        store_end(store, SQL_WECHAT_MEMBER);
    }
    return member_id;
}

size_t store_find_wechats(struct store *store, int64_t member_id, struct wechat *ret_wechats, size_t size)
{
    size_t n = 0;

    store_ask(store, SQL_FIND_WECHATS, "ii", member_id, (int64_t)size);
    while (n < size && store_row(store, SQL_FIND_WECHATS)) {
        struct wechat *wechat = &ret_wechats[n++];

        *wechat = (struct wechat){
            .id = store_int(store, SQL_FIND_WECHATS, 0),
            .member_id = member_id,
            .bound_at = store_int(store, SQL_FIND_WECHATS, 1),
        };
        wechat->sealed.len = read_bytes(store, SQL_FIND_WECHATS, 2, wechat->sealed.bytes, sizeof(wechat->sealed.bytes));
    }
    store_end(store, SQL_FIND_WECHATS);
    return n;
}

void store_move_wechat(struct store *store, int64_t wechat_id, int64_t member_id, const struct wechat *wechat)
{
    store_run(store, SQL_MOVE_WECHAT, "iiib", wechat_id, wechat->id, member_id, wechat->sealed.bytes,
              wechat->sealed.len);
}

bool store_drop_wechat(struct store *store, int64_t wechat_id, int64_t member_id)
{
    return store_run(store, SQL_DROP_WECHAT, "ii", wechat_id, member_id) == 1;
}

/* ---- grants ---- */

void store_add_grant(struct store *store, const struct authority *grant)
{
    store_run(store, SQL_ADD_GRANT, "iiiiii", grant->id, grant->member_id, (int64_t)grant->role, grant->union_id,
              grant->granted_by, grant->granted_at);
}

static void read_grant(struct store *store, unsigned sql, struct authority *ret)
{
    ret->id = store_int(store, sql, 0);
    ret->member_id = store_int(store, sql, 1);
    ret->union_id = store_int(store, sql, 2);
    ret->granted_by = store_int(store, sql, 3);
    ret->granted_at = store_int(store, sql, 4);
    ret->role = (int)store_int(store, sql, 5);
    read_text(store, sql, 6, ret->union_path, sizeof(ret->union_path));
}

bool store_find_grant(struct store *store, int64_t grant_id, struct authority *ret_grant)
{
    store_ask(store, SQL_FIND_GRANT, "i", grant_id);
    if (!store_row(store, SQL_FIND_GRANT))
        return false;
    read_grant(store, SQL_FIND_GRANT, ret_grant);
    store_end(store, SQL_FIND_GRANT);
    return true;
}

size_t store_find_grants(struct store *store, int64_t member_id, struct authority *ret_grants, size_t size)
{
    size_t n = 0;

    store_ask(store, SQL_FIND_GRANTS, "ii", member_id, (int64_t)size);
    while (n < size && store_row(store, SQL_FIND_GRANTS))
        read_grant(store, SQL_FIND_GRANTS, &ret_grants[n++]);
    store_end(store, SQL_FIND_GRANTS);
    return n;
}

size_t store_find_grants_page(struct store *store, const struct page *page, struct authority *ret_grants)
{
    size_t n = 0;

    store_ask(store, SQL_PAGE_GRANTS, "ttii", page->from, page->end, page->after, (int64_t)page->size + 1);
    while (n <= page->size && store_row(store, SQL_PAGE_GRANTS))
        read_grant(store, SQL_PAGE_GRANTS, &ret_grants[n++]);
    store_end(store, SQL_PAGE_GRANTS);
    return n;
}

void store_drop_grant(struct store *store, int64_t grant_id)
{
    store_run(store, SQL_DROP_GRANT, "i", grant_id);
}

/* ---- for the audit ---- */

void store_count(struct store *store, struct store_counts *ret_counts)
{
    store_ask(store, SQL_COUNT, "");
    if (!store_row(store, SQL_COUNT))
        return;
    *ret_counts = (struct store_counts){
        .unions = store_int(store, SQL_COUNT, 0),
        .roster = store_int(store, SQL_COUNT, 1),
        .verified = store_int(store, SQL_COUNT, 2),
        .grants = store_int(store, SQL_COUNT, 3),
        .wechats = store_int(store, SQL_COUNT, 4),
    };
    store_end(store, SQL_COUNT);
}

bool store_find_stray_union(struct store *store, int64_t *ret_union_id)
{
    store_ask(store, SQL_STRAY_UNION, "");
    if (!store_row(store, SQL_STRAY_UNION))
        return false;
    *ret_union_id = store_int(store, SQL_STRAY_UNION, 0);
    store_end(store, SQL_STRAY_UNION);
    return true;
}

bool store_find_split_unionid(struct store *store, int64_t *ret_wechat_id)
{
    store_ask(store, SQL_SPLIT_UNIONID, "");
    if (!store_row(store, SQL_SPLIT_UNIONID))
        return false;
    *ret_wechat_id = store_int(store, SQL_SPLIT_UNIONID, 0);
    store_end(store, SQL_SPLIT_UNIONID);
    return true;
}
