/* health.h: hg-health, health checks given by lot, or first come.
 *
 * Owns campaigns with their packages and sites, who entered, what was drawn, and who
 * may book: the entitlements. An official with the role BENEFIT_MANAGER drafts a
 * campaign for her union and announces it; from then on nobody changes its terms.
 * Members enter by one tap, the list is frozen at the closing time, and the lot
 * (common/draw/draw.h) gives every place. Whoever has a place within the quota is
 * entitled; who lapses, declines or does not come makes room for the next place in
 * the committed order, until booking ends.
 *
 * In memory is where the sites are (map.h), beside what the lottery has; both follow from the
 * store.
 *
 * The parts, each with its SQL: campaigns.h (campaigns, packages), sites.h (sites and
 * who works there), lots.h (what the lottery that all benefits share is given: terms, who may
 * enter, what a place is), entitlements.h (who may book:
 * the seam to booking), stocks.h (places without a lot), visits.h (bookings and passes, of the shared parts slots
 * and bookings; costs.h is what all of it may cost, on the shared part budget), entrance.h (what happens at
 * the door, of the shared part door), reports.h (reports, of the member alone, in the shared part vault), scopes.h
 * (whom a campaign is for after its union got another place), settlements.h (what a site is owed, by the shared part
 * settlement), stories.h (all of this in the order of the journal), totals.h (how many people, and nothing of a few).
 * What is only shown is stored as the packed message it came as, so a part reads and writes messages of health.proto in
 * the call's arena and has no other form of them.
 *
 * Promises: one natural person has one entry (identity verifies a resident ID for one
 * member, and holders.h sees to accounts that are merged), and who has been told that she is in is in; nothing of a
 * lot changes after the freeze, whoever asks, and who asks is in the journal; whatever dies meanwhile, the same lot
 * comes out; no slice of a lot holds the loop for more than some milliseconds. A campaign's places never cost more than
 * its budget; no package holds what the law keeps out of it; a member has one entitlement in a campaign; what is
 * announced stays as it was announced; a slot is never booked above its capacity; a
 * booking that counts has one pass that is not revoked; a pass is accepted once over all
 * scanners, with network or without. */
#pragma once
#include "common/base/limits.h"
#include "common/pass/pass.h"
#include "common/trust/pii.h"
#include "common/benefit/audience/audience.h"
#include "common/benefit/bookings/bookings.h"
#include "common/benefit/budget/budget.h"
#include "common/benefit/door/door.h"
#include "common/benefit/granted/granted.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/lottery/lottery.h"
#include "common/benefit/notice/notice.h"
#include "common/benefit/payments/payments.h"
#include "common/benefit/tree/tree.h"
#include "common/benefit/two_hands/two_hands.h"
#include "common/benefit/vault/vault.h"
#include "common/daemon/service_of_parts.h"
#include "health.pb.h"
#include "common/benefit/map/map.h"

#define HEALTH_DAY_MS    INT64_C(86400000)
#define HEALTH_BOOK_DAYS 7 /* when a campaign does not say */

/* In the order in which they tidy. */
#define HEALTH_PARTS(PART, SHARED)                                                                                     \
    SHARED(holders)                                                                                                    \
    SHARED(tree)                                                                                                       \
    SHARED(two_hands)                                                                                                  \
    SHARED(notice)                                                                                                     \
    SHARED(settlement)                                                                                                 \
    SHARED(payees)                                                                                                     \
    SHARED(payments)                                                                                                   \
    SHARED(budget)                                                                                                     \
    SHARED(lottery)                                                                                                    \
    SHARED(audience)                                                                                                   \
    SHARED(slots)                                                                                                      \
    SHARED(bookings)                                                                                                   \
    SHARED(door)                                                                                                       \
    SHARED(scanners)                                                                                                   \
    PART(campaigns)                                                                                                    \
    PART(scopes)                                                                                                       \
    PART(sites)                                                                                                        \
    PART(lots)                                                                                                         \
    PART(stocks)                                                                                                       \
    PART(entitlements)                                                                                                 \
    PART(costs)                                                                                                        \
    SHARED(vault)                                                                                                      \
    PART(reports)                                                                                                      \
    PART(settlements)                                                                                                  \
    PART(visits)                                                                                                       \
    PART(stories)                                                                                                      \
    SHARED(granted)

SERVICE_PARTS(HEALTH)

struct health {
    SERVICE_MEMBERS(HEALTH)
    struct map map;
    int64_t budgets_upto; /* campaigns up to this one have a budget */
    struct pass_keys *passes;
    struct pii_keys *report_keys; /* seal the keys of reports, and sites' accounts */
    struct pii_keys *letters;     /* seal letters to identity */
};

extern const struct service_spec health_spec;

void health_done(struct health *self);
/* A packed message in the arena, or NULL when it is full. */
void *health_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len);
/* A text of the present row in the arena, or NULL when it is full. */
char *health_text(struct store *store, unsigned statement, int column, struct arena *arena);
