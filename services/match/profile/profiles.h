/* profiles.h: what each single tells of herself.
 *
 * A sealed message a row, by handle: what she looks for and where she lives are hers even from who holds the store. The
 * journal says that it changed, and nothing of it. Until she says to whom a part is told, it is told to nobody. */
#pragma once
#include "services/match/match.h"

/* What she has said, in the call's arena; an empty one when she has said nothing, NULL when the row does not open or
 * memory is full. */
Match__Profile *profile_of(const struct match *self, int64_t handle, void *call);
/* 0 or a Reason. */
int profile_put(struct match *self, int64_t handle, const Match__Profile *profile, void *call);
/* Why it cannot be said like this: a Reason with ret_field, or 0. */
int profile_refusal(const Match__Profile *profile, int64_t now, const char **ret_field);
