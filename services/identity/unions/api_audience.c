#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/audience_counts.h"
#include "services/identity/unions/unions.h"

static const int managers[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};

static void reply_members(Identity__AudienceCount *message, int64_t members, Identity__AudienceCount_Closure reply,
                          void *call)
{
    message->state = IDENTITY__COUNT_STATE__COUNTED;
    message->few = members > 0 && members < LIMIT_PEOPLE_MIN;
    message->members = message->few ? 0 : members;
    reply(message, call);
}

static void reply_count(const struct audience_count *count, Identity__AudienceCount_Closure reply, void *call)
{
    Identity__AudienceCount message = IDENTITY__AUDIENCE_COUNT__INIT;

    message.count_id = count->id;
    message.state = IDENTITY__COUNT_STATE__COUNTING;
    message.looked = count->looked;
    if (count->done)
        reply_members(&message, count->fits, reply, call);
    else
        reply(&message, call);
}

/* A form of something that a union gives, of which the union is found here: false after refusing. */
static bool read_form(struct identity *self, const Identity__CountAudienceRequest *req, void *call,
                      Audience__Audience *ret_form, struct audience_rules *ret_rules)
{
    struct union_node giver = {.path = ""}, node = {.path = ""};

    audience__audience__init(ret_form);
    if (req->audience)
        *ret_form = *req->audience;
    if (!ret_form->union_id)
        ret_form->union_id = req->union_id;
    if (!unions_find(&self->unions, req->union_id, &giver)) {
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_FOUND, "unionId");
        return false;
    }
    if (!unions_find(&self->unions, ret_form->union_id, &node)) {
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_FOUND, "audience.unionId");
        return false;
    }
    ret_form->union_path = arena_strndup(rpc_arena(call), node.path, strlen(node.path));
    if (!ret_form->union_path)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    return ret_form->union_path && audience_read(ret_form, giver.path, "audience", call, ret_rules);
}

/* rpc CountAudience: at once by the tallies, or in the background. */
static void audiences__count_audience(Identity__Audiences_Service *service, const Identity__CountAudienceRequest *req,
                                      Identity__AudienceCount_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, audiences_service);
    Identity__AudienceCount message = IDENTITY__AUDIENCE_COUNT__INIT;
    int reason = official_refusal(self, req->union_id, managers, call);
    struct audience_rules rules;
    struct audience_count count;
    Audience__Audience form;
    int64_t members;

    if (rpc_refuse_if(call, reason) || !read_form(self, req, call, &form, &rules))
        return;
    if (audience_counts_tallied(self, form.union_id, &rules, &members)) {
        reply_members(&message, members, reply, call);
        return;
    }
    if (audience_counts_begin(self, form.union_id, &form, call, &count)) {
        reply_count(&count, reply, call);
    } else {
        rpc_retry_after(call, 60);
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    }
}

/* rpc GetAudienceCount: hers alone. */
static void audiences__get_audience_count(Identity__Audiences_Service *service,
                                          const Identity__AudienceCountRequest *req,
                                          Identity__AudienceCount_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, audiences_service);
    struct audience_count count;
    int reason = IDENTITY__REASON__COUNT_NOT_FOUND;

    if (audience_counts_find(self, req->count_id, call, &count) && count.member_id == rpc_principal(call)->member_id)
        reason = official_refusal(self, count.union_id, managers, call);
    if (!rpc_refuse_if(call, reason))
        reply_count(&count, reply, call);
}

const Identity__Audiences_Service audiences_api = IDENTITY__AUDIENCES__INIT(audiences__);
