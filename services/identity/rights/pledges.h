/* pledges.h: the single pledge (单身承诺): its SQL, and how it ends.
 *
 * A member of known name states that she is single, by typing her name under a text of
 * a version. The pledge stands for self->pledge_life_ms, until she makes it
 * again, revokes it, or its time is over; one stands at most, which the schema sees
 * to. What ended stays on record. */
#pragma once
#include "services/identity/rights/consents.h"

#define PLEDGES_SHOWN 20
#define PLEDGES_SLICE 200 /* that expire in one transaction */

struct pledge {
    int64_t id, member_id, made_at, until, ended_at;
    int state, version; /* Identity__PledgeState */
    unsigned char hash[TEXT_HASH_LEN];
};

void pledges_add(const struct pledges *pledges, const struct pledge *pledge);
/* The one that stands. */
bool pledges_find(const struct pledges *pledges, int64_t member_id, struct pledge *ret);
/* Its state and ended_at. */
void pledges_end(const struct pledges *pledges, const struct pledge *pledge);
/* A member's latest, the latest first; returns how many. */
size_t pledges_find_all(const struct pledges *pledges, int64_t member_id, int64_t before, struct pledge *ret,
                        size_t size, int64_t states);

/* Tells the journal how a pledge stands. */
void pledge_journal(const struct pledge *pledge, void *call);
/* Ends the one that stands, if there is one, and tells the journal. */
void pledge_revoke(struct identity *self, int64_t member_id, void *call);
