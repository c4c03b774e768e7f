#include "services/identity/access/devices.h"
#include "services/identity/access/grants.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/wechats.h"
#include "services/identity/access/sessions.h"
#include "services/identity/membership/api_membership.h"

static struct identity *self_of(Identity__Devices_Service *service)
{
    return container_of(service, struct identity, devices_service);
}

static void reply_sessions(struct identity *self, const struct member *member, Identity__LiveSessionList_Closure reply,
                           void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    Identity__LiveSessionList list = IDENTITY__LIVE_SESSION_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    struct session *sessions = arena_alloc(rpc_arena(call), page->limit * sizeof(*sessions));
    size_t n = sessions
                   ? sessions_find_live(&self->sessions, member->id, rpc_now(call), page->before, sessions, page->limit)
                   : 0;

    for (size_t i = 0; i < n && rpc_page_takes(call, sessions[i].id); i++) {
        Identity__LiveSession *message = arena_message(rpc_arena(call), &identity__live_session__descriptor);

        if (!message)
            break;
        message->session_id = sessions[i].id;
        message->sign_in = (Identity__SignIn)sessions[i].sign_in;
        message->device = session_device(self, member, &sessions[i], call);
        message->opened_at = sessions[i].opened_at;
        message->refreshed_at = sessions[i].refreshed_at;
        message->expires_at = sessions[i].expires_at;
        message->own = sessions[i].id == principal->session_id;
        message->member_id = member->id == principal->member_id ? 0 : member->id;
        rpc_add(call, &list, sessions, message);
    }
    reply(&list, call);
}

/* rpc ListSessions: the caller's live sessions, this one among them. */
static void devices__list_sessions(Identity__Devices_Service *service, const Identity__ListSessionsRequest *req,
                                   Identity__LiveSessionList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member member;

    (void)req;
    if (!session_is_live(self, call) || !members_find(&self->members, rpc_principal(call)->member_id, &member))
        rpc_refuse(call, RPC__REASON__TOKEN_REVOKED);
    else
        reply_sessions(self, &member, reply, call);
}

/* rpc EndSession: one of the caller's own, wherever it is. */
static void devices__end_session(Identity__Devices_Service *service, const Identity__EndSessionRequest *req,
                                 Identity__EndSessionReply_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__EndSessionReply message = IDENTITY__END_SESSION_REPLY__INIT;
    struct session session;

    if (!session_is_live(self, call)) {
        rpc_refuse(call, RPC__REASON__TOKEN_REVOKED);
    } else if (!sessions_find(&self->sessions, req->session_id, &session) ||
               session.member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__SESSION_NOT_FOUND);
    } else {
        session_revoke(self, session.member_id, session.id, call);
        reply(&message, call);
    }
}

/* Whether the caller watches over somebody: over all her offices, or, of who has none, over her union. */
static int watch_refusal(struct identity *self, int64_t member_id, void *call, struct member *ret_member)
{
    static const int guards[] = {RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__ROLE_NONE};
    struct authority grants[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, member_id, grants, ARRAY_LEN(grants));

    for (size_t i = 0; i < n; i++) {
        if (!caller_holds(call, guards, grants[i].union_path))
            return RPC__REASON__OUTSIDE_YOUR_UNION;
    }
    if (n > 0 && members_find(&self->members, member_id, ret_member))
        return 0;
    return member_refusal(self, member_id, guards, call, ret_member);
}

/* rpc ListMemberSessions: of somebody whom the caller watches over. */
static void devices__list_member_sessions(Identity__Devices_Service *service,
                                          const Identity__ListMemberSessionsRequest *req,
                                          Identity__LiveSessionList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member member;

    if (!rpc_refuse_if(call, watch_refusal(self, req->member_id, call, &member)))
        reply_sessions(self, &member, reply, call);
}

/* rpc EndMemberSessions: all of them. */
static void devices__end_member_sessions(Identity__Devices_Service *service,
                                         const Identity__EndMemberSessionsRequest *req,
                                         Identity__EndMemberSessionsReply_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__EndMemberSessionsReply message = IDENTITY__END_MEMBER_SESSIONS_REPLY__INIT;
    struct member member;

    if (rpc_refuse_if(call, watch_refusal(self, req->member_id, call, &member)))
        return;
    session_revoke_all(self, member.id, call);
    reply(&message, call);
}

/* rpc LogoutEverywhere: all of the caller's sessions, this one too; no WeChat lets her in and no device is known any
 * more. */
static void devices__logout_everywhere(Identity__Devices_Service *service, const Identity__LogoutEverywhereRequest *req,
                                       Identity__LogoutEverywhereReply_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__LogoutEverywhereReply message = IDENTITY__LOGOUT_EVERYWHERE_REPLY__INIT;

    (void)req;
    if (session_is_live(self, call)) {
        wechat_unbind_all(self, rpc_principal(call)->member_id, call);
        devices_forget(&self->devices, rpc_principal(call)->member_id, -1);
        session_revoke_all(self, rpc_principal(call)->member_id, call);
    }
    reply(&message, call);
}

const Identity__Devices_Service devices_api = IDENTITY__DEVICES__INIT(devices__);
