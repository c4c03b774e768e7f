/* grants.h: roles over unions: their rows, and giving one, however it was decided. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

struct authority {
    int64_t id, member_id, union_id, granted_by, granted_at;
    int role; /* Rule__Role */
    char union_path[UNION_PATH_SIZE];
};

void grants_add(const struct grants *grants, const struct authority *grant);
bool grants_find(const struct grants *grants, int64_t grant_id, struct authority *ret_grant);
/* A member's grants in the order they were given, at most `size`; returns how many. */
size_t grants_find_all(const struct grants *grants, int64_t member_id, struct authority *ret_grants, size_t size);
/* A page of a subtree (pages.h); one more than its size when there are more. */
struct page;
size_t grants_find_page(const struct grants *grants, const struct page *page, struct authority *ret_grants);
void grants_drop(const struct grants *grants, int64_t grant_id);

/* A number in normal form and a union: 0, or the Reason with its input field. */
int grant_read(struct identity *self, const char *mobile, int64_t union_id, char ret_mobile[CN_MOBILE_LEN + 1],
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
