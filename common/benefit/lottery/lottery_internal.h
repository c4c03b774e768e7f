/* lottery_internal.h: between the files of the lottery. */
#pragma once
#include "common/benefit/lottery/lottery.h"

enum {
    LOT_SQL_ADD,
    LOT_SQL_PUT,
    LOT_SQL_FIND,
    LOT_SQL_WAITS,
    LOT_SQL_AFTER,
    LOT_SQL_DUE,
    LOT_SQL_ADD_CHAIN,
    LOT_SQL_FIND_CHAIN,
    LOT_SQL_CHAIN_USED,
    LOT_SQL_CHAINS,
    LOT_SQL_LAST_ENTRY,
    LOT_SQL_ADD_ENTRY,
    LOT_SQL_COUNT,
    LOT_SQL_ENTERED,
    LOT_SQL_WITHDRAW,
    LOT_SQL_FIND_ENTRY,
    LOT_SQL_SPARE,
    LOT_SQL_ENTRIES,
    LOT_SQL_ATTEMPT,
    LOT_SQL_ADD_PLACE,
    LOT_SQL_PLACE_AT,
    LOT_SQL_PLACE_OF,
    LOT_SQL_PLACES,
    LOT_SQL_ADD_OUTCOME,
    LOT_SQL_OUTCOME,
    LOT_SQL_PROMOTE,
    LOT_N_SQL
};
extern const char *const lottery_statements[LOT_N_SQL];

/* ---- lots (lottery_lot.c) ---- */

/* The terms in one block of memory that the caller frees; NULL without memory. */
struct draw_terms *lot_draw_terms(const struct lottery *lottery, const struct lot_terms *terms,
                                  const unsigned char commitment[DRAW_HASH_LEN], uint32_t steps);
/* False when the day of its chain is taken. */
bool lot_add(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call);
/* Whether it is drawn by itself, without a public value. */
bool lot_is_by_itself(const struct lot_terms *terms);
/* The key of the tickets of a lot that was announced: from memory, of those last asked for. False as lottery_find. */
bool lot_find_key(struct lottery *lottery, const struct lot_terms *terms, unsigned char ret[DRAW_HASH_LEN]);
/* Keeps what has changed. */
void lot_put(struct lottery *lottery, const struct lot *lot);
/* The same, and it passes to a stage. */
void lot_pass(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, int stage, void *call);
/* Tells the secret of a frozen lot to everybody, from when on anybody computes what comes out; not
 * while it would tell that of an earlier day of its chain. */
void lot_reveal(struct lottery *lottery, struct lot *lot, void *call);
/* Whether an earlier day of the same chain is neither frozen nor void. */
bool lot_waits(struct lottery *lottery, const struct lot *lot);
/* What a step of common/draw says, as a Reason; 0 for DRAW_OK. */
int lot_refusal(const struct lottery_words *words, enum draw_reason reason);
bool lot_find_chain(struct lottery *lottery, int64_t chain_id, struct lot_chain *ret);
/* The greatest day of a chain that has been announced. */
int64_t lot_chain_used(struct lottery *lottery, int64_t chain_id);
/* The deed of making a lot void, or of its value. */
#define LOT_DEED_VOID "draw void"

/* ---- entries (lottery_entry.c) ---- */

/* Entries of every lot after an id and up to another, in order; with those withdrawn. */
void lot_ask_entries(const struct lottery *lottery, int64_t after, int64_t upto);
bool lot_next_entry(const struct lottery *lottery, struct lot_entry *ret);
void lot_end_entries(const struct lottery *lottery);
/* As it stands in the list. */
struct draw_entry lot_draw_entry(const struct lot_entry *entry);
bool lot_settle(void *lottery, int64_t number, int64_t holder_id, void *call);

/* ---- places (lottery_place.c) ---- */

void lot_add_place(const struct lottery *lottery, int64_t lot_id, int32_t stratum, uint32_t place, int64_t member_id);
/* Places of a stratum above one and up to another, in order. */
void lot_ask_places(const struct lottery *lottery, int64_t lot_id, int32_t stratum, uint32_t after, uint32_t upto);
bool lot_next_place(const struct lottery *lottery, uint32_t *ret_place, int64_t *ret_member_id);
void lot_end_places(const struct lottery *lottery);
void lot_add_outcome(const struct lottery *lottery, int64_t lot_id, int32_t stratum,
                     const struct draw_outcome *outcome);

/* ---- lists in memory (lottery_list.c) ---- */

struct lot_list {
    int64_t lot_id; /* 0: unused */
    int phase;
    struct draw_terms *terms;
    struct draw_list list;
    struct draw_job job;
    unsigned char seed[DRAW_HASH_LEN];
    bool drawn;                  /* a job was asked for, and seed is set */
    int64_t read_to, last_entry; /* entries */
    uint64_t used;               /* when it was last asked for, by counting */
    bool refused;                /* its list is not the frozen one: said once */
};

/* Keys of tickets in memory, by the number of the lot. */
struct lot_key {
    int64_t lot_id;
    unsigned char key[DRAW_HASH_LEN];
};
struct lot_key *lot_key_place(struct lottery_lists *lists, int64_t lot_id);
struct lottery_lists *lot_lists_new(void);
void lot_lists_free(struct lottery_lists *lists);
/* The list of a lot that nobody can enter any more, and, when it is drawn, its places;
 * NULL while they are being made (lot_lists_step), or there is no memory for them. */
struct lot_list *lot_obtain_list(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot);
/* One slice of making; outside a batch. Whether there is more. */
bool lot_lists_step(struct lottery *lottery);

/* ---- what happens by itself (lottery_due.c), and the audit (lottery_audit.c), as part_spec has them ---- */

bool lot_work(void *lottery);
bool lot_agrees(void *lottery, const void *event, const Rpc__JournalRow *row, int64_t told[PART_COUNTS]);
bool lot_audit(void *lottery, FILE *out);
