/* membership_life.h: a member comes to a union and leaves it.
 *
 * The only code that begins and ends periods: each keeps the member's row, the
 * journal and what hangs on the period in step, in the call's transaction.
 *
 * A member whose membership ends or changes loses her sessions: their tokens carry
 * the union that is hers no more. Who only gains one keeps them. */
#pragma once
#include "services/identity/people/members.h"
#include "services/identity/membership/periods.h"
#include "services/identity/unions/unions.h"

/* Begins a period now, and ends a request to join that is still open; member->union_id and level are set. She must have
 * none. */
void membership_begin(struct identity *self, struct member *member, int64_t union_id, int began, void *call);
/* Changes a member's standing, as rules.h allows it: with her membership, what she has
 * asked for, and her sessions. */
void membership_set_standing(struct identity *self, struct member *member, int standing, int reason, void *call);
/* Ends the period that lasts, an open transfer, a trade's claim, and her sessions. False when there is none. */
bool membership_end(struct identity *self, struct member *member, int ended, void *call);
/* She has left the company: the level above keeps her until she moves in herself (上挂);
 * a root has none, and she is of no union then. */
void membership_hang(struct identity *self, struct member *member, const struct union_node *node, void *call);
/* Both, at one instant; an open transfer needs no release any more. False when there is no period to end. */
bool membership_move(struct identity *self, struct member *member, int ended, int64_t union_id, int began, void *call);
