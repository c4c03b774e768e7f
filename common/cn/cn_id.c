#include "common/cn/cn_id.h"

#include "common/base/civil.h"
#include "common/text/text.h"
#include "common/text/utf8.h"

#define CN_OFFSET_MS (8LL * 60 * 60 * 1000)
#define DAY_MS       (24LL * 60 * 60 * 1000)

static const char digits[] = "0123456789";

#define TYPED_SIZE 512

/* What stands for a sign of ASCII in a folded text; -1 for what does not. */
static int as_ascii(int32_t c)
{
    if (c == '\t')
        return ' ';
    if (c >= 0xff01 && c <= 0xff5e)
        return c - 0xff01 + '!';
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
        return '-';
    return c < 0x80 ? c : -1;
}

bool cn_fold_or(const char *text, const char *ignored, char *ret, size_t size, int32_t *ret_bad)
{
    char folded[TYPED_SIZE];
    const unsigned char *at = (const unsigned char *)folded;
    bool blank = false;
    size_t len = 0;
    int32_t typed;

    *ret_bad = 0;
    if (text_fold(text, folded, sizeof(folded)) < 0)
        return false;
    while ((typed = utf8_next(&at)) != 0) {
        int c = as_ascii(typed);

        if (c < 0) {
            *ret_bad = typed;
            return false;
        }
        if (strchr(ignored, c))
            continue;
        if (c == ' ') {
            blank = len > 0;
            continue;
        }
        if (blank || len + 1 >= size)
            return false;
        ret[len++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    ret[len] = '\0';
    return true;
}

bool cn_fold(const char *text, const char *ignored, char *ret, size_t size)
{
    int32_t bad;

    return cn_fold_or(text, ignored, ret, size, &bad);
}

static char resident_check(const char *number)
{
    static const int weights[CN_RESIDENT_ID_LEN - 1] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    for (int i = 0; i < CN_RESIDENT_ID_LEN - 1; i++)
        sum += (number[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

static int read_digits(const char *text, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

static void judge_region(struct cn_resident_id *id)
{
    char name[CN_REGION_SIZE];

    id->foreign = id->number[0] == '9';
    /* 81, 82 and 83 have no lower levels, whatever the birth year. */
    if (id->foreign || id->number[0] == '8')
        return;
    switch (cn_region(id->number, id->birth_year, name)) {
    case CN_REGION_UNKNOWN:
        id->region_unknown = true;
        break;
    case CN_REGION_WITHDRAWN:
        id->region_abolished = true;
        break;
    case CN_REGION_LATER:
        id->region_later = true;
        break;
    case CN_REGION_IN_FORCE:
        break;
    }
}

enum cn_id_result cn_resident_id(const char *text, int today, struct cn_resident_id *ret)
{
    struct cn_resident_id id = {0};
    size_t n_digits;
    int birth;

    if (!cn_fold(text, "", id.number, sizeof(id.number)))
        return CN_ID_FORMAT;
    n_digits = strspn(id.number, digits);
    if (n_digits == 15 && id.number[15] == '\0')
        return CN_ID_15_DIGITS;
    if (strlen(id.number) != CN_RESIDENT_ID_LEN || n_digits < CN_RESIDENT_ID_LEN - 1)
        return CN_ID_FORMAT;
    if (n_digits < CN_RESIDENT_ID_LEN && id.number[CN_RESIDENT_ID_LEN - 1] != 'X')
        return CN_ID_FORMAT;
    if (id.number[CN_RESIDENT_ID_LEN - 1] != resident_check(id.number))
        return CN_ID_CHECKSUM;

    birth = read_digits(id.number + 6, 8);
    id.birth_year = birth / 10000;
    id.birth_month = birth / 100 % 100;
    id.birth_day = birth % 100;
    id.male = (id.number[16] - '0') % 2 == 1;
    if (id.birth_year < 1900 || birth > today || !civil_date(id.birth_year, id.birth_month, id.birth_day))
        return CN_ID_DATE;
    if (!cn_is_province(id.number[0] == '9' ? id.number + 1 : id.number))
        return CN_ID_REGION;
    judge_region(&id);
    *ret = id;
    return CN_ID_OK;
}

/* ---- other documents ---- */

static const char *const signs[CN_DOCUMENT_KINDS] = {"", "HM-", "TW-", "FP-", "PP-"};
#define SIGN_LEN 3

const char *cn_document_sign(enum cn_document_kind kind)
{
    return signs[kind];
}

enum cn_document_kind cn_document_kind(const char *number)
{
    for (int kind = 1; kind < CN_DOCUMENT_KINDS; kind++) {
        if (strncmp(number, signs[kind], SIGN_LEN) == 0)
            return (enum cn_document_kind)kind;
    }
    return CN_RESIDENT_ID;
}

/* Whether a text is of this form: A a letter, 9 a digit, anything else itself. */
static bool has_form(const char *text, const char *form)
{
    for (; *text && *form; text++, form++) {
        bool letter = *text >= 'A' && *text <= 'Z', digit = *text >= '0' && *text <= '9';

        if (*form == 'A' ? !letter : *form == '9' ? !digit : *text != *form)
            return false;
    }
    return !*text && !*form;
}

static bool is_hk_macau_permit(const char *text)
{
    return (*text == 'H' || *text == 'M') && (has_form(text + 1, "99999999") || has_form(text + 1, "9999999999"));
}

static bool is_taiwan_permit(const char *text)
{
    return has_form(text, "99999999") || has_form(text, "9999999999") || has_form(text, "9999999999A") ||
           has_form(text, "9999999999(A)");
}

/* Of the day of birth the century is not told. */
static bool is_foreign_permanent(const char *text)
{
    int month, day;

    if (!has_form(text, "AAA999999999999"))
        return false;
    month = read_digits(text + 9, 2);
    day = read_digits(text + 11, 2);
    return civil_date(2000, month, day);
}

static bool is_passport(const char *text)
{
    size_t len = strlen(text), n_digits = 0;

    if (len < 6 || len > 9 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != len)
        return false;
    for (size_t i = 0; i < len; i++)
        n_digits += text[i] >= '0' && text[i] <= '9';
    return n_digits >= 4;
}

static bool is_of_kind(const char *text, enum cn_document_kind kind)
{
    switch (kind) {
    case CN_HK_MACAU_PERMIT:
        return is_hk_macau_permit(text);
    case CN_TAIWAN_PERMIT:
        return is_taiwan_permit(text);
    case CN_FOREIGN_PERMANENT:
        return is_foreign_permanent(text);
    case CN_PASSPORT:
        return is_passport(text);
    default:
        return false;
    }
}

/* Without a sign: a passport has a letter, so that what has none and is no permit is a resident ID typed wrongly. */
static enum cn_document_kind guess_kind(const char *text)
{
    for (int kind = 1; kind < CN_PASSPORT; kind++) {
        if (is_of_kind(text, (enum cn_document_kind)kind))
            return (enum cn_document_kind)kind;
    }
    return is_passport(text) && strspn(text, digits) != strlen(text) ? CN_PASSPORT : CN_RESIDENT_ID;
}

enum cn_id_result cn_document(const char *text, int today, struct cn_resident_id *ret)
{
    char folded[CN_RESIDENT_ID_LEN + 8];
    struct cn_resident_id id = {0};
    const char *number = folded;
    size_t len;

    if (!cn_fold(text, "", folded, sizeof(folded)))
        return cn_resident_id(text, today, ret);
    id.kind = cn_document_kind(folded);
    if (id.kind == CN_RESIDENT_ID) {
        id.kind = guess_kind(folded);
        if (id.kind == CN_RESIDENT_ID)
            return cn_resident_id(text, today, ret);
    } else {
        number += SIGN_LEN;
        if (!is_of_kind(number, id.kind))
            return CN_ID_FORMAT;
    }
    /* Neither the issue of a permit nor the brackets around its letter are of the person. */
    len = id.kind == CN_HK_MACAU_PERMIT ? 9 : id.kind == CN_TAIWAN_PERMIT && strlen(number) > 8 ? 10 : strlen(number);
    snprintf(id.number, sizeof(id.number), "%s%.*s", signs[id.kind], (int)len, number);
    *ret = id;
    return CN_ID_OK;
}

static void mask(const char *text, size_t len, size_t head, size_t tail, char *ret)
{
    memset(ret, '*', len);
    ret[len] = '\0';
    if (strnlen(text, len + 1) != len)
        return;
    memcpy(ret, text, head);
    memcpy(ret + len - tail, text + len - tail, tail);
}

void cn_mask_resident_id(const char *number, char ret[CN_RESIDENT_ID_LEN + 1])
{
    size_t len = strnlen(number, CN_RESIDENT_ID_LEN + 1);

    if (cn_document_kind(number) == CN_RESIDENT_ID || len > CN_RESIDENT_ID_LEN || len < SIGN_LEN + 6)
        mask(number, CN_RESIDENT_ID_LEN, 6, 4, ret);
    else
        mask(number, len, SIGN_LEN + 1, 3, ret);
}

/* Civil date from a day count: the proleptic Gregorian calendar in eras of 400
 * years that begin on 1 March, so the leap day is the last of a year. */
int cn_day(int64_t at_ms)
{
    int64_t ms = at_ms + CN_OFFSET_MS;
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0) + 719468; /* since 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    int64_t day = of_year - (153 * month + 2) / 5 + 1;

    month = month < 10 ? month + 3 : month - 9;
    return (int)((year + era * 400 + (month <= 2)) * 10000 + month * 100 + day);
}

bool cn_day_begin(int day, int64_t *ret_at_ms)
{
    int year = day / 10000, month = day / 100 % 100, of_month = day % 100;

    if (year < 1970 || year > 9999 || !civil_date(year, month, of_month))
        return false;
    *ret_at_ms = civil_days(year, month, of_month) * DAY_MS - CN_OFFSET_MS;
    return true;
}

int cn_years(int from, int to)
{
    return to / 10000 - from / 10000 - (to % 10000 < from % 10000);
}

int cn_age(const struct cn_resident_id *id, int today)
{
    return cn_years(id->birth_year * 10000 + id->birth_month * 100 + id->birth_day, today);
}

bool cn_mobile(const char *text, char ret[CN_MOBILE_LEN + 1])
{
    static const char *const prefixes[] = {"+86", "0086", "86"};
    char folded[CN_MOBILE_LEN + 5];
    const char *number = folded;

    if (!cn_fold(text, " -", folded, sizeof(folded)))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        if (strncmp(folded, prefixes[i], len) == 0) {
            number = folded + len;
            break;
        }
    }
    if (strlen(number) != CN_MOBILE_LEN || strspn(number, digits) != CN_MOBILE_LEN)
        return false;
    if (number[0] != '1' || number[1] < '3')
        return false;
    memcpy(ret, number, CN_MOBILE_LEN + 1);
    return true;
}

void cn_mask_mobile(const char *mobile, char ret[CN_MOBILE_LEN + 1])
{
    mask(mobile, CN_MOBILE_LEN, 3, 4, ret);
}

/* GB 11714: the check character of an organisation code of eight. */
static char organisation_check(const char *code)
{
    static const int weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    for (size_t i = 0; i < ARRAY_LEN(weights); i++)
        sum += (code[i] <= '9' ? code[i] - '0' : code[i] - 'A' + 10) * weights[i];
    return "0X987654321"[sum % 11];
}

enum cn_id_result cn_uscc(const char *text, char ret[CN_USCC_LEN + 1])
{
    static const char charset[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char code[CN_USCC_LEN + 1];
    int sum = 0, weight = 1;

    if (!cn_fold(text, "", code, sizeof(code)))
        return CN_ID_FORMAT;
    if (strlen(code) != CN_USCC_LEN || strspn(code, charset) != CN_USCC_LEN)
        return CN_ID_FORMAT;
    if (strspn(code + 2, digits) < CN_REGION_LEN)
        return CN_ID_FORMAT;
    for (int i = 0; i < CN_USCC_LEN - 1; i++) {
        sum += (int)(strchr(charset, code[i]) - charset) * weight;
        weight = weight * 3 % 31;
    }
    if (code[CN_USCC_LEN - 1] != charset[(31 - sum % 31) % 31] || code[16] != organisation_check(code + 8))
        return CN_ID_CHECKSUM;
    if (strncmp(code + 2, "10", 2) != 0 && !cn_is_province(code + 2))
        return CN_ID_REGION;
    memcpy(ret, code, sizeof(code));
    return CN_ID_OK;
}
