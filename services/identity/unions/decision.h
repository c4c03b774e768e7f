/* decision.h: what an official does with the requests of a union: who may, and many
 * decided by one call, each by itself. */
#pragma once
#include "services/identity/identity.h"

#define DECISIONS_MAX 100 /* requests decided by one call, as in the .proto files */

/* Roles, ended by ROLE_NONE: who acts for a union, and who may also read what it has. */
extern const int union_administrators[], union_readers[];

/* Whether the caller holds one of these roles over a union. */
bool caller_holds(void *call, const int *roles, const char *union_path);
/* Whether such an official may act for a union: UNION_NOT_FOUND, OUTSIDE_YOUR_UNION, or 0. */
int official_refusal(struct identity *self, int64_t union_id, const int *roles, void *call);

struct decision {
    int64_t union_id;
    const int64_t *ids;
    size_t n;
    bool approve;
    int reason; /* of not approving */
    const char *remark;
};
/* Of a request whose repeated field is `field`. */
#define DECISION(req, field)                                                                                           \
    (&(struct decision){(req)->union_id, (req)->field, (req)->n_##field, (req)->approve, (int)(req)->reason,           \
                        (req)->remark})

/* Decides one of them: 0, or why it is left as it is. */
typedef int (*decide_one)(struct identity *self, const struct decision *decision, int64_t id, void *call);
/* Answers with what came of each; or refuses the call for all, when the caller does not
 * administer the union, they are too many or none, or no reason is given. */
void decide_each(struct identity *self, const struct decision *decision, decide_one one,
                 Identity__DecisionReport_Closure reply, void *call);
