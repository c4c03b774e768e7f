/* Single values: from a text or a number into a member of a message. */
#include "common/api/json_internal.h"
#include "common/base/civil.h"
#include "common/base/hex.h"
#include "common/text/text.h"
#include "common/text/utf8.h"

#include <math.h>

/* ---- integers ---- */

/* The integers of JSON: no sign but -, no leading zero. ret_big tells that more digits
 * follow than a 64-bit number can have. */
static bool parse_integer(const char *text, size_t len, struct json_integer *ret_value, bool *ret_big)
{
    size_t i = len > 0 && text[0] == '-';
    uint64_t magnitude = 0;
    bool big = false;

    if (i == len || (text[i] == '0' && len > i + 1))
        return false;
    ret_value->negative = i > 0;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, (unsigned)(text[i] - '0'), &magnitude))
            big = true;
    }
    ret_value->magnitude = magnitude;
    *ret_big = big;
    return true;
}

/* The greatest magnitude below and above zero that a type holds; false for a type
 * that is no integer. */
static bool type_range(ProtobufCType type, uint64_t *ret_below, uint64_t *ret_above)
{
    *ret_below = 0;
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        *ret_below = (uint64_t)1 << 31;
        *ret_above = INT32_MAX;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        *ret_above = UINT32_MAX;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        *ret_below = (uint64_t)1 << 63;
        *ret_above = INT64_MAX;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *ret_above = UINT64_MAX;
        return true;
    default:
        return false;
    }
}

bool json_within_limit(const Rule__Field *limit, struct json_integer value)
{
    int64_t number;

    if (value.magnitude == 0 && !limit->required)
        return true;
    if (limit->time && (value.negative || value.magnitude > JSON_TIME_MAX))
        return false;
    if (!limit->min && !limit->max)
        return true;
    if (!value.negative && value.magnitude > INT64_MAX)
        return false;
    number = (int64_t)(value.negative ? 0 - value.magnitude : value.magnitude);
    return number >= limit->min && number <= limit->max;
}

static int put_integer(const struct api_field *field, struct json_integer value, void *ret_member)
{
    ProtobufCType type = field->descriptor->type;
    uint64_t below, above, word;

    if (type == PROTOBUF_C_TYPE_FLOAT || type == PROTOBUF_C_TYPE_DOUBLE)
        return json_from_real(field, value.negative ? -(double)value.magnitude : (double)value.magnitude, ret_member);
    if (!type_range(type, &below, &above) || field->limit->day)
        return RPC__REASON__WRONG_TYPE;
    if (value.magnitude > (value.negative ? below : above) || !json_within_limit(field->limit, value))
        return RPC__REASON__OUT_OF_RANGE;
    word = value.negative ? 0 - value.magnitude : value.magnitude;
    if (type == PROTOBUF_C_TYPE_ENUM && !protobuf_c_enum_descriptor_get_value(field->descriptor->descriptor, (int)word))
        return RPC__REASON__OUT_OF_RANGE;
    if (json_element_size(field->descriptor) == sizeof(uint32_t))
        *(uint32_t *)ret_member = (uint32_t)word;
    else
        *(uint64_t *)ret_member = word;
    return 0;
}

int json_from_integer(const struct api_field *field, int64_t value, void *ret_member)
{
    struct json_integer integer = {value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value};
    int reason = put_integer(field, integer, ret_member);

    /* Past this one, neighbours share a double: who wrote the number may have meant another. */
    return reason || integer.magnitude <= JSON_EXACT_MAX ? reason : RPC__REASON__NUMBER_NOT_EXACT;
}

int json_from_real(const struct api_field *field, double value, void *ret_member)
{
    uint64_t below, above;

    if (field->descriptor->type == PROTOBUF_C_TYPE_DOUBLE) {
        *(double *)ret_member = value;
        return 0;
    }
    /* An integer that was written as 4.4E+17 has lost its last digits. */
    if (type_range(field->descriptor->type, &below, &above) && fabs(value) > (double)JSON_EXACT_MAX)
        return RPC__REASON__NUMBER_NOT_EXACT;
    if (field->descriptor->type != PROTOBUF_C_TYPE_FLOAT)
        return RPC__REASON__WRONG_TYPE;
    if (!isfinite((float)value))
        return RPC__REASON__OUT_OF_RANGE;
    *(float *)ret_member = (float)value;
    return 0;
}

int json_from_bool(const struct api_field *field, bool value, void *ret_member)
{
    if (field->descriptor->type != PROTOBUF_C_TYPE_BOOL)
        return RPC__REASON__WRONG_TYPE;
    *(protobuf_c_boolean *)ret_member = value;
    return 0;
}

/* ---- times ---- */

/* n digits at *at, which moves behind them; -1 when they are not all digits. */
static int digits(const char **at, const char *end, int n)
{
    int value = 0;

    if (end - *at < n)
        return -1;
    for (int i = 0; i < n; i++) {
        char c = *(*at)++;

        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + c - '0';
    }
    return value;
}

static bool mark(const char **at, const char *end, char c)
{
    return *at < end && *(*at)++ == c;
}

/* The fraction of a second, cut to milliseconds: up to 9 digits after a point. */
static int parse_fraction(const char **at, const char *end)
{
    int ms = 0, n = 0;

    for (; *at < end && **at >= '0' && **at <= '9'; n++) {
        if (n < 3)
            ms = ms * 10 + **at - '0';
        (*at)++;
    }
    for (int i = n; i < 3; i++)
        ms *= 10;
    return n >= 1 && n <= 9 ? ms : -1;
}

/* Z or +hh:mm, to the end of the text; false when it is neither. */
static bool parse_offset(const char *at, const char *end, int *ret_minutes)
{
    int sign, hours, minutes;

    *ret_minutes = 0;
    if (end - at == 1)
        return *at == 'Z';
    if (end - at != 6 || (*at != '+' && *at != '-'))
        return false;
    sign = *at++ == '-' ? -1 : 1;
    hours = digits(&at, end, 2);
    if (hours < 0 || !mark(&at, end, ':'))
        return false;
    minutes = digits(&at, end, 2);
    *ret_minutes = sign * (hours * 60 + minutes);
    return hours <= 23 && minutes >= 0 && minutes <= 59;
}

/* RFC 3339, section 5.6, in capitals and without leap seconds. Returns 0, WRONG_TYPE
 * when the text has another form, OUT_OF_RANGE when there is no such instant. */
static int parse_time(const char *text, size_t len, int64_t *ret_at)
{
    const char *at = text, *end = text + len;
    int year, month, day, hour, minute, second, ms = 0, offset;

    year = digits(&at, end, 4);
    if (year < 0 || !mark(&at, end, '-'))
        return RPC__REASON__WRONG_TYPE;
    month = digits(&at, end, 2);
    if (month < 0 || !mark(&at, end, '-'))
        return RPC__REASON__WRONG_TYPE;
    day = digits(&at, end, 2);
    if (day < 0 || !mark(&at, end, 'T'))
        return RPC__REASON__WRONG_TYPE;
    hour = digits(&at, end, 2);
    if (hour < 0 || !mark(&at, end, ':'))
        return RPC__REASON__WRONG_TYPE;
    minute = digits(&at, end, 2);
    if (minute < 0 || !mark(&at, end, ':'))
        return RPC__REASON__WRONG_TYPE;
    second = digits(&at, end, 2);
    if (at < end && *at == '.') {
        at++;
        ms = parse_fraction(&at, end);
    }
    if (second < 0 || ms < 0 || !parse_offset(at, end, &offset))
        return RPC__REASON__WRONG_TYPE;
    if (year < 1970 || !civil_date(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return RPC__REASON__OUT_OF_RANGE;
    *ret_at = ((civil_days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60000 + second * 1000 + ms;
    return *ret_at < 0 || *ret_at > JSON_TIME_MAX ? RPC__REASON__OUT_OF_RANGE : 0;
}

/* ---- days ---- */

static int put_day(const char *text, size_t len, void *ret_member)
{
    const char *at = text, *end = text + len;
    int year = digits(&at, end, 4), month = -1, day = -1;

    if (mark(&at, end, '-'))
        month = digits(&at, end, 2);
    if (mark(&at, end, '-'))
        day = digits(&at, end, 2);
    if (at != end || year < 1970 || !civil_date(year, month, day))
        return RPC__REASON__NO_SUCH_DAY;
    *(int32_t *)ret_member = year * 10000 + month * 100 + day;
    return 0;
}

/* ---- texts ---- */

int json_length_trouble(const Rule__Field *limit, size_t len)
{
    if (limit->max_len && len > limit->max_len)
        return RPC__REASON__TOO_LONG;
    if (len < limit->min_len && (len > 0 || limit->required))
        return RPC__REASON__TOO_SHORT;
    return 0;
}

int json_look_trouble(const Rule__Field *limit, const char *text, size_t len)
{
    int32_t bad;
    enum utf8_look look = limit->raw ? UTF8_PLAIN : utf8_look(text, len, limit->lines, &bad);

    if (look == UTF8_PLAIN && limit->hex && (len % 2 || strspn(text, HEX_DIGITS) != len))
        return RPC__REASON__WRONG_TYPE;
    return look == UTF8_LINE_END ? RPC__REASON__NOT_ONE_LINE : look == UTF8_HIDDEN ? RPC__REASON__HIDDEN_CHARACTER : 0;
}

char *json_fold(const struct api_field *field, const char *text, size_t len, struct arena *arena, int *ret_reason)
{
    char *copy = arena_strndup(arena, text, len), *folded;
    size_t size = 4 * len + 1;

    *ret_reason = RPC__REASON__BODY_TOO_LARGE;
    if (!copy || field->limit->raw || text_is_plain(copy))
        return copy;
    folded = arena_alloc(arena, size);
    *ret_reason = folded ? RPC__REASON__TOO_LONG : RPC__REASON__BODY_TOO_LARGE;
    return folded && text_fold(copy, folded, size) >= 0 ? folded : NULL;
}

static int put_string(const struct api_field *field, const char *text, size_t len, struct arena *arena,
                      void *ret_member)
{
    size_t points;
    char *folded;
    int reason;

    if (!json_utf8(text, len, &points))
        return RPC__REASON__INVALID_UTF8;
    /* Before anything of it is copied: a text is hardly shorter when it is folded. */
    if (field->limit->max_len && points > 4 * (size_t)field->limit->max_len)
        return RPC__REASON__TOO_LONG;
    folded = json_fold(field, text, len, arena, &reason);
    if (!folded)
        return reason;
    len = strlen(folded);
    json_utf8(folded, len, &points);
    reason = json_length_trouble(field->limit, points);
    if (!reason)
        reason = json_look_trouble(field->limit, folded, len);
    if (!reason)
        *(char **)ret_member = folded;
    return reason;
}

int32_t json_hidden_character(const struct api_field *field, const char *text, size_t len, struct arena *arena)
{
    int32_t bad = 0;
    int reason;
    const char *folded = json_fold(field, text, len, arena, &reason);

    if (folded)
        utf8_look(folded, strlen(folded), field->limit->lines, &bad);
    return bad;
}

/* The value of a digit of base64 in either alphabet (RFC 4648, sections 4 and 5). */
static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int put_hex(const struct api_field *field, const char *text, size_t len, struct arena *arena, void *ret_member)
{
    int reason = len % 2 ? RPC__REASON__WRONG_TYPE : json_length_trouble(field->limit, len / 2);
    uint8_t *data;

    if (reason)
        return reason;
    data = arena_alloc(arena, len / 2 + 1);
    if (!data)
        return RPC__REASON__BODY_TOO_LARGE;
    if (!hex_read(text, len / 2, data))
        return RPC__REASON__WRONG_TYPE;
    *(ProtobufCBinaryData *)ret_member = (ProtobufCBinaryData){len / 2, data};
    return 0;
}

/* Padding may be left out but not be wrong, and the bits left over are zero, so that
 * bytes have one form but for the alphabet. */
static int put_bytes(const struct api_field *field, const char *text, size_t len, struct arena *arena, void *ret_member)
{
    size_t n_digits = len, n = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    uint8_t *data;
    int reason;

    while (n_digits > 0 && len - n_digits < 2 && text[n_digits - 1] == '=')
        n_digits--;
    if ((len > n_digits && len % 4 != 0) || n_digits % 4 == 1)
        return RPC__REASON__WRONG_TYPE;
    reason = json_length_trouble(field->limit, n_digits * 3 / 4);
    if (reason)
        return reason;
    data = arena_alloc(arena, n_digits * 3 / 4 + 1);
    if (!data)
        return RPC__REASON__BODY_TOO_LARGE;
    for (size_t i = 0; i < n_digits; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return RPC__REASON__WRONG_TYPE;
        bits = (bits << 6 | (uint32_t)digit) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            data[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    if (bits & ((1U << n_bits) - 1))
        return RPC__REASON__WRONG_TYPE;
    *(ProtobufCBinaryData *)ret_member = (ProtobufCBinaryData){n, data};
    return 0;
}

static int put_enum_name(const ProtobufCEnumDescriptor *type, const char *text, size_t len, void *ret_member)
{
    for (unsigned i = 0; i < type->n_value_names; i++) {
        const ProtobufCEnumValueIndex *name = &type->values_by_name[i];

        if (strlen(name->name) == len && memcmp(name->name, text, len) == 0) {
            *(int *)ret_member = type->values[name->index].value;
            return 0;
        }
    }
    return RPC__REASON__OUT_OF_RANGE;
}

int json_from_text(const struct api_field *field, const char *text, size_t len, struct arena *arena, void *ret_member)
{
    ProtobufCType type = field->descriptor->type;
    uint64_t below, above;
    struct json_integer value;
    bool big;

    if (type == PROTOBUF_C_TYPE_STRING)
        return put_string(field, text, len, arena, ret_member);
    if (type == PROTOBUF_C_TYPE_BYTES && field->limit->hex)
        return put_hex(field, text, len, arena, ret_member);
    if (type == PROTOBUF_C_TYPE_BYTES)
        return put_bytes(field, text, len, arena, ret_member);
    if (field->limit->day)
        return put_day(text, len, ret_member);
    if (!type_range(type, &below, &above))
        return RPC__REASON__WRONG_TYPE;
    if (parse_integer(text, len, &value, &big))
        return big ? RPC__REASON__OUT_OF_RANGE : put_integer(field, value, ret_member);
    if (type == PROTOBUF_C_TYPE_ENUM)
        return len ? put_enum_name(field->descriptor->descriptor, text, len, ret_member) : RPC__REASON__WRONG_TYPE;
    if (field->limit->time) {
        int64_t at = 0;
        int reason = parse_time(text, len, &at);

        value = (struct json_integer){.magnitude = (uint64_t)at};
        return reason ? reason : put_integer(field, value, ret_member);
    }
    return RPC__REASON__WRONG_TYPE;
}

/* ---- members ---- */

size_t json_element_size(const ProtobufCFieldDescriptor *descriptor)
{
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_FLOAT:
        return sizeof(float);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return sizeof(uint64_t);
    }
}

bool json_is_default(const ProtobufCFieldDescriptor *descriptor, const void *member)
{
    const char *text;

    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)member;
        return !text || !text[0];
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(const void *const *)member;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)member == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)member == 0;
    default:
        return json_element_size(descriptor) == sizeof(uint32_t) ? *(const uint32_t *)member == 0
                                                                 : *(const uint64_t *)member == 0;
    }
}
