/* audience.h: who a thing is for, as data.
 *
 * A form says it by the message Audience, whose rules all have to be met. It is compiled into
 * struct audience_rules, which a service keeps with what is for them: on the hot path a member is
 * judged by that and by her Principal alone, without a store. The first rule that fails is the
 * answer; a service turns it into its own reason, or the common one (proto/audience.proto), so a
 * refusal always names the rule.
 *
 * Age, birthday and the time of membership are facts of the signed session: the days, no hour and
 * no document. A session that does not carry one (opened before sessions did, or by a document
 * that does not tell) fails the rule that asks for it, and is told to renew it.
 *
 * The part keeps the rules in a table of its own, under the id of the service's record. Its path
 * follows a union that moves in the same transaction; a service that has it in memory follows by
 * its own on_moved. */
#pragma once
#include "audience.pb-c.h"
#include "common/base/union_path.h"
#include "common/benefit/tree/tree.h"

extern const struct part_spec audience_part;
extern const struct store_steps audience_steps;

struct audience {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* In the order in which they are asked. */
enum audience_rule {
    AUDIENCE_FITS,
    AUDIENCE_LEVEL,
    AUDIENCE_UNION,
    AUDIENCE_TRADE,
    AUDIENCE_BORN,
    AUDIENCE_AGE,
    AUDIENCE_SEX,
    AUDIENCE_BIRTHDAY,
    AUDIENCE_SINCE,
    AUDIENCE_RULES
};

struct audience_rules {
    char path[UNION_PATH_SIZE];
    int32_t level;
    uint32_t trades; /* bit n set: trade n; 0: all */
    bool personal;   /* some rule below says something */
    int32_t born_from, born_until, age_from, age_until, sex, birthday;
    int32_t since_day, member_months, new_within_days;
};

/* ---- rules, without I/O ---- */

void audience_compile(const Audience__Audience *said, struct audience_rules *ret);
/* The rule that she does not meet at an instant, or AUDIENCE_FITS. */
enum audience_rule audience_judge(const struct audience_rules *rules, const Rpc__Principal *principal, int64_t now);
/* The next one behind another, for who is to be told all of them at once. */
enum audience_rule audience_next(const struct audience_rules *rules, const Rpc__Principal *principal, int64_t now,
                                 enum audience_rule after);
/* The reason of a rule that was not met, 0 of AUDIENCE_FITS; own has a service's own by rule, 0 where it has none. */
int audience_reason(const int own[AUDIENCE_RULES], enum audience_rule rule);

/* Before a refusal for who the caller is: where it is only her session that lacks what a rule asks for, tells her what
 * to do, as the fact `renew`: refresh the `session`, or show by a `stepUp` that it is she. */
void audience_tell_renewal(const struct audience_rules *rules, void *call);

/* ---- forms ---- */

/* Checks a form whose union_path is known, of a record that a union at giver_path gives. `in` is the form's field, e.g.
 * "release.audience". False after refusing. */
bool audience_read(const Audience__Audience *form, const char *giver_path, const char *in, void *call,
                   struct audience_rules *ret);
/* The same of one as it was sent, whose union is found; NULL asks nothing more. */
bool audience_take(const struct tree *tree, const Audience__Audience *said, const char *giver_path, const char *in,
                   void *call, struct audience_rules *ret);
/* As a message in the arena, union_id as given; NULL when it is full. */
Audience__Audience *audience_message(const struct audience_rules *rules, int64_t union_id, struct arena *arena);

/* ---- the store ---- */

/* Adds or replaces. */
void audience_put(const struct audience *audience, int64_t id, const struct audience_rules *rules);
/* False, and rules that nobody meets, when there are none. */
bool audience_find(const struct audience *audience, int64_t id, struct audience_rules *ret);
