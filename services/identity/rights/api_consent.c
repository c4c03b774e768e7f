
#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "services/identity/unions/decision.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/rights/consents.h"
#include "services/identity/people/members.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Consents_Service *service)
{
    return container_of(service, struct identity, consents_service);
}

int caller_refusal(struct identity *self, void *call, struct member *ret_member)
{
    if (!members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (ret_member->sealed_mobile.len == 0)
        return IDENTITY__REASON__ACCOUNT_CLOSED;
    return session_is_live(self, call) ? 0 : RPC__REASON__TOKEN_REVOKED;
}

/* ---- policies ---- */

/* Of the row that was read last; the long text only when it is asked for. */
static Identity__Policy *policy_message(struct identity *self, const struct policy *policy, bool whole, void *call)
{
    Identity__Policy *message = arena_message(rpc_arena(call), &identity__policy__descriptor);

    if (!message)
        return NULL;
    message->policy_id = policy->id;
    message->purpose = (Identity__Purpose)policy->purpose;
    message->version = policy->version;
    message->in_force_at = policy->in_force_at;
    message->published_at = policy->published_at;
    message->title = rpc_text(call, consents_text(&self->consents, POLICY_TITLE));
    message->controller = rpc_text(call, consents_text(&self->consents, POLICY_CONTROLLER));
    message->contact = rpc_text(call, consents_text(&self->consents, POLICY_CONTACT));
    message->kinds = rpc_text(call, consents_text(&self->consents, POLICY_KINDS));
    message->retention = rpc_text(call, consents_text(&self->consents, POLICY_RETENTION));
    message->text = rpc_text(call, whole ? consents_text(&self->consents, POLICY_TEXT) : "");
    message->text_sha256 = hex_text(policy->hash, TEXT_HASH_LEN, rpc_arena(call));
    return message;
}

static void reply_policy(struct identity *self, int64_t policy_id, Identity__Policy_Closure reply, void *call)
{
    Identity__Policy *message = NULL;
    struct policy policy;
    bool found;

    consents_ask_policies(&self->consents, policy_id, 0, 1);
    found = policy_id > 0 && consents_next_policy(&self->consents, &policy);
    if (found)
        message = policy_message(self, &policy, true, call);
    consents_end_policies(&self->consents);
    if (!found)
        rpc_refuse(call, IDENTITY__REASON__POLICY_NOT_FOUND);
    else
        reply(message, call);
}

static void journal_published(const struct policy *policy, void *call)
{
    Identity__PolicyPublished published = IDENTITY__POLICY_PUBLISHED__INIT;

    published.policy_id = policy->id;
    published.purpose = (Identity__Purpose)policy->purpose;
    published.version = policy->version;
    published.text_sha256 = (ProtobufCBinaryData){sizeof(policy->hash), unconst(policy->hash)};
    published.in_force_at = policy->in_force_at;
    rpc_tell(call, &published.base);
}

/* 0, or the Reason with its field. */
static int make_policy(struct identity *self, const Identity__PublishPolicyRequest *req, void *call, struct policy *ret,
                       const char **ret_field)
{
    struct policy last = {0};

    *ret_field = "purpose";
    if (!purpose_is_asked((int)req->purpose) && req->purpose != IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE)
        return IDENTITY__REASON__PURPOSE_INVALID;
    *ret_field = "text";
    if (!req->text[0] || !req->title[0] || !req->controller[0] || !req->contact[0] || !req->retention[0])
        return RPC__REASON__MISSING_FIELD;
    consents_find_last(&self->consents, (int)req->purpose, &last);
    *ret = (struct policy){
        .id = id_next(&self->ids, rpc_now(call)),
        .purpose = (int)req->purpose,
        .version = last.version + 1,
        .in_force_at = req->in_force_at ? req->in_force_at : rpc_now(call),
        .published_at = rpc_now(call),
    };
    *ret_field = "inForceAt";
    if (ret->in_force_at < rpc_now(call) || ret->in_force_at < last.in_force_at)
        return IDENTITY__REASON__POLICY_TOO_EARLY;
    sha256_of(req->text, strlen(req->text), ret->hash);
    return 0;
}

/* rpc PublishPolicy: the next version of the text for a purpose. */
static void consents__publish_policy(Identity__Consents_Service *service, const Identity__PublishPolicyRequest *req,
                                     Identity__Policy_Closure reply, void *call)
{
    static const int roles[] = {RULE__ROLE__SYSTEM_ADMIN, RULE__ROLE__ROLE_NONE};
    struct identity *self = self_of(service);
    const char *field = "unionId";
    struct union_node node;
    struct policy policy;
    int reason = official_refusal(self, req->union_id, roles, call);

    if (!reason && unions_find(&self->unions, req->union_id, &node) && node.parent_id)
        reason = IDENTITY__REASON__POLICY_NOT_ROOT;
    if (!reason)
        reason = make_policy(self, req, call, &policy, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    consents_publish(&self->consents, &policy, req, rpc_principal(call)->member_id);
    journal_published(&policy, call);
    rpc_created(call);
    reply_policy(self, policy.id, reply, call);
}

/* rpc ListPolicies: all versions, without their texts. */
static void consents__list_policies(Identity__Consents_Service *service, const Identity__ListPoliciesRequest *req,
                                    Identity__PolicyList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__PolicyList list = IDENTITY__POLICY_LIST__INIT;
    struct policy policy;

    (void)req;
    consents_ask_policies(&self->consents, 0, rpc_page(call)->after, rpc_page(call)->limit);
    while (consents_next_policy(&self->consents, &policy) && rpc_page_takes(call, policy_key(&policy)))
        rpc_add(call, &list, policies, policy_message(self, &policy, false, call));
    consents_end_policies(&self->consents);
    reply(&list, call);
}

/* rpc GetPolicy: one, whole. */
static void consents__get_policy(Identity__Consents_Service *service, const Identity__PolicyRequest *req,
                                 Identity__Policy_Closure reply, void *call)
{
    reply_policy(self_of(service), req->policy_id, reply, call);
}

/* ---- consents ---- */

Identity__Consent *consent_message(const struct consent *consent, void *call)
{
    Identity__Consent *message = arena_message(rpc_arena(call), &identity__consent__descriptor);

    if (!message)
        return NULL;
    message->consent_id = consent->id;
    message->purpose = (Identity__Purpose)consent->purpose;
    message->version = consent->version;
    message->channel = (Identity__Channel)consent->channel;
    message->given_at = consent->given_at;
    message->withdrawn_at = consent->withdrawn_at;
    message->text_sha256 = hex_text(consent->hash, TEXT_HASH_LEN, rpc_arena(call));
    return message;
}

/* What is asked of a member for one purpose; NULL when nothing is. */
static Identity__ConsentAsked *asked_message(struct identity *self, int64_t member_id, int purpose, void *call)
{
    Identity__ConsentAsked *message = arena_message(rpc_arena(call), &identity__consent_asked__descriptor);
    struct consent consent;
    struct policy policy;

    if (!message || !consents_find_in_force(&self->consents, purpose, rpc_now(call), &policy))
        return NULL;
    message->purpose = (Identity__Purpose)purpose;
    message->necessary = purpose == IDENTITY__PURPOSE__PURPOSE_ACCOUNT;
    message->policy_id = policy.id;
    message->version = policy.version;
    message->text_sha256 = hex_text(policy.hash, TEXT_HASH_LEN, rpc_arena(call));
    if (consents_find(&self->consents, member_id, purpose, &consent))
        message->state = consent.version == policy.version ? IDENTITY__CONSENT_STATE__CONSENT_GIVEN
                                                           : IDENTITY__CONSENT_STATE__CONSENT_OUTDATED;
    return message;
}

/* What is asked of her, and a page of what she has answered; page NULL: her latest answers. */
static void reply_consents(struct identity *self, int64_t member_id, const struct rpc_page *page,
                           Identity__ConsentList_Closure reply, void *call)
{
    size_t limit = page ? page->limit : CONSENTS_SHOWN, n;
    struct consent *consents = arena_alloc(rpc_arena(call), limit * sizeof(*consents));
    Identity__ConsentList list = IDENTITY__CONSENT_LIST__INIT;

    for (int purpose = 1; purpose <= (int)IDENTITY__PURPOSE__PURPOSE_HARDSHIP; purpose++) {
        const Identity__ConsentAsked *asked =
            purpose_is_asked(purpose) ? asked_message(self, member_id, purpose, call) : NULL;

        if (!page || !asked || rpc_page_wants(call, (int)asked->state))
            rpc_add(call, &list, asked, unconst(asked));
    }
    n = consents_find_all(&self->consents, member_id, page ? page->before : INT64_MAX, consents, limit);
    for (size_t i = 0; i < n && (!page || rpc_page_takes(call, consents[i].id)); i++)
        rpc_add(call, &list, records, consent_message(&consents[i], call));
    reply(&list, call);
}

/* rpc ListMyConsents: what is asked of the caller, and all that she has answered. */
static void consents__list_my_consents(Identity__Consents_Service *service, const Identity__MyConsentsRequest *req,
                                       Identity__ConsentList_Closure reply, void *call)
{
    (void)req;
    reply_consents(self_of(service), rpc_principal(call)->member_id, rpc_page(call), reply, call);
}

/* 0, or why there is nothing to agree to. */
static int consent_refusal(struct identity *self, const Identity__GiveConsentRequest *req, void *call,
                           struct policy *ret_policy)
{
    if (!purpose_is_asked((int)req->purpose))
        return IDENTITY__REASON__PURPOSE_INVALID;
    if (!consents_find_in_force(&self->consents, (int)req->purpose, rpc_now(call), ret_policy))
        return IDENTITY__REASON__CONSENT_NOT_ASKED;
    return ret_policy->version == req->version ? 0 : IDENTITY__REASON__CONSENT_OTHER_VERSION;
}

/* rpc GiveConsent: to the version in force, which she says she has read; given twice it is one. */
static void consents__give_consent(Identity__Consents_Service *service, const Identity__GiveConsentRequest *req,
                                   Identity__Consent_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__Consent *message;
    struct consent consent;
    struct member member;
    struct policy policy;
    int reason = caller_refusal(self, call, &member);

    if (!reason)
        reason = consent_refusal(self, req, call, &policy);
    if (rpc_refuse_if(call, reason))
        return;
    if (!consents_find(&self->consents, member.id, policy.purpose, &consent) || consent.version != policy.version) {
        consent = (struct consent){
            .id = id_next(&self->ids, rpc_now(call)),
            .member_id = member.id,
            .given_at = rpc_now(call),
            .purpose = policy.purpose,
            .version = policy.version,
            .channel = (int)req->channel,
        };
        memcpy(consent.hash, policy.hash, sizeof(consent.hash));
        consents_give(&self->consents, &consent);
        consent_journal(&consent, false, call);
        rpc_created(call);
    }
    message = consent_message(&consent, call);
    reply(message, call);
}

/* rpc WithdrawConsent: as easily as it was given (article 15). */
static void consents__withdraw_consent(Identity__Consents_Service *service, const Identity__WithdrawConsentRequest *req,
                                       Identity__ConsentList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct consent consent;
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (!reason && !purpose_is_asked((int)req->purpose))
        reason = IDENTITY__REASON__PURPOSE_INVALID;
    if (!reason && req->purpose == IDENTITY__PURPOSE__PURPOSE_ACCOUNT)
        reason = IDENTITY__REASON__CONSENT_NECESSARY;
    if (!reason && !consents_find(&self->consents, member.id, (int)req->purpose, &consent))
        reason = IDENTITY__REASON__CONSENT_NOT_GIVEN;
    if (rpc_refuse_if(call, reason))
        return;
    consents_withdraw(&self->consents, member.id, consent.purpose, rpc_now(call));
    consent_journal(&consent, true, call);
    reply_consents(self, member.id, NULL, reply, call);
}

const Identity__Consents_Service consents_api = IDENTITY__CONSENTS__INIT(consents__);
