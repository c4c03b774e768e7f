/* invitations.h: who is asked to come along.
 *
 * Whoever takes a ticket may enter the member's numbers of some others, as many as the form allows. For each a seat of
 * the same cell is kept, for the form's hours and no longer than until it departs. She whose number it is sees by whom
 * she is asked (a masked name) and accepts on her own phone: then she is judged by the release's audience and by what
 * counts together like anybody, and the seat becomes a ticket of her own. When she declines or does not answer, or who
 * has asked her takes that or her own ticket back, the seat is free for others; who has accepted keeps hers, whatever
 * becomes of who asked.
 *
 * The simplest rule that is honest: nobody is given or denied anything because of a number that somebody typed. So it
 * is not told whose number it is, nor whether it is anybody's, nor whether she has a ticket: a number that is nobody's
 * is one that does not answer. What a card's code says is taken for its number alone, since it is her own yes that
 * counts. So that seats are not kept from others for nothing, one ticket asks at most INVITATIONS_TIMES the number of
 * companions that it may have. */
#pragma once
#include "services/coupon/ticket/tickets.h"

#define INVITATIONS_TIMES 3
#define INVITATIONS_MOST  (9 * INVITATIONS_TIMES)

struct invitation {
    int64_t id, host_coupon_id, host_id, member_id, release_id, cell_id, until;
    int state; /* Coupon__CompanionState */
    char host_name[LIMIT_SHOWN_NAME + 1];
};

/* The member's number that a text says, digits or a card's code; 0: none. Without I/O. */
int64_t companion_number(const char *text);

bool invitations_find(const struct invitations *invitations, int64_t invitation_id, struct invitation *ret);
/* Those of a host's ticket, in their order. */
void invitations_ask_of(const struct invitations *invitations, int64_t host_coupon_id);
bool invitations_next_of(const struct invitations *invitations, struct invitation *ret);
/* Those that wait for a member's answer, behind an id; at most max. */
size_t invitations_to(const struct invitations *invitations, int64_t member_id, int64_t now, int64_t after,
                      struct invitation *ret, size_t max);
/* Who has a seat in a cell asks others by their numbers, for whom seats have been taken. */
void invitations_add(struct coupon *self, const struct ticket_seat *seat, const struct ticket_cell *cell, int64_t until,
                     const int64_t *numbers, size_t n, void *call);
/* One that waits for an answer comes to another state; but for ACCEPTED its seat is free. */
void invitation_set(struct coupon *self, struct invitation *invitation, int state, void *call);
/* The same of one who does not come along: who has asked her is told. */
void invitation_fail(struct coupon *self, struct invitation *invitation, int state, void *call);
/* All of a ticket's that wait for an answer are withdrawn. */
void invitations_withdraw(struct coupon *self, int64_t host_coupon_id, void *call);
