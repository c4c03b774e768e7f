/* closing_fixture.h: closing an account. */
#pragma once
#include "services/identity/people/people_fixture.h"

static inline const Rpc__Answer *close_with(struct harness *h, const Rpc__Principal *who, const char *code)
{
    Identity__CloseAccountRequest request = IDENTITY__CLOSE_ACCOUNT_REQUEST__INIT;

    request.code = unconst(code);
    request.confirmed = true;
    return harness_call(h, "Rights.CloseAccount", &request.base, who, NULL);
}

/* With a code sent to the n-th person's number. */
static inline const Rpc__Answer *close_account(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    char code[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];

    get_code_for(h, mobile_of(n, mobile), IDENTITY__CODE_PURPOSE__CODE_CLOSE, code);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return close_with(h, who, code);
}

static inline void close_now(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    assert_ok(close_account(h, who, n));
    clock_step(&h->service.clock, identity_of(h)->closing_delay_ms);
    harness_tidy(h);
    assert_int_equal(last_event(h, IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED)->account_closed->member_id, who->member_id);
}
