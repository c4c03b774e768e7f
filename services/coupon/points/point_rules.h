/* point_rules.h: for what points are earned, as data.
 *
 * A rule names a service and what its journal calls a deed of a member's (rpc.Deed), and says how many points she gets
 * for it in the ledger of the rule's union, how many at most in a day, month, year and ever, and for how long they are
 * good. Two officials open or change it. What a member's union, trade and level were when she did it is told with the
 * deed; a rule may ask for these alone.
 *
 * What is beyond the most is not earned: of the last deed she gets what is left. Rules that have taken one another's
 * place are a series, which counts together.
 *
 * Identity tells no deeds: its rows about memberships that began are read as the deed `joining`. */
#pragma once
#include "services/coupon/points/ledgers.h"

#define POINT_RULES_MAX     100 /* of a ledger, in force or waiting */
#define POINT_RULES_OF_DEED 64  /* that one deed may fit */

struct point_rule {
    int64_t id, series_id, ledger_id, points;
    int64_t most_per_day, most_per_month, most_per_year, most_ever;
    int64_t replaces_id, proposed_by, proposed_at, decided_by, in_force_at, ended_at;
    int32_t valid_days;
    int state; /* Coupon__RuleState */
    char union_path[UNION_PATH_SIZE];
    char title[30 * 4 + 1], service[20 * 4 + 1], what[30 * 4 + 1];
};

bool point_rules_find(const struct coupon *self, int64_t rule_id, struct point_rule *ret);
/* Rules that were in force at an instant for what somebody did, by what is known of her: at most size. */
size_t point_rules_for(const struct coupon *self, const char *service, const Rpc__Deed *deed, int64_t at,
                       struct point_rule *ret, size_t size);
/* Whether a service's journal is read for points, and, where its deeds are known, for this one. */
bool points_know_source(const char *service, const char *what);
