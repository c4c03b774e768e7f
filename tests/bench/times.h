/* times.h: how long things took, and what is said of them: half of them were no longer than p50, 99 of 100 than p99. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"

struct times {
    double *ms;
    size_t n, size;
};

static inline double now_ms(void)
{
    return (double)clock_monotonic_ns() / 1e6;
}

/* Of the processor for this thread alone, so that neither a busy machine nor its disk counts. */
static inline double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static inline void note(struct times *times, double ms)
{
    if (times->n == times->size) {
        times->size = times->size ? times->size * 2 : 4096;
        times->ms = realloc(times->ms, times->size * sizeof(*times->ms));
        ensure(times->ms);
    }
    times->ms[times->n++] = ms;
}

static inline int times_ascend(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Says them under a name, and forgets them. */
static inline void print_times(struct times *times, const char *name)
{
    if (times->n == 0)
        return;
    qsort(times->ms, times->n, sizeof(times->ms[0]), times_ascend);
    printf("%s_n=%zu %s_p50_ms=%.2f %s_p99_ms=%.2f %s_max_ms=%.2f\n", name, times->n, name, times->ms[times->n / 2],
           name, times->ms[times->n * 99 / 100], name, times->ms[times->n - 1]);
    fflush(stdout);
    times->n = 0;
}
