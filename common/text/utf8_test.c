#include "common/text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_character_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (int32_t c = 1; c <= 0x10ffff; c++) {
        char text[5];
        const unsigned char *at = (const unsigned char *)text;
        const char *end = utf8_put(text, c);

        if (c >= 0xd800 && c <= 0xdfff) {
            assert_int_equal(utf8_next(&at), -1);
            assert_ptr_equal(at, text);
            continue;
        }
        if (utf8_next(&at) != c || (const char *)at != end || *end)
            fail_msg("U+%04X", (unsigned)c);
    }
}

static void what_is_no_utf8_is_refused(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2"
        "a",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe4\xb8",
        "\xe4",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xe4\xb8\xc0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const unsigned char *at = (const unsigned char *)bad[i];

        if (utf8_next(&at) != -1 || (const char *)at != bad[i])
            fail_msg("case %zu", i);
    }
}

static void the_end_is_never_passed(void **state)
{
    const unsigned char text[] = "a", *at = text;

    (void)state;
    assert_int_equal(utf8_next(&at), 'a');
    assert_int_equal(utf8_next(&at), 0);
    assert_int_equal(utf8_next(&at), 0);
    assert_ptr_equal(at, text + 1);
}

static void a_text_is_looked_at_as_a_reader_would(void **state)
{
    static const struct {
        const char *text;
        enum utf8_look line, lines;
    } cases[] = {
        {"", UTF8_PLAIN, UTF8_PLAIN},
        {" 佛山市　总工会\u00a0(1) 😀 \u0301", UTF8_PLAIN, UTF8_PLAIN},
        {"a\nb\r\nc\td\n", UTF8_LINE_END, UTF8_PLAIN},
        {"\r", UTF8_LINE_END, UTF8_HIDDEN},
        {"\v", UTF8_LINE_END, UTF8_HIDDEN},
        {"\f", UTF8_LINE_END, UTF8_HIDDEN},
        {"\xc2\x85", UTF8_LINE_END, UTF8_HIDDEN},
        {"\u2028", UTF8_LINE_END, UTF8_HIDDEN},
        {"\u2029", UTF8_LINE_END, UTF8_HIDDEN},
        {"\u202e\n", UTF8_HIDDEN, UTF8_HIDDEN},
        {"a\tb", UTF8_HIDDEN, UTF8_PLAIN},
        {"\x1f", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\x7f", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\xc2\x9f", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\xc2\xad", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\u061c", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\u200d", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\u202a", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\u2067", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\u3164", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\ufeff", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\ue000", UTF8_HIDDEN, UTF8_HIDDEN},
        {"\U000e0041", UTF8_HIDDEN, UTF8_HIDDEN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t bad;

        assert_int_equal(utf8_look(cases[i].text, strlen(cases[i].text), false, &bad), cases[i].line);
        assert_int_equal(bad != 0, cases[i].line != UTF8_PLAIN);
        assert_int_equal(utf8_look(cases[i].text, strlen(cases[i].text), true, &bad), cases[i].lines);
        assert_int_equal(bad != 0, cases[i].lines != UTF8_PLAIN);
    }
}

static void a_line_is_visible_text_without_blanks_around(void **state)
{
    static const struct {
        const char *text, *line;
        int chars;
    } cases[] = {
        {"", "", 0},
        {" \t\xe3\x80\x80", "", 0},
        {"佛山市总工会", "佛山市总工会", 6},
        {"\t 佛山 市\xc2\xa0", "佛山 市", 4},
        {"a\tb", NULL, -1},
        {"a\nb", NULL, -1},
        {"a\r", NULL, -1},
        {"a\xe2\x80\x8b", NULL, -1},
        {"\xef\xbb\xbf"
         "a",
         NULL, -1},
        {"a\xe2\x80\xae"
         "b",
         NULL, -1},
        {"\xee\x80\x80", NULL, -1},
        {"a\x7f", NULL, -1},
        {"a\xff", NULL, -1},
        {"12345678901234567890123", "12345678901234567890123", 23},
        {"  12345678901234567890123  ", "12345678901234567890123", 23},
        {"123456789012345678901234", NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char line[24] = "before";

        if (utf8_line(cases[i].text, line, sizeof(line)) != cases[i].chars)
            fail_msg("case %zu", i);
        assert_string_equal(line, cases[i].line ? cases[i].line : "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(the_end_is_never_passed),
        cmocka_unit_test(a_line_is_visible_text_without_blanks_around),
        cmocka_unit_test(a_text_is_looked_at_as_a_reader_would),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
