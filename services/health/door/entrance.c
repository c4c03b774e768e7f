#include "services/health/door/entrance.h"

#include "services/health/booking/booking_rules.h"
#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/campaign/sites.h"
#include "services/health/lot/stocks.h"
#include "services/health/rules.h"

/* ---- who has come ---- */

static void arrived(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;
    struct entitlement entitlement;

    if (entitlements_find(&self->entitlements, booking->right_id, &entitlement))
        entitlement_set(self, &entitlement, HEALTH__ENTITLEMENT_STATE__ATTENDED, call);
    holders_recheck(&self->holders, booking->member_id);
}

/* Who walked in gives her place back, and may come again. */
static void leave(struct health *self, const struct booking *booking, struct entitlement *entitlement, void *call)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->group_id, rpc_arena(call));

    if (entitlement->place > 0 && campaign && !campaign->first_come)
        entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__WON, call);
    else
        entitlement_end(self, entitlement, HEALTH__ENTITLEMENT_STATE__DECLINED, call);
}

static void undone(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;
    struct entitlement entitlement;
    bool found = entitlements_find(&self->entitlements, booking->right_id, &entitlement);

    if (found && booking->walk_in)
        leave(self, booking, &entitlement, call);
    else if (found)
        entitlement_set(self, &entitlement,
                        booking->state == BOOKINGS__STATE__NOT_COME ? HEALTH__ENTITLEMENT_STATE__NO_SHOW
                                                                    : HEALTH__ENTITLEMENT_STATE__BOOKED,
                        call);
    holders_recheck(&self->holders, booking->member_id);
}

static bool given_on(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->group_id, rpc_arena(call));
    struct entitlement entitlement;

    return !campaign || !entitlements_find(&self->entitlements, booking->right_id, &entitlement) ||
           entitlement_is_given_on(self, campaign, &entitlement);
}

static int beyond(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, booking->group_id, rpc_arena(call));
    struct entitlement entitlement;

    if (!campaign || !entitlements_find(&self->entitlements, booking->right_id, &entitlement))
        return RPC__REASON__STORE_FAILED;
    return entitlement_is_given_on(self, campaign, &entitlement) &&
                   costs_commit(self, campaign, dearest_price(campaign, (size_t)entitlement.stratum), call)
               ? HEALTH__REASON__BUDGET_USED_UP
               : 0;
}

const struct scanners_service entrance_scanners = {
    .ahead_ms = SCAN_AHEAD_MS,
    .late_ms = SCAN_LATE_MS,
    .max = DEVICES_MAX,
    .words = {.not_found = HEALTH__REASON__DEVICE_NOT_FOUND,
              .not_yours = HEALTH__REASON__DEVICE_NOT_YOURS,
              .revoked = HEALTH__REASON__DEVICE_REVOKED,
              .too_many = HEALTH__REASON__TOO_MANY_DEVICES},
};

const struct door_service entrance_service = {
    .undo_ms = SCAN_UNDO_MS,
    .words = {.not_accepted = HEALTH__REASON__SCAN_NOT_ACCEPTED,
              .undo_too_late = HEALTH__REASON__UNDO_TOO_LATE,
              .not_waiting = HEALTH__REASON__SCAN_NOT_WAITING,
              .no_guest = HEALTH__REASON__NO_WALK_IN_CODE},
    .pass_refusal = pass_refusal,
    .arrived = arrived,
    .undone = undone,
    .given_on = given_on,
    .beyond = beyond,
};

/* ---- who walks in ---- */

int walk_in_refusal(const Health__Campaign *campaign, const Rpc__Principal *principal, int64_t now)
{
    if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || now < campaign->book_from)
        return HEALTH__REASON__BOOKING_NOT_OPEN;
    if (now >= campaign->book_until)
        return HEALTH__REASON__BOOKING_OVER;
    return invitation_refusal(campaign, principal, now);
}

/* The right to come, which must not have been used: hers by lot, one that is left where there is none, or one with
 * place 0. */
static int obtain_right(struct health *self, const Health__Campaign *campaign, int64_t site_id, int64_t member_id,
                        void *call, struct entitlement *ret)
{
    bool had = entitlements_find_of(&self->entitlements, campaign->campaign_id, member_id, ret);
    int refusal = had && !stock_is_open_again(campaign, ret)
                      ? 0
                      : entitlement_refusal(self, campaign, member_id, 0, rpc_now(call));

    if (refusal)
        return refusal;
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
    case HEALTH__ENTITLEMENT_STATE__TAKEN_BACK:
        return GRANTED__REASON__CEILING_REACHED;
    default:
        return HEALTH__REASON__ENTITLEMENT_USED;
    }
}

int walk_in_book(struct health *self, const struct guest *guest, int64_t site_id, void *call, struct booking *ret)
{
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, guest->group_id, rpc_arena(call));
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));
    struct entitlement entitlement;
    struct slot slot;
    int refusal;

    if (!campaign || !site)
        return RPC__REASON__OVERLOADED;
    if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || site->kind != HEALTH__SITE_KIND__VAN ||
        !slots_find_during(&self->slots, campaign->campaign_id, site_id, rpc_now(call), &slot))
        return HEALTH__REASON__NO_WALK_INS_NOW;
    refusal = obtain_right(self, campaign, site_id, guest->member_id, call, &entitlement);
    if (refusal)
        return refusal;
    if (entitlement.place > 0)
        refusal = costs_place_refusal(self, campaign, &entitlement, site_id, call);
    else if (costs_take_walk_in(self, campaign, &slot, call))
        refusal = HEALTH__REASON__WALK_INS_FULL;
    if (refusal)
        return refusal;
    return visit_book(self, &entitlement, &slot, true, call, ret) ? 0 : HEALTH__REASON__WALK_INS_FULL;
}
