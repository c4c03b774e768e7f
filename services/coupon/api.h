/* api.h: coupon's operations, one function per rpc, in the order of the .proto. */
#pragma once
#include "services/coupon/coupon.h"

extern const Coupon__Coupons_Service coupon_api;
