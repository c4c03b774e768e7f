/* settlement_fixture.h: what the tests of merchants' money share. */
#pragma once
#include "services/coupon/fund/fund_fixture.h"
#include "services/coupon/settlement/settlements.h"

#define DAY 20260101 /* that of OPENS, in China */

static inline const Rpc__Answer *prepare_days(int32_t from_day, int32_t until_day, const Rpc__Principal *who)
{
    Coupon__PrepareSettlementRequest request = COUPON__PREPARE_SETTLEMENT_REQUEST__INIT;

    request.merchant_id = the_merchant;
    request.from_day = from_day;
    request.until_day = until_day;
    return harness_call(&h, "Statements.PrepareSettlement", &request.base, who, NULL);
}

static inline const Coupon__Settlement *settlement_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__settlement__descriptor);
}

static inline const Coupon__Settlement *prepare(void)
{
    return settlement_in(prepare_days(DAY, DAY, finance(901)));
}

static inline const Rpc__Answer *on_settlement(const char *method, int64_t settlement_id, const Rpc__Principal *who)
{
    Settlement__SettlementRequest request = SETTLEMENT__SETTLEMENT_REQUEST__INIT;

    request.settlement_id = settlement_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Coupon__Settlement *get_settlement(int64_t settlement_id)
{
    return settlement_in(on_settlement("Statements.GetSettlement", settlement_id, finance(901)));
}

static inline const Rpc__Answer *confirm(int64_t settlement_id)
{
    return on_settlement("Statements.ConfirmSettlement", settlement_id, finance(902));
}

static inline const Rpc__Answer *reject(int64_t settlement_id)
{
    return on_settlement("Statements.RejectSettlement", settlement_id, finance(902));
}

static inline const Coupon__SettlementLineList *lines_of(int64_t settlement_id)
{
    Settlement__ListSettlementLinesRequest request = SETTLEMENT__LIST_SETTLEMENT_LINES_REQUEST__INIT;

    request.settlement_id = settlement_id;
    return harness_output(&h, harness_call(&h, "Statements.ListSettlementLines", &request.base, finance(901), NULL),
                          &coupon__settlement_line_list__descriptor);
}
