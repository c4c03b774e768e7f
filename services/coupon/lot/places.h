/* places.h: what a lot has given: coupons by their places, and those of a season that must be accepted. */
#pragma once
#include "services/coupon/lot/lots.h"

struct place {
    int64_t coupon_id, lot_id, member_id, accept_by;
    int32_t place;
    int state; /* Coupon__EntryState */
};

/* Gives a winner her coupon. False: she cannot have it, and the next is called up; or the call was refused. */
bool place_give(struct coupon *self, const struct lot_terms *terms, int64_t member_id, int32_t place, void *call);
bool places_find(struct coupon *self, int64_t coupon_id, struct place *ret);
/* By a place of a lot. */
bool places_at(struct coupon *self, int64_t lot_id, int32_t place, struct place *ret);
/* How many have what a lot gave. */
int64_t places_held(struct coupon *self, int64_t lot_id);
/* She takes it, or gives it back and the next is called up: 0 or a Reason. Again does nothing. */
int place_accept(struct coupon *self, struct place *place, void *call);
int place_decline(struct coupon *self, struct place *place, void *call);
/* A coupon was taken back: the next on its waiting list, if it is by a place, has it. */
void places_withdrawn(struct coupon *self, int64_t coupon_id, void *call);
