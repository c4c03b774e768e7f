/* look_tries.h: how often the person of a case was shown whole: LOOKS_A_CASE times within
 * LOOKS_A_CASE_MS, whoever looks. Who decides looks once or twice; a list of names cannot
 * be read off case by case, and what is asked for a second day is on record again. Forged
 * cards are counted likewise, by who has read them: CARD_TRIES. */
#pragma once
#include "services/identity/identity.h"

#define LOOKS_A_CASE    5
#define CARD_TRIES      20
#define LOOKS_A_CASE_MS (INT64_C(24) * 3600000) /* since the first of them */

/* How many of so many looks at a case (Identity__LookCase and its id) are left. */
int look_tries_left(const struct look_tries *tries, int look_case, int64_t case_id, int most, int64_t now);
/* Counts one: how many are left after it, or -1 when there was none. */
int look_tries_take(const struct look_tries *tries, int look_case, int64_t case_id, int most, int64_t now);
