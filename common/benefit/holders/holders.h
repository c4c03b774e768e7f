/* holders.h: accounts that are no more, and whose is what stands under their numbers.
 *
 * Identity merges two accounts of one person, closes one, or moves a union; a service that
 * shares this part follows its journal, once, here. In the transaction of identity's row all
 * parts of the service do what they say of it (part.h), and the service's own journal says
 * that it was heard (ChassisEvent). A row that comes again does nothing.
 *
 * What a part leaves under a number stays under it, in the store and in the journal, so that
 * no entry, ticket or hash ever changes; whose it is, is asked here: of who holds the number
 * now. She holds her own and all that have become part of hers, in one step also when
 * accounts were merged one after the other. Nobody holds the numbers of an account that was
 * closed. Offices do not pass from one account to another.
 *
 * Two accounts may have had two of what a person has once. Soon after, slice by slice, the
 * parts end what somebody has twice or nobody holds (part_spec.settle), until none has more. */
#pragma once
#include "common/daemon/part.h"

/* In SQL: the numbers that a member, given as a parameter, holds; and that a row with a
 * number is hers, of the member who is the first parameter. */
#define HOLDER_NUMBERS(parameter)                                                                                      \
    "(SELECT " parameter " UNION ALL SELECT member_id FROM account_gone WHERE holder_id = " parameter ")"
#define HOLDER_HERS "member_id IN " HOLDER_NUMBERS("?1")
/* In SQL: whether a number is of an account that is gone, or of one that another has become part of. */
#define HOLDER_OF_SEVERAL(number)                                                                                      \
    "EXISTS (SELECT 1 FROM account_gone WHERE account_gone.member_id = " number " OR holder_id = " number ")"

extern const struct part_spec holders_part;
extern const struct store_steps holders_steps;

struct holders {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* The member who holds a number: herself, who her account has become part of, or 0: nobody. */
int64_t holder_of(const struct holders *holders, int64_t number);
/* Whether a member, who is not 0, holds a number. */
bool holder_is(const struct holders *holders, int64_t member_id, int64_t number);
/* Accounts that have become part of another one, in the order of their numbers, after one. */
void holders_ask(const struct holders *holders, int64_t after);
bool holders_next(const struct holders *holders, int64_t *ret_number, int64_t *ret_holder);

/* The numbers that a member holds, her own first: at most max, which is 1 or more. */
size_t holders_numbers(const struct holders *holders, int64_t member_id, int64_t *ret, size_t max);

/* What stands under a number may count again: whoever holds several is looked at anew. */
void holders_recheck(const struct holders *holders, int64_t number);
