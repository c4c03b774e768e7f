/* Releases whose coupons are WeChat's: the stock by two hands, what is owed, and what the bridge says came of it. */
#include "bridge/bridge.pb-c.h"
#include "services/coupon/fixture.h"

static void hear_bridge(int kind, Bridge__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[256];

    event->event_case = (Bridge__Event__EventCase)kind;
    row.kind = kind;
    row.body = (ProtobufCBinaryData){bridge__event__pack(event, packed), packed};
    assert_int_equal(harness_hear(&h, "bridge", &row), 0);
}

static void hear_stock(int64_t release_id, int32_t turn, int state, int reason)
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

static void hear_send(int64_t coupon_id, int state, int reason)
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

static const Rpc__Answer *on_backing(const char *verb, int64_t release_id, int step, int64_t member_id)
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

static void agree(int64_t release_id, int step, int32_t turn, int state)
{
    assert_ok(on_backing("Propose", release_id, step, 901));
    assert_ok(on_backing("Confirm", release_id, 0, 902));
    hear_stock(release_id, turn, state, 0);
}

static Coupon__Release backed_draft(int32_t stock)
{
    static Coupon__Spending spending;
    static Coupon__Backing backing;
    Coupon__Release draft = draft_of(stock, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

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

static int64_t drafted(int32_t stock)
{
    Coupon__Release draft = backed_draft(stock);

    return status_of(create(&draft, manager_of(UNION)))->release->release_id;
}

/* Published, its stock running, and open. */
static int64_t open_backed(int32_t stock)
{
    int64_t id = drafted(stock);

    agree(id, COUPON__BACKING_STEP__STOCK_CREATE, 1, BRIDGE__STOCK_STATE__STOCK_READY);
    agree(id, COUPON__BACKING_STEP__STOCK_START, 2, BRIDGE__STOCK_STATE__STOCK_RUNNING);
    assert_ok(change("Coupons.PublishRelease", id));
    clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

static const Coupon__Coupon *coupon_now(int64_t member_id)
{
    return list_coupons(member_id, 0, "")->coupons[0];
}

static void it_is_published_when_its_stock_runs(void **state)
{
    int64_t id = drafted(10);

    (void)state;
    assert_refused(change("Coupons.PublishRelease", id), "BACKING_NOT_RUNNING");
    assert_refused(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_PAUSE, 901), "BACKING_NOT_NOW");
    assert_ok(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_CREATE, 901));
    assert_refused(on_backing("Confirm", id, 0, 901), "HANDS_SAME");
    assert_ok(on_backing("Confirm", id, 0, 902));
    assert_refused(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_START, 901), "BACKING_BUSY");
    hear_stock(id, 0, BRIDGE__STOCK_STATE__STOCK_RUNNING, 0); /* of no order of this one */
    assert_refused(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_START, 901), "BACKING_BUSY");
    hear_stock(id, 1, BRIDGE__STOCK_STATE__STOCK_NEW, COUPON__REASON__STOCK_REFUSED);
    agree(id, COUPON__BACKING_STEP__STOCK_CREATE, 2, BRIDGE__STOCK_STATE__STOCK_READY);
    assert_refused(change("Coupons.PublishRelease", id), "BACKING_NOT_RUNNING");
    agree(id, COUPON__BACKING_STEP__STOCK_START, 3, BRIDGE__STOCK_STATE__STOCK_RUNNING);
    harness_reopen(&h);
    assert_ok(change("Coupons.PublishRelease", id));
    assert_clean();
}

/* Nobody confirms what was refused; it is proposed anew. */
static void what_is_refused_is_not_ordered(void **state)
{
    int64_t id = drafted(10);

    (void)state;
    assert_ok(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_CREATE, 901));
    assert_ok(on_backing("Refuse", id, 0, 902));
    assert_refused(on_backing("Confirm", id, 0, 902), "BACKING_DECIDED");
    assert_ok(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_CREATE, 902));
    assert_ok(on_backing("Confirm", id, 0, 901));
    assert_clean();
}

static void a_coupon_is_owed_once_and_only_of_such_a_release(void **state)
{
    int64_t other = publish(draft_of(10, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE)), id = open_backed(10);

    (void)state;
    assert_ok(claim(id, 11));
    assert_null(coupon_of(claim(other, 12))->voucher);
    assert_int_equal(coupon_now(11)->voucher->state, COUPON__VOUCHER_STATE__VOUCHER_PENDING);
    tidy_all();
    harness_reopen(&h);
    tidy_all();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM voucher"), 1);
    hear_send(coupon_now(11)->coupon_id, BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_int_equal(coupon_now(11)->voucher->state, COUPON__VOUCHER_STATE__VOUCHER_SENT);
    assert_int_equal(coupon_now(11)->state, COUPON__COUPON_STATE__GRANTED);
    assert_clean();
}

static void whom_wechat_gives_nothing_makes_room_for_the_next(void **state)
{
    int64_t id = open_backed(1), coupon_id;

    (void)state;
    coupon_id = coupon_of(claim(id, 11))->coupon_id;
    tidy_all();
    assert_refused(claim(id, 12), "SOLD_OUT");
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_PENDING, COUPON__REASON__VOUCHER_NO_WECHAT);
    assert_string_equal(coupon_now(11)->voucher->reason, "VOUCHER_NO_WECHAT");
    assert_refused(claim(id, 12), "SOLD_OUT");
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_LIMIT);
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_LIMIT);
    assert_int_equal(coupon_now(11)->state, COUPON__COUPON_STATE__VOID);
    assert_string_equal(coupon_now(11)->voucher->reason, "VOUCHER_LIMIT");
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__COUPON_NOT_SENT, coupon_id), 1);
    harness_reopen(&h);
    assert_ok(claim(id, 12));
    assert_refused(claim(id, 13), "SOLD_OUT");
    tidy_all();
    assert_clean();
}

static void what_was_used_is_spent_and_a_purchase_given_back_is_not(void **state)
{
    int64_t id = open_backed(10), coupon_id;

    (void)state;
    coupon_id = coupon_of(claim(id, 11))->coupon_id;
    tidy_all();
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_USED, 0); /* before it was said that it is hers */
    assert_int_equal(coupon_now(11)->state, COUPON__COUPON_STATE__REDEEMED);
    assert_int_equal(coupon_now(11)->redeemed_at, clock_now(&h.service.clock));
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_int_equal(coupon_now(11)->state, COUPON__COUPON_STATE__GRANTED);
    clock_step(&h.service.clock, 31 * COUPON_DAY_MS);
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_OVER, 0);
    assert_int_equal(coupon_now(11)->state, COUPON__COUPON_STATE__EXPIRED);
    tidy_all();
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_published_when_its_stock_runs),
        TEST(what_is_refused_is_not_ordered),
        TEST(a_coupon_is_owed_once_and_only_of_such_a_release),
        TEST(whom_wechat_gives_nothing_makes_room_for_the_next),
        TEST(what_was_used_is_spent_and_a_purchase_given_back_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
