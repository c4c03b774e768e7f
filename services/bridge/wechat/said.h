/* said.h: a body of WeChat's, read.
 *
 * A body is UTF-8 JSON whatever its Content-Type says, and a successful one may leave
 * errcode out. What does not look like an answer to what was asked is none. */
#pragma once
#include "services/bridge/rules.h"

#define WECHAT_NAME_SIZE  65 /* an appid, openid or unionid, and its NUL */
#define WECHAT_CODE_SIZE  129
#define WECHAT_TOKEN_SIZE 1025 /* WeChat asks for at least 512 */

struct wechat_said {
    int64_t errcode;                                          /* the rest is "" unless it is 0 */
    char openid[WECHAT_NAME_SIZE], unionid[WECHAT_NAME_SIZE]; /* of WECHAT_SESSION and WECHAT_PAGE */
    char token[WECHAT_TOKEN_SIZE];                            /* of WECHAT_TOKEN; the ticket of WECHAT_TICKET */
    int64_t expires_in_s;
    int suggestion, label;                                /* of WECHAT_CHECK: Bridge__TextSuggestion */
    char mobile[32], country[8], appid[WECHAT_NAME_SIZE]; /* of WECHAT_PHONE */
};

/* False when it is no answer to that. */
bool wechat_said_read(enum wechat_what what, const char *body, size_t len, struct wechat_said *ret);
