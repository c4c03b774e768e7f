#include "common/bus_nng.h"
#include "common/log.h"

static int listen_at(struct bus_listening *listening)
{
    return bus_failed("listen", listening->address,
                      nng_listen(listening->socket, listening->address, &listening->listener, 0));
}

int bus_listen(struct bus_listening *listening, nng_socket socket, const char *dir, const char *name, int buffered)
{
    *listening = (struct bus_listening){.socket = socket};
    snprintf(listening->address, sizeof(listening->address), "ipc://%s/%s", dir, name);
    bus_socket_bounds(socket, buffered);
    return listen_at(listening);
}

static uint64_t stat_of(nng_stat *scope, const char *name)
{
    nng_stat *stat = nng_stat_find(scope, name);

    return stat ? nng_stat_value(stat) : 0;
}

/* How many connections failed before they were accepted. nng_stat_find_listener of
 * nng 1.5.2 finds the first listener, whichever is asked for. */
static uint64_t count_failures(nng_listener listener)
{
    uint64_t failures = 0;
    nng_stat *all;

    if (nng_stats_get(&all))
        return 0;
    for (nng_stat *one = nng_stat_child(all); one; one = nng_stat_next(one)) {
        if (strcmp(nng_stat_name(one), "listener") == 0 && stat_of(one, "id") == (uint64_t)nng_listener_id(listener))
            failures = stat_of(one, "other");
    }
    nng_stats_free(all);
    return failures;
}

void bus_listen_tend(struct bus_listening *listening)
{
    if (nng_listener_id(listening->listener) > 0 && !count_failures(listening->listener))
        return;
    log_warn("listening_anew", "address", listening->address);
    nng_listener_close(listening->listener);
    if (listen_at(listening))
        listening->listener = (nng_listener)NNG_LISTENER_INITIALIZER; /* the next time tries again */
}
