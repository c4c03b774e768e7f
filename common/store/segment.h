/* segment.h: a closed part of a journal, as a file that never changes.
 *
 *   "hg-segment-1\n" and three zero bytes
 *   rows, from the first to the last, without gaps:
 *       at 8, kind 4, actor 8, length 4, body (of that length), hash 32
 *   offsets: for each row 4, where it begins in the file
 *   lists: for each kind, its rows in order, 4 each, 0 being the first row of the file
 *   kinds: in order, kind 4 and number of rows 4
 *   where the offsets begin 8, number of kinds 4
 *   the statement: 511 characters, filled with blanks, and a line end:
 *       hg-segment-1 QUEUE NUMBER FIRST LAST BEFORE HEAD SUM KEY SIGNATURE
 *
 * Numbers are big-endian; at, actor and the hash are the journal's (journal.h). BEFORE is the
 * hash of the row before the first (zeros: there is none), HEAD that of the last, SUM the
 * SHA-256 of everything in front of the statement, KEY the first 8 bytes of SHA-256 of the
 * public point of the daemon's head key (common/trust/heads.h), SIGNATURE its ECDSA over the
 * text before KEY without the blank; bytes are lower-case hex. `tail -c 512` shows it.
 *
 * A reader believes nothing of a file: an operator may have put another one there, or the
 * disk have changed it. Whatever the bytes are, reading ends with rows that hash to what the
 * file says of them, or with a fault in words. Memory is bounded by two windows and the list
 * of kinds, time by what is asked for: the rows of some kinds are found without reading
 * those between them. Threads: one at a time. */
#pragma once
#include "common/base/limits.h"
#include "rpc.pb-c.h"

#define SEGMENT_HASH_LEN  32
#define SEGMENT_STATEMENT 512
#define SEGMENT_TEXT_SIZE 400  /* of what is signed */
#define SEGMENT_KINDS     1024 /* kinds are smaller */
#define SEGMENT_WALK      16   /* kinds that are walked at once */

struct segment_facts {
    char queue[LIMIT_QUEUE_NAME + 1];
    int64_t number, first, last;
    unsigned char before[SEGMENT_HASH_LEN], head[SEGMENT_HASH_LEN];
    /* the writer's */
    unsigned char sum[SEGMENT_HASH_LEN], key[8], signature[64];
};

/* Who signs statements and checks them. */
struct segment_vouch {
    bool (*sign)(void *arg, const char *text, size_t len, unsigned char ret_key[8], unsigned char ret_signature[64]);
    bool (*check)(void *arg, const char *text, size_t len, const unsigned char key[8],
                  const unsigned char signature[64]);
    void *arg;
};

/* The text that is signed; its length. */
int segment_text(const struct segment_facts *facts, char ret[SEGMENT_TEXT_SIZE]);

/* ---- writing ---- */

struct segment_writer;

/* With room for the index of LIMIT_SEGMENT_ROWS. NULL without memory. */
struct segment_writer *segment_writer_new(void);
void segment_writer_free(struct segment_writer *writer);
/* Begins a file, in place of one that was begun before; facts without head and sum. Each of
 * these returns 0, or -1 with errno. */
int segment_begin(struct segment_writer *writer, const char *path, const struct segment_facts *facts);
/* Adds the row behind the last one. */
int segment_add(struct segment_writer *writer, const Rpc__JournalRow *row);
/* Writes the index and the signed statement, and gives the hash of the whole file. About 3 ms. */
int segment_finish(struct segment_writer *writer, const struct segment_vouch *vouch,
                   unsigned char ret_hash[SEGMENT_HASH_LEN]);
/* Brings it to the disk and closes it; on any thread. */
int segment_sync(struct segment_writer *writer);
/* Closes it as it is. */
void segment_abandon(struct segment_writer *writer);

/* ---- reading ---- */

struct segment;

/* Reads the statement and the list of kinds, and that the file has the length they say. NULL
 * with a fault in words, such as "is missing". */
struct segment *segment_open(const char *path, const char **ret_fault);
void segment_close(struct segment *segment);
const struct segment_facts *segment_facts(const struct segment *segment);
/* A row, whose bytes are good until the next. False when it cannot be read, or does not match
 * its hash: then segment_fault says so. seq is one of the file's. */
bool segment_row(struct segment *segment, int64_t seq, Rpc__JournalRow *ret_row);
const char *segment_fault(const struct segment *segment);

/* The rows of some kinds, in order. */
struct segment_walk {
    struct segment_list {
        uint32_t next, end; /* of the list, in entries of all lists */
        uint32_t rows[64];  /* that were read */
        uint32_t n, at;
    } lists[SEGMENT_WALK];
    unsigned n_lists;
    int64_t last; /* row that was given */
};

/* Begins behind a row. False with a fault. */
bool segment_walk_begin(struct segment *segment, struct segment_walk *walk, const int32_t *kinds, size_t n,
                        int64_t after);
/* The number of the next row; 0 when there is none, -1 with a fault. */
int64_t segment_walk_next(struct segment *segment, struct segment_walk *walk);

/* The hash of the whole file, as it is. False with a fault. */
bool segment_hash(struct segment *segment, unsigned char ret_hash[SEGMENT_HASH_LEN]);
/* Whether the index agrees with the rows, and the sum with both. False with a fault. */
bool segment_check(struct segment *segment);
