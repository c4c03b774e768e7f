/* bookings.h: who comes when, and the pass that says so.
 *
 * A booking takes a place of a slot for somebody's entitlement. It keeps its id when
 * it moves; each change of it is in the journal, whose last row about it is journal_seq.
 * An entitlement has one booking that counts at most (ACTIVE, ARRIVED or NOT_COME),
 * which the schema sees to, and such a booking has one pass that is not revoked.
 *
 * A pass is good from BOOKING_EARLY_MS before its slot until BOOKING_LATE_MS after
 * it. Who was not scanned by BOOKING_GRACE_MS after the slot has not come: that long
 * a site may be without network. Whose site or slot was withdrawn may move for
 * BOOKING_MOVE_MS after the slot, whatever the booking window. */
#pragma once
#include "common/pass/pass.h"
#include "services/health/lot/entitlements.h"
#include "services/health/booking/slots.h"

#define BOOKING_EARLY_MS  (INT64_C(2) * 3600000)
#define BOOKING_LATE_MS   (INT64_C(2) * 3600000)
#define BOOKING_GRACE_MS  (INT64_C(24) * 3600000)
#define BOOKING_MOVE_MS   (INT64_C(30) * HEALTH_DAY_MS)
#define BOOKING_REMIND_MS HEALTH_DAY_MS /* before the slot */
#define BOOKING_SLICE     100           /* bookings changed in one transaction of the daemon's own */

struct booking {
    int64_t id, entitlement_id, campaign_id, member_id, site_id, slot_id, starts_at, ends_at;
    int state; /* Health__BookingState */
    bool must_move, walk_in;
    int64_t handle; /* random: how the roster names her */
    int64_t made_at, due_at;
    int64_t remind_at; /* 0: no more */
    int64_t journal_seq;
};

struct issued { /* a pass in the store */
    int64_t serial, booking_id, site_id, slot_id, from_at, until_at, issued_at;
    int64_t revoked_at; /* 0: is not */
    int64_t journal_seq;
};

bool bookings_find(const struct bookings *bookings, int64_t booking_id, struct booking *ret);
/* The one of a site that its roster names so. */
bool bookings_find_handle(const struct bookings *bookings, int64_t site_id, int64_t handle, struct booking *ret);
/* The one that counts. */
bool bookings_find_of(const struct bookings *bookings, int64_t entitlement_id, struct booking *ret);
/* A member's, under all numbers she holds, the latest first. */
void bookings_ask(const struct bookings *bookings, int64_t member_id, int64_t before, size_t limit, int64_t states);
bool bookings_next(const struct bookings *bookings, struct booking *ret);
void bookings_end(const struct bookings *bookings);
/* Bookings of a site that count and whose slot begins from an instant until before
 * another, by handle, from after one. */
void bookings_ask_roster(const struct bookings *bookings, int64_t site_id, int64_t from, int64_t until, int64_t after,
                         int limit, int64_t states);
bool bookings_next_roster(const struct bookings *bookings, struct booking *ret);

/* ---- changes: in store and journal; the slot has been taken or is given back here ---- */

/* Books a slot that was taken, issues the pass, and moves the entitlement to BOOKED. */
void booking_make(struct health *self, struct entitlement *entitlement, const struct slot *slot, bool walk_in,
                  void *call, struct booking *ret);
/* Gives the old slot back for a new one that was taken; another pass is issued. */
void booking_move(struct health *self, struct booking *booking, const struct slot *slot, void *call);
/* Passes to another state; the entitlement is the caller's. CANCELLED gives the place
 * back and revokes the pass. */
void booking_set(struct health *self, struct booking *booking, int state, void *call);
/* Revokes the pass and issues another one. */
void booking_reissue(struct health *self, const struct booking *booking, void *call);
/* What is due without anybody calling, one slice of it. Whether there is more. */
bool bookings_work(void *health);

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
/* The serials revoked at a site whose passes would still be good, rising: at most max,
 * and how many were ever revoked there. */
uint32_t passes_revoked(const struct bookings *bookings, int64_t site_id, int64_t now, uint64_t *ret_serials,
                        uint32_t max);
int64_t passes_count_revoked(const struct bookings *bookings, int64_t site_id);

/* ---- reminders ---- */

/* Tells whoever holds a number (notice.h) what is completed by the names of the campaign (NULL: unknown) and of the
 * booking's site (0: there is none yet). It is about an entitlement until that is booked or over, about a booking until
 * that changes, or about a report while it is the one to be read. */
void remind(struct health *self, struct notice_given *given, const Health__Campaign *campaign, int64_t site_id,
            void *call);
