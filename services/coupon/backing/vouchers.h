/* vouchers.h: what has become of the coupons that are WeChat's (backings.h).
 *
 * A coupon of a release that is backed is owed as soon as it is indexed behind the claims (holdings.h): the journal
 * says so (VoucherChanged, PENDING), the bridge sends it, and its journal says what came of it. SENT: it is among her
 * cards in WeChat. USED: it took something off a purchase, which is spent of the release's fund; a purchase that was
 * given back makes it SENT again, and is paid for no more; when the fund has no money for it any more it is USED,
 * unpaid, which is logged and found by the audit. FAILED: WeChat does not give it to her, and surely has not: her
 * coupon ends, its place is free for another, and she is told. What was sent is hers, whatever becomes of her coupon.
 */
#pragma once
#include "bridge/bridge.pb-c.h"
#include "services/coupon/claim/claims.h"

/* A coupon was given: it is owed, if it is of such a release. */
void voucher_owe(struct coupon *self, const struct claim *claim, void *call);
/* What the bridge says of one. */
void voucher_hear(struct coupon *self, const Bridge__SendChanged *changed, void *call);
/* What has become of a coupon, for her to see. */
void voucher_tell(struct coupon *self, int64_t coupon_id, void *call, Coupon__Coupon *ret);
/* How many of a release are in each state. */
void vouchers_count(const struct coupon *self, int64_t release_id, Coupon__BackingCounts *ret);
/* Whether one was used. */
bool voucher_is_used(const struct coupon *self, int64_t coupon_id);
