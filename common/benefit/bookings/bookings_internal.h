/* bookings_internal.h: the statements over bookings and passes, for the files of bookings.h. */
#pragma once
#include "common/benefit/bookings/bookings.h"

enum {
    BOOKING_SQL_ADD,
    BOOKING_SQL_SET,
    BOOKING_SQL_FIND,
    BOOKING_SQL_FIND_OF,
    BOOKING_SQL_FIND_HANDLE,
    BOOKING_SQL_LIST,
    BOOKING_SQL_ROSTER,
    BOOKING_SQL_COUNT,
    BOOKING_SQL_DUE,
    BOOKING_SQL_REMIND,
    BOOKING_SQL_HELD,
    BOOKING_SQL_STRANDED,
    BOOKING_SQL_ADD_PASS,
    BOOKING_SQL_REVOKE,
    BOOKING_SQL_FIND_PASS,
    BOOKING_SQL_FIND_PASS_OF,
    BOOKING_SQL_REVOKED,
    BOOKING_SQL_COUNT_REVOKED,
    BOOKING_N_SQL
};

/* The next row of a query for bookings. */
bool booking_read(const struct bookings *bookings, unsigned statement, struct booking *ret);
/* What is due without anybody calling, one slice of each. Whether there is more. */
bool bookings_work(void *bookings);
/* For the audit. */
bool bookings_agree(void *bookings, const void *event, const Rpc__JournalRow *row, int64_t told[PART_COUNTS]);
