#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "services/gateway/http/server.h"

#define WORKERS        3
#define BIG            ((size_t)3 << 20)
#define GET(path)      "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* The application answers at once, except under /held: such a request waits until
 * its worker drains or its client has gone. */
static struct {
    struct server *server;
    struct http_request *held[WORKERS + 1];
    int ids[WORKERS + 1]; /* the last is the only worker of another server beside the main one */
    sem_t holding, go_on;
    int *_Atomic begun; /* handshakes */
    _Atomic size_t n_begun;
    _Atomic unsigned last_begun, most_begun; /* at the last turn, and more in one */
    _Atomic unsigned starts, stops;
    bool refuse_start;
    char big[BIG];
    char cert_file[64], key_file[64];
} test;

/* Clients to whom the server has said something. */
static unsigned count_begun(void)
{
    unsigned count = 0;
    char byte;

    for (size_t i = 0; i < test.n_begun; i++)
        count += recv(test.begun[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    return count;
}

static void on_request(struct http_request *request, void *context)
{
    int *id = context;

    if (request->path_len == 5 && memcmp(request->path, "/held", 5) == 0) {
        test.held[*id] = request;
        sem_post(&test.holding);
    } else if (request->path_len == 4 && memcmp(request->path, "/big", 4) == 0) {
        http_reply_static(request, 200, "Content-Type: text/plain\r\n", test.big, BIG);
    } else if (request->path_len == 5 && memcmp(request->path, "/copy", 5) == 0) {
        http_reply(request, 200, "Content-Type: text/plain\r\n", test.big, BIG);
    } else if (request->path_len == 6 && memcmp(request->path, "/block", 6) == 0) {
        sem_post(&test.holding);
        sem_wait(&test.go_on);
        http_reply(request, 200, NULL, "{}", 2);
    } else if (request->path_len == 6 && memcmp(request->path, "/begun", 6) == 0) {
        char text[16];

        http_reply(request, 200, NULL, text, (size_t)snprintf(text, sizeof(text), "%u", count_begun()));
    } else {
        http_reply(request, 200, NULL, request->body_len ? request->body : "{}",
                   request->body_len ? request->body_len : 2);
    }
}

static bool on_head(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
    return true;
}

static size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    (void)context;
    (void)reason;
    return (size_t)snprintf(ret_body, size, "{\"status\":%d,\"detail\":\"%s\"}", status, detail);
}

static void *start(int worker, uv_loop_t *loop, void *app)
{
    (void)loop;
    if (test.refuse_start && worker == WORKERS - 1)
        return NULL;
    test.starts++;
    if (app)
        worker = WORKERS;
    test.ids[worker] = worker;
    return &test.ids[worker];
}

static void turn(void *context)
{
    struct http_request **held = &test.held[*(int *)context];
    unsigned begun = held == &test.held[WORKERS] ? count_begun() : 0;

    if (begun > test.last_begun && begun - test.last_begun > test.most_begun)
        test.most_begun = begun - test.last_begun;
    if (begun)
        test.last_begun = begun;
    if (*held && (!(*held)->http || (*held)->shared->draining)) {
        http_reply(*held, 200, NULL, "held", 4);
        *held = NULL;
    }
}

static void stop(void *context)
{
    turn(context);
    test.stops++;
}

static struct server_options options(void)
{
    return (struct server_options){
        .listeners = {{"127.0.0.1", 0, false}, {"127.0.0.1", 0, true}},
        .workers = WORKERS,
        .cert_file = test.cert_file,
        .key_file = test.key_file,
        .app = {{on_head, on_request, render}, start, turn, stop},
    };
}

/* ---- a plain client ---- */

/* From 127.0.0.FROM, all of which are this machine. */
static int dial_from(unsigned from, const struct server *server, unsigned listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server_port(server, listener))};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + from)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int dial(unsigned listener)
{
    return dial_from(1, test.server, listener);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads to the end and closes; returns how much there was. */
static size_t hear(int fd, char *ret_text, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && (n = read(fd, ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    ret_text[len] = '\0';
    close(fd);
    return len;
}

/* ---- tests ---- */

static void requests_are_answered_on_every_worker(void **state)
{
    struct http_counters sums;
    uint64_t before;
    char text[4096];

    (void)state;
    server_count(test.server, &sums);
    before = sums.requests;
    for (int i = 0; i < 50; i++) {
        int fd = dial(0);

        say(fd, GET("/a") GET_LAST("/b"));
        hear(fd, text, sizeof(text));
        assert_memory_equal(text, "HTTP/1.1 200 OK\r\nDate: ", 23);
        assert_non_null(strstr(text, "{}HTTP/1.1 200 OK"));
        assert_non_null(strstr(text, "Connection: close\r\n\r\n{}"));
    }
    server_count(test.server, &sums);
    assert_int_equal(sums.requests - before, 100);
    assert_int_equal(test.starts, WORKERS);
}

static void a_large_answer_reaches_a_client_with_small_buffers(void **state)
{
    static const char *const asks[] = {GET("/big") GET("/") GET_LAST("/big"), GET("/copy") GET("/") GET_LAST("/copy")};
    char *text = malloc(3 * BIG);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        int fd = dial(0);
        size_t len;

        say(fd, asks[i]);
        len = hear(fd, text, 3 * BIG);
        assert_true(len > 2 * BIG);
        assert_memory_equal(text + len - BIG, test.big, BIG);
        assert_memory_equal(strstr(text, "\r\n\r\n") + 4, test.big, BIG);
    }
    free(text);
}

static void a_refusal_reaches_a_client_that_is_still_sending(void **state)
{
    char text[4096];
    int fd = dial(0);

    (void)state;
    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        if (send(fd, test.big, 10000, MSG_NOSIGNAL) < 0)
            break;
    }
    hear(fd, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 413 ", 13);
    assert_non_null(strstr(text, "\"body_too_large\""));
}

static void requests_before_a_half_close_are_answered(void **state)
{
    char text[4096];
    int fd = dial(0);

    (void)state;
    say(fd, GET("/") GET("/") GET("/"));
    shutdown(fd, SHUT_WR);
    hear(fd, text, sizeof(text));
    for (int i = 0; i < 3; i++) {
        char *next = strstr(text, "200 OK");

        assert_non_null(next);
        *next = ' ';
    }
}

static void a_client_that_goes_away_harms_nobody(void **state)
{
    struct http_counters sums;
    int fd = dial(0);

    (void)state;
    say(fd, GET("/held"));
    sem_wait(&test.holding);
    /* An abortive close: the server sees a reset. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
    do
        server_count(test.server, &sums);
    while (sums.gone == 0);
    requests_are_answered_on_every_worker(state);
}

/* ---- TLS ---- */

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context randomness;

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_certificate(const char *subject)
{
    mbedtls_pk_context key;
    mbedtls_x509write_cert cert;
    mbedtls_mpi serial;
    char text[4096];

    mbedtls_pk_init(&key);
    mbedtls_x509write_crt_init(&cert);
    mbedtls_mpi_init(&serial);
    assert_int_equal(mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), mbedtls_ctr_drbg_random, &randomness), 0);
    mbedtls_mpi_lset(&serial, 1);
    mbedtls_x509write_crt_set_md_alg(&cert, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&cert, &key);
    mbedtls_x509write_crt_set_issuer_key(&cert, &key);
    mbedtls_x509write_crt_set_serial(&cert, &serial);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&cert, subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&cert, subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(&cert, "20200101000000", "20991231235959"), 0);
    assert_int_equal(
        mbedtls_x509write_crt_pem(&cert, (unsigned char *)text, sizeof(text), mbedtls_ctr_drbg_random, &randomness), 0);
    write_file(test.cert_file, text);
    assert_int_equal(mbedtls_pk_write_key_pem(&key, (unsigned char *)text, sizeof(text)), 0);
    write_file(test.key_file, text);
    mbedtls_mpi_free(&serial);
    mbedtls_x509write_crt_free(&cert);
    mbedtls_pk_free(&key);
}

static int net_send(void *context, const unsigned char *bytes, size_t len)
{
    return (int)send(*(int *)context, bytes, len, MSG_NOSIGNAL);
}

static int net_receive(void *context, unsigned char *bytes, size_t len)
{
    return (int)recv(*(int *)context, bytes, len, 0);
}

/* Speaks over TLS, reads to the end, and tells the subject of the certificate. */
static size_t speak(const char *request, char *ret_text, size_t size, char ret_subject[64])
{
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    size_t len = 0;
    int fd = dial(1), n;

    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &randomness);
    assert_int_equal(mbedtls_ssl_setup(&ssl, &config), 0);
    mbedtls_ssl_set_bio(&ssl, &fd, net_send, net_receive, NULL);
    assert_int_equal(mbedtls_ssl_handshake(&ssl), 0);
    assert_string_equal(mbedtls_ssl_get_version(&ssl), "TLSv1.2");
    mbedtls_x509_dn_gets(ret_subject, 64, &mbedtls_ssl_get_peer_cert(&ssl)->subject);
    assert_int_equal(mbedtls_ssl_write(&ssl, (const unsigned char *)request, strlen(request)), strlen(request));
    while (len < size - 1 && (n = mbedtls_ssl_read(&ssl, (unsigned char *)ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    assert_int_equal(n, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    ret_text[len] = '\0';
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    close(fd);
    return len;
}

static void requests_over_tls_are_answered(void **state)
{
    char *text = malloc(2 * BIG);
    char subject[64];
    size_t len;

    (void)state;
    assert_non_null(text);
    speak(GET("/") GET_LAST("/"), text, 2 * BIG, subject);
    assert_string_equal(subject, "CN=first");
    assert_non_null(strstr(text, "{}HTTP/1.1 200 OK"));
    assert_non_null(strstr(text, "Strict-Transport-Security: "));
    len = speak(GET("/big") "bad", text, 2 * BIG, subject);
    assert_true(len > BIG);
    assert_memory_equal(strstr(text, "\r\n\r\n") + 4, test.big, BIG);
    len = speak(GET_LAST("/copy"), text, 2 * BIG, subject);
    assert_memory_equal(text + len - BIG, test.big, BIG);
    free(text);
}

static void plain_text_on_a_tls_port_is_not_served(void **state)
{
    char text[4096];
    int fd = dial(1);

    (void)state;
    say(fd, GET("/"));
    hear(fd, text, sizeof(text));
    assert_null(strstr(text, "HTTP"));
}

static void a_new_certificate_serves_new_connections_and_a_bad_one_none(void **state)
{
    char text[4096], subject[64] = "";

    (void)state;
    make_certificate("CN=second");
    assert_true(server_reload_tls(test.server));
    while (strcmp(subject, "CN=second") != 0)
        speak(GET_LAST("/"), text, sizeof(text), subject);
    write_file(test.cert_file, "nonsense");
    assert_false(server_reload_tls(test.server));
    speak(GET_LAST("/"), text, sizeof(text), subject);
    assert_non_null(strstr(text, "200 OK"));
}

/* ---- a crowd ---- */

#define PLACES 64 /* beyond 56 nobody gets one for nothing */

/* One of a single worker with few places; the main one is not running beside it. */
static struct server *open_small(void)
{
    struct server_options small = options();
    struct server *server;

    small.workers = 1;
    small.connections = PLACES;
    small.app_data = &test;
    server = server_open(&small);
    assert_non_null(server);
    assert_true(server_start(server));
    return server;
}

static void close_small(struct server *server)
{
    server_stop(server);
    server_close(server);
}

static void wait_for_connections(const struct server *server, uint64_t count)
{
    struct http_counters sums;

    do
        server_count(server, &sums);
    while (sums.accepted < count);
}

/* Who asks once and hears the status. */
static int status_from(unsigned from, const struct server *server)
{
    char text[4096];
    int fd = dial_from(from, server, 0);

    say(fd, GET_LAST("/"));
    hear(fd, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    return (int)strtol(text + 9, NULL, 10);
}

static void a_crowd_of_one_address_keeps_nobody_else_out(void **state)
{
    struct server *server = open_small();
    struct http_counters sums;
    unsigned refused = 0;
    int fds[56];
    char text[4096];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial_from(2, server, 0);
        say(fds[i], "GET / HTTP/1.1\r\nHost: ");
    }
    wait_for_connections(server, ARRAY_LEN(fds));
    /* There is no place left; another's is taken from who has most, and said so. */
    for (unsigned from = 3; from < 33; from++)
        assert_int_equal(status_from(from, server), 200);
    /* Of the crowd itself nobody gets in any more. */
    assert_int_equal(status_from(2, server), 503);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (recv(fds[i], text, sizeof(text), MSG_DONTWAIT) <= 0) {
            close(fds[i]);
            continue;
        }
        assert_memory_equal(text, "HTTP/1.1 503 ", 13);
        assert_non_null(strstr(text, "Retry-After: 1\r\n"));
        close(fds[i]);
        refused++;
    }
    server_count(server, &sums);
    assert_true(refused > 0);
    assert_int_equal(sums.evicted, refused);
    close_small(server);
}

static void a_request_with_the_application_keeps_its_place(void **state)
{
    struct server *server = open_small();
    char text[4096];
    int held, fds[55];

    (void)state;
    held = dial_from(2, server, 0);
    say(held, GET("/held"));
    sem_wait(&test.holding);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = dial_from(2, server, 0);
    wait_for_connections(server, 1 + ARRAY_LEN(fds));
    for (unsigned from = 3; from < 53; from++)
        assert_int_equal(status_from(from, server), 200);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    server_stop(server); /* which lets it go */
    hear(held, text, sizeof(text));
    assert_non_null(strstr(text, "\r\n\r\nheld"));
    server_close(server);
}

static void when_none_has_more_than_others_an_idle_connection_makes_place(void **state)
{
    struct server *server = open_small();
    char text[4096];
    int fds[56];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = dial_from(10 + i, server, 0);
    wait_for_connections(server, ARRAY_LEN(fds));
    /* One of them pushes nobody out who has no more than she. */
    assert_int_equal(status_from(10, server), 503);
    assert_int_equal(status_from(9, server), 200);
    assert_int_equal(recv(fds[0], text, sizeof(text), 0), 0);
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    close_small(server);
}

/* The first bytes of a handshake, as a client of this library sends them. */
static size_t make_hello(unsigned char ret_bytes[1024])
{
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    int ends[2];
    ssize_t len;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &randomness);
    assert_int_equal(mbedtls_ssl_setup(&ssl, &config), 0);
    mbedtls_ssl_set_bio(&ssl, &ends[0], net_send, net_receive, NULL);
    for (int i = 0; i < 2; i++)
        assert_int_equal(mbedtls_ssl_handshake_step(&ssl), 0);
    len = recv(ends[1], ret_bytes, 1024, 0);
    assert_true(len > 50);
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    close(ends[0]);
    close(ends[1]);
    return (size_t)len;
}

/* While the only worker stands still in /block, a crowd begins handshakes, and somebody asks who has been
 * there before: she is served before they all are. */
static void handshakes_wait_for_who_has_theirs_behind_her(void **state)
{
    struct server *server = open_small();
    unsigned char hello[1024];
    size_t len = make_hello(hello);
    int old = dial_from(3, server, 0), block = dial_from(3, server, 0), fds[40];
    char text[4096];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = dial_from(4, server, 1);
    wait_for_connections(server, 2 + ARRAY_LEN(fds));
    say(block, GET("/block"));
    sem_wait(&test.holding);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        assert_int_equal(send(fds[i], hello, len, 0), len);
    test.begun = fds;
    test.n_begun = ARRAY_LEN(fds);
    say(old, GET_LAST("/begun"));
    sem_post(&test.go_on);
    hear(old, text, sizeof(text));
    assert_non_null(strstr(text, "200 OK"));
    assert_true(strtol(strstr(text, "\r\n\r\n") + 4, NULL, 10) < 20);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        assert_int_equal(recv(fds[i], text, 1, MSG_PEEK), 1); /* each has its turn */
    close(block);
    close_small(server);
    assert_in_range(test.most_begun, 1, 2);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    test.n_begun = 0;
}

/* ---- the end ---- */

static void *stop_server(void *server)
{
    server_stop(server);
    return NULL;
}

static void a_request_in_flight_at_the_stop_is_answered_and_idle_connections_end(void **state)
{
    struct http_counters sums;
    char text[4096];
    pthread_t stopper;
    int busy = dial(0), idle = dial(0);
    unsigned before = test.stops;

    (void)state;
    say(busy, GET("/held") GET("/never"));
    sem_wait(&test.holding);
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, test.server), 0);
    hear(busy, text, sizeof(text));
    assert_non_null(strstr(text, "Connection: close\r\n\r\nheld"));
    assert_null(strstr(text + 1, "HTTP/1.1 "));
    assert_int_equal(hear(idle, text, sizeof(text)), 0);
    pthread_join(stopper, NULL);
    assert_int_equal(test.stops - before, WORKERS);
    server_count(test.server, &sums);
    assert_int_equal(sums.open, 0);
}

static void a_server_that_cannot_start_says_so(void **state)
{
    struct server_options wrong = options();
    struct server *server;

    (void)state;
    wrong.listeners[0].address = "no address";
    assert_null(server_open(&wrong));
    wrong = options();
    wrong.cert_file = "/nowhere";
    assert_null(server_open(&wrong));
    wrong = options();
    wrong.listeners[1].address = NULL;
    server = server_open(&wrong);
    assert_non_null(server);
    test.refuse_start = true;
    assert_false(server_start(server));
    server_close(server);
}

static int set_up(void **state)
{
    struct server_options good;

    (void)state;
    log_init("server_test", LOG_ERROR);
    for (size_t i = 0; i < BIG; i++)
        test.big[i] = (char)('a' + i % 25);
    snprintf(test.cert_file, sizeof(test.cert_file), "/tmp/server_test_cert_XXXXXX");
    snprintf(test.key_file, sizeof(test.key_file), "/tmp/server_test_key_XXXXXX");
    close(mkstemp(test.cert_file));
    close(mkstemp(test.key_file));
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&randomness);
    if (mbedtls_ctr_drbg_seed(&randomness, mbedtls_entropy_func, &entropy, NULL, 0) != 0)
        return -1;
    make_certificate("CN=first");
    sem_init(&test.holding, 0, 0);
    sem_init(&test.go_on, 0, 0);
    good = options();
    test.server = server_open(&good);
    return test.server && server_start(test.server) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    server_stop(test.server);
    server_close(test.server);
    mbedtls_ctr_drbg_free(&randomness);
    mbedtls_entropy_free(&entropy);
    unlink(test.cert_file);
    unlink(test.key_file);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_on_every_worker),
        cmocka_unit_test(a_large_answer_reaches_a_client_with_small_buffers),
        cmocka_unit_test(a_refusal_reaches_a_client_that_is_still_sending),
        cmocka_unit_test(requests_before_a_half_close_are_answered),
        cmocka_unit_test(a_client_that_goes_away_harms_nobody),
        cmocka_unit_test(a_crowd_of_one_address_keeps_nobody_else_out),
        cmocka_unit_test(a_request_with_the_application_keeps_its_place),
        cmocka_unit_test(when_none_has_more_than_others_an_idle_connection_makes_place),
        cmocka_unit_test(requests_over_tls_are_answered),
        cmocka_unit_test(handshakes_wait_for_who_has_theirs_behind_her),
        cmocka_unit_test(plain_text_on_a_tls_port_is_not_served),
        cmocka_unit_test(a_new_certificate_serves_new_connections_and_a_bad_one_none),
        cmocka_unit_test(a_request_in_flight_at_the_stop_is_answered_and_idle_connections_end),
        cmocka_unit_test(a_server_that_cannot_start_says_so),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
