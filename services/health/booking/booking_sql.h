/* booking_sql.h: the statements over bookings and passes, for the files of bookings.h. */
#pragma once
#include "services/health/booking/bookings.h"

enum {
    BOOKING_SQL_ADD,
    BOOKING_SQL_SET,
    BOOKING_SQL_FIND,
    BOOKING_SQL_FIND_OF,
    BOOKING_SQL_FIND_HANDLE,
    BOOKING_SQL_LIST,
    BOOKING_SQL_ROSTER,
    BOOKING_SQL_DUE,
    BOOKING_SQL_REMIND,
    BOOKING_SQL_STRANDED,
    BOOKING_SQL_STRANDED_SLOT,
    BOOKING_SQL_BOOK_SOON,
    BOOKING_SQL_SAID_SOON,
    BOOKING_SQL_ADD_PASS,
    BOOKING_SQL_REVOKE,
    BOOKING_SQL_FIND_PASS,
    BOOKING_SQL_FIND_PASS_OF,
    BOOKING_SQL_REVOKED,
    BOOKING_SQL_COUNT_REVOKED,
    BOOKING_SQL_AUDIT_SLOT,
    BOOKING_SQL_AUDIT_SLOT_CHANGED,
    BOOKING_N_SQL
};
extern const char *const booking_sql[BOOKING_N_SQL];

/* The next row of a query for bookings. */
bool booking_read(const struct bookings *bookings, unsigned statement, struct booking *ret);
