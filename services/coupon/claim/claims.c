#include "services/coupon/claim/claims.h"

#include "services/coupon/api.h"
#include "services/coupon/claim/claims_internal.h"
#include "services/coupon/claim/holdings.h"
#include "services/coupon/lot/places.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"
#include "services/coupon/ticket/tickets.h"

/* Of a claim and its release: what of the release one person has once. */
#define CN_DAYS "((opens_at + 28800000) / 86400000 + day) * 86400, 'unixepoch'"
#define ALLOWED                                                                                                        \
    "claim.release_id, CASE allowance WHEN 1 THEN day WHEN 2 THEN strftime('%Y%m', " CN_DAYS                           \
    ") WHEN 3 THEN strftime('%Y', " CN_DAYS ") ELSE 0 END"

/* What the end of a coupon leaves, in claim_ended.withdrawn. */
enum { PLACE_LOST, PLACE_FREE, RETURNED };
/* In SQL: whether the coupon of a row of claim_of_member was spent (till/sales.h, ticket/gates.h), by the indexes of
 * those that are kept or spent. */
#define SPENT                                                                                                          \
    "(EXISTS (SELECT 1 FROM redemption WHERE redemption.member_id = claim_of_member.member_id "                        \
    "AND redemption.coupon_id = claim_of_member.coupon_id AND redemption.state IN (1, 2) AND redemption.state = 2) "   \
    "OR "                                                                                                              \
    "EXISTS (SELECT 1 FROM boarding WHERE boarding.coupon_id = claim_of_member.coupon_id AND refusal = 0 "             \
    "AND undone_at = 0))"
#define RETURNED_ONES "(SELECT coupon_id FROM claim_ended WHERE withdrawn = 2)" /* place and allowance are free */

enum { SQL_ADD, SQL_FIND, SQL_AFTER, SQL_LAST, SQL_SPARE, SQL_END, SQL_WITHDRAWN, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO claim (coupon_id, release_id, member_id, day, code, at, key) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_FIND] = "SELECT " CLAIM_COLUMNS ", coalesce(ended_at, 0) FROM claim" CLAIM_ENDED "WHERE claim.coupon_id = ?1",
    [SQL_AFTER] = "SELECT " CLAIM_COLUMNS ", 0 FROM claim WHERE coupon_id > ?1 ORDER BY coupon_id",
    [SQL_LAST] = "SELECT coalesce(max(coupon_id), 0) FROM claim",
    /* What was spent stays, then what has not ended since another one stood, then what was taken first. */
    [SQL_SPARE] =
        "SELECT coupon_id FROM (SELECT claim.coupon_id, ended_at, " SPENT " AS spent, "
        "row_number() OVER (PARTITION BY " ALLOWED " ORDER BY " SPENT " DESC, withdrawn IS 0, claim.coupon_id) AS nth "
        "FROM claim_of_member JOIN claim ON claim.coupon_id = claim_of_member.coupon_id "
        "JOIN release ON release.release_id = claim.release_id" CLAIM_ENDED "WHERE claim_of_member." HOLDER_HERS " "
        "AND withdrawn IS NOT 2) WHERE (?2 OR nth > 1) AND ended_at IS NULL AND NOT spent LIMIT ?3",
    [SQL_END] = "INSERT INTO claim_ended (coupon_id, ended_at, withdrawn) VALUES (?1, ?2, ?3)",
    [SQL_WITHDRAWN] = "SELECT coupon_id, release_id, member_id, day, withdrawn FROM claim_ended JOIN claim USING "
                      "(coupon_id) WHERE withdrawn > 0 AND coupon_id > ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool claim_read(struct store *store, unsigned statement, struct claim *ret)
{
    return store_read(store, statement, INTO(ret->coupon_id), INTO(ret->release_id), INTO(ret->member_id),
                      INTO(ret->day), INTO(ret->code), INTO(ret->at), INTO_LEN(ret->key, ret->key_len),
                      INTO(ret->ended_at));
}

bool claims_find(const struct claims *claims, int64_t coupon_id, struct claim *ret)
{
    store_ask(claims->store, claims->sql + SQL_FIND, "i", coupon_id);
    if (!claim_read(claims->store, claims->sql + SQL_FIND, ret))
        return false;
    store_end(claims->store, claims->sql + SQL_FIND);
    return true;
}

/* ---- giving ---- */

static int append(struct coupon *self, struct release *release, const struct claim *claim, void *call)
{
    Coupon__Claimed claimed = COUPON__CLAIMED__INIT;

    store_run(self->store, self->claims.sql + SQL_ADD, "iiiiiib", claim->coupon_id, claim->release_id, claim->member_id,
              (int64_t)claim->day, (int64_t)claim->code, claim->at, claim->key, claim->key_len);
    claimed.coupon_id = claim->coupon_id;
    claimed.release_id = claim->release_id;
    claimed.member_id = claim->member_id;
    claimed.day = claim->day;
    self->last_coupon = claim->coupon_id;
    return granted_give(&self->granted, &release->marks, claim->coupon_id, claim->member_id, release->face_fen,
                        &claimed.base, call);
}

static void undo_take(void *arg, int64_t member_id, int64_t sold_out_before)
{
    struct release *release = arg;

    claimants_remove(&release->claimants, member_id);
    release->granted--;
    release->granted_today--;
    release->sold_out_at = sold_out_before;
}

static void name_claim(struct coupon *self, struct claim *claim, void *call)
{
    claim->coupon_id = id_next(&self->ids, rpc_now(call));
    claim->at = rpc_now(call);
    rpc_random(call, &claim->code, sizeof(claim->code));
}

int claim_take(struct coupon *self, struct release *release, struct claim *claim, void *call)
{
    name_claim(self, claim, call);
    if (!claimants_add(&release->claimants, claim->member_id, claim->coupon_id))
        return RPC__REASON__OVERLOADED;
    rpc_on_undo(call, undo_take, release, claim->member_id, release->sold_out_at);
    release->granted++;
    if (++release->granted_today == release->stock_per_day) {
        release->sold_out_at = claim->at;
        number_sold_out(self, release);
    }
    return append(self, release, claim, call);
}

static void undo_give_late(void *arg, int64_t member_id, int64_t counted)
{
    struct release *release = arg;

    release->granted--;
    if (counted)
        claimants_remove(&release->claimants, member_id);
}

/* Whether one of a day counts against what one may have now: only those that do are in memory. */
static bool counts_now(const struct release *release, int32_t day)
{
    return release_period(release, day) == release_period(release, release->day);
}

/* Of a day that is over. */
static int give_late(struct coupon *self, struct release *release, struct claim *claim, void *call)
{
    bool counts = counts_now(release, claim->day);

    name_claim(self, claim, call);
    if (counts && !claimants_add(&release->claimants, claim->member_id, claim->coupon_id))
        return RPC__REASON__OVERLOADED;
    rpc_on_undo(call, undo_give_late, release, claim->member_id, counts);
    release->granted++;
    return append(self, release, claim, call);
}

int claim_give(struct coupon *self, struct release *release, int64_t member_id, int32_t day, void *call,
               int64_t *ret_coupon_id)
{
    struct claim claim = {.release_id = release->id, .member_id = member_id, .day = day};
    bool late = day < release->day;
    int reason;

    release_enter_day(release, day);
    *ret_coupon_id = counts_now(release, day) ? claimants_find(&release->claimants, member_id) : 0;
    if (*ret_coupon_id)
        return 0;
    if (!late && release->granted_today >= release->stock_per_day)
        return COUPON__REASON__SOLD_OUT;
    reason = granted_refusal(&self->granted, &release->marks, member_id, release->face_fen, rpc_now(call));
    if (!reason)
        reason = late ? give_late(self, release, &claim, call) : claim_take(self, release, &claim, call);
    if (!reason)
        *ret_coupon_id = claim.coupon_id;
    return reason;
}

/* ---- in memory ---- */

static bool count_claim(struct coupon *self, const struct claim *claim)
{
    struct release *release = release_find(self, claim->release_id);

    if (!release)
        return true;
    release_enter_day(release, claim->day);
    release->granted++;
    if (release_gives_of(release, claim->day) && ++release->granted_today == release->stock_per_day)
        release->sold_out_at = claim->at;
    if (!counts_now(release, claim->day))
        return true; /* given when that day was over */
    if (release->way == COUPON__WAY__TICKETS && claimants_find(&release->claimants, claim->member_id)) {
        claimants_replace(&release->claimants, claim->member_id, claim->coupon_id); /* she gave the other one back */
        return true;
    }
    return claimants_add(&release->claimants, claim->member_id, claim->coupon_id);
}

/* A place of a day's stock that is free again. */
static void free_place(struct release *release, int32_t day)
{
    release->granted--;
    if (release_gives_of(release, day)) {
        release->granted_today--;
        release->sold_out_at = 0;
    }
}

static void free_withdrawn(struct coupon *self, int64_t after)
{
    unsigned statement = self->claims.sql + SQL_WITHDRAWN;
    struct claim claim;
    int how;

    store_ask(self->store, statement, "i", after);
    while (store_read(self->store, statement, INTO(claim.coupon_id), INTO(claim.release_id), INTO(claim.member_id),
                      INTO(claim.day), INTO(how))) {
        struct release *release = release_find(self, claim.release_id);

        if (release)
            free_place(release, claim.day);
        if (release && how == RETURNED && claimants_find(&release->claimants, claim.member_id) == claim.coupon_id)
            claimants_remove(&release->claimants, claim.member_id);
    }
}

/* Coupon ids grow with time, so nothing before the oldest release matters. */
static bool count_claims(struct coupon *self)
{
    unsigned statement = self->claims.sql + SQL_AFTER;
    struct claim claim;
    bool ok = true;

    if (self->n_live == 0)
        return true;
    store_ask(self->store, statement, "i", id_at(self->live[0]->created_at) - 1);
    while (ok && claim_read(self->store, statement, &claim))
        ok = count_claim(self, &claim);
    store_end(self->store, statement);
    free_withdrawn(self, id_at(self->live[0]->created_at) - 1);
    return ok;
}

static void undo_hand_over(void *arg, int64_t holder_id, int64_t before)
{
    struct release *release = arg;

    if (before)
        claimants_replace(&release->claimants, holder_id, before);
    else
        claimants_remove(&release->claimants, holder_id);
}

/* What was taken under a number counts as its holder's, unless she has an earlier one.
 * call is NULL at the start. False without memory. */
static bool hand_over(struct release *release, int64_t number, int64_t holder_id, void *call)
{
    int64_t coupon_id = claimants_find(&release->claimants, number);
    int64_t before = claimants_find(&release->claimants, holder_id);

    if (!coupon_id || (before && before <= coupon_id))
        return true;
    if (before)
        claimants_replace(&release->claimants, holder_id, coupon_id);
    else if (!claimants_add(&release->claimants, holder_id, coupon_id))
        return false;
    if (call)
        rpc_on_undo(call, undo_hand_over, release, holder_id, before);
    return true;
}

static bool hand_over_all(struct coupon *self, int64_t number, int64_t holder_id, void *call)
{
    bool ok = true;

    for (unsigned i = 0; i < self->n_live; i++)
        ok &= hand_over(self->live[i], number, holder_id, call);
    return ok;
}

int claims_load(struct coupon *self)
{
    int64_t number, holder_id;
    bool ok = count_claims(self);

    holders_ask(&self->holders, 0);
    while (holders_next(&self->holders, &number, &holder_id))
        ok &= hand_over_all(self, number, holder_id, NULL);
    store_ask(self->store, self->claims.sql + SQL_LAST, "");
    self->last_coupon = store_number(self->store, self->claims.sql + SQL_LAST);
    return ok && !store_trouble(self->store) ? 0 : -1;
}

void claim_count_for_holder(struct coupon *self, const struct claim *claim, void *call)
{
    int64_t holder_id = holder_of(&self->holders, claim->member_id);
    struct release *release = holder_id == claim->member_id ? NULL : release_find(self, claim->release_id);

    if (release && holder_id)
        hand_over(release, claim->member_id, holder_id, call);
}

/* ---- people ---- */

static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    if (!hand_over_all(arg, gone_id, kept_id, call) && !rpc_refused(call))
        rpc_refuse(call, RPC__REASON__OVERLOADED); /* the row comes again */
}

#define SPARE_SLICE 16

static size_t read_spare(struct coupon *self, int64_t number, int64_t holder_id, int64_t *ret)
{
    unsigned statement = self->claims.sql + SQL_SPARE;

    store_ask(self->store, statement, "iii", holder_id ? holder_id : number, (int64_t)!holder_id, (int64_t)SPARE_SLICE);
    return store_numbers(self->store, statement, ret, SPARE_SLICE);
}

static void undo_free_place(void *arg, int64_t day, int64_t sold_out_at)
{
    struct release *release = arg;

    release->granted++;
    if (release_gives_of(release, (int32_t)day)) {
        release->granted_today++;
        release->sold_out_at = sold_out_at;
    }
}

/* Ends one that stands, how says with what effect; she is told by a kind of notice, or (0) not. */
static void end_coupon(struct coupon *self, const struct claim *claim, int how, int kind, void *call)
{
    Coupon__CouponEnded ended = COUPON__COUPON_ENDED__INIT;
    struct notice_given given = {.kind = kind, .about_id = claim->coupon_id};
    struct release *release = release_find(self, claim->release_id);

    store_run(self->store, self->claims.sql + SQL_END, "iii", claim->coupon_id, rpc_now(call), (int64_t)how);
    ended.coupon_id = claim->coupon_id;
    ended.release_id = claim->release_id;
    ended.member_id = claim->member_id;
    ended.at = rpc_now(call);
    ended.withdrawn = how == PLACE_FREE;
    ended.returned = how == RETURNED;
    rpc_tell(call, &ended.base);
    given.member_id = holder_of(&self->holders, claim->member_id);
    if (kind)
        notice_give(&self->notice, &given, call);
    if (release && how != PLACE_LOST) {
        rpc_on_undo(call, undo_free_place, release, claim->day, release->sold_out_at);
        free_place(release, claim->day);
    }
    ticket_seat_end(self, claim->coupon_id, call);
}

static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct coupon *self = arg;
    int64_t spare[SPARE_SLICE];
    size_t n = read_spare(self, number, holder_id, spare);
    struct ticket_seat seat;
    struct claim claim;

    for (size_t i = 0; i < n && claims_find(&self->claims, spare[i], &claim); i++) {
        end_coupon(self, &claim, ticket_seat_find(&self->tickets, spare[i], &seat) ? PLACE_FREE : PLACE_LOST,
                   NOTICE__NOTICE_KIND__COUPON_ENDED, call);
        granted_set(&self->granted, claim.coupon_id, claim.member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    }
    return n == SPARE_SLICE;
}

/* Ends one that stands, so that its place is free again; as end_coupon. Whether it stood. */
static bool free_one(struct coupon *self, int64_t coupon_id, int kind, bool given_back, void *call)
{
    struct claim claim;

    if (!claims_find(&self->claims, coupon_id, &claim) || claim.ended_at)
        return false;
    end_coupon(self, &claim, PLACE_FREE, kind, call);
    if (given_back)
        granted_set(&self->granted, claim.coupon_id, claim.member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    return true;
}

void claim_free(struct coupon *self, int64_t coupon_id, void *call)
{
    free_one(self, coupon_id, 0, true, call);
}

void claim_fail(struct coupon *self, int64_t coupon_id, void *call)
{
    if (free_one(self, coupon_id, NOTICE__NOTICE_KIND__COUPON_NOT_SENT, true, call))
        places_withdrawn(self, coupon_id, call);
}

void coupon_withdraw(void *arg, int64_t coupon_id, void *call)
{
    struct coupon *self = arg;

    if (free_one(self, coupon_id, NOTICE__NOTICE_KIND__COUPON_WITHDRAWN, false, call))
        places_withdrawn(self, coupon_id, call);
}

static void undo_forget(void *arg, int64_t number, int64_t coupon_id)
{
    struct release *release = arg;

    ensure(claimants_add(&release->claimants, number, coupon_id)); /* there was room before */
}

void claim_return(struct coupon *self, const struct claim *claim, void *call)
{
    struct release *release = release_find(self, claim->release_id);
    int64_t numbers[] = {claim->member_id, holder_of(&self->holders, claim->member_id)};

    for (size_t i = 0; release && i < ARRAY_LEN(numbers); i++) {
        if (!numbers[i] || claimants_find(&release->claimants, numbers[i]) != claim->coupon_id)
            continue;
        rpc_on_undo(call, undo_forget, release, numbers[i], claim->coupon_id);
        claimants_remove(&release->claimants, numbers[i]);
    }
    granted_set(&self->granted, claim->coupon_id, claim->member_id, GRANTED__GRANT_STATE__GIVEN_BACK, call);
    end_coupon(self, claim, RETURNED, 0, call);
}

/* ---- the audit ---- */

/* Claims are appended in the journal's order, so the two are read side by side. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__Claimed *claimed = event->claimed;
    struct claim claim;

    (void)row;
    if (event->event_case == COUPON__EVENT__EVENT_COUPON_ENDED)
        *part_word(&self->parts, &claims_part, 0, event->coupon_ended->coupon_id) = event->coupon_ended->at;
    if (event->event_case != COUPON__EVENT__EVENT_CLAIMED)
        return true;
    if (!told[0]++)
        store_ask(self->store, self->claims.sql + SQL_AFTER, "i", INT64_C(0));
    return claim_read(self->store, self->claims.sql + SQL_AFTER, &claim) && claim.coupon_id == claimed->coupon_id &&
           claim.release_id == claimed->release_id && claim.member_id == claimed->member_id &&
           claim.day == claimed->day;
}

static const struct part_stray strays[] = {
    {"release", "more claims on a day than its stock",
     "SELECT claim.release_id, day FROM claim JOIN release ON release.release_id = claim.release_id "
     "WHERE coupon_id NOT IN (SELECT coupon_id FROM claim_ended WHERE withdrawn > 0) GROUP BY claim.release_id, "
     "CASE way WHEN 3 THEN 0 ELSE day END "
     "HAVING count(*) > min(stock_per_day) LIMIT 1"},
    {"member", "has two coupons for one",
     "SELECT member_id FROM claim JOIN release ON release.release_id = claim.release_id "
     "WHERE coupon_id NOT IN " RETURNED_ONES " GROUP BY member_id, " ALLOWED " HAVING count(*) > 1 LIMIT 1"},
    {"member", "holds two coupons for one",
     "SELECT holder_id FROM (SELECT g.holder_id, g.member_id FROM account_gone g UNION "
     "SELECT holder_id, holder_id FROM account_gone) JOIN claim_of_member USING (member_id) JOIN claim USING "
     "(coupon_id) "
     "JOIN release ON release.release_id = claim.release_id WHERE holder_id IS NOT NULL "
     "AND holder_id NOT IN (SELECT holder_id FROM account_gone WHERE holder_id IS NOT NULL AND settled = 0) "
     "AND coupon_id NOT IN (SELECT coupon_id FROM claim_ended) AND NOT " SPENT " GROUP BY holder_id, " ALLOWED
     " HAVING count(*) > 1 LIMIT 1"},
    {"coupon", "the account is closed, and it has not ended",
     "SELECT coupon_id FROM account_gone JOIN claim_of_member USING (member_id) WHERE holder_id IS NULL "
     "AND settled = 1 AND coupon_id NOT IN (SELECT coupon_id FROM claim_ended) AND NOT " SPENT " LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec claims_part = {
    .tables = "claim claim_ended",
    .steps = &claims_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coupon_id) FROM claim",
    .agrees = agrees,
    .counts = {{"claims", "SELECT count(*) FROM claim"}},
    .words = {{"coupon that ended", "SELECT coupon_id, ended_at FROM claim_ended ORDER BY coupon_id"}},
    .strays = strays,
    .exports = {NOTICE_EXPORT},
    .on_export = holdings_export,
    .closed = {"-- its coupons end (settle); that they were given stays on account under a number that tells nobody "
               "who she was"},
    .on_merged = on_merged,
    .settle = settle,
};
