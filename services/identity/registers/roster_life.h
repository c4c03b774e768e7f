/* roster_life.h: a row comes to a union's roster, says something else, or goes.
 *
 * A person is on one roster once: her row given again is the same row, of which what is
 * different becomes as it is given now. Who was a member by a row that was taken off, and whom the
 * level above keeps since, or who is of no union since, is a member where she was when
 * a row of hers comes back: so a removal that was a mistake is taken back by importing her
 * again. Who has moved on since stays where she is. */
#pragma once
#include "services/identity/registers/rosters.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

/* Puts a row on a union's roster; ret_outcome is an Identity__ImportOutcome. The numbers of the
 * union's roster are the caller's when it was added. 0, ROSTER_ROW_... or STORE_FAILED. ret_elsewhere: she is
 * on another roster too. */
int roster_put(struct identity *self, const struct roster_row *row, const struct union_node *node, void *call,
               int *ret_outcome, bool *ret_elsewhere);
