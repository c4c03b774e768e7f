/* The calendar of working days: the years' own days, weekends, and years of which nothing is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/cn/cn_calendar.h"
#include "common/cn/cn_id.h"

static int64_t at(int day)
{
    int64_t ms = 0;

    assert_true(cn_day_begin(day, &ms));
    return ms;
}

static void days_are_off_and_worked_as_each_year_says(void **state)
{
    (void)state;
    assert_int_equal(cn_day_state(20260102), CN_DAY_OFF);    /* a Friday of the new year */
    assert_int_equal(cn_day_state(20260104), CN_DAY_WORKED); /* the Sunday that is worked for it */
    assert_int_equal(cn_day_state(20260105), CN_DAY_WORKED);
    assert_int_equal(cn_day_state(20260110), CN_DAY_OFF); /* a Saturday */
    assert_int_equal(cn_day_state(20260223), CN_DAY_OFF);
    assert_int_equal(cn_day_state(20260228), CN_DAY_WORKED);
    assert_int_equal(cn_day_state(20251008), CN_DAY_OFF);
    assert_int_equal(cn_day_state(20240218), CN_DAY_WORKED);
}

static void a_year_that_nobody_has_said_is_not_known(void **state)
{
    int year = 0;

    (void)state;
    assert_int_equal(cn_day_state(20990104), CN_DAY_UNKNOWN);
    assert_int_equal(cn_day_state(20230103), CN_DAY_UNKNOWN);
    assert_true(cn_working_days_end(at(20981230), 5, &year) == 0);
    assert_int_equal(year, 2098);
    assert_true(cn_working_days_end(at(20231229), 3, &year) == 0);
    assert_int_equal(year, 2023);
}

/* The seven days of spring and the Saturday before them: five working days are two weeks. */
static void working_days_pass_over_holidays(void **state)
{
    int year = 0;

    (void)state;
    assert_int_equal(cn_working_days_end(at(20260213), 0, &year), at(20260214));
    assert_int_equal(cn_working_days_end(at(20260213) + 1, 1, &year), at(20260215)); /* a Saturday that is worked */
    assert_int_equal(cn_working_days_end(at(20260213) + 86399999, 2, &year), at(20260225));
    assert_int_equal(cn_working_days_end(at(20260213), 5, &year), at(20260228));
    assert_int_equal(cn_working_days_end(at(20260213), 6, &year), at(20260301));
    assert_int_equal(year, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_off_and_worked_as_each_year_says),
        cmocka_unit_test(a_year_that_nobody_has_said_is_not_known),
        cmocka_unit_test(working_days_pass_over_holidays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
