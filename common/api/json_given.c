/* json_given.c: messages that were not read from JSON, held against what JSON may hold. */
#include "common/api/json_internal.h"

#include "common/base/civil.h"
#include "common/text/utf8.h"

static bool is_length(const Rule__Field *limit, size_t len)
{
    return (!limit->max_len || len <= limit->max_len) && len >= limit->min_len;
}

static bool holds_text(const Rule__Field *limit, const char *text)
{
    size_t len = limit->max_len ? strnlen(text, 4 * (size_t)limit->max_len + 1) : strlen(text), points;
    int32_t bad;

    return (!limit->max_len || len <= 4 * (size_t)limit->max_len) && json_utf8(text, len, &points) &&
           is_length(limit, points) && (limit->raw || utf8_look(text, len, limit->lines, &bad) == UTF8_PLAIN) &&
           (!limit->hex || (len % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") == len));
}

static bool holds_integer(const Rule__Field *limit, int64_t value)
{
    if (limit->day)
        return value >= 19700000 && value <= 99991231 &&
               civil_date((int)(value / 10000), (int)(value / 100 % 100), (int)(value % 100));
    if (limit->time && (value < 0 || value > JSON_TIME_MAX))
        return false;
    return (!limit->min && !limit->max) || (value >= limit->min && value <= limit->max);
}

static bool holds_value(const struct api_field *field, const void *member)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;

    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        return holds_text(field->limit, *(const char *const *)member);
    case PROTOBUF_C_TYPE_BYTES:
        return is_length(field->limit, ((const ProtobufCBinaryData *)member)->len);
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_could_be(field->message, *(ProtobufCMessage *const *)member);
    case PROTOBUF_C_TYPE_ENUM:
        return protobuf_c_enum_descriptor_get_value(descriptor->descriptor, *(const int *)member) != NULL;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return holds_integer(field->limit, *(const int32_t *)member);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return holds_integer(field->limit, *(const int64_t *)member);
    default:
        return true; /* an unsigned one or a truth value, without limits of their own */
    }
}

static bool holds_list(const struct api_field *field, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    size_t n = *(const size_t *)json_const_member(message, descriptor->quantifier_offset);
    const char *elements = *(const char *const *)json_const_member(message, descriptor->offset);
    size_t size = json_element_size(descriptor);

    if (n == 0)
        return !field->limit->required;
    if (field->limit->inside || (field->limit->max_items && n > field->limit->max_items))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!holds_value(field, elements + i * size))
            return false;
    }
    return true;
}

static bool holds_one(const struct api_field *field, const ProtobufCMessage *message)
{
    const void *member = json_const_member(message, field->descriptor->offset);

    if (json_not_chosen(message, field->descriptor) || json_is_default(field->descriptor, member))
        return !field->limit->required;
    return !field->limit->inside && holds_value(field, member);
}

bool json_could_be(const struct api_message *type, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const struct api_field *field = &type->fields[i];

        if (!(field->descriptor->label == PROTOBUF_C_LABEL_REPEATED ? holds_list(field, message)
                                                                    : holds_one(field, message)))
            return false;
    }
    message->n_unknown_fields = 0;
    return true;
}
