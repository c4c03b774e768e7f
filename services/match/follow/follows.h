/* follows.h: who follows whom, and who has blocked whom.
 *
 * A row each. Two follow each other when there are both rows, so a mutual follow is never half of one. A block ends
 * what either follows of the other, at once, and from then on each is to the other as if she did not exist; so is
 * whoever is paused, has no pledge that stands, or is of the same union while one of the two hides from colleagues. A
 * stranger's handle cannot be told from none by trying. */
#pragma once
#include "services/match/match.h"

/* Whether `other` may be seen by her who is here; and that nothing of her own keeps her from being seen. */
bool follows_can_see(const struct match *self, int64_t handle, int64_t other, int64_t now);
