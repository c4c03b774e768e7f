/* booking_audit.c: what --audit holds of slots, bookings and passes. */
#include "services/health/booking/booking_sql.h"

static bool audit_slot(struct bookings *bookings, const Health__SlotMade *said)
{
    unsigned at = bookings->sql + BOOKING_SQL_AUDIT_SLOT;

    store_ask(bookings->store, at, "iiiiiii", said->slot_id, said->campaign_id, said->site_id, said->starts_at,
              said->ends_at, (int64_t)said->capacity, (int64_t)said->walk_ins);
    return store_number(bookings->store, at) == 1;
}

static bool audit_slot_change(struct bookings *bookings, int64_t seq, const Health__SlotChanged *said)
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
    bookings->told++;
    return same;
}

static bool audit_booking(struct bookings *bookings, int64_t seq, const Health__BookingChanged *said)
{
    struct booking booking;

    if (!bookings_find(bookings, said->booking_id, &booking) || booking.entitlement_id != said->entitlement_id ||
        booking.member_id != said->member_id || booking.campaign_id != said->campaign_id)
        return false;
    if (booking.journal_seq != seq)
        return booking.journal_seq > seq;
    bookings->told++;
    return booking.site_id == said->site_id && booking.slot_id == said->slot_id && booking.state == (int)said->state &&
           booking.must_move == !!said->must_move;
}

static bool audit_pass(struct bookings *bookings, int64_t seq, int64_t serial, int64_t booking_id, bool revoked)
{
    struct issued issued;

    if (!passes_find(bookings, serial, &issued) || issued.booking_id != booking_id)
        return false;
    if (issued.journal_seq != seq)
        return issued.journal_seq > seq;
    bookings->told++;
    return (issued.revoked_at > 0) == revoked;
}

bool bookings_audit_event(struct bookings *bookings, int64_t seq, const Health__Event *event)
{
    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_SLOT_MADE:
        return audit_slot(bookings, event->slot_made);
    case HEALTH__EVENT__EVENT_SLOT_CHANGED:
        return audit_slot_change(bookings, seq, event->slot_changed);
    case HEALTH__EVENT__EVENT_BOOKING_CHANGED:
        return audit_booking(bookings, seq, event->booking_changed);
    case HEALTH__EVENT__EVENT_PASS_ISSUED:
        return audit_pass(bookings, seq, event->pass_issued->serial, event->pass_issued->booking_id, false);
    case HEALTH__EVENT__EVENT_PASS_REVOKED:
        return audit_pass(bookings, seq, event->pass_revoked->serial, event->pass_revoked->booking_id, true);
    default:
        return true;
    }
}

int bookings_audit(struct bookings *bookings, FILE *out)
{
    static const struct audit_check checks[] = {
        {BOOKING_SQL_AUDIT_SLOTS, "slot", "its counts are not those of its bookings, or pass its capacity"},
        {BOOKING_SQL_AUDIT_PASSES, "booking", "not one pass while it counts"},
        {BOOKING_SQL_AUDIT_STATES, "booking", "its entitlement says otherwise"},
    };

    return audit_told(bookings->store, bookings->sql + BOOKING_SQL_AUDIT_COUNT, bookings->told,
                      "booking, pass or change of a slot", out) ||
                   audit_checks(bookings->store, bookings->sql, checks, ARRAY_LEN(checks), out)
               ? -1
               : 0;
}
