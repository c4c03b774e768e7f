#include "services/identity/membership/api_membership.h"

#include "services/identity/unions/changes.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static const int askers[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__AUDIT_ADMIN, RULE__ROLE__BENEFIT_MANAGER,
                             RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static struct identity *self_of(Identity__Memberships_Service *service)
{
    return container_of(service, struct identity, memberships_service);
}

int member_refusal(struct identity *self, int64_t member_id, const int *roles, void *call, struct member *ret_member)
{
    struct union_node node;
    struct period last;

    if (!members_find(&self->members, member_id, ret_member) || !periods_find_last(&self->periods, member_id, &last) ||
        !unions_find(&self->unions, last.union_id, &node))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    return caller_holds(call, roles, node.path) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION;
}

bool member_is_known(struct identity *self, int64_t member_id, const int *roles, void *call)
{
    struct member member;

    return rpc_principal(call)->member_id == member_id || rpc_principal(call)->internal ||
           member_refusal(self, member_id, roles, call, &member) == 0;
}

Identity__Membership *membership_message(struct identity *self, const struct period *period, void *call)
{
    Identity__Membership *message = arena_message(rpc_arena(call), &identity__membership__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, period->union_id, &node))
        return NULL;
    message->membership_id = period->id;
    message->member_id = period->member_id;
    message->union_ = union_message(&node, call);
    message->from = period->began_at;
    message->to = period->ended_at;
    message->began = (Identity__Began)period->began;
    message->ended = (Identity__Ended)period->ended;
    return message;
}

static void reply_history(struct identity *self, int64_t member_id, Identity__MembershipList_Closure reply, void *call)
{
    Identity__MembershipList list = IDENTITY__MEMBERSHIP_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    struct period *periods = arena_alloc(rpc_arena(call), page->limit * sizeof(*periods));
    size_t n = periods_find_history(&self->periods, member_id, page->after, periods, page->limit);

    for (size_t i = 0; i < n && rpc_page_takes(call, periods[i].id); i++)
        rpc_add(call, &list, memberships, membership_message(self, &periods[i], call));
    reply(&list, call);
}

/* rpc ListMyMemberships: the caller's own history. */
static void memberships__list_my_memberships(Identity__Memberships_Service *service,
                                             const Identity__MyMembershipsRequest *req,
                                             Identity__MembershipList_Closure reply, void *call)
{
    (void)req;
    reply_history(self_of(service), rpc_principal(call)->member_id, reply, call);
}

/* rpc Leave: the caller leaves her union, and signs in anew. */
static void memberships__leave(Identity__Memberships_Service *service, const Identity__LeaveRequest *req,
                               Identity__LeaveReply_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__LeaveReply message = IDENTITY__LEAVE_REPLY__INIT;
    struct member member;

    if (!req->confirmed) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "confirmed");
    } else if (!members_find(&self->members, rpc_principal(call)->member_id, &member) ||
               !membership_end(self, &member, IDENTITY__ENDED__ENDED_BY_LEAVING, call)) {
        rpc_refuse(call, IDENTITY__REASON__NO_MEMBERSHIP);
    } else {
        reply(&message, call);
    }
}

/* rpc ListMembers: the members of a union itself, masked. */
static void memberships__list_members(Identity__Memberships_Service *service, const Identity__ListMembersRequest *req,
                                      Identity__MemberList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    Identity__MemberList list = IDENTITY__MEMBER_LIST__INIT;
    struct period *periods = arena_alloc(rpc_arena(call), page->limit * sizeof(*periods));
    int64_t trades = rpc_page_mask(req->trade, req->n_trade);
    struct member member;
    size_t n;
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    n = periods_find_members(&self->periods, req->union_id, page->after, periods, page->limit);
    if (n == page->limit) /* however few of these are of a standing that is asked for */
        rpc_page_ends_at(call, "", periods[--n - 1].id);
    for (size_t i = 0; i < n; i++) {
        Identity__Member *shown =
            members_find(&self->members, periods[i].member_id, &member) ? member_message(self, &member, call) : NULL;

        if (shown && rpc_page_wants(call, (int)shown->standing) && (trades >> member.trade & 1))
            rpc_add(call, &list, members, shown);
    }
    reply(&list, call);
}

/* rpc ListMemberships: a member's history, for who watches over her union. */
static void memberships__list_memberships(Identity__Memberships_Service *service,
                                          const Identity__ListMembershipsRequest *req,
                                          Identity__MembershipList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member member;
    int reason = member_refusal(self, req->member_id, union_readers, call, &member);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply_history(self, member.id, reply, call);
}

/* Whether one union was another or below it at an instant. */
static bool was_below(struct identity *self, const struct union_node *node, const struct union_node *above, int64_t at)
{
    char path[UNION_PATH_SIZE], above_path[UNION_PATH_SIZE];

    if (!changes_path_at(&self->changes, node->id, at, path))
        memcpy(path, node->path, sizeof(path));
    if (!changes_path_at(&self->changes, above->id, at, above_path))
        memcpy(above_path, above->path, sizeof(above_path));
    return union_path_covers(above_path, path);
}

/* rpc CheckMembership: whether she belonged to a union or its subtree at an instant. */
static void memberships__check_membership(Identity__Memberships_Service *service,
                                          const Identity__CheckMembershipRequest *req,
                                          Identity__MembershipCheck_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__MembershipCheck message = IDENTITY__MEMBERSHIP_CHECK__INIT;
    int64_t at = req->at > 0 ? req->at : rpc_now(call);
    struct period periods[PERIODS_ACCOUNTS];
    struct union_node node, of;
    size_t n;

    if (req->union_id <= 0 || !unions_find(&self->unions, req->union_id, &node)) {
        rpc_refuse(call, RPC__REASON__UNION_NOT_FOUND);
        return;
    }
    if (!caller_holds(call, askers, node.path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    /* Of who was elsewhere nothing is told but that she was not here. */
    n = periods_find_at(&self->periods, req->member_id, at, periods, ARRAY_LEN(periods));
    for (size_t i = 0; i < n && !message.member; i++) {
        if (!unions_find(&self->unions, periods[i].union_id, &of) || !was_below(self, &of, &node, at))
            continue;
        message.member = true;
        message.standing = (Identity__Standing)periods_standing_at(&self->periods, req->member_id, at);
        message.membership = membership_message(self, &periods[i], call);
        if (!message.membership) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
    }
    reply(&message, call);
}

const Identity__Memberships_Service memberships_api = IDENTITY__MEMBERSHIPS__INIT(memberships__);
