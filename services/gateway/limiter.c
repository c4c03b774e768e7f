#include "services/gateway/limiter.h"

int limiter_init(struct limiter *limiter, int64_t rate, int64_t burst)
{
    *limiter = (struct limiter){.rate = rate, .burst = burst};
    if (rate == 0)
        return 0;
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

static struct limiter_cell *find(struct limiter *limiter, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    struct limiter_cell *set = limiter->sets[(hash >> 40) & (LIMITER_SETS - 1)];
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
    struct limiter_cell *cell;
    int64_t due;

    if (limiter->rate == 0)
        return 0;
    cell = find(limiter, key);
    due = cell->due_ns > now_ns ? cell->due_ns : now_ns;
    if (due - now_ns > limiter->burst_ns)
        return due - now_ns - limiter->burst_ns;
    cell->due_ns = due + limiter->interval_ns;
    return 0;
}
