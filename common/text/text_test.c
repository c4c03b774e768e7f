#include "common/text/text.h"
#include "common/text/utf8.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void look_alikes_take_one_form(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"佛山市总工会（一）、abc", "佛山市总工会（一）、abc"}, /* the signs of Chinese stay as wide as they are */
        {"ＡＢ１２", "AB12"},
        {"e\u0301", "é"},
        {"\u212b", "Å"},
        {"\u2f08\u2f57", "人父"},
        {"\u2ec5\u2ed3", "见长"},
        {"\uf92c\ufa1e", "郎羽"},
        {"\ue815\ue864", "厂龻"}, /* a private radical becomes a radical, and this an ideograph */
        {"\ue7c8", "ǹ"},
        {"a\u2022b\u30fbc\uff65d", "a·b·c·d"},
        {"a\u3000b\u00a0c\u2003d", "a b c d"},
        {"工\ufe00会\U000e0101", "工会"},
        {"\ufeff工\u200b会\u200d\u2060\u00ad", "工会"},
        {"\u202e工会\u2066\u200f", "工会"},
        {"①㎡Ⅱ℃", "①㎡Ⅱ℃"}, /* signs that mean more than their letters */
        {"\ufb01\U0001d7d8\u00aa", "fi0a"},
        {"\uff76\uff9e", "ガ"},
        {"a\tb\nc\x01", "a\tb\nc\x01"}, /* are no look-alikes: whoever judges refuses them */
        {"\ue900", "\ue900"},
    };
    char folded[256], again[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        assert_int_equal(text_fold(pairs[i][0], folded, sizeof(folded)), strlen(pairs[i][1]));
        assert_string_equal(folded, pairs[i][1]);
        assert_int_equal(text_fold(folded, again, sizeof(again)), strlen(folded));
        assert_string_equal(again, folded);
    }
}

/* The table is what the encoding itself says, by another implementation. */
static void private_characters_are_those_of_gb_18030(void **state)
{
    iconv_t gb = iconv_open("UTF-8", "GB18030");

    (void)state;
    assert_true(gb != (iconv_t)-1);
    for (int i = 0; i < 80; i++) {
        char bytes[2] = {(char)0xfe, (char)(0x50 + i + (0x50 + i >= 0x7f))}, known[16] = "", typed[8], folded[16],
             all[16];
        char *in = bytes, *out = known;
        size_t in_left = sizeof(bytes), out_left = sizeof(known) - 1;

        assert_int_equal(iconv(gb, &in, &in_left, &out, &out_left), 0);
        utf8_put(typed, 0xe815 + i);
        assert_true(text_fold(typed, folded, sizeof(folded)) > 0);
        assert_true(text_fold(known, all, sizeof(all)) > 0);
        assert_string_equal(folded, all);
    }
    iconv_close(gb);
}

static void what_does_not_fit_is_refused(void **state)
{
    static char many[4 * (TEXT_MAX + 1) + 1], folded[2 * sizeof(many)];
    char *at = many;

    (void)state;
    assert_int_equal(text_fold("工会", folded, 6), -1);
    assert_int_equal(text_fold("工会", folded, 7), 6);
    assert_int_equal(text_fold("\u2f08会", folded, 6), -1);
    assert_int_equal(text_fold("\u2f08会", folded, 7), 6);
    assert_int_equal(text_fold("\xff", folded, sizeof(folded)), -1);
    assert_int_equal(text_fold("\u2f08\xff", folded, sizeof(folded)), -1);
    for (int i = 0; i < TEXT_MAX; i++)
        at = utf8_put(at, 0x2f08);
    assert_int_equal(text_fold(many, folded, sizeof(folded)), 3 * TEXT_MAX);
    utf8_put(at, 0x2f08);
    assert_int_equal(text_fold(many, folded, sizeof(folded)), -1);
    many[3] = many[4] = many[5] = 'a';
    assert_int_equal(text_fold(many, folded, sizeof(folded)), 3 * TEXT_MAX + 3);
}

static void a_refused_line_says_which_character_it_was(void **state)
{
    static const struct {
        const char *text, *line, *shown;
        int chars;
    } cases[] = {
        {" 佛山市\u200b总工会\u3000", "佛山市总工会", NULL, 6},
        {"", "", NULL, 0},
        {"a\nb", NULL, "U+000A", -1},
        {"a\tb", NULL, "U+0009", -1},
        {"佛山\ue900", NULL, "U+E900", -1},
        {"佛山\u2800", NULL, "U+2800", -1},
        {"\xff", NULL, NULL, -1},
    };
    char line[64], shown[TEXT_SHOWN];
    int32_t bad;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(text_line(cases[i].text, line, sizeof(line), &bad), cases[i].chars);
        if (cases[i].line)
            assert_string_equal(line, cases[i].line);
        assert_int_equal(bad != 0, cases[i].shown != NULL);
        if (bad)
            assert_string_equal(text_show(bad, shown), cases[i].shown);
    }
    assert_string_equal(text_show(0x30a2, shown), "ア U+30A2");
    assert_string_equal(text_show(0x20bb7, shown), "𠮷 U+20BB7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_alikes_take_one_form),
        cmocka_unit_test(private_characters_are_those_of_gb_18030),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_refused_line_says_which_character_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
