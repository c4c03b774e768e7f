/* payee_account.h: an account on its way into a bank's file: sealed by who owes the money, and opened by the bridge
 * alone, which writes the file. Both have the key (HUIGONG_BANK_KEY). */
#pragma once
#include "common/trust/pii.h"
#include "settlement.pb-c.h"

#define PAYEE_ACCOUNT_CONTEXT "bank account"
#define PAYEE_ACCOUNT_MAX     1024 /* bytes of one that is sealed */

/* Seals the account of an order with random of the call's: its length, 0 when it is too long. */
size_t payee_account_seal(const struct pii_keys *keys, int64_t order_id, const Settlement__PayeeAccount *account,
                          void *call, unsigned char ret[PAYEE_ACCOUNT_MAX]);
