/* transfer_say.h: a transfer in the provider's words, and the provider's words about it. Pure. */
#pragma once
#include <jansson.h>

#include "services/bridge/pay/code.h"
#include "services/bridge/pay/payouts.h"

#define TRANSFER_PATH      "/v3/fund-app/mch-transfer/transfer-bills"
#define TRANSFER_NAME_FROM 200000 /* fen: from there on the payee's name is sealed beside */
#define TRANSFER_LIFE_MS   INT64_C(86400000)

/* What the provider says of a bill. */
enum transfer_state {
    TRANSFER_ODD, /* a word that is not known here */
    TRANSFER_ACCEPTED,
    TRANSFER_PROCESSING,
    TRANSFER_WAIT_USER_CONFIRM,
    TRANSFER_TRANSFERING,
    TRANSFER_CANCELING,
    TRANSFER_SUCCESS,
    TRANSFER_FAIL,
    TRANSFER_CANCELLED,
};

struct transfer_said {
    enum transfer_state state;
    char number[PAYOUT_NUMBER_SIZE];
    int64_t fen; /* -1: it does not say */
    char openid[130], reason[PAYOUT_CODE_SIZE], package[PAYOUT_PACKAGE_SIZE];
};

/* The body of a request, to be freed; NULL for want of memory or of a form. sealed_name "": none. */
char *transfer_body(const struct payout *payout, const char *appid, const char *openid, const char *sealed_name,
                    const char *notify_url);
/* False when it says no number or no state. */
bool transfer_read(const json_t *body, struct transfer_said *ret);
/* The state of a payout that a bill's state means; 0: none. */
int transfer_means(enum transfer_state state);
/* The Reason that a bill's failure means, by fail_reason. */
int transfer_reason(const char *fail_reason);
/* How long to wait before a payout of this state is asked about again. */
int64_t transfer_delay_ms(const struct payout *payout, int64_t now);
