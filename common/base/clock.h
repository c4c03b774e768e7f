/* clock.h: the only doors to time and randomness.
 *
 * A daemon has one struct clock. The real one reads the system; a fake one is
 * set and stepped by a test or a simulation, and its randomness is a seeded
 * stream, so a run can be repeated exactly. Handlers get the time of their batch
 * and draw randomness from the same clock.
 *
 * The system's time may be set, by somebody's mistake or a source that lies, to a day on which
 * campaigns are closed, draws are frozen and coupons have lapsed, and set right a minute
 * later, when none of that can be undone. So a real clock goes on with the monotonic clock
 * (which counts what the machine sleeps): it takes the system's time as long as the two agree
 * to LIMIT_CLOCK_STEP_MS, and believes a greater change, forward or back, only when it has stood for
 * LIMIT_CLOCK_TRIAL_MS. Until then its time goes on as before; the log says so (clock_set, and
 * clock_believed or clock_set_right), and the metric huigong_clock_off_seconds how far the two
 * are apart. A daemon that starts takes the time that it finds, if it is one that ids can be
 * made in (clock_is_possible). */
#pragma once

struct clock {
    int64_t at_ms, at_ns;    /* the time when it was last taken from the system, by both clocks; 0: never */
    int64_t off_ms, off_ns;  /* by how much the system's has been set since, and when that was seen; 0: not */
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
int64_t clock_now(struct clock *clock);
/* The same of a real clock when the system's time and the monotonic clock are such. */
int64_t clock_follow(struct clock *clock, int64_t system_ms, int64_t steady_ns);
/* By how much the system's time is off the clock's, ahead when positive; 0: they agree. */
int64_t clock_off(const struct clock *clock);
/* Whether ids can be made at that instant (id.h). */
bool clock_is_possible(int64_t at_ms);
/* Monotonic nanoseconds for measuring durations; never faked. */
int64_t clock_monotonic_ns(void);
/* Fills bytes from the kernel's generator, or the seeded stream. */
void clock_random(struct clock *clock, void *bytes, size_t len);

#define CLOCK_TEXT 32
/* 2026-01-02T03:04:05.678Z (RFC 3339). */
void clock_format(int64_t at_ms, char ret_text[CLOCK_TEXT]);
