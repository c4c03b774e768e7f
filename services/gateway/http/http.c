#include "services/gateway/http/http.h"

#include <time.h>

#include "common/base/limits.h"
#include "services/gateway/http/reply.h"

#define SPARE_MAX 1024 /* requests kept for reuse */

/* ---- what the connections of a worker share ---- */

int http_shared_init(struct http_shared *shared, const struct http_app *app, void *context, int worker,
                     void (*wake)(struct http *http))
{
    memset(shared, 0, sizeof(*shared));
    shared->app = app;
    shared->context = context;
    shared->worker = worker;
    shared->wake = wake;
    clock_real(&shared->clock);
    pool_init(&shared->blocks, HTTP_BLOCK, 1024);
    http_shared_tick(shared);
    return guests_init(&shared->guests, &shared->clock);
}

void http_shared_done(struct http_shared *shared)
{
    while (shared->spare) {
        struct http_request *request = shared->spare;

        shared->spare = request->next;
        arena_done(&request->arena);
        free(request);
    }
    pool_done(&shared->blocks);
    guests_done(&shared->guests);
}

void http_shared_tick(struct http_shared *shared)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now_s = (time_t)(clock_now(&shared->clock) / 1000);
    struct tm tm;

    if (now_s == shared->date_s)
        return;
    shared->date_s = now_s;
    gmtime_r(&now_s, &tm);
    snprintf(shared->date, sizeof(shared->date), "Date: %.3s, %02u %.3s %04u %02u:%02u:%02u GMT\r\n",
             days + 3 * tm.tm_wday, (unsigned)tm.tm_mday & 63, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour & 63, (unsigned)tm.tm_min & 63,
             (unsigned)tm.tm_sec & 63);
}

void http_count(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/* ---- requests ---- */

void http_request_free(struct http_request *request)
{
    struct http_shared *shared = request->shared;

    if (request->body_memory) {
        guests_uncharge(&shared->guests, request->guest, GUEST_BODIES, request->body_size);
        free(request->body_memory);
    }
    if (request->window > 0)
        guests_uncharge(&shared->guests, request->guest, GUEST_ANSWERS, request->window);
    if (request->slow)
        guests_uncharge(&shared->guests, request->slow, GUEST_HEADS, sizeof(*request));
    guests_give(&shared->guests, request->slow);
    guests_give(&shared->guests, request->guest);
    if (shared->spare_count == SPARE_MAX) {
        arena_done(&request->arena);
        free(request);
        return;
    }
    arena_reset(&request->arena);
    request->next = shared->spare;
    shared->spare = request;
    shared->spare_count++;
}

const char *http_header(const struct http_request *request, const char *name, size_t *ret_len)
{
    return head_field(&request->head, name, ret_len);
}

/* ---- answers ---- */

void http_last_words(struct http *http)
{
    static const char text[] = HTTP_NO_ROOM;

    http_count(&http->shared->counters.dropped, 1);
    http->phase = HTTP_LAST;
    http->out.tail = text;
    http->out.tail_len = sizeof(text) - 1;
}

/* What an answer says by itself, whatever it is. */
static void fill_in(const struct http_request *request, struct reply *answer)
{
    const struct head *head = &request->head;
    bool unread = request->http->phase == HTTP_BODY;

    if (!answer->headers)
        answer->headers = HTTP_JSON;
    /* Whether who waits for a 100 sends the body after this nobody knows. */
    answer->last = !head->keep_alive || request->shared->draining ||
                   (unread && (head->expects_continue || head->content_length > LIMIT_DROP));
    answer->say_keep_alive = head->minor_version == 0;
    answer->without_body = answer->status == 204 || answer->status == 304 ||
                           (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0);
}

/* The request has been answered; the connection goes on, maybe with what is left of its body. */
static void finish(struct http_request *request, bool last)
{
    struct http *http = request->http;
    const struct head *head = &request->head;

    if (last) {
        http->phase = HTTP_LAST;
    } else if (http->phase == HTTP_BODY) {
        http->phase = HTTP_DROP;
        http->drop_left = (size_t)head->content_length;
        if (head->chunked)
            chunk_init(&http->chunks, LIMIT_DROP);
    } else {
        http->phase = HTTP_IDLE;
    }
    http->request = NULL;
    http->shared->wake(http);
    http_request_free(request);
}

static bool reply(struct http_request *request, struct reply *answer, bool must)
{
    struct http *http = request->http;
    struct http_shared *shared = request->shared;

    ensure(shared->outstanding > 0);
    if (!http) {
        shared->outstanding--;
        http_count(&shared->counters.gone, 1);
        http_request_free(request);
        return true;
    }
    ensure(http->request == request && (http->phase == HTTP_WAIT || http->phase == HTTP_BODY));
    fill_in(request, answer);
    if (!reply_compose(http, request->guest, answer, false)) {
        http_count(&shared->counters.no_room, 1);
        if (!must)
            return false;
        answer->last = true;
        if (!reply_compose(http, request->guest, answer, true))
            http_last_words(http);
    }
    shared->outstanding--;
    finish(request, answer->last);
    return true;
}

void http_reply(struct http_request *request, int status, const char *headers, const void *body, size_t len)
{
    reply(request, &(struct reply){.status = status, .headers = headers, .body = body, .len = len}, true);
}

bool http_try_reply(struct http_request *request, int status, const char *headers, const void *body, size_t len)
{
    return reply(request, &(struct reply){.status = status, .headers = headers, .body = body, .len = len}, false);
}

void http_reply_static(struct http_request *request, int status, const char *headers, const void *body, size_t len)
{
    reply(request, &(struct reply){.status = status, .headers = headers, .body = body, .len = len, .is_static = true},
          true);
}

bool http_hold(struct http_request *request, size_t size)
{
    struct http_shared *shared = request->shared;

    if (!guests_charge(&shared->guests, request->guest, GUEST_ANSWERS, size)) {
        http_count(&shared->counters.no_room, 1);
        return false;
    }
    request->window += size;
    return true;
}

/* ---- streams ---- */

/* Without memory at all the connection ends, and the stream's client is gone. */
static void break_off(struct http *http)
{
    http_count(&http->shared->counters.dropped, 1);
    http->phase = HTTP_LAST;
    http->request->http = NULL;
    http->request = NULL;
    http->shared->wake(http);
}

bool http_stream(struct http_request *request, int status, const char *headers,
                 void (*on_room)(struct http_request *request))
{
    struct http *http = request->http;
    struct http_shared *shared = request->shared;
    struct reply answer = {.status = status, .headers = headers, .is_stream = true};

    request->on_room = on_room;
    if (!http)
        return true;
    ensure(http->request == request && http->phase == HTTP_WAIT);
    if (!http_hold(request, HTTP_WINDOW))
        return false;
    fill_in(request, &answer);
    answer.is_chunked = request->minor_version == 1;
    answer.last = request->last = answer.last || !answer.is_chunked;
    if (!reply_compose(http, NULL, &answer, true))
        break_off(http);
    else
        shared->wake(http);
    return true;
}

/* Adds bytes in the chunked coding, where the client knows it; none is the end. */
static bool add_chunk(struct http_request *request, const void *bytes, size_t len)
{
    struct http *http = request->http;
    char *room = reply_room(http, NULL, len + 32, true), *to = room;

    if (!room)
        return false;
    if (request->minor_version == 1)
        to += snprintf(to, 16, "%zx\r\n", len);
    if (len > 0)
        to = mempcpy(to, bytes, len);
    if (request->minor_version == 1)
        to = mempcpy(to, "\r\n", 2);
    http->out.len += (size_t)(to - room);
    return true;
}

bool http_stream_piece(struct http_request *request, const void *bytes, size_t len)
{
    ensure(request->on_room && !request->waits && len > 0 && len <= LIMIT_PART);
    if (request->http && !add_chunk(request, bytes, len))
        break_off(request->http);
    if (!request->http)
        return false;
    request->waits = true;
    request->shared->wake(request->http);
    return true;
}

/* Called for the next piece, or to hear that nobody waits for one. */
static void call_for_more(struct http_request *request)
{
    request->waits = false;
    request->shared->delivered = true;
    request->on_room(request);
}

void http_stream_end(struct http_request *request, bool whole)
{
    struct http *http = request->http;
    struct http_shared *shared = request->shared;
    bool headless = request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0;

    ensure(request->on_room && shared->outstanding > 0);
    shared->outstanding--;
    request->waits = false;
    if (http && whole && !headless && !add_chunk(request, NULL, 0)) {
        break_off(http);
        http = NULL;
    }
    if (!http) {
        http_count(&shared->counters.gone, 1);
        http_request_free(request);
        return;
    }
    /* What is not sent yet stays charged to who asked for it. */
    if (http->out.bytes && !http->out.guest)
        http->out.guest = guests_share(request->guest);
    if (http->out.bytes && http->out.guest == request->guest) {
        http->out.charge += request->window;
        request->window = 0;
    }
    finish(request, request->last || !whole || shared->draining);
}

bool http_is_gone(const struct http_request *request)
{
    return !request->http;
}

/* ---- bytes out ---- */

unsigned http_output(struct http *http, struct http_piece ret_pieces[2])
{
    const struct http_out *sending = &http->sending;
    unsigned count = 0;

    if (!http_is_sending(http)) {
        http->sending = http->out;
        http->sent = 0;
        http->out = (struct http_out){0};
    }
    if (sending->len > http->sent)
        ret_pieces[count++] = (struct http_piece){sending->bytes + http->sent, sending->len - http->sent};
    if (sending->tail_len > 0)
        ret_pieces[count++] = (struct http_piece){sending->tail, sending->tail_len};
    return count;
}

void http_sent(struct http *http, size_t len)
{
    struct http_out *sending = &http->sending;
    size_t own = sending->len - http->sent;

    http_count(&http->shared->counters.bytes_out, len);
    if (len < own) {
        http->sent += len;
        return;
    }
    http->sent = sending->len;
    len -= own;
    ensure(len <= sending->tail_len);
    sending->tail += len;
    sending->tail_len -= len;
    if (sending->tail_len > 0)
        return;
    reply_free(http->shared, sending);
    if (http->out.len == 0 && http->request && http->request->waits)
        call_for_more(http->request);
}

/* ---- the connection's life ---- */

bool http_open(struct http *http, struct http_shared *shared, const struct address *peer, bool secure)
{
    memset(http, 0, sizeof(*http));
    http->shared = shared;
    http->secure = secure;
    http->peer = *peer;
    http->guest = guests_take(&shared->guests, address_key(peer));
    return http->guest != NULL;
}

void http_close(struct http *http)
{
    struct http_request *request = http->request;

    if (!http->guest)
        return;
    http->request = NULL;
    reply_free(http->shared, &http->out);
    reply_free(http->shared, &http->sending);
    http_free_ahead(http);
    if (request && http->phase == HTTP_WAIT) {
        request->http = NULL;
        if (request->waits)
            call_for_more(request);
    } else if (request) {
        http_request_free(request);
    }
    http->phase = HTTP_LAST;
    guests_give(&http->shared->guests, http->guest);
    http->guest = NULL;
}
