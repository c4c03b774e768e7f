/* conn.h: one accepted connection of a worker: its socket, its TLS, its deadline.
 *
 * A connection stands in exactly one of the worker's waiting lists, by what it
 * waits for. All in a list wait equally long, so a list is in the order of its
 * deadlines and the oldest is its first: arming a deadline is a move to the end of
 * a list, and one coarse timer looks at the heads.
 *
 * What a client sent is read into a buffer of the worker; what is left of it waits
 * in struct http. Output is written once per turn, see conn_flush. */
#pragma once
#include "services/gateway/http/server.h"
#include "services/gateway/http/tls.h"

struct link {
    struct link *prev, *next;
};

enum wait {
    WAIT_HANDSHAKE,
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_APP, /* no deadline */
    WAIT_WRITE,
    WAIT_IDLE,
    WAIT_LINGER,
    WAIT_COUNT,
};

/* The part of a worker that its connections use. */
struct conn_owner {
    struct http_shared http;
    uv_loop_t loop;
    struct link waits[WAIT_COUNT];
    struct link dirty; /* have output, or are to be closed */
    struct pool conns;
    _Atomic unsigned *open; /* connections of the whole server */
    char bytes[HTTP_FEED];  /* as read */
    char plain[16 << 10];   /* decrypted */
};

struct conn {
    uv_tcp_t tcp;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } req;
    struct conn_owner *owner;
    struct link wait, dirty;
    uint64_t deadline_ms; /* of the loop's clock */
    uint32_t serial;      /* of the request the deadline is for */
    uint8_t kind;         /* enum wait */
    bool reading, writing, lingering, closing;
    size_t in_write; /* bytes handed to uv_write */
    struct tls_session *tls;
    struct http http;
};

/* The lists and pools of a worker whose loop and http are ready. */
void conn_owner_init(struct conn_owner *owner, _Atomic unsigned *open);
void conn_owner_done(struct conn_owner *owner);

/* Takes the connection that waits at a listening socket, inner or public; tls is NULL for plain.
 * False when there is no memory for it: it waits on, and must be tried again,
 * because the socket reports no other meanwhile. */
bool conn_accept(struct conn_owner *owner, uv_stream_t *listener, struct tls *tls, bool inner);
/* For http_shared_init: puts the connection on the list of those to be written. */
void conn_wake(struct http *http);
/* Writes what is there and goes on with the requests behind it. */
void conn_flush_all(struct conn_owner *owner);
/* Ends what has waited too long. */
void conn_expire(struct conn_owner *owner);
/* Ends the connections between requests, or all. */
void conn_close_idle(struct conn_owner *owner);
void conn_close_all(struct conn_owner *owner);
