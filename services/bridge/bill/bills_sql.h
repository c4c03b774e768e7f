/* bills_sql.h: what the files about bills share. */
#pragma once
#include "services/bridge/bill/bills.h"

enum {
    BILLS_ADD,
    BILLS_FIND,
    BILLS_PAGE,
    BILLS_FIRST,
    BILLS_DROP,
    BILLS_ADD_LINE,
    BILLS_OUT,
    BILLS_PAID,
    BILLS_UNPAID,
    BILLS_LEFT,
    BILLS_PAID_SUM,
    BILLS_ON_WAY,
    BILLS_N
};

/* Writes a day that was looked at whole, and tells of it. */
void bill_day_add(struct bridge *bridge, struct bill_day *day, void *call);
void bill_day_show(const struct bill_day *day, Bridge__PayDay *ret);
