#include "common/base/hex.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/rights/pledges.h"

static struct identity *self_of(Identity__Pledges_Service *service)
{
    return container_of(service, struct identity, pledges_service);
}

Identity__Pledge *pledge_message(const struct pledge *pledge, void *call)
{
    bool over = pledge->state == IDENTITY__PLEDGE_STATE__PLEDGE_STANDING && pledge->until <= rpc_now(call);
    Identity__Pledge *message = arena_message(rpc_arena(call), &identity__pledge__descriptor);

    if (!message)
        return NULL;
    message->pledge_id = pledge->id;
    message->state = over ? IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED : (Identity__PledgeState)pledge->state;
    message->version = pledge->version;
    message->made_at = pledge->made_at;
    message->until = pledge->until;
    message->ended_at = over ? pledge->until : pledge->ended_at;
    message->text_sha256 = hex_text(pledge->hash, TEXT_HASH_LEN, rpc_arena(call));
    return message;
}

static void reply_pledge(const struct pledge *pledge, Identity__Pledge_Closure reply, void *call)
{
    reply(pledge_message(pledge, call), call);
}

/* 0, or the Reason with its field. */
static int pledge_refusal(struct identity *self, const Identity__MakePledgeRequest *req, const struct member *member,
                          void *call, struct policy *ret_policy, const char **ret_field)
{
    char name[CN_NAME_SIZE];
    struct person person;

    *ret_field = "name";
    if (member->level < (int)RPC__LEVEL__REAL_NAME)
        return IDENTITY__REASON__PLEDGE_NEEDS_REAL_NAME;
    if (!cn_name(req->name, name) || !person_open_member(self, member, &person) || !cn_name_same(person.name, name))
        return IDENTITY__REASON__PLEDGE_NAME_MISMATCH;
    *ret_field = "version";
    if (!consents_find_in_force(&self->consents, IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE, rpc_now(call), ret_policy))
        return IDENTITY__REASON__POLICY_NOT_FOUND;
    return ret_policy->version == req->version ? 0 : IDENTITY__REASON__CONSENT_OTHER_VERSION;
}

/* rpc MakePledge: her word from now on; the one before it is renewed by it. */
static void pledges__make_pledge(Identity__Pledges_Service *service, const Identity__MakePledgeRequest *req,
                                 Identity__Pledge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const char *field = NULL;
    struct pledge old, pledge;
    struct policy policy;
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (rpc_refuse_if(call, reason))
        return;
    reason = pledge_refusal(self, req, &member, call, &policy, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (pledges_find(&self->pledges, member.id, &old)) {
        old.state = IDENTITY__PLEDGE_STATE__PLEDGE_RENEWED;
        old.ended_at = rpc_now(call);
        pledges_end(&self->pledges, &old);
    }
    pledge = (struct pledge){
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member.id,
        .made_at = rpc_now(call),
        .until = rpc_now(call) + self->pledge_life_ms,
        .state = IDENTITY__PLEDGE_STATE__PLEDGE_STANDING,
        .version = policy.version,
    };
    memcpy(pledge.hash, policy.hash, sizeof(pledge.hash));
    pledges_add(&self->pledges, &pledge);
    pledge_journal(&pledge, call);
    rpc_created(call);
    reply_pledge(&pledge, reply, call);
}

/* rpc ListMyPledges: the caller's, the latest first. */
static void pledges__list_my_pledges(Identity__Pledges_Service *service, const Identity__MyPledgesRequest *req,
                                     Identity__PledgeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct pledge *pledges = arena_alloc(rpc_arena(call), page->limit * sizeof(*pledges));
    Identity__PledgeList list = IDENTITY__PLEDGE_LIST__INIT;
    size_t n = pledges_find_all(&self->pledges, rpc_principal(call)->member_id, page->before, pledges, page->limit,
                                page->states);

    (void)req;
    for (size_t i = 0; i < n && rpc_page_takes(call, pledges[i].id); i++)
        rpc_add(call, &list, pledges, pledge_message(&pledges[i], call));
    reply(&list, call);
}

/* rpc RevokePledge: she takes her word back. */
static void pledges__revoke_pledge(Identity__Pledges_Service *service, const Identity__RevokePledgeRequest *req,
                                   Identity__Pledge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct pledge pledge;
    struct member member;
    int reason = caller_refusal(self, call, &member);

    (void)req;
    if (!reason && (!pledges_find(&self->pledges, member.id, &pledge) || pledge.until <= rpc_now(call)))
        reason = IDENTITY__REASON__PLEDGE_NOT_FOUND;
    if (rpc_refuse_if(call, reason))
        return;
    pledge_revoke(self, member.id, call);
    pledge.state = IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED;
    pledge.ended_at = rpc_now(call);
    reply_pledge(&pledge, reply, call);
}

const Identity__Pledges_Service pledges_api = IDENTITY__PLEDGES__INIT(pledges__);
