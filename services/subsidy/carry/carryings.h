/* carryings.h: who goes on from one period to the next.
 *
 * A scheme that carries is had once in each period. An official says once in each, for all, that those who were given
 * it in the period before are carried over: slice by slice each of them gets an application of this period with what
 * she wrote then, which passes the scheme's offices like any other, so that nobody is paid because she once was. Who
 * has no account any more, has applied herself meanwhile, or whose form is not right under the scheme as it is now, is
 * left, and counted. A period is carried over once: again is refused. */
#pragma once
#include "services/subsidy/application/applications.h"

struct carrying {
    int64_t family_id, period_at, scheme_id, after_id, n_carried, n_left;
    bool done;
    int64_t journal_seq;
};

bool carryings_find(const struct subsidy *self, int64_t family_id, int64_t period_at, struct carrying *ret);
/* Begins it for the period of now: 0 or a Reason. */
int carrying_begin(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, struct carrying *ret);
