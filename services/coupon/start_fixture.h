/* start_fixture.h: the service on a fresh store, with keys of its own. */
#pragma once
#include "services/coupon/coupon.h"
#include "tests/harness.h"

/* A service with its keys that has not started. */
static inline void unstarted(struct harness *on)
{
    harness_init(on, &coupon_spec, coupon_close);
    harness_key(on, "HUIGONG_DRAW_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(on, "HUIGONG_CODE_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(on, "HUIGONG_TILL_KEY", "1 " HARNESS_KEY "\n");
    harness_key(on, "HUIGONG_SHOP_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    ensure(conf_load(coupon_spec.conf, NULL, true) == 0);
}

static inline void begin(struct harness *on)
{
    unstarted(on);
    harness_start(on);
}
