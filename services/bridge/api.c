/* api.c: the bridge's operations, in the order of bridge.proto. */
#include "common/limits.h"
#include "services/bridge/bridge.h"

#define IDENTITY_MS 1000 /* kept of a caller's time for identity's part */

/* ---- errands ---- */

static struct errand *errand_new(struct bridge *self, const char *appid, void *call)
{
    struct errand *errand = self->idle;

    if (!errand)
        return NULL;
    self->idle = errand->next;
    *errand = (struct errand){.bridge = self, .deadline_at = rpc_deadline(call)};
    snprintf(errand->appid, sizeof(errand->appid), "%s", appid);
    return errand;
}

static void errand_end(struct errand *errand, const Rpc__Answer *answer)
{
    struct bridge *self = errand->bridge;

    if (errand->later)
        rpc_answer_later(errand->later, answer);
    errand->next = self->idle;
    self->idle = errand;
}

static void errand_refuse(struct errand *errand, int reason, const char *field, int32_t retry_after_s)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    if (field && api_reason(reason)->http == 400)
        answer.field = (char *)(uintptr_t)field;
    answer.retry_after_s = retry_after_s;
    errand_end(errand, &answer);
}

static void errand_reply(struct errand *errand, const ProtobufCMessage *message)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    uint8_t packed[4 * WECHAT_NAME_SIZE];

    ensure(protobuf_c_message_get_packed_size(message) <= sizeof(packed));
    answer.output = (ProtobufCBinaryData){protobuf_c_message_pack(message, packed), packed};
    errand_end(errand, &answer);
}

/* What is left of the caller's time, less what is kept for later. */
static int64_t time_left_ms(const struct errand *errand, int64_t keep_ms)
{
    int64_t left_ms = errand->deadline_at - clock_now(errand->bridge->clock) - keep_ms;

    return errand->deadline_at ? left_ms : WECHAT_DEADLINE_MS;
}

/* After an errand has begun, or not: a Reason. */
static void wait_or_refuse(struct errand *errand, int reason, void *call)
{
    if (!reason) {
        errand->later = rpc_defer(call);
        return;
    }
    errand->next = errand->bridge->idle;
    errand->bridge->idle = errand;
    if (reason == BRIDGE__REASON__WECHAT_APP_UNKNOWN)
        rpc_refuse_field(call, reason, "appid");
    else if (reason == BRIDGE__REASON__WECHAT_CODE_INVALID)
        rpc_refuse_field(call, reason, "code");
    else
        rpc_refuse(call, reason);
}

/* ---- the operations ---- */

static void on_session(void *arg, const struct wechat_result *result)
{
    Bridge__WechatVisitor message = BRIDGE__WECHAT_VISITOR__INIT;

    if (result->reason) {
        errand_refuse(arg, result->reason, "code", result->retry_after_s);
        return;
    }
    message.openid = (char *)(uintptr_t)result->openid;
    message.unionid = (char *)(uintptr_t)result->unionid;
    errand_reply(arg, &message.base);
}

/* rpc CodeToSession: who holds this code of wx.login. */
static void bridge__code_to_session(Bridge__Bridge_Service *service, const Bridge__WechatCode *req,
                                    Bridge__WechatVisitor_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, service);
    struct errand *errand = errand_new(self, req->appid, call);

    (void)reply;
    if (errand)
        wait_or_refuse(
            errand, wechat_session(&self->wechat, req->appid, req->code, time_left_ms(errand, 0), on_session, errand),
            call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static void on_phone(void *arg, const struct wechat_result *result)
{
    Bridge__WechatPhone message = BRIDGE__WECHAT_PHONE__INIT;

    if (result->reason) {
        errand_refuse(arg, result->reason, "code", result->retry_after_s);
        return;
    }
    message.mobile = (char *)(uintptr_t)result->mobile;
    errand_reply(arg, &message.base);
}

/* rpc PhoneByCode: the number that this code of getPhoneNumber stands for. */
static void bridge__phone_by_code(Bridge__Bridge_Service *service, const Bridge__WechatCode *req,
                                  Bridge__WechatPhone_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, service);
    struct errand *errand = errand_new(self, req->appid, call);

    (void)reply;
    if (errand)
        wait_or_refuse(errand,
                       wechat_phone(&self->wechat, req->appid, req->code, time_left_ms(errand, 0), on_phone, errand),
                       call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* Identity's answer is the caller's, but for the names of the fields. */
static void on_identity(void *arg, const Rpc__Answer *answer)
{
    Rpc__Answer own = *answer;

    own.field = (char *)(uintptr_t)(*answer->field ? "phoneCode" : "");
    errand_end(arg, &own);
}

/* Tells identity who has come. mobile is "" when she did not say. */
static void tell_identity(struct errand *errand, const char *mobile)
{
    Identity__WechatLoginRequest request = IDENTITY__WECHAT_LOGIN_REQUEST__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[4 * WECHAT_NAME_SIZE + DEVICE_SIZE + 64];

    request.appid = errand->appid;
    request.openid = errand->openid;
    request.unionid = errand->unionid;
    request.mobile = (char *)(uintptr_t)mobile;
    request.device = errand->device;
    ensure(identity__wechat_login_request__get_packed_size(&request) <= sizeof(packed));
    principal.internal = true;
    call.method = (char *)(uintptr_t) "Identity.CompleteWechatLogin";
    call.principal = &principal;
    call.input = (ProtobufCBinaryData){identity__wechat_login_request__pack(&request, packed), packed};
    call.deadline_at = errand->deadline_at;
    if (rpc_client_call(errand->bridge->identity, &call, on_identity, errand))
        rpc_client_flush(errand->bridge->identity);
    else
        errand_refuse(errand, RPC__REASON__OVERLOADED, NULL, 1);
}

static void on_visitor_phone(void *arg, const struct wechat_result *result)
{
    if (result->reason)
        errand_refuse(arg, result->reason, "phoneCode", result->retry_after_s);
    else
        tell_identity(arg, result->mobile);
}

static void on_visitor(void *arg, const struct wechat_result *result)
{
    struct errand *errand = arg;
    int reason;

    if (result->reason) {
        errand_refuse(errand, result->reason, "code", result->retry_after_s);
        return;
    }
    snprintf(errand->openid, sizeof(errand->openid), "%s", result->openid);
    snprintf(errand->unionid, sizeof(errand->unionid), "%s", result->unionid);
    if (!*errand->phone_code) {
        tell_identity(errand, "");
        return;
    }
    reason = wechat_phone(&errand->bridge->wechat, errand->appid, errand->phone_code, time_left_ms(errand, IDENTITY_MS),
                          on_visitor_phone, errand);
    if (reason)
        errand_refuse(errand, reason, "phoneCode", 1);
}

/* rpc LoginByWechat: a session for whom WeChat knows. A phone's code is needed once,
 * when identity has not seen her here (WECHAT_NOT_BOUND). */
static void bridge__login_by_wechat(Bridge__Bridge_Service *service, const Bridge__WechatSignIn *req,
                                    Identity__Session_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, service);
    struct errand *errand;

    (void)reply;
    if (*req->phone_code && !wechat_word_ok(req->phone_code, WECHAT_CODE_SIZE - 1)) {
        rpc_refuse_field(call, BRIDGE__REASON__WECHAT_CODE_INVALID, "phoneCode");
        return;
    }
    errand = errand_new(self, req->appid, call);
    if (!errand) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    snprintf(errand->phone_code, sizeof(errand->phone_code), "%s", req->phone_code);
    snprintf(errand->device, sizeof(errand->device), "%s", req->device);
    wait_or_refuse(
        errand,
        wechat_session(&self->wechat, req->appid, req->code, time_left_ms(errand, IDENTITY_MS), on_visitor, errand),
        call);
}

const Bridge__Bridge_Service bridge_api = BRIDGE__BRIDGE__INIT(bridge__);
