/* app_batch.c: several reads as one request.
 *
 * POST /v1/batch takes {"paths": ["/v1/...?...", ...]} and answers {"answers": [{"status": 200, "body": {...}},
 * ...]} in the same order, once all are there. Each read is judged, counted, sent on and refused as if it had
 * come alone with the batch's headers, so that one of them fails alone. What is kept of the answers meanwhile is
 * charged to the guest who asked. */
#include <jansson.h>

#include "common/base/limits.h"
#include "services/gateway/app.h"
#include "services/gateway/http/target.h"

struct app_read {
    struct batch *batch;
    const char *body; /* NULL: not answered yet */
    size_t len;
    int status;
};

struct batch {
    struct pending *pending;
    unsigned n;
    unsigned waits; /* for so many answers, and for one more while reads are begun */
    struct app_read reads[LIMIT_READS];
};

/* ---- its head ---- */

bool app_is_batch(const struct http_request *request)
{
    static const char path[] = "/v1/batch";

    return request->path_len == sizeof(path) - 1 && memcmp(request->path, path, sizeof(path) - 1) == 0;
}

int app_batch_form(const struct http_request *request, const char **ret_more)
{
    if (request->method_len != 4 || memcmp(request->method, "POST", 4) != 0) {
        *ret_more = "Allow: POST\r\n";
        return RPC__REASON__METHOD_NOT_ALLOWED;
    }
    if (request->query_len)
        return RPC__REASON__UNKNOWN_FIELD;
    return app_is_json(request) ? 0 : RPC__REASON__UNSUPPORTED_MEDIA_TYPE;
}

/* ---- the answers ---- */

static void give_answers(struct batch *batch)
{
    struct pending *pending = batch->pending;
    struct buf *out = &pending->app->out;

    buf_clear(out);
    buf_str(out, "{\"answers\":[");
    for (unsigned i = 0; i < batch->n; i++) {
        const struct app_read *read = &batch->reads[i];

        buf_printf(out, "%s{\"status\":%d,\"body\":", i ? "," : "", read->status);
        buf_add(out, read->body, read->len);
        buf_char(out, '}');
    }
    buf_str(out, "]}");
    if (out->failed || !app_give(pending, 200))
        app_refuse_pending(pending, RPC__REASON__OVERLOADED);
}

static void count_down(struct batch *batch)
{
    if (--batch->waits == 0)
        give_answers(batch);
}

void app_read_tell(struct app_read *read, int status, const char *body, size_t len)
{
    char *copy = arena_strndup(&read->batch->pending->request->arena, body, len);

    ensure(!read->body);
    /* An arena that others have filled has no place for a refusal either. */
    read->status = copy ? status : 503;
    read->body = copy ? copy : "null";
    read->len = copy ? len : 4;
    count_down(read->batch);
}

bool app_read_give(struct app_read *read, int status, const char *body, size_t len)
{
    struct http_request *request = read->batch->pending->request;

    if (len > LIMIT_READS_ANSWER - request->window || !http_hold(request, len))
        return false;
    app_read_tell(read, status, body, len);
    return true;
}

/* ---- the reads ---- */

static bool refuse_field(struct pending *pending, int reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse_field(struct pending *pending, int reason, const char *format, ...)
{
    static const Rule__Field limit = {.max_items = LIMIT_READS, .max_len = LIMIT_URI};
    struct json_trouble trouble = {.reason = reason, .limit = &limit};
    va_list args;

    va_start(args, format);
    vsnprintf(trouble.field, sizeof(trouble.field), format, args);
    va_end(args);
    app_refuse_input(pending, &trouble);
    return false;
}

/* Of UTF-8: all bytes that continue none. */
static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Whether a batch is one; it is refused when it is not. */
static bool check_body(struct pending *pending, json_t *body)
{
    const json_t *paths = json_object_get(body, "paths"), *path;
    const char *name;
    json_t *value;
    size_t i;

    if (!json_is_object(body)) {
        app_refuse_pending(pending, RPC__REASON__WRONG_TYPE);
        return false;
    }
    json_object_foreach(body, name, value)
    {
        if (value != paths)
            return refuse_field(pending, RPC__REASON__UNKNOWN_FIELD, "%s", name);
    }
    if (paths && !json_is_array(paths) && !json_is_null(paths))
        return refuse_field(pending, RPC__REASON__WRONG_TYPE, "paths");
    if (json_array_size(paths) == 0)
        return refuse_field(pending, RPC__REASON__MISSING_FIELD, "paths");
    if (json_array_size(paths) > LIMIT_READS)
        return refuse_field(pending, RPC__REASON__TOO_MANY_ITEMS, "paths");
    json_array_foreach(paths, i, path)
    {
        if (!json_is_string(path))
            return refuse_field(pending, RPC__REASON__WRONG_TYPE, "paths[%zu]", i);
        if (characters(json_string_value(path)) > LIMIT_URI)
            return refuse_field(pending, RPC__REASON__TOO_LONG, "paths[%zu]", i);
    }
    return true;
}

/* A read that nothing has been done of. NULL without memory. */
static struct pending *new_read(struct batch *batch, struct app_read *read, const json_t *path)
{
    struct pending *pending = batch->pending, *begun;
    const char *text = arena_strndup(&pending->request->arena, json_string_value(path), json_string_length(path));
    size_t len = text ? strcspn(text, "?") : 0;
    struct api_match match = {0};

    if (!text)
        return NULL;
    if (target_is_plain(text, json_string_length(path)))
        api_route("GET", 3, text, len, &match);
    *read = (struct app_read){.batch = batch};
    begun = app_pending(pending->app, pending->request, &match, pending->trace_id);
    if (!begun)
        return NULL;
    begun->read = read;
    begun->principal = pending->principal;
    begun->token = pending->token;
    begun->query = text + len + (text[len] != '\0');
    begun->query_len = strlen(begun->query);
    return begun;
}

static void begin_read(struct pending *read, bool counted)
{
    if (!counted && !app_admit(read->app, read->request, read, read->trace_id))
        return;
    if (!read->match.method)
        app_refuse_pending(read, RPC__REASON__ROUTE_NOT_FOUND);
    else if (read->match.method->rule->media[0])
        app_refuse_pending(read, RPC__REASON__NOT_IN_A_BATCH);
    else if (app_judge(read))
        app_operate(read);
}

static void begin(struct pending *pending, const json_t *paths)
{
    struct batch *batch = arena_zalloc(&pending->request->arena, sizeof(*batch));
    struct pending *reads[LIMIT_READS];
    const json_t *path;
    bool room = batch;
    size_t i;

    json_array_foreach(paths, i, path)
    {
        if (!room)
            break;
        batch->pending = pending;
        reads[i] = new_read(batch, &batch->reads[i], path);
        room = reads[i];
    }
    if (!room) {
        app_refuse_pending(pending, RPC__REASON__OVERLOADED);
        return;
    }
    batch->n = (unsigned)json_array_size(paths);
    batch->waits = batch->n + 1;
    for (i = 0; i < batch->n; i++)
        begin_read(reads[i], i == 0); /* the first was counted with the batch */
    count_down(batch);
}

void app_batch(struct pending *pending)
{
    const struct http_request *request = pending->request;
    struct json_trouble trouble;
    json_t *body = json_parse(request->body, request->body_len, &trouble);

    if (!body)
        app_refuse_input(pending, &trouble);
    else if (check_body(pending, body))
        begin(pending, json_object_get(body, "paths"));
    json_decref(body);
}
