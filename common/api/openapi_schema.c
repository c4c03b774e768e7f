/* Schemas of messages, enums and fields. */
#include "common/api/json.h"
#include "common/api/openapi_internal.h"

void openapi_name(struct buf *ret, const char *name)
{
    json_quote(ret, name, strlen(name));
}

/* Adds a description to the schema that has just been written. */
static void describe(struct buf *ret, const char *text)
{
    if (!*text || ret->failed)
        return;
    ret->len--; /* its closing brace */
    buf_str(ret, ",\"description\":");
    openapi_name(ret, text);
    buf_char(ret, '}');
}

/* What an enum and each of its values mean, as Markdown; NULL when memory is full. */
static const char *enum_text(struct openapi *doc, const ProtobufCEnumDescriptor *type)
{
    char *text = arena_printf(&doc->arena, "%s", openapi_comment(doc, "%s", type->name));

    for (unsigned i = 0; text && i < type->n_values; i++) {
        const char *value = type->values[i].name, *says = openapi_comment(doc, "%s.%s", type->name, value);

        if (*says)
            text = arena_printf(&doc->arena, "%s%s- `%s`: %s", text, *text ? "\n" : "", value, says);
    }
    return text;
}

static void write_enum_schema(struct openapi *doc, const ProtobufCEnumDescriptor *type)
{
    struct buf *ret = doc->out;
    const char *text = enum_text(doc, type);

    buf_str(ret, "{\"type\":\"string\",\"enum\":[");
    for (unsigned i = 0; i < type->n_values; i++) {
        buf_str(ret, i ? "," : "");
        openapi_name(ret, type->values[i].name);
    }
    buf_str(ret, "]}");
    describe(ret, text ? text : "");
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
    if (limit->usual)
        buf_printf(ret, ",\"%sdefault\":%lld", x, (long long)limit->usual);
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

void openapi_field(struct buf *ret, const struct api_field *field)
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

bool openapi_is_param(const struct api_method *method, const struct api_field *field)
{
    for (unsigned i = 0; method && i < method->n_params; i++) {
        if (method->params[i] == field)
            return true;
    }
    return false;
}

void openapi_message(struct openapi *doc, const struct api_message *message, const struct api_method *method)
{
    struct buf *ret = doc->out;
    unsigned n = message->descriptor->n_fields;
    bool any = false;

    buf_str(ret, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (unsigned i = 0; i < n; i++) {
        const struct api_field *field = &message->fields[i];

        if (openapi_is_param(method, field) || field->limit->inside)
            continue;
        buf_add(ret, field->key + !any, field->key_len - !any);
        openapi_field(ret, field);
        describe(ret, openapi_field_comment(doc, message, field));
        any = true;
    }
    buf_char(ret, '}');
    any = false;
    for (unsigned i = 0; i < n; i++) {
        const struct api_field *field = &message->fields[i];

        if (!field->limit->required || openapi_is_param(method, field))
            continue;
        buf_str(ret, any ? "," : ",\"required\":[");
        openapi_name(ret, field->json_name);
        any = true;
    }
    buf_str(ret, any ? "]}" : "}");
    describe(ret, openapi_comment(doc, "%s", message->descriptor->name));
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

static void reach(struct reached *reached, const struct api_message *message);

static void reach_fields(struct reached *reached, const struct api_message *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];

        if (field->limit->inside)
            continue;
        if (field->message)
            reach(reached, field->message);
        else if (field->descriptor->type == PROTOBUF_C_TYPE_ENUM)
            add_reached(reached, field->descriptor->descriptor, NULL);
    }
}

static void reach(struct reached *reached, const struct api_message *message)
{
    if (add_reached(reached, message->descriptor, message))
        reach_fields(reached, message);
}

void openapi_schemas(struct openapi *doc)
{
    const struct api *api = doc->api;
    struct reached reached = {.n = 0};

    for (size_t i = 0; i < api->set->n_file; i++)
        reached.size += api->set->file[i]->n_message_type + api->set->file[i]->n_enum_type;
    reached.descriptors = openapi_take(doc, reached.size * sizeof(const void *));
    reached.messages = openapi_take(doc, reached.size * sizeof(const struct api_message *));
    for (size_t i = 0; i < api->n_methods; i++) {
        const struct api_method *method = &api->methods[i];

        if (!method->path)
            continue;
        /* What a body has beside the path is written where it is taken. */
        reach_fields(&reached, method->input);
        if (!method->rule->media[0])
            reach(&reached, method->output);
    }
    for (size_t i = 0; i < reached.n; i++) {
        const struct api_message *message = reached.messages[i];
        const ProtobufCEnumDescriptor *type = reached.descriptors[i];

        openapi_name(doc->out, message ? message->descriptor->name : type->name);
        buf_char(doc->out, ':');
        if (message)
            openapi_message(doc, message, NULL);
        else
            write_enum_schema(doc, type);
        buf_char(doc->out, ',');
    }
}
