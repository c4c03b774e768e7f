/* look_tries.h: how often the person of a case was shown whole: LOOKS_A_CASE times within
 * LOOKS_A_CASE_MS, whoever looks. Who decides looks once or twice; a list of names cannot
 * be read off case by case, and what is asked for a second day is on record again. */
#pragma once
#include "services/identity/identity.h"

#define LOOKS_A_CASE    5
#define LOOKS_A_CASE_MS (INT64_C(24) * 3600000) /* since the first of them */

/* Counts a look at a case (Identity__LookCase and its id): how many are left after it, or
 * -1 when there was none. */
int look_tries_take(const struct look_tries *tries, int look_case, int64_t case_id, int64_t now);
