/* Who waits for a seat, and is called up. */
#include "services/coupon/claim/frozen.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/ticket/tickets_internal.h"

#define WAIT_SLICE 32
#define CELLS_MAX  32 /* with somebody waiting that are looked at in a slice */

#define INTO_WAIT(wait)                                                                                                \
    INTO((wait)->id), INTO((wait)->release_id), INTO((wait)->cell_id), INTO((wait)->member_id), INTO((wait)->since)

bool ticket_wait_find(const struct tickets *tickets, int64_t release_id, int64_t member_id, struct ticket_wait *ret)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_WAIT_OF, "ii", member_id, release_id);
    return store_only(tickets->store, tickets->sql + TICKETS_SQL_WAIT_OF, INTO_WAIT(ret));
}

Coupon__TicketWait *ticket_wait_message(struct coupon *self, int64_t release_id, int64_t member_id, struct arena *arena)
{
    Coupon__TicketWait *message;
    struct ticket_wait wait;
    struct ticket_cell cell;

    if (!ticket_wait_find(&self->tickets, release_id, member_id, &wait) ||
        !ticket_cell_find(&self->tickets, wait.cell_id, &cell))
        return NULL;
    message = arena_message(arena, &coupon__ticket_wait__descriptor);
    if (!message)
        return NULL;
    message->release_id = release_id;
    message->departure = cell.departure;
    message->class_ = cell.class;
    message->since = wait.since;
    message->frozen = frozen_of_release(self, member_id, release_id, clock_now(self->clock), arena);
    store_ask(self->store, self->tickets.sql + TICKETS_SQL_AHEAD, "ii", wait.cell_id, wait.id);
    message->ahead = (int32_t)store_number(self->store, self->tickets.sql + TICKETS_SQL_AHEAD);
    return message;
}

static void tell_wait(const struct ticket_wait *wait, bool ended, void *call)
{
    Coupon__TicketWaitChanged changed = COUPON__TICKET_WAIT_CHANGED__INIT;

    changed.wait_id = wait->id;
    changed.cell_id = wait->cell_id;
    changed.member_id = wait->member_id;
    changed.ended = ended;
    rpc_tell(call, &changed.base);
}

void ticket_wait_begin(struct coupon *self, struct ticket_cell *cell, int64_t member_id, void *call,
                       struct ticket_wait *ret)
{
    *ret = (struct ticket_wait){
        .id = id_next(&self->ids, rpc_now(call)),
        .release_id = cell->release_id,
        .cell_id = cell->id,
        .member_id = member_id,
        .since = rpc_now(call),
    };
    store_run(self->store, self->tickets.sql + TICKETS_SQL_ADD_WAIT, "iiiii", ret->id, ret->release_id, ret->cell_id,
              ret->member_id, ret->since);
    tell_wait(ret, false, call);
    cell->waiting++;
    ticket_cell_set(self, cell, call);
}

static void end_wait(struct coupon *self, const struct ticket_wait *wait, void *call)
{
    struct ticket_cell cell;

    store_run(self->store, self->tickets.sql + TICKETS_SQL_END_WAIT, "ii", wait->id, rpc_now(call));
    tell_wait(wait, true, call);
    if (!ticket_cell_find(&self->tickets, wait->cell_id, &cell))
        return;
    cell.waiting--;
    ticket_cell_set(self, &cell, call);
}

void ticket_wait_end(struct coupon *self, int64_t release_id, int64_t member_id, void *call)
{
    struct ticket_wait wait;

    while (!store_trouble(self->store) && ticket_wait_find(&self->tickets, release_id, member_id, &wait))
        end_wait(self, &wait, call);
}

/* ---- who is called up ---- */

/* Gives a seat that is free to who waits, or finds that she is to have none; she waits no more either way. */
static void call_up(struct coupon *self, struct release *release, const struct ticket_wait *wait, void *call)
{
    struct notice_given got = {.kind = NOTICE__NOTICE_KIND__TICKET_GOT, .title = release->title};
    struct ticket_cell cell;
    int reason;

    end_wait(self, wait, call);
    got.member_id = holder_of(&self->holders, wait->member_id);
    if (!got.member_id || claimants_find(&release->claimants, got.member_id) ||
        frozen_to(self, got.member_id, release->audience.path, rpc_now(call)) ||
        granted_refusal(&self->granted, &release->marks, got.member_id, release->face_fen, rpc_now(call)) ||
        !ticket_cell_find(&self->tickets, wait->cell_id, &cell))
        return;
    cell.taken++;
    ticket_cell_set(self, &cell, call);
    reason = ticket_seat_give(self, release, &cell, got.member_id, 0, call, &got.about_id);
    if (rpc_refuse_if(call, reason))
        return;
    number_called(self, release->id, release->day);
    got.at = cell.departs_at;
    notice_give(&self->notice, &got, call);
}

/* Some who wait longest for a cell are given what is free of it; where nothing will be given any more they wait no
 * more. */
static void serve(struct coupon *self, int64_t cell_id, void *call)
{
    unsigned statement = self->tickets.sql + TICKETS_SQL_FIRST_WAIT;
    struct ticket_cell cell;
    struct ticket_wait wait;

    for (unsigned i = 0; i < WAIT_SLICE && ticket_cell_find(&self->tickets, cell_id, &cell); i++) {
        struct release *release = release_find(self, cell.release_id);
        bool over = !release || release->state == COUPON__STATE__CLOSED || rpc_now(call) >= cell.return_until;

        store_ask(self->store, statement, "i", cell_id);
        if (!store_only(self->store, statement, INTO_WAIT(&wait)) || rpc_refused(call))
            return;
        if (over)
            end_wait(self, &wait, call);
        else if (cell.taken < cell.quota)
            call_up(self, release, &wait, call);
    }
}

bool tickets_call_up(void *arg, void *call)
{
    struct coupon *self = arg;
    unsigned statement = self->tickets.sql + TICKETS_SQL_DUE;
    int64_t cells[CELLS_MAX];
    size_t n;

    store_ask(self->store, statement, "ii", rpc_now(call), (int64_t)CELLS_MAX);
    n = store_numbers(self->store, statement, cells, CELLS_MAX);
    for (size_t i = 0; i < n && !rpc_refused(call); i++)
        serve(self, cells[i], call);
    return n > 0;
}
