/* json.h: protobuf messages as JSON, by descriptor.
 *
 * The proto3 mapping: lowerCamelCase names (either form is read), 64-bit
 * integers as strings (numbers are read too), enums by name (numbers are read
 * too), bytes as base64 or, with the `hex` limit, as hexadecimal, fields with the `time`
 * limit as RFC 3339 with milliseconds in UTC, and with the `day` limit as 2026-03-01. Fields with their default value
 * are written as well, so a client need not know the defaults; message fields that are absent are not, and a time or
 * day of 0, which has not come, is null rather than 1970. null is read as absent.
 *
 * A field that is kept inside is not there, neither to read nor to write. One that is lax is absent when it
 * has what it cannot hold, so that one of many does not refuse the others.
 *
 * Reading is strict: UTF-8 without NUL, no unknown or duplicate field, no
 * trailing text, LIMIT_JSON_DEPTH levels, LIMIT_JSON_VALUES values, and every limit
 * of the .proto; integers have no fraction or exponent, and beyond 2^53 they come as
 * strings: most programs would have rounded a number. A least value or length does
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
#include "common/text/text.h"

struct json_trouble {
    int reason;               /* a Reason; 0 when all is well */
    char field[128];          /* the JSON path of the field, cut to this size, or empty; UTF-8 */
    const Rule__Field *limit; /* what the field may hold, when that is what was passed; else NULL */
    int32_t character;        /* that no text may hold; else 0 */
};

/* A trouble as a refusal: the field and, as facts, the limit that it passed (maxLength,
 * minLength, maxItems, minimum and maximum), or the character that it holds. */
struct json_refusal {
    Rpc__Answer answer; /* points into the trouble and into the rest of this */
    Rpc__Fact facts[2], *list[2];
    char values[2][TEXT_SHOWN];
};
void json_refuse(const struct json_trouble *trouble, struct json_refusal *ret);

/* An empty message of this type in the arena, or NULL past its cap. */
ProtobufCMessage *json_new(const struct api_message *type, struct arena *arena);

/* Reads text into a value of jansson's, which is the caller's to give back. NULL with the trouble: all that
 * is wrong with a text whatever it is to mean. */
struct json_t *json_parse(const char *text, size_t len, struct json_trouble *ret_trouble);

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

/* Whether a message that has come as bytes is one that JSON could have said: every limit of
 * every field, and nothing that is kept `inside`. Returns 0, or the Reason with *ret_trouble;
 * takes memory of the arena for what is not plain. */
int json_judge(const struct api_message *type, const ProtobufCMessage *message, struct arena *arena,
               struct json_trouble *ret_trouble);

/* Appends the message as a JSON object; ret->failed tells when it did not fit (or
 * was within 64 bytes of its maximum). The type is one that a method reaches, and its
 * strings are UTF-8. */
void json_encode(const ProtobufCMessage *message, struct buf *ret);
/* Appends UTF-8 text as a quoted JSON string. */
void json_quote(struct buf *ret, const char *text, size_t len);
/* Appends milliseconds since 1970 as a quoted RFC 3339 time, the years before 1970
 * and after 9999 as the first and last instant between. */
void json_time(struct buf *ret, int64_t at);
