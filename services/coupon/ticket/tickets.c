#include "services/coupon/ticket/tickets_internal.h"

#include "services/coupon/claim/frozen.h"
#include "services/coupon/ticket/gates.h"
#include "services/coupon/ticket/invitations.h"

#define CELL_COLUMNS "cell_id, release_id, departure, class, quota, taken, waiting, departs_at, return_until"
#define SEAT_COLUMNS "coupon_id, release_id, cell_id, invitation_id, freed_at"
#define WAIT_COLUMNS "wait_id, release_id, cell_id, member_id, since"

static const char *const sql[] = {
    [TICKETS_SQL_ADD_TERMS] = "INSERT INTO ticket_terms (release_id, form) VALUES (?1, ?2)",
    [TICKETS_SQL_TERMS] = "SELECT form FROM ticket_terms WHERE release_id = ?1",
    [TICKETS_SQL_ADD_CELL] = "INSERT INTO ticket_cell (" CELL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [TICKETS_SQL_SET_CELL] = "UPDATE ticket_cell SET taken = ?2, waiting = ?3 WHERE cell_id = ?1",
    [TICKETS_SQL_CELL] = "SELECT " CELL_COLUMNS " FROM ticket_cell WHERE cell_id = ?1",
    [TICKETS_SQL_CELL_AT] =
        "SELECT " CELL_COLUMNS " FROM ticket_cell WHERE release_id = ?1 AND departure = ?2 AND class = ?3",
    [TICKETS_SQL_CELLS] = "SELECT " CELL_COLUMNS " FROM ticket_cell WHERE release_id = ?1 ORDER BY departure, class",
    [TICKETS_SQL_CELL_LAST] =
        "SELECT coalesce((SELECT at FROM claim WHERE coupon_id = (SELECT max(coupon_id) FROM ticket_seat "
        "WHERE cell_id = ?1 AND freed_at = 0)), 0)",
    [TICKETS_SQL_LEFT] =
        "SELECT coalesce(sum(quota - taken), 0) FROM ticket_cell WHERE release_id = ?1 AND waiting = 0 "
        "AND departs_at > ?2",
    [TICKETS_SQL_LAST] = "SELECT coalesce(max(departs_at), 0) FROM ticket_cell WHERE release_id = ?1",
    /* Where something is to be given to who waits, or nothing will be any more. */
    [TICKETS_SQL_DUE] = "SELECT cell_id FROM ticket_cell JOIN release USING (release_id) WHERE waiting > 0 "
                        "AND ((taken < quota AND state <> 2) OR return_until <= ?1 OR state = 3) LIMIT ?2",
    [TICKETS_SQL_ADD_SEAT] = "INSERT INTO ticket_seat (" SEAT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, 0)",
    [TICKETS_SQL_FREE_SEAT] = "UPDATE ticket_seat SET freed_at = ?2 WHERE coupon_id = ?1",
    [TICKETS_SQL_SEAT] = "SELECT " SEAT_COLUMNS " FROM ticket_seat WHERE coupon_id = ?1",
    [TICKETS_SQL_SEATS] =
        "SELECT ticket_seat.coupon_id, member_id, departure, class, claim.at, coalesce((SELECT host_coupon_id FROM "
        "ticket_invitation i WHERE i.invitation_id = ticket_seat.invitation_id), 0), "
        "coalesce((SELECT at FROM boarding b WHERE b.coupon_id = ticket_seat.coupon_id AND refusal = 0 "
        "AND undone_at = 0), 0) FROM ticket_seat "
        "JOIN ticket_cell USING (cell_id) JOIN claim ON claim.coupon_id = ticket_seat.coupon_id "
        "WHERE ticket_seat.release_id = ?1 AND ticket_seat.coupon_id > ?2 AND freed_at = 0 "
        "ORDER BY ticket_seat.coupon_id LIMIT ?3",
    [TICKETS_SQL_ADD_WAIT] = "INSERT INTO ticket_wait (" WAIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)",
    [TICKETS_SQL_END_WAIT] = "UPDATE ticket_wait SET ended_at = ?2 WHERE wait_id = ?1",
    [TICKETS_SQL_WAIT_OF] =
        "SELECT " WAIT_COLUMNS " FROM ticket_wait WHERE " HOLDER_HERS " AND (?2 = 0 OR release_id = ?2) "
        "AND ended_at = 0 ORDER BY wait_id LIMIT 1",
    [TICKETS_SQL_AHEAD] = "SELECT count(*) FROM ticket_wait WHERE cell_id = ?1 AND wait_id < ?2 AND ended_at = 0",
    [TICKETS_SQL_FIRST_WAIT] = "SELECT " WAIT_COLUMNS " FROM ticket_wait WHERE cell_id = ?1 AND ended_at = 0 "
                               "ORDER BY wait_id LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == TICKETS_N_SQL, "a statement for each");

/* ---- cells ---- */

#define INTO_CELL(cell)                                                                                                \
    INTO((cell)->id), INTO((cell)->release_id), INTO((cell)->departure), INTO((cell)->class), INTO((cell)->quota),     \
        INTO((cell)->taken), INTO((cell)->waiting), INTO((cell)->departs_at), INTO((cell)->return_until)

bool ticket_cell_find(const struct tickets *tickets, int64_t cell_id, struct ticket_cell *ret)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_CELL, "i", cell_id);
    return store_only(tickets->store, tickets->sql + TICKETS_SQL_CELL, INTO_CELL(ret));
}

bool ticket_cell_at(const struct tickets *tickets, int64_t release_id, int32_t departure, int32_t class,
                    struct ticket_cell *ret)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_CELL_AT, "iii", release_id, (int64_t)departure,
              (int64_t) class);
    return store_only(tickets->store, tickets->sql + TICKETS_SQL_CELL_AT, INTO_CELL(ret));
}

int64_t ticket_cell_last(const struct tickets *tickets, int64_t cell_id)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_CELL_LAST, "i", cell_id);
    return store_number(tickets->store, tickets->sql + TICKETS_SQL_CELL_LAST);
}

/* Tells how a cell is now; coupon_id is whose seat was given or came back, 0: none. */
static void tell_cell(const struct ticket_cell *cell, int64_t coupon_id, bool freed, void *call)
{
    Coupon__SeatsChanged changed = COUPON__SEATS_CHANGED__INIT;

    changed.cell_id = cell->id;
    changed.release_id = cell->release_id;
    changed.quota = cell->quota;
    changed.taken = cell->taken;
    changed.waiting = cell->waiting;
    changed.coupon_id = coupon_id;
    changed.freed = freed;
    rpc_tell(call, &changed.base);
}

void ticket_cell_set(struct coupon *self, const struct ticket_cell *cell, void *call)
{
    store_run(self->store, self->tickets.sql + TICKETS_SQL_SET_CELL, "iii", cell->id, (int64_t)cell->taken,
              (int64_t)cell->waiting);
    tell_cell(cell, 0, false, call);
}

bool ticket_cell_take(struct coupon *self, struct ticket_cell *cell, int32_t n, void *call)
{
    if (n > 0 && (cell->waiting > 0 || n > cell->quota - cell->taken))
        return false;
    cell->taken += n;
    ticket_cell_set(self, cell, call);
    return true;
}

/* ---- the form ---- */

static int refuse(const char **ret_field, const char *field, int reason)
{
    *ret_field = field;
    return reason;
}

int tickets_refusal(const Coupon__Release *draft, const char **ret_field)
{
    const Coupon__TicketTerms *terms = draft->tickets;

    if (draft->way != COUPON__WAY__TICKETS)
        return terms ? refuse(ret_field, "release.tickets", COUPON__REASON__FORM_OF_ANOTHER_WAY) : 0;
    if (draft->allowance != COUPON__ALLOWANCE__ONE_PER_RELEASE)
        return refuse(ret_field, "release.allowance", COUPON__REASON__WAY_IS_ONE_EACH);
    if (draft->stock_per_day)
        return refuse(ret_field, "release.stockPerDay", COUPON__REASON__FORM_OF_ANOTHER_WAY);
    if (!terms || terms->n_classes == 0 || terms->n_departures == 0)
        return refuse(ret_field, "release.tickets", COUPON__REASON__NO_SEATS);
    for (size_t i = 0; i < terms->n_departures; i++) {
        const Coupon__TicketDeparture *departure = terms->departures[i];

        if (departure->n_quotas != terms->n_classes)
            return refuse(ret_field, "release.tickets.departures", COUPON__REASON__QUOTAS_DIFFER);
        if (departure->departs_at - terms->return_hours * INT64_C(3600000) <= draft->opens_at)
            return refuse(ret_field, "release.tickets.departures", COUPON__REASON__DEPARTS_TOO_SOON);
    }
    return tickets_seats(terms) ? 0 : refuse(ret_field, "release.tickets.departures", COUPON__REASON__NO_SEATS);
}

int32_t tickets_seats(const Coupon__TicketTerms *terms)
{
    int64_t seats = 0;

    for (size_t i = 0; i < terms->n_departures; i++) {
        for (size_t j = 0; j < terms->departures[i]->n_quotas; j++)
            seats += terms->departures[i]->quotas[j];
    }
    return seats < INT32_MAX ? (int32_t)seats : INT32_MAX;
}

static void add_cells(struct coupon *self, int64_t release_id, const Coupon__TicketTerms *terms, int32_t departure,
                      void *call)
{
    const Coupon__TicketDeparture *of = terms->departures[departure];

    for (size_t class = 0; class < terms->n_classes; class ++) {
        struct ticket_cell cell = {
            .id = id_next(&self->ids, rpc_now(call)),
            .release_id = release_id,
            .departure = departure,
            .class = (int32_t) class,
            .quota = of->quotas[class],
            .departs_at = of->departs_at,
            .return_until = of->departs_at - terms->return_hours * INT64_C(3600000),
        };

        store_run(self->store, self->tickets.sql + TICKETS_SQL_ADD_CELL, "iiiiiiiii", cell.id, cell.release_id,
                  (int64_t)cell.departure, (int64_t)cell.class, (int64_t)cell.quota, (int64_t)cell.taken,
                  (int64_t)cell.waiting, cell.departs_at, cell.return_until);
        tell_cell(&cell, 0, false, call);
    }
}

void tickets_add(struct coupon *self, const struct release *release, const Coupon__TicketTerms *terms, void *call)
{
    size_t len;
    uint8_t *packed;

    for (size_t i = 0; i < terms->n_departures; i++)
        terms->departures[i]->n_left = terms->departures[i]->n_waiting = 0; /* are answers */
    len = coupon__ticket_terms__get_packed_size(terms);
    packed = arena_alloc(rpc_arena(call), len + 1);
    if (!packed) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    coupon__ticket_terms__pack(terms, packed);
    store_run(self->store, self->tickets.sql + TICKETS_SQL_ADD_TERMS, "ib", release->id, packed, len);
    for (size_t i = 0; i < terms->n_departures; i++)
        add_cells(self, release->id, terms, (int32_t)i, call);
}

Coupon__TicketTerms *tickets_form(const struct coupon *self, int64_t release_id, struct arena *arena)
{
    unsigned statement = self->tickets.sql + TICKETS_SQL_TERMS;
    Coupon__TicketTerms *terms = NULL;
    const void *packed;
    size_t len;

    store_ask(self->store, statement, "i", release_id);
    if (store_row(self->store, statement)) {
        packed = store_blob(self->store, statement, 0, &len);
        terms = coupon__ticket_terms__unpack(&arena->allocator, len, packed);
    }
    store_end(self->store, statement);
    return terms;
}

Coupon__TicketTerms *tickets_terms(const struct coupon *self, int64_t release_id, struct arena *arena)
{
    unsigned statement = self->tickets.sql + TICKETS_SQL_CELLS;
    Coupon__TicketTerms *terms = tickets_form(self, release_id, arena);
    struct ticket_cell cell;
    bool ok = terms != NULL;

    for (size_t i = 0; ok && i < terms->n_departures; i++) {
        Coupon__TicketDeparture *departure = terms->departures[i];

        departure->left = arena_zalloc(arena, (terms->n_classes + 1) * sizeof(*departure->left));
        departure->waiting = arena_zalloc(arena, (terms->n_classes + 1) * sizeof(*departure->waiting));
        ok = departure->left && departure->waiting;
        departure->n_left = departure->n_waiting = ok ? terms->n_classes : 0;
    }
    if (!ok)
        return NULL;
    store_ask(self->store, statement, "i", release_id);
    while (store_read(self->store, statement, INTO_CELL(&cell))) {
        Coupon__TicketDeparture *departure =
            (size_t)cell.departure < terms->n_departures ? terms->departures[cell.departure] : NULL;

        if (!departure || (size_t)cell.class >= terms->n_classes)
            continue;
        departure->left[cell.class] = cell.waiting ? 0 : cell.quota - cell.taken;
        departure->waiting[cell.class] = cell.waiting;
    }
    return terms;
}

int32_t tickets_left(const struct coupon *self, int64_t release_id, int64_t now)
{
    store_ask(self->store, self->tickets.sql + TICKETS_SQL_LEFT, "ii", release_id, now);
    return (int32_t)store_number(self->store, self->tickets.sql + TICKETS_SQL_LEFT);
}

int64_t tickets_last(const struct coupon *self, int64_t release_id)
{
    store_ask(self->store, self->tickets.sql + TICKETS_SQL_LAST, "i", release_id);
    return store_number(self->store, self->tickets.sql + TICKETS_SQL_LAST);
}

/* ---- seats ---- */

bool ticket_seat_find(const struct tickets *tickets, int64_t coupon_id, struct ticket_seat *ret)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_SEAT, "i", coupon_id);
    return store_only(tickets->store, tickets->sql + TICKETS_SQL_SEAT, INTO(ret->coupon_id), INTO(ret->release_id),
                      INTO(ret->cell_id), INTO(ret->invitation_id), INTO(ret->freed_at));
}

int ticket_seat_give(struct coupon *self, struct release *release, const struct ticket_cell *cell, int64_t member_id,
                     int64_t invitation_id, void *call, int64_t *ret_coupon_id)
{
    int reason = claim_give(self, release, member_id, release->day, call, ret_coupon_id);

    if (reason)
        return reason;
    if (store_run(self->store, self->tickets.sql + TICKETS_SQL_ADD_SEAT, "iiii", *ret_coupon_id, release->id, cell->id,
                  invitation_id) == -1)
        return COUPON__REASON__TICKET_HELD;
    tell_cell(cell, *ret_coupon_id, false, call);
    ticket_wait_end(self, release->id, member_id, call);
    return 0;
}

void ticket_seat_end(struct coupon *self, int64_t coupon_id, void *call)
{
    struct ticket_seat seat;
    struct ticket_cell cell;

    if (!ticket_seat_find(&self->tickets, coupon_id, &seat) || seat.freed_at)
        return;
    invitations_withdraw(self, coupon_id, call);
    if (!ticket_cell_find(&self->tickets, seat.cell_id, &cell))
        return;
    store_run(self->store, self->tickets.sql + TICKETS_SQL_FREE_SEAT, "ii", coupon_id, rpc_now(call));
    cell.taken--;
    store_run(self->store, self->tickets.sql + TICKETS_SQL_SET_CELL, "iii", cell.id, (int64_t)cell.taken,
              (int64_t)cell.waiting);
    tell_cell(&cell, coupon_id, true, call);
}

void ticket_seats_ask(const struct tickets *tickets, int64_t release_id, int64_t after, size_t limit)
{
    store_ask(tickets->store, tickets->sql + TICKETS_SQL_SEATS, "iii", release_id, after, (int64_t)limit);
}

bool ticket_seats_next(const struct tickets *tickets, Coupon__Passenger *ret)
{
    return store_read(tickets->store, tickets->sql + TICKETS_SQL_SEATS, INTO(ret->coupon_id), INTO(ret->member_id),
                      INTO(ret->departure), INTO(ret->class_), INTO(ret->at), INTO(ret->host_coupon_id),
                      INTO(ret->boarded_at));
}

void ticket_seat_words(const struct coupon *self, const struct ticket_cell *cell, struct arena *arena,
                       Coupon__Seat *ret)
{
    const Coupon__TicketTerms *terms = tickets_form(self, cell->release_id, arena);

    ret->release_id = cell->release_id;
    ret->departure = cell->departure;
    ret->class_ = cell->class;
    ret->departs_at = cell->departs_at;
    ret->return_until = cell->return_until;
    if (!terms || (size_t)cell->departure >= terms->n_departures || (size_t)cell->class >= terms->n_classes)
        return;
    ret->departure_title = terms->departures[cell->departure]->title;
    ret->place = terms->departures[cell->departure]->place;
    ret->class_title = terms->classes[cell->class]->title;
    ret->price_fen = terms->classes[cell->class]->price_fen;
}

/* Whom she has asked to come along. False: memory is full. */
static bool add_companions(const struct coupon *self, int64_t coupon_id, struct arena *arena, Coupon__Seat *ret)
{
    struct invitation invitation;
    bool ok = true;

    invitations_ask_of(&self->invitations, coupon_id);
    while (invitations_next_of(&self->invitations, &invitation)) {
        Coupon__Companion *companion = arena_message(arena, &coupon__companion__descriptor);

        if (!ret->companions)
            ret->companions = arena_alloc(arena, INVITATIONS_MOST * sizeof(*ret->companions));
        ok &= companion && ret->companions;
        if (!ok || ret->n_companions == INVITATIONS_MOST)
            continue;
        companion->invitation_id = invitation.id;
        companion->number = arena_printf(arena, "%lld", (long long)invitation.member_id);
        companion->state = (Coupon__CompanionState)invitation.state;
        companion->until = invitation.until;
        ok &= companion->number != NULL;
        ret->companions[ret->n_companions++] = companion;
    }
    return ok;
}

Coupon__Seat *ticket_seat_message(struct coupon *self, int64_t coupon_id, struct arena *arena)
{
    Coupon__Seat *message = arena_message(arena, &coupon__seat__descriptor);
    struct ticket_seat seat;
    struct ticket_cell cell;
    struct boarding boarding;
    struct claim claim;

    if (!message || !ticket_seat_find(&self->tickets, coupon_id, &seat) ||
        !ticket_cell_find(&self->tickets, seat.cell_id, &cell))
        return NULL;
    ticket_seat_words(self, &cell, arena, message);
    message->coupon_id = coupon_id;
    message->returned_at = seat.freed_at;
    message->invited = seat.invitation_id != 0;
    if (boardings_find_of(&self->gates, coupon_id, &boarding))
        message->boarded_at = boarding.at;
    message->frozen = claims_find(&self->claims, coupon_id, &claim) &&
                      frozen_of_release(self, claim.member_id, claim.release_id, clock_now(self->clock), arena);
    return add_companions(self, coupon_id, arena, message) ? message : NULL;
}

/* ---- people ---- */

static void on_closed(void *self, int64_t member_id, void *call)
{
    ticket_wait_end(self, 0, member_id, call);
}

/* ---- the audit ---- */

enum { TOLD_SEATS, TOLD_WAITS, TOLD_WAITING }; /* as in counts */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__SeatsChanged *changed = event->seats_changed;
    struct ticket_seat seat;

    (void)row;
    if (event->event_case == COUPON__EVENT__EVENT_TICKET_WAIT_CHANGED) {
        told[TOLD_WAITS] += !event->ticket_wait_changed->ended;
        told[TOLD_WAITING] += event->ticket_wait_changed->ended ? -1 : 1;
    }
    if (event->event_case != COUPON__EVENT__EVENT_SEATS_CHANGED)
        return true;
    *part_word(&self->parts, &tickets_part, 0, changed->cell_id) =
        changed->quota * INT64_C(4294967296) + changed->taken;
    *part_word(&self->parts, &tickets_part, 1, changed->cell_id) = changed->waiting;
    told[TOLD_SEATS] += changed->coupon_id && !changed->freed;
    return !changed->coupon_id || (ticket_seat_find(&self->tickets, changed->coupon_id, &seat) &&
                                   seat.cell_id == changed->cell_id && (!changed->freed || seat.freed_at));
}

static const struct part_stray strays[] = {
    {"seats", "more are taken than there are", "SELECT cell_id FROM ticket_cell WHERE taken > quota LIMIT 1"},
    {"seats", "not as many are taken as somebody has or is asked for",
     "SELECT cell_id FROM ticket_cell WHERE taken <> (SELECT count(*) FROM ticket_seat WHERE "
     "ticket_seat.cell_id = ticket_cell.cell_id AND freed_at = 0) + (SELECT count(*) FROM ticket_invitation WHERE "
     "ticket_invitation.cell_id = ticket_cell.cell_id AND state = 1) LIMIT 1"},
    {"seats", "not as many wait as it says",
     "SELECT cell_id FROM ticket_cell WHERE waiting <> (SELECT count(*) FROM ticket_wait WHERE "
     "ticket_wait.cell_id = ticket_cell.cell_id AND ended_at = 0) LIMIT 1"},
    {"seat", "is not one of a coupon that stands",
     "SELECT coupon_id FROM ticket_seat WHERE freed_at = 0 AND (coupon_id IN (SELECT coupon_id FROM claim_ended) OR "
     "NOT EXISTS (SELECT 1 FROM claim WHERE claim.coupon_id = ticket_seat.coupon_id AND "
     "claim.release_id = ticket_seat.release_id)) LIMIT 1"},
    {"ticket", "stands without a seat",
     "SELECT coupon_id FROM release JOIN claim USING (release_id) WHERE way = 5 AND coupon_id NOT IN (SELECT coupon_id "
     "FROM claim_ended) AND coupon_id NOT IN (SELECT coupon_id FROM ticket_seat WHERE freed_at = 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec tickets_part = {
    .tables = "ticket_terms ticket_cell ticket_seat ticket_wait",
    .steps = &tickets_steps,
    .sql = sql,
    .n_sql = TICKETS_N_SQL,
    .last_id = "SELECT max((SELECT coalesce(max(cell_id), 0) FROM ticket_cell), (SELECT coalesce(max(wait_id), 0) FROM "
               "ticket_wait))",
    .tidy = tickets_call_up,
    .agrees = agrees,
    .counts = {{"seats", "SELECT count(*) FROM ticket_seat"},
               {"waits", "SELECT count(*) FROM ticket_wait"},
               {"who waits", "SELECT count(*) FROM ticket_wait WHERE ended_at = 0"}},
    .words = {{"seats of a class", "SELECT cell_id, quota * 4294967296 + taken FROM ticket_cell ORDER BY cell_id"},
              {"who waits for a class", "SELECT cell_id, waiting FROM ticket_cell ORDER BY cell_id"}},
    .strays = strays,
    .exports = {{&coupon__ticket_wait__descriptor,
                 "SELECT wait_id, ticket_wait.release_id, departure, class, since FROM ticket_wait JOIN ticket_cell "
                 "USING (cell_id) WHERE " HOLDER_HERS " AND wait_id > ?2 ORDER BY wait_id LIMIT ?3"}},
    .others = "ticket_terms.release_id ticket_seat.coupon_id ticket_cell.departure ticket_cell.class ticket_cell.quota "
              "ticket_cell.taken ticket_cell.waiting "
              "ticket_cell.return_until",
    .on_closed = on_closed,
    .merged = {"-- what she waits for stays under the number by which she began to (holders.h)"},
};
