/* claimants.h: who has claimed, in memory: a member's id to her coupon's.
 *
 * Open addressing with linear probing, 16 bytes an entry, at most half full; it
 * doubles when it must. Member id 0 is no member. */
#pragma once

struct claimant {
    int64_t member_id, coupon_id;
};

struct claimants {
    struct claimant *entries;
    size_t size; /* a power of two, or 0 */
    size_t used;
};

/* The coupon of a member, or 0. */
int64_t claimants_find(const struct claimants *claimants, int64_t member_id);
/* Adds a member who is not there. False without memory. */
bool claimants_add(struct claimants *claimants, int64_t member_id, int64_t coupon_id);
/* Gives a member who is there another coupon. */
void claimants_replace(struct claimants *claimants, int64_t member_id, int64_t coupon_id);
/* Removes a member who is there. */
void claimants_remove(struct claimants *claimants, int64_t member_id);
/* Forgets all and gives the memory back. */
void claimants_clear(struct claimants *claimants);
