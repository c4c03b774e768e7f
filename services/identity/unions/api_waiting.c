#include "services/identity/access/proposals.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/membership/joins.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/people/contests.h"
#include "services/identity/people/merges.h"
#include "services/identity/registers/declarations.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/step_ups.h"
#include "services/identity/api.h"
#include "services/identity/rights/api_rights.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/waitings.h"

static struct identity *self_of(Identity__Waitings_Service *service)
{
    return container_of(service, struct identity, waitings_service);
}

static const int guards[] = {RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__ROLE_NONE};
static const int deciders[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__SECURITY_ADMIN, RULE__ROLE__ROLE_NONE};

/* The kinds that the caller decides over a union, as RPC_STATE bits. */
static int64_t kinds_of(const char *path, void *call)
{
    int64_t offices = RPC_STATE(IDENTITY__WAITING_KIND__WAITING_OFFICE), kinds = 0;

    if (caller_holds(call, union_administrators, path))
        kinds |= ~(offices | RPC_STATE(IDENTITY__WAITING_KIND__WAITING_NONE));
    if (caller_holds(call, guards, path))
        kinds |= offices;
    return kinds;
}

/* ---- what each is ---- */

static int64_t fill_join(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct join join;

    if (joins_find(&self->joins, id, &join))
        message->join = join_message(self, &join, call);
    return message->join ? join.asked_at : 0;
}

static int64_t fill_transfer(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct transfer transfer;

    if (transfers_find(&self->transfers, id, &transfer))
        message->transfer = transfer_message(self, &transfer, call);
    return message->transfer ? transfer.asked_at : 0;
}

static int64_t fill_trade(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct trade trade;

    if (trades_find(&self->trades, id, &trade))
        message->trade = trade_message(self, &trade, call);
    return message->trade ? trade.asked_at : 0;
}

static int64_t fill_correction(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct correction correction;

    if (corrections_find(&self->corrections, id, &correction))
        message->correction = correction_message(self, &correction, call);
    return message->correction ? correction.asked_at : 0;
}

static int64_t fill_merge(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct merge merge;

    if (merges_find(&self->merges, id, &merge))
        message->merge = merge_message(self, &merge, true, call);
    return message->merge ? merge.asked_at : 0;
}

static int64_t fill_contest(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct contest contest;

    if (contests_find(&self->contests, id, &contest))
        message->contest = contest_message(self, &contest, true, call);
    return message->contest ? contest.asked_at : 0;
}

static int64_t fill_change(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct change change;

    if (changes_find(&self->changes, id, &change))
        message->change = change_message(&change, call);
    return message->change ? change.asked_at : 0;
}

static int64_t fill_proposal(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct proposal proposal;

    if (proposals_find(&self->proposals, id, &proposal))
        message->proposal = proposal_message(&proposal, call);
    return message->proposal ? proposal.asked_at : 0;
}

static int64_t fill_declaration(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct declaration declaration;

    if (declarations_find(&self->declarations, id, &declaration))
        message->declaration = declaration_message(self, &declaration, true, call);
    return message->declaration ? declaration.asked_at : 0;
}

static int64_t fill_step_up(struct identity *self, int64_t id, Identity__Waiting *message, void *call)
{
    struct step_up step_up;

    if (step_ups_find(&self->step_ups, id, &step_up))
        message->step_up = step_up_message(self, &step_up, true, call);
    return message->step_up ? step_up.asked_at : 0;
}

/* By kind: puts the whole of it into a message, and returns when it was asked for; 0 when it is not there, or the
 * call's memory is full. */
static int64_t (*const fill[])(struct identity *self, int64_t id, Identity__Waiting *message, void *call) = {
    [IDENTITY__WAITING_KIND__WAITING_JOIN] = fill_join,
    [IDENTITY__WAITING_KIND__WAITING_TRANSFER] = fill_transfer,
    [IDENTITY__WAITING_KIND__WAITING_TRADE] = fill_trade,
    [IDENTITY__WAITING_KIND__WAITING_CORRECTION] = fill_correction,
    [IDENTITY__WAITING_KIND__WAITING_MERGE] = fill_merge,
    [IDENTITY__WAITING_KIND__WAITING_CONTEST] = fill_contest,
    [IDENTITY__WAITING_KIND__WAITING_CHANGE] = fill_change,
    [IDENTITY__WAITING_KIND__WAITING_PROPOSAL] = fill_proposal,
    [IDENTITY__WAITING_KIND__WAITING_DEPARTURE] = fill_proposal,
    [IDENTITY__WAITING_KIND__WAITING_OFFICE] = fill_proposal,
    [IDENTITY__WAITING_KIND__WAITING_DECLARATION] = fill_declaration,
    [IDENTITY__WAITING_KIND__WAITING_STEP_UP] = fill_step_up,
};

/* NULL when the call's memory is full. */
static Identity__Waiting *waiting_message(struct identity *self, const struct waiting *waiting, void *call)
{
    Identity__Waiting *message = arena_message(rpc_arena(call), &identity__waiting__descriptor);
    struct union_node node;

    if (!message)
        return NULL;
    message->kind = (Identity__WaitingKind)waiting->kind;
    message->id = waiting->id;
    if (*waiting->path && unions_find_path(&self->unions, waiting->path, &node))
        message->union_ = union_message(&node, call);
    message->asked_at = fill[waiting->kind](self, waiting->id, message, call);
    return message->asked_at ? message : NULL;
}

/* ---- the list ---- */

static void add_counts(struct identity *self, const char *path, int64_t kinds, Identity__WaitingList *list, void *call)
{
    for (int kind = 1; kind < (int)ARRAY_LEN(fill); kind++) {
        Identity__WaitingCount *count;

        if (!(kinds & RPC_STATE(kind)))
            continue;
        count = arena_message(rpc_arena(call), &identity__waiting_count__descriptor);
        if (count) {
            count->kind = (Identity__WaitingKind)kind;
            count->waiting = waitings_count(&self->waitings, kind, path);
            count->more = count->waiting > WAITINGS_COUNTED;
            count->waiting -= count->more;
        }
        rpc_add(call, list, counts, count);
    }
}

/* rpc ListWaiting: in the order of the tree, of each union's the oldest first. */
static void waitings__list_waiting(Identity__Waitings_Service *service, const Identity__ListWaitingRequest *req,
                                   Identity__WaitingList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__WaitingList list = IDENTITY__WAITING_LIST__INIT;
    struct union_node node;
    struct waiting *found;
    struct page page;
    int64_t kinds;
    size_t n;

    if (!page_begin(self, req->union_id, deciders, call, &page))
        return;
    unions_find(&self->unions, req->union_id, &node);
    kinds = kinds_of(node.path, call);
    add_counts(self, node.path, kinds, &list, call);
    found = arena_alloc(rpc_arena(call), page.limit * sizeof(*found));
    n = waitings_find_page(&self->waitings, &page, kinds & rpc_page_mask(req->kind, req->n_kind), found);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, found[i].path, found[i].id); i++)
        rpc_add(call, &list, waiting, waiting_message(self, &found[i], call));
    reply(&list, call);
}

const Identity__Waitings_Service waitings_api = IDENTITY__WAITINGS__INIT(waitings__);
