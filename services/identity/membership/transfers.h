/* transfers.h: transfers between unions: their SQL, and how they are released.
 *
 * Somebody has one open transfer at most, which the schema sees to. A transfer
 * waits for the old union only self->transfer_silence_ms: then the daemon's own
 * tidying releases it, and so does the new union's acceptance if it comes first. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/unions/unions.h"

#define TRANSFER_REMARK_SIZE (200 * 4 + 1)
#define TRANSFER_SLICE       100 /* released by silence in one transaction */

struct transfer {
    int64_t id, member_id, from_union, to_union, asked_at, released_at, decided_at, decided_by;
    int state, release, reason; /* Identity__TransferState, Identity__Release, Identity__RefusalReason */
    char remark[TRANSFER_REMARK_SIZE];
};

void transfer_add(const struct identity *self, const struct transfer *transfer);
bool transfers_find(const struct transfers *transfers, int64_t transfer_id, struct transfer *ret);
/* The member's open one. */
bool transfers_find_open(const struct transfers *transfers, int64_t member_id, struct transfer *ret);

#define TRANSFERS_OPEN                                                                                                 \
    (RPC_STATE(IDENTITY__TRANSFER_STATE__TRANSFER_ASKED) | RPC_STATE(IDENTITY__TRANSFER_STATE__TRANSFER_OBJECTED) |    \
     RPC_STATE(IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED))

/* A member's before an id (the latest first), in the states of a mask; the open ones to a union after an id, of a mask
 * of TRANSFERS_OPEN; or (transfers_ask_union) those from a union and those that were released to it, each in the states
 * of a mask, after an id. */
enum transfers_list { TRANSFERS_MINE, TRANSFERS_TO, TRANSFERS_UNION };
void transfers_ask(const struct transfers *transfers, enum transfers_list list, int64_t id, int64_t states,
                   int64_t beyond, size_t limit);
void transfers_ask_union(const struct transfers *transfers, int64_t union_id, int64_t from_states, int64_t to_states,
                         int64_t after, size_t limit);
bool transfers_next(const struct transfers *transfers, enum transfers_list list, struct transfer *ret);
void transfers_end(const struct transfers *transfers, enum transfers_list list);

/* Tells the journal how a transfer stands. */
void transfer_journal(const struct transfer *transfer, void *call);
/* Writes a transfer's new state and tells the journal. */
void transfer_change(struct identity *self, struct transfer *transfer, int state, void *call);
/* Lets her go: released now, as `release` says. */
void transfer_release(struct identity *self, struct transfer *transfer, int release, void *call);
/* A member's open transfer when her membership ends otherwise: moved to another
 * union, which nobody need release her from, or altogether (0). */
void transfer_settle(struct identity *self, int64_t member_id, int64_t union_id, void *call);
/* A member of this union has left the company: the level above keeps her until she moves
 * in herself. 0, MEMBER_NOT_FOUND when she is not of this union, NOT_FOR_YOURSELF. */
int member_hang(struct identity *self, const struct union_node *node, int64_t member_id, void *call);
