/* closings.h: the end of an account.
 *
 * Who asks for it with a code sent to her number has self->closing_delay_ms to take it
 * back; then the daemon's tidying closes the account, unless she holds an office:
 * that ends first, since authority needs somebody who answers for it, and the
 * request is dropped.
 *
 * What is gone then: her data key, and with it all that was ever sealed of her; her
 * mobile's and resident ID's blind indexes; birth year, sex and trade; doors of WeChat,
 * sessions, codes, credentials; remarks on her requests. The store's file is wiped of
 * them as they go and its log within a minute (store_scrub), or as soon as nobody reads
 * an older state. What stays is under her number alone and tells nobody who
 * she was: periods of membership and standing, which the numbers of the unions are
 * made of, the states of her requests, what she agreed to and when, the journal.
 *
 * The rows of rosters that have her are emptied too: their purpose has ended with her
 * membership, and no law bids a union keep them (Personal Information Protection Law,
 * article 47; what a union must keep by law, its accounts, is not here). The same
 * number and resident ID sign up as a new member afterwards. */
#pragma once
#include "services/identity/identity.h"

#define CLOSINGS_SLICE 20 /* accounts closed in one transaction */

struct closing {
    int64_t member_id, asked_at, due_at;
};

bool closings_find(const struct closings *closings, int64_t member_id, struct closing *ret);
/* Asks for it, or (due_at 0) takes it back, and tells the journal. */
void closing_set(struct identity *self, const struct closing *closing, void *call);
