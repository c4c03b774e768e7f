/* ledgers.h: the ledgers in which points are, each in the name of one union, and what has become of all of each. */
#pragma once
#include "services/coupon/coupon.h"

#define POINTS_DAYS 365 /* that points are good when nothing is said */

struct ledger {
    int64_t id, created_at;
    char union_path[UNION_PATH_SIZE];
    char name[20 * 4 + 1];
};

bool ledgers_find(const struct coupon *self, int64_t ledger_id, struct ledger *ret);
/* One over whose union the caller has one of two offices (Rule__Role; the second may be ROLE_NONE). False after
 * refusing. */
bool ledger_of_official(const struct coupon *self, int64_t ledger_id, Rule__Role role, Rule__Role or_role, void *call,
                        struct ledger *ret);
/* Counts points of a kind. */
void ledgers_count(const struct coupon *self, int64_t ledger_id, int kind, int64_t points);
/* The end of the day so many days after an instant, in China; 0 days stand for POINTS_DAYS. */
int64_t points_expire_at(int64_t at, int32_t valid_days);
