/* api_text.c: what is written through WeChat: subscribed messages, and texts that it checks. */
#include "services/bridge/api.h"

/* ---- subscribed messages ---- */

static void on_message(void *arg, const struct wechat_result *result)
{
    Bridge__WechatMessageReply message = BRIDGE__WECHAT_MESSAGE_REPLY__INIT;

    if (!refused(arg, result, "fields"))
        errand_reply(arg, &message.base);
}

static bool are_values(const Bridge__WechatMessage *req)
{
    for (size_t i = 0; i < req->n_fields; i++) {
        if (!wechat_value_ok(req->fields[i]->name, req->fields[i]->value))
            return false;
    }
    return req->n_fields > 0;
}

/* rpc SendWechatMessage: one message, once; she has agreed to each one that comes. */
void bridge__send_wechat_message(Bridge__Bridge_Service *service, const Bridge__WechatMessage *req,
                                 Bridge__WechatMessageReply_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    struct errand *errand;
    int reason;

    (void)reply;
    if (!are_values(req)) {
        rpc_refuse_field(call, BRIDGE__REASON__WECHAT_MESSAGE_INVALID, "fields");
        return;
    }
    errand = errand_new(self, call);
    if (!errand)
        return;
    reason = wechat_message(&self->wechat, req, errand_time_ms(errand, 0), on_message, errand);
    errand_wait(errand, reason, "appid", call);
}

/* ---- texts ---- */

static void on_checked(void *arg, const struct wechat_result *result)
{
    Bridge__TextVerdict message = BRIDGE__TEXT_VERDICT__INIT;

    if (refused(arg, result, "content"))
        return;
    message.suggestion = (Bridge__TextSuggestion)result->suggestion;
    message.label = result->label;
    errand_reply(arg, &message.base);
}

/* rpc CheckText: what WeChat thinks of a text that somebody would publish. Who cannot
 * have it checked publishes nothing. */
void bridge__check_text(Bridge__Bridge_Service *service, const Bridge__TextToCheck *req,
                        Bridge__TextVerdict_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, bridge_service);
    struct errand *errand = errand_new(self, call);
    int reason;

    (void)reply;
    if (!errand)
        return;
    reason = wechat_check(&self->wechat, req, errand_time_ms(errand, 0), on_checked, errand);
    errand_wait(errand, reason, "appid", call);
}
