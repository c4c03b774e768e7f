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
    struct http_request *held[WORKERS];
    int ids[WORKERS];
    sem_t holding;
    _Atomic unsigned starts, stops;
    bool refuse_start;
    char big[BIG];
    char cert_file[64], key_file[64];
} test;

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
    } else {
        http_reply(request, 200, NULL, request->body_len ? request->body : "{}",
                   request->body_len ? request->body_len : 2);
    }
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
    (void)app;
    if (test.refuse_start && worker == WORKERS - 1)
        return NULL;
    test.starts++;
    test.ids[worker] = worker;
    return &test.ids[worker];
}

static void turn(void *context)
{
    struct http_request **held = &test.held[*(int *)context];

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
        .app = {{on_request, render}, start, turn, stop},
    };
}

/* ---- a plain client ---- */

static int dial(unsigned listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server_port(test.server, listener))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
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

    (void)state;
    say(busy, GET("/held") GET("/never"));
    sem_wait(&test.holding);
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, test.server), 0);
    hear(busy, text, sizeof(text));
    assert_non_null(strstr(text, "Connection: close\r\n\r\nheld"));
    assert_null(strstr(text + 1, "HTTP/1.1 "));
    assert_int_equal(hear(idle, text, sizeof(text)), 0);
    pthread_join(stopper, NULL);
    assert_int_equal(test.stops, WORKERS);
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
        cmocka_unit_test(requests_over_tls_are_answered),
        cmocka_unit_test(plain_text_on_a_tls_port_is_not_served),
        cmocka_unit_test(a_new_certificate_serves_new_connections_and_a_bad_one_none),
        cmocka_unit_test(a_request_in_flight_at_the_stop_is_answered_and_idle_connections_end),
        cmocka_unit_test(a_server_that_cannot_start_says_so),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
