/* named_row.h: what the rows above in a file say of a row that it gives. */
#pragma once
#include "common/benefit/imports/named.h"

#define NAMED_AGAIN    1 /* the same person and union, or the same code: it is refused */
#define NAMED_CONFLICT 2 /* the same person on another union's roster */
#define NAMED_PARENT   4 /* the parent is one of the rows above */
#define NAMED_TOO_MANY 8

/* Notes the row of a kind of table (Imports__ImportKind), its fields in the order of
 * headings.h; nothing of one that cannot be read. */
unsigned named_row(struct named *named, int kind, const struct csv_row *row, int today);
