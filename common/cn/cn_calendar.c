#include "common/cn/cn_calendar.h"

#include "common/base/civil.h"
#include "common/cn/cn_id.h"

#define DAY_MS   INT64_C(86400000)
#define DAY_LEN  8
#define YEAR_LEN 4

extern const unsigned char holidays_csv[];
extern const size_t holidays_csv_len;

/* Whether a line of the file begins with some digits and says something; its second column is *ret. */
static bool find(const char *digits, size_t len, const char **ret)
{
    const char *at = (const char *)holidays_csv, *end = at + holidays_csv_len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        if (!newline)
            newline = end;
        if ((size_t)(newline - at) > len + 1 && memcmp(at, digits, len) == 0 && at[len] == ',') {
            *ret = at + len + 1;
            return true;
        }
        at = newline + 1;
    }
    return false;
}

static bool is_weekend(int day)
{
    int64_t of_week = (civil_days(day / 10000, day / 100 % 100, day % 100) + 3) % 7; /* from Monday */

    return of_week >= 5;
}

enum cn_day_state cn_day_state(int day)
{
    char digits[16];
    const char *said;

    snprintf(digits, sizeof(digits), "%08d", day);
    if (!find(digits, YEAR_LEN, &said))
        return CN_DAY_UNKNOWN;
    if (find(digits, DAY_LEN, &said))
        return *said == 'w' ? CN_DAY_WORKED : CN_DAY_OFF;
    return is_weekend(day) ? CN_DAY_OFF : CN_DAY_WORKED;
}

int64_t cn_working_days_end(int64_t at_ms, int n, int *ret_year)
{
    int64_t begins = 0;

    ensure(n >= 0 && cn_day_begin(cn_day(at_ms), &begins));
    while (n > 0) {
        enum cn_day_state state;

        begins += DAY_MS;
        state = cn_day_state(cn_day(begins));
        if (state == CN_DAY_UNKNOWN) {
            *ret_year = cn_day(begins) / 10000;
            return 0;
        }
        n -= state == CN_DAY_WORKED;
    }
    return begins + DAY_MS;
}
