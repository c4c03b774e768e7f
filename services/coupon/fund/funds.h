/* funds.h: what releases are paid from.
 *
 * A fund is a union's money, or a bank's, a merchant's or a donor's, for releases: a line of the shared part budget.
 * What is put into it or changed of it is proposed by one official of finance and confirmed by another (two_hands). A
 * release names its fund, its union's or, where the fund is for those below too, one of a union above; what it has of
 * it is fund_uses.h. */
#pragma once
#include "services/coupon/coupon.h"

#define FUND_NAME_SIZE   (40 * 4 + 1)
#define FUND_SOURCE_SIZE (60 * 4 + 1)

struct fund_terms {
    int64_t fen, day_fen;
    bool for_below, closes;
};

struct fund {
    int64_t id;
    char union_path[UNION_PATH_SIZE], name[FUND_NAME_SIZE], source_name[FUND_SOURCE_SIZE];
    int source, state; /* Coupon__FundSource, Coupon__FundState */
    struct fund_terms terms, proposed;
    bool waits; /* proposed does */
    int64_t created_at, journal_seq;
};

bool funds_find(const struct coupon *self, int64_t fund_id, struct fund *ret);
/* Of a union and all below it, before an id, the latest first, in states of a mask: how many. */
size_t funds_list(const struct coupon *self, const char *path, int64_t before, int64_t states, struct fund *ret,
                  size_t size);
/* What is free of it; and what its releases have promised and spent together. */
int64_t fund_free(const struct coupon *self, int64_t fund_id);
void fund_totals(const struct coupon *self, int64_t fund_id, int64_t *ret_committed, int64_t *ret_spent);
/* Makes it, PROPOSED, with the first hand: 0 or a Reason. */
int fund_propose(struct coupon *self, struct fund *fund, void *call);
/* Proposes other terms of it, in place of what waited: 0 or a Reason. */
int fund_propose_terms(struct coupon *self, struct fund *fund, const struct fund_terms *terms, void *call);
/* The second hand: what is proposed holds. 0 or a Reason. */
int fund_confirm(struct coupon *self, struct fund *fund, void *call);
/* What is proposed is given up: 0 or a Reason. */
int fund_refuse(struct coupon *self, struct fund *fund, void *call);
