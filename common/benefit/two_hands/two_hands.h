/* two_hands.h: what takes two people.
 *
 * Nobody's standing, no office, no money and no draw changes by one person alone: one
 * official gives a hand to it, another confirms it. The record of what is to be done is the
 * service's own (a proposal, a merge, a settlement); this part knows who gave the first hand
 * and by which office, what exactly it is (a hash), until when, and who confirmed it; and the
 * journal tells each of it. A service that shares the part asks it before it does the deed.
 *
 * Two hands are two natural persons, whatever accounts they have:
 *   - each is known by name (level REAL_NAME), and a resident ID is one account's. Accounts
 *     that become one are one from then on, also for what was given before;
 *   - whoever gave an office within HANDS_OFFICE_MS is no second hand with it: neither to
 *     confirm what its holder began, nor may its holder confirm what she began. A principal's
 *     new grants say who gave them (rpc.Grant);
 *   - the command line on the bus is nobody, and no hand.
 *
 * What is confirmed is what was proposed: its hash is made of a message that says all of it,
 * and when the record has changed meanwhile the deed is refused and proposed anew. Until
 * `until` the first hand may take it back; after it nobody confirms it. */
#pragma once
#include "common/base/union_path.h"
#include "common/daemon/part.h"
#include "two_hands.pb-c.h"

#define HANDS_WHAT_LEN  32
#define HANDS_OFFICE_MS (INT64_C(24) * 3600000)
#define HANDS_KIND_SIZE 24
#define HANDS_KINDS     32                       /* of one service */
#define HANDS_COUNTED   1000                     /* that wait; more are not told apart */
#define HANDS_LIFE_MS   (INT64_C(30) * 86400000) /* of a deed that has no time of its own */

extern const struct part_spec two_hands_part;
extern const struct store_steps two_hands_steps;

struct two_hands {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* What is to be done, as it is now. */
struct hands_deed {
    const char *kind;             /* "merge" */
    int64_t id;                   /* of the service's record of it */
    const ProtobufCMessage *what; /* all that is confirmed */
    const char *what_name;        /* of the message, where hands were given to it under another one; NULL: its own */
    int64_t until;
    const int *roles;       /* the offices by which the caller acts, ended by ROLE_NONE; NULL: none */
    const char *union_path; /* over this union; of COMPANY_AGENT, it alone */
    bool named;             /* the service has found the caller to be known by name, whatever her token says */
    int own;                /* the Reason for who would be both hands; 0: HANDS_SAME */
    /* Of a record that is older than this part: who proposed it, when no hand is known. */
    int64_t earlier_by;
};

/* As it is on record. */
struct hands {
    int64_t id, deed_id, first_by, now_by, gave_by, also_gave_by, given_at, until, second_by, ended_at;
    int state;     /* Hands__State */
    int64_t roles; /* by which it may be confirmed, 1 << Rule__Role */
    char kind[HANDS_KIND_SIZE];
    char union_path[UNION_PATH_SIZE];
    unsigned char what[HANDS_WHAT_LEN];
};

/* The caller gives the first hand, in place of what was given to this deed before: 0, or
 * HAND_NOT_NAMED. */
int hands_give(struct two_hands *hands, const struct hands_deed *deed, void *call);
/* Whether the caller may be the second hand of a deed: 0, deed.own, HAND_NOT_NAMED,
 * HAND_GAVE_OFFICE, HANDS_OVER (nobody has given the first, or its time is over),
 * HANDS_DIFFER. Changes nothing. */
int hands_refusal(const struct two_hands *hands, const struct hands_deed *deed, void *call);
/* The same, and she confirms it. What it does is done by the caller in the same call. */
int hands_confirm(struct two_hands *hands, const struct hands_deed *deed, void *call);
/* Of a deed that is its own record: the caller gives the first hand while none waits, or hers does, and else
 * confirms it. As above; *ret_done: it is confirmed. */
int hands_give_or_confirm(struct two_hands *hands, const struct hands_deed *deed, void *call, bool *ret_done);
/* The first hand is taken back, or the deed refused: REFUSED, TAKEN_BACK or OVER; nothing when
 * none waits. */
void hands_end(struct two_hands *hands, const char *kind, int64_t deed_id, int state, void *call);
/* The latest of a deed. */
bool hands_find(const struct two_hands *hands, const char *kind, int64_t deed_id, struct hands *ret);
/* Whether the second hand of a deed is waited for. */
bool hands_wait(const struct two_hands *hands, const char *kind, int64_t deed_id, int64_t now);
/* What waits in a subtree for somebody who holds one of some roles (1 << Rule__Role) there. */
struct hands_waiting {
    const char *path;
    int64_t roles, now;
};
/* Of a kind, or ("") of all, behind a place and an id, by place and id; returns how many. */
size_t hands_find_waiting(const struct two_hands *hands, const struct hands_waiting *waiting, const char *kind,
                          const char *from, int64_t after, struct hands *ret, size_t size);
struct hands_count {
    char kind[HANDS_KIND_SIZE];
    int64_t n;
};
/* How many of each kind, of the first HANDS_COUNTED; returns of how many kinds. */
size_t hands_count_waiting(const struct two_hands *hands, const struct hands_waiting *waiting,
                           struct hands_count ret[HANDS_KINDS]);
/* Who gave the office of a deed's by which the caller acts, which is new: who is no hand beside her. 0: nobody, or she
 * has one that is not new. */
void hands_givers(const struct hands_deed *deed, void *call, int64_t ret[2]);
/* Whether a member, as the accounts are now, gave the first hand that waits. */
bool hands_is_first(const struct two_hands *hands, const char *kind, int64_t deed_id, int64_t member_id);
