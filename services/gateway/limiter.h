/* limiter.h: so many requests a second from one caller.
 *
 * The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): a caller
 * has a theoretical arrival time; a request that comes earlier than that by more
 * than the burst allows is refused. Callers are kept in a fixed table of small
 * sets; in a full set the one that has waited longest is forgotten, who is the
 * one that would be allowed anyway unless the table is far too small. Which set is
 * nobody's choice: it depends on a secret of the process. One table serves all
 * threads, so that a caller's rate does not grow with their number. */
#pragma once
#include <pthread.h>

#include "common/base/clock.h"

#define LIMITER_SETS  16384 /* a power of two */
#define LIMITER_WAYS  4
#define LIMITER_LOCKS 64 /* a power of two */

struct limiter_cell {
    uint64_t key;   /* 0: free */
    int64_t due_ns; /* theoretical arrival time */
};

struct limiter {
    int64_t interval_ns; /* between two requests at the rate; 0: no limit */
    int64_t burst_ns;    /* how far ahead a caller may be */
    int64_t rate, burst; /* as set */
    uint64_t secret;
    struct limiter_cell (*sets)[LIMITER_WAYS];
    pthread_mutex_t locks[LIMITER_LOCKS]; /* each over every so many-th set */
};

/* rate requests a second on average, burst at once; a rate of 0 allows all. 0, or
 * -1 without memory. */
int limiter_init(struct limiter *limiter, int64_t rate, int64_t burst, struct clock *clock);
void limiter_done(struct limiter *limiter);
/* Admits a request of a caller (any 64-bit key but 0) at a monotonic time.
 * Returns 0, or how many nanoseconds to wait. */
int64_t limiter_admit(struct limiter *limiter, uint64_t key, int64_t now_ns);
