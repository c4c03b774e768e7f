#include "services/bridge/wechat/said.h"

#include <jansson.h>

/* A member that is a string of at most size - 1 bytes. */
static bool text(const json_t *object, const char *name, char *ret, size_t size)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    memcpy(ret, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool word(const json_t *object, const char *name, char *ret, size_t size)
{
    return text(object, name, ret, size) && wechat_word_ok(ret, size - 1);
}

static bool read_phone(const json_t *root, struct wechat_said *ret)
{
    const json_t *info = json_object_get(root, "phone_info");
    const json_t *country = json_object_get(info, "countryCode");

    /* A number in some of WeChat's samples, a string in others. */
    if (json_is_integer(country))
        snprintf(ret->country, sizeof(ret->country), "%d", (int)(json_integer_value(country) % 1000000));
    else if (!text(info, "countryCode", ret->country, sizeof(ret->country)))
        return false;
    return text(info, "purePhoneNumber", ret->mobile, sizeof(ret->mobile)) &&
           word(json_object_get(info, "watermark"), "appid", ret->appid, sizeof(ret->appid));
}

static bool read_check(const json_t *root, struct wechat_said *ret)
{
    static const char *const names[] = {[BRIDGE__TEXT_SUGGESTION__TEXT_PASS] = "pass",
                                        [BRIDGE__TEXT_SUGGESTION__TEXT_REVIEW] = "review",
                                        [BRIDGE__TEXT_SUGGESTION__TEXT_RISKY] = "risky"};
    const json_t *result = json_object_get(root, "result");
    const json_t *label = json_object_get(result, "label");
    const char *suggest = json_string_value(json_object_get(result, "suggest"));

    for (unsigned i = 1; i < ARRAY_LEN(names) && suggest; i++)
        ret->suggestion = strcmp(names[i], suggest) == 0 ? (int)i : ret->suggestion;
    ret->label = (int)(json_integer_value(label) % 1000000);
    return ret->suggestion && json_is_integer(label);
}

static bool read_body(enum wechat_what what, const json_t *root, struct wechat_said *ret)
{
    const json_t *errcode = json_object_get(root, "errcode");
    const json_t *expires = json_object_get(root, "expires_in");

    if (!json_is_object(root) || (errcode && !json_is_integer(errcode)))
        return false;
    ret->errcode = errcode ? json_integer_value(errcode) : 0;
    if (ret->errcode)
        return true;
    switch (what) {
    case WECHAT_TOKEN:
    case WECHAT_TICKET:
        ret->expires_in_s = json_integer_value(expires);
        return json_is_integer(expires) &&
               word(root, what == WECHAT_TOKEN ? "access_token" : "ticket", ret->token, sizeof(ret->token));
    case WECHAT_SESSION:
    case WECHAT_PAGE:
        return word(root, "openid", ret->openid, sizeof(ret->openid)) &&
               (!json_object_get(root, "unionid") || word(root, "unionid", ret->unionid, sizeof(ret->unionid)));
    case WECHAT_PHONE:
        return read_phone(root, ret);
    case WECHAT_MESSAGE:
        return errcode != NULL;
    case WECHAT_CHECK:
        return read_check(root, ret);
    }
    return false;
}

bool wechat_said_read(enum wechat_what what, const char *body, size_t len, struct wechat_said *ret)
{
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    bool ok;

    *ret = (struct wechat_said){0};
    ok = root && read_body(what, root, ret);
    json_decref(root);
    return ok;
}
