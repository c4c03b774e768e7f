/* replay.h: the bridge for tests/replay.c. What it does by itself waits for partners, and is
 * given to it by its own tests alone: recorded is what it hears and is asked before. */
#pragma once
#include "common/trust/pii.h"
#include "services/bridge/bridge.h"

static void replay_close(void *self)
{
    struct bridge *bridge = self;

    pay_close(&bridge->pay);
    pii_keys_close(bridge->bank_keys);
    bridge->bank_keys = NULL;
}

static void (*const replay_done)(void *self) = replay_close;
static const struct replay_given replay_given[] = {{NULL, NULL}};
static const char *const replay_unrecorded[] = {
    "Bridge.BeginWechatPage", /* keeps nothing: what it answers with is signed */
    "Pay.RenewPayout",        /* of what its own work has ended before, which is on no record */
    "Pay.TakeWechatPay",      /* judged by the platform's keys, which are asked for and in memory alone */
    NULL,
};
