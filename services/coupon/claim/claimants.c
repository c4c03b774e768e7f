#include "services/coupon/claim/claimants.h"

#define FIRST_SIZE 1024

/* Ids count upwards; the multiplier (Fibonacci hashing, Knuth 6.4) spreads them. */
static size_t slot_of(const struct claimants *claimants, int64_t member_id)
{
    return (size_t)(((uint64_t)member_id * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (claimants->size - 1);
}

int64_t claimants_find(const struct claimants *claimants, int64_t member_id)
{
    if (claimants->size == 0)
        return 0;
    for (size_t i = slot_of(claimants, member_id);; i = (i + 1) & (claimants->size - 1)) {
        if (claimants->entries[i].member_id == member_id)
            return claimants->entries[i].coupon_id;
        if (claimants->entries[i].member_id == 0)
            return 0;
    }
}

static void place(struct claimants *claimants, struct claimant entry)
{
    size_t i = slot_of(claimants, entry.member_id);

    while (claimants->entries[i].member_id)
        i = (i + 1) & (claimants->size - 1);
    claimants->entries[i] = entry;
}

static bool grow(struct claimants *claimants)
{
    struct claimants larger = {.size = claimants->size ? claimants->size * 2 : FIRST_SIZE, .used = claimants->used};

    larger.entries = calloc(larger.size, sizeof(larger.entries[0]));
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < claimants->size; i++) {
        if (claimants->entries[i].member_id)
            place(&larger, claimants->entries[i]);
    }
    free(claimants->entries);
    *claimants = larger;
    return true;
}

bool claimants_add(struct claimants *claimants, int64_t member_id, int64_t coupon_id)
{
    ensure(member_id);
    if (claimants->used * 2 >= claimants->size && !grow(claimants))
        return false;
    place(claimants, (struct claimant){member_id, coupon_id});
    claimants->used++;
    return true;
}

/* Where a member is who is there. */
static size_t place_of(const struct claimants *claimants, int64_t member_id)
{
    size_t i = slot_of(claimants, member_id);

    while (claimants->entries[i].member_id != member_id) {
        ensure(claimants->entries[i].member_id);
        i = (i + 1) & (claimants->size - 1);
    }
    return i;
}

void claimants_replace(struct claimants *claimants, int64_t member_id, int64_t coupon_id)
{
    claimants->entries[place_of(claimants, member_id)].coupon_id = coupon_id;
}

void claimants_remove(struct claimants *claimants, int64_t member_id)
{
    size_t mask = claimants->size - 1, i = place_of(claimants, member_id), hole;

    /* Close the gap, so that no probe ends before its entry (Knuth 6.4, algorithm R). */
    hole = i;
    for (;;) {
        size_t home;

        i = (i + 1) & mask;
        if (!claimants->entries[i].member_id)
            break;
        home = slot_of(claimants, claimants->entries[i].member_id);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            claimants->entries[hole] = claimants->entries[i];
            hole = i;
        }
    }
    claimants->entries[hole] = (struct claimant){0};
    claimants->used--;
}

void claimants_clear(struct claimants *claimants)
{
    free(claimants->entries);
    *claimants = (struct claimants){0};
}
