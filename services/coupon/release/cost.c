#include "services/coupon/release/cost.h"

#include "services/coupon/code/codes.h"

/* Whose stock is of all days together. */
static bool has_one_stock(const struct release *release)
{
    return release->way == COUPON__WAY__ENTITLED || release->way == COUPON__WAY__TICKETS;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct release_cost release_cost(const struct coupon *self, const struct release *release, int64_t more_codes)
{
    struct release_cost cost = {.a_day = release->stock_per_day, .days = has_one_stock(release) ? 1 : release->days};

    cost.coupons = cost.a_day * cost.days;
    if (release->way == COUPON__WAY__CODES) {
        cost.coupons = least(cost.coupons, codes_good(self, release->id) + more_codes);
        cost.a_day = least(cost.a_day, cost.coupons);
    }
    cost.fen = cost.coupons * release->face_fen;
    cost.day_fen = cost.a_day * release->face_fen;
    return cost;
}
