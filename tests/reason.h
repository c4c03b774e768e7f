/* reason.h: a reason that a rule gives, by its name when it is another one. Includes of
 * cmocka.h come before this one's. */
#pragma once
#include "common/api/api.h"

#define assert_is_reason(number, expected) reason_expect(number, expected, __FILE__, __LINE__)

/* A test that has failed goes no further; what is no test of cmocka's ends the process. */
_Noreturn static inline void reason_fail(const char *file, int line)
{
#ifdef CMOCKA_H_
    _fail(file, line);
#endif
    ensure_failed("as expected", file, line);
}

static inline void reason_expect(int number, int expected, const char *file, int line)
{
    if (number == expected)
        return;
    ensure(api_load() == 0);
    fprintf(stderr, "%s (%d), expected %s\n", api_reason(number)->name, number, api_reason(expected)->name);
    reason_fail(file, line);
}
