/* tickets_internal.h: what the files of tickets have of each other. */
#pragma once
#include "services/coupon/ticket/tickets.h"

enum {
    TICKETS_SQL_ADD_TERMS,
    TICKETS_SQL_TERMS,
    TICKETS_SQL_ADD_CELL,
    TICKETS_SQL_SET_CELL,
    TICKETS_SQL_CELL,
    TICKETS_SQL_CELL_AT,
    TICKETS_SQL_CELLS,
    TICKETS_SQL_CELL_LAST,
    TICKETS_SQL_LEFT,
    TICKETS_SQL_LAST,
    TICKETS_SQL_DUE,
    TICKETS_SQL_ADD_SEAT,
    TICKETS_SQL_FREE_SEAT,
    TICKETS_SQL_SEAT,
    TICKETS_SQL_SEATS,
    TICKETS_SQL_ADD_WAIT,
    TICKETS_SQL_END_WAIT,
    TICKETS_SQL_WAIT_OF,
    TICKETS_SQL_AHEAD,
    TICKETS_SQL_FIRST_WAIT,
    TICKETS_N_SQL
};

/* Keeps what has become of a cell. */
void ticket_cell_set(struct coupon *self, const struct ticket_cell *cell, void *call);
/* A slice of who is called up. Whether there may be more. */
bool tickets_call_up(void *self, void *call);
