/* booking_audit.c: what --audit holds of slots, bookings and passes. */
#include "services/health/booking/booking_sql.h"

static bool audit_slot(const struct bookings *bookings, const Health__SlotMade *said)
{
    unsigned at = bookings->sql + BOOKING_SQL_AUDIT_SLOT;

    store_ask(bookings->store, at, "iiiiiii", said->slot_id, said->campaign_id, said->site_id, said->starts_at,
              said->ends_at, (int64_t)said->capacity, (int64_t)said->walk_ins);
    return store_number(bookings->store, at) == 1;
}

static bool audit_slot_change(const struct bookings *bookings, int64_t seq, const Health__SlotChanged *said,
                              int64_t *told)
{
    unsigned at = bookings->sql + BOOKING_SQL_AUDIT_SLOT_CHANGED;
    int64_t last;
    bool same;

    store_ask(bookings->store, at, "iiii", said->slot_id, (int64_t)said->capacity, (int64_t)said->walk_ins,
              (int64_t) !!said->withdrawn);
    if (!store_row(bookings->store, at))
        return false;
    last = store_int(bookings->store, at, 0);
    same = store_int(bookings->store, at, 1) == 1;
    store_end(bookings->store, at);
    if (last != seq)
        return last > seq;
    (*told)++;
    return same;
}

static bool audit_booking(const struct bookings *bookings, int64_t seq, const Health__BookingChanged *said,
                          int64_t *told)
{
    struct booking booking;

    if (!bookings_find(bookings, said->booking_id, &booking) || booking.entitlement_id != said->entitlement_id ||
        booking.member_id != said->member_id || booking.campaign_id != said->campaign_id)
        return false;
    if (booking.journal_seq != seq)
        return booking.journal_seq > seq;
    (*told)++;
    return booking.site_id == said->site_id && booking.slot_id == said->slot_id && booking.state == (int)said->state &&
           booking.must_move == !!said->must_move;
}

static bool audit_pass(const struct bookings *bookings, int64_t seq, int64_t serial, int64_t booking_id, bool revoked,
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

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct bookings *bookings = &((struct health *)arg)->bookings;
    const Health__Event *event = body;

    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_SLOT_MADE:
        return audit_slot(bookings, event->slot_made);
    case HEALTH__EVENT__EVENT_SLOT_CHANGED:
        return audit_slot_change(bookings, row->seq, event->slot_changed, told);
    case HEALTH__EVENT__EVENT_BOOKING_CHANGED:
        return audit_booking(bookings, row->seq, event->booking_changed, told);
    case HEALTH__EVENT__EVENT_PASS_ISSUED:
        return audit_pass(bookings, row->seq, event->pass_issued->serial, event->pass_issued->booking_id, false, told);
    case HEALTH__EVENT__EVENT_PASS_REVOKED:
        return audit_pass(bookings, row->seq, event->pass_revoked->serial, event->pass_revoked->booking_id, true, told);
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"slot", "its counts are not those of its bookings, or pass its capacity",
     "SELECT slot_id FROM slot s WHERE booked > capacity - walk_ins OR booked + walked > capacity "
     "OR booked <> (SELECT count(*) FROM booking b WHERE b.slot_id = s.slot_id AND b.state <> 3 AND walk_in = 0) "
     "OR walked <> (SELECT count(*) FROM booking b WHERE b.slot_id = s.slot_id AND b.state <> 3 AND walk_in = 1) "
     "LIMIT 1"},
    {"booking", "not one pass while it counts",
     "SELECT booking_id FROM booking b WHERE (state <> 3) <> "
     "(SELECT count(*) FROM pass p WHERE p.booking_id = b.booking_id AND p.revoked_at = 0 "
     "AND p.slot_id = b.slot_id AND p.site_id = b.site_id) LIMIT 1"},
    {"booking", "its entitlement says otherwise",
     "SELECT b.booking_id FROM booking b JOIN entitlement e USING (entitlement_id) WHERE b.state <> 3 "
     "AND (e.state <> CASE b.state WHEN 1 THEN 2 WHEN 2 THEN 3 ELSE 6 END OR e.member_id <> b.member_id "
     "OR e.campaign_id <> b.campaign_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec bookings_part = {
    .tables = "booking pass",
    .steps = &bookings_steps,
    .others = "booking.settled_site",
    .sql = booking_sql,
    .n_sql = BOOKING_N_SQL,
    .last_id = "SELECT max(booking_id) FROM booking",
    .work = bookings_work,
    .agrees = agrees,
    .counts = {{"bookings, passes and changes of slots",
                "SELECT (SELECT count(*) FROM booking) + (SELECT count(*) FROM pass) "
                "+ (SELECT count(*) FROM slot WHERE journal_seq > 0)"}},
    .strays = strays,
    .exports =
        {{&health__booking__descriptor,
          "SELECT booking_id, entitlement_id, campaign_id, site_id, slot_id, starts_at, ends_at, state, must_move, "
          "made_at FROM booking WHERE " HOLDER_HERS " AND booking_id > ?2 ORDER BY booking_id LIMIT ?3"}},
    .closed = {"-- its entitlement is given up (entitlements.h), and it is cancelled; that it was made is on account"},
    .merged = {"-- stays under its number, like its entitlement (holders.h)"},
};
