#include "services/bridge/rules.h"

#include <ctype.h>

#define DAY_MS INT64_C(86400000)

/* 40029 and its kin speak of the code that was sent. */
static const struct {
    int errcode;
    struct wechat_verdict verdict;
} verdicts[] = {
    {0, {WECHAT_DONE, 0, 0}},
    {-1, {WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE, 1}},     /* system busy */
    {40029, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_INVALID, 0}}, /* invalid, expired, or of another app */
    {40163, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_USED, 0}},
    {42003, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_CODE_EXPIRED, 0}},
    {40226, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_USER_BLOCKED, 0}},
    {45011, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED, 60}},   /* per minute */
    {45009, {WECHAT_NEVER, BRIDGE__REASON__WECHAT_RATE_LIMITED, 3600}}, /* per day */
    {40001, {WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE, 1}}, /* invalid credential */
    {40014, {WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE, 1}}, /* invalid access_token */
    {42001, {WECHAT_NEW_TOKEN, BRIDGE__REASON__WECHAT_UNAVAILABLE, 1}}, /* access_token expired */
};

/* Of the text and its receiver or writer. */
static const struct {
    int errcode, reason;
} text_verdicts[] = {
    {40003, BRIDGE__REASON__WECHAT_OPENID_UNKNOWN},  {43104, BRIDGE__REASON__WECHAT_OPENID_UNKNOWN},
    {43101, BRIDGE__REASON__WECHAT_NOT_SUBSCRIBED},  {61010, BRIDGE__REASON__WECHAT_NOT_ACTIVE},
    {47003, BRIDGE__REASON__WECHAT_MESSAGE_INVALID}, {44002, BRIDGE__REASON__WECHAT_MESSAGE_INVALID},
    {40129, BRIDGE__REASON__WECHAT_MESSAGE_INVALID},
};

bool wechat_needs_token(enum wechat_what what)
{
    return what == WECHAT_PHONE || what == WECHAT_MESSAGE || what == WECHAT_CHECK || what == WECHAT_TICKET;
}

struct wechat_verdict wechat_judge(enum wechat_what what, int64_t errcode)
{
    /* Wrong credentials, an address not listed, an interface not granted, and all that
     * is not known: nothing that the person or another try could change. */
    struct wechat_verdict verdict = {WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US, 60};

    for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
        if (verdicts[i].errcode == errcode)
            verdict = verdicts[i].verdict;
    }
    for (unsigned i = 0; i < ARRAY_LEN(text_verdicts) && (what == WECHAT_MESSAGE || what == WECHAT_CHECK); i++) {
        if (text_verdicts[i].errcode == errcode)
            verdict = (struct wechat_verdict){WECHAT_NEVER, text_verdicts[i].reason, 0};
    }
    /* Where no token is carried 40001 is a wrong secret. */
    if (verdict.next == WECHAT_NEW_TOKEN && !wechat_needs_token(what))
        verdict = (struct wechat_verdict){WECHAT_NEVER, BRIDGE__REASON__WECHAT_REFUSES_US, 60};
    return verdict;
}

bool wechat_value_ok(const char *name, const char *value)
{
    static const struct {
        const char *kind;
        size_t max;         /* characters */
        const char *others; /* besides letters and digits, what it may consist of; NULL: anything */
    } kinds[] = {
        {"thing", 20, NULL},
        {"number", 32, "."},
        {"letter", 32, ""},
        {"symbol", 5, NULL},
        {"character_string", 32, "!#$%&'()*+,-./:;<=>?@[]^_{|}~"},
        {"time", 32, NULL},
        {"date", 16, NULL},
        {"amount", 13, NULL},
        {"phone_number", 17, "+-"},
        {"car_number", 8, NULL},
        {"name", 20, NULL},
        {"phrase", 5, NULL},
    };
    size_t kind = strcspn(name, "0123456789"), chars = 0;

    if (!kind || !name[kind] || strspn(name + kind, "0123456789") != strlen(name + kind))
        return false;
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ')
            return false;
        chars += ((unsigned char)*c & 0xc0) != 0x80;
    }
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strlen(kinds[i].kind) != kind || strncmp(kinds[i].kind, name, kind) != 0)
            continue;
        for (const char *c = value; kinds[i].others && *c; c++) {
            if ((unsigned char)*c > '~' || (!isalnum((unsigned char)*c) && !strchr(kinds[i].others, *c)))
                return false;
        }
        return chars > 0 && chars <= kinds[i].max;
    }
    return false;
}

int64_t outside_delay_ms(int tries)
{
    return tries >= OUTSIDE_TRIES ? -1 : (int64_t)OUTSIDE_DELAY_MS << (tries - 1);
}

int64_t wechat_token_life_ms(int64_t expires_in_s)
{
    if (expires_in_s > 86400)
        expires_in_s = 86400;
    return (expires_in_s < WECHAT_EARLY_S + 60 ? 60 : expires_in_s - WECHAT_EARLY_S) * 1000;
}

bool wechat_force(struct wechat_forces *forces, int64_t now_ms)
{
    if (forces->n && now_ms - forces->last_ms < WECHAT_FORCE_GAP_MS)
        return false;
    if (forces->n == 0 || now_ms - forces->window_ms >= DAY_MS)
        *forces = (struct wechat_forces){.window_ms = now_ms};
    if (forces->n >= WECHAT_FORCES_A_DAY)
        return false;
    forces->n++;
    forces->last_ms = now_ms;
    return true;
}

enum partner_end partner_judge(long status)
{
    if (status == 200)
        return PARTNER_DONE;
    if (status == 503)
        return PARTNER_BUSY;
    return status >= 400 && status < 500 ? PARTNER_REFUSES : PARTNER_LOST;
}

bool outside_url_ok(const char *url)
{
    static const char *const starts[] = {"https://", "http://127.0.0.1:", "http://localhost:"};
    const char *rest = NULL;

    for (unsigned i = 0; i < ARRAY_LEN(starts); i++) {
        if (strncmp(url, starts[i], strlen(starts[i])) == 0)
            rest = url + strlen(starts[i]);
    }
    if (!rest || !*rest || strlen(url) > 128)
        return false;
    for (; *rest; rest++) {
        if (!isalnum((unsigned char)*rest) && !strchr(".-:", *rest))
            return false;
    }
    return true;
}

bool wechat_word_ok(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);

    return len > 0 && len <= max &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}
