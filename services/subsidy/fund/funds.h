/* funds.h: what schemes are paid from, and where each fen of it is.
 *
 * A fund is a union's money of a year, or of none, proposed by one official of finance and confirmed by another
 * (two_hands): a line of the shared part budget. When a scheme is opened, what its terms say goes from what is free of
 * the fund to a line of the scheme's own. There it is FREE until somebody is selected, COMMITTED while hers is shown to
 * the public, PAYABLE, IN_FLIGHT once it is ordered, and SPENT when it is paid; what comes back is PAYABLE again. What
 * is FREE of a year's lines when the year is over goes back to where it came from. */
#pragma once
#include "services/subsidy/subsidy.h"

#define FUND_NAME_SIZE (40 * 4 + 1)

struct fund {
    int64_t id;
    char union_path[UNION_PATH_SIZE], name[FUND_NAME_SIZE];
    int32_t year;
    int64_t fen;
    int state; /* Subsidy__FundState */
    int64_t created_at, journal_seq;
};

bool funds_find(const struct subsidy *self, int64_t fund_id, struct fund *ret);
/* Of a union and all below it, before an id, newest first, in states of a mask: how many. */
size_t funds_list(const struct subsidy *self, const char *path, int64_t before, int64_t states, struct fund *ret,
                  size_t size);
int64_t fund_free(const struct subsidy *self, const struct fund *fund);
/* Makes it with the first hand: 0 or a Reason. */
int fund_propose(struct subsidy *self, struct fund *fund, void *call);
/* The second hand, and it is open; or it is given up. 0 or a Reason. */
int fund_confirm(struct subsidy *self, struct fund *fund, void *call);
int fund_refuse(struct subsidy *self, struct fund *fund, void *call);

/* ---- what schemes have of it ---- */

/* Why a union's scheme may not be paid from the fund that it names: 0 or a Reason. */
int funding_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme);
/* As it is opened it gets what its terms say: 0, or BUDGET_SHORT with what is missing (missingFen). */
int funding_give(struct subsidy *self, const Subsidy__Scheme *scheme, void *call);
/* The line of a scheme that names a fund. */
struct budget_line funding_line(const struct subsidy *self, const Subsidy__Scheme *scheme);
/* What of it is in an account (Budget__Account). */
int64_t funding_balance(const struct subsidy *self, const Subsidy__Scheme *scheme, int account);
/* An amount goes from one account of it to another, for an application: 0, or BUDGET_SHORT with what is missing. */
int funding_move(struct subsidy *self, const Subsidy__Scheme *scheme, int from, int to, int64_t fen, int64_t cause_id,
                 void *call);
