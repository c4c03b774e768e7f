/* cases.h: what somebody has to look at: where our orders, the provider's answers and its bills do not agree.
 *
 * A case is opened once for a number and kind until two officials close it (two_hands.h): one explains it, another
 * confirms that. Nothing is paid, and nothing is taken as paid, because of a case. */
#pragma once
#include "common/base/union_path.h"
#include "common/rpc/rpc.h"
#include "bridge/bridge.pb-c.h"

#define CASE_NUMBER_SIZE 65
#define CASE_WORD_SIZE   64
#define CASE_NOTE_SIZE   (200 * 4 + 1)

struct cases;
struct bridge;

struct pay_case {
    int64_t id;
    int kind, state; /* Bridge__PayCaseKind, Bridge__PayCaseState */
    int64_t payout_id;
    char number[CASE_NUMBER_SIZE];
    int64_t our_fen, their_fen;
    char word[CASE_WORD_SIZE];
    int64_t opened_at, closed_at;
    char note[CASE_NOTE_SIZE];
    int64_t explained_by, closed_by;
    int64_t journal_seq;
};

/* Opens one, unless one is open: of kind, payout_id, number, amounts and word. */
void case_open(struct bridge *bridge, struct pay_case *one, void *call);
/* Whether one with all of that was ever opened, but for the word. */
bool case_known(const struct cases *cases, const struct pay_case *one);
/* The first hand, of the caller, whose office is over union_path; and the second: 0 or a Reason. */
int case_explain(struct bridge *bridge, int64_t id, const char *note, const char *union_path, void *call,
                 struct pay_case *ret);
int case_close(struct bridge *bridge, int64_t id, const char *union_path, void *call, struct pay_case *ret);
unsigned cases_page(const struct cases *cases, int64_t states, int64_t before, struct pay_case *ret, unsigned max);
int64_t cases_count_open(const struct cases *cases);
