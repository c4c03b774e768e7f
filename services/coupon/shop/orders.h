/* orders.h: what members have ordered of a union's shop.
 *
 * An order takes points and stock in one transaction, once for an Idempotency-Key. It is picked up at its corner, by a
 * code that her screen shows (pass.h: another one each half a minute), from who hands out there; or posted. What is due
 * in money is said with the order and paid when it is picked up. One that nobody picks up within the days of its goods
 * lapses; that one, and one that she cancels or the union refuses, gives its stock back, and its points into the lots
 * they came from (points.h): what has expired meanwhile stays expired.
 *
 * Where it is sent to is sealed under the shop's key, with the order's id. Officials over the union that sends it may
 * look, each look is a row and a row of the journal, and she sees how many there were. It is destroyed when the order
 * comes to nothing, when her account is closed, and ADDRESS_KEPT_MS after it was posted.
 *
 * Nobody has more of some goods than a person may. Of two accounts that have become one, open orders beyond that end,
 * the latest first; what a fair took off beyond its ceiling falls due again (granted.h). */
#pragma once
#include "services/coupon/coupon.h"

#define ADDRESS_KEPT_MS (INT64_C(30) * COUPON_DAY_MS)

struct order {
    int64_t id, goods_id, member_id, count, points, entry_id, price_fen, off_fen, corner_id, serial;
    int64_t at, until, ended_at, ended_by, back;
    int state; /* Coupon__OrderState */
    char tracking[40 * 4 + 1], reason[60 * 4 + 1];
    struct {
        unsigned char bytes[1400];
        size_t len;
    } sealed;
};

/* On which terms the caller may have so many of some goods now; reason: why not, 0: she may. */
struct order_terms {
    int64_t points, price_fen, off_fen, fair_id, ceiling_fen, union_id;
    int reason;
};
void order_judge(const struct coupon *self, const Coupon__Goods *goods, const char *path, int64_t count, void *call,
                 struct order_terms *ret);
/* What a fair took off an order came to more than its ceiling: it is due again. Nothing, where it is no order's. */
void order_withdraw(void *self, int64_t order_id, void *call);
