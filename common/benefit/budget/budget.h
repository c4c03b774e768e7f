/* budget.h: what there is to give, what of it is promised, and what is spent.
 *
 * A line is what a service gives from: a fund, a campaign, a scheme's quarter. It is named by an id of the service's
 * and a year (0: it has none), and has accounts: SOURCE, where money comes from that nobody had before and goes back to;
 * FREE; COMMITTED; SPENT; and, where a service tells what is owed from what is paid, PAYABLE and IN_FLIGHT. All that
 * happens to money is a posting: an amount leaves one account and enters another one, of the same line or from one
 * line's FREE to another's (a fund gives to its lines). So a posting sums to zero, and all accounts together always do.
 *
 * No account but SOURCE is ever below zero: a posting for which the money is not there is refused with BUDGET_SHORT,
 * changes nothing, and the caller can say what is missing. Amounts are int64 fen; what would not fit is refused with
 * OUT_OF_RANGE. A posting never changes: what was wrong is posted back.
 *
 * Each posting is told in the journal (budget.Posted), in the transaction of what it is for. The audit recomputes every
 * balance from the postings, and every posting from the journal. */
#pragma once
#include "budget.pb-c.h"
#include "common/daemon/part.h"

extern const struct part_spec budget_part;
extern const struct store_steps budget_steps;

struct budget {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

struct budget_line {
    int64_t of_id;
    int32_t year;
};

/* What an account of a line (Budget__Account) holds; 0 where nothing was posted yet. */
int64_t budget_balance(const struct budget *budget, const struct budget_line *line, int account);
/* What a line has: all but its SOURCE. */
int64_t budget_granted(const struct budget *budget, const struct budget_line *line);
/* Posts an amount within a line; of one below zero its opposite the other way, of 0 nothing. cause_id is what for. 0,
 * BUDGET_SHORT or OUT_OF_RANGE. */
int budget_post(struct budget *budget, const struct budget_line *line, int from, int to, int64_t fen, int64_t cause_id,
                void *call);
/* Brings what a line has to an amount: more from its SOURCE, less out of what is FREE first and then of what is
 * promised. As budget_post; what is spent does not come back by this. */
int budget_grant_to(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call);
/* Gives an amount, not below zero, of what is FREE of one line to another. As budget_post. */
int budget_transfer(struct budget *budget, const struct budget_line *from, const struct budget_line *to, int64_t fen,
                    int64_t cause_id, void *call);
/* Brings what a line has promised and spent to an amount, by promising more of what is FREE or promising less. As
 * budget_post; of what is spent nothing comes back by this. */
int budget_commit_to(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call);
/* Spends an amount, of what is promised first and then of what is FREE; one below zero is promised again. As
 * budget_post. */
int budget_spend(struct budget *budget, const struct budget_line *line, int64_t fen, int64_t cause_id, void *call);
/* Ends some lines of years before one: what is FREE of them goes to their SOURCE. Whether there may be more. */
bool budget_end_years(struct budget *budget, int32_t before, void *call);
