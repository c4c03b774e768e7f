/* The broker's half of the bell. */
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pubsub0/pub.h>

#include "common/bus/bus.h"
#include "common/bus/bus_nng.h"

/* PULL on ring, PUB on bell. */
struct bus_bell {
    nng_socket ring, bell;
    struct bus_listening at_ring, at_bell, at_edge;
    nng_aio *take_ring;
};

static void ring_taken(void *arg)
{
    struct bus_bell *bell = arg;

    if (nng_aio_result(bell->take_ring) == NNG_ECLOSED)
        return;
    if (nng_aio_result(bell->take_ring) == 0) {
        nng_msg *msg = nng_aio_get_msg(bell->take_ring);

        if (nng_sendmsg(bell->bell, msg, NNG_FLAG_NONBLOCK))
            nng_msg_free(msg);
    }
    nng_recv_aio(bell->ring, bell->take_ring);
}

struct bus_bell *bus_bell_open(const char *dir)
{
    struct bus_bell *bell = calloc(1, sizeof(*bell));

    if (!bell)
        return NULL;
    if (bus_failed("open", "ring", nng_pull0_open(&bell->ring)))
        goto free_bell;
    if (bus_failed("open", "bell", nng_pub0_open(&bell->bell)))
        goto close_ring;
    if (nng_aio_alloc(&bell->take_ring, ring_taken, bell))
        goto close_bell;
    if (bus_listen(&bell->at_ring, bell->ring, dir, "ring", 64) ||
        bus_listen(&bell->at_bell, bell->bell, dir, "bell", 64) ||
        bus_listen(&bell->at_edge, bell->bell, dir, BUS_EDGE "/bell", 64))
        goto free_aio;
    nng_recv_aio(bell->ring, bell->take_ring);
    return bell;
free_aio:
    nng_aio_free(bell->take_ring);
close_bell:
    nng_close(bell->bell);
close_ring:
    nng_close(bell->ring);
free_bell:
    free(bell);
    return NULL;
}

void bus_bell_tend(struct bus_bell *bell, nng_stat *all)
{
    bus_listen_tend(&bell->at_ring, all);
    bus_listen_tend(&bell->at_bell, all);
    bus_listen_tend(&bell->at_edge, all);
}

void bus_bell_close(struct bus_bell *bell)
{
    if (!bell || bus_is_left())
        return;
    nng_aio_stop(bell->take_ring);
    nng_close(bell->ring);
    nng_close(bell->bell);
    nng_aio_free(bell->take_ring);
    free(bell);
}
