/* declarations.h: what a company's agents say of its people: their SQL and life.
 *
 * Nothing is done by an agent's word alone: the union's officials decide, as the second of two hands
 * (two_hands.h), or it lapses after DECLARATION_LIFE_MS. A person has one open declaration of a company
 * at most, which the schema sees to. What is to be recorded is sealed until then and erased with the
 * decision; what stays is whom it was about, masked, as far as the agent knew her.
 *
 * Nothing of a person comes back to the agent that she has not said herself or seen in her company's
 * list: an addition waits alike whether the document is nobody's or of a member elsewhere, and what is
 * not on her own company's roster is not there, wherever else it may be. */
#pragma once
#include "services/identity/people/person.h"
#include "services/identity/registers/companies.h"
#include "services/identity/registers/rosters.h"

#define DECLARATION_LIFE_MS     HANDS_LIFE_MS
#define DECLARATIONS_OPEN_MAX   500 /* of one company */
#define DECLARATION_REMARK_SIZE (200 * 4 + 1)

struct declaration {
    int64_t id, union_id, asked_by, asked_at, decided_at, decided_by;
    int kind, state, trade, removal,
        refusal; /* Identity__DeclarationKind, ...State, Rpc__Trade, Identity__RosterRemoval, ...RefusalReason */
    unsigned char person[PII_INDEX_LEN];
    char remark[DECLARATION_REMARK_SIZE];
    struct sealed told, sealed;
};

/* False when one about this person is open for this union. */
bool declaration_add(struct identity *self, const struct declaration *declaration, void *call);
bool declarations_find(const struct declarations *declarations, int64_t declaration_id, struct declaration *ret);
/* Those that wait for a union's officials, up to DECLARATIONS_OPEN_MAX. */
int declarations_count_open(const struct declarations *declarations, int64_t union_id);
/* A union's in the states of a mask before an id, the latest first; returns how many. */
size_t declarations_find_union(const struct declarations *declarations, int64_t union_id, int64_t states,
                               int64_t before, struct declaration *ret, size_t size);
/* Ends it: state, refusal, remark and who decided when. Who asked is told of a decision. */
void declaration_end(struct identity *self, struct declaration *declaration, int state, void *call);
/* Deletes a slice of those decided before an instant; returns how many. */
int declarations_drop_old(const struct declarations *declarations, int64_t before);

/* The deed of a declaration over its union; `what` is filled in for it. */
struct hands_deed declaration_deed(const struct declaration *declaration, const struct union_node *node,
                                   Identity__DeclarationChanged *what);

/* Whom a declaration is about, as her company's union has her. */
struct declared {
    struct roster_entry entry; /* id 0: she is not on its roster */
    struct member member;      /* id 0: no member of it is known by this document */
    struct person known;       /* as recorded; all "" of who is neither */
};
void declared_find(struct identity *self, int64_t union_id, const unsigned char person[PII_INDEX_LEN],
                   struct declared *ret);
/* Does what was declared: 0, or why it cannot be. */
int declaration_apply(struct identity *self, const struct declaration *declaration, const struct union_node *node,
                      void *call);

/* NULL when the call's memory is full. Officials are shown what they decide by, agents what they know. */
Identity__Declaration *declaration_message(struct identity *self, const struct declaration *declaration, bool official,
                                           void *call);
