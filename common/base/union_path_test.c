#include "common/base/union_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DEEPEST "000100020003000400050006000700080009000a000b000c"

static void a_path_is_whole_segments_of_digits(void **state)
{
    static const char *const right[] = {"", "0001", "000zz000", DEEPEST};
    static const char *const wrong[] = {"0", "000", "00010", "000A", "000/", "00 1", "000{", "../0", DEEPEST "000d"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(right); i++)
        assert_true(union_path_ok(right[i]));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(union_path_ok(wrong[i]));
}

static void children_sort_by_their_ordinal(void **state)
{
    char path[UNION_PATH_SIZE], before[UNION_PATH_SIZE] = "0001";

    (void)state;
    for (int64_t ordinal = 0; ordinal < UNION_PATH_CHILDREN; ordinal += ordinal < 2000 ? 1 : 997) {
        assert_true(union_path_child("0001", ordinal, path));
        assert_true(strcmp(before, path) < 0);
        memcpy(before, path, sizeof(before));
    }
}

static void a_path_can_be_extended_and_cut_in_place(void **state)
{
    char path[UNION_PATH_SIZE] = "";

    (void)state;
    for (int level = 1; level <= LIMIT_PATH_LEVELS; level++)
        assert_true(union_path_child(path, level, path));
    assert_string_equal(path, DEEPEST);
    for (int level = LIMIT_PATH_LEVELS - 1; level >= 0; level--) {
        union_path_parent(path, path);
        assert_int_equal(union_path_level(path), level);
        assert_memory_equal(path, DEEPEST, strlen(path));
    }
    union_path_parent(path, path);
    assert_string_equal(path, "");
}

static void a_union_covers_itself_and_what_is_below_it(void **state)
{
    static const struct {
        const char *path, *other;
        bool covers;
    } cases[] = {
        {"", "0001", true},
        {"", "", true},
        {"0001", "0001", true},
        {"0001", "00010000", true},
        {"0001", "0001zzzz0000", true},
        {"0001", "0002", false},
        {"0001", "00020001", false},
        {"00010000", "0001", false},
        {"0001", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *path = cases[i].path, *other = cases[i].other;
        char end[UNION_PATH_SIZE + 1];

        assert_int_equal(union_path_covers(path, other), cases[i].covers);
        union_path_end(path, end);
        assert_int_equal(strcmp(path, other) <= 0 && strcmp(other, end) < 0, cases[i].covers);
    }
}

static void a_union_is_known_among_its_siblings_by_its_last_segment(void **state)
{
    (void)state;
    assert_string_equal(union_path_segment(""), "");
    assert_string_equal(union_path_segment("000a"), "000a");
    assert_string_equal(union_path_segment("000a000b"), "000b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_whole_segments_of_digits),
        cmocka_unit_test(children_sort_by_their_ordinal),
        cmocka_unit_test(a_path_can_be_extended_and_cut_in_place),
        cmocka_unit_test(a_union_covers_itself_and_what_is_below_it),
        cmocka_unit_test(a_union_is_known_among_its_siblings_by_its_last_segment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
