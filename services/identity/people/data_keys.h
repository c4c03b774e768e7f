/* data_keys.h: every member's own key, under which all that is sealed of her lies.
 *
 * Her mobile number, name and resident ID, her doors of WeChat, and what she says of
 * herself in an open request are sealed under one random key, of which her row keeps
 * the wrapped form (common/trust/pii.h): 62 bytes a member, and two microseconds to unwrap it
 * where her fields are read. When it is destroyed, no copy of them opens any more. The
 * union's roster is the union's own record and lies under the daemon's key.
 *
 * Whose fields were sealed before there were such keys gets hers when one of them is
 * next sealed, or in her turn by the daemon's tidying: the index of who has none
 * is empty afterwards. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/members.h"

#define DATA_KEYS_SLICE 200 /* members given their key in one transaction */

/* A new key for a member whose row is not written yet. */
void data_key_make(struct identity *self, struct member *member, void *call);
/* Before something of hers is sealed: gives her a key if she has none yet, and seals
 * anew what lay under the daemon's. 0; ACCOUNT_CLOSED when hers is destroyed;
 * STORE_FAILED when it cannot be unwrapped. */
int data_key_ready(struct identity *self, struct member *member, void *call);
