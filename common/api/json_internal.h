/* json_internal.h: what the pieces of the json module share. */
#pragma once
#include "common/api/json.h"

/* The last instant of the year 9999, in milliseconds since 1970. */
#define JSON_TIME_MAX 253402300799999
/* The greatest integer below which a double holds every one. */
#define JSON_EXACT_MAX ((UINT64_C(1) << 53) - 1)

/* Where in a message the reader is: a chain of names and indexes up to the root. */
struct json_place {
    const struct json_place *up; /* NULL at the root, whose name is not read */
    const char *name;            /* of a field; NULL: the element index of a repeated one */
    size_t index;
};

/* Notes a trouble at a place; returns the reason. */
int json_fail(struct json_trouble *ret_trouble, int reason, const struct json_place *place);

struct json_integer {
    bool negative;
    uint64_t magnitude;
};

/* Whether an integer of its type is within a field's limits. */
bool json_within_limit(const Rule__Field *limit, struct json_integer value);
/* Whether so many characters or bytes are, and what a text looks like: 0 or the Reason. */
int json_length_trouble(const Rule__Field *limit, size_t len);
int json_look_trouble(const Rule__Field *limit, const char *text, size_t len);
/* The text in the arena, folded unless the field takes it as it is; NULL with the Reason. */
char *json_fold(const struct api_field *field, const char *text, size_t len, struct arena *arena, int *ret_reason);

/* The size in memory of one value of a field's type. */
size_t json_element_size(const ProtobufCFieldDescriptor *descriptor);
/* Each stores one value of a field at ret_member (of json_element_size) if its type
 * and limits allow, and returns 0 or a Reason. */
int json_from_text(const struct api_field *field, const char *text, size_t len, struct arena *arena, void *ret_member);
/* The character for which that gave NOT_ONE_LINE or HIDDEN_CHARACTER, or 0. */
int32_t json_hidden_character(const struct api_field *field, const char *text, size_t len, struct arena *arena);
int json_from_integer(const struct api_field *field, int64_t value, void *ret_member);
int json_from_real(const struct api_field *field, double value, void *ret_member);
int json_from_bool(const struct api_field *field, bool value, void *ret_member);
/* Whether one value is its type's default: zero, empty or absent. */
bool json_is_default(const ProtobufCFieldDescriptor *descriptor, const void *member);

/* Whether text is UTF-8 without NUL, and how many code points it has. */
bool json_utf8(const char *text, size_t len, size_t *ret_points);
/* Whether a text, which need not be JSON, is within LIMIT_JSON_DEPTH and
 * LIMIT_JSON_VALUES: 0, TOO_DEEP or TOO_MANY_ITEMS. */
int json_scan(const char *text, size_t len);
/* The path of the value in which the well-formed beginning of a JSON text ends. */
void json_locate(const char *text, size_t len, char *ret_field, size_t size);

/* The member of a message at an offset. */
static inline void *json_member(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

static inline const void *json_const_member(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

/* Whether a field is another member of its oneof than the one that is set. */
static inline bool json_not_chosen(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
           *(const uint32_t *)json_const_member(message, field->quantifier_offset) != field->id;
}
