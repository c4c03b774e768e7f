#include "services/coupon/api.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"
#include "services/coupon/ticket/gates.h"
#include "services/coupon/ticket/invitations.h"

#define HOUR_MS      INT64_C(3600000)
#define ACCEPT_HOURS 24
#define SHOWN        51 /* invitations of a page, and one more */

/* ---- what they share ---- */

/* One that gives tickets, for a member who has signed in; NULL after refusing. */
static struct release *tickets_release(struct coupon *self, int64_t release_id, void *call)
{
    struct release *release = release_find(self, release_id);

    if (!rpc_principal(call)->member_id)
        rpc_refuse(call, RPC__REASON__MISSING_TOKEN);
    else if (!release || release->state == COUPON__STATE__DRAFT)
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
    else if (release->way != COUPON__WAY__TICKETS)
        rpc_refuse(call, COUPON__REASON__NO_TICKETS);
    else
        return release;
    return NULL;
}

static void refuse_counted(struct coupon *self, const struct release *release, int refusal, void *call)
{
    number_count(self, release, refusal, call);
    refuse_asking(release, refusal, call);
}

/* A cell of a release that the caller may ask for now; false after refusing. */
static bool asked_cell(struct coupon *self, struct release *release, int32_t departure, int32_t class, void *call,
                       struct ticket_cell *ret)
{
    int refusal = release_refusal(release, rpc_now(call));

    if (!refusal)
        refusal = person_refusal(self, release, rpc_principal(call), rpc_now(call));
    if (!refusal && !ticket_cell_at(&self->tickets, release->id, departure, class, ret))
        refusal = COUPON__REASON__SEAT_NOT_OFFERED;
    if (!refusal && rpc_now(call) >= ret->departs_at)
        refusal = COUPON__REASON__DEPARTED;
    if (refusal)
        refuse_counted(self, release, refusal, call);
    return !refusal;
}

static void reply_seat(struct coupon *self, int64_t coupon_id, Coupon__Seat_Closure reply, void *call)
{
    Coupon__Seat *message = ticket_seat_message(self, coupon_id, rpc_arena(call));

    reply(message, call);
}

/* A seat of the caller's, which may have come back; false after refusing. */
static bool hers(struct coupon *self, int64_t coupon_id, void *call, struct claim *ret_claim, struct ticket_seat *ret)
{
    if (claims_find(&self->claims, coupon_id, ret_claim) &&
        holder_is(&self->holders, rpc_principal(call)->member_id, ret_claim->member_id) &&
        ticket_seat_find(&self->tickets, coupon_id, ret))
        return true;
    rpc_refuse(call, COUPON__REASON__COUPON_NOT_FOUND);
    return false;
}

/* ---- companions ---- */

struct company {
    int64_t numbers[INVITATIONS_MOST];
    size_t n;
};

static bool has(const struct company *company, int64_t number)
{
    for (size_t i = 0; i < company->n; i++) {
        if (company->numbers[i] == number)
            return true;
    }
    return false;
}

/* Whom the caller names, each once and not herself; false after refusing. */
static bool read_company(struct coupon *self, char *const *texts, size_t n, void *call, struct company *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t number = companion_number(texts[i]);

        if (!number) {
            rpc_refuse_field(call, COUPON__REASON__COMPANION_NUMBER_INVALID, "companions");
            return false;
        }
        if (holder_is(&self->holders, rpc_principal(call)->member_id, number) || has(ret, number)) {
            rpc_refuse_field(call, COUPON__REASON__COMPANION_TWICE, "companions");
            return false;
        }
        ret->numbers[ret->n++] = number;
    }
    return true;
}

static bool comes(const struct invitation *invitation)
{
    return invitation->state == COUPON__COMPANION_STATE__ASKED ||
           invitation->state == COUPON__COMPANION_STATE__ACCEPTED;
}

/* Leaves out whom a ticket asks already. False after refusing: it may not ask so many. */
static bool may_ask(struct coupon *self, int64_t coupon_id, int32_t most, void *call, struct company *company)
{
    struct company rest = {.n = 0}, standing = {.n = 0};
    struct invitation invitation;
    size_t asked = 0;

    invitations_ask_of(&self->invitations, coupon_id);
    while (invitations_next_of(&self->invitations, &invitation)) {
        asked++;
        if (comes(&invitation) && standing.n < INVITATIONS_MOST)
            standing.numbers[standing.n++] = invitation.member_id;
    }
    for (size_t i = 0; i < company->n; i++) {
        if (!has(&standing, company->numbers[i]))
            rest.numbers[rest.n++] = company->numbers[i];
    }
    *company = rest;
    if (rest.n == 0 || (standing.n + rest.n <= (size_t)most && asked + rest.n <= (size_t)most * INVITATIONS_TIMES))
        return true;
    rpc_fact_number(call, "maximum", most);
    rpc_refuse_field(call, COUPON__REASON__TOO_MANY_COMPANIONS, "companions");
    return false;
}

/* Takes seats of a cell; false after refusing, with how many came before her and when the last of them did. */
static bool take(struct coupon *self, const struct release *release, struct ticket_cell *cell, size_t n, void *call)
{
    int64_t last;

    if (ticket_cell_take(self, cell, (int32_t)n, call))
        return true;
    number_count(self, release, COUPON__REASON__NO_SEAT_LEFT, call);
    last = ticket_cell_last(&self->tickets, cell->id);
    rpc_fact_number(call, "left", cell->waiting ? 0 : cell->quota - cell->taken);
    rpc_fact_number(call, "waiting", cell->waiting);
    rpc_fact_number(call, "cameBefore", cell->taken + cell->waiting);
    if (cell->taken == cell->quota && last)
        rpc_fact_time(call, "soldOutAt", last);
    rpc_refuse(call, COUPON__REASON__NO_SEAT_LEFT);
    return false;
}

static int64_t answer_until(const Coupon__TicketTerms *terms, const struct ticket_cell *cell, int64_t now)
{
    int64_t until = now + (terms->accept_hours ? terms->accept_hours : ACCEPT_HOURS) * HOUR_MS;

    return until < cell->departs_at ? until : cell->departs_at;
}

/* ---- who takes a ticket ---- */

/* rpc TakeTicket: a seat for her, and one kept for each companion. */
static void tickets__take_ticket(Coupon__Tickets_Service *service, const Coupon__TakeTicketRequest *req,
                                 Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    struct release *release = tickets_release(self, req->release_id, call);
    int64_t member_id = rpc_principal(call)->member_id, first;
    const Coupon__TicketTerms *terms;
    struct ticket_cell cell;
    struct ticket_seat seat;
    struct company company;
    int refusal;

    if (!release)
        return;
    release_enter_now(release, rpc_now(call));
    first = claimants_find(&release->claimants, member_id);
    if (first) {
        number_count(self, release, NUMBERS_REPEATED, call);
        reply_seat(self, first, reply, call);
        return;
    }
    if (!asked_cell(self, release, req->departure, req->class_, call, &cell) ||
        !read_company(self, req->companions, req->n_companions, call, &company))
        return;
    terms = tickets_form(self, release->id, rpc_arena(call));
    if (!terms) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (!may_ask(self, 0, terms->companions, call, &company) || !take(self, release, &cell, 1 + company.n, call))
        return;
    refusal = ticket_seat_give(self, release, &cell, member_id, 0, call, &seat.coupon_id);
    number_count(self, release, refusal, call);
    if (rpc_refuse_if(call, refusal))
        return;
    seat.release_id = release->id;
    invitations_add(self, &seat, &cell, answer_until(terms, &cell, rpc_now(call)), company.numbers, company.n, call);
    rpc_created(call);
    reply_seat(self, seat.coupon_id, reply, call);
}

/* rpc GetSeat. */
static void tickets__get_seat(Coupon__Tickets_Service *service, const Coupon__SeatRequest *req,
                              Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    struct ticket_seat seat;
    struct claim claim;

    if (hers(self, req->coupon_id, call, &claim, &seat))
        reply_seat(self, req->coupon_id, reply, call);
}

/* rpc InviteCompanions: more of them, in the seats of the same kind that are left. */
static void tickets__invite_companions(Coupon__Tickets_Service *service, const Coupon__InviteCompanionsRequest *req,
                                       Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    const Coupon__TicketTerms *terms;
    struct release *release;
    struct company company;
    struct ticket_cell cell;
    struct ticket_seat seat;
    struct claim claim;

    if (!hers(self, req->coupon_id, call, &claim, &seat))
        return;
    release = tickets_release(self, seat.release_id, call);
    if (!release ||
        rpc_refuse_if(call,
                      seat.freed_at ? (int)COUPON__REASON__SEAT_ENDED : release_refusal(release, rpc_now(call))) ||
        rpc_refuse_if(call, frozen_to(self, claim.member_id, release->audience.path, rpc_now(call))
                                ? COUPON__REASON__IS_FROZEN
                                : 0))
        return;
    terms = tickets_form(self, release->id, rpc_arena(call));
    if (!terms || !ticket_cell_find(&self->tickets, seat.cell_id, &cell)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    if (rpc_refuse_if(call, rpc_now(call) >= cell.departs_at ? COUPON__REASON__DEPARTED : 0) ||
        !read_company(self, req->companions, req->n_companions, call, &company) ||
        !may_ask(self, seat.coupon_id, terms->companions, call, &company) ||
        (company.n && !take(self, release, &cell, company.n, call)))
        return;
    invitations_add(self, &seat, &cell, answer_until(terms, &cell, rpc_now(call)), company.numbers, company.n, call);
    reply_seat(self, seat.coupon_id, reply, call);
}

/* rpc ReturnTicket: for who waits. */
static void tickets__return_ticket(Coupon__Tickets_Service *service, const Coupon__SeatRequest *req,
                                   Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    struct ticket_seat seat;
    struct ticket_cell cell;
    struct boarding boarding;
    struct claim claim;

    if (!hers(self, req->coupon_id, call, &claim, &seat))
        return;
    if (!claim.ended_at) {
        if (rpc_refuse_if(call,
                          boardings_find_of(&self->gates, seat.coupon_id, &boarding) ? COUPON__REASON__TICKET_USED : 0))
            return;
        if (!ticket_cell_find(&self->tickets, seat.cell_id, &cell) || rpc_now(call) >= cell.return_until) {
            rpc_refuse(call, COUPON__REASON__RETURN_TOO_LATE);
            return;
        }
        claim_return(self, &claim, call);
    }
    reply_seat(self, req->coupon_id, reply, call);
}

/* ---- who waits ---- */

/* rpc WaitForTicket. */
static void tickets__wait_for_ticket(Coupon__Tickets_Service *service, const Coupon__WaitForTicketRequest *req,
                                     Coupon__TicketWait_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    struct release *release = tickets_release(self, req->release_id, call);
    int64_t member_id = rpc_principal(call)->member_id;
    struct ticket_cell cell;
    struct ticket_wait wait;

    if (!release)
        return;
    release_enter_now(release, rpc_now(call));
    if (rpc_refuse_if(call, claimants_find(&release->claimants, member_id) ? COUPON__REASON__TICKET_HELD : 0) ||
        !asked_cell(self, release, req->departure, req->class_, call, &cell))
        return;
    if (!ticket_wait_find(&self->tickets, release->id, member_id, &wait) || wait.cell_id != cell.id) {
        int refusal = rpc_now(call) >= cell.return_until             ? COUPON__REASON__DEPARTED
                      : cell.waiting == 0 && cell.taken < cell.quota ? COUPON__REASON__SEATS_LEFT
                                                                     : 0;

        if (rpc_refuse_if(call, refusal))
            return;
        ticket_wait_end(self, release->id, member_id, call);
        ticket_wait_begin(self, &cell, member_id, call, &wait);
        rpc_created(call);
    }
    reply(ticket_wait_message(self, release->id, member_id, rpc_arena(call)), call);
}

/* rpc LeaveWaiting. */
static void tickets__leave_waiting(Coupon__Tickets_Service *service, const Coupon__TicketReleaseRequest *req,
                                   Coupon__Done_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    Coupon__Done done = COUPON__DONE__INIT;

    if (!tickets_release(self, req->release_id, call))
        return;
    ticket_wait_end(self, req->release_id, rpc_principal(call)->member_id, call);
    reply(&done, call);
}

/* ---- who is asked ---- */

/* Why who is asked may not come along now: a Reason, or 0. */
static int accept_refusal(struct coupon *self, const struct release *release, const struct invitation *invitation,
                          void *call)
{
    if (invitation->state != COUPON__COMPANION_STATE__ASKED || rpc_now(call) >= invitation->until)
        return COUPON__REASON__INVITATION_OVER;
    if (!release || release->state == COUPON__STATE__CLOSED)
        return COUPON__REASON__ENDED;
    if (release->state == COUPON__STATE__SUSPENDED)
        return COUPON__REASON__PAUSED;
    if (claimants_find(&release->claimants, rpc_principal(call)->member_id))
        return COUPON__REASON__TICKET_HELD;
    return person_refusal(self, release, rpc_principal(call), rpc_now(call));
}

/* NULL: memory is full. */
static Coupon__Invitation *invitation_message(struct coupon *self, const struct invitation *invitation, void *call)
{
    Coupon__Invitation *message = arena_message(rpc_arena(call), &coupon__invitation__descriptor);
    struct release *release = release_look_up(self, invitation->release_id, rpc_arena(call));
    struct ticket_cell cell;
    int refusal;

    if (!message || !release || !ticket_cell_find(&self->tickets, invitation->cell_id, &cell))
        return NULL;
    message->seat = arena_message(rpc_arena(call), &coupon__seat__descriptor);
    if (!message->seat)
        return NULL;
    ticket_seat_words(self, &cell, rpc_arena(call), message->seat);
    message->invitation_id = invitation->id;
    message->release_id = invitation->release_id;
    message->title = rpc_text(call, release->title);
    message->host_name = rpc_text(call, invitation->host_name);
    message->until = invitation->until;
    refusal = accept_refusal(self, release_find(self, release->id), invitation, call);
    if (refusal)
        api_say(message, refusal);
    return message;
}

/* rpc ListInvitations: those that wait for the caller's answer. */
static void tickets__list_invitations(Coupon__Tickets_Service *service, const Coupon__ListInvitationsRequest *req,
                                      Coupon__InvitationList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    Coupon__InvitationList list = COUPON__INVITATION_LIST__INIT;
    struct invitation found[SHOWN];
    size_t n = invitations_to(&self->invitations, rpc_principal(call)->member_id, rpc_now(call), rpc_page(call)->after,
                              found, rpc_page(call)->limit);

    (void)req;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, invitations, invitation_message(self, &found[i], call));
    reply(&list, call);
}

/* One that the caller has been sent, or has sent; false after refusing. */
static bool find_of(struct coupon *self, int64_t invitation_id, bool sent, void *call, struct invitation *ret)
{
    if (invitations_find(&self->invitations, invitation_id, ret) &&
        holder_is(&self->holders, rpc_principal(call)->member_id, sent ? ret->host_id : ret->member_id))
        return true;
    rpc_refuse(call, COUPON__REASON__INVITATION_NOT_FOUND);
    return false;
}

/* rpc AcceptInvitation: the seat that was kept is hers. */
static void tickets__accept_invitation(Coupon__Tickets_Service *service, const Coupon__InvitationRequest *req,
                                       Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    int64_t member_id = rpc_principal(call)->member_id, coupon_id;
    struct invitation invitation;
    struct ticket_seat seat;
    struct ticket_cell cell;
    struct release *release;
    int refusal;

    if (!find_of(self, req->invitation_id, false, call, &invitation))
        return;
    release = release_find(self, invitation.release_id);
    if (release)
        release_enter_now(release, rpc_now(call));
    coupon_id = release ? claimants_find(&release->claimants, member_id) : 0;
    if (coupon_id && ticket_seat_find(&self->tickets, coupon_id, &seat) && seat.invitation_id == invitation.id) {
        reply_seat(self, coupon_id, reply, call);
        return;
    }
    refusal = accept_refusal(self, release, &invitation, call);
    if (refusal) {
        if (release)
            refuse_counted(self, release, refusal, call);
        else
            rpc_refuse(call, refusal);
        return;
    }
    invitation_set(self, &invitation, COUPON__COMPANION_STATE__ACCEPTED, call);
    refusal = ticket_cell_find(&self->tickets, invitation.cell_id, &cell)
                  ? ticket_seat_give(self, release, &cell, member_id, invitation.id, call, &coupon_id)
                  : (int)COUPON__REASON__SEAT_NOT_OFFERED;
    number_count(self, release, refusal, call);
    if (rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    reply_seat(self, coupon_id, reply, call);
}

/* rpc DeclineInvitation. */
static void tickets__decline_invitation(Coupon__Tickets_Service *service, const Coupon__InvitationRequest *req,
                                        Coupon__Done_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    Coupon__Done done = COUPON__DONE__INIT;
    struct invitation invitation;

    if (!find_of(self, req->invitation_id, false, call, &invitation))
        return;
    if (invitation.state == COUPON__COMPANION_STATE__ACCEPTED) {
        rpc_refuse(call, COUPON__REASON__TICKET_HELD);
        return;
    }
    if (invitation.state == COUPON__COMPANION_STATE__ASKED)
        invitation_fail(self, &invitation, COUPON__COMPANION_STATE__DECLINED, call);
    reply(&done, call);
}

/* rpc WithdrawInvitation: by who asked. */
static void tickets__withdraw_invitation(Coupon__Tickets_Service *service, const Coupon__InvitationRequest *req,
                                         Coupon__Seat_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    struct invitation invitation;

    if (!find_of(self, req->invitation_id, true, call, &invitation))
        return;
    if (invitation.state == COUPON__COMPANION_STATE__ACCEPTED) {
        rpc_refuse(call, COUPON__REASON__INVITATION_OVER);
        return;
    }
    if (invitation.state == COUPON__COMPANION_STATE__ASKED)
        invitation_set(self, &invitation, COUPON__COMPANION_STATE__WITHDRAWN, call);
    reply_seat(self, invitation.host_coupon_id, reply, call);
}

/* ---- the union's officials ---- */

/* rpc ListPassengers. */
static void tickets__list_passengers(Coupon__Tickets_Service *service, const Coupon__ListPassengersRequest *req,
                                     Coupon__PassengerList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tickets_service);
    const struct rpc_page *page = rpc_page(call);
    Coupon__PassengerList list = COUPON__PASSENGER_LIST__INIT;
    Coupon__Passenger passenger = COUPON__PASSENGER__INIT, *copy;
    struct release *release = release_look_up(self, req->release_id, rpc_arena(call));

    if (!release || !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path)) {
        rpc_refuse(call, release ? (int)RPC__REASON__OUTSIDE_YOUR_UNION : (int)COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    ticket_seats_ask(&self->tickets, release->id, page->after, page->limit);
    while (ticket_seats_next(&self->tickets, &passenger)) {
        if (!rpc_page_takes(call, passenger.coupon_id))
            continue;
        copy = arena_message(rpc_arena(call), &coupon__passenger__descriptor);
        if (copy)
            *copy = passenger;
        rpc_add(call, &list, passengers, copy);
    }
    reply(&list, call);
}

const Coupon__Tickets_Service tickets_api = COUPON__TICKETS__INIT(tickets__);
