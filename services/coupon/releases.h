/* releases.h: what may be claimed, when and by whom: in the store, and those that matter now
 * in memory.
 *
 * In memory are releases that are not closed, or were closed within the last day. What is
 * left of one follows from its claims, and is counted from them at start. */
#pragma once
#include "common/base/union_path.h"
#include "services/coupon/claimants.h"
#include "services/coupon/coupon.h"

#define RELEASE_DEFAULT_VALID_DAYS 30
#define RELEASE_PATH_SIZE          UNION_PATH_SIZE

struct release {
    int64_t id;
    char title[60 * 4 + 1];
    char union_path[RELEASE_PATH_SIZE], eligible_path[RELEASE_PATH_SIZE];
    int64_t union_id, eligible_id; /* of the unions there, which stay when those move; 0: not asked yet */
    int64_t face_fen, threshold_fen;
    int32_t stock_per_day, days, valid_days;
    int64_t opens_at, created_at, closed_at;
    int allowance, min_level, state;
    uint32_t trades;
    /* Derived from the claims */
    struct claimants claimants; /* of the current day, or of all when one per release */
    int32_t day;                /* that granted_today and sold_out_at are about */
    int32_t granted_today;
    int64_t granted, sold_out_at;
};

/* False when it breaks a constraint of the table. */
bool releases_add(const struct releases *releases, const struct release *release);
/* One release however old. */
bool releases_read(const struct releases *releases, int64_t release_id, struct release *ret);

/* ---- in memory ---- */

/* Reads those that matter. 0 or -1, logged. */
int releases_load(struct coupon *self);
void releases_done(struct coupon *self);
/* The release in memory, or NULL. */
struct release *release_find(struct coupon *self, int64_t release_id);
/* Moves a release's derived state to a day. */
void release_enter_day(struct release *release, int32_t day);
/* Passes to a state that may_become allows, in the call's transaction. */
void release_set_state(struct coupon *self, struct release *release, int state, void *call);
/* Says in the journal what a release has become. */
void release_journal(const struct release *release, void *call);
/* Drops those that were closed more than a day ago, outside a batch; once their claims are indexed. */
void releases_forget_closed(struct coupon *self);
