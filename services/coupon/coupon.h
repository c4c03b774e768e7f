/* coupon.h: hg-coupon, releases of coupons, the claims on them, and where they are spent.
 *
 * Owns releases, claims and their journal. An official of a union with the role
 * BENEFIT_MANAGER makes a release and publishes it; on each of its days, 24 hours
 * apart from opens_at, stock_per_day coupons may be claimed by the members it is
 * meant for, one each per day or per release.
 *
 * The claim is the hottest path of the system and does as little as can be: it
 * decides from memory, appends one row to `claim` and one to the journal, and
 * answers after the batch's commit. Memory (what is left, who has claimed) is
 * rebuilt from the claims at start and taken back if a commit fails. Two things
 * would make the append a random write and are therefore kept out of it: the
 * list of a member's coupons is indexed behind the claims (holdings.h), a slice at a time when
 * nobody calls (until then her newest coupons are found in memory), and coupon
 * ids grow with time, so the claims of open releases are one range of the table.
 *
 * A claim stays under the number under which it was made (holders.h). When two accounts
 * become one, what either has taken counts against the allowance of the one that is kept:
 * in memory its number leads to the coupon that came first, so that the claim itself asks
 * nothing more. Of two coupons for one allowance the later one ends (claims.h). What somebody
 * takes under the number of an account that is gone, in the moments until her session ends, is
 * found when it is indexed.
 *
 * What becomes of a coupon after it is claimed is in the rooms merchant/ (who takes coupons, where) and till/ (what a
 * member shows at a counter, what is kept and spent there), and backing/, where coupons are WeChat's: rows of their own
 * about a claim, which itself never changes. What merchants are owed for it is in settlement/.
 *
 * Promises: a coupon is spent once over all counters, and only one that was granted; claims of a day never exceed its
 * stock; a member never has two for one allowance; a repeated claim returns the first coupon, with 201 when it carries
 * the first one's Idempotency-Key and 200 otherwise, also when the release has meanwhile sold out, paused or ended. */
#pragma once
#include "common/benefit/audience/audience.h"
#include "common/benefit/budget/budget.h"
#include "common/benefit/granted/granted.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/homes/homes.h"
#include "common/benefit/imports/imports.h"
#include "common/benefit/lottery/lottery.h"
#include "common/benefit/map/map.h"
#include "common/benefit/notice/notice.h"
#include "common/benefit/payments/payments.h"
#include "common/benefit/scanners/scanners.h"
#include "common/benefit/tree/tree.h"
#include "common/benefit/two_hands/two_hands.h"
#include "common/daemon/service_of_parts.h"
#include "common/pass/pass.h"
#include "common/trust/pii.h"
#include "coupon.pb.h"
#include "services/coupon/kept.h"

/* Releases not closed, or closed within the last day: of one union, and of all. */
#define COUPON_MAX_RELEASES 1024
#define COUPON_MAX_LIVE     16384
#define COUPON_DAY_MS       INT64_C(86400000)

/* Each said in its NAME.h. */
#define COUPON_PARTS(PART, SHARED)                                                                                     \
    SHARED(holders)                                                                                                    \
    SHARED(tree)                                                                                                       \
    SHARED(homes)                                                                                                      \
    SHARED(two_hands)                                                                                                  \
    SHARED(notice)                                                                                                     \
    SHARED(lottery)                                                                                                    \
    SHARED(settlement)                                                                                                 \
    SHARED(payees)                                                                                                     \
    SHARED(payments)                                                                                                   \
    SHARED(budget)                                                                                                     \
    SHARED(audience)                                                                                                   \
    SHARED(scanners)                                                                                                   \
    PART(releases)                                                                                                     \
    PART(claims)                                                                                                       \
    PART(holdings)                                                                                                     \
    PART(lots)                                                                                                         \
    PART(places)                                                                                                       \
    PART(tickets)                                                                                                      \
    PART(invitations)                                                                                                  \
    PART(gates)                                                                                                        \
    PART(codes)                                                                                                        \
    SHARED(imports)                                                                                                    \
    PART(funds)                                                                                                        \
    PART(fund_uses)                                                                                                    \
    PART(templates)                                                                                                    \
    PART(publishing_rules)                                                                                             \
    PART(merchants)                                                                                                    \
    PART(branches)                                                                                                     \
    PART(spendings)                                                                                                    \
    PART(purses)                                                                                                       \
    PART(sales)                                                                                                        \
    PART(backings)                                                                                                     \
    PART(vouchers)                                                                                                     \
    PART(expiry)                                                                                                       \
    PART(settlements)                                                                                                  \
    PART(numbers)                                                                                                      \
    PART(ledgers)                                                                                                      \
    PART(point_rules)                                                                                                  \
    PART(gifts)                                                                                                        \
    PART(points)                                                                                                       \
    PART(corners)                                                                                                      \
    PART(goods)                                                                                                        \
    PART(fairs)                                                                                                        \
    PART(orders)                                                                                                       \
    SHARED(granted)

SERVICE_PARTS(COUPON)

struct coupon {
    SERVICE_MEMBERS(COUPON)
    struct pii_keys *code_keys;            /* which seal codes of partners */
    struct release *live[COUPON_MAX_LIVE]; /* in the order of ids */
    unsigned n_live;
    /* Indexing behind the claims */
    int64_t last_coupon; /* the greatest coupon id */
    int64_t indexed;     /* claims up to this id are in claim_of_member */
    struct part_lull lull;
    /* What counters ask again and again */
    struct map map; /* where the branches of open merchants are */
    struct kept shops, terms, desks;
    struct pass_keys *tills;    /* make the codes that members show */
    struct pii_keys *addresses; /* seal where the shop sends to, and merchants' accounts */
    struct number_cells *number_cells;
};

extern const struct service_spec coupon_spec;

/* Gives back what its start has taken, self being the service's struct; a daemon leaves that to its end. */
void coupon_close(void *self);
