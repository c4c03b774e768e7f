#include "common/text/text.h"

#include <utf8proc.h>

#include "common/text/utf8.h"

#define INTERPUNCT    0xb7
#define RADICALS_FROM 0x2e80
#define PRIVATE_FROM  0xe815

/* U+2E80 to U+2EF3; the older radicals, from U+2F00 on, have compatibility forms. */
static const int32_t radicals[] = {
    0,      0x5382,  0x4e5b, 0x4e5a,  0x4e59,  0x4ebb, 0x5182,  0x20628, 0x5200,  0x5202,  0x535c, 0x353e, 0x5c0f,
    0x5c0f, 0x5140,  0x5c23, 0x5c22,  0x21bc2, 0x5df3, 0x5e7a,  0x5f51,  0x2b739, 0x5fc4,  0x5fc3, 0x624c, 0x6535,
    0,      0x65e1,  0x65e5, 0x6708,  0x6b7a,  0x6bcd, 0x6c11,  0x6c35,  0x6c3a,  0x706c,  0x722b, 0x722b, 0x4e2c,
    0x725b, 0x72ad,  0x738b, 0x24d14, 0x76ee,  0x793a, 0x793b,  0x25ad7, 0x7cf9,  0x7e9f,  0x7f53, 0x7f52, 0x34c1,
    0x5197, 0x2626b, 0x7f8a, 0x2634c, 0x2634b, 0x8002, 0x8080,  0x807f,  0x8089,  0x26951, 0x8279, 0x8279, 0x8279,
    0x864e, 0x8864,  0x8980, 0x897f,  0x89c1,  0x89d2, 0x278b2, 0x8ba0,  0x8d1d,  0x27fb7, 0x8f66, 0x8fb6, 0x8fb6,
    0x8fb6, 0x9091,  0x9485, 0x9577,  0x9578,  0x957f, 0x95e8,  0x28e0f, 0x961d,  0x96e8,  0x9752, 0x97e6, 0x9875,
    0x98ce, 0x98de,  0x98df, 0x2967f, 0x98e0,  0x9963, 0x29810, 0x9a6c,  0x9aa8,  0x9b3c,  0x9c7c, 0x9e1f, 0x5364,
    0x9ea6, 0x9ec4,  0x9efe, 0x6589,  0x9f50,  0x6b6f, 0x9f7f,  0x7adc,  0x9f99,  0x9f9c,  0x4e80, 0x9f9f,
};

/* U+E815 to U+E864, of the bytes FE50 to FEA0. */
static const int32_t privates[] = {
    0x2e81, 0x20087, 0x20089, 0x200cc, 0x2e84,  0x3473, 0x3447, 0x2e88, 0x2e8b, 0x9fb4, 0x359e, 0x361a,
    0x360e, 0x2e8c,  0x2e97,  0x396e,  0x3918,  0x9fb5, 0x39cf, 0x39df, 0x3a73, 0x39d0, 0x9fb6, 0x9fb7,
    0x3b4e, 0x3c6e,  0x3ce0,  0x2ea7,  0x215d7, 0x9fb8, 0x2eaa, 0x4056, 0x415f, 0x2eae, 0x4337, 0x2eb3,
    0x2eb6, 0x2eb7,  0x2298f, 0x43b1,  0x43ac,  0x2ebb, 0x43dd, 0x44d6, 0x4661, 0x464c, 0x9fb9, 0x4723,
    0x4729, 0x477c,  0x478d,  0x2eca,  0x4947,  0x497a, 0x497d, 0x4982, 0x4983, 0x4985, 0x4986, 0x499f,
    0x499b, 0x49b7,  0x49b6,  0x9fba,  0x241fe, 0x4ca3, 0x4c9f, 0x4ca0, 0x4ca1, 0x4c77, 0x4ca2, 0x4d13,
    0x4d14, 0x4d15,  0x4d16,  0x4d17,  0x4d18,  0x4d19, 0x4dae, 0x9fbb,
};

static const struct {
    int32_t from, to;
} forms[] = {
    {0x0387, INTERPUNCT}, {0x2022, INTERPUNCT},  {0x2027, INTERPUNCT}, {0x2219, INTERPUNCT},
    {0x22c5, INTERPUNCT}, {0x2e31, INTERPUNCT},  {0x2e33, INTERPUNCT}, {0x30fb, INTERPUNCT},
    {0xff65, INTERPUNCT}, {0x10101, INTERPUNCT}, {0xe7c7, 0x1e3f},     {0xe7c8, 0x01f9},
};

static int32_t other_form(int32_t c)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (forms[i].from == c)
            return forms[i].to;
    }
    if (c >= PRIVATE_FROM && c < PRIVATE_FROM + (int32_t)ARRAY_LEN(privates))
        c = privates[c - PRIVATE_FROM];
    if (c >= RADICALS_FROM && c < RADICALS_FROM + (int32_t)ARRAY_LEN(radicals) && radicals[c - RADICALS_FROM])
        c = radicals[c - RADICALS_FROM];
    return c;
}

static bool is_letter_or_digit(utf8proc_category_t category, int32_t c)
{
    /* The radicals from U+2F00 on are symbols by their category. */
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) || category == UTF8PROC_CATEGORY_ND ||
           (c >= 0x2f00 && c <= 0x2fd5);
}

/* Puts what a character becomes by itself, before the marks of several are joined. */
static char *put_folded(char *at, const char *end, int32_t c)
{
    int32_t parts[24];
    utf8proc_category_t category;
    utf8proc_ssize_t n;
    int boundary = 0;

    c = other_form(c);
    category = utf8proc_category(c);
    if (utf8proc_get_property(c)->ignorable || category == UTF8PROC_CATEGORY_CF)
        return at;
    if (category == UTF8PROC_CATEGORY_ZS)
        c = ' ';
    if (!is_letter_or_digit(category, c))
        return end - at > 4 ? utf8_put(at, c) : NULL;
    n = utf8proc_decompose_char(c, parts, ARRAY_LEN(parts), UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &boundary);
    if (n < 0 || n > (utf8proc_ssize_t)ARRAY_LEN(parts) || end - at <= 4 * n)
        return NULL;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        at = utf8_put(at, other_form(parts[i]));
    return at;
}

/* Folds by itself and joins with no character before it, as most do: ASCII and the common ideographs. */
static bool is_plain(int32_t c)
{
    return c <= 0x7e || (c >= 0x4e00 && c <= 0x9fff);
}

/* Behind the characters that fold to what they are: the last of these may join with what follows. */
static const unsigned char *skip_plain(const unsigned char *at)
{
    const unsigned char *last = at;

    while (*at) {
        const unsigned char *before = at;
        int32_t c = utf8_next(&at);

        if (c < 0 || !is_plain(c))
            return last;
        last = before;
    }
    return at;
}

/* NFC of UTF-8 that is valid; bytes, or -1 when it does not fit. */
static int compose(const char *text, char *ret, size_t size)
{
    int32_t chars[3 * TEXT_MAX];
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text, 0, chars, ARRAY_LEN(chars),
                                            UTF8PROC_NULLTERM | UTF8PROC_DECOMPOSE);
    char one[5];
    size_t len = 0;

    if (n < 0 || n > (utf8proc_ssize_t)ARRAY_LEN(chars))
        return -1;
    n = utf8proc_normalize_utf32(chars, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        size_t more = (size_t)(utf8_put(one, chars[i]) - one);

        if (len + more >= size)
            return -1;
        memcpy(ret + len, one, more);
        len += more;
    }
    ret[len] = '\0';
    return (int)len;
}

/* Folds one plain character and what is not plain behind it; bytes written, or -1. */
static int fold_piece(const unsigned char **in, char *ret, size_t size)
{
    char parts[12 * TEXT_MAX], *at = parts;
    int n = 0;

    while (**in) {
        const unsigned char *next = *in;
        int32_t c = utf8_next(&next);

        if (c < 0 || n == TEXT_MAX)
            return -1;
        if (n > 0 && is_plain(c))
            break;
        at = put_folded(at, parts + sizeof(parts), c);
        if (!at)
            return -1;
        *in = next;
        n++;
    }
    *at = '\0';
    return compose(parts, ret, size);
}

bool text_is_plain(const char *text)
{
    return *skip_plain((const unsigned char *)text) == '\0';
}

int text_fold(const char *text, char *ret, size_t size)
{
    const unsigned char *in = (const unsigned char *)text;
    size_t len = 0;

    while (*in) {
        const unsigned char *plain = in;
        size_t n;
        int piece;

        in = skip_plain(in);
        n = (size_t)(in - plain);
        if (len + n >= size)
            return -1;
        memcpy(ret + len, plain, n);
        len += n;
        piece = *in ? fold_piece(&in, ret + len, size - len) : 0;
        if (piece < 0)
            return -1;
        len += (size_t)piece;
    }
    ret[len] = '\0';
    return (int)len;
}

int text_line(const char *text, char *ret_line, size_t size, int32_t *ret_bad)
{
    char folded[4 * TEXT_MAX + 1];

    *ret_bad = 0;
    if (text_fold(text, folded, sizeof(folded)) < 0)
        return -1;
    return utf8_line_or(folded, ret_line, size, ret_bad);
}

const char *text_show(int32_t c, char ret[TEXT_SHOWN])
{
    char one[8] = "";

    if (!utf8_is_hidden(c) && c != ' ')
        snprintf(utf8_put(one, c), 2, " ");
    snprintf(ret, TEXT_SHOWN, "%sU+%04X", one, (unsigned)c);
    return ret;
}

/* The next letter in its small form; 0 at the end. What has several is rare in names: the first is taken. */
static int32_t next_small(const unsigned char **at)
{
    int32_t c;

    do
        c = utf8_next(at);
    while (c == ' ');
    return c > 0 ? utf8proc_tolower(c) : 0;
}

bool text_same(const char *a, const char *b)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    int32_t c, d;

    do {
        c = next_small(&x);
        d = next_small(&y);
    } while (c == d && c);
    return c == d;
}
