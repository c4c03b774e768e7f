/* code.h: what WeChat Pay says by an error's code, never by its message; and what is to be done about it.
 *
 * That a request was not answered with 200 does not mean that nothing was done: what may have been done is asked about,
 * and asked for again under the same number. Pure. */
#pragma once
#include <jansson.h>

#define PAY_CODES(X)                                                                                                   \
    X(PARAM_ERROR)                                                                                                     \
    X(INVALID_REQUEST)                                                                                                 \
    X(APPID_MCHID_NOT_MATCH)                                                                                           \
    X(MCH_NOT_EXISTS)                                                                                                  \
    X(SIGN_ERROR)                                                                                                      \
    X(NO_AUTH)                                                                                                         \
    X(NOT_ENOUGH)                                                                                                      \
    X(RULE_LIMIT)                                                                                                      \
    X(RULELIMIT)                                                                                                       \
    X(NATURELIMIT)                                                                                                     \
    X(USER_AL_GET_COUPON)                                                                                              \
    X(ACCOUNT_ERROR)                                                                                                   \
    X(ACCOUNTERROR)                                                                                                    \
    X(NOT_FOUND)                                                                                                       \
    X(RESOURCE_NOT_EXISTS)                                                                                             \
    X(NO_STATEMENT_EXIST)                                                                                              \
    X(STATEMENT_CREATING)                                                                                              \
    X(ALREADY_EXISTS)                                                                                                  \
    X(FREQUENCY_LIMITED)                                                                                               \
    X(FREQUENCY_LIMIT_EXCEED)                                                                                          \
    X(RATELIMIT_EXCEEDED)                                                                                              \
    X(SYSTEM_ERROR)

enum pay_code {
    PAY_CODE_NONE,
#define X(name) PAY_##name,
    PAY_CODES(X)
#undef X
        PAY_CODE_OTHER, /* one that is not known here */
};

/* The text of a member of what it says; "" when there is none. */
const char *pay_text(const json_t *object, const char *name);

enum pay_code pay_code_of(const char *text);
const char *pay_code_name(enum pay_code code);

/* What a refused request that makes something comes to. */
enum pay_next {
    PAY_LATER, /* surely nothing was done, and the same may be asked for later */
    PAY_ASK,   /* nobody knows: it is asked about */
    PAY_NEVER, /* refused for what it says: once it is sure that nothing was done, it never will be */
};
enum pay_next pay_next_of(long status, enum pay_code code);
