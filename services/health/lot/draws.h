/* draws.h: the lots of campaigns in the store, with their secrets sealed.
 *
 * The terms of a lot follow from its campaign, which does not change once announced.
 * Its secret and the key of its tickets are sealed; the secret is in the clear from
 * publication on. */
#pragma once
#include "common/draw/draw.h"
#include "services/health/health.h"

struct lottery {
    int64_t campaign_id, chain_id;
    struct draw draw;
    unsigned char secret[DRAW_HASH_LEN], key[DRAW_HASH_LEN]; /* opened */
    int64_t last_entry;
    char value[DRAW_TEXT_SIZE]; /* as entered; draw.value once drawn */
    int64_t value_by, confirmed_by;
    int64_t seated, wins, granted;
    /* The journal's row of the freeze until its head is signed. When the value comes into being before that, the
     * lot is void: the root must have been published by then. */
    int64_t unsigned_seq;
    bool revealed; /* its secret is told before its publication, or without one */
};

#define LOTTERY_PUBLISH_MS HEALTH_DAY_MS /* after draw_at: then it is published by itself */

/* The terms in one block of memory that the caller frees; NULL without memory. */
struct draw_terms *lottery_terms(const Health__Campaign *campaign, const unsigned char commitment[DRAW_HASH_LEN],
                                 uint32_t steps);
/* False when the day of its chain is taken. */
bool lottery_add(struct health *self, const struct lottery *lottery, void *call);
/* Keeps what has changed. */
void lottery_put(struct health *self, const struct lottery *lottery);
/* False when there is none, or, logged, when its secrets cannot be opened. Without
 * keys (the audit) they stay zero but for a secret that is published. */
bool lottery_find(struct health *self, const Health__Campaign *campaign, struct lottery *ret);
/* Tells the secret of a frozen lot to everybody, from when on anybody computes what comes out; not
 * while it would tell that of an earlier day of its chain. */
void lottery_reveal(struct health *self, struct lottery *lottery, void *call);
/* The state it is in, or was in when it was made void. */
enum draw_state lottery_reached(const struct lottery *lottery);
/* The campaign behind one that has a lot, 0: none. */
int64_t lottery_after(struct health *self, int64_t campaign_id);
/* How many of a stratum are entitled; who came to light as having come after her place had been
 * given to the next is not among them. */
int64_t lottery_entitled(struct health *self, int64_t campaign_id, int32_t stratum);
/* Whether an earlier day of the same chain is neither frozen nor void. */
bool lottery_waits(struct health *self, const struct lottery *lottery);

struct chain {
    int64_t id;
    int32_t days;
    char union_path[65];
    unsigned char anchor[DRAW_HASH_LEN], last[DRAW_HASH_LEN];
};

void chain_add(struct health *self, const struct chain *chain, void *call);
bool chain_find(struct health *self, int64_t chain_id, struct chain *ret);
/* The greatest day of a chain that has been announced. */
int64_t chain_used(struct health *self, int64_t chain_id);

/* ---- the audit (draw_audit.c), as part_spec has it ---- */
bool draws_agree(void *health, const void *event, const Rpc__JournalRow *row, int64_t told[PART_COUNTS]);
/* Draws again what was drawn. */
bool draws_audit(void *health, FILE *out);
