/* kept.h: what was read of the store and is asked for again and again, by id.
 *
 * A table of so many places, each with what was read last of the ids that fall there: it never grows, forgets one for
 * another, and holds nothing that the store does not say. Whoever changes what is kept clears it. */
#pragma once

#define KEPT_PLACES 4096

struct kept {
    struct {
        int64_t id;
        void *thing; /* of malloc; NULL: none */
    } places[KEPT_PLACES];
};

/* NULL: is not kept. */
void *kept_find(const struct kept *kept, int64_t id);
/* Keeps a thing of malloc, and gives it; what stood there is freed. */
void *kept_put(struct kept *kept, int64_t id, void *thing);
void kept_clear(struct kept *kept);
