#include "common/api/json_internal.h"
#include "common/base/limits.h"

#include <jansson.h>

struct reader {
    struct arena *arena;
    struct json_trouble *trouble;
};

/* ---- troubles ---- */

/* Appends name to field, cut before the code point that does not fit whole. */
static size_t add_name(char *field, size_t used, size_t size, const char *name)
{
    size_t len = strlen(name);

    if (len > size - 1 - used) {
        len = size - 1 - used;
        while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(field + used, name, len);
    field[used + len] = '\0';
    return used + len;
}

int json_fail(struct json_trouble *ret_trouble, int reason, const struct json_place *place)
{
    const struct json_place *chain[2 * LIMIT_JSON_DEPTH];
    size_t n = 0, used = 0;

    ret_trouble->reason = reason;
    ret_trouble->field[0] = '\0';
    ret_trouble->limit = NULL;
    ret_trouble->character = 0;
    for (; place && place->up && n < ARRAY_LEN(chain); place = place->up)
        chain[n++] = place;
    while (n-- > 0) {
        char index[32];

        if (chain[n]->name) {
            used = add_name(ret_trouble->field, used, sizeof(ret_trouble->field), used ? "." : "");
            used = add_name(ret_trouble->field, used, sizeof(ret_trouble->field), chain[n]->name);
        } else {
            snprintf(index, sizeof(index), "[%zu]", chain[n]->index);
            used = add_name(ret_trouble->field, used, sizeof(ret_trouble->field), index);
        }
    }
    return reason;
}

static int fail(const struct reader *reader, int reason, const struct json_place *place)
{
    return reason ? json_fail(reader->trouble, reason, place) : 0;
}

/* The same of a value of the field. */
static int fail_value(const struct reader *reader, int reason, const struct json_place *place,
                      const struct api_field *field)
{
    if (reason) {
        json_fail(reader->trouble, reason, place);
        reader->trouble->limit = field->limit;
    }
    return reason;
}

/* The same of a text. */
static int fail_text(const struct reader *reader, int reason, const struct json_place *place,
                     const struct api_field *field, const char *text, size_t len)
{
    fail_value(reader, reason, place, field);
    if (reason == RPC__REASON__NOT_ONE_LINE || reason == RPC__REASON__HIDDEN_CHARACTER)
        reader->trouble->character = json_hidden_character(field, text, len, reader->arena);
    return reason;
}

static char *add_fact(struct json_refusal *refusal, const char *name, int64_t value)
{
    size_t n = refusal->answer.n_facts++;

    snprintf(refusal->values[n], sizeof(refusal->values[n]), "%lld", (long long)value);
    rpc__fact__init(&refusal->facts[n]);
    refusal->facts[n].name = unconst(name);
    refusal->facts[n].value = refusal->values[n];
    refusal->list[n] = &refusal->facts[n];
    return refusal->values[n];
}

void json_refuse(const struct json_trouble *trouble, struct json_refusal *ret)
{
    const Rule__Field *limit = trouble->limit;

    rpc__answer__init(&ret->answer);
    ret->answer.reason = trouble->reason;
    ret->answer.field = unconst(trouble->field);
    ret->answer.facts = ret->list;
    if (trouble->character)
        text_show(trouble->character, add_fact(ret, "character", 0));
    if (!limit && trouble->reason == RPC__REASON__TOO_MANY_ITEMS)
        add_fact(ret, "maxItems", LIMIT_JSON_VALUES);
    if (!limit)
        return;
    if (trouble->reason == RPC__REASON__TOO_LONG)
        add_fact(ret, "maxLength", limit->max_len);
    else if (trouble->reason == RPC__REASON__TOO_SHORT)
        add_fact(ret, "minLength", limit->min_len);
    else if (trouble->reason == RPC__REASON__TOO_MANY_ITEMS)
        add_fact(ret, "maxItems", limit->max_items);
    else if (trouble->reason == RPC__REASON__OUT_OF_RANGE && (limit->min || limit->max)) {
        add_fact(ret, "minimum", limit->min);
        add_fact(ret, "maximum", limit->max);
    }
}

/* ---- reading ---- */

ProtobufCMessage *json_new(const struct api_message *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_zalloc(arena, type->descriptor->sizeof_message);

    if (message)
        type->descriptor->message_init(message);
    return message;
}

const struct api_field *json_field(const struct api_message *type, const char *name, size_t len)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const struct api_field *field = &type->fields[i];

        if (field->limit->inside)
            continue;
        if (field->json_len == len && memcmp(field->json_name, name, len) == 0)
            return field;
        /* Only a name with underscores differs, and is then longer. */
        if (len > field->json_len && strlen(field->descriptor->name) == len &&
            memcmp(field->descriptor->name, name, len) == 0)
            return field;
    }
    return NULL;
}

static int read_object(const struct reader *reader, const struct api_message *type, const json_t *object,
                       const struct json_place *place, ProtobufCMessage *message);

/* One value, of a singular field or an element of a repeated one. */
static int read_value(const struct reader *reader, const struct api_field *field, const json_t *value,
                      const struct json_place *place, void *ret_member)
{
    ProtobufCMessage *message;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        if (!field->message)
            return fail(reader, RPC__REASON__WRONG_TYPE, place);
        message = json_new(field->message, reader->arena);
        if (!message)
            return fail(reader, RPC__REASON__BODY_TOO_LARGE, place);
        *(ProtobufCMessage **)ret_member = message;
        return read_object(reader, field->message, value, place, message);
    case JSON_STRING:
        return fail_text(
            reader,
            json_from_text(field, json_string_value(value), json_string_length(value), reader->arena, ret_member),
            place, field, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return fail_value(reader, json_from_integer(field, json_integer_value(value), ret_member), place, field);
    case JSON_REAL:
        return fail_value(reader, json_from_real(field, json_real_value(value), ret_member), place, field);
    case JSON_TRUE:
    case JSON_FALSE:
        return fail(reader, json_from_bool(field, json_is_true(value), ret_member), place);
    default:
        return fail(reader, RPC__REASON__WRONG_TYPE, place);
    }
}

static int read_array(const struct reader *reader, const struct api_field *field, const json_t *array,
                      const struct json_place *place, ProtobufCMessage *message)
{
    size_t n = json_array_size(array), size = json_element_size(field->descriptor);
    char *elements;

    if (!json_is_array(array))
        return fail(reader, RPC__REASON__WRONG_TYPE, place);
    if (field->limit->max_items && n > field->limit->max_items)
        return fail_value(reader, RPC__REASON__TOO_MANY_ITEMS, place, field);
    if (n == 0)
        return 0;
    elements = arena_zalloc(reader->arena, n * size);
    if (!elements)
        return fail(reader, RPC__REASON__BODY_TOO_LARGE, place);
    for (size_t i = 0; i < n; i++) {
        struct json_place element = {place, NULL, i};
        int reason = read_value(reader, field, json_array_get(array, i), &element, elements + i * size);

        if (reason)
            return reason;
    }
    *(void **)json_member(message, field->descriptor->offset) = elements;
    *(size_t *)json_member(message, field->descriptor->quantifier_offset) = n;
    return 0;
}

static int read_field(const struct reader *reader, const struct api_field *field, const json_t *value,
                      const struct json_place *place, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    int reason;

    if (json_is_null(value))
        return 0;
    if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        return read_array(reader, field, value, place, message);
    if (!(descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return read_value(reader, field, value, place, json_member(message, descriptor->offset));
    if (*(uint32_t *)json_member(message, descriptor->quantifier_offset))
        return fail(reader, RPC__REASON__DUPLICATE_FIELD, place);
    reason = read_value(reader, field, value, place, json_member(message, descriptor->offset));
    if (!reason)
        *(uint32_t *)json_member(message, descriptor->quantifier_offset) = descriptor->id;
    return reason;
}

static int read_object(const struct reader *reader, const struct api_message *type, const json_t *object,
                       const struct json_place *place, ProtobufCMessage *message)
{
    uint64_t seen = 0;
    const char *name;
    json_t *value;

    /* The iterator's parameter is not const, but it only reads. */
    json_object_foreach((json_t *)object, name, value)
    {
        const struct api_field *field = json_field(type, name, strlen(name));
        struct json_place here = {place, field ? field->json_name : name, 0};
        uint64_t bit;
        int reason;

        if (!field)
            return fail(reader, RPC__REASON__UNKNOWN_FIELD, &here);
        /* The same field in both its forms is not seen by the parser. */
        bit = (uint64_t)1 << (field - type->fields);
        if (seen & bit)
            return fail(reader, RPC__REASON__DUPLICATE_FIELD, &here);
        seen |= bit;
        reason = read_field(reader, field, value, &here, message);
        if (reason && !field->limit->lax)
            return reason;
        if (reason)
            *reader->trouble = (struct json_trouble){0};
    }
    return 0;
}

static void parse_trouble(const json_error_t *error, const char *text, size_t len, struct json_trouble *ret_trouble)
{
    size_t position = error->position > 0 && (size_t)error->position < len ? (size_t)error->position : len;
    int reason;

    switch (json_error_code(error)) {
    case json_error_out_of_memory:
        json_fail(ret_trouble, RPC__REASON__BODY_TOO_LARGE, NULL);
        return;
    case json_error_stack_overflow:
        json_fail(ret_trouble, RPC__REASON__TOO_DEEP, NULL);
        return;
    case json_error_invalid_utf8:
    case json_error_null_character:
    case json_error_null_byte_in_key:
        reason = RPC__REASON__INVALID_UTF8;
        break;
    case json_error_duplicate_key:
        reason = RPC__REASON__DUPLICATE_FIELD;
        break;
    case json_error_numeric_overflow:
        reason = RPC__REASON__OUT_OF_RANGE;
        break;
    default:
        json_fail(ret_trouble, RPC__REASON__MALFORMED_JSON, NULL);
        return;
    }
    ret_trouble->reason = reason;
    json_locate(text, position, ret_trouble->field, sizeof(ret_trouble->field));
}

json_t *json_parse(const char *text, size_t len, struct json_trouble *ret_trouble)
{
    /* Before the parser, which would take memory for every value first. */
    int reason = json_scan(text, len);
    json_error_t error;
    json_t *value;

    *ret_trouble = (struct json_trouble){0};
    if (reason) {
        json_fail(ret_trouble, reason, NULL);
        return NULL;
    }
    value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value)
        parse_trouble(&error, text, len, ret_trouble);
    return value;
}

int json_decode(ProtobufCMessage *message, const char *text, size_t len, struct arena *arena,
                struct json_trouble *ret_trouble)
{
    const struct reader reader = {arena, ret_trouble};
    const struct json_place root = {NULL, NULL, 0};
    json_t *value;
    int reason;

    *ret_trouble = (struct json_trouble){0};
    if (len == 0 || (len == 2 && text[0] == '{' && text[1] == '}'))
        return 0;
    value = json_parse(text, len, ret_trouble);
    if (!value)
        return ret_trouble->reason;
    if (json_is_object(value))
        reason = read_object(&reader, api_message(message->descriptor), value, &root, message);
    else
        reason = fail(&reader, RPC__REASON__WRONG_TYPE, &root);
    json_decref(value);
    return reason;
}

/* ---- parameters ---- */

static int parameter_value(const struct api_field *field, const char *text, size_t len, struct arena *arena,
                           void *ret_member)
{
    if (field->descriptor->type != PROTOBUF_C_TYPE_BOOL)
        return json_from_text(field, text, len, arena, ret_member);
    if (len == 4 && memcmp(text, "true", 4) == 0)
        return json_from_bool(field, true, ret_member);
    if (len == 5 && memcmp(text, "false", 5) == 0)
        return json_from_bool(field, false, ret_member);
    return RPC__REASON__WRONG_TYPE;
}

static int append_value(ProtobufCMessage *message, const struct api_field *field, const char *text, size_t len,
                        struct arena *arena)
{
    void **elements = json_member(message, field->descriptor->offset);
    size_t *n = json_member(message, field->descriptor->quantifier_offset);
    size_t size = json_element_size(field->descriptor);
    char *grown;
    int reason;

    if (field->limit->max_items && *n >= field->limit->max_items)
        return RPC__REASON__TOO_MANY_ITEMS;
    grown = arena_alloc(arena, (*n + 1) * size);
    if (!grown)
        return RPC__REASON__BODY_TOO_LARGE;
    if (*n)
        memcpy(grown, *elements, *n * size);
    reason = parameter_value(field, text, len, arena, grown + *n * size);
    if (reason)
        return reason;
    *elements = grown;
    (*n)++;
    return 0;
}

int json_set(ProtobufCMessage *message, const struct api_field *field, const char *text, size_t len,
             struct arena *arena, struct json_trouble *ret_trouble)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    const struct json_place root = {NULL, NULL, 0}, place = {&root, field->json_name, 0};
    /* Set only as a whole: the members of a oneof share their place. */
    union {
        uint64_t word;
        ProtobufCBinaryData bytes;
        void *pointer;
    } value;
    int reason;

    *ret_trouble = (struct json_trouble){0};
    if (field->message) {
        reason = RPC__REASON__WRONG_TYPE;
    } else if (descriptor->label == PROTOBUF_C_LABEL_REPEATED) {
        reason = append_value(message, field, text, len, arena);
    } else {
        reason = parameter_value(field, text, len, arena, &value);
        if (!reason) {
            memcpy(json_member(message, descriptor->offset), &value, json_element_size(descriptor));
            if (descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
                *(uint32_t *)json_member(message, descriptor->quantifier_offset) = descriptor->id;
        }
    }
    return fail_text(&(struct reader){arena, ret_trouble}, reason, &place, field, text, len);
}

/* ---- required fields ---- */

static int complete(const struct api_message *type, const ProtobufCMessage *message, const struct json_place *place,
                    struct json_trouble *ret_trouble);

static int complete_elements(const struct api_field *field, const ProtobufCMessage *message,
                             const struct json_place *place, struct json_trouble *ret_trouble)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    size_t n = *(const size_t *)json_const_member(message, descriptor->quantifier_offset);
    ProtobufCMessage *const *elements =
        *(ProtobufCMessage *const *const *)json_const_member(message, descriptor->offset);

    if (n == 0 && field->limit->required)
        return json_fail(ret_trouble, RPC__REASON__MISSING_FIELD, place);
    for (size_t i = 0; i < n && field->message; i++) {
        struct json_place element = {place, NULL, i};
        int reason = complete(field->message, elements[i], &element, ret_trouble);

        if (reason)
            return reason;
    }
    return 0;
}

static int complete(const struct api_message *type, const ProtobufCMessage *message, const struct json_place *place,
                    struct json_trouble *ret_trouble)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const struct api_field *field = &type->fields[i];
        const ProtobufCFieldDescriptor *descriptor = field->descriptor;
        const void *member = json_const_member(message, descriptor->offset);
        struct json_place here = {place, field->json_name, 0};
        bool absent = json_not_chosen(message, descriptor);
        int reason = 0;

        if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
            reason = complete_elements(field, message, &here, ret_trouble);
        else if (absent || json_is_default(descriptor, member))
            reason = field->limit->required ? json_fail(ret_trouble, RPC__REASON__MISSING_FIELD, &here) : 0;
        else if (field->message)
            reason = complete(field->message, *(ProtobufCMessage *const *)member, &here, ret_trouble);
        if (reason)
            return reason;
    }
    return 0;
}

int json_complete(const ProtobufCMessage *message, struct json_trouble *ret_trouble)
{
    const struct json_place root = {NULL, NULL, 0};

    *ret_trouble = (struct json_trouble){0};
    return complete(api_message(message->descriptor), message, &root, ret_trouble);
}
