/* tree.h: the unions, by id and by place.
 *
 * Outside, a union is named by its id; inside, by the path to its place in the tree, whose
 * prefixes are the unions above it: in principals, stores and journals. A service that shares
 * this part translates at its door: a request names a union by id and the handler asks for its
 * path, an answer has the id of the union at a path.
 *
 * It hears of every union that was ever made, and of every move, in the order of identity's
 * journal, also in a store that has followed that journal without it (hearing.h). A path in a
 * row of the service's own moves in the same transaction as the path here, so both always mean
 * the same union.
 *
 * A union that has just been made may not have been heard of yet. It is refused with the word
 * to try again; only what is not new and is not here is no union. While the part hears anew what
 * the service's rows have moved with long ago, every union is: its place is of an earlier day.
 *
 * In SQL a service, and a part behind this one, may read tree_union. */
#pragma once
#include "common/daemon/part.h"

#define TREE_NEW_MS 60000 /* so long after it was made a union need not be known */

extern const struct part_spec tree_part;
extern const struct store_steps tree_steps;

struct tree {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* The path of the union that a request names in a field, in the call's arena; "", which is above
 * all unions, when it names none (0). NULL after refusing with UNION_NOT_FOUND, or with
 * UNION_NOT_KNOWN_YET and when to try again. */
char *tree_path(const struct tree *tree, int64_t union_id, const char *field, void *call);
/* The path of a union that a journal names, in an arena; NULL: it is not known here, or the arena is full. */
char *tree_find(const struct tree *tree, int64_t union_id, struct arena *arena);
/* The id of the union at a path; 0: there is none, or it is "". 0, or UNION_NOT_KNOWN_YET while
 * what was ever told of unions is still being heard. */
int tree_id(const struct tree *tree, const char *path, void *call, int64_t *ret_id);
