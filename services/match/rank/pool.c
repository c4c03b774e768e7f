#include "services/match/rank/pool.h"

#include <math.h>

#define BLOCK 1024 /* positions that are looked at together */

bool rank_pool_init(struct rank_pool *pool, size_t size)
{
    *pool = (struct rank_pool){.size = size};
    pool->gates = calloc(size, sizeof(*pool->gates));
    pool->cards = calloc(size, sizeof(*pool->cards));
    pool->facts = calloc(size, sizeof(*pool->facts));
    pool->attention = calloc(size, sizeof(*pool->attention));
    if (pool->gates && pool->cards && pool->facts && pool->attention)
        return true;
    rank_pool_done(pool);
    return false;
}

void rank_pool_done(struct rank_pool *pool)
{
    free(pool->gates);
    free(pool->cards);
    free(pool->facts);
    free(pool->attention);
    *pool = (struct rank_pool){0};
}

uint16_t rank_habits(const struct rank_traits *traits)
{
    return (uint16_t)((traits->goal & 7) << 6 | (traits->dates & 7) << 3 | (traits->goes_out & 7));
}

static double weighed(const double *weights, const double *told, int n)
{
    double sum = 0;

    for (int k = 0; k < n; k++)
        sum += weights[k] * told[k];
    return sum;
}

struct rank_card rank_card_of(const struct rank_weights *weights, const struct rank_traits *traits,
                              const struct rank_taste *taste)
{
    const double *hers = weights->w[traits->sex], *theirs = weights->w[!traits->sex];
    double own[RANK_OWN];

    rank_own(&weights->scale, traits, own);
    return (struct rank_card){
        .u = (float)exp(-(weighed(theirs + RANK_OWN, own, RANK_OWN) + taste->b)),
        .v = (float)exp(-(weights->mu[traits->sex] + weighed(hers, own, RANK_OWN) + taste->a)),
        .share = 1,
        .tastes = traits->tastes & ((1u << RANK_TASTES) - 1),
        .habits = rank_habits(traits),
        .trade = traits->trade,
        .work = traits->work,
    };
}

/* e^-(weights . what is told of two), of the features from k on, for both decisions. */
static void shared_part(const struct rank_weights *weights, const struct rank_traits *seeker,
                        const struct rank_traits *other, int k, int n, float ret_part[2])
{
    double shared[RANK_SHARED];

    rank_shared(&weights->scale, seeker, other, shared);
    for (int side = 0; side < 2; side++)
        ret_part[side] =
            (float)exp(-weighed(weights->w[side == 0 ? seeker->sex : !seeker->sex] + 2 * RANK_OWN + k, shared + k, n));
}

static float least_in(const float (*table)[2], size_t n, int side)
{
    float least = table[0][side];

    for (size_t k = 1; k < n; k++)
        least = table[k][side] < least ? table[k][side] : least;
    return least;
}

/* Less than any product, by more than rounding makes of it. */
static void find_least(struct rank_seeker *seeker)
{
    size_t from = seeker->wish_from < RANK_AGES ? seeker->wish_from : 0;
    size_t until = seeker->wish_to < RANK_AGES ? seeker->wish_to + 1u : RANK_AGES;

    if (until <= from)
        until = from + 1;
    for (int side = 0; side < 2; side++)
        seeker->least[side] =
            .9999f * least_in(seeker->by_age + from, until - from, side) * least_in(seeker->by_habits, 512, side) *
            least_in(seeker->by_tastes, RANK_TASTES + 1, side) * least_in(seeker->by_work[0], 4, side);
}

void rank_seeker_init(struct rank_seeker *seeker, const struct rank_weights *weights, const struct rank_traits *traits,
                      const struct rank_taste *taste, uint8_t wish_from, uint8_t wish_to)
{
    struct rank_card card = rank_card_of(weights, traits, taste);
    float goal[8][2], dates[8][2], goes_out[8][2];
    uint8_t sex = !traits->sex;

    *seeker = (struct rank_seeker){.age = traits->age,
                                   .wish_from = wish_from,
                                   .wish_to = wish_to,
                                   .trade = traits->trade,
                                   .work = traits->work,
                                   .tastes = traits->tastes};
    for (unsigned k = 0; k < RANK_AGES; k++)
        shared_part(weights, traits, &(struct rank_traits){.sex = sex, .age = (uint8_t)k}, 0, 4, seeker->by_age[k]);
    for (uint8_t k = 0; k < 8; k++) {
        shared_part(weights, traits, &(struct rank_traits){.sex = sex, .goal = k}, 5, 1, goal[k]);
        shared_part(weights, traits, &(struct rank_traits){.sex = sex, .dates = k}, 8, 1, dates[k]);
        shared_part(weights, traits, &(struct rank_traits){.sex = sex, .goes_out = k}, 9, 1, goes_out[k]);
    }
    for (unsigned k = 0; k < 512; k++) {
        const float *parts[] = {goal[k >> 6], dates[k >> 3 & 7], goes_out[k & 7]};

        for (int side = 0; side < 2; side++) /* with the seeker's own part, by which all are multiplied */
            seeker->by_habits[k][side] =
                parts[0][side] * parts[1][side] * parts[2][side] * (side == 0 ? card.v : card.u);
    }
    for (int n = 0; n <= RANK_TASTES; n++) {
        struct rank_traits all = {.sex = traits->sex, .tastes = (1u << RANK_TASTES) - 1};

        shared_part(weights, &all, &(struct rank_traits){.sex = sex, .tastes = (1u << n) - 1}, 4, 1,
                    seeker->by_tastes[n]);
    }
    for (int same = 0; same < 4; same++) {
        struct rank_traits other = {
            .sex = sex, .trade = same & 2 ? traits->trade : 0, .work = same & 1 ? traits->work : 0};

        shared_part(weights, traits, &other, 6, 2, seeker->by_work[same >> 1][same & 1]);
    }
    find_least(seeker);
}

/* How many bits are set of 32; processors of every kind do this, where __builtin_popcount() calls a function. */
static inline unsigned bits_in(uint32_t bits)
{
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    return ((bits + (bits >> 4)) & 0x0f0f0f0f) * 0x01010101u >> 24;
}

/* e^-z + e^-back of the seeker and a profile. */
static inline float reluctance(const struct rank_seeker *seeker, uint8_t age, const struct rank_card *card)
{
    const float *ages = seeker->by_age[age % RANK_AGES], *habits = seeker->by_habits[card->habits & 511];
    const float *tastes = seeker->by_tastes[bits_in(card->tastes & seeker->tastes)];
    const float *work = seeker->by_work[card->trade == seeker->trade][card->work == seeker->work];

    return ages[0] * habits[0] * (tastes[0] * work[0] * card->u) +
           ages[1] * habits[1] * (tastes[1] * work[1] * card->v);
}

float rank_harmonic_at(const struct rank_pool *pool, const struct rank_seeker *seeker, size_t at)
{
    return 2 / (2 + reluctance(seeker, pool->gates[at].age, &pool->cards[at]));
}

static bool in_one_of(const uint16_t districts[RANK_DISTRICTS], uint16_t district)
{
    for (int k = 0; k < RANK_DISTRICTS && districts[k]; k++) {
        if (districts[k] == district)
            return true;
    }
    return false;
}

static bool meets(const struct rank_filter *filter, const struct rank_facts *facts)
{
    return (!filter->hobbies || (filter->hobbies & facts->hobbies)) &&
           (!filter->height_from || facts->height >= filter->height_from) &&
           (!filter->height_to || (facts->height && facts->height <= filter->height_to)) &&
           facts->education >= filter->education_from &&
           (!filter->marital || (facts->marital && filter->marital >> facts->marital & 1)) &&
           (filter->proven & ~facts->proven) == 0 && facts->joined >= filter->joined_from &&
           (!filter->districts[0] || in_one_of(filter->districts, facts->district));
}

/* Below which nothing is among the best. */
static inline float least_of(const struct rank_best *best)
{
    return best->n < best->most ? 0 : best->of[best->n - 1].key;
}

static void insert(struct rank_best *best, struct rank_found found)
{
    size_t place = best->n < best->most ? best->n++ : best->n - 1;

    for (; place > 0 && best->of[place - 1].key < found.key; place--)
        best->of[place] = best->of[place - 1];
    best->of[place] = found;
}

/* Puts the positions of from..until whose age and wishes fit both ways into ret_fit; without a branch, since which of
 * these do cannot be foretold. Returns how many. */
static size_t fitting(const struct rank_pool *pool, size_t from, size_t until, uint8_t age, uint8_t wish_from,
                      uint8_t wish_to, uint32_t *ret_fit)
{
    size_t n = 0;

    for (size_t at = from; at < until; at++) {
        struct rank_gate gate = pool->gates[at];

        ret_fit[n] = (uint32_t)at;
        n += (size_t)((gate.state >= RANK_PRESENT) & ((uint8_t)(gate.age - wish_from) <= wish_to - wish_from) &
                      (age >= gate.wish_from) & (age <= gate.wish_to));
    }
    return n;
}

void rank_scan(const struct rank_pool *pool, const struct rank_seeker *seeker, const struct rank_filter *filter,
               const uint8_t *skip, const float boosts[RANK_BOOSTS], struct rank_best *ret_best,
               struct rank_best *ret_reserved)
{
    uint8_t from = seeker->wish_from, to = seeker->wish_to;
    uint32_t fit[BLOCK];

    if (filter && filter->age_from > from)
        from = filter->age_from;
    if (filter && filter->age_to && filter->age_to < to)
        to = filter->age_to;
    ret_best->n = 0;
    if (ret_reserved)
        ret_reserved->n = 0;
    if (from > to || ret_best->most == 0)
        return;
    for (size_t block = 0; block < pool->n; block += BLOCK) {
        size_t until = pool->n - block < BLOCK ? pool->n : block + BLOCK;
        size_t n = fitting(pool, block, until, seeker->age, from, to, fit);

        for (size_t k = 0; k < n; k++) {
            size_t at = fit[k];
            const struct rank_card *card = &pool->cards[at];
            struct rank_gate gate = pool->gates[at];
            float twice = 2 * card->share, parts = 2 + seeker->least[0] * card->u + seeker->least[1] * card->v;
            float boosted = ret_reserved ? twice * boosts[gate.state & RANK_MISSING] : 0;
            bool best, reserved;

            if (twice <= least_of(ret_best) * parts && (!ret_reserved || boosted <= least_of(ret_reserved) * parts))
                continue;
            parts = 2 + reluctance(seeker, gate.age, card);
            best = twice > least_of(ret_best) * parts && !(gate.state & RANK_CAPPED);
            reserved = ret_reserved && gate.state & RANK_MISSING && boosted > least_of(ret_reserved) * parts;
            if (!best && !reserved) /* nearly all: what costs more is asked of few */
                continue;
            if ((skip && (skip[at / 8] >> at % 8 & 1)) || (filter && !meets(filter, &pool->facts[at])))
                continue;
            if (best)
                insert(ret_best, (struct rank_found){(uint32_t)at, twice / parts, 2 / parts});
            if (reserved)
                insert(ret_reserved, (struct rank_found){(uint32_t)at, boosted / parts, 2 / parts});
        }
    }
}
