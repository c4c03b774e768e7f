#include "services/identity/access/codes.h"
#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/merges.h"
#include "services/identity/people/person.h"
#include "services/identity/access/wechats.h"
#include "services/identity/access/session_life.h"

static struct identity *self_of(Identity__Merges_Service *service)
{
    return container_of(service, struct identity, merges_service);
}

/* ---- messages ---- */

/* Of the two accounts officials are shown what they compare, and she what she knows. */
Identity__Merge *merge_message(struct identity *self, const struct merge *merge, bool official, void *call)
{
    Identity__Merge *message = arena_message(rpc_arena(call), &identity__merge__descriptor);
    struct member kept, gone;

    if (!message)
        return NULL;
    message->merge_id = merge->id;
    message->kept_id = merge->kept_id;
    message->gone_id = merge->gone_id;
    message->state = (Identity__MergeState)merge->state;
    message->reason = (Identity__MergeReason)merge->reason;
    message->remark = rpc_text(call, merge->remark);
    message->asked_at = merge->asked_at;
    message->proposed_by = merge->proposed_by;
    message->decided_by = merge->decided_by;
    message->decided_at = merge->decided_at;
    message->wait_until = merge->wait_until;
    message->by_codes = merge->by_codes;
    if (!official)
        return message;
    if (!members_find(&self->members, merge->kept_id, &kept) || !members_find(&self->members, merge->gone_id, &gone))
        return NULL;
    message->kept_since = kept.created_at;
    message->gone_since = gone.created_at;
    message->kept_wechats = (int32_t)wechats_count(&self->wechats, kept.id);
    message->gone_wechats = (int32_t)wechats_count(&self->wechats, gone.id);
    message->kept = member_message(self, &kept, call);
    message->gone = member_message(self, &gone, call);
    return message;
}

static void reply_merge(struct identity *self, const struct merge *merge, bool official, Identity__Merge_Closure reply,
                        void *call)
{
    reply(merge_message(self, merge, official, call), call);
}

static void reply_list(struct identity *self, enum merges_list which, Identity__MergeList_Closure reply, void *call)
{
    Identity__MergeList list = IDENTITY__MERGE_LIST__INIT;
    struct merge merge = {0};

    while (merges_next(&self->merges, which, &merge) && rpc_page_takes(call, merge.id))
        rpc_add(call, &list, merges, merge_message(self, &merge, which == MERGES_UNION, call));
    merges_end(&self->merges, which);
    reply(&list, call);
}

/* ---- she herself ---- */

/* Puts a merge on record, of which ret->by_codes is set: 0 or the Reason. What a union decides waits for whom it
 * concerns, who is told, unless both numbers have answered. */
static int add_merge(struct identity *self, const struct member *kept, const struct member *gone, int64_t union_id,
                     int state, struct merge *ret, void *call)
{
    int reason = merge_refusal(self, kept, gone);
    bool by_codes = ret->by_codes, waits = union_id && !by_codes;

    *ret = (struct merge){
        .by_codes = by_codes,
        .wait_until = waits ? rpc_now(call) + MERGE_WAIT_MS : 0,
        .id = id_next(&self->ids, rpc_now(call)),
        .kept_id = kept->id,
        .gone_id = gone->id,
        .union_id = union_id,
        .state = state,
        .asked_at = rpc_now(call),
    };
    if (!reason && !merge_add(self, ret))
        reason = IDENTITY__REASON__MERGE_PENDING;
    return reason;
}

/* Why she may not ask at all; *ret_open has what she has asked already, else id 0. */
static int ask_refusal(struct identity *self, void *call, struct member *ret_member, struct merge *ret_open)
{
    *ret_open = (struct merge){0};
    if (!members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (ret_member->merged_into)
        return IDENTITY__REASON__ACCOUNT_MERGED;
    if (ret_member->level >= (int)RPC__LEVEL__REAL_NAME)
        return IDENTITY__REASON__ALREADY_VERIFIED;
    if (merges_find_open(&self->merges, ret_member->id, ret_open))
        return 0;
    return verify_refusal(&ret_member->tries, cn_day(rpc_now(call)));
}

/* Both numbers answer to codes: 0, or the Reason with its field. A wrong answer to
 * either counts. */
static int judge_codes(struct identity *self, const Identity__MergeMineRequest *req, const struct member *member,
                       const char *mobile, void *call, const char **ret_field)
{
    struct person person;
    int reason;

    *ret_field = "ownCode";
    if (!person_open_member(self, member, &person))
        return RPC__REASON__STORE_FAILED;
    reason = code_judge(self, person.mobile, IDENTITY__CODE_PURPOSE__CODE_MERGE, req->own_code, call);
    if (reason)
        return reason;
    *ret_field = "code";
    return code_judge(self, mobile, IDENTITY__CODE_PURPOSE__CODE_MERGE, req->code, call);
}

/* Whether both numbers answer to codes, where any are given: 0, or the Reason with its field. */
static int judge_asked(struct identity *self, const Identity__AskMergeRequest *req, const struct member *gone,
                       const struct member *kept, void *call, struct merge *merge, const char **ret_field)
{
    Identity__MergeMineRequest both = IDENTITY__MERGE_MINE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    struct person person;
    int reason;

    *ret_field = "";
    if (!*req->code && !*req->own_code)
        return 0;
    *ret_field = "mobile";
    if (!cn_mobile(req->mobile, mobile) || !person_open_member(self, kept, &person) ||
        strcmp(person.mobile, mobile) != 0)
        return IDENTITY__REASON__MOBILE_INVALID;
    both.code = req->code;
    both.own_code = req->own_code;
    reason = judge_codes(self, &both, gone, mobile, call, ret_field);
    if (reason)
        rpc_keep(call);
    merge->by_codes = !reason;
    return reason;
}

/* rpc AskMerge: the caller's account is to become part of the one that has proven her name. */
static void merges__ask_merge(Identity__Merges_Service *service, const Identity__AskMergeRequest *req,
                              Identity__Merge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__VerifyRequest claim = IDENTITY__VERIFY_REQUEST__INIT;
    const char *field = "";
    struct member gone, kept;
    struct period last;
    struct merge merge = {0};
    int reason = ask_refusal(self, call, &gone, &merge);

    if (!reason && !merge.id) {
        claim.name = req->name;
        claim.resident_id = req->resident_id;
        claim.document = req->document;
        reason = claim_find_holder(self, &claim, &gone, IDENTITY__REASON__MERGE_NO_OTHER, call, &kept, &field);
        if (!reason && !periods_find_last(&self->periods, kept.id, &last))
            reason = IDENTITY__REASON__MERGE_NO_UNION;
        if (!reason)
            reason = judge_asked(self, req, &gone, &kept, call, &merge, &field);
        if (!reason)
            reason = add_merge(self, &kept, &gone, last.union_id, IDENTITY__MERGE_STATE__MERGE_ASKED, &merge, call);
        if (!reason) {
            merge_journal(&merge, call);
            merge_tell(self, &merge, call);
            rpc_created(call);
        }
    }
    if (reason)
        rpc_refuse_field(call, reason, field);
    else
        reply_merge(self, &merge, false, reply, call);
}

/* Which of two accounts is kept: the one that is known by name, else the caller's own. */
static int choose(struct member *own, struct member *other, struct member **ret_kept, struct member **ret_gone)
{
    bool own_named = own->level >= (int)RPC__LEVEL__REAL_NAME, other_named = other->level >= (int)RPC__LEVEL__REAL_NAME;

    *ret_kept = other_named && !own_named ? other : own;
    *ret_gone = *ret_kept == own ? other : own;
    return own_named && other_named ? IDENTITY__REASON__MERGE_TWO_NAMED : 0;
}

/* rpc MergeMine: by codes sent to both numbers, at once. */
static void merges__merge_mine(Identity__Merges_Service *service, const Identity__MergeMineRequest *req,
                               Identity__Merge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member own, other, *kept, *gone;
    unsigned char index[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1];
    const char *field = "mobile";
    struct merge merge = {0};
    int reason = 0;

    if (!cn_mobile(req->mobile, mobile))
        reason = IDENTITY__REASON__MOBILE_INVALID;
    else if (!session_is_live(self, call) || !members_find(&self->members, rpc_principal(call)->member_id, &own))
        reason = RPC__REASON__TOKEN_REVOKED;
    if (!reason) {
        reason = judge_codes(self, req, &own, mobile, call, &field);
        if (reason)
            rpc_keep(call);
    }
    if (!reason) {
        field = "mobile";
        person_index_mobile(self, mobile, index);
        if (!members_find_mobile(&self->members, index, &other))
            reason = IDENTITY__REASON__MEMBER_NOT_FOUND;
        else
            reason = choose(&own, &other, &kept, &gone);
    }
    if (!reason)
        reason = data_key_ready(self, kept, call);
    if (!reason && merges_find_open(&self->merges, gone->id, &merge)) {
        merge_change(self, &merge, IDENTITY__MERGE_STATE__MERGE_REFUSED, call);
        if (merge.kept_id == kept->id) /* it is done here instead */
            notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__ACCOUNT_MERGE_REFUSED, merge.id, call);
    }
    if (!reason)
        reason = add_merge(self, kept, gone, 0, IDENTITY__MERGE_STATE__MERGE_ASKED, &merge, call);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    merge.reason = IDENTITY__MERGE_REASON__MERGE_TWO_NUMBERS;
    merge_apply(self, &merge, call);
    reply_merge(self, &merge, false, reply, call);
}

/* rpc ListMyMerges: in which the caller's account is kept or goes. */
static void merges__list_my_merges(Identity__Merges_Service *service, const Identity__MyMergesRequest *req,
                                   Identity__MergeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);

    (void)req;
    merges_ask(&self->merges, MERGES_MINE, rpc_principal(call)->member_id, rpc_page(call)->before,
               rpc_page(call)->limit, rpc_page(call)->states);
    reply_list(self, MERGES_MINE, reply, call);
}

/* rpc RefuseMyMerge: either account's owner wants none of it. */
static void merges__refuse_my_merge(Identity__Merges_Service *service, const Identity__MergeRequest *req,
                                    Identity__Merge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t caller = rpc_principal(call)->member_id;
    struct merge merge = {0};

    if (!merges_find(&self->merges, req->merge_id, &merge) || (merge.kept_id != caller && merge.gone_id != caller)) {
        rpc_refuse(call, IDENTITY__REASON__MERGE_NOT_FOUND);
        return;
    }
    if (merge.state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED) {
        rpc_refuse(call, IDENTITY__REASON__MERGE_DECIDED);
        return;
    }
    merge_change(self, &merge, IDENTITY__MERGE_STATE__MERGE_REFUSED, call);
    reply_merge(self, &merge, false, reply, call);
}

/* ---- the officials ---- */

/* rpc ListMerges: a union's; asked for no state, what waits for it. */
static void merges__list_merges(Identity__Merges_Service *service, const Identity__ListMergesRequest *req,
                                Identity__MergeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t waiting = RPC_STATE(IDENTITY__MERGE_STATE__MERGE_ASKED) | RPC_STATE(IDENTITY__MERGE_STATE__MERGE_PROPOSED);
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    merges_ask(&self->merges, MERGES_UNION, req->union_id, rpc_page(call)->after, rpc_page(call)->limit,
               rpc_page_states(call, waiting));
    reply_list(self, MERGES_UNION, reply, call);
}

/* The two accounts, as an official may merge them: the one that is kept is of her
 * unions, and so is the other, unless it never was of any and has asked itself. */
static int pair_refusal(struct identity *self, int64_t kept_id, int64_t gone_id, bool asked, void *call,
                        struct member *ret_kept, struct member *ret_gone)
{
    int64_t caller = rpc_principal(call)->member_id;
    struct period last;
    int reason = member_refusal(self, kept_id, union_administrators, call, ret_kept);

    if (reason)
        return reason;
    if (!asked || periods_find_last(&self->periods, gone_id, &last))
        reason = member_refusal(self, gone_id, union_administrators, call, ret_gone);
    else if (!members_find(&self->members, gone_id, ret_gone))
        reason = IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (!reason && caller && (caller == kept_id || caller == gone_id))
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    return reason;
}

/* The deed of a merge; `what` is filled in for it. */
static struct hands_deed deed_of(const struct merge *merge, const struct union_node *node, Identity__MergeChanged *what,
                                 void *call)
{
    identity__merge_changed__init(what);
    what->merge_id = merge->id;
    what->kept_id = merge->kept_id;
    what->gone_id = merge->gone_id;
    what->reason = (Identity__MergeReason)merge->reason;
    return (struct hands_deed){
        .kind = "merge",
        .id = merge->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = union_administrators,
        .union_path = node->path,
        .own = IDENTITY__REASON__NOT_FOR_YOURSELF,
        .earlier_by = merge->proposed_by,
    };
}

/* Gives the first hand to a merge, as the caller proposes it. */
static int propose(struct identity *self, struct merge *merge, const Identity__ProposeMergeRequest *req, void *call)
{
    Identity__MergeChanged what;
    struct hands_deed deed;
    struct union_node node;

    merge->reason = (int)req->reason;
    merge->proposed_by = rpc_principal(call)->member_id;
    snprintf(merge->remark, sizeof(merge->remark), "%s", req->remark);
    if (!unions_find(&self->unions, merge->union_id, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    deed = deed_of(merge, &node, &what, call);
    return hands_give(&self->two_hands, &deed, call);
}

/* rpc ProposeMerge: by the first of two officials; again once nobody has confirmed it in time. */
static void merges__propose_merge(Identity__Merges_Service *service, const Identity__ProposeMergeRequest *req,
                                  Identity__Merge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member kept, gone;
    struct period last;
    struct merge merge = {0};
    bool asked = merges_find_open(&self->merges, req->gone_id, &merge) && merge.kept_id == req->kept_id;
    int reason = pair_refusal(self, req->kept_id, req->gone_id, asked, call, &kept, &gone);

    if (!reason && (req->reason <= IDENTITY__MERGE_REASON__MERGE_REASON_NONE ||
                    req->reason > IDENTITY__MERGE_REASON__MERGE_TWO_PAPERS))
        reason = IDENTITY__REASON__MERGE_REASON_INVALID;
    if (!reason && asked)
        reason = merge_refusal(self, &kept, &gone);
    else if (!reason && periods_find_last(&self->periods, kept.id, &last))
        reason = add_merge(self, &kept, &gone, last.union_id, IDENTITY__MERGE_STATE__MERGE_PROPOSED, &merge, call);
    if (!reason && asked && merge.state == IDENTITY__MERGE_STATE__MERGE_PROPOSED &&
        hands_wait(&self->two_hands, "merge", merge.id, rpc_now(call))) {
        reply_merge(self, &merge, true, reply, call);
        return;
    }
    if (!reason)
        reason = propose(self, &merge, req, call);
    if (rpc_refuse_if(call, reason))
        return;
    merge_change(self, &merge, IDENTITY__MERGE_STATE__MERGE_PROPOSED, call);
    if (!asked)
        merge_tell(self, &merge, call);
    rpc_created(call);
    reply_merge(self, &merge, true, reply, call);
}

/* Gives the second hand: 0, or the Reason why the caller may not. */
static int confirm(struct identity *self, const struct merge *merge, struct member *kept, const struct member *gone,
                   void *call)
{
    Identity__MergeChanged what;
    struct hands_deed deed;
    struct union_node node;
    int reason;

    if (merge->state != IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        return IDENTITY__REASON__MERGE_NOT_PROPOSED;
    if (!unions_find(&self->unions, merge->union_id, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    deed = deed_of(merge, &node, &what, call);
    reason = hands_confirm(&self->two_hands, &deed, call);
    if (!reason && merge->wait_until > rpc_now(call))
        reason = IDENTITY__REASON__MERGE_TOO_EARLY;
    /* What was possible when it was proposed may be so no more. */
    if (!reason)
        reason = merge_refusal(self, kept, gone);
    return reason ? reason : data_key_ready(self, kept, call);
}

/* rpc DecideMerge: confirmed by the second official, it is carried out at once. */
static void merges__decide_merge(Identity__Merges_Service *service, const Identity__DecideMergeRequest *req,
                                 Identity__Merge_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member kept, gone;
    struct merge merge = {0};
    int reason = merges_find(&self->merges, req->merge_id, &merge)
                     ? pair_refusal(self, merge.kept_id, merge.gone_id, true, call, &kept, &gone)
                     : (int)IDENTITY__REASON__MERGE_NOT_FOUND;

    if (!reason && merge.state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        reason = IDENTITY__REASON__MERGE_DECIDED;
    if (!reason && req->approve)
        reason = confirm(self, &merge, &kept, &gone, call);
    if (rpc_refuse_if(call, reason))
        return;
    if (*req->remark)
        snprintf(merge.remark, sizeof(merge.remark), "%s", req->remark);
    if (req->approve)
        merge_apply(self, &merge, call);
    else
        merge_change(self, &merge, IDENTITY__MERGE_STATE__MERGE_REFUSED, call);
    reply_merge(self, &merge, true, reply, call);
}

const Identity__Merges_Service merges_api = IDENTITY__MERGES__INIT(merges__);
