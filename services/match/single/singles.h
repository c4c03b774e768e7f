/* singles.h: who is here, and whether others may be shown her.
 *
 * A row each, by handle. What it says of her is what the signed session said when she joined: the year of her birth,
 * her sex, and a keyed hash of her union, by which colleagues are kept from each other unless she wants otherwise.
 * Where she stands follows from that and from her pledge; nothing is written when a pledge runs out. Of two accounts
 * that become one the place of the one that is gone ends. */
#pragma once
#include "common/trust/pii.h"
#include "services/match/match.h"

struct single {
    int64_t handle, joined_at;
    int birth_year, sex;
    bool paused, hides;
    unsigned char colleagues[PII_INDEX_LEN];
};

/* False: she is not here. */
bool singles_find(const struct match *self, int64_t handle, struct single *ret_single);
/* Whether the caller is here; else the call is refused. */
bool single_find_caller(const struct match *self, struct single *ret_single, void *call);
/* Adds or changes her, and tells the journal. */
void singles_put(struct match *self, const struct single *single, void *call);
void singles_leave(struct match *self, int64_t handle, void *call);
/* Why somebody may not join: a Reason, or 0. */
int single_refusal(const Rpc__Principal *principal, int64_t now);
