/* counter_api.h: what the operations at counters share. */
#pragma once
#include "services/coupon/till/counter.h"

/* A branch where the caller takes coupons; NULL after refusing. */
const struct shop *shop_of_staff(struct coupon *self, int64_t branch_id, void *call);
/* The caller's own device there, which in_use may take coupons with network now; false after refusing. */
bool counter_of_staff(struct coupon *self, int64_t branch_id, int64_t device_id, bool in_use, void *call,
                      struct scanner *ret);
/* Why what a device says that it read without network at an instant of ours is not believed: 0 or a Reason. */
int counter_doubt(struct coupon *self, const struct scanner *scanner, int64_t at, void *call);
/* Whether the caller may see what is taken at a branch: who takes coupons there, keeps its merchant, or gives, pays or
 * audits benefits over its union. */
bool may_see_sales(struct coupon *self, int64_t branch_id, void *call);

/* In the arena, or NULL. */
Coupon__SaleCoupon *counted_message(const struct counted *coupon, void *call);
/* A purchase as it is, in the arena; NULL when memory is full. */
Coupon__Sale *sale_message(struct coupon *self, const struct sale *sale, void *call);

/* The handler that is in a file of its own. */
void sales__upload_sales(Coupon__Sales_Service *service, const Coupon__UploadSalesRequest *req,
                         Coupon__SaleList_Closure reply, void *call);
