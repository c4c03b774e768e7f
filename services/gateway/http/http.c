#include "services/gateway/http/http.h"

#include <time.h>

#include "common/base/limits.h"
#include "services/gateway/http/reply.h"

#define OUT_HIGH    ((size_t)64 << 10) /* unsent bytes after which no further request is begun */
#define PROBLEM_MAX 2048
#define SPARE_MAX   1024 /* requests kept for reuse */

/* ---- what the connections of a worker share ---- */

void http_shared_init(struct http_shared *shared, const struct http_app *app, void *context, int worker,
                      void (*wake)(struct http *http))
{
    memset(shared, 0, sizeof(*shared));
    shared->app = app;
    shared->context = context;
    shared->worker = worker;
    shared->wake = wake;
    clock_real(&shared->clock);
    pool_init(&shared->ahead, HTTP_AHEAD, 16);
    pool_init(&shared->blocks, HTTP_BLOCK, 1024);
    http_shared_tick(shared);
}

void http_shared_done(struct http_shared *shared)
{
    while (shared->spare) {
        struct http_request *request = shared->spare;

        shared->spare = request->next;
        arena_done(&request->arena);
        free(request);
    }
    pool_done(&shared->ahead);
    pool_done(&shared->blocks);
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

static struct http_request *request_new(struct http *http)
{
    struct http_shared *shared = http->shared;
    struct http_request *request = shared->spare;

    if (request) {
        shared->spare = request->next;
        shared->spare_count--;
    } else {
        request = malloc(sizeof(*request));
        if (!request)
            return NULL;
        arena_init(&request->arena, LIMIT_REQUEST_ARENA);
    }
    request->user = NULL;
    request->body_memory = NULL;
    request->body_size = 0;
    request->body_len = 0;
    request->http = http;
    request->shared = shared;
    request->worker = shared->worker;
    request->received_ns = clock_monotonic_ns();
    head_init(&request->head);
    return request;
}

static void request_free(struct http_request *request)
{
    struct http_shared *shared = request->shared;

    if (request->body_memory) {
        shared->memory -= request->body_size;
        free(request->body_memory);
    }
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

/* Room for len more bytes of the body: behind the head while they fit there. */
static char *body_room(struct http_request *request, size_t len)
{
    size_t want = request->body_len + len, size = request->body_memory ? request->body_size : 4 * HTTP_BLOCK;
    char *memory;

    if (!request->body_memory && want <= sizeof(request->head.bytes) - request->head.len)
        return request->head.bytes + request->head.len + request->body_len;
    if (want <= request->body_size)
        return request->body_memory + request->body_len;
    while (size < want)
        size *= 2;
    if (!reply_take_memory(request->shared, size - request->body_size))
        return NULL;
    memory = realloc(request->body_memory, size);
    if (!memory) {
        request->shared->memory -= size - request->body_size;
        return NULL;
    }
    if (!request->body_memory)
        memcpy(memory, request->head.bytes + request->head.len, request->body_len);
    request->body_memory = memory;
    request->body_size = size;
    return memory + request->body_len;
}

static bool body_add(struct http_request *request, const char *bytes, size_t len)
{
    char *room = len > 0 ? body_room(request, len) : NULL;

    if (!room)
        return len == 0;
    memcpy(room, bytes, len);
    request->body_len += len;
    return true;
}

const char *http_header(const struct http_request *request, const char *name, size_t *ret_len)
{
    return head_field(&request->head, name, ret_len);
}

/* ---- answers ---- */

/* Without memory even for the answer the connection ends. */
static void drop(struct http *http)
{
    http_count(&http->shared->counters.dropped, 1);
    http->phase = HTTP_LAST;
}

static void reply(struct http_request *request, struct reply *answer)
{
    struct http *http = request->http;
    struct http_shared *shared = request->shared;
    const struct head *head = &request->head;

    ensure(shared->outstanding > 0);
    shared->outstanding--;
    if (!http) {
        http_count(&shared->counters.gone, 1);
        request_free(request);
        return;
    }
    ensure(http->request == request && http->phase == HTTP_WAIT);
    if (!answer->headers)
        answer->headers = HTTP_JSON;
    answer->last = !head->keep_alive || shared->draining;
    answer->say_keep_alive = head->minor_version == 0;
    answer->without_body = answer->status == 204 || answer->status == 304 ||
                           (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0);
    http->phase = answer->last ? HTTP_LAST : HTTP_IDLE;
    if (!reply_compose(http, answer))
        drop(http);
    http->request = NULL;
    request_free(request);
    shared->wake(http);
}

void http_reply(struct http_request *request, int status, const char *headers, const void *body, size_t len)
{
    reply(request, &(struct reply){.status = status, .headers = headers, .body = body, .len = len});
}

void http_reply_static(struct http_request *request, int status, const char *headers, const void *body, size_t len)
{
    reply(request, &(struct reply){.status = status, .headers = headers, .body = body, .len = len, .is_static = true});
}

static void refuse(struct http *http, enum refusal refusal)
{
    const struct refusal_kind *kind = &refusal_kinds[refusal];
    struct http_shared *shared = http->shared;
    char body[PROBLEM_MAX];
    struct reply answer = {.status = kind->status, .headers = HTTP_PROBLEM, .body = body, .last = true};

    if (refusal == REFUSAL_CONNECT)
        answer.headers = HTTP_PROBLEM "Allow: GET, HEAD, POST\r\n";
    if (refusal == REFUSAL_OVERLOADED)
        answer.headers = HTTP_PROBLEM "Retry-After: 1\r\n";
    http_count(&shared->counters.refusals[refusal], 1);
    answer.len = shared->app->render(kind->reason, kind->status, kind->name, body, sizeof(body), shared->context);
    ensure(answer.len <= sizeof(body));
    if (http->request)
        request_free(http->request);
    http->request = NULL;
    http->phase = HTTP_LAST;
    if (!reply_compose(http, &answer))
        drop(http);
    shared->wake(http);
}

/* ---- bytes in ---- */

static void deliver(struct http *http)
{
    struct http_request *request = http->request;
    const struct head *head = &request->head;

    request->method = head->bytes;
    request->method_len = head->method_len;
    request->path = head->bytes + head->path;
    request->path_len = head->path_len;
    request->query = head->bytes + head->query;
    request->query_len = head->query_len;
    request->body = request->body_memory ? request->body_memory : head->bytes + head->len;
    request->minor_version = head->minor_version;
    request->secure = http->secure;
    request->inner = http->inner;
    request->client = http->shared->proxies ? proxies_client(http->shared->proxies, head, &http->peer) : http->peer;
    http->phase = HTTP_WAIT;
    http->shared->delivered = true;
    http->shared->outstanding++;
    http_count(&http->shared->counters.requests, 1);
    http->shared->app->on_request(request, http->shared->context);
}

/* The head is complete and good. */
static enum refusal begin_body(struct http *http)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_request *request = http->request;
    char *room;

    if (!request->head.chunked && request->head.content_length == 0) {
        deliver(http);
        return REFUSAL_NONE;
    }
    http->phase = HTTP_BODY;
    if (request->head.chunked)
        chunk_init(&request->chunks, LIMIT_BODY);
    if (request->head.expects_continue) {
        room = reply_room(http, sizeof(go_on) - 1);
        if (!room)
            return REFUSAL_OVERLOADED;
        memcpy(room, go_on, sizeof(go_on) - 1);
        http->out.len += sizeof(go_on) - 1;
        http->shared->wake(http);
    }
    return REFUSAL_NONE;
}

static enum refusal feed_body(struct http *http, const char *bytes, size_t len, size_t *ret_used)
{
    struct http_request *request = http->request;
    struct chunk_step step;
    enum refusal refusal;

    if (!request->head.chunked) {
        size_t left = (size_t)request->head.content_length - request->body_len;

        *ret_used = len < left ? len : left;
        if (!body_add(request, bytes, *ret_used))
            return REFUSAL_OVERLOADED;
        if (*ret_used == left)
            deliver(http);
        return REFUSAL_NONE;
    }
    refusal = chunk_feed(&request->chunks, bytes, len, &step);
    *ret_used = step.used;
    if (refusal)
        return refusal;
    if (!body_add(request, step.data, step.data_len))
        return REFUSAL_OVERLOADED;
    if (step.end)
        deliver(http);
    return REFUSAL_NONE;
}

static enum refusal step(struct http *http, const char *bytes, size_t len, size_t *ret_used)
{
    enum refusal refusal;

    *ret_used = 0;
    if (http->phase == HTTP_BODY)
        return feed_body(http, bytes, len, ret_used);
    if (http->phase == HTTP_IDLE) {
        http->request = request_new(http);
        if (!http->request)
            return REFUSAL_OVERLOADED;
        http->phase = HTTP_HEAD;
        http->serial++;
    }
    refusal = head_feed(&http->request->head, bytes, len, ret_used);
    if (!refusal && http->request->head.complete)
        refusal = begin_body(http);
    return refusal;
}

static bool is_sending(const struct http *http)
{
    return http->sending.bytes || http->sending.tail;
}

static bool can_go_on(const struct http *http)
{
    return http->phase < HTTP_WAIT && !is_sending(http) && !http->out.tail && http->out.len < OUT_HIGH;
}

/* Reads requests until the bytes end, or one must be answered first. Returns how
 * many bytes it took. */
static size_t advance(struct http *http, const char *bytes, size_t len)
{
    size_t taken = 0;

    while (taken < len && can_go_on(http)) {
        size_t used;
        enum refusal refusal = step(http, bytes + taken, len - taken, &used);

        taken += used;
        if (refusal)
            refuse(http, refusal);
    }
    return http->phase == HTTP_LAST ? len : taken;
}

void http_feed(struct http *http, const char *bytes, size_t len)
{
    size_t taken = 0;

    http_count(&http->shared->counters.bytes_in, len);
    if (http->phase == HTTP_LAST)
        return;
    if (http->ahead_len == 0)
        taken = advance(http, bytes, len);
    if (taken == len)
        return;
    if (!http->ahead)
        http->ahead = pool_take(&http->shared->ahead);
    if (!http->ahead || len - taken > HTTP_AHEAD - http->ahead_len) {
        if (http->phase != HTTP_WAIT)
            drop(http);
        else
            http->eof = true;
        return;
    }
    memcpy(http->ahead + http->ahead_len, bytes + taken, len - taken);
    http->ahead_len += len - taken;
}

void http_resume(struct http *http)
{
    size_t taken;

    if (http->ahead_len == 0 || (!can_go_on(http) && http->phase != HTTP_LAST))
        return;
    taken = advance(http, http->ahead, http->ahead_len);
    http->ahead_len -= taken;
    memmove(http->ahead, http->ahead + taken, http->ahead_len);
    if (http->ahead_len == 0) {
        pool_give(&http->shared->ahead, http->ahead);
        http->ahead = NULL;
    }
}

void http_eof(struct http *http)
{
    http->eof = true;
}

void http_timeout(struct http *http)
{
    if (http->phase == HTTP_HEAD || http->phase == HTTP_BODY)
        refuse(http, REFUSAL_TIMEOUT);
}

bool http_wants_bytes(const struct http *http)
{
    return http->ahead_len == 0 && !http->eof;
}

bool http_finished(const struct http *http)
{
    return http->phase == HTTP_LAST || (http->eof && http->phase != HTTP_WAIT && http->ahead_len == 0);
}

/* ---- bytes out ---- */

unsigned http_output(struct http *http, struct http_piece ret_pieces[2])
{
    const struct http_out *sending = &http->sending;
    unsigned count = 0;

    if (!is_sending(http)) {
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
    if (sending->tail_len == 0)
        reply_free(http->shared, sending);
}

/* ---- the connection's life ---- */

void http_open(struct http *http, struct http_shared *shared, const struct address *peer, bool secure)
{
    memset(http, 0, sizeof(*http));
    http->shared = shared;
    http->secure = secure;
    http->peer = *peer;
}

void http_close(struct http *http)
{
    if (http->request && http->phase == HTTP_WAIT)
        http->request->http = NULL;
    else if (http->request)
        request_free(http->request);
    http->request = NULL;
    http->phase = HTTP_LAST;
    reply_free(http->shared, &http->out);
    reply_free(http->shared, &http->sending);
    pool_give(&http->shared->ahead, http->ahead);
    http->ahead = NULL;
    http->ahead_len = 0;
}
