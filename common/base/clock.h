/* clock.h: the only doors to time and randomness.
 *
 * A daemon has one struct clock. The real one reads the system; a fake one is
 * set and stepped by a test or a simulation, and its randomness is a seeded
 * stream, so a run can be repeated exactly. Handlers get the time of their batch
 * and draw randomness from the same clock. */
#pragma once

struct clock {
    int64_t fake_ms;         /* 0: the system's time */
    uint64_t fake_random;    /* state of the seeded stream, when faked */
    unsigned char pool[256]; /* from the kernel, fetched ahead; its last `pooled` bytes are unused */
    size_t pooled;
};

/* The system's clock. */
void clock_real(struct clock *clock);
/* Stands at now_ms until stepped; randomness from the seed. */
void clock_fake(struct clock *clock, int64_t now_ms, uint64_t seed);
void clock_step(struct clock *clock, int64_t by_ms);

/* Milliseconds since 1970, UTC. */
int64_t clock_now(const struct clock *clock);
/* Monotonic nanoseconds for measuring durations; never faked. */
int64_t clock_monotonic_ns(void);
/* Fills bytes from the kernel's generator, or the seeded stream. */
void clock_random(struct clock *clock, void *bytes, size_t len);

#define CLOCK_TEXT 32
/* 2026-01-02T03:04:05.678Z (RFC 3339). */
void clock_format(int64_t at_ms, char ret_text[CLOCK_TEXT]);
