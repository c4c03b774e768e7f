/* api.h: what api.c has for others beside coupon's operations. */
#pragma once
#include "services/coupon/claims.h"

/* Gives a coupon to an export. False: no more now. */
bool coupon_give(struct coupon *self, const struct claim *claim, struct part_export *export);
