/* backing_fixture.h: releases with a stock of WeChat's coupons behind them, and a bridge that is the test. */
#pragma once
#include "bridge/bridge.pb-c.h"
#include "services/coupon/fixture.h"

static inline void hear_bridge(int kind, Bridge__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    event->event_case = (Bridge__Event__EventCase)kind;
    row.kind = kind;
    row.body = (ProtobufCBinaryData){bridge__event__pack(event, packed), packed};
    assert_int_equal(harness_hear(&h, "bridge", &row), 0);
}

static inline void hear_stock(int64_t release_id, int32_t turn, int state, int reason)
{
    Bridge__StockChanged changed = BRIDGE__STOCK_CHANGED__INIT;
    Bridge__Event event = BRIDGE__EVENT__INIT;

    changed.release_id = release_id;
    changed.turn = turn;
    changed.state = (Bridge__StockState)state;
    changed.reason = reason;
    changed.number = unconst("9001");
    event.stock_changed = &changed;
    hear_bridge(BRIDGE__EVENT__EVENT_STOCK_CHANGED, &event);
}

static inline void hear_send(int64_t coupon_id, int state, int reason)
{
    Bridge__SendChanged changed = BRIDGE__SEND_CHANGED__INIT;
    Bridge__Event event = BRIDGE__EVENT__INIT;

    changed.coupon_id = coupon_id;
    changed.state = (Bridge__SendState)state;
    changed.reason = reason;
    changed.at = clock_now(&h.service.clock);
    event.send_changed = &changed;
    hear_bridge(BRIDGE__EVENT__EVENT_SEND_CHANGED, &event);
}

static inline const Rpc__Answer *on_backing(const char *verb, int64_t release_id, int step, int64_t member_id)
{
    Coupon__ProposeBackingRequest request = COUPON__PROPOSE_BACKING_REQUEST__INIT;
    Coupon__BackingRequest which = COUPON__BACKING_REQUEST__INIT;
    char method[40];

    snprintf(method, sizeof(method), "Backings.%sBacking", verb);
    request.release_id = which.release_id = release_id;
    request.step = (Coupon__BackingStep)step;
    return harness_call(&h, method, step ? &request.base : &which.base,
                        harness_official(&h, member_id, RULE__ROLE__FINANCE, UNION), NULL);
}

static inline void agree_stock(int64_t release_id, int step, int32_t turn, int state)
{
    assert_ok(on_backing("Propose", release_id, step, 901));
    assert_ok(on_backing("Confirm", release_id, 0, 902));
    hear_stock(release_id, turn, state, 0);
}

/* A release as it is drafted, with a stock behind it. */
static inline Coupon__Release backed(Coupon__Release draft)
{
    static Coupon__Spending spending;
    static Coupon__Backing backing;

    coupon__spending__init(&spending);
    coupon__backing__init(&backing);
    spending.valid_until = OPENS + 30 * COUPON_DAY_MS;
    backing.name = unconst("早餐立减金");
    backing.description = unconst("满3减2.99");
    draft.face_fen = 299;
    draft.threshold_fen = 300;
    draft.spending = &spending;
    draft.backing = &backing;
    return draft;
}

static inline int64_t drafted(int32_t stock)
{
    Coupon__Release draft = backed(draft_of(stock, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE));

    return status_of(create(&draft, manager_of(UNION)))->release->release_id;
}

static inline void publish_backed(int64_t id)
{
    agree_stock(id, COUPON__BACKING_STEP__STOCK_CREATE, 1, BRIDGE__STOCK_STATE__STOCK_READY);
    agree_stock(id, COUPON__BACKING_STEP__STOCK_START, 2, BRIDGE__STOCK_STATE__STOCK_RUNNING);
    assert_ok(change("Coupons.PublishRelease", id));
}

/* Published, its stock running, and open. */
static inline int64_t open_backed(int32_t stock)
{
    int64_t id = drafted(stock);

    publish_backed(id);
    clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

static inline const Coupon__Coupon *newest_coupon_of(int64_t member_id)
{
    return list_coupons(member_id, 0, "")->coupons[0];
}
