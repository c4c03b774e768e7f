#include "services/gateway/http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "services/gateway/http/conn.h"

#define TICK_MS          100
#define BACKLOG          4096
#define OWN_FILES        128 /* of a worker, and of the process */
#define ACCEPTS_PER_TURN 64  /* so that those who are in are served while a crowd comes */

struct worker {
    struct conn_owner conns;
    struct server *server;
    pthread_t thread;
    int index;
    int sockets[SERVER_LISTENERS]; /* -1: none, or handed to the loop */
    uv_tcp_t listeners[SERVER_LISTENERS];
    bool stuck[SERVER_LISTENERS]; /* a connection waits that found no memory, or was one too many in a turn */
    unsigned accepts;             /* in this turn */
    uv_timer_t tick;
    uv_check_t check;
    uv_prepare_t prepare;
    uv_idle_t busy; /* keeps the loop from sleeping while work waits for its turn */
    uv_async_t async;
    void *context;
    bool failed, ending;
    uint64_t stop_at_ms;
    pthread_mutex_t next_tls_mutex; /* over the following */
    struct tls *next_tls;
};

struct server {
    struct server_options options;
    unsigned listener_count;
    bool has_tls, running;
    uint16_t ports[SERVER_LISTENERS];
    _Atomic unsigned open;
    _Atomic bool stopping;
    sem_t started;
    struct worker *workers;
};

/* ---- a worker's loop ---- */

/* All that the application has gathered is sent, and all answers are written,
 * before the loop sleeps. Ends, because what is delivered here was read before. */
static void turn(struct worker *worker)
{
    const struct server_app *app = &worker->server->options.app;

    if (worker->ending)
        return;
    do {
        worker->conns.http.delivered = false;
        app->turn(worker->context);
        conn_flush_all(&worker->conns);
    } while (worker->conns.http.delivered);
}

static void on_prepare(uv_prepare_t *prepare)
{
    turn(prepare->data);
}

static void on_busy(uv_idle_t *busy)
{
    (void)busy;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct worker *worker = listener->data;
    size_t index = (size_t)((uv_tcp_t *)listener - worker->listeners);
    const struct server_listener *spec = &worker->server->options.listeners[index];

    if (status == 0)
        worker->stuck[index] =
            worker->accepts++ >= ACCEPTS_PER_TURN || !conn_accept(&worker->conns, listener, spec->tls, spec->inner);
}

static void accept_stuck(struct worker *worker)
{
    for (unsigned i = 0; i < worker->server->listener_count; i++) {
        if (worker->stuck[i] && !uv_is_closing((uv_handle_t *)&worker->listeners[i]))
            on_connection((uv_stream_t *)&worker->listeners[i], 0);
    }
}

static void on_check(uv_check_t *check)
{
    struct worker *worker = check->data;
    bool more = worker->accepts > ACCEPTS_PER_TURN;

    worker->accepts = 0;
    if (more)
        accept_stuck(worker);
    more = conn_shake(&worker->conns);
    turn(worker);
    if (more && !worker->ending)
        uv_idle_start(&worker->busy, on_busy);
    else if (!worker->ending)
        uv_idle_stop(&worker->busy);
}

static void close_listeners(struct worker *worker)
{
    for (unsigned i = 0; i < worker->server->listener_count; i++) {
        if (!uv_is_closing((uv_handle_t *)&worker->listeners[i]))
            uv_close((uv_handle_t *)&worker->listeners[i], NULL);
    }
}

static void take_next_tls(struct worker *worker)
{
    struct tls *next;

    pthread_mutex_lock(&worker->next_tls_mutex);
    next = worker->next_tls;
    worker->next_tls = NULL;
    pthread_mutex_unlock(&worker->next_tls_mutex);
    if (next) {
        tls_close(worker->conns.tls);
        worker->conns.tls = next;
    }
}

static void end(struct worker *worker)
{
    worker->ending = true;
    if (worker->context)
        worker->server->options.app.stop(worker->context);
    uv_close((uv_handle_t *)&worker->tick, NULL);
    uv_close((uv_handle_t *)&worker->check, NULL);
    uv_close((uv_handle_t *)&worker->prepare, NULL);
    uv_close((uv_handle_t *)&worker->busy, NULL);
    uv_close((uv_handle_t *)&worker->async, NULL);
}

static void on_async(uv_async_t *async)
{
    struct worker *worker = async->data;

    take_next_tls(worker);
    if (!atomic_load(&worker->server->stopping) || worker->conns.http.draining)
        return;
    worker->conns.http.draining = true;
    worker->stop_at_ms = uv_now(&worker->conns.loop) + LIMIT_STOP_MS;
    close_listeners(worker);
}

static void on_tick(uv_timer_t *timer)
{
    struct worker *worker = timer->data;

    http_shared_tick(&worker->conns.http);
    conn_expire(&worker->conns);
    accept_stuck(worker);
    if (!worker->conns.http.draining)
        return;
    conn_close_idle(&worker->conns);
    if (uv_now(&worker->conns.loop) >= worker->stop_at_ms)
        conn_close_all(&worker->conns);
    if (worker->conns.http.counters.open == 0 && !worker->ending)
        end(worker);
}

static bool listen_all(struct worker *worker)
{
    for (unsigned i = 0; i < worker->server->listener_count; i++) {
        uv_tcp_t *listener = &worker->listeners[i];
        int error = uv_tcp_open(listener, worker->sockets[i]);

        if (!error) {
            worker->sockets[i] = -1;
            error = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
        }
        if (error) {
            log_error("listen_failed", "address", worker->server->options.listeners[i].address, "why",
                      uv_strerror(error));
            return false;
        }
    }
    return true;
}

/* Makes the handles; from here on they must be closed on failure. */
static void open_handles(struct worker *worker)
{
    uv_loop_t *loop = &worker->conns.loop;

    for (unsigned i = 0; i < worker->server->listener_count; i++) {
        uv_tcp_init(loop, &worker->listeners[i]);
        worker->listeners[i].data = worker;
    }
    uv_timer_init(loop, &worker->tick);
    uv_check_init(loop, &worker->check);
    uv_prepare_init(loop, &worker->prepare);
    uv_idle_init(loop, &worker->busy);
    worker->tick.data = worker->check.data = worker->prepare.data = worker->async.data = worker;
    uv_timer_start(&worker->tick, on_tick, TICK_MS, TICK_MS);
    uv_check_start(&worker->check, on_check);
    uv_prepare_start(&worker->prepare, on_prepare);
}

static void *run_worker(void *arg)
{
    struct worker *worker = arg;
    const struct server_options *options = &worker->server->options;
    uv_loop_t *loop = &worker->conns.loop;

    open_handles(worker);
    worker->context = options->app.start(worker->index, loop, options->app_data);
    worker->conns.http.context = worker->context;
    worker->failed = !worker->context || !listen_all(worker);
    if (worker->failed) {
        close_listeners(worker);
        end(worker);
    }
    sem_post(&worker->server->started);
    uv_run(loop, UV_RUN_DEFAULT);
    if (worker->conns.http.outstanding > 0)
        log_error("requests_unanswered_at_stop", "count", log_int(worker->conns.http.outstanding));
    return NULL;
}

/* ---- sockets ---- */

static int open_socket(const struct server_listener *listener, uint16_t port)
{
    struct sockaddr_storage address = {0};
    socklen_t len;
    int yes = 1, fd;

    if (uv_ip4_addr(listener->address, port, (struct sockaddr_in *)&address) == 0)
        len = sizeof(struct sockaddr_in);
    else if (uv_ip6_addr(listener->address, port, (struct sockaddr_in6 *)&address) == 0)
        len = sizeof(struct sockaddr_in6);
    else {
        errno = EINVAL;
        return -1;
    }
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* Accepted sockets inherit TCP_NODELAY. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0 &&
        bind(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } address = {0};
    socklen_t len = sizeof(address);

    if (getsockname(fd, &address.any, &len) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.ip6.sin6_port : address.ip4.sin_port);
}

static bool bind_all(struct server *server)
{
    for (unsigned i = 0; i < server->listener_count; i++) {
        const struct server_listener *listener = &server->options.listeners[i];

        server->ports[i] = listener->port;
        for (int w = 0; w < server->options.workers; w++) {
            int fd = open_socket(listener, server->ports[i]);

            if (fd < 0) {
                log_error("bind_failed", "address", listener->address, "port", log_int(listener->port), "why",
                          strerror(errno));
                return false;
            }
            server->workers[w].sockets[i] = fd;
            server->ports[i] = port_of(fd);
        }
    }
    return true;
}

/* No more connections than there can be files, of which some are our own: a kernel without one for the next would
 * turn everybody away alike. */
static unsigned within_file_limit(unsigned connections, unsigned workers)
{
    struct rlimit limit;
    unsigned own = OWN_FILES * (1 + workers), most;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= (rlim_t)connections + own)
        return connections;
    most = limit.rlim_cur > 2 * own ? (unsigned)limit.rlim_cur - own : (unsigned)limit.rlim_cur / 2;
    if (connections == LIMIT_CONNECTIONS)
        log_warn("few_file_descriptors", "limit", log_int((int64_t)limit.rlim_cur), "connections", log_int(most));
    return most < connections ? most : connections;
}

/* ---- the server ---- */

static bool init_worker(struct server *server, int index, struct tls_memory *memory)
{
    struct worker *worker = &server->workers[index];

    worker->server = server;
    worker->index = index;
    for (size_t i = 0; i < SERVER_LISTENERS; i++)
        worker->sockets[i] = -1;
    pthread_mutex_init(&worker->next_tls_mutex, NULL);
    conn_owner_init(&worker->conns, &server->open, server->options.connections);
    if (http_shared_init(&worker->conns.http, &server->options.app.http, NULL, index, conn_wake))
        return false;
    worker->conns.http.proxies = server->options.proxies;
    if (!memory)
        return true;
    worker->conns.tls = tls_open(server->options.cert_file, server->options.key_file, memory);
    return worker->conns.tls != NULL;
}

struct server *server_open(const struct server_options *options)
{
    struct server *server = calloc(1, sizeof(*server));
    struct tls_memory *memory = NULL;
    bool good = true;

    ensure(options->workers > 0 && options->workers <= SERVER_WORKERS);
    if (!server)
        return NULL;
    server->options = *options;
    if (!options->connections)
        server->options.connections = LIMIT_CONNECTIONS;
    ensure(options->connections <= LIMIT_CONNECTIONS);
    sem_init(&server->started, 0, 0);
    while (server->listener_count < SERVER_LISTENERS && options->listeners[server->listener_count].address)
        server->has_tls |= options->listeners[server->listener_count++].tls;
    server->workers = calloc((size_t)options->workers, sizeof(*server->workers));
    if (!server->workers) {
        server->options.workers = 0;
        server_close(server);
        return NULL;
    }
    server->options.connections = within_file_limit(server->options.connections, (unsigned)options->workers);
    if (server->has_tls) {
        memory = tls_memory_open();
        good = memory != NULL;
    }
    for (int i = 0; i < options->workers; i++)
        good = init_worker(server, i, memory) && good;
    tls_memory_close(memory);
    if (good && bind_all(server))
        return server;
    server_close(server);
    return NULL;
}

static bool start_worker(struct worker *worker)
{
    int error = uv_loop_init(&worker->conns.loop);

    if (!error) {
        error = uv_async_init(&worker->conns.loop, &worker->async, on_async);
        if (!error) {
            error = -pthread_create(&worker->thread, NULL, run_worker, worker);
            if (!error)
                return true;
            uv_close((uv_handle_t *)&worker->async, NULL);
            uv_run(&worker->conns.loop, UV_RUN_DEFAULT);
        }
        uv_loop_close(&worker->conns.loop);
    }
    log_error("worker_failed", "why", uv_strerror(error));
    return false;
}

static void stop_workers(struct server *server, int count)
{
    atomic_store(&server->stopping, true);
    for (int i = 0; i < count; i++) {
        struct worker *worker = &server->workers[i];
        int error;

        if (!worker->failed)
            uv_async_send(&worker->async);
        pthread_join(worker->thread, NULL);
        error = uv_loop_close(&worker->conns.loop);
        ensure(error == 0);
    }
    server->running = false;
}

bool server_start(struct server *server)
{
    int started = 0;
    bool good = true;

    ensure(!server->running && !atomic_load(&server->stopping));
    while (started < server->options.workers && start_worker(&server->workers[started]))
        started++;
    good = started == server->options.workers;
    for (int i = 0; i < started; i++)
        sem_wait(&server->started);
    for (int i = 0; i < started; i++)
        good = good && !server->workers[i].failed;
    if (!good) {
        stop_workers(server, started);
        return false;
    }
    server->running = true;
    return true;
}

void server_stop(struct server *server)
{
    if (server->running)
        stop_workers(server, server->options.workers);
}

void server_close(struct server *server)
{
    if (!server)
        return;
    ensure(!server->running);
    for (int i = 0; i < server->options.workers; i++) {
        struct worker *worker = &server->workers[i];

        for (unsigned j = 0; j < server->listener_count; j++) {
            if (worker->sockets[j] >= 0)
                close(worker->sockets[j]);
        }
        tls_close(worker->next_tls);
        conn_owner_done(&worker->conns);
        http_shared_done(&worker->conns.http);
        pthread_mutex_destroy(&worker->next_tls_mutex);
    }
    sem_destroy(&server->started);
    free(server->workers);
    free(server);
}

/* One for each worker, or none. */
static bool open_fresh(const struct server *server, struct tls *ret_fresh[])
{
    struct tls_memory *memory = tls_memory_open();
    int n = 0;

    while (memory && n < server->options.workers) {
        ret_fresh[n] = tls_open(server->options.cert_file, server->options.key_file, memory);
        if (!ret_fresh[n])
            break;
        n++;
    }
    tls_memory_close(memory);
    if (n == server->options.workers)
        return true;
    while (n-- > 0)
        tls_close(ret_fresh[n]);
    return false;
}

bool server_reload_tls(struct server *server)
{
    struct tls *fresh[SERVER_WORKERS];

    if (!server->has_tls)
        return true;
    if (!open_fresh(server, fresh))
        return false;
    for (int i = 0; i < server->options.workers; i++) {
        struct worker *worker = &server->workers[i];
        struct tls *unused;

        pthread_mutex_lock(&worker->next_tls_mutex);
        unused = worker->next_tls;
        worker->next_tls = fresh[i];
        pthread_mutex_unlock(&worker->next_tls_mutex);
        tls_close(unused);
        if (server->running)
            uv_async_send(&worker->async);
    }
    return true;
}

uint16_t server_port(const struct server *server, unsigned listener)
{
    return listener < server->listener_count ? server->ports[listener] : 0;
}

void server_count(const struct server *server, struct http_counters *ret_sums)
{
    memset(ret_sums, 0, sizeof(*ret_sums));
    for (int i = 0; i < server->options.workers; i++) {
        const struct http_counters *one = &server->workers[i].conns.http.counters;

        http_count(&ret_sums->open, one->open);
        http_count(&ret_sums->accepted, one->accepted);
        http_count(&ret_sums->turned_away, one->turned_away);
        http_count(&ret_sums->requests, one->requests);
        http_count(&ret_sums->bytes_in, one->bytes_in);
        http_count(&ret_sums->bytes_out, one->bytes_out);
        http_count(&ret_sums->gone, one->gone);
        http_count(&ret_sums->dropped, one->dropped);
        http_count(&ret_sums->no_room, one->no_room);
        http_count(&ret_sums->evicted, one->evicted);
        http_count(&ret_sums->handshakes, one->handshakes);
        for (enum guest_pool j = 0; j < GUEST_POOLS; j++)
            http_count(&ret_sums->held[j], guests_held(&server->workers[i].conns.http.guests, j));
        for (size_t j = 0; j < REFUSAL_COUNT; j++)
            http_count(&ret_sums->refusals[j], one->refusals[j]);
    }
}
