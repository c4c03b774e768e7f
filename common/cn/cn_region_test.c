#include "common/cn/cn_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const unsigned char areacodes_csv[];
extern const size_t areacodes_csv_len;

static void the_region_table_is_sorted_and_every_row_is_found(void **state)
{
    const char *at = (const char *)areacodes_csv, *end = at + areacodes_csv_len;
    char before[CN_REGION_LEN] = "000000", name[CN_REGION_SIZE];
    int rows = 0;

    (void)state;
    for (at = (const char *)memchr(at, '\n', areacodes_csv_len) + 1; at < end; rows++) {
        const char *column = at;
        char expect[CN_REGION_SIZE];
        int year;

        assert_true(memcmp(before, at, CN_REGION_LEN) <= 0);
        memcpy(before, at, CN_REGION_LEN);
        for (int i = 0; i < 3; i++)
            column = strchr(column, ',') + 1;
        snprintf(expect, sizeof(expect), "%.*s", (int)(strchr(column, ',') - column), column);
        for (int i = 0; i < 3; i++)
            column = strchr(column, ',') + 1;
        year = (int)strtol(column, NULL, 10);
        column = strchr(column, ',') + 1;
        assert_true(cn_is_province(at));
        if (cn_region(at, year, name) != CN_REGION_IN_FORCE)
            fail_msg("%.6s %d", at, year);
        /* In a year of change both names hold; away from it only this one. */
        if (*column == ',' || strtol(column, NULL, 10) > year + 1) {
            assert_int_equal(cn_region(at, year + 1, name), CN_REGION_IN_FORCE);
            if (strcmp(name, expect) != 0)
                fail_msg("%.6s %d: %s, not %s", at, year + 1, name, expect);
        }
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(rows, 6823);
}

static void a_region_has_the_name_of_its_year(void **state)
{
    static const struct {
        const char *code;
        int year;
        enum cn_region_state state;
        const char *name;
    } cases[] = {
        {"440604", 2024, CN_REGION_IN_FORCE, "禅城区"},  {"440604", 1990, CN_REGION_LATER, "禅城区"},
        {"440603", 2024, CN_REGION_WITHDRAWN, "石湾区"}, {"120110", 1950, CN_REGION_IN_FORCE, "东郊区"},
        {"120110", 1991, CN_REGION_IN_FORCE, "东郊区"},  {"120110", 1993, CN_REGION_IN_FORCE, "东丽区"},
        {"110000", 2000, CN_REGION_IN_FORCE, "北京市"},  {"820000", 2024, CN_REGION_IN_FORCE, "澳门特别行政区"},
        {"000000", 2024, CN_REGION_UNKNOWN, ""},         {"999999", 2024, CN_REGION_UNKNOWN, ""},
        {"44060", 2024, CN_REGION_UNKNOWN, ""},          {"", 2024, CN_REGION_UNKNOWN, ""},
        {"44060x", 2024, CN_REGION_UNKNOWN, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[CN_REGION_SIZE] = "?";

        assert_int_equal(cn_region(cases[i].code, cases[i].year, name), cases[i].state);
        assert_string_equal(name, cases[i].name);
    }
}

static void regions_stand_below_one_another(void **state)
{
    char code[CN_REGION_LEN + 1] = "", name[CN_REGION_SIZE];
    int n = 0, prefectures = 0;

    (void)state;
    assert_true(cn_region_below("", 2026, code, name));
    assert_string_equal(code, "110000");
    assert_string_equal(name, "北京市");
    while (cn_region_below("", 2026, code, name))
        n++;
    assert_int_equal(n, 33); /* of 34 */
    *code = '\0';
    assert_true(cn_region_below("4406", 2026, code, name));
    assert_string_equal(code, "440604");
    assert_string_equal(name, "禅城区");
    *code = '\0';
    while (cn_region_below("44", 2026, code, name)) {
        assert_memory_equal(code + 4, "00", 2);
        prefectures++;
    }
    assert_int_equal(prefectures, 21);
    *code = '\0'; /* there is no prefecture in a municipality, and what was withdrawn is none any more */
    assert_true(cn_region_below("11", 2026, code, name));
    assert_string_equal(code, "110101");
    assert_true(cn_region_below("11", 2026, code, name));
    assert_true(cn_region_below("11", 2026, code, name));
    assert_string_equal(code, "110105");
    *code = '\0';
    assert_false(cn_region_below("440604", 2026, code, name));
    assert_false(cn_region_below("4x", 2026, code, name));
    assert_false(cn_region_below("99", 2026, code, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_region_table_is_sorted_and_every_row_is_found),
        cmocka_unit_test(a_region_has_the_name_of_its_year),
        cmocka_unit_test(regions_stand_below_one_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
