/* rules.h: what coupon decides, without I/O, clock or memory of its own. */
#pragma once
#include "services/coupon/releases.h"

/* The 0-based day of a release at an instant; -1 before it opens. May pass its last. */
int32_t release_day(const struct release *release, int64_t now);
/* Why nobody may claim now, whoever she is: a Reason, or 0. */
int release_refusal(const struct release *release, int64_t now);
/* Why this member may not claim, whenever: a Reason, or 0. */
int eligibility_refusal(const struct release *release, const Rpc__Principal *principal);
/* Why a release cannot be made like this: a Reason with ret_field, or 0. */
int draft_refusal(const Coupon__Release *draft, const char *union_path, const char *eligible_path, int64_t now,
                  const char **ret_field);
/* Whether a release may pass from one state to another. */
bool may_become(int from, int to);
/* 13 digits of Crockford's base 32 and a NUL. */
void coupon_code(uint64_t number, char ret_code[14]);
