/* union_moves.h: what is a union's goes along when its place in the tree changes.
 *
 * Identity moves a union with all below it: their paths begin with another prefix from then
 * on, and so do the grants of officials. In the transaction of its row every package, site,
 * campaign and chain of secrets whose path began with the old prefix begins with the new one,
 * a statement for each table, and the journal says so once; officials of the new place have
 * them, those of the old one no more. Soon after, UNION_MOVE_SLICE campaigns in a
 * transaction, those whom campaigns and their strata name follow, in the order of the moves:
 * a member's path is that of her card, which may be some minutes behind as well.
 *
 * Nothing of a lot changes: its terms name no union (draws.h), and who has entered keeps her
 * stratum. */
#pragma once
#include "services/health/health.h"

#define UNION_MOVE_SLICE 50 /* campaigns in one transaction */

/* 0 or -1, logged. */
int union_moves_open(struct union_moves *moves, struct store *store);
int64_t union_moves_last_id(const struct union_moves *moves);

/* Paths begin with `path` now where they began with old_path. Again does nothing. */
void union_move(struct health *self, const char *old_path, const char *path, void *call);
/* Follows a move in a slice of the campaigns. Whether there may be more. */
bool union_moves_tidy(struct health *self);

/* Notes what a row of the journal says of whose something is. False when it cannot be so. */
bool union_moves_audit_event(struct union_moves *moves, const Health__Event *event);
/* Prints the first fault and returns -1: something that is not of the union the journal tells. */
int union_moves_audit(struct union_moves *moves, FILE *out);
