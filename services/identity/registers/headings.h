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
#include "services/identity/identity.h"

/* The fields of each kind, in the order in which rules.h reads them. */
enum { ROSTER_NAME, ROSTER_RESIDENT_ID, ROSTER_MOBILE, ROSTER_UNION, ROSTER_TRADE, ROSTER_COLUMNS };
enum { UNIONS_CODE, UNIONS_NAME, UNIONS_PARENT, UNIONS_TRADES, UNIONS_COLUMNS };
enum { REMOVAL_RESIDENT_ID, REMOVAL_UNION, REMOVAL_COLUMNS };

#define HEADINGS_FIELDS 5
#define HEADINGS_SHOWN  200 /* bytes of a list of columns */

struct headings {
    int at[HEADINGS_FIELDS]; /* column of each field, from 0; -1: there is none */
    unsigned n_found;
    int missing, twice; /* a field without which, or with two of which, nothing is read; -1 */
};

/* How many fields a kind of table has (Identity__ImportKind). */
unsigned headings_fields(int kind);
/* The field that says the rows' union, -1: none does. */
int headings_union(int kind);
/* What a field is called in Chinese. */
const char *headings_name(int kind, unsigned field);
/* Reads a row as headings. has_union: the rows' union is known without a column. */
void headings_read(int kind, bool has_union, char *const *cells, unsigned n, struct headings *ret);
/* The headings of the columns that are not read. */
void headings_unread(const struct headings *headings, char *const *cells, unsigned n, char ret[HEADINGS_SHOWN]);
