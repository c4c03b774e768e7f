#include "common/draw/draw.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static uint16_t scratch[DRAW_RFC3797_MAX];
static uint32_t selected[DRAW_RFC3797_MAX];

static void check_case(const json_t *vector)
{
    const json_t *inputs = json_object_get(vector, "inputs"), *expected = json_object_get(vector, "expect_selected");
    uint32_t pool = (uint32_t)json_integer_value(json_object_get(vector, "pool_size"));
    uint32_t n = (uint32_t)json_array_size(inputs), count = (uint32_t)json_array_size(expected);
    const char *sources[8];
    char key[DRAW_RFC3797_SIZE];

    assert_true(n > 0 && n <= ARRAY_LEN(sources) && count > 0);
    for (uint32_t i = 0; i < n; i++)
        sources[i] = json_string_value(json_array_get(inputs, i));
    assert_true(draw_rfc3797_key(sources, n, key));
    assert_string_equal(key, json_string_value(json_object_get(vector, "key_string")));
    assert_int_equal(draw_rfc3797_select(key, pool, count, scratch, selected), DRAW_OK);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(selected[i], json_integer_value(json_array_get(expected, i)));
}

static void the_published_selections_come_out_exactly(void **state)
{
    json_t *cases = json_load_file("tests/data/rfc3797-cases.json", 0, NULL), *vector;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(cases), 4);
    json_array_foreach(cases, i, vector) check_case(vector);
    json_decref(cases);
}

static void everybody_of_the_largest_pool_is_selected_once_and_a_larger_one_is_refused(void **state)
{
    static bool seen[DRAW_RFC3797_MAX + 1];

    (void)state;
    assert_int_equal(draw_rfc3797_select("1./", DRAW_RFC3797_MAX, DRAW_RFC3797_MAX, scratch, selected), DRAW_OK);
    for (uint32_t i = 0; i < DRAW_RFC3797_MAX; i++) {
        assert_true(selected[i] >= 1 && selected[i] <= DRAW_RFC3797_MAX && !seen[selected[i]]);
        seen[selected[i]] = true;
    }
    assert_int_equal(draw_rfc3797_select("1./", DRAW_RFC3797_MAX + 1, 1, scratch, selected), DRAW_FULL);
    assert_int_equal(draw_rfc3797_select("1./", 3, 4, scratch, selected), DRAW_BAD_TERMS);
}

static void numbers_are_ordered_by_value_and_written_without_needless_zeros(void **state)
{
    static const struct {
        const char *source, *key; /* NULL: refused */
    } cases[] = {
        {"10 9 8", "8.9.10./"},
        {"007", "7./"},
        {"0 00", "0.0./"},
        {"2.50 2.5 2.05 10.0", "2.052.52.510./"},
        {"  3  1 ", "1.3./"},
        {"99999999999999999999999 1", "1.99999999999999999999999./"},
        {"", NULL},
        {"  ", NULL},
        {"1,2", NULL},
        {"-1", NULL},
        {"x", NULL},
        {"1 2x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char key[DRAW_RFC3797_SIZE];

        assert_int_equal(draw_rfc3797_key(&cases[i].source, 1, key), cases[i].key != NULL);
        if (cases[i].key)
            assert_string_equal(key, cases[i].key);
    }
}

static void sources_that_do_not_fit_are_refused(void **state)
{
    static char source[DRAW_RFC3797_SIZE * 2];
    const char *sources[] = {source, source};
    char key[DRAW_RFC3797_SIZE];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(source); i++)
        source[i] = i % 65 == 64 ? ' ' : '7';
    assert_false(draw_rfc3797_key(sources, 1, key));
    source[65 * 25] = '\0';
    assert_true(draw_rfc3797_key(sources, 1, key));
    assert_true(draw_rfc3797_key(sources, 2, key));
    source[65 * 25] = ' ';
    source[65 * 40] = '\0';
    assert_false(draw_rfc3797_key(sources, 2, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_selections_come_out_exactly),
        cmocka_unit_test(everybody_of_the_largest_pool_is_selected_once_and_a_larger_one_is_refused),
        cmocka_unit_test(numbers_are_ordered_by_value_and_written_without_needless_zeros),
        cmocka_unit_test(sources_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
