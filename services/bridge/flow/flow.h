/* flow.h: WeChat Pay's files of a stock of coupons: what purchases took off by them (批次核销明细), and what of it was
 * given back (批次退款明细). Pure.
 *
 * Each is CSV, a line of names and a line for each purchase; both are of all the time of the stock. */
#pragma once
#include "services/bridge/stock/sends.h"

#define FLOW_LINES_MAX 500000

struct flow_line {
    char number[SEND_NUMBER_SIZE]; /* of the coupon */
    int64_t fen;                   /* taken off; below zero what was given back */
    int64_t at;
};

struct flow {
    struct flow_line *lines; /* to be freed */
    unsigned n, size;
};

/* Adds what a file of a stock says; it is changed (csv.h). NULL, or what is wrong with it. */
const char *flow_read(struct flow *flow, const char *stock, bool back, char *text, size_t len);
/* By the coupon's number, as flow_find needs it. */
void flow_sort(struct flow *flow);
/* Whether a coupon is in it. */
bool flow_find(const struct flow *flow, const char *number);
void flow_done(struct flow *flow);

/* What the lines of one coupon come to. */
struct flow_sum {
    unsigned uses, backs;
    int64_t used_fen, back_fen, used_at, back_at; /* at: the last */
    bool odd;        /* a purchase took off another sum than it should: */
    int64_t odd_fen; /* this one */
};
/* Of the coupon of line first on; behind its last line. */
unsigned flow_sum(const struct flow *flow, unsigned first, int64_t face_fen, struct flow_sum *ret);
