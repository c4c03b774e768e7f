#include "services/coupon/claim/holdings.h"

#include "services/coupon/api.h"
#include "services/coupon/backing/vouchers.h"
#include "services/coupon/claim/claims_internal.h"

#define INDEX_SLICE 1000
#define NUMBERS_MAX 16 /* of one member, whose newest coupons are looked for in memory */

#define OF_SEVERAL    HOLDER_OF_SEVERAL("claim.member_id")
#define OF_SEVERAL_AT 8 /* the column behind those of a claim */

enum { SQL_INDEXED, SQL_SET_INDEXED, SQL_UNINDEXED, SQL_INDEX, SQL_HERS, SQL_OF_NUMBER, SQL_HERS_AFTER, N_SQL };

static const char *const sql[] = {
    [SQL_INDEXED] = "SELECT upto FROM progress WHERE name = 'claim_of_member'",
    [SQL_SET_INDEXED] = "UPDATE progress SET upto = ?1 WHERE name = 'claim_of_member'",
    [SQL_UNINDEXED] =
        "SELECT " CLAIM_COLUMNS ", 0, " OF_SEVERAL " FROM claim WHERE coupon_id > ?1 ORDER BY coupon_id LIMIT ?2",
    [SQL_INDEX] = "INSERT INTO claim_of_member (member_id, coupon_id) VALUES (?1, ?2) "
                  "ON CONFLICT (member_id, coupon_id) DO NOTHING",
    [SQL_HERS] = "SELECT " CLAIM_COLUMNS ", coalesce(ended_at, 0) FROM claim_of_member JOIN claim "
                 "ON claim.coupon_id = claim_of_member.coupon_id" CLAIM_ENDED "WHERE claim_of_member." HOLDER_HERS " "
                 "AND claim_of_member.coupon_id < ?2 ORDER BY claim_of_member.coupon_id DESC LIMIT ?3",
    /* The same of who holds one number, as nearly all do: the index has them in this order, so that nothing is sorted. */
    [SQL_OF_NUMBER] =
        "SELECT " CLAIM_COLUMNS ", coalesce(ended_at, 0) FROM claim_of_member JOIN claim "
        "ON claim.coupon_id = claim_of_member.coupon_id" CLAIM_ENDED "WHERE claim_of_member.member_id = ?1 "
        "AND claim_of_member.coupon_id < ?2 ORDER BY claim_of_member.coupon_id DESC LIMIT ?3",
    [SQL_HERS_AFTER] =
        "SELECT " CLAIM_COLUMNS ", coalesce(ended_at, 0) FROM claim_of_member JOIN claim "
        "ON claim.coupon_id = claim_of_member.coupon_id" CLAIM_ENDED "WHERE claim_of_member." HOLDER_HERS " "
        "AND claim_of_member.coupon_id > ?2 ORDER BY claim_of_member.coupon_id LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- asking ---- */

unsigned holdings_ask(const struct coupon *self, int64_t member_id, int64_t before, int limit)
{
    int64_t numbers[2];
    bool several = holders_numbers(&self->holders, member_id, numbers, ARRAY_LEN(numbers)) > 1;
    unsigned asked = self->holdings.sql + (several ? SQL_HERS : SQL_OF_NUMBER);

    store_ask(self->store, asked, "iii", member_id, before, (int64_t)limit);
    return asked;
}

bool holdings_next(const struct coupon *self, unsigned asked, struct claim *ret)
{
    return claim_read(self->store, asked, ret);
}

void holdings_end(const struct coupon *self, unsigned asked)
{
    store_end(self->store, asked);
}

/* Her own number first, then those that she holds. */
static size_t recent_of(struct coupon *self, int64_t number, int64_t before, int64_t *ids, size_t n, size_t size)
{
    for (unsigned i = 0; i < self->n_live && n < size; i++) {
        int64_t id = claimants_find(&self->live[i]->claimants, number);
        size_t at = n;

        if (id <= self->indexed || id >= before)
            continue;
        while (at > 0 && ids[at - 1] < id)
            at--;
        if (at > 0 && ids[at - 1] == id)
            continue; /* hers by two numbers */
        memmove(&ids[at + 1], &ids[at], (n++ - at) * sizeof(*ids));
        ids[at] = id;
    }
    return n;
}

size_t holdings_recent(struct coupon *self, int64_t member_id, int64_t before, int64_t *ret_ids, size_t size)
{
    int64_t numbers[NUMBERS_MAX];
    size_t n = 0, n_numbers = holders_numbers(&self->holders, member_id, numbers, NUMBERS_MAX);

    for (size_t i = 0; i < n_numbers; i++)
        n = recent_of(self, numbers[i], before, ret_ids, n, size);
    return n;
}

/* ---- indexing behind the claims ---- */

int holdings_load(struct coupon *self)
{
    unsigned statement = self->holdings.sql + SQL_INDEXED;

    store_ask(self->store, statement, "");
    self->indexed = store_number(self->store, statement);
    /* Coupons of a batch that failed may have been passed by the index; no later id lies before it. */
    if (self->indexed > self->ids.last)
        self->ids.last = self->indexed;
    return store_trouble(self->store) ? -1 : 0;
}

struct slice {
    struct coupon *self;
    int limit;
    int64_t upto;
};

static void index_claims(void *call, void *arg)
{
    struct slice *slice = arg;
    struct coupon *self = slice->self;
    unsigned statement = self->holdings.sql + SQL_UNINDEXED;
    struct claim claim;

    slice->upto = self->last_coupon; /* unless there are more than the limit */
    store_ask(self->store, statement, "ii", self->indexed, (int64_t)slice->limit);
    while (claim_read(self->store, statement, &claim)) {
        store_run(self->store, self->holdings.sql + SQL_INDEX, "ii", claim.member_id, claim.coupon_id);
        voucher_owe(self, &claim, call);
        if (store_int(self->store, statement, OF_SEVERAL_AT)) {
            claim_count_for_holder(self, &claim, call);
            holders_recheck(&self->holders, claim.member_id);
        }
        if (--slice->limit == 0)
            slice->upto = claim.coupon_id;
    }
    store_run(self->store, self->holdings.sql + SQL_SET_INDEXED, "i", slice->upto);
}

int64_t holdings_index_slice(struct coupon *self, int limit)
{
    struct slice slice = {.self = self, .limit = limit};
    int64_t behind = self->last_coupon - self->indexed;

    if (behind > 0 && rpc_server_transact(self->rpc, index_claims, &slice) == 0)
        self->indexed = slice.upto;
    return behind;
}

static bool work(void *arg)
{
    struct coupon *self = arg;
    bool idle = parts_lull(&self->parts, &self->lull);

    if (idle)
        holdings_index_slice(self, INDEX_SLICE);
    return idle && self->indexed < self->last_coupon;
}

/* ---- people ---- */

void holdings_export(void *arg, struct part_export *export)
{
    struct coupon *self = arg;
    unsigned statement = self->holdings.sql + SQL_HERS_AFTER;
    int64_t recent[COUPON_MAX_LIVE];
    size_t n = holdings_recent(self, export->member_id, INT64_MAX, recent, ARRAY_LEN(recent));
    struct claim claim;
    bool more = true;

    store_ask(self->store, statement, "iii", export->member_id, export->after, (int64_t)LIMIT_EXPORT_PAGE + 1);
    while (more && claim_read(self->store, statement, &claim))
        more = coupon_give(self, &claim, export);
    store_end(self->store, statement);
    while (more && n-- > 0) {
        if (recent[n] > export->after && claims_find(&self->claims, recent[n], &claim))
            more = coupon_give(self, &claim, export);
    }
}

const struct part_spec holdings_part = {
    .tables = "claim_of_member progress",
    .sql = sql,
    .n_sql = N_SQL,
    .work = work,
    .exports = {{NULL, "-- her coupons are told by claims"}},
    .closed = {"-- what she had is still found by it, so that it ends (claims.h)"},
    .merged = {"-- stays under its number, as the claim does"},
};
