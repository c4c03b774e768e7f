/* hours.h: hours of days of the week, by the clock in China: pure. */
#pragma once
#include "common/base/arena.h"
#include "coupon.pb.h"

#define HOURS_MAX 21

struct hours {
    size_t n; /* 0: always */
    struct {
        unsigned days; /* bit n set: the n-th day of the week, from Monday, 0 */
        int32_t from, until;
    } spans[HOURS_MAX];
};

/* False when what is said is none: it ends before it begins, or names a day that there is not. */
bool hours_compile(Coupon__OpenHours *const *said, size_t n, struct hours *ret);
bool hours_hold(const struct hours *hours, int64_t at);
/* To be read, as "周一至周五 07:00-09:00、周六 08:00-12:00", in the arena; NULL when it is full. */
char *hours_words(const struct hours *hours, struct arena *arena);
