/* replay.h: match for tests/replay.c. */
#pragma once
#include "services/match/match.h"

static void replay_close(void *self)
{
    match_done(self);
}

static void (*const replay_done)(void *self) = replay_close;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
