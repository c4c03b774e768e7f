/* numbers_internal.h: what the files of this room share. */
#pragma once
#include "services/coupon/numbers/numbers.h"

enum {
    NUMBERS_SQL_ADD,
    NUMBERS_SQL_SOLD_OUT,
    NUMBERS_SQL_OF_RELEASE,
    NUMBERS_SQL_OF_UNION,
    NUMBERS_SQL_OF_GOODS,
    NUMBERS_SQL_SOLD,
    NUMBERS_SQL_SOLD_LAST,
    NUMBERS_N_SQL
};
