#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/bus/bus.h"
#include "common/bus/bus_nng.h"

/* A connection of the process to itself, which is ended over and over: it comes again by itself. */
struct bus_news {
    nng_socket listener, dialer;
    uint32_t ended; /* the pipe that was ended last */
    int64_t ended_ns;
    /* Written by nng's threads. */
    _Atomic uint32_t pipe; /* 0: none */
};

static void came(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event;
    atomic_store(&((struct bus_news *)arg)->pipe, (uint32_t)nng_pipe_id(pipe));
}

static void went(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    uint32_t id = (uint32_t)nng_pipe_id(pipe);

    (void)event;
    atomic_compare_exchange_strong(&((struct bus_news *)arg)->pipe, &id, 0);
}

struct bus_news *bus_news_open(void)
{
    struct bus_news *news = calloc(1, sizeof(*news));

    if (!news)
        return NULL;
    if (bus_failed("open", "news", nng_pair0_open(&news->listener)))
        goto free_news;
    if (bus_failed("open", "news", nng_pair0_open(&news->dialer)))
        goto close_listener;
    nng_pipe_notify(news->listener, NNG_PIPE_EV_ADD_POST, came, news);
    nng_pipe_notify(news->listener, NNG_PIPE_EV_REM_POST, went, news);
    if (bus_failed("listen", "news", nng_listen(news->listener, "inproc://news", NULL, 0)) ||
        bus_failed("dial", "news", nng_dial(news->dialer, "inproc://news", NULL, NNG_FLAG_NONBLOCK)))
        goto close_dialer;
    return news;
close_dialer:
    nng_close(news->dialer);
close_listener:
    nng_close(news->listener);
free_news:
    free(news);
    return NULL;
}

bool bus_news_come(struct bus_news *news, int64_t patience_ms)
{
    nng_pipe pipe = {atomic_load(&news->pipe)};
    int64_t now = clock_monotonic_ns();

    if (pipe.id && pipe.id == news->ended)
        return now - news->ended_ns <= patience_ms * INT64_C(1000000);
    news->ended = pipe.id;
    news->ended_ns = now;
    if (pipe.id)
        nng_pipe_close(pipe);
    return true;
}

void bus_news_close(struct bus_news *news)
{
    if (!news || bus_is_left())
        return;
    nng_close(news->dialer);
    nng_close(news->listener);
    free(news);
}
