/* imports.h: tables that officials upload.
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
 * other, with the authority that who has begun it has at that moment and as her deed. After a
 * restart a check begins anew, and loading goes on behind the last page. */
#pragma once
#include "common/base/body_parts.h"
#include "common/base/limits.h"
#include "services/identity/identity.h"

#define IMPORT_SIZE_MAX (64 << 20)
#define IMPORT_IDLE_MS  (INT64_C(24) * 3600000)
#define IMPORT_KEPT_MS  (INT64_C(30) * 86400000)
#define IMPORT_TOLD_MAX 4096                 /* bytes of a packed Import */
#define IMPORTS_OPEN    8                    /* of one official */
#define IMPORTS_ALL     (INT64_C(512) << 20) /* bytes of all that are open */
#define IMPORT_SLICE    8                    /* parts or pages that are deleted in a slice */

struct import {
    int64_t id, member_id, union_id, begun_at, changed_at;
    int kind, removal, state;
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

/* Begins it with a fresh key; 0, TOO_MANY_IMPORTS or IMPORTS_BUSY. */
int import_begin(struct identity *self, struct import *import, void *call);
/* Seals a part; a repeated one replaces the first. */
void import_put(struct identity *self, const struct import *import, int32_t part, ProtobufCBinaryData content,
                void *call);
/* Opens a part into room for LIMIT_PART bytes and a NUL: its length, or -1. */
long import_part(const struct identity *self, const struct import *import, int32_t part, char *ret_plain);
/* Its next state, told; one that ends it destroys the key. */
void import_change(struct identity *self, struct import *import, int state, void *call);

/* What is known of it, in the arena; NULL without memory. */
Identity__Import *import_message(const struct identity *self, const struct import *import, struct arena *arena);
/* Keeps what is known of it, and how many pages were looked at. */
void import_tell(struct identity *self, struct import *import, const Identity__Import *message, void *call);

/* No row has been looked at yet. */
void import_count_anew(struct import *import, Identity__Import *message);

/* ---- what became of its rows ---- */

void import_put_page(const struct identity *self, int64_t import_id, int32_t page, const void *report, size_t len);
/* A page, or NULL. */
Identity__ImportReport *import_find_page(const struct identity *self, int64_t import_id, int32_t page,
                                         struct arena *arena);

/* ---- rows, api_load.c ---- */

#define IMPORT_PROBLEMS_A_ROW 2 /* a remark on its number, and its conflict with another roster */

/* Rows of a table, as the caller's deed. */
struct csv_row;
struct named;
struct import_run {
    int kind;                   /* Identity__ImportKind */
    const struct csv_row *rows; /* their fields in the order of headings.h; n_fields 0: no row */
    unsigned n;
    int removal;         /* Identity__RosterRemoval */
    bool check_file;     /* what is done is undone, and so were the rows of pages before */
    struct named *named; /* whom the rows of pages before have named */
};
/* What became of them, in the call's arena; NULL when that is full. */
Identity__ImportReport *import_rows(struct identity *self, const struct import_run *run, void *call);

/* ---- import_work.c ---- */

struct import_work;
/* NULL without memory. */
struct import_work *import_work_new(void);
void import_work_free(struct import_work *work);
/* One slice. Whether there is more at once. */
bool import_work_step(struct identity *self);
