/* proposals.h: what one official proposes and another confirms: SQL and life.
 *
 * Nobody's standing, no office that decides about people, money, places or reports, and no
 * official's second factor changes by one person alone (common/benefit/two_hands). A proposal
 * is decided by another official who holds the same role over its union or one above, by a
 * call of its own: where a union has too few, the union above is the second hand. What was
 * possible when it was proposed is looked at again then; who proposed it may take it back. A company's word that a
 * member has left it is confirmed by one of its approvers, or by the union. A person has one open proposal of a kind at
 * most, which the schema sees to, and what nobody decides within PROPOSAL_LIFE_MS lapses. */
#pragma once
#include "services/identity/identity.h"

#define PROPOSAL_LIFE_MS     (INT64_C(7) * 86400000)
#define PROPOSAL_SLICE       100  /* that lapse in one transaction */
#define PROPOSALS_SEEN       1000 /* rows for one page of a list */
#define PROPOSAL_REMARK_SIZE (200 * 4 + 1)

struct proposal {
    int64_t id, member_id, union_id, asked_by, asked_at, decided_by, decided_at;
    int kind, state;   /* Identity__ProposalKind, Identity__ProposalState */
    int value, reason; /* Identity__Standing or Rule__Role; Identity__StandingReason */
    char remark[PROPOSAL_REMARK_SIZE];
};

/* False when one of this kind is open for this person. */
bool proposal_add(const struct identity *self, const struct proposal *proposal);
bool proposals_find(const struct proposals *proposals, int64_t proposal_id, struct proposal *ret);
/* Its state, remark, and who decided when. */
void proposal_decide(const struct identity *self, const struct proposal *proposal);
/* Those of a subtree in the states of a mask after an id, in order, of a kind or (0) of all; returns how many. At most
 * PROPOSALS_SEEN rows are looked at: *ret_next is then the id behind which there may be more, else 0. */
size_t proposals_find_below(const struct proposals *proposals, const char *path, int kind, int64_t states,
                            int64_t after, struct proposal *ret, size_t size, int64_t *ret_next);

/* Keeps what the caller proposes, of which kind, person, union, value and reason are
 * set, and answers with it; or refuses with PROPOSAL_PENDING. */
void proposal_make(struct identity *self, struct proposal *proposal, Identity__Proposal_Closure reply, void *call);
void proposal_journal(const struct proposal *proposal, void *call);
