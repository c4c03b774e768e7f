/* pledges.h: until when each member's single pledge stands, as identity's journal says. Whoever pledges has a handle
 * from then on, so that the pledge is hers when she joins. */
#pragma once
#include "services/match/match.h"

/* Until when it stands; 0: there is none that does. */
int64_t pledge_until(const struct match *self, int64_t handle, int64_t now);
