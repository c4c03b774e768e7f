#include "common/base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static struct conf_entry ours[] = {
    {"HUIGONG_NUMBER", "5", CONF_INT, "a number", 1, 10, NULL},
    {"HUIGONG_FILE", "", CONF_PATH, "a file", 0, 0, NULL},
    {"HUIGONG_NEEDED", NULL, CONF_TEXT, "a text", 0, 0, NULL},
    CONF_END,
};
static struct conf_entry chassis[] = {
    {"HUIGONG_BUS", "run/bus", CONF_TEXT, "the bus", 0, 0, NULL},
    CONF_END,
};

/* Faults are printed for whoever starts the daemon; here they are only noise. */
static int load_for(struct conf_entry *a, struct conf_entry *b, bool serving)
{
    int saved = dup(STDERR_FILENO), result;

    assert_non_null(freopen("/dev/null", "w", stderr));
    result = conf_load(a, b, serving);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    return result;
}

static int load(struct conf_entry *a, struct conf_entry *b)
{
    return load_for(a, b, true);
}

static int clean(void **state)
{
    (void)state;
    clearenv();
    setenv("PATH", "/bin", 1);
    setenv("HUIGONG_NEEDED", "here", 1);
    return 0;
}

static void what_is_not_set_takes_its_fallback(void **state)
{
    (void)state;
    assert_int_equal(load(ours, chassis), 0);
    assert_int_equal(conf_int(ours, "HUIGONG_NUMBER"), 5);
    assert_string_equal(conf_text(ours, "HUIGONG_FILE"), "");
    assert_string_equal(conf_text(ours, "HUIGONG_NEEDED"), "here");
    assert_string_equal(conf_text(chassis, "HUIGONG_BUS"), "run/bus");
    assert_int_equal(load(NULL, chassis), -1); /* HUIGONG_NEEDED is then unknown */
}

static void a_command_line_needs_neither_required_settings_nor_files(void **state)
{
    (void)state;
    unsetenv("HUIGONG_NEEDED");
    setenv("HUIGONG_FILE", "/no/such/file", 1);
    assert_int_equal(load(ours, chassis), -1);
    assert_int_equal(load_for(ours, chassis, false), 0);
    assert_string_equal(conf_text(ours, "HUIGONG_NEEDED"), "");
    setenv("HUIGONG_NUMBER", "eleven", 1);
    assert_int_equal(load_for(ours, chassis, false), -1);
}

static void an_empty_value_is_as_none(void **state)
{
    (void)state;
    setenv("HUIGONG_NUMBER", "", 1);
    setenv("HUIGONG_BUS", "/somewhere", 1);
    assert_int_equal(load(ours, chassis), 0);
    assert_int_equal(conf_int(ours, "HUIGONG_NUMBER"), 5);
    assert_string_equal(conf_text(chassis, "HUIGONG_BUS"), "/somewhere");
}

static void a_missing_required_setting_is_refused(void **state)
{
    (void)state;
    unsetenv("HUIGONG_NEEDED");
    assert_int_equal(load(ours, chassis), -1);
    setenv("HUIGONG_NEEDED", "", 1);
    assert_int_equal(load(ours, chassis), -1);
}

static void a_number_must_be_whole_and_in_its_range(void **state)
{
    static const struct {
        const char *value;
        int result;
    } cases[] = {
        {"1", 0},  {"10", 0},  {"0", -1},   {"11", -1},  {"-1", -1},
        {"x", -1}, {"5x", -1}, {"5.0", -1}, {"0x5", -1}, {"99999999999999999999", -1},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        setenv("HUIGONG_NUMBER", cases[i].value, 1);
        assert_int_equal(load(ours, chassis), cases[i].result);
    }
}

static void a_path_must_exist(void **state)
{
    (void)state;
    setenv("HUIGONG_FILE", "/dev/null", 1);
    assert_int_equal(load(ours, chassis), 0);
    setenv("HUIGONG_FILE", "/dev/null/none", 1);
    assert_int_equal(load(ours, chassis), -1);
}

static void a_misspelt_setting_is_refused(void **state)
{
    (void)state;
    setenv("HUIGONG_NUMBERS", "5", 1);
    assert_int_equal(load(ours, chassis), -1);
    unsetenv("HUIGONG_NUMBERS");
    setenv("HUIGONG_NUMBE", "5", 1);
    assert_int_equal(load(ours, chassis), -1);
    unsetenv("HUIGONG_NUMBE");
    setenv("HUIGONG_HOME", "known to deploy/", 1);
    setenv("OTHER", "nothing of ours", 1);
    assert_int_equal(load(ours, chassis), 0);
}

static void help_names_every_setting(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    conf_print(out, ours);
    fclose(out);
    assert_non_null(strstr(text, "HUIGONG_NUMBER"));
    assert_non_null(strstr(text, "[5]"));
    assert_non_null(strstr(text, "a text (required)"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_not_set_takes_its_fallback, clean),
        cmocka_unit_test_setup(a_command_line_needs_neither_required_settings_nor_files, clean),
        cmocka_unit_test_setup(an_empty_value_is_as_none, clean),
        cmocka_unit_test_setup(a_missing_required_setting_is_refused, clean),
        cmocka_unit_test_setup(a_number_must_be_whole_and_in_its_range, clean),
        cmocka_unit_test_setup(a_path_must_exist, clean),
        cmocka_unit_test_setup(a_misspelt_setting_is_refused, clean),
        cmocka_unit_test_setup(help_names_every_setting, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
