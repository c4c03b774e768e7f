/* settlements.h: what a union owes a merchant for the coupons that were spent there, as settlement.h has it.
 *
 * A thing is a redemption (sales.h): owed to its merchant as long as its coupon is spent, what the union bears of it.
 * What a statement is for is a period, days of purchases in China; one that has more than fit is settled by several
 * statements, one after the other. A purchase that was undone after its statement was confirmed is taken back by the
 * next one of the merchant, whatever its period. A redemption's `settled` names the statement that stands for it.
 *
 * What is confirmed is spent of the funds of its releases at once (fund_uses.h), and a correction is promised again.
 * Before that, what other services have given is heard, and what came to more than a ceiling is noted (granted.h). */
#pragma once
#include "services/coupon/merchant/merchants.h"
#include "services/coupon/till/sales.h"

extern const struct settlement_kind settlements_kind;

struct settlement_period {
    int64_t id, merchant_id;
    int32_t from_day, until_day; /* YYYYMMDD */
};

/* What a line is of. */
struct settled {
    int64_t discount_fen, release_id, sale_id, branch_id, at, fund_id;
    int source; /* Coupon__FundSource */
};

/* What of a statement is one fund's; fund 0: of releases without. */
struct settlement_share {
    int64_t fund_id, fen, discount_fen;
};

/* ---- asking ---- */

bool settlement_periods_find(const struct coupon *self, int64_t period_id, struct settlement_period *ret);
/* Statements of a merchant, or (0) of those of a union and all below it, before an id, newest first, in states of a
 * mask: their ids. */
size_t settlements_list(const struct coupon *self, int64_t merchant_id, const char *path, int64_t before,
                        int64_t states, int64_t *ret, size_t size);
/* Invoices of merchants of a union and all below it, likewise. */
size_t settlements_list_invoices(const struct coupon *self, const char *path, int64_t before, int64_t states,
                                 int64_t *ret, size_t size);
bool settled_find(const struct coupon *self, int64_t redemption_id, struct settled *ret);
void settlement_shares_ask(const struct coupon *self, int64_t statement_id);
bool settlement_shares_next(const struct coupon *self, struct settlement_share *ret);
/* What is due at a merchant, month (YYYYMM) by month. */
void settlement_due_ask(const struct coupon *self, int64_t merchant_id);
bool settlement_due_next(const struct coupon *self, int32_t *ret_month, int32_t *ret_n, int64_t *ret_fen);
/* How many redemptions a next statement takes back. */
int32_t settlement_undone(const struct coupon *self, int64_t merchant_id);

/* ---- changes: 0 or a Reason ---- */

/* One of what is due of some days; the open one of these days when there is one. ret_made: it was made. */
int settlement_prepare(struct coupon *self, const struct merchant *merchant, int32_t from_day, int32_t until_day,
                       void *call, struct statement *ret, bool *ret_made);
/* Confirmed, or rejected. A call that waits for what other services have given is run again (granted.h). */
int settlement_decide(struct coupon *self, const struct merchant *merchant, int state, void *call,
                      struct statement *statement);
