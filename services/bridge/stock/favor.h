/* favor.h: stocks of WeChat's coupons and what is sent out of them, on their way.
 *
 * As payouts are (pay/transfers.h), what is due is looked at between batches, FAVOR_OUT at a time and one at a time of
 * one person, at the rate that the setting allows of all requests. Identity is asked for her openid, which is in memory
 * for that moment; whom it goes to is marked by a print, and only when that is committed the request leaves, under the
 * coupon's own number. When nobody knows what came of it the same leaves again: the provider gives it once.
 *
 * Nothing has failed but what the provider has refused FAVOR_REFUSALS times, over a minute and more, while its stock
 * ran: what was sent to one person at a time may still be refused by mistake. What waits for us, for the provider or
 * for her to bind her WeChat waits until the coupons of its stock are of no use any more; what may have left by then
 * waits on until the provider has looked at its request.
 *
 * What was used the provider tells (favor_hear); it may come twice, late, or before it has said which coupon it gave.
 */
#pragma once
#include "services/bridge/outbox/outbox.h"
#include "services/bridge/pay/pay.h"
#include "services/bridge/stock/sends.h"

#define FAVOR_OUT      64
#define FAVOR_REFUSALS 4
#define FAVOR_BUSY_MS  10
#define FAVOR_HOLD_MS  INT64_C(3600000)

struct favor_job {
    struct favor *favor;
    enum { FAVOR_IDLE, FAVOR_FINDING, FAVOR_READY, FAVOR_SENDING, FAVOR_ENDED } stage;
    struct send send; /* as the store had it */
    int64_t holder_id;
    struct stock stock;
    char appid[PAYOUT_APPID_SIZE], openid[130];
    /* How it ended: a Coupon__Reason of our own for which nothing was sent; or */
    int reason;
    enum pay_end end;
    enum pay_code code;
    char number[SEND_NUMBER_SIZE];
};

/* One step of a stock. */
struct favor_step {
    enum { STEP_IDLE, STEP_OUT, STEP_ENDED } stage;
    bool asks;       /* only how it stands */
    bool told_where; /* the provider knows where it tells of what is used */
    struct stock stock;
    enum pay_end end;
    enum pay_code code;
    char number[STOCK_NUMBER_SIZE];
    int state; /* Bridge__StockState that it is in by the provider's word; 0: not said */
};

struct favor {
    struct bridge *bridge;
    outbox_ask ask; /* identity */
    void *ask_self;
    struct favor_job jobs[FAVOR_OUT];
    struct favor_step step;
    int64_t look; /* at this release's stock, which may not run any more; 0: at none */
    bool stopping;
};

void favor_init(struct favor *favor, struct bridge *bridge);
/* Outside a batch: writes down what has come of what was under way, lets go who is ready, begins what is due. In how
 * many milliseconds it should be called again. */
int favor_step(struct favor *favor);
/* Begins nothing any more. True while a request is out, whose answer should be awaited. */
bool favor_stop(struct favor *favor);
/* In a transaction: what a proven callback says was used. */
void favor_hear(struct favor *favor, const json_t *plain, void *call);
