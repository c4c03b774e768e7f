#include "services/identity/api.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/members.h"
#include "services/identity/unions/pages.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static const int readers[] = {RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__AUDIT_ADMIN, RULE__ROLE__ROLE_NONE};

static void journal_grant(const struct authority *grant, bool revoked, void *call)
{
    Identity__GrantChanged changed = IDENTITY__GRANT_CHANGED__INIT;

    changed.grant_id = grant->id;
    changed.member_id = grant->member_id;
    changed.role = (Rule__Role)grant->role;
    changed.union_id = grant->union_id;
    changed.revoked = revoked;
    rpc_tell(call, &changed.base);
}

static void reply_grant(struct identity *self, const struct authority *grant, Identity__GrantRecord_Closure reply,
                        void *call)
{
    reply(grant_message(self, grant, call), call);
}

int grant_read(struct identity *self, const char *mobile, int64_t union_id, char ret_mobile[CN_MOBILE_LEN + 1],
               struct union_node *ret_node, const char **ret_field)
{
    *ret_field = "mobile";
    if (!cn_mobile(mobile, ret_mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "unionId";
    return union_id > 0 && unions_find(&self->unions, union_id, ret_node) ? 0 : RPC__REASON__UNION_NOT_FOUND;
}

int grant_judge(struct identity *self, int role, const struct union_node *node, int64_t member_id, void *call,
                struct authority *ret_same)
{
    struct authority grants[LIMIT_GRANTS];
    struct held_grant held[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, member_id, grants, ARRAY_LEN(grants)), n_held = 0;

    *ret_same = (struct authority){0};
    for (size_t i = 0; i < n; i++) {
        if (grants[i].role == role && grants[i].union_id == node->id)
            *ret_same = grants[i];
        else
            held[n_held++] = (struct held_grant){grants[i].role, grants[i].union_path};
    }
    return grant_refusal(rpc_principal(call), role, node->path, member_id, held, n_held);
}

void grant_give(struct identity *self, int role, const struct union_node *node, int64_t member_id, void *call,
                struct authority *ret_grant)
{
    struct authority grant = {
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member_id,
        .union_id = node->id,
        .role = role,
        .granted_by = rpc_principal(call)->member_id,
        .granted_at = rpc_now(call),
    };

    grants_add(&self->grants, &grant);
    journal_grant(&grant, false, call);
    if (ret_grant)
        *ret_grant = grant;
}

void grant_take(struct identity *self, const struct authority *grant, void *call)
{
    grants_drop(&self->grants, grant->id);
    journal_grant(grant, true, call);
    session_revoke_all(self, grant->member_id, call);
}

/* rpc CreateGrant: gives a role over a union; what is held already is answered as it is.
 * An administrator's role is proposed instead, by whoever is not the command line. */
void identity__create_grant(Identity__Identity_Service *service, const Identity__CreateGrantRequest *req,
                            Identity__GrantRecord_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    struct authority same, grant;
    char mobile[CN_MOBILE_LEN + 1];
    const char *field = "";
    struct union_node node;
    struct member member;
    int reason = grant_read(self, req->mobile, req->union_id, mobile, &node, &field);

    if (rpc_refuse_field_if(call, reason, field))
        return;
    /* Undone with the rest when the grant is refused. */
    member_obtain(self, mobile, call, &member);
    reason = grant_judge(self, (int)req->role, &node, member.id, call, &same);
    if (!reason && role_is_administrator((int)req->role) && !rpc_principal(call)->internal)
        reason = IDENTITY__REASON__GRANT_NEEDS_CONFIRMING;
    if (rpc_refuse_if(call, reason))
        return;
    if (same.id) {
        reply_grant(self, &same, reply, call);
        return;
    }
    grant_give(self, (int)req->role, &node, member.id, call, &grant);
    rpc_created(call);
    reply_grant(self, &grant, reply, call);
}

/* rpc ListGrants: who may do what in a union and below it. */
void identity__list_grants(Identity__Identity_Service *service, const Identity__ListGrantsRequest *req,
                           Identity__GrantList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__GrantList list = IDENTITY__GRANT_LIST__INIT;
    struct authority *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    struct page page;
    size_t n;

    if (!page_begin(self, req->union_id, readers, call, &page))
        return;
    n = grants_find_page(&self->grants, &page, found);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, found[i].union_path, found[i].id); i++)
        rpc_add(call, &list, grants, grant_message(self, &found[i], call));
    page_end(&self->unions, &page, n, call);
    reply(&list, call);
}

/* rpc RevokeGrant: takes a role back, and the sessions whose tokens still carry it. */
void identity__revoke_grant(Identity__Identity_Service *service, const Identity__RevokeGrantRequest *req,
                            Identity__RevokeGrantReply_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__RevokeGrantReply message = IDENTITY__REVOKE_GRANT_REPLY__INIT;
    struct authority grant;
    int reason;

    if (!grants_find(&self->grants, req->grant_id, &grant)) {
        rpc_refuse(call, IDENTITY__REASON__GRANT_NOT_FOUND);
        return;
    }
    reason = revoke_refusal(rpc_principal(call), grant.union_path);
    if (rpc_refuse_if(call, reason))
        return;
    grant_take(self, &grant, call);
    reply(&message, call);
}
