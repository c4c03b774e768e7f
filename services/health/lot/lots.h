/* lots.h: frozen lists and their draws in memory, made from the store in slices.
 *
 * Nothing in here is kept: a lot can be dropped at any moment and made again with the
 * same result, after a restart too. HEALTH_LOTS of them are kept, those last asked
 * for; one of n entries takes 20n bytes while it is read, 40n while it is sorted, and
 * 29n when it is ready. */
#pragma once
#include "services/health/lot/draws.h"

#define HEALTH_LOTS 8

struct lot {
    int64_t campaign_id; /* 0: unused */
    int phase;
    struct draw_terms *terms;
    struct draw_list list;
    struct draw_job job;
    unsigned char seed[DRAW_HASH_LEN];
    bool drawn;                  /* a job was asked for, and seed is set */
    int64_t read_to, last_entry; /* entries */
    uint64_t used;               /* when it was last asked for, by counting */
    bool refused;                /* its list is not the frozen one: said once */
};

struct lots {
    struct lot lots[HEALTH_LOTS];
    uint64_t asked;
};

void lots_done(struct lots *lots);
/* The list of a lottery that nobody can enter any more, and, when it is drawn, its
 * places; NULL while they are being made (lots_step), or there is no memory for them. */
struct lot *lots_obtain(struct health *self, const Health__Campaign *campaign, const struct lottery *lottery);
/* One slice of making; outside a batch. Whether there is more. */
bool lots_step(void *health);
