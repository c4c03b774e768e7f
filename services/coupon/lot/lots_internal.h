/* lots_internal.h: what the files of lots have of each other. */
#pragma once
#include "services/coupon/lot/lots.h"

enum {
    LOTS_SQL_KEEP,
    LOTS_SQL_KEPT,
    LOTS_SQL_CHAIN,
    LOTS_SQL_SET_CHAIN,
    LOTS_SQL_ADD,
    LOTS_SQL_SET_STAGE,
    LOTS_SQL_OF_DAY,
    LOTS_SQL_FIND,
    LOTS_SQL_NEXT_DAY,
    LOTS_SQL_CURRENT,
    LOTS_SQL_PEND,
    LOTS_SQL_LOT_PENDS,
    LOTS_SQL_REPEAT,
    LOTS_SQL_REPEATS,
    LOTS_SQL_LIST,
    LOTS_SQL_PLACE,
    LOTS_N_SQL
};
