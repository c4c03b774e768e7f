#include "services/bridge/wechat/wechat.h"

#include <mbedtls/platform_util.h>

#include "common/base/keyfile.h"
#include "common/base/log.h"
#include "rpc.pb-c.h"

static const char *const names[] = {"stable_token",   "jscode2session", "getuserphonenumber", "oauth2/access_token",
                                    "subscribe/send", "msg_sec_check",  "getticket"};

/* ---- the end of a call ---- */

static void finish(struct wechat_job *job, const struct wechat_result *result)
{
    struct wechat *wechat = job->wechat;
    struct wechat_app *app = job->app;
    wechat_done done = job->done;
    struct wechat_job *waiting = NULL; /* for the same ticket */

    if (app->asks == job) {
        waiting = app->waiting_ticket;
        app->asks = app->waiting_ticket = NULL;
    }
    uv_timer_stop(&job->timer);
    mbedtls_platform_zeroize(job->code, sizeof(job->code));
    free(job->body);
    job->body = NULL;
    job->done = NULL;
    job->next = wechat->idle;
    wechat->idle = job;
    wechat->pending--;
    wechat->failed += result->reason != 0;
    done(job->arg, result);
    while (waiting) {
        struct wechat_job *next = waiting->next;

        finish(waiting, result);
        waiting = next;
    }
}

static void fail(struct wechat_job *job, int reason, int32_t retry_after_s)
{
    struct wechat_result result = {reason, retry_after_s, "", "", "", 0, 0, ""};

    finish(job, &result);
}

/* What is wrong on WeChat's side or ours is said when it begins and when it ends. */
static void note_health(const struct wechat_job *job, const char *failure, int64_t errcode)
{
    struct wechat *wechat = job->wechat;

    if (failure && !wechat->sick)
        log_warn("wechat_fails", "call", names[job->what], "appid", job->app->appid, "why", failure, "errcode",
                 log_int(errcode));
    if (!failure && wechat->sick)
        log_info("wechat_answers_again", "call", names[job->what]);
    wechat->sick = failure != NULL;
}

/* ---- asking ---- */

static void on_answer(void *arg, const struct fetch_answer *answer);

static bool request(struct wechat_job *job, int64_t timeout_ms)
{
    struct wechat *wechat = job->wechat;
    const struct wechat_app *app = job->app;
    char url[OUTSIDE_URL_SIZE + WECHAT_TOKEN_SIZE + 128], json[512] = "";
    struct fetch_request out = {.url = url, .timeout_ms = timeout_ms};
    bool sent;

    switch (job->what) {
    case WECHAT_TOKEN:
        snprintf(url, sizeof(url), "%s/cgi-bin/stable_token", wechat->url);
        snprintf(json, sizeof(json),
                 "{\"grant_type\":\"client_credential\",\"appid\":\"%s\",\"secret\":\"%s\",\"force_refresh\":%s}",
                 app->appid, app->secret, job->force ? "true" : "false");
        break;
    case WECHAT_SESSION:
        snprintf(url, sizeof(url), "%s/sns/jscode2session?appid=%s&secret=%s&js_code=%s&grant_type=authorization_code",
                 wechat->url, app->appid, app->secret, job->code);
        break;
    case WECHAT_PAGE:
        snprintf(url, sizeof(url),
                 "%s/sns/oauth2/access_token?appid=%s&secret=%s&code=%s&grant_type=authorization_code", wechat->url,
                 app->appid, app->secret, job->code);
        break;
    case WECHAT_MESSAGE:
        snprintf(url, sizeof(url), "%s/cgi-bin/message/subscribe/send?access_token=%s", wechat->url, app->token);
        break;
    case WECHAT_TICKET:
        snprintf(url, sizeof(url), "%s/cgi-bin/ticket/getticket?access_token=%s&type=jsapi", wechat->url, app->token);
        break;
    case WECHAT_CHECK:
        snprintf(url, sizeof(url), "%s/wxa/msg_sec_check?access_token=%s", wechat->url, app->token);
        break;
    case WECHAT_PHONE:
        snprintf(url, sizeof(url), "%s/wxa/business/getuserphonenumber?access_token=%s", wechat->url, app->token);
        snprintf(json, sizeof(json), "{\"code\":\"%s\"}", job->code);
        break;
    }
    out.json = job->body ? job->body : *json ? json : NULL;
    sent = wechat->send(wechat->send_self, &out, on_answer, job);
    mbedtls_platform_zeroize(url, sizeof(url));
    mbedtls_platform_zeroize(json, sizeof(json));
    wechat->asked += sent;
    return sent;
}

static int64_t now_ms(const struct wechat *wechat)
{
    return (int64_t)uv_now(wechat->loop);
}

/* Tries a job that has its token, if it needs one. 0 or a Reason. */
static int attempt(struct wechat_job *job)
{
    int64_t left_ms = job->deadline_ms - now_ms(job->wechat);

    if (left_ms <= 0)
        return BRIDGE__REASON__WECHAT_UNAVAILABLE;
    job->tries++;
    job->turn = job->app->turn;
    return request(job, left_ms < WECHAT_TRY_MS ? left_ms : WECHAT_TRY_MS) ? 0 : RPC__REASON__OVERLOADED;
}

/* ---- the access token ---- */

static int ask_token(struct wechat_app *app)
{
    int reason;

    app->job.tries = 0;
    app->job.deadline_ms = now_ms(app->job.wechat) + WECHAT_DEADLINE_MS;
    app->job.force = false;
    reason = attempt(&app->job);
    app->asking = !reason;
    return reason;
}

/* Begins or goes on with a job: at once, or when there is a token. 0 or a Reason. */
static int begin(struct wechat_job *job)
{
    struct wechat_app *app = job->app;
    int reason = 0;

    if (!wechat_needs_token(job->what) || now_ms(job->wechat) < app->until_ms)
        return attempt(job);
    if (!app->asking)
        reason = ask_token(app);
    if (reason)
        return reason;
    job->next = NULL;
    *app->waiting_end = job;
    app->waiting_end = &job->next;
    return 0;
}

static void go_on(struct wechat_job *job)
{
    int reason = begin(job);

    if (reason)
        fail(job, reason, 1);
}

/* All who waited for the token get it, or the reason there is none. */
static void serve_waiting(struct wechat_app *app, int reason, int32_t retry_after_s)
{
    struct wechat_job *waiting = app->waiting;

    app->waiting = NULL;
    app->waiting_end = &app->waiting;
    while (waiting) {
        struct wechat_job *job = waiting;

        waiting = job->next;
        if (reason)
            fail(job, reason, retry_after_s);
        else
            go_on(job);
    }
}

static void take_token(struct wechat_app *app, const struct wechat_said *said)
{
    struct wechat_job *job = &app->job;
    bool same = app->refused && strcmp(said->token, app->token) == 0;
    int reason;

    if (same && !job->force && wechat_force(&app->forces, now_ms(job->wechat))) {
        job->force = true;
        job->tries = 0;
        reason = attempt(job);
        if (!reason)
            return;
        app->asking = false;
        serve_waiting(app, reason, 1);
        return;
    }
    memcpy(app->token, said->token, sizeof(app->token));
    app->until_ms = now_ms(job->wechat) + wechat_token_life_ms(said->expires_in_s);
    app->turn++;
    app->refused = false;
    app->asking = false;
    job->wechat->tokens++;
    serve_waiting(app, 0, 0);
}

static void refuse_token(struct wechat_job *job, const struct wechat_verdict *verdict)
{
    struct wechat_app *app = job->app;

    if (job->token_renewed) {
        fail(job, verdict->reason, verdict->retry_after_s);
        return;
    }
    job->token_renewed = true;
    /* Another has found out before, and there is a new one already. */
    if (job->turn == app->turn) {
        app->until_ms = 0;
        app->refused = true;
    }
    go_on(job);
}

/* ---- answers ---- */

static void end(struct wechat_job *job, int reason, int32_t retry_after_s)
{
    if (job->lost && reason == BRIDGE__REASON__WECHAT_CODE_USED)
        reason = BRIDGE__REASON__WECHAT_UNAVAILABLE;
    if (job->what != WECHAT_TOKEN) {
        fail(job, reason, retry_after_s);
        return;
    }
    job->app->asking = false;
    serve_waiting(job->app, reason, retry_after_s);
}

static void on_retry(uv_timer_t *timer)
{
    struct wechat_job *job = timer->data;
    int reason;

    if (job->what != WECHAT_TOKEN) {
        go_on(job);
        return;
    }
    reason = attempt(job);
    if (reason)
        end(job, reason, 1);
}

static void try_again(struct wechat_job *job, const struct wechat_verdict *verdict)
{
    int64_t delay_ms = outside_delay_ms(job->tries);

    if (delay_ms < 0 || now_ms(job->wechat) + delay_ms >= job->deadline_ms)
        end(job, verdict->reason, verdict->retry_after_s);
    else
        uv_timer_start(&job->timer, on_retry, (uint64_t)delay_ms, 0);
}

static void take_phone(struct wechat_job *job, const struct wechat_said *said)
{
    struct wechat_result result = {0, 0, "", "", said->mobile, 0, 0, ""};

    if (strcmp(said->appid, job->app->appid) != 0)
        fail(job, BRIDGE__REASON__WECHAT_OTHER_APP, 0);
    else if (strcmp(said->country, "86") != 0)
        fail(job, BRIDGE__REASON__WECHAT_PHONE_FOREIGN, 0);
    else
        finish(job, &result);
}

static void take_ticket(struct wechat_job *job, const struct wechat_said *said)
{
    struct wechat_app *app = job->app;
    struct wechat_result result = {0, 0, "", "", "", 0, 0, app->ticket};

    memcpy(app->ticket, said->token, sizeof(app->ticket));
    app->ticket_until_ms = now_ms(job->wechat) + wechat_token_life_ms(said->expires_in_s);
    finish(job, &result);
}

static void take(struct wechat_job *job, const struct wechat_said *said)
{
    struct wechat_result result = {0, 0, said->openid, said->unionid, "", said->suggestion, said->label, ""};

    switch (job->what) {
    case WECHAT_TOKEN:
        take_token(job->app, said);
        break;
    case WECHAT_SESSION:
    case WECHAT_PAGE:
    case WECHAT_MESSAGE:
    case WECHAT_CHECK:
        finish(job, &result);
        break;
    case WECHAT_PHONE:
        take_phone(job, said);
        break;
    case WECHAT_TICKET:
        take_ticket(job, said);
        break;
    }
}

static void on_answer(void *arg, const struct fetch_answer *answer)
{
    struct wechat_job *job = arg;
    struct wechat_verdict verdict = {WECHAT_AGAIN, BRIDGE__REASON__WECHAT_UNAVAILABLE, 1};
    const char *failure = answer->failure;
    struct wechat_said said = {0};

    if (!failure && (answer->status != 200 || !wechat_said_read(job->what, answer->body, answer->len, &said)))
        failure = "no answer to what was asked";
    if (failure) {
        job->lost = true;
        if (job->what == WECHAT_MESSAGE && (answer->sent || !answer->failure))
            verdict = (struct wechat_verdict){WECHAT_NEVER, BRIDGE__REASON__WECHAT_UNCERTAIN, 0};
    } else {
        verdict = wechat_judge(job->what, said.errcode);
        if (verdict.next == WECHAT_AGAIN || verdict.reason == BRIDGE__REASON__WECHAT_REFUSES_US)
            failure = "refused";
    }
    note_health(job, failure, said.errcode);
    switch (verdict.next) {
    case WECHAT_DONE:
        take(job, &said);
        break;
    case WECHAT_AGAIN:
        try_again(job, &verdict);
        break;
    case WECHAT_NEW_TOKEN:
        refuse_token(job, &verdict);
        break;
    case WECHAT_NEVER:
        end(job, verdict.reason, verdict.retry_after_s);
        break;
    }
    mbedtls_platform_zeroize(&said, sizeof(said));
}

/* ---- calls ---- */

static struct wechat_app *find_app(struct wechat *wechat, const char *appid, bool account)
{
    for (unsigned i = 0; i < wechat->n_apps; i++) {
        if (strcmp(wechat->apps[i].appid, appid) == 0 && wechat->apps[i].account == account)
            return &wechat->apps[i];
    }
    return NULL;
}

static const struct wechat_app *account_of(const struct wechat *wechat)
{
    for (unsigned i = 0; i < wechat->n_apps; i++) {
        if (wechat->apps[i].account)
            return &wechat->apps[i];
    }
    return NULL;
}

/* Asks for the ticket, or waits for what is asked for already. */
static int begin_ticket(struct wechat_job *job)
{
    struct wechat_app *app = job->app;
    int reason = 0;

    if (app->asks) {
        job->next = app->waiting_ticket;
        app->waiting_ticket = job;
        return 0;
    }
    reason = begin(job);
    if (!reason)
        app->asks = job;
    return reason;
}

/* With a code, or with a body, which is given away. */
static int call(struct wechat *wechat, enum wechat_what what, const char *appid, const char *code, char *body,
                int64_t timeout_ms, wechat_done done, void *arg)
{
    struct wechat_app *app = find_app(wechat, appid, what == WECHAT_PAGE || what == WECHAT_TICKET);
    struct wechat_job *job = wechat->idle;
    int reason = 0;

    if (!app)
        reason = BRIDGE__REASON__WECHAT_APP_UNKNOWN;
    else if (!body && what != WECHAT_TICKET && !wechat_word_ok(code, WECHAT_CODE_SIZE - 1))
        reason = BRIDGE__REASON__WECHAT_CODE_INVALID;
    else if (!job)
        reason = RPC__REASON__OVERLOADED;
    if (reason) {
        free(body);
        return reason;
    }
    wechat->idle = job->next;
    job->app = app;
    job->what = what;
    snprintf(job->code, sizeof(job->code), "%s", code);
    job->body = body;
    job->deadline_ms = now_ms(wechat) + (timeout_ms < WECHAT_DEADLINE_MS ? timeout_ms : WECHAT_DEADLINE_MS);
    job->tries = 0;
    job->lost = job->token_renewed = false;
    job->done = done;
    job->arg = arg;
    reason = what == WECHAT_TICKET ? begin_ticket(job) : begin(job);
    if (reason) {
        free(job->body);
        job->body = NULL;
        job->done = NULL;
        job->next = wechat->idle;
        wechat->idle = job;
        return reason;
    }
    wechat->pending++;
    return 0;
}

/* body is a new reference, given away. */
static int call_with(struct wechat *wechat, enum wechat_what what, const char *appid, json_t *body, int64_t timeout_ms,
                     wechat_done done, void *arg)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    return text ? call(wechat, what, appid, "", text, timeout_ms, done, arg) : RPC__REASON__OVERLOADED;
}

int wechat_message(struct wechat *wechat, const Bridge__WechatMessage *message, int64_t timeout_ms, wechat_done done,
                   void *arg)
{
    json_t *data = json_object();

    for (size_t i = 0; i < message->n_fields; i++)
        json_object_set_new(data, message->fields[i]->name, json_pack("{s:s}", "value", message->fields[i]->value));
    return call_with(wechat, WECHAT_MESSAGE, message->appid,
                     json_pack("{s:s, s:s, s:s, s:s, s:o}", "touser", message->openid, "template_id",
                               message->template_id, "page", message->page, "lang", "zh_CN", "data", data),
                     timeout_ms, done, arg);
}

int wechat_check(struct wechat *wechat, const Bridge__TextToCheck *text, int64_t timeout_ms, wechat_done done,
                 void *arg)
{
    return call_with(wechat, WECHAT_CHECK, text->appid,
                     json_pack("{s:i, s:s, s:i, s:s}", "version", 2, "openid", text->openid, "scene", (int)text->scene,
                               "content", text->content),
                     timeout_ms, done, arg);
}

int wechat_session(struct wechat *wechat, const char *appid, const char *code, int64_t timeout_ms, wechat_done done,
                   void *arg)
{
    return call(wechat, WECHAT_SESSION, appid, code, NULL, timeout_ms, done, arg);
}

int wechat_page(struct wechat *wechat, const char *code, int64_t timeout_ms, wechat_done done, void *arg)
{
    const char *appid = wechat_account(wechat);

    return appid ? call(wechat, WECHAT_PAGE, appid, code, NULL, timeout_ms, done, arg)
                 : BRIDGE__REASON__WECHAT_NO_ACCOUNT;
}

const char *wechat_ticket_now(const struct wechat *wechat)
{
    const struct wechat_app *app = account_of(wechat);

    return app && now_ms(wechat) < app->ticket_until_ms ? app->ticket : NULL;
}

int wechat_ticket(struct wechat *wechat, int64_t timeout_ms, wechat_done done, void *arg)
{
    const char *appid = wechat_account(wechat);

    return appid ? call(wechat, WECHAT_TICKET, appid, "", NULL, timeout_ms, done, arg)
                 : BRIDGE__REASON__WECHAT_NO_ACCOUNT;
}

bool wechat_has_app(struct wechat *wechat, const char *appid)
{
    return find_app(wechat, appid, false) != NULL;
}

const char *wechat_account(const struct wechat *wechat)
{
    const struct wechat_app *app = account_of(wechat);

    return app ? app->appid : NULL;
}

int wechat_phone(struct wechat *wechat, const char *appid, const char *code, int64_t timeout_ms, wechat_done done,
                 void *arg)
{
    return call(wechat, WECHAT_PHONE, appid, code, NULL, timeout_ms, done, arg);
}

/* ---- life ---- */

static int read_apps(struct wechat *wechat, const char *path, bool account)
{
    char appid[WECHAT_NAME_SIZE], secret[WECHAT_SECRET_SIZE];
    struct keyfile file;
    int more;

    if (keyfile_open(&file, path))
        return -1;
    while ((more = keyfile_pair(&file, appid, sizeof(appid), secret, sizeof(secret))) > 0) {
        struct wechat_app *app = &wechat->apps[wechat->n_apps];

        if (wechat->n_apps == WECHAT_APPS || !wechat_word_ok(appid, sizeof(appid) - 1) ||
            !wechat_word_ok(secret, sizeof(secret) - 1)) {
            log_error("wechat_app_refused", "file", path, "line", log_int(file.line), "limit", log_int(WECHAT_APPS));
            more = -1;
            break;
        }
        memcpy(app->appid, appid, sizeof(appid));
        memcpy(app->secret, secret, sizeof(secret));
        app->account = account;
        wechat->n_apps++;
    }
    mbedtls_platform_zeroize(secret, sizeof(secret));
    keyfile_close(&file);
    return more;
}

int wechat_init(struct wechat *wechat, const char *url, const char *file, const char *account_file)
{
    *wechat = (struct wechat){0};
    if (!outside_url_ok(url)) {
        log_error("setting_refused", "name", "HUIGONG_WECHAT_URL", "why", "https:// and a host, or this machine");
        return -1;
    }
    snprintf(wechat->url, sizeof(wechat->url), "%s", url);
    if (*file && read_apps(wechat, file, false))
        return -1;
    return *account_file ? read_apps(wechat, account_file, true) : 0;
}

static void open_job(struct wechat *wechat, struct wechat_job *job)
{
    job->wechat = wechat;
    uv_timer_init(wechat->loop, &job->timer);
    job->timer.data = job;
}

void wechat_open(struct wechat *wechat, uv_loop_t *loop, wechat_send send, void *send_self)
{
    wechat->loop = loop;
    wechat->send = send;
    wechat->send_self = send_self;
    for (unsigned i = 0; i < WECHAT_JOBS; i++) {
        open_job(wechat, &wechat->jobs[i]);
        wechat->jobs[i].next = wechat->idle;
        wechat->idle = &wechat->jobs[i];
    }
    for (unsigned i = 0; i < wechat->n_apps; i++) {
        struct wechat_app *app = &wechat->apps[i];

        open_job(wechat, &app->job);
        app->job.app = app;
        app->job.what = WECHAT_TOKEN;
        app->waiting_end = &app->waiting;
    }
}

void wechat_close(struct wechat *wechat)
{
    for (unsigned i = 0; i < wechat->n_apps; i++) {
        if (wechat->apps[i].asks) /* with whoever waits for the same */
            fail(wechat->apps[i].asks, RPC__REASON__STOPPING, 1);
    }
    for (unsigned i = 0; i < WECHAT_JOBS; i++) {
        if (wechat->jobs[i].done)
            fail(&wechat->jobs[i], RPC__REASON__STOPPING, 1);
        uv_close((uv_handle_t *)&wechat->jobs[i].timer, NULL);
    }
    for (unsigned i = 0; i < wechat->n_apps; i++) {
        uv_close((uv_handle_t *)&wechat->apps[i].job.timer, NULL);
        mbedtls_platform_zeroize(wechat->apps[i].secret, sizeof(wechat->apps[i].secret));
        mbedtls_platform_zeroize(wechat->apps[i].token, sizeof(wechat->apps[i].token));
        mbedtls_platform_zeroize(wechat->apps[i].ticket, sizeof(wechat->apps[i].ticket));
    }
    wechat->n_apps = 0;
}
