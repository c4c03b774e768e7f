/* At the gate of a departure. */
#include "services/coupon/api.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/ticket/gate_api.h"
#include "services/coupon/till/counter_api.h"
#include "services/coupon/till/purses.h"

/* ---- what they share ---- */

/* One at which the caller stands; false after refusing. */
static bool gate_of_staff(struct coupon *self, int64_t release_id, int32_t departure, void *call, struct gate *ret)
{
    int reason = gate_find(self, release_id, departure, call, ret);

    if (!reason && !gate_staff_has(&self->gates, release_id, departure, rpc_principal(call)->member_id))
        reason = COUPON__REASON__NOT_GATE_STAFF;
    return !rpc_refuse_if(call, reason);
}

/* The same with a device of the caller's, which in_use may read with network now. */
static bool gate_of_device(struct coupon *self, int64_t release_id, int32_t departure, int64_t device_id, bool in_use,
                           void *call, struct gate *ret, struct scanner *ret_device)
{
    return gate_of_staff(self, release_id, departure, call, ret) &&
           !rpc_refuse_field_if(
               call, scanner_of_caller(&self->scanners, release_id, device_id, in_use, call, ret_device), "deviceId");
}

/* ---- messages ---- */

static Coupon__GateCompanion *companion_message(int64_t coupon_id, int64_t at, void *call)
{
    Coupon__GateCompanion *message = arena_message(rpc_arena(call), &coupon__gate_companion__descriptor);

    if (message) {
        message->coupon_id = coupon_id;
        message->boarded_at = at;
    }
    return message;
}

/* NULL when the call's memory is full. */
static Coupon__Boarding *boarding_message(struct coupon *self, const struct gate *gate, const struct boarding *boarding,
                                          void *call)
{
    Coupon__Boarding *message = arena_message(rpc_arena(call), &coupon__boarding__descriptor);
    struct ticket_cell cell;
    int64_t coupon_id, at;

    if (!message)
        return NULL;
    message->boarding_id = boarding->id;
    message->release_id = boarding->release_id;
    message->departure = boarding->departure;
    message->coupon_id = boarding->coupon_id;
    message->at = boarding->at;
    message->brought_by = boarding->brought_by;
    message->offline = boarding->offline;
    message->undone_at = boarding->undone_at;
    message->undo_reason = rpc_text(call, boarding->undo_reason);
    if (boarding->refusal)
        api_say(message, boarding->refusal);
    if (boarding->cell_id && ticket_cell_find(&self->tickets, boarding->cell_id, &cell) &&
        (size_t)cell.class < gate->terms->n_classes) {
        message->class_ = cell.class;
        message->class_title = gate->terms->classes[cell.class]->title;
    }
    if (!boarding->coupon_id || boarding->brought_by)
        return message;
    boarding_companions_ask(&self->gates, boarding->coupon_id);
    while (boarding_companions_next(&self->gates, &coupon_id, &at))
        rpc_add(call, message, companions, companion_message(coupon_id, at, call));
    return message;
}

static void reply_boarding(struct coupon *self, const struct gate *gate, const struct boarding *boarding,
                           Coupon__Boarding_Closure reply, void *call)
{
    Coupon__Boarding *message = boarding_message(self, gate, boarding, call);

    reply(message, call);
}

/* ---- judging ---- */

/* What a refusal is told with. */
struct known {
    const char *name;
    int64_t at;
    const char *departure;
};

/* Whether a ticket is good at a gate at an instant, and whose seat it is: 0 or a Reason. */
static int judge(struct coupon *self, const struct gate *gate, int64_t coupon_id, int64_t at, struct boarding *ret,
                 struct known *ret_known)
{
    struct boarding first;
    struct ticket_seat seat;
    struct ticket_cell cell;
    struct claim claim;

    if (!coupon_id || !claims_find(&self->claims, coupon_id, &claim) || claim.release_id != gate->release->id ||
        !ticket_seat_find(&self->tickets, coupon_id, &seat) || !ticket_cell_find(&self->tickets, seat.cell_id, &cell))
        return COUPON__REASON__NO_TICKET_HERE;
    ret->coupon_id = coupon_id;
    ret->cell_id = cell.id;
    if (cell.departure != gate->departure) {
        if ((size_t)cell.departure < gate->terms->n_departures)
            ret_known->departure = gate->terms->departures[cell.departure]->title;
        return COUPON__REASON__OTHER_DEPARTURE;
    }
    if (seat.freed_at || claim.ended_at)
        return gate_given_back(&self->gates, coupon_id) ? COUPON__REASON__TICKET_GIVEN_BACK
                                                        : COUPON__REASON__SEAT_ENDED;
    if (boardings_find_of(&self->gates, coupon_id, &first)) {
        *ret_known = (struct known){.name = "boardedAt", .at = first.at};
        return COUPON__REASON__ALREADY_ABOARD;
    }
    if (at < gate->opens_at) {
        *ret_known = (struct known){.name = "opensAt", .at = gate->opens_at};
        return COUPON__REASON__GATE_NOT_OPEN;
    }
    if (at >= gate->closes_at) {
        *ret_known = (struct known){.name = "closedAt", .at = gate->closes_at};
        return COUPON__REASON__GATE_CLOSED;
    }
    return frozen_to(self, claim.member_id, gate->release->audience.path, at) ? COUPON__REASON__IS_FROZEN : 0;
}

/* The same of what a pass says that was read at an instant. */
static int judge_text(struct coupon *self, const struct gate *gate, const char *text, int64_t at, struct boarding *ret,
                      struct known *ret_known)
{
    struct purse purse;
    int reason = purse_read(self, text, at, &purse);
    int64_t coupon_id;

    if (reason)
        return reason;
    coupon_id = purse.coupon_id ? purse.coupon_id : gate_ticket_of(self, gate->release->id, purse.member_id);
    return judge(self, gate, coupon_id, at, ret, ret_known);
}

static void tell_known(const struct known *known, void *call)
{
    if (known->name)
        rpc_fact_time(call, known->name, known->at);
    if (known->departure)
        rpc_fact(call, "departure", known->departure);
}

/* ---- at the gate ---- */

/* rpc Board: once. */
static void gates__board(Coupon__Gates_Service *service, const Coupon__BoardRequest *req,
                         Coupon__Boarding_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gates_service);
    struct known known = {0};
    struct boarding boarding;
    struct scanner device;
    struct gate gate;
    int reason;

    if (!gate_of_device(self, req->release_id, req->departure, req->device_id, true, call, &gate, &device))
        return;
    if (boardings_find_ref(&self->gates, device.id, req->scan_ref, &boarding)) {
        reply_boarding(self, &gate, &boarding, reply, call);
        return;
    }
    boarding = (struct boarding){
        .release_id = req->release_id, .departure = req->departure, .device_id = device.id, .at = rpc_now(call)};
    snprintf(boarding.ref, sizeof(boarding.ref), "%s", req->scan_ref);
    reason = judge_text(self, &gate, req->text, boarding.at, &boarding, &known);
    if (reason) {
        tell_known(&known, call);
        rpc_refuse(call, reason);
        return;
    }
    boarding_make(self, &boarding, call);
    rpc_created(call);
    reply_boarding(self, &gate, &boarding, reply, call);
}

/* One at a gate where the caller stands; false after refusing. */
static bool boarding_of_staff(struct coupon *self, int64_t boarding_id, void *call, struct boarding *ret,
                              struct gate *ret_gate)
{
    if (boardings_find(&self->gates, boarding_id, ret))
        return gate_of_staff(self, ret->release_id, ret->departure, call, ret_gate);
    rpc_refuse(call, COUPON__REASON__BOARDING_NOT_FOUND);
    return false;
}

static bool is_companion(const Coupon__Boarding *host, int64_t coupon_id)
{
    for (size_t i = 0; i < host->n_companions; i++) {
        if (host->companions[i]->coupon_id == coupon_id)
            return true;
    }
    return false;
}

/* One who came with her, unless she is in already. False after refusing. */
static bool bring(struct coupon *self, const struct gate *gate, const struct boarding *host, int64_t coupon_id,
                  void *call)
{
    struct boarding boarding = {.release_id = host->release_id,
                                .departure = host->departure,
                                .device_id = host->device_id,
                                .brought_by = host->id,
                                .at = rpc_now(call)};
    struct known known = {0};
    int reason = judge(self, gate, coupon_id, boarding.at, &boarding, &known);

    if (reason == COUPON__REASON__ALREADY_ABOARD)
        return true;
    if (reason) {
        tell_known(&known, call);
        rpc_refuse_field(call, reason, "couponIds");
        return false;
    }
    boarding_make(self, &boarding, call);
    return true;
}

/* rpc BringCompanions: all of them, or none. */
static void gates__bring_companions(Coupon__Gates_Service *service, const Coupon__BringRequest *req,
                                    Coupon__Boarding_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gates_service);
    const Coupon__Boarding *hers;
    struct boarding host;
    struct gate gate;

    if (!boarding_of_staff(self, req->boarding_id, call, &host, &gate))
        return;
    if (rpc_refuse_if(call, host.refusal || host.undone_at ? COUPON__REASON__BOARDING_NOT_GOOD : 0))
        return;
    hers = boarding_message(self, &gate, &host, call);
    if (rpc_refuse_if(call, hers ? 0 : RPC__REASON__OVERLOADED))
        return;
    for (size_t i = 0; i < req->n_coupon_ids; i++) {
        if (rpc_refuse_field_if(call, is_companion(hers, req->coupon_ids[i]) ? 0 : COUPON__REASON__NOT_HER_COMPANION,
                                "couponIds") ||
            !bring(self, &gate, &host, req->coupon_ids[i], call))
            return;
    }
    reply_boarding(self, &gate, &host, reply, call);
}

/* rpc UndoBoarding: again does nothing. */
static void gates__undo_boarding(Coupon__Gates_Service *service, const Coupon__UndoBoardingRequest *req,
                                 Coupon__Boarding_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gates_service);
    struct boarding boarding;
    struct gate gate;

    if (!boarding_of_staff(self, req->boarding_id, call, &boarding, &gate))
        return;
    if (!boarding.undone_at) {
        int reason = boarding.refusal                                       ? COUPON__REASON__BOARDING_NOT_GOOD
                     : rpc_now(call) >= boarding.received_at + GATE_UNDO_MS ? COUPON__REASON__BOARDING_UNDO_LATE
                                                                            : 0;

        if (rpc_refuse_if(call, reason))
            return;
        boarding_undo(self, &boarding, req->reason, call);
    }
    reply_boarding(self, &gate, &boarding, reply, call);
}

/* ---- without network ---- */

static void take_late(struct coupon *self, const struct gate *gate, const Coupon__UploadBoarding *item,
                      const struct scanner *device, int64_t behind_ms, void *call, struct boarding *ret)
{
    struct known known = {0};
    char ref[SCANNER_REF];

    scanner_ref(item->scan_ref, item->text, item->at, ref);
    if (boardings_find_ref(&self->gates, device->id, ref, ret))
        return;
    *ret = (struct boarding){.release_id = gate->release->id,
                             .departure = gate->departure,
                             .device_id = device->id,
                             .at = scanner_time(item->at, behind_ms),
                             .offline = true};
    memcpy(ret->ref, ref, sizeof(ref));
    ret->refusal = counter_doubt(self, device, ret->at, call);
    if (!ret->refusal)
        ret->refusal = judge_text(self, gate, item->text, ret->at, ret, &known);
    boarding_make(self, ret, call);
}

/* rpc UploadBoardings: each gets its own answer. */
static void gates__upload_boardings(Coupon__Gates_Service *service, const Coupon__UploadBoardingsRequest *req,
                                    Coupon__BoardingList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gates_service);
    Coupon__BoardingList list = COUPON__BOARDING_LIST__INIT;
    struct boarding boarding;
    struct scanner device;
    struct gate gate;

    if (!gate_of_device(self, req->release_id, req->departure, req->device_id, false, call, &gate, &device))
        return;
    if (req->n_items > GATE_UPLOAD) {
        rpc_fact_number(call, "maxItems", GATE_UPLOAD);
        rpc_refuse_field(call, RPC__REASON__TOO_MANY_ITEMS, "items");
        return;
    }
    if (req->device_now > 0)
        list.clock_behind_ms = rpc_now(call) - req->device_now;
    for (size_t i = 0; i < req->n_items; i++) {
        take_late(self, &gate, req->items[i], &device, list.clock_behind_ms, call, &boarding);
        rpc_add(call, &list, boardings, boarding_message(self, &gate, &boarding, call));
    }
    reply(&list, call);
}

/* rpc ListBoardings: the latest first. */
static void gates__list_boardings(Coupon__Gates_Service *service, const Coupon__ListBoardingsRequest *req,
                                  Coupon__BoardingList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, gates_service);
    const struct rpc_page *page = rpc_page(call);
    struct boarding *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__BoardingList list = COUPON__BOARDING_LIST__INIT;
    struct gate gate;
    size_t n = 0;
    int reason = gate_find(self, req->release_id, req->departure, call, &gate);

    if (!reason && !gate_is_official(&gate, call) &&
        !gate_staff_has(&self->gates, req->release_id, req->departure, rpc_principal(call)->member_id))
        reason = COUPON__REASON__NOT_GATE_STAFF;
    if (rpc_refuse_if(call, reason))
        return;
    boardings_ask(&self->gates, req->release_id, req->departure, page->before, page->limit);
    while (found && n < page->limit && boardings_next(&self->gates, &found[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++)
        rpc_add(call, &list, boardings, boarding_message(self, &gate, &found[i], call));
    reply(&list, call);
}

const Coupon__Gates_Service gates_api = COUPON__GATES__INIT(gates__);
