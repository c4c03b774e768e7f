/* imports.h: tables that officials upload.
 *
 * A service that shares this part says which kinds of tables it takes, and what becomes of their rows
 * (struct imports_service); how the file comes, is read, rehearsed, reported on and loaded is here.
 *
 * States: UPLOADING, while parts of LIMIT_PART bytes come; CHECKING, while every row is judged
 * as if it were loaded; CHECKED, until who has begun it confirms; LOADING; LOADED. REFUSED is a
 * file that cannot be loaded as a whole (intake.h), GIVEN_UP one that was cancelled or left
 * alone for IMPORT_IDLE_MS. Each change is in the journal.
 *
 * The file's parts are sealed under a key of the import's own, which is destroyed, and the parts
 * after it, as soon as they are not needed: in a state that ends it. While it is read it is
 * also in memory, once. What became of each row stays for IMPORT_KEPT_MS, without the row.
 *
 * Rows are judged and loaded by import_work.c, a page in a slice, one import after the
 * other, as the deed of who has begun it, with the authority that the service says she has at that
 * moment. After a restart a check begins anew, and loading goes on behind the last page. */
#pragma once
#include "common/base/body_parts.h"
#include "common/base/limits.h"
#include "common/benefit/imports/intake.h"
#include "common/benefit/imports/named.h"
#include "common/daemon/part.h"
#include "common/trust/pii.h"
#include "imports.pb-c.h"

#define IMPORT_SIZE_MAX (64 << 20)
#define IMPORT_IDLE_MS  (INT64_C(24) * 3600000)
#define IMPORT_KEPT_MS  (INT64_C(30) * 86400000)
#define IMPORT_TOLD_MAX 4096                 /* bytes of a packed Import */
#define IMPORTS_OPEN    8                    /* of one official */
#define IMPORTS_ALL     (INT64_C(512) << 20) /* bytes of all that are open */
#define IMPORT_SLICE    8                    /* parts or pages that are deleted in a slice */

extern const struct part_spec imports_part;
extern const struct store_steps imports_steps;

struct import_work;
struct imports_service;

struct imports {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct imports_service *service;
    const struct pii_keys *keys; /* which seal the file and what is told of it */
    struct import_work *work;
};

struct import {
    int64_t id, member_id, union_id, begun_at, changed_at;
    int64_t detail; /* what else its kind asks for, as the service numbers it */
    int kind, state;
    int32_t size, pages;
    unsigned char wrapped[PII_WRAPPED_LEN];
    size_t wrapped_len;
    unsigned char told[IMPORT_TOLD_MAX + PII_OVERHEAD];
    size_t told_len;
};

bool imports_find(const struct imports *imports, int64_t import_id, struct import *ret);
/* The one that has waited longest to be checked or loaded. */
bool imports_find_waiting(const struct imports *imports, struct import *ret);
/* An official's in some states, newest first. */
void imports_ask(const struct imports *imports, int64_t member_id, int64_t before, size_t limit, int64_t states);
bool imports_next(const struct imports *imports, struct import *ret);
void imports_end(const struct imports *imports);
bool import_is_open(int state);
/* How many parts of it have come. */
int32_t imports_received(const struct imports *imports, int64_t import_id);

/* Seals a part; a repeated one replaces the first. */
void import_put(struct imports *imports, const struct import *import, int32_t part, ProtobufCBinaryData content,
                void *call);
/* Opens a part into room for LIMIT_PART bytes and a NUL: its length, or -1. */
long import_part(const struct imports *imports, const struct import *import, int32_t part, char *ret_plain);
/* Its next state, told; one that ends it destroys the key. */
void import_change(struct imports *imports, struct import *import, int state, void *call);

/* What is known of it, in the arena; NULL without memory. */
Imports__Import *import_message(const struct imports *imports, const struct import *import, struct arena *arena);
/* Keeps what is known of it, and how many pages were looked at. */
void import_tell(struct imports *imports, struct import *import, const Imports__Import *message, void *call);

/* No row has been looked at yet. */
void import_count_anew(struct import *import, Imports__Import *message);

/* ---- what became of its rows ---- */

void import_put_page(const struct imports *imports, int64_t import_id, int32_t page, const void *report, size_t len);
/* A page, or NULL. */
Imports__ImportReport *import_find_page(const struct imports *imports, int64_t import_id, int32_t page,
                                        struct arena *arena);

/* ---- rows ---- */

#define IMPORT_PROBLEMS_A_ROW 2 /* at most: a remark on its number, and its conflict with another list */

/* Rows of a table, as the caller's deed. */
struct import_run {
    const struct import *import;
    const struct csv_row *rows; /* their fields in the order of the kind's columns; n_fields 0: no row */
    unsigned n;
    bool check_file;     /* what is done is undone, and so were the rows of pages before */
    struct named *named; /* whom the rows of pages before have named */
};

/* What a service does with tables; self is its struct. */
struct imports_service {
    /* The kind of an Imports__ImportKind that it takes. */
    const struct import_kind *(*kind)(int kind);
    /* The code of a union, for rows without a column for it; NULL: no kind has one. */
    void (*union_code)(void *self, int64_t union_id, char ret_code[INTAKE_UNION_CODE]);
    /* Adds to a principal the authority that a member has now; false: memory is full. NULL: none is asked. */
    bool (*authority)(void *self, int64_t member_id, Rpc__Principal *principal, void *call);
    /* What became of them, in the call's arena; NULL when that is full. */
    Imports__ImportReport *(*rows)(void *self, const struct import_run *run, void *call);
    /* Only notes whom a row names, of a page that was loaded before a restart. */
    void (*note)(struct named *named, int kind, const struct csv_row *row, int today);
    /* What the field of an ImportProblem is called in Chinese. */
    const char *(*column_name)(const char *field);
    const ProtobufCEnumDescriptor *reasons; /* its own, of rows */
};

/* An empty report of so many rows at most; false when the arena is full. */
bool import_report_init(Imports__ImportReport *report, size_t rows, struct arena *arena);
/* What became of a row, an Imports__ImportOutcome, behind what was wrong with it. */
void import_report_row(Imports__ImportReport *report, int line, int outcome);
/* What is wrong with the row that is judged next, of which there are IMPORT_PROBLEMS_A_ROW at most: a Reason, the
 * field, and the character for which a text was refused, or 0. NULL when the arena is full. */
Imports__ImportProblem *import_report_problem(Imports__ImportReport *report, int line, int reason, const char *field,
                                              int32_t character, struct arena *arena);

/* At the service's start; -1 without memory. At its end, also when it did not start. */
int imports_start(struct imports *imports, const struct imports_service *service, const struct pii_keys *keys);
void imports_done(struct imports *imports);

/* ---- what its official does: each false after refusing ---- */

/* Begins one of a kind, a union and a size with a fresh key. */
bool import_begin(struct imports *imports, struct import *import, void *call);
/* A part of the file, any of them, also again. */
bool import_take_part(struct imports *imports, const struct import *import, int32_t part, ProtobufCBinaryData content,
                      void *call);
/* When all parts are there; again it is only said how far it is. */
bool import_check(struct imports *imports, struct import *import, void *call);
/* After its check; again likewise. */
bool import_confirm(struct imports *imports, struct import *import, void *call);
/* While it is open. */
bool import_cancel(struct imports *imports, struct import *import, void *call);
/* A part of the report for a spreadsheet, with a byte order mark as those expect it. */
bool import_download(struct imports *imports, const struct import *import, int32_t from, void *call, Rpc__Part *ret);

/* ---- import_work.c ---- */

/* NULL without memory. */
struct import_work *import_work_new(void);
void import_work_free(struct import_work *work);
/* One slice. Whether there is more at once. */
bool import_work_step(struct imports *imports);
