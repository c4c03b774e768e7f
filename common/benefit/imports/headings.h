/* headings.h: which column of a clerk's table is which, by what stands above it.
 *
 * Columns come in any order, under the names that personnel files, the unions' own forms and
 * our own exports give them; blanks, stars, brackets and what stands in them do not count
 * (* 身份证号码（18位）), and of 手机/联系电话 each side does. A name that is more exact
 * goes before one that is less: with 手机号码 and 联系电话 the former is read. Two columns
 * that are named equally well cannot be told apart. What has no such name is not read,
 * and that is told. */
#pragma once
#include "common/text/csv.h"

#define HEADINGS_FIELDS 5   /* of a kind at most */
#define HEADINGS_SHOWN  200 /* bytes of a list of columns */

/* Names that a column may have; those behind are tried when no column has one of the others. */
struct import_column {
    const char *name; /* what it is called in Chinese */
    bool optional;
    const char *sure, *likely; /* with blanks between */
};

/* A kind of table (Imports__ImportKind), its columns in the order in which its rows are read. */
struct import_kind {
    const struct import_column *columns;
    unsigned n;
    int of_union;                         /* the field that says the rows' union, -1: none does */
    bool (*is_rounded)(const char *text); /* whether a text is what a spreadsheet has made of a longer number */
};

struct headings {
    int at[HEADINGS_FIELDS]; /* column of each field, from 0; -1: there is none */
    unsigned n_found;
    int missing, twice; /* a field without which, or with two of which, nothing is read; -1 */
};

/* How many columns a table has at least. has_union: the rows' union is known without a column. */
unsigned headings_needed(const struct import_kind *kind, bool has_union);
/* Reads a row as headings. */
void headings_read(const struct import_kind *kind, bool has_union, char *const *cells, unsigned n,
                   struct headings *ret);
/* The headings of the columns that are not read. */
void headings_unread(const struct headings *headings, char *const *cells, unsigned n, char ret[HEADINGS_SHOWN]);
