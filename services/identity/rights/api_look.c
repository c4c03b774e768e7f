/* api_look.c: the one operation that shows who somebody is by her whole name and numbers, and the one by which a
 * document that is shown at a door is compared with hers.
 *
 * Lists and requests show them masked. Who has to vouch for a person asks here, a second
 * time and for this one alone: by the case that she has to decide, while it is open, or by
 * the letter that came with a scan she has made (letter.h). Of the numbers she is shown
 * whole what the case is about. Each look is counted (look_tries.h) and on record with its
 * case (looks.h); the person finds it among the looks at her. */
#include "services/identity/api.h"
#include "services/identity/access/proposals.h"
#include "services/identity/access/step_ups.h"
#include "services/identity/membership/joins.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/members.h"
#include "services/identity/people/merges.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/declarations.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/rights/look_tries.h"
#include "services/identity/rights/looks.h"
#include "services/identity/unions/decision.h"
#include "services/identity/unions/unions.h"

#include "common/trust/letter.h"

/* What somebody may be looked at for. */
struct look_at {
    int look_case; /* Identity__LookCase */
    int64_t case_id, member_id;
    int64_t members[2], unions[2]; /* whom it is about; whose officials decide; 0: nobody */
    int refusal;                   /* why it is not open any more; 0: it is */
    char path[LIMIT_UNION_PATH + 1];
    struct person known, asked;
};

/* ---- the cases: each finds its noun, or says why not ---- */

static int join_case(struct identity *self, struct look_at *at)
{
    struct join join;

    if (!joins_find(&self->joins, at->case_id, &join))
        return IDENTITY__REASON__JOIN_NOT_FOUND;
    at->members[0] = join.member_id;
    at->unions[0] = join.union_id;
    if (join.state != IDENTITY__JOIN_STATE__JOIN_ASKED)
        at->refusal = IDENTITY__REASON__JOIN_DECIDED;
    join_open_applicant(self, &join, &at->known);
    return 0;
}

static int transfer_case(struct identity *self, struct look_at *at)
{
    struct transfer transfer;

    if (!transfers_find(&self->transfers, at->case_id, &transfer))
        return IDENTITY__REASON__TRANSFER_NOT_FOUND;
    at->members[0] = transfer.member_id;
    at->unions[0] = transfer.from_union;
    at->unions[1] = transfer.to_union;
    if (transfer.state > (int)IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED)
        at->refusal = IDENTITY__REASON__TRANSFER_STATE;
    return 0;
}

static int trade_case(struct identity *self, struct look_at *at)
{
    struct trade trade;

    if (!trades_find(&self->trades, at->case_id, &trade))
        return IDENTITY__REASON__TRADE_CLAIM_NOT_FOUND;
    at->members[0] = trade.member_id;
    at->unions[0] = trade.union_id;
    if (trade.state != IDENTITY__TRADE_STATE__TRADE_ASKED)
        at->refusal = IDENTITY__REASON__TRADE_CLAIM_DECIDED;
    return 0;
}

static int correction_case(struct identity *self, struct look_at *at)
{
    struct correction correction;
    struct member member;

    if (!corrections_find(&self->corrections, at->case_id, &correction))
        return IDENTITY__REASON__CORRECTION_NOT_FOUND;
    at->members[0] = correction.member_id;
    at->unions[0] = correction.union_id;
    if (correction.state != IDENTITY__CORRECTION_STATE__CORRECTION_ASKED)
        at->refusal = IDENTITY__REASON__CORRECTION_DECIDED;
    else if (members_find(&self->members, correction.member_id, &member))
        person_open_correction(self, &member, correction.id, &correction.sealed, &at->asked);
    return 0;
}

static int merge_case(struct identity *self, struct look_at *at)
{
    struct merge merge;

    if (!merges_find(&self->merges, at->case_id, &merge))
        return IDENTITY__REASON__MERGE_NOT_FOUND;
    at->members[0] = merge.kept_id;
    at->members[1] = merge.gone_id;
    at->unions[0] = merge.union_id;
    if (merge.state > (int)IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        at->refusal = IDENTITY__REASON__MERGE_DECIDED;
    return 0;
}

static int proposal_case(struct identity *self, struct look_at *at)
{
    struct proposal proposal;

    if (!proposals_find(&self->proposals, at->case_id, &proposal))
        return IDENTITY__REASON__PROPOSAL_NOT_FOUND;
    at->members[0] = proposal.member_id;
    at->unions[0] = proposal.union_id;
    if (proposal.state != IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN)
        at->refusal = IDENTITY__REASON__PROPOSAL_DECIDED;
    return 0;
}

static int contest_case(struct identity *self, struct look_at *at)
{
    struct contest contest;

    if (!contests_find(&self->contests, at->case_id, &contest))
        return IDENTITY__REASON__CONTEST_NOT_FOUND;
    at->members[0] = contest.holder_id;
    at->members[1] = contest.claimant_id;
    at->unions[0] = contest.union_id;
    if (contest.state != IDENTITY__CONTEST_STATE__CONTEST_ASKED)
        at->refusal = IDENTITY__REASON__CONTEST_DECIDED;
    return 0;
}

static int step_up_case(struct identity *self, struct look_at *at)
{
    struct step_up step_up;

    if (!step_ups_find(&self->step_ups, at->case_id, &step_up))
        return IDENTITY__REASON__STEP_UP_NOT_FOUND;
    at->members[0] = step_up.member_id;
    at->unions[0] = step_up.union_id;
    if (step_up.state != IDENTITY__STEP_UP_STATE__STEP_UP_ASKED)
        at->refusal = IDENTITY__REASON__STEP_UP_DECIDED;
    return 0;
}

/* Of an addition nobody is known, whoever may have an account elsewhere. */
static int declaration_case(struct identity *self, struct look_at *at)
{
    struct declaration declaration;
    struct declared declared;

    if (!declarations_find(&self->declarations, at->case_id, &declaration))
        return IDENTITY__REASON__DECLARATION_NOT_FOUND;
    at->unions[0] = declaration.union_id;
    if (declaration.state != IDENTITY__DECLARATION_STATE__DECLARATION_ASKED) {
        at->refusal = IDENTITY__REASON__DECLARATION_DECIDED;
        return 0;
    }
    person_open_declaration(self, declaration.id, &declaration.sealed, &at->asked);
    if (declaration.kind == IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION)
        return 0;
    declared_find(self, declaration.union_id, declaration.person, &declared);
    at->members[0] = declared.member.id;
    at->known = declared.known;
    return 0;
}

static const struct {
    int (*find)(struct identity *self, struct look_at *at);
    bool resident_id, mobile; /* are shown whole */
} cases[] = {
    [IDENTITY__LOOK_CASE__LOOK_JOIN] = {join_case, false, false},
    [IDENTITY__LOOK_CASE__LOOK_TRANSFER] = {transfer_case, false, false},
    [IDENTITY__LOOK_CASE__LOOK_TRADE] = {trade_case, false, false},
    [IDENTITY__LOOK_CASE__LOOK_CORRECTION] = {correction_case, true, true},
    [IDENTITY__LOOK_CASE__LOOK_MERGE] = {merge_case, true, true},
    [IDENTITY__LOOK_CASE__LOOK_PROPOSAL] = {proposal_case, true, false},
    [IDENTITY__LOOK_CASE__LOOK_CONTEST] = {contest_case, false, true},
    [IDENTITY__LOOK_CASE__LOOK_STEP_UP] = {step_up_case, false, false},
    [IDENTITY__LOOK_CASE__LOOK_DECLARATION] = {declaration_case, true, true},
    [IDENTITY__LOOK_CASE__LOOK_PASS] = {NULL, false, false}, /* by a letter */
};

/* ---- who may look ---- */

/* The first union of the case that the caller administers: false when there is none. */
static bool find_office(struct identity *self, struct look_at *at, void *call)
{
    for (unsigned i = 0; i < ARRAY_LEN(at->unions); i++) {
        struct union_node node;

        if (!at->unions[i] || !unions_find(&self->unions, at->unions[i], &node) ||
            !caller_holds(call, union_administrators, node.path))
            continue;
        snprintf(at->path, sizeof(at->path), "%s", node.path);
        return true;
    }
    return false;
}

static int case_refusal(struct identity *self, const Identity__LookRequest *req, void *call, struct look_at *ret)
{
    int reason;

    ret->look_case = (int)req->look_case;
    ret->case_id = req->case_id;
    ret->member_id = req->member_id;
    if (ret->look_case <= 0 || ret->look_case >= (int)ARRAY_LEN(cases) || !cases[ret->look_case].find)
        return RPC__REASON__OUT_OF_RANGE;
    reason = cases[ret->look_case].find(self, ret);
    if (!reason && !find_office(self, ret, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    if (!reason)
        reason = ret->refusal;
    if (!reason && (req->member_id ? req->member_id != ret->members[0] && req->member_id != ret->members[1]
                                   : ret->look_case != IDENTITY__LOOK_CASE__LOOK_DECLARATION || ret->members[0]))
        reason = IDENTITY__REASON__MEMBER_NOT_FOUND;
    return reason;
}

static int letter_refusal(struct identity *self, const char *text, void *call, struct look_at *ret)
{
    struct letter letter;

    if (!letter_read(self->letters, text, strlen(text), &letter) || letter.until <= rpc_now(call) ||
        letter.bearer_id != rpc_principal(call)->member_id)
        return IDENTITY__REASON__LOOK_LETTER_INVALID;
    if (!rpc_has_role(call, RULE__ROLE__CHECKUP_STAFF, letter.union_path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    ret->look_case = IDENTITY__LOOK_CASE__LOOK_PASS;
    ret->case_id = letter.about_id;
    ret->member_id = letter.member_id;
    snprintf(ret->path, sizeof(ret->path), "%s", letter.union_path);
    return 0;
}

/* Finds whom the caller would look at, who is not she herself: 0 or the Reason. */
static int find_subject(struct identity *self, const struct look_at *at, void *call, struct member *ret_member)
{
    if (!at->member_id) /* somebody who is declared, and no member */
        return 0;
    if (at->member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    return members_find(&self->members, at->member_id, ret_member) ? 0 : IDENTITY__REASON__MEMBER_NOT_FOUND;
}

/* 0 with how many looks are left, or why the caller may not look; who may has looked. */
static int take_look(struct identity *self, const struct look_at *at, const char *method, bool mismatch, void *call,
                     int32_t *ret_left)
{
    int left = look_tries_take(&self->look_tries, at->look_case, at->case_id, LOOKS_A_CASE, rpc_now(call));

    if (left < 0)
        return IDENTITY__REASON__LOOK_TRIES_EXHAUSTED;
    *ret_left = left;
    looks_record_whole(self, api_method(method), at->member_id, at->look_case, at->case_id, at->path, mismatch, call);
    return 0;
}

/* ---- what is shown ---- */

/* Masks what the case does not need. */
static void mask(const struct look_at *at, struct person *person)
{
    char whole[CN_RESIDENT_ID_LEN + 1];

    if (!cases[at->look_case].resident_id && person->resident_id[0]) {
        memcpy(whole, person->resident_id, sizeof(whole));
        cn_mask_resident_id(whole, person->resident_id);
    }
    if (!cases[at->look_case].mobile && person->mobile[0]) {
        memcpy(whole, person->mobile, sizeof(person->mobile));
        cn_mask_mobile(whole, person->mobile);
    }
}

/* rpc LookAtPerson. */
static void looks__look_at_person(Identity__Looks_Service *service, const Identity__LookRequest *req,
                                  Identity__WholePerson_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, looks_service);
    Identity__WholePerson message = IDENTITY__WHOLE_PERSON__INIT;
    struct look_at at = {0};
    struct member member;
    int reason = *req->letter ? letter_refusal(self, req->letter, call, &at) : case_refusal(self, req, call, &at);

    if (!reason)
        reason = find_subject(self, &at, call, &member);
    if (!reason)
        reason = take_look(self, &at, "Looks.LookAtPerson", false, call, &message.looks_left);
    if (rpc_refuse_if(call, reason))
        return;
    if (at.look_case == IDENTITY__LOOK_CASE__LOOK_CONTEST)
        contests_note_look(&self->contests, at.case_id, rpc_principal(call)->member_id);
    /* Of these two the case says who she is. */
    if (at.look_case != IDENTITY__LOOK_CASE__LOOK_JOIN && at.look_case != IDENTITY__LOOK_CASE__LOOK_DECLARATION)
        person_open_member(self, &member, &at.known);
    mask(&at, &at.known);
    mask(&at, &at.asked);
    message.name = at.known.name;
    message.resident_id = at.known.resident_id;
    message.mobile = at.known.mobile;
    message.asked_name = at.asked.name;
    message.asked_resident_id = at.asked.resident_id;
    message.asked_mobile = at.asked.mobile;
    reply(&message, call);
}

#define LAST_FOUR 4

/* Whether what was typed are the last characters of a document's number. */
static int compare_last(const char *typed, const char *number, bool *ret_same)
{
    char folded[LAST_FOUR + 1];
    size_t len = strlen(number);

    if (!cn_fold(typed, "", folded, sizeof(folded)) ||
        strspn(folded, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != LAST_FOUR)
        return IDENTITY__REASON__LAST_FOUR_INVALID;
    *ret_same = len >= LAST_FOUR && strcmp(number + len - LAST_FOUR, folded) == 0;
    return 0;
}

/* rpc MatchPerson. */
static void looks__match_person(Identity__Looks_Service *service, const Identity__MatchRequest *req,
                                Identity__PersonMatch_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, looks_service);
    Identity__PersonMatch message = IDENTITY__PERSON_MATCH__INIT;
    char name[CN_NAME_SIZE];
    struct look_at at = {0};
    struct member member;
    bool same = false;
    int reason = letter_refusal(self, req->letter, call, &at);

    if (!reason)
        reason = find_subject(self, &at, call, &member);
    if (!reason && !person_open_member(self, &member, &at.known))
        reason = RPC__REASON__STORE_FAILED;
    if (!reason)
        reason = compare_last(req->last_four, at.known.resident_id, &same);
    if (!reason)
        reason = take_look(self, &at, "Looks.MatchPerson", !same, call, &message.looks_left);
    if (rpc_refuse_if(call, reason))
        return;
    cn_mask_name(at.known.name, name);
    message.matches = same;
    message.name = name;
    reply(&message, call);
}

const Identity__Looks_Service looks_api = IDENTITY__LOOKS__INIT(looks__);
