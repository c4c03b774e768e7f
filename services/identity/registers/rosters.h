/* rosters.h: whom unions have listed: a row is a person on one union's roster.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/sealed.h"

struct roster_entry {
    int64_t id, union_id;
    int trade; /* Rpc__Trade */
    unsigned char person[PII_INDEX_LEN];
    struct sealed sealed;
};

/* 1; -1 when the person is on this union's roster already; -2 when the store failed. */
int rosters_add(const struct rosters *rosters, const struct roster_entry *entry);
/* Writes person, trade and seal of a row that is there. */
void rosters_set(const struct rosters *rosters, const struct roster_entry *entry);
/* Her rows, at most `size`; returns how many. */
size_t rosters_find_person(const struct rosters *rosters, const unsigned char person[PII_INDEX_LEN],
                           struct roster_entry *ret, size_t size);
bool rosters_find(const struct rosters *rosters, int64_t roster_id, struct roster_entry *ret_entry);
void rosters_drop(const struct rosters *rosters, int64_t roster_id);
/* Who is verified by a row: the account that lives when it is gone into another. 0: nobody. */
int64_t rosters_member(const struct rosters *rosters, const struct roster_entry *entry);
