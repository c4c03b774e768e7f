/* Whether a message that did not come as JSON is one that JSON could have said. */
#include "common/api/json_internal.h"
#include "common/base/civil.h"
#include "common/text/text.h"

struct judge {
    struct arena *arena;
    struct json_trouble *trouble;
};

static int judge_text(const struct judge *judge, const struct api_field *field, const char *text)
{
    size_t len = strlen(text), points;
    const char *folded;
    int reason;

    if (!json_utf8(text, len, &points))
        return RPC__REASON__INVALID_UTF8;
    reason = json_length_trouble(field->limit, points);
    if (!reason)
        reason = json_look_trouble(field->limit, text, len);
    if (reason || field->limit->raw || text_is_plain(text))
        return reason;
    folded = json_fold(field, text, len, judge->arena, &reason);
    if (!folded)
        return reason;
    return strcmp(folded, text) == 0 ? 0 : RPC__REASON__HIDDEN_CHARACTER;
}

static int judge_integer(const struct api_field *field, int64_t value)
{
    struct json_integer integer = {value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value};

    if (field->limit->day && value)
        return value / 10000 >= 1970 && civil_date((int)(value / 10000), (int)(value / 100 % 100), (int)(value % 100))
                   ? 0
                   : RPC__REASON__NO_SUCH_DAY;
    return json_within_limit(field->limit, integer) ? 0 : RPC__REASON__OUT_OF_RANGE;
}

static int judge_message(const struct judge *judge, const struct api_message *type, const ProtobufCMessage *message,
                         const struct json_place *place);

/* One value, of a singular field or an element of a repeated one. */
static int judge_value(const struct judge *judge, const struct api_field *field, const void *member,
                       const struct json_place *place)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    int reason = 0;

    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return judge_message(judge, field->message, *(ProtobufCMessage *const *)member, place);
    case PROTOBUF_C_TYPE_STRING:
        reason = judge_text(judge, field, *(const char *const *)member);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        reason = json_length_trouble(field->limit, ((const ProtobufCBinaryData *)member)->len);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        if (!protobuf_c_enum_descriptor_get_value(descriptor->descriptor, *(const int *)member))
            reason = RPC__REASON__OUT_OF_RANGE;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        reason = judge_integer(field, *(const int32_t *)member);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        reason = judge_integer(field, *(const uint32_t *)member);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        reason = judge_integer(field, *(const int64_t *)member);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (!json_within_limit(field->limit, (struct json_integer){false, *(const uint64_t *)member}))
            reason = RPC__REASON__OUT_OF_RANGE;
        break;
    default:
        break;
    }
    return reason ? json_fail(judge->trouble, reason, place) : 0;
}

static int judge_repeated(const struct judge *judge, const struct api_field *field, const ProtobufCMessage *message,
                          const struct json_place *place)
{
    size_t n = *(const size_t *)json_const_member(message, field->descriptor->quantifier_offset);
    const char *elements = *(const char *const *)json_const_member(message, field->descriptor->offset);
    size_t size = json_element_size(field->descriptor);

    if (field->limit->max_items && n > field->limit->max_items)
        return json_fail(judge->trouble, RPC__REASON__TOO_MANY_ITEMS, place);
    if (n == 0 && field->limit->required)
        return json_fail(judge->trouble, RPC__REASON__MISSING_FIELD, place);
    for (size_t i = 0; i < n; i++) {
        struct json_place element = {place, NULL, i};
        int reason = field->limit->inside ? json_fail(judge->trouble, RPC__REASON__UNKNOWN_FIELD, place)
                                          : judge_value(judge, field, elements + i * size, &element);

        if (reason)
            return reason;
    }
    return 0;
}

static int judge_message(const struct judge *judge, const struct api_message *type, const ProtobufCMessage *message,
                         const struct json_place *place)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const struct api_field *field = &type->fields[i];
        const ProtobufCFieldDescriptor *descriptor = field->descriptor;
        const void *member = json_const_member(message, descriptor->offset);
        struct json_place here = {place, field->json_name, 0};
        int reason;

        if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
            reason = judge_repeated(judge, field, message, &here);
        else if (json_not_chosen(message, descriptor) || json_is_default(descriptor, member))
            reason = field->limit->required ? json_fail(judge->trouble, RPC__REASON__MISSING_FIELD, &here) : 0;
        else if (field->limit->inside)
            reason = json_fail(judge->trouble, RPC__REASON__UNKNOWN_FIELD, &here);
        else
            reason = judge_value(judge, field, member, &here);
        if (reason)
            return reason;
    }
    return 0;
}

int json_judge(const struct api_message *type, const ProtobufCMessage *message, struct arena *arena,
               struct json_trouble *ret_trouble)
{
    const struct json_place root = {NULL, NULL, 0};

    return judge_message(&(struct judge){arena, ret_trouble}, type, message, &root);
}
