/* app_answer.c: calls on their way, and their answers as JSON, as media or as refusals. */
#include "common/api/problem.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "services/gateway/app.h"

#define LOGGED_PER_SECOND 50
#define HEADERS_SIZE      512
#define PARTS_AT_ONCE     (LIMIT_MESSAGE_SIZE / 2 / LIMIT_PART) /* their answers may come as one message */

void app_count(struct app *app, const struct api_method *method, int64_t received_ns, int status)
{
    static const int64_t bounds_ms[APP_BUCKETS] = {1, 2, 5, 10, 25, 100, 500, 2500};
    struct app_counts *counts = app_counts_of(app->settings, app->worker, method);
    int64_t took = clock_monotonic_ns() - received_ns;
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

/* The refusal's body in app->out; gives the status. */
static int write_refusal(struct app *app, const Rpc__Answer *answer, const unsigned char trace_id[16])
{
    log_refusal(app, api_reason(answer->reason), trace_id);
    buf_clear(&app->out);
    return problem_encode(&app->out, answer, NULL, trace_id);
}

void app_refuse(struct app *app, struct http_request *request, const Rpc__Answer *answer, const char *more,
                const unsigned char trace_id[16])
{
    char headers[HEADERS_SIZE], lines[256] = "";
    int status = write_refusal(app, answer, trace_id);

    if (answer->retry_after_s > 0)
        snprintf(lines, sizeof(lines), "Retry-After: %d\r\n%s", answer->retry_after_s, more);
    else
        snprintf(lines, sizeof(lines), "%s%s", status == 401 ? "WWW-Authenticate: Bearer\r\n" : "", more);
    write_headers(headers, HEAD_PROBLEM, sizeof(HEAD_PROBLEM) - 1, trace_id, lines);
    http_reply(request, status, headers, app->out.bytes, app->out.len);
}

/* A Reason of the gateway's own. */
static Rpc__Answer refusal_for(int reason)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    if (reason == RPC__REASON__OVERLOADED || reason == RPC__REASON__SERVICE_DOWN ||
        reason == RPC__REASON__OUTCOME_UNKNOWN)
        answer.retry_after_s = 1;
    return answer;
}

void app_refuse_for(struct app *app, struct http_request *request, int reason, const char *more,
                    const unsigned char trace_id[16])
{
    Rpc__Answer answer = refusal_for(reason);

    app_refuse(app, request, &answer, more, trace_id);
}

void app_refuse_answer(struct pending *pending, const Rpc__Answer *answer, const char *more)
{
    struct app *app = pending->app;
    int status;

    if (!pending->read) {
        app_refuse(app, pending->request, answer, more, pending->trace_id);
        return;
    }
    status = write_refusal(app, answer, pending->trace_id);
    app_read_tell(pending->read, status, app->out.bytes, app->out.len);
}

static void refuse_answer(struct pending *pending, const Rpc__Answer *answer)
{
    if (pending->match.method)
        app_count(pending->app, pending->match.method, pending->request->received_ns, api_reason(answer->reason)->http);
    app_refuse_answer(pending, answer, "");
}

void app_refuse_pending(struct pending *pending, int reason)
{
    Rpc__Answer answer = refusal_for(reason);

    refuse_answer(pending, &answer);
}

void app_refuse_input(struct pending *pending, const struct json_trouble *trouble)
{
    struct json_refusal refusal;

    json_refuse(trouble, &refusal);
    refuse_answer(pending, &refusal.answer);
}

void app_new_trace(struct app *app, unsigned char ret_id[16])
{
    app->trace_count++;
    memcpy(ret_id, &app->trace_prefix, 8);
    memcpy(ret_id + 8, &app->trace_count, 8);
}

size_t app_render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    struct app *app = context;
    Rpc__Answer answer = refusal_for(reason);
    unsigned char trace_id[16];

    (void)status;
    buf_clear(&app->out);
    app_new_trace(app, trace_id);
    problem_encode(&app->out, &answer, detail, trace_id);
    log_refusal(app, api_reason(reason), trace_id);
    if (app->out.failed || app->out.len > size)
        return 0;
    memcpy(ret_body, app->out.bytes, app->out.len);
    return app->out.len;
}

/* ---- media ---- */

/* A name that needs no quoting, else none. */
static void note_file_name(struct pending *pending, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (*name && strspn(name, allowed) == strlen(name))
        snprintf(pending->file_name, sizeof(pending->file_name), "%s", name);
}

static void media_headers(const struct pending *pending, char ret[HEADERS_SIZE])
{
    char head[256], lines[128] = "";
    int len = snprintf(head, sizeof(head), "Content-Type: %s\r\n" HTTP_NO_STORE "traceparent: 00-",
                       pending->match.method->rule->media);

    ensure(len > 0 && (size_t)len < sizeof(head));
    if (*pending->file_name)
        snprintf(lines, sizeof(lines), "Content-Disposition: attachment; filename=\"%s\"\r\n", pending->file_name);
    write_headers(ret, head, (size_t)len, pending->trace_id, lines);
}

/* A call that began no answer, or one that cannot go on: then the client sees that it is broken off. */
static void fail(struct pending *pending, int reason)
{
    if (pending->streams)
        http_stream_end(pending->request, false);
    else
        app_refuse_pending(pending, reason);
}

static bool send_call(struct pending *pending, rpc_answered answered);
static void on_part(void *arg, const Rpc__Answer *answer);

/* Asks for those pieces whose turn it is; of the others a client may have gone meanwhile. */
static void ask_parts(struct app *app)
{
    while (app->n_parts < PARTS_AT_ONCE && !link_is_alone(&app->parts)) {
        struct pending *pending = container_of(app->parts.next, struct pending, turn);
        bool gone = pending->streams && http_is_gone(pending->request);

        link_remove(&pending->turn);
        if (gone)
            http_stream_end(pending->request, false);
        else if (send_call(pending, on_part)) /* which may come back here, for the connection's next request */
            app->n_parts++;
    }
}

static void ask_part(struct pending *pending)
{
    link_append(&pending->app->parts, &pending->turn);
    ask_parts(pending->app);
}

/* All that was given has been sent, so the next piece is asked for. */
static void on_room(struct http_request *request)
{
    struct pending *pending = request->user;

    if (http_is_gone(request))
        http_stream_end(request, false);
    else
        ask_part(pending);
}

/* The first piece begins the answer. False when it was the last as well, or there was no room for it. */
static bool begin_media(struct pending *pending, const Rpc__Part *part)
{
    struct app *app = pending->app;
    const struct api_method *method = pending->match.method;
    int64_t received_ns = pending->request->received_ns;
    char headers[HEADERS_SIZE];
    bool begun;

    note_file_name(pending, part->file_name);
    media_headers(pending, headers);
    pending->streams = part->next > 0;
    if (pending->streams)
        begun = http_stream(pending->request, 200, headers, on_room);
    else
        begun = http_try_reply(pending->request, 200, headers, part->body.data, part->body.len);
    if (!begun) {
        pending->streams = false;
        app_refuse_pending(pending, RPC__REASON__OVERLOADED);
        return false;
    }
    app_count(app, method, received_ns, 200);
    return part->next > 0;
}

static void take_part(struct pending *pending, const Rpc__Part *part)
{
    struct http_request *request = pending->request;
    int32_t *at = api_part(pending->match.method, pending->input);
    bool is_head = request->method_len == 4; /* nothing of that length else is a read */

    if (part->body.len > LIMIT_PART || (part->next ? part->next <= *at || part->body.len == 0 : false)) {
        fail(pending, RPC__REASON__INTERNAL);
        return;
    }
    if (!pending->streams && !begin_media(pending, part))
        return;
    *at = part->next;
    if (is_head)
        http_stream_end(request, true);
    else if (part->body.len > 0 && !http_stream_piece(request, part->body.data, part->body.len))
        http_stream_end(request, false);
    else if (!part->next)
        http_stream_end(request, true);
}

static void on_part(void *arg, const Rpc__Answer *answer)
{
    struct pending *pending = arg;
    struct app *app = pending->app;
    Rpc__Part *part = answer->reason ? NULL : rpc__part__unpack(NULL, answer->output.len, answer->output.data);

    app->n_parts--;
    if (part)
        take_part(pending, part);
    else if (answer->reason && !pending->streams)
        refuse_answer(pending, answer);
    else
        fail(pending, RPC__REASON__INTERNAL);
    rpc__part__free_unpacked(part, NULL);
    ask_parts(app);
}

/* ---- JSON ---- */

bool app_give(struct pending *pending, int status)
{
    const struct buf *out = &pending->app->out;
    char headers[HEADERS_SIZE];

    if (pending->read)
        return app_read_give(pending->read, status, out->bytes, out->len);
    write_headers(headers, HEAD_JSON, sizeof(HEAD_JSON) - 1, pending->trace_id, "");
    return http_try_reply(pending->request, status, headers, out->bytes, out->len);
}

static void on_answer(void *arg, const Rpc__Answer *answer)
{
    struct pending *pending = arg;
    struct app *app = pending->app;
    const struct api_method *method = pending->match.method;
    int64_t received_ns = pending->request->received_ns;
    ProtobufCMessage *output = NULL;
    int status = answer->created ? 201 : 200;

    if (answer->reason) {
        refuse_answer(pending, answer);
        return;
    }
    output = protobuf_c_message_unpack(method->output->descriptor, &pending->request->arena.allocator,
                                       answer->output.len, answer->output.data);
    buf_clear(&app->out);
    if (output)
        json_encode(output, &app->out);
    if (!output || app->out.failed) { /* done, but not to be told */
        app_refuse_pending(pending, method->writes ? RPC__REASON__OUTCOME_UNKNOWN : RPC__REASON__ANSWER_TOO_LARGE);
        return;
    }
    if (app_give(pending, status))
        app_count(app, method, received_ns, status);
    else
        app_refuse_pending(pending, method->writes ? RPC__REASON__OUTCOME_UNKNOWN : RPC__REASON__OVERLOADED);
}

/* ---- calls ---- */

/* Sends the call of a request; false when it has failed already. */
static bool send_call(struct pending *pending, rpc_answered answered)
{
    struct app *app = pending->app;
    const struct api_method *method = pending->match.method;
    struct rpc_client *client = queues_way(&app->queues, method, pending->input, pending->union_path);
    Rpc__Call *call = &pending->call;
    size_t len = protobuf_c_message_get_packed_size(pending->input);

    if (!client) {
        fail(pending, RPC__REASON__SERVICE_NOT_FOUND);
        return false;
    }
    call->method = unconst(method->name);
    call->principal = pending->principal;
    call->trace_id = (ProtobufCBinaryData){sizeof(pending->trace_id), pending->trace_id};
    call->deadline_at = clock_now(&app->clock) + LIMIT_CALL_DEADLINE_MS;
    call->input.data = arena_alloc(&pending->request->arena, len + 1);
    if (!call->input.data) {
        fail(pending, RPC__REASON__INTERNAL);
        return false;
    }
    call->input.len = protobuf_c_message_pack(pending->input, call->input.data);
    if (!rpc_client_call(client, call, answered, pending)) {
        http_count(&app_counts_of(app->settings, app->worker, method)->shed, 1);
        fail(pending, RPC__REASON__OVERLOADED);
        return false;
    }
    return true;
}

static void send_first(struct pending *pending)
{
    if (pending->match.method->rule->media[0])
        ask_part(pending);
    else
        send_call(pending, on_answer);
}

/* Who names a union that is not there is told so by the service. */
static void on_place(void *arg, const Rpc__Answer *answer)
{
    struct pending *pending = arg;
    const Rpc__Place *place = NULL;

    if (!answer->reason)
        place = rpc__place__unpack(&pending->request->arena.allocator, answer->output.len, answer->output.data);
    if (place)
        pending->union_path = place->path;
    if (place || answer->reason == RPC__REASON__UNION_NOT_FOUND)
        send_first(pending);
    else
        fail(pending, answer->reason ? answer->reason : RPC__REASON__INTERNAL);
}

/* Asks where the union is that chooses the partition of a call. */
static void find_place(struct pending *pending, int64_t union_id)
{
    struct app *app = pending->app;
    Rpc__PlaceRequest request = RPC__PLACE_REQUEST__INIT;
    Rpc__Principal internal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[16];

    request.union_id = union_id;
    internal.internal = true;
    call.method = "Unions.FindPlace";
    call.principal = &internal;
    call.trace_id = (ProtobufCBinaryData){sizeof(pending->trace_id), pending->trace_id};
    call.deadline_at = clock_now(&app->clock) + LIMIT_CALL_DEADLINE_MS;
    call.input = (ProtobufCBinaryData){rpc__place_request__pack(&request, packed), packed};
    if (!rpc_client_call(queues_find(&app->queues, "identity")->client, &call, on_place, pending))
        fail(pending, RPC__REASON__OVERLOADED);
}

void app_send(struct pending *pending)
{
    int64_t union_id = partitions_ask(pending->app->settings->partitions, pending->match.method, pending->input);

    link_init(&pending->turn);
    if (union_id)
        find_place(pending, union_id);
    else
        send_first(pending);
}
