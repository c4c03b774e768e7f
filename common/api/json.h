/* json.h: protobuf messages as JSON, by descriptor.
 *
 * The proto3 mapping: lowerCamelCase names (either form is read), 64-bit
 * integers as strings (numbers are read too), enums by name (numbers are read
 * too), bytes as base64 or, with the `hex` limit, as hexadecimal, fields with the `time`
 * limit as RFC 3339 with milliseconds in UTC, and with the `day` limit as 2026-03-01. Fields with their default value are written as well, so a
 * client need not know the defaults; message fields that are absent are not, and
 * a time or day of 0, which has not come, is null rather than 1970. null is read as absent.
 *
 * Reading is strict: UTF-8 without NUL, no unknown or duplicate field, no
 * trailing text, LIMIT_JSON_DEPTH levels, LIMIT_JSON_VALUES values, and every limit
 * of the .proto; integers have no fraction or exponent. A least value or length does
 * not bind a field at its default, which is as good as absent, unless the field is
 * required; so what was written can be read back. Each trouble is a Reason and the name of the field,
 * e.g. "release.faceFen" or "release.trades[2]".
 *
 * json_text.c looks at the text, json.c reads messages, json_scalar.c single
 * values, json_write.c writes. All may be called from several threads. */
#pragma once
#include "common/api/api.h"
#include "common/base/arena.h"
#include "common/base/buf.h"

struct json_trouble {
    int reason;      /* a Reason; 0 when all is well */
    char field[128]; /* the JSON path of the field, cut to this size, or empty; UTF-8 */
};

/* An empty message of this type in the arena, or NULL past its cap. */
ProtobufCMessage *json_new(const struct api_message *type, struct arena *arena);

/* Fills message from the JSON object in text. Whatever it points to is in the
 * arena. Returns 0 or a Reason, also in ret_trouble. An empty text is an empty
 * object. The arena's end is BODY_TOO_LARGE. Does not check `required`: fields may
 * still come from the path. The message is new from json_new. */
int json_decode(ProtobufCMessage *message, const char *text, size_t len, struct arena *arena,
                struct json_trouble *ret_trouble);

/* Sets one field from the text of a path or query parameter, already
 * percent-decoded; a repeated field grows by one, another is replaced. Same returns.
 * A message field cannot be set so: WRONG_TYPE. */
int json_set(ProtobufCMessage *message, const struct api_field *field, const char *text, size_t len,
             struct arena *arena, struct json_trouble *ret_trouble);

/* The field called name (JSON or .proto form) or NULL. */
const struct api_field *json_field(const struct api_message *type, const char *name, size_t len);

/* Checks `required` throughout. Returns 0 or MISSING_FIELD. */
int json_complete(const ProtobufCMessage *message, struct json_trouble *ret_trouble);

/* Appends the message as a JSON object; ret->failed tells when it did not fit (or
 * was within 64 bytes of its maximum). The type is one that a method reaches, and its
 * strings are UTF-8. */
void json_encode(const ProtobufCMessage *message, struct buf *ret);
/* Appends UTF-8 text as a quoted JSON string. */
void json_quote(struct buf *ret, const char *text, size_t len);
/* Appends milliseconds since 1970 as a quoted RFC 3339 time, the years before 1970
 * and after 9999 as the first and last instant between. */
void json_time(struct buf *ret, int64_t at);
