/* fund_fixture.h: what the tests of money share: funds by two hands, and releases that are paid from them. */
#pragma once
#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/till/till_fixture.h"

#define COST INT64_C(5000) /* of a release of ten coupons */

static inline Rpc__Principal *finance(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, UNION);
}

static inline const Coupon__Fund *fund_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__fund__descriptor);
}

static inline const Rpc__Answer *propose(const Coupon__FundTerms *terms, const Rpc__Principal *who)
{
    static unsigned n;
    Coupon__ProposeFundRequest request = COUPON__PROPOSE_FUND_REQUEST__INIT;
    char key[24];

    request.union_id = a_union(&h, UNION);
    request.name = unconst("送清凉");
    request.source = COUPON__FUND_SOURCE__BANK;
    request.source_name = unconst("农商银行");
    request.terms = unconst(terms);
    snprintf(key, sizeof(key), "fund-%u", n++);
    return harness_call(&h, "Funds.ProposeFund", &request.base, who, key);
}

static inline const Rpc__Answer *propose_terms(int64_t fund_id, const Coupon__FundTerms *terms,
                                               const Rpc__Principal *who)
{
    Coupon__ProposeFundTermsRequest request = COUPON__PROPOSE_FUND_TERMS_REQUEST__INIT;

    request.fund_id = fund_id;
    request.terms = unconst(terms);
    return harness_call(&h, "Funds.ProposeFundTerms", &request.base, who, NULL);
}

static inline const Rpc__Answer *on_fund(const char *method, int64_t fund_id, const Rpc__Principal *who)
{
    Coupon__FundRequest request = COUPON__FUND_REQUEST__INIT;

    request.fund_id = fund_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Coupon__Fund *get_fund(int64_t fund_id)
{
    return fund_of(on_fund("Funds.GetFund", fund_id, finance(901)));
}

static inline Coupon__FundTerms terms_of(int64_t fen, int64_t day_fen)
{
    Coupon__FundTerms terms = COUPON__FUND_TERMS__INIT;

    terms.fen = fen;
    terms.day_fen = day_fen;
    return terms;
}

static inline int64_t open_fund(Coupon__FundTerms terms)
{
    int64_t id = fund_of(propose(&terms, finance(901)))->fund_id;

    assert_ok(on_fund("Funds.ConfirmFund", id, finance(902)));
    return id;
}

/* What is agreed on by both. */
static inline void agree(int64_t fund_id, Coupon__FundTerms terms)
{
    assert_ok(propose_terms(fund_id, &terms, finance(901)));
    assert_ok(on_fund("Funds.ConfirmFund", fund_id, finance(902)));
}

static inline void assert_money(int64_t fund_id, int64_t free_fen, int64_t committed_fen, int64_t spent_fen)
{
    const Coupon__Fund *fund = get_fund(fund_id);

    assert_int_equal(fund->free_fen, free_fen);
    assert_int_equal(fund->committed_fen, committed_fen);
    assert_int_equal(fund->spent_fen, spent_fen);
}

/* Ten coupons of five yuan a day. */
static inline Coupon__Release paid_from(int64_t fund_id, int32_t days)
{
    static Coupon__Funding funding;
    Coupon__Release draft = draft_of(10, days, COUPON__ALLOWANCE__ONE_PER_DAY);

    coupon__funding__init(&funding);
    funding.fund_id = fund_id;
    draft.funding = &funding;
    return draft;
}

static inline void to(int64_t at)
{
    clock_step(&h.service.clock, at - clock_now(&h.service.clock));
}

static inline void tidy(void)
{
    while (harness_tidy(&h))
        continue;
}

static inline struct fund_use use_of(int64_t release_id)
{
    struct fund_use use;

    assert_true(fund_use_find(h.service.self, release_id, &use));
    return use;
}

/* As a statement would. */
struct fund_spending {
    int64_t release_id, fen;
};

static inline void spend_of_fund(void *call, void *arg)
{
    const struct fund_spending *spending = arg;

    rpc_refuse_if(call, fund_spend(h.service.self, spending->release_id, spending->fen, 7, call));
}

static inline int spend_fen(int64_t release_id, int64_t fen)
{
    struct fund_spending spending = {release_id, fen};

    return rpc_server_transact(h.service.rpc, spend_of_fund, &spending);
}
