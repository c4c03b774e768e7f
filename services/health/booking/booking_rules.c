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
    case HEALTH__ENTITLEMENT_STATE__TAKEN_BACK:
        return GRANTED__REASON__CEILING_REACHED;
    case HEALTH__ENTITLEMENT_STATE__DECLINED:
        return HEALTH__REASON__ENTITLEMENT_DECLINED;
    default:
        return HEALTH__REASON__ENTITLEMENT_USED;
    }
    refusal = booking_refusal(campaign, now);
    return !refusal && now >= entitlement->book_by ? HEALTH__REASON__BOOKING_OVER : refusal;
}

int visit_refusal(const struct slots *slots, const Health__Campaign *campaign, const struct slot *slot, int64_t now)
{
    const Health__CampaignSite *site = campaign_site(campaign, slot->place_id);

    if (slot->group_id != campaign->campaign_id)
        return HEALTH__REASON__SLOT_NOT_FOUND;
    if (!site || site->withdrawn)
        return HEALTH__REASON__SITE_WITHDRAWN_HERE;
    return slot_refusal(slots, slot, now);
}

const Health__CampaignSite *site_won(const Health__Campaign *campaign, const struct entitlement *entitlement)
{
    const Health__Stratum *stratum = (size_t)entitlement->stratum < campaign->n_strata && entitlement->place > 0
                                         ? campaign->strata[entitlement->stratum]
                                         : NULL;

    return stratum && stratum->site_id ? campaign_site(campaign, stratum->site_id) : NULL;
}

int64_t cancel_until(const Health__Campaign *campaign, const struct booking *booking)
{
    return booking->starts_at - campaign->cancel_hours * INT64_C(3600000);
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
