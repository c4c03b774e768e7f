/* Ranks are uniform, so buckets by their first bits hold about BUCKET entries
 * each: they are counted while ranking, the candidates for a place are those of
 * the first buckets, and each bucket is sorted by itself. Weights make the first
 * buckets larger, by the weight at most. */
#include "common/draw/draw_internal.h"

#define BUCKET  64
#define TOUCHES 8 /* entries looked at in the time of one hash */
#define SORTED  4 /* entries sorted in the time of one hash */
#define NOWHERE UINT32_MAX

enum phase {
    COUNT,   /* entrants of each stratum */
    RANK,    /* keys, and the size of each bucket */
    SCATTER, /* candidates into their buckets */
    SORT,
    CLEAR, /* the keys' memory, for the places */
    PLACE,
    DONE,
};

bool draw_job_init(struct draw_job *job, const struct draw_list *list, const struct draw_terms *terms,
                   const unsigned char seed[DRAW_HASH_LEN])
{
    *job = (struct draw_job){.list = list, .n_strata = terms->n_strata};
    memcpy(job->seed, seed, DRAW_HASH_LEN);
    job->slots = calloc(terms->n_strata, sizeof(*job->slots));
    if (!job->slots)
        return false;
    for (uint32_t i = 0; i < terms->n_strata; i++) {
        job->slots[i].quota = terms->strata[i].quota;
        job->slots[i].waiting = terms->strata[i].waiting;
    }
    return true;
}

void draw_job_done(struct draw_job *job)
{
    if (!job)
        return;
    free(job->slots);
    free(job->keys);
    free(job->buckets);
    free(job->candidates);
    memset(job, 0, sizeof(*job));
}

/* The bucket of a key of a stratum. */
static uint32_t bucket_of(const struct draw_slot *slot, uint64_t key)
{
    return slot->first_bucket + (slot->bucket_bits ? (uint32_t)(key >> (64 - slot->bucket_bits)) : 0);
}

static void next_phase(struct draw_job *job)
{
    job->phase++;
    job->at = 0;
}

static bool count_entrants(struct draw_job *job, uint32_t touches)
{
    const struct draw_list *list = job->list;

    for (; touches && job->at < list->n; touches--, job->at++)
        job->slots[list->entries[job->at].stratum].entrants++;
    if (job->at < list->n)
        return true;
    job->n_buckets = 0;
    for (uint32_t i = 0; i < job->n_strata; i++) {
        struct draw_slot *slot = &job->slots[i];
        uint32_t places = slot->quota + slot->waiting;

        slot->places = places < slot->entrants ? places : slot->entrants;
        slot->first_bucket = job->n_buckets;
        for (slot->bucket_bits = 0; slot->entrants >> slot->bucket_bits > BUCKET;)
            slot->bucket_bits++;
        job->n_buckets += 1u << slot->bucket_bits;
    }
    job->keys = malloc((list->n + 1) * sizeof(*job->keys));
    job->buckets = calloc(job->n_buckets, sizeof(*job->buckets));
    if (!job->keys || !job->buckets) {
        free(job->keys);
        free(job->buckets);
        job->keys = NULL;
        job->buckets = NULL;
        return false;
    }
    next_phase(job);
    return true;
}

/* Turns the sizes of buckets into where each begins among the candidates. */
static uint32_t begin_buckets(struct draw_job *job, bool counting)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < job->n_strata; i++) {
        struct draw_slot *slot = &job->slots[i];

        slot->first = n;
        for (uint32_t b = 0; b < 1u << slot->bucket_bits; b++) {
            uint32_t *bucket = &job->buckets[slot->first_bucket + b], size = *bucket;
            bool wanted = n - slot->first < slot->places;

            if (!counting)
                *bucket = wanted ? n : NOWHERE;
            n += wanted ? size : 0;
        }
    }
    return n;
}

static bool place_buckets(struct draw_job *job)
{
    job->candidates = malloc((begin_buckets(job, true) + 1) * sizeof(*job->candidates));
    if (!job->candidates)
        return false;
    begin_buckets(job, false);
    next_phase(job);
    return true;
}

static void rank(struct draw_job *job, uint32_t units)
{
    const struct draw_list *list = job->list;
    struct draw_ranker ranker;
    uint32_t used = 0;

    draw_ranker_init(&ranker, job->seed);
    for (; used < units && job->at < list->n; job->at++) {
        const struct draw_entry *entry = &list->entries[job->at];
        const struct draw_words *found = draw_ranker_rank(&ranker, entry->ticket, entry->weight);

        job->keys[job->at] = (uint64_t)found->word[0] << 32 | found->word[1];
        job->buckets[bucket_of(&job->slots[entry->stratum], job->keys[job->at])]++;
        used += entry->weight;
    }
}

static void scatter(struct draw_job *job, uint32_t touches)
{
    const struct draw_list *list = job->list;

    for (; touches && job->at < list->n; touches--, job->at++) {
        const struct draw_slot *slot = &job->slots[list->entries[job->at].stratum];
        uint32_t *end = &job->buckets[bucket_of(slot, job->keys[job->at])];

        if (*end != NOWHERE)
            job->candidates[(*end)++] = (struct draw_candidate){job->keys[job->at], job->at};
    }
    if (job->at == list->n) {
        next_phase(job);
        job->bucket = 0;
    }
}

void draw_sort(struct draw_candidate *candidates, uint32_t n, draw_tie tie, const void *arg)
{
    static const uint32_t gaps[] = {0, 1, 4, 10, 23, 57, 132, 301, 701, 1577, 3548, 7983, 17961, 40412};
    uint32_t g = ARRAY_LEN(gaps) - 1;

    while (g > 1 && gaps[g] >= n)
        g--;
    for (; g > 0; g--) {
        uint32_t gap = gaps[g];

        for (uint32_t i = gap; i < n; i++) {
            struct draw_candidate moved = candidates[i];
            uint32_t k = i;

            for (; k >= gap; k -= gap) {
                const struct draw_candidate *other = &candidates[k - gap];

                if (other->key < moved.key || (other->key == moved.key && !tie(arg, moved.index, other->index)))
                    break;
                candidates[k] = *other;
            }
            candidates[k] = moved;
        }
    }
}

static bool ranks_before(const void *arg, uint32_t a, uint32_t b)
{
    const struct draw_job *job = arg;
    const struct draw_entry *entries = job->list->entries;
    unsigned char of_a[DRAW_HASH_LEN], of_b[DRAW_HASH_LEN];

    draw_rank(job->seed, entries[a].ticket, entries[a].weight, of_a);
    draw_rank(job->seed, entries[b].ticket, entries[b].weight, of_b);

    int order = memcmp(of_a, of_b, DRAW_HASH_LEN);

    return order ? order < 0 : a < b;
}

/* After the scattering a bucket's number is where it ends, which is where the
 * next one begins; job->at is where the present one begins. */
static void sort_buckets(struct draw_job *job, uint32_t entries)
{
    uint32_t done = 0;

    for (; done < entries && job->bucket < job->n_buckets; job->bucket++) {
        uint32_t end = job->buckets[job->bucket];

        done++;
        if (end == NOWHERE)
            continue;
        draw_sort(job->candidates + job->at, end - job->at, ranks_before, job);
        done += end - job->at;
        job->at = end;
    }
    if (job->bucket == job->n_buckets) {
        next_phase(job);
        job->bucket = 0;
    }
}

/* The keys have done their work. To give them back and take other memory would
 * hold the loop for milliseconds, so the places go where they were. */
static void clear(struct draw_job *job, uint32_t touches)
{
    uint32_t left = job->list->n - job->at, n = touches < left ? touches : left;

    job->places = (uint32_t *)(void *)job->keys;
    memset(job->places + job->at, 0, n * sizeof(*job->places));
    job->at += n;
    if (job->at == job->list->n)
        next_phase(job);
}

/* Notes the places; here job->bucket is the stratum and job->at the place. */
static void place(struct draw_job *job, uint32_t touches)
{
    while (touches && job->bucket < job->n_strata) {
        const struct draw_slot *slot = &job->slots[job->bucket];

        touches--;
        if (job->at < slot->places) {
            job->places[job->candidates[slot->first + job->at].index] = job->at + 1;
            job->at++;
        } else {
            job->at = 0;
            job->bucket++;
        }
    }
    if (job->bucket == job->n_strata)
        next_phase(job);
}

enum draw_progress draw_job_step(struct draw_job *job, uint32_t units)
{
    uint32_t bounded = units < 2 ? 2 : units < DRAW_ENTRIES_MAX ? units : DRAW_ENTRIES_MAX;

    switch ((enum phase)job->phase) {
    case COUNT:
        if (!count_entrants(job, bounded * TOUCHES))
            return DRAW_NO_MEMORY;
        break;
    case RANK:
        if (job->at < job->list->n) {
            rank(job, bounded);
            break;
        }
        if (!place_buckets(job))
            return DRAW_NO_MEMORY;
        break;
    case SCATTER:
        scatter(job, bounded * TOUCHES);
        break;
    case SORT:
        sort_buckets(job, bounded * SORTED);
        break;
    case CLEAR:
        clear(job, bounded * TOUCHES);
        break;
    case PLACE:
        place(job, bounded * TOUCHES);
        break;
    case DONE:
        break;
    }
    return job->phase == DONE ? DRAW_DONE : DRAW_MORE;
}

uint32_t draw_job_place(const struct draw_job *job, uint32_t index)
{
    ensure(job->phase == DONE && index < job->list->n);
    return job->places[index];
}

uint32_t draw_job_at(const struct draw_job *job, uint32_t stratum, uint32_t at)
{
    ensure(job->phase == DONE && stratum < job->n_strata && at >= 1 && at <= job->slots[stratum].places);
    return job->candidates[job->slots[stratum].first + at - 1].index;
}

void draw_job_outcome(const struct draw_job *job, uint32_t stratum, struct draw_outcome *ret)
{
    ensure(job->phase == DONE && stratum < job->n_strata);

    const struct draw_slot *slot = &job->slots[stratum];
    uint32_t winners = slot->quota < slot->entrants ? slot->quota : slot->entrants;

    *ret = (struct draw_outcome){.entrants = slot->entrants, .places = slot->places};
    if (winners) {
        const struct draw_entry *last = &job->list->entries[draw_job_at(job, stratum, winners)];

        draw_rank(job->seed, last->ticket, last->weight, ret->cutoff);
    }
}
