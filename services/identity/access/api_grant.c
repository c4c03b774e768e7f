#include "services/identity/api.h"
#include "services/identity/access/grants.h"
#include "services/identity/membership/api_membership.h"
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
    changed.effective_at = grant->effective_at;
    rpc_tell(call, &changed.base);
}

bool grantee_is_known(struct identity *self, int64_t member_id, void *call)
{
    return member_is_known(self, member_id, readers, call) || member_is_known(self, member_id, union_readers, call);
}

static void reply_grant(struct identity *self, const struct authority *grant, Identity__GrantRecord_Closure reply,
                        void *call)
{
    Identity__GrantRecord *message = grant_message(self, grant, call);

    if (message && !grantee_is_known(self, grant->member_id, call))
        message->member_id = 0;
    reply(message, call);
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
            held[n_held++] =
                (struct held_grant){grants[i].role, grants[i].union_path, grant_is_new(&grants[i], rpc_now(call))};
    }
    return grant_refusal(rpc_principal(call), role, node->path, member_id, held, n_held);
}

int grantee_refusal(struct identity *self, int role, int64_t member_id)
{
    struct member member;

    if (!role_needs_two(role))
        return 0;
    return members_find(&self->members, member_id, &member) && member.level >= (int)RPC__LEVEL__REAL_NAME
               ? 0
               : IDENTITY__REASON__GRANTEE_NOT_NAMED;
}

void grant_give(struct identity *self, struct authority *grant, const struct union_node *node, void *call)
{
    grant->id = id_next(&self->ids, rpc_now(call));
    grant->union_id = node->id;
    snprintf(grant->union_path, sizeof(grant->union_path), "%s", node->path);
    grant->granted_by = rpc_principal(call)->member_id;
    grant->granted_at = rpc_now(call);
    grants_add(&self->grants, grant);
    journal_grant(grant, false, call);
}

void grant_take(struct identity *self, const struct authority *grant, void *call)
{
    grants_drop(&self->grants, grant->id);
    journal_grant(grant, true, call);
    session_revoke_all(self, grant->member_id, call);
}

/* What one alone may give: of what two people give, the command line what grants.h says. Sets
 * from when it can be used. */
static int alone_refusal(struct identity *self, struct authority *grant, void *call)
{
    if (!role_needs_two(grant->role))
        return 0;
    if (!rpc_principal(call)->internal)
        return IDENTITY__REASON__GRANT_NEEDS_CONFIRMING;
    if (!grants_had_guard(&self->grants))
        return 0;
    if (!role_is_root_guard(grant->role, grant->union_path) || grants_root_guards(&self->grants) >= 2)
        return IDENTITY__REASON__GRANT_NEEDS_CONFIRMING;
    grant->effective_at = rpc_now(call) + GRANT_WAIT_MS;
    return grantee_refusal(self, grant->role, grant->member_id);
}

/* rpc CreateGrant: gives a role over a union; what is held already is answered as it is.
 * What two people give is proposed instead, by whoever is not the command line. */
void identity__create_grant(Identity__Identity_Service *service, const Identity__CreateGrantRequest *req,
                            Identity__GrantRecord_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    struct authority same, grant = {.role = (int)req->role};
    char mobile[CN_MOBILE_LEN + 1];
    const char *field = "";
    struct union_node node;
    struct member member;
    int reason = grant_read(self, req->mobile, req->union_id, mobile, &node, &field);

    if (rpc_refuse_field_if(call, reason, field))
        return;
    /* Undone with the rest when the grant is refused. */
    member_obtain(self, mobile, call, &member);
    grant.member_id = member.id;
    snprintf(grant.union_path, sizeof(grant.union_path), "%s", node.path);
    reason = grant_judge(self, grant.role, &node, member.id, call, &same);
    if (!reason && !same.id)
        reason = alone_refusal(self, &grant, call);
    if (rpc_refuse_if(call, reason))
        return;
    if (same.id) {
        reply_grant(self, &same, reply, call);
        return;
    }
    grant_give(self, &grant, &node, call);
    if (role_needs_two(grant.role))
        rpc_want_head(call);
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

/* rpc RevokeGrant: takes a role back, and the sessions whose tokens still carry it. What two
 * people give they take back too, by a proposal, once it can be used. */
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
    if (!reason && role_needs_two(grant.role) && grant.effective_at <= rpc_now(call) &&
        !(rpc_principal(call)->internal && !grants_had_guard(&self->grants)))
        reason = IDENTITY__REASON__GRANT_NEEDS_CONFIRMING;
    if (rpc_refuse_if(call, reason))
        return;
    grant_take(self, &grant, call);
    reply(&message, call);
}
