#include "services/identity/access/credentials.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/members.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/sessions.h"

#define ISSUER "Huigong"

static struct identity *self_of(Identity__Officials_Service *service)
{
    return container_of(service, struct identity, officials_service);
}

/* Whether the caller may enrol, and who she is: she holds an office, and has just shown by a
 * code that the number is hers. A session of old is not enough: whoever takes the gateway
 * knows those of all who use it. */
static int enrol_refusal(struct identity *self, void *call, struct member *ret_member)
{
    struct authority grant;
    struct session session;

    if (!session_find(self, call, &session) || !members_find(&self->members, session.member_id, ret_member))
        return RPC__REASON__TOKEN_REVOKED;
    if (session.sign_in != IDENTITY__SIGN_IN__SIGN_IN_BY_CODE || rpc_now(call) >= session.opened_at + ENROL_FRESH_MS)
        return IDENTITY__REASON__ENROL_BY_CODE;
    return grants_find_all(&self->grants, ret_member->id, &grant, 1) ? 0 : RPC__REASON__NOT_OFFICIAL;
}

/* rpc Enrol: the caller's password, and a secret that is told this once. It may be
 * repeated until it is confirmed. */
static void officials__enrol(Identity__Officials_Service *service, const Identity__EnrolRequest *req,
                             Identity__Enrolment_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__Enrolment message = IDENTITY__ENROLMENT__INIT;
    char secret[TOTP_SECRET_CHARS + 1], mobile[CN_MOBILE_LEN + 1];
    struct credential credential = {0};
    struct person person;
    struct member member;
    int reason = enrol_refusal(self, call, &member);

    if (!reason && credential_find(self, member.id, &credential) && credential.confirmed)
        reason = IDENTITY__REASON__ALREADY_ENROLLED;
    if (rpc_refuse_if(call, reason))
        return;
    person_open_member(self, &member, &person);
    credential.member_id = member.id;
    reason = credential_set_password(&credential, req->password, true, &person, call);
    if (reason == PASSWORD_WAITS)
        return;
    if (rpc_refuse_field_if(call, reason, "password"))
        return;
    rpc_random(call, credential.secrets.totp, sizeof(credential.secrets.totp));
    credential_keep(self, &credential, call);
    totp_secret_text(credential.secrets.totp, secret);
    cn_mask_mobile(person.mobile, mobile);
    message.secret = secret;
    message.uri =
        arena_printf(rpc_arena(call), "otpauth://totp/" ISSUER ":%s?secret=%s&issuer=" ISSUER, mobile, secret);
    if (message.uri)
        reply(&message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc ConfirmEnrolment: by the first one-time password; opens an official's session. */
static void officials__confirm_enrolment(Identity__Officials_Service *service,
                                         const Identity__ConfirmEnrolmentRequest *req, Identity__Session_Closure reply,
                                         void *call)
{
    struct identity *self = self_of(service);
    struct credential credential;
    struct member member;
    int reason = enrol_refusal(self, call, &member);

    if (!reason && (!credential_find(self, member.id, &credential) || !*credential.secrets.passwords[0]))
        reason = IDENTITY__REASON__NOT_ENROLLED;
    if (!reason && credential.confirmed)
        reason = IDENTITY__REASON__ALREADY_ENROLLED;
    if (rpc_refuse_if(call, reason))
        return;
    credential.last_step = totp_match(credential.secrets.totp, req->totp, rpc_now(call), 0);
    if (!credential.last_step) {
        rpc_refuse_field(call, IDENTITY__REASON__TOTP_WRONG, "totp");
        return;
    }
    credential.confirmed = true;
    credential_keep(self, &credential, call);
    credential_journal(member.id, IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_ENROLLED, call);
    session_open(self, &member, IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD, 0, req->device, reply, call);
}

/* Judges both factors, the cheap one first: SIGN_IN_WRONG, what password_hash returns, or 0. The
 * one-time password is used up in the store as soon as the password was asked. */
static int judge(struct identity *self, const unsigned char index[PII_INDEX_LEN],
                 const Identity__OfficialSignInRequest *req, void *call, struct member *ret_member,
                 struct credential *ret_credential)
{
    char hash[PASSWORD_HASH_SIZE];
    int64_t step;
    int reason;

    if (!members_find_mobile(&self->members, index, ret_member) ||
        !credential_find(self, ret_member->id, ret_credential) || !ret_credential->confirmed)
        return IDENTITY__REASON__SIGN_IN_WRONG;
    step = totp_match(ret_credential->secrets.totp, req->totp, rpc_now(call), ret_credential->last_step);
    if (!step)
        return IDENTITY__REASON__SIGN_IN_WRONG;
    reason = password_hash(req->password, ret_credential->secrets.passwords[0], call, hash);
    if (reason)
        return reason;
    ret_credential->last_step = step;
    credential_keep(self, ret_credential, call);
    return password_same(hash, ret_credential->secrets.passwords[0]) ? 0 : IDENTITY__REASON__SIGN_IN_WRONG;
}

static void fail(struct identity *self, const unsigned char index[PII_INDEX_LEN], struct sign_in_tries *tries,
                 const struct credential *credential, void *call)
{
    if (sign_in_failed(tries, rpc_now(call)) && credential->confirmed)
        credential_journal(credential->member_id, IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_LOCKED, call);
    credentials_keep_tries(&self->credentials, index, tries);
    rpc_keep(call);
    rpc_refuse(call, IDENTITY__REASON__SIGN_IN_WRONG);
}

/* Sets the new password if one is given, which must be when the old one is past its
 * days: 0, or the Reason with its field. */
static int renew(struct identity *self, const struct member *member, struct credential *credential,
                 const char *new_password, void *call)
{
    struct person person;
    int reason;

    if (!*new_password)
        return rpc_now(call) - credential->set_at < PASSWORD_LIFE_MS ? 0 : IDENTITY__REASON__PASSWORD_EXPIRED;
    person_open_member(self, member, &person);
    reason = credential_set_password(credential, new_password, false, &person, call);
    if (reason)
        return reason;
    credential_keep(self, credential, call);
    credential_journal(member->id, IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_PASSWORD, call);
    session_revoke_all(self, member->id, call);
    return 0;
}

/* rpc SignIn: by password and one-time password; says the same whether the number is
 * an official's or nobody's. A refusal of the new password uses nothing up. */
static void officials__sign_in(Identity__Officials_Service *service, const Identity__OfficialSignInRequest *req,
                               Identity__Session_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    unsigned char index[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1];
    struct credential credential = {0};
    struct sign_in_tries tries;
    struct member member;
    int32_t wait = 0;
    int reason;

    if (!cn_mobile(req->mobile, mobile)) {
        rpc_refuse_field(call, IDENTITY__REASON__MOBILE_INVALID, "mobile");
        return;
    }
    person_index_mobile(self, mobile, index);
    credentials_find_tries(&self->credentials, index, &tries);
    reason = sign_in_refusal(&tries, rpc_now(call), &wait);
    if (reason) {
        rpc_retry_after(call, wait);
        rpc_refuse(call, reason);
        return;
    }
    reason = judge(self, index, req, call, &member, &credential);
    if (reason == IDENTITY__REASON__SIGN_IN_WRONG) {
        fail(self, index, &tries, &credential, call);
        return;
    }
    if (!reason)
        reason = renew(self, &member, &credential, req->new_password, call);
    if (reason == PASSWORD_WAITS)
        return;
    if (rpc_refuse_field_if(call, reason, "newPassword"))
        return;
    if (tries.failed)
        credentials_drop_tries(&self->credentials, index);
    session_open(self, &member, IDENTITY__SIGN_IN__SIGN_IN_BY_PASSWORD, 0, req->device, reply, call);
}

const Identity__Officials_Service officials_api = IDENTITY__OFFICIALS__INIT(officials__);
