/* A body of WeChat's: one byte for what was asked, the rest is the body.
 *
 * Holds: what was read can be put into a URL and JSON as it is; a refusal brings
 * nothing with it but its errcode; reading the same bytes again gives the same. */
#include "services/bridge/wechat/said.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum wechat_what what = size ? (enum wechat_what)(data[0] % 7) : WECHAT_TOKEN;
    static struct wechat_said said, again;
    char *body = malloc(size + 1);
    size_t len = size ? size - 1 : 0;
    bool read;

    ensure(body);
    if (len)
        memcpy(body, data + 1, len);
    read = wechat_said_read(what, body, len, &said);
    ensure(wechat_said_read(what, body, len, &again) == read && memcmp(&said, &again, sizeof(said)) == 0);
    free(body);
    if (!read)
        return 0;
    ensure(wechat_judge(what, said.errcode).next != WECHAT_DONE || said.errcode == 0);
    ensure(!said.errcode || (!*said.openid && !*said.token && !*said.mobile));
    if (!said.errcode && (what == WECHAT_TOKEN || what == WECHAT_TICKET))
        ensure(wechat_word_ok(said.token, WECHAT_TOKEN_SIZE - 1) && wechat_token_life_ms(said.expires_in_s) >= 60000);
    if (!said.errcode && (what == WECHAT_SESSION || what == WECHAT_PAGE))
        ensure(wechat_word_ok(said.openid, WECHAT_NAME_SIZE - 1) &&
               (!*said.unionid || wechat_word_ok(said.unionid, WECHAT_NAME_SIZE - 1)));
    if (!said.errcode && what == WECHAT_CHECK)
        ensure(said.suggestion >= BRIDGE__TEXT_SUGGESTION__TEXT_PASS &&
               said.suggestion <= BRIDGE__TEXT_SUGGESTION__TEXT_RISKY);
    if (!said.errcode && what == WECHAT_PHONE)
        ensure(wechat_word_ok(said.appid, WECHAT_NAME_SIZE - 1) && strlen(said.mobile) < sizeof(said.mobile));
    return 0;
}
