#include "common/api/openapi.h"

#include "common/api/json.h"
#include "common/api/openapi_internal.h"
#include "common/base/limits.h"
#include "common/base/log.h"

#define ARENA_MAX ((size_t)32 << 20)

void *openapi_take(struct openapi *doc, size_t size)
{
    void *bytes = arena_zalloc(&doc->arena, size);

    ensure(bytes);
    return bytes;
}

/* ---- operations ---- */

static void write_parameter(struct openapi *doc, const struct api_method *method, const struct api_field *field,
                            const char *in, bool required)
{
    struct buf *ret = doc->out;

    buf_printf(ret, "{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"description\":", field->json_name, in,
               required ? "true" : "false");
    openapi_name(ret, openapi_field_comment(doc, method->input, field));
    buf_str(ret, ",\"schema\":");
    openapi_field(ret, field);
    buf_char(ret, '}');
}

static void write_parameters(struct openapi *doc, const struct api_method *method)
{
    struct buf *ret = doc->out;
    const char *comma = "";

    buf_str(ret, ",\"parameters\":[");
    for (unsigned i = 0; i < method->n_params; i++) {
        buf_str(ret, comma);
        write_parameter(doc, method, method->params[i], "path", true);
        comma = ",";
    }
    for (unsigned i = 0; i < method->input->descriptor->n_fields && strcmp(method->http, "POST") != 0; i++) {
        const struct api_field *field = &method->input->fields[i];

        if (openapi_is_param(method, field) || field->limit->inside)
            continue;
        buf_str(ret, comma);
        write_parameter(doc, method, field, "query", field->limit->required);
        comma = ",";
    }
    for (unsigned i = 0; i < method->input->descriptor->n_fields && method->rule->raw; i++) {
        const Rule__Field *limit = method->input->fields[i].limit;

        if (!limit->header[0])
            continue;
        buf_printf(ret,
                   "%s{\"name\":\"%s\",\"in\":\"header\",\"required\":%s,\"description\":\"by which its sender "
                   "proves the body\",\"schema\":{\"type\":\"string\",\"maxLength\":%u}}",
                   comma, limit->header, limit->required ? "true" : "false", limit->max_len);
        comma = ",";
    }
    if (method->rule->idempotency == RULE__IDEMPOTENCY__KEY)
        buf_printf(ret,
                   "%s{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":true,\"description\":"
                   "\"the same for every try of one request: its first answer is given again for 24 hours\","
                   "\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}}",
                   comma, LIMIT_IDEMPOTENCY_KEY);
    if (method->rule->idempotency == RULE__IDEMPOTENCY__KEY)
        comma = ",";
    if (method->rule->device)
        buf_printf(
            ret,
            "%s{\"name\":\"Device-Nonce\",\"in\":\"header\",\"required\":false,\"description\":"
            "\"a random text that this device has made once and keeps to itself: by it the device is known again\","
            "\"schema\":{\"type\":\"string\",\"minLength\":%d,\"maxLength\":%d}}",
            comma, LIMIT_DEVICE_LEAST, LIMIT_DEVICE_NONCE);
    buf_char(ret, ']');
}

static void write_body(struct openapi *doc, const struct api_method *method)
{
    bool required = false;

    if (strcmp(method->http, "POST") != 0 || method->input->descriptor->n_fields == method->n_params)
        return;
    if (method->rule->raw) {
        buf_str(doc->out, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":"
                          "{\"type\":\"object\",\"x-raw\":true}}}}");
        return;
    }
    for (unsigned i = 0; i < method->input->descriptor->n_fields; i++)
        required |= method->input->fields[i].limit->required && !openapi_is_param(method, &method->input->fields[i]);
    buf_printf(doc->out, ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":{\"schema\":",
               required ? "true" : "false");
    openapi_message(doc, method->input, method);
    buf_str(doc->out, "}}}");
}

static void write_response(struct buf *ret, const char *status, const struct api_method *method)
{
    if (method->rule->media[0]) {
        buf_printf(ret, "\"%s\":{\"description\":\"%s\",\"content\":{\"%s\":{}}},", status,
                   method->output->descriptor->short_name, method->rule->media);
        return;
    }
    buf_printf(ret,
               "\"%s\":{\"description\":\"%s\",\"content\":{\"application/json\":{\"schema\":"
               "{\"$ref\":\"#/components/schemas/%s\"}}}},",
               status, method->output->descriptor->short_name, method->output->descriptor->name);
}

/* The first sentence of an operation's comment, and the whole where there is more. */
static void write_words(struct openapi *doc, const struct api_method *method)
{
    const char *text = openapi_comment(doc, "%s.%s", method->service->package, method->name);
    const char *end = strstr(text, ". ");
    size_t len = end ? (size_t)(end - text) : strlen(text);

    if (!end && len > 0 && text[len - 1] == '.')
        len--;
    buf_str(doc->out, ",\"summary\":");
    json_quote(doc->out, text, len);
    if (end) {
        buf_str(doc->out, ",\"description\":");
        openapi_name(doc->out, text);
    }
}

static void write_operation(struct openapi *doc, const struct api_method *method)
{
    static const char *const who[] = {"session", "public", "verified", "official", "internal", "edge"};
    const Rule__Method *rule = method->rule;
    struct buf *ret = doc->out;
    bool creates = strcmp(method->http, "POST") == 0 && !strchr(strrchr(method->path, '/'), ':');

    buf_printf(ret, "{\"operationId\":\"%s\",\"tags\":[\"%s\"]", method->name, method->service->short_name);
    write_words(doc, method);
    buf_printf(ret, ",\"x-who\":\"%s\",\"x-roles\":[", (size_t)rule->who < ARRAY_LEN(who) ? who[rule->who] : "session");
    for (size_t i = 0; i < rule->n_roles; i++) {
        const ProtobufCEnumValue *role =
            protobuf_c_enum_descriptor_get_value(&rule__role__descriptor, (int)rule->roles[i]);

        buf_printf(ret, "%s\"%s\"", i ? "," : "", role ? role->name : "");
    }
    buf_str(ret, rule->who == RULE__WHO__PUBLIC ? "],\"security\":[]" : "],\"security\":[{\"session\":[]}]");
    write_parameters(doc, method);
    write_body(doc, method);
    buf_str(ret, ",\"responses\":{");
    write_response(ret, "200", method);
    if (creates)
        write_response(ret, "201", method);
    openapi_refusals(doc, method);
    buf_str(ret, "}}");
}

static void write_own(struct openapi *doc, const struct openapi_own *own)
{
    struct buf *ret = doc->out;

    buf_printf(ret,
               ",\"%s\":{\"%s\":{\"operationId\":\"%s\",\"tags\":[\"%.*s\"],\"summary\":\"%s\",\"x-who\":\"public\","
               "\"x-roles\":[],\"security\":[],\"parameters\":[],",
               own->path, own->takes ? "post" : "get", own->name, (int)strcspn(own->name, "."), own->name,
               own->summary);
    if (own->takes)
        buf_printf(ret, "\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":%s}}},",
                   own->takes);
    buf_str(ret, "\"responses\":{");
    for (int status = 200; status == 200 || (own->fails && status == 503); status += 303)
        buf_printf(ret, "\"%d\":{\"description\":\"%s\",\"content\":{\"%s\":{\"schema\":%s}}},", status,
                   status == 200 ? "as it is" : "not now", own->media, own->schema);
    openapi_own_refusals(doc, own);
    buf_str(ret, "}}}");
}

/* A path template with its parameters in their JSON names, as the parameters are
 * declared; two templates of one shape may name them differently, and are then two
 * path items. */
static void write_path(struct buf *ret, const struct api_method *method)
{
    const char *at = method->path;

    buf_char(ret, '"');
    for (unsigned i = 0; i < method->n_params; i++) {
        size_t len = strcspn(at, "{");

        buf_add(ret, at, len + 1);
        buf_str(ret, method->params[i]->json_name);
        at += len + strcspn(at + len, "}");
    }
    buf_str(ret, at);
    buf_char(ret, '"');
}

static void write_paths(struct openapi *doc)
{
    const struct api *api = doc->api;
    struct buf *ret = doc->out;
    const char *comma = "";

    for (size_t i = 0; i < api->n_methods; i++) {
        const struct api_method *method = &api->methods[i];
        bool first = method->path != NULL;

        for (size_t j = 0; first && j < i; j++)
            first = !api->methods[j].path || strcmp(api->methods[j].path, method->path) != 0;
        if (!first)
            continue;
        buf_str(ret, comma);
        write_path(ret, method);
        for (size_t j = i; j < api->n_methods; j++) {
            const struct api_method *other = &api->methods[j];

            if (!other->path || strcmp(other->path, method->path) != 0)
                continue;
            buf_str(ret, j == i ? ":{" : ",");
            buf_str(ret, other->http[0] == 'G' ? "\"get\":" : other->http[0] == 'P' ? "\"post\":" : "\"delete\":");
            write_operation(doc, other);
        }
        buf_char(ret, '}');
        comma = ",";
    }
    for (const struct openapi_own *own = doc->own; own->path; own++)
        write_own(doc, own);
}

/* ---- the document ---- */

/* Of services that have a route. */
static void write_tags(struct openapi *doc)
{
    const ProtobufCServiceDescriptor *last = NULL;

    for (size_t i = 0; i < doc->api->n_methods; i++) {
        const struct api_method *method = &doc->api->methods[i];

        if (!method->path || method->service == last)
            continue;
        buf_printf(doc->out, "%s{\"name\":\"%s\",\"description\":", last ? "," : "", method->service->short_name);
        last = method->service;
        openapi_name(doc->out, openapi_comment(doc, "%s", last->name));
        buf_char(doc->out, '}');
    }
    if (doc->own->path)
        buf_printf(doc->out, ",{\"name\":\"%.*s\",\"description\":\"What the gateway answers itself\"}",
                   (int)strcspn(doc->own->name, "."), doc->own->name);
}

static void write_reasons(struct openapi *doc)
{
    for (size_t i = 1; i < doc->api->n_reasons; i++) {
        const struct api_reason *reason = &doc->api->reasons[i];

        buf_printf(doc->out,
                   "%s{\"package\":\"%s\",\"reason\":\"%s\",\"errcode\":%d,\"http\":%d,\"errmsg\":", i > 1 ? "," : "",
                   reason->package, reason->name, reason->number, reason->http);
        openapi_name(doc->out, reason->zh);
        buf_char(doc->out, '}');
    }
}

static void write_document(struct openapi *doc)
{
    struct buf *ret = doc->out;

    buf_str(ret, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Huigong\",\"version\":\"" HUIGONG_VERSION "\","
                 "\"summary\":\"The benefits of a trade union, and how they are run\","
                 "\"license\":{\"name\":\"All rights reserved\",\"identifier\":\"LicenseRef-All-Rights-Reserved\"}},"
                 "\"servers\":[{\"url\":\"/\",\"description\":\"the gateway that gives this document\"}],"
                 "\"tags\":[");
    write_tags(doc);
    buf_str(ret, "],\"paths\":{");
    write_paths(doc);
    buf_str(ret, "},\"components\":{\"securitySchemes\":{\"session\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
                 "\"responses\":{");
    openapi_responses(doc);
    buf_str(ret, "},\"schemas\":{");
    openapi_schemas(doc);
    openapi_reasons(doc);
    buf_str(ret,
            "\"Problem\":{\"type\":\"object\",\"description\":\"A refusal or a failure (RFC 9457). Some reasons have "
            "members of their own beside these\",\"required\":[\"type\",\"title\",\"status\",\"reason\",\"errcode\","
            "\"errmsg\",\"traceId\"],\"properties\":{"
            "\"type\":{\"type\":\"string\",\"description\":\"about:blank\"},"
            "\"title\":{\"type\":\"string\",\"description\":\"what the status is called\"},"
            "\"status\":{\"type\":\"integer\",\"description\":\"of HTTP\"},"
            "\"detail\":{\"type\":\"string\",\"description\":\"for who reads the logs\"},"
            "\"reason\":{\"type\":\"string\",\"description\":\"by its name\"},"
            "\"errcode\":{\"type\":\"integer\",\"description\":\"the reason by its number\"},"
            "\"errmsg\":{\"type\":\"string\",\"description\":\"the reason in words, for her to read\"},"
            "\"traceId\":{\"type\":\"string\",\"description\":\"by which it is found in the logs\"},"
            "\"errors\":{\"type\":\"array\",\"description\":\"the field that the reason is about\",\"items\":{"
            "\"type\":\"object\",\"required\":[\"field\",\"reason\",\"message\"],\"properties\":{"
            "\"field\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}"
            "}}}}}}},\"x-reasons\":[");
    write_reasons(doc);
    buf_str(ret, "]}");
}

int openapi_write(struct buf *ret, const void *docs, size_t len, const struct openapi_own *own)
{
    struct openapi doc = {.api = api_loaded(), .out = ret, .own = own};
    int failed;

    arena_init(&doc.arena, ARENA_MAX);
    failed = openapi_read_comments(&doc, docs, len);
    if (!failed)
        write_document(&doc);
    arena_done(&doc.arena);
    if (ret->failed)
        log_error("openapi_too_large", "bytes", log_int((int64_t)ret->max));
    return failed || ret->failed ? -1 : 0;
}
