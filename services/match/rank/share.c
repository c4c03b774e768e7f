#include "services/match/rank/share.h"

#include <math.h>

#define FADE        (6.0f / 7)
#define CAP_OF_MEAN 1.5
#define TENTHS      10
#define MEAN_LEAST  .02f

const float rank_boosts[RANK_BOOSTS] = {1,          1.8221188f, 3.3201169f, 6.0496475f, 11.023176f, 20.085537f,
                                        36.598234f, 66.686331f, 121.51042f, 221.40642f, 403.42879f};

unsigned rank_cap(size_t n_own, size_t n_other)
{
    double cap = n_own ? CAP_OF_MEAN * RANK_SLOTS * (double)n_other / (double)n_own : 0;

    return cap < RANK_NEW_FLOOR ? RANK_NEW_FLOOR : cap > UINT16_MAX ? UINT16_MAX : (unsigned)cap;
}

float rank_share(float given, float mean)
{
    return 1 / cbrtf((mean > MEAN_LEAST ? mean : MEAN_LEAST) / 2 + given);
}

/* The state of a gate for how often it has been shown. */
static uint8_t state_of(uint8_t state, const struct rank_attention *attention, unsigned cap)
{
    unsigned missing = attention->today < attention->floor
                           ? (unsigned)(attention->floor - attention->today) * TENTHS / attention->floor
                           : 0;

    return (uint8_t)((state & RANK_PRESENT) | (attention->today >= cap ? RANK_CAPPED : 0) | missing);
}

void rank_attention_begin(struct rank_pool *pool, size_t at)
{
    pool->attention[at] = (struct rank_attention){.floor = RANK_NEW_FLOOR, .new_days = RANK_NEW_DAYS};
    pool->gates[at].state = state_of(pool->gates[at].state, &pool->attention[at], UINT16_MAX);
}

void rank_attention_count(struct rank_pool *pool, size_t at, float harmonic, unsigned cap, float mean)
{
    struct rank_attention *attention = &pool->attention[at];

    attention->given += (float)rank_match_chance((double)harmonic);
    attention->today = (uint16_t)(attention->today + (attention->today < UINT16_MAX));
    pool->cards[at].share = rank_share(attention->given, mean);
    pool->gates[at].state = state_of(pool->gates[at].state, attention, cap);
}

double rank_attention_renew(struct rank_pool *pool, size_t from, size_t until, float mean)
{
    double sum = 0;

    for (size_t at = from; at < until; at++) {
        struct rank_attention *attention = &pool->attention[at];

        attention->given *= FADE;
        attention->today = 0;
        attention->new_days = (uint8_t)(attention->new_days - (attention->new_days > 0));
        attention->floor = attention->new_days ? RANK_NEW_FLOOR : RANK_FLOOR;
        pool->cards[at].share = rank_share(attention->given, mean);
        pool->gates[at].state = state_of(pool->gates[at].state, attention, UINT16_MAX);
        if (pool->gates[at].state & RANK_PRESENT)
            sum += (double)attention->given;
    }
    return sum;
}

static void add_slot(struct rank_list *list, const struct rank_found *found, bool reserved)
{
    list->of[list->n++] = (struct rank_slot){found->at, reserved, found->harmonic};
}

static bool is_in(const struct rank_list *list, uint32_t at)
{
    for (size_t k = 0; k < list->n; k++) {
        if (list->of[k].at == at)
            return true;
    }
    return false;
}

void rank_list_choose(const struct rank_pool *pool, const struct rank_seeker *seeker, const struct rank_filter *filter,
                      const uint8_t *skip, struct rank_list *ret_list)
{
    struct rank_best best = {.most = RANK_SLOTS}, reserved = {.most = RANK_SLOTS};
    size_t kept = 0;

    rank_scan(pool, seeker, filter, skip, rank_boosts, &best, &reserved);
    ret_list->n = 0;
    for (size_t k = 0; k < best.n && k < RANK_SLOTS - RANK_RESERVED; k++)
        add_slot(ret_list, &best.of[k], false);
    for (size_t k = 0; k < reserved.n && kept < RANK_RESERVED; k++) {
        if (!is_in(ret_list, reserved.of[k].at)) {
            add_slot(ret_list, &reserved.of[k], true);
            kept++;
        }
    }
    for (size_t k = 0; k < best.n && ret_list->n < RANK_SLOTS; k++) {
        if (!is_in(ret_list, best.of[k].at))
            add_slot(ret_list, &best.of[k], false);
    }
}
