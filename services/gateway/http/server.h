/* server.h: the sockets of the HTTP server: listening, threads, time limits.
 *
 * N workers, each a thread with a loop of its own and its own listening socket of
 * every address (SO_REUSEPORT: the kernel spreads the connections). A connection
 * stays with its worker; workers share nothing but counters, so nothing here
 * locks while serving.
 *
 * A turn of a worker's loop: all ready sockets are read and their requests
 * delivered; then the application's turn hook runs, which can send what it has
 * gathered; then each connection with answers is written to, with one system call
 * if the socket takes it. The hook runs again while that delivers more.
 *
 * Time limits (limits.h): a TLS handshake and a head LIMIT_HEADER_MS, a body
 * LIMIT_BODY_MS, a piece of an answer LIMIT_WRITE_MS, a connection between
 * requests LIMIT_IDLE_MS. While the application has a request no limit runs: its
 * calls have deadlines. */
#pragma once
#include <uv.h>

#include "services/gateway/http/http.h"

#define SERVER_LISTENERS 4
#define SERVER_WORKERS   64

struct server;

struct server_listener {
    const char *address; /* numeric, IPv4 or IPv6 */
    uint16_t port;       /* 0: any free one, see server_port */
    bool tls;
    bool inner; /* not for the public: its requests are marked so */
};

/* The application. start runs in the worker's thread before it serves and returns
 * what the other functions get as context, or NULL when it cannot. stop runs when
 * the worker's last connection has ended: the application answers the requests it
 * still has and closes its handles; the thread ends when the loop is empty. */
struct server_app {
    struct http_app http;
    void *(*start)(int worker, uv_loop_t *loop, void *app);
    void (*turn)(void *context);
    void (*stop)(void *context);
};

struct server_options {
    struct server_listener listeners[SERVER_LISTENERS]; /* up to the first without an address */
    int workers;
    unsigned connections;             /* at most; 0: LIMIT_CONNECTIONS */
    const char *cert_file, *key_file; /* PEM, for the listeners with TLS */
    const struct proxies *proxies;    /* that are believed whom a request comes from; NULL: none */
    struct server_app app;
    void *app_data; /* handed to start */
};

/* Binds the sockets and reads the certificate, so that a sandbox can close behind
 * it. Raises the soft limit of file descriptors. NULL after logging why. */
struct server *server_open(const struct server_options *options);
/* Starts the threads. False, after logging, when a worker could not start; none
 * runs then. */
bool server_start(struct server *server);
/* Ends all workers: no new connections, those between requests end at once,
 * others with their answer, all after LIMIT_STOP_MS. Returns when the threads have
 * ended. */
void server_stop(struct server *server);
/* Frees a server that is not running; accepts NULL. */
void server_close(struct server *server);

/* Reads the certificate again, for connections to come; on failure the old one
 * stays. From any thread but a worker's. */
bool server_reload_tls(struct server *server);

/* The port of a listener. */
uint16_t server_port(const struct server *server, unsigned listener);
/* The sums over the workers, from any thread. */
void server_count(const struct server *server, struct http_counters *ret_sums);
