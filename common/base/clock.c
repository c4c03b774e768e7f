#include "common/base/clock.h"

#include <sys/random.h>
#include <time.h>

#include "common/base/id.h"
#include "common/base/log.h"

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

bool clock_is_possible(int64_t at_ms)
{
    return at_ms > ID_EPOCH_MS && at_ms - ID_EPOCH_MS < ID_TIME_MAX;
}

int64_t clock_off(const struct clock *clock)
{
    return clock->off_ns ? clock->off_ms : 0;
}

static int64_t take(struct clock *clock, int64_t system_ms, int64_t steady_ns)
{
    clock->at_ms = system_ms;
    clock->at_ns = steady_ns;
    clock->off_ns = 0;
    return system_ms;
}

static bool is_step(int64_t ms)
{
    return ms > LIMIT_CLOCK_STEP_MS || ms < -LIMIT_CLOCK_STEP_MS;
}

/* The two clocks are apart: whether by as much as before, and for how long. */
static int64_t go_on(struct clock *clock, int64_t system_ms, int64_t steady_ns, int64_t expected_ms)
{
    int64_t off_ms = system_ms - expected_ms;

    if (!clock->off_ns || is_step(off_ms - clock->off_ms)) {
        clock->off_ms = off_ms;
        clock->off_ns = steady_ns;
        log_warn("clock_set", "by_ms", log_int(off_ms));
    }
    if (steady_ns - clock->off_ns < LIMIT_CLOCK_TRIAL_MS * INT64_C(1000000) || !clock_is_possible(system_ms))
        return expected_ms;
    log_warn("clock_believed", "by_ms", log_int(off_ms));
    return take(clock, system_ms, steady_ns);
}

int64_t clock_follow(struct clock *clock, int64_t system_ms, int64_t steady_ns)
{
    int64_t expected_ms = clock->at_ms + (steady_ns - clock->at_ns) / 1000000;

    if (clock->at_ns && is_step(system_ms - expected_ms))
        return go_on(clock, system_ms, steady_ns, expected_ms);
    if (clock->off_ns)
        log_info("clock_set_right", "by_ms", log_int(clock->off_ms));
    return take(clock, system_ms, steady_ns);
}

int64_t clock_now(struct clock *clock)
{
    struct timespec now, steady;

    if (clock->fake_ms)
        return clock->fake_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &steady);
    return clock_follow(clock, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                        (int64_t)steady.tv_sec * 1000000000 + steady.tv_nsec);
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
