/* pool.h: the profiles of one sex in memory, and the best of them for somebody.
 *
 * The key of a candidate j for i is share_j . H_ij, with the harmonic mean H of model.h and the share of attention of
 * share.h. H = 2 / (2 + e^-z_ij + e^-z_ji), and each of the two exponents is a sum over what is told of i, of j, and of
 * the two together. So a profile keeps u = e^-(w . own + b), by which others say yes to it, and v = e^-(mu + w . own +
 * a), by which it does; what is told of two is looked up in tables that are made once for a seeker (ages, habits, how
 * many tastes are shared). The scan multiplies and compares: it takes no exponential and no division, and it is exact.
 *
 * A profile is a position below `n`, the caller's to give out and to use again; it takes RANK_PROFILE_BYTES in four
 * columns, so that one whom age or a condition excludes is not read further. Memory is taken once, by rank_pool_init.
 * No clock, no store, no threads. */
#pragma once
#include "services/match/rank/model.h"

#define RANK_HOBBIES   64  /* bits of hobbies and sports that can be filtered by */
#define RANK_BEST_MAX  64  /* of one scan */
#define RANK_BOOSTS    16 /* by RANK_MISSING: tenths of a floor that may be missing, 0 to 10 */
#define RANK_AGES      128 /* 0 is not known */
#define RANK_DISTRICTS 8   /* of a filter */

enum rank_state_bits {
    RANK_PRESENT = 0x80, /* not paused */
    RANK_CAPPED = 0x40,  /* has been shown often enough today */
    RANK_MISSING = 0x0f, /* tenths of the day's floor that are missing */
};

/* Who can be shown to whom at all. */
struct rank_gate {
    uint8_t age, wish_from, wish_to; /* years, both included */
    uint8_t state;                   /* enum rank_state_bits */
};

/* What the key is made of. */
struct rank_card {
    float u, v;
    float share;
    uint32_t tastes;
    uint16_t habits; /* rank_habits() */
    uint8_t trade, work;
};

/* What can be filtered by; 0 is not known, or not for everybody, and meets no condition. */
struct rank_facts {
    uint64_t hobbies;
    uint16_t district;
    uint16_t joined;                    /* day */
    uint8_t height;                     /* cm */
    uint8_t education, marital, proven; /* rising level; a kind; bits */
};

/* What share.h counts. */
struct rank_attention {
    float given;      /* matches to be expected of what it has been shown to, decayed daily */
    uint16_t today;   /* how often it has been shown */
    uint8_t floor;    /* how often it is to be, at least */
    uint8_t new_days; /* for how many more it is a newcomer */
};

#define RANK_PROFILE_BYTES                                                                                             \
    (sizeof(struct rank_gate) + sizeof(struct rank_card) + sizeof(struct rank_facts) + sizeof(struct rank_attention))

struct rank_pool {
    size_t n, size;
    struct rank_gate *gates;
    struct rank_card *cards;
    struct rank_facts *facts;
    struct rank_attention *attention;
};

/* Conditions of one search; 0 asks for nothing. */
struct rank_filter {
    uint64_t hobbies; /* one of them at least */
    uint8_t age_from, age_to;
    uint8_t height_from, height_to;
    uint8_t education_from;
    uint8_t marital; /* bit k: kind k is welcome */
    uint8_t proven;  /* all of these */
    uint16_t joined_from;
    uint16_t districts[RANK_DISTRICTS]; /* one of them, when the first is not 0 */
};

/* Somebody for whom candidates are looked for: what the candidates' part is multiplied with, [0] for her decision and
 * [1] for theirs. */
struct rank_seeker {
    uint8_t age, wish_from, wish_to;
    uint8_t trade, work;
    uint32_t tastes;
    float by_age[RANK_AGES][2], by_habits[512][2], by_tastes[RANK_TASTES + 1][2];
    float by_work[2][2][2]; /* [the same trade][the same work] */
    float least[2];         /* no product of the others is below it */
};

struct rank_found {
    uint32_t at;
    float key, harmonic;
};

/* The best, best first. */
struct rank_best {
    size_t n, most;
    struct rank_found of[RANK_BEST_MAX];
};

/* Room for so many profiles; false when there is no memory. */
bool rank_pool_init(struct rank_pool *pool, size_t size);
void rank_pool_done(struct rank_pool *pool);

/* Of goal, dates and goes_out, below 512. */
uint16_t rank_habits(const struct rank_traits *traits);
/* Card of somebody, with a share of 1. Again when a decision has moved her a or b. */
struct rank_card rank_card_of(const struct rank_weights *weights, const struct rank_traits *traits,
                              const struct rank_taste *taste);
void rank_seeker_init(struct rank_seeker *seeker, const struct rank_weights *weights, const struct rank_traits *traits,
                      const struct rank_taste *taste, uint8_t wish_from, uint8_t wish_to);
/* H of the seeker and the profile at a position. */
float rank_harmonic_at(const struct rank_pool *pool, const struct rank_seeker *seeker, size_t at);

/* Those present whose age and wishes fit hers both ways, who meet the filter (NULL: there is none) and are not in
 * `skip` (a bit for each position, NULL: nobody is): in ret_best the best `most` by key of those who are not capped; in
 * ret_reserved, unless it is NULL, of those to whom a part of the day's floor is missing, by key . boosts[tenths]. The
 * caller sets `most` of both, at most RANK_BEST_MAX. */
void rank_scan(const struct rank_pool *pool, const struct rank_seeker *seeker, const struct rank_filter *filter,
               const uint8_t *skip, const float boosts[RANK_BOOSTS], struct rank_best *ret_best,
               struct rank_best *ret_reserved);
