#include "services/bridge/errand.h"

#include <mbedtls/platform_util.h>

#include "services/bridge/bridge.h"

struct errand *errand_new(struct bridge *bridge, void *call)
{
    struct errand *errand = bridge->idle;

    if (!errand) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return NULL;
    }
    bridge->idle = errand->next;
    *errand = (struct errand){
        .bridge = bridge,
        .deadline_at = rpc_deadline(call),
        .member_id = rpc_principal(call)->member_id,
        .session_id = rpc_principal(call)->session_id,
    };
    errand->client = *rpc_client_of(call);
    if (errand->client.device.len) /* of which the call has been judged to have so many */
        memcpy(errand->device, errand->client.device.data, sizeof(errand->device));
    errand->client.device.data = errand->device;
    return errand;
}

static void give_back(struct errand *errand)
{
    struct bridge *bridge = errand->bridge;

    mbedtls_platform_zeroize(errand, sizeof(*errand));
    errand->next = bridge->idle;
    bridge->idle = errand;
}

void errand_wait(struct errand *errand, int reason, const char *field, void *call)
{
    if (!reason) {
        errand->later = rpc_defer(call);
        return;
    }
    give_back(errand);
    if (api_reason(reason)->http == 400)
        rpc_refuse_field(call, reason, field);
    else
        rpc_refuse(call, reason);
}

void errand_end(struct errand *errand, const Rpc__Answer *answer)
{
    if (errand->later)
        rpc_answer_later(errand->later, answer);
    give_back(errand);
}

void errand_refuse(struct errand *errand, int reason, const char *field, int32_t retry_after_s)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    if (field && api_reason(reason)->http == 400)
        answer.field = unconst(field);
    answer.retry_after_s = retry_after_s;
    errand_end(errand, &answer);
}

void errand_reply(struct errand *errand, const ProtobufCMessage *message)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    uint8_t packed[4 * WECHAT_NAME_SIZE];

    ensure(protobuf_c_message_get_packed_size(message) <= sizeof(packed));
    answer.output = (ProtobufCBinaryData){protobuf_c_message_pack(message, packed), packed};
    errand_end(errand, &answer);
}

int64_t errand_time_ms(const struct errand *errand, int64_t keep_ms)
{
    int64_t left_ms = errand->deadline_at - clock_now(errand->bridge->clock) - keep_ms;

    return errand->deadline_at ? left_ms : WECHAT_DEADLINE_MS;
}

int errand_ask_identity(struct errand *errand, const char *method, const ProtobufCMessage *request,
                        rpc_answered answered)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;
    uint8_t packed[1024];
    bool sent;

    if (protobuf_c_message_get_packed_size(request) > sizeof(packed))
        return RPC__REASON__BAD_REQUEST;
    principal.internal = true;
    principal.member_id = errand->member_id;
    principal.session_id = errand->session_id;
    call.method = unconst(method);
    call.principal = &principal;
    call.client = &errand->client;
    call.input = (ProtobufCBinaryData){protobuf_c_message_pack(request, packed), packed};
    call.deadline_at = errand->deadline_at;
    sent = rpc_client_call(errand->bridge->identity, &call, answered, errand);
    if (sent)
        rpc_client_flush(errand->bridge->identity);
    mbedtls_platform_zeroize(packed, sizeof(packed));
    return sent ? 0 : RPC__REASON__OVERLOADED;
}
