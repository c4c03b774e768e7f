/* api_lot.h: where a caller stands with the lots of a release. */
#pragma once
#include "services/coupon/lot/lots.h"

/* With a lot of a release, or with none (lot NULL); NULL when the call's memory is full. */
Coupon__LotEntry *lot_entry_message(struct coupon *self, struct lot_day *lot, void *call);
/* Why she may do nothing about a release by lot now, 0: she may enter or take one, or is in; `claiming` is why she
 * could not take one of a release that is first come. With where she stands, if there is a lot. */
int lot_offer_refusal(struct coupon *self, struct release *release, int claiming, void *call,
                      Coupon__LotEntry **ret_lot);
