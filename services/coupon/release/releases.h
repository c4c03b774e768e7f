/* releases.h: what may be claimed, when and by whom: in the store, and those that matter now
 * in memory.
 *
 * In memory are releases that are not closed, or were closed within the last day. What is
 * left of one follows from its claims, and is counted from them at start. */
#pragma once
#include "services/coupon/claim/claimants.h"
#include "services/coupon/coupon.h"

#define RELEASE_DEFAULT_VALID_DAYS 30
#define RELEASE_MOST_A_DAY         10000000 /* as coupon.proto has it */
#define RELEASE_PATH_SIZE          UNION_PATH_SIZE

/* When the coupons of a release are good, where its form says it (till/spendings.h). */
struct spending_dates {
    bool said;           /* how they are spent */
    int64_t from, until; /* of all alike; 0: none */
    int32_t after_days;
};

/* Of one that is given by lot (lots.h). */
struct release_lot {
    int64_t entry_ms;  /* how long one may enter */
    int64_t season_ms; /* of one lot in all: its whole time; 0: one each day */
    bool that_day;     /* a coupon is good to the end of its day */
    bool given;        /* all that the lot below gives */
    int32_t announced; /* days before it have no lot or an announced one; -1: not asked yet */
    int32_t of_day;    /* what follows is of its lot; -1: not asked yet */
    int stage;
    int64_t lot_id; /* 0: none */
};

struct release {
    int64_t id;
    char title[60 * 4 + 1];
    char union_path[RELEASE_PATH_SIZE];
    struct audience_rules audience;
    int64_t union_id, eligible_id; /* of the unions that give and get, which stay when those move; 0: not asked yet */
    int64_t face_fen, threshold_fen;
    int32_t stock_per_day, days, valid_days;
    int64_t opens_at, created_at, closed_at;
    int64_t lasts_until; /* it is not closed by itself before; 0: when its days are over */
    int64_t lead_ms;     /* so long before it opens its day 0 begins (release_lead) */
    int allowance, state, way;
    bool backed;                /* its coupons are WeChat's (backing/) */
    struct granted_marks marks; /* with what it counts */
    struct spending_dates dates;
    struct release_lot lot;
    /* Derived from the claims */
    struct claimants claimants; /* of the current day, or of all when one per release */
    int32_t day;                /* that granted_today and sold_out_at are about; of an entitlement: all days */
    int32_t granted_today;
    int64_t granted, sold_out_at;
};

/* False when it breaks a constraint of the table. */
bool releases_add(struct coupon *self, const struct release *release);
/* The row of a release however old, without what its forms say that is kept beside it: marks, dates, and how its lots
 * go. */
bool releases_read(const struct coupon *self, int64_t release_id, struct release *ret);
/* All of it: that in memory, or one read into an arena. NULL: there is none, or no memory. */
struct release *release_look_up(struct coupon *self, int64_t release_id, struct arena *arena);

/* ---- in memory ---- */

/* Reads those that matter. 0 or -1, logged. */
int releases_load(struct coupon *self);
void releases_done(struct coupon *self);
/* The release in memory, or NULL. */
struct release *release_find(struct coupon *self, int64_t release_id);
/* Moves a release's derived state to a day. */
void release_enter_day(struct release *release, int32_t day);
/* The same to the day that it is, and no further than its last. */
void release_enter_now(struct release *release, int64_t now);
/* Passes to a state that may_become allows, in the call's transaction. */
void release_set_state(struct coupon *self, struct release *release, int state, void *call);
/* Says in the journal what a release has become. */
void release_journal(const struct release *release, void *call);
/* Drops those that were closed more than a day ago, outside a batch; once their claims are indexed. */
void releases_forget_closed(struct coupon *self);
