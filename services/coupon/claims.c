#include "services/coupon/claims.h"

#define FIRST_SIZE 1024

/* Ids count upwards; the multiplier (Fibonacci hashing, Knuth 6.4) spreads them. */
static size_t slot_of(const struct claims *claims, int64_t member_id)
{
    return (size_t)(((uint64_t)member_id * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (claims->size - 1);
}

int64_t claims_find(const struct claims *claims, int64_t member_id)
{
    if (claims->size == 0)
        return 0;
    for (size_t i = slot_of(claims, member_id);; i = (i + 1) & (claims->size - 1)) {
        if (claims->entries[i].member_id == member_id)
            return claims->entries[i].coupon_id;
        if (claims->entries[i].member_id == 0)
            return 0;
    }
}

static void place(struct claims *claims, struct claim_entry entry)
{
    size_t i = slot_of(claims, entry.member_id);

    while (claims->entries[i].member_id)
        i = (i + 1) & (claims->size - 1);
    claims->entries[i] = entry;
}

static bool grow(struct claims *claims)
{
    struct claims larger = {.size = claims->size ? claims->size * 2 : FIRST_SIZE, .used = claims->used};

    larger.entries = calloc(larger.size, sizeof(larger.entries[0]));
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < claims->size; i++) {
        if (claims->entries[i].member_id)
            place(&larger, claims->entries[i]);
    }
    free(claims->entries);
    *claims = larger;
    return true;
}

bool claims_add(struct claims *claims, int64_t member_id, int64_t coupon_id)
{
    ensure(member_id);
    if (claims->used * 2 >= claims->size && !grow(claims))
        return false;
    place(claims, (struct claim_entry){member_id, coupon_id});
    claims->used++;
    return true;
}

void claims_remove(struct claims *claims, int64_t member_id)
{
    size_t mask = claims->size - 1, i = slot_of(claims, member_id), hole;

    while (claims->entries[i].member_id != member_id) {
        ensure(claims->entries[i].member_id);
        i = (i + 1) & mask;
    }
    /* Close the gap, so that no probe ends before its entry (Knuth 6.4, algorithm R). */
    hole = i;
    for (;;) {
        size_t home;

        i = (i + 1) & mask;
        if (!claims->entries[i].member_id)
            break;
        home = slot_of(claims, claims->entries[i].member_id);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            claims->entries[hole] = claims->entries[i];
            hole = i;
        }
    }
    claims->entries[hole] = (struct claim_entry){0};
    claims->used--;
}

void claims_clear(struct claims *claims)
{
    free(claims->entries);
    *claims = (struct claims){0};
}
