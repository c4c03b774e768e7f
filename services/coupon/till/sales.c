#include "services/coupon/till/sales.h"

#include "services/coupon/numbers/numbers.h"
#include "services/coupon/till/expiry.h"
#include "services/coupon/till/spendings.h"

#define SALE                                                                                                           \
    "sale_id, branch_id, merchant_id, device_id, member_id, state, purchase_fen, discount_fen, goods, at, until, "     \
    "decided_at, reversed_at, offline, refusal, sale_ref, reverse_reason"
#define REDEMPTION "redemption_id, sale_id, coupon_id, release_id, member_id, fen, union_fen, state"
/* The same of a row, with what its claim says. */
#define REDEMPTIONS                                                                                                    \
    "SELECT redemption_id, sale_id, coupon_id, redemption.release_id, redemption.member_id, fen, union_fen, state, "   \
    "claim.at, claim.day FROM redemption JOIN claim USING (coupon_id) WHERE "

/* In SQL: a member's that are kept or spent, and those that were undone, by their indexes. */
#define HERS(condition)                                                                                                \
    "redemption_id IN (SELECT redemption_id FROM redemption WHERE " condition " AND state IN (1, 2) UNION ALL "        \
    "SELECT redemption_id FROM redemption WHERE " condition " AND state = 3)"

/* In SQL: the ids that the redemptions of a purchase have, among which are those of later purchases: each is the next
 * id of its store behind the one before, whatever the partition. */
#define OF_SALE(sale_id)                                                                                               \
    "redemption_id > " sale_id " AND redemption_id <= " sale_id " + 21504 AND redemption.sale_id = " sale_id
_Static_assert((SALE_COUPONS_MAX + 1) * ID_STEP == 21504, "as in OF_SALE");

enum {
    LOCKED = COUPON__SALE_STATE__SALE_LOCKED,
    REDEEMED = COUPON__SALE_STATE__SALE_REDEEMED,
    REVERSED = COUPON__SALE_STATE__SALE_REVERSED,
};

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_FIND_REF,
    SQL_LIST,
    SQL_SET,
    SQL_OVER,
    SQL_OFFLINE,
    SQL_ADD_COUPON,
    SQL_OF_SALE,
    SQL_LIVE,
    SQL_HERS,
    SQL_SET_COUPON,
    SQL_SEQ,
    SQL_COUPON_SEQ,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] =
        "INSERT INTO sale (" SALE ", journal_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15, ?16, ?17, ?18)",
    [SQL_FIND] = "SELECT " SALE " FROM sale WHERE sale_id = ?1",
    [SQL_FIND_REF] = "SELECT " SALE " FROM sale WHERE device_id = ?1 AND sale_ref = ?2",
    [SQL_LIST] = "SELECT " SALE " FROM sale WHERE branch_id = ?1 AND sale_id < ?2 AND " RPC_PAGE_STATES(
        "?3", "state") " ORDER BY sale_id DESC LIMIT ?4",
    [SQL_SET] = "UPDATE sale SET state = ?2, decided_at = ?3, reversed_at = ?4, reverse_reason = ?5, journal_seq = ?6 "
                "WHERE sale_id = ?1",
    [SQL_OVER] = "SELECT " SALE " FROM sale WHERE state = 1 AND until <= ?1 ORDER BY until LIMIT 1",
    [SQL_OFFLINE] = "SELECT coalesce(sum(discount_fen), 0), count(*) FROM sale WHERE device_id = ?1 AND at >= ?2 AND "
                    "at < ?3 AND offline = 1 AND state = 2",
    [SQL_ADD_COUPON] = "INSERT INTO redemption (" REDEMPTION
                       ", journal_seq, merchant_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SQL_OF_SALE] = REDEMPTIONS OF_SALE("?1") " ORDER BY redemption_id",
    [SQL_LIVE] = REDEMPTIONS "redemption.member_id = ?2 AND redemption.coupon_id = ?1 AND state IN (1, 2)",
    [SQL_HERS] = REDEMPTIONS HERS(HOLDER_HERS) " AND redemption_id < ?2 AND state IN (2, 3) "
                                               "ORDER BY redemption_id DESC LIMIT ?3",
    [SQL_SET_COUPON] = "UPDATE redemption SET state = ?2, journal_seq = ?3 WHERE redemption_id = ?1",
    [SQL_SEQ] = "SELECT journal_seq FROM sale WHERE sale_id = ?1",
    [SQL_COUPON_SEQ] = "SELECT journal_seq FROM redemption WHERE redemption_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- asking ---- */

static bool read_sale(const struct sales *sales, unsigned statement, bool only, struct sale *s)
{
    const struct store_into into[] = {
        INTO(s->id),    INTO(s->branch_id),      INTO(s->merchant_id),       INTO(s->device_id), INTO(s->member_id),
        INTO(s->state), INTO(s->purchase_fen),   INTO(s->discount_fen),      INTO(s->goods),     INTO(s->at),
        INTO(s->until), INTO(s->decided_at),     INTO(s->reversed_at),       INTO(s->offline),   INTO(s->refusal),
        INTO(s->ref),   INTO(s->reverse_reason), {NULL, 0, INTO_INT64, NULL}};

    return store_read_into(sales->store, sales->sql + statement, only, into);
}

static bool read_redemption(const struct sales *sales, unsigned statement, bool only, struct redemption *r)
{
    const struct store_into into[] = {
        INTO(r->id),         INTO(r->sale_id), INTO(r->coupon_id),         INTO(r->release_id),
        INTO(r->member_id),  INTO(r->fen),     INTO(r->union_fen),         INTO(r->state),
        INTO(r->claimed_at), INTO(r->day),     {NULL, 0, INTO_INT64, NULL}};

    return store_read_into(sales->store, sales->sql + statement, only, into);
}

bool sales_find(const struct sales *sales, int64_t sale_id, struct sale *ret)
{
    store_ask(sales->store, sales->sql + SQL_FIND, "i", sale_id);
    return read_sale(sales, SQL_FIND, true, ret);
}

bool sales_find_ref(const struct sales *sales, int64_t device_id, const char *ref, struct sale *ret)
{
    store_ask(sales->store, sales->sql + SQL_FIND_REF, "it", device_id, ref);
    return read_sale(sales, SQL_FIND_REF, true, ret);
}

void sales_ask(const struct sales *sales, int64_t branch_id, int64_t before, int64_t states, int limit)
{
    store_ask(sales->store, sales->sql + SQL_LIST, "iiii", branch_id, before, states, (int64_t)limit);
}

bool sales_next(const struct sales *sales, struct sale *ret)
{
    return read_sale(sales, SQL_LIST, false, ret);
}

size_t redemptions_of(const struct sales *sales, int64_t sale_id, struct redemption ret[SALE_COUPONS_MAX])
{
    size_t n = 0;

    store_ask(sales->store, sales->sql + SQL_OF_SALE, "i", sale_id);
    while (n < SALE_COUPONS_MAX && read_redemption(sales, SQL_OF_SALE, false, &ret[n]))
        n++;
    store_end(sales->store, sales->sql + SQL_OF_SALE);
    return n;
}

bool redemptions_find_live(const struct sales *sales, const struct claim *claim, int64_t now,
                           struct redemption *ret_redemption, struct sale *ret_sale)
{
    ret_sale->id = 0;
    store_ask(sales->store, sales->sql + SQL_LIVE, "ii", claim->coupon_id, claim->member_id);
    return read_redemption(sales, SQL_LIVE, true, ret_redemption) &&
           sales_find(sales, ret_redemption->sale_id, ret_sale) && (ret_sale->state != LOCKED || ret_sale->until > now);
}

void redemptions_ask_hers(const struct sales *sales, int64_t member_id, int64_t before, int limit)
{
    store_ask(sales->store, sales->sql + SQL_HERS, "iii", member_id, before, (int64_t)limit);
}

bool redemptions_next_hers(const struct sales *sales, struct redemption *ret)
{
    return read_redemption(sales, SQL_HERS, false, ret);
}

int64_t sales_offline(const struct sales *sales, int64_t device_id, int64_t from, int64_t until, int64_t *ret_n)
{
    int64_t fen = 0;

    *ret_n = 0;
    store_ask(sales->store, sales->sql + SQL_OFFLINE, "iii", device_id, from, until);
    store_only(sales->store, sales->sql + SQL_OFFLINE, INTO(fen), INTO(*ret_n));
    return fen;
}

/* ---- the journal, and what she is told ---- */

static int64_t last_row(const struct coupon *self)
{
    return rpc_server_journal(self->rpc)->tip.seq;
}

static bool is_spent_or_undone(int state)
{
    return state == REDEEMED || state == REVERSED;
}

/* The row that tells of it and its coupons. */
static int64_t say_sale(struct coupon *self, const struct sale *sale, const struct redemption *redemptions, size_t n,
                        void *call)
{
    Coupon__SaleChanged changed = COUPON__SALE_CHANGED__INIT;
    Coupon__SpentCoupon spent[SALE_COUPONS_MAX], *all[SALE_COUPONS_MAX];
    int64_t ids[SALE_COUPONS_MAX];

    changed.sale_id = sale->id;
    changed.merchant_id = sale->merchant_id;
    changed.branch_id = sale->branch_id;
    changed.member_id = sale->member_id;
    changed.state = (Coupon__SaleState)sale->state;
    changed.purchase_fen = sale->purchase_fen;
    changed.discount_fen = sale->discount_fen;
    changed.at = sale->at;
    changed.offline = sale->offline;
    for (size_t i = 0; i < n; i++) {
        ids[i] = redemptions[i].coupon_id;
        coupon__spent_coupon__init(&spent[i]);
        spent[i].redemption_id = redemptions[i].id;
        spent[i].coupon_id = redemptions[i].coupon_id;
        spent[i].release_id = redemptions[i].release_id;
        spent[i].member_id = redemptions[i].member_id;
        spent[i].fen = redemptions[i].fen;
        all[i] = &spent[i];
    }
    changed.coupon_ids = ids;
    changed.spent = all;
    *(is_spent_or_undone(sale->state) ? &changed.n_spent : &changed.n_coupon_ids) = n;
    rpc_tell(call, &changed.base);
    return last_row(self);
}

/* A coupon is spent, or is so no more. */
static void follow(struct coupon *self, const struct redemption *redemption, void *call)
{
    if (!is_spent_or_undone(redemption->state))
        return;
    number_redeemed(self, redemption->release_id, redemption->day, redemption->state == REDEEMED ? 1 : -1, call);
    granted_set(&self->granted, redemption->coupon_id, redemption->member_id,
                redemption->state == REDEEMED ? GRANTED__GRANT_STATE__SPENT : GRANTED__GRANT_STATE__HELD, call);
    if (redemption->state == REVERSED) {
        expiry_again(self, redemption->coupon_id);
        holders_recheck(&self->holders, redemption->member_id); /* she may have another one of its allowance */
    }
}

/* What she is told when its coupons are spent: the id behind its own. */
static int64_t notice_of(const struct sale *sale)
{
    return sale->id + ID_STEP;
}

/* Of the first of its coupons, and where. */
static void tell_her(struct coupon *self, const struct sale *sale, const struct redemption *first, void *call)
{
    const struct terms *terms = terms_find(self, first->release_id);
    const struct shop *shop = shop_find(self, sale->branch_id);
    struct notice_given given = {
        .kind = NOTICE__NOTICE_KIND__COUPON_SPENT, .member_id = sale->member_id, .about_id = sale->id, .at = sale->at};

    given.title = terms ? terms->title : "";
    given.place = shop ? shop->name : "";
    if (sale->state == REDEEMED) {
        notice_tell(&given, notice_of(sale), call);
        return;
    }
    /* Of older purchases she was told by a row of its own. */
    if (!notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__COUPON_SPENT, sale->id, call))
        notice_untell(notice_of(sale), call);
    given.kind = NOTICE__NOTICE_KIND__COUPON_UNSPENT;
    given.at = sale->reversed_at;
    notice_give(&self->notice, &given, call);
}

/* ---- changes ---- */

/* A purchase that has kept a coupon past its time keeps it no more. */
static void lapse(struct coupon *self, int64_t sale_id, void *call)
{
    struct sale sale;

    if (sales_find(&self->sales, sale_id, &sale) && sale.state == LOCKED && sale.until <= rpc_now(call))
        sale_set(self, &sale, COUPON__SALE_STATE__SALE_LAPSED, call);
}

void sale_make(struct coupon *self, struct sale *sale, struct redemption *redemptions, size_t n, void *call)
{
    int64_t seq;

    for (size_t i = 0; i < n; i++) {
        if (redemptions[i].kept_by)
            lapse(self, redemptions[i].kept_by, call);
    }
    sale->id = id_next(&self->ids, rpc_now(call));
    id_next(&self->ids, rpc_now(call)); /* notice_of it */
    for (size_t i = 0; i < n; i++) {
        redemptions[i].id = id_next(&self->ids, rpc_now(call));
        redemptions[i].sale_id = sale->id;
        redemptions[i].state = sale->state;
    }
    seq = say_sale(self, sale, redemptions, n, call);
    store_run(self->store, self->sales.sql + SQL_ADD, "iiiiiiiiiiiiiiitti", sale->id, sale->branch_id,
              sale->merchant_id, sale->device_id, sale->member_id, (int64_t)sale->state, sale->purchase_fen,
              sale->discount_fen, (int64_t)sale->goods, sale->at, sale->until, sale->decided_at, sale->reversed_at,
              (int64_t)sale->offline, (int64_t)sale->refusal, sale->ref, sale->reverse_reason, seq);
    for (size_t i = 0; i < n; i++) {
        const struct redemption *r = &redemptions[i];

        store_run(self->store, self->sales.sql + SQL_ADD_COUPON, "iiiiiiiiiii", r->id, r->sale_id, r->coupon_id,
                  r->release_id, r->member_id, r->fen, r->union_fen, (int64_t)r->state, seq, sale->merchant_id,
                  sale->at);
        follow(self, r, call);
    }
    if (sale->state == REDEEMED)
        tell_her(self, sale, &redemptions[0], call);
}

void sale_set(struct coupon *self, struct sale *sale, int state, void *call)
{
    struct redemption redemptions[SALE_COUPONS_MAX];
    size_t n = redemptions_of(&self->sales, sale->id, redemptions);
    int64_t seq;

    sale->state = state;
    if (state == REVERSED)
        sale->reversed_at = rpc_now(call);
    else
        sale->decided_at = rpc_now(call);
    seq = say_sale(self, sale, redemptions, n, call);
    store_run(self->store, self->sales.sql + SQL_SET, "iiiiti", sale->id, (int64_t)state, sale->decided_at,
              sale->reversed_at, sale->reverse_reason, seq);
    for (size_t i = 0; i < n; i++) {
        redemptions[i].state = state;
        store_run(self->store, self->sales.sql + SQL_SET_COUPON, "iii", redemptions[i].id, (int64_t)state, seq);
        follow(self, &redemptions[i], call);
    }
    if (n > 0 && is_spent_or_undone(state))
        tell_her(self, sale, &redemptions[0], call);
}

/* One purchase that nobody has confirmed in time. Whether there may be more. */
static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct sale sale;

    store_ask(self->store, self->sales.sql + SQL_OVER, "i", rpc_now(call));
    if (!read_sale(&self->sales, SQL_OVER, true, &sale))
        return false;
    sale_set(self, &sale, COUPON__SALE_STATE__SALE_LAPSED, call);
    return true;
}

void sale_tell(struct coupon *self, const struct claim *claim, void *call, Coupon__Coupon *ret)
{
    const struct shop *shop;
    struct redemption redemption;
    struct sale sale;

    if (redemptions_find_live(&self->sales, claim, rpc_now(call), &redemption, &sale)) {
        shop = shop_find(self, sale.branch_id);
        ret->state = sale.state == LOCKED ? COUPON__COUPON_STATE__LOCKED : COUPON__COUPON_STATE__REDEEMED;
        ret->sale_id = sale.id;
        ret->branch_id = sale.branch_id;
        ret->branch_name = rpc_text(call, shop ? shop->name : "");
        ret->locked_until = sale.state == LOCKED ? sale.until : 0;
        ret->redeemed_at = sale.state == REDEEMED ? sale.at : 0;
    } else if (claim->ended_at) {
        ret->state = COUPON__COUPON_STATE__VOID;
    } else if (ret->expires_at <= rpc_now(call)) {
        ret->state = COUPON__COUPON_STATE__EXPIRED;
    }
}

/* ---- the audit ---- */

static bool sale_agrees(struct coupon *self, int64_t seq, const Coupon__SaleChanged *said, int64_t *told)
{
    struct sale sale;

    if (!sales_find(&self->sales, said->sale_id, &sale))
        return false;
    *told += said->state == COUPON__SALE_STATE__SALE_LOCKED || said->state == COUPON__SALE_STATE__SALE_REFUSED ||
             (said->state == COUPON__SALE_STATE__SALE_REDEEMED && sale.until == 0);
    store_ask(self->store, self->sales.sql + SQL_SEQ, "i", said->sale_id);
    return sale.merchant_id == said->merchant_id && sale.branch_id == said->branch_id &&
           sale.member_id == said->member_id && sale.purchase_fen == said->purchase_fen &&
           sale.discount_fen == said->discount_fen && sale.at == said->at && sale.offline == !!said->offline &&
           (store_number(self->store, self->sales.sql + SQL_SEQ) != seq || sale.state == (int)said->state);
}

/* Of a purchase: what was spent by it, or was so no more. */
static bool redemption_agrees(struct coupon *self, int64_t seq, int64_t sale_id, const Coupon__SpentCoupon *said,
                              bool undone, int64_t *told)
{
    struct redemption redemptions[SALE_COUPONS_MAX];
    size_t n = redemptions_of(&self->sales, sale_id, redemptions);
    int64_t last;

    told[1] += undone ? -1 : 1;
    told[2] += undone ? -said->fen : said->fen;
    store_ask(self->store, self->sales.sql + SQL_COUPON_SEQ, "i", said->redemption_id);
    last = store_number(self->store, self->sales.sql + SQL_COUPON_SEQ);
    for (size_t i = 0; i < n; i++) {
        const struct redemption *r = &redemptions[i];

        if (r->id == said->redemption_id)
            return r->coupon_id == said->coupon_id && r->release_id == said->release_id &&
                   r->member_id == said->member_id && r->fen == said->fen &&
                   (last != seq || r->state == (undone ? REVERSED : REDEEMED));
    }
    return false;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;

    if (event->event_case == COUPON__EVENT__EVENT_SALE_CHANGED) {
        const Coupon__SaleChanged *sale = event->sale_changed;
        bool ok = sale_agrees(self, row->seq, sale, &told[0]);

        for (size_t i = 0; i < sale->n_spent; i++)
            ok &= redemption_agrees(self, row->seq, sale->sale_id, sale->spent[i],
                                    sale->state == COUPON__SALE_STATE__SALE_REVERSED, told);
        return ok;
    }
    if (event->event_case == COUPON__EVENT__EVENT_COUPON_REDEEMED) {
        const Coupon__CouponRedeemed *said = event->coupon_redeemed;
        Coupon__SpentCoupon spent = COUPON__SPENT_COUPON__INIT;

        spent.redemption_id = said->redemption_id;
        spent.coupon_id = said->coupon_id;
        spent.release_id = said->release_id;
        spent.member_id = said->member_id;
        spent.fen = said->fen;
        return redemption_agrees(self, row->seq, said->sale_id, &spent, said->reversed, told);
    }
    return true;
}

static const struct part_stray strays[] = {
    {"redemption", "is of nothing that was granted, or of another's",
     "SELECT redemption_id FROM redemption LEFT JOIN claim USING (coupon_id) WHERE claim.coupon_id IS NULL OR "
     "claim.member_id <> redemption.member_id OR claim.release_id <> redemption.release_id LIMIT 1"},
    {"coupon", "was spent more than once",
     "SELECT coupon_id FROM redemption WHERE state IN (1, 2) GROUP BY coupon_id HAVING count(*) > 1 LIMIT 1"},
    {"sale", "takes off another amount than its coupons, or more than the purchase",
     "SELECT sale_id FROM sale WHERE discount_fen > purchase_fen OR discount_fen <> coalesce((SELECT sum(fen) FROM "
     "redemption WHERE " OF_SALE("sale.sale_id") "), 0) LIMIT 1"},
    {"redemption", "is of no purchase by its number",
     "SELECT redemption_id FROM redemption WHERE redemption_id <= sale_id OR redemption_id > sale_id + 21504 LIMIT 1"},
    {"sale", "is in another state than its coupons",
     "SELECT sale_id FROM sale JOIN redemption USING (sale_id) WHERE sale.state <> redemption.state LIMIT 1"},
    {"redemption", "takes off what its release does not say",
     "SELECT redemption_id FROM redemption LEFT JOIN release USING (release_id) WHERE face_fen IS NOT fen OR union_fen "
     "> "
     "fen OR union_fen < 0 LIMIT 1"},
    {"redemption", "was at another place or time than its purchase",
     "SELECT redemption_id FROM redemption JOIN sale USING (sale_id) WHERE sale.merchant_id <> redemption.merchant_id "
     "OR sale.at <> redemption.at LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec sales_part = {
    .tables = "sale redemption",
    .steps = &sales_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(sale_id) FROM sale), 0), coalesce((SELECT max(redemption_id) FROM "
               "redemption), 0))",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"purchases", "SELECT count(*) FROM sale"},
               {"coupons that are spent", "SELECT count(*) FROM redemption WHERE state = 2"},
               {"fen of coupons that are spent", "SELECT coalesce(sum(fen), 0) FROM redemption WHERE state = 2"}},
    .strays = strays,
    .exports =
        {{&coupon__redemption__descriptor,
          "SELECT redemption_id, redemption_id, coupon_id, sale_id, branch_id, fen, sale.at AS at, reversed_at FROM "
          "redemption JOIN sale USING (sale_id) WHERE " HERS(
              "member_id = ?1") " AND redemption_id > ?2 AND sale.state "
                                "IN (2, 3) ORDER BY redemption_id LIMIT ?3"}},
    .closed = {"-- what was spent is owed to the merchant, under a number that tells nobody who she was"},
    .merged = {"-- holders.h says whose a number is"},
};
