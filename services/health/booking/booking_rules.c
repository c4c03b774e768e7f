#include "services/health/booking/booking_rules.h"

#include "services/health/campaign/campaigns.h"

#define CHINA_MS INT64_C(28800000) /* UTC+8, the whole year and country */

int64_t day_of(int64_t at)
{
    return at - (at + CHINA_MS) % HEALTH_DAY_MS;
}

int booking_refusal(const Health__Campaign *campaign, int64_t now)
{
    if (campaign->state == HEALTH__CAMPAIGN_STATE__CLOSED || campaign->state == HEALTH__CAMPAIGN_STATE__VOID)
        return HEALTH__REASON__BOOKING_OVER;
    if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || now < campaign->book_from)
        return HEALTH__REASON__BOOKING_NOT_OPEN;
    return now < campaign->book_until ? 0 : HEALTH__REASON__BOOKING_OVER;
}

int book_refusal(const Health__Campaign *campaign, const struct entitlement *entitlement, int64_t now)
{
    int refusal;

    switch (entitlement->state) {
    case HEALTH__ENTITLEMENT_STATE__WON:
        break;
    case HEALTH__ENTITLEMENT_STATE__LAPSED:
        return HEALTH__REASON__ENTITLEMENT_LAPSED;
    case HEALTH__ENTITLEMENT_STATE__DECLINED:
        return HEALTH__REASON__ENTITLEMENT_DECLINED;
    default:
        return HEALTH__REASON__ENTITLEMENT_USED;
    }
    refusal = booking_refusal(campaign, now);
    return !refusal && now >= entitlement->book_by ? HEALTH__REASON__BOOKING_OVER : refusal;
}

int slot_refusal(const Health__Campaign *campaign, const struct slot *slot, int64_t now)
{
    const Health__CampaignSite *site = campaign_site(campaign, slot->site_id);

    if (slot->campaign_id != campaign->campaign_id)
        return HEALTH__REASON__SLOT_NOT_FOUND;
    if (!site || site->withdrawn)
        return HEALTH__REASON__SITE_WITHDRAWN_HERE;
    if (slot->withdrawn)
        return HEALTH__REASON__SLOT_WITHDRAWN;
    return slot->starts_at > now ? 0 : HEALTH__REASON__SLOT_OVER;
}

const Health__CampaignSite *site_won(const Health__Campaign *campaign, const struct entitlement *entitlement)
{
    const Health__Stratum *stratum = (size_t)entitlement->stratum < campaign->n_strata && entitlement->place > 0
                                         ? campaign->strata[entitlement->stratum]
                                         : NULL;

    return stratum && stratum->site_id ? campaign_site(campaign, stratum->site_id) : NULL;
}

int slot_change_refusal(const struct slot *slot, int32_t capacity, int32_t walk_ins, int64_t now,
                        const char **ret_field)
{
    *ret_field = "slotId";
    if (slot->withdrawn)
        return HEALTH__REASON__SLOT_WITHDRAWN;
    if (now >= slot->ends_at)
        return HEALTH__REASON__SLOT_OVER;
    *ret_field = "walkIns";
    if (walk_ins > capacity)
        return HEALTH__REASON__WALK_INS_ABOVE_CAPACITY;
    *ret_field = "capacity";
    if (slot->booked > capacity - walk_ins || slot->booked + slot->walked > capacity)
        return HEALTH__REASON__CAPACITY_BELOW_BOOKED;
    return 0;
}

int64_t cancel_until(const Health__Campaign *campaign, const struct booking *booking)
{
    return booking->starts_at - campaign->cancel_hours * INT64_C(3600000);
}

int hours_refusal(Health__Hours *const *hours, size_t n, const char **ret_field)
{
    *ret_field = "hours";
    for (size_t i = 0; i < n; i++) {
        if (hours[i]->from_minute >= hours[i]->until_minute)
            return HEALTH__REASON__HOURS_OUT_OF_ORDER;
        if (i > 0 && hours[i]->from_minute < hours[i - 1]->until_minute)
            return HEALTH__REASON__HOURS_OUT_OF_ORDER;
    }
    return 0;
}

int pass_refusal(enum pass_reason reason)
{
    static const int reasons[] = {
        [PASS_MALFORMED] = HEALTH__REASON__PASS_MALFORMED, [PASS_UNKNOWN_KEY] = HEALTH__REASON__PASS_UNKNOWN_KEY,
        [PASS_FORGED] = HEALTH__REASON__PASS_FORGED,       [PASS_STALE] = HEALTH__REASON__PASS_STALE,
        [PASS_REVOKED] = HEALTH__REASON__PASS_REVOKED_NOW, [PASS_OTHER_SITE] = HEALTH__REASON__PASS_OTHER_SITE,
        [PASS_NOT_YET] = HEALTH__REASON__PASS_NOT_YET,     [PASS_EXPIRED] = HEALTH__REASON__PASS_EXPIRED,
        [PASS_USED] = HEALTH__REASON__PASS_USED,
    };

    return (size_t)reason < ARRAY_LEN(reasons) ? reasons[reason] : HEALTH__REASON__PASS_MALFORMED;
}
