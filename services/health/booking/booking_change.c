/* booking_change.c: what changes bookings and passes, in the store and in the journal. */
#include "services/health/booking/booking_sql.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/campaign/sites.h"

static int64_t last_row(struct health *self)
{
    return rpc_server_journal(self->rpc)->tip.seq;
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
static void say_booking(struct health *self, struct booking *booking, void *call)
{
    Health__BookingChanged changed = HEALTH__BOOKING_CHANGED__INIT;

    changed.booking_id = booking->id;
    changed.entitlement_id = booking->entitlement_id;
    changed.campaign_id = booking->campaign_id;
    changed.member_id = booking->member_id;
    changed.site_id = booking->site_id;
    changed.slot_id = booking->slot_id;
    changed.state = (Health__BookingState)booking->state;
    changed.must_move = booking->must_move;
    rpc_tell(call, &changed.base);
    booking->journal_seq = last_row(self);
}

static void write_booking(struct health *self, const struct booking *b)
{
    store_run(self->store, self->bookings.sql + BOOKING_SQL_SET, "iiiiiiiiii", b->id, b->site_id, b->slot_id,
              b->starts_at, b->ends_at, (int64_t)b->state, (int64_t)b->must_move, b->due_at, b->remind_at,
              b->journal_seq);
}

/* What waits to be said of it as it was is not true any more. */
static void change(struct health *self, struct booking *booking, void *call)
{
    notice_withdraw(&self->notice, 0, booking->id, call);
    say_booking(self, booking, call);
    write_booking(self, booking);
}

/* ---- passes ---- */

static void issue_pass(struct health *self, const struct booking *booking, void *call)
{
    Health__PassIssued issued = HEALTH__PASS_ISSUED__INIT;

    issued.serial = random_id(call);
    issued.booking_id = booking->id;
    rpc_tell(call, &issued.base);
    store_run(self->store, self->bookings.sql + BOOKING_SQL_ADD_PASS, "iiiiiiii", issued.serial, booking->id,
              booking->site_id, booking->slot_id, booking->starts_at - BOOKING_EARLY_MS,
              booking->ends_at + BOOKING_LATE_MS, rpc_now(call), last_row(self));
}

static void revoke_pass(struct health *self, const struct booking *booking, void *call)
{
    Health__PassRevoked revoked = HEALTH__PASS_REVOKED__INIT;
    struct issued pass;

    if (!passes_find_of(&self->bookings, booking->id, &pass))
        return;
    revoked.serial = pass.serial;
    revoked.booking_id = booking->id;
    rpc_tell(call, &revoked.base);
    store_run(self->store, self->bookings.sql + BOOKING_SQL_REVOKE, "iii", pass.serial, rpc_now(call), last_row(self));
}

void booking_reissue(struct health *self, const struct booking *booking, void *call)
{
    revoke_pass(self, booking, call);
    issue_pass(self, booking, call);
}

/* ---- bookings ---- */

static void put_slot(struct booking *booking, const struct slot *slot, int64_t now)
{
    booking->site_id = slot->site_id;
    booking->slot_id = slot->id;
    booking->starts_at = slot->starts_at;
    booking->ends_at = slot->ends_at;
    booking->must_move = false;
    booking->due_at = slot->ends_at + BOOKING_GRACE_MS;
    booking->remind_at = slot->starts_at - BOOKING_REMIND_MS;
    if (booking->remind_at <= now)
        booking->remind_at = 0;
}

void booking_make(struct health *self, struct entitlement *entitlement, const struct slot *slot, bool walk_in,
                  void *call, struct booking *ret)
{
    struct booking made = {
        .id = id_next(&self->ids, rpc_now(call)),
        .entitlement_id = entitlement->id,
        .campaign_id = entitlement->campaign_id,
        .member_id = entitlement->member_id,
        .state = HEALTH__BOOKING_STATE__ACTIVE,
        .walk_in = walk_in,
        .handle = random_id(call),
        .made_at = rpc_now(call),
    };

    put_slot(&made, slot, rpc_now(call));
    say_booking(self, &made, call);
    store_run(self->store, self->bookings.sql + BOOKING_SQL_ADD, "iiiiiiiiiiiiiiii", made.id, made.entitlement_id,
              made.campaign_id, made.member_id, made.site_id, made.slot_id, made.starts_at, made.ends_at,
              (int64_t)made.state, (int64_t)made.must_move, (int64_t)made.walk_in, made.handle, made.made_at,
              made.due_at, made.remind_at, made.journal_seq);
    issue_pass(self, &made, call);
    entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__BOOKED, call);
    *ret = made;
}

void booking_move(struct health *self, struct booking *booking, const struct slot *slot, void *call)
{
    slots_give(&self->slots, booking->slot_id, booking->walk_in);
    revoke_pass(self, booking, call);
    put_slot(booking, slot, rpc_now(call));
    change(self, booking, call);
    issue_pass(self, booking, call);
}

void booking_set(struct health *self, struct booking *booking, int state, void *call)
{
    booking->state = state;
    if (state == HEALTH__BOOKING_STATE__CANCELLED) {
        slots_give(&self->slots, booking->slot_id, booking->walk_in);
        revoke_pass(self, booking, call);
    }
    change(self, booking, call);
}

/* ---- reminders ---- */

void remind(struct health *self, struct notice_given *given, const Health__Campaign *campaign, int64_t site_id,
            void *call)
{
    const Health__Site *site = site_id ? sites_find(&self->sites, site_id, rpc_arena(call)) : NULL;

    given->member_id = holder_of(&self->holders, given->member_id);
    given->title = campaign ? campaign->title : NULL;
    given->place = site ? site->name : NULL;
    notice_give(&self->notice, given, call);
}

/* ---- what is due without anybody calling ---- */

struct slice {
    struct health *self;
    int n;                      /* of the rows that were found */
    Health__Campaign *campaign; /* that was asked for last: a slice is mostly of one */
};

static const Health__Campaign *campaign_of(struct slice *slice, int64_t campaign_id, void *call)
{
    if (!slice->campaign || slice->campaign->campaign_id != campaign_id)
        slice->campaign = campaigns_find(&slice->self->campaigns, campaign_id, rpc_arena(call));
    return slice->campaign;
}

static void remind_of(struct slice *slice, const struct booking *booking, int kind, void *call)
{
    struct notice_given given = {
        .kind = kind, .member_id = booking->member_id, .about_id = booking->id, .at = booking->starts_at};

    remind(slice->self, &given, campaign_of(slice, booking->campaign_id, call), booking->site_id, call);
}

/* Up to a slice of the bookings that a query found, which is over then, so that they may be changed. */
static int gather(struct health *self, unsigned statement, struct booking ret[BOOKING_SLICE])
{
    int n = 0;

    while (n < BOOKING_SLICE && booking_read(&self->bookings, statement, &ret[n]))
        n++;
    store_end(self->store, self->bookings.sql + statement);
    return n;
}

/* Bookings that a query found and that cannot be held: she is told why, and may move. */
static void strand(struct slice *slice, unsigned statement, int kind, void *call)
{
    struct health *self = slice->self;
    struct booking bookings[BOOKING_SLICE];

    slice->n = gather(self, statement, bookings);
    for (int i = 0; i < slice->n; i++) {
        struct booking *booking = &bookings[i];

        booking->must_move = true;
        booking->remind_at = 0;
        booking->due_at = booking->ends_at + BOOKING_MOVE_MS;
        change(self, booking, call);
        remind_of(slice, booking, kind, call);
    }
}

static void strand_at_sites(void *call, void *arg)
{
    struct slice *slice = arg;
    const struct bookings *bookings = &slice->self->bookings;

    store_ask(bookings->store, bookings->sql + BOOKING_SQL_STRANDED, "i", (int64_t)BOOKING_SLICE);
    strand(slice, BOOKING_SQL_STRANDED, NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED, call);
}

/* Slots are withdrawn before they end; who has booked one that is over by a day and more has not come to it. */
static void strand_in_slots(void *call, void *arg)
{
    struct slice *slice = arg;
    const struct bookings *bookings = &slice->self->bookings;

    store_ask(bookings->store, bookings->sql + BOOKING_SQL_STRANDED_SLOT, "ii", (int64_t)BOOKING_SLICE,
              rpc_now(call) - BOOKING_GRACE_MS);
    strand(slice, BOOKING_SQL_STRANDED_SLOT, NOTICE__NOTICE_KIND__CHECKUP_SLOT_CHANGED, call);
}

/* Who has not come makes room for the next; who could not come and took no other slot loses the right as one
 * who did not book. */
static void end_due(void *call, void *arg)
{
    struct slice *slice = arg;
    struct health *self = slice->self;
    struct booking bookings[BOOKING_SLICE];
    struct entitlement entitlement;

    store_ask(self->store, self->bookings.sql + BOOKING_SQL_DUE, "ii", rpc_now(call), (int64_t)BOOKING_SLICE);
    slice->n = gather(self, BOOKING_SQL_DUE, bookings);
    for (int i = 0; i < slice->n; i++) {
        struct booking *booking = &bookings[i];
        bool stranded = booking->must_move;

        booking_set(self, booking, stranded ? HEALTH__BOOKING_STATE__CANCELLED : HEALTH__BOOKING_STATE__NOT_COME, call);
        if (entitlements_find(&self->entitlements, booking->entitlement_id, &entitlement))
            entitlement_end(self, &entitlement,
                            stranded ? HEALTH__ENTITLEMENT_STATE__LAPSED : HEALTH__ENTITLEMENT_STATE__NO_SHOW, call);
    }
}

static void remind_day_before(void *call, void *arg)
{
    struct slice *slice = arg;
    struct health *self = slice->self;
    struct booking bookings[BOOKING_SLICE];

    store_ask(self->store, self->bookings.sql + BOOKING_SQL_REMIND, "ii", rpc_now(call), (int64_t)BOOKING_SLICE);
    slice->n = gather(self, BOOKING_SQL_REMIND, bookings);
    for (int i = 0; i < slice->n; i++) {
        bookings[i].remind_at = 0;
        write_booking(self, &bookings[i]);
        remind_of(slice, &bookings[i], NOTICE__NOTICE_KIND__CHECKUP_SOON, call);
    }
}

static void remind_book_soon(void *call, void *arg)
{
    struct slice *slice = arg;
    struct health *self = slice->self;
    unsigned at = self->bookings.sql + BOOKING_SQL_BOOK_SOON;
    struct entitlement found[BOOKING_SLICE];

    store_ask(self->store, at, "ii", rpc_now(call) + BOOKING_REMIND_MS, (int64_t)BOOKING_SLICE);
    slice->n = 0;
    while (slice->n < BOOKING_SLICE &&
           store_read(self->store, at, INTO(found[slice->n].id), INTO(found[slice->n].campaign_id),
                      INTO(found[slice->n].member_id), INTO(found[slice->n].book_by)))
        slice->n++;
    store_end(self->store, at);
    for (int i = 0; i < slice->n; i++) {
        struct notice_given given = {.kind = NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON,
                                     .member_id = found[i].member_id,
                                     .about_id = found[i].id,
                                     .at = found[i].book_by};

        store_run(self->store, self->bookings.sql + BOOKING_SQL_SAID_SOON, "i", found[i].id);
        remind(self, &given, campaign_of(slice, found[i].campaign_id, call), 0, call);
    }
}

bool bookings_work(void *arg)
{
    static const rpc_work works[] = {strand_at_sites, strand_in_slots, end_due, remind_day_before, remind_book_soon};
    bool more = false;

    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        struct slice slice = {.self = arg};

        if (rpc_server_transact(slice.self->rpc, works[i], &slice) == 0 && slice.n == BOOKING_SLICE)
            more = true;
    }
    return more;
}
