/* Messages as JSON text: the hot path of every answer. Each key is ready with its
 * comma, quotes and colon, and a field with a number takes room once. */
#include "common/api/json_internal.h"
#include "common/base/hex.h"

#include <math.h>

/* More than any number, time or bracket takes, with its quotes. */
#define NUMBER_ROOM 40

/* What follows the backslash, or 1 for \u00XX, or 0 for what stands as it is. */
static const char escapes[256] = {
    [0] = 1,   [1] = 1,    [2] = 1,  [3] = 1,    [4] = 1,    [5] = 1,     [6] = 1,       [7] = 1,  [8] = 'b',
    [9] = 't', [10] = 'n', [11] = 1, [12] = 'f', [13] = 'r', [14] = 1,    [15] = 1,      [16] = 1, [17] = 1,
    [18] = 1,  [19] = 1,   [20] = 1, [21] = 1,   [22] = 1,   [23] = 1,    [24] = 1,      [25] = 1, [26] = 1,
    [27] = 1,  [28] = 1,   [29] = 1, [30] = 1,   [31] = 1,   ['"'] = '"', ['\\'] = '\\',
};

/* ---- pieces; each writes at a place with room and returns the place behind ---- */

static char *put_digits(char *out, uint64_t value)
{
    char digits[20], *p = digits + sizeof(digits);

    do
        *--p = (char)('0' + value % 10);
    while (value /= 10);
    while (p < digits + sizeof(digits))
        *out++ = *p++;
    return out;
}

static char *put_signed(char *out, int64_t value)
{
    if (value >= 0)
        return put_digits(out, (uint64_t)value);
    *out++ = '-';
    return put_digits(out, 0 - (uint64_t)value);
}

static char *put_two(char *out, unsigned value, char after)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    out[2] = after;
    return out + 3;
}

/* The civil date of a day since 1970 (Hinnant, chrono-compatible low-level date
 * algorithms), and the time of day. */
static char *put_time(char *out, int64_t at)
{
    uint64_t ms = at < 0 ? 0 : at > JSON_TIME_MAX ? JSON_TIME_MAX : (uint64_t)at;
    unsigned of_day = (unsigned)(ms % 86400000), day = (unsigned)(ms / 86400000) + 719468;
    unsigned era = day / 146097, of_era = day % 146097;
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * of_year + 2) / 153, month = from_march < 10 ? from_march + 3 : from_march - 9;
    unsigned year = year_of_era + era * 400 + (month <= 2);

    *out++ = '"';
    out = put_two(out, year / 100, '0') - 1;
    out = put_two(out, year % 100, '-');
    out = put_two(out, month, '-');
    out = put_two(out, of_year - (153 * from_march + 2) / 5 + 1, 'T');
    out = put_two(out, of_day / 3600000, ':');
    out = put_two(out, of_day / 60000 % 60, ':');
    out = put_two(out, of_day / 1000 % 60, '.');
    *out++ = (char)('0' + of_day % 1000 / 100);
    out = put_two(out, of_day % 100, 'Z');
    *out++ = '"';
    return out;
}

static char *put_text(char *out, const char *text)
{
    size_t len = strlen(text);

    memcpy(out, text, len);
    return out + len;
}

/* One that is no day between the years 0 and 9999 has not come, as a time of 0. */
static char *put_day(char *out, int32_t day)
{
    unsigned number = (unsigned)day;

    if (day <= 0 || day > 99991231)
        return put_text(out, "null");
    *out++ = '"';
    out = put_two(out, number / 1000000, '0') - 1;
    out = put_two(out, number / 10000 % 100, '-');
    out = put_two(out, number / 100 % 100, '-');
    return put_two(out, number % 100, '"');
}

/* JSON has no NaN and no infinity: proto3 quotes their names. */
static char *put_real(char *out, double value)
{
    int n;

    if (isnan(value))
        n = snprintf(out, NUMBER_ROOM, "\"NaN\"");
    else if (isinf(value))
        n = snprintf(out, NUMBER_ROOM, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else
        n = snprintf(out, NUMBER_ROOM, "%.17g", value);
    return out + n;
}

/* ---- strings and bytes ---- */

static void add_escaped(struct buf *ret, const unsigned char *text, size_t len)
{
    size_t begin = 0;

    for (size_t i = 0; i < len; i++) {
        char escape = escapes[text[i]], *out;

        if (!escape)
            continue;
        buf_add(ret, text + begin, i - begin);
        begin = i + 1;
        out = buf_room(ret, 6);
        if (!out)
            return;
        if (escape != 1) {
            out[0] = '\\';
            out[1] = escape;
            ret->len += 2;
        } else {
            memcpy(out, "\\u00", 4);
            out[4] = (char)('0' + (text[i] >> 4));
            out[5] = HEX_DIGITS[text[i] & 15];
            ret->len += 6;
        }
    }
    buf_add(ret, text + begin, len - begin);
}

void json_quote(struct buf *ret, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    char *out = buf_room(ret, len + 2);
    size_t i = 0;

    if (!out)
        return;
    *out++ = '"';
    for (; i < len && !escapes[bytes[i]]; i++)
        *out++ = text[i];
    ret->len += i + 1;
    if (i < len)
        add_escaped(ret, bytes + i, len - i);
    buf_char(ret, '"');
}

static void write_hex(struct buf *ret, const ProtobufCBinaryData *bytes)
{
    char *out = bytes->len < SIZE_MAX / 2 - 1 ? buf_room(ret, bytes->len * 2 + 2) : NULL;

    if (!out) {
        ret->failed = true;
        return;
    }
    *out++ = '"';
    *hex_write(bytes->data, bytes->len, out) = '"';
    ret->len += bytes->len * 2 + 2;
}

static void write_bytes(struct buf *ret, const ProtobufCBinaryData *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = bytes->len < SIZE_MAX / 4 ? buf_room(ret, (bytes->len + 2) / 3 * 4 + 2) : NULL;
    char *begin = out;

    if (!out) {
        ret->failed = true;
        return;
    }
    *out++ = '"';
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t n = bytes->len - i;
        unsigned word = (unsigned)bytes->data[i] << 16;

        word |= n > 1 ? (unsigned)bytes->data[i + 1] << 8 : 0;
        word |= n > 2 ? bytes->data[i + 2] : 0;
        *out++ = digits[word >> 18];
        *out++ = digits[word >> 12 & 63];
        *out++ = n > 1 ? digits[word >> 6 & 63] : '=';
        *out++ = n > 2 ? digits[word & 63] : '=';
    }
    *out++ = '"';
    ret->len += (size_t)(out - begin);
}

static void write_enum(struct buf *ret, const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value;

    /* Most enums count from 0: their values stand at their number. */
    if ((unsigned)number < type->n_values && type->values[number].value == number)
        value = &type->values[number];
    else
        value = protobuf_c_enum_descriptor_get_value(type, number);
    if (value) {
        buf_char(ret, '"');
        buf_str(ret, value->name);
        buf_char(ret, '"');
    } else {
        buf_int(ret, number);
    }
}

/* ---- messages ---- */

static void write_message(struct buf *ret, const struct api_message *type, const ProtobufCMessage *message);

/* A value without characters to escape and within NUMBER_ROOM. */
static char *put_number(char *out, const struct api_field *field, const void *member)
{
    switch (field->descriptor->type) {
    case PROTOBUF_C_TYPE_INT32:
        if (field->limit->day)
            return put_day(out, *(const int32_t *)member);
        return put_signed(out, *(const int32_t *)member);
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return put_signed(out, *(const int32_t *)member);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return put_digits(out, *(const uint32_t *)member);
    case PROTOBUF_C_TYPE_BOOL:
        return put_text(out, *(const protobuf_c_boolean *)member ? "true" : "false");
    case PROTOBUF_C_TYPE_FLOAT:
        return put_real(out, (double)*(const float *)member);
    case PROTOBUF_C_TYPE_DOUBLE:
        return put_real(out, *(const double *)member);
    default:
        break;
    }
    if (field->limit->time)
        return *(const int64_t *)member ? put_time(out, *(const int64_t *)member) : put_text(out, "null");
    *out++ = '"';
    if (field->descriptor->type == PROTOBUF_C_TYPE_UINT64 || field->descriptor->type == PROTOBUF_C_TYPE_FIXED64)
        out = put_digits(out, *(const uint64_t *)member);
    else
        out = put_signed(out, *(const int64_t *)member);
    *out++ = '"';
    return out;
}

static void write_value(struct buf *ret, const struct api_field *field, const void *member)
{
    const char *text;
    char *out;

    switch (field->descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)member;
        json_quote(ret, text ? text : "", text ? strlen(text) : 0);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        if (field->limit->hex)
            write_hex(ret, member);
        else
            write_bytes(ret, member);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(ret, field->descriptor->descriptor, *(const int *)member);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(ret, field->message, *(ProtobufCMessage *const *)member);
        return;
    default:
        break;
    }
    out = buf_room(ret, NUMBER_ROOM);
    if (out)
        ret->len += (size_t)(put_number(out, field, member) - out);
}

static void write_array(struct buf *ret, const struct api_field *field, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    size_t n = *(const size_t *)json_const_member(message, descriptor->quantifier_offset);
    size_t size = json_element_size(descriptor);
    const char *elements = *(const char *const *)json_const_member(message, descriptor->offset);

    buf_char(ret, '[');
    for (size_t i = 0; i < n && !ret->failed; i++) {
        if (i)
            buf_char(ret, ',');
        write_value(ret, field, elements + i * size);
    }
    buf_char(ret, ']');
}

static void write_message(struct buf *ret, const struct api_message *type, const ProtobufCMessage *message)
{
    bool first = true;

    buf_char(ret, '{');
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const struct api_field *field = &type->fields[i];
        const ProtobufCFieldDescriptor *descriptor = field->descriptor;
        const void *member = json_const_member(message, descriptor->offset);
        bool repeated = descriptor->label == PROTOBUF_C_LABEL_REPEATED;

        if (field->limit->inside || json_not_chosen(message, descriptor) ||
            (field->message && !repeated && !*(const void *const *)member))
            continue;
        buf_add(ret, field->key + first, field->key_len - first);
        first = false;
        if (repeated)
            write_array(ret, field, message);
        else
            write_value(ret, field, member);
    }
    buf_char(ret, '}');
}

void json_encode(const ProtobufCMessage *message, struct buf *ret)
{
    const struct api_message *type = api_message(message->descriptor);

    ensure(type);
    write_message(ret, type, message);
}

void json_time(struct buf *ret, int64_t at)
{
    char *out = buf_room(ret, NUMBER_ROOM);

    if (out)
        ret->len += (size_t)(put_time(out, at) - out);
}
