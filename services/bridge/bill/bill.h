/* bill.h: WeChat Pay's fund bill of a day: what moved on the merchant's account, in its own words. Pure.
 *
 * It is CSV with a back quote before each cell: a line of names, a line for each movement in the order of time, the
 * names of the totals and the totals. A file whose totals are not those of its lines is none. */
#pragma once
#include "services/bridge/pay/payouts.h"

#define BILL_LINES_MAX 500000

struct bill_line {
    char number[PAYOUT_NUMBER_SIZE]; /* of the merchant's own ("业务凭证号"); "": none, or none that could be ours */
    bool transfer;                   /* it is of a payment, or of one that came back */
    int64_t fen;                     /* what left the account; below zero what came in */
};

struct bill {
    struct bill_line *lines; /* to be freed */
    unsigned n;
    int64_t in_fen, out_fen, end_fen; /* end_fen: the account's balance after the last line */
};

/* Reads a file, which is changed (csv.h); NULL, or what is wrong with it. bill_done in both cases. */
const char *bill_read(char *text, size_t len, struct bill *ret);
void bill_done(struct bill *bill);
