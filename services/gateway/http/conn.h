/* conn.h: one accepted connection of a worker: its socket, its TLS, its deadline.
 *
 * A connection stands in exactly one of the worker's waiting lists, by what it
 * waits for. All in a list wait equally long, so a list is in the order of its
 * deadlines and the oldest is its first: arming a deadline is a move to the end of
 * a list, and one coarse timer looks at the heads.
 *
 * What a client sent is read into a buffer of the worker; what is left of it waits
 * in struct http. Output is written once per turn, see conn_flush.
 *
 * When all places but LIMIT_LAST_PLACES are taken, who comes gets the place of another:
 * one of the guest who has most, else of who has waited longest between two requests, in
 * any case of a guest who has more than the newcomer's. So a factory behind one address gets in while a crowd
 * of one address fills the table, and pushes nobody out. Requests with the application keep
 * their place; one that is still coming is answered 503. For whom there is no place is
 * answered so too, in one of the last places.
 *
 * A step of a TLS handshake costs as much as a hundred requests. One is taken in a turn,
 * of the guests in turn, so that connections that have theirs behind them are served whatever
 * comes, and each guest has its share. The memory of sessions is shared out among guests
 * as that of bodies is; who has her share gets another for one of hers that can go. Proxies of ours
 * have no share: there are as many sessions as they open. */
#pragma once
#include "services/gateway/http/server.h"
#include "services/gateway/http/tls.h"

enum wait {
    WAIT_HANDSHAKE,
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_APP, /* has no deadline of its own: the call has one */
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
    struct link turns; /* guests with handshakes that wait for a step */
    struct tls *tls;   /* of sessions to come */
    struct pool conns;
    _Atomic unsigned *open; /* connections of the whole server */
    unsigned places, most;  /* of them: beyond the former nobody gets one for nothing, beyond the latter nobody */
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
    struct link place;     /* among its guest's, when it counts as one */
    struct link handshake; /* among those of its guest that wait for a step */
    char *hello;           /* what the client sent for it */
    size_t hello_len;
    uint64_t deadline_ms; /* of the loop's clock */
    uint32_t serial;      /* of the request the deadline is for */
    uint8_t kind;         /* enum wait */
    bool reading, writing, lingering, closing;
    bool counts;
    size_t in_write; /* bytes handed to uv_write */
    size_t charged;  /* to its guest, for its session */
    struct tls_session *tls;
    struct http http;
};

/* The lists and pools of a worker whose loop and http are ready; the server has most connections. */
void conn_owner_init(struct conn_owner *owner, _Atomic unsigned *open, unsigned most);
void conn_owner_done(struct conn_owner *owner);

/* Takes the connection that waits at a listening socket, with TLS or not, inner or public.
 * False when there is no memory for it: it waits on, and must be tried again,
 * because the socket reports no other meanwhile. */
bool conn_accept(struct conn_owner *owner, uv_stream_t *listener, bool secure, bool inner);
/* Takes a step of one handshake. True when others wait. */
bool conn_shake(struct conn_owner *owner);
/* For http_shared_init: puts the connection on the list of those to be written. */
void conn_wake(struct http *http);
/* Writes what is there and goes on with the requests behind it. */
void conn_flush_all(struct conn_owner *owner);
/* Ends what has waited too long. */
void conn_expire(struct conn_owner *owner);
/* Ends the connections between requests, or all. */
void conn_close_idle(struct conn_owner *owner);
void conn_close_all(struct conn_owner *owner);
