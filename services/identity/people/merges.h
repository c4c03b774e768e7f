/* merges.h: two accounts of one person become one: their SQL, and what it means.
 *
 * The account that is kept takes over the doors of WeChat, a request to join that is open,
 * a trade and, when it has none itself, the membership. When both have one, that of the
 * account that goes ends: nobody is in two unions. Periods stay under the number under which
 * they were, and periods.h answers for an account over all that are gone into it. The sessions
 * of what is gone end, its mobile number opens what was kept, and what was sealed of it is
 * destroyed. What she has stated of herself there (a pledge, a correction asked for) ends:
 * she states it anew. Offices are not merged: who holds one gives it up first. Nothing undoes a
 * merge: what is gone could not be told apart any more. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/members.h"

#define MERGE_REMARK_SIZE (200 * 4 + 1)
#define MERGE_WAIT_MS     (INT64_C(72) * 3600000) /* in which whoever is told of it may object */

struct merge {
    int64_t id, kept_id, gone_id, union_id, asked_at, proposed_by, decided_by, decided_at;
    int state, reason; /* Identity__MergeState, Identity__MergeReason */
    char remark[MERGE_REMARK_SIZE];
    int64_t wait_until; /* 0: officials need not wait */
    bool by_codes;      /* both numbers have answered codes */
};

/* False when the account that would go has one that is open. */
bool merge_add(const struct identity *self, const struct merge *merge);
bool merges_find(const struct merges *merges, int64_t merge_id, struct merge *ret);
/* The one that is open of an account that would go. */
bool merges_find_open(const struct merges *merges, int64_t gone_id, struct merge *ret);
/* A member's of either account before an id, the latest first, or a union's after an id, in the states of a mask. */
enum merges_list { MERGES_MINE, MERGES_UNION };
void merges_ask(const struct merges *merges, enum merges_list list, int64_t id, int64_t beyond, size_t limit,
                int64_t states);
bool merges_next(const struct merges *merges, enum merges_list list, struct merge *ret);
void merges_end(const struct merges *merges, enum merges_list list);

/* Writes a merge's state, reason, remark and who proposed and decided, and tells the journal. */
void merge_change(struct identity *self, struct merge *merge, int state, void *call);
/* Tells both accounts, by all their doors, what was asked. */
void merge_tell(struct identity *self, const struct merge *merge, void *call);
void merge_journal(const struct merge *merge, void *call);
/* Why one account may not become part of another: 0 or the Reason. */
int merge_refusal(struct identity *self, const struct member *kept, const struct member *gone);
/* Carries out what merge_refusal has just found possible; merge is on record. */
void merge_apply(struct identity *self, struct merge *merge, void *call);
