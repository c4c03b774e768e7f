/* transfers.h: payouts by WeChat, on their way.
 *
 * A payout that is due is looked at between batches, TRANSFERS_OUT at a time. One that is WAITING: identity is asked
 * for her openid and, from TRANSFER_NAME_FROM on, her name, which are in memory for that moment; it is marked as SENT,
 * and only when that is committed its request leaves. One that is SENT and of which nobody knows is asked about: when
 * the provider does not know its number, the same request leaves again under the same number, which can pay once at
 * most. One that the provider has, or that she has to confirm, is asked about until it has ended.
 *
 * What the provider tells by itself (a callback) only makes that the payout is asked about at once: what the answer to
 * the question says decides, if number, amount and payee are ours. So a callback may come late, twice, before the
 * answer to the request, or out of order, and a forged one changes nothing.
 *
 * Nothing is taken as failed but what the provider says has failed, or was refused and is not known to it
 * TRANSFER_MISSING times, asked about over some time since its last request left. After TRANSFER_RESEND_MS a request does not leave again. What
 * is known to differ becomes a case (cases.h).
 *
 * What counts for a day is what was first sent on it: past the limits of a person or of all a payout waits for the
 * next day. */
#pragma once
#include "services/bridge/outbox/outbox.h"
#include "services/bridge/pay/cases.h"
#include "services/bridge/pay/pay.h"
#include "services/bridge/pay/payouts.h"
#include "services/bridge/pay/transfer_say.h"

#define TRANSFERS_OUT      80
#define TRANSFERS_BUSY_MS  10
#define TRANSFERS_IDLE_MS  200
#define TRANSFER_MISSING   6                        /* with growing waits, nine minutes together */
#define TRANSFER_RESEND_MS (71 * INT64_C(3600000))  /* the provider takes a number again for three days */
#define TRANSFER_FORGET_MS (30 * INT64_C(86400000)) /* and tells of it for thirty */
#define TRANSFER_AGAIN_MS  INT64_C(60000)           /* after a failure that is not the order's */

struct bridge;

enum transfer_stage {
    TRANSFER_IDLE,
    TRANSFER_FINDING, /* identity is asked */
    TRANSFER_READY,   /* to be marked as SENT */
    TRANSFER_OUT,     /* its request is under way */
    TRANSFER_ENDED,   /* with what is not yet in the store */
};

enum transfer_what { TRANSFER_SEND, TRANSFER_QUERY, TRANSFER_CANCEL };

struct transfer_job {
    struct bridge *bridge;
    enum transfer_stage stage;
    enum transfer_what what;
    struct payout payout; /* as the store had it */
    char appid[PAYOUT_APPID_SIZE], openid[130], name[160];
    bool changed; /* of one that she has to confirm: the WeChat that it went to is not hers any more */
    /* How it ended: a Reason of our own for which nothing was sent; or */
    int reason;
    enum pay_end end;
    long status;
    enum pay_code code;
    struct transfer_said said;
    bool has_said;
};

struct transfers {
    struct bridge *bridge;
    outbox_ask ask; /* identity */
    void *ask_self;
    struct pay_limits limits;
    struct transfer_job jobs[TRANSFERS_OUT];
    int day; /* of day_fen; 0: not known */
    int64_t day_fen;
    bool told, stopping;
};

void transfers_init(struct transfers *transfers, struct bridge *bridge, const struct pay_limits *limits);
/* Outside a batch: writes down what has come of those under way, lets go who is ready, begins what is due. In how many
 * milliseconds it should be called again. */
int transfers_step(struct transfers *transfers);
/* Begins nothing any more. True while a request is out, whose answer should be awaited. */
bool transfers_stop(struct transfers *transfers);
/* In a transaction: what a proven callback says of a bill. */
void transfers_hear(struct transfers *transfers, const json_t *plain, void *call);
void transfers_report(struct transfers *transfers, struct arena *arena, Rpc__ProbeReport *ret);
