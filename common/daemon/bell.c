#include "common/daemon/bell.h"

static void on_pause_over(uv_timer_t *timer)
{
    struct bell *bell = timer->data;

    if (bell->waits)
        bell_ring(bell);
}

int bell_open(struct bell *bell, uv_loop_t *loop, const char *bus_dir, const char *queue)
{
    bell->ringer = bus_ringer_open(bus_dir);
    bell->queue = queue;
    bell->waits = false;
    uv_timer_init(loop, &bell->pause);
    bell->pause.data = bell;
    return bell->ringer ? 0 : -1;
}

void bell_ring(struct bell *bell)
{
    bell->waits = uv_is_active((uv_handle_t *)&bell->pause);
    if (bell->waits)
        return;
    bus_ringer_ring(bell->ringer, bell->queue);
    uv_timer_start(&bell->pause, on_pause_over, BELL_PAUSE_MS, 0);
}

void bell_close(struct bell *bell)
{
    if (bell->waits)
        bus_ringer_ring(bell->ringer, bell->queue);
    bus_ringer_close(bell->ringer);
}
