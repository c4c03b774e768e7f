/* cost.h: what a release gives at most, and what that costs.
 *
 * Its stock of all of its days, or of entitlements and tickets its one stock. Of partners' codes those that were
 * imported and are good, of a day no more than it may give: a pool costs what is in it, and more when more come. */
#pragma once
#include "services/coupon/release/releases.h"

struct release_cost {
    int64_t coupons, a_day; /* in all, of one day */
    int64_t fen, day_fen;
    int32_t days; /* on which it gives */
};

/* With so many more codes than there are. */
struct release_cost release_cost(const struct coupon *self, const struct release *release, int64_t more_codes);
