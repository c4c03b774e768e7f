/* Who lets people in to departures, by which device, and how many came. */
#include "services/coupon/api.h"
#include "services/coupon/ticket/gate_api.h"

/* ---- gates ---- */

int gate_release(struct coupon *self, int64_t release_id, void *call, struct gate *ret)
{
    ret->release = release_look_up(self, release_id, rpc_arena(call));
    if (!ret->release)
        return COUPON__REASON__RELEASE_NOT_FOUND;
    if (ret->release->way != COUPON__WAY__TICKETS)
        return COUPON__REASON__NO_TICKETS;
    ret->terms = tickets_form(self, release_id, rpc_arena(call));
    return ret->terms ? 0 : RPC__REASON__OVERLOADED;
}

static void set_departure(int32_t departure, struct gate *gate)
{
    int64_t minutes = gate->terms->gate_minutes ? gate->terms->gate_minutes : GATE_MINUTES;

    gate->departure = departure;
    gate->departs_at = gate->terms->departures[departure]->departs_at;
    gate->opens_at = gate->departs_at - minutes * 60000;
    gate->closes_at = gate->departs_at + GATE_LATE_MS;
}

int gate_find(struct coupon *self, int64_t release_id, int32_t departure, void *call, struct gate *ret)
{
    int reason = gate_release(self, release_id, call, ret);

    if (reason)
        return reason;
    if ((size_t)departure >= ret->terms->n_departures)
        return COUPON__REASON__SEAT_NOT_OFFERED;
    set_departure(departure, ret);
    return 0;
}

bool gate_is_official(const struct gate *gate, void *call)
{
    return rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, gate->release->union_path);
}

static bool release_of_official(struct coupon *self, int64_t release_id, void *call, struct gate *ret)
{
    int reason = gate_release(self, release_id, call, ret);

    if (!reason && !gate_is_official(ret, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    return !rpc_refuse_if(call, reason);
}

/* ---- who stands there ---- */

/* rpc SetGateStaff: again does nothing. */
static void gatekeepers__set_gate_staff(Coupon__Gatekeepers_Service *service, const Coupon__SetGateStaffRequest *req,
                                        Coupon__GateStaff_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    Coupon__GateStaffChanged change = COUPON__GATE_STAFF_CHANGED__INIT;
    Coupon__GateStaff staff = COUPON__GATE_STAFF__INIT;
    struct gate gate;

    if (!release_of_official(self, req->release_id, call, &gate) ||
        rpc_refuse_field_if(call,
                            (size_t)req->departure < gate.terms->n_departures ? 0 : COUPON__REASON__SEAT_NOT_OFFERED,
                            "departure") ||
        rpc_refuse_field_if(call, req->member_id > 0 ? 0 : RPC__REASON__OUT_OF_RANGE, "memberId"))
        return;
    staff.release_id = change.release_id = req->release_id;
    staff.departure = change.departure = req->departure;
    staff.member_id = change.member_id = req->member_id;
    staff.off = change.off = req->off;
    if (!gate_staff_set(self, &change, call)) {
        rpc_fact_number(call, "maximum", GATE_STAFF_MAX);
        rpc_refuse(call, COUPON__REASON__GATE_STAFF_FULL);
        return;
    }
    reply(&staff, call);
}

/* rpc ListGateStaff: of all departures, in the order in which they were named. */
static void gatekeepers__list_gate_staff(Coupon__Gatekeepers_Service *service, const Coupon__ListGateStaffRequest *req,
                                         Coupon__GateStaffList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    const struct rpc_page *page = rpc_page(call);
    Coupon__GateStaffList list = COUPON__GATE_STAFF_LIST__INIT;
    Coupon__GateStaff one = COUPON__GATE_STAFF__INIT, *copy;
    struct gate gate;
    int64_t row;

    if (!release_of_official(self, req->release_id, call, &gate))
        return;
    one.release_id = req->release_id;
    gate_staff_ask(&self->gates, req->release_id, page->after, page->limit);
    while (gate_staff_next(&self->gates, &row, &one.departure, &one.member_id)) {
        if (!rpc_page_takes(call, row))
            continue;
        copy = arena_message(rpc_arena(call), &coupon__gate_staff__descriptor);
        if (copy)
            *copy = one;
        rpc_add(call, &list, staff, copy);
    }
    reply(&list, call);
}

/* How many have a seat of a departure, and came. */
static void count(struct coupon *self, Coupon__Gate *gate)
{
    Coupon__TurnoutRow row = COUPON__TURNOUT_ROW__INIT;
    int64_t departs_at;

    turnout_ask(&self->gates, gate->release_id);
    while (turnout_next(&self->gates, &row, &departs_at)) {
        if (row.departure != gate->departure)
            continue;
        gate->seats += row.seats;
        gate->boarded += row.boarded;
    }
}

/* NULL when the call's memory is full. */
static Coupon__Gate *gate_message(struct coupon *self, int64_t release_id, int32_t departure, void *call)
{
    Coupon__Gate *message = arena_message(rpc_arena(call), &coupon__gate__descriptor);
    struct gate gate;

    if (!message || gate_find(self, release_id, departure, call, &gate))
        return NULL;
    message->release_id = release_id;
    message->departure = departure;
    message->title = rpc_text(call, gate.release->title);
    message->departure_title = gate.terms->departures[departure]->title;
    message->place = gate.terms->departures[departure]->place;
    message->departs_at = gate.departs_at;
    message->opens_at = gate.opens_at;
    message->closes_at = gate.closes_at;
    count(self, message);
    return message;
}

/* rpc ListMyGates: where the caller lets people in. */
static void gatekeepers__list_my_gates(Coupon__Gatekeepers_Service *service, const Coupon__ListMyGatesRequest *req,
                                       Coupon__GateList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    const struct rpc_page *page = rpc_page(call);
    Coupon__GateList list = COUPON__GATE_LIST__INIT;
    struct {
        int64_t row, release_id;
        int32_t departure;
    } *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    size_t n = 0;

    (void)req;
    gates_ask_hers(&self->gates, rpc_principal(call)->member_id, page->after, page->limit);
    while (found && n < page->limit &&
           gates_next_hers(&self->gates, &found[n].row, &found[n].release_id, &found[n].departure))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].row); i++)
        rpc_add(call, &list, gates, gate_message(self, found[i].release_id, found[i].departure, call));
    reply(&list, call);
}

/* ---- devices ---- */

/* Its name is the scanner's. */
static void device_message(const struct scanner *scanner, Coupon__GateDevice *ret)
{
    coupon__gate_device__init(ret);
    ret->device_id = scanner->id;
    ret->release_id = scanner->place_id;
    ret->staff_id = scanner->staff_id;
    ret->name = unconst(scanner->name);
    ret->registered_at = scanner->registered_at;
    ret->revoked_at = scanner->revoked_at;
}

static void reply_device(const struct scanner *scanner, Coupon__GateDevice_Closure reply, void *call)
{
    Coupon__GateDevice message;

    device_message(scanner, &message);
    reply(&message, call);
}

/* rpc RegisterGate: the caller's, in this session, for all gates at which she stands. */
static void gatekeepers__register_gate(Coupon__Gatekeepers_Service *service, const Coupon__RegisterGateRequest *req,
                                       Coupon__GateDevice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    struct scanner scanner;
    const char *field;
    struct gate gate;
    int reason = gate_release(self, req->release_id, call, &gate);

    if (!reason && !gate_staff_any(&self->gates, req->release_id, rpc_principal(call)->member_id))
        reason = COUPON__REASON__NOT_GATE_STAFF;
    if (rpc_refuse_if(call, reason))
        return;
    reason = scanner_register(&self->scanners, req->release_id, req->name, req->replaces, call, &scanner, &field);
    if (field ? rpc_refuse_field_if(call, reason, field) : rpc_refuse_if(call, reason))
        return;
    rpc_created(call);
    reply_device(&scanner, reply, call);
}

/* Why the caller has no say over the devices of a release's gates: she neither lets people in there nor is an official. */
static int devices_refusal(struct coupon *self, const struct gate *gate, void *call)
{
    return gate_is_official(gate, call) ||
                   gate_staff_any(&self->gates, gate->release->id, rpc_principal(call)->member_id)
               ? 0
               : COUPON__REASON__NOT_GATE_STAFF;
}

/* rpc RevokeGate: by who lets people in there, or an official. */
static void gatekeepers__revoke_gate(Coupon__Gatekeepers_Service *service, const Coupon__RevokeGateRequest *req,
                                     Coupon__GateDevice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    struct scanner scanner;
    struct gate gate;

    if (!scanners_find(&self->scanners, req->device_id, &scanner) ||
        gate_release(self, scanner.place_id, call, &gate)) {
        rpc_refuse(call, COUPON__REASON__COUNTER_NOT_FOUND);
        return;
    }
    if (rpc_refuse_if(call, devices_refusal(self, &gate, call)))
        return;
    scanner_revoke(&self->scanners, &scanner, call);
    reply_device(&scanner, reply, call);
}

/* rpc ListGateDevices: of those that are in use, the newest first. */
static void gatekeepers__list_gate_devices(Coupon__Gatekeepers_Service *service,
                                           const Coupon__ListGateDevicesRequest *req,
                                           Coupon__GateDeviceList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    Coupon__GateDeviceList list = COUPON__GATE_DEVICE_LIST__INIT;
    struct scanner *found;
    struct gate gate;
    int reason = gate_release(self, req->release_id, call, &gate);
    size_t n;

    if (rpc_refuse_if(call, reason ? reason : devices_refusal(self, &gate, call)))
        return;
    n = scanners_page(&self->scanners, req->release_id, call, &found);
    for (size_t i = 0; i < n; i++) {
        Coupon__GateDevice *message = arena_message(rpc_arena(call), &coupon__gate_device__descriptor);

        if (message)
            device_message(&found[i], message);
        rpc_add(call, &list, devices, message);
    }
    reply(&list, call);
}

/* ---- who came ---- */

/* rpc GetTurnout: who did not come is known once the gate has closed. */
static void gatekeepers__get_turnout(Coupon__Gatekeepers_Service *service, const Coupon__TurnoutRequest *req,
                                     Coupon__Turnout_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gatekeepers_service);
    Coupon__TurnoutRow row = COUPON__TURNOUT_ROW__INIT, *copy;
    Coupon__Turnout turnout = COUPON__TURNOUT__INIT;
    int64_t departs_at;
    struct gate gate;

    if (!release_of_official(self, req->release_id, call, &gate))
        return;
    turnout_ask(&self->gates, req->release_id);
    while (turnout_next(&self->gates, &row, &departs_at)) {
        row.closed = rpc_now(call) >= departs_at + GATE_LATE_MS;
        row.no_show = row.closed && row.seats > row.boarded ? row.seats - row.boarded : 0;
        copy = arena_message(rpc_arena(call), &coupon__turnout_row__descriptor);
        if (copy)
            *copy = row;
        rpc_add(call, &turnout, rows, copy);
    }
    reply(&turnout, call);
}

const Coupon__Gatekeepers_Service gatekeepers_api = COUPON__GATEKEEPERS__INIT(gatekeepers__);
