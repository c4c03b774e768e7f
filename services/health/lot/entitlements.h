/* entitlements.h: who may book, and what became of it.
 *
 * The draw grants the winners' entitlements; booking moves them from WON to BOOKED
 * and back, a scan makes them ATTENDED, and whoever ends one (LAPSED, DECLINED,
 * NO_SHOW, TAKEN_BACK) makes room for the next place of the waiting list. Every change is in the
 * journal. Whoever comes to a van without a booking has place 0 and makes no room. Without a lot
 * (stocks.h) the place is a running number, and who ends one makes room for whoever comes next. */
#pragma once
#include "services/health/health.h"

/* In SQL: the order of a member's entitlements in a campaign, she being the first parameter, that has the one
 * that counts first: by which she came, that is booked, that is won, under her own number. */
#define ENTITLEMENT_COUNTS "CASE WHEN state <= 3 THEN state ELSE 0 END DESC, member_id = ?1 DESC, entitlement_id DESC"

struct entitlement {
    int64_t id, campaign_id, member_id;
    int32_t stratum, place;
    int state; /* Health__EntitlementState */
    int64_t granted_at, book_by;
};

bool entitlements_find(const struct entitlements *entitlements, int64_t entitlement_id, struct entitlement *ret);
/* Hers in one campaign, under any number she holds (holders.h): of several the one that counts. */
bool entitlements_find_of(const struct entitlements *entitlements, int64_t campaign_id, int64_t member_id,
                          struct entitlement *ret);
/* Whether she did not come to a check-up that was granted since an instant. */
bool entitlements_missed(const struct entitlements *entitlements, int64_t member_id, int64_t since);

/* Why a campaign is not for the caller, who asks for a site or 0: a Reason, or 0 with her stratum. */
int audience_refusal(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                     int32_t *ret_stratum);

/* Why whoever holds a number may not have a place of a stratum with what it counts: 0 or a Reason. */
int entitlement_refusal(const struct health *self, const Health__Campaign *campaign, int64_t member_id, int32_t stratum,
                        int64_t now);
/* Gives one, WON, under a number; place 0 is a walk-in. False when whoever holds the number has
 * one in this campaign, or may not have it with what it counts, or nobody holds it. ret may be NULL. */
bool entitlement_grant(struct health *self, const Health__Campaign *campaign, int64_t member_id, int32_t stratum,
                       int32_t place, void *call, struct entitlement *ret);
/* Passes to WON, BOOKED or ATTENDED, as booking and scans have it, with the stratum and the place that it has. */
void entitlement_set(struct health *self, struct entitlement *entitlement, int state, void *call);
/* Ends it as LAPSED, DECLINED, NO_SHOW or TAKEN_BACK, and promotes the next on the waiting list
 * while there is time to book. */
void entitlement_end(struct health *self, struct entitlement *entitlement, int state, void *call);
/* Takes one that is WON or BOOKED back, as it came to more than its ceiling (granted.h), and promotes the next. */
void entitlement_withdraw(void *self, int64_t entitlement_id, void *call);
/* How many hold a place of a stratum, or have used one. */
int64_t entitlements_held(const struct entitlements *entitlements, int64_t campaign_id, int32_t stratum);
/* Whether the place of who did not come is another's by now: all places of her stratum are held. */
bool entitlement_is_given_on(struct health *self, const Health__Campaign *campaign,
                             const struct entitlement *entitlement);
