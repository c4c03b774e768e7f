/* settlement_api.h: what the operations about merchants' money share. */
#pragma once
#include "services/coupon/settlement/settlements.h"

/* A merchant over which the caller has finance, and which is not her own, or (reads) whose money she may see; false
 * after refusing. */
bool merchant_of_finance(struct coupon *self, int64_t merchant_id, bool reads, void *call, struct merchant *ret);
/* The same of the merchant of a statement. */
bool settlement_of_finance(struct coupon *self, int64_t settlement_id, bool reads, void *call, struct statement *ret,
                           struct merchant *ret_merchant);
