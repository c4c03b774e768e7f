/* replay.h: the portal for tests/replay.c. */
#pragma once

static void (*const replay_done)(void *self) = NULL;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {NULL};
