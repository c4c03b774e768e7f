/* http_fixture.h: a connection in memory and an application behind it. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/base/log.h"
#include "services/gateway/http/http.h"

/* A connection whose output gathers in text, with an application that answers
 * with the method, the path and the body at once, unless told to wait. */
static struct {
    struct http_shared shared;
    struct http http;
    bool waits;
    struct http_request *waiting;
    unsigned served;
    size_t crowd[GUEST_POOLS]; /* held by others */
    char out[1 << 21];
    size_t out_len;
} test;

static inline void answer(struct http_request *request)
{
    char body[4096];
    int len = snprintf(body, sizeof(body), "%.*s %.*s?%.*s %.*s", (int)request->method_len, request->method,
                       (int)request->path_len, request->path, (int)request->query_len, request->query,
                       (int)(request->body_len < 99 ? request->body_len : 99), request->body);

    http_reply(request, 200, NULL, body, (size_t)len < sizeof(body) ? (size_t)len : sizeof(body) - 1);
}

static inline void on_request(struct http_request *request, void *context)
{
    (void)context;
    test.served++;
    if (test.waits)
        test.waiting = request;
    else if (request->path_len == 7 && memcmp(request->path, "/static", 7) == 0)
        http_reply_static(request, 200, NULL, "not ours", 8);
    else
        answer(request);
}

static inline size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    (void)context;
    (void)reason;
    return (size_t)snprintf(ret_body, size, "{\"status\":%d,\"detail\":\"%s\"}", status, detail);
}

static inline void wake(struct http *http)
{
    (void)http;
}

/* Refuses by its head what is sent to /no. */
static inline bool on_head(struct http_request *request, void *context)
{
    (void)context;
    if (request->path_len != 3 || memcmp(request->path, "/no", 3) != 0)
        return true;
    http_reply(request, 401, NULL, "no", 2);
    return false;
}

static const struct http_app app = {on_head, on_request, render};

static inline void start(void)
{
    struct address peer;

    assert_true(address_read("192.0.2.1", 9, &peer));
    assert_true(http_open(&test.http, &test.shared, &peer, false));
    test.waits = false;
    test.served = 0;
    test.out_len = 0;
    test.out[0] = '\0';
}

static inline void flush(void)
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
static inline void feed(const char *bytes, size_t len)
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

static inline void say(const char *text)
{
    feed(text, strlen(text));
}

static inline void stop(void)
{
    http_close(&test.http);
    for (int pool = 0; pool < GUEST_POOLS; pool++)
        assert_int_equal(guests_held(&test.shared.guests, pool), test.crowd[pool]);
    assert_int_equal(test.shared.outstanding, 0);
}

#define GET       "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST      "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED   POST "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT_10   "0123456789"
#define TEXT_100  TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10
#define TEXT_1000 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100
#define TEXT_4000 TEXT_1000 TEXT_1000 TEXT_1000 TEXT_1000

/* Lets others hold a pool but for so many bytes, 0 for none of it. */
static inline void crowd(enum guest_pool pool, size_t left)
{
    test.crowd[pool] = left ? (size_t)(pool == GUEST_BODIES ? LIMIT_BODIES : LIMIT_ANSWERS) - left : 0;
    test.shared.guests.held[pool] = test.crowd[pool];
}

static inline int set_up(void **state)
{
    (void)state;
    log_init("http_test", LOG_ERROR);
    return http_shared_init(&test.shared, &app, NULL, 0, wake);
}

static inline int tear_down(void **state)
{
    (void)state;
    http_shared_done(&test.shared);
    return 0;
}
