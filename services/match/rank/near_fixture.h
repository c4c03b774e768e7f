/* near_fixture.h: numbers that are equal but for rounding. */
#pragma once
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define assert_near(value, expected, by) near_within(value, expected, by, __FILE__, __LINE__)

static inline void near_within(double value, double expected, double by, const char *file, int line)
{
    if (!(fabs(value - expected) <= by)) {
        print_error("%.9g, expected %.9g within %g\n", value, expected, by);
        _fail(file, line);
    }
}
