/* seed.h: a random test has another seed in each run. It is printed, and HG_SEED repeats
 * it: HG_SEED=4406 ./build/debug/json_test. */
#pragma once
#include "common/base/clock.h"

/* The seed of this process; printed once. */
static inline uint64_t test_seed(void)
{
    static uint64_t seed;
    const char *given = getenv("HG_SEED");
    struct clock clock;

    if (seed)
        return seed;
    clock_real(&clock);
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_now(&clock) % 1000000 + 1;
    fprintf(stderr, "HG_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* A stream of randomness from it, for clock_random. */
static inline struct clock test_random(void)
{
    struct clock clock;

    clock_fake(&clock, 1, test_seed());
    return clock;
}

/* A number below n. */
static inline unsigned test_roll(struct clock *random, unsigned n)
{
    uint32_t number;

    clock_random(random, &number, sizeof(number));
    return number % n;
}
