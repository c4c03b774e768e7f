#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <jansson.h>
#include <mbedtls/base64.h>

#include "common/base/log.h"
#include "services/gateway/http/http.h"
#include "tests/seed.h"

/* A connection whose output gathers in text, with an application that answers
 * with the method, the path and the body at once, unless told to wait. */
static struct {
    struct http_shared shared;
    struct http http;
    bool waits;
    struct http_request *waiting;
    unsigned served;
    size_t crowd[GUEST_POOLS]; /* held by others */
    char out[1 << 18];
    size_t out_len;
} test;

static void answer(struct http_request *request)
{
    char body[4096];
    int len = snprintf(body, sizeof(body), "%.*s %.*s?%.*s %.*s", (int)request->method_len, request->method,
                       (int)request->path_len, request->path, (int)request->query_len, request->query,
                       (int)(request->body_len < 99 ? request->body_len : 99), request->body);

    http_reply(request, 200, NULL, body, (size_t)len < sizeof(body) ? (size_t)len : sizeof(body) - 1);
}

static void on_request(struct http_request *request, void *context)
{
    (void)context;
    test.served++;
    if (test.waits)
        test.waiting = request;
    else
        answer(request);
}

static size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    (void)context;
    (void)reason;
    return (size_t)snprintf(ret_body, size, "{\"status\":%d,\"detail\":\"%s\"}", status, detail);
}

static void wake(struct http *http)
{
    (void)http;
}

/* Refuses by its head what is sent to /no. */
static bool on_head(struct http_request *request, void *context)
{
    (void)context;
    if (request->path_len != 3 || memcmp(request->path, "/no", 3) != 0)
        return true;
    http_reply(request, 401, NULL, "no", 2);
    return false;
}

static const struct http_app app = {on_head, on_request, render};

static void start(void)
{
    struct address peer;

    assert_true(address_read("192.0.2.1", 9, &peer));
    assert_true(http_open(&test.http, &test.shared, &peer, false));
    test.waits = false;
    test.served = 0;
    test.out_len = 0;
    test.out[0] = '\0';
}

static void flush(void)
{
    struct http_piece pieces[2];
    unsigned count;

    while ((count = http_output(&test.http, pieces)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            assert_true(test.out_len + pieces[i].len < sizeof(test.out));
            memcpy(test.out + test.out_len, pieces[i].bytes, pieces[i].len);
            test.out_len += pieces[i].len;
            http_sent(&test.http, pieces[i].len);
        }
        http_resume(&test.http);
    }
    test.out[test.out_len] = '\0';
}

/* Feeds as the server does: what http does not want now, later. */
static void feed(const char *bytes, size_t len)
{
    while (len > 0) {
        size_t piece = len < HTTP_FEED ? len : HTTP_FEED;

        assert_true(http_wants_bytes(&test.http) || http_finished(&test.http));
        http_feed(&test.http, bytes, piece);
        flush();
        bytes += piece;
        len -= piece;
    }
}

static void say(const char *text)
{
    feed(text, strlen(text));
}

static void stop(void)
{
    http_close(&test.http);
    for (int pool = 0; pool < GUEST_POOLS; pool++)
        assert_int_equal(guests_held(&test.shared.guests, pool), test.crowd[pool]);
    assert_int_equal(test.shared.outstanding, 0);
}

/* Only the statuses and whether it closed: the Date differs from run to run. */
static void outcome(char *ret_text, size_t size)
{
    const char *at = test.out;
    size_t used = 0;

    while ((at = strstr(at, "HTTP/1.1 ")) && used < size) {
        used += (size_t)snprintf(ret_text + used, size - used, "%.3s ", at + 9);
        at += 9;
    }
    if (used < size)
        used += (size_t)snprintf(ret_text + used, size - used, "%u %s", test.served,
                                 http_finished(&test.http) ? "closed" : "open");
    at = strstr(test.out, "\"detail\":");
    if (used < size)
        snprintf(ret_text + used, size - used, " %.40s", at ? at : "");
}

#define GET       "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST      "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED   POST "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT_10   "0123456789"
#define TEXT_100  TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10
#define TEXT_1000 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100
#define TEXT_4000 TEXT_1000 TEXT_1000 TEXT_1000 TEXT_1000

/* A request, the status of its (first) answer or 0 for none yet, and the word of
 * its refusal. */
static const struct {
    const char *request;
    int status;
    const char *detail;
} policy[] = {
    {GET "\r\n", 200, NULL},
    {GET, 0, NULL},
    {"\r\n" GET "\r\n", 400, "method"},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
    {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /\xe5\xb7\xa5 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%E0%80%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%F0%80%80%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%e5%b7%a5%20%E0%A0%80 HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405, "connect"},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "version"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "version"},
    {"GET /\r\n\r\n", 400, "target"},
    {"GET / HTTP/1.1\nHost: a\n\n", 400, "version"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "line_end"},
    {"GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", 400, "line_end"},
    {GET "\n", 400, "line_end"},
    {GET "\r\r\n", 400, "line_end"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "line_fold"},
    {GET "a: b\r\n c\r\n\r\n", 400, "line_fold"},
    {GET "a: b\r\n\tc\r\n\r\n", 400, "line_fold"},
    {GET "a : b\r\n\r\n", 400, "field_name"},
    {GET ": b\r\n\r\n", 400, "field_name"},
    {GET "a\r\n\r\n", 400, "line_end"},
    {GET "a[]: b\r\n\r\n", 400, "field_name"},
    {GET "a: b\x01\r\n\r\n", 400, "field_value"},
    {GET "a: b\x7f\r\n\r\n", 400, "field_value"},
    {GET "a: \t b\xe5\xb7\xa5 \t\r\nc:\r\n\r\n", 200, NULL},
    {"GET / HTTP/1.1\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.0\r\n\r\n", 200, NULL},
    {GET "Host: a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, NULL},
    {"GET http://A:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {POST "Content-Length: 2\r\n\r\nab", 200, NULL},
    {POST "Content-Length: 2\r\n\r\na", 0, NULL},
    {POST "Content-Length: 002\r\n\r\nab", 200, NULL},
    {POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 2, 2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: +2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 0x2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length:\r\n\r\n", 400, "content_length"},
    {POST "Content-Length: 0000000000000000002\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 999999999999999999\r\n\r\n", 413, "body_too_large"},
    {POST "Content-Length: 1048577\r\n\r\n", 413, "body_too_large"},
    {POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "content_length"},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "content_length"},
    {POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: identity\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding:\r\n\r\n", 400, "transfer_encoding"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "transfer-encoding: Chunked\r\n\r\n0\r\n\r\n", 200, NULL},
    {CHUNKED "3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\n", 200, NULL},
    {CHUNKED "3;a=\"b;c\\\"\"; d\r\nabc\r\n0\r\nx: y\r\n\r\n", 200, NULL},
    {CHUNKED "0\r\n", 0, NULL},
    {CHUNKED "-3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "+3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "1_0\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED " 3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3 ;a\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED ";a\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0000000000000003\r\nabc\r\n0\r\n\r\n", 200, NULL},
    {CHUNKED "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 413, "body_too_large"},
    {CHUNKED "100001\r\n", 413, "body_too_large"},
    {CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3;a=\"\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabc0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabc\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0\r\nContent-Length: 3\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\ntransfer-encoding: chunked\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nHost: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nAuthorization: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nContent-Type: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx : y\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\n x: y\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx: y\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx: y\r\n z\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\n\n", 400, "trailer"},
    {CHUNKED "0\r\nx: " TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {CHUNKED "1;" TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {POST "Content-Type: a\r\nContent-Type: b\r\n\r\n", 400, "field_twice"},
    {GET "Authorization: a\r\nAuthorization: b\r\n\r\n", 400, "field_twice"},
    {POST "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", 400, "field_twice"},
    {POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 100, NULL},
    {POST "Expect: 200-ok\r\nContent-Length: 2\r\n\r\nab", 417, "expectation"},
    {POST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413, "body_too_large"},
    {GET "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 200, NULL},
    {GET "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 501, "upgrade"},
    {"GET /" TEXT_4000 " HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET /" TEXT_4000 TEXT_100 " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"},
    {GET "a: " TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {GET "a: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_1000 "\r\n\r\n",
     431, "headers_too_large"},
    {GET TEXT_4000 TEXT_4000 ": a\r\n\r\n", 431, "headers_too_large"},
};

static void every_rule_of_the_policy_holds_however_the_bytes_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(policy); i++) {
        for (size_t piece = 1; piece < 1 << 16; piece = piece * 3 + 1) {
            size_t len = strlen(policy[i].request);
            char expected[80] = "";

            start();
            for (size_t at = 0; at < len && !http_finished(&test.http); at += piece)
                feed(policy[i].request + at, len - at < piece ? len - at : piece);
            if (policy[i].status)
                snprintf(expected, sizeof(expected), "HTTP/1.1 %d", policy[i].status);
            if (strncmp(test.out, expected, strlen(expected)) != 0 || (!policy[i].status && test.out_len > 0))
                fail_msg("case %zu in pieces of %zu: %.70s: %.400s", i, piece, policy[i].request, test.out);
            if (policy[i].detail) {
                snprintf(expected, sizeof(expected), "\"detail\":\"%s\"", policy[i].detail);
                if (!strstr(test.out, expected) || !http_finished(&test.http) || test.served)
                    fail_msg("case %zu in pieces of %zu: %.70s: %.400s", i, piece, policy[i].request, test.out);
            }
            stop();
        }
    }
}

static void a_nul_byte_anywhere_in_a_head_is_refused(void **state)
{
    static const char request[] = GET "a: b\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        char copy[sizeof(request)];

        memcpy(copy, request, sizeof(copy));
        copy[i] = '\0';
        start();
        feed(copy, sizeof(copy) - 1);
        assert_memory_equal(test.out, "HTTP/1.1 400", 12);
        assert_int_equal(test.served, 0);
        stop();
    }
}

static void more_fields_than_allowed_are_refused(void **state)
{
    (void)state;
    for (unsigned fields = LIMIT_HEADER_COUNT; fields <= LIMIT_HEADER_COUNT + 1; fields++) {
        start();
        say(GET);
        for (unsigned i = 1; i < fields; i++)
            say("a: b\r\n");
        if (!http_finished(&test.http))
            say("\r\n");
        assert_memory_equal(test.out, fields > LIMIT_HEADER_COUNT ? "HTTP/1.1 431" : "HTTP/1.1 200", 12);
        stop();
    }
}

static void nothing_behind_a_refused_request_is_served(void **state)
{
    (void)state;
    start();
    say(GET "\r\n" GET " x: y\r\n\r\n" GET "\r\n");
    assert_int_equal(test.served, 1);
    assert_true(http_finished(&test.http));
    say(GET "\r\n");
    assert_int_equal(test.served, 1);
    stop();
}

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

/* ---- memory ---- */

/* Lets others hold a pool but for so many bytes, 0 for none of it. */
static void crowd(enum guest_pool pool, size_t left)
{
    test.crowd[pool] = left ? (size_t)(pool == GUEST_BODIES ? LIMIT_BODIES : LIMIT_ANSWERS) - left : 0;
    test.shared.guests.held[pool] = test.crowd[pool];
}

static void a_body_for_which_there_is_no_room_is_refused_at_its_head(void **state)
{

    (void)state;
    crowd(GUEST_BODIES, 50000);
    start();
    say(POST "Content-Length: 100000\r\n\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 503", 12);
    assert_non_null(strstr(test.out, "Retry-After: 1\r\n"));
    stop();
    start();
    say(CHUNKED "186a0\r\n");
    for (int i = 0; i < 20 && !http_finished(&test.http); i++)
        say(TEXT_4000);
    assert_memory_equal(test.out, "HTTP/1.1 503", 12);
    stop();
    /* What fits behind a head always has room. */
    start();
    say(POST "Content-Length: 8000\r\n\r\n" TEXT_4000 TEXT_4000);
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    stop();
    crowd(GUEST_BODIES, 0);
}

/* Bodies under way leave those of others room, and all answers. */
static void one_guest_gets_no_more_than_her_share_of_the_memory_for_bodies(void **state)
{
    static struct http https[400];
    struct address peer, other;
    unsigned taken = 0;

    (void)state;
    assert_true(address_read("192.0.2.1", 9, &peer));
    assert_true(address_read("192.0.2.2", 9, &other));
    for (size_t i = 0; i < ARRAY_LEN(https); i++) {
        static const char head[] = POST "Content-Length: 1000000\r\n\r\n";

        assert_true(http_open(&https[i], &test.shared, &peer, false));
        http_feed(&https[i], head, sizeof(head) - 1);
        taken += !http_finished(&https[i]);
    }
    assert_in_range(taken, 5, 20);
    start();
    say(GET "\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    http_close(&test.http);
    assert_true(http_open(&test.http, &test.shared, &other, false));
    test.out_len = 0;
    say(POST "Content-Length: 1000000\r\n\r\n");
    assert_false(http_finished(&test.http));
    http_close(&test.http);
    for (size_t i = 0; i < ARRAY_LEN(https); i++)
        http_close(&https[i]);
    start();
    stop();
}

static void requests_that_do_not_come_at_once_take_room_too(void **state)
{
    static const char *const pieces[] = {"GET", POST "Content-Length: 5\r\n\r\nab"};
    static struct http https[3000];
    struct address peer;

    (void)state;
    assert_true(address_read("192.0.2.9", 9, &peer));
    for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
        unsigned taken = 0;

        for (size_t i = 0; i < ARRAY_LEN(https); i++) {
            assert_true(http_open(&https[i], &test.shared, &peer, false));
            http_feed(&https[i], pieces[k], strlen(pieces[k]));
            taken += !http_finished(&https[i]);
        }
        assert_in_range(taken, 1500, 2900);
        start();
        say(GET "\r\n");
        assert_memory_equal(test.out, "HTTP/1.1 200", 12);
        http_close(&test.http);
        for (size_t i = 0; i < ARRAY_LEN(https); i++)
            http_close(&https[i]);
        start();
        stop();
    }
}

static void an_answer_without_room_can_be_refused_and_one_that_must_be_is_given(void **state)
{
    static char big[100000];

    (void)state;
    crowd(GUEST_ANSWERS, 1000);
    memset(big, 'x', sizeof(big));
    start();
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    assert_false(http_try_reply(test.waiting, 200, NULL, big, sizeof(big)));
    assert_true(http_try_reply(test.waiting, 503, NULL, "small", 5));
    flush();
    assert_non_null(strstr(test.out, "small"));
    assert_int_equal(test.served, 2);
    test.out_len = 0;
    http_reply(test.waiting, 201, NULL, big, sizeof(big));
    flush();
    assert_memory_equal(test.out, "HTTP/1.1 201", 12);
    assert_true(test.out_len > sizeof(big));
    assert_true(http_finished(&test.http));
    stop();
    crowd(GUEST_ANSWERS, 0);
}

static void what_is_sent_ahead_without_room_ends_the_connection_after_its_answers(void **state)
{
    static char pipeline[HTTP_FEED];
    size_t len = 0;

    (void)state;
    crowd(GUEST_BODIES, 1000);
    while (len < sizeof(pipeline) - 100)
        len += (size_t)snprintf(pipeline + len, sizeof(pipeline) - len, GET "\r\n");
    start();
    test.waits = true;
    http_feed(&test.http, pipeline, len);
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 1);
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    assert_true(http_finished(&test.http));
    stop();
    crowd(GUEST_BODIES, 0);
}

/* ---- streams ---- */

static unsigned rooms;

static void on_room(struct http_request *request)
{
    assert_ptr_equal(request, test.waiting);
    rooms++;
}

static void a_stream_comes_in_pieces_of_which_one_is_in_memory(void **state)
{
    static char piece[LIMIT_PART];
    struct guests *guests = &test.shared.guests;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    start();
    rooms = 0;
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    assert_true(http_stream(test.waiting, 200, "Content-Type: text/plain\r\n", on_room));
    assert_true(http_stream_piece(test.waiting, "one", 3));
    assert_int_equal(rooms, 0);
    flush();
    assert_int_equal(rooms, 1);
    assert_int_equal(guests_held(guests, GUEST_ANSWERS), HTTP_WINDOW);
    assert_true(http_stream_piece(test.waiting, piece, sizeof(piece)));
    test.out_len = 0;
    for (int i = 0; i < 10; i++) {
        flush();
        test.out_len = 0;
        assert_int_equal(rooms, i + 2);
        assert_true(http_stream_piece(test.waiting, piece, sizeof(piece)));
        assert_true(guests_held(guests, GUEST_ANSWERS) <= HTTP_WINDOW);
    }
    flush();
    assert_memory_equal(test.out, "20000\r\nxxx", 10);
    test.out_len = 0;
    assert_true(http_stream_piece(test.waiting, "end", 3));
    http_stream_end(test.waiting, true);
    flush();
    assert_string_equal(test.out, "3\r\nend\r\n0\r\n\r\n");
    assert_int_equal(guests_held(guests, GUEST_ANSWERS), 0);
    assert_int_equal(test.served, 2); /* the connection goes on */
    answer(test.waiting);
    stop();
}

static void a_stream_to_http_1_0_ends_with_its_connection(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    http_stream_end(test.waiting, true);
    flush();
    assert_null(strstr(test.out, "chunked"));
    assert_non_null(strstr(test.out, "Connection: close\r\n\r\ntext"));
    assert_true(http_finished(&test.http));
    stop();
}

static void a_stream_that_breaks_off_is_seen_to(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    flush();
    http_stream_end(test.waiting, false);
    flush();
    assert_true(http_finished(&test.http));
    assert_string_equal(test.out + test.out_len - 6, "text\r\n");
    stop();
}

static void a_stream_whose_client_goes_is_told(void **state)
{
    (void)state;
    start();
    rooms = 0;
    test.waits = true;
    say(GET "\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    http_close(&test.http);
    assert_int_equal(rooms, 1);
    assert_true(http_is_gone(test.waiting));
    assert_false(http_stream_piece(test.waiting, "more", 4));
    http_stream_end(test.waiting, false);
    assert_int_equal(test.shared.outstanding, 0);
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), 0);
}

static void a_stream_without_room_can_be_refused(void **state)
{

    (void)state;
    crowd(GUEST_ANSWERS, 1000);
    start();
    test.waits = true;
    say(GET "\r\n");
    assert_false(http_stream(test.waiting, 200, NULL, on_room));
    http_reply(test.waiting, 503, NULL, "later", 5);
    flush();
    assert_non_null(strstr(test.out, "later"));
    stop();
    crowd(GUEST_ANSWERS, 0);
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

/* ---- the cases of others ---- */

/* Feeds a first piece, then pieces of this size, or of pseudorandom sizes up to 64
 * when it is 0. */
static void run_split(const unsigned char *raw, size_t len, size_t first, size_t piece, char *ret_text, size_t size)
{
    const char *bytes = (const char *)raw;
    uint32_t random = (uint32_t)(test_seed() + first);
    size_t at = first;

    start();
    if (first > 0)
        feed(bytes, first);
    while (at < len && !http_finished(&test.http)) {
        size_t want = piece;

        if (piece == 0) {
            random = random * 1664525 + 1013904223;
            want = 1 + (random >> 26);
        }
        if (want > len - at)
            want = len - at;
        feed(bytes + at, want);
        at += want;
    }
    outcome(ret_text, size);
    stop();
}

static void check_case(const char *id, const char *consensus, unsigned max_served, const unsigned char *raw, size_t len)
{
    char whole[200], split[200];
    unsigned served;
    bool refused;

    run_split(raw, len, 0, len, whole, sizeof(whole));
    served = test.served;
    refused = strstr(whole, "detail") != NULL;
    /* CONNECT is well formed, so these cases want it accepted; here no method may open a tunnel. */
    if (strcmp(consensus, "accept") == 0 && !strstr(whole, "\"connect\"") && served == 0)
        fail_msg("%s should be accepted: %s", id, whole);
    if (strcmp(consensus, "reject") == 0 && !refused)
        fail_msg("%s should be refused: %s", id, whole);
    if (served > max_served)
        fail_msg("%s: %u served, at most %u allowed: %s", id, served, max_served, whole);
    run_split(raw, len, 0, 1, split, sizeof(split));
    if (strcmp(whole, split) != 0)
        fail_msg("%s byte by byte: %s, whole: %s", id, split, whole);
    for (size_t first = 1; first < len; first++) {
        run_split(raw, len, first, len - first, split, sizeof(split));
        if (strcmp(whole, split) != 0)
            fail_msg("%s in two at %zu: %s, whole: %s", id, first, split, whole);
        if (first > 50)
            continue;
        run_split(raw, len, first, 0, split, sizeof(split));
        if (strcmp(whole, split) != 0)
            fail_msg("%s at random after %zu: %s, whole: %s", id, first, split, whole);
    }
}

static void the_cases_of_other_servers_have_the_same_outcome_however_they_are_split(void **state)
{
    const char *name = getenv("HTTP1_CASES");
    FILE *file = fopen(name ? name : "tests/data/http1-cases.jsonl", "r");
    unsigned char raw[32768];
    char *line = NULL;
    size_t size = 0, len;
    unsigned cases = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        json_t *json = json_loads(line, 0, NULL);
        const char *raw_b64 = json_string_value(json_object_get(json, "raw_b64"));

        assert_non_null(raw_b64);
        assert_int_equal(mbedtls_base64_decode(raw, sizeof(raw), &len, (const unsigned char *)raw_b64, strlen(raw_b64)),
                         0);
        check_case(json_string_value(json_object_get(json, "id")),
                   json_string_value(json_object_get(json, "consensus")),
                   (unsigned)json_integer_value(json_object_get(json, "max_served")), raw, len);
        json_decref(json);
        cases++;
    }
    free(line);
    fclose(file);
    assert_true(cases > 100);
}

static int set_up(void **state)
{
    (void)state;
    log_init("http_test", LOG_ERROR);
    return http_shared_init(&test.shared, &app, NULL, 0, wake);
}

static int tear_down(void **state)
{
    (void)state;
    http_shared_done(&test.shared);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_policy_holds_however_the_bytes_are_split),
        cmocka_unit_test(a_nul_byte_anywhere_in_a_head_is_refused),
        cmocka_unit_test(more_fields_than_allowed_are_refused),
        cmocka_unit_test(nothing_behind_a_refused_request_is_served),
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
        cmocka_unit_test(a_body_for_which_there_is_no_room_is_refused_at_its_head),
        cmocka_unit_test(one_guest_gets_no_more_than_her_share_of_the_memory_for_bodies),
        cmocka_unit_test(requests_that_do_not_come_at_once_take_room_too),
        cmocka_unit_test(an_answer_without_room_can_be_refused_and_one_that_must_be_is_given),
        cmocka_unit_test(what_is_sent_ahead_without_room_ends_the_connection_after_its_answers),
        cmocka_unit_test(a_stream_comes_in_pieces_of_which_one_is_in_memory),
        cmocka_unit_test(a_stream_to_http_1_0_ends_with_its_connection),
        cmocka_unit_test(a_stream_that_breaks_off_is_seen_to),
        cmocka_unit_test(a_stream_whose_client_goes_is_told),
        cmocka_unit_test(a_stream_without_room_can_be_refused),
        cmocka_unit_test(fields_are_found_by_name_whatever_their_case),
        cmocka_unit_test(the_cases_of_other_servers_have_the_same_outcome_however_they_are_split),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
