/* bookings_change.c: what changes bookings and passes, in the store and in the journal. */
#include "common/benefit/bookings/bookings_internal.h"

static int64_t last_row(const struct bookings *bookings)
{
    return rpc_server_journal(bookings->parts->rpc)->tip.seq;
}

int64_t random_id(void *call)
{
    int64_t number;

    do {
        rpc_random(call, &number, sizeof(number));
        number &= INT64_MAX;
    } while (number == 0);
    return number;
}

/* Tells the journal, and which row of it this is. */
static void say_booking(struct bookings *bookings, struct booking *booking, void *call)
{
    Bookings__BookingChanged changed = BOOKINGS__BOOKING_CHANGED__INIT;

    changed.booking_id = booking->id;
    changed.right_id = booking->right_id;
    changed.group_id = booking->group_id;
    changed.member_id = booking->member_id;
    changed.place_id = booking->place_id;
    changed.slot_id = booking->slot_id;
    changed.state = (Bookings__State)booking->state;
    changed.must_move = booking->must_move;
    rpc_tell(call, &changed.base);
    booking->journal_seq = last_row(bookings);
}

static void write_booking(struct bookings *bookings, const struct booking *b)
{
    store_run(bookings->store, bookings->sql + BOOKING_SQL_SET, "iiiiiiiiii", b->id, b->place_id, b->slot_id,
              b->starts_at, b->ends_at, (int64_t)b->state, (int64_t)b->must_move, b->due_at, b->remind_at,
              b->journal_seq);
}

static void change(struct bookings *bookings, struct booking *booking, void *call)
{
    bookings->service->changes(bookings->self, booking, call);
    say_booking(bookings, booking, call);
    write_booking(bookings, booking);
}

/* ---- passes ---- */

static void issue_pass(struct bookings *bookings, const struct booking *booking, void *call)
{
    Bookings__PassIssued issued = BOOKINGS__PASS_ISSUED__INIT;

    issued.serial = random_id(call);
    issued.booking_id = booking->id;
    rpc_tell(call, &issued.base);
    store_run(bookings->store, bookings->sql + BOOKING_SQL_ADD_PASS, "iiiiiiii", issued.serial, booking->id,
              booking->place_id, booking->slot_id, booking->starts_at - bookings->service->early_ms,
              booking->ends_at + bookings->service->late_ms, rpc_now(call), last_row(bookings));
}

static void revoke_pass(struct bookings *bookings, const struct booking *booking, void *call)
{
    Bookings__PassRevoked revoked = BOOKINGS__PASS_REVOKED__INIT;
    struct issued pass;

    if (!passes_find_of(bookings, booking->id, &pass))
        return;
    revoked.serial = pass.serial;
    revoked.booking_id = booking->id;
    rpc_tell(call, &revoked.base);
    store_run(bookings->store, bookings->sql + BOOKING_SQL_REVOKE, "iii", pass.serial, rpc_now(call),
              last_row(bookings));
}

void booking_reissue(struct bookings *bookings, const struct booking *booking, void *call)
{
    revoke_pass(bookings, booking, call);
    issue_pass(bookings, booking, call);
}

/* ---- bookings ---- */

static void put_slot(const struct bookings *bookings, struct booking *booking, const struct slot *slot, int64_t now)
{
    booking->place_id = slot->place_id;
    booking->slot_id = slot->id;
    booking->starts_at = slot->starts_at;
    booking->ends_at = slot->ends_at;
    booking->must_move = false;
    booking->due_at = slot->ends_at + bookings->service->grace_ms;
    booking->remind_at = slot->starts_at - bookings->service->remind_ms;
    if (booking->remind_at <= now)
        booking->remind_at = 0;
}

bool booking_make(struct bookings *bookings, const struct slot *slot, void *call, struct booking *b)
{
    if (!slots_take(bookings->slots, slot->id, b->walk_in))
        return false;
    b->id = id_next(&bookings->parts->ids, rpc_now(call));
    b->state = BOOKINGS__STATE__ACTIVE;
    b->handle = random_id(call);
    b->made_at = rpc_now(call);
    put_slot(bookings, b, slot, rpc_now(call));
    say_booking(bookings, b, call);
    store_run(bookings->store, bookings->sql + BOOKING_SQL_ADD, "iiiiiiiiiiiiiiii", b->id, b->right_id, b->group_id,
              b->member_id, b->place_id, b->slot_id, b->starts_at, b->ends_at, (int64_t)b->state, (int64_t)b->must_move,
              (int64_t)b->walk_in, b->handle, b->made_at, b->due_at, b->remind_at, b->journal_seq);
    issue_pass(bookings, b, call);
    return true;
}

bool booking_move(struct bookings *bookings, struct booking *booking, const struct slot *slot, void *call)
{
    if (!slots_take(bookings->slots, slot->id, false))
        return false;
    slots_give(bookings->slots, booking->slot_id, booking->walk_in);
    revoke_pass(bookings, booking, call);
    put_slot(bookings, booking, slot, rpc_now(call));
    change(bookings, booking, call);
    issue_pass(bookings, booking, call);
    return true;
}

void booking_set(struct bookings *bookings, struct booking *booking, int state, void *call)
{
    booking->state = state;
    if (state == BOOKINGS__STATE__CANCELLED) {
        slots_give(bookings->slots, booking->slot_id, booking->walk_in);
        revoke_pass(bookings, booking, call);
    }
    change(bookings, booking, call);
}

/* ---- what is due without anybody calling ---- */

struct slice {
    struct bookings *bookings;
    bool more;
};

/* Up to a slice of the bookings that a query found, which is over then, so that they may be changed. */
static int gather(struct bookings *bookings, unsigned statement, struct booking ret[BOOKING_SLICE])
{
    int n = 0;

    while (n < BOOKING_SLICE && booking_read(bookings, statement, &ret[n]))
        n++;
    store_end(bookings->store, bookings->sql + statement);
    return n;
}

/* Bookings that a query found and that cannot be held: she is told why, and may move. Whether there may be more. */
static bool strand(struct bookings *bookings, unsigned statement, bool place, void *call)
{
    struct booking found[BOOKING_SLICE];
    int n = gather(bookings, statement, found);
    void *memo = NULL;

    for (int i = 0; i < n; i++) {
        found[i].must_move = true;
        found[i].remind_at = 0;
        found[i].due_at = found[i].ends_at + bookings->service->move_ms;
        change(bookings, &found[i], call);
        bookings->service->stranded(bookings->self, &found[i], place, &memo, call);
    }
    return n == BOOKING_SLICE;
}

bool bookings_strand(struct bookings *bookings, int64_t group_id, int64_t place_id, void *call)
{
    store_ask(bookings->store, bookings->sql + BOOKING_SQL_HELD, "iii", group_id, place_id, (int64_t)BOOKING_SLICE);
    return strand(bookings, BOOKING_SQL_HELD, true, call);
}

static void strand_at_places(void *call, void *arg)
{
    struct slice *slice = arg;

    slice->more = slice->bookings->service->strand(slice->bookings->self, call);
}

/* Slots are withdrawn before they end; who has booked one that is over by grace_ms and more has not come to it. */
static void strand_in_slots(void *call, void *arg)
{
    struct slice *slice = arg;
    struct bookings *bookings = slice->bookings;

    store_ask(bookings->store, bookings->sql + BOOKING_SQL_STRANDED, "ii", (int64_t)BOOKING_SLICE,
              rpc_now(call) - bookings->service->grace_ms);
    slice->more = strand(bookings, BOOKING_SQL_STRANDED, false, call);
}

/* Who has not come, and who could not come and took no other slot. */
static void end_due(void *call, void *arg)
{
    struct slice *slice = arg;
    struct bookings *bookings = slice->bookings;
    struct booking found[BOOKING_SLICE];
    int n;

    store_ask(bookings->store, bookings->sql + BOOKING_SQL_DUE, "ii", rpc_now(call), (int64_t)BOOKING_SLICE);
    n = gather(bookings, BOOKING_SQL_DUE, found);
    for (int i = 0; i < n; i++) {
        booking_set(bookings, &found[i], found[i].must_move ? BOOKINGS__STATE__CANCELLED : BOOKINGS__STATE__NOT_COME,
                    call);
        bookings->service->ended(bookings->self, &found[i], call);
    }
    slice->more = n == BOOKING_SLICE;
}

static void remind(void *call, void *arg)
{
    struct slice *slice = arg;
    struct bookings *bookings = slice->bookings;
    struct booking found[BOOKING_SLICE];
    void *memo = NULL;
    int n;

    store_ask(bookings->store, bookings->sql + BOOKING_SQL_REMIND, "ii", rpc_now(call), (int64_t)BOOKING_SLICE);
    n = gather(bookings, BOOKING_SQL_REMIND, found);
    for (int i = 0; i < n; i++) {
        found[i].remind_at = 0;
        write_booking(bookings, &found[i]);
        bookings->service->soon(bookings->self, &found[i], &memo, call);
    }
    slice->more = n == BOOKING_SLICE;
}

bool bookings_work(void *arg)
{
    static const rpc_work works[] = {strand_at_places, strand_in_slots, end_due, remind};
    bool more = false;

    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        struct slice slice = {.bookings = arg};

        if (rpc_server_transact(slice.bookings->parts->rpc, works[i], &slice) == 0)
            more |= slice.more;
    }
    return more;
}

/* ---- the audit ---- */

static bool booking_agrees(const struct bookings *bookings, int64_t seq, const Bookings__BookingChanged *said,
                           int64_t *told)
{
    struct booking booking;

    if (!bookings_find(bookings, said->booking_id, &booking) || booking.right_id != said->right_id ||
        booking.member_id != said->member_id || booking.group_id != said->group_id)
        return false;
    if (booking.journal_seq != seq)
        return booking.journal_seq > seq;
    (*told)++;
    return booking.place_id == said->place_id && booking.slot_id == said->slot_id &&
           booking.state == (int)said->state && booking.must_move == !!said->must_move;
}

static bool pass_agrees(const struct bookings *bookings, int64_t seq, int64_t serial, int64_t booking_id, bool revoked,
                        int64_t *told)
{
    struct issued issued;

    if (!passes_find(bookings, serial, &issued) || issued.booking_id != booking_id)
        return false;
    if (issued.journal_seq != seq)
        return issued.journal_seq > seq;
    (*told)++;
    return (issued.revoked_at > 0) == revoked;
}

bool bookings_agree(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct bookings *bookings = arg;
    const Rpc__ChassisEvent *event = body;

    switch (event ? event->event_case : RPC__CHASSIS_EVENT__EVENT__NOT_SET) {
    case RPC__CHASSIS_EVENT__EVENT_BOOKING_CHANGED:
        return booking_agrees(bookings, row->seq, event->booking_changed, told);
    case RPC__CHASSIS_EVENT__EVENT_PASS_ISSUED:
        return pass_agrees(bookings, row->seq, event->pass_issued->serial, event->pass_issued->booking_id, false, told);
    case RPC__CHASSIS_EVENT__EVENT_PASS_REVOKED:
        return pass_agrees(bookings, row->seq, event->pass_revoked->serial, event->pass_revoked->booking_id, true,
                           told);
    default:
        return true;
    }
}
