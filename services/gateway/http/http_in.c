/* http_in.c: requests as their bytes come in. */
#include "common/base/limits.h"
#include "services/gateway/http/reply.h"

#define OUT_HIGH    ((size_t)64 << 10) /* unsent bytes after which no further request is begun */
#define PROBLEM_MAX 2048

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
        arena_init_small(&request->arena, LIMIT_REQUEST_ARENA);
    }
    request->user = NULL;
    request->guest = request->slow = NULL;
    request->body_memory = NULL;
    request->body_size = 0;
    request->body_len = 0;
    request->on_room = NULL;
    request->waits = false;
    request->window = 0;
    request->http = http;
    request->shared = shared;
    request->worker = shared->worker;
    request->received_ns = clock_monotonic_ns();
    head_init(&request->head);
    return request;
}

/* Memory for a body of size bytes, beyond what fits behind the head. */
static bool body_grow(struct http_request *request, size_t size)
{
    struct guests *guests = &request->shared->guests;
    size_t more = size - request->body_size;
    char *memory = NULL;

    if (guests_charge(guests, request->guest, GUEST_BODIES, more)) {
        memory = realloc(request->body_memory, size);
        if (!memory)
            guests_uncharge(guests, request->guest, GUEST_BODIES, more);
    }
    if (!memory) {
        http_count(&request->shared->counters.no_room, 1);
        return false;
    }
    if (!request->body_memory)
        memcpy(memory, request->head.bytes + request->head.len, request->body_len);
    request->body_memory = memory;
    request->body_size = size;
    return true;
}

static size_t room_behind_head(const struct http_request *request)
{
    return sizeof(request->head.bytes) - request->head.len;
}

/* Room for len more bytes of the body. One that comes in chunks grows by doubling; what is known of its length
 * has been taken at the head. */
static char *body_room(struct http_request *request, size_t len)
{
    size_t want = request->body_len + len, size = request->body_memory ? request->body_size : 4 * HTTP_BLOCK;

    if (!request->body_memory && want <= room_behind_head(request))
        return request->head.bytes + request->head.len + request->body_len;
    while (size < want)
        size *= 2;
    if (want > request->body_size && !body_grow(request, size))
        return NULL;
    return request->body_memory + request->body_len;
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
        http_request_free(http->request);
    http->request = NULL;
    http->phase = HTTP_LAST;
    /* Behind a body that is not ours nothing can be put: the connection ends with it. */
    if (!http->out.tail && !reply_compose(http, http->guest, &answer, true))
        http_last_words(http);
    shared->wake(http);
}

/* ---- bytes in ---- */

static void deliver(struct http *http)
{
    struct http_request *request = http->request;
    const struct head *head = &request->head;

    request->body = request->body_memory ? request->body_memory : head->bytes + head->len;
    http->phase = HTTP_WAIT;
    http->shared->delivered = true;
    http->shared->outstanding++;
    http_count(&http->shared->counters.requests, 1);
    http->shared->app->on_request(request, http->shared->context);
}

/* What is known of a request once its head is complete and good. */
static bool read_head(struct http *http)
{
    struct http_shared *shared = http->shared;
    struct http_request *request = http->request;
    const struct head *head = &request->head;

    request->method = head->bytes;
    request->method_len = head->method_len;
    request->path = head->bytes + head->path;
    request->path_len = head->path_len;
    request->query = head->bytes + head->query;
    request->query_len = head->query_len;
    request->minor_version = head->minor_version;
    request->secure = http->secure;
    request->inner = http->inner;
    request->client = shared->proxies ? proxies_client(shared->proxies, head, &http->peer) : http->peer;
    if (memcmp(&request->client, &http->peer, sizeof(http->peer)) == 0)
        request->guest = guests_share(http->guest);
    else
        request->guest = guests_take(&shared->guests, address_key(&request->client));
    return request->guest != NULL;
}

static enum refusal tell_to_go_on(struct http *http)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char *room = reply_room(http, http->guest, sizeof(go_on) - 1, true);

    if (!room)
        return REFUSAL_OVERLOADED;
    memcpy(room, go_on, sizeof(go_on) - 1);
    http->out.len += sizeof(go_on) - 1;
    http->shared->wake(http);
    return REFUSAL_NONE;
}

/* The head is complete and good. Who is to be refused for what it says is refused now, and who may send a body has
 * room for it. */
static enum refusal begin_body(struct http *http)
{
    struct http_shared *shared = http->shared;
    struct http_request *request = http->request;
    const struct head *head = &request->head;
    size_t len = (size_t)head->content_length;

    if (!read_head(http))
        return REFUSAL_OVERLOADED;
    if (!head->chunked && len == 0) {
        deliver(http);
        return REFUSAL_NONE;
    }
    http->phase = HTTP_BODY;
    shared->outstanding++;
    if (!shared->app->on_head(request, shared->context))
        return REFUSAL_NONE;
    shared->outstanding--;
    if (len > room_behind_head(request) && !body_grow(request, len))
        return REFUSAL_OVERLOADED;
    if (head->chunked)
        chunk_init(&http->chunks, LIMIT_BODY);
    return head->expects_continue ? tell_to_go_on(http) : REFUSAL_NONE;
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
    refusal = chunk_feed(&http->chunks, bytes, len, &step);
    *ret_used = step.used;
    if (refusal)
        return refusal;
    if (!body_add(request, step.data, step.data_len))
        return REFUSAL_OVERLOADED;
    if (step.end)
        deliver(http);
    return REFUSAL_NONE;
}

/* The body of a request that has its answer. */
static void feed_drop(struct http *http, const char *bytes, size_t len, size_t *ret_used)
{
    struct chunk_step step = {.end = false};

    if (http->drop_left > 0) {
        *ret_used = len < http->drop_left ? len : http->drop_left;
        http->drop_left -= *ret_used;
        step.end = http->drop_left == 0;
    } else if (chunk_feed(&http->chunks, bytes, len, &step) == REFUSAL_NONE) {
        *ret_used = step.used;
    } else {
        http->phase = HTTP_LAST;
        http->shared->wake(http);
    }
    if (step.end)
        http->phase = HTTP_IDLE;
}

static enum refusal step(struct http *http, const char *bytes, size_t len, size_t *ret_used)
{
    enum refusal refusal;

    *ret_used = 0;
    if (http->phase == HTTP_BODY)
        return feed_body(http, bytes, len, ret_used);
    if (http->phase == HTTP_DROP) {
        feed_drop(http, bytes, len, ret_used);
        return REFUSAL_NONE;
    }
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

static bool can_go_on(const struct http *http)
{
    return http->phase < HTTP_WAIT && !http_is_sending(http) && !http->out.tail && http->out.len < OUT_HIGH;
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

void http_free_ahead(struct http *http)
{
    struct http_shared *shared = http->shared;

    if (http->ahead_size == HTTP_BLOCK) {
        pool_give(&shared->blocks, http->ahead);
    } else if (http->ahead) {
        guests_uncharge(&shared->guests, http->guest, GUEST_BODIES, http->ahead_size);
        free(http->ahead);
    }
    http->ahead = NULL;
    http->ahead_len = http->ahead_size = 0;
}

/* Keeps bytes for later, behind those that are kept. */
static bool keep_ahead(struct http *http, const char *bytes, size_t len)
{
    struct http_shared *shared = http->shared;
    size_t all = http->ahead_len + len, size = all > HTTP_BLOCK ? all : HTTP_BLOCK;
    char *memory = http->ahead;

    if (all > http->ahead_size) {
        if (size > HTTP_BLOCK && !guests_charge(&shared->guests, http->guest, GUEST_BODIES, size))
            return false;
        memory = size == HTTP_BLOCK ? pool_take(&shared->blocks) : malloc(size);
        if (!memory) {
            guests_uncharge(&shared->guests, http->guest, GUEST_BODIES, size > HTTP_BLOCK ? size : 0);
            return false;
        }
        all = http->ahead_len;
        if (all > 0)
            memcpy(memory, http->ahead, all);
        http_free_ahead(http);
        http->ahead = memory;
        http->ahead_size = size;
        http->ahead_len = all;
    }
    memcpy(memory + http->ahead_len, bytes, len);
    http->ahead_len += len;
    return true;
}

/* A request of which the rest is awaited takes room. */
static void charge_slow(struct http *http)
{
    struct http_shared *shared = http->shared;
    struct http_request *request = http->request;

    if (!request || request->slow || http->phase == HTTP_WAIT)
        return;
    if (guests_charge(&shared->guests, http->guest, GUEST_HEADS, sizeof(*request))) {
        request->slow = guests_share(http->guest);
        return;
    }
    http_count(&shared->counters.no_room, 1);
    http_shed(http);
}

void http_feed(struct http *http, const char *bytes, size_t len)
{
    size_t taken = 0;

    http_count(&http->shared->counters.bytes_in, len);
    if (http->phase == HTTP_LAST)
        return;
    if (http->ahead_len == 0)
        taken = advance(http, bytes, len);
    charge_slow(http);
    if (taken == len || http->phase == HTTP_LAST || keep_ahead(http, bytes + taken, len - taken))
        return;
    http_count(&http->shared->counters.no_room, 1);
    if (http->phase == HTTP_WAIT)
        http->eof = true; /* the connection ends with the answer that is awaited */
    else
        http_shed(http);
}

void http_resume(struct http *http)
{
    size_t taken;

    if (http->ahead_len == 0 || (!can_go_on(http) && http->phase != HTTP_LAST))
        return;
    taken = advance(http, http->ahead, http->ahead_len);
    http->ahead_len -= taken;
    memmove(http->ahead, http->ahead + taken, http->ahead_len);
    if (http->ahead_len == 0)
        http_free_ahead(http);
}

void http_eof(struct http *http)
{
    http->eof = true;
}

void http_timeout(struct http *http)
{
    if (http->phase == HTTP_HEAD || http->phase == HTTP_BODY)
        refuse(http, REFUSAL_TIMEOUT);
    else if (http->phase == HTTP_DROP)
        http->phase = HTTP_LAST;
}

void http_shed(struct http *http)
{
    if (http->phase == HTTP_DROP)
        http->phase = HTTP_LAST;
    else if (http->phase < HTTP_WAIT)
        refuse(http, REFUSAL_OVERLOADED);
}

bool http_wants_bytes(const struct http *http)
{
    return http->ahead_len == 0 && !http->eof;
}

bool http_finished(const struct http *http)
{
    return http->phase == HTTP_LAST || (http->eof && http->phase != HTTP_WAIT && http->ahead_len == 0);
}
