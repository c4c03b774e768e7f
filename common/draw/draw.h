/* draw.h: a lottery that everybody can recompute.
 *
 * One algorithm draws every lottery of the union. Nobody has to trust the machine
 * that ran it: who has the published file (common/draw/draw_file.h) recomputes it all,
 * who has a receipt of a few hundred bytes checks her own ticket.
 *
 * THE ALGORITHM. H is SHA-256, | joins bytes, be16/be32/be64 are big-endian
 * integers, texts in quotes are ASCII without a closing NUL.
 *
 *   terms     H(announcement): the first lines of the published file, byte for byte
 *             (draw_file.h). They fix the quota and the length of the waiting list
 *             of each stratum, the greatest weight, the times, the commitment, the
 *             name of the public value and how that is spelled.
 *   secret    32 random bytes. The announcement holds its commitment: H applied
 *             `steps` times to the secret. A draw by itself has 1 step.
 *   entry     ticket (16 bytes) | be16(stratum) | be16(weight): 20 bytes. Entries
 *             are in strictly rising order of the ticket, so nobody is in twice.
 *   leaf      H(0x00 | up to 63 entries): entries 0..62, 63..125, ...; one leaf
 *             H(0x00) when there is no entry.
 *   node      H(0x01 | left | right). Each level pairs its hashes from the left; one
 *             left over moves up as it is. The last one is the top. This is the tree
 *             of RFC 6962.
 *   root      H(0x03 | terms | be64(number of entries) | be64(frozen) | top); frozen is
 *             when the list was fixed, before the value came into being. Announcements of
 *             version 1 do not tell it: H(0x02 | terms | be64(number of entries) | top)
 *   value     the public value in its announced spelling, ASCII (of version 1: as it was
 *             entered, UTF-8 without a line end); it did not exist when the list was fixed.
 *             A draw without one (DRAW_NONE) has the value "none" and is drawn as soon as
 *             its list is fixed, which is before value-at.
 *   seed      H("hg-draw-1" | secret | root | value)
 *   rank      of a ticket: the smallest H(seed | ticket | be32(k)) for k = 0..weight-1,
 *             compared as bytes.
 *   place     within a stratum by rising rank, from 1 (the same rank twice, which
 *             nobody will see: the smaller ticket first). Places 1..quota win, the next
 *             `waiting` places are the ordered waiting list, the others have no place.
 *
 * WHY SO. Every hash begins with bytes that no other kind begins with or has a
 * length of its own, so a node cannot pass as a leaf, nor a second list under the
 * same root. The root covers the terms: another quota is another root and so
 * another seed. The number of entries is in the root, so no prefix of a list passes.
 * An entrant's rank depends on nobody else's but through the seed, therefore two
 * names swapped swap their places and nothing else, a winner who declines promotes
 * the next one and nobody else moves. There is no modulo and no floating point, so
 * no bias and one result on every machine. A ticket of 16 bytes lets a rank fit one
 * block of SHA-256; 128 bits do not collide by chance, and collisions made on
 * purpose only merge two tickets of their maker. Leaves hold 63 entries because these
 * fill twenty blocks of SHA-256 with its padding: the whole tree costs a verifier a
 * third of a hash for each entrant, where a leaf for each would cost 3, and a
 * receipt is still below 2 KB for 10,000,000 entrants (1,260 bytes of leaf, 576 of
 * path).
 *
 * WHO COULD CHEAT, AND WHAT STOPS HER. The official who knows the secret does not
 * know the value before the list is frozen; who guesses the value does not know the
 * secret; the draw counts as random while either is. A refused publication is a void
 * draw that stays visible. A list that could not be fixed before the value is a void
 * draw too, and one value has one spelling, so that nobody chooses among spellings. What cannot be seen from the file
 * is whether the entrants are people: tickets are pseudonyms, the same person gets the same ticket, and auditors who
 * may see the members recompute them. Weigh the value's entropy: 150 of 10,000 has more outcomes than any value; 128
 * unpredictable bits are the practical bar, so name several public draws, or a round of drand.
 * Without a public value somebody who knows the secret, and can write entries into the list unseen, could choose among
 * lists: such draws are for small things, each of many, whose entries stand in a journal with signed heads.
 *
 * DAILY DRAWS share one chain of secrets: the last day's is random, the secret of a
 * day is H of the next day's, and the anchor is H of the first day's. Announce the
 * anchor as the commitment and the day's number as the steps. Revealing a day tells
 * all earlier ones, so days are drawn in order and each is frozen before.
 *
 * THE STATES (struct draw): announced, open, frozen, drawn, published; void from any
 * but the last. Functions on it are pure; a refusal is a reason and changes nothing.
 * Terms are fixed with the announcement, the list when it is frozen, value and seed
 * with the only draw there is. The caller keeps the struct and puts every attempt
 * into its journal.
 *
 * This part does no I/O, knows no clock and takes no randomness. Lists and draws
 * work in steps of a bounded number of hashes, so that a service can run them
 * between batches. Memory for n entries: 20n bytes, another 20n while an unsorted
 * list is frozen, n for receipts, 8n for the draw and its result, 16 for each place.
 * Not shared between threads. */
#pragma once

#define DRAW_HASH_LEN    32
#define DRAW_TICKET_LEN  16
#define DRAW_ENTRY_LEN   20
#define DRAW_LEAF        63        /* entries in a leaf */
#define DRAW_ENTRIES_MAX (1 << 24) /* in one draw */
#define DRAW_STRATA_MAX  4096
#define DRAW_WEIGHT_MAX  100
#define DRAW_STEPS_MAX   4096 /* days of one chain */
#define DRAW_PATH_MAX    20   /* hashes from a leaf to the top */
#define DRAW_ID_SIZE     65   /* sizes of texts, with the NUL */
#define DRAW_TITLE_SIZE  257
#define DRAW_TEXT_SIZE   1025
#define DRAW_FORMAT_SIZE 201

/* Why something is refused. Order and text are in draw.c. */
enum draw_reason {
    DRAW_OK,
    DRAW_BAD_TERMS,         /* a text, time or number of the announcement is out of bounds */
    DRAW_BAD_ENTRY,         /* no such stratum, or a weight of 0 or above the greatest */
    DRAW_FULL,              /* more entries than DRAW_ENTRIES_MAX, or than memory holds */
    DRAW_NOT_OPEN,          /* entries are not taken yet */
    DRAW_CLOSED,            /* entries are not taken any more, nor taken back */
    DRAW_NOT_CLOSED,        /* the closing time has not come */
    DRAW_TOO_LATE,          /* the value may be known already, and the list was not fixed before */
    DRAW_NOT_FROZEN,        /* nothing to draw from yet */
    DRAW_TERMS_FIXED,       /* what was announced does not change */
    DRAW_LIST_FIXED,        /* the list is frozen, and this is another one */
    DRAW_WRONG_SECRET,      /* not the one that was committed to */
    DRAW_VALUE_NOT_YET,     /* the public value does not exist yet */
    DRAW_BAD_VALUE,         /* no line of text */
    DRAW_ALREADY_DRAWN,     /* a draw is not repeated */
    DRAW_NOT_DRAWN,         /* no result yet */
    DRAW_ALREADY_PUBLISHED, /* the result stands */
    DRAW_IS_VOID,           /* stays void; announce another one */
    DRAW_REASON_MISSING,    /* a draw is not made void without saying why */
};
/* "ALREADY_DRAWN" and so on; never NULL. */
const char *draw_reason_name(enum draw_reason reason);

/* ---- the terms ---- */

struct draw_stratum {
    uint32_t quota;
    uint32_t waiting; /* places behind the quota; DRAW_ENTRIES_MAX for all of them */
    char label[DRAW_TITLE_SIZE];
};

/* What is announced before the first entry. Texts are lines of visible UTF-8
 * (utf8_line) and not empty. Times are milliseconds since 1970, UTC. */
struct draw_terms {
    char id[DRAW_ID_SIZE]; /* of [A-Za-z0-9._-] */
    char title[DRAW_TITLE_SIZE];
    char rules[DRAW_TEXT_SIZE]; /* who may enter and what weight she has, or where that is written */
    int64_t opens_ms, closes_ms;
    unsigned char commitment[DRAW_HASH_LEN];
    uint32_t steps;
    char public_name[DRAW_TEXT_SIZE];    /* of the value: which result of which draws, in which order */
    int64_t value_at_ms;                 /* when the value comes into being, after closes_ms */
    char value_format[DRAW_FORMAT_SIZE]; /* its spelling; empty: an announcement of version 1, which names none */
    uint32_t weight_max;
    uint32_t n_strata;
    struct draw_stratum *strata; /* the caller's */
};

/* DRAW_OK or DRAW_BAD_TERMS. */
enum draw_reason draw_terms_check(const struct draw_terms *terms);
struct buf;
/* Appends the announcement. The terms must pass draw_terms_check(). */
void draw_terms_write(const struct draw_terms *terms, struct buf *buf);
/* 1 or 2, the present one. */
int draw_terms_version(const struct draw_terms *terms);
/* H(announcement); false without memory. */
bool draw_terms_hash(const struct draw_terms *terms, unsigned char ret[DRAW_HASH_LEN]);

/* ---- the public value ---- */

/* A format is DRAW_WORDS or a picture. DRAW_NONE in its place says that there is no public value.
 *
 * DRAW_WORDS: words of digits and small letters, one blank between them; a word of digits
 * alone has two at least, and no zero in front of more.
 * A picture has the length of the value: # stands for a digit, * for a digit or one of
 * a..f, and . : + - and single blanks between them for themselves. */
#define DRAW_WORDS "words"
#define DRAW_NONE  "none"
bool draw_format_check(const char *format);
/* Whether a value is spelled as the format has it; without a public value it is DRAW_NONE. */
bool draw_value_fits(const char *format, const char *value);
/* Brings what somebody has typed to the spelling of a format: full-width signs, letters'
 * case and what stands between the words make no difference; numbers that are too short
 * get zeros in front, but not behind a point; digits may also follow each other without a
 * gap. False when it is no value of this format. */
bool draw_value_bring(const char *format, const char *typed, char ret[DRAW_TEXT_SIZE]);

/* ---- the hashes ---- */

/* SHA-256 of a secret, taken steps times (1..DRAW_STEPS_MAX). */
void draw_commitment(const unsigned char secret[DRAW_HASH_LEN], uint32_t steps, unsigned char ret[DRAW_HASH_LEN]);
/* The secret of a day (1..days) of the chain whose last day's secret is `last`. */
void draw_chain_secret(const unsigned char last[DRAW_HASH_LEN], uint32_t days, uint32_t day,
                       unsigned char ret[DRAW_HASH_LEN]);
/* A person's ticket in one draw: the first 16 bytes of HMAC-SHA256(key,
 * "hg-draw-ticket-1" | person). key belongs to this draw alone, so tickets of two
 * draws cannot be joined; person is the same bytes for the same natural person. */
void draw_ticket(const unsigned char key[32], const void *person, size_t len, unsigned char ret[DRAW_TICKET_LEN]);
void draw_seed(const unsigned char secret[DRAW_HASH_LEN], const unsigned char root[DRAW_HASH_LEN], const char *value,
               unsigned char ret[DRAW_HASH_LEN]);
/* The rank of a ticket; weight is 1..DRAW_WEIGHT_MAX. */
void draw_rank(const unsigned char seed[DRAW_HASH_LEN], const unsigned char ticket[DRAW_TICKET_LEN], uint32_t weight,
               unsigned char ret[DRAW_HASH_LEN]);

/* A rank in words of 32 bits, most significant first. */
struct draw_words {
    uint32_t word[DRAW_HASH_LEN / 4];
};

/* ---- the states ---- */

enum draw_state {
    DRAW_NOTHING,
    DRAW_ANNOUNCED,
    DRAW_OPEN,
    DRAW_FROZEN,
    DRAW_DRAWN,
    DRAW_PUBLISHED,
    DRAW_VOID,
};

struct draw {
    enum draw_state state;
    int version;                        /* of the announcement, and */
    unsigned char terms[DRAW_HASH_LEN]; /* its hash, from the announcement on */
    unsigned char commitment[DRAW_HASH_LEN];
    uint32_t steps;
    int64_t opens_ms, closes_ms, value_at_ms;
    bool no_value;      /* DRAW_NONE */
    int64_t frozen_ms;  /* from the freeze on; 0 in version 1 */
    uint32_t n_entries; /* likewise */
    unsigned char root[DRAW_HASH_LEN];
    unsigned char secret[DRAW_HASH_LEN]; /* from the draw on */
    unsigned char seed[DRAW_HASH_LEN];
    char value[DRAW_TEXT_SIZE];
    enum draw_state void_from; /* the state it was in, when void */
    char void_reason[DRAW_TEXT_SIZE];
};

/* Fixes the terms. draw is all zero; now_ms must lie before the opening. */
enum draw_reason draw_announce(struct draw *draw, const struct draw_terms *terms, int64_t now_ms);
/* Entries are taken from now on. */
enum draw_reason draw_open(struct draw *draw, int64_t now_ms);
/* Whether somebody may enter, or take her entry back. */
enum draw_reason draw_may_enter(const struct draw *draw, int64_t now_ms);
/* Whether these are still the terms. */
enum draw_reason draw_may_use(const struct draw *draw, const struct draw_terms *terms);
/* Fixes the list by its top, from closing until the value comes into being. */
enum draw_reason draw_freeze(struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                             int64_t now_ms);
/* Whether a list is the frozen one. */
bool draw_is_frozen(const struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries);
/* Fixes secret, value and seed. top and n_entries are those of the list at hand,
 * recomputed: they must be the frozen ones. The places follow (struct draw_job). */
enum draw_reason draw_draw(struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                           const unsigned char secret[DRAW_HASH_LEN], const char *value, int64_t now_ms);
enum draw_reason draw_publish(struct draw *draw);
enum draw_reason draw_make_void(struct draw *draw, const char *reason);

/* The waiting list of one stratum. */
struct draw_promotion {
    uint32_t quota, places; /* places given: min(quota + waiting, entrants) */
    uint32_t promoted;      /* places called up behind the quota so far */
};
/* Somebody entitled lapsed: the next place in the committed order, or 0 when the
 * list is used up. When that one does not want either, call again. Nobody else's
 * place changes. */
uint32_t draw_promote(struct draw_promotion *promotion);

/* ---- the list ---- */

struct draw_entry {
    unsigned char ticket[DRAW_TICKET_LEN];
    uint16_t stratum, weight;
};

enum draw_progress {
    DRAW_MORE,
    DRAW_DONE,
    DRAW_NO_MEMORY, /* may be tried again */
};

struct draw_list {
    struct draw_entry *entries; /* sorted and each ticket once, when frozen */
    uint32_t n, size;
    uint32_t duplicates;              /* dropped by the freeze */
    unsigned char top[DRAW_HASH_LEN]; /* when frozen */
    /* the list's own */
    uint32_t n_strata, weight_max;
    int phase;
    bool ordered;
    struct draw_entry *spare; /* the other half of the merge sort */
    uint32_t n_spare;
    uint32_t width, left, i, j, at, kept;
    unsigned char (*nodes)[DRAW_HASH_LEN]; /* of the tree, level by level from the leaves */
    uint32_t level, level_at[DRAW_PATH_MAX + 2];
};

/* An empty list for these terms. */
void draw_list_init(struct draw_list *list, const struct draw_terms *terms);
void draw_list_done(struct draw_list *list);
/* Adds an entry in any order: DRAW_OK, DRAW_BAD_ENTRY, DRAW_FULL, or DRAW_LIST_FIXED
 * once the freeze began. A list that comes in rising order is not sorted again. */
enum draw_reason draw_list_add(struct draw_list *list, const struct draw_entry *entry);
/* One slice of the freeze: sorts, drops tickets that are there twice (the one with
 * the smaller stratum, then weight, stays), builds the tree. units bounds the work:
 * one is about the time of one hash. */
enum draw_progress draw_list_freeze(struct draw_list *list, uint32_t units);
/* The index of a ticket of a frozen list; false when it is not there. */
bool draw_list_find(const struct draw_list *list, const unsigned char ticket[DRAW_TICKET_LEN], uint32_t *ret_index);

/* ---- the draw ---- */

/* What came out in one stratum. */
struct draw_outcome {
    uint32_t entrants, places;
    unsigned char cutoff[DRAW_HASH_LEN]; /* the last winner's rank; zeros when nobody won */
};

struct draw_candidate {
    uint64_t key; /* the first bytes of the rank */
    uint32_t index;
};

struct draw_slot {
    uint32_t quota, waiting, entrants, places;
    uint32_t first_bucket, bucket_bits;
    uint32_t first; /* of its candidates */
};

struct draw_job {
    const struct draw_list *list;
    unsigned char seed[DRAW_HASH_LEN];
    /* the job's own */
    int phase;
    uint32_t n_strata, at, bucket, n_buckets;
    struct draw_slot *slots;
    uint64_t *keys; /* and later, in their place, */
    uint32_t *places;
    uint32_t *buckets;
    struct draw_candidate *candidates;
};

/* Begins to draw from a frozen list, which outlives the job and its own terms. */
bool draw_job_init(struct draw_job *job, const struct draw_list *list, const struct draw_terms *terms,
                   const unsigned char seed[DRAW_HASH_LEN]);
void draw_job_done(struct draw_job *job);
/* One slice; units as above. */
enum draw_progress draw_job_step(struct draw_job *job, uint32_t units);
/* The results, when done. The place of an entry, or 0; */
uint32_t draw_job_place(const struct draw_job *job, uint32_t index);
/* the entry at a place (1..places) of a stratum; */
uint32_t draw_job_at(const struct draw_job *job, uint32_t stratum, uint32_t place);
/* and what came out. */
void draw_job_outcome(const struct draw_job *job, uint32_t stratum, struct draw_outcome *ret);

/* ---- receipts ---- */

/* What shows that an entry is under a root. */
struct draw_proof {
    uint32_t index, n_entries;
    uint32_t n_leaf; /* entries of its leaf, among them its own */
    struct draw_entry leaf[DRAW_LEAF];
    uint32_t n_path;
    unsigned char path[DRAW_PATH_MAX][DRAW_HASH_LEN]; /* from the leaf upwards, only where there is a sibling */
};

/* The proof of an entry of a frozen list. */
void draw_proof_make(const struct draw_list *list, uint32_t index, struct draw_proof *ret);
/* Whether the proof leads from its entry to the draw's root. Any bytes may be in it. */
bool draw_proof_check(const struct draw_proof *proof, const struct draw *draw);

/* The top of entries that come one by one, each ticket above the one before. */
struct draw_tree {
    struct draw_entry leaf[DRAW_LEAF];
    uint32_t n_leaf, n_leaves, n_entries, depth;
    unsigned char stack[DRAW_PATH_MAX + 2][DRAW_HASH_LEN];
};

void draw_tree_init(struct draw_tree *tree);
/* Where the next entry may be made in place, to be added then. */
struct draw_entry *draw_tree_next(struct draw_tree *tree);
/* False, and nothing is added, when the ticket is not above the last one. */
bool draw_tree_add(struct draw_tree *tree, const struct draw_entry *entry);
void draw_tree_top(struct draw_tree *tree, unsigned char ret[DRAW_HASH_LEN]);

/* ---- RFC 3797 ---- */

#define DRAW_RFC3797_MAX  65535 /* the counter has two bytes */
#define DRAW_RFC3797_SIZE 4096  /* of a key string, with the NUL */

/* The key string of RFC 3797, section 4.1: n sources, each a text of decimal
 * numbers between blanks. False when one is no number or all do not fit. */
bool draw_rfc3797_key(const char *const *sources, uint32_t n, char ret_key[DRAW_RFC3797_SIZE]);
/* Selects count of the people 1..pool, in order. scratch holds pool numbers.
 * DRAW_FULL above 65,535 people, DRAW_BAD_TERMS when count is above pool. */
enum draw_reason draw_rfc3797_select(const char *key, uint32_t pool, uint32_t count, uint16_t *scratch,
                                     uint32_t *ret_selected);
