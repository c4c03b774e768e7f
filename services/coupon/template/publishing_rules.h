/* publishing_rules.h: who may publish what, as data.
 *
 * A union sets for a level of the tree below it (union_path_level; 1 is a root's) what the unions of that level may
 * publish: nothing, so much in all, coupons of so much, for so many days, only from a fund, only from a template. Every
 * rule of a union above one that gives holds for it, and all have to be met, so that a lower level can narrow what a
 * higher one allows and never widen it. They are asked when a draft is published; what is published stays. */
#pragma once
#include "services/coupon/coupon.h"
#include "services/coupon/release/releases.h"

struct publishing_rule {
    int64_t id;
    char union_path[UNION_PATH_SIZE]; /* that sets it */
    int32_t level, days;
    bool may_not, needs_fund, needs_template;
    int64_t cost_fen, face_fen, set_at, journal_seq;
};

#define PUBLISHING_RULES_MAX 256 /* of a union and those above it */

/* Those of a union and of all above it, for one level or, 0, for all, behind a union's for a level ("", 0: all); the
 * highest union's first: how many. */
size_t publishing_rules_of(const struct coupon *self, const char *path, int32_t level, const char *place, int64_t after,
                           struct publishing_rule *ret, size_t size);
/* Sets a union's rule for a level, in place of what it had set. */
void publishing_rule_set(struct coupon *self, struct publishing_rule *rule, void *call);
/* Why no more codes may come to what is published already, since it would cost more than a release of its level may:
 * 0 or a Reason. */
int publishing_more_refusal(struct coupon *self, const struct release *release, int64_t more_codes, void *call);
/* Why a draft may not be published, with the facts of the refusal: 0 or a Reason. */
int publishing_refusal(struct coupon *self, const struct release *release, void *call);
