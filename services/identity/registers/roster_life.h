/* roster_life.h: a row comes to a union's roster, says something else, or goes.
 *
 * A person is on one roster once: her row given again is the same row, of which what is
 * different becomes as it is given now. Who was a member by a row that was taken off, and whom the
 * level above keeps since, or who is of no union since, is a member where she was when
 * a row of hers comes back: so a removal that was a mistake is taken back by importing her
 * again. Who has moved on since stays where she is. */
#pragma once
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

/* Puts a row on a union's roster; ret_outcome is an Imports__ImportOutcome. The numbers of the
 * union's roster are the caller's when it was added. 0, ROSTER_ROW_... or STORE_FAILED. ret_elsewhere: she is
 * on another roster too. */
int roster_put(struct identity *self, const struct roster_row *row, const struct union_node *node, void *call,
               int *ret_outcome, bool *ret_elsewhere);
/* Whether a row came to the roster by it, so that it is to be counted. */
bool roster_is_new(int outcome);
/* Makes a row say what is wanted, "" (and no trade) leaving what is. The resident ID is on no other row of the
 * union's, and the caller sees to who is verified by it. */
void roster_correct(struct identity *self, struct roster_entry *entry, const struct person *wanted, int trade,
                    void *call);
