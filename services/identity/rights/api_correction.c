#include "services/identity/api.h"
#include "services/identity/access/codes.h"
#include "services/identity/access/devices.h"
#include "services/identity/access/wechats.h"
#include "services/identity/unions/decision.h"
#include "services/identity/membership/periods.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/unions/changes.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/people/notices.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Corrections_Service *service)
{
    return container_of(service, struct identity, corrections_service);
}

/* ---- messages ---- */

Identity__Correction *correction_message(struct identity *self, const struct correction *correction, void *call)
{
    Identity__Correction *message = arena_message(rpc_arena(call), &identity__correction__descriptor);
    struct person old = {0}, wanted = {0};
    struct union_node node;
    struct member member;

    if (!message || !unions_find(&self->unions, correction->union_id, &node) ||
        !members_find(&self->members, correction->member_id, &member))
        return NULL;
    person_open_member(self, &member, &old);
    if (correction->sealed.len)
        person_open_correction(self, &member, correction->id, &correction->sealed, &wanted);
    message->correction_id = correction->id;
    message->member_id = correction->member_id;
    message->union_ = union_message(&node, call);
    message->state = (Identity__CorrectionState)correction->state;
    message->reason = (Identity__CorrectionReason)correction->reason;
    message->asked_at = correction->asked_at;
    message->decided_at = correction->decided_at;
    message->refusal = (Identity__RefusalReason)correction->refusal;
    message->remark = rpc_text(call, correction->remark);
    person_mask(&old, &old);
    message->old_name = rpc_text(call, old.name);
    message->old_resident_id = rpc_text(call, old.resident_id);
    message->old_mobile = rpc_text(call, old.mobile);
    person_mask(&wanted, &wanted);
    message->name = rpc_text(call, wanted.name);
    message->resident_id = rpc_text(call, wanted.resident_id);
    message->mobile = rpc_text(call, wanted.mobile);
    return message;
}

static void reply_correction(struct identity *self, const struct correction *correction,
                             Identity__Correction_Closure reply, void *call)
{
    reply(correction_message(self, correction, call), call);
}

/* Of n that were found, those that fit the page. */
static void reply_list(struct identity *self, const struct correction *corrections, size_t n,
                       Identity__CorrectionList_Closure reply, void *call)
{
    Identity__CorrectionList list = IDENTITY__CORRECTION_LIST__INIT;

    for (size_t i = 0; i < n && rpc_page_takes(call, corrections[i].id); i++)
        rpc_add(call, &list, corrections, correction_message(self, &corrections[i], call));
    reply(&list, call);
}

/* ---- the member ---- */

/* Who may ask, and which union decides: 0 or a Reason. */
static int asker_refusal(struct identity *self, void *call, struct member *ret_member, int64_t *ret_union_id)
{
    int reason = caller_refusal(self, call, ret_member);
    struct correction open;
    struct union_node node;
    struct period last;

    if (reason)
        return reason;
    if (ret_member->level < (int)RPC__LEVEL__REAL_NAME)
        return RPC__REASON__NOT_VERIFIED;
    if (!periods_find_last(&self->periods, ret_member->id, &last) || !union_successor(self, last.union_id, &node))
        return IDENTITY__REASON__NO_MEMBERSHIP;
    if (corrections_find_open(&self->corrections, ret_member->id, &open))
        return IDENTITY__REASON__CORRECTION_PENDING;
    *ret_union_id = node.id;
    return data_key_ready(self, ret_member, call);
}

static void ask(struct identity *self, const struct member *member, int64_t union_id, int correction_reason,
                const struct person *wanted, Identity__Correction_Closure reply, void *call)
{
    unsigned char nonce[PII_NONCE_LEN];
    struct correction correction = {
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member->id,
        .union_id = union_id,
        .asked_at = rpc_now(call),
        .state = IDENTITY__CORRECTION_STATE__CORRECTION_ASKED,
        .reason = correction_reason,
    };

    rpc_random(call, nonce, sizeof(nonce));
    person_seal_correction(self, member, correction.id, nonce, wanted, &correction.sealed);
    correction_ask(self, &correction, call);
    rpc_created(call);
    reply_correction(self, &correction, reply, call);
}

/* What differs from what is known: 0, or the Reason with its field. */
static int read_wanted(struct identity *self, const Identity__AskCorrectionRequest *req, const struct member *member,
                       void *call, struct person *ret, const char **ret_field)
{
    struct cn_resident_id id;
    struct person known;
    int warning, reason;

    *ret = (struct person){0};
    *ret_field = "reason";
    if (req->reason != IDENTITY__CORRECTION_REASON__CORRECTION_MISTAKE &&
        req->reason != IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED)
        return IDENTITY__REASON__CORRECTION_REASON_INVALID;
    person_open_member(self, member, &known);
    *ret_field = "name";
    reason = req->name[0] ? person_name_read(req->name, call, ret->name) : 0;
    if (reason)
        return reason;
    if (strcmp(ret->name, known.name) == 0)
        ret->name[0] = '\0';
    *ret_field = "residentId";
    if (req->resident_id[0]) {
        reason = document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), &id, &warning);
        if (reason)
            return reason;
        if (strcmp(id.number, known.resident_id) != 0)
            memcpy(ret->resident_id, id.number, sizeof(ret->resident_id));
    }
    return ret->name[0] || ret->resident_id[0] ? 0 : IDENTITY__REASON__CORRECTION_EMPTY;
}

/* rpc AskCorrection: of her name or resident ID. */
static void corrections__ask_correction(Identity__Corrections_Service *service,
                                        const Identity__AskCorrectionRequest *req, Identity__Correction_Closure reply,
                                        void *call)
{
    struct identity *self = self_of(service);
    const char *field = "";
    struct person wanted;
    struct member member;
    int64_t union_id;
    int reason = asker_refusal(self, call, &member, &union_id);

    if (rpc_refuse_if(call, reason))
        return;
    reason = read_wanted(self, req, &member, call, &wanted, &field);
    if (reason)
        rpc_refuse_field(call, reason, field);
    else
        ask(self, &member, union_id, (int)req->reason, &wanted, reply, call);
}

/* Whether she is who she says, within the day's tries. */
static int proof_refusal(struct identity *self, const Identity__AskMobileChangeRequest *req, struct member *member,
                         void *call)
{
    int today = cn_day(rpc_now(call)), reason = verify_refusal(&member->tries, today);
    char name[CN_NAME_SIZE];
    struct person known;

    if (reason)
        return reason;
    if (person_open_member(self, member, &known) && cn_name(req->name, name) && cn_name_same(name, known.name) &&
        document_is(req->resident_id, known.resident_id, today))
        return 0;
    verify_failed(&member->tries, today);
    members_set_tries(&self->members, member);
    rpc_keep(call);
    return IDENTITY__REASON__CORRECTION_PROOF_WRONG;
}

/* A number that a code was sent to, in normal form: 0, or the Reason with its field. */
static int new_mobile_refusal(struct identity *self, const char *mobile, const char *code, void *call,
                              char ret_mobile[CN_MOBILE_LEN + 1], const char **ret_field)
{
    unsigned char index[PII_INDEX_LEN];
    struct member other;
    int reason;

    *ret_field = "mobile";
    if (!cn_mobile(mobile, ret_mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "code";
    reason = code_judge(self, ret_mobile, IDENTITY__CODE_PURPOSE__CODE_NUMBER, code, call);
    if (reason) {
        rpc_keep(call);
        return reason;
    }
    *ret_field = "mobile"; /* told only to who holds the number */
    person_index_mobile(self, ret_mobile, index);
    if (!members_find_mobile(&self->members, index, &other))
        return 0;
    /* Her own is taken too, unless it is that of an account that is gone into hers. */
    return other.id != rpc_principal(call)->member_id || memcmp(other.mobile, index, sizeof(index)) == 0
               ? IDENTITY__REASON__MOBILE_TAKEN
               : 0;
}

/* rpc AskMobileChange: her old number reaches her no more. */
static void corrections__ask_mobile_change(Identity__Corrections_Service *service,
                                           const Identity__AskMobileChangeRequest *req,
                                           Identity__Correction_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct person wanted = {0};
    const char *field = NULL;
    struct member member;
    int64_t union_id;
    int reason = asker_refusal(self, call, &member, &union_id);

    if (!reason)
        reason = proof_refusal(self, req, &member, call);
    if (rpc_refuse_if(call, reason))
        return;
    reason = new_mobile_refusal(self, req->mobile, req->code, call, wanted.mobile, &field);
    if (reason)
        rpc_refuse_field(call, reason, field);
    else
        ask(self, &member, union_id, IDENTITY__CORRECTION_REASON__CORRECTION_NUMBER_LOST, &wanted, reply, call);
}

/* rpc ListMyCorrections: the caller's, the latest first. */
static void corrections__list_my_corrections(Identity__Corrections_Service *service,
                                             const Identity__MyCorrectionsRequest *req,
                                             Identity__CorrectionList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct correction *corrections = arena_alloc(rpc_arena(call), page->limit * sizeof(*corrections));

    (void)req;
    reply_list(self, corrections,
               corrections_find_mine(&self->corrections, rpc_principal(call)->member_id, page->before, corrections,
                                     page->limit, page->states),
               reply, call);
}

/* rpc WithdrawCorrection: she takes it back. */
static void corrections__withdraw_correction(Identity__Corrections_Service *service,
                                             const Identity__CorrectionRequest *req, Identity__Correction_Closure reply,
                                             void *call)
{
    struct identity *self = self_of(service);
    struct correction correction;

    if (!corrections_find(&self->corrections, req->correction_id, &correction) ||
        correction.member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__CORRECTION_NOT_FOUND);
        return;
    }
    if (correction.state == IDENTITY__CORRECTION_STATE__CORRECTION_ASKED) {
        correction_end(self, &correction, IDENTITY__CORRECTION_STATE__CORRECTION_WITHDRAWN, call);
    } else if (correction.state != IDENTITY__CORRECTION_STATE__CORRECTION_WITHDRAWN) {
        rpc_refuse(call, IDENTITY__REASON__CORRECTION_DECIDED);
        return;
    }
    reply_correction(self, &correction, reply, call);
}

/* rpc ChangeMobile: both numbers are in her hand. */
static void corrections__change_mobile(Identity__Corrections_Service *service, const Identity__ChangeMobileRequest *req,
                                       Identity__ChangeMobileReply_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__ChangeMobileReply message = IDENTITY__CHANGE_MOBILE_REPLY__INIT;
    struct person wanted = {0};
    const char *field = "code";
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (rpc_refuse_if(call, reason))
        return;
    reason = own_code_refusal(self, &member, IDENTITY__CODE_PURPOSE__CODE_NUMBER, req->code, call);
    if (reason)
        rpc_keep(call);
    else
        reason = new_mobile_refusal(self, req->mobile, req->new_code, call, wanted.mobile, &field);
    if (!reason)
        reason = member_correct(self, &member, &wanted, call);
    if (reason)
        rpc_refuse_field(call, reason, field);
    else
        reply(&message, call);
}

/* ---- the officials ---- */

/* rpc ListCorrections: a union's open ones, the oldest first. */
static void corrections__list_corrections(Identity__Corrections_Service *service,
                                          const Identity__ListCorrectionsRequest *req,
                                          Identity__CorrectionList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct correction *corrections = arena_alloc(rpc_arena(call), page->limit * sizeof(*corrections));
    int64_t states = rpc_page_states(call, RPC_STATE(IDENTITY__CORRECTION_STATE__CORRECTION_ASKED));
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    reply_list(self, corrections,
               corrections_find_union(&self->corrections, req->union_id, page->after, corrections, page->limit, states),
               reply, call);
}

/* 0, or why this one is left as it is. */
static int decide(struct identity *self, const struct decision *decision, int64_t correction_id, void *call)
{
    struct correction correction;
    struct person wanted;
    struct member member;
    int reason;

    if (!corrections_find(&self->corrections, correction_id, &correction) || correction.union_id != decision->union_id)
        return IDENTITY__REASON__CORRECTION_NOT_FOUND;
    if (correction.state != IDENTITY__CORRECTION_STATE__CORRECTION_ASKED)
        return IDENTITY__REASON__CORRECTION_DECIDED;
    if (correction.member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    snprintf(correction.remark, sizeof(correction.remark), "%s", decision->remark);
    if (!decision->approve) {
        correction.refusal = decision->reason;
        correction_end(self, &correction, IDENTITY__CORRECTION_STATE__CORRECTION_REFUSED, call);
        return 0;
    }
    if (!members_find(&self->members, correction.member_id, &member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (!person_open_correction(self, &member, correction.id, &correction.sealed, &wanted))
        return RPC__REASON__STORE_FAILED;
    reason = member_correct(self, &member, &wanted, call);
    if (!reason && correction.reason == IDENTITY__CORRECTION_REASON__CORRECTION_NUMBER_LOST) {
        /* Her WeChat may have been on the same telephone. */
        wechat_unbind_all(self, member.id, call);
        devices_forget(&self->devices, member.id, -1);
    }
    if (!reason)
        correction_end(self, &correction, IDENTITY__CORRECTION_STATE__CORRECTION_APPROVED, call);
    if (reason == IDENTITY__REASON__RESIDENT_ID_TAKEN) /* which she may contest */
        account_tell(self, member.id, NOTICE__NOTICE_KIND__ACCOUNT_DOCUMENT_TAKEN, correction.id, 0, call);
    return reason;
}

/* rpc DecideCorrections: each is decided by itself; the report says which was not. */
static void corrections__decide_corrections(Identity__Corrections_Service *service,
                                            const Identity__DecideCorrectionsRequest *req,
                                            Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, correction_ids), decide, reply, call);
}

const Identity__Corrections_Service corrections_api = IDENTITY__CORRECTIONS__INIT(corrections__);
