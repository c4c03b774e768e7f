/* api_contest.c: the operations of contest.proto. */
#include "services/identity/access/session_life.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/api.h"
#include "services/identity/membership/periods.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/decision.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Contests_Service *service)
{
    return container_of(service, struct identity, contests_service);
}

Identity__Contest *contest_message(struct identity *self, const struct contest *contest, bool official, void *call)
{
    Identity__Contest *message = arena_message(rpc_arena(call), &identity__contest__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, contest->union_id, &node))
        return NULL;
    message->contest_id = contest->id;
    message->union_ = union_message(&node, call);
    message->state = (Identity__ContestState)contest->state;
    message->asked_at = contest->asked_at;
    message->decided_at = contest->decided_at;
    if (official) {
        message->holder_id = contest->holder_id;
        message->claimant_id = contest->claimant_id;
        message->name = member_masked_name(self, contest->holder_id, call);
    }
    return message->union_ && message->name ? message : NULL;
}

/* ---- who says that it is hers ---- */

/* Whose officials decide: of the union that the holder belongs to, or did last, or else of one that lists the person;
 * of whom no union knows, of the first root. */
static bool find_union(struct identity *self, const struct member *holder, struct union_node *ret)
{
    struct roster_entry entry;
    struct period last;
    bool found;

    if (periods_find_last(&self->periods, holder->id, &last) && union_successor(self, last.union_id, ret))
        return true;
    if (rosters_find_person(&self->rosters, holder->person, &entry, 1) == 1 &&
        union_successor(self, entry.union_id, ret))
        return true;
    unions_ask_children(&self->unions, 0, "", 1, RPC_STATE(IDENTITY__UNION_STATE__UNION_ACTIVE));
    found = unions_next_child(&self->unions, ret);
    unions_end_children(&self->unions);
    return found;
}

/* rpc ContestProof: asked twice it is one case. */
static void contests__contest_proof(Identity__Contests_Service *service, const Identity__ContestProofRequest *req,
                                    Identity__Contest_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__VerifyRequest claim = IDENTITY__VERIFY_REQUEST__INIT;
    struct member claimant, holder;
    struct contest contest;
    struct union_node node;
    const char *field = "";
    int reason = caller_refusal(self, call, &claimant);

    if (!reason)
        reason = verify_refusal(&claimant.tries, cn_day(rpc_now(call)));
    if (rpc_refuse_if(call, reason))
        return;
    claim.name = req->name;
    claim.resident_id = req->resident_id;
    claim.document = req->document;
    reason = claim_find_holder(self, &claim, &claimant, IDENTITY__REASON__CONTEST_NOTHING, call, &holder, &field);
    if (!reason && !find_union(self, &holder, &node))
        reason = IDENTITY__REASON__CONTEST_NO_UNION;
    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (!contests_find_open(&self->contests, holder.id, claimant.id, &contest)) {
        contest = (struct contest){.holder_id = holder.id, .claimant_id = claimant.id, .union_id = node.id};
        contest_open(self, &contest, call);
        rpc_created(call);
    }
    reply(contest_message(self, &contest, false, call), call);
}

static void reply_list(struct identity *self, const struct contest *found, size_t n, bool official,
                       Identity__ContestList_Closure reply, void *call)
{
    Identity__ContestList list = IDENTITY__CONTEST_LIST__INIT;

    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, contests, contest_message(self, &found[i], official, call));
    reply(&list, call);
}

/* rpc ListMyContests. */
static void contests__list_my_contests(Identity__Contests_Service *service, const Identity__MyContestsRequest *req,
                                       Identity__ContestList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct contest *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));

    (void)req;
    reply_list(self, found,
               contests_find_mine(&self->contests, rpc_principal(call)->member_id, page->states, page->before, found,
                                  page->limit),
               false, reply, call);
}

/* ---- the officials ---- */

/* rpc ListContests. */
static void contests__list_contests(Identity__Contests_Service *service, const Identity__ListContestsRequest *req,
                                    Identity__ContestList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    struct contest *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));

    if (rpc_refuse_if(call, official_refusal(self, req->union_id, union_administrators, call)))
        return;
    reply_list(self, found,
               contests_find_union(&self->contests, req->union_id,
                                   rpc_page_states(call, RPC_STATE(IDENTITY__CONTEST_STATE__CONTEST_ASKED)),
                                   page->after, found, page->limit),
               true, reply, call);
}

/* rpc RefuseContest: she has looked, and the proof is right. */
static void contests__refuse_contest(Identity__Contests_Service *service, const Identity__RefuseContestRequest *req,
                                     Identity__Contest_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int64_t caller = rpc_principal(call)->member_id;
    struct contest contest;
    int reason = 0;

    if (!contests_find(&self->contests, req->contest_id, &contest))
        reason = IDENTITY__REASON__CONTEST_NOT_FOUND;
    if (!reason)
        reason = official_refusal(self, contest.union_id, union_administrators, call);
    if (!reason && caller && (contest.holder_id == caller || contest.claimant_id == caller))
        reason = IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (!reason && contest.state != IDENTITY__CONTEST_STATE__CONTEST_ASKED)
        reason = IDENTITY__REASON__CONTEST_DECIDED;
    if (!reason && !contests_looked_at(&self->contests, contest.id, caller))
        reason = IDENTITY__REASON__CONTEST_NOT_LOOKED;
    if (rpc_refuse_if(call, reason))
        return;
    contest_end(self, &contest, IDENTITY__CONTEST_STATE__CONTEST_REFUSED, call);
    reply(contest_message(self, &contest, true, call), call);
}

const Identity__Contests_Service contests_api = IDENTITY__CONTESTS__INIT(contests__);
