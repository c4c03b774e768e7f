/* replay.h: the bridge for tests/replay.c. What it does by itself waits for partners, and is
 * given to it by its own tests alone: recorded is what it hears and is asked before. */
#pragma once

static void (*const replay_done)(void *self) = NULL;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {
    "Bridge.BeginWechatPage", /* keeps nothing: what it answers with is signed */
    NULL,
};
