#include "services/identity/access/codes.h"
#include "services/identity/rules.h"

#define OLD_SLICE "1000"

enum { SQL_FIND, SQL_KEEP, SQL_DROP_OLD, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT code, sent_at, used, tries, window_at, sends FROM login_code WHERE mobile = ?1",
    [SQL_KEEP] = "INSERT INTO login_code (mobile, code, sent_at, used, tries, window_at, sends) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (mobile) DO UPDATE SET code = excluded.code, "
                 "sent_at = excluded.sent_at, used = excluded.used, tries = excluded.tries, "
                 "window_at = excluded.window_at, sends = excluded.sends",
    [SQL_DROP_OLD] = "DELETE FROM login_code WHERE mobile IN "
                     "(SELECT mobile FROM login_code WHERE sent_at < ?1 LIMIT " OLD_SLICE ")",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool codes_find(const struct codes *codes, const unsigned char mobile[PII_INDEX_LEN], struct login_code *ret_code,
                unsigned char ret_hash[PII_INDEX_LEN])
{
    store_ask(codes->store, codes->sql + SQL_FIND, "b", mobile, (size_t)PII_INDEX_LEN);
    if (!store_row(codes->store, codes->sql + SQL_FIND))
        return false;
    store_copy_blob(codes->store, codes->sql + SQL_FIND, 0, ret_hash, PII_INDEX_LEN);
    *ret_code = (struct login_code){
        .sent_at = store_int(codes->store, codes->sql + SQL_FIND, 1),
        .used = store_int(codes->store, codes->sql + SQL_FIND, 2) != 0,
        .tries = (int32_t)store_int(codes->store, codes->sql + SQL_FIND, 3),
        .window_at = store_int(codes->store, codes->sql + SQL_FIND, 4),
        .sends = (int32_t)store_int(codes->store, codes->sql + SQL_FIND, 5),
    };
    store_end(codes->store, codes->sql + SQL_FIND);
    return true;
}

void codes_keep(const struct codes *codes, const unsigned char mobile[PII_INDEX_LEN], const struct login_code *code,
                const unsigned char hash[PII_INDEX_LEN])
{
    store_run(codes->store, codes->sql + SQL_KEEP, "bbiiiii", mobile, (size_t)PII_INDEX_LEN, hash,
              (size_t)PII_INDEX_LEN, code->sent_at, (int64_t)code->used, (int64_t)code->tries, code->window_at,
              (int64_t)code->sends);
}

int codes_drop_old(const struct codes *codes, int64_t sent_before)
{
    return store_run(codes->store, codes->sql + SQL_DROP_OLD, "i", sent_before);
}

const struct part_spec codes_part = {
    .tables = "login_code",
    .sql = sql,
    .n_sql = N_SQL,
    .exports = {{NULL, "-- a sum of a code that lets nobody in any more after some minutes"}},
    .closed = {"DELETE FROM login_code WHERE mobile = (SELECT mobile FROM member WHERE member_id = ?1)"},
    .merged = {"-- a code is of a number, which opens the account that is kept"},
};
