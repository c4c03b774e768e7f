/* What is drawn each day of a release that a stock is behind: whom WeChat gives nothing keeps no place. */
#include "services/coupon/backing/backing_fixture.h"
#include "services/coupon/lot/lot_fixture.h"

#define MEMBERS 6

static void owe_all(void)
{
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
}

/* Two coupons a day for two days, the first day drawn. */
static int64_t drawn(void)
{
    Coupon__Release draft = backed(lot_draft(COUPON__WAY__LOT, 2, 2));
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    publish_backed(id);
    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= MEMBERS; member_id++)
        assert_ok(ask(id, member_id));
    let_pass(OPENS + WINDOW_MS);
    owe_all();
    return id;
}

static int64_t winner(int64_t id)
{
    for (int64_t member_id = 1; member_id <= MEMBERS; member_id++) {
        if (where(id, member_id, 0)->state == COUPON__ENTRY_STATE__WON)
            return member_id;
    }
    fail();
    return 0;
}

static void a_place_that_wechat_gives_nobody_is_free_again(void **state)
{
    int64_t id = drawn(), loser = winner(id), coupon_id = where(id, loser, 0)->coupon_id;

    (void)state;
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM voucher WHERE state = 1"), 2);
    assert_int_equal(get(id)->granted, 2);
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_PENDING, COUPON__REASON__VOUCHER_LIMIT);
    tidy_all();
    assert_int_equal(get(id)->granted, 2);
    for (unsigned i = 0; i < 2; i++) {
        hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_LIMIT);
        tidy_all();
        assert_int_equal(newest_coupon_of(loser)->state, COUPON__COUPON_STATE__VOID);
        assert_int_equal(get(id)->granted, 1);
        harness_reopen(&h);
    }
    assert_clean();
}

/* Who got nothing may enter the next day's lot, and has what she wins then. */
static void who_got_nothing_may_win_the_next_day(void **state)
{
    int64_t id = drawn(), loser = winner(id);

    (void)state;
    hear_send(where(id, loser, 0)->coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_REFUSED);
    tidy_all();
    let_pass(OPENS + COUPON_DAY_MS);
    assert_ok(ask(id, loser));
    let_pass(OPENS + COUPON_DAY_MS + WINDOW_MS);
    owe_all();
    assert_int_equal(get(id)->granted, 2);
    assert_int_equal(newest_coupon_of(loser)->voucher->state, COUPON__VOUCHER_STATE__VOUCHER_PENDING);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_place_that_wechat_gives_nobody_is_free_again),
        TEST(who_got_nothing_may_win_the_next_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
