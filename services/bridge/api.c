/* api.c: the bridge's operations with WeChat, in the order of bridge.proto. */
#include "services/bridge/api.h"

/* The field that a refusal to ask WeChat is about. */
static const char *field_of(int reason)
{
    return reason == BRIDGE__REASON__WECHAT_APP_UNKNOWN ? "appid" : "code";
}

/* What a code stands for: wechat_session or wechat_phone. */
typedef int (*ask_code)(struct wechat *wechat, const char *appid, const char *code, int64_t timeout_ms,
                        wechat_done done, void *arg);

static void begin_code(Bridge__Bridge_Service *service, const Bridge__WechatCode *req, ask_code ask, wechat_done done,
                       void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    struct errand *errand = errand_new(self, call);
    int reason;

    if (!errand)
        return;
    reason = ask(&self->wechat, req->appid, req->code, errand_time_ms(errand, 0), done, errand);
    errand_wait(errand, reason, field_of(reason), call);
}

static void on_session(void *arg, const struct wechat_result *result)
{
    Bridge__WechatVisitor message = BRIDGE__WECHAT_VISITOR__INIT;

    if (refused(arg, result, "code"))
        return;
    message.openid = unconst(result->openid);
    message.unionid = unconst(result->unionid);
    errand_reply(arg, &message.base);
}

/* rpc CodeToSession: who holds this code of wx.login. */
static void bridge__code_to_session(Bridge__Bridge_Service *service, const Bridge__WechatCode *req,
                                    Bridge__WechatVisitor_Closure reply, void *call)
{
    (void)reply;
    begin_code(service, req, wechat_session, on_session, call);
}

static void on_phone(void *arg, const struct wechat_result *result)
{
    Bridge__WechatPhone message = BRIDGE__WECHAT_PHONE__INIT;

    if (refused(arg, result, "code"))
        return;
    message.mobile = unconst(result->mobile);
    errand_reply(arg, &message.base);
}

/* rpc PhoneByCode: the number that this code of getPhoneNumber stands for. */
static void bridge__phone_by_code(Bridge__Bridge_Service *service, const Bridge__WechatCode *req,
                                  Bridge__WechatPhone_Closure reply, void *call)
{
    (void)reply;
    begin_code(service, req, wechat_phone, on_phone, call);
}

/* Identity's answer is the caller's, but for the names of the fields. */
static void on_identity(void *arg, const Rpc__Answer *answer)
{
    Rpc__Answer own = *answer;

    if (strcmp(answer->field, "mobileCode") != 0)
        own.field = *answer->field ? "phoneCode" : "";
    errand_end(arg, &own);
}

/* Tells identity who has come. mobile is "" when she did not say. */
static void tell_identity(struct errand *errand, const char *mobile)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;
    int reason;

    request.appid = errand->wechat.appid;
    request.openid = errand->wechat.openid;
    request.unionid = errand->wechat.unionid;
    request.mobile = unconst(mobile);
    request.device = errand->wechat.device;
    request.mobile_code = errand->wechat.mobile_code;
    reason = errand_ask_identity(
        errand, errand->wechat.binds ? "Identity.CompleteWechatBinding" : "Identity.CompleteWechatLogin", &request.base,
        on_identity);
    if (reason)
        errand_refuse(errand, reason, NULL, 1);
}

static void on_visitor_phone(void *arg, const struct wechat_result *result)
{
    if (!refused(arg, result, "phoneCode"))
        tell_identity(arg, result->mobile);
}

static void on_visitor(void *arg, const struct wechat_result *result)
{
    struct errand *errand = arg;
    int reason;

    if (refused(errand, result, "code"))
        return;
    snprintf(errand->wechat.openid, sizeof(errand->wechat.openid), "%s", result->openid);
    snprintf(errand->wechat.unionid, sizeof(errand->wechat.unionid), "%s", result->unionid);
    if (!*errand->wechat.phone_code) {
        tell_identity(errand, "");
        return;
    }
    reason = wechat_phone(&errand->bridge->wechat, errand->wechat.appid, errand->wechat.phone_code,
                          errand_time_ms(errand, IDENTITY_MS), on_visitor_phone, errand);
    if (reason)
        errand_refuse(errand, reason, "phoneCode", 1);
}

/* A code and where it is from: a mini-program, or with a state the official account. */
struct visit {
    const char *appid, *code, *phone_code, *state, *secret, *device, *mobile_code;
};

/* Asks WeChat who holds the code. */
static int ask_visitor(struct errand *errand, const struct visit *visit, const char **ret_field)
{
    struct bridge *self = errand->bridge;
    const char *appid = *visit->state ? wechat_account(&self->wechat) : visit->appid;
    int64_t time_ms = errand_time_ms(errand, IDENTITY_MS);
    int reason;

    *ret_field = "state";
    if (!appid)
        return BRIDGE__REASON__WECHAT_NO_ACCOUNT;
    if (*visit->state && !page_state_ok(&self->page, appid, visit->state, visit->secret, clock_now(self->clock)))
        return BRIDGE__REASON__WECHAT_STATE_INVALID;
    snprintf(errand->wechat.appid, sizeof(errand->wechat.appid), "%s", appid);
    snprintf(errand->wechat.phone_code, sizeof(errand->wechat.phone_code), "%s", visit->phone_code);
    snprintf(errand->wechat.device, sizeof(errand->wechat.device), "%s", visit->device);
    snprintf(errand->wechat.mobile_code, sizeof(errand->wechat.mobile_code), "%s", visit->mobile_code);
    reason = *visit->state ? wechat_page(&self->wechat, visit->code, time_ms, on_visitor, errand)
                           : wechat_session(&self->wechat, appid, visit->code, time_ms, on_visitor, errand);
    *ret_field = field_of(reason);
    return reason;
}

static void begin_visit(struct bridge *self, const struct visit *visit, bool binds, void *call)
{
    struct errand *errand = errand_new(self, call);
    const char *field;
    int reason;

    if (!errand)
        return;
    errand->wechat.binds = binds;
    if (!binds) /* whoever signs in is nobody yet */
        errand->member_id = errand->session_id = 0;
    reason = ask_visitor(errand, visit, &field);
    errand_wait(errand, reason, field, call);
}

/* rpc LoginByWechat: a session for whom WeChat knows. A phone's code is needed once,
 * when identity has not seen her here (WECHAT_NOT_BOUND). */
static void bridge__login_by_wechat(Bridge__Bridge_Service *service, const Bridge__WechatSignIn *req,
                                    Identity__Session_Closure reply, void *call)
{
    struct visit visit = {req->appid, req->code, req->phone_code, req->state, req->secret, req->device, ""};

    (void)reply;
    if (*req->phone_code && (*req->state || !wechat_word_ok(req->phone_code, WECHAT_CODE_SIZE - 1)))
        rpc_refuse_field(call, BRIDGE__REASON__WECHAT_CODE_INVALID, "phoneCode");
    else
        begin_visit(container_of(service, struct bridge, bridge_service), &visit, false, call);
}

/* rpc BeginWechatPage: where a browser within WeChat goes for a code and a state. */
static void bridge__begin_wechat_page(Bridge__Bridge_Service *service, const Bridge__WechatPageRequest *req,
                                      Bridge__WechatPage_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    const char *appid = wechat_account(&self->wechat);
    Bridge__WechatPage message = BRIDGE__WECHAT_PAGE__INIT;
    char address[PAGE_ADDRESS_SIZE];

    if (!appid) {
        rpc_refuse(call, BRIDGE__REASON__WECHAT_NO_ACCOUNT);
        return;
    }
    if (!page_uri_ok(&self->page, req->redirect_uri)) {
        rpc_refuse_field(call, BRIDGE__REASON__WECHAT_PAGE_REFUSED, "redirectUri");
        return;
    }
    if (!page_begin(&self->page, appid, req->redirect_uri, req->challenge, req->details, rpc_now(call), address)) {
        rpc_refuse_field(call, RPC__REASON__BAD_REQUEST, "challenge");
        return;
    }
    message.appid = unconst(appid);
    message.address = address;
    reply(&message, call);
}

/* What wx.config wants for a page; nonce and signature are where it is. */
static Bridge__WechatPageSignature sign_page(struct bridge *self, const char *ticket, const char *url,
                                             char nonce[HEX_SIZE(PAGE_NONCE_LEN)],
                                             char signature[HEX_SIZE(PAGE_SIGNATURE_LEN)])
{
    Bridge__WechatPageSignature message = BRIDGE__WECHAT_PAGE_SIGNATURE__INIT;
    unsigned char random[PAGE_NONCE_LEN];

    clock_random(self->clock, random, sizeof(random));
    hex_print(random, sizeof(random), nonce);
    message.appid = unconst(wechat_account(&self->wechat));
    message.timestamp = clock_now(self->clock) / 1000;
    message.nonce_str = nonce;
    message.signature = signature;
    page_sign(ticket, nonce, message.timestamp, url, signature);
    return message;
}

static void on_ticket(void *arg, const struct wechat_result *result)
{
    char nonce[HEX_SIZE(PAGE_NONCE_LEN)], signature[HEX_SIZE(PAGE_SIGNATURE_LEN)];
    struct errand *errand = arg;
    Bridge__WechatPageSignature message;

    if (refused(errand, result, "url"))
        return;
    message = sign_page(errand->bridge, result->ticket, errand->page.url, nonce, signature);
    errand_reply(errand, &message.base);
}

/* rpc SignWechatPage: what a page within WeChat's browser gives wx.config. */
static void bridge__sign_wechat_page(Bridge__Bridge_Service *service, const Bridge__WechatPageAddress *req,
                                     Bridge__WechatPageSignature_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    char nonce[HEX_SIZE(PAGE_NONCE_LEN)], signature[HEX_SIZE(PAGE_SIGNATURE_LEN)];
    const char *ticket = wechat_ticket_now(&self->wechat);
    Bridge__WechatPageSignature message;
    struct errand *errand;

    if (!wechat_account(&self->wechat)) {
        rpc_refuse(call, BRIDGE__REASON__WECHAT_NO_ACCOUNT);
    } else if (!page_address_ok(&self->page, req->url)) {
        rpc_refuse_field(call, BRIDGE__REASON__WECHAT_PAGE_NOT_HERE, "url");
    } else if (ticket) {
        message = sign_page(self, ticket, req->url, nonce, signature);
        reply(&message, call);
    } else if ((errand = errand_new(self, call))) {
        snprintf(errand->page.url, sizeof(errand->page.url), "%s", req->url);
        errand_wait(errand, wechat_ticket(&self->wechat, errand_time_ms(errand, 0), on_ticket, errand), "url", call);
    }
}

/* rpc BindWechat: this WeChat lets the caller in from now on. */
static void bridge__bind_wechat(Bridge__Bridge_Service *service, const Bridge__WechatBinding *req,
                                Identity__WechatDoor_Closure reply, void *call)
{
    struct visit visit = {req->appid, req->code, "", req->state, req->secret, "", req->mobile_code};

    (void)reply;
    begin_visit(container_of(service, struct bridge, bridge_service), &visit, true, call);
}

const Bridge__Bridge_Service bridge_api = BRIDGE__BRIDGE__INIT(bridge__);
