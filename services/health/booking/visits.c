#include "services/health/booking/visits.h"

#include "services/health/campaign/campaigns.h"
#include "services/health/campaign/sites.h"

enum { SQL_WITHDRAWN, N_SQL };

static const char *const sql[] = {
    [SQL_WITHDRAWN] = "SELECT campaign_id, site_id FROM campaign_site s WHERE withdrawn = 1 AND EXISTS "
                      "(SELECT 1 FROM booked_slot b WHERE b.group_id = s.campaign_id AND b.place_id = s.site_id "
                      "AND b.state = 1 AND b.must_move = 0) LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

const struct slots_words visits_words = {
    .exists = HEALTH__REASON__SLOT_EXISTS,
    .over = HEALTH__REASON__SLOT_OVER,
    .withdrawn = HEALTH__REASON__SLOT_WITHDRAWN,
    .hours_out_of_order = HEALTH__REASON__HOURS_OUT_OF_ORDER,
    .walk_ins_above = HEALTH__REASON__WALK_INS_ABOVE_CAPACITY,
    .below_booked = HEALTH__REASON__CAPACITY_BELOW_BOOKED,
};

bool visit_book(struct health *self, struct entitlement *entitlement, const struct slot *slot, bool walk_in, void *call,
                struct booking *ret)
{
    *ret = (struct booking){.right_id = entitlement->id,
                            .group_id = entitlement->campaign_id,
                            .member_id = entitlement->member_id,
                            .walk_in = walk_in};
    if (!booking_make(&self->bookings, slot, call, ret))
        return false;
    entitlement_set(self, entitlement, HEALTH__ENTITLEMENT_STATE__BOOKED, call);
    return true;
}

/* ---- what she is told ---- */

void remind(struct health *self, struct notice_given *given, const Health__Campaign *campaign, int64_t site_id,
            void *call)
{
    const Health__Site *site = site_id ? sites_find(&self->sites, site_id, rpc_arena(call)) : NULL;

    given->member_id = holder_of(&self->holders, given->member_id);
    given->title = campaign ? campaign->title : NULL;
    given->place = site ? site->name : NULL;
    notice_give(&self->notice, given, call);
}

const Health__Campaign *campaign_again(struct health *self, int64_t campaign_id, void **memo, void *call)
{
    const Health__Campaign *campaign = *memo;

    if (!campaign || campaign->campaign_id != campaign_id)
        *memo = campaigns_find(&self->campaigns, campaign_id, rpc_arena(call));
    return *memo;
}

static void tell(struct health *self, const struct booking *booking, int kind, void **memo, void *call)
{
    struct notice_given given = {
        .kind = kind, .member_id = booking->member_id, .about_id = booking->id, .at = booking->starts_at};

    remind(self, &given, campaign_again(self, booking->group_id, memo, call), booking->place_id, call);
}

static void stranded(void *self, const struct booking *booking, bool place, void **memo, void *call)
{
    tell(self, booking, place ? NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED : NOTICE__NOTICE_KIND__CHECKUP_SLOT_CHANGED,
         memo, call);
}

static void soon(void *self, const struct booking *booking, void **memo, void *call)
{
    tell(self, booking, NOTICE__NOTICE_KIND__CHECKUP_SOON, memo, call);
}

static void changes(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;

    notice_withdraw(&self->notice, 0, booking->id, call);
}

/* ---- what is due ---- */

static bool strand(void *arg, void *call)
{
    struct health *self = arg;
    int64_t campaign_id, site_id;
    bool found;

    store_ask(self->store, self->visits.sql + SQL_WITHDRAWN, "");
    found = store_only(self->store, self->visits.sql + SQL_WITHDRAWN, INTO(campaign_id), INTO(site_id));
    if (found)
        bookings_strand(&self->bookings, campaign_id, site_id, call);
    return found;
}

static void ended(void *arg, const struct booking *booking, void *call)
{
    struct health *self = arg;
    struct entitlement entitlement;

    if (entitlements_find(&self->entitlements, booking->right_id, &entitlement))
        entitlement_end(self, &entitlement,
                        booking->state == BOOKINGS__STATE__CANCELLED ? HEALTH__ENTITLEMENT_STATE__LAPSED
                                                                     : HEALTH__ENTITLEMENT_STATE__NO_SHOW,
                        call);
}

const struct bookings_service visits_service = {
    .early_ms = BOOKING_EARLY_MS,
    .late_ms = BOOKING_LATE_MS,
    .grace_ms = BOOKING_GRACE_MS,
    .move_ms = BOOKING_MOVE_MS,
    .remind_ms = BOOKING_REMIND_MS,
    .not_active = HEALTH__REASON__BOOKING_NOT_ACTIVE,
    .too_late = HEALTH__REASON__TOO_LATE_TO_CHANGE,
    .changes = changes,
    .strand = strand,
    .stranded = stranded,
    .soon = soon,
    .ended = ended,
};

static const struct part_stray strays[] = {
    {"booking", "its entitlement says otherwise",
     "SELECT b.booking_id FROM booked_slot b JOIN entitlement e ON e.entitlement_id = b.right_id WHERE b.state <> 3 "
     "AND (e.state <> CASE b.state WHEN 1 THEN 2 WHEN 2 THEN 3 ELSE 6 END OR e.member_id <> b.member_id "
     "OR e.campaign_id <> b.group_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec visits_part = {
    .steps = &bookings_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .strays = strays,
    .exports =
        {{&health__booking__descriptor,
          "SELECT booking_id, right_id AS entitlement_id, group_id AS campaign_id, place_id AS site_id, slot_id, "
          "starts_at, ends_at, state, must_move, made_at FROM booked_slot WHERE " HOLDER_HERS
          " AND booking_id > ?2 ORDER BY booking_id LIMIT ?3"},
         {&health__device__descriptor,
          "SELECT device_id, place_id AS site_id, name, registered_at, revoked_at FROM door_device "
          "WHERE staff_id = ?1 AND device_id > ?2 ORDER BY device_id LIMIT ?3"}},
};
