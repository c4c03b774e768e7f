#include "services/coupon/till/expiry.h"

#include "services/coupon/till/spendings.h"

#define SLICE 200

enum { SQL_BEGIN, SQL_UPTO, SQL_SET_UPTO, SQL_NEXT, SQL_ADD, SQL_DUE, SQL_DROP, SQL_COUNT, SQL_OF, N_SQL };

static const char *const sql[] = {
    /* Of what was given before this was kept, the coupons of releases that are still open. */
    [SQL_BEGIN] =
        "INSERT INTO expiry_progress (name, upto) VALUES ('coupon_due', coalesce((SELECT min(release_id) FROM "
        "release WHERE closed_at = 0), (SELECT max(coupon_id) FROM claim), 0)) ON CONFLICT (name) DO NOTHING",
    [SQL_UPTO] = "SELECT upto FROM expiry_progress WHERE name = 'coupon_due'",
    [SQL_SET_UPTO] = "UPDATE expiry_progress SET upto = ?1 WHERE name = 'coupon_due'",
    [SQL_NEXT] =
        "SELECT coupon_id, release_id, at, day FROM claim WHERE coupon_id > ?1 AND coupon_id <= ?2 ORDER BY coupon_id "
        "LIMIT ?3",
    [SQL_ADD] = "INSERT INTO coupon_due (due_at, coupon_id) VALUES (?1, ?2) ON CONFLICT (due_at, coupon_id) DO NOTHING",
    [SQL_DUE] = "SELECT due_at, coupon_id FROM coupon_due WHERE due_at <= ?1 ORDER BY due_at, coupon_id LIMIT ?2",
    [SQL_DROP] = "DELETE FROM coupon_due WHERE due_at = ?1 AND coupon_id = ?2",
    [SQL_COUNT] = "INSERT INTO coupon_expired (release_id, n) VALUES (?1, 1) "
                  "ON CONFLICT (release_id) DO UPDATE SET n = n + 1",
    [SQL_OF] = "SELECT n FROM coupon_expired WHERE release_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t expiry_count(const struct expiry *expiry, int64_t release_id)
{
    store_ask(expiry->store, expiry->sql + SQL_OF, "i", release_id);
    return store_number(expiry->store, expiry->sql + SQL_OF);
}

/* Claims up to this one are looked at; -1: none has been yet. */
static int64_t looked_at(const struct coupon *self)
{
    int64_t upto = -1;

    store_ask(self->store, self->expiry.sql + SQL_UPTO, "");
    store_only(self->store, self->expiry.sql + SQL_UPTO, INTO(upto));
    return upto;
}

static void add(struct coupon *self, int64_t coupon_id, int64_t release_id, int64_t claimed_at, int32_t day)
{
    const struct terms *terms = terms_find(self, release_id);
    int64_t until = terms ? life_until(&terms->life, claimed_at, day) : claimed_at;

    if (!terms || terms->at_counters)
        store_run(self->store, self->expiry.sql + SQL_ADD, "ii", until + EXPIRY_AFTER_MS, coupon_id);
}

void expiry_again(struct coupon *self, int64_t coupon_id)
{
    struct claim claim;

    if (coupon_id <= looked_at(self) && claims_find(&self->claims, coupon_id, &claim))
        add(self, coupon_id, claim.release_id, claim.at, claim.day);
}

/* Behind the claims, once they are indexed: then nobody asks much. Whether there may be more. */
static bool feed(struct coupon *self)
{
    int64_t coupon_id, release_id, at, upto = looked_at(self);
    int32_t day;
    int n = 0;

    if (upto < 0) {
        store_run(self->store, self->expiry.sql + SQL_BEGIN, "");
        return true;
    }
    if (self->indexed < self->last_coupon || upto >= self->indexed)
        return false;
    store_ask(self->store, self->expiry.sql + SQL_NEXT, "iii", upto, self->indexed, (int64_t)SLICE);
    while (
        store_read(self->store, self->expiry.sql + SQL_NEXT, INTO(coupon_id), INTO(release_id), INTO(at), INTO(day))) {
        add(self, coupon_id, release_id, at, day);
        upto = coupon_id;
        n++;
    }
    store_run(self->store, self->expiry.sql + SQL_SET_UPTO, "i", n == SLICE ? upto : self->indexed);
    return n == SLICE;
}

/* One whose time is over. Whether it was still to be spent; not while it is kept for a purchase. */
static bool expire(struct coupon *self, int64_t coupon_id, void *call)
{
    struct redemption redemption;
    const struct terms *terms;
    struct claim claim;
    struct sale sale;

    if (!claims_find(&self->claims, coupon_id, &claim) || claim.ended_at ||
        redemptions_find_live(&self->sales, &claim, rpc_now(call), &redemption, &sale))
        return false;
    terms = terms_find(self, claim.release_id);
    store_run(self->store, self->expiry.sql + SQL_COUNT, "i", claim.release_id);
    if (terms && terms->frees_unspent)
        granted_set(&self->granted, coupon_id, claim.member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    return true;
}

static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    Coupon__CouponsExpired expired = COUPON__COUPONS_EXPIRED__INIT;
    int64_t due[SLICE][2], ids[SLICE];
    size_t n = 0;
    bool more = feed(self);

    store_ask(self->store, self->expiry.sql + SQL_DUE, "ii", rpc_now(call), (int64_t)SLICE);
    while (n < SLICE && store_read(self->store, self->expiry.sql + SQL_DUE, INTO(due[n][0]), INTO(due[n][1])))
        n++;
    store_end(self->store, self->expiry.sql + SQL_DUE);
    for (size_t i = 0; i < n; i++) {
        store_run(self->store, self->expiry.sql + SQL_DROP, "ii", due[i][0], due[i][1]);
        if (expire(self, due[i][1], call))
            ids[expired.n_coupon_ids++] = due[i][1];
    }
    expired.coupon_ids = ids;
    if (expired.n_coupon_ids)
        rpc_tell(call, &expired.base);
    return more || n == SLICE;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    struct claim claim;

    (void)row;
    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_COUPONS_EXPIRED)
        return true;
    for (size_t i = 0; i < event->coupons_expired->n_coupon_ids; i++) {
        if (!claims_find(&self->claims, event->coupons_expired->coupon_ids[i], &claim))
            return false;
        ++*part_word(&self->parts, &expiry_part, 0, claim.release_id);
    }
    return true;
}

const struct part_spec expiry_part = {
    .tables = "coupon_due coupon_expired expiry_progress",
    .steps = &expiry_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .others = "coupon_expired.release_id",
    .words = {{"expired coupons of release", "SELECT release_id, n FROM coupon_expired ORDER BY release_id"}},
};
