/* cn_calendar.h: on which days offices work.
 *
 * The State Council says each year which days of the next are off and which Saturdays and Sundays are worked for them.
 * holidays.csv has a year's days below the line that names the notice by which they are (source); its rows are those of
 * chinese-days 1.5.7 (npm, MIT). A year that has no such line is not known: nothing is guessed of it. */
#pragma once
#include "common/base/base.h"

enum cn_day_state {
    CN_DAY_UNKNOWN, /* nobody has said anything of its year yet */
    CN_DAY_OFF,
    CN_DAY_WORKED,
};

/* Of a day YYYYMMDD that there is. */
enum cn_day_state cn_day_state(int day);
/* When the n-th working day after the day of an instant (ms, in China) ends: n from 0, where it is that day's own end.
 * 0 when a year on the way is not known: *ret_year. */
int64_t cn_working_days_end(int64_t at_ms, int n, int *ret_year);
