#include "services/identity/membership/api_membership.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Transfers_Service *service)
{
    return container_of(service, struct identity, transfers_service);
}

/* ---- messages ---- */

/* NULL when the call's memory is full. */
Identity__Transfer *transfer_message(struct identity *self, const struct transfer *transfer, void *call)
{
    Identity__Transfer *message = arena_message(rpc_arena(call), &identity__transfer__descriptor);
    struct union_node from, to;

    if (!message || !unions_find(&self->unions, transfer->from_union, &from) ||
        !unions_find(&self->unions, transfer->to_union, &to))
        return NULL;
    message->transfer_id = transfer->id;
    message->member_id = transfer->member_id;
    message->from = union_message(&from, call);
    message->to = union_message(&to, call);
    message->state = (Identity__TransferState)transfer->state;
    message->release = (Identity__Release)transfer->release;
    message->reason = (Identity__RefusalReason)transfer->reason;
    message->remark = rpc_text(call, transfer->remark);
    message->asked_at = transfer->asked_at;
    message->released_at = transfer->released_at;
    message->decided_at = transfer->decided_at;
    if (transfer->state == IDENTITY__TRANSFER_STATE__TRANSFER_ASKED)
        message->free_at = transfer->asked_at + self->transfer_silence_ms;
    message->name = member_masked_name(self, transfer->member_id, call);
    return message;
}

static void reply_transfer(struct identity *self, const struct transfer *transfer, Identity__Transfer_Closure reply,
                           void *call)
{
    reply(transfer_message(self, transfer, call), call);
}

static void reply_list(struct identity *self, enum transfers_list which, Identity__TransferList_Closure reply,
                       void *call)
{
    Identity__TransferList list = IDENTITY__TRANSFER_LIST__INIT;
    struct transfer transfer;

    while (transfers_next(&self->transfers, which, &transfer) && rpc_page_takes(call, transfer.id))
        rpc_add(call, &list, transfers, transfer_message(self, &transfer, call));
    transfers_end(&self->transfers, which);
    reply(&list, call);
}

/* ---- the member ---- */

/* Why she may not ask; *ret_open has the transfer to that union that is open already, else id 0. */
static int ask_refusal(struct identity *self, int64_t to, void *call, struct period *ret_current,
                       struct transfer *ret_open)
{
    int64_t member_id = rpc_principal(call)->member_id;
    struct union_node node;

    ret_open->id = 0;
    if (to <= 0 || !unions_find(&self->unions, to, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (node.state)
        return IDENTITY__REASON__UNION_CLOSED;
    if (!periods_find_current(&self->periods, member_id, ret_current))
        return IDENTITY__REASON__NO_MEMBERSHIP;
    if (ret_current->union_id == to)
        return IDENTITY__REASON__TRANSFER_TO_SAME;
    if (transfers_find_open(&self->transfers, member_id, ret_open) && ret_open->to_union != to)
        return IDENTITY__REASON__TRANSFER_PENDING;
    return 0;
}

/* rpc CreateTransfer: who is hung to the level above needs no release. */
static void transfers__create_transfer(Identity__Transfers_Service *service, const Identity__CreateTransferRequest *req,
                                       Identity__Transfer_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct transfer transfer;
    struct period current;
    int reason = ask_refusal(self, req->union_id, call, &current, &transfer);

    if (rpc_refuse_if(call, reason))
        return;
    if (!transfer.id) {
        bool hung = current.began == IDENTITY__BEGAN__BEGAN_BY_HANGING;

        transfer = (struct transfer){
            .id = id_next(&self->ids, rpc_now(call)),
            .member_id = current.member_id,
            .from_union = current.union_id,
            .to_union = req->union_id,
            .asked_at = rpc_now(call),
            .released_at = hung ? rpc_now(call) : 0,
            .state = hung ? IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED : IDENTITY__TRANSFER_STATE__TRANSFER_ASKED,
            .release = hung ? IDENTITY__RELEASE__RELEASE_NOT_NEEDED : IDENTITY__RELEASE__RELEASE_NONE,
        };
        transfer_add(self, &transfer);
        transfer_journal(&transfer, call);
        rpc_created(call);
    }
    reply_transfer(self, &transfer, reply, call);
}

/* rpc ListMyTransfers: the caller's, the latest first. */
static void transfers__list_my_transfers(Identity__Transfers_Service *service, const Identity__MyTransfersRequest *req,
                                         Identity__TransferList_Closure reply, void *call)
{
    struct identity *self = self_of(service);

    (void)req;
    transfers_ask(&self->transfers, TRANSFERS_MINE, rpc_principal(call)->member_id, rpc_page(call)->states,
                  rpc_page(call)->before, rpc_page(call)->limit);
    reply_list(self, TRANSFERS_MINE, reply, call);
}

/* rpc WithdrawTransfer: the member stays where she is. */
static void transfers__withdraw_transfer(Identity__Transfers_Service *service, const Identity__TransferRequest *req,
                                         Identity__Transfer_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct transfer transfer;

    if (!transfers_find(&self->transfers, req->transfer_id, &transfer) ||
        transfer.member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__TRANSFER_NOT_FOUND);
        return;
    }
    if (transfer.state <= (int)IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED) {
        transfer_change(self, &transfer, IDENTITY__TRANSFER_STATE__TRANSFER_WITHDRAWN, call);
    } else if (transfer.state != IDENTITY__TRANSFER_STATE__TRANSFER_WITHDRAWN) {
        rpc_refuse(call, IDENTITY__REASON__TRANSFER_STATE);
        return;
    }
    reply_transfer(self, &transfer, reply, call);
}

/* ---- the officials ---- */

/* rpc ListTransfers: a union's, the oldest first; asked for no state, what waits for its own word. */
static void transfers__list_transfers(Identity__Transfers_Service *service, const Identity__ListTransfersRequest *req,
                                      Identity__TransferList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t from = rpc_page_states(call, RPC_STATE(IDENTITY__TRANSFER_STATE__TRANSFER_ASKED));
    int64_t to = rpc_page_states(call, RPC_STATE(IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED));
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    transfers_ask_union(&self->transfers, req->union_id, from, to, rpc_page(call)->after, rpc_page(call)->limit);
    reply_list(self, TRANSFERS_UNION, reply, call);
}

/* Whether the caller administers the level above a union; who administers every union does. */
static bool holds_above(struct identity *self, int64_t union_id, void *call)
{
    char above[UNION_PATH_SIZE];
    struct union_node node;

    if (!unions_find(&self->unions, union_id, &node))
        return false;
    union_path_parent(node.path, above);
    return caller_holds(call, union_administrators, above);
}

/* 0, TRANSFER_NOT_FOUND of one that is not of the union's, or NOT_FOR_YOURSELF. */
static int find_refusal(struct identity *self, int64_t transfer_id, int64_t union_id, bool from, void *call,
                        struct transfer *ret)
{
    if (!transfers_find(&self->transfers, transfer_id, ret) || (from ? ret->from_union : ret->to_union) != union_id)
        return IDENTITY__REASON__TRANSFER_NOT_FOUND;
    return ret->member_id == rpc_principal(call)->member_id ? (int)IDENTITY__REASON__NOT_FOR_YOURSELF : 0;
}

static int release_one(struct identity *self, const struct decision *decision, int64_t transfer_id, void *call)
{
    struct transfer transfer;
    int reason = find_refusal(self, transfer_id, decision->union_id, true, call, &transfer);

    if (reason)
        return reason;
    if (transfer.state == IDENTITY__TRANSFER_STATE__TRANSFER_OBJECTED && !holds_above(self, decision->union_id, call))
        return IDENTITY__REASON__NEEDS_LEVEL_ABOVE;
    if (transfer.state > (int)IDENTITY__TRANSFER_STATE__TRANSFER_OBJECTED)
        return IDENTITY__REASON__TRANSFER_STATE;
    if (decision->approve) {
        transfer_release(self, &transfer, IDENTITY__RELEASE__RELEASE_BY_UNION, call);
        return 0;
    }
    transfer.reason = decision->reason;
    snprintf(transfer.remark, sizeof(transfer.remark), "%s", decision->remark);
    transfer_change(self, &transfer, IDENTITY__TRANSFER_STATE__TRANSFER_OBJECTED, call);
    return 0;
}

static int accept_one(struct identity *self, const struct decision *decision, int64_t transfer_id, void *call)
{
    struct transfer transfer;
    int reason = find_refusal(self, transfer_id, decision->union_id, false, call, &transfer);
    struct union_node node;
    struct member member;

    if (reason)
        return reason;
    if (transfer.state == IDENTITY__TRANSFER_STATE__TRANSFER_ASKED &&
        transfer.asked_at + self->transfer_silence_ms <= rpc_now(call))
        transfer_release(self, &transfer, IDENTITY__RELEASE__RELEASE_BY_SILENCE, call);
    if (transfer.state != IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)
        return IDENTITY__REASON__TRANSFER_STATE;
    if (!decision->approve) {
        transfer.reason = decision->reason;
        snprintf(transfer.remark, sizeof(transfer.remark), "%s", decision->remark);
        transfer_change(self, &transfer, IDENTITY__TRANSFER_STATE__TRANSFER_REFUSED, call);
        return 0;
    }
    if (!unions_find(&self->unions, transfer.to_union, &node) || node.state)
        return IDENTITY__REASON__UNION_CLOSED;
    if (!members_find(&self->members, transfer.member_id, &member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    transfer_change(self, &transfer, IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED, call);
    membership_move(self, &member, IDENTITY__ENDED__ENDED_BY_TRANSFER, transfer.to_union,
                    IDENTITY__BEGAN__BEGAN_BY_TRANSFER, call);
    return 0;
}

/* rpc ReleaseTransfers: the old union's word. */
static void transfers__release_transfers(Identity__Transfers_Service *service,
                                         const Identity__DecideTransfersRequest *req,
                                         Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, transfer_ids), release_one, reply, call);
}

/* rpc AcceptTransfers: the new union's word. */
static void transfers__accept_transfers(Identity__Transfers_Service *service,
                                        const Identity__DecideTransfersRequest *req,
                                        Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, transfer_ids), accept_one, reply, call);
}

int member_hang(struct identity *self, const struct union_node *node, int64_t member_id, void *call)
{
    struct member member;

    if (!members_find(&self->members, member_id, &member) || member.union_id != node->id)
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (member.id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    membership_hang(self, &member, node, call);
    return 0;
}

static int hang(struct identity *self, const struct decision *decision, int64_t member_id, void *call)
{
    struct union_node node;

    return unions_find(&self->unions, decision->union_id, &node) ? member_hang(self, &node, member_id, call)
                                                                 : (int)RPC__REASON__UNION_NOT_FOUND;
}

/* rpc HangMembers: a root's members have no level above, and belong to no union then. */
static void transfers__hang_members(Identity__Transfers_Service *service, const Identity__HangMembersRequest *req,
                                    Identity__DecisionReport_Closure reply, void *call)
{
    struct decision decision = {req->union_id, req->member_ids, req->n_member_ids, .approve = true};

    decide_each(self_of(service), &decision, hang, reply, call);
}

const Identity__Transfers_Service transfers_api = IDENTITY__TRANSFERS__INIT(transfers__);
