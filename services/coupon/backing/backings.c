#include "services/coupon/backing/backings.h"

#include "bridge/bridge.pb-c.h"
#include "services/coupon/backing/vouchers.h"
#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/rules.h"

#define DEED    "wechat stock"
#define BACKING "release_id, name, description, no_cash, state, proposed, under_way, turn, reason, stock, journal_seq"

enum { SQL_ADD, SQL_FIND, SQL_EXISTS, SQL_SET, N_SQL };

static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO backing (" BACKING ") VALUES (?1, ?2, ?3, ?4, 1, 0, 0, 0, 0, '', 0)",
    [SQL_FIND] = "SELECT " BACKING " FROM backing WHERE release_id = ?1",
    [SQL_EXISTS] = "SELECT count(*) FROM backing WHERE release_id = ?1",
    [SQL_SET] = "UPDATE backing SET state = ?2, proposed = ?3, under_way = ?4, turn = ?5, reason = ?6, stock = ?7, "
                "journal_seq = ?8 WHERE release_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- forms ---- */

static bool is_name(const char *name)
{
    size_t n = 0;

    for (const char *c = name; *c; c++)
        n += ((unsigned char)*c & 0xc0) == 0xc0;
    return n <= 9 && !strpbrk(name, "_,;|");
}

static bool has_other_rules(const Coupon__Spending *said)
{
    return said->n_merchant_ids || said->n_branch_ids || said->union_id || said->n_goods || said->n_hours ||
           said->valid_from || said->valid_after_days || said->alone || said->at_most || said->merchant_percent ||
           said->frees_unspent;
}

static int32_t days_of(const Coupon__Release *draft)
{
    return draft->days ? draft->days : 1;
}

/* How many coupons of a release one person may have. */
static int32_t each_of(int allowance, int32_t days)
{
    return allowance == COUPON__ALLOWANCE__ONE_PER_RELEASE ? 1 : days;
}

static bool are_dates(const Coupon__Release *draft)
{
    int64_t until = draft->spending ? draft->spending->valid_until : 0;

    return until > draft->opens_at + days_of(draft) * COUPON_DAY_MS &&
           until <= draft->opens_at + BACKING_DAYS_MAX * COUPON_DAY_MS;
}

int backing_form_refusal(const Coupon__Release *draft, const char **ret_field)
{
    if (!draft->backing)
        return 0;
    *ret_field = "release.way";
    if (draft->way == COUPON__WAY__TICKETS || draft->way == COUPON__WAY__CODES || (draft->lot && draft->lot->season))
        return COUPON__REASON__BACKING_WAY;
    *ret_field = "release.backing.name";
    if (!is_name(draft->backing->name))
        return COUPON__REASON__BACKING_NAME_WRONG;
    *ret_field = "release.thresholdFen";
    if (draft->threshold_fen <= draft->face_fen)
        return COUPON__REASON__BACKING_THRESHOLD;
    *ret_field = "release.spending.validUntil";
    if (!are_dates(draft))
        return COUPON__REASON__BACKING_DATES;
    *ret_field = "release.spending";
    if (has_other_rules(draft->spending))
        return COUPON__REASON__BACKING_SPENDING;
    *ret_field = "release.days";
    return each_of((int)draft->allowance, days_of(draft)) > BACKING_EACH_MAX ? COUPON__REASON__BACKING_EACH : 0;
}

/* ---- the store ---- */

void backing_keep(struct coupon *self, int64_t release_id, const Coupon__Backing *said)
{
    if (said)
        store_run(self->store, self->backings.sql + SQL_ADD, "itti", release_id, said->name, said->description,
                  (int64_t)said->no_cash);
}

bool backing_find(const struct coupon *self, int64_t release_id, struct backing *ret)
{
    unsigned statement = self->backings.sql + SQL_FIND;

    *ret = (struct backing){0};
    store_ask(self->store, statement, "i", release_id);
    return store_only(self->store, statement, INTO(ret->release_id), INTO(ret->name), INTO(ret->description),
                      INTO(ret->no_cash), INTO(ret->state), INTO(ret->proposed), INTO(ret->under_way), INTO(ret->turn),
                      INTO(ret->reason), INTO(ret->stock), INTO(ret->journal_seq));
}

bool backing_exists(const struct coupon *self, int64_t release_id)
{
    store_ask(self->store, self->backings.sql + SQL_EXISTS, "i", release_id);
    return store_number(self->store, self->backings.sql + SQL_EXISTS) > 0;
}

/* Tells what has become of it, and keeps it. */
static void put(struct coupon *self, struct backing *backing, void *call)
{
    Coupon__BackingChanged changed = COUPON__BACKING_CHANGED__INIT;

    changed.release_id = backing->release_id;
    changed.state = (Coupon__BackingState)backing->state;
    changed.proposed = (Coupon__BackingStep)backing->proposed;
    changed.under_way = (Coupon__BackingStep)backing->under_way;
    changed.reason = backing->reason;
    rpc_tell(call, &changed.base);
    backing->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->backings.sql + SQL_SET, "iiiiiiti", backing->release_id, (int64_t)backing->state,
              (int64_t)backing->proposed, (int64_t)backing->under_way, (int64_t)backing->turn, (int64_t)backing->reason,
              backing->stock, backing->journal_seq);
}

Coupon__Backing *backing_message(const struct coupon *self, int64_t release_id, void *call)
{
    Coupon__Backing *message = arena_message(rpc_arena(call), &coupon__backing__descriptor);
    struct backing backing;

    if (!message || !backing_find(self, release_id, &backing))
        return NULL;
    message->name = rpc_text(call, backing.name);
    message->description = rpc_text(call, backing.description);
    message->no_cash = backing.no_cash;
    message->state = (Coupon__BackingState)backing.state;
    message->proposed = (Coupon__BackingStep)backing.proposed;
    message->under_way = (Coupon__BackingStep)backing.under_way;
    message->stock = rpc_text(call, backing.stock);
    if (backing.reason)
        api_say(message, backing.reason);
    return message;
}

int backing_publish_refusal(const struct coupon *self, const struct release *release)
{
    struct backing backing;

    return release->backed && (!backing_find(self, release->id, &backing) ||
                               backing.state != COUPON__BACKING_STATE__BACKING_RUNNING)
               ? COUPON__REASON__BACKING_NOT_RUNNING
               : 0;
}

/* ---- two hands ---- */

static int step_refusal(const struct backing *backing, int step)
{
    static const int from[] = {
        [COUPON__BACKING_STEP__STOCK_CREATE] = COUPON__BACKING_STATE__BACKING_DRAFTED,
        [COUPON__BACKING_STEP__STOCK_START] = COUPON__BACKING_STATE__BACKING_READY,
        [COUPON__BACKING_STEP__STOCK_PAUSE] = COUPON__BACKING_STATE__BACKING_RUNNING,
        [COUPON__BACKING_STEP__STOCK_RESTART] = COUPON__BACKING_STATE__BACKING_PAUSED,
    };

    if (backing->under_way)
        return COUPON__REASON__BACKING_BUSY;
    return step <= 0 || step >= (int)ARRAY_LEN(from) || from[step] != backing->state ? COUPON__REASON__BACKING_NOT_NOW
                                                                                     : 0;
}

static struct hands_deed deed_of(const struct release *release, const struct backing *backing,
                                 Coupon__ProposeBackingRequest *what, void *call)
{
    coupon__propose_backing_request__init(what);
    what->release_id = release->id;
    what->step = (Coupon__BackingStep)backing->proposed;
    return (struct hands_deed){
        .kind = DEED,
        .id = release->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = release->union_path,
    };
}

int backing_propose(struct coupon *self, const struct release *release, struct backing *backing, int step, void *call)
{
    Coupon__ProposeBackingRequest what;
    struct hands_deed deed;
    int reason = step_refusal(backing, step);

    if (reason)
        return reason;
    backing->proposed = step;
    deed = deed_of(release, backing, &what, call);
    reason = hands_give(&self->two_hands, &deed, call);
    if (!reason)
        put(self, backing, call);
    return reason;
}

int64_t backing_proposer(const struct coupon *self, const struct backing *backing, void *call)
{
    int64_t caller = rpc_principal(call)->member_id;
    struct hands hands;

    if (!backing->proposed || !hands_find(&self->two_hands, DEED, backing->release_id, &hands))
        return 0;
    return hands_is_first(&self->two_hands, DEED, backing->release_id, caller) ? caller : hands.first_by;
}

int64_t backing_coupons(const struct coupon *self, const struct release *release)
{
    return release_cost(self, release, 0).coupons;
}

static void order(const struct coupon *self, const struct release *release, const struct backing *backing, void *call)
{
    Coupon__StockOrdered ordered = COUPON__STOCK_ORDERED__INIT;

    ordered.release_id = backing->release_id;
    ordered.step = (Coupon__BackingStep)backing->under_way;
    ordered.turn = backing->turn;
    if (backing->under_way == COUPON__BACKING_STEP__STOCK_CREATE) {
        ordered.name = unconst(backing->name);
        ordered.description = unconst(backing->description);
        ordered.no_cash = backing->no_cash;
        ordered.face_fen = release->face_fen;
        ordered.threshold_fen = release->threshold_fen;
        ordered.count = backing_coupons(self, release);
        ordered.each = each_of(release->allowance, release->days);
        ordered.from = release->opens_at;
        ordered.until = release->dates.until;
    }
    rpc_tell(call, &ordered.base);
}

int backing_confirm(struct coupon *self, const struct release *release, struct backing *backing, void *call)
{
    Coupon__ProposeBackingRequest what;
    struct hands_deed deed = deed_of(release, backing, &what, call);
    int reason = COUPON__REASON__BACKING_DECIDED;

    if (backing->proposed)
        reason = step_refusal(backing, backing->proposed);
    if (!reason)
        reason = hands_confirm(&self->two_hands, &deed, call);
    if (reason)
        return reason;
    backing->under_way = backing->proposed;
    backing->proposed = 0;
    backing->reason = 0;
    backing->turn++;
    order(self, release, backing, call);
    put(self, backing, call);
    rpc_want_head(call);
    return 0;
}

int backing_refuse(struct coupon *self, struct backing *backing, void *call)
{
    if (!backing->proposed)
        return COUPON__REASON__BACKING_DECIDED;
    hands_end(&self->two_hands, DEED, backing->release_id, HANDS__STATE__REFUSED, call);
    backing->proposed = 0;
    put(self, backing, call);
    return 0;
}

/* ---- what the bridge says ---- */

static void hear_stock(struct coupon *self, const Bridge__StockChanged *changed, void *call)
{
    static const int states[] = {
        [BRIDGE__STOCK_STATE__STOCK_NEW] = COUPON__BACKING_STATE__BACKING_DRAFTED,
        [BRIDGE__STOCK_STATE__STOCK_READY] = COUPON__BACKING_STATE__BACKING_READY,
        [BRIDGE__STOCK_STATE__STOCK_RUNNING] = COUPON__BACKING_STATE__BACKING_RUNNING,
        [BRIDGE__STOCK_STATE__STOCK_PAUSED] = COUPON__BACKING_STATE__BACKING_PAUSED,
        [BRIDGE__STOCK_STATE__STOCK_ENDED] = COUPON__BACKING_STATE__BACKING_PAUSED,
    };
    struct backing backing;

    if (changed->state <= 0 || changed->state >= (int)ARRAY_LEN(states) ||
        !backing_find(self, changed->release_id, &backing) || changed->turn != backing.turn)
        return;
    backing.state = states[changed->state];
    backing.under_way = 0;
    backing.reason = changed->reason;
    snprintf(backing.stock, sizeof(backing.stock), "%s", changed->number);
    put(self, &backing, call);
}

static void on_bridge(void *self, void *call, const Rpc__JournalRow *row)
{
    Bridge__Event *event = bridge__event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == BRIDGE__EVENT__EVENT_STOCK_CHANGED)
        hear_stock(self, event->stock_changed, call);
    if (event && event->event_case == BRIDGE__EVENT__EVENT_SEND_CHANGED)
        voucher_hear(self, event->send_changed, call);
    bridge__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {BRIDGE__EVENT__EVENT_STOCK_CHANGED, BRIDGE__EVENT__EVENT_SEND_CHANGED};

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__BackingChanged *changed = event->backing_changed;
    struct backing backing;

    if (event->event_case == COUPON__EVENT__EVENT_STOCK_ORDERED)
        told[0]++;
    if (event->event_case != COUPON__EVENT__EVENT_BACKING_CHANGED)
        return true;
    if (!backing_find(self, changed->release_id, &backing) || backing.journal_seq < row->seq)
        return false;
    return backing.journal_seq > row->seq ||
           (backing.state == (int)changed->state && backing.proposed == (int)changed->proposed &&
            backing.under_way == (int)changed->under_way && backing.reason == changed->reason);
}

const struct part_spec backings_part = {
    .tables = "backing",
    .others = "backing.no_cash backing.proposed backing.under_way backing.turn",
    .steps = &backings_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"bridge", kinds, ARRAY_LEN(kinds), on_bridge}},
    .agrees = agrees,
    .counts = {{"orders of stocks", "SELECT coalesce(sum(turn), 0) FROM backing"}},
};
