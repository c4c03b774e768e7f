/* The broker's half of the bus: one queue is two raw sockets and two loops of
 * callbacks on nng's threads, clients to server and server to clients.
 *
 * A message on its way to the server carries three header words, the class it came by, the
 * client's pipe and the client's request number; they are kept in a table until the answer
 * comes back, so that when the server dies every call it had taken is answered at
 * once instead of at its deadline: what became of it is not known. What a server does not
 * answer at all, or whose answer is lost on its way, leaves the table when nobody waits for it
 * any more. */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/bus/bus.h"
#include "common/bus/bus_nng.h"
#include "common/base/limits.h"
#include "common/base/log.h"

struct way_back {
    uint32_t class, pipe, request;
};

/* A message that the server was given. */
struct taken {
    struct way_back back;
    int64_t at_ns;
};

/* One class of clients. */
struct side {
    struct bus_queue *queue;
    enum bus_class class;
    nng_socket socket;
    struct bus_listening at;
    nng_aio *take;
};

struct bus_queue {
    struct side sides[BUS_CLASSES];
    nng_socket server;
    struct bus_listening at_service;
    nng_aio *take_answer;
    struct bus_refusals refusals;
    pthread_mutex_t mutex; /* guards all below */
    struct taken in_flight[LIMIT_BROKER_IN_FLIGHT];
    unsigned depth;
    int64_t heard_ns;     /* when the server last answered */
    nng_pipe server_pipe; /* id -1: none */
    struct bus_queue_counts counts;
    char name[64];
};

static bool has_server(const struct bus_queue *queue)
{
    return nng_pipe_id(queue->server_pipe) > 0;
}

/* Answers in the server's stead. msg already has its way back as header. */
static void refuse(struct side *side, nng_msg *msg, const void *bytes, size_t len)
{
    nng_msg_clear(msg);
    if (nng_msg_append(msg, bytes, len) || nng_sendmsg(side->socket, msg, NNG_FLAG_NONBLOCK))
        nng_msg_free(msg);
}

static void refuse_way_back(struct bus_queue *queue, struct way_back back)
{
    nng_msg *msg;

    if (nng_msg_alloc(&msg, 0))
        return;
    if (nng_msg_header_append_u32(msg, back.pipe) || nng_msg_header_append_u32(msg, back.request))
        nng_msg_free(msg);
    else
        refuse(&queue->sides[back.class], msg, queue->refusals.lost, queue->refusals.lost_len);
}

/* As a client's message comes: pipe and request. */
static bool read_client(nng_msg *msg, enum bus_class class, struct way_back *ret)
{
    const unsigned char *p = nng_msg_header(msg);

    if (nng_msg_header_len(msg) != 8)
        return false;
    *ret = (struct way_back){class, get_be32(p), get_be32(p + 4)};
    return true;
}

/* As it goes on to the server and comes back. */
static bool read_way_back(nng_msg *msg, struct way_back *ret)
{
    const unsigned char *p = nng_msg_header(msg);

    if (nng_msg_header_len(msg) != 12 || get_be32(p) >= BUS_CLASSES)
        return false;
    *ret = (struct way_back){get_be32(p), get_be32(p + 4), get_be32(p + 8)};
    return true;
}

/* Whether there is room for one more: the edge leaves some to those inside. */
static bool is_full(const struct bus_queue *queue, enum bus_class class)
{
    return queue->depth >= (class == BUS_FROM_EDGE ? LIMIT_BROKER_EDGE : LIMIT_BROKER_IN_FLIGHT);
}

/* Whether it was there. */
static bool take_back(struct bus_queue *queue, struct way_back back)
{
    bool known = false;

    pthread_mutex_lock(&queue->mutex);
    for (unsigned i = 0; i < queue->depth && !known; i++) {
        const struct way_back *one = &queue->in_flight[i].back;

        known = one->class == back.class && one->pipe == back.pipe && one->request == back.request;
        if (known)
            queue->in_flight[i] = queue->in_flight[--queue->depth];
    }
    pthread_mutex_unlock(&queue->mutex);
    return known;
}

/* Whether the server has not answered anything for some time, though it was given something to answer. */
static bool is_silent(const struct bus_queue *queue)
{
    int64_t since_ns = INT64_MAX;

    for (unsigned i = 0; i < queue->depth; i++) {
        if (queue->in_flight[i].at_ns < since_ns)
            since_ns = queue->in_flight[i].at_ns;
    }
    if (since_ns < queue->heard_ns)
        since_ns = queue->heard_ns;
    return queue->depth > 0 && clock_monotonic_ns() - since_ns > LIMIT_SILENCE_MS * INT64_C(1000000);
}

/* To the server, as far as nng has room: behind one that has gone may still wait what it was to
 * get. What has not been sent has not happened. */
static void send_on(struct side *side, nng_msg *msg, struct way_back back)
{
    struct bus_queue *queue = side->queue;
    uint32_t class;

    if (nng_msg_header_insert_u32(msg, side->class) == 0) {
        if (nng_sendmsg(queue->server, msg, NNG_FLAG_NONBLOCK) == 0)
            return;
        nng_msg_header_trim_u32(msg, &class);
    }
    if (take_back(queue, back))
        refuse(side, msg, queue->refusals.full, queue->refusals.full_len);
    else
        nng_msg_free(msg); /* the server has just gone; server_left answers for it */
}

static void forward_call(struct side *side, nng_msg *msg)
{
    struct bus_queue *queue = side->queue;
    struct way_back back;
    bool served, full;

    if (!read_client(msg, side->class, &back)) {
        nng_msg_free(msg);
        return;
    }
    pthread_mutex_lock(&queue->mutex);
    served = has_server(queue);
    full = is_full(queue, side->class);
    if (served && !full) {
        queue->in_flight[queue->depth++] = (struct taken){back, clock_monotonic_ns()};
        queue->counts.forwarded++;
    } else if (served) {
        queue->counts.refused_full++;
    } else {
        queue->counts.refused_unserved++;
    }
    pthread_mutex_unlock(&queue->mutex);
    if (!served)
        refuse(side, msg, queue->refusals.unserved, queue->refusals.unserved_len);
    else if (full)
        refuse(side, msg, queue->refusals.full, queue->refusals.full_len);
    else
        send_on(side, msg, back);
}

static void call_taken(void *arg)
{
    struct side *side = arg;

    if (nng_aio_result(side->take) == NNG_ECLOSED)
        return;
    if (nng_aio_result(side->take) == 0)
        forward_call(side, nng_aio_get_msg(side->take));
    nng_recv_aio(side->socket, side->take);
}

/* The server's answer comes with the way back as its header. */
static void forward_answer(struct bus_queue *queue, nng_msg *msg)
{
    struct way_back back;
    uint32_t class;

    if (!read_way_back(msg, &back) || nng_msg_header_trim_u32(msg, &class)) {
        nng_msg_free(msg);
        return;
    }
    pthread_mutex_lock(&queue->mutex);
    queue->heard_ns = clock_monotonic_ns();
    pthread_mutex_unlock(&queue->mutex);
    if (!take_back(queue, back) || nng_sendmsg(queue->sides[back.class].socket, msg, NNG_FLAG_NONBLOCK))
        nng_msg_free(msg);
}

static void answer_taken(void *arg)
{
    struct bus_queue *queue = arg;

    if (nng_aio_result(queue->take_answer) == NNG_ECLOSED)
        return;
    if (nng_aio_result(queue->take_answer) == 0)
        forward_answer(queue, nng_aio_get_msg(queue->take_answer));
    nng_recv_aio(queue->server, queue->take_answer);
}

static void server_left(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct bus_queue *queue = arg;
    struct taken lost[LIMIT_BROKER_IN_FLIGHT];
    unsigned n = 0;
    bool ours;

    (void)event;
    pthread_mutex_lock(&queue->mutex);
    ours = nng_pipe_id(pipe) == nng_pipe_id(queue->server_pipe);
    if (ours) {
        queue->server_pipe = (nng_pipe)NNG_PIPE_INITIALIZER;
        n = queue->depth;
        memcpy(lost, queue->in_flight, n * sizeof(lost[0]));
        queue->depth = 0;
    }
    pthread_mutex_unlock(&queue->mutex);
    if (ours)
        log_warn("unserved", "queue", queue->name, "calls_lost", log_int(n));
    for (unsigned i = 0; i < n; i++)
        refuse_way_back(queue, lost[i].back);
}

/* A second server is closed before its pipe is used: after that, it would be given
 * messages until it is closed. But one that has been silent gives way: nng may owe us
 * the news of its end for ever (bus_nng.h). */
static void server_arriving(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct bus_queue *queue = arg;
    nng_pipe first;
    bool second, silent;

    pthread_mutex_lock(&queue->mutex);
    first = queue->server_pipe;
    silent = has_server(queue) && is_silent(queue);
    second = has_server(queue) && !silent;
    queue->counts.turned_away += second;
    pthread_mutex_unlock(&queue->mutex);
    if (second) {
        nng_pipe_close(pipe);
        return;
    }
    if (silent) {
        log_warn("server_silent", "queue", queue->name);
        nng_pipe_close(first);
        server_left(first, NNG_PIPE_EV_REM_POST, queue);
    }
    bus_check_peer(pipe, event, NULL);
}

static void server_joined(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct bus_queue *queue = arg;
    bool second;

    (void)event;
    pthread_mutex_lock(&queue->mutex);
    second = has_server(queue);
    if (!second)
        queue->server_pipe = pipe;
    pthread_mutex_unlock(&queue->mutex);
    if (second) {
        log_warn("second_server_refused", "queue", queue->name);
        nng_pipe_close(pipe);
    } else {
        log_info("served", "queue", queue->name);
    }
}

static void client_came_or_went(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct bus_queue *queue = arg;

    (void)pipe;
    pthread_mutex_lock(&queue->mutex);
    if (event == NNG_PIPE_EV_ADD_POST)
        queue->counts.clients++;
    else if (queue->counts.clients > 0)
        queue->counts.clients--;
    pthread_mutex_unlock(&queue->mutex);
}

static int side_open(struct side *side, const char *dir)
{
    char address[128];

    if (bus_failed("open", side->queue->name, nng_rep0_open_raw(&side->socket)))
        return -1;
    nng_pipe_notify(side->socket, NNG_PIPE_EV_ADD_POST, client_came_or_went, side->queue);
    nng_pipe_notify(side->socket, NNG_PIPE_EV_REM_POST, client_came_or_went, side->queue);
    snprintf(address, sizeof(address), "%s%s.calls", side->class == BUS_FROM_EDGE ? BUS_EDGE "/" : "",
             side->queue->name);
    if (nng_aio_alloc(&side->take, call_taken, side))
        return -1;
    return bus_listen(&side->at, side->socket, dir, address, LIMIT_BATCH_MESSAGES);
}

static int server_open(struct bus_queue *queue, const char *dir)
{
    char address[128];

    if (bus_failed("open", queue->name, nng_req0_open_raw(&queue->server)))
        return -1;
    nng_pipe_notify(queue->server, NNG_PIPE_EV_ADD_POST, server_joined, queue);
    nng_pipe_notify(queue->server, NNG_PIPE_EV_REM_POST, server_left, queue);
    if (nng_aio_alloc(&queue->take_answer, answer_taken, queue))
        return -1;
    snprintf(address, sizeof(address), "%s" BUS_SERVER "/calls", queue->name);
    if (bus_listen(&queue->at_service, queue->server, dir, address, LIMIT_BATCH_MESSAGES))
        return -1;
    nng_pipe_notify(queue->server, NNG_PIPE_EV_ADD_PRE, server_arriving, queue);
    return 0;
}

/* First of all nobody sends any more: nng closes a socket badly that is being sent to. What
 * was not opened is none. */
static void queue_free(struct bus_queue *queue)
{
    nng_aio *takes[] = {queue->sides[BUS_FROM_INSIDE].take, queue->sides[BUS_FROM_EDGE].take, queue->take_answer};

    for (unsigned i = 0; i < ARRAY_LEN(takes); i++) {
        if (takes[i])
            nng_aio_stop(takes[i]);
    }
    for (unsigned i = 0; i < BUS_CLASSES; i++)
        nng_close(queue->sides[i].socket);
    nng_close(queue->server);
    for (unsigned i = 0; i < ARRAY_LEN(takes); i++)
        nng_aio_free(takes[i]);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

struct bus_queue *bus_queue_open(const char *dir, const char *name, const struct bus_refusals *refusals)
{
    struct bus_queue *queue = calloc(1, sizeof(*queue));
    int failed = 0;

    if (!queue)
        return NULL;
    queue->refusals = *refusals;
    queue->server_pipe = (nng_pipe)NNG_PIPE_INITIALIZER;
    queue->server = (nng_socket)NNG_SOCKET_INITIALIZER;
    snprintf(queue->name, sizeof(queue->name), "%s", name);
    pthread_mutex_init(&queue->mutex, NULL);
    for (unsigned i = 0; i < BUS_CLASSES; i++)
        queue->sides[i] = (struct side){.queue = queue, .class = i, .socket = NNG_SOCKET_INITIALIZER};
    failed = server_open(queue, dir);
    for (unsigned i = 0; i < BUS_CLASSES && !failed; i++)
        failed = side_open(&queue->sides[i], dir);
    if (failed) {
        queue_free(queue);
        return NULL;
    }
    for (unsigned i = 0; i < BUS_CLASSES; i++)
        nng_recv_aio(queue->sides[i].socket, queue->sides[i].take);
    nng_recv_aio(queue->server, queue->take_answer);
    return queue;
}

void bus_queue_counts(struct bus_queue *queue, struct bus_queue_counts *ret)
{
    pthread_mutex_lock(&queue->mutex);
    *ret = queue->counts;
    ret->served = has_server(queue);
    ret->depth = queue->depth;
    pthread_mutex_unlock(&queue->mutex);
}

/* What nobody waits for any more: its answer was lost on its way, or the server's memory for it. */
static void forget_old(struct bus_queue *queue)
{
    int64_t now = clock_monotonic_ns();
    unsigned n = 0, forgotten;

    pthread_mutex_lock(&queue->mutex);
    for (unsigned i = 0; i < queue->depth; i++) {
        if (now - queue->in_flight[i].at_ns < queue->refusals.patience_ms * INT64_C(1000000))
            queue->in_flight[n++] = queue->in_flight[i];
    }
    forgotten = queue->depth - n;
    queue->depth = n;
    pthread_mutex_unlock(&queue->mutex);
    if (forgotten)
        log_warn("not_answered", "queue", queue->name, "messages", log_int(forgotten));
}

static void tend_queue(struct bus_queue *queue, nng_stat *all)
{
    nng_pipe pipe;

    for (unsigned i = 0; i < BUS_CLASSES; i++)
        bus_listen_tend(&queue->sides[i].at, all);
    bus_listen_tend(&queue->at_service, all);
    forget_old(queue);
    pthread_mutex_lock(&queue->mutex);
    pipe = queue->server_pipe;
    pthread_mutex_unlock(&queue->mutex);
    /* Joined after it left: those two are told by different threads. */
    if (nng_pipe_id(pipe) > 0 && nng_listener_id(nng_pipe_listener(pipe)) < 0)
        server_left(pipe, NNG_PIPE_EV_REM_POST, queue);
}

void bus_tend(struct bus_queue *const *queues, unsigned n, struct bus_bell *bell)
{
    nng_stat *all;

    /* Taken once for all: each taking walks through every socket there is. */
    if (nng_stats_get(&all))
        return;
    for (unsigned i = 0; i < n; i++)
        tend_queue(queues[i], all);
    bus_bell_tend(bell, all);
    nng_stats_free(all);
}

void bus_queue_close(struct bus_queue *queue)
{
    if (!queue || bus_is_left())
        return;
    queue_free(queue);
}
