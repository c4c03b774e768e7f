/* replay.h: health for tests/replay.c. */
#pragma once
#include "services/health/booking/booking_fixture.h"

static void (*const replay_done)(void *self) = health_close;
static const struct replay_given replay_given[] = {{"decree", carry_out}, {"ending", end_given}, {NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
