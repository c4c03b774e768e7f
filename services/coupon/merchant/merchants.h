/* merchants.h: who takes coupons, in the store.
 *
 * A merchant is applied for by whoever keeps it, or entered by an official, and is open once two officials of its union
 * have approved it (two_hands.h): who has entered it is one of them, who has applied for it, or keeps it, is none. One
 * that is closed stays closed. */
#pragma once
#include "services/coupon/coupon.h"

struct merchant {
    int64_t id, manager_id, applied_by, applied_at, decided_at;
    int state;                /* Coupon__MerchantState */
    bool entered, by_company; /* by an official; by the agent of a company */
    char union_path[UNION_PATH_SIZE];
    char name[60 * 4 + 1], credit_code[18 + 1], about[200 * 4 + 1], reason[200 * 4 + 1];
};

bool merchants_find(const struct merchants *merchants, int64_t merchant_id, struct merchant *ret);
/* Those before an id, the latest first, in states of a mask: of whoever keeps them, or (0) of a union and all below it.
 */
void merchants_ask(const struct merchants *merchants, int64_t manager_id, const char *union_path, int64_t before,
                   int64_t states);
bool merchants_next(const struct merchants *merchants, int64_t manager_id, struct merchant *ret);
void merchants_end(const struct merchants *merchants, int64_t manager_id);
/* Told to the journal. False when another one of this union has its code. */
bool merchant_add(struct coupon *self, const struct merchant *merchant, void *call);
/* It is as it says now; told to the journal. */
void merchant_change(struct coupon *self, const struct merchant *merchant, void *call);

/* One that the caller keeps, or over whose union she gives benefits; false after refusing. */
bool merchant_of_keeper(struct coupon *self, int64_t merchant_id, void *call, struct merchant *ret);
/* Whether the caller may. */
bool merchant_is_kept(struct coupon *self, const struct merchant *merchant, void *call);
/* Whether she may know more of it than what is for everybody: who keeps it, or gives, pays or audits over its union. */
bool merchant_may_be_seen(struct coupon *self, const struct merchant *merchant, void *call);
/* Whether she keeps it, or has applied for it: then she does not decide on it. */
bool merchant_is_own(const struct coupon *self, const struct merchant *merchant, void *call);
