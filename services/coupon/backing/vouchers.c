#include "services/coupon/backing/vouchers.h"

#include "common/base/log.h"
#include "services/coupon/backing/backings.h"
#include "services/coupon/fund/fund_uses.h"

#define PENDING   COUPON__VOUCHER_STATE__VOUCHER_PENDING
#define SENT      COUPON__VOUCHER_STATE__VOUCHER_SENT
#define USED      COUPON__VOUCHER_STATE__VOUCHER_USED
#define OVER      COUPON__VOUCHER_STATE__VOUCHER_OVER
#define FAILED    COUPON__VOUCHER_STATE__VOUCHER_FAILED
#define WITHDRAWN COUPON__VOUCHER_STATE__VOUCHER_WITHDRAWN

#define SLICE 50 /* vouchers that are paid late at once */

enum { SQL_ADD, SQL_FIND, SQL_SET, SQL_PAID, SQL_COUNT, SQL_OWES_AFTER, SQL_OWED, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO voucher (coupon_id, release_id, state, reason, changed_at, journal_seq) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (coupon_id) DO NOTHING",
    [SQL_FIND] =
        "SELECT release_id, state, reason, changed_at, journal_seq, paid_fen FROM voucher WHERE coupon_id = ?1",
    [SQL_SET] = "UPDATE voucher SET state = ?2, reason = ?3, changed_at = ?4, journal_seq = ?5 WHERE coupon_id = ?1",
    [SQL_PAID] = "UPDATE voucher SET paid_fen = ?2 WHERE coupon_id = ?1",
    [SQL_COUNT] = "SELECT state, count(*) FROM voucher WHERE release_id = ?1 GROUP BY state",
    [SQL_OWES_AFTER] =
        "SELECT min(release_id) FROM voucher WHERE release_id > ?1 AND state = 3 AND paid_fen = 0",
    [SQL_OWED] = "SELECT coupon_id FROM voucher WHERE release_id = ?1 AND state = 3 AND paid_fen = 0 "
                 "ORDER BY coupon_id LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

struct voucher {
    int64_t release_id, changed_at, journal_seq, paid_fen;
    int state, reason;
};

static bool find(const struct coupon *self, int64_t coupon_id, struct voucher *ret)
{
    unsigned statement = self->vouchers.sql + SQL_FIND;

    store_ask(self->store, statement, "i", coupon_id);
    return store_only(self->store, statement, INTO(ret->release_id), INTO(ret->state), INTO(ret->reason),
                      INTO(ret->changed_at), INTO(ret->journal_seq), INTO(ret->paid_fen));
}

static void say(const struct claim *claim, int state, int reason, void *call)
{
    Coupon__VoucherChanged changed = COUPON__VOUCHER_CHANGED__INIT;

    changed.coupon_id = claim->coupon_id;
    changed.release_id = claim->release_id;
    changed.member_id = claim->member_id;
    changed.state = (Coupon__VoucherState)state;
    changed.reason = reason;
    rpc_tell(call, &changed.base);
}

void voucher_owe(struct coupon *self, const struct claim *claim, void *call)
{
    const struct release *release = release_find(self, claim->release_id);
    struct claim now;

    /* One that was closed long ago is in memory no more, as after days without the daemon. */
    if (!(release ? release->backed : backing_exists(self, claim->release_id)) ||
        !claims_find(&self->claims, claim->coupon_id, &now) || now.ended_at)
        return;
    if (store_run(self->store, self->vouchers.sql + SQL_ADD, "iiiiii", claim->coupon_id, claim->release_id,
                  (int64_t)PENDING, INT64_C(0), rpc_now(call), rpc_server_journal(self->rpc)->tip.seq + 1) == 1)
        say(claim, PENDING, 0, call);
}

/* The state that the bridge's stands for; 0: none. */
static int state_of(int sent)
{
    static const int states[] = {
        [BRIDGE__SEND_STATE__SEND_PENDING] = PENDING, [BRIDGE__SEND_STATE__SEND_DONE] = SENT,
        [BRIDGE__SEND_STATE__SEND_USED] = USED,       [BRIDGE__SEND_STATE__SEND_OVER] = OVER,
        [BRIDGE__SEND_STATE__SEND_FAILED] = FAILED,   [BRIDGE__SEND_STATE__SEND_WITHDRAWN] = WITHDRAWN,
    };

    return sent > 0 && sent < (int)ARRAY_LEN(states) ? states[sent] : 0;
}

/* The fund pays for what was used, and for nothing else. Without the money it stays unpaid, which the audit finds, until
 * the fund has it (tidy): what others have used is heard all the same. 0 or a Reason for which the row is to come again. */
static int pay(struct coupon *self, const struct claim *claim, const struct voucher *voucher, int state, void *call)
{
    const struct release *release = release_look_up(self, claim->release_id, rpc_arena(call));
    int64_t paid_fen = state == USED && release ? release->face_fen : 0;
    int reason;

    if (!release)
        return RPC__REASON__OVERLOADED;
    if (paid_fen == voucher->paid_fen)
        return 0;
    reason = fund_spend_late(self, release->id, paid_fen - voucher->paid_fen, claim->coupon_id, call);
    if (reason == BUDGET__REASON__BUDGET_SHORT) {
        log_error("voucher_without_money", "release", log_int(release->id), "coupon", log_int(claim->coupon_id));
        return 0;
    }
    if (!reason)
        store_run(self->store, self->vouchers.sql + SQL_PAID, "ii", claim->coupon_id, paid_fen);
    return reason;
}

void voucher_hear(struct coupon *self, const Bridge__SendChanged *changed, void *call)
{
    int state = state_of((int)changed->state);
    struct voucher voucher;
    struct claim claim;

    if (!state || !find(self, changed->coupon_id, &voucher) || !claims_find(&self->claims, changed->coupon_id, &claim))
        return;
    if (state == voucher.state && changed->reason == voucher.reason)
        return;
    store_run(self->store, self->vouchers.sql + SQL_SET, "iiiii", claim.coupon_id, (int64_t)state,
              (int64_t)changed->reason, changed->at ? changed->at : rpc_now(call),
              rpc_server_journal(self->rpc)->tip.seq + 1);
    say(&claim, state, changed->reason, call);
    if (state == FAILED)
        claim_fail(self, claim.coupon_id, call);
    if (state == USED || voucher.state == USED)
        rpc_refuse_if(call, pay(self, &claim, &voucher, state, call));
}

/* ---- what was used when the fund had not the money ---- */

static int64_t release_that_owes(const struct coupon *self, int64_t after)
{
    store_ask(self->store, self->vouchers.sql + SQL_OWES_AFTER, "i", after);
    return store_number(self->store, self->vouchers.sql + SQL_OWES_AFTER);
}

/* Pays some of a release's, as far as the money goes: how many; below 0 after refusing. */
static int pay_some(struct coupon *self, int64_t release_id, int64_t face_fen, void *call)
{
    unsigned statement = self->vouchers.sql + SQL_OWED;
    int64_t ids[SLICE];
    struct voucher voucher;
    struct claim claim;
    int n = 0, paid = 0;

    store_ask(self->store, statement, "ii", release_id, (int64_t)SLICE);
    while (n < SLICE && store_read(self->store, statement, INTO(ids[n])))
        n++;
    store_end(self->store, statement);
    for (int i = 0; i < n && fund_can_spend_late(self, release_id, face_fen); i++) {
        if (!find(self, ids[i], &voucher) || !claims_find(&self->claims, ids[i], &claim))
            continue;
        if (rpc_refuse_if(call, pay(self, &claim, &voucher, USED, call)))
            return -1;
        paid++;
    }
    return paid;
}

/* The funds of these have got money since. */
static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    int64_t id = 0;

    while ((id = release_that_owes(self, id))) {
        const struct release *release = release_look_up(self, id, rpc_arena(call));

        if (release && release->face_fen > 0 && fund_can_spend_late(self, id, release->face_fen))
            return pay_some(self, id, release->face_fen, call) > 0;
    }
    return false;
}

void vouchers_count(const struct coupon *self, int64_t release_id, Coupon__BackingCounts *ret)
{
    unsigned statement = self->vouchers.sql + SQL_COUNT;
    int64_t counts[WITHDRAWN + 1] = {0}, state, n;

    store_ask(self->store, statement, "i", release_id);
    while (store_read(self->store, statement, INTO(state), INTO(n))) {
        if (state > 0 && state <= WITHDRAWN)
            counts[state] = n;
    }
    store_end(self->store, statement);
    ret->pending = counts[PENDING];
    ret->sent = counts[SENT];
    ret->used = counts[USED];
    ret->over = counts[OVER];
    ret->failed = counts[FAILED];
}

bool voucher_is_used(const struct coupon *self, int64_t coupon_id)
{
    struct voucher voucher;

    return find(self, coupon_id, &voucher) && voucher.state == USED;
}

void voucher_tell(struct coupon *self, int64_t coupon_id, void *call, Coupon__Coupon *ret)
{
    Coupon__Voucher *message = arena_message(rpc_arena(call), &coupon__voucher__descriptor);
    struct voucher voucher = {.state = PENDING};

    find(self, coupon_id, &voucher);
    ret->voucher = message;
    if (!message)
        return;
    message->state = (Coupon__VoucherState)voucher.state;
    message->changed_at = voucher.changed_at;
    if (voucher.reason)
        api_say(message, voucher.reason);
    if (voucher.state != USED)
        return;
    ret->state = COUPON__COUPON_STATE__REDEEMED;
    ret->redeemed_at = voucher.changed_at;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__VoucherChanged *changed = event->voucher_changed;
    struct voucher voucher;

    if (event->event_case != COUPON__EVENT__EVENT_VOUCHER_CHANGED)
        return true;
    if (!find(self, changed->coupon_id, &voucher) || voucher.journal_seq < row->seq ||
        voucher.release_id != changed->release_id)
        return false;
    told[0] += voucher.journal_seq == row->seq;
    return voucher.journal_seq > row->seq ||
           (voucher.state == (int)changed->state && voucher.reason == changed->reason);
}

static const struct part_stray strays[] = {
    {"voucher", "was never claimed",
     "SELECT coupon_id FROM voucher WHERE coupon_id NOT IN (SELECT coupon_id FROM claim) LIMIT 1"},
    {"voucher", "is of a release that is not backed",
     "SELECT coupon_id FROM voucher WHERE release_id NOT IN (SELECT release_id FROM backing) LIMIT 1"},
    {"coupon", "is WeChat's and indexed, and is owed by no voucher",
     "SELECT claim.coupon_id FROM claim JOIN backing USING (release_id) WHERE claim.coupon_id <= (SELECT upto FROM "
     "progress WHERE name = 'claim_of_member') AND claim.coupon_id NOT IN (SELECT coupon_id FROM voucher) AND "
     "claim.coupon_id NOT IN (SELECT coupon_id FROM claim_ended) LIMIT 1"},
    {"voucher", "was used, and is not paid for, or is paid for and was not used",
     "SELECT coupon_id FROM voucher JOIN release USING (release_id) WHERE paid_fen <> CASE voucher.state WHEN 3 THEN "
     "face_fen ELSE 0 END LIMIT 1"},
    {"voucher", "has failed, and its coupon stands",
     "SELECT coupon_id FROM voucher WHERE state = 5 AND coupon_id NOT IN (SELECT coupon_id FROM claim_ended) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec vouchers_part = {
    .tables = "voucher",
    .others = "voucher.coupon_id",
    .steps = &vouchers_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"vouchers", "SELECT count(*) FROM voucher"}},
    .strays = strays,
};
