#include "common/cn/cn_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void a_name_takes_its_normal_form(void **state)
{
    static const char *const pairs[][2] = {
        {"李明", "李明"},
        {" 李　明 ", "李明"},
        {"𠮷野家", "𠮷野家"},
        {"𰻝面", "𰻝面"},
        {"阿依古丽.买买提", "阿依古丽·买买提"},
        {"阿依古丽．买买提", "阿依古丽·买买提"},
        {"阿依古丽•买买提", "阿依古丽·买买提"},
        {"阿依古丽・买买提", "阿依古丽·买买提"},
        {"阿依古丽 · 买买提", "阿依古丽·买买提"},
        {"John  Smith", "John Smith"},
        {"J. R. Müller-O’Hara", "J. R. Müller-O'Hara"},
        {"Ｊｏｈｎ", "John"},
        {"Li", "Li"},
        {"李\u200b明", "李明"},       /* shows as nothing */
        {"\u202d李明\u202c", "李明"}, /* as WeChat copies it */
        {"张三\U000e0100", "张三"},   /* a variant of the same character */
        {"e\u0301ric", "éric"},       /* decomposed, as a Mac writes it */
        {"\uf900明", "豈明"},         /* a compatibility ideograph */
        {"\U0002f800明", "丽明"},
        {"\u2f83\u2ea0", "自民"}, /* radicals, as PDFs give them */
        {"王\ue863", "王䶮"},     /* where GB 18030 had no code point yet */
        {"李\ue81a", "李㑳"},
        {"阿依古丽\u2027买买提", "阿依古丽·买买提"},
        {"阿依古丽\u0387买买提", "阿依古丽·买买提"},
        {"\U0001d40fe\ufb01", "Pefi"},
    };
    char name[CN_NAME_SIZE], again[CN_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (!cn_name(pairs[i][0], name))
            fail_msg("%s is refused", pairs[i][0]);
        assert_string_equal(name, pairs[i][1]);
        assert_true(cn_name(name, again));
        assert_string_equal(again, name);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "李",
        "L",
        "·李明",
        "李明·",
        "李··明",
        "李明1",
        "李a明",
        "李\n明",
        "明\xcc\x81李",
        "-John",
        "John-",
        "Jo--hn",
        "John.Smith?",
        "李明\xff",
        "\xed\xa0\x80李明",
        "\xc0\xaf李明",
        "<b>明明</b>",
        "=1+1",
        "12345",
        "\xe6\x9d",
        "..",
        "A.",
        "李明 (已退休)",
    };
    char longest[31 * 4 + 1] = "", latin[CN_NAME_MAX + 2], name[CN_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(name, sizeof(name), "before");
        if (cn_name(bad[i], name))
            fail_msg("%s passes as %s", bad[i], name);
        assert_string_equal(name, "before");
    }
    for (size_t i = 0; i < 30; i++)
        memcpy(longest + 4 * i, "𠮷", 4);
    assert_true(cn_name(longest, name));
    memcpy(longest + 4 * 30, "𠮷", 5);
    assert_false(cn_name(longest, name));
    memset(latin, 'a', sizeof(latin));
    latin[CN_NAME_MAX] = '\0';
    assert_true(cn_name(latin, name));
    latin[CN_NAME_MAX] = 'a';
    latin[CN_NAME_MAX + 1] = '\0';
    assert_false(cn_name(latin, name));
}

static void a_refused_name_says_which_character_it_was(void **state)
{
    static const struct {
        const char *text;
        int32_t bad;
    } cases[] = {
        {"李明1", '1'},
        {"李a明", 'a'},
        {"李\n明", '\n'},
        {"王\ue900", 0xe900},
        {"李明 (已退休)", '('},
        {"John.Smith?", '?'},
        {"明\u0301李", 0x301},
        {"李", 0},
        {"", 0},
        {"李\xff", 0},
    };
    char name[CN_NAME_SIZE];
    int32_t bad;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(cn_name_or(cases[i].text, name, &bad));
        assert_int_equal(bad, cases[i].bad);
    }
    assert_true(cn_name_or("李明", name, &bad));
    assert_int_equal(bad, 0);
}

static void a_latin_name_is_the_same_in_another_case_and_spacing(void **state)
{
    (void)state;
    assert_true(cn_name_same("ZHANG SAN", "Zhang San"));
    assert_true(cn_name_same("ZhangSan", "Zhang San"));
    assert_true(cn_name_same("JÜRGEN", "Jürgen"));
    assert_false(cn_name_same("Zhang San", "Zhang Sam"));
    assert_false(cn_name_same("Zhang San", "Zhang"));
    assert_false(cn_name_same("Zhang", "Zhang San"));
    assert_true(cn_name_same("李明", "李明"));
    assert_false(cn_name_same("李明", "李朋"));
}

static void a_mask_shows_the_ends_of_a_name_alone(void **state)
{
    static const char *const names[][2] = {
        {"张三", "张*"},
        {"李小明", "李*明"},
        {"欧阳娜", "欧**"},
        {"欧阳娜娜", "欧**娜"},
        {"阿依古丽·买买提", "阿**提"},
        {"𠮷野家", "𠮷*家"},
        {"John Smith", "J***"},
        {"", ""},
        {"李\xff", "*"},
    };
    char name[CN_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cn_mask_name(names[i][0], name);
        assert_string_equal(name, names[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_takes_its_normal_form),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_refused_name_says_which_character_it_was),
        cmocka_unit_test(a_latin_name_is_the_same_in_another_case_and_spacing),
        cmocka_unit_test(a_mask_shows_the_ends_of_a_name_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
