/* favor_fixture.h: a stock of WeChat's coupons and what is sent out of it, in a test's own process (transfers_fixture.h),
 * which stands in the place of coupon too. */
#pragma once
#include "coupon/coupon.pb-c.h"
#include "services/bridge/pay/transfers_fixture.h"
#include "services/bridge/stock/favor_say.h"

#define RELEASE        77
#define SEND_PENDING   BRIDGE__SEND_STATE__SEND_PENDING
#define SEND_DONE      BRIDGE__SEND_STATE__SEND_DONE
#define SEND_USED      BRIDGE__SEND_STATE__SEND_USED
#define SEND_OVER      BRIDGE__SEND_STATE__SEND_OVER
#define SEND_FAILED    BRIDGE__SEND_STATE__SEND_FAILED
#define SEND_WITHDRAWN BRIDGE__SEND_STATE__SEND_WITHDRAWN
#define UNTIL          (HARNESS_NOW + INT64_C(30) * 86400000)

static inline void hear(int kind, Coupon__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[1024];

    event->event_case = (Coupon__Event__EventCase)kind;
    row.kind = kind;
    row.body = (ProtobufCBinaryData){coupon__event__pack(event, packed), packed};
    assert_int_equal(harness_hear(&h, "coupon", &row), 0);
}

static inline void hear_step(int step, int32_t turn)
{
    Coupon__StockOrdered ordered = COUPON__STOCK_ORDERED__INIT;
    Coupon__Event event = COUPON__EVENT__INIT;

    ordered.release_id = RELEASE;
    ordered.step = (Coupon__BackingStep)step;
    ordered.turn = turn;
    ordered.name = unconst("早餐立减金");
    ordered.description = unconst("满3减2.99");
    ordered.face_fen = 299;
    ordered.threshold_fen = 300;
    ordered.count = 10;
    ordered.each = 1;
    ordered.from = HARNESS_NOW;
    ordered.until = UNTIL;
    event.stock_ordered = &ordered;
    hear(COUPON__EVENT__EVENT_STOCK_ORDERED, &event);
}

static inline void owe(int64_t coupon_id, int64_t member_id)
{
    Coupon__VoucherChanged owed = COUPON__VOUCHER_CHANGED__INIT;
    Coupon__Event event = COUPON__EVENT__INIT;

    owed.coupon_id = coupon_id;
    owed.release_id = RELEASE;
    owed.member_id = member_id;
    owed.state = COUPON__VOUCHER_STATE__VOUCHER_PENDING;
    event.voucher_changed = &owed;
    hear(COUPON__EVENT__EVENT_VOUCHER_CHANGED, &event);
}

static inline void end_coupon(int64_t coupon_id)
{
    Coupon__CouponEnded ended = COUPON__COUPON_ENDED__INIT;
    Coupon__Event event = COUPON__EVENT__INIT;

    ended.coupon_id = coupon_id;
    event.coupon_ended = &ended;
    hear(COUPON__EVENT__EVENT_COUPON_ENDED, &event);
}

static inline void go(void)
{
    favor_step(&t.bridge->favor);
}

/* Steps, with her WeChat told to who asks for it, until what is ready has left. */
static inline void send_to(const char *openid)
{
    go();
    while (is_asked())
        tell_payee(openid, "李敏");
    go();
}

static inline void answered(const char *format)
{
    answer(format);
    go();
}

static inline void refused(long status, const char *code)
{
    answer_error(status, code);
    go();
}

static inline int64_t of_send(int64_t coupon_id, const char *column)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "SELECT %s FROM send WHERE coupon_id = %lld", column, (long long)coupon_id);
    return count(sql);
}

static inline int stock_state(void)
{
    return (int)count("SELECT state FROM stock");
}

static inline void running(void)
{
    hear_step(COUPON__BACKING_STEP__STOCK_CREATE, 1);
    go();
    assert_string_equal(last()->path, "/v3/marketing/favor/callbacks");
    answered("{'update_time':'2026-01-01T00:00:00+08:00'}");
    assert_string_equal(last()->path, "/v3/marketing/favor/coupon-stocks");
    answered("{'stock_id':'9001','create_time':'2026-01-01T00:00:00+08:00'}");
    hear_step(COUPON__BACKING_STEP__STOCK_START, 2);
    go();
    assert_string_equal(last()->path, "/v3/marketing/favor/stocks/9001/start");
    answered("{'stock_id':'9001'}");
    assert_int_equal(stock_state(), BRIDGE__STOCK_STATE__STOCK_RUNNING);
}

static inline void pass(int64_t ms)
{
    clock_step(&h.service.clock, ms);
}

static inline void kill_bridge(void)
{
    die();
    t.bridge->favor.ask = note_question;
}

static inline void hear_use(void *call, void *plain)
{
    favor_hear(&t.bridge->favor, plain, call);
}

/* What the provider tells by itself. */
static inline void use(const char *stock, const char *number, int face)
{
    json_t *plain =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:i}, s:{s:s}}", "stock_creator_mchid", "1900009191", "stock_id", stock,
                  "coupon_id", number, "status", "USED", "normal_coupon_information", "coupon_amount", face,
                  "transaction_minimum", 300, "consume_information", "consume_time", "2026-01-01T08:00:00+08:00");

    assert_int_equal(rpc_server_transact(h.service.rpc, hear_use, plain), 0);
    json_decref(plain);
}

static inline int setup_favor(void **state)
{
    setup(state);
    t.bridge->favor.ask = note_question;
    running();
    return 0;
}
