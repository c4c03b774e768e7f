#include "services/coupon/merchant/hours.h"

#define CHINA_MS  INT64_C(28800000)
#define MINUTE_MS INT64_C(60000)
#define DAY       1440
#define ALL_DAYS  127U

bool hours_compile(Coupon__OpenHours *const *said, size_t n, struct hours *ret)
{
    *ret = (struct hours){0};
    for (; ret->n < n; ret->n++) {
        const Coupon__OpenHours *one = said[ret->n];
        unsigned days = one->n_days ? 0 : ALL_DAYS;

        for (size_t i = 0; i < one->n_days; i++) {
            if (one->days[i] < COUPON__WEEKDAY__MONDAY || one->days[i] > COUPON__WEEKDAY__SUNDAY)
                return false;
            days |= 1U << (one->days[i] - COUPON__WEEKDAY__MONDAY);
        }
        if (ret->n == HOURS_MAX || one->from_minute < 0 || one->until_minute <= one->from_minute ||
            one->until_minute > DAY)
            return false;
        ret->spans[ret->n].days = days;
        ret->spans[ret->n].from = one->from_minute;
        ret->spans[ret->n].until = one->until_minute;
    }
    return true;
}

bool hours_hold(const struct hours *hours, int64_t at)
{
    int64_t minutes = (at + CHINA_MS) / MINUTE_MS;
    unsigned day = (unsigned)((minutes / DAY + 3) % 7); /* 1970 began on a Thursday */

    for (size_t i = 0; i < hours->n; i++) {
        if (hours->spans[i].days >> day & 1 && minutes % DAY >= hours->spans[i].from &&
            minutes % DAY < hours->spans[i].until)
            return true;
    }
    return hours->n == 0;
}

/* "周一至周五": days that follow one another are drawn together. */
static char *days_words(unsigned days, struct arena *arena)
{
    static const char *const names[] = {"一", "二", "三", "四", "五", "六", "日"};
    char *text = arena_strndup(arena, "", 0);

    if (days == ALL_DAYS)
        return arena_printf(arena, "每天");
    for (int day = 0; text && day < 7; day++) {
        int last = day;

        if (!(days >> day & 1))
            continue;
        while (last < 6 && days >> (last + 1) & 1)
            last++;
        text = arena_printf(arena, "%s%s周%s%s%s", text, *text ? "、" : "", names[day], last > day ? "至周" : "",
                            last > day ? names[last] : "");
        day = last;
    }
    return text;
}

char *hours_words(const struct hours *hours, struct arena *arena)
{
    char *text = arena_strndup(arena, "", 0);

    for (size_t i = 0; text && i < hours->n; i++) {
        const char *days = days_words(hours->spans[i].days, arena);

        text = !days ? NULL
                     : arena_printf(arena, "%s%s%s %02d:%02d-%02d:%02d", text, i ? "，" : "", days,
                                    hours->spans[i].from / 60, hours->spans[i].from % 60, hours->spans[i].until / 60,
                                    hours->spans[i].until % 60);
    }
    return text;
}
