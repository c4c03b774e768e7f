/* api_rights.h: the operations by which a member rules over her own data, each noun in
 * its file. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/store.h"

extern const Identity__Consents_Service consents_api;
extern const Identity__Pledges_Service pledges_api;
extern const Identity__Rights_Service rights_api;

/* The caller, by her live session: 0, or MEMBER_NOT_FOUND, TOKEN_REVOKED, ACCOUNT_CLOSED. */
int caller_refusal(struct identity *self, void *call, struct member *ret_member);
