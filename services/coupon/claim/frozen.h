/* frozen.h: what somebody has of a union that she has left, or while she is suspended (homes.h).
 *
 * It stays hers, under all her numbers, expires as it would have, and may be given back; it is not used, by nobody: not
 * at a counter, a corner or a gate, and what is still to be accepted is not. When she is back it is as before. What was
 * for members of every union stays good for who has left one. */
#pragma once
#include "services/coupon/claim/claims.h"

/* Whether what stands under a number, and is for members of the union at a path ("": of any), was frozen at an
 * instant. */
bool frozen_to(const struct coupon *self, int64_t number, const char *path, int64_t at);
/* The same of what a release gave, however old it is. */
bool frozen_of_release(struct coupon *self, int64_t number, int64_t release_id, int64_t at, struct arena *arena);
