/* Requests of a connection and their answers. */
#include "services/gateway/http/http_fixture.h"

static void pipelined_requests_are_answered_in_order_one_after_the_other(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /3 HT");
    assert_int_equal(test.served, 1);
    assert_false(http_wants_bytes(&test.http));
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 2);
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 2);
    assert_true(http_wants_bytes(&test.http));
    say("TP/1.1\r\nHost: a\r\n\r\n");
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 3);
    assert_true(strstr(test.out, "GET /1? ") < strstr(test.out, "POST /2? abc"));
    assert_true(strstr(test.out, "POST /2? abc") < strstr(test.out, "GET /3? "));
    stop();
}

static void an_answer_made_while_another_is_being_sent_does_not_move_it(void **state)
{
    struct http_piece first[2], again[2];

    (void)state;
    start();
    say("");
    http_feed(&test.http, GET "\r\n", strlen(GET "\r\n"));
    test.waits = true;
    http_feed(&test.http, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n", 28);
    assert_int_equal(http_output(&test.http, first), 1);
    http_sent(&test.http, 10);
    http_reply(test.waiting, 200, NULL, "second", 6);
    http_feed(&test.http, GET "\r\n", strlen(GET "\r\n"));
    assert_int_equal(test.served, 2);
    assert_false(http_wants_bytes(&test.http));
    assert_int_equal(http_output(&test.http, again), 1);
    assert_ptr_equal(again[0].bytes, first[0].bytes + 10);
    assert_int_equal(again[0].len, first[0].len - 10);
    flush();
    assert_non_null(strstr(test.out, "second"));
    assert_int_equal(test.served, 3);
    answer(test.waiting);
    stop();
}

static void a_client_that_goes_away_leaves_a_request_that_can_be_answered(void **state)
{
    uint64_t gone = test.shared.counters.gone;

    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n");
    http_close(&test.http);
    assert_int_equal(test.shared.outstanding, 1);
    assert_memory_equal(test.waiting->method, "GET", 3);
    http_reply(test.waiting, 200, NULL, "x", 1);
    assert_int_equal(test.shared.counters.gone, gone + 1);
    stop();
}

static void requests_sent_before_the_end_of_input_are_still_served(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    http_eof(&test.http);
    assert_false(http_finished(&test.http));
    answer(test.waiting);
    flush();
    assert_false(http_finished(&test.http));
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 2);
    assert_true(http_finished(&test.http));
    stop();
}

static void head_204_and_304_have_no_body(void **state)
{
    (void)state;
    start();
    say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(strstr(test.out, "Content-Length: 9\r\n"));
    assert_string_equal(test.out + test.out_len - 4, "\r\n\r\n");
    test.waits = true;
    say(GET "\r\n");
    test.out_len = 0;
    http_reply(test.waiting, 204, "", NULL, 0);
    flush();
    assert_null(strstr(test.out, "Content-Length"));
    say(GET "\r\n");
    test.out_len = 0;
    http_reply_static(test.waiting, 304, "ETag: \"a\"\r\n", "body", 4);
    flush();
    assert_string_equal(test.out + test.out_len - 4, "\r\n\r\n");
    stop();
}

static void a_static_body_follows_its_head(void **state)
{
    static const char text[] = TEXT_4000 TEXT_4000;

    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    http_reply_static(test.waiting, 200, "Content-Type: text/plain\r\n", text, sizeof(text) - 1);
    flush();
    http_reply(test.waiting, 200, NULL, "last", 4);
    flush();
    assert_non_null(strstr(test.out, TEXT_4000 "HTTP/1.1 200 OK"));
    assert_string_equal(test.out + test.out_len - 4, "last");
    stop();
}

static void connection_close_and_http_1_0_end_the_connection(void **state)
{
    static const struct {
        const char *request;
        bool closes;
        const char *says;
    } cases[] = {
        {GET "\r\n", false, NULL},
        {GET "Connection: foo, Close\r\n\r\n", true, "Connection: close\r\n"},
        {GET "Connection: close\r\nConnection: keep-alive\r\n\r\n", true, "Connection: close\r\n"},
        {"GET / HTTP/1.0\r\n\r\n", true, "Connection: close\r\n"},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false, "Connection: keep-alive\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        start();
        say(cases[i].request);
        assert_int_equal(test.served, 1);
        assert_int_equal(http_finished(&test.http), cases[i].closes);
        if (cases[i].says)
            assert_non_null(strstr(test.out, cases[i].says));
        stop();
    }
}

static void a_draining_worker_closes_after_the_answer(void **state)
{
    (void)state;
    start();
    test.shared.draining = true;
    say(GET "\r\n" GET "\r\n");
    test.shared.draining = false;
    assert_int_equal(test.served, 1);
    assert_true(http_finished(&test.http));
    assert_non_null(strstr(test.out, "Connection: close\r\n"));
    stop();
}

static void a_slow_request_is_refused_and_an_idle_connection_is_not(void **state)
{
    (void)state;
    start();
    http_timeout(&test.http);
    flush();
    assert_int_equal(test.out_len, 0);
    say("GET / HT");
    http_timeout(&test.http);
    flush();
    assert_memory_equal(test.out, "HTTP/1.1 408", 12);
    assert_true(http_finished(&test.http));
    stop();
}

static void the_continue_comes_before_the_body_and_once(void **state)
{
    (void)state;
    start();
    say(POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    assert_string_equal(test.out, "HTTP/1.1 100 Continue\r\n\r\n");
    say("ab");
    assert_non_null(strstr(test.out, "\r\n\r\nPOST /? ab"));
    stop();
}

static void a_body_of_the_greatest_size_arrives_whole(void **state)
{
    char *body = malloc(LIMIT_BODY + 1);

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < LIMIT_BODY; i++)
        body[i] = (char)(i * 31 >> 3);
    for (int chunked = 0; chunked < 2; chunked++) {
        start();
        test.waits = true;
        say(chunked ? CHUNKED "100000\r\n" : POST "Content-Length: 1048576\r\n\r\n");
        feed(body, LIMIT_BODY);
        if (chunked)
            say("\r\n0\r\n\r\n");
        assert_int_equal(test.served, 1);
        assert_int_equal(test.waiting->body_len, LIMIT_BODY);
        assert_memory_equal(test.waiting->body, body, LIMIT_BODY);
        answer(test.waiting);
        stop();
    }
    free(body);
}

/* ---- what the head decides ---- */

static void a_request_that_is_refused_at_its_head_keeps_the_connection_when_its_body_is_short(void **state)
{
    static const char *const bodies[] = {"Content-Length: 5000\r\n\r\n" TEXT_4000 TEXT_1000,
                                         "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" TEXT_1000
                                         "\r\n1\r\na\r\n0\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        for (size_t piece = 1; piece < 1 << 14; piece = piece * 7 + 1) {
            char text[10000];
            size_t len =
                (size_t)snprintf(text, sizeof(text), "POST /no HTTP/1.1\r\nHost: a\r\n%s" GET "\r\n", bodies[i]);

            start();
            for (size_t at = 0; at < len; at += piece)
                feed(text + at, len - at < piece ? len - at : piece);
            assert_memory_equal(test.out, "HTTP/1.1 401", 12);
            assert_non_null(strstr(test.out, "\r\n\r\nnoHTTP/1.1 200"));
            assert_int_equal(test.served, 1);
            assert_false(http_finished(&test.http));
            stop();
        }
    }
}

static void it_is_answered_before_its_body_has_come(void **state)
{
    (void)state;
    start();
    say("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 401", 12);
    assert_false(http_finished(&test.http));
    http_timeout(&test.http); /* the rest never comes, and has no second answer */
    assert_true(http_finished(&test.http));
    assert_null(strstr(test.out, "408"));
    stop();
}

static void it_ends_the_connection_when_the_body_is_long_or_waited_with(void **state)
{
    static const char *const heads[] = {"Content-Length: 100000\r\n\r\n",
                                        "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        start();
        say("POST /no HTTP/1.1\r\nHost: a\r\n");
        say(heads[i]);
        assert_memory_equal(test.out, "HTTP/1.1 401", 12);
        assert_non_null(strstr(test.out, "Connection: close\r\n"));
        assert_true(http_finished(&test.http));
        stop();
    }
    start();
    say("POST /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 401", 12);
    assert_true(http_finished(&test.http));
    stop();
}

static void fields_are_found_by_name_whatever_their_case(void **state)
{
    size_t len = 0;
    const char *value;

    (void)state;
    start();
    test.waits = true;
    say("GET http://u@a:80/p%20q?x=1&y#z HTTP/1.1\r\nhOST: a\r\nX-Thing: \t one two \r\nx-thing: "
        "three\r\nempty:\r\n\r\n");
    value = http_header(test.waiting, "x-thing", &len);
    assert_int_equal(len, 7);
    assert_memory_equal(value, "one two", 7);
    assert_non_null(http_header(test.waiting, "empty", &len));
    assert_int_equal(len, 0);
    assert_null(http_header(test.waiting, "x-thin", &len));
    assert_int_equal(test.waiting->path_len, 6);
    assert_memory_equal(test.waiting->path, "/p%20q", 6);
    assert_int_equal(test.waiting->query_len, 5);
    assert_memory_equal(test.waiting->query, "x=1&y", 5);
    assert_memory_equal(&test.waiting->client, &test.http.peer, sizeof(test.http.peer));
    answer(test.waiting);
    stop();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_requests_are_answered_in_order_one_after_the_other),
        cmocka_unit_test(an_answer_made_while_another_is_being_sent_does_not_move_it),
        cmocka_unit_test(a_client_that_goes_away_leaves_a_request_that_can_be_answered),
        cmocka_unit_test(requests_sent_before_the_end_of_input_are_still_served),
        cmocka_unit_test(head_204_and_304_have_no_body),
        cmocka_unit_test(a_static_body_follows_its_head),
        cmocka_unit_test(connection_close_and_http_1_0_end_the_connection),
        cmocka_unit_test(a_draining_worker_closes_after_the_answer),
        cmocka_unit_test(a_slow_request_is_refused_and_an_idle_connection_is_not),
        cmocka_unit_test(the_continue_comes_before_the_body_and_once),
        cmocka_unit_test(a_body_of_the_greatest_size_arrives_whole),
        cmocka_unit_test(a_request_that_is_refused_at_its_head_keeps_the_connection_when_its_body_is_short),
        cmocka_unit_test(it_is_answered_before_its_body_has_come),
        cmocka_unit_test(it_ends_the_connection_when_the_body_is_long_or_waited_with),
        cmocka_unit_test(fields_are_found_by_name_whatever_their_case),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
