/* json.h: protobuf messages as JSON, by descriptor.
 *
 * The proto3 mapping: lowerCamelCase names (either form is read), 64-bit
 * integers as strings (numbers are read too), enums by name (numbers are read
 * too), bytes as base64, and fields with the `time` limit as RFC 3339 with
 * milliseconds in UTC. Fields with their default value are written as well, so a
 * client need not know the defaults; message fields that are absent are not.
 *
 * Reading is strict: UTF-8 without NUL, no unknown or duplicate field, no
 * trailing text, LIMIT_JSON_DEPTH levels, and every limit of the .proto. Each
 * trouble is a Reason and the name of the field, e.g. "release.faceFen". */
#pragma once
#include "common/api.h"
#include "common/arena.h"
#include "common/buf.h"

struct json_trouble {
    int reason;      /* a Reason; 0 when all is well */
    char field[128]; /* the JSON path of the field, or empty */
};

/* An empty message of this type in the arena, or NULL past its cap. */
ProtobufCMessage *json_new(const struct api_message *type, struct arena *arena);

/* Fills message from the JSON object in text. Whatever it points to is in the
 * arena. Returns 0 or a Reason, also in ret_trouble. Does not check `required`:
 * fields may still come from the path. */
int json_decode(ProtobufCMessage *message, const char *text, size_t len, struct arena *arena,
                struct json_trouble *ret_trouble);

/* Sets one field from the text of a path or query parameter, already
 * percent-decoded; a repeated field grows by one. Same returns. */
int json_set(ProtobufCMessage *message, const struct api_field *field, const char *text, size_t len,
             struct arena *arena, struct json_trouble *ret_trouble);

/* The field called name (JSON or .proto form) or NULL. */
const struct api_field *json_field(const struct api_message *type, const char *name, size_t len);

/* Checks `required` throughout. Returns 0 or MISSING_FIELD. */
int json_complete(const ProtobufCMessage *message, struct json_trouble *ret_trouble);

/* Appends the message as a JSON object; ret->failed tells when it did not fit. */
void json_encode(const ProtobufCMessage *message, struct buf *ret);
/* Appends text as a quoted JSON string. */
void json_quote(struct buf *ret, const char *text, size_t len);
/* Appends milliseconds since 1970 as a quoted RFC 3339 time. */
void json_time(struct buf *ret, int64_t at);
