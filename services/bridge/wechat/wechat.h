/* wechat.h: what is asked of WeChat, and its access tokens.
 *
 * An app has one access token at a time. Who needs one that is missing or has been
 * refused waits for the one request that gets it, however many they are. A token that
 * WeChat gives again after refusing it is forced anew, as often as WeChat allows.
 *
 * The official account's ticket, by which addresses of pages are signed for WeChat's browser, lasts like a token: one
 * call gets it, whoever needs it meanwhile waits for the same.
 *
 * A call is tried OUTSIDE_TRIES times while WeChat is busy or cannot be reached, and
 * ends by its deadline. When an answer was lost, a code may have been used by
 * the lost try: then "used" is told as WECHAT_UNAVAILABLE, since the person has done
 * nothing wrong and needs another code. */
#pragma once
#include <jansson.h>
#include <uv.h>

#include "services/bridge/fetch.h"
#include "services/bridge/wechat/said.h"

#define WECHAT_APPS        8
#define WECHAT_JOBS        256  /* calls under way */
#define WECHAT_DEADLINE_MS 7000 /* of a call */
#define WECHAT_TRY_MS      2500 /* of one request */
#define WECHAT_SECRET_SIZE 65

/* What a call has found; reason 0 or one of Bridge__Reason. */
struct wechat_result {
    int reason;
    int32_t retry_after_s;
    const char *openid, *unionid, *mobile; /* "" where not asked; valid during the call */
    int suggestion, label;                 /* of a text: Bridge__TextSuggestion */
    const char *ticket;
};

typedef void (*wechat_done)(void *arg, const struct wechat_result *result);

struct wechat;
struct wechat_app;

struct wechat_job {
    struct wechat *wechat;
    struct wechat_app *app;
    enum wechat_what what;
    char code[WECHAT_CODE_SIZE];
    char *body;          /* of a message or a text, from jansson; else NULL */
    int64_t deadline_ms; /* of the loop's clock */
    int tries;
    bool lost;          /* a try went out and no answer came */
    bool force;         /* of WECHAT_TOKEN: another than the one there is */
    uint64_t turn;      /* of the token it was tried with; 0: none yet */
    bool token_renewed; /* it has been refused one token already */
    wechat_done done;
    void *arg;
    uv_timer_t timer;
    struct wechat_job *next; /* idle, or waiting for a token or a ticket */
};

struct wechat_app {
    char appid[WECHAT_NAME_SIZE], secret[WECHAT_SECRET_SIZE];
    bool account; /* an official account, whose pages are visited; else a mini-program */
    char token[WECHAT_TOKEN_SIZE];
    int64_t until_ms; /* of the loop's clock; 0: no token to be used */
    uint64_t turn;    /* which token it is, from 1 on */
    bool refused;     /* that token, by WeChat */
    bool asking;      /* for the next; the job below is at it */
    struct wechat_forces forces;
    struct wechat_job job;
    struct wechat_job *waiting, **waiting_end;
    char ticket[WECHAT_TOKEN_SIZE];
    int64_t ticket_until_ms;                  /* of the loop's clock; 0: there is none */
    struct wechat_job *asks, *waiting_ticket; /* who asks for the next, and who waits for what that comes to */
};

/* How requests go out: fetch_start, or a test's own. */
typedef bool (*wechat_send)(void *self, const struct fetch_request *request, fetch_done done, void *arg);

struct wechat {
    uv_loop_t *loop;
    wechat_send send;
    void *send_self;
    char url[OUTSIDE_URL_SIZE];
    struct wechat_app apps[WECHAT_APPS];
    unsigned n_apps;
    struct wechat_job jobs[WECHAT_JOBS], *idle;
    unsigned pending;
    bool sick; /* the last answer showed WeChat's or our own fault, and was logged */
    uint64_t asked, tokens, failed;
};

/* Reads "APPID SECRET" lines from files that only their owner may read, of the
 * mini-programs and of the official account (its first line); file "": none. 0, or -1
 * after logging why. */
int wechat_init(struct wechat *wechat, const char *url, const char *file, const char *account_file);
/* Whether there is such a mini-program. */
bool wechat_has_app(struct wechat *wechat, const char *appid);
/* The official account's appid; NULL: there is none. */
const char *wechat_account(const struct wechat *wechat);
/* Ready to ask, over this loop. */
void wechat_open(struct wechat *wechat, uv_loop_t *loop, wechat_send send, void *send_self);
/* Answers all calls with STOPPING; what send began must not come back any more. */
void wechat_close(struct wechat *wechat);

/* Whose code of wx.login this is; whose number, of getPhoneNumber. done is called once,
 * never from inside, within timeout_ms. Or a Reason is returned at once:
 * WECHAT_APP_UNKNOWN, WECHAT_CODE_INVALID (no code at all), OVERLOADED. */
int wechat_session(struct wechat *wechat, const char *appid, const char *code, int64_t timeout_ms, wechat_done done,
                   void *arg);
int wechat_phone(struct wechat *wechat, const char *appid, const char *code, int64_t timeout_ms, wechat_done done,
                 void *arg);
/* Sends a message, whose values are as wechat_value_ok wants them. One that may have gone out
 * is not sent again: WECHAT_UNCERTAIN. */
int wechat_message(struct wechat *wechat, const Bridge__WechatMessage *message, int64_t timeout_ms, wechat_done done,
                   void *arg);
/* Has a text checked. */
int wechat_check(struct wechat *wechat, const Bridge__TextToCheck *text, int64_t timeout_ms, wechat_done done,
                 void *arg);
/* The official account's ticket; NULL: there is none now, and wechat_ticket gets it. */
const char *wechat_ticket_now(const struct wechat *wechat);
int wechat_ticket(struct wechat *wechat, int64_t timeout_ms, wechat_done done, void *arg);
/* Whose code of the official account's page; else WECHAT_NO_ACCOUNT. */
int wechat_page(struct wechat *wechat, const char *code, int64_t timeout_ms, wechat_done done, void *arg);
