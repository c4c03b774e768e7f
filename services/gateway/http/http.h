/* http.h: HTTP/1.1 on one connection, without the connection.
 *
 * Bytes go in by http_feed, bytes come out by http_output; sockets, TLS and time
 * limits are the server's (server.h), so a test drives this with plain buffers.
 *
 * The application sees a request at the end of its head, when a body is to follow:
 * what the head says is reason enough for most refusals, and nobody keeps a body for
 * nothing. It answers then, or takes the body. Once the request is whole
 * and has passed the policy of head.h and chunk.h it is delivered, and the application answers
 * exactly once, at once or later, on the same thread, whole or as a stream. Requests
 * of a connection are served one after the other: what a client sends ahead waits
 * unread. If the client goes away, the request stays valid until it is answered, and the answer
 * is dropped.
 *
 * A request that breaks the policy gets a refusal and is the last of its
 * connection; nothing behind it is read. The body of one that was answered at its head is
 * read and dropped when it is short, LIMIT_DROP; else the connection ends, as it does when
 * the client waits to be told to go on with its body.
 *
 * Memory: a connection between two requests has none but its struct http. The
 * request (with its head), the blocks and the arena come from the worker's lists;
 * larger bodies and answers from the system, charged to their guest (guests.h), as is
 * a request that does not come at once, with its head. What
 * finds no room is refused with 503 before anything is done: a body at its head, an
 * answer by the application, who knows whether something was done, and says so in few words
 * (app.h). Those must be given: when their guest has no room for what does not fit into a block, they are
 * the last of their connection. So is HTTP_NO_ROOM, when there is no memory at all: only a stream that has
 * begun ends without a word. */
#pragma once
#include <stdatomic.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "services/gateway/http/chunk.h"
#include "services/gateway/http/guests.h"
#include "services/gateway/http/head.h"
#include "services/gateway/http/proxies.h"
#include "services/gateway/pool.h"

#define HTTP_FEED   ((size_t)32 << 10)                /* the most that the server reads at once */
#define HTTP_BLOCK  ((size_t)4 << 10)                 /* answers gather in a block of this size, or a larger one */
#define HTTP_WINDOW ((size_t)LIMIT_PART + HTTP_BLOCK) /* the most of a stream that is not sent yet */

/* Header lines for answers, to be put together as string literals. */
#define HTTP_NO_STORE "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
#define HTTP_JSON     "Content-Type: application/json\r\n" HTTP_NO_STORE
#define HTTP_PROBLEM  "Content-Type: application/problem+json\r\n" HTTP_NO_STORE

/* A whole answer that needs no memory. */
#define HTTP_NO_ROOM                                                                                                   \
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

struct http;
struct http_shared;

struct http_request {
    /* As sent; percent escapes are not decoded. The path begins with "/", or is
     * "*" for OPTIONS; the query is what stands behind the "?". Not NUL-terminated. */
    const char *method, *path, *query, *body;
    size_t method_len, path_len, query_len, body_len;
    int minor_version; /* of HTTP/1.x */
    int worker;
    bool secure;           /* came over TLS */
    bool inner;            /* came to a listener that is not for the public */
    int64_t received_ns;   /* clock_monotonic_ns() at its first byte */
    struct address client; /* who asks, before any proxies of ours */
    struct arena arena;    /* reset after the answer */
    void *user;            /* the application's; NULL at first */

    /* private */
    struct http *http; /* NULL when the client has gone */
    struct http_shared *shared;
    struct guest *guest;
    struct guest *slow; /* to whom the request itself is charged, because it did not come at once */
    struct http_request *next;
    char *body_memory; /* for a body that does not fit behind the head */
    size_t body_size;
    size_t window; /* what is charged for an answer under way */
    /* of a stream */
    void (*on_room)(struct http_request *request);
    bool waits; /* for room */
    bool last;  /* its connection ends with it */
    struct head head;
};

struct http_app {
    /* Sees a request whose body is to follow. True to take it; else the request has
     * been answered. */
    bool (*on_head)(struct http_request *request, void *context);
    /* Takes a request, to be answered once. */
    void (*on_request)(struct http_request *request, void *context);
    /* Writes the body of a refusal (application/problem+json) for a Reason of
     * rpc.proto and returns its length, at most size. detail is a word for what was
     * wrong, e.g. "host". */
    size_t (*render)(int reason, int status, const char *detail, char *ret_body, size_t size, void *context);
};

/* Written by one thread, read by any. */
struct http_counters {
    _Atomic uint64_t open, accepted, turned_away;
    _Atomic uint64_t requests, bytes_in, bytes_out;
    _Atomic uint64_t gone;              /* requests whose client did not wait for the answer */
    _Atomic uint64_t dropped;           /* answers that found no memory at all */
    _Atomic uint64_t no_room;           /* bodies and answers that their guest had no room for */
    _Atomic uint64_t evicted;           /* connections that others needed more */
    _Atomic uint64_t handshakes;        /* of TLS that are done */
    _Atomic uint64_t held[GUEST_POOLS]; /* bytes now, see guests.h; only in sums */
    _Atomic uint64_t refusals[REFUSAL_COUNT];
};

/* What the connections of one worker share. */
struct http_shared {
    const struct http_app *app;
    const struct proxies *proxies; /* NULL: none */
    void *context;
    int worker;
    bool draining;  /* every answer is the last of its connection */
    bool delivered; /* a request went to the application; for the server to clear */
    /* Called when a connection has output, or has finished. */
    void (*wake)(struct http *http);
    struct clock clock;
    int64_t date_s;
    char date[40]; /* the Date line */
    struct guests guests;
    unsigned outstanding; /* requests with the application */
    struct pool blocks;
    struct http_request *spare;
    unsigned spare_count;
    struct http_counters counters;
};

enum http_phase {
    HTTP_IDLE, /* nothing of the next request is there */
    HTTP_HEAD,
    HTTP_BODY,
    HTTP_DROP, /* answered already; the rest of its body is dropped */
    HTTP_WAIT, /* with the application */
    HTTP_LAST, /* the last answer is made; what comes in is dropped */
};

/* Bytes to be sent: our own, then a tail that is not ours. */
struct http_out {
    char *bytes;
    size_t len, size;
    struct guest *guest; /* to whom what follows is charged; may be NULL when it is 0 */
    size_t charge;
    const char *tail;
    size_t tail_len;
};

struct http {
    struct http_shared *shared;
    struct http_request *request;
    uint8_t phase; /* enum http_phase */
    bool secure, inner, eof;
    uint32_t serial; /* counts requests */
    struct chunk_reader chunks;
    size_t drop_left; /* of a body with a length */
    char *ahead;      /* what waits behind a request, or NULL */
    size_t ahead_len, ahead_size;
    struct http_out out;     /* where answers gather */
    struct http_out sending; /* what the server is sending; it does not move */
    size_t sent;             /* of the latter's own bytes */
    struct address peer;
    struct guest *guest;
};

struct http_piece {
    const char *bytes;
    size_t len;
};

/* ---- for the application ---- */

/* The value of the first field of this name (in lower case), without the white
 * space around it and not NUL-terminated, or NULL. */
const char *http_header(const struct http_request *request, const char *name, size_t *ret_len);

/* Answers, and invalidates the request. headers are lines "Name: value\r\n", NULL
 * for HTTP_JSON; Date, Content-Length, Connection and, over TLS,
 * Strict-Transport-Security are added. Headers and body
 * are copied. A HEAD, a 204 and a 304 get no body. */
void http_reply(struct http_request *request, int status, const char *headers, const void *body, size_t len);
/* The same for what may be long and may be refused: false when the guest has no room for
 * it, and the request is still to be answered. */
bool http_try_reply(struct http_request *request, int status, const char *headers, const void *body, size_t len);
/* The same, but the body is not copied and stays valid as long as the server. */
void http_reply_static(struct http_request *request, int status, const char *headers, const void *body, size_t len);

/* Charges its guest for what an answer that is being put together takes meanwhile, until it is given: false when
 * there is no room for it. */
bool http_hold(struct http_request *request, size_t size);

/* Begins an answer whose body comes in pieces, so that no more than HTTP_WINDOW of it is
 * ever in memory. False when the guest has no room for that, and the request is still to be
 * answered. */
bool http_stream(struct http_request *request, int status, const char *headers,
                 void (*on_room)(struct http_request *request));
/* Adds a piece, at most LIMIT_PART. The next is for when on_room has been called: once, when this one has been
 * sent or the client has gone. False when the client has gone: then the stream is to be ended. */
bool http_stream_piece(struct http_request *request, const void *bytes, size_t len);
/* Ends it and invalidates the request. What was not whole is seen to be broken off. */
void http_stream_end(struct http_request *request, bool whole);
/* Whether nobody waits for the answer any more. */
bool http_is_gone(const struct http_request *request);

/* ---- for the server ---- */

/* 0, or -1 without memory. */
int http_shared_init(struct http_shared *shared, const struct http_app *app, void *context, int worker,
                     void (*wake)(struct http *http));
void http_shared_done(struct http_shared *shared);
/* Brings the Date line up to date; to be called several times a second. */
void http_shared_tick(struct http_shared *shared);
/* Adds to one counter. */
void http_count(_Atomic uint64_t *counter, uint64_t by);

/* From an address, over TLS or not. False without memory; closing it is harmless then. */
bool http_open(struct http *http, struct http_shared *shared, const struct address *peer, bool secure);
/* The connection has ended; a request with the application stays there. */
void http_close(struct http *http);

/* Takes all of the bytes, at most HTTP_FEED when http_wants_bytes. */
void http_feed(struct http *http, const char *bytes, size_t len);
/* No more bytes will come; what is there is still served. */
void http_eof(struct http *http);
/* Goes on with what waited; called after output has been sent. */
void http_resume(struct http *http);
/* A request took too long to come: refused with 408. */
void http_timeout(struct http *http);
/* There is no room for this connection, or for the request that is coming: refused with
 * 503. */
void http_shed(struct http *http);

/* False while bytes wait behind a request: then stop reading. */
bool http_wants_bytes(const struct http *http);
/* Whether nothing is to be done but to send the output and close. */
bool http_finished(const struct http *http);

/* The output in up to two pieces; returns their number. They stay where they are
 * until http_sent, also when another answer is made meanwhile. */
unsigned http_output(struct http *http, struct http_piece ret_pieces[2]);
/* So many bytes of it have been sent. */
void http_sent(struct http *http, size_t len);
