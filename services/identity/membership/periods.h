/* periods.h: who belonged to which union, and in what standing: the SQL of both.
 *
 * Periods are half open: what began at an instant counts there, what ended at it
 * does not. A period that lasts has no end (0), and a member has one such period
 * at most, which the schema sees to. Periods are never changed but by their end. */
#pragma once
#include "services/identity/identity.h"

#define PERIODS_ACCOUNTS    8   /* of one person that count at an instant */
#define PERIODS_HISTORY_MAX 200 /* periods of one member that are exported */

struct period {
    int64_t id, member_id, union_id, began_at, ended_at;
    int began, ended; /* Identity__Began, Identity__Ended */
};

struct standing {
    int64_t id, member_id, began_at, ended_at, decided_by; /* ended_at: of periods_find_standings alone */
    int standing, reason;                                  /* Identity__Standing, Identity__StandingReason */
};

/* ---- memberships ---- */

/* False when she has a period that lasts. */
bool periods_begin(const struct periods *periods, const struct period *period);
/* With its ended_at and ended. */
void periods_end(const struct periods *periods, const struct period *period);
/* The union that the member's row repeats, and her level. */
void periods_set_member(const struct periods *periods, int64_t member_id, int64_t union_id, int level);
/* The period that lasts. */
bool periods_find_current(const struct periods *periods, int64_t member_id, struct period *ret);
bool periods_find_period(const struct periods *periods, int64_t membership_id, struct period *ret);
/* Here and below a member is also every account that is gone into hers (merges.h). */

/* Since when she has belonged to some union without a break, whichever it was; 0: to none now. */
int64_t periods_since(const struct periods *periods, int64_t member_id);
/* The last period, whether it lasts or not. */
bool periods_find_last(const struct periods *periods, int64_t member_id, struct period *ret);
/* The periods that counted at an instant, at most `size`: one for each account. */
size_t periods_find_at(const struct periods *periods, int64_t member_id, int64_t at, struct period *ret, size_t size);
/* Her periods after a membership id, in order, at most `size`; returns how many. */
size_t periods_find_history(const struct periods *periods, int64_t member_id, int64_t after, struct period *ret,
                            size_t size);
/* Lasting periods of a union itself after a membership id, in order; returns how many. */
size_t periods_find_members(const struct periods *periods, int64_t union_id, int64_t after, struct period *ret,
                            size_t size);

/* The same in the states of a mask of Identity__CompanyMemberState (rpc_page_mask): lasting, ended, or both. */
size_t periods_find_in(const struct periods *periods, int64_t union_id, int64_t states, int64_t after,
                       struct period *ret, size_t size);

/* ---- standing ---- */

/* At an instant; STANDING_ACTIVE when nothing is on record. */
int periods_standing_at(const struct periods *periods, int64_t member_id, int64_t at);
/* All, the latest first, at most `size`; returns how many. */
size_t periods_find_standings(const struct periods *periods, int64_t member_id, struct standing *ret, size_t size);
bool periods_find_standing(const struct periods *periods, int64_t member_id, struct standing *ret);
void periods_begin_standing(const struct periods *periods, const struct standing *standing);
void periods_end_standing(const struct periods *periods, int64_t standing_id, int64_t at);

/* ---- for the audit ---- */

struct periods_counts {
    int64_t periods, ended, standings; /* periods: without those older than the journal's word of them */
};
