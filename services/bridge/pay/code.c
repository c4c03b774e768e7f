#include "services/bridge/pay/code.h"

static const char *const names[] = {
    "",
#define X(name) #name,
    PAY_CODES(X)
#undef X
        "OTHER",
};

const char *pay_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

enum pay_code pay_code_of(const char *text)
{
    for (int i = 1; i < PAY_CODE_OTHER; i++) {
        if (strcmp(names[i], text) == 0)
            return (enum pay_code)i;
    }
    return *text ? PAY_CODE_OTHER : PAY_CODE_NONE;
}

const char *pay_code_name(enum pay_code code)
{
    return names[code];
}

enum pay_next pay_next_of(long status, enum pay_code code)
{
    switch (code) {
    case PAY_FREQUENCY_LIMITED:
    case PAY_FREQUENCY_LIMIT_EXCEED:
    case PAY_RATELIMIT_EXCEEDED:
    case PAY_NOT_ENOUGH:
    case PAY_SIGN_ERROR: /* ours to mend, as what follows: the order waits for it */
    case PAY_NO_AUTH:
    case PAY_ACCOUNT_ERROR:
    case PAY_ACCOUNTERROR:
    case PAY_APPID_MCHID_NOT_MATCH:
    case PAY_MCH_NOT_EXISTS:
        return PAY_LATER;
    case PAY_PARAM_ERROR:
    case PAY_INVALID_REQUEST:
    case PAY_RULE_LIMIT:
    case PAY_RULELIMIT:
    case PAY_NATURELIMIT:
    case PAY_USER_AL_GET_COUPON:
    case PAY_RESOURCE_NOT_EXISTS:
        return PAY_NEVER;
    default:
        return status == 429 ? PAY_LATER : PAY_ASK;
    }
}
