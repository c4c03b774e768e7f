#include "services/match/rank/pool.h"

#include <math.h>

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
}

/* e^-z + e^-back of the seeker and a profile. */
static inline float reluctance(const struct rank_seeker *seeker, uint8_t age, const struct rank_card *card)
{
    const float *ages = seeker->by_age[age % RANK_AGES], *habits = seeker->by_habits[card->habits & 511];
    const float *tastes = seeker->by_tastes[__builtin_popcount(card->tastes & seeker->tastes)];
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

void rank_scan(const struct rank_pool *pool, const struct rank_seeker *seeker, const struct rank_filter *filter,
               const uint8_t *skip, const float boosts[RANK_BOOSTS], struct rank_best *ret_best,
               struct rank_best *ret_reserved)
{
    uint8_t from = seeker->wish_from, to = seeker->wish_to;

    if (filter && filter->age_from > from)
        from = filter->age_from;
    if (filter && filter->age_to && filter->age_to < to)
        to = filter->age_to;
    ret_best->n = 0;
    if (ret_reserved)
        ret_reserved->n = 0;
    if (from > to || ret_best->most == 0)
        return;
    for (size_t at = 0; at < pool->n; at++) {
        struct rank_gate gate = pool->gates[at];
        unsigned missing = gate.state & RANK_MISSING;
        float twice, parts, key;

        if (!(gate.state & RANK_PRESENT) || (uint8_t)(gate.age - from) > to - from || seeker->age < gate.wish_from ||
            seeker->age > gate.wish_to)
            continue;
        if ((skip && (skip[at / 8] >> at % 8 & 1)) || (filter && !meets(filter, &pool->facts[at])))
            continue;
        twice = 2 * pool->cards[at].share;
        parts = 2 + reluctance(seeker, gate.age, &pool->cards[at]);
        if (!(gate.state & RANK_CAPPED) && twice > least_of(ret_best) * parts)
            insert(ret_best, (struct rank_found){(uint32_t)at, twice / parts, 2 / parts});
        if (!ret_reserved || !missing || missing >= RANK_BOOSTS)
            continue;
        key = twice * boosts[missing];
        if (key > least_of(ret_reserved) * parts)
            insert(ret_reserved, (struct rank_found){(uint32_t)at, key / parts, 2 / parts});
    }
}
