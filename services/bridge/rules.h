/* rules.h: what an answer from outside means, without I/O, clock or memory.
 *
 * Source of WeChat's codes: WeChat's pages of code2Session, getuserphonenumber and
 * getStableAccessToken, and its table of global return codes. */
#pragma once
#include "bridge/bridge.pb-c.h"

enum wechat_what {
    WECHAT_TOKEN,   /* POST /cgi-bin/stable_token */
    WECHAT_SESSION, /* GET /sns/jscode2session */
    WECHAT_PHONE,   /* POST /wxa/business/getuserphonenumber */
    WECHAT_PAGE,    /* GET /sns/oauth2/access_token, of an official account */
    WECHAT_MESSAGE, /* POST /cgi-bin/message/subscribe/send */
    WECHAT_CHECK,   /* POST /wxa/msg_sec_check */
    WECHAT_TICKET,  /* GET /cgi-bin/ticket/getticket, of an official account */
};

enum wechat_next {
    WECHAT_DONE,
    WECHAT_AGAIN,     /* ask again after a while; then reason */
    WECHAT_NEW_TOKEN, /* ask again with another access token; then reason */
    WECHAT_NEVER,     /* reason, whatever is tried */
};

struct wechat_verdict {
    enum wechat_next next;
    int reason;
    int32_t retry_after_s;
};

/* Whether it is asked with an access token. */
bool wechat_needs_token(enum wechat_what what);
/* Whether a field of a subscribed message may have this value, by the kind in its name
 * ("thing1": 20 characters at most; ...). Source: WeChat's page of subscribeMessage.send. */
bool wechat_value_ok(const char *name, const char *value);
/* What an errcode means for the one who asked; 0 is WECHAT_DONE. */
struct wechat_verdict wechat_judge(enum wechat_what what, int64_t errcode);

#define OUTSIDE_TRIES    3   /* of one call, to any partner */
#define OUTSIDE_DELAY_MS 200 /* before the second; twice as long before each later one */
#define OUTSIDE_URL_SIZE 129 /* of a base address */

/* How long to wait before another try after so many; -1: no more. */
int64_t outside_delay_ms(int tries);

#define WECHAT_EARLY_S 300 /* a token is replaced so long before its end, when WeChat gives the next */

/* How long a token that lasts expires_in_s may be used: a minute at least, so that an
 * odd answer does not make every call ask for another, and a day at most. */
int64_t wechat_token_life_ms(int64_t expires_in_s);

#define WECHAT_FORCES_A_DAY 20
#define WECHAT_FORCE_GAP_MS 30000

/* When a token may be forced, which WeChat allows so often. All zero at first. */
struct wechat_forces {
    int64_t window_ms, last_ms;
    int n;
};

/* Whether it may be forced now (ms of any steady clock), and counts it. */
bool wechat_force(struct wechat_forces *forces, int64_t now_ms);

/* What a partner's status and error mean (partner.h): what was asked for has been
 * done, surely has not been done and may be asked again, surely never will be done
 * like this, or nobody knows. */
enum partner_end { PARTNER_DONE, PARTNER_BUSY, PARTNER_REFUSES, PARTNER_LOST };

enum partner_end partner_judge(long status);

/* Only https, or this machine itself: where a base address may lead. No path, no
 * trailing slash. */
bool outside_url_ok(const char *url);
/* A code, appid, secret, openid or token as WeChat makes them: 1 to max letters,
 * digits, '-' and '_'. It needs no escaping anywhere. */
bool wechat_word_ok(const char *text, size_t max);
