/* slots.h: hours at places, and how many people they take, in any service's store.
 *
 * A service gives something in groups (a campaign of check-ups, a rest trip, an event) at places
 * of its own. A slot is some time of a group at one place, with a capacity, of which some may be
 * kept for who comes without a booking. It counts who has booked it and who walked in; that they
 * never pass its capacity is a condition of the statement that counts one more, and of the schema.
 *
 * Its capacity may be changed to no less than that, until it is over. Its hours stay: one that
 * cannot be held is withdrawn for good, takes nobody any more, and who has booked it may move
 * (bookings.h). What was made and changed is in the journal by the messages of slots.proto.
 *
 * A service that shares the part says its Reasons once (slots_use). In SQL it may read time_slot. */
#pragma once
#include "common/daemon/part.h"
#include "slots.pb-c.h"

extern const struct part_spec slots_part;
extern const struct store_steps slots_steps;

/* Reasons, in the service's words. */
struct slots_words {
    int exists, over, withdrawn, hours_out_of_order;
    int walk_ins_above, below_booked; /* the facts `booked` and `walkedIn` say how many there are */
};

struct slots {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct slots_words *words;
};

struct slot {
    int64_t id, group_id, place_id, starts_at, ends_at;
    int32_t capacity, walk_ins; /* of the capacity, not to be booked */
    int32_t booked, walked;
    bool withdrawn;
    int64_t journal_seq; /* the row by which it was changed last; 0: is as it was made */
};

/* At the service's start; the words outlive it. */
void slots_use(struct slots *slots, const struct slots_words *words);

/* ---- asking ---- */

bool slots_find(const struct slots *slots, int64_t slot_id, struct slot *ret);
/* The slot of a group at a place that begins at an instant. */
bool slots_find_at(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t starts_at, struct slot *ret);
/* Any slot of a place, of whichever group. */
bool slots_find_of(const struct slots *slots, int64_t place_id, struct slot *ret);
/* The slot of a group at a place that lasts at an instant and is not withdrawn. */
bool slots_find_during(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t at, struct slot *ret);
/* Those of a group at a place that begin from an instant until before another, in the states of a mask
 * (rpc_page_mask): 1 is offered, 2 withdrawn. */
void slots_ask(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t from, int64_t until,
               int64_t states, int limit);
bool slots_next(const struct slots *slots, struct slot *ret);
/* How many may still book it. */
int32_t slot_free(const struct slot *slot);
/* How many may still book a group at a place, in slots that begin after now. */
int64_t slots_free(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t now);
/* Why a slot is not to be booked now, full or not: a Reason, or 0. */
int slot_refusal(const struct slots *slots, const struct slot *slot, int64_t now);

/* ---- changes, told in the journal: 0, or the Reason (with its field) with which the call is to be refused ---- */

/* Gives it an id. */
void slot_make(struct slots *slots, struct slot *slot, void *call);
/* Makes a slot unless the very same is there. */
int slot_obtain(struct slots *slots, const struct slot *slot, void *call);
/* Days times hours, which follow each other, of a group at a place. Those that are there already stay. */
int slots_obtain_days(struct slots *slots, int64_t group_id, int64_t place_id, const int32_t *days, size_t n_days,
                      Slots__Hours *const *hours, size_t n_hours, void *call, const char **ret_field);
int slot_change(struct slots *slots, struct slot *slot, int32_t capacity, int32_t walk_ins, void *call,
                const char **ret_field);
/* Again: does nothing. */
int slot_withdraw(struct slots *slots, struct slot *slot, void *call);

/* Counts one more or one less who booked it, or walked in. False when it is full. */
bool slots_take(const struct slots *slots, int64_t slot_id, bool walk_in);
void slots_give(const struct slots *slots, int64_t slot_id, bool walk_in);
