#include "services/health/door/walk_ins.h"

#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/rules.h"
#include "services/health/campaign/sites.h"
#include "services/health/lot/stocks.h"

enum { SQL_ADD, SQL_FIND, SQL_FIND_OF, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO walk_in (subject, campaign_id, member_id) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT subject, campaign_id, member_id FROM walk_in WHERE subject = ?1",
    [SQL_FIND_OF] = "SELECT subject, campaign_id, member_id FROM walk_in WHERE campaign_id = ?1 AND member_id = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool only(const struct walk_ins *walk_ins, unsigned statement, struct walk_in *ret)
{
    struct store *store = walk_ins->store;

    return store_only(store, statement, INTO(ret->subject), INTO(ret->campaign_id), INTO(ret->member_id));
}

bool walk_ins_find(const struct walk_ins *walk_ins, int64_t subject, struct walk_in *ret)
{
    store_ask(walk_ins->store, walk_ins->sql + SQL_FIND, "i", subject);
    return only(walk_ins, walk_ins->sql + SQL_FIND, ret);
}

void walk_ins_obtain(struct health *self, int64_t campaign_id, int64_t member_id, void *call, struct walk_in *ret)
{
    store_ask(self->store, self->walk_ins.sql + SQL_FIND_OF, "ii", campaign_id, member_id);
    if (only(&self->walk_ins, self->walk_ins.sql + SQL_FIND_OF, ret))
        return;
    *ret = (struct walk_in){random_id(call), campaign_id, member_id};
    store_run(self->store, self->walk_ins.sql + SQL_ADD, "iii", ret->subject, campaign_id, member_id);
}

int walk_in_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now)
{
    if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || now < campaign->book_from)
        return HEALTH__REASON__BOOKING_NOT_OPEN;
    if (now >= campaign->book_until)
        return HEALTH__REASON__BOOKING_OVER;
    return invitation_refusal(campaign, principal);
}

/* The right to come, which must not have been used: hers by lot, one that is left where there is none, or one with
 * place 0. */
static int obtain_right(struct health *self, const Health__Campaign *campaign, int64_t site_id, int64_t member_id,
                        void *call, struct entitlement *ret)
{
    bool had = entitlements_find_of(&self->entitlements, campaign->campaign_id, member_id, ret);

    if (stock_walk_in(self, campaign, site_id, member_id, had, ret, call))
        return 0;
    if (!had)
        return entitlement_grant(self, campaign, member_id, 0, 0, call, ret) ? 0 : RPC__REASON__STORE_FAILED;
    if (stock_is_open_again(campaign, ret))
        return HEALTH__REASON__PLACES_TAKEN;
    switch (ret->state) {
    case HEALTH__ENTITLEMENT_STATE__WON:
        return 0;
    case HEALTH__ENTITLEMENT_STATE__BOOKED:
        return HEALTH__REASON__ALREADY_BOOKED;
    case HEALTH__ENTITLEMENT_STATE__DECLINED:
        return ret->place == 0 ? 0 : HEALTH__REASON__ENTITLEMENT_DECLINED;
    case HEALTH__ENTITLEMENT_STATE__LAPSED:
        return HEALTH__REASON__ENTITLEMENT_LAPSED;
    default:
        return HEALTH__REASON__ENTITLEMENT_USED;
    }
}

int walk_in_book(struct health *self, const struct walk_in *walk_in, int64_t site_id, void *call, struct booking *ret)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, walk_in->campaign_id, rpc_arena(call));
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));
    struct entitlement entitlement;
    struct slot slot;
    int refusal;

    if (!campaign || !site)
        return RPC__REASON__OVERLOADED;
    if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || site->kind != HEALTH__SITE_KIND__VAN ||
        !slots_find_during(&self->slots, campaign->campaign_id, site_id, rpc_now(call), &slot))
        return HEALTH__REASON__NO_WALK_INS_NOW;
    refusal = obtain_right(self, campaign, site_id, walk_in->member_id, call, &entitlement);
    if (refusal)
        return refusal;
    if (entitlement.place > 0)
        refusal = costs_place_refusal(self, campaign, &entitlement, site_id, call);
    else if (costs_take_walk_in(self, campaign, &slot, call))
        refusal = HEALTH__REASON__WALK_INS_FULL;
    if (refusal)
        return refusal;
    if (!slots_take(&self->slots, slot.id, true))
        return HEALTH__REASON__WALK_INS_FULL;
    booking_make(self, &entitlement, &slot, true, call, ret);
    return 0;
}

void walk_in_undo(struct health *self, struct booking *booking, struct entitlement *entitlement, void *call)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->campaign_id, rpc_arena(call));

    booking_set(self, booking, HEALTH__BOOKING_STATE__CANCELLED, call);
    if (entitlement->place > 0 && campaign && !campaign->first_come)
        entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__WON, call);
    else
        entitlement_end(self, entitlement, HEALTH__ENTITLEMENT_STATE__DECLINED, call);
}

const struct part_spec walk_ins_part = {
    .tables = "walk_in",
    .sql = sql,
    .n_sql = N_SQL,
    .exports = {{NULL, "-- a random number that says nothing of her; the booking that it led to is given"}},
    .closed = {"-- a random number, which lets nobody in any more (holders.h)"},
    .merged = {"-- stays under its number; holders.h says whose it is"},
};
