#include "common/cn/cn_id.h"
#include "common/text/text.h"
#include "common/text/utf8.h"

#define INTERPUNCT 0xb7
#define HAN_MAX    30
#define TYPED_MAX  120 /* characters looked at, blanks included */

/* Unified ideographs of all planes, and 〇. Of the compatibility block only the
 * twelve that are unified in truth: the others have another normal form. */
static bool is_han(int32_t c)
{
    if (c == 0x3007 || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff))
        return true;
    if (c >= 0xfa0e && c <= 0xfa29)
        return c <= 0xfa0f || c == 0xfa11 || c == 0xfa13 || c == 0xfa14 || c == 0xfa1f || c == 0xfa21 || c == 0xfa23 ||
               c == 0xfa24 || c >= 0xfa27;
    return (c >= 0x20000 && c <= 0x2f7ff) || (c >= 0x30000 && c <= 0x3fffd);
}

static bool is_latin(int32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return (c >= 0xc0 && c <= 0x24f && c != 0xd7 && c != 0xf7) || (c >= 0x1e00 && c <= 0x1eff);
}

/* The signs in which keyboards and registers give one sign; what text_fold leaves. */
static int32_t fold_sign(int32_t c)
{
    static const struct {
        int32_t from, to;
    } signs[] = {
        {0x2019, '\''}, {0x2018, '\''}, {0x02bc, '\''}, {0x2010, '-'}, {0x2011, '-'},
    };

    if (c >= 0xff01 && c <= 0xff5e)
        return c - 0xff01 + '!';
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (signs[i].from == c)
            return signs[i].to;
    }
    return c == '\t' ? ' ' : c;
}

/* Folded characters without surrounding and doubled blanks; their number, or -1. */
static int read_name(const char *text, int32_t chars[TYPED_MAX], bool *ret_han)
{
    char folded[4 * TYPED_MAX + 1];
    const unsigned char *at = (const unsigned char *)folded;
    int n = 0;

    *ret_han = false;
    if (text_fold(text, folded, sizeof(folded)) < 0)
        return -1;
    while (*at) {
        int32_t c = fold_sign(utf8_next(&at));

        if (c == ' ' && (n == 0 || chars[n - 1] == ' '))
            continue;
        if (n == TYPED_MAX)
            return -1;
        *ret_han = *ret_han || is_han(c);
        chars[n++] = c;
    }
    if (n > 0 && chars[n - 1] == ' ')
        n--;
    return n;
}

static bool han_name(const int32_t *chars, int n, char *ret, int32_t *ret_bad)
{
    bool after_han = false;
    int han = 0;

    for (int i = 0; i < n; i++) {
        int32_t c = chars[i] == '.' ? INTERPUNCT : chars[i];

        /* Spreadsheets pad names of two characters with a blank. */
        if (c == ' ')
            continue;
        if (!is_han(c) && !(c == INTERPUNCT && after_han)) {
            *ret_bad = chars[i];
            return false;
        }
        after_han = is_han(c);
        han += after_han;
        if (han > HAN_MAX)
            return false;
        ret = utf8_put(ret, c);
    }
    return after_han && han >= 2;
}

static bool latin_name(const int32_t *chars, int n, char *ret, int32_t *ret_bad)
{
    int32_t before = 0;
    int letters = 0;

    if (n > CN_NAME_MAX)
        return false;
    for (int i = 0; i < n; i++) {
        int32_t c = chars[i];

        if (is_latin(c)) {
            letters++;
        } else if (!(c == ' ' && before == '.') &&
                   !(is_latin(before) && (c == ' ' || c == '-' || c == '\'' || c == '.' || c == INTERPUNCT))) {
            *ret_bad = c;
            return false;
        }
        before = c;
        ret = utf8_put(ret, c);
    }
    return letters >= 2 && (is_latin(before) || before == '.');
}

bool cn_name_or(const char *text, char ret[CN_NAME_SIZE], int32_t *ret_bad)
{
    int32_t chars[TYPED_MAX];
    char name[CN_NAME_SIZE] = "";
    bool han;
    int n = read_name(text, chars, &han);

    *ret_bad = 0;
    if (n < 0 || !(han ? han_name(chars, n, name, ret_bad) : latin_name(chars, n, name, ret_bad)))
        return false;
    memcpy(ret, name, sizeof(name));
    return true;
}

bool cn_name(const char *text, char ret[CN_NAME_SIZE])
{
    int32_t bad;

    return cn_name_or(text, ret, &bad);
}

bool cn_name_same(const char *a, const char *b)
{
    return text_same(a, b);
}

static bool is_compound_surname(int32_t first, int32_t second)
{
    static const char surnames[] = "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐宇文长孙司徒司空夏侯端木百里东郭南宫西门"
                                   "独孤呼延轩辕淳于单于太史申屠公羊赫连澹台公冶宗政濮阳闻人钟离鲜于闾丘亓官司寇"
                                   "子车颛孙巫马公西漆雕乐正拓跋夹谷梁丘左丘东门南门第五";
    const unsigned char *at = (const unsigned char *)surnames;

    while (*at) {
        int32_t a = utf8_next(&at), b = utf8_next(&at);

        if (a == first && b == second)
            return true;
    }
    return false;
}

void cn_mask_name(const char *name, char ret[CN_NAME_SIZE])
{
    int32_t chars[TYPED_MAX];
    bool han;
    int n = read_name(name, chars, &han);
    char *at = ret;

    if (n <= 0) {
        snprintf(ret, CN_NAME_SIZE, "%s", n < 0 ? "*" : "");
        return;
    }
    at = utf8_put(at, chars[0]);
    if (!han) {
        snprintf(at, CN_NAME_SIZE - 4, "***");
        return;
    }
    snprintf(at, CN_NAME_SIZE - 4, "%s", n <= 1 ? "" : n <= 3 ? "*" : "**");
    if (n == 3 && is_compound_surname(chars[0], chars[1]))
        snprintf(at, CN_NAME_SIZE - 4, "**");
    else if (n >= 3)
        utf8_put(at + strlen(at), chars[n - 1]);
}
