/* members.h: people who have signed in, one row an account.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/rules.h"
#include "services/identity/people/sealed.h"

/* Of rows of a member (?1) and the accounts that are gone into hers. */
#define SQL_HERS                                                                                                       \
    "member_id IN (SELECT ?1 UNION ALL SELECT member_id FROM member WHERE merged_into = ?1 AND merged_into > 0)"

struct member {
    int64_t id, roster_id, union_id, created_at;
    int64_t unproven_at;               /* when a proof of hers was taken back last; 0: never */
    int64_t merged_into;               /* another account of hers; 0 of one that is not gone */
    int level, trade, birth_year, sex; /* Rpc__Level, Rpc__Trade, Rpc__Sex */
    unsigned char mobile[PII_INDEX_LEN], person[PII_INDEX_LEN];
    struct wrapped data_key;
    struct sealed sealed_mobile, sealed_person; /* the second is empty before she is verified */
    struct verify_tries tries;
};

void members_add(const struct members *members, const struct member *member);
bool members_find(const struct members *members, int64_t member_id, struct member *ret_member);
/* By mobile number or by the resident ID that verified her; of an account that is gone, the
 * one that was kept. */
bool members_find_mobile(const struct members *members, const unsigned char mobile[PII_INDEX_LEN],
                         struct member *ret_member);
bool members_find_person(const struct members *members, const unsigned char person[PII_INDEX_LEN],
                         struct member *ret_member);
/* The accounts that are gone into one, after an id; false after the last. */
bool members_next_gone(const struct members *members, int64_t kept_id, int64_t after, struct member *ret_member);
/* A number that led to her through an account that is gone leads there no more. */
void members_release_mobile(const struct members *members, int64_t kept_id, const unsigned char mobile[PII_INDEX_LEN]);
/* Her number is not hers any more: only the account's id leads to it. Writes her sealed one. */
void members_lose_mobile(const struct members *members, const struct member *member);
/* An account and all that are gone into it are gone into another. */
void members_merge(const struct members *members, int64_t gone_id, int64_t kept_id);
/* Whether a member is verified by this resident ID. */
bool members_have_person(const struct members *members, const unsigned char person[PII_INDEX_LEN]);
/* Writes everything that verification has set. */
void members_verify(const struct members *members, const struct member *member);
/* Nothing is proven of her any more. */
void members_unprove(const struct members *members, int64_t member_id, int64_t now);
void members_set_tries(const struct members *members, const struct member *member);
