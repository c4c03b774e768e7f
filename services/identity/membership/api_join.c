#include "services/identity/membership/api_membership.h"
#include "services/identity/api.h"
#include "services/identity/unions/changes.h"
#include "services/identity/membership/covers.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/membership/joins.h"
#include "services/identity/people/members.h"
#include "services/identity/people/notices.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/people/person.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/trades.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Joins_Service *service)
{
    return container_of(service, struct identity, joins_service);
}

/* ---- messages ---- */

void join_open_applicant(const struct identity *self, const struct join *join, struct person *ret)
{
    struct person claimed;
    struct member member;

    *ret = (struct person){0};
    if (!members_find(&self->members, join->member_id, &member))
        return;
    person_open_member(self, &member, ret);
    if (join->sealed.len && person_open_join(self, &member, join->id, &join->sealed, &claimed)) {
        memcpy(ret->name, claimed.name, sizeof(ret->name));
        memcpy(ret->resident_id, claimed.resident_id, sizeof(ret->resident_id));
    }
}

Identity__JoinRequest *join_message(struct identity *self, const struct join *join, void *call)
{
    Identity__JoinRequest *message = arena_message(rpc_arena(call), &identity__join_request__descriptor);
    struct union_node node;
    struct person person;

    if (!message || !unions_find(&self->unions, join->union_id, &node))
        return NULL;
    message->request_id = join->id;
    message->member_id = join->member_id;
    message->union_ = union_message(&node, call);
    message->state = (Identity__JoinState)join->state;
    message->trade = (Rpc__Trade)join->trade;
    message->asked_at = join->asked_at;
    message->decided_at = join->decided_at;
    message->reason = (Identity__RefusalReason)join->reason;
    message->three_in_one = join->cover;
    message->remark = rpc_text(call, join->remark);
    join_open_applicant(self, join, &person);
    person_mask(&person, &person);
    message->name = rpc_text(call, person.name);
    message->resident_id = rpc_text(call, person.resident_id);
    message->mobile = rpc_text(call, person.mobile);
    return message;
}

static void reply_join(struct identity *self, const struct join *join, Identity__JoinRequest_Closure reply, void *call)
{
    reply(join_message(self, join, call), call);
}

static void reply_list(struct identity *self, enum joins_list which, Identity__JoinRequestList_Closure reply,
                       void *call)
{
    Identity__JoinRequestList list = IDENTITY__JOIN_REQUEST_LIST__INIT;
    struct join join;

    while (joins_next(&self->joins, which, &join) && rpc_page_takes(call, join.id))
        rpc_add(call, &list, requests, join_message(self, &join, call));
    joins_end(&self->joins, which);
    reply(&list, call);
}

/* ---- the applicant ---- */

static bool is_trade(int trade)
{
    return trade >= RPC__TRADE__TRADE_OTHER && trade <= RPC__TRADE__CONSTRUCTION;
}

/* What she says of herself, unless she is known by name: 0, or the Reason with its field. */
static int seal_claim(struct identity *self, const Identity__CreateJoinRequestRequest *req, const struct member *member,
                      struct join *join, void *call, const char **ret_field)
{
    unsigned char nonce[PII_NONCE_LEN];
    struct person person = {0};
    struct cn_resident_id id;
    int warning, reason;

    *ret_field = "name";
    reason = person_name_read(req->name, call, person.name);
    if (reason)
        return reason;
    *ret_field = "residentId";
    reason = document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), &id, &warning);
    if (reason)
        return reason;
    memcpy(person.resident_id, id.number, sizeof(person.resident_id));
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_join(self, member, join->id, nonce, &person, &join->sealed);
    return 0;
}

/* 0, or the Reason with its field. */
static int make_join(struct identity *self, const Identity__CreateJoinRequestRequest *req, int64_t union_id,
                     const struct member *member, void *call, struct join *ret, const char **ret_field)
{
    *ret = (struct join){
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member->id,
        .union_id = union_id,
        .state = IDENTITY__JOIN_STATE__JOIN_ASKED,
        .trade = (int)req->trade,
        .cover = req->three_in_one,
        .asked_at = rpc_now(call),
    };
    *ret_field = "trade";
    if (!is_trade((int)req->trade))
        return IDENTITY__REASON__TRADE_INVALID;
    return member->level >= (int)RPC__LEVEL__REAL_NAME ? 0 : seal_claim(self, req, member, ret, call, ret_field);
}

/* Which union is asked: 0 or the Reason. */
static int asked_union(struct identity *self, const Identity__CreateJoinRequestRequest *req,
                       struct union_node *ret_node)
{
    struct union_node at;

    if (req->union_id <= 0 || !unions_find(&self->unions, req->union_id, ret_node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (!req->three_in_one)
        return ret_node->state ? IDENTITY__REASON__UNION_CLOSED : 0;
    if (!is_trade((int)req->trade) || req->trade == RPC__TRADE__TRADE_OTHER)
        return IDENTITY__REASON__TRADE_INVALID;
    at = *ret_node;
    return union_industry(self, &at, (int)req->trade, ret_node) ? 0 : IDENTITY__REASON__INDUSTRY_UNION_NOT_FOUND;
}

/* Why she may not ask at all; *ret_open has the request that is open already, else id 0. */
static int ask_refusal(struct identity *self, const Identity__CreateJoinRequestRequest *req, void *call,
                       struct member *ret_member, struct union_node *ret_node, struct join *ret_open)
{
    struct period period;
    int reason;

    ret_open->id = 0;
    if (!members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    reason = ret_member->merged_into ? (int)IDENTITY__REASON__ACCOUNT_MERGED : asked_union(self, req, ret_node);
    if (!reason)
        reason = data_key_ready(self, ret_member, call);
    if (reason)
        return reason;
    if (periods_find_current(&self->periods, ret_member->id, &period))
        return IDENTITY__REASON__ALREADY_MEMBER;
    if (joins_find_open(&self->joins, ret_member->id, ret_open) && ret_open->union_id != ret_node->id)
        return IDENTITY__REASON__JOIN_PENDING;
    return 0;
}

/* rpc CreateJoinRequest: asked twice of one union, it is one request. */
static void joins__create_join_request(Identity__Joins_Service *service, const Identity__CreateJoinRequestRequest *req,
                                       Identity__JoinRequest_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const char *field = "";
    struct union_node node;
    struct member member;
    struct join join;
    int reason = ask_refusal(self, req, call, &member, &node, &join);

    if (rpc_refuse_if(call, reason))
        return;
    if (!join.id) {
        reason = make_join(self, req, node.id, &member, call, &join, &field);
        if (rpc_refuse_field_if(call, reason, field))
            return;
        join_add(self, &join);
        join_journal(&join, call);
        rpc_created(call);
    }
    reply_join(self, &join, reply, call);
}

/* rpc ListMyJoinRequests: the caller's, the latest first. */
static void joins__list_my_join_requests(Identity__Joins_Service *service, const Identity__MyJoinRequestsRequest *req,
                                         Identity__JoinRequestList_Closure reply, void *call)
{
    struct identity *self = self_of(service);

    (void)req;
    joins_ask(&self->joins, JOINS_MINE, rpc_principal(call)->member_id, rpc_page(call)->states, rpc_page(call)->before,
              rpc_page(call)->limit);
    reply_list(self, JOINS_MINE, reply, call);
}

/* rpc WithdrawJoinRequest: the applicant takes it back. */
static void joins__withdraw_join_request(Identity__Joins_Service *service, const Identity__JoinRequestRequest *req,
                                         Identity__JoinRequest_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct join join;

    if (!joins_find(&self->joins, req->request_id, &join) || join.member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__JOIN_NOT_FOUND);
        return;
    }
    if (join.state == IDENTITY__JOIN_STATE__JOIN_ASKED) {
        join_withdraw(self, join.member_id, call);
        joins_find(&self->joins, join.id, &join);
    } else if (join.state != IDENTITY__JOIN_STATE__JOIN_WITHDRAWN) {
        rpc_refuse(call, IDENTITY__REASON__JOIN_DECIDED);
        return;
    }
    reply_join(self, &join, reply, call);
}

/* ---- the officials ---- */

/* rpc ListJoinRequests: a union's, the oldest first. */
static void joins__list_join_requests(Identity__Joins_Service *service, const Identity__ListJoinRequestsRequest *req,
                                      Identity__JoinRequestList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t states = rpc_page_states(call, RPC_STATE(IDENTITY__JOIN_STATE__JOIN_ASKED));
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    joins_ask(&self->joins, JOINS_UNION, req->union_id, states, rpc_page(call)->after, rpc_page(call)->limit);
    reply_list(self, JOINS_UNION, reply, call);
}

static void journal_verified(const struct join *join, void *call)
{
    Identity__MemberVerified verified = IDENTITY__MEMBER_VERIFIED__INIT;

    verified.member_id = join->member_id;
    verified.union_id = join->union_id;
    rpc_tell(call, &verified.base);
}

/* The union vouches for who she says she is. 0 or RESIDENT_ID_TAKEN. */
static int adopt_claim(struct identity *self, const struct join *join, struct member *member, void *call)
{
    unsigned char index[PII_INDEX_LEN];
    struct cn_resident_id id;
    struct person person;

    if (!person_open_join(self, member, join->id, &join->sealed, &person) ||
        cn_document(person.resident_id, cn_day(rpc_now(call)), &id) != CN_ID_OK)
        return RPC__REASON__STORE_FAILED;
    person_index_id(self, person.resident_id, index);
    if (members_have_person(&self->members, index))
        return IDENTITY__REASON__RESIDENT_ID_TAKEN;
    member_set_person(self, member, person.name, &id, call);
    journal_verified(join, call);
    return 0;
}

static int approve(struct identity *self, struct join *join, void *call)
{
    struct trade trade = {
        .member_id = join->member_id,
        .union_id = join->union_id,
        .trade = join->trade,
        .source = IDENTITY__TRADE_SOURCE__TRADE_BY_JOINING,
    };
    struct union_node node;
    struct member member;
    int reason = 0;

    if (!unions_find(&self->unions, join->union_id, &node) || node.state)
        return IDENTITY__REASON__UNION_CLOSED;
    if (!members_find(&self->members, join->member_id, &member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    reason = data_key_ready(self, &member, call);
    if (!reason && member.level < (int)RPC__LEVEL__REAL_NAME)
        reason = adopt_claim(self, join, &member, call);
    if (reason)
        return reason;
    if (trade.trade)
        trade_prove(self, &member, &trade, call);
    join_decide(self, join, call);
    membership_begin(self, &member, join->union_id, IDENTITY__BEGAN__BEGAN_BY_JOINING, call);
    if (join->cover)
        cover_enrol(self, member.id, join->union_id, join->trade, call);
    return 0;
}

/* 0, or why this one is left as it is. */
static int decide(struct identity *self, const struct decision *decision, int64_t request_id, void *call)
{
    struct join join;
    int reason;

    if (!joins_find(&self->joins, request_id, &join) || join.union_id != decision->union_id)
        return IDENTITY__REASON__JOIN_NOT_FOUND;
    if (join.state != IDENTITY__JOIN_STATE__JOIN_ASKED)
        return IDENTITY__REASON__JOIN_DECIDED;
    if (join.member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    join.decided_at = rpc_now(call);
    join.decided_by = rpc_principal(call)->member_id;
    join.reason = decision->approve ? 0 : decision->reason;
    snprintf(join.remark, sizeof(join.remark), "%s", decision->remark);
    if (decision->approve) {
        join.state = IDENTITY__JOIN_STATE__JOIN_APPROVED;
        reason = approve(self, &join, call);
        if (reason == IDENTITY__REASON__RESIDENT_ID_TAKEN) /* which she may contest */
            account_tell(self, join.member_id, NOTICE__NOTICE_KIND__ACCOUNT_DOCUMENT_TAKEN, join.id, 0, call);
        return reason;
    }
    join.state = IDENTITY__JOIN_STATE__JOIN_REFUSED;
    join_decide(self, &join, call);
    return 0;
}

/* rpc DecideJoinRequests: each is decided by itself; the report says which was not. */
static void joins__decide_join_requests(Identity__Joins_Service *service,
                                        const Identity__DecideJoinRequestsRequest *req,
                                        Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, request_ids), decide, reply, call);
}

const Identity__Joins_Service joins_api = IDENTITY__JOINS__INIT(joins__);
