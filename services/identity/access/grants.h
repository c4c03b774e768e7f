/* grants.h: roles over unions: their rows, and giving one, however it was decided.
 *
 * Offices that decide about people's standing, money, places or reports are given and taken
 * back by two people (role_needs_two, proposals.h), to somebody who is known by name. Before
 * there is anybody to do so the command line gives them: at once, until somebody has acted as
 * a root's security administrator in this store for the first time; then nothing but that
 * office itself, while fewer than two people hold it, and so that it can be used GRANT_WAIT_MS
 * later. A head of the journal is signed and published with it at once, and until it can be
 * used one security administrator alone takes it back. */
#pragma once
#include "common/benefit/two_hands/two_hands.h"
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

#define GRANT_WAIT_MS (INT64_C(24) * 3600000)

struct authority {
    int64_t id, member_id, union_id, granted_by, granted_at;
    int64_t also_by;      /* the first hand of what two people gave */
    int64_t effective_at; /* not to be used before */
    int role;             /* Rule__Role */
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
/* Whether it was given so lately that who gave it is no second hand with it (two_hands.h). */
bool grant_is_new(const struct authority *grant, int64_t now);
/* The office of a root's security administrator; who has come with it, whether anybody has, and
 * how many people hold it. */
bool role_is_root_guard(int role, const char *union_path);
void grants_note_guard(const struct grants *grants, int64_t member_id, int64_t now);
bool grants_had_guard(const struct grants *grants);
int64_t grants_root_guards(const struct grants *grants);

/* A number in normal form and a union: 0, or the Reason with its input field. */
int grant_read(struct identity *self, const char *mobile, int64_t union_id, char ret_mobile[CN_MOBILE_LEN + 1],
               struct union_node *ret_node, const char **ret_field);
/* Whether the caller may give a role over a union to a member: grant_refusal() with what
 * she holds. ret_same is the grant that she has already; its id is 0 when she has not. */
int grant_judge(struct identity *self, int role, const struct union_node *node, int64_t member_id, void *call,
                struct authority *ret_same);
/* What the caller gives, of which role, member and, if any, who proposed it and from when it can
 * be used are set. */
void grant_give(struct identity *self, struct authority *grant, const struct union_node *node, void *call);
/* Whether somebody may hold an office that two people give: 0, or GRANTEE_NOT_NAMED. */
int grantee_refusal(struct identity *self, int role, int64_t member_id);
/* Whether the caller, who gave her number, may be told which member it is. */
bool grantee_is_known(struct identity *self, int64_t member_id, void *call);
/* Takes it back, and the sessions whose tokens still carry it. */
void grant_take(struct identity *self, const struct authority *grant, void *call);
