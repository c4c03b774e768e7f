/* union_path.h: the place of a union in the tree.
 *
 * A path is LIMIT_PATH_SEGMENT lower-case base-36 digits for each level, root first: the
 * ordinal of the root, of its child, and so on. Segments have one width, so a prefix is an
 * ancestor, text order is tree order, and the subtree of a union is one range of an index.
 * "" is above every root. Paths come from the store or a checked token and are well
 * formed; others are asked by union_path_ok first. */
#pragma once
#include "common/base/limits.h"

#define UNION_PATH_SIZE     (LIMIT_UNION_PATH + 1)
#define UNION_PATH_CHILDREN 1679616 /* 36^LIMIT_PATH_SEGMENT, ordinals from 0 */

/* Whether a text is a path; "" is one. */
bool union_path_ok(const char *path);
/* How many levels down: 1 for a root, 0 for "". */
size_t union_path_level(const char *path);
/* The ordinal-th child. False, with ret untouched, when it would be a level too deep or has
 * no room beside its siblings. ret may be parent. */
bool union_path_child(const char *parent, int64_t ordinal, char ret_path[UNION_PATH_SIZE]);
/* The parent: "" for a root, and for "" itself. ret may be path. */
void union_path_parent(const char *path, char ret_path[UNION_PATH_SIZE]);
/* The last segment, by which a union is known among its siblings; "" of "". */
const char *union_path_segment(const char *path);

/* Whether `other` is this union or below it. */
static inline bool union_path_covers(const char *path, const char *other)
{
    return strncmp(path, other, strlen(path)) == 0;
}

/* The end of the subtree's range: path <= p < end holds for the union and all below it,
 * and for nothing else. */
void union_path_end(const char *path, char ret_end[UNION_PATH_SIZE + 1]);
/* That range in SQL, of a column: ?1 the path and ?2 its end. */
#define UNION_PATH_RANGE(column) column " >= ?1 AND " column " < ?2"
