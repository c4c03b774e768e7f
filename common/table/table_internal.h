/* table_internal.h: between the files of table. */
#pragma once
#include <stdarg.h>

#include "common/table/table.h"

/* A reading under way. */
struct table {
    const struct table_source *source;
    const struct table_sink *sink;
    struct table_told *told;
    bool stopped; /* by the sink, or by too many rows */
};

/* Says what is wrong, once: the first fault stays. Returns false. */
bool table_fail(struct table *table, enum table_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Bytes of the file; false after failing. */
bool table_bytes(struct table *table, uint64_t at, void *ret, size_t len, size_t *ret_len);

/* ---- a row ---- */

struct table_row {
    uint32_t number;
    unsigned n;
    uint32_t cut; /* fields behind the last that has room */
    size_t len;   /* of the room that is taken */
    size_t at[TABLE_FIELDS_MAX + 1];
    char room[TABLE_FIELDS_MAX * (TABLE_FIELD_MAX + 1)];
};

void table_row_begin(struct table_row *row, uint32_t number);
/* Adds a field, cleaned as table.h says. */
void table_row_field(struct table_row *row, const char *text, size_t len);
bool table_row_is_empty(const struct table_row *row);
/* Gives the row, unless it is empty; false when there are to be no more. */
bool table_row_give(struct table *table, struct table_row *row);
/* Gives a line that is no row. */
bool table_row_broken(struct table *table, uint32_t number);

/* ---- the kinds of files ---- */

/* Text in one of the encodings, or a fault. */
void table_text(struct table *table);
/* A zip archive: an .xlsx, or a fault. */
void table_workbook(struct table *table);

/* ---- text ---- */

enum table_encoding { TABLE_UTF_8, TABLE_GB18030, TABLE_UTF_16LE, TABLE_UTF_16BE };

/* Decides, from all bytes; skip is how many a byte order mark takes. False after failing. */
bool table_encoding(struct table *table, enum table_encoding *ret, unsigned *ret_skip);
const char *table_encoding_name(enum table_encoding encoding);

/* ---- what stands in a cell, in a text of TABLE_FIELD_MAX bytes and some ---- */

/* Of _x000D_, by which a text has a character that XML cannot, a blank, as of any control. */
void table_cell_unescape(char *text, size_t *len);
/* 4.40604199003E+17 as 440604199003000000: an integer of up to 30 digits, or as it was. */
void table_cell_write_out(char *text, size_t *len);

/* ---- cells over several rows of a sheet ---- */

struct table_merges;
/* NULL without memory. */
struct table_merges *table_merges_new(void);
void table_merges_free(struct table_merges *merges);
/* Begins with another sheet. */
void table_merges_clear(struct table_merges *merges);
/* Cells of a column, from 0, that are one, in any order. False: more than are kept. */
bool table_merges_add(struct table_merges *merges, uint32_t first, uint32_t last, uint32_t column);
/* All were added, and rows come, from the first on. */
void table_merges_ready(struct table_merges *merges);
/* A row with what it shows of cells that begin above it: itself, or one that is good until the next. */
struct table_row *table_merges_fill(struct table_merges *merges, struct table_row *row);

/* ---- a workbook's parts ---- */

struct table_zip;
/* NULL after failing. */
struct table_zip *table_zip_open(struct table *table);
void table_zip_close(struct table_zip *zip);
/* Gives the bytes of a part piece by piece to take, until it returns false. False after failing; a
 * part that is not there is a fault unless `may_lack`, then it gives nothing. */
bool table_zip_read(struct table_zip *zip, const char *name, bool may_lack,
                    bool (*take)(void *arg, const char *bytes, size_t len), void *arg);
bool table_zip_has(struct table_zip *zip, const char *name);
