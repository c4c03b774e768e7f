/* What somebody types as a name, a number or a code.
 *
 * Holds: what is read is its own normal form, and a mask of it is a string. */
#include "common/cn/cn_id.h"
#include "common/text/text.h"
#include "common/text/utf8.h"
#include "tests/fuzz/fuzz.h"

#define TODAY 20260101

static void check_line(const char *text)
{
    char line[256], again[256];
    int chars = utf8_line(text, line, sizeof(line));

    ensure(chars < 0 || (utf8_line(line, again, sizeof(again)) == chars && strcmp(line, again) == 0));
}

/* Folding twice is folding once, and a line that is taken is its own normal form. */
static void check_folded(const char *text)
{
    char folded[1024], again[4096], shown[TEXT_SHOWN];
    int32_t bad;
    int len = text_fold(text, folded, sizeof(folded));

    if (len < 0)
        return;
    ensure(text_fold(folded, again, sizeof(again)) == len && strcmp(folded, again) == 0);
    ensure(text_same(text, text) && text_same(folded, again));
    if (text_line(text, folded, sizeof(folded), &bad) >= 0)
        ensure(text_line(folded, again, sizeof(again), &bad) >= 0 && strcmp(folded, again) == 0);
    else if (bad)
        ensure(strstr(text_show(bad, shown), "U+"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), name[CN_NAME_SIZE], again[CN_NAME_SIZE];
    char mobile[CN_MOBILE_LEN + 1], code[CN_USCC_LEN + 1], mask[CN_NAME_SIZE], region[CN_REGION_SIZE];
    struct cn_resident_id id, same;

    ensure(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (cn_name(text, name))
        ensure(cn_name(name, again) && strcmp(name, again) == 0);
    if (cn_resident_id(text, TODAY, &id) == CN_ID_OK) {
        ensure(cn_resident_id(id.number, TODAY, &same) == CN_ID_OK && strcmp(id.number, same.number) == 0);
        ensure(id.birth_year >= 1900 && cn_age(&id, TODAY) >= 0);
    }
    if (cn_mobile(text, mobile))
        ensure(cn_mobile(mobile, again) && strcmp(mobile, again) == 0);
    if (cn_uscc(text, code) == CN_ID_OK)
        ensure(cn_uscc(code, again) == CN_ID_OK && strcmp(code, again) == 0);
    cn_mask_name(text, mask);
    ensure(strnlen(mask, sizeof(mask)) < sizeof(mask));
    cn_mask_resident_id(text, again);
    ensure(strlen(again) == CN_RESIDENT_ID_LEN);
    cn_mask_mobile(text, mobile);
    ensure(strlen(mobile) == CN_MOBILE_LEN);
    ensure((cn_region(text, 2000, region) == CN_REGION_UNKNOWN) == !region[0]);
    check_line(text);
    check_folded(text);
    free(text);
    return 0;
}
