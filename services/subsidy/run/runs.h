/* runs.h: how those are paid who are to be.
 *
 * A run takes all of a scheme that is PAYABLE, within the scheme's limits, slice by slice; then its list is frozen,
 * with a hash over its lines. Two officials of finance release it (two_hands), neither of whom has decided on anybody
 * on it. From then on its payments are ordered, slice by slice, in this service's journal (payout.proto), which the
 * bridge follows; each order has a number that is no other's, and its money is IN_FLIGHT (fund/funds.h). A scheme has
 * one run at a time that is not all ordered.
 *
 * What is given IN_KIND is ordered from nobody: its line is out until two officials of finance have recorded that she
 * has it, or has not taken it.
 *
 * The bridge tells in its journal what came of an order. Paid, it is SPENT. What surely was not paid is PAYABLE again,
 * its order withdrawn for good, and the next run takes it under an order of its own. An order that was
 * paid after all is paid, if no other is under way; else that moves no money here: it is logged, and the bridge has a
 * case of it. */
#pragma once
#include "services/subsidy/selection/selections.h"

#define RUN_LINES_MAX 20000
#define RUN_HASH_LEN  32
#define RUN_DEED      "payment run"
#define HAND_OVER     "hand over" /* a line, by its order */

struct run {
    int64_t id, scheme_id;
    char union_path[UNION_PATH_SIZE];
    int state; /* Subsidy__RunState */
    int64_t n_lines, fen;
    unsigned char list_hash[RUN_HASH_LEN];
    int64_t after_id, prepared_at, released_at, released_day, n_ordered, n_paid, paid_fen, n_back, journal_seq;
};

struct run_line {
    int64_t run_id, nth, application_id, fen;
    int state; /* Subsidy__LineState */
    int64_t order_id;
    int reason; /* Bridge__Reason; of what was to be given LINE_NOT_OUT */
};

bool runs_find(const struct subsidy *self, int64_t run_id, struct run *ret);
/* Of a scheme before an id, newest first, in states of a mask: how many. */
size_t runs_list(const struct subsidy *self, int64_t scheme_id, int64_t before, int64_t states, struct run *ret,
                 size_t size);
/* Lines behind one, in states of a mask: how many. */
size_t run_lines(const struct subsidy *self, int64_t run_id, int64_t after, int64_t states, struct run_line *ret,
                 size_t size);
/* The last of an application. */
bool run_line_of(const struct subsidy *self, int64_t application_id, struct run_line *ret);
/* Why it came back, and what can be done: "" when it did not. */
const char *run_line_words(const struct run_line *line);

/* Why a scheme cannot be paid as it says, by what the bridge carries: 0, or a Reason with its facts. */
int run_way_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme, void *call);
/* Begins one: 0 or a Reason. */
int run_prepare(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, struct run *ret);
/* The first hand, or the second: 0 or a Reason. */
int run_release(struct subsidy *self, const Subsidy__Scheme *scheme, struct run *run, void *call);
/* She has what is given, or has not taken it: the first hand, or the second; 0 or a Reason. */
int run_hand_over(struct subsidy *self, const Subsidy__Scheme *scheme, const struct run *run,
                  const Subsidy__HandOverRequest *what, void *call, struct run_line *ret);
/* Nothing of it is ordered: 0 or a Reason. */
int run_drop(struct subsidy *self, struct run *run, void *call);
