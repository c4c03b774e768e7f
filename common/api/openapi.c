/* The OpenAPI 3.1 document: a path item for every route, a schema for every message
 * and enum that a route reaches, and all reasons. */
#include "common/api/api_internal.h"
#include "common/api/json.h"
#include "common/base/limits.h"

/* ---- schemas ---- */

static void write_name(struct buf *ret, const char *name)
{
    json_quote(ret, name, strlen(name));
}

static void write_enum_schema(struct buf *ret, const ProtobufCEnumDescriptor *type)
{
    buf_str(ret, "{\"type\":\"string\",\"enum\":[");
    for (unsigned i = 0; i < type->n_values; i++) {
        buf_str(ret, i ? "," : "");
        write_name(ret, type->values[i].name);
    }
    buf_str(ret, "]}");
}

static void write_string_schema(struct buf *ret, const struct api_field *field)
{
    const Rule__Field *limit = field->limit;
    bool bytes = field->descriptor->type == PROTOBUF_C_TYPE_BYTES, base64 = bytes && !limit->hex;
    uint64_t min = limit->min_len, max = limit->max_len;

    /* The bounds of bytes hold for what they encode: 4 characters for 3 bytes, or 2 for each. */
    if (bytes) {
        min = base64 ? (min * 4 + 2) / 3 : min * 2;
        max = base64 ? (max + 2) / 3 * 4 : max * 2;
    }
    buf_str(ret, "{\"type\":\"string\"");
    if (base64)
        buf_str(ret, ",\"contentEncoding\":\"base64\"");
    if (limit->hex)
        buf_str(ret, ",\"pattern\":\"^([0-9a-f]{2})*$\"");
    if (limit->lines)
        buf_str(ret, ",\"x-lines\":true");
    if (limit->raw)
        buf_str(ret, ",\"x-raw\":true");
    if (limit->required && min < 1)
        min = 1;
    if (limit->required && min)
        buf_printf(ret, ",\"minLength\":%llu", (unsigned long long)min);
    if (max)
        buf_printf(ret, ",\"maxLength\":%llu", (unsigned long long)max);
    buf_char(ret, '}');
}

/* Whether a type is of 64 bits, and whether it is signed. */
static bool is_wide(ProtobufCType type, bool *ret_signed)
{
    *ret_signed = type != PROTOBUF_C_TYPE_UINT32 && type != PROTOBUF_C_TYPE_FIXED32 && type != PROTOBUF_C_TYPE_UINT64 &&
                  type != PROTOBUF_C_TYPE_FIXED64;
    return type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_SINT64 || type == PROTOBUF_C_TYPE_SFIXED64 ||
           type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
}

/* One of 64 bits is a string, since many readers of JSON round greater numbers than 2^53; its
 * bounds are no part of the vocabulary of strings. */
static void write_integer_schema(struct buf *ret, const struct api_field *field)
{
    const Rule__Field *limit = field->limit;
    bool is_signed, wide = is_wide(field->descriptor->type, &is_signed);
    const char *x = wide ? "x-" : "";

    buf_printf(ret, "{\"type\":\"%s\",\"format\":\"%sint%s\"", wide ? "string" : "integer", is_signed ? "" : "u",
               wide ? "64" : "32");
    if (wide)
        buf_printf(ret, ",\"pattern\":\"^%s(0|[1-9][0-9]*)$\"", is_signed ? "-?" : "");
    if (limit->min || limit->max)
        buf_printf(ret, ",\"%sminimum\":%lld,\"%smaximum\":%lld", x,
                   (long long)(limit->required || limit->min < 0 ? limit->min : 0), x,
                   (long long)(limit->required || limit->max > 0 ? limit->max : 0));
    buf_char(ret, '}');
}

static void write_value_schema(struct buf *ret, const struct api_field *field)
{
    const ProtobufCEnumDescriptor *type = field->descriptor->descriptor;

    switch (field->descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        write_string_schema(ret, field);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buf_str(ret, "{\"type\":\"boolean\"}");
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        buf_str(ret, "{\"type\":\"number\"}");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        buf_printf(ret, "{\"$ref\":\"#/components/schemas/%s\"}", type->name);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        buf_printf(ret, "{\"$ref\":\"#/components/schemas/%s\"}", field->message->descriptor->name);
        break;
    default:
        if (field->limit->time)
            buf_str(ret, "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}");
        else if (field->limit->day)
            buf_str(ret, "{\"type\":[\"string\",\"null\"],\"format\":\"date\"}");
        else
            write_integer_schema(ret, field);
    }
}

static void write_field_schema(struct buf *ret, const struct api_field *field)
{
    if (field->descriptor->label != PROTOBUF_C_LABEL_REPEATED) {
        write_value_schema(ret, field);
        return;
    }
    buf_str(ret, "{\"type\":\"array\",\"items\":");
    write_value_schema(ret, field);
    if (field->limit->required)
        buf_str(ret, ",\"minItems\":1");
    if (field->limit->max_items)
        buf_printf(ret, ",\"maxItems\":%u", field->limit->max_items);
    buf_char(ret, '}');
}

static bool is_param(const struct api_method *method, const struct api_field *field)
{
    for (unsigned i = 0; method && i < method->n_params; i++) {
        if (method->params[i] == field)
            return true;
    }
    return false;
}

/* A message without the fields that the path of a method holds (method may be NULL). */
static void write_message_schema(struct buf *ret, const struct api_message *message, const struct api_method *method)
{
    unsigned n = message->descriptor->n_fields;
    bool any = false;

    buf_str(ret, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (unsigned i = 0; i < n; i++) {
        const struct api_field *field = &message->fields[i];

        if (is_param(method, field))
            continue;
        buf_add(ret, field->key + !any, field->key_len - !any);
        write_field_schema(ret, field);
        any = true;
    }
    buf_char(ret, '}');
    any = false;
    for (unsigned i = 0; i < n; i++) {
        const struct api_field *field = &message->fields[i];

        if (!field->limit->required || is_param(method, field))
            continue;
        buf_str(ret, any ? "," : ",\"required\":[");
        write_name(ret, field->json_name);
        any = true;
    }
    buf_str(ret, any ? "]}" : "}");
}

/* ---- what the routes reach ---- */

/* Descriptors in the order they are met; each message and enum once. */
struct reached {
    const void **descriptors;
    const struct api_message **messages; /* NULL for an enum */
    size_t n, size;
};

static bool add_reached(struct reached *reached, const void *descriptor, const struct api_message *message)
{
    for (size_t i = 0; i < reached->n; i++) {
        if (reached->descriptors[i] == descriptor)
            return false;
    }
    ensure(reached->n < reached->size);
    reached->descriptors[reached->n] = descriptor;
    reached->messages[reached->n++] = message;
    return true;
}

static void reach(struct reached *reached, const struct api_message *message)
{
    if (!add_reached(reached, message->descriptor, message))
        return;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];

        if (field->message)
            reach(reached, field->message);
        else if (field->descriptor->type == PROTOBUF_C_TYPE_ENUM)
            add_reached(reached, field->descriptor->descriptor, NULL);
    }
}

static void write_schemas(struct api *api, struct buf *ret)
{
    struct reached reached = {.n = 0};

    for (size_t i = 0; i < api->set->n_file; i++)
        reached.size += api->set->file[i]->n_message_type + api->set->file[i]->n_enum_type;
    reached.descriptors = api_take(api, reached.size * sizeof(const void *));
    reached.messages = api_take(api, reached.size * sizeof(const struct api_message *));
    for (size_t i = 0; i < api->n_methods; i++) {
        if (api->methods[i].path) {
            reach(&reached, api->methods[i].input);
            reach(&reached, api->methods[i].output);
        }
    }
    for (size_t i = 0; i < reached.n; i++) {
        const struct api_message *message = reached.messages[i];
        const ProtobufCEnumDescriptor *type = reached.descriptors[i];

        write_name(ret, message ? message->descriptor->name : type->name);
        buf_char(ret, ':');
        if (message)
            write_message_schema(ret, message, NULL);
        else
            write_enum_schema(ret, type);
        buf_char(ret, ',');
    }
}

/* ---- operations ---- */

static void write_parameters(struct buf *ret, const struct api_method *method)
{
    const char *comma = "";

    buf_str(ret, ",\"parameters\":[");
    for (unsigned i = 0; i < method->n_params; i++) {
        buf_printf(ret, "%s{\"name\":\"%s\",\"in\":\"path\",\"required\":true,\"schema\":", comma,
                   method->params[i]->json_name);
        write_field_schema(ret, method->params[i]);
        buf_char(ret, '}');
        comma = ",";
    }
    for (unsigned i = 0; i < method->input->descriptor->n_fields && strcmp(method->http, "POST") != 0; i++) {
        const struct api_field *field = &method->input->fields[i];

        if (is_param(method, field))
            continue;
        buf_printf(ret, "%s{\"name\":\"%s\",\"in\":\"query\",\"required\":%s,\"schema\":", comma, field->json_name,
                   field->limit->required ? "true" : "false");
        write_field_schema(ret, field);
        buf_char(ret, '}');
        comma = ",";
    }
    if (method->rule->idempotency == RULE__IDEMPOTENCY__KEY)
        buf_printf(ret,
                   "%s{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":true,"
                   "\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}}",
                   comma, LIMIT_IDEMPOTENCY_KEY);
    buf_char(ret, ']');
}

static void write_body(struct buf *ret, const struct api_method *method)
{
    bool required = false;

    if (strcmp(method->http, "POST") != 0 || method->input->descriptor->n_fields == method->n_params)
        return;
    for (unsigned i = 0; i < method->input->descriptor->n_fields; i++)
        required |= method->input->fields[i].limit->required && !is_param(method, &method->input->fields[i]);
    buf_printf(ret, ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":{\"schema\":",
               required ? "true" : "false");
    write_message_schema(ret, method->input, method);
    buf_str(ret, "}}}");
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

static void write_operation(struct buf *ret, const struct api_method *method)
{
    static const char *const who[] = {"session", "public", "verified", "official", "internal"};
    const Rule__Method *rule = method->rule;
    bool creates = strcmp(method->http, "POST") == 0 && !strchr(strrchr(method->path, '/'), ':');

    buf_printf(ret, "{\"operationId\":\"%s\",\"tags\":[\"%s\"],\"x-who\":\"%s\",\"x-roles\":[", method->name,
               method->service->short_name, (size_t)rule->who < ARRAY_LEN(who) ? who[rule->who] : "session");
    for (size_t i = 0; i < rule->n_roles; i++) {
        const ProtobufCEnumValue *role =
            protobuf_c_enum_descriptor_get_value(&rule__role__descriptor, (int)rule->roles[i]);

        buf_printf(ret, "%s\"%s\"", i ? "," : "", role ? role->name : "");
    }
    buf_str(ret, rule->who == RULE__WHO__PUBLIC ? "],\"security\":[]" : "],\"security\":[{\"session\":[]}]");
    write_parameters(ret, method);
    write_body(ret, method);
    buf_str(ret, ",\"responses\":{");
    write_response(ret, "200", method);
    if (creates)
        write_response(ret, "201", method);
    buf_str(ret, "\"default\":{\"$ref\":\"#/components/responses/Problem\"}}}");
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

static void write_paths(const struct api *api, struct buf *ret)
{
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
            write_operation(ret, other);
        }
        buf_char(ret, '}');
        comma = ",";
    }
}

/* ---- the document ---- */

static void write_reasons(const struct api *api, struct buf *ret)
{
    for (size_t i = 1; i < api->n_reasons; i++) {
        const struct api_reason *reason = &api->reasons[i];

        buf_printf(ret,
                   "%s{\"package\":\"%s\",\"reason\":\"%s\",\"errcode\":%d,\"http\":%d,\"errmsg\":", i > 1 ? "," : "",
                   reason->package, reason->name, reason->number, reason->http);
        write_name(ret, reason->zh);
        buf_char(ret, '}');
    }
}

int api_document(struct api *api)
{
    struct buf *ret = &api->openapi;

    buf_str(ret, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Huigong\",\"version\":\"" HUIGONG_VERSION "\"},"
                 "\"paths\":{");
    write_paths(api, ret);
    buf_str(ret, "},\"components\":{\"securitySchemes\":{\"session\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
                 "\"responses\":{\"Problem\":{\"description\":\"A refusal or a failure, with its reason\",\"content\":"
                 "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}},"
                 "\"schemas\":{");
    write_schemas(api, ret);
    buf_str(ret, "\"Problem\":{\"type\":\"object\",\"required\":[\"reason\",\"errcode\",\"errmsg\"],\"properties\":{"
                 "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
                 "\"detail\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},"
                 "\"errcode\":{\"type\":\"integer\"},\"errmsg\":{\"type\":\"string\"},"
                 "\"traceId\":{\"type\":\"string\"}}}}},\"x-reasons\":[");
    write_reasons(api, ret);
    buf_str(ret, "]}");
    buf_char(ret, '\0');
    if (ret->failed)
        return api_wrong(api, "the OpenAPI document is larger than %zu bytes", ret->max);
    /* The NUL is no part of it. */
    ret->len--;
    return 0;
}
