/* fund_uses_internal.h: between the files of fund_uses. */
#pragma once
#include "services/coupon/fund/fund_uses.h"

#define CHINA_MS (INT64_C(8) * 3600000)

enum {
    FUND_USES_SQL_ADD,
    FUND_USES_SQL_FIND,
    FUND_USES_SQL_SET,
    FUND_USES_SQL_LIST,
    FUND_USES_SQL_BESIDE,
    FUND_USES_SQL_COUNT,
    FUND_USES_SQL_ENDED,
    FUND_USES_SQL_DUE,
    FUND_USES_SQL_REDEEMED,
    FUND_USES_N_SQL
};

/* Keeps it; put: and tells what has become of it. */
void fund_use_keep(struct coupon *self, const struct fund_use *use);
void fund_use_put(struct coupon *self, struct fund_use *use, void *call);
/* What it costs as things are now. */
void fund_use_reckon(const struct coupon *self, const struct release *release, struct fund_use *use);
/* When none of its coupons is good any more: of those that it gives until its days are over, or it was ended before. */
int64_t fund_use_due(const struct release *release);
/* Why a union may not give of a fund, which is given: 0 or a Reason. */
int fund_may_give(const struct coupon *self, int64_t fund_id, const char *union_path, struct fund *ret);
