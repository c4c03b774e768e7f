/* api_membership.h: the operations on memberships, one function per rpc of
 * membership.proto. Each noun has its file. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rolls.h"

extern const Identity__Memberships_Service memberships_api;

/* Whether the caller holds one of these roles over a union; the roles end with ROLE_NONE. */
bool caller_holds(void *call, const int *roles, const char *union_path);
/* The union that a member belongs to, or belonged to last, as who may see or change
 * her record: 0, or MEMBER_NOT_FOUND (also when she never was of any union, so that
 * nobody tries numbers), or OUTSIDE_YOUR_UNION. */
int member_refusal(struct identity *self, int64_t member_id, const int *roles, void *call, struct member *ret_member);
