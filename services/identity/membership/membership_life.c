#include "services/identity/membership/membership_life.h"

#include "services/identity/membership/covers.h"
#include "services/identity/membership/joins.h"
#include "services/identity/people/members.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/trades.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/unions/unions.h"

static void journal_began(const struct period *period, int trade, void *call)
{
    Identity__MembershipBegan began = IDENTITY__MEMBERSHIP_BEGAN__INIT;

    began.membership_id = period->id;
    began.member_id = period->member_id;
    began.union_id = period->union_id;
    began.began = (Identity__Began)period->began;
    began.trade = (Rpc__Trade)trade;
    rpc_tell(call, &began.base);
}

static void journal_ended(const struct period *period, void *call)
{
    Identity__MembershipEnded ended = IDENTITY__MEMBERSHIP_ENDED__INIT;

    ended.membership_id = period->id;
    ended.member_id = period->member_id;
    ended.union_id = period->union_id;
    ended.ended = (Identity__Ended)period->ended;
    rpc_tell(call, &ended.base);
}

/* A suspended member keeps the level that her name and resident ID give her. */
static int level_of(struct identity *self, int64_t member_id, int64_t union_id)
{
    struct standing standing;

    return union_id && !periods_find_standing(&self->periods, member_id, &standing) ? RPC__LEVEL__MEMBER
                                                                                    : RPC__LEVEL__REAL_NAME;
}

static void set_member(struct identity *self, struct member *member, int64_t union_id)
{
    member->union_id = union_id;
    member->level = level_of(self, member->id, union_id);
    periods_set_member(&self->periods, member->id, union_id, member->level);
}

static void begin(struct identity *self, struct member *member, int64_t union_id, int began, void *call)
{
    struct period period = {
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member->id,
        .union_id = union_id,
        .began_at = rpc_now(call),
        .began = began,
    };

    join_withdraw(self, member->id, call);
    ensure(periods_begin(&self->periods, &period));
    journal_began(&period, member->trade, call);
}

static bool end(struct identity *self, const struct member *member, int ended, void *call)
{
    struct period period;

    if (!periods_find_current(&self->periods, member->id, &period))
        return false;
    period.ended_at = rpc_now(call);
    period.ended = ended;
    periods_end(&self->periods, &period);
    journal_ended(&period, call);
    trade_withdraw(self, member->id, call);
    return true;
}

void membership_begin(struct identity *self, struct member *member, int64_t union_id, int began, void *call)
{
    begin(self, member, union_id, began, call);
    tallies_move(self, 0, union_id, member->trade, rpc_now(call));
    set_member(self, member, union_id);
}

bool membership_end(struct identity *self, struct member *member, int ended, void *call)
{
    if (!end(self, member, ended, call))
        return false;
    tallies_move(self, member->union_id, 0, member->trade, rpc_now(call));
    set_member(self, member, 0);
    transfer_settle(self, member->id, 0, call);
    /* Her other account has what this one had; and death, which may be taken back, ends nothing that matters then. */
    if (ended != IDENTITY__ENDED__ENDED_BY_ACCOUNTS && ended != IDENTITY__ENDED__ENDED_BY_DEATH)
        cover_end(self, member->id, call);
    session_revoke_all(self, member->id, call);
    return true;
}

bool membership_move(struct identity *self, struct member *member, int ended, int64_t union_id, int began, void *call)
{
    if (!end(self, member, ended, call))
        return false;
    begin(self, member, union_id, began, call);
    tallies_move(self, member->union_id, union_id, member->trade, rpc_now(call));
    set_member(self, member, union_id);
    transfer_settle(self, member->id, union_id, call);
    session_revoke_all(self, member->id, call);
    return true;
}

void membership_hang(struct identity *self, struct member *member, const struct union_node *node, void *call)
{
    if (node->parent_id)
        membership_move(self, member, IDENTITY__ENDED__ENDED_BY_COMPANY, node->parent_id,
                        IDENTITY__BEGAN__BEGAN_BY_HANGING, call);
    else
        membership_end(self, member, IDENTITY__ENDED__ENDED_BY_COMPANY, call);
}

static void journal_standing(int64_t member_id, int standing, int reason, void *call)
{
    Identity__StandingChanged changed = IDENTITY__STANDING_CHANGED__INIT;

    changed.member_id = member_id;
    changed.standing = (Identity__Standing)standing;
    changed.reason = (Identity__StandingReason)reason;
    rpc_tell(call, &changed.base);
}

/* Who was taken for dead is a member again where she was. */
static void take_back_death(struct identity *self, struct member *member, void *call)
{
    struct period last;

    if (periods_find_last(&self->periods, member->id, &last) && last.ended == IDENTITY__ENDED__ENDED_BY_DEATH)
        membership_begin(self, member, last.union_id, IDENTITY__BEGAN__BEGAN_BY_REINSTATING, call);
}

void membership_set_standing(struct identity *self, struct member *member, int standing, int reason, void *call)
{
    struct standing old = {0};
    struct standing next = {
        .id = id_next(&self->ids, rpc_now(call)),
        .member_id = member->id,
        .began_at = rpc_now(call),
        .decided_by = rpc_principal(call)->member_id,
        .standing = standing,
        .reason = reason,
    };

    if (periods_find_standing(&self->periods, member->id, &old))
        periods_end_standing(&self->periods, old.id, next.began_at);
    if (standing != IDENTITY__STANDING__STANDING_ACTIVE)
        periods_begin_standing(&self->periods, &next);
    journal_standing(member->id, standing, reason, call);
    if (standing == IDENTITY__STANDING__STANDING_DECEASED) {
        join_withdraw(self, member->id, call);
        membership_end(self, member, IDENTITY__ENDED__ENDED_BY_DEATH, call);
    } else if (old.standing == IDENTITY__STANDING__STANDING_DECEASED) {
        take_back_death(self, member, call);
    } else {
        set_member(self, member, member->union_id);
    }
    if (standing != IDENTITY__STANDING__STANDING_ACTIVE)
        session_revoke_all(self, member->id, call);
}
