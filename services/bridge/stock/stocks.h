/* stocks.h: the stocks of WeChat's coupons (代金券) that releases are backed by, in the store.
 *
 * coupon's journal orders one step after the other (StockOrdered): that a stock is created, started, paused, started
 * again. Each is asked of the provider until it says yes or no, under a number of its own (out_request_no is the
 * release's), so that an order whose answer was lost makes no second stock. What came of it is told (StockChanged). */
#pragma once
#include "common/rpc/rpc.h"
#include "coupon/coupon.pb-c.h"

#define STOCK_NUMBER_SIZE 32
#define STOCK_FORM_SIZE   4608
#define STOCK_CODE_SIZE   32

struct stocks;
struct bridge;

struct stock {
    int64_t release_id, until;
    int state, step; /* Bridge__StockState, Coupon__BackingStep */
    int32_t turn;
    int reason;
    char code[STOCK_CODE_SIZE], number[STOCK_NUMBER_SIZE];
    int tries;
    int64_t due_at, flow_at, journal_seq; /* flow_at: its files are asked for next (flows.h); 0: not any more */
};

/* Takes what is ordered. */
void stock_order(struct bridge *bridge, const Coupon__StockOrdered *ordered, void *call);
bool stock_find(const struct stocks *stocks, int64_t release_id, struct stock *ret);
bool stock_find_number(const struct stocks *stocks, const char *number, struct stock *ret);
/* The one whose step is due, the longest first. */
bool stock_due(const struct stocks *stocks, int64_t now, struct stock *ret);
/* The one whose files are due, the longest first. */
bool stock_flow_due(const struct stocks *stocks, int64_t now, struct stock *ret);
/* Those in the states of a mask before an id, newest first. */
unsigned stocks_page(const struct stocks *stocks, int64_t states, int64_t before, struct stock *ret, unsigned max);
/* The form it was ordered by, to be freed with coupon__stock_ordered__free_unpacked; NULL: no memory. */
Coupon__StockOrdered *stock_form(const struct stocks *stocks, int64_t release_id);
/* Writes one, and tells of it unless only its tries have changed. */
void stock_put(struct bridge *bridge, struct stock *stock, bool tells, void *call);
