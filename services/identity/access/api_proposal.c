#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/registers/companies.h"
#include "services/identity/access/credentials.h"
#include "services/identity/access/grants.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/access/proposals.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/unions/unions.h"

static const int guards[] = {RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__ROLE_NONE};
static const int readers[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__AUDIT_ADMIN,
                              RULE__ROLE__ROLE_NONE};

static struct identity *self_of(Identity__Proposals_Service *service)
{
    return container_of(service, struct identity, proposals_service);
}

static void fill_message(const struct proposal *proposal, Identity__Proposal *ret)
{
    identity__proposal__init(ret);
    ret->proposal_id = proposal->id;
    ret->kind = (Identity__ProposalKind)proposal->kind;
    ret->state = (Identity__ProposalState)proposal->state;
    ret->member_id = proposal->member_id;
    ret->union_id = proposal->union_id;
    if (proposal->kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING)
        ret->standing = (Identity__Standing)proposal->value;
    if (proposal->kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_GRANT ||
        proposal->kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_REVOCATION)
        ret->role = (Rule__Role)proposal->value;
    ret->reason = (Identity__StandingReason)proposal->reason;
    ret->asked_by = proposal->asked_by;
    ret->asked_at = proposal->asked_at;
    ret->lapses_at = proposal->asked_at + PROPOSAL_LIFE_MS;
    ret->decided_by = proposal->decided_by;
    ret->decided_at = proposal->decided_at;
    ret->remark = unconst(proposal->remark);
}

Identity__Proposal *proposal_message(const struct proposal *proposal, void *call)
{
    Identity__Proposal *message = arena_message(rpc_arena(call), &identity__proposal__descriptor);

    if (!message)
        return NULL;
    fill_message(proposal, message);
    message->remark = rpc_text(call, proposal->remark);
    return message;
}

static void reply_proposal(const struct proposal *proposal, Identity__Proposal_Closure reply, void *call)
{
    Identity__Proposal message;

    fill_message(proposal, &message);
    reply(&message, call);
}

/* ---- two hands ---- */

/* What is confirmed: all that it was when it was proposed. */
static void fill_what(const struct proposal *proposal, Identity__Proposal *ret)
{
    fill_message(proposal, ret);
    ret->state = IDENTITY__PROPOSAL_STATE__PROPOSAL_STATE_NONE;
    ret->decided_by = ret->decided_at = 0;
    ret->remark = unconst("");
}

/* By which offices hands are given to a kind. */
static const int *offices_for(int kind)
{
    static const int departing[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__COMPANY_AGENT, RULE__ROLE__ROLE_NONE};

    if (kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING || kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_TAKING_BACK)
        return union_administrators;
    return kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE ? departing : guards;
}

/* The deed of a proposal over a union; what is filled in for it. */
static struct hands_deed deed_of(const struct proposal *proposal, const struct union_node *node,
                                 Identity__Proposal *what)
{
    fill_what(proposal, what);
    return (struct hands_deed){
        .kind = "proposal",
        .id = proposal->id,
        .what = &what->base,
        .until = proposal->asked_at + PROPOSAL_LIFE_MS,
        .roles = offices_for(proposal->kind),
        .union_path = node->path,
        .own = IDENTITY__REASON__PROPOSAL_OWN,
        .earlier_by = proposal->asked_by,
    };
}

void proposal_make(struct identity *self, struct proposal *proposal, Identity__Proposal_Closure reply, void *call)
{
    Identity__Proposal what, message;
    struct hands_deed deed;
    struct union_node node;
    int reason = 0;

    proposal->id = id_next(&self->ids, rpc_now(call));
    proposal->state = IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN;
    proposal->asked_by = rpc_principal(call)->member_id;
    proposal->asked_at = rpc_now(call);
    if (!unions_find(&self->unions, proposal->union_id, &node))
        reason = RPC__REASON__UNION_NOT_FOUND;
    else if (!proposal_add(self, proposal))
        reason = IDENTITY__REASON__PROPOSAL_PENDING;
    if (!reason) {
        deed = deed_of(proposal, &node, &what);
        reason = hands_give(&self->two_hands, &deed, call);
    }
    if (rpc_refuse_if(call, reason))
        return;
    proposal_journal(proposal, call);
    rpc_created(call);
    fill_message(proposal, &message);
    if (proposal->kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_GRANT && /* which gave a number */
        !grantee_is_known(self, proposal->member_id, call))
        message.member_id = 0;
    reply(&message, call);
}

/* ---- each kind: who may propose and confirm it as things are, and what it does ---- */

static int judge_standing(struct identity *self, const struct proposal *proposal, void *call, struct member *ret_member)
{
    int reason = member_refusal(self, proposal->member_id, union_administrators, call, ret_member);
    struct standing old = {0};

    if (reason)
        return reason;
    if (proposal->member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    periods_find_standing(&self->periods, proposal->member_id, &old);
    return standing_refusal(old.standing, proposal->value, proposal->reason);
}

/* ret_grant is the highest of her grants: who covers all of them decides. */
static int judge_reset(struct identity *self, int64_t member_id, void *call, struct authority *ret_grant,
                       struct credential *ret_credential)
{
    struct authority grants[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, member_id, grants, ARRAY_LEN(grants));

    for (size_t i = 0; i < n; i++) {
        if (!caller_holds(call, guards, grants[i].union_path))
            return RPC__REASON__OUTSIDE_YOUR_UNION;
        if (i == 0 || strlen(grants[i].union_path) < strlen(ret_grant->union_path))
            *ret_grant = grants[i];
    }
    if (member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (n == 0 || !credential_find(self, member_id, ret_credential) || !ret_credential->confirmed)
        return IDENTITY__REASON__CREDENTIAL_NOT_FOUND;
    return 0;
}

static int confirm_standing(struct identity *self, const struct proposal *proposal, void *call)
{
    struct member member;
    int reason = judge_standing(self, proposal, call, &member);

    if (!reason)
        membership_set_standing(self, &member, proposal->value, proposal->reason, call);
    return reason;
}

static int confirm_grant(struct identity *self, const struct proposal *proposal, void *call)
{
    struct authority same, grant = {
                               .role = proposal->value,
                               .member_id = proposal->member_id,
                               .also_by = proposal->asked_by,
                           };
    struct union_node node;
    int reason;

    if (!unions_find(&self->unions, proposal->union_id, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    reason = grant_judge(self, proposal->value, &node, proposal->member_id, call, &same);
    if (!reason)
        reason = grantee_refusal(self, proposal->value, proposal->member_id);
    if (!reason && !same.id)
        grant_give(self, &grant, &node, call);
    return reason;
}

/* The office that is to be taken back, if it is held still and the caller guards its union. */
static int judge_revocation(struct identity *self, const struct proposal *proposal, void *call,
                            struct authority *ret_grant)
{
    struct authority grants[LIMIT_GRANTS];
    size_t n = grants_find_all(&self->grants, proposal->member_id, grants, ARRAY_LEN(grants));

    for (size_t i = 0; i < n; i++) {
        if (grants[i].role != proposal->value || grants[i].union_id != proposal->union_id)
            continue;
        *ret_grant = grants[i];
        return revoke_refusal(rpc_principal(call), grants[i].union_path);
    }
    return IDENTITY__REASON__GRANT_NOT_FOUND;
}

static int confirm_revocation(struct identity *self, const struct proposal *proposal, void *call)
{
    struct authority grant;
    int reason = judge_revocation(self, proposal, call, &grant);

    if (!reason)
        grant_take(self, &grant, call);
    return reason;
}

/* Whether her proof may be taken back by the caller, as things are; *ret_union_id decides. */
static int judge_taking_back(struct identity *self, int64_t member_id, void *call, struct member *ret_member,
                             int64_t *ret_union_id)
{
    struct contest contest;
    struct period last;
    int reason;

    /* Of who never was of any union, those may say so to whom the case was given. */
    if (members_find(&self->members, member_id, ret_member) && !periods_find_last(&self->periods, member_id, &last) &&
        contests_find_any(&self->contests, member_id, &contest)) {
        *ret_union_id = contest.union_id;
        reason = official_refusal(self, contest.union_id, union_administrators, call);
    } else {
        reason = member_refusal(self, member_id, union_administrators, call, ret_member);
        if (!reason && periods_find_last(&self->periods, member_id, &last))
            *ret_union_id = last.union_id;
    }
    if (!reason && (member_id == rpc_principal(call)->member_id ||
                    contests_find_open(&self->contests, member_id, rpc_principal(call)->member_id, &contest)))
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    return reason ? reason : take_back_refusal(self, ret_member);
}

static int confirm_taking_back(struct identity *self, const struct proposal *proposal, void *call)
{
    struct member member;
    int64_t union_id = 0;
    int reason = judge_taking_back(self, proposal->member_id, call, &member, &union_id);

    if (!reason)
        proof_take_back(self, &member, call);
    return reason;
}

static int confirm_departure(struct identity *self, const struct proposal *proposal, void *call)
{
    struct union_node node;

    return unions_find(&self->unions, proposal->union_id, &node) ? member_hang(self, &node, proposal->member_id, call)
                                                                 : (int)RPC__REASON__UNION_NOT_FOUND;
}

static int confirm_reset(struct identity *self, const struct proposal *proposal, void *call)
{
    struct credential credential;
    struct authority grant;
    int reason = judge_reset(self, proposal->member_id, call, &grant, &credential);

    if (reason)
        return reason;
    credential_reset(&credential);
    credential_keep(self, &credential, call);
    credential_journal(proposal->member_id, IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_RESET, call);
    session_revoke_all(self, proposal->member_id, call);
    return 0;
}

/* ---- the operations ---- */

/* rpc ProposeStanding: suspend, reinstate, or record a death. */
static void proposals__propose_standing(Identity__Proposals_Service *service,
                                        const Identity__ProposeStandingRequest *req, Identity__Proposal_Closure reply,
                                        void *call)
{
    struct identity *self = self_of(service);
    struct proposal proposal = {
        .kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING,
        .member_id = req->member_id,
        .value = (int)req->standing,
        .reason = (int)req->reason,
    };
    struct member member;
    struct period last;
    int reason = judge_standing(self, &proposal, call, &member);

    if (rpc_refuse_if(call, reason))
        return;
    periods_find_last(&self->periods, member.id, &last); /* member_refusal has found it */
    proposal.union_id = last.union_id;
    proposal_make(self, &proposal, reply, call);
}

/* rpc ProposeGrant: an office over a union. */
static void proposals__propose_grant(Identity__Proposals_Service *service, const Identity__ProposeGrantRequest *req,
                                     Identity__Proposal_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct proposal proposal = {.kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_GRANT, .value = (int)req->role};
    char mobile[CN_MOBILE_LEN + 1];
    const char *field = "";
    struct union_node node;
    struct authority same;
    struct member member;
    int reason = grant_read(self, req->mobile, req->union_id, mobile, &node, &field);

    if (rpc_refuse_field_if(call, reason, field))
        return;
    /* Undone with the rest when it is refused. */
    member_obtain(self, mobile, call, &member);
    reason = grant_judge(self, proposal.value, &node, member.id, call, &same);
    if (!reason && !role_needs_two(proposal.value))
        reason = IDENTITY__REASON__ROLE_INVALID;
    if (!reason)
        reason = grantee_refusal(self, proposal.value, member.id);
    if (rpc_refuse_if(call, reason))
        return;
    proposal.member_id = member.id;
    proposal.union_id = node.id;
    proposal_make(self, &proposal, reply, call);
}

/* rpc ProposeRevocation: an office is taken back; also by who holds it, who gives it up. */
static void proposals__propose_revocation(Identity__Proposals_Service *service,
                                          const Identity__ProposeRevocationRequest *req,
                                          Identity__Proposal_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct proposal proposal = {.kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_REVOCATION};
    struct authority grant;
    int reason = IDENTITY__REASON__GRANT_NOT_FOUND;

    if (grants_find(&self->grants, req->grant_id, &grant))
        reason = revoke_refusal(rpc_principal(call), grant.union_path);
    if (!reason && !role_needs_two(grant.role))
        reason = IDENTITY__REASON__ROLE_INVALID;
    if (rpc_refuse_if(call, reason))
        return;
    proposal.member_id = grant.member_id;
    proposal.union_id = grant.union_id;
    proposal.value = grant.role;
    proposal_make(self, &proposal, reply, call);
}

/* rpc ProposeTakeBack: another had proven her name. */
static void proposals__propose_take_back(Identity__Proposals_Service *service,
                                         const Identity__ProposeTakeBackRequest *req, Identity__Proposal_Closure reply,
                                         void *call)
{
    struct identity *self = self_of(service);
    struct proposal proposal = {.kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_TAKING_BACK, .member_id = req->member_id};
    struct member member;
    int reason = judge_taking_back(self, req->member_id, call, &member, &proposal.union_id);

    if (rpc_refuse_if(call, reason))
        return;
    proposal_make(self, &proposal, reply, call);
}

/* rpc ProposeCredentialReset: an official who has lost her second factor enrols anew. */
static void proposals__propose_credential_reset(Identity__Proposals_Service *service,
                                                const Identity__ProposeCredentialResetRequest *req,
                                                Identity__Proposal_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct credential credential;
    struct authority grant;
    int reason = judge_reset(self, req->member_id, call, &grant, &credential);

    if (rpc_refuse_if(call, reason))
        return;
    proposal_make(self,
                  &(struct proposal){.kind = IDENTITY__PROPOSAL_KIND__PROPOSAL_CREDENTIAL_RESET,
                                     .member_id = req->member_id,
                                     .union_id = grant.union_id},
                  reply, call);
}

/* rpc ListProposals: asked for no state, what waits for a decision; of a company's own, for its agents. */
static void proposals__list_proposals(Identity__Proposals_Service *service, const Identity__ListProposalsRequest *req,
                                      Identity__ProposalList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct proposal *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Identity__ProposalList list = IDENTITY__PROPOSAL_LIST__INIT;
    struct union_node node;
    int64_t next;
    bool all;
    size_t n;

    if (req->union_id <= 0 || !unions_find(&self->unions, req->union_id, &node)) {
        rpc_refuse(call, RPC__REASON__UNION_NOT_FOUND);
        return;
    }
    all = caller_holds(call, readers, node.path);
    if (!all && !caller_is_agent(call, node.path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    n = proposals_find_below(&self->proposals, node.path, all ? 0 : IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE,
                             rpc_page_states(call, RPC_STATE(IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN)), page->after,
                             found, page->limit, &next);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        rpc_add(call, &list, proposals, proposal_message(&found[i], call));
    }
    if (next && n < page->limit)
        rpc_page_ends_at(call, "", next);
    reply(&list, call);
}

/* Whether the caller holds an office over a union that has anything to do with proposals
 * of this kind: 0 or why not. */
static int office_refusal(struct identity *self, int kind, const struct union_node *node, void *call)
{
    bool administers = caller_holds(call, union_administrators, node->path), agent = caller_is_agent(call, node->path);
    bool guards_it = caller_holds(call, guards, node->path), right = guards_it;

    if (kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING || kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_TAKING_BACK)
        right = administers;
    if (kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE)
        right = administers || caller_is_approver(self, call, node);
    if (right)
        return 0;
    if (agent && kind == IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE)
        return IDENTITY__REASON__AGENT_NOT_APPROVER;
    return administers || guards_it || agent ? (int)IDENTITY__REASON__PROPOSAL_OTHER_OFFICE
                                             : (int)RPC__REASON__OUTSIDE_YOUR_UNION;
}

/* Whether the caller may decide it at all, or, who proposed it, take it back: the same office
 * over its union or above, and not about herself. */
static int decider_refusal(struct identity *self, const struct proposal *proposal, const struct union_node *node,
                           void *call)
{
    int reason = office_refusal(self, proposal->kind, node, call);

    if (reason)
        return reason;
    if (proposal->member_id == rpc_principal(call)->member_id && proposal->asked_by != proposal->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (proposal->state != IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN ||
        proposal->asked_at + PROPOSAL_LIFE_MS <= rpc_now(call))
        return IDENTITY__REASON__PROPOSAL_DECIDED;
    return 0;
}

static int carry_out(struct identity *self, const struct proposal *proposal, void *call)
{
    switch (proposal->kind) {
    case IDENTITY__PROPOSAL_KIND__PROPOSAL_STANDING:
        return confirm_standing(self, proposal, call);
    case IDENTITY__PROPOSAL_KIND__PROPOSAL_GRANT:
        return confirm_grant(self, proposal, call);
    case IDENTITY__PROPOSAL_KIND__PROPOSAL_DEPARTURE:
        return confirm_departure(self, proposal, call);
    case IDENTITY__PROPOSAL_KIND__PROPOSAL_REVOCATION:
        return confirm_revocation(self, proposal, call);
    case IDENTITY__PROPOSAL_KIND__PROPOSAL_TAKING_BACK:
        return confirm_taking_back(self, proposal, call);
    default:
        return confirm_reset(self, proposal, call);
    }
}

/* Confirms it as the second hand, and does it. */
static int confirm(struct identity *self, struct proposal *proposal, const struct union_node *node, void *call)
{
    Identity__Proposal what;
    struct hands_deed deed = deed_of(proposal, node, &what);
    int reason = hands_confirm(&self->two_hands, &deed, call);

    if (!reason)
        reason = carry_out(self, proposal, call);
    if (!reason)
        proposal->state = IDENTITY__PROPOSAL_STATE__PROPOSAL_CONFIRMED;
    return reason;
}

static void refuse(struct identity *self, struct proposal *proposal, void *call)
{
    bool own = hands_is_first(&self->two_hands, "proposal", proposal->id, rpc_principal(call)->member_id);

    proposal->state = own ? IDENTITY__PROPOSAL_STATE__PROPOSAL_TAKEN_BACK : IDENTITY__PROPOSAL_STATE__PROPOSAL_REFUSED;
    hands_end(&self->two_hands, "proposal", proposal->id, own ? HANDS__STATE__TAKEN_BACK : HANDS__STATE__REFUSED, call);
}

/* rpc DecideProposal: what is confirmed takes effect at once. */
static void proposals__decide_proposal(Identity__Proposals_Service *service, const Identity__DecideProposalRequest *req,
                                       Identity__Proposal_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct proposal proposal;
    struct union_node node;
    int reason = 0;

    if (!proposals_find(&self->proposals, req->proposal_id, &proposal))
        reason = IDENTITY__REASON__PROPOSAL_NOT_FOUND;
    else if (!unions_find(&self->unions, proposal.union_id, &node))
        reason = RPC__REASON__UNION_NOT_FOUND;
    else
        reason = decider_refusal(self, &proposal, &node, call);
    if (!reason && strlen(req->remark) >= sizeof(proposal.remark))
        reason = RPC__REASON__TOO_LONG;
    if (!reason && req->confirm)
        reason = confirm(self, &proposal, &node, call);
    if (rpc_refuse_if(call, reason))
        return;
    if (!req->confirm)
        refuse(self, &proposal, call);
    proposal.decided_by = rpc_principal(call)->member_id;
    proposal.decided_at = rpc_now(call);
    snprintf(proposal.remark, sizeof(proposal.remark), "%s", req->remark);
    proposal_decide(self, &proposal);
    proposal_journal(&proposal, call);
    reply_proposal(&proposal, reply, call);
}

const Identity__Proposals_Service proposals_api = IDENTITY__PROPOSALS__INIT(proposals__);
