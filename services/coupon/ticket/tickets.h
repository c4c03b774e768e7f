/* tickets.h: seats, by class and departure, and who waits for one.
 *
 * A release that gives tickets has departures (a train, a night cruise) with seats of some classes: so many of each
 * class on each departure, a cell. A seat is a coupon (claims.h) with a row here that says which cell it is of. One
 * person has one of a release.
 *
 * Seats of a cell that are taken are those that somebody has and those that are kept for a companion until she answers
 * (invitations.h). They never are more than its quota.
 *
 * A seat is given back until the form's hours before the departure. Nobody hands hers on: what comes back goes to who
 * has waited longest for the cell, and while anybody waits nobody else takes one of it. Who waits does so for herself
 * alone, is judged by the release's audience when she begins, and is given her seat by itself, soon after it came back
 * (tidy); by then she has a seat of the release, is no member of its unions any more (frozen.h), or what counts
 * together has reached its end (granted.h), the next one gets it. She waits until the last moment at which a seat may
 * be given back, or the release is ended; while it is paused nobody is given anything.
 *
 * What ends a coupon otherwise (claims.h: a ceiling, an account that was closed, two accounts that became one) frees
 * its seat in the same transaction. A release stays in memory until its last departure, for who waits or is asked. */
#pragma once
#include "services/coupon/claim/claims.h"

struct ticket_cell {
    int64_t id, release_id;
    int32_t departure, class, quota, taken, waiting;
    int64_t departs_at, return_until;
};

struct ticket_seat {
    int64_t coupon_id, release_id, cell_id, invitation_id;
    int64_t freed_at; /* 0: it is hers */
};

struct ticket_wait {
    int64_t id, release_id, cell_id, member_id, since;
};

/* ---- the form ---- */

/* Why a release cannot give tickets like this, with its field: a Reason, or 0. Without I/O. */
int tickets_refusal(const Coupon__Release *draft, const char **ret_field);
/* How many seats a form has. */
int32_t tickets_seats(const Coupon__TicketTerms *terms);
/* Keeps the form of a release that is being made. */
void tickets_add(struct coupon *self, const struct release *release, const Coupon__TicketTerms *terms, void *call);
/* The form of a release as it was said; NULL: it gives no tickets, or memory is full. */
Coupon__TicketTerms *tickets_form(const struct coupon *self, int64_t release_id, struct arena *arena);
/* The same with what is left and who waits. */
Coupon__TicketTerms *tickets_terms(const struct coupon *self, int64_t release_id, struct arena *arena);
/* Seats of all cells that anybody could take now. */
int32_t tickets_left(const struct coupon *self, int64_t release_id, int64_t now);
/* When the last one departs; 0: it gives none. */
int64_t tickets_last(const struct coupon *self, int64_t release_id);

/* ---- cells ---- */

bool ticket_cell_find(const struct tickets *tickets, int64_t cell_id, struct ticket_cell *ret);
bool ticket_cell_at(const struct tickets *tickets, int64_t release_id, int32_t departure, int32_t class,
                    struct ticket_cell *ret);
/* Takes n seats of a cell, or frees -n. False, and nothing is done: there are not so many, or others wait for them. */
bool ticket_cell_take(struct coupon *self, struct ticket_cell *cell, int32_t n, void *call);
/* When the last seat of a cell that somebody has was given; 0: nobody has one. */
int64_t ticket_cell_last(const struct tickets *tickets, int64_t cell_id);

/* ---- seats ---- */

bool ticket_seat_find(const struct tickets *tickets, int64_t coupon_id, struct ticket_seat *ret);
/* Gives a member, who has no coupon of the release, a seat of a cell that was taken for her before; she waits no more.
 * 0 or a Reason. */
int ticket_seat_give(struct coupon *self, struct release *release, const struct ticket_cell *cell, int64_t member_id,
                     int64_t invitation_id, void *call, int64_t *ret_coupon_id);
/* A coupon has ended: if it is a ticket its seat is free, and who was asked to come along is asked no more. */
void ticket_seat_end(struct coupon *self, int64_t coupon_id, void *call);
/* The seats of a release that are somebody's, behind a coupon. */
void ticket_seats_ask(const struct tickets *tickets, int64_t release_id, int64_t after, size_t limit);
bool ticket_seats_next(const struct tickets *tickets, Coupon__Passenger *ret);
/* A member's seat, in the arena, for her alone; NULL: it is none, or memory is full. */
Coupon__Seat *ticket_seat_message(struct coupon *self, int64_t coupon_id, struct arena *arena);
/* Says of a seat in a cell what its form says. */
void ticket_seat_words(const struct coupon *self, const struct ticket_cell *cell, struct arena *arena,
                       Coupon__Seat *ret);

/* ---- waiting ---- */

/* The first of a member's, under all her numbers, in a release (0: in any). */
bool ticket_wait_find(const struct tickets *tickets, int64_t release_id, int64_t member_id, struct ticket_wait *ret);
/* The same for her to read, in the arena; NULL: she waits for nothing there, or memory is full. */
Coupon__TicketWait *ticket_wait_message(struct coupon *self, int64_t release_id, int64_t member_id,
                                        struct arena *arena);
void ticket_wait_begin(struct coupon *self, struct ticket_cell *cell, int64_t member_id, void *call,
                       struct ticket_wait *ret);
/* She waits no more for anything of a release (0: of any), by whatever number. */
void ticket_wait_end(struct coupon *self, int64_t release_id, int64_t member_id, void *call);
