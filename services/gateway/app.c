#include "services/gateway/app.h"

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/api/problem.h"

#define LOGGED_PER_SECOND 50
#define HEADERS_SIZE      512

/* What is kept of a request while its call is out; in the request's arena. */
struct pending {
    struct app *app;
    struct http_request *request;
    const struct api_method *method;
    unsigned char trace_id[16];
    unsigned char key[16];
    Rpc__Principal *principal;
    Rpc__Call call;
    /* Of an operation that answers with media */
    ProtobufCMessage *input;
    struct buf body;
    char file_name[64];
};

/* ---- answers ---- */

static void count_answer(struct app *app, const struct pending *pending, int status)
{
    static const int64_t bounds_ms[APP_BUCKETS] = {1, 2, 5, 10, 25, 100, 500, 2500};
    struct app_counts *counts = app_counts_of(app->settings, app->worker, pending->method);
    int64_t took = clock_monotonic_ns() - pending->request->received_ns;
    unsigned bucket = 0;

    while (bucket < APP_BUCKETS && took > bounds_ms[bucket] * 1000000)
        bucket++;
    http_count(&counts->buckets[bucket], 1);
    http_count(&counts->outcomes[status / 100 % 6], 1);
    http_count(&counts->total_ns, (uint64_t)took);
}

/* Refusals are logged once each, whoever found them, but a flood of them does not
 * become a flood of lines. */
static void log_refusal(struct app *app, const struct api_reason *reason, const unsigned char trace_id[16])
{
    int64_t second = clock_now(&app->clock) / 1000;

    if (second != app->log_second) {
        if (app->log_dropped)
            log_info("refusals_not_logged", "count", log_int((int64_t)app->log_dropped));
        app->log_second = second;
        app->logged = 0;
        app->log_dropped = 0;
    }
    if (app->logged >= LOGGED_PER_SECOND) {
        app->log_dropped++;
        return;
    }
    app->logged++;
    log_info("refused", "reason", reason->name, "status", log_int(reason->http), "trace_id", log_trace(trace_id));
}

#define HEAD_JSON    HTTP_JSON "traceparent: 00-"
#define HEAD_PROBLEM HTTP_PROBLEM "traceparent: 00-"

/* The lines every answer of an operation has, then what this one has besides. */
static void write_headers(char ret[HEADERS_SIZE], const char *head, size_t head_len, const unsigned char trace_id[16],
                          const char *more)
{
    const char *trace = log_trace(trace_id);
    size_t len = strlen(more);
    char *p = ret;

    ensure(head_len + 32 + 1 + 16 + 5 + len < HEADERS_SIZE);
    p = mempcpy(p, head, head_len);
    p = mempcpy(p, trace, 32);
    *p++ = '-';
    p = mempcpy(p, trace, 16); /* our span is named after the trace's beginning */
    p = mempcpy(p, "-01\r\n", 5);
    p = mempcpy(p, more, len);
    *p = '\0';
}

/* Answers with a refusal; more is further header lines, or "". */
static void refuse_with(struct app *app, struct http_request *request, const Rpc__Answer *answer, const char *more,
                        const unsigned char trace_id[16])
{
    char headers[HEADERS_SIZE], lines[256] = "";
    int status;

    buf_clear(&app->out);
    status = problem_encode(&app->out, answer, NULL, trace_id);
    log_refusal(app, api_reason(answer->reason), trace_id);
    if (answer->retry_after_s > 0)
        snprintf(lines, sizeof(lines), "Retry-After: %d\r\n%s", answer->retry_after_s, more);
    else
        snprintf(lines, sizeof(lines), "%s%s", status == 401 ? "WWW-Authenticate: Bearer\r\n" : "", more);
    write_headers(headers, HEAD_PROBLEM, sizeof(HEAD_PROBLEM) - 1, trace_id, lines);
    http_reply(request, status, headers, app->out.bytes, app->out.len);
}

/* A refusal of the gateway's own. */
static void refuse(struct app *app, struct http_request *request, int reason, const char *field, const char *more,
                   const unsigned char trace_id[16])
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    if (field)
        answer.field = unconst(field);
    if (reason == RPC__REASON__OVERLOADED || reason == RPC__REASON__SERVICE_DOWN ||
        reason == RPC__REASON__OUTCOME_UNKNOWN)
        answer.retry_after_s = 1;
    refuse_with(app, request, &answer, more, trace_id);
}

static void new_trace(struct app *app, unsigned char ret_id[16])
{
    app->trace_count++;
    memcpy(ret_id, &app->trace_prefix, 8);
    memcpy(ret_id + 8, &app->trace_count, 8);
}

static size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    struct app *app = context;
    Rpc__Answer answer = RPC__ANSWER__INIT;
    unsigned char trace_id[16];

    (void)status;
    answer.reason = reason;
    buf_clear(&app->out);
    new_trace(app, trace_id);
    problem_encode(&app->out, &answer, detail, trace_id);
    log_refusal(app, api_reason(reason), trace_id);
    if (app->out.failed || app->out.len > size)
        return 0;
    memcpy(ret_body, app->out.bytes, app->out.len);
    return app->out.len;
}

static void refuse_pending(struct pending *pending, int reason, const char *field)
{
    count_answer(pending->app, pending, api_reason(reason)->http);
    refuse(pending->app, pending->request, reason, field, "", pending->trace_id);
}

/* What the request says cannot be taken. */
static void refuse_input(struct pending *pending, const struct json_trouble *trouble)
{
    struct json_refusal refusal;

    json_refuse(trouble, &refusal);
    count_answer(pending->app, pending, api_reason(trouble->reason)->http);
    refuse_with(pending->app, pending->request, &refusal.answer, "", pending->trace_id);
}

static void send_call(struct pending *pending);

/* A name that needs no quoting, else none. */
static void note_file_name(struct pending *pending, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (*name && strspn(name, allowed) == strlen(name))
        snprintf(pending->file_name, sizeof(pending->file_name), "%s", name);
}

static void reply_media(struct pending *pending)
{
    char head[256], lines[128] = "", headers[HEADERS_SIZE];
    int len = snprintf(head, sizeof(head), "Content-Type: %s\r\n" HTTP_NO_STORE "traceparent: 00-",
                       pending->method->rule->media);

    ensure(len > 0 && (size_t)len < sizeof(head));
    if (*pending->file_name)
        snprintf(lines, sizeof(lines), "Content-Disposition: attachment; filename=\"%s\"\r\n", pending->file_name);
    count_answer(pending->app, pending, 200);
    write_headers(headers, head, (size_t)len, pending->trace_id, lines);
    http_reply(pending->request, 200, headers, pending->body.bytes, pending->body.len);
}

static bool begin_media(struct pending *pending)
{
    if (pending->app->n_media == LIMIT_MEDIA_OUT)
        return false;
    pending->app->n_media++;
    buf_init(&pending->body, LIMIT_MEDIA);
    return true;
}

static void end_media(struct pending *pending)
{
    buf_done(&pending->body);
    pending->app->n_media--;
}

/* One piece of a body is there: the next is asked for, or the whole sent. */
static void on_part(void *arg, const Rpc__Answer *answer)
{
    struct pending *pending = arg;
    struct app *app = pending->app;
    Rpc__Part *part = NULL;
    int32_t *at = api_part(pending->method, pending->input);

    if (answer->reason) {
        end_media(pending);
        count_answer(app, pending, api_reason(answer->reason)->http);
        refuse_with(app, pending->request, answer, "", pending->trace_id);
        return;
    }
    part = rpc__part__unpack(NULL, answer->output.len, answer->output.data);
    if (part)
        buf_add(&pending->body, part->body.data, part->body.len);
    if (!part || pending->body.failed || (part->next && part->next <= *at)) {
        rpc__part__free_unpacked(part, NULL);
        end_media(pending);
        refuse_pending(pending, RPC__REASON__INTERNAL, NULL);
        return;
    }
    note_file_name(pending, part->file_name);
    *at = part->next;
    rpc__part__free_unpacked(part, NULL);
    if (*at) {
        send_call(pending);
        return;
    }
    reply_media(pending);
    end_media(pending);
}

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct pending *pending = arg;
    struct app *app = pending->app;
    const struct api_method *method = pending->method;
    ProtobufCMessage *output = NULL;
    char headers[HEADERS_SIZE];

    if (answer->reason) {
        count_answer(app, pending, api_reason(answer->reason)->http);
        refuse_with(app, pending->request, answer, "", pending->trace_id);
        return;
    }
    output = protobuf_c_message_unpack(method->output->descriptor, &pending->request->arena.allocator,
                                       answer->output.len, answer->output.data);
    buf_clear(&app->out);
    if (output)
        json_encode(output, &app->out);
    if (!output || app->out.failed) { /* done, but not to be told */
        refuse_pending(pending, method->writes ? RPC__REASON__OUTCOME_UNKNOWN : RPC__REASON__ANSWER_TOO_LARGE, NULL);
        return;
    }
    count_answer(app, pending, answer->created ? 201 : 200);
    write_headers(headers, HEAD_JSON, sizeof(HEAD_JSON) - 1, pending->trace_id, "");
    http_reply(pending->request, answer->created ? 201 : 200, headers, app->out.bytes, app->out.len);
}

/* ---- the request's form ---- */

static void trace_of(struct app *app, const struct http_request *request, unsigned char ret_id[16])
{
    size_t len = 0;
    const char *text = http_header(request, "traceparent", &len);

    if (!app_read_trace(text, len, ret_id))
        new_trace(app, ret_id);
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

/* Counts a request against its member's rate, or else its address'; pending is NULL when it means no operation.
 * False when it was refused for it. */
static bool admit(struct app *app, struct http_request *request, const struct pending *pending,
                  const unsigned char trace_id[16])
{
    const Rpc__Principal *member = pending ? pending->principal : NULL;
    struct limiter *limiter = member ? &app->settings->members : &app->settings->addresses;
    uint64_t key = member ? (uint64_t)member->member_id : address_key(&request->client);
    int64_t wait_ns = limiter_admit(limiter, key, request->received_ns);
    Rpc__Answer answer = RPC__ANSWER__INIT;
    char headers[128];

    if (wait_ns == 0)
        return true;
    answer.reason = RPC__REASON__RATE_LIMITED;
    answer.retry_after_s = (int32_t)(wait_ns / 1000000000 + 1);
    snprintf(headers, sizeof(headers),
             "RateLimit-Policy: \"default\";q=%lld;w=1\r\nRateLimit: \"default\";r=0;t=%d\r\n",
             (long long)limiter->rate, answer.retry_after_s);
    if (pending)
        count_answer(app, pending, 429);
    refuse_with(app, request, &answer, headers, trace_id);
    return false;
}

/* ---- operations ---- */

/* Ends a request whose call could not be sent. */
static void not_sent(struct pending *pending, int reason)
{
    if (pending->method->rule->media[0])
        end_media(pending);
    refuse_pending(pending, reason, NULL);
}

static void send_call(struct pending *pending)
{
    struct app *app = pending->app;
    struct rpc_client *client = queues_way(&app->queues, pending->method, pending->input);
    Rpc__Call *call = &pending->call;
    size_t len = protobuf_c_message_get_packed_size(pending->input);

    call->method = unconst(pending->method->name);
    call->principal = pending->principal;
    call->trace_id = (ProtobufCBinaryData){sizeof(pending->trace_id), pending->trace_id};
    call->deadline_at = clock_now(&app->clock) + LIMIT_CALL_DEADLINE_MS;
    call->input.data = arena_alloc(&pending->request->arena, len + 1);
    if (!call->input.data) {
        not_sent(pending, RPC__REASON__INTERNAL);
        return;
    }
    call->input.len = protobuf_c_message_pack(pending->input, call->input.data);
    if (!rpc_client_call(client, call, pending->method->rule->media[0] ? on_part : on_answer, pending)) {
        http_count(&app_counts_of(app->settings, app->worker, pending->method)->shed, 1);
        not_sent(pending, RPC__REASON__OVERLOADED);
    }
}

static void operate(struct app *app, struct http_request *request, const struct api_match *match,
                    const unsigned char trace_id[16])
{
    struct pending *pending = arena_alloc(&request->arena, sizeof(*pending));
    struct json_trouble trouble = {0};
    ProtobufCMessage *input = json_new(match->method->input, &request->arena);
    size_t key_len = 0;
    int reason;

    if (!pending || !input) {
        refuse(app, request, RPC__REASON__OVERLOADED, NULL, "", trace_id);
        return;
    }
    *pending = (struct pending){
        .app = app, .request = request, .method = match->method, .call = RPC__CALL__INIT, .input = input};
    memcpy(pending->trace_id, trace_id, sizeof(pending->trace_id));
    reason = check_token(pending);
    if (!admit(app, request, pending, trace_id))
        return;
    if (reason && match->method->rule->who != RULE__WHO__PUBLIC) {
        refuse_pending(pending, reason, NULL);
        return;
    }
    reason = app_read_input(request, match, input, &trouble);
    if (!reason)
        reason =
            app_read_key(request, match->method->rule->idempotency == RULE__IDEMPOTENCY__KEY, pending->key, &key_len);
    pending->call.idempotency_key = (ProtobufCBinaryData){key_len, pending->key};
    if (!reason && match->method->rule->media[0] && !begin_media(pending))
        reason = RPC__REASON__OVERLOADED;
    trouble.reason = reason;
    if (reason == RPC__REASON__OVERLOADED)
        refuse_pending(pending, reason, NULL);
    else if (reason)
        refuse_input(pending, &trouble);
    else
        send_call(pending);
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

/* What watches the gateway may ask as often as it likes. */
static bool answer_health(struct app *app, struct http_request *request, const unsigned char trace_id[16])
{
    static const char text[] = "Content-Type: text/plain; charset=utf-8\r\n" HTTP_NO_STORE;
    bool lives = is(request, "/livez"), ready;

    if (!lives && !is(request, "/readyz") && !is(request, "/healthz"))
        return false;
    if (!is_read(request)) {
        refuse(app, request, RPC__REASON__METHOD_NOT_ALLOWED, NULL, "Allow: GET, HEAD\r\n", trace_id);
    } else if (lives) {
        http_reply_static(request, 200, text, "ok\n", 3);
    } else {
        buf_clear(&app->out);
        ready = app_ready(app, &app->out);
        http_reply(request, ready ? 200 : 503, text, app->out.bytes, app->out.len);
    }
    return true;
}

/* For who runs the gateway, not for the public. */
static bool answer_metrics(struct app *app, struct http_request *request)
{
    static const char metrics[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n" HTTP_NO_STORE;

    if (!is(request, "/metrics") || !is_read(request))
        return false;
    buf_clear(&app->out);
    app_metrics(app, &app->out);
    if (app->out.failed) /* half of them would look like the whole */
        http_reply_static(request, 500, metrics, "", 0);
    else
        http_reply(request, 200, metrics, app->out.bytes, app->out.len);
    return true;
}

/* What means no operation. */
static void answer_other(struct app *app, struct http_request *request, const struct api_match *match,
                         const unsigned char trace_id[16])
{
    char allow[128] = "Allow: GET, HEAD\r\n";
    const struct buf *openapi = &app->settings->openapi;

    if (match->other_methods)
        snprintf(allow, sizeof(allow), "Allow: %s\r\n", match->allow);
    if (is(request, "/v1/openapi.json") && is_read(request)) {
        http_reply_static(request, 200, HTTP_JSON, openapi->bytes, openapi->len);
    } else if (match->other_methods || is(request, "/v1/openapi.json")) {
        refuse(app, request, RPC__REASON__METHOD_NOT_ALLOWED, NULL, allow, trace_id);
    } else if (!app->settings->files || !files_serve(app->settings->files, request)) {
        refuse(app, request, RPC__REASON__ROUTE_NOT_FOUND, NULL, "", trace_id);
    }
}

static void on_request(struct http_request *request, void *context)
{
    struct app *app = context;
    unsigned char trace_id[16];
    struct api_match match;

    trace_of(app, request, trace_id);
    if (answer_health(app, request, trace_id))
        return;
    if (request->inner) {
        if (!answer_metrics(app, request))
            refuse(app, request, RPC__REASON__ROUTE_NOT_FOUND, NULL, "", trace_id);
        return;
    }
    /* HEAD is GET without the body, which http_reply leaves out. */
    if (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0)
        api_route("GET", 3, request->path, request->path_len, &match);
    else
        api_route(request->method, request->method_len, request->path, request->path_len, &match);
    if (match.method)
        operate(app, request, &match, trace_id);
    else if (admit(app, request, NULL, trace_id))
        answer_other(app, request, &match, trace_id);
}

/* ---- a worker's life ---- */

static void *worker_start(int worker, uv_loop_t *loop, void *settings)
{
    struct app *app = calloc(1, sizeof(*app));

    if (app && app_open(app, settings, worker, loop) == 0)
        return app;
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
    .http = {.on_request = on_request, .render = render},
    .start = worker_start,
    .turn = worker_turn,
    .stop = worker_stop,
};
