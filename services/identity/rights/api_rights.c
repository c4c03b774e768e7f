#include "services/identity/rights/api_rights.h"
#include "services/identity/api.h"
#include "services/identity/access/codes.h"
#include "services/identity/rights/closings.h"
#include "services/identity/access/grants.h"
#include "services/identity/rights/looks.h"
#include "services/identity/people/members.h"
#include "services/identity/people/person.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Rights_Service *service)
{
    return container_of(service, struct identity, rights_service);
}

/* ---- who has looked ---- */

Identity__Look *look_message(struct identity *self, const struct look *look, void *call)
{
    Identity__Look *message = arena_message(rpc_arena(call), &identity__look__descriptor);
    struct union_node node;

    if (!message)
        return NULL;
    message->at = look->at;
    message->by = look->by;
    message->look_case = (Identity__LookCase)look->look_case;
    message->mismatch = look->mismatch;
    message->method = rpc_text(call, look->method);
    if (look->office_id && unions_find(&self->unions, look->office_id, &node))
        message->office = union_message(&node, call);
    return message;
}

/* rpc ListMyLooks: who was shown the caller's data, by which operation, in which office. */
static void rights__list_my_looks(Identity__Rights_Service *service, const Identity__MyLooksRequest *req,
                                  Identity__LookList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__LookList list = IDENTITY__LOOK_LIST__INIT;
    struct look *looks = arena_alloc(rpc_arena(call), rpc_page(call)->size * sizeof(*looks));
    int64_t next;
    size_t n;
    int reason = looks_find(self, rpc_principal(call)->member_id, rpc_page(call)->before, looks, rpc_page(call)->size,
                            &n, &next, call);

    (void)req;
    if (reason) {
        rpc_refuse(call, reason);
        return;
    }
    for (size_t i = 0; i < n; i++)
        rpc_add(call, &list, looks, look_message(self, &looks[i], call));
    if (next)
        rpc_page_ends_at(call, "", next);
    reply(&list, call);
}

/* ---- the end ---- */

int own_code_refusal(struct identity *self, const struct member *member, int purpose, const char *code, void *call)
{
    struct person person;

    if (!person_open_member(self, member, &person))
        return RPC__REASON__STORE_FAILED;
    return code_judge(self, person.mobile, purpose, code, call);
}

static void reply_closing(const struct closing *closing, Identity__Closing_Closure reply, void *call)
{
    Identity__Closing message = IDENTITY__CLOSING__INIT;

    message.asked_at = closing->asked_at;
    message.due_at = closing->due_at;
    reply(&message, call);
}

/* rpc CloseAccount: from its due day on nobody is behind her number any more. */
static void rights__close_account(Identity__Rights_Service *service, const Identity__CloseAccountRequest *req,
                                  Identity__Closing_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct closing closing;
    struct authority held;
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (!reason && !req->confirmed)
        reason = RPC__REASON__MISSING_FIELD;
    if (!reason && grants_find_all(&self->grants, member.id, &held, 1))
        reason = IDENTITY__REASON__CLOSING_HOLDS_OFFICE;
    if (rpc_refuse_if(call, reason))
        return;
    reason = own_code_refusal(self, &member, IDENTITY__CODE_PURPOSE__CODE_CLOSE, req->code, call);
    if (reason) {
        rpc_keep(call);
        rpc_refuse_field(call, reason, "code");
        return;
    }
    if (!closings_find(&self->closings, member.id, &closing)) {
        closing = (struct closing){member.id, rpc_now(call), rpc_now(call) + self->closing_delay_ms};
        closing_set(self, &closing, call);
    }
    reply_closing(&closing, reply, call);
}

/* rpc GetMyClosing: whether the caller has asked for it. */
static void rights__get_my_closing(Identity__Rights_Service *service, const Identity__MyClosingRequest *req,
                                   Identity__Closing_Closure reply, void *call)
{
    struct closing closing = {0};

    (void)req;
    closings_find(&self_of(service)->closings, rpc_principal(call)->member_id, &closing);
    reply_closing(&closing, reply, call);
}

/* rpc KeepAccount: she takes it back. */
static void rights__keep_account(Identity__Rights_Service *service, const Identity__MyClosingRequest *req,
                                 Identity__Closing_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct closing closing;
    struct member member;
    int reason = caller_refusal(self, call, &member);

    (void)req;
    if (!reason && !closings_find(&self->closings, member.id, &closing))
        reason = IDENTITY__REASON__CLOSING_NOT_ASKED;
    if (rpc_refuse_if(call, reason))
        return;
    closing = (struct closing){.member_id = member.id};
    closing_set(self, &closing, call);
    reply_closing(&closing, reply, call);
}

const Identity__Rights_Service rights_api = IDENTITY__RIGHTS__INIT(rights__);
