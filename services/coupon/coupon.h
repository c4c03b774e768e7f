/* coupon.h: hg-coupon, releases of coupons and the claims on them.
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
 * list of a member's coupons is indexed behind the claims, a slice at a time when
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
 * Promises: claims of a day never exceed its stock; a member never has two for
 * one allowance; a repeated claim returns the first coupon, with 201 when it
 * carries the first one's Idempotency-Key and 200 otherwise, also when the release
 * has meanwhile sold out, paused or ended. */
#pragma once
#include "common/benefit/holders/holders.h"
#include "common/benefit/notice/notice.h"
#include "common/benefit/tree/tree.h"
#include "common/daemon/service_of_parts.h"
#include "coupon.pb.h"

/* Releases not closed, or closed within the last day: of one union, and of all. */
#define COUPON_MAX_RELEASES 1024
#define COUPON_MAX_LIVE     16384
#define COUPON_DAY_MS       INT64_C(86400000)

/* Each said in its NAME.h. */
#define COUPON_PARTS(PART, SHARED) SHARED(holders) SHARED(tree) SHARED(notice) PART(releases) PART(claims)

SERVICE_PARTS(COUPON)

struct coupon {
    SERVICE_MEMBERS(COUPON)
    struct release *live[COUPON_MAX_LIVE]; /* in the order of ids */
    unsigned n_live;
    /* Indexing behind the claims */
    int64_t last_coupon; /* the greatest coupon id */
    int64_t indexed;     /* claims up to this id are in claim_of_member */
    uint64_t calls_seen;
    int64_t idle_at; /* when they were */
};

extern const struct service_spec coupon_spec;
