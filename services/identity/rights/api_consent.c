#include <mbedtls/sha256.h>

#include "services/identity/unions/decision.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/rights/consents.h"
#include "services/identity/people/members.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

#define POLICIES_SHOWN 100

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

/* Copies in the call's memory; NULL when it is full. */
static char *copy(const char *text, void *call)
{
    return arena_strndup(rpc_arena(call), text, strlen(text));
}

static char *copy_hash(const unsigned char hash[TEXT_HASH_LEN], void *call)
{
    char digits[TEXT_HASH_DIGITS];

    text_hash_digits(hash, digits);
    return copy(digits, call);
}

/* ---- policies ---- */

/* Of the row that was read last; the long text only when it is asked for. */
static Identity__Policy *policy_message(struct identity *self, const struct policy *policy, bool whole, void *call)
{
    Identity__Policy *message = arena_alloc(rpc_arena(call), sizeof(*message));

    if (!message)
        return NULL;
    identity__policy__init(message);
    message->policy_id = policy->id;
    message->purpose = (Identity__Purpose)policy->purpose;
    message->version = policy->version;
    message->in_force_at = policy->in_force_at;
    message->published_at = policy->published_at;
    message->title = copy(consents_text(&self->consents, POLICY_TITLE), call);
    message->controller = copy(consents_text(&self->consents, POLICY_CONTROLLER), call);
    message->contact = copy(consents_text(&self->consents, POLICY_CONTACT), call);
    message->kinds = copy(consents_text(&self->consents, POLICY_KINDS), call);
    message->retention = copy(consents_text(&self->consents, POLICY_RETENTION), call);
    message->text = copy(whole ? consents_text(&self->consents, POLICY_TEXT) : "", call);
    message->text_sha256 = copy_hash(policy->hash, call);
    return message->title && message->controller && message->contact && message->kinds && message->retention &&
                   message->text && message->text_sha256
               ? message
               : NULL;
}

static void reply_policy(struct identity *self, int64_t policy_id, Identity__Policy_Closure reply, void *call)
{
    Identity__Policy *message = NULL;
    struct policy policy;
    bool found;

    consents_ask_policies(&self->consents, policy_id, 1);
    found = policy_id > 0 && consents_next_policy(&self->consents, &policy);
    if (found)
        message = policy_message(self, &policy, true, call);
    consents_end_policies(&self->consents);
    if (!found)
        rpc_refuse(call, IDENTITY__REASON__POLICY_NOT_FOUND);
    else if (message)
        reply(message, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static void journal_published(const struct policy *policy, void *call)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__PolicyPublished published = IDENTITY__POLICY_PUBLISHED__INIT;

    published.policy_id = policy->id;
    published.purpose = (Identity__Purpose)policy->purpose;
    published.version = policy->version;
    published.text_sha256 = (ProtobufCBinaryData){sizeof(policy->hash), unconst(policy->hash)};
    published.in_force_at = policy->in_force_at;
    event.event_case = IDENTITY__EVENT__EVENT_POLICY_PUBLISHED;
    event.policy_published = &published;
    rpc_journal(call, &event.base);
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
    mbedtls_sha256_ret((const unsigned char *)req->text, strlen(req->text), ret->hash, 0);
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
    if (reason) {
        rpc_refuse_field(call, reason, field);
        return;
    }
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
    Identity__Policy *policies[POLICIES_SHOWN];
    struct policy policy;
    bool full = false;

    (void)req;
    list.policies = policies;
    consents_ask_policies(&self->consents, 0, POLICIES_SHOWN);
    while (!full && list.n_policies < POLICIES_SHOWN && consents_next_policy(&self->consents, &policy)) {
        policies[list.n_policies] = policy_message(self, &policy, false, call);
        full = !policies[list.n_policies++];
    }
    consents_end_policies(&self->consents);
    if (full)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else
        reply(&list, call);
}

/* rpc GetPolicy: one, whole. */
static void consents__get_policy(Identity__Consents_Service *service, const Identity__PolicyRequest *req,
                                 Identity__Policy_Closure reply, void *call)
{
    reply_policy(self_of(service), req->policy_id, reply, call);
}

/* ---- consents ---- */

void consent_fill(const struct consent *consent, char digits[TEXT_HASH_DIGITS], Identity__Consent *ret)
{
    identity__consent__init(ret);
    ret->consent_id = consent->id;
    ret->purpose = (Identity__Purpose)consent->purpose;
    ret->version = consent->version;
    ret->channel = (Identity__Channel)consent->channel;
    ret->given_at = consent->given_at;
    ret->withdrawn_at = consent->withdrawn_at;
    text_hash_digits(consent->hash, digits);
    ret->text_sha256 = digits;
}

/* What is asked of a member for one purpose; false when nothing is. */
static bool fill_asked(struct identity *self, int64_t member_id, int purpose, int64_t now,
                       char digits[TEXT_HASH_DIGITS], Identity__ConsentAsked *ret)
{
    struct consent consent;
    struct policy policy;

    if (!consents_find_in_force(&self->consents, purpose, now, &policy))
        return false;
    identity__consent_asked__init(ret);
    ret->purpose = (Identity__Purpose)purpose;
    ret->necessary = purpose == IDENTITY__PURPOSE__PURPOSE_ACCOUNT;
    ret->policy_id = policy.id;
    ret->version = policy.version;
    text_hash_digits(policy.hash, digits);
    ret->text_sha256 = digits;
    if (consents_find(&self->consents, member_id, purpose, &consent))
        ret->state = consent.version == policy.version ? IDENTITY__CONSENT_STATE__CONSENT_GIVEN
                                                       : IDENTITY__CONSENT_STATE__CONSENT_OUTDATED;
    return true;
}

static void reply_consents(struct identity *self, int64_t member_id, Identity__ConsentList_Closure reply, void *call)
{
    enum { ASKED_MAX = IDENTITY__PURPOSE__PURPOSE_MATCHMAKING + 1 };
    Identity__ConsentAsked asked[ASKED_MAX], *asked_list[ASKED_MAX];
    Identity__Consent records[CONSENTS_SHOWN], *record_list[CONSENTS_SHOWN];
    char digits[ASKED_MAX + CONSENTS_SHOWN][TEXT_HASH_DIGITS];
    Identity__ConsentList list = IDENTITY__CONSENT_LIST__INIT;
    struct consent consents[CONSENTS_SHOWN];

    list.asked = asked_list;
    for (int purpose = 1; purpose < (int)ASKED_MAX; purpose++) {
        if (fill_asked(self, member_id, purpose, rpc_now(call), digits[purpose], &asked[list.n_asked])) {
            asked_list[list.n_asked] = &asked[list.n_asked];
            list.n_asked++;
        }
    }
    list.records = record_list;
    list.n_records = consents_find_all(&self->consents, member_id, consents, CONSENTS_SHOWN);
    for (size_t i = 0; i < list.n_records; i++) {
        consent_fill(&consents[i], digits[ASKED_MAX + i], &records[i]);
        record_list[i] = &records[i];
    }
    reply(&list, call);
}

/* rpc ListMyConsents: what is asked of the caller, and all that she has answered. */
static void consents__list_my_consents(Identity__Consents_Service *service, const Identity__MyConsentsRequest *req,
                                       Identity__ConsentList_Closure reply, void *call)
{
    (void)req;
    reply_consents(self_of(service), rpc_principal(call)->member_id, reply, call);
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
    char digits[TEXT_HASH_DIGITS];
    Identity__Consent message;
    struct consent consent;
    struct member member;
    struct policy policy;
    int reason = caller_refusal(self, call, &member);

    if (!reason)
        reason = consent_refusal(self, req, call, &policy);
    if (reason) {
        rpc_refuse(call, reason);
        return;
    }
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
    consent_fill(&consent, digits, &message);
    reply(&message, call);
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
    if (reason) {
        rpc_refuse(call, reason);
        return;
    }
    consents_withdraw(&self->consents, member.id, consent.purpose, rpc_now(call));
    consent_journal(&consent, true, call);
    reply_consents(self, member.id, reply, call);
}

const Identity__Consents_Service consents_api = IDENTITY__CONSENTS__INIT(consents__);
