/* bell.h: a service's own bell, rung when its journal has new rows.
 *
 * The first ring after a silence goes out at once. In a flood of commits, each of which rings, those that follow go out
 * together, one in BELL_PAUSE_MS, and the last always does: every follower is woken by a ring, also by one in which
 * there is nothing for it, and being woken after each batch costs more than the batch's claims. */
#pragma once
#include <uv.h>

#include "common/bus/bus.h"

#define BELL_PAUSE_MS 50

struct bell {
    struct bus_ringer *ringer;
    const char *queue;
    uv_timer_t pause; /* runs while rings wait */
    bool waits;       /* for its end */
};

/* The queue outlives it. 0 or -1, logged. */
int bell_open(struct bell *bell, uv_loop_t *loop, const char *bus_dir, const char *queue);
void bell_ring(struct bell *bell);
/* After its loop has ended, or its timer was closed; also of one that was never opened, and is zero. */
void bell_close(struct bell *bell);
