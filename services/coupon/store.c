#include "services/coupon/store.h"

#define RELEASE_COLUMNS                                                                                                \
    "release_id, title, union_path, face_fen, threshold_fen, stock_per_day, opens_at, days, allowance, min_level, "    \
    "eligible_path, trades, valid_days, state, created_at, closed_at"
#define CLAIM_COLUMNS "claim.coupon_id, release_id, claim.member_id, day, code, at, key"

enum {
    SQL_ADD_RELEASE,
    SQL_SET_STATE,
    SQL_SET_PATHS,
    SQL_RELEASES,
    SQL_FIND_RELEASE,
    SQL_ADD_CLAIM,
    SQL_FIND_CLAIM,
    SQL_CLAIMS,
    SQL_LAST_COUPON,
    SQL_INDEXED,
    SQL_SET_INDEXED,
    SQL_INDEX_CLAIM,
    SQL_COUPONS,
    SQL_OVERSOLD,
    SQL_DUPLICATE,
    N_SQL
};

const char *const coupon_sql[] = {
    [SQL_ADD_RELEASE] = "INSERT INTO release (" RELEASE_COLUMNS ") VALUES "
                        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [SQL_SET_STATE] = "UPDATE release SET state = ?2, closed_at = ?3, granted = ?4 WHERE release_id = ?1",
    [SQL_SET_PATHS] = "UPDATE release SET union_path = ?2, eligible_path = ?3 WHERE release_id = ?1",
    [SQL_RELEASES] = "SELECT " RELEASE_COLUMNS ", granted FROM release WHERE closed_at = 0 OR closed_at >= ?1 "
                     "ORDER BY release_id",
    [SQL_FIND_RELEASE] = "SELECT " RELEASE_COLUMNS ", granted FROM release WHERE release_id = ?1",
    [SQL_ADD_CLAIM] = "INSERT INTO claim (coupon_id, release_id, member_id, day, code, at, key) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND_CLAIM] = "SELECT " CLAIM_COLUMNS " FROM claim WHERE coupon_id = ?1",
    [SQL_CLAIMS] = "SELECT " CLAIM_COLUMNS " FROM claim WHERE coupon_id > ?1 ORDER BY coupon_id",
    [SQL_LAST_COUPON] = "SELECT coalesce(max(coupon_id), 0) FROM claim",
    [SQL_INDEXED] = "SELECT upto FROM progress WHERE name = 'claim_of_member'",
    [SQL_SET_INDEXED] = "UPDATE progress SET upto = ?1 WHERE name = 'claim_of_member'",
    [SQL_INDEX_CLAIM] = "INSERT INTO claim_of_member (member_id, coupon_id) VALUES (?1, ?2) "
                        "ON CONFLICT (member_id, coupon_id) DO NOTHING",
    [SQL_COUPONS] = "SELECT " CLAIM_COLUMNS " FROM claim_of_member JOIN claim "
                    "ON claim.coupon_id = claim_of_member.coupon_id WHERE claim_of_member.member_id = ?1 "
                    "AND claim_of_member.coupon_id < ?2 ORDER BY claim_of_member.coupon_id DESC LIMIT ?3",
    [SQL_OVERSOLD] = "SELECT claim.release_id, day FROM claim JOIN release ON release.release_id = claim.release_id "
                     "GROUP BY claim.release_id, day HAVING count(*) > min(stock_per_day) LIMIT 1",
    [SQL_DUPLICATE] = "SELECT claim.release_id, member_id FROM claim "
                      "JOIN release ON release.release_id = claim.release_id "
                      "GROUP BY claim.release_id, member_id, CASE allowance WHEN 1 THEN day ELSE 0 END "
                      "HAVING count(*) > 1 LIMIT 1",
};
const unsigned coupon_n_sql = N_SQL;

bool store_add_release(struct store *store, const struct release *release)
{
    return store_run(store, SQL_ADD_RELEASE, "ittiiiiiiitiiiii", release->id, release->title, release->union_path,
                     release->face_fen, release->threshold_fen, (int64_t)release->stock_per_day, release->opens_at,
                     (int64_t)release->days, (int64_t)release->allowance, (int64_t)release->min_level,
                     release->eligible_path, (int64_t)release->trades, (int64_t)release->valid_days,
                     (int64_t)release->state, release->created_at, release->closed_at) != -1;
}

void store_set_state(struct store *store, const struct release *release)
{
    store_run(store, SQL_SET_STATE, "iiii", release->id, (int64_t)release->state, release->closed_at, release->granted);
}

void store_set_paths(struct store *store, const struct release *release)
{
    store_run(store, SQL_SET_PATHS, "itt", release->id, release->union_path, release->eligible_path);
}

static void read_release(struct store *store, unsigned sql, struct release *ret)
{
    *ret = (struct release){
        .id = store_int(store, sql, 0),
        .face_fen = store_int(store, sql, 3),
        .threshold_fen = store_int(store, sql, 4),
        .stock_per_day = (int32_t)store_int(store, sql, 5),
        .opens_at = store_int(store, sql, 6),
        .days = (int32_t)store_int(store, sql, 7),
        .allowance = (int)store_int(store, sql, 8),
        .min_level = (int)store_int(store, sql, 9),
        .trades = (uint32_t)store_int(store, sql, 11),
        .valid_days = (int32_t)store_int(store, sql, 12),
        .state = (int)store_int(store, sql, 13),
        .created_at = store_int(store, sql, 14),
        .closed_at = store_int(store, sql, 15),
        .granted = store_int(store, sql, 16),
    };
    snprintf(ret->title, sizeof(ret->title), "%s", store_text(store, sql, 1));
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", store_text(store, sql, 2));
    snprintf(ret->eligible_path, sizeof(ret->eligible_path), "%s", store_text(store, sql, 10));
}

void store_ask_releases(struct store *store, int64_t closed_since)
{
    store_ask(store, SQL_RELEASES, "i", closed_since);
}

bool store_next_release(struct store *store, struct release *ret_release)
{
    if (!store_row(store, SQL_RELEASES))
        return false;
    read_release(store, SQL_RELEASES, ret_release);
    return true;
}

bool store_find_release(struct store *store, int64_t release_id, struct release *ret_release)
{
    store_ask(store, SQL_FIND_RELEASE, "i", release_id);
    if (!store_row(store, SQL_FIND_RELEASE))
        return false;
    read_release(store, SQL_FIND_RELEASE, ret_release);
    store_end(store, SQL_FIND_RELEASE);
    return true;
}

void store_add_claim(struct store *store, const struct claim *claim)
{
    store_run(store, SQL_ADD_CLAIM, "iiiiiib", claim->coupon_id, claim->release_id, claim->member_id,
              (int64_t)claim->day, (int64_t)claim->code, claim->at, claim->key, claim->key_len);
}

static void read_claim(struct store *store, unsigned sql, struct claim *ret)
{
    const void *key;

    *ret = (struct claim){
        .coupon_id = store_int(store, sql, 0),
        .release_id = store_int(store, sql, 1),
        .member_id = store_int(store, sql, 2),
        .day = (int32_t)store_int(store, sql, 3),
        .code = (uint64_t)store_int(store, sql, 4),
        .at = store_int(store, sql, 5),
    };
    key = store_blob(store, sql, 6, &ret->key_len);
    if (ret->key_len > sizeof(ret->key))
        ret->key_len = 0;
    memcpy(ret->key, key, ret->key_len);
}

bool store_find_claim(struct store *store, int64_t coupon_id, struct claim *ret_claim)
{
    store_ask(store, SQL_FIND_CLAIM, "i", coupon_id);
    if (!store_row(store, SQL_FIND_CLAIM))
        return false;
    read_claim(store, SQL_FIND_CLAIM, ret_claim);
    store_end(store, SQL_FIND_CLAIM);
    return true;
}

void store_ask_claims(struct store *store, int64_t after)
{
    store_ask(store, SQL_CLAIMS, "i", after);
}

bool store_next_claim(struct store *store, struct claim *ret_claim)
{
    if (!store_row(store, SQL_CLAIMS))
        return false;
    read_claim(store, SQL_CLAIMS, ret_claim);
    return true;
}

void store_end_claims(struct store *store)
{
    store_end(store, SQL_CLAIMS);
}

static int64_t one_number(struct store *store, unsigned sql)
{
    int64_t number = 0;

    store_ask(store, sql, "");
    if (store_row(store, sql)) {
        number = store_int(store, sql, 0);
        store_end(store, sql);
    }
    return number;
}

int64_t store_last_coupon(struct store *store)
{
    return one_number(store, SQL_LAST_COUPON);
}

int64_t store_indexed(struct store *store)
{
    return one_number(store, SQL_INDEXED);
}

void store_set_indexed(struct store *store, int64_t upto)
{
    store_run(store, SQL_SET_INDEXED, "i", upto);
}

void store_index_claim(struct store *store, int64_t member_id, int64_t coupon_id)
{
    store_run(store, SQL_INDEX_CLAIM, "ii", member_id, coupon_id);
}

void store_ask_coupons(struct store *store, int64_t member_id, int64_t before, int limit)
{
    store_ask(store, SQL_COUPONS, "iii", member_id, before, (int64_t)limit);
}

bool store_next_coupon(struct store *store, struct claim *ret_claim)
{
    if (!store_row(store, SQL_COUPONS))
        return false;
    read_claim(store, SQL_COUPONS, ret_claim);
    return true;
}

static bool two_numbers(struct store *store, unsigned sql, int64_t *ret_a, int64_t *ret_b)
{
    store_ask(store, sql, "");
    if (!store_row(store, sql))
        return false;
    *ret_a = store_int(store, sql, 0);
    *ret_b = store_int(store, sql, 1);
    store_end(store, sql);
    return true;
}

bool store_find_oversold(struct store *store, int64_t *ret_release, int64_t *ret_day)
{
    return two_numbers(store, SQL_OVERSOLD, ret_release, ret_day);
}

bool store_find_duplicate(struct store *store, int64_t *ret_release, int64_t *ret_member)
{
    return two_numbers(store, SQL_DUPLICATE, ret_release, ret_member);
}
