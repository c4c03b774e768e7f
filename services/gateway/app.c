#include "services/gateway/app.h"

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/bus/bus.h"

/* ---- the request's form ---- */

static void trace_of(struct app *app, const struct http_request *request, unsigned char ret_id[16])
{
    size_t len = 0;
    const char *text = http_header(request, "traceparent", &len);

    if (!app_read_trace(text, len, ret_id))
        app_new_trace(app, ret_id);
}

/* ---- the caller ---- */

static int check_token(struct pending *pending)
{
    static const char bearer[] = "Bearer ";
    struct app *app = pending->app;
    int64_t now = clock_now(&app->clock);
    size_t len;
    const char *value = http_header(pending->request, "authorization", &len);
    int reason;

    if (!value)
        return RPC__REASON__MISSING_TOKEN;
    if (len < sizeof(bearer) - 1 || strncasecmp(value, bearer, sizeof(bearer) - 1) != 0)
        return RPC__REASON__BAD_TOKEN;
    reason = token_check(app->settings->keys, value + sizeof(bearer) - 1, len - (sizeof(bearer) - 1), now,
                         &pending->request->arena, &pending->principal);
    if (!reason && !app_knows_revocations(app))
        reason = RPC__REASON__SERVICE_DOWN;
    if (!reason)
        reason = revoked_reason(&app->revoked, pending->principal);
    if (reason)
        pending->principal = NULL;
    return reason;
}

/* Refuses a request that comes too soon by so much. */
static void refuse_rate(struct app *app, struct http_request *request, struct pending *pending,
                        const unsigned char trace_id[16], const struct limiter *limiter, int64_t wait_ns)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    Rpc__Fact rate = RPC__FACT__INIT, *facts[] = {&rate};
    char headers[128], number[24];

    snprintf(number, sizeof(number), "%lld", (long long)limiter->rate);
    rate.name = unconst("maxPerSecond");
    rate.value = number;
    answer.facts = facts;
    answer.n_facts = 1;
    answer.reason = RPC__REASON__RATE_LIMITED;
    answer.retry_after_s = (int32_t)(wait_ns / 1000000000 + 1);
    snprintf(headers, sizeof(headers),
             "RateLimit-Policy: \"default\";q=%lld;w=1\r\nRateLimit: \"default\";r=0;t=%d\r\n",
             (long long)limiter->rate, answer.retry_after_s);
    if (pending && pending->match.method)
        app_count(app, pending->match.method, request->received_ns, 429);
    if (pending)
        app_refuse_answer(pending, &answer, headers);
    else
        app_refuse(app, request, &answer, headers, trace_id);
}

bool app_admit(struct app *app, struct http_request *request, struct pending *pending, const unsigned char trace_id[16])
{
    const Rpc__Principal *member = pending ? pending->principal : NULL;
    struct limiter *limiter = member ? &app->settings->members : &app->settings->addresses;
    uint64_t key = member ? (uint64_t)member->member_id : address_key(&request->client);
    int64_t wait_ns = limiter_admit(limiter, key, request->received_ns);

    if (wait_ns > 0)
        refuse_rate(app, request, pending, trace_id, limiter, wait_ns);
    return wait_ns == 0;
}

/* ---- operations ---- */

struct pending *app_pending(struct app *app, struct http_request *request, const struct api_match *match,
                            const unsigned char trace_id[16])
{
    struct pending *pending = arena_alloc(&request->arena, sizeof(*pending));
    ProtobufCMessage *input = match->method ? json_new(match->method->input, &request->arena) : NULL;

    if (!pending || (match->method && !input))
        return NULL;
    *pending = (struct pending){.app = app,
                                .request = request,
                                .match = *match,
                                .query = request->query,
                                .query_len = request->query_len,
                                .call = RPC__CALL__INIT,
                                .input = input,
                                .union_path = ""};
    memcpy(pending->trace_id, trace_id, sizeof(pending->trace_id));
    return pending;
}

bool app_judge(struct pending *pending)
{
    const struct api_method *method = pending->match.method;
    int reason = method->rule->who == RULE__WHO__PUBLIC ? 0 : pending->token;

    if (!reason && !pending->read)
        reason = app_check_form(pending->request, method);
    if (reason)
        app_refuse_pending(pending, reason);
    return !reason;
}

/* All that the head of a batch decides: false when it has been refused for it. What is wrong with its token
 * is for each of its reads. */
static bool judge_batch(struct pending *pending)
{
    struct http_request *request = pending->request;
    const char *more = "";
    int reason = app_batch_form(request, &more);

    if (reason)
        app_refuse_for(pending->app, request, reason, more, pending->trace_id);
    return !reason;
}

void app_operate(struct pending *pending)
{
    struct http_request *request = pending->request;
    bool needs_key = pending->match.method->rule->idempotency == RULE__IDEMPOTENCY__KEY;
    struct json_trouble trouble = {0};
    size_t key_len = 0;

    trouble.reason = app_read_input(pending, &trouble);
    if (!trouble.reason)
        trouble.reason = app_read_client(request, pending->device, &pending->client);
    pending->call.client = &pending->client;
    if (!trouble.reason && !pending->read)
        trouble.reason = app_read_key(request, needs_key, pending->key, &key_len);
    pending->call.idempotency_key = (ProtobufCBinaryData){key_len, pending->key};
    if (trouble.reason)
        app_refuse_input(pending, &trouble);
    else
        app_send(pending);
}

/* ---- what the gateway answers itself ---- */

static bool is(const struct http_request *request, const char *path)
{
    size_t len = strlen(path);

    return request->path_len == len && memcmp(request->path, path, len) == 0;
}

static bool is_read(const struct http_request *request)
{
    return (request->method_len == 3 && memcmp(request->method, "GET", 3) == 0) ||
           (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0);
}

/* Why a request for what the gateway answers itself is refused by its form; 0: it is good. */
static int own_refusal(const struct http_request *request)
{
    if (!is_read(request))
        return RPC__REASON__METHOD_NOT_ALLOWED;
    if (request->query_len)
        return RPC__REASON__UNKNOWN_FIELD;
    return request->head.chunked || request->head.content_length > 0 ? RPC__REASON__BAD_REQUEST : 0;
}

static bool refuse_own(struct app *app, struct http_request *request, const unsigned char trace_id[16])
{
    int reason = own_refusal(request);

    if (reason)
        app_refuse_for(app, request, reason, reason == RPC__REASON__METHOD_NOT_ALLOWED ? "Allow: GET, HEAD\r\n" : "",
                       trace_id);
    return reason != 0;
}

/* What watches the gateway may ask as often as it likes. */
static bool answer_health(struct app *app, struct http_request *request, const unsigned char trace_id[16])
{
    static const char text[] = "Content-Type: text/plain; charset=utf-8\r\n" HTTP_NO_STORE;
    bool lives = is(request, "/livez"), ready;

    if (!lives && !is(request, "/readyz") && !is(request, "/healthz"))
        return false;
    if (refuse_own(app, request, trace_id))
        return true;
    if (lives) {
        http_reply_static(request, 200, text, "ok\n", 3);
    } else {
        buf_clear(&app->out);
        ready = app_ready(app, &app->out);
        http_reply(request, ready ? 200 : 503, text, app->out.bytes, app->out.len);
    }
    return true;
}

/* What is put together here: the newest signed heads of every journal, for anybody to keep (what somebody has kept
 * shows that a journal was not made anew), or the services that export. */
static void answer_list(struct app *app, struct http_request *request, bool heads, const unsigned char trace_id[16])
{
    buf_clear(&app->out);
    if (heads)
        app_heads(app, &app->out);
    else
        app_exporting(app, &app->out);
    if (app->out.failed)
        http_reply_static(request, 500, HTTP_JSON, "", 0);
    else if (!http_try_reply(request, 200, HTTP_JSON, app->out.bytes, app->out.len))
        app_refuse_for(app, request, RPC__REASON__OVERLOADED, "", trace_id);
}

/* For who runs the gateway, not for the public. */
static bool answer_metrics(struct app *app, struct http_request *request)
{
    static const char metrics[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n" HTTP_NO_STORE;
    struct buf text;

    if (!is(request, "/metrics") || !is_read(request))
        return false;
    buf_init(&text, LIMIT_METRICS);
    app_metrics(app, &text);
    if (text.failed) { /* half of them would look like the whole */
        log_error("metrics_too_long", "limit", log_int(LIMIT_METRICS));
        http_reply_static(request, 500, metrics, "", 0);
    } else {
        http_reply(request, 200, metrics, text.bytes, text.len);
    }
    buf_done(&text);
    return true;
}

/* What means no operation. */
static void answer_other(struct app *app, struct http_request *request, const struct api_match *match,
                         const unsigned char trace_id[16])
{
    bool heads = is(request, "/v1/journal-heads"), document = is(request, "/v1/openapi.json");
    bool exporting = is(request, "/v1/me/data");
    const struct buf *openapi = &app->settings->openapi;
    char allow[128];

    if ((heads || document || exporting) && refuse_own(app, request, trace_id))
        return;
    if (heads || exporting) {
        answer_list(app, request, heads, trace_id);
    } else if (document) {
        http_reply_static(request, 200, HTTP_JSON, openapi->bytes, openapi->len);
    } else if (match->other_methods) {
        snprintf(allow, sizeof(allow), "Allow: %s\r\n", match->allow);
        app_refuse_for(app, request, RPC__REASON__METHOD_NOT_ALLOWED, allow, trace_id);
    } else if (!app->settings->files || !files_serve(app->settings->files, request)) {
        app_refuse_for(app, request, RPC__REASON__ROUTE_NOT_FOUND, "", trace_id);
    }
}

/* Judges a request by its head: an operation's that may go on, or NULL when it has been answered. */
static struct pending *route(struct app *app, struct http_request *request)
{
    unsigned char trace_id[16];
    struct api_match match;
    struct pending *pending;

    trace_of(app, request, trace_id);
    if (answer_health(app, request, trace_id))
        return NULL;
    if (request->inner) {
        if (!answer_metrics(app, request))
            app_refuse_for(app, request, RPC__REASON__ROUTE_NOT_FOUND, "", trace_id);
        return NULL;
    }
    /* HEAD is GET without the body, which http_reply leaves out. */
    if (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0)
        api_route("GET", 3, request->path, request->path_len, &match);
    else
        api_route(request->method, request->method_len, request->path, request->path_len, &match);
    if (!match.method && !app_is_batch(request)) {
        if (app_admit(app, request, NULL, trace_id))
            answer_other(app, request, &match, trace_id);
        return NULL;
    }
    pending = app_pending(app, request, &match, trace_id);
    if (!pending) {
        app_refuse_for(app, request, RPC__REASON__OVERLOADED, "", trace_id);
        return NULL;
    }
    pending->token = check_token(pending);
    if (!app_admit(app, request, pending, trace_id) || !(match.method ? app_judge(pending) : judge_batch(pending)))
        return NULL;
    request->user = pending;
    return pending;
}

static bool on_head(struct http_request *request, void *context)
{
    return route(context, request) != NULL;
}

static void on_request(struct http_request *request, void *context)
{
    struct pending *pending = request->user ? request->user : route(context, request);

    if (pending && pending->match.method)
        app_operate(pending);
    else if (pending)
        app_batch(pending);
}

/* ---- a worker's life ---- */

static void *worker_start(int worker, uv_loop_t *loop, void *settings)
{
    struct app *app = calloc(1, sizeof(*app));

    if (app && app_open(app, settings, worker, loop) == 0)
        return app;
    /* The loop ends when what is open on it has closed, and the process then. */
    bus_leave_open();
    if (app)
        app_close(app);
    log_error("worker_not_started", "worker", log_int(worker));
    return NULL;
}

static void worker_turn(void *context)
{
    app_flush(context);
}

static void worker_stop(void *context)
{
    app_close(context);
}

const struct server_app app_server = {
    .http = {.on_head = on_head, .on_request = on_request, .render = app_render},
    .start = worker_start,
    .turn = worker_turn,
    .stop = worker_stop,
};
