/* purses.h: what a member shows at a counter.
 *
 * A code (pass.h, PASS_PURSE) has a random number as its subject, which stands for all the coupons that somebody has,
 * or for one of them. Her telephone gets the number's rotating key once and makes codes without network; whoever reads
 * one learns nothing of her. When she renews her passes the numbers are dropped, and every code of them is worthless.
 */
#pragma once
#include "services/coupon/coupon.h"

struct purse {
    int64_t subject, member_id, coupon_id;
};

/* Her number for all, or one coupon, made when there is none. */
void purse_obtain(struct coupon *self, int64_t member_id, int64_t coupon_id, void *call, struct purse *ret);
/* Drops all of hers. */
void purses_drop(struct coupon *self, int64_t member_id);
/* Whose code a text is at an instant; member_id is who holds it now. 0 or a Reason. */
int purse_read(struct coupon *self, const char *text, int64_t at, struct purse *ret);
