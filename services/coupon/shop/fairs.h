/* fairs.h: when all that a union's shop sells is cheaper, and by how much for whom. What somebody has got off in a year
 * counts under a ceiling of the union's, as all benefits that count together do (granted.h). */
#pragma once
#include "services/coupon/coupon.h"

#define FAIR_CEILING "年货节" /* by which name it counts */

struct fair {
    int64_t id, ceiling_fen, from, until;
    int32_t percent_off;
    bool ended;
    char union_path[UNION_PATH_SIZE];
    char title[30 * 4 + 1];
};

/* The one that is on in a union's shop at an instant. */
bool fairs_find_on(const struct coupon *self, const char *union_path, int64_t now, struct fair *ret);
/* What a member gets off a price by it now. */
int64_t fair_off(const struct coupon *self, const struct fair *fair, int64_t union_id, int64_t member_id,
                 int64_t price_fen, int64_t now);
