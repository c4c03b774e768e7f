/* archive_internal.h: what the files of archive.h share. */
#pragma once
#include "common/store/archive.h"
#include "common/store/journal_internal.h"

enum {
    ARCHIVE_LAST,   /* segment */
    ARCHIVE_OF,     /* a row */
    ARCHIVE_ALL,    /* segments */
    ARCHIVE_KEPT,   /* rows of the table up to one */
    ARCHIVE_ROWS,   /* of the table behind one */
    ARCHIVE_ADD,    /* a segment */
    ARCHIVE_DELETE, /* rows */
    ARCHIVE_SET,    /* how far they are deleted */
    N_ARCHIVE
};

/* What the table `segment` tells. */
struct told {
    int64_t number, first, last, cleared;
    unsigned char hash[SEGMENT_HASH_LEN], head[SEGMENT_HASH_LEN];
    char kept[256];
};

struct open_segment {
    struct segment *segment;
    uint64_t used;
};

struct archive {
    char dir[4000], queue[LIMIT_QUEUE_NAME + 1];
    struct segment_vouch vouch;
    struct open_segment open[LIMIT_SEGMENTS_OPEN];
    uint64_t uses;
    int64_t said_ns; /* when it was last said that a file cannot be read */
    /* what is being written */
    struct segment_writer *writer; /* NULL: none was yet */
    enum archive_task task;        /* WRITE, SYNC, RECORD, or NOTHING */
    struct segment_facts facts;
    int64_t next;                            /* row to be written */
    unsigned char chain[SEGMENT_HASH_LEN];   /* hash of the row before it */
    unsigned char written[SEGMENT_HASH_LEN]; /* of the whole file */
};

/* archive->dir/NUMBER.segment */
void archive_path(const struct archive *archive, int64_t number, char ret[4096]);
/* The row of ARCHIVE_OF and ARCHIVE_ALL. */
void archive_told(struct journal *journal, unsigned statement, struct told *ret);
/* Whether a file is what the table tells: NULL, or what is wrong. */
const char *archive_differs(const struct archive *archive, const struct segment *segment, const struct told *told);
