/* More connections than a server has places for. */
#include "services/gateway/http/server_fixture.h"
#include "services/gateway/http/tls.h"

#define PLACES 64 /* beyond 56 nobody gets one for nothing */

/* One of a single worker with few places, beside the main one. */
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
    do /* which has been read of each */
        server_count(server, &sums);
    while (sums.held[GUEST_HEADS] < ARRAY_LEN(fds) * sizeof(struct http_request));
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

/* Begins so many handshakes and does not go on with them; each has a session, or made room for another. */
static void begin_handshakes(const struct server *server, unsigned from, int *fds, unsigned n)
{
    struct http_counters sums;
    uint64_t before;

    server_count(server, &sums);
    before = sums.held[GUEST_SESSIONS] / TLS_SESSION_MOST + sums.evicted;
    for (unsigned i = 0; i < n; i++) {
        fds[i] = dial_from(from, server, 1);
        say(fds[i], "\x16");
    }
    do
        server_count(server, &sums);
    while (sums.held[GUEST_SESSIONS] / TLS_SESSION_MOST + sums.evicted < before + n);
}

static void one_address_has_its_share_of_the_memory_for_tls(void **state)
{
    static int fds[LIMIT_SESSIONS / 9 / TLS_SESSION_MOST + 100];
    struct server_options only = options();
    struct server *server;
    struct http_counters sums;
    uint64_t evicted;
    int other;

    (void)state;
    only.workers = 1;
    only.app_data = &test;
    server = server_open(&only);
    assert_non_null(server);
    assert_true(server_start(server));
    begin_handshakes(server, 2, fds, ARRAY_LEN(fds));
    server_count(server, &sums);
    assert_in_range(sums.held[GUEST_SESSIONS], LIMIT_SESSIONS / 10, LIMIT_SESSIONS / 9 + TLS_SESSION_MOST);
    assert_in_range(sums.evicted, 90, 110);
    assert_int_equal(sums.no_room, 0);
    /* Nobody else makes room for her, and she for nobody else. */
    evicted = sums.evicted;
    begin_handshakes(server, 3, &other, 1);
    server_count(server, &sums);
    assert_int_equal(sums.evicted, evicted);
    close(other);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    do
        server_count(server, &sums);
    while (sums.held[GUEST_SESSIONS] > 0);
    server_stop(server);
    server_close(server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_of_one_address_keeps_nobody_else_out),
        cmocka_unit_test(a_request_with_the_application_keeps_its_place),
        cmocka_unit_test(when_none_has_more_than_others_an_idle_connection_makes_place),
        cmocka_unit_test(one_address_has_its_share_of_the_memory_for_tls),
        cmocka_unit_test(handshakes_wait_for_who_has_theirs_behind_her),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
