/* archive.h: the old part of a journal, in closed files of a folder outside the store.
 *
 * Rows leave the table `journal` in segments (segment.h), NUMBER.segment each, signed by the
 * daemon's head key. Every reader of the journal finds them there as if they were in the
 * table: a page, a hash, a time, the audit. Rows of kinds that are about money (rule.Event)
 * stay in the table too, for ever.
 *
 * A segment is written to the file `part` a slice at a time, each row checked against the
 * chain; synced; renamed; its folder synced; then, in a transaction, the table `segment`
 * tells of it, and from then on its rows are read from the file; then they are deleted from
 * `journal`, a slice in each transaction, in which `segment` tells how far that is. So
 * whatever dies when, each row is in the table or in a file that the table `segment` tells
 * of, and the next start goes on. A file of that name that the store does not tell of, as
 * after a restore, is set aside, not overwritten.
 *
 * A reader checks the rows that it gives against their hashes, and the file against what the
 * table tells of it but for its whole hash, which the audit recomputes. A file that is
 * missing or damaged is said in the log, and a page that needs it refused (STORE_FAILED).
 * Memory: the files kept open, LIMIT_SEGMENTS_OPEN at most, and one writer. One thread, but
 * for archive_sync. */
#pragma once
#include "common/store/journal.h"
#include "common/store/segment.h"

#define ARCHIVE_SLICE 500 /* rows written, or deleted, at once */

struct archive;

/* Finds the segments of a journal in a folder, of this queue's. 0, or -1 after logging why. */
int archive_open(struct journal *journal, const char *dir, const char *queue, const struct segment_vouch *vouch);
void archive_close(struct journal *journal);

/* ---- making segments ---- */

enum archive_task {
    ARCHIVE_NOTHING,
    ARCHIVE_WRITE,  /* archive_write */
    ARCHIVE_SYNC,   /* archive_sync on any thread, then archive_synced */
    ARCHIVE_RECORD, /* archive_record in a transaction, then archive_recorded */
    ARCHIVE_CLEAR,  /* archive_clear in a transaction, then archive_cleared */
};

/* What is to be done next, of what has begun. */
enum archive_task archive_due(const struct journal *journal);
/* Begins a segment of the next n rows, which are committed and not the last of the journal.
 * When nothing is due. 0, or -1 after logging why. */
int archive_begin(struct journal *journal, int64_t n);
/* Writes a slice. 0, or -1 after logging why: then nothing of the segment is left. */
int archive_write(struct journal *journal);
/* Brings the file to the disk, under its name: what archive_synced is to be told. */
int archive_sync(struct journal *journal);
/* 0, or -1 after logging why, as archive_write. */
int archive_synced(struct journal *journal, int failed);
/* Tells the store of the segment, whose rows of kinds among `kept` stay in the table. */
void archive_record(struct journal *journal, const int32_t *kept, size_t n);
void archive_recorded(struct journal *journal);
/* Deletes a slice of rows. */
void archive_clear(struct journal *journal);
void archive_cleared(struct journal *journal);
