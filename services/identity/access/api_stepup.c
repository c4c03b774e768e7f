/* api_stepup.c: the operations of stepup.proto: that who has a member's number, or her WeChat, is she, or is not. */
#include "services/identity/access/codes.h"
#include "services/identity/access/devices.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/step_ups.h"
#include "services/identity/access/wechats.h"
#include "services/identity/api.h"
#include "services/identity/membership/periods.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/person.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/decision.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Stepups_Service *service)
{
    return container_of(service, struct identity, stepups_service);
}

/* ---- by herself ---- */

int document_refusal(struct identity *self, struct member *member, const char *typed, void *call)
{
    int today = cn_day(rpc_now(call)), reason = verify_refusal(&member->tries, today);
    struct person known;

    if (reason)
        return reason;
    if (!person_open_member(self, member, &known))
        return RPC__REASON__STORE_FAILED;
    if (document_is(typed, known.resident_id, today))
        return 0;
    verify_failed(&member->tries, today);
    members_set_tries(&self->members, member);
    rpc_keep(call);
    return IDENTITY__REASON__STEP_UP_WRONG;
}

/* rpc StepUp: by the whole number of her document. */
static void stepups__step_up(Identity__Stepups_Service *service, const Identity__StepUpRequest *req,
                             Identity__Session_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct member member;
    int reason = caller_refusal(self, call, &member);

    if (!reason && !member.sealed_person.len)
        reason = IDENTITY__REASON__STEP_UP_NOTHING;
    if (rpc_refuse_if(call, reason))
        return;
    if (rpc_refuse_if(call, document_refusal(self, &member, req->resident_id, call)))
        return;
    session_prove(self, call);
    session_renew(self, &member, reply, call);
}

/* ---- a number that was given on ---- */

/* Ends the sessions of a member that came by her number, or through a WeChat that nobody has shown to be hers. */
static void end_doubtful(struct identity *self, int64_t member_id, void *call)
{
    struct session live[SESSIONS_MAX];
    size_t n = sessions_find_live(&self->sessions, member_id, rpc_now(call), INT64_MAX, live, ARRAY_LEN(live));

    for (size_t i = 0; i < n; i++) {
        if (!live[i].door || !devices_came_by(&self->devices, member_id, live[i].door))
            session_revoke(self, member_id, live[i].id, call);
    }
}

/* Of the account that had the number nothing goes but the number: her name, her union, what she has. A WeChat through
 * which nobody has shown to be her goes too, since it may have been bound by whoever has the number now. */
static void part_number(struct identity *self, struct member *member, const unsigned char index[PII_INDEX_LEN],
                        void *call)
{
    Identity__NumberGivenOn given_on = IDENTITY__NUMBER_GIVEN_ON__INIT;
    unsigned char nonce[PII_NONCE_LEN];
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member->id, doors, ARRAY_LEN(doors));

    rpc_random(call, nonce, sizeof(nonce));
    person_seal_mobile(self, member, nonce, "", &member->sealed_mobile);
    if (memcmp(member->mobile, index, PII_INDEX_LEN) == 0)
        members_lose_mobile(&self->members, member);
    members_release_mobile(&self->members, member->id, index);
    for (size_t i = 0; i < n; i++) {
        if (!devices_came_by(&self->devices, member->id, doors[i].id))
            wechat_unbind(self, member->id, doors[i].id, call);
    }
    devices_forget(&self->devices, member->id, 0);
    wechats_drop_waits(&self->wechats, member->id);
    end_doubtful(self, member->id, call);
    given_on.member_id = member->id;
    rpc_tell(call, &given_on.base);
}

/* The number by which the caller came, and a code has just shown that she has it: 0, or the Reason with its field. */
static int own_number(struct identity *self, const struct member *member, const Identity__NewNumberRequest *req,
                      void *call, char ret_mobile[CN_MOBILE_LEN + 1], unsigned char ret_index[PII_INDEX_LEN],
                      const char **ret_field)
{
    struct member holder;
    int reason;

    *ret_field = "confirmed";
    if (!req->confirmed)
        return RPC__REASON__MISSING_FIELD;
    *ret_field = "mobile";
    if (!cn_mobile(req->mobile, ret_mobile))
        return IDENTITY__REASON__MOBILE_INVALID;
    *ret_field = "code";
    reason = code_judge(self, ret_mobile, IDENTITY__CODE_PURPOSE__CODE_NUMBER, req->code, call);
    if (reason) {
        rpc_keep(call);
        return reason;
    }
    *ret_field = "mobile"; /* told only to who holds the number */
    person_index_mobile(self, ret_mobile, ret_index);
    return members_find_mobile(&self->members, ret_index, &holder) && holder.id == member->id
               ? 0
               : IDENTITY__REASON__MEMBER_NOT_FOUND;
}

/* rpc ClaimNumber: from now on the number opens an account of the caller's own. */
static void stepups__claim_number(Identity__Stepups_Service *service, const Identity__NewNumberRequest *req,
                                  Identity__Session_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    unsigned char index[PII_INDEX_LEN];
    char mobile[CN_MOBILE_LEN + 1], name[SEALED_MAX];
    const char *field = "";
    struct session session;
    struct member member, own;
    int reason = caller_refusal(self, call, &member);

    if (!reason && !member.sealed_person.len) /* it is hers already */
        reason = IDENTITY__REASON__STEP_UP_NOTHING;
    if (!reason)
        reason = data_key_ready(self, &member, call);
    if (rpc_refuse_if(call, reason))
        return;
    reason = own_number(self, &member, req, call, mobile, index, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    session_find(self, call, &session); /* caller_refusal has */
    person_open_device(self, &member, session.id, &session.device, name);
    part_number(self, &member, index, call);
    member_obtain(self, mobile, call, &own);
    session_open(self, &own, IDENTITY__SIGN_IN__SIGN_IN_BY_CODE, 0, name, reply, call);
}

/* ---- by an official ---- */

Identity__StepUpCase *step_up_message(struct identity *self, const struct step_up *step_up, bool official, void *call)
{
    Identity__StepUpCase *message = arena_message(rpc_arena(call), &identity__step_up_case__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, step_up->union_id, &node))
        return NULL;
    message->step_up_id = step_up->id;
    message->member_id = step_up->member_id;
    message->union_ = union_message(&node, call);
    message->state = (Identity__StepUpState)step_up->state;
    message->asked_at = step_up->asked_at;
    message->decided_at = step_up->decided_at;
    message->lapses_at = step_up->asked_at + STEP_UP_LIFE_MS;
    if (official)
        message->name = member_masked_name(self, step_up->member_id, call);
    return message->union_ && message->name ? message : NULL;
}

/* rpc AskStepUp: of the officials of her union, for this session. */
static void stepups__ask_step_up(Identity__Stepups_Service *service, const Identity__AskStepUpRequest *req,
                                 Identity__StepUpCase_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t session_id = rpc_principal(call)->session_id;
    struct step_up step_up = {0};
    struct union_node node;
    struct member member;
    struct period last;
    int reason = caller_refusal(self, call, &member);

    (void)req;
    if (!reason && !member.sealed_person.len)
        reason = IDENTITY__REASON__STEP_UP_NOTHING;
    if (!reason &&
        (!periods_find_last(&self->periods, member.id, &last) || !union_successor(self, last.union_id, &node)))
        reason = IDENTITY__REASON__NO_MEMBERSHIP;
    if (rpc_refuse_if(call, reason))
        return;
    if (!step_ups_find_open(&self->step_ups, session_id, &step_up)) {
        step_up = (struct step_up){
            .id = id_next(&self->ids, rpc_now(call)),
            .member_id = member.id,
            .session_id = session_id,
            .union_id = node.id,
            .asked_at = rpc_now(call),
            .state = IDENTITY__STEP_UP_STATE__STEP_UP_ASKED,
        };
        step_up_add(self, &step_up);
        rpc_created(call);
    }
    reply(step_up_message(self, &step_up, false, call), call);
}

/* rpc ListStepUps: who waits for a union's officials. */
static void stepups__list_step_ups(Identity__Stepups_Service *service, const Identity__ListStepUpsRequest *req,
                                   Identity__StepUpCaseList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    Identity__StepUpCaseList list = IDENTITY__STEP_UP_CASE_LIST__INIT;
    struct step_up *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    size_t n;

    if (rpc_refuse_if(call, official_refusal(self, req->union_id, union_administrators, call)))
        return;
    n = step_ups_find_union(&self->step_ups, req->union_id,
                            rpc_page_states(call, RPC_STATE(IDENTITY__STEP_UP_STATE__STEP_UP_ASKED)), page->after,
                            rpc_now(call) - STEP_UP_LIFE_MS, found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, cases, step_up_message(self, &found[i], true, call));
    reply(&list, call);
}

/* rpc DecideStepUp: whether it is she. */
static void stepups__decide_step_up(Identity__Stepups_Service *service, const Identity__DecideStepUpRequest *req,
                                    Identity__StepUpCase_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct step_up step_up;
    struct session session;
    int reason = 0;

    if (!step_ups_find(&self->step_ups, req->step_up_id, &step_up))
        reason = IDENTITY__REASON__STEP_UP_NOT_FOUND;
    if (!reason)
        reason = official_refusal(self, step_up.union_id, union_administrators, call);
    if (!reason && step_up.member_id == rpc_principal(call)->member_id)
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (!reason && (step_up.state != IDENTITY__STEP_UP_STATE__STEP_UP_ASKED ||
                    step_up.asked_at <= rpc_now(call) - STEP_UP_LIFE_MS))
        reason = IDENTITY__REASON__STEP_UP_DECIDED;
    if (!reason && req->approve && !sessions_find(&self->sessions, step_up.session_id, &session))
        reason = IDENTITY__REASON__SESSION_NOT_FOUND;
    if (rpc_refuse_if(call, reason))
        return;
    step_up.state = req->approve ? IDENTITY__STEP_UP_STATE__STEP_UP_DONE : IDENTITY__STEP_UP_STATE__STEP_UP_REFUSED;
    step_up.decided_at = rpc_now(call);
    step_up.decided_by = rpc_principal(call)->member_id;
    step_up_decide(self, &step_up);
    if (req->approve)
        session_step_up(self, &session, step_up.id, call);
    reply(step_up_message(self, &step_up, true, call), call);
}

const Identity__Stepups_Service stepups_api = IDENTITY__STEPUPS__INIT(stepups__);
