/* receipts.h: the platform's receipts of what was paid.
 *
 * A receipt is a PDF with a name in it, and is not kept: who asks for one has it asked for at the platform, applied for
 * the first time, and is told to come again while it is being made; one that is there is fetched, held against the hash
 * that a proven answer gave, and handed out. Its bytes are in memory while its parts are handed out, RECEIPT_KEEP_MS at
 * most, RECEIPTS of them at a time. */
#pragma once
#include "services/bridge/errand.h"
#include "services/bridge/pay/pay.h"
#include "services/bridge/pay/payouts.h"

#define RECEIPTS        8
#define RECEIPT_MAX     ((size_t)2 << 20)
#define RECEIPT_KEEP_MS INT64_C(60000)
#define RECEIPT_AGAIN_S 15
#define RECEIPT_PATH    "/v3/fund-app/mch-transfer/elecsign/out-bill-no"

struct receipt {
    struct bridge *bridge;
    int64_t payout_id;     /* 0: free */
    struct errand *errand; /* who waits for it */
    char number[PAYOUT_NUMBER_SIZE], kind[8], hash[65];
    bool applied;
    unsigned char *bytes; /* it is there */
    size_t len;
    int64_t until;
};

struct receipts {
    struct receipt all[RECEIPTS];
};

void receipts_init(struct receipts *receipts, struct bridge *bridge);
/* Those that are not asked for any more go out of memory; all of them when now is INT64_MAX. */
void receipts_drop(struct receipts *receipts, int64_t now);
/* Answers a call with a part of the receipt of a payout that is paid, now or later. */
void receipt_give(struct bridge *bridge, const struct payout *payout, int32_t part, Rpc__Part_Closure reply,
                  void *call);
