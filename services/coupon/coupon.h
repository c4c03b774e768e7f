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
 * Promises: claims of a day never exceed its stock; a member never has two for
 * one allowance; a repeated claim returns the first coupon, with 201 when it
 * carries the first one's Idempotency-Key and 200 otherwise, also when the release
 * has meanwhile sold out, paused or ended. */
#pragma once
#include "common/base/id.h"
#include "common/daemon/service.h"
#include "coupon/coupon.pb-c.h"
#include "services/coupon/claims.h"

#define COUPON_MAX_RELEASES       1024 /* not closed, or closed within the last day */
#define COUPON_MAX_OFFERS         100
#define COUPON_DAY_MS             INT64_C(86400000)
#define COUPON_DEFAULT_VALID_DAYS 30
#define COUPON_PATH_SIZE          (64 + 1) /* with the NUL; as in coupon.proto */

struct release {
    int64_t id;
    char title[60 * 4 + 1];
    char union_path[COUPON_PATH_SIZE], eligible_path[COUPON_PATH_SIZE];
    int64_t face_fen, threshold_fen;
    int32_t stock_per_day, days, valid_days;
    int64_t opens_at, created_at, closed_at;
    int allowance, min_level, state;
    uint32_t trades;
    /* Derived from the claims */
    struct claims claims; /* of the current day, or of all when one per release */
    int32_t day;          /* that granted_today and sold_out_at are about */
    int32_t granted_today;
    int64_t granted, sold_out_at;
};

struct coupon {
    Coupon__Coupons_Service service;
    struct store *store;
    struct clock *clock;
    struct rpc_server *rpc;
    struct id_source ids;
    struct release *releases[COUPON_MAX_RELEASES];
    unsigned n_releases;
    /* Indexing behind the claims */
    int64_t last_coupon; /* the greatest coupon id */
    int64_t indexed;     /* claims up to this id are in claim_of_member */
    uint64_t calls_seen;
    uv_timer_t idle;
};

extern const struct service_spec coupon_spec;

/* Reads the store into memory. 0 or -1, logged. */
int coupon_init(struct coupon *self, struct store *store, struct rpc_server *rpc, struct clock *clock);
void coupon_done(struct coupon *self);
/* The release in memory, or NULL. */
struct release *coupon_find(struct coupon *self, int64_t release_id);
/* Indexes up to limit claims; returns how many were left to do before. */
int64_t coupon_index_slice(struct coupon *self, int limit);
/* Closes a release whose days are over, and drops those that were closed more than
 * a day ago from memory; outside a batch. */
void coupon_forget_ended(struct coupon *self);
/* Passes to a state that may_become allows, in the call's transaction. */
void release_set_state(struct coupon *self, struct release *release, int state, void *call);
/* Says in the journal what a release has become. */
void release_journal(const struct release *release, void *call);
/* Moves a release's derived state to a day. */
void release_enter_day(struct release *release, int32_t day);
/* A union has another path: the releases of it and of all below it go with it. */
void coupon_follow_move(struct coupon *self, const char *old_path, const char *path, void *call);
int coupon_audit(struct store *store, struct journal *journal, FILE *out);
