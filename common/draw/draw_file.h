/* draw_file.h: the published file of a draw, and the receipt of one entrant.
 *
 * Both are text: UTF-8, lines end with one LF and are at most 2,048 bytes long,
 * one blank between fields, numbers decimal without leading zeros, hashes and
 * tickets in lower-case hex. Nothing else is allowed anywhere, so that one draw has
 * one file. What the words mean and how each hash is made is in common/draw/draw.h; with
 * these two comments a verifier is an afternoon's work (services/gateway/web/public/draw/verify.js is one).
 *
 * THE PUBLISHED FILE, line by line:
 *
 *   hg-draw 2                              the announcement begins; its hash is H of
 *   draw ID                                all bytes from here
 *   title TEXT
 *   rules TEXT
 *   opens MS                               milliseconds since 1970, UTC
 *   closes MS
 *   commitment HASH STEPS
 *   public TEXT                            the name of the public value
 *   value-at MS
 *   value-format FORMAT                    of the value (draw.h)
 *   weight-max N
 *   strata S
 *   stratum 0 QUOTA WAITING LABEL          S lines, numbered from 0
 *   ...                                    to the LF here
 *   root HASH                              not in a draw made void before the freeze,
 *   entries N                              nor these two
 *   frozen-at MS                           closes <= MS < value-at
 *   result frozen                          or: result drawn, or: result void REASON
 *   secret HASH                            when drawn (a void draw too, if it had been)
 *   value TEXT                             likewise
 *   outcome 0 ENTRANTS PLACES CUTOFF       likewise, S lines: how many are in the stratum,
 *   ...                                    min(ENTRANTS, QUOTA + WAITING), and the rank
 *                                          of the last winner, or - when nobody won
 *   list                                   with the root
 *   TICKET STRATUM WEIGHT PLACE            N lines by rising ticket; 0 is no place
 *   ...
 *   end
 *
 * An announcement of version 1 (hg-draw 1) has no value-format, and there is no frozen-at
 * then: such draws were announced before both were part of the terms.
 *
 * HOW TO VERIFY, in one pass over the lines and with the memory of the places:
 *   1. Hash the announcement. H applied STEPS times to the secret is the commitment.
 *   2. The value is spelled as announced. seed = H("hg-draw-1" | secret | root | value).
 *   3. For each line of the list: the ticket is above the one before, the stratum
 *      exists, 1 <= weight <= weight-max. Its entry goes into the tree; its rank is
 *      computed. With a place: keep the rank at that place of its stratum, where
 *      nothing may be yet. Without: keep the smallest rank of those in its stratum.
 *   4. At the end: the tree gives the root of step 2; each stratum has ENTRANTS
 *      lines and all PLACES; ranks rise with the places; the smallest rank without a
 *      place is above the last place; CUTOFF is the rank at place
 *      min(QUOTA, ENTRANTS).
 *   5. By eye: the value is what the named public draws gave, and the root and the
 *      announcement are those that were published before it.
 *
 * THE RECEIPT:
 *
 *   hg-draw-receipt 1
 *   hg-draw 2                              the announcement, as above
 *   ...
 *   root HASH
 *   entries N
 *   frozen-at MS
 *   result frozen                          and what belongs to it, as above
 *   ...
 *   entry INDEX PLACE RANK                 of the holder: where in the list, from 0; the
 *                                          last two are 0 and - before the draw
 *   leaf K                                 the entries of her leaf
 *   TICKET STRATUM WEIGHT                  K lines; hers is number INDEX mod 63
 *   ...
 *   path P                                 siblings from the leaf to the top, where
 *   HASH                                   there is one; whether it is on the left
 *   ...                                    follows from INDEX and N
 *   end
 *
 * It proves that her ticket is in the frozen list and, once drawn, her rank: she won
 * when it is not above the CUTOFF of her stratum. That the cut-off is right and the
 * place is hers is what the published file proves.
 *
 * The reader takes bytes in pieces of any size, from anybody: whatever is wrong is a
 * message with the number of the line. It never needs more memory than the file has
 * lines of list, times 36. */
#pragma once

#include "common/base/buf.h"
#include "common/base/sha256.h"
#include "common/draw/draw.h"

#define DRAW_LINE_MAX 2048

/* ---- writing ---- */

struct draw_writer {
    const struct draw_terms *terms;
    const struct draw *draw;
    const struct draw_list *list; /* NULL when it was never frozen */
    const struct draw_job *job;   /* NULL when it was never drawn */
    uint32_t at;
    int part;
};

/* The published file of a draw that is frozen, drawn, published or void. */
void draw_writer_init(struct draw_writer *writer, const struct draw_terms *terms, const struct draw *draw,
                      const struct draw_list *list, const struct draw_job *job);
/* Goes on at a line of the list, from 0: whoever has the head writes the rest. */
void draw_writer_seek(struct draw_writer *writer, uint32_t at);
/* Appends the next piece, at most `lines` lines of the list; whether there is more.
 * What does not fit is told by buf->failed. */
bool draw_writer_step(struct draw_writer *writer, struct buf *buf, uint32_t lines);

/* Appends the receipt of an entry. outcomes has one for each stratum and place is
 * the entry's, or NULL and 0 before the draw. */
void draw_receipt_write(const struct draw_terms *terms, const struct draw *draw, const struct draw_list *list,
                        uint32_t index, const struct draw_outcome *outcomes, uint32_t place, struct buf *buf);

/* ---- reading ---- */

struct draw_reader_stratum {
    struct draw_outcome outcome;
    uint32_t counted, placed;
    struct draw_words *ranks; /* of those with a place, as they stand in the list */
    uint32_t *at;             /* by place: which of these, from 1; 0 is none yet */
    struct draw_words lowest; /* rank without a place */
};

struct draw_ranker;
struct draw_reader {
    /* what has been read */
    struct draw_terms terms;
    struct draw draw; /* state: FROZEN, DRAWN or VOID */
    bool has_list, has_result;
    struct draw_reader_stratum *strata;
    struct draw_proof proof; /* of a receipt */
    uint32_t place;
    unsigned char rank[DRAW_HASH_LEN]; /* of a drawn receipt's holder */
    /* what is wrong */
    uint64_t line;
    char problem[256];
    /* for whoever wants the list; may be NULL */
    void (*on_entry)(void *arg, const struct draw_entry *entry, uint32_t place);
    void *arg;
    /* the reader's own */
    bool receipt;
    int part;
    uint32_t at;
    struct sha256 announcement;
    struct draw_tree tree;
    struct draw_ranker *ranker;
    size_t n_carried;
    char carried[DRAW_LINE_MAX + 1]; /* a line of which the end has not come */
};

/* Begins a published file, or a receipt. False without memory. */
bool draw_reader_init(struct draw_reader *reader, bool receipt);
void draw_reader_done(struct draw_reader *reader);
/* The next bytes; false, for good, when something is wrong. */
bool draw_reader_feed(struct draw_reader *reader, const char *bytes, size_t len);
/* Whether the announcement is complete, so that terms may be used. */
bool draw_reader_announced(const struct draw_reader *reader);
/* After the last byte: whether all of it is there and right. */
bool draw_reader_end(struct draw_reader *reader);
