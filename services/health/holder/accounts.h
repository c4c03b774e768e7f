/* accounts.h: accounts that are no more, and whose is what stands under their numbers.
 *
 * Identity merges two accounts of one person, or closes one; this service follows its
 * journal. What was done under a number stays under it, in the store and in the journal, so
 * that no entry, ticket, place or hash ever changes; whose it is, is asked here: of who holds
 * the number now. She holds her own and all that have become part of hers, in one step also
 * when accounts were merged one after the other. Nobody holds the numbers of an account
 * that was closed. Offices do not pass from one account to another.
 *
 * Two accounts may have had two of what a person has once. Soon after, slice by slice:
 *   - of two entries in a campaign that is still open, the one under her own number stays and
 *     the other is withdrawn; once the list is frozen both tickets stay in it;
 *   - of two places in a campaign, the one by which she came, else the one that is booked,
 *     else the one under her own number stays (of two others the later); the other is given
 *     up, its booking cancelled, and the next in the committed order is called. Whoever has,
 *     or had, a place in a campaign is not called to another one.
 * Of a closed account entries in open campaigns are withdrawn, places given up, bookings
 * cancelled, and the keys of reports destroyed (Personal Information Protection Law, article
 * 47); that there were such stays, under a number that tells nobody who she was. A report
 * that comes later is not taken. */
#pragma once
#include "services/health/health.h"

/* In SQL: the numbers that a member, given as a parameter, holds; and that a row with a number is hers, of the
 * member who is the first parameter. */
#define ACCOUNT_NUMBERS(parameter)                                                                                     \
    "(SELECT " parameter " UNION ALL SELECT member_id FROM account_gone WHERE holder_id = " parameter ")"
#define ACCOUNT_HERS "member_id IN " ACCOUNT_NUMBERS("?1")

#define ACCOUNT_SLICE 16 /* entries, and places, given up in one transaction */

/* 0 or -1, logged. */
int accounts_open(struct accounts *accounts, struct store *store);
/* The member who holds a number: herself, who her account has become part of, or 0: nobody. */
int64_t accounts_holder(const struct accounts *accounts, int64_t number);
/* Whether a member, who is not 0, holds a number. */
bool accounts_holds(const struct accounts *accounts, int64_t member_id, int64_t number);

/* An account has become part of another one, or (kept_id 0) was closed: from now on its
 * numbers are that one's, or nobody's; says so in the journal. Again does nothing. */
void account_end(struct health *self, int64_t gone_id, int64_t kept_id, void *call);
/* What stands under a number may count again: whoever holds several is looked at anew. */
void account_recheck(struct health *self, int64_t number);
/* Ends what somebody has twice or nobody holds, one slice of it. Whether there may be more. */
bool accounts_tidy(struct health *self);

/* Whether a row of the journal about an account agrees with the store. */
bool accounts_audit_event(struct accounts *accounts, const Health__Event *event);
/* Prints the first fault and returns -1: an account that no row of the journal tells of, two
 * places of one person, something that lives of a closed account. */
int accounts_audit(struct accounts *accounts, FILE *out);
