/* replay.h: identity for tests/replay.c. */
#pragma once
#include "services/identity/identity.h"

static void end_identity(void *self)
{
    identity_done(self);
}

static void (*const replay_done)(void *self) = end_identity;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
