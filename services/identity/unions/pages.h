/* pages.h: lists of what belongs to the unions of a subtree, in pages.
 *
 * In the order of the tree, and of ids within a union: a page begins behind the last
 * row of the one before, which its token names. Unions are looked at by PAGE_UNIONS at
 * most for one page, so that a subtree of 100,000 with little in it holds nobody up: a
 * page may then be short, or empty, and still have a next one. */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/unions/unions.h"

#define PAGE_UNIONS 1000

#define PAGE_TEXT_(n) #n
#define PAGE_TEXT(n)  PAGE_TEXT_(n)
/* The unions of a page, for a statement of two paths, the id and a limit:
 *   WITH slice AS (" PAGE_SLICE ") SELECT ..., path FROM slice JOIN t ON t.union_id = slice.union_id
 *   WHERE (path > ?1 OR id > ?3) ORDER BY path, id LIMIT ?4 */
#define PAGE_SLICE                                                                                                     \
    "SELECT union_id, path FROM unions WHERE " UNION_PATH_RANGE("path") " ORDER BY path LIMIT " PAGE_TEXT(PAGE_UNIONS)

/* The rows of one union, ?1, in a state of the mask ?2, behind the id ?3: for RPC_PAGE_MERGED, of a table with an index
 * of union, state and id. */
#define PAGE_OF_UNION(columns, table, id, state)                                                                       \
    "SELECT " columns " FROM " table " WHERE " RPC_PAGE_STATES("?2", state) " AND union_id = ?1 AND state = " state    \
                                                                            " AND " id " > ?3"

struct page {
    char from[UNION_PATH_SIZE], end[UNION_PATH_SIZE + 1];
    int64_t after; /* id within the union at `from` */
    size_t limit;
};

/* The page that a call asks for, of a union's subtree, for who holds one of the roles over
 * it. False after refusing: UNION_NOT_FOUND, OUTSIDE_YOUR_UNION, or BAD_PAGE_TOKEN of what is
 * none of this subtree. */
bool page_begin(struct identity *self, int64_t union_id, const int *roles, void *call, struct page *ret_page);
/* After n rows were found: where they are fewer than asked for, but not all unions were
 * looked at, the next page begins with the next slice. */
void page_end(const struct unions *unions, const struct page *page, size_t n, void *call);
