/* part_internal.h: what part.c, part_audit.c and part_export.c share; for the test of all
 * parts too. */
#pragma once
#include "common/daemon/part.h"

#define PART_NAME 64 /* bytes of the name of a table or a column, and of both */

/* The statements of one part that are run for persons and unions. */
struct part_hooks {
    unsigned closed, merged, moves, exports[PART_EXPORTS];
    int n_closed, n_merged, n_moves;
};

/* Those of the table, then the chassis' own. */
unsigned parts_count(const struct part_table *table);
const struct part_spec *parts_spec(const struct part_table *table, unsigned i, const char **ret_name);
/* What the functions of a part are given. */
void *parts_hook_self(const struct parts *parts, unsigned i);
/* Reads the next "table.column" of a list; false at its end or at a comment. */
bool part_next_column(const char **at, char ret_table[PART_NAME], char ret_column[PART_NAME]);
