#include <nng/nng.h>
#include <sys/stat.h>

#include "common/bus/bus_nng.h"
#include "common/base/clock.h"

#define RECONNECT_MIN_MS 10
#define RECONNECT_MAX_MS 200
#define REDIAL_MS        1000

/* Tells the file of the socket at the address from one that is made there later. 0: there is none. */
static uint64_t socket_file(const struct bus_dial *dial)
{
    struct stat file;

    if (stat(dial->address + strlen("ipc://"), &file))
        return 0;
    return ((uint64_t)file.st_mtim.tv_sec * 1000000000 + (uint64_t)file.st_mtim.tv_nsec) ^ (uint64_t)file.st_ino << 40;
}

static void came(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct bus_dial *dial = arg;

    (void)event;
    atomic_store(&dial->file, socket_file(dial));
    /* The connection before may still be on its way out. */
    if (atomic_exchange(&dial->pipe, (uint32_t)nng_pipe_id(pipe)))
        atomic_fetch_add(&dial->losses, 1);
}

static void lost(struct bus_dial *dial, uint32_t pipe)
{
    if (pipe && atomic_compare_exchange_strong(&dial->pipe, &pipe, 0))
        atomic_fetch_add(&dial->losses, 1);
}

static void went(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    lost(arg, (uint32_t)nng_pipe_id(pipe));
}

static int dial_again(struct bus_dial *dial)
{
    return bus_failed("dial", dial->address, nng_dial(dial->socket, dial->address, &dial->dialer, NNG_FLAG_NONBLOCK));
}

int bus_dial_open(struct bus_dial *dial, const char *dir, const char *name, int buffered)
{
    snprintf(dial->address, sizeof(dial->address), "ipc://%s/%s", dir, name);
    bus_socket_bounds(dial->socket, buffered);
    nng_socket_set_ms(dial->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    nng_socket_set_ms(dial->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    nng_pipe_notify(dial->socket, NNG_PIPE_EV_ADD_POST, came, dial);
    nng_pipe_notify(dial->socket, NNG_PIPE_EV_REM_POST, went, dial);
    return dial_again(dial);
}

bool bus_dial_connected(struct bus_dial *dial, unsigned *ret_losses)
{
    *ret_losses = atomic_load(&dial->losses);
    return atomic_load(&dial->pipe) != 0;
}

/* Whether another socket has been made in the place of the one that was called. */
static bool is_left_behind(const struct bus_dial *dial)
{
    uint64_t called = atomic_load(&dial->file), now = socket_file(dial);

    return called && now && called != now;
}

void bus_dial_tend(struct bus_dial *dial)
{
    nng_pipe pipe = {atomic_load(&dial->pipe)};
    int64_t now = clock_monotonic_ns();

    /* Came after it went: those two are told by different threads. */
    if (pipe.id && (nng_dialer_id(nng_pipe_dialer(pipe)) < 0 || is_left_behind(dial)))
        lost(dial, pipe.id);
    if (atomic_load(&dial->pipe)) {
        dial->alone_ns = 0;
        return;
    }
    if (!dial->alone_ns)
        dial->alone_ns = now;
    if (now - dial->alone_ns < REDIAL_MS * INT64_C(1000000))
        return;
    nng_dialer_close(dial->dialer);
    dial->alone_ns = now;
    dial_again(dial);
}
