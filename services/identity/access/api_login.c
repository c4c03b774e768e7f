#include <mbedtls/constant_time.h>

#include "common/base/log.h"
#include "services/identity/api.h"
#include "services/identity/access/codes.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"

/* For demonstration: the code is read in the log. */
static void log_code(const char *mobile, const char *code)
{
    char masked[CN_MOBILE_LEN + 1];

    cn_mask_mobile(mobile, masked);
    log_info("demo_sms", "mobile", masked, "code", code);
}

/* rpc SendCode: makes a code, for the bridge to send; says the same whether the number is
 * known or not. */
void identity__send_code(Identity__Identity_Service *service, const Identity__SendCodeRequest *req,
                         Identity__LoginCode_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__LoginCode message = IDENTITY__LOGIN_CODE__INIT;
    unsigned char index[PII_INDEX_LEN], hash[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1], text[CODE_DIGITS + 1];
    struct login_code code = {0};
    int32_t wait = 0;
    uint64_t random;

    if (!cn_mobile(req->mobile, mobile)) {
        rpc_refuse_field(call, IDENTITY__REASON__MOBILE_INVALID, "mobile");
        return;
    }
    if (self->sms == SMS_NONE) {
        rpc_refuse(call, IDENTITY__REASON__SENDER_UNAVAILABLE);
        return;
    }
    person_index_mobile(self, mobile, index);
    codes_find(&self->codes, index, &code, hash);
    if (code_send_refusal(&code, rpc_now(call), &wait)) {
        rpc_retry_after(call, wait);
        rpc_refuse(call, IDENTITY__REASON__CODE_SENT_RECENTLY);
        return;
    }
    rpc_random(call, &random, sizeof(random));
    code_text(random, text);
    person_index_code(self, mobile, text, hash);
    code_sent(&code, rpc_now(call));
    codes_keep(&self->codes, index, &code, hash);
    if (store_trouble(self->store)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    if (self->sms == SMS_BRIDGE) {
        message.code = text;
    } else {
        log_code(mobile, text);
    }
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
    unsigned char index[PII_INDEX_LEN], hash[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1];
    struct login_code code;

    if (!cn_mobile(req->mobile, mobile)) {
        rpc_refuse_field(call, IDENTITY__REASON__MOBILE_INVALID, "mobile");
        return;
    }
    person_index_mobile(self, mobile, index);
    if (codes_find(&self->codes, index, &code, hash)) {
        code_taken_back(&code);
        codes_keep(&self->codes, index, &code, hash);
    }
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

int code_judge(struct identity *self, const char *mobile, const char *text, void *call)
{
    unsigned char index[PII_INDEX_LEN], hash[PII_INDEX_LEN] = {0}, given[PII_INDEX_LEN];
    struct login_code code = {0};
    bool known;
    int reason;

    person_index_mobile(self, mobile, index);
    person_index_code(self, mobile, text, given);
    known = codes_find(&self->codes, index, &code, hash);
    reason = code_answer(&code, rpc_now(call), known && mbedtls_ct_memcmp(hash, given, sizeof(hash)) == 0);
    if (reason == 0 || reason == IDENTITY__REASON__CODE_WRONG)
        codes_keep(&self->codes, index, &code, hash);
    return reason;
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
    reason = code_judge(self, mobile, req->code, call);
    if (reason) {
        rpc_keep(call);
        rpc_refuse_field(call, reason, "code");
        return;
    }
    member_obtain(self, mobile, call, &member);
    session_open(self, &member, IDENTITY__SIGN_IN__SIGN_IN_BY_CODE, req->device, reply, call);
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
