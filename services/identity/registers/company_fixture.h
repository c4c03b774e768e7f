/* company_fixture.h: a company of the first union, and its agents. */
#pragma once
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"

#define COMPANY_CODE "91350100M000100Y43"

static inline void begin_with_company(struct harness *h)
{
    Identity__RegisterCompanyRequest request = IDENTITY__REGISTER_COMPANY_REQUEST__INIT;

    begin_with_unions(h);
    request.union_id = first_id;
    request.credit_code = COMPANY_CODE;
    request.name = "佛山某快递公司";
    assert_true(harness_call(h, "Companies.RegisterCompany", &request.base, harness_internal(h), NULL)->created);
}

static inline const Rpc__Answer *set_agent(struct harness *h, const Rpc__Principal *who, unsigned n, int kind)
{
    Identity__SetAgentRequest request = IDENTITY__SET_AGENT_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];

    request.union_id = first_id;
    request.mobile = unconst(mobile_of(n, mobile));
    request.kind = (Identity__AgentKind)kind;
    return harness_call(h, "Companies.SetAgent", &request.base, who, NULL);
}

static inline Identity__Company *company_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__company__descriptor);
}

/* The n-th person, appointed by the union and signed in as officials do. */
static inline Rpc__Principal *agent_signed_in(struct harness *h, unsigned n, int kind)
{
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *agent;

    company_of(h, set_agent(h, administrator(h, FIRST), n, kind));
    agent = principal_of(h, enrolled(h, mobile_of(n, mobile)));
    agent->level = RPC__LEVEL__REAL_NAME; /* as she would be once she has proven her name */
    return agent;
}
