#include "services/coupon/kept.h"

/* Ids differ in their middle bits: Knuth's multiplicative hash. */
static size_t place_of(int64_t id)
{
    return (size_t)((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 52);
}
_Static_assert(KEPT_PLACES == 1 << 12, "the hash has 12 bits");

void *kept_find(const struct kept *kept, int64_t id)
{
    size_t at = place_of(id);

    return kept->places[at].id == id ? kept->places[at].thing : NULL;
}

void *kept_put(struct kept *kept, int64_t id, void *thing)
{
    size_t at = place_of(id);

    free(kept->places[at].thing);
    kept->places[at].id = id;
    kept->places[at].thing = thing;
    return thing;
}

void kept_clear(struct kept *kept)
{
    for (size_t i = 0; i < KEPT_PLACES; i++) {
        free(kept->places[i].thing);
        kept->places[i].thing = NULL;
        kept->places[i].id = 0;
    }
}
