/* joins.h: requests to join a union: their SQL, and what ends them.
 *
 * Somebody has one open request at most, which the schema sees to. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/sealed.h"

#define JOIN_REMARK_SIZE (200 * 4 + 1)

struct join {
    int64_t id, member_id, union_id, asked_at, decided_at, decided_by;
    int state, trade, reason; /* Identity__JoinState, Rpc__Trade, Identity__RefusalReason */
    bool cover;               /* its approval enrols her (covers.h) */
    char remark[JOIN_REMARK_SIZE];
    struct sealed sealed;
};

struct person;
/* What the applicant says of herself, or what is known of her; "" what cannot be opened. */
void join_open_applicant(const struct identity *self, const struct join *join, struct person *ret);
void join_add(const struct identity *self, const struct join *join);
bool joins_find(const struct joins *joins, int64_t request_id, struct join *ret);
/* The member's open request. */
bool joins_find_open(const struct joins *joins, int64_t member_id, struct join *ret);
/* A member's requests before an id (the latest first), or a union's after an id, in the states of a mask. */
enum joins_list { JOINS_MINE, JOINS_UNION };
void joins_ask(const struct joins *joins, enum joins_list list, int64_t id, int64_t states, int64_t beyond,
               size_t limit);
bool joins_next(const struct joins *joins, enum joins_list list, struct join *ret);
void joins_end(const struct joins *joins, enum joins_list list);
/* Deletes a slice of those decided before an instant; returns how many. */
int joins_drop_old(const struct joins *joins, int64_t before);

void join_journal(const struct join *join, void *call);
/* Ends a request: state, reason, remark and who decided when; its sealed part is erased. She is told. */
void join_decide(struct identity *self, const struct join *join, void *call);
/* Ends the open request of a member, if there is one, as withdrawn: what she asked
 * for is settled otherwise. */
void join_withdraw(struct identity *self, int64_t member_id, void *call);
