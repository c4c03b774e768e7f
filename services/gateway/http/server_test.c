/* A server's answers, and its end. */
#include "services/gateway/http/server_fixture.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_on_every_worker),
        cmocka_unit_test(a_large_answer_reaches_a_client_with_small_buffers),
        cmocka_unit_test(a_refusal_reaches_a_client_that_is_still_sending),
        cmocka_unit_test(requests_before_a_half_close_are_answered),
        cmocka_unit_test(a_client_that_goes_away_harms_nobody),
        cmocka_unit_test(a_request_in_flight_at_the_stop_is_answered_and_idle_connections_end),
        cmocka_unit_test(a_server_that_cannot_start_says_so),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
