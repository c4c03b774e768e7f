/* points.h: members' points, in lots.
 *
 * A lot is points that a person got together, for one deed or gift, in one ledger; they are good until one instant.
 * What she has is what is left of her lots (rest), under all numbers that she holds (holders.h), and is never below
 * zero. Spending takes first what is over first, and remembers from which lots (points_taken). What is given back goes
 * into these again: a lot that has expired meanwhile, or was not earned after all, gets nothing. What is over goes by
 * itself, slice by slice; it cannot be spent before that either.
 *
 * Each change is an entry, which she can read, and one of the ledger's totals; the journal tells it with what each of
 * its lots has then. So three sums are equal, of a person and of a ledger: of lots, of entries, and of the journal.
 *
 * Where they come from: rpc.Deed in the journals of other services, by the rules of point_rules.h, each deed once; and
 * gifts (gifts.h). A deed that is told as undone takes back what is left of its lot: what was spent stays spent. Of two
 * accounts that have become one, what is beyond the most of a rule goes likewise, in the order of earning.
 *
 * Points of a ledger are spent by members of its union alone: who has left it keeps hers, frozen, until she returns. */
#pragma once
#include "services/coupon/points/point_rules.h"

#define POINTS_JOINING "joining" /* what identity's rows about memberships that began are read as */

#define POINTS_LOTS 100 /* lots of one row of the journal */

struct points_earning {
    int64_t ledger_id, member_id, points, earned_at, expires_at;
    int64_t cause_id;           /* the rule or the gift */
    int64_t rule_id, series_id; /* 0: by hand */
    int64_t deed_id;
    int kind, service;
};

/* What she may spend of a ledger now. */
int64_t points_held(const struct coupon *self, int64_t ledger_id, int64_t member_id, int64_t now);
/* She gets a lot. */
void points_earn(struct coupon *self, const struct points_earning *earning, void *call);
/* The caller spends some, more than none, for something. 0 with the entry by which they can be given back; or a Reason,
 * with the facts `points` and `needed`, and nothing is changed. */
int points_spend(struct coupon *self, int64_t ledger_id, int64_t points, int64_t cause_id, void *call,
                 int64_t *ret_entry_id);
/* Reverses it, once, into the lots it was taken from, for who holds its number now; how many came back. */
int64_t points_give_back(struct coupon *self, int64_t entry_id, void *call);
