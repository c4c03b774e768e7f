/* slots.h: the hours of a campaign's sites and how many people they take.
 *
 * A slot counts who has booked it and who walked in; that they never pass its
 * capacity is a condition of the statement that counts one more, and of the schema. Its
 * capacity may be changed to no less than that. Its hours stay: one that cannot be held is
 * withdrawn, takes nobody any more, and who has booked it may move (bookings.h). */
#pragma once
#include "services/health/health.h"

struct slot {
    int64_t id, campaign_id, site_id, starts_at, ends_at;
    int32_t capacity, walk_ins; /* of the capacity, not to be booked */
    int32_t booked, walked;
    bool withdrawn;
    int64_t journal_seq; /* the row by which it was changed last; 0: is as it was made */
};

/* Adds a slot and says so in the journal; gives it an id. */
void slot_make(struct health *self, struct slot *slot, void *call);
/* Keeps capacity, walk-ins and whether it is withdrawn, and says so in the journal. */
void slot_change(struct health *self, struct slot *slot, void *call);
bool slots_find(const struct slots *slots, int64_t slot_id, struct slot *ret);
/* The slot of a site in a campaign that begins at an instant. */
bool slots_find_at(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t starts_at,
                   struct slot *ret);
/* Any slot of a site, of whichever campaign. */
bool slots_find_of(const struct slots *slots, int64_t site_id, struct slot *ret);
/* The slot of a site in a campaign that lasts at an instant and is not withdrawn. */
bool slots_find_during(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t at, struct slot *ret);

/* Counts one more or one less who booked it, or walked in. False when it is full. */
bool slots_take(const struct slots *slots, int64_t slot_id, bool walk_in);
void slots_give(const struct slots *slots, int64_t slot_id, bool walk_in);

/* Slots of a site in a campaign that begin from an instant until before another, in the states of a mask
 * (rpc_page_mask). */
void slots_ask(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t from, int64_t until,
               int64_t states, int limit);
bool slots_next(const struct slots *slots, struct slot *ret);
/* How many may still book it. */
int32_t slot_free(const struct slot *slot);
/* How many may still book a site in a campaign, in slots that begin after now. */
int64_t slots_free(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t now);
