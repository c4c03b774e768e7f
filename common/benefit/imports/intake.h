/* intake.h: the rows of a clerk's table, as a child reads them (common/table), by their headings.
 *
 * The command line and an upload take a file in alike: a survey goes through all of it first,
 * so that what is wrong with the file as a whole is one diagnosis with what was seen, and nothing
 * of it is loaded. Further passes give its rows in pages. Rows above the headings are a title;
 * when one of them has somebody's number the headings are not where they should be. Every
 * row below is given, and what is no row too: nothing is left out uncounted.
 *
 * Numbers that a spreadsheet has rounded (import_kind.is_rounded) refuse their row. From INTAKE_ROUNDED_LEAST
 * on, when they are one row in INTAKE_ROUNDED_SHARE or INTAKE_ROUNDED_MOST of them, the file is
 * refused: one rounded number in eleven looks sound, and would be another person's. */
#pragma once
#include "common/benefit/imports/headings.h"
#include "common/benefit/imports/lines.h"
#include "common/daemon/child.h"
#include "common/table/table.h"

#define INTAKE_HEADS         30 /* rows among which the headings are */
#define INTAKE_PAGE_ROWS     200
#define INTAKE_PAGE_TEXT     28672 /* bytes; as CSV, with each quoted, it fits IMPORT_CSV_MAX */
#define INTAKE_UNION_CODE    64    /* bytes, with its end */
#define INTAKE_SEEN          (TABLE_SEEN_MAX + 300)
#define INTAKE_ROUNDED_LEAST 3
#define INTAKE_ROUNDED_SHARE 50
#define INTAKE_ROUNDED_MOST  100

struct intake {
    const struct import_kind *kind;
    char union_code[INTAKE_UNION_CODE]; /* of all rows when no column says it, or "" */
    bool ended;                         /* with what is told, or what is wrong, in: */
    int fault;                          /* a Reason; 0: it can be loaded */
    char seen[INTAKE_SEEN];
    char form[128];  /* what the file is, e.g. "GB18030 ;" */
    uint32_t titles; /* rows above the headings */
    uint32_t line;   /* of the headings; 0: not yet */
    uint32_t rows, rounded;
    uint32_t cut_fields, other_rows; /* as in struct table_told */
    char unread[HEADINGS_SHOWN];
    struct headings headings;
    unsigned widest;     /* fields of the widest row above the headings */
    unsigned best;       /* headings found in the row that has most of them, which `seen` shows */
    struct csv_row held; /* a row that had no room in the page before */
    struct lines lines;
};

/* Rows below the headings, their fields in the order of headings.h. */
struct intake_page {
    unsigned n;
    size_t len;
    struct csv_row rows[INTAKE_PAGE_ROWS]; /* n_fields 0: the line is no row */
    char text[INTAKE_PAGE_TEXT];
};

/* What reads them: the children of a service that takes tables, in its service_spec. */
extern const struct child_kind intake_children[];
/* Has a file read by a child: the pipe of what it says of it, -1 when that cannot be. Where there are no
 * children (in tests, in a replay) it is read at once, which is the same. */
int intake_open(struct children *children, int file);
/* Reads what a child writes to a pipe, which stays the caller's. union_code: of all
 * rows of a table that has no column for their unions; or "". */
void intake_init(struct intake *intake, const struct import_kind *kind, const char *union_code, int pipe);
/* Takes rows into a page, which the caller has emptied at first, until it is full or the file
 * has ended: then true. False: there is no more yet, and it is to be called again. */
bool intake_fill(struct intake *intake, struct intake_page *page);
void intake_empty(struct intake_page *page);
