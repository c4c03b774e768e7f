#include "services/coupon/till/counter.h"

#include "services/coupon/claim/frozen.h"
#include "services/coupon/claim/holdings.h"
#include "services/coupon/till/best.h"
#include "services/coupon/till/spendings.h"

/* ---- one coupon ---- */

/* Why it is not free: 0 or a Reason; of one that is, ret_kept_by is a purchase that keeps it no more. */
static int state_refusal(struct coupon *self, const struct terms *terms, const struct claim *claim, int64_t at,
                         void *call, int64_t *ret_kept_by)
{
    struct redemption redemption;
    struct sale sale;

    if (claim->ended_at)
        return COUPON__REASON__COUPON_VOID;
    if (!redemptions_find_live(&self->sales, claim, rpc_now(call), &redemption, &sale)) {
        if (frozen_to(self, claim->member_id, terms->audience_path, at))
            return COUPON__REASON__IS_FROZEN;
        *ret_kept_by = sale.id;
        return claim->at > at ? COUPON__REASON__COUPON_NOT_GOOD_YET : 0;
    }
    return sale.state == COUPON__SALE_STATE__SALE_LOCKED ? COUPON__REASON__COUPON_LOCKED
                                                         : COUPON__REASON__ALREADY_REDEEMED;
}

static bool is_for_goods(const struct terms *terms, const struct shop *shop, int goods)
{
    if (!terms->goods)
        return true;
    if (goods)
        return terms->goods >> goods & 1;
    return __builtin_popcount(shop->goods) == 1 && (terms->goods & shop->goods);
}

static int terms_refusal(const struct terms *terms, const struct shop *shop, const struct purchase *purchase,
                         const struct counted *coupon)
{
    if (!terms->at_counters)
        return COUPON__REASON__NOT_AT_COUNTERS;
    if (purchase->at < life_from(&terms->life, coupon->claim.at))
        return COUPON__REASON__COUPON_NOT_GOOD_YET;
    if (purchase->at >= coupon->expires_at)
        return COUPON__REASON__COUPON_EXPIRED;
    if (!terms_take_shop(terms, shop))
        return COUPON__REASON__NOT_AT_THIS_PLACE;
    if (!is_for_goods(terms, shop, purchase->goods))
        return COUPON__REASON__NOT_FOR_THESE_GOODS;
    if (!hours_hold(&terms->hours, purchase->at))
        return COUPON__REASON__NOT_AT_THIS_HOUR;
    if (purchase->purchase_fen < terms->threshold_fen)
        return COUPON__REASON__BELOW_THRESHOLD;
    return purchase->purchase_fen < terms->face_fen ? COUPON__REASON__ABOVE_PURCHASE : 0;
}

/* False: it is none that she might think of here, since it has expired, was spent, or is no counter's. */
static bool count(struct coupon *self, const struct shop *shop, const struct purchase *purchase,
                  const struct claim *claim, void *call, struct counted *ret)
{
    const struct terms *terms = terms_find(self, claim->release_id);

    if (!terms)
        return false;
    *ret = (struct counted){.claim = *claim,
                            .face_fen = terms->face_fen,
                            .union_fen = terms_union_fen(terms),
                            .expires_at = life_until(&terms->life, claim->at, claim->day),
                            .alone = terms->alone,
                            .at_most = terms->at_most};
    memcpy(ret->title, terms->title, sizeof(ret->title));
    ret->reason = terms_refusal(terms, shop, purchase, ret);
    if (ret->reason != COUPON__REASON__COUPON_EXPIRED || purchase->coupon_id || purchase->n_chosen) {
        int reason = state_refusal(self, terms, claim, purchase->at, call, &ret->kept_by);

        ret->reason = reason ? reason : ret->reason;
    }
    return purchase->coupon_id || purchase->n_chosen ||
           (terms->at_counters && ret->reason != COUPON__REASON__COUPON_EXPIRED &&
            ret->reason != COUPON__REASON__COUPON_VOID && ret->reason != COUPON__REASON__ALREADY_REDEEMED);
}

/* ---- all of hers ---- */

static void add(struct coupon *self, const struct shop *shop, const struct purchase *purchase,
                const struct claim *claim, void *call, struct counter *ret)
{
    if (ret->n < COUNTER_COUPONS && count(self, shop, purchase, claim, call, &ret->coupons[ret->n]))
        ret->n++;
}

/* Those that she names, or shows alone. */
static int add_named(struct coupon *self, const struct shop *shop, const struct purchase *purchase, const int64_t *ids,
                     size_t n, void *call, struct counter *ret)
{
    struct claim claim;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (ids[j] == ids[i])
                return COUPON__REASON__NOT_AMONG_SHOWN;
        }
        if (!claims_find(&self->claims, ids[i], &claim) ||
            !holder_is(&self->holders, purchase->member_id, claim.member_id) ||
            (purchase->coupon_id && purchase->coupon_id != ids[i]))
            return COUPON__REASON__NOT_AMONG_SHOWN;
        add(self, shop, purchase, &claim, call, ret);
    }
    return 0;
}

/* The newest first. */
static void add_all(struct coupon *self, const struct shop *shop, const struct purchase *purchase, void *call,
                    struct counter *ret)
{
    int64_t *recent = arena_alloc(rpc_arena(call), COUNTER_COUPONS * sizeof(*recent));
    size_t n = recent ? holdings_recent(self, purchase->member_id, INT64_MAX, recent, COUNTER_COUPONS) : 0;
    struct claim claim;
    unsigned asked;

    for (size_t i = 0; i < n; i++) {
        if (claims_find(&self->claims, recent[i], &claim))
            add(self, shop, purchase, &claim, call, ret);
    }
    asked = holdings_ask(self, purchase->member_id, INT64_MAX, COUNTER_LOOKED_AT);
    while (ret->n < COUNTER_COUPONS && holdings_next(self, asked, &claim))
        add(self, shop, purchase, &claim, call, ret);
    holdings_end(self, asked);
}

/* ---- choosing ---- */

/* Which uses up its time first, of two; the number decides between equals. */
static int by_time(const void *a, const void *b)
{
    const struct counted *one = *(const struct counted *const *)a, *other = *(const struct counted *const *)b;

    if (one->expires_at != other->expires_at)
        return one->expires_at < other->expires_at ? -1 : 1;
    return one->claim.coupon_id < other->claim.coupon_id ? -1 : one->claim.coupon_id > other->claim.coupon_id;
}

/* Those worth most, of more than are tried. */
static int by_worth(const void *a, const void *b)
{
    const struct counted *one = *(const struct counted *const *)a, *other = *(const struct counted *const *)b;

    if (one->face_fen != other->face_fen)
        return one->face_fen > other->face_fen ? -1 : 1;
    return by_time(a, b);
}

static size_t fitting(struct counter *counter, struct counted *ret[COUNTER_COUPONS])
{
    size_t n = 0;

    for (size_t i = 0; i < counter->n; i++) {
        if (!counter->coupons[i].reason)
            ret[n++] = &counter->coupons[i];
    }
    if (n > BEST_MAX) {
        qsort(ret, n, sizeof(*ret), by_worth);
        n = BEST_MAX;
    }
    qsort(ret, n, sizeof(*ret), by_time);
    return n;
}

/* Takes the best set, or (all) all that fit, which may be refused. */
static int choose(struct counter *counter, int64_t purchase_fen, bool all)
{
    struct counted *fit[COUNTER_COUPONS];
    struct best_coupon coupons[BEST_MAX];
    size_t n = fitting(counter, fit);
    unsigned set;
    int reason = 0;

    for (size_t i = 0; i < n; i++)
        coupons[i] = (struct best_coupon){fit[i]->face_fen, fit[i]->alone, fit[i]->at_most};
    set = all ? (1U << n) - 1 : best_set(coupons, n, purchase_fen);
    if (all)
        reason = set_refusal(coupons, set, purchase_fen);
    for (size_t i = 0; i < n && !reason; i++) {
        fit[i]->taken = set >> i & 1;
        if (fit[i]->taken) {
            counter->n_taken++;
            counter->discount_fen += fit[i]->face_fen;
        }
    }
    return reason;
}

/* ---- why nothing is taken ---- */

void counter_tell(struct coupon *self, const struct counter *counter, int reason, void *call)
{
    const struct counted *coupon = NULL;
    const struct terms *terms;
    struct redemption redemption;
    struct sale sale;

    for (size_t i = counter->n; i-- > 0;) {
        if (counter->coupons[i].reason == reason)
            coupon = &counter->coupons[i];
    }
    terms = coupon ? terms_find(self, coupon->claim.release_id) : NULL;
    if (!terms)
        return;
    rpc_fact_number(call, "couponId", coupon->claim.coupon_id);
    if (reason == COUPON__REASON__BELOW_THRESHOLD)
        rpc_fact_number(call, "thresholdFen", terms->threshold_fen);
    if (reason == COUPON__REASON__COUPON_NOT_GOOD_YET)
        rpc_fact_time(call, "goodFrom", life_from(&terms->life, coupon->claim.at));
    if (reason == COUPON__REASON__COUPON_EXPIRED)
        rpc_fact_time(call, "expiredAt", coupon->expires_at);
    if (redemptions_find_live(&self->sales, &coupon->claim, rpc_now(call), &redemption, &sale)) {
        rpc_fact_number(call, "firstBranchId", sale.branch_id);
        rpc_fact_time(call, "firstAt", sale.at);
    }
}

/* The reason that all have in common. */
static int refusal_of_all(const struct counter *counter)
{
    for (size_t i = 1; i < counter->n; i++) {
        if (counter->coupons[i].reason != counter->coupons[0].reason)
            return COUPON__REASON__NO_COUPON_FITS;
    }
    return counter->n && counter->coupons[0].reason ? counter->coupons[0].reason : COUPON__REASON__NO_COUPON_FITS;
}

/* One of those that were named is not good. */
static int refusal_of_one(const struct counter *counter)
{
    for (size_t i = 0; i < counter->n; i++) {
        if (counter->coupons[i].reason)
            return counter->coupons[i].reason;
    }
    return 0;
}

int counter_decide(struct coupon *self, const struct purchase *purchase, void *call, struct counter *ret)
{
    const struct shop *shop = shop_find(self, purchase->branch_id);
    int reason = 0;

    ret->n = ret->n_taken = 0;
    ret->discount_fen = 0;
    if (!shop)
        return COUPON__REASON__BRANCH_NOT_FOUND;
    if (!shop->open)
        return COUPON__REASON__MERCHANT_NOT_OPEN;
    if (purchase->goods && !(shop->goods >> purchase->goods & 1))
        return COUPON__REASON__NOT_SOLD_HERE;
    if (!hours_hold(&shop->hours, purchase->at))
        return COUPON__REASON__BRANCH_SHUT;
    if (purchase->n_chosen)
        reason = add_named(self, shop, purchase, purchase->chosen, purchase->n_chosen, call, ret);
    else if (purchase->coupon_id)
        reason = add_named(self, shop, purchase, &purchase->coupon_id, 1, call, ret);
    else
        add_all(self, shop, purchase, call, ret);
    if (!reason && purchase->n_chosen)
        reason = refusal_of_one(ret);
    if (!reason)
        reason = choose(ret, purchase->purchase_fen, purchase->n_chosen > 0);
    if (reason)
        return reason;
    return ret->n_taken ? 0 : refusal_of_all(ret);
}

size_t counter_redemptions(const struct counter *counter, struct redemption ret[SALE_COUPONS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < counter->n && n < SALE_COUPONS_MAX; i++) {
        const struct counted *coupon = &counter->coupons[i];

        if (coupon->taken)
            ret[n++] = (struct redemption){.coupon_id = coupon->claim.coupon_id,
                                           .release_id = coupon->claim.release_id,
                                           .member_id = coupon->claim.member_id,
                                           .fen = coupon->face_fen,
                                           .union_fen = coupon->union_fen,
                                           .kept_by = coupon->kept_by,
                                           .claimed_at = coupon->claim.at,
                                           .day = coupon->claim.day};
    }
    return n;
}
