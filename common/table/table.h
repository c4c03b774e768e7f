/* table.h: the rows of a table that a clerk saved, in whatever form Excel or WPS gave it.
 *
 * Text: UTF-8 with or without a byte order mark, GB18030 (and GBK and GB2312, which are part of
 * it), UTF-16; fields between commas, semicolons or tabs, as a line `sep=;` says or as most lines
 * have it, and one column where none of them parts a line; lines that end with LF, CRLF or CR; quotes as in RFC 4180,
 * and line ends inside them. And workbooks: .xlsx, of which the first sheet is read that can be seen and is not empty.
 * Cells that are merged over several rows say the same in each of them.
 *
 * The encoding is decided once, for the whole file, from all of its bytes: never field by
 * field, or a name in GBK that happens to be UTF-8 becomes other letters. What cannot be
 * decided is a fault of the file, and no row of it comes. What is not read is told: the sheets
 * besides, and each line that is no row.
 *
 * A field is one line of UTF-8: what is no text in it (controls, line ends) is a blank. The
 * forms by which a number is kept from being one (="440…", '440…) are taken off, and a number of a
 * workbook is written out, so that 4.406E+17 is 440600000000000000: who reads it sees that it
 * was rounded. A field longer than TABLE_FIELD_MAX bytes is cut.
 *
 * The file is a stranger's: table_read belongs into a child (common/daemon/child.h), which
 * writes what it reads by table_write, and its daemon takes that by table_line. Memory is bounded
 * but for a workbook's shared strings; what a workbook unpacks to is bounded, and a document type
 * or an entity of its own ends it. Times are linear in the size. */
#pragma once

#define TABLE_FIELDS_MAX 64     /* of a row; those behind are counted as left out */
#define TABLE_FIELD_MAX  1000   /* bytes */
#define TABLE_LINE_MAX   100000 /* bytes of a row as it is written by table_write */
#define TABLE_SEEN_MAX   200    /* bytes of what is told of a fault */
#define TABLE_ROWS_MAX   2000000

/* Why there are no rows. */
#define TABLE_FAULTS(X)                                                                                                \
    X(OK)                                                                                                              \
    X(EMPTY)      /* nothing in it */                                                                                  \
    X(UNREADABLE) /* the file could not be read */                                                                     \
    X(ENCODING)   /* neither of the encodings, or more than one */                                                     \
    X(XLS)        /* a workbook as Excel saved them until 2003, or a WPS one */                                        \
    X(ENCRYPTED)  /* a workbook with a password */                                                                     \
    X(OTHER)      /* a file of another kind, which `seen` names */                                                     \
    X(DAMAGED)    /* a workbook that is broken off or altered */                                                       \
    X(HOSTILE)    /* made to exhaust who reads it */                                                                   \
    X(TOO_LARGE)  /* more than is read */

enum table_fault {
#define X(name) TABLE_##name,
    TABLE_FAULTS(X)
#undef X
};

/* What is told of a file besides its rows. */
struct table_told {
    enum table_fault fault;
    char seen[TABLE_SEEN_MAX]; /* what was seen where it is at fault; digits are not shown */
    char form[128];            /* what it is, e.g. "GB18030 ;" or "xlsx Sheet1" */
    uint32_t rows;             /* given, whether good or not */
    uint32_t cut_fields;       /* behind TABLE_FIELDS_MAX */
    uint32_t other_rows;       /* of sheets that were not read */
};

/* Bytes at a place of the file: how many, fewer only at its end, or -1. */
struct table_source {
    int64_t (*read_at)(void *arg, uint64_t at, void *ret_bytes, size_t len);
    void *arg;
    uint64_t size;
};

/* What takes the rows. number counts lines, or a sheet's rows, from 1; an empty row does not
 * come. n is 0 for a line that is no row (a quote that does not end). False: no more. */
struct table_sink {
    bool (*row)(void *arg, uint32_t number, const char *const *fields, unsigned n);
    void *arg;
};

void table_read(const struct table_source *source, const struct table_sink *sink, struct table_told *ret);

/* A piece of the file as it may be shown in a fault: one line, its longer numbers as stars. */
void table_excerpt(const char *text, size_t len, char *ret, size_t size);

/* ---- between a child and its daemon ---- */

/* Loads the converters of iconv, before there are no files any more. */
void table_prepare(void);
/* Reads STDIN_FILENO and writes STDOUT_FILENO: a line for each row, and one for what is told. */
void table_write(void);
/* The same of other files, of which the first can seek. */
void table_write_to(int file, int out);

struct table_line {
    bool last;         /* what is told; else a row */
    uint32_t number;   /* of a row */
    unsigned n_fields; /* 0: the line is no row */
    char *fields[TABLE_FIELDS_MAX];
    struct table_told told;
};
/* Takes apart a line that a child wrote, without its line feed, in place: false when it is none. */
bool table_line(char *line, struct table_line *ret);
