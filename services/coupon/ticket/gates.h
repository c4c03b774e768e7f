/* gates.h: who is let in to a departure by her ticket.
 *
 * Whoever a union lets stand at a departure's gate needs no office: she is on its list. By a device of hers
 * (scanners.h, whose place is the release) she reads what a member shows (till/purses.h: of one coupon, or of all that
 * she has) and lets her in, from the form's minutes before it departs until GATE_LATE_MS after. Who comes along with
 * her and shows no pass of her own is let in with her (brought_by), by the ticket that is hers. A ticket is let in once
 * over all devices, which the schema sees to; it is spent by that, and not given back any more. Taken back within
 * GATE_UNDO_MS, all is as before.
 *
 * A scan has the name its device gave it (ref), so that it is taken once however often it is sent. With network one
 * that is not good is refused, with its own reason, and nothing is kept. What was read without network is handed in
 * later, is judged as of its own time, and is kept whatever becomes of it, with the reason of one that was not good. */
#pragma once
#include "services/coupon/ticket/tickets.h"

#define GATE_MINUTES   120 /* before it departs, when the form does not say */
#define GATE_LATE_MS   (INT64_C(60) * 60000)
#define GATE_UNDO_MS   (INT64_C(60) * 60000)
#define GATE_STAFF_MAX 50 /* of a departure */
#define GATE_UPLOAD    10 /* scans of one call */

/* ---- who stands there ---- */

bool gate_staff_has(const struct gates *gates, int64_t release_id, int32_t departure, int64_t member_id);
/* At any gate of a release. */
bool gate_staff_any(const struct gates *gates, int64_t release_id, int64_t member_id);
/* Lets her, or lets her no more (off); again: does nothing. False: there are GATE_STAFF_MAX. */
bool gate_staff_set(struct coupon *self, const Coupon__GateStaffChanged *change, void *call);
/* A release's behind a number that is its row's, and that row's. */
void gate_staff_ask(const struct gates *gates, int64_t release_id, int64_t after, size_t limit);
bool gate_staff_next(const struct gates *gates, int64_t *ret_row, int32_t *ret_departure, int64_t *ret_member_id);
/* The gates at which a member stands, likewise. */
void gates_ask_hers(const struct gates *gates, int64_t member_id, int64_t after, size_t limit);
bool gates_next_hers(const struct gates *gates, int64_t *ret_row, int64_t *ret_release_id, int32_t *ret_departure);

/* ---- who came ---- */

struct boarding {
    int64_t id, release_id, device_id, coupon_id, cell_id, brought_by, at, received_at, undone_at;
    int32_t departure;
    bool offline;
    int refusal; /* Coupon__Reason */
    char ref[SCANNER_REF], undo_reason[200 * 4 + 1];
};

bool boardings_find(const struct gates *gates, int64_t boarding_id, struct boarding *ret);
bool boardings_find_ref(const struct gates *gates, int64_t device_id, const char *ref, struct boarding *ret);
/* By which a ticket is in. */
bool boardings_find_of(const struct gates *gates, int64_t coupon_id, struct boarding *ret);
/* A gate's before an id, the latest first. */
void boardings_ask(const struct gates *gates, int64_t release_id, int32_t departure, int64_t before, size_t limit);
bool boardings_next(const struct gates *gates, struct boarding *ret);
/* Those who have accepted to come along with a ticket, each with when she was let in, 0: she was not. */
void boarding_companions_ask(const struct gates *gates, int64_t host_coupon_id);
bool boarding_companions_next(const struct gates *gates, int64_t *ret_coupon_id, int64_t *ret_at);
/* A member's ticket of a release, under any of her numbers: one that she has, or else one that has come back; 0: none.
 */
int64_t gate_ticket_of(struct coupon *self, int64_t release_id, int64_t member_id);
/* Whether a ticket that has ended was given back by whom it was. */
bool gate_given_back(const struct gates *gates, int64_t coupon_id);
/* Named and kept, told to the journal; with no refusal her ticket is spent. */
void boarding_make(struct coupon *self, struct boarding *boarding, void *call);
/* Of one that is in. */
void boarding_undo(struct coupon *self, struct boarding *boarding, const char *reason, void *call);

/* Of each class of each departure of a release: departure, class, seats that somebody has, and who came. */
void turnout_ask(const struct gates *gates, int64_t release_id);
bool turnout_next(const struct gates *gates, Coupon__TurnoutRow *ret, int64_t *ret_departs_at);
