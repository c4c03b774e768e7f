#include "common/base/clock.h"

#include <sys/random.h>
#include <time.h>

void clock_real(struct clock *clock)
{
    *clock = (struct clock){0};
}

void clock_fake(struct clock *clock, int64_t now_ms, uint64_t seed)
{
    *clock = (struct clock){.fake_ms = now_ms, .fake_random = seed};
}

void clock_step(struct clock *clock, int64_t by_ms)
{
    ensure(clock->fake_ms);
    clock->fake_ms += by_ms;
}

int64_t clock_now(const struct clock *clock)
{
    struct timespec now;

    if (clock->fake_ms)
        return clock->fake_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* SplitMix64 (Steele, Lea, Flood 2014): enough for repeatable tests, used only there. */
static uint64_t fake_next(struct clock *clock)
{
    uint64_t z = clock->fake_random += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void fake_random(struct clock *clock, unsigned char *p, size_t len)
{
    while (len > 0) {
        uint64_t word = fake_next(clock);
        size_t n = len < sizeof(word) ? len : sizeof(word);

        memcpy(p, &word, n);
        p += n;
        len -= n;
    }
}

void clock_random(struct clock *clock, void *bytes, size_t len)
{
    unsigned char *p = bytes;

    if (clock->fake_ms) {
        fake_random(clock, p, len);
        return;
    }
    while (len > 0) {
        size_t n;

        if (clock->pooled == 0) {
            /* Up to 256 bytes come whole, once the kernel's generator is seeded. */
            ensure(getrandom(clock->pool, sizeof(clock->pool), 0) == sizeof(clock->pool));
            clock->pooled = sizeof(clock->pool);
        }
        n = len < clock->pooled ? len : clock->pooled;
        memcpy(p, clock->pool + sizeof(clock->pool) - clock->pooled, n);
        /* What was given out is not kept. */
        explicit_bzero(clock->pool + sizeof(clock->pool) - clock->pooled, n);
        clock->pooled -= n;
        p += n;
        len -= n;
    }
}

void clock_format(int64_t at_ms, char ret_text[CLOCK_TEXT])
{
    int64_t ms = at_ms % 1000 < 0 ? at_ms % 1000 + 1000 : at_ms % 1000;
    time_t seconds = (time_t)(at_ms / 1000 - (at_ms % 1000 < 0));
    struct tm tm;
    size_t len;

    gmtime_r(&seconds, &tm);
    len = strftime(ret_text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret_text + len, CLOCK_TEXT - len, ".%03dZ", (int)ms);
}
