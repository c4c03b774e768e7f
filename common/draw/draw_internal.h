/* draw_internal.h: what the files of the draw share. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "common/draw/draw.h"

struct draw_part {
    const void *bytes;
    size_t len;
};

/* SHA-256 of the parts one behind the other. */
void draw_hash(const struct draw_part *parts, size_t n_parts, unsigned char ret[DRAW_HASH_LEN]);

/* The hashes of the tree (draw.h). */
void draw_leaf_hash(const struct draw_entry *entries, uint32_t n, unsigned char ret[DRAW_HASH_LEN]);
void draw_node_hash(const unsigned char left[DRAW_HASH_LEN], const unsigned char right[DRAW_HASH_LEN],
                    unsigned char ret[DRAW_HASH_LEN]);
void draw_root_hash(const struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                    unsigned char ret[DRAW_HASH_LEN]);

/* A seed made ready for many ranks. */
struct draw_ranker {
    struct sha256 sha;
    unsigned char block[64]; /* seed | ticket | k, and SHA-256's own padding */
    struct draw_words smallest;
};
void draw_ranker_init(struct draw_ranker *ranker, const unsigned char seed[DRAW_HASH_LEN]);
/* The rank, valid until the next one; not copied, because it is often only looked at. */
const struct draw_words *draw_ranker_rank(struct draw_ranker *ranker, const unsigned char ticket[DRAW_TICKET_LEN],
                                          uint32_t weight);
/* Less than, equal to or greater than zero, as memcmp. */
static inline int draw_words_compare(const struct draw_words *a, const struct draw_words *b)
{
    for (size_t i = 0; i < ARRAY_LEN(a->word); i++) {
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    }
    return 0;
}
void draw_words_bytes(const struct draw_words *words, unsigned char ret[DRAW_HASH_LEN]);

/* Sorts candidates by key, and where keys are equal by tie(), which tells whether
 * a comes before b. Takes no memory; the time grows as n^1.3 at most. */
typedef bool (*draw_tie)(const void *arg, uint32_t a, uint32_t b);
void draw_sort(struct draw_candidate *candidates, uint32_t n, draw_tie tie, const void *arg);

/* A line of visible text that is not empty and fits. */
bool draw_is_line(const char *text, size_t size);

/* The order of tickets. */
static inline int draw_ticket_compare(const unsigned char a[DRAW_TICKET_LEN], const unsigned char b[DRAW_TICKET_LEN])
{
    uint64_t x = get_be64(a), y = get_be64(b);

    if (x == y) {
        x = get_be64(a + 8);
        y = get_be64(b + 8);
    }
    return (x > y) - (x < y);
}
