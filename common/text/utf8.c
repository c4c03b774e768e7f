#include "common/text/utf8.h"

int32_t utf8_next(const unsigned char **at)
{
    const unsigned char *p = *at;
    int32_t c = p[0];
    int more;

    if (c < 0x80) {
        *at += c != 0;
        return c;
    }
    if (c >= 0xc2 && c <= 0xdf)
        more = 1;
    else if (c >= 0xe0 && c <= 0xef)
        more = 2;
    else if (c >= 0xf0 && c <= 0xf4)
        more = 3;
    else
        return -1;
    c &= 0x3f >> more;
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (p[i] & 0x3f);
    }
    if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return -1;
    *at += 1 + more;
    return c;
}

char *utf8_put(char *at, int32_t c)
{
    if (c < 0x80) {
        *at++ = (char)c;
    } else if (c < 0x800) {
        *at++ = (char)(0xc0 | c >> 6);
        *at++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *at++ = (char)(0xe0 | c >> 12);
        *at++ = (char)(0x80 | (c >> 6 & 0x3f));
        *at++ = (char)(0x80 | (c & 0x3f));
    } else {
        *at++ = (char)(0xf0 | c >> 18);
        *at++ = (char)(0x80 | (c >> 12 & 0x3f));
        *at++ = (char)(0x80 | (c >> 6 & 0x3f));
        *at++ = (char)(0x80 | (c & 0x3f));
    }
    *at = '\0';
    return at;
}

/* The general category decides (Unicode 15): Cc, Cf, Co, Zl, Zp, the fillers that
 * show as nothing, and blanks that are neither the common nor the full-width one. */
bool utf8_is_hidden(int32_t c)
{
    static const struct {
        int32_t from, to;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x061c, 0x061c},    {0x115f, 0x1160},
        {0x1680, 0x1680}, {0x180b, 0x180f}, {0x2000, 0x200f},   {0x2028, 0x202f},    {0x205f, 0x206f},
        {0x2800, 0x2800}, {0x3164, 0x3164}, {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff0, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
    };

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    }
    return false;
}

static bool is_blank(int32_t c)
{
    return c == ' ' || c == '\t' || c == 0xa0 || c == 0x3000;
}

static bool is_line_end(int32_t c)
{
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

enum utf8_look utf8_look(const char *text, size_t len, bool lines, int32_t *ret_bad)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + len;

    while (at < end) {
        int32_t c = *at < 0x80 ? *at++ : utf8_next(&at);

        if (c >= ' ' && c < 0x7f)
            continue;
        *ret_bad = c;
        if (c < 0)
            return UTF8_HIDDEN;
        if (lines && (c == '\n' || c == '\t' || (c == '\r' && at < end && *at == '\n')))
            continue;
        if (is_line_end(c))
            return lines ? UTF8_HIDDEN : UTF8_LINE_END;
        if (utf8_is_hidden(c))
            return UTF8_HIDDEN;
    }
    *ret_bad = 0;
    return UTF8_PLAIN;
}

int utf8_line_or(const char *text, char *ret_line, size_t size, int32_t *ret_bad)
{
    const unsigned char *at = (const unsigned char *)text, *start = at, *end = at;
    int chars = 0, chars_to_end = 0;

    *ret_bad = 0;
    while (*at) {
        const unsigned char *before = at;
        int32_t c = utf8_next(&at);

        if (c < 0)
            return -1;
        if (is_blank(c)) {
            /* A tab may stand around a text, where spreadsheets leave it, not inside. */
            chars += chars > 0;
            continue;
        }
        if (utf8_is_hidden(c))
            *ret_bad = c;
        else if (chars > 0 && memchr(end, '\t', (size_t)(before - end)))
            *ret_bad = '\t';
        if (*ret_bad)
            return -1;
        if (chars++ == 0)
            start = before;
        end = at;
        chars_to_end = chars;
        if ((size_t)(end - start) >= size)
            return -1;
    }
    memcpy(ret_line, start, (size_t)(end - start));
    ret_line[end - start] = '\0';
    return chars_to_end;
}

int utf8_line(const char *text, char *ret_line, size_t size)
{
    int32_t bad;

    return utf8_line_or(text, ret_line, size, &bad);
}
