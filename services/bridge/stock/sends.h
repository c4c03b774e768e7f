/* sends.h: what is sent out of stocks to whom has won, in the store.
 *
 * coupon's journal says that a coupon is owed (VoucherChanged, PENDING): it is sent under the coupon's own number
 * (out_request_no) for ever, to the WeChat to which it went first. While nobody knows what came of it the same request
 * leaves again, which gives it once at most. Its states are told (SendChanged). */
#pragma once
#include "services/bridge/pay/payouts.h"
#include "services/bridge/stock/stocks.h"

#define SEND_NUMBER_SIZE 32

#define SEND_LATE_MS INT64_C(86400000) /* after the end of a stock what was used of it has been told */

struct sends;

struct send {
    int64_t coupon_id, release_id, member_id;
    int state, reason; /* Bridge__SendState; 0 or a Coupon__Reason */
    char code[STOCK_CODE_SIZE], number[SEND_NUMBER_SIZE], appid[PAYOUT_APPID_SIZE];
    struct {
        unsigned char bytes[PAYOUT_PAYEE_LEN];
        size_t len;
    } payee;
    int refusals, tries, withdrawn;
    int64_t due_at, made_at, changed_at, back_at, journal_seq; /* back_at: a purchase by it was given back; or 0 */
};

/* Its number at the provider's, of a request: 20 digits at most. */
void send_request_no(int64_t coupon_id, char ret[24]);
/* Takes what is owed; or that a coupon has ended. */
void send_take(struct bridge *bridge, const Coupon__VoucherChanged *owed, void *call);
void send_withdraw(struct bridge *bridge, int64_t coupon_id, void *call);
bool send_find(const struct sends *sends, int64_t coupon_id, struct send *ret);
bool send_find_number(const struct sends *sends, const char *number, struct send *ret);
/* Up to max that are due, of stocks that run, the longest first; how many. */
unsigned sends_due(const struct sends *sends, int64_t now, struct send *ret, unsigned max);
/* Those of a stock that were sent and not used, up to max. */
unsigned sends_unused(const struct sends *sends, int64_t release_id, struct send *ret, unsigned max);
/* Those of a stock that are used, after an id, up to max. */
unsigned sends_used(const struct sends *sends, int64_t release_id, int64_t after, struct send *ret, unsigned max);
/* Whether one of a stock has left of which nobody knows yet which coupon it was. */
bool sends_on_way(const struct sends *sends, int64_t release_id);
/* How many of a stock are in each state. */
void sends_count(const struct sends *sends, int64_t release_id, int64_t ret[8]);
/* Writes one, and tells of it when its state or reason is another than it was; at: since when, 0 since now. */
void send_put(struct bridge *bridge, struct send *send, int was, int was_reason, int64_t at, void *call);
/* One was used of which nobody knows yet whose it is; and whether that was said of one: when, or 0. */
void send_use_early(struct bridge *bridge, const char *number, int64_t used_at);
int64_t send_take_use(struct bridge *bridge, const char *number);
/* A stock runs again, or is over: what waited for it is looked at. */
void sends_wake(struct bridge *bridge, int64_t release_id, int64_t now);
