#include "services/identity/access/codes.h"

#include <mbedtls/constant_time.h>

#include "common/base/log.h"
#include "services/identity/people/person.h"

#define OLD_SLICE "1000"
#define DAY_MS    INT64_C(86400000)

enum {
    SQL_FIND,
    SQL_LAST,
    SQL_KEEP,
    SQL_DROP,
    SQL_FIND_COUNT,
    SQL_KEEP_COUNT,
    SQL_DROP_OLD,
    SQL_DROP_OLD_COUNTS,
    N_SQL
};

static const char *const sql[] = {
    [SQL_FIND] = "SELECT code, sent_at, used, tries FROM code WHERE mobile = ?1 AND purpose = ?2 AND asker = ?3",
    [SQL_LAST] = "SELECT max(sent_at) FROM code WHERE mobile = ?1 AND purpose = ?2",
    [SQL_KEEP] =
        "INSERT INTO code (mobile, purpose, asker, code, sent_at, used, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
        "?7) ON CONFLICT (mobile, purpose, asker) DO UPDATE SET code = excluded.code, sent_at = "
        "excluded.sent_at, used = excluded.used, tries = excluded.tries",
    [SQL_DROP] = "DELETE FROM code WHERE mobile = ?1 AND purpose = ?2 AND asker = ?3",
    [SQL_FIND_COUNT] = "SELECT began_at, sends FROM code_count WHERE counted = ?1",
    [SQL_KEEP_COUNT] = "INSERT INTO code_count (counted, began_at, sends) VALUES (?1, ?2, ?3) ON CONFLICT (counted) "
                       "DO UPDATE SET began_at = excluded.began_at, sends = excluded.sends",
    [SQL_DROP_OLD] =
        "DELETE FROM code WHERE (mobile, purpose, asker) IN "
        "(SELECT mobile, purpose, asker FROM code WHERE sent_at < ?1 ORDER BY sent_at LIMIT " OLD_SLICE ")",
    [SQL_DROP_OLD_COUNTS] =
        "DELETE FROM code_count WHERE counted IN "
        "(SELECT counted FROM code_count WHERE began_at < ?1 ORDER BY began_at LIMIT " OLD_SLICE ")",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* Who a code is between: a number and who asks for it. */
struct code_key {
    int purpose;
    unsigned char mobile[PII_INDEX_LEN], asker[PII_INDEX_LEN];
};

/* ---- rows ---- */

static bool find(const struct codes *codes, const struct code_key *key, struct code *ret,
                 unsigned char ret_hash[PII_INDEX_LEN])
{
    unsigned statement = codes->sql + SQL_FIND;

    store_ask(codes->store, statement, "bib", key->mobile, sizeof(key->mobile), (int64_t)key->purpose, key->asker,
              sizeof(key->asker));
    if (!store_row(codes->store, statement))
        return false;
    store_copy_blob(codes->store, statement, 0, ret_hash, PII_INDEX_LEN);
    *ret = (struct code){
        .sent_at = store_int(codes->store, statement, 1),
        .used = store_int(codes->store, statement, 2) != 0,
        .tries = (int32_t)store_int(codes->store, statement, 3),
    };
    store_end(codes->store, statement);
    return true;
}

static void keep(const struct codes *codes, const struct code_key *key, const struct code *code,
                 const unsigned char hash[PII_INDEX_LEN])
{
    store_run(codes->store, codes->sql + SQL_KEEP, "bibbiii", key->mobile, sizeof(key->mobile), (int64_t)key->purpose,
              key->asker, sizeof(key->asker), hash, (size_t)PII_INDEX_LEN, code->sent_at, (int64_t)code->used,
              (int64_t)code->tries);
}

static int64_t last_sent(const struct codes *codes, const struct code_key *key)
{
    store_ask(codes->store, codes->sql + SQL_LAST, "bi", key->mobile, sizeof(key->mobile), (int64_t)key->purpose);
    return store_number(codes->store, codes->sql + SQL_LAST);
}

static void find_count(const struct codes *codes, const unsigned char counted[PII_INDEX_LEN], struct code_count *ret)
{
    unsigned statement = codes->sql + SQL_FIND_COUNT;

    *ret = (struct code_count){0};
    store_ask(codes->store, statement, "b", counted, (size_t)PII_INDEX_LEN);
    if (!store_row(codes->store, statement))
        return;
    ret->began_at = store_int(codes->store, statement, 0);
    ret->sends = (int32_t)store_int(codes->store, statement, 1);
    store_end(codes->store, statement);
}

static void keep_count(const struct codes *codes, const unsigned char counted[PII_INDEX_LEN],
                       const struct code_count *count)
{
    store_run(codes->store, codes->sql + SQL_KEEP_COUNT, "bii", counted, (size_t)PII_INDEX_LEN, count->began_at,
              (int64_t)count->sends);
}

/* ---- how many are sent ---- */

/* What one more code counts against; most 0: nothing bounds it. */
struct code_bound {
    unsigned char counted[PII_INDEX_LEN];
    int64_t most, length_ms, now;
    int refusal;
    struct code_count count;
};

enum { BOUND_NUMBER, BOUND_ADDRESS, BOUND_DAY, N_BOUNDS };

static int64_t day_of(int64_t now)
{
    int64_t begin = 0;

    cn_day_begin(cn_day(now), &begin);
    return begin;
}

/* Under which all that is sent on a day is counted; no blind index is so by chance. */
static const unsigned char counted_day[PII_INDEX_LEN] = "all codes a day";

/* An address that is not known, as of a daemon's own call, is not bounded. */
static void find_bounds(struct identity *self, const struct code_key *key, void *call, struct code_bound ret[N_BOUNDS])
{
    uint64_t address = rpc_client_of(call)->address;
    int64_t now = rpc_now(call);

    ret[BOUND_NUMBER] = (struct code_bound){
        .most = CODE_SENDS, .length_ms = CODE_WINDOW_MS, .now = now, .refusal = IDENTITY__REASON__CODE_SENT_RECENTLY};
    memcpy(ret[BOUND_NUMBER].counted, key->mobile, PII_INDEX_LEN);
    ret[BOUND_ADDRESS] = (struct code_bound){.most = address ? self->codes_address : 0,
                                             .length_ms = CODES_ADDRESS_MS,
                                             .now = now,
                                             .refusal = IDENTITY__REASON__CODES_ADDRESS_LIMITED};
    person_index_address(self, address, ret[BOUND_ADDRESS].counted);
    /* A day of the calendar, from its beginning. */
    ret[BOUND_DAY] = (struct code_bound){
        .most = self->codes_day, .length_ms = DAY_MS, .now = day_of(now), .refusal = IDENTITY__REASON__CODES_SPENT};
    memcpy(ret[BOUND_DAY].counted, counted_day, PII_INDEX_LEN);
    for (unsigned i = 0; i < N_BOUNDS; i++)
        find_count(&self->codes, ret[i].counted, &ret[i].count);
}

static int bounds_refusal(const struct code_bound bounds[N_BOUNDS], int64_t now, int32_t *ret_retry_after_s)
{
    int reason = 0;

    for (unsigned i = 0; i < N_BOUNDS && !reason; i++) {
        reason = code_count_refusal(&bounds[i].count, bounds[i].most, bounds[i].length_ms, bounds[i].now,
                                    bounds[i].refusal, ret_retry_after_s);
        if (reason)
            *ret_retry_after_s -= (int32_t)((now - bounds[i].now) / 1000);
    }
    return reason;
}

static void count_code(struct identity *self, struct code_bound bounds[N_BOUNDS], void *call)
{
    for (unsigned i = 0; i < N_BOUNDS; i++) {
        if (i == BOUND_ADDRESS && !rpc_client_of(call)->address)
            continue;
        code_counted(&bounds[i].count, bounds[i].length_ms, bounds[i].now);
        keep_count(&self->codes, bounds[i].counted, &bounds[i].count);
    }
    if (code_budget_turns_low(bounds[BOUND_DAY].count.sends, self->codes_day))
        log_warn("codes_budget_low", "sent", log_int(bounds[BOUND_DAY].count.sends), "budget",
                 log_int(self->codes_day));
}

int64_t codes_sent_today(const struct identity *self, int64_t now)
{
    struct code_count count;

    find_count(&self->codes, counted_day, &count);
    return count.began_at == day_of(now) ? count.sends : 0;
}

/* ---- codes ---- */

static void find_key(struct identity *self, const char *mobile, int purpose, void *call, struct code_key *ret)
{
    ret->purpose = purpose;
    person_index_mobile(self, mobile, ret->mobile);
    person_index_asker(self, rpc_client_of(call), ret->asker);
}

int code_make(struct identity *self, const char *mobile, int purpose, void *call, char ret_text[CODE_DIGITS + 1],
              int32_t *ret_retry_after_s)
{
    struct code code = {.sent_at = rpc_now(call)};
    struct code_bound bounds[N_BOUNDS];
    unsigned char hash[PII_INDEX_LEN];
    struct code_key key;
    uint64_t random;
    int reason;

    find_key(self, mobile, purpose, call, &key);
    find_bounds(self, &key, call, bounds);
    reason = code_pause_refusal(last_sent(&self->codes, &key), rpc_now(call), ret_retry_after_s);
    if (!reason)
        reason = bounds_refusal(bounds, rpc_now(call), ret_retry_after_s);
    if (reason)
        return reason;
    rpc_random(call, &random, sizeof(random));
    code_text(random, ret_text);
    person_index_code(self, mobile, purpose, ret_text, hash);
    keep(&self->codes, &key, &code, hash);
    count_code(self, bounds, call);
    return 0;
}

void code_take_back(struct identity *self, const char *mobile, int purpose, void *call)
{
    struct code_bound bounds[N_BOUNDS];
    struct code_key key;

    find_key(self, mobile, purpose, call, &key);
    find_bounds(self, &key, call, bounds);
    if (store_run(self->codes.store, self->codes.sql + SQL_DROP, "bib", key.mobile, sizeof(key.mobile),
                  (int64_t)key.purpose, key.asker, sizeof(key.asker)) != 1)
        return;
    for (unsigned i = 0; i < N_BOUNDS; i++) {
        if (bounds[i].count.sends <= 0)
            continue;
        bounds[i].count.sends--;
        keep_count(&self->codes, bounds[i].counted, &bounds[i].count);
    }
}

int code_judge(struct identity *self, const char *mobile, int purpose, const char *text, void *call)
{
    unsigned char hash[PII_INDEX_LEN] = {0}, given[PII_INDEX_LEN];
    char digits[CODE_DIGITS + 1];
    struct code code = {0};
    struct code_key key;
    bool known;
    int reason = code_read(text, digits);

    if (reason)
        return reason;
    find_key(self, mobile, purpose, call, &key);
    person_index_code(self, mobile, purpose, digits, given);
    known = find(&self->codes, &key, &code, hash);
    reason = code_answer(&code, rpc_now(call), known && mbedtls_ct_memcmp(hash, given, sizeof(hash)) == 0);
    if (reason == 0 || reason == IDENTITY__REASON__CODE_WRONG)
        keep(&self->codes, &key, &code, hash);
    return reason;
}

int codes_drop_old(const struct codes *codes, int64_t now)
{
    int n = store_run(codes->store, codes->sql + SQL_DROP_OLD, "i", now - CODE_WINDOW_MS);

    store_run(codes->store, codes->sql + SQL_DROP_OLD_COUNTS, "i", now - 2 * CODE_WINDOW_MS);
    return n;
}

const struct part_spec codes_part = {
    .tables = "code code_count",
    .steps = &codes_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .exports = {{NULL, "-- a sum of a code that lets nobody in any more after some minutes"}},
    .closed = {"DELETE FROM code WHERE mobile = (SELECT mobile FROM member WHERE member_id = ?1)",
               "DELETE FROM code_count WHERE counted = (SELECT mobile FROM member WHERE member_id = ?1)"},
    .merged = {"-- a code is of a number, which opens the account that is kept"},
};
