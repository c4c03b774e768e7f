/* ticket_fixture.h: what the tests of tickets share. */
#pragma once
#include "services/coupon/fixture.h"
#include "services/coupon/ticket/invitations.h"

#define HOUR_MS INT64_C(3600000)
#define DEPARTS (OPENS + 10 * COUPON_DAY_MS)

/* A release that is open for a day, of two departures, each with some seats of a first class (0) and of a second one
 * that costs more (1): for `companions`, given back until a day before. */
static inline Coupon__Release tickets_draft(int32_t first, int32_t second, int32_t companions)
{
    static Coupon__TicketTerms terms;
    static Coupon__TicketClass classes[2], *class_list[2] = {&classes[0], &classes[1]};
    static Coupon__TicketDeparture departures[2], *departure_list[2] = {&departures[0], &departures[1]};
    static int32_t quotas[2];
    Coupon__Release draft = draft_of(0, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    coupon__ticket_terms__init(&terms);
    for (int i = 0; i < 2; i++) {
        coupon__ticket_class__init(&classes[i]);
        coupon__ticket_departure__init(&departures[i]);
        departures[i].quotas = quotas;
        departures[i].n_quotas = 2;
        departures[i].departs_at = DEPARTS + i * COUPON_DAY_MS;
    }
    quotas[0] = first;
    quotas[1] = second;
    classes[0].title = "二等座";
    classes[1].title = "一等座";
    classes[1].price_fen = 5000;
    departures[0].title = "G4821 广州南—贵阳北";
    departures[0].place = "广州南站";
    departures[1].title = "G4823 广州南—贵阳北";
    terms.classes = class_list;
    terms.departures = departure_list;
    terms.n_classes = terms.n_departures = 2;
    terms.companions = companions;
    terms.return_hours = 24;
    draft.way = COUPON__WAY__TICKETS;
    draft.title = "返乡专列";
    draft.tickets = &terms;
    return draft;
}

static inline int64_t open_tickets(int32_t first, int32_t second, int32_t companions)
{
    int64_t id = publish(tickets_draft(first, second, companions));

    if (clock_now(&h.service.clock) < OPENS)
        clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

/* Companions as texts, ended by a NULL. */
static inline const Rpc__Answer *take_as(int64_t release_id, const Rpc__Principal *who, int32_t departure,
                                         int32_t class, char **companions)
{
    Coupon__TakeTicketRequest request = COUPON__TAKE_TICKET_REQUEST__INIT;

    request.release_id = release_id;
    request.departure = departure;
    request.class_ = class;
    request.companions = companions;
    while (companions && companions[request.n_companions])
        request.n_companions++;
    return harness_call(&h, "Tickets.TakeTicket", &request.base, who, NULL);
}

static inline const Rpc__Answer *take(int64_t release_id, int64_t member_id, int32_t class)
{
    return take_as(release_id, harness_member(&h, member_id, TOWN), 0, class, NULL);
}

static inline const Coupon__Seat *seat_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__seat__descriptor);
}

static inline const Rpc__Answer *on_seat(const char *method, int64_t coupon_id, int64_t member_id)
{
    Coupon__SeatRequest request = COUPON__SEAT_REQUEST__INIT;

    request.coupon_id = coupon_id;
    return harness_call(&h, method, &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static inline const Rpc__Answer *return_ticket(int64_t coupon_id, int64_t member_id)
{
    return on_seat("Tickets.ReturnTicket", coupon_id, member_id);
}

static inline const Coupon__Seat *seat(int64_t coupon_id, int64_t member_id)
{
    return seat_of(on_seat("Tickets.GetSeat", coupon_id, member_id));
}

static inline const Rpc__Answer *wait_for(int64_t release_id, int64_t member_id, int32_t class)
{
    Coupon__WaitForTicketRequest request = COUPON__WAIT_FOR_TICKET_REQUEST__INIT;

    request.release_id = release_id;
    request.class_ = class;
    return harness_call(&h, "Tickets.WaitForTicket", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static inline int32_t ahead_of(const Rpc__Answer *answer)
{
    return ((const Coupon__TicketWait *)harness_output(&h, answer, &coupon__ticket_wait__descriptor))->ahead;
}

static inline const Rpc__Answer *leave(int64_t release_id, int64_t member_id)
{
    Coupon__TicketReleaseRequest request = COUPON__TICKET_RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, "Tickets.LeaveWaiting", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static inline const Rpc__Answer *on_invitation_as(const char *method, int64_t invitation_id, const Rpc__Principal *who)
{
    Coupon__InvitationRequest request = COUPON__INVITATION_REQUEST__INIT;

    request.invitation_id = invitation_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *on_invitation(const char *method, int64_t invitation_id, int64_t member_id)
{
    return on_invitation_as(method, invitation_id, harness_member(&h, member_id, TOWN));
}

static inline const Rpc__Answer *invite(int64_t coupon_id, int64_t member_id, char **companions)
{
    Coupon__InviteCompanionsRequest request = COUPON__INVITE_COMPANIONS_REQUEST__INIT;

    request.coupon_id = coupon_id;
    request.companions = companions;
    while (companions[request.n_companions])
        request.n_companions++;
    return harness_call(&h, "Tickets.InviteCompanions", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static inline const Coupon__InvitationList *invitations_of(const Rpc__Principal *who)
{
    return harness_output(&h, harness_call(&h, "Tickets.ListInvitations", NULL, who, NULL),
                          &coupon__invitation_list__descriptor);
}

/* What is left of a class on the first departure, and how many wait. */
static inline int32_t left_of(int64_t release_id, int class)
{
    return get(release_id)->release->tickets->departures[0]->left[class];
}

static inline int32_t waiting_of(int64_t release_id, int class)
{
    return get(release_id)->release->tickets->departures[0]->waiting[class];
}
