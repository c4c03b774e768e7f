/* One value has one spelling, whatever an official types. */
#include "common/draw/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SEVEN "## ## ## ## ## ## ##"

static const struct {
    const char *format, *typed, *value; /* NULL: none of this format */
} cases[] = {
    {DRAW_WORDS, "03 07", "03 07"},
    {DRAW_WORDS, "03,07", "03 07"},
    {DRAW_WORDS, "03，07", "03 07"},
    {DRAW_WORDS, "０３　０７", "03 07"},
    {DRAW_WORDS, "3 7", "03 07"},
    {DRAW_WORDS, "003 007", "03 07"},
    {DRAW_WORDS, " 03  07 ", "03 07"},
    {DRAW_WORDS, "03、07", "03 07"},
    {DRAW_WORDS, "03/07|", "03 07"},
    {DRAW_WORDS, "03 07 + 09", "03 07 09"},
    {DRAW_WORDS, "3287.45", "3287 45"},
    {DRAW_WORDS, "0", "00"},
    {DRAW_WORDS, "0AF3", "0af3"},
    {DRAW_WORDS, "00af", "00af"},
    {DRAW_WORDS, "双色球 03 07", NULL},
    {DRAW_WORDS, "03#07", NULL},
    {DRAW_WORDS, "", NULL},
    {DRAW_WORDS, ",", NULL},
    {DRAW_WORDS, "03\n07", NULL},
    {DRAW_WORDS, "\xff", NULL},
    {SEVEN, "03 07 11 18 22 30 + 09", "03 07 11 18 22 30 09"},
    {SEVEN, "3，7，11，18，22，30，9", "03 07 11 18 22 30 09"},
    {SEVEN, "03071118223009", "03 07 11 18 22 30 09"},
    {SEVEN, "03 07 11 18 22 30", NULL},
    {SEVEN, "03 07 11 18 22 30 09 01", NULL},
    {SEVEN, "003 07 11 18 22 30 09", NULL},
    {SEVEN, "03 07 11 18 22 30 0a", NULL},
    {"####.##", "3287.45", "3287.45"},
    {"####.##", "３２８７．４５", "3287.45"},
    {"####.##", "987.45", "0987.45"},
    {"####.##", "3287.5", NULL},
    {"####.##", "3287", NULL},
    {"########", "DEADBEEF", NULL},
    {"********", "DEADBEEF", "deadbeef"},
    {"********", "dead beef", NULL},
    {"********", "deadbee", NULL},
    {"********", "deadbeeg", NULL},
    {"## + ##", "3 9", "03 + 09"},
    {"## + ##", "03+09", "03 + 09"},
    {"#", "7", "7"},
    {"#", "07", NULL},
};

static void what_is_typed_is_brought_to_the_format_or_refused(void **state)
{
    char value[DRAW_TEXT_SIZE], again[DRAW_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool brought = draw_value_bring(cases[i].format, cases[i].typed, value);

        if (brought != (cases[i].value != NULL) || (brought && strcmp(value, cases[i].value) != 0))
            fail_msg("%s as %s: %s", cases[i].typed, cases[i].format, brought ? value : "refused");
        if (!brought)
            continue;
        assert_true(draw_value_fits(cases[i].format, value));
        assert_true(draw_value_bring(cases[i].format, value, again));
        assert_string_equal(again, value);
    }
}

static void another_spelling_is_none(void **state)
{
    static const char *const others[][2] = {
        {DRAW_WORDS, "3 07"},  {DRAW_WORDS, "003"}, {DRAW_WORDS, "03  07"}, {DRAW_WORDS, "03 07 "}, {DRAW_WORDS, " 03"},
        {DRAW_WORDS, "03,07"}, {DRAW_WORDS, "0A"},  {DRAW_WORDS, ""},       {DRAW_WORDS, "０３"},   {"## ##", "03,07"},
        {"## ##", "03 0"},     {"## ##", "03 070"}, {"##", "0a"},           {"**", "0A"},           {"**", "0g"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (draw_value_fits(others[i][0], others[i][1]))
            fail_msg("%s is no %s", others[i][1], others[i][0]);
    }
}

static void a_format_is_words_or_a_picture(void **state)
{
    static const char *const formats[] = {DRAW_WORDS, "#", SEVEN, "####.##", "## + ##", "*", "##:##"};
    static const char *const none[] = {"", " ", "+", "a", "Words", "# ", " #", "#  #", "#,#", "##\n", "＃", "0"};
    char longest[DRAW_FORMAT_SIZE + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        assert_true(draw_format_check(formats[i]));
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        if (draw_format_check(none[i]))
            fail_msg("“%s” is no format", none[i]);
    }
    memset(longest, '#', DRAW_FORMAT_SIZE);
    longest[DRAW_FORMAT_SIZE] = '\0';
    assert_false(draw_format_check(longest));
    longest[DRAW_FORMAT_SIZE - 1] = '\0';
    assert_true(draw_format_check(longest));
}

/* Each word of one digit gets a second one; what does not fit then is refused. */
static void a_value_that_grows_too_long_is_refused(void **state)
{
    char typed[DRAW_TEXT_SIZE], value[DRAW_TEXT_SIZE];

    (void)state;
    for (size_t n = 2; n < sizeof(typed); n += 2) {
        memset(typed, ' ', n);
        for (size_t i = 0; i < n; i += 2)
            typed[i] = '7';
        typed[n - 1] = '\0';
        assert_int_equal(draw_value_bring(DRAW_WORDS, typed, value), n / 2 * 3 - 1 < DRAW_TEXT_SIZE - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_is_brought_to_the_format_or_refused),
        cmocka_unit_test(another_spelling_is_none),
        cmocka_unit_test(a_format_is_words_or_a_picture),
        cmocka_unit_test(a_value_that_grows_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
