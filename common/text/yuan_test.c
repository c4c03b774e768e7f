#include "common/text/yuan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void an_amount_is_exact_to_the_fen(void **state)
{
    static const struct {
        const char *text;
        int64_t fen;
    } good[] = {{"0", 0},    {"116", 11600},        {"-116.00", -11600},
                {"0.1", 10}, {"19958.07", 1995807}, {"92233720368547758.07", INT64_MAX}};
    static const char *const bad[] = {
        "", "-", ".5", "1.", "1.234", "1e3", "1,000", " 1", "+1", "92233720368547758.08", "999999999999999999999"};
    int64_t fen;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(yuan_read(good[i].text, &fen));
        assert_int_equal(fen, good[i].fen);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(yuan_read(bad[i], &fen));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_amount_is_exact_to_the_fen)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
