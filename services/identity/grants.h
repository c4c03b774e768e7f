/* grants.h: giving a role over a union, however it was decided. */
#pragma once
#include "services/identity/store.h"

/* A number and a union's code in normal form: 0, or the Reason with its input field. */
int grant_read(struct identity *self, const char *mobile, const char *union_code, char ret_mobile[CN_MOBILE_LEN + 1],
               struct union_node *ret_node, const char **ret_field);
/* Whether the caller may give a role over a union to a member: grant_refusal() with what
 * she holds. ret_same is the grant that she has already; its id is 0 when she has not. */
int grant_judge(struct identity *self, int role, const struct union_node *node, int64_t member_id, void *call,
                struct authority *ret_same);
/* Gives it as the caller's deed; ret_grant may be NULL. */
void grant_give(struct identity *self, int role, const struct union_node *node, int64_t member_id, void *call,
                struct authority *ret_grant);
/* Takes it back, and the sessions whose tokens still carry it. */
void grant_take(struct identity *self, const struct authority *grant, void *call);
