/* trades.h: trades of the new employment forms: their SQL, and how one is proven,
 * replaced and ended.
 *
 * A row is a claim and, once it is proven, the period for which it is: so long as the
 * setting says, counted on from the old period when the same trade is renewed. A member
 * has one trade at most that is proven, which the schema sees to, and member.trade
 * repeats it, so that signing in and the tallies read one row; only this file changes
 * it. The daemon's tidying ends what has expired, by an index of the ends and a slice at a
 * time: her token says TRADE_OTHER from its next refresh on. What she shows as a
 * proof is sealed, and erased when her claim is decided. */
#pragma once
#include "services/identity/people/person.h"

#define TRADE_REMARK_SIZE (200 * 4 + 1)
#define TRADE_RENEWAL_MS  (INT64_C(60) * 86400000) /* before its end */
#define TRADE_SLICE       100                      /* ended by time in one transaction */

struct trade {
    int64_t id, member_id, union_id, asked_at, decided_at, decided_by, from_at, until_at;
    int trade, state, source, reason; /* Rpc__Trade, Identity__TradeState, ..Source, ..RefusalReason */
    int proof;                        /* Identity__TradeProof */
    char remark[TRADE_REMARK_SIZE];
    struct sealed_proof sealed;
};

bool trades_find(const struct trades *trades, int64_t trade_id, struct trade *ret);
/* The claim that waits, and the trade that is proven. */
bool trades_find_asked(const struct trades *trades, int64_t member_id, struct trade *ret);
bool trades_find_proven(const struct trades *trades, int64_t member_id, struct trade *ret);
/* A member's before an id, the latest first, and a union's after an id, in the states of a mask: the caller
 * steps with trades_next and the same list. */
enum trades_list { TRADES_MINE, TRADES_UNION };
void trades_ask(const struct trades *trades, enum trades_list list, int64_t id, int64_t beyond, size_t limit,
                int64_t states);
bool trades_next(const struct trades *trades, enum trades_list list, struct trade *ret);
void trades_end(const struct trades *trades, enum trades_list list);

/* Adds a claim that waits. */
void trade_claim(struct identity *self, const struct trade *trade, void *call);
/* Ends a claim unproven: its state, reason and remark. */
void trade_refuse(struct identity *self, struct trade *trade, int state, void *call);
/* Begins the period of a trade from now on; what was proven is replaced. With id 0 there was
 * no claim. trade, member_id, union_id and source are set. member->trade follows. */
void trade_prove(struct identity *self, struct member *member, struct trade *trade, void *call);
/* Between two accounts of one person: a trade that is proven goes to the one that is kept,
 * unless it has one, and nothing stays with the other. */
void trade_hand_over(struct identity *self, struct member *kept, struct member *gone, void *call);
/* Ends a trade that only a roster proves. */
void trade_revoke_listed(struct identity *self, struct member *member, void *call);
/* Ends the trade that is proven, when there is one, before its time. */
void trade_end(struct identity *self, struct member *member, void *call);
/* Withdraws a member's claim that waits, when there is one. */
void trade_withdraw(struct identity *self, int64_t member_id, void *call);
