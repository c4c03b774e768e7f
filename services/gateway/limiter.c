#include "services/gateway/limiter.h"

int limiter_init(struct limiter *limiter, int64_t rate, int64_t burst, struct clock *clock)
{
    *limiter = (struct limiter){.rate = rate, .burst = burst};
    for (unsigned i = 0; i < LIMITER_LOCKS; i++)
        pthread_mutex_init(&limiter->locks[i], NULL);
    if (rate == 0)
        return 0;
    clock_random(clock, &limiter->secret, sizeof(limiter->secret));
    limiter->interval_ns = INT64_C(1000000000) / rate;
    limiter->burst_ns = limiter->interval_ns * (burst > 1 ? burst - 1 : 0);
    limiter->sets = calloc(LIMITER_SETS, sizeof(limiter->sets[0]));
    return limiter->sets ? 0 : -1;
}

void limiter_done(struct limiter *limiter)
{
    free(limiter->sets);
    limiter->sets = NULL;
}

/* The finalizer of MurmurHash3, in which every bit of the key decides on every bit. */
static size_t set_of(const struct limiter *limiter, uint64_t key)
{
    uint64_t hash = key ^ limiter->secret;

    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (size_t)(hash ^ hash >> 33) & (LIMITER_SETS - 1);
}

static struct limiter_cell *find(struct limiter_cell *set, uint64_t key)
{
    struct limiter_cell *oldest = &set[0];

    for (unsigned i = 0; i < LIMITER_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].due_ns < oldest->due_ns)
            oldest = &set[i];
    }
    *oldest = (struct limiter_cell){.key = key};
    return oldest;
}

int64_t limiter_admit(struct limiter *limiter, uint64_t key, int64_t now_ns)
{
    size_t set = set_of(limiter, key);
    pthread_mutex_t *lock = &limiter->locks[set & (LIMITER_LOCKS - 1)];
    struct limiter_cell *cell;
    int64_t due, wait_ns = 0;

    if (limiter->rate == 0)
        return 0;
    pthread_mutex_lock(lock);
    cell = find(limiter->sets[set], key);
    due = cell->due_ns > now_ns ? cell->due_ns : now_ns;
    if (due - now_ns > limiter->burst_ns)
        wait_ns = due - now_ns - limiter->burst_ns;
    else
        cell->due_ns = due + limiter->interval_ns;
    pthread_mutex_unlock(lock);
    return wait_ns;
}
