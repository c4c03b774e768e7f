/* draw_value.c: how a public value is spelled. */
#include "common/draw/draw_internal.h"
#include "common/text/text.h"

#define SIGNS ".:+-" /* of a picture, besides blanks */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_place(char c)
{
    return c == '#' || c == '*';
}

static bool is_words(const char *format)
{
    return strcmp(format, DRAW_WORDS) == 0;
}

/* The bytes of the word that begins here, and whether all of them are digits. */
static size_t word_len(const char *at, bool *ret_number)
{
    size_t len = 0;

    for (*ret_number = true; is_word(at[len]); len++)
        *ret_number = *ret_number && is_digit(at[len]);
    return len;
}

bool draw_format_check(const char *format)
{
    bool places = false;

    if (is_words(format))
        return true;
    for (const char *at = format; *at; at++) {
        places |= is_place(*at);
        if (*at == ' ' ? at == format || at[1] == ' ' || !at[1] : !is_place(*at) && !strchr(SIGNS, *at))
            return false;
    }
    return places && strlen(format) < DRAW_FORMAT_SIZE;
}

static bool are_words(const char *value)
{
    for (;; value++) {
        bool number;
        size_t len = word_len(value, &number);

        if (len == 0 || (number && (len < 2 || (len > 2 && *value == '0'))))
            return false;
        value += len;
        if (*value != ' ')
            return !*value;
    }
}

bool draw_value_fits(const char *format, const char *value)
{
    if (is_words(format))
        return are_words(value);
    if (strcmp(format, DRAW_NONE) == 0)
        return strcmp(value, DRAW_NONE) == 0;
    for (; *format && *value; format++, value++) {
        if (*format == '#' ? !is_digit(*value) : *format == '*' ? !is_hex(*value) : *format != *value)
            return false;
    }
    return !*format && !*value;
}

/* ---- what somebody has typed ---- */

/* How many bytes of what may stand between words are here, or 0. */
static size_t gap_len(const char *at)
{
    static const char *const gaps[] = {" ",  ",",  ";",  "/",  "|",  ".",  ":",  "+",  "-", "，",
                                       "；", "、", "。", "：", "／", "｜", "＋", "－", "．"};

    for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
        if (strncmp(at, gaps[i], strlen(gaps[i])) == 0)
            return strlen(gaps[i]);
    }
    return 0;
}

/* The words in small letters with one blank between them; false when anything else is there. */
static bool split(const char *typed, char ret[DRAW_TEXT_SIZE])
{
    char line[DRAW_TEXT_SIZE];
    size_t n = 0, len;
    int32_t bad;

    if (text_line(typed, line, sizeof(line), &bad) <= 0)
        return false;
    for (const char *at = line; *at; at += len) {
        char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;

        len = gap_len(at);
        if (len == 0 && !is_word(c))
            return false;
        if (len == 0)
            ret[n++] = c;
        else if (n && ret[n - 1] != ' ')
            ret[n++] = ' ';
        len = len ? len : 1;
    }
    n -= n && ret[n - 1] == ' ';
    ret[n] = '\0';
    return n > 0;
}

static bool spell_words(const char *words, char ret[DRAW_TEXT_SIZE])
{
    size_t n = 0, len;

    for (const char *at = words; *at; at += len + (at[len] == ' ')) {
        bool number;

        len = word_len(at, &number);
        for (; number && len > 2 && *at == '0'; at++)
            len--;
        if (n + len + 3 > DRAW_TEXT_SIZE)
            return false;
        if (n)
            ret[n++] = ' ';
        if (number && len == 1)
            ret[n++] = '0';
        memcpy(ret + n, at, len);
        n += len;
    }
    ret[n] = '\0';
    return true;
}

/* The digits for the places of a picture, from words of which each is a run of places. */
static bool align(const char *format, const char *words, char ret[DRAW_FORMAT_SIZE])
{
    const char *place = format;
    size_t n = 0;

    for (const char *at = words; *at;) {
        size_t len, size;
        bool number, point;

        place += strcspn(place, "#*");
        point = place > format && place[-1] == '.';
        size = strspn(place, "#*");
        len = word_len(at, &number);
        if (len > size || (len < size && (point || strspn(place, "#") < size)))
            return false;
        memset(ret + n, '0', size - len);
        memcpy(ret + n + size - len, at, len);
        n += size;
        place += size;
        at += len + (at[len] == ' ');
    }
    ret[n] = '\0';
    return !place[strcspn(place, "#*")];
}

static size_t places_of(const char *format)
{
    size_t n = 0;

    for (; *format; format++)
        n += is_place(*format);
    return n;
}

static bool fill_picture(const char *format, const char *words, char ret[DRAW_TEXT_SIZE])
{
    char digits[DRAW_FORMAT_SIZE];
    const char *at = digits;
    size_t n = 0;

    if (!strchr(words, ' ') && strlen(words) == places_of(format))
        at = words;
    else if (!align(format, words, digits))
        return false;
    for (; format[n]; n++)
        ret[n] = is_place(format[n]) ? *at++ : format[n];
    ret[n] = '\0';
    return true;
}

bool draw_value_bring(const char *format, const char *typed, char ret[DRAW_TEXT_SIZE])
{
    char words[DRAW_TEXT_SIZE];
    bool read;

    if (!split(typed, words))
        return false;
    if (is_words(format) || strcmp(format, DRAW_NONE) == 0)
        read = spell_words(words, ret);
    else
        read = fill_picture(format, words, ret);
    return read && draw_value_fits(format, ret);
}
