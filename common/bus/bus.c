#include "common/bus/bus.h"

#include <limits.h>
#include <nng/nng.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "common/bus/bus_nng.h"
#include "common/base/limits.h"
#include "common/base/log.h"

#define TEND_MS     200
#define HEADER_MAX  64          /* the way back travels with the message, and counts */
#define REQUEST_BIT 0x80000000u /* marks the end of the header's way back */

/* ---- what server, client, listener and broker share ---- */

/* Set by the main thread, read by the gateway's workers too. */
static atomic_bool left_open;

void bus_leave_open(void)
{
    atomic_store(&left_open, true);
}

bool bus_is_left(void)
{
    return atomic_load(&left_open);
}

int bus_failed(const char *what, const char *address, int code)
{
    if (code)
        log_error("bus", "doing", what, "address", address, "error", nng_strerror(code));
    return code;
}

/* The folder of the socket that a pipe came by. */
static bool stat_folder(nng_pipe pipe, struct stat *ret)
{
    nng_sockaddr at;
    char *end;

    if (nng_pipe_get_addr(pipe, NNG_OPT_LOCADDR, &at) || at.s_family != NNG_AF_IPC)
        return false;
    end = strrchr(at.s_ipc.sa_path, '/');
    if (!end)
        return false;
    *end = '\0';
    return stat(at.s_ipc.sa_path, ret) == 0;
}

/* Before a pipe is used. Whoever made the folder may be at the other end where we call; where
 * we listen, whom the kernel lets through a folder of which somebody has chosen the group. */
void bus_check_peer(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct stat folder;
    uint64_t uid;
    bool good;

    (void)event;
    (void)arg;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) || uid == 0 || uid == getuid() || getuid() == 0)
        return;
    if (!stat_folder(pipe, &folder))
        good = false;
    else if (nng_dialer_id(nng_pipe_dialer(pipe)) > 0)
        good = uid == folder.st_uid;
    else
        good = (folder.st_mode & S_ISGID) != 0 && (folder.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (!good)
        nng_pipe_close(pipe);
}

void bus_socket_bounds(nng_socket socket, int buffered)
{
    nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, LIMIT_MESSAGE_SIZE + HEADER_MAX);
    nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, 1000);
    /* Some protocols have no such buffer; then there is nothing to bound. */
    nng_socket_set_int(socket, NNG_OPT_SENDBUF, buffered);
    nng_socket_set_int(socket, NNG_OPT_RECVBUF, buffered);
    nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, bus_check_peer, NULL);
}

/* A connection whose readable descriptor wakes the loop. The first member of what
 * it belongs to, and freed with it. */
struct pollable {
    struct bus_dial dial;
    uv_poll_t poll;
    uv_timer_t tend;
    unsigned n_handles;
};

static void on_tend(uv_timer_t *timer)
{
    bus_dial_tend(&((struct pollable *)timer->data)->dial);
}

static int poll_start(struct pollable *pollable, uv_loop_t *loop, uv_poll_cb on_readable)
{
    int fd, code = nng_socket_get_int(pollable->dial.socket, NNG_OPT_RECVFD, &fd);

    if (bus_failed("poll", "socket", code))
        return -1;
    pollable->poll.data = pollable->tend.data = pollable;
    if (uv_poll_init(loop, &pollable->poll, fd) || uv_poll_start(&pollable->poll, UV_READABLE, on_readable))
        return -1;
    uv_timer_init(loop, &pollable->tend);
    uv_timer_start(&pollable->tend, on_tend, TEND_MS, TEND_MS);
    uv_unref((uv_handle_t *)&pollable->tend);
    return 0;
}

static void handle_closed(uv_handle_t *handle)
{
    struct pollable *pollable = handle->data;

    if (--pollable->n_handles > 0 || bus_is_left())
        return;
    nng_close(pollable->dial.socket);
    free(pollable);
}

static void pollable_close(struct pollable *pollable)
{
    pollable->n_handles = 2;
    uv_close((uv_handle_t *)&pollable->poll, handle_closed);
    uv_close((uv_handle_t *)&pollable->tend, handle_closed);
}

const void *bus_message_bytes(const struct bus_message *message, size_t *ret_len)
{
    nng_msg *msg = unconst(message);

    *ret_len = nng_msg_len(msg);
    return nng_msg_body(msg);
}

/* The header's words: the server's connection to the broker, the class, the client's
 * connection, its request. What has another shape is nobody's inside. */
enum bus_class bus_message_class(const struct bus_message *message)
{
    nng_msg *msg = unconst(message);
    const unsigned char *header = nng_msg_header(msg);

    return nng_msg_header_len(msg) == 16 && get_be32(header + 4) == BUS_FROM_INSIDE ? BUS_FROM_INSIDE : BUS_FROM_EDGE;
}

void bus_message_free(struct bus_message *message)
{
    nng_msg_free((nng_msg *)message);
}

/* ---- server ---- */

struct bus_server {
    struct pollable pollable;
    struct bus_server_events events;
    void *arg;
};

static void server_readable(uv_poll_t *poll, int status, int events)
{
    struct bus_server *server = poll->data;
    nng_msg *msg;

    (void)status;
    (void)events;
    while (nng_recvmsg(server->pollable.dial.socket, &msg, NNG_FLAG_NONBLOCK) == 0) {
        if (!server->events.on_message(server->arg, (struct bus_message *)msg))
            break;
    }
    server->events.on_drained(server->arg);
}

struct bus_server *bus_server_open(uv_loop_t *loop, const char *dir, const char *queue,
                                   const struct bus_server_events *events, void *arg)
{
    struct bus_server *server = calloc(1, sizeof(*server));
    char name[128];

    if (!server)
        return NULL;
    *server = (struct bus_server){.events = *events, .arg = arg};
    snprintf(name, sizeof(name), "%s" BUS_SERVER "/calls", queue);
    if (bus_failed("open", queue, nng_rep0_open_raw(&server->pollable.dial.socket)))
        goto free_server;
    if (bus_dial_open(&server->pollable.dial, dir, name, LIMIT_BATCH_MESSAGES) ||
        poll_start(&server->pollable, loop, server_readable))
        goto close_socket;
    return server;
close_socket:
    nng_close(server->pollable.dial.socket);
free_server:
    free(server);
    return NULL;
}

void bus_server_answer(struct bus_server *server, struct bus_message *message, const void *bytes, size_t len)
{
    nng_msg *msg = (nng_msg *)message;

    nng_msg_clear(msg);
    if (nng_msg_append(msg, bytes, len))
        nng_msg_clear(msg); /* without memory it goes empty, and is an answer to none of its calls */
    if (nng_sendmsg(server->pollable.dial.socket, msg, NNG_FLAG_NONBLOCK))
        nng_msg_free(msg);
}

void bus_server_stop(struct bus_server *server)
{
    uv_poll_stop(&server->pollable.poll);
}

void bus_server_close(struct bus_server *server)
{
    if (server)
        pollable_close(&server->pollable);
}

/* ---- client ---- */

struct bus_client {
    struct pollable pollable;
    bus_answer on_answer;
    void *arg;
};

bool bus_client_connected(struct bus_client *client, unsigned *ret_losses)
{
    return bus_dial_connected(&client->pollable.dial, ret_losses);
}

static void client_readable(uv_poll_t *poll, int status, int events)
{
    struct bus_client *client = poll->data;
    nng_msg *msg;

    (void)status;
    (void)events;
    for (int n = 0; n < LIMIT_BATCH_MESSAGES && nng_recvmsg(client->pollable.dial.socket, &msg, NNG_FLAG_NONBLOCK) == 0;
         n++) {
        uint32_t request;

        if (nng_msg_header_len(msg) == sizeof(request)) {
            nng_msg_header_trim_u32(msg, &request);
            client->on_answer(client->arg, request & ~REQUEST_BIT, nng_msg_body(msg), nng_msg_len(msg));
        }
        nng_msg_free(msg);
    }
}

struct bus_client *bus_client_open(uv_loop_t *loop, const char *dir, const char *queue, bus_answer on_answer, void *arg)
{
    struct bus_client *client = calloc(1, sizeof(*client));
    char name[128];

    if (!client)
        return NULL;
    client->on_answer = on_answer;
    client->arg = arg;
    snprintf(name, sizeof(name), "%s.calls", queue);
    if (bus_failed("open", queue, nng_req0_open_raw(&client->pollable.dial.socket)))
        goto free_client;
    if (bus_dial_open(&client->pollable.dial, dir, name, LIMIT_CLIENT_WINDOW) ||
        poll_start(&client->pollable, loop, client_readable))
        goto close_socket;
    return client;
close_socket:
    nng_close(client->pollable.dial.socket);
free_client:
    free(client);
    return NULL;
}

bool bus_client_send(struct bus_client *client, uint32_t request, const void *bytes, size_t len)
{
    nng_msg *msg;

    if (nng_msg_alloc(&msg, 0))
        return false;
    if (nng_msg_append(msg, bytes, len) || nng_msg_header_append_u32(msg, request | REQUEST_BIT) ||
        nng_sendmsg(client->pollable.dial.socket, msg, NNG_FLAG_NONBLOCK)) {
        nng_msg_free(msg);
        return false;
    }
    return true;
}

void bus_client_close(struct bus_client *client)
{
    if (client)
        pollable_close(&client->pollable);
}

/* ---- the bell ---- */

struct bus_ringer {
    struct bus_dial dial;
};

struct bus_ringer *bus_ringer_open(const char *dir)
{
    struct bus_ringer *ringer = calloc(1, sizeof(*ringer));

    if (ringer && !bus_failed("open", "ring", nng_push0_open(&ringer->dial.socket))) {
        if (!bus_dial_open(&ringer->dial, dir, "ring", 16))
            return ringer;
        nng_close(ringer->dial.socket);
    }
    free(ringer);
    return NULL;
}

void bus_ringer_ring(struct bus_ringer *ringer, const char *queue)
{
    nng_msg *msg;

    bus_dial_tend(&ringer->dial);
    if (nng_msg_alloc(&msg, 0))
        return;
    /* The NUL ends the name, so that one queue's name is no prefix of another's. */
    if (nng_msg_append(msg, queue, strlen(queue) + 1) || nng_sendmsg(ringer->dial.socket, msg, NNG_FLAG_NONBLOCK))
        nng_msg_free(msg);
}

void bus_ringer_close(struct bus_ringer *ringer)
{
    if (ringer && !bus_is_left()) {
        nng_close(ringer->dial.socket);
        free(ringer);
    }
}

struct bus_listener {
    struct pollable pollable;
    bus_rung on_ring;
    void *arg;
};

static void listener_readable(uv_poll_t *poll, int status, int events)
{
    struct bus_listener *listener = poll->data;
    bool rung = false;
    nng_msg *msg;

    (void)status;
    (void)events;
    while (nng_recvmsg(listener->pollable.dial.socket, &msg, NNG_FLAG_NONBLOCK) == 0) {
        rung = true;
        nng_msg_free(msg);
    }
    if (rung)
        listener->on_ring(listener->arg);
}

struct bus_listener *bus_listener_open(uv_loop_t *loop, const char *dir, const char *queue, bus_rung on_ring, void *arg)
{
    struct bus_listener *listener = calloc(1, sizeof(*listener));

    if (!listener)
        return NULL;
    *listener = (struct bus_listener){.on_ring = on_ring, .arg = arg};
    if (bus_failed("open", "bell", nng_sub0_open(&listener->pollable.dial.socket)))
        goto free_listener;
    if (bus_failed("subscribe", queue,
                   nng_socket_set(listener->pollable.dial.socket, NNG_OPT_SUB_SUBSCRIBE, queue, strlen(queue) + 1)) ||
        bus_dial_open(&listener->pollable.dial, dir, "bell", 16) ||
        poll_start(&listener->pollable, loop, listener_readable))
        goto close_socket;
    return listener;
close_socket:
    nng_close(listener->pollable.dial.socket);
free_listener:
    free(listener);
    return NULL;
}

void bus_listener_close(struct bus_listener *listener)
{
    if (listener)
        pollable_close(&listener->pollable);
}
