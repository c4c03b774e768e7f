/* audience_counts.h: how many members something would be for.
 *
 * What a union, its subtree and a trade decide is known from the tallies. Else everybody who might fit is looked at
 * and judged by what her session would say (session_describe), AUDIENCE_COUNT_SLICE at a time between the batches: the
 * members of the subtree, for what was asked last first. The last AUDIENCE_COUNTS_HERS of an official are kept, for
 * AUDIENCE_COUNT_LIFE_MS. There are LIMIT_AUDIENCE_COUNTS at most.
 *
 * A count is as of some moments: who comes, goes or moves behind it is not looked at again. Of a few (LIMIT_PEOPLE_MIN)
 * nobody is told how many. */
#pragma once
#include "common/benefit/audience/audience.h"
#include "services/identity/identity.h"

#define AUDIENCE_COUNT_SLICE   100
#define AUDIENCE_COUNTS_HERS   8
#define AUDIENCE_COUNT_LIFE_MS (60 * 60 * 1000)

struct audience_count {
    int64_t id, member_id, union_id, upto, looked, fits;
    bool done;
    char upto_path[UNION_PATH_SIZE];
    struct audience_rules rules;
};

/* Begins one in place of the official's last. False when there are too many. */
bool audience_counts_begin(struct identity *self, int64_t union_id, const Audience__Audience *said, void *call,
                           struct audience_count *ret);
bool audience_counts_find(struct identity *self, int64_t count_id, void *call, struct audience_count *ret);
/* What the tallies know; false where they do not. */
bool audience_counts_tallied(struct identity *self, int64_t union_id, const struct audience_rules *rules,
                             int64_t *ret_members);
