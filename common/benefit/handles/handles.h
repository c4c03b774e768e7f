/* handles.h: a service that knows its members by handles of its own.
 *
 * Where it must not be found out who somebody is, a service shares this part and sets its
 * principal map (rpc.h). From then on a member is her handle to it: a random number, one
 * for each member and service, made in the first call of hers that writes. Her member id
 * stands nowhere but in this part's one table, and there as two things that say nothing
 * without the service's own key: a keyed hash, by which she is found when she calls or
 * identity tells of her, and a seal, which opens for what has to reach her (handle_member).
 * Her session's id is a keyed hash too, and her shown name is not passed on. A handle is
 * kept, not computed of the member id: so it can end. When its row is deleted nobody, with
 * whatever key, finds out whose the handle was that the journal goes on naming.
 *
 * Who has only read has no handle: she is known by a number for this call, which is no
 * handle's (HANDLE_PASSING and more).
 *
 * The part takes the place of `holders`: it follows identity's journal, and all parts are
 * told of handles. An account that is closed takes its handle along. Of two accounts that
 * became one: when both had handles all of one becomes the other's (parts_merged), and when
 * only the one that is gone had, it is that of the account that was kept. The part stands
 * first in a service's list, so that what is found by a handle ends before it. */
#pragma once
#include "common/daemon/part.h"
#include "common/trust/pii.h"

#define HANDLE_PASSING (INT64_C(1) << 62) /* handles are below it */

extern const struct part_spec handles_part;
extern const struct store_steps handles_steps;

struct handles {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct pii_keys *keys;
};

/* At the service's start: the keys are its own, no other daemon's, and outlive it. */
void handles_map(struct handles *handles, const struct pii_keys *keys);
/* The handle of a member, or 0. */
int64_t handle_of(const struct handles *handles, int64_t member_id);
/* The same, made when she has none yet, as of a call or row that writes; 0: it could not be. */
int64_t handle_made(const struct handles *handles, int64_t member_id, void *call);
/* The member behind a handle, or 0: to seal to who must reach her, and for nothing else. */
int64_t handle_member(const struct handles *handles, int64_t handle);
