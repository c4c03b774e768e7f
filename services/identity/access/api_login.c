#include "common/base/log.h"
#include "services/identity/api.h"
#include "services/identity/access/codes.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"

/* For demonstration: the code is read in the log, where it is before anybody is told of it. */
static void log_code(const char *mobile, int purpose, const char *code)
{
    char masked[CN_MOBILE_LEN + 1];

    cn_mask_mobile(mobile, masked);
    log_info("demo_sms", "mobile", masked, "purpose",
             protobuf_c_enum_descriptor_get_value(&identity__code_purpose__descriptor, purpose)->name, "code", code);
    log_flush();
}

/* The number, in normal form, and the purpose of a code: 0, or the Reason with its field. */
static int read_code_request(const Identity__SendCodeRequest *req, char ret_mobile[CN_MOBILE_LEN + 1],
                             const char **ret_field)
{
    *ret_field = "mobile";
    if (!cn_mobile(req->mobile, ret_mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "purpose";
    return protobuf_c_enum_descriptor_get_value(&identity__code_purpose__descriptor, (int)req->purpose)
               ? 0
               : RPC__REASON__OUT_OF_RANGE;
}

/* rpc SendCode: makes a code, for the bridge to send; says the same whether the number is
 * known or not. */
void identity__send_code(Identity__Identity_Service *service, const Identity__SendCodeRequest *req,
                         Identity__LoginCode_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__LoginCode message = IDENTITY__LOGIN_CODE__INIT;
    char mobile[CN_MOBILE_LEN + 1], text[CODE_DIGITS + 1];
    const char *field;
    int32_t wait = 0;
    int reason = read_code_request(req, mobile, &field);

    if (reason) {
        rpc_refuse_field(call, reason, field);
        return;
    }
    if (self->sms == SMS_NONE) {
        rpc_refuse(call, IDENTITY__REASON__SENDER_UNAVAILABLE);
        return;
    }
    reason = code_make(self, mobile, (int)req->purpose, call, text, &wait);
    if (reason) {
        rpc_retry_after(call, wait);
        rpc_refuse(call, reason);
        return;
    }
    if (store_trouble(self->store)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    if (self->sms == SMS_BRIDGE)
        message.code = text;
    else
        log_code(mobile, (int)req->purpose, text);
    message.expires_in_s = CODE_LIFE_MS / 1000;
    message.resend_in_s = CODE_RESEND_MS / 1000;
    reply(&message, call);
}

/* rpc TakeBackCode: the last code was surely not sent. */
void identity__take_back_code(Identity__Identity_Service *service, const Identity__SendCodeRequest *req,
                              Identity__TakeBackCodeReply_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__TakeBackCodeReply message = IDENTITY__TAKE_BACK_CODE_REPLY__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    const char *field;
    int reason = read_code_request(req, mobile, &field);

    if (reason) {
        rpc_refuse_field(call, reason, field);
        return;
    }
    code_take_back(self, mobile, (int)req->purpose, call);
    reply(&message, call);
}

void member_obtain(struct identity *self, const char *mobile, void *call, struct member *ret_member)
{
    unsigned char nonce[PII_NONCE_LEN], index[PII_INDEX_LEN];

    person_index_mobile(self, mobile, index);
    if (members_find_mobile(&self->members, index, ret_member))
        return;
    *ret_member = (struct member){
        .id = id_next(&self->ids, rpc_now(call)),
        .level = RPC__LEVEL__MOBILE,
        .created_at = rpc_now(call),
    };
    memcpy(ret_member->mobile, index, sizeof(index));
    data_key_make(self, ret_member, call);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_mobile(self, ret_member, nonce, mobile, &ret_member->sealed_mobile);
    members_add(&self->members, ret_member);
}

/* rpc Login: by mobile and code; who signs in for the first time becomes a member. */
void identity__login(Identity__Identity_Service *service, const Identity__LoginRequest *req,
                     Identity__Session_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    char mobile[CN_MOBILE_LEN + 1];
    struct member member;
    int reason;

    if (!cn_mobile(req->mobile, mobile)) {
        rpc_refuse_field(call, IDENTITY__REASON__MOBILE_INVALID, "mobile");
        return;
    }
    reason = code_judge(self, mobile, IDENTITY__CODE_PURPOSE__CODE_LOGIN, req->code, call);
    if (reason) {
        rpc_keep(call);
        rpc_refuse_field(call, reason, "code");
        return;
    }
    member_obtain(self, mobile, call, &member);
    session_open(self, &member, IDENTITY__SIGN_IN__SIGN_IN_BY_CODE, 0, req->device, reply, call);
}

/* rpc RefreshSession: the member as she is now, for another LIMIT_SESSION_MS. */
void identity__refresh_session(Identity__Identity_Service *service, const Identity__RefreshRequest *req,
                               Identity__Session_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);

    session_refresh(self, req->refresh_token, reply, call);
}

/* rpc Logout: the caller's session; the gateway drops its token by the journal. */
void identity__logout(Identity__Identity_Service *service, const Identity__LogoutRequest *req,
                      Identity__LogoutReply_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__LogoutReply message = IDENTITY__LOGOUT_REPLY__INIT;
    const Rpc__Principal *principal = rpc_principal(call);

    (void)req;
    if (session_is_live(self, call))
        session_revoke(self, principal->member_id, principal->session_id, call);
    reply(&message, call);
}
