/* stepup_fixture.h: WeChat, and the second proof that binds it. */
#pragma once
#include "services/identity/people/people_fixture.h"

/* Through WeChat, which proves her number: made a member if she is none. */
static inline const Rpc__Answer *enter_by_wechat(struct harness *h, const char *openid, const char *mobile)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;

    request.appid = "wx0000000000000001";
    request.openid = unconst(openid);
    request.mobile = unconst(mobile);
    return harness_call(h, "Identity.CompleteWechatLogin", &request.base, harness_internal(h), NULL);
}

static inline const Rpc__Answer *step_up(struct harness *h, const Rpc__Principal *who, const char *resident_id)
{
    Identity__StepUpRequest request = IDENTITY__STEP_UP_REQUEST__INIT;

    request.resident_id = unconst(resident_id);
    return harness_call(h, "Stepups.StepUp", &request.base, who, NULL);
}

/* The n-th person tells her document: as her new token says. */
static inline Rpc__Principal *stepped_up(struct harness *h, const Rpc__Principal *who, unsigned n)
{
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    return principal_of(h, harness_output(h, step_up(h, who, id), &identity__session__descriptor));
}

/* The n-th person, who has proven her name, binds a WeChat by coming through it and stepping up. */
static inline Rpc__Principal *wechat_of(struct harness *h, unsigned n, const char *openid)
{
    char mobile[CN_MOBILE_LEN + 1];

    return stepped_up(h,
                      principal_of(h, harness_output(h, enter_by_wechat(h, openid, mobile_of(n, mobile)),
                                                     &identity__session__descriptor)),
                      n);
}
