/* share.h: whose turn it is to be seen.
 *
 * By H alone a few are shown to everybody and most to nobody, and since nobody answers more than a few a day, few meet.
 * So attention is shared: the key of a candidate is H . (m0 + given)^(-1/3), with the matches that it may expect of
 * what it has been shown to (decayed by 6/7 a day) and half of their mean as m0; nobody is shown more often in a day
 * than half above her share (rank_cap); and of the slots of a list some are kept for those who have not yet been shown
 * as often as everybody is to be (rank_list_choose). A list is made when somebody first looks on a day: a newcomer can
 * be shown at once. Which slot was a reserved one is the caller's to log.
 *
 * Pure, over a pool. */
#pragma once
#include "services/match/rank/pool.h"

#define RANK_SLOTS     10 /* of a list */
#define RANK_RESERVED  2  /* of them for who is below her floor */
#define RANK_FLOOR     2  /* times a day */
#define RANK_NEW_FLOOR 5  /* of newcomers */
#define RANK_NEW_DAYS  7

struct rank_slot {
    uint32_t at;
    bool reserved;
    float harmonic;
};

struct rank_list {
    size_t n;
    struct rank_slot of[RANK_SLOTS];
};

/* How often one of a sex may be shown in a day: half above what all lists of the other sex have for each. */
unsigned rank_cap(size_t n_own, size_t n_other);
/* (m0 + given)^(-1/3), m0 half of the mean; the mean of nobody and of a first day is taken as little. */
float rank_share(float given, float mean);
/* What a key is multiplied with for who lacks so many tenths of the floor: e^(6 . share). */
extern const float rank_boosts[RANK_BOOSTS];

/* A newcomer at a position, of whom nobody has seen anything; its gate, card and facts are set. */
void rank_attention_begin(struct rank_pool *pool, size_t at);
/* It has been shown to somebody. */
void rank_attention_count(struct rank_pool *pool, size_t at, float harmonic, unsigned cap, float mean);
/* A new day for positions from..until: what was given fades, nobody is capped, floors are whole again. Returns the sum
 * of what is left of `given` of those present. */
double rank_attention_renew(struct rank_pool *pool, size_t from, size_t until, float mean);

/* A list for a seeker among the pool of the other sex (rank_scan). It counts nothing. */
void rank_list_choose(const struct rank_pool *pool, const struct rank_seeker *seeker, const struct rank_filter *filter,
                      const uint8_t *skip, struct rank_list *ret_list);
