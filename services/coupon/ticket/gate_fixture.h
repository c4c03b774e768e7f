/* gate_fixture.h: what the tests of gates share. */
#pragma once
#include "services/coupon/ticket/gates.h"
#include "services/coupon/ticket/ticket_fixture.h"
#include "services/coupon/till/till_fixture.h"

#define GUARD 861

static inline const Rpc__Principal *guard(void)
{
    return harness_person(&h, GUARD, RPC__LEVEL__MOBILE, "");
}

static inline const Rpc__Answer *set_gate_staff(int64_t release_id, int32_t departure, int64_t member_id, bool off,
                                                const Rpc__Principal *who)
{
    Coupon__SetGateStaffRequest request = COUPON__SET_GATE_STAFF_REQUEST__INIT;

    request.release_id = release_id;
    request.departure = departure;
    request.member_id = member_id;
    request.off = off;
    return harness_call(&h, "Gatekeepers.SetGateStaff", &request.base, who, NULL);
}

static inline const Rpc__Answer *register_gate(int64_t release_id, const Rpc__Principal *who)
{
    static unsigned n;
    Coupon__RegisterGateRequest request = COUPON__REGISTER_GATE_REQUEST__INIT;

    request.release_id = release_id;
    request.name = "一号闸机";
    return harness_call(&h, "Gatekeepers.RegisterGate", &request.base, who, arena_printf(&h.arena, "gate-%u", n++));
}

static inline int64_t a_gate_device(int64_t release_id)
{
    return ((const Coupon__GateDevice *)harness_output(&h, register_gate(release_id, guard()),
                                                       &coupon__gate_device__descriptor))
        ->device_id;
}

/* Tickets of ten seats each class, with GUARD at the first departure by a device, at an hour before it departs. */
static inline int64_t a_guarded_release(int32_t companions)
{
    int64_t release_id = open_tickets(10, 10, companions);

    assert_ok(set_gate_staff(release_id, 0, GUARD, false, manager_of(UNION)));
    the_device = a_gate_device(release_id);
    return release_id;
}

static inline void to_the_gate(void)
{
    clock_step(&h.service.clock, DEPARTS - HOUR_MS - clock_now(&h.service.clock));
}

static inline const Rpc__Answer *board_as(int64_t release_id, int32_t departure, const char *ref, char *text,
                                          const Rpc__Principal *who)
{
    Coupon__BoardRequest request = COUPON__BOARD_REQUEST__INIT;

    request.release_id = release_id;
    request.departure = departure;
    request.device_id = the_device;
    request.scan_ref = unconst(ref);
    request.text = text;
    return harness_call(&h, "Gates.Board", &request.base, who, NULL);
}

static inline const Rpc__Answer *board(int64_t release_id, const char *ref, int64_t member_id)
{
    return board_as(release_id, 0, ref, shown_by(member_id), guard());
}

static inline const Coupon__Boarding *boarding_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__boarding__descriptor);
}

static inline const Rpc__Answer *bring(int64_t boarding_id, int64_t *coupon_ids, size_t n)
{
    Coupon__BringRequest request = COUPON__BRING_REQUEST__INIT;

    request.boarding_id = boarding_id;
    request.coupon_ids = coupon_ids;
    request.n_coupon_ids = n;
    return harness_call(&h, "Gates.BringCompanions", &request.base, guard(), NULL);
}

static inline const Rpc__Answer *undo_boarding(int64_t boarding_id, const Rpc__Principal *who)
{
    Coupon__UndoBoardingRequest request = COUPON__UNDO_BOARDING_REQUEST__INIT;

    request.boarding_id = boarding_id;
    request.reason = "扫错了人";
    return harness_call(&h, "Gates.UndoBoarding", &request.base, who, NULL);
}

static inline const Coupon__Turnout *turnout(int64_t release_id)
{
    Coupon__TurnoutRequest request = COUPON__TURNOUT_REQUEST__INIT;

    request.release_id = release_id;
    return harness_output(&h, harness_call(&h, "Gatekeepers.GetTurnout", &request.base, manager_of(UNION), NULL),
                          &coupon__turnout__descriptor);
}

/* ---- without network ---- */

static inline Coupon__UploadBoarding *upload(const char *ref, char *text, int64_t at)
{
    Coupon__UploadBoarding *item = harness_alloc(&h, sizeof(*item));

    coupon__upload_boarding__init(item);
    item->scan_ref = unconst(ref);
    item->text = text;
    item->at = at;
    return item;
}

static inline const Rpc__Answer *send_boardings(int64_t release_id, Coupon__UploadBoarding **items, size_t n)
{
    Coupon__UploadBoardingsRequest request = COUPON__UPLOAD_BOARDINGS_REQUEST__INIT;

    request.release_id = release_id;
    request.device_id = the_device;
    request.items = items;
    request.n_items = n;
    return harness_call(&h, "Gates.UploadBoardings", &request.base, guard(), NULL);
}

static inline const Coupon__BoardingList *hand_in(int64_t release_id, Coupon__UploadBoarding **items, size_t n)
{
    return harness_output(&h, send_boardings(release_id, items, n), &coupon__boarding_list__descriptor);
}
