/* bookings.h: who comes when, and the pass that says so, in any service's store.
 *
 * A booking takes a place of a slot (slots.h) for a right of the service's: an entitlement that was
 * won, a ticket, a coupon. A right has one booking that counts at most (ACTIVE, ARRIVED or NOT_COME),
 * which the schema sees to, and such a booking has one pass that is not revoked. It keeps its id when
 * it moves; each change of it is in the journal (bookings.proto), whose last row about it is
 * journal_seq.
 *
 *   ACTIVE      is waited for; she may move or cancel it until an instant that the service says;
 *   must_move   its slot, or its place for its group, takes nobody any more: she is told, and may
 *               move for move_ms after the slot, whatever that instant was;
 *   ARRIVED     scanned at its place (door.h), which may be taken back;
 *   CANCELLED   the place is given back and the pass is revoked;
 *   NOT_COME    not scanned by grace_ms after the slot: that long a place may be without network.
 *
 * A pass is good from early_ms before its slot until late_ms after it. What is due comes by itself,
 * BOOKING_SLICE bookings in a transaction.
 *
 * WHAT A SERVICE GIVES. SHARED(slots) and SHARED(bookings) in its list, behind holders; a struct
 * bookings_service, when it starts (bookings_serve). What it gives a right for, and what becomes of
 * the right, are its own; so are its words.
 *
 * IN SQL a service may read booked_slot and booked_pass; `settled` and `settled_place` are its to
 * write, by what settlement.h says of a booking. It exports what they have of a person. The steps of
 * the part are called `booked`. */
#pragma once
#include "bookings.pb-c.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/slots/slots.h"
#include "common/pass/pass.h"

#define BOOKING_SLICE 100 /* bookings changed in one transaction of the daemon's own */

extern const struct part_spec bookings_part;
extern const struct store_steps booked_steps;

struct booking {
    int64_t id, right_id, group_id, member_id, place_id, slot_id, starts_at, ends_at;
    int state; /* Bookings__State */
    bool must_move, walk_in;
    int64_t handle; /* random: how the roster names her */
    int64_t made_at, due_at;
    int64_t remind_at; /* 0: no more */
    int64_t journal_seq;
};

struct issued { /* a pass in the store */
    int64_t serial, booking_id, place_id, slot_id, from_at, until_at, issued_at;
    int64_t revoked_at; /* 0: is not */
    int64_t journal_seq;
};

/* ---- what a service gives ---- */

/* In all functions self is the service's struct. */
struct bookings_service {
    int64_t early_ms, late_ms, grace_ms, move_ms;
    int64_t remind_ms;        /* before the slot she is reminded */
    int not_active, too_late; /* Reasons why one is not to be changed */
    /* What waits to be said of a booking as it was is not true any more. */
    void (*changes)(void *self, const struct booking *booking, void *call);
    /* Strands a slice of those whose place takes nobody any more for their group (bookings_strand).
     * Whether there may be more. */
    bool (*strand)(void *self, void *call);
    /* She is to be told that her place, or else her slot, takes nobody any more; that her slot is soon. Of one slice,
     * which mostly are of one group, each is given the same memo, NULL at first. */
    void (*stranded)(void *self, const struct booking *booking, bool place, void **memo, void *call);
    void (*soon)(void *self, const struct booking *booking, void **memo, void *call);
    /* It is over by itself: NOT_COME, or CANCELLED when she had to move and did not. */
    void (*ended)(void *self, const struct booking *booking, void *call);
};

struct bookings {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct bookings_service *service;
    void *self; /* the service's, for its functions */
    struct slots *slots;
};

void bookings_serve(struct bookings *bookings, const struct bookings_service *service, void *self, struct slots *slots);

/* ---- asking ---- */

bool bookings_find(const struct bookings *bookings, int64_t booking_id, struct booking *ret);
/* The one of a place that its roster names so. */
bool bookings_find_handle(const struct bookings *bookings, int64_t place_id, int64_t handle, struct booking *ret);
/* The one of a right that counts. */
bool bookings_find_of(const struct bookings *bookings, int64_t right_id, struct booking *ret);
/* A member's, under all numbers she holds, the latest first. */
void bookings_ask(const struct bookings *bookings, int64_t member_id, int64_t before, size_t limit, int64_t states);
bool bookings_next(const struct bookings *bookings, struct booking *ret);
void bookings_end(const struct bookings *bookings);
/* Bookings of a place that count and whose slot begins from an instant until before
 * another, by handle, from after one. */
void bookings_ask_roster(const struct bookings *bookings, int64_t place_id, int64_t from, int64_t until, int64_t after,
                         int limit, int64_t states);
bool bookings_next_roster(const struct bookings *bookings, struct booking *ret);

struct booking_counts {
    int64_t expected, arrived, not_come, walked_in;
};
/* Of the bookings of a place that count and whose slot begins from an instant until before another. */
void bookings_count(const struct bookings *bookings, int64_t place_id, int64_t from, int64_t until,
                    struct booking_counts *ret);
/* Why her booking is not to be moved or cancelled now, which ends at an instant: a Reason, or 0. */
int booking_fixed(const struct bookings *bookings, const struct booking *booking, int64_t until, int64_t now);

/* ---- changes: in store and journal ---- */

/* Takes a place of the slot for a right, group, member and, or not, walk-in that booking says; the rest is filled in,
 * and the pass is issued. False when the slot is full; then nothing is changed. */
bool booking_make(struct bookings *bookings, const struct slot *slot, void *call, struct booking *booking);
/* Takes a place of another slot, and only then gives the old one back; another pass is issued. False likewise. */
bool booking_move(struct bookings *bookings, struct booking *booking, const struct slot *slot, void *call);
/* Passes to another state; what becomes of the right is the caller's. */
void booking_set(struct bookings *bookings, struct booking *booking, int state, void *call);
/* Revokes the pass and issues another one. */
void booking_reissue(struct bookings *bookings, const struct booking *booking, void *call);
/* A slice of a group's at a place that takes nobody of it any more: they are to be moved. Whether there may be more. */
bool bookings_strand(struct bookings *bookings, int64_t group_id, int64_t place_id, void *call);

/* ---- passes ---- */

bool passes_find(const struct bookings *bookings, int64_t serial, struct issued *ret);
/* The one that is not revoked. */
bool passes_find_of(const struct bookings *bookings, int64_t booking_id, struct issued *ret);
/* 63 random bits that are not 0. */
int64_t random_id(void *call);
/* The city's union, by number: a path's first level, read in base 36. */
int64_t issuer_of(const char *union_path);
/* What its signed form says. */
void pass_compose(const struct booking *booking, const struct issued *issued, const char *union_path, struct pass *ret);
/* The serials revoked at a place whose passes would still be good, rising: at most max,
 * and how many were ever revoked there. */
uint32_t passes_revoked(const struct bookings *bookings, int64_t place_id, int64_t now, uint64_t *ret_serials,
                        uint32_t max);
int64_t passes_count_revoked(const struct bookings *bookings, int64_t place_id);
