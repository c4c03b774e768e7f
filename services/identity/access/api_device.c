#include "services/identity/access/devices.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/wechats.h"
#include "services/identity/access/sessions.h"

static struct identity *self_of(Identity__Devices_Service *service)
{
    return container_of(service, struct identity, devices_service);
}

/* rpc ListSessions: the caller's live sessions, this one among them. */
static void devices__list_sessions(Identity__Devices_Service *service, const Identity__ListSessionsRequest *req,
                                   Identity__LiveSessionList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const Rpc__Principal *principal = rpc_principal(call);
    Identity__LiveSessionList list = IDENTITY__LIVE_SESSION_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    struct session *sessions = arena_alloc(rpc_arena(call), page->limit * sizeof(*sessions));
    struct member member;
    size_t n;

    (void)req;
    if (!session_is_live(self, call) || !members_find(&self->members, principal->member_id, &member)) {
        rpc_refuse(call, RPC__REASON__TOKEN_REVOKED);
        return;
    }
    n = sessions_find_live(&self->sessions, principal->member_id, rpc_now(call), page->before, sessions, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, sessions[i].id); i++) {
        Identity__LiveSession *message = arena_message(rpc_arena(call), &identity__live_session__descriptor);

        if (!message)
            break;
        message->session_id = sessions[i].id;
        message->sign_in = (Identity__SignIn)sessions[i].sign_in;
        message->device = session_device(self, &member, &sessions[i], call);
        message->opened_at = sessions[i].opened_at;
        message->refreshed_at = sessions[i].refreshed_at;
        message->expires_at = sessions[i].expires_at;
        message->own = sessions[i].id == principal->session_id;
        rpc_add(call, &list, sessions, message);
    }
    reply(&list, call);
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
