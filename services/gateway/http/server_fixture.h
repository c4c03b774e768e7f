/* server_fixture.h: a server on ports of this machine, the application behind it, and its clients. */
#pragma once
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
static inline unsigned count_begun(void)
{
    unsigned count = 0;
    char byte;

    for (size_t i = 0; i < test.n_begun; i++)
        count += recv(test.begun[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    return count;
}

static inline void on_request(struct http_request *request, void *context)
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

static inline bool on_head(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
    return true;
}

static inline size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    (void)context;
    (void)reason;
    return (size_t)snprintf(ret_body, size, "{\"status\":%d,\"detail\":\"%s\"}", status, detail);
}

static inline void *start(int worker, uv_loop_t *loop, void *app)
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

static inline void turn(void *context)
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

static inline void stop(void *context)
{
    turn(context);
    test.stops++;
}

static inline struct server_options options(void)
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
static inline int dial_from(unsigned from, const struct server *server, unsigned listener)
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

static inline int dial(unsigned listener)
{
    return dial_from(1, test.server, listener);
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads to the end and closes; returns how much there was. */
static inline size_t hear(int fd, char *ret_text, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && (n = read(fd, ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    ret_text[len] = '\0';
    close(fd);
    return len;
}

/* ---- its certificate ---- */

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context randomness;

static inline void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void make_certificate(const char *subject)
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

static inline int net_send(void *context, const unsigned char *bytes, size_t len)
{
    return (int)send(*(int *)context, bytes, len, MSG_NOSIGNAL);
}

static inline int net_receive(void *context, unsigned char *bytes, size_t len)
{
    return (int)recv(*(int *)context, bytes, len, 0);
}

/* ---- life ---- */

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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
