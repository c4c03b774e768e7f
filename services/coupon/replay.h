/* replay.h: coupon for tests/replay.c. */
#pragma once
#include "services/coupon/fixture.h"

static void (*const replay_done)(void *self) = coupon_close;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
