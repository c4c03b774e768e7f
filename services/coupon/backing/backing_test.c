/* Releases whose coupons are WeChat's: the stock by two hands, what is owed, and what the bridge says came of it. */
#include "services/coupon/backing/backing_fixture.h"

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
    agree_stock(id, COUPON__BACKING_STEP__STOCK_CREATE, 2, BRIDGE__STOCK_STATE__STOCK_READY);
    assert_refused(change("Coupons.PublishRelease", id), "BACKING_NOT_RUNNING");
    agree_stock(id, COUPON__BACKING_STEP__STOCK_START, 3, BRIDGE__STOCK_STATE__STOCK_RUNNING);
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
    assert_int_equal(newest_coupon_of(11)->voucher->state, COUPON__VOUCHER_STATE__VOUCHER_PENDING);
    tidy_all();
    harness_reopen(&h);
    tidy_all();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM voucher"), 1);
    hear_send(newest_coupon_of(11)->coupon_id, BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_int_equal(newest_coupon_of(11)->voucher->state, COUPON__VOUCHER_STATE__VOUCHER_SENT);
    assert_int_equal(newest_coupon_of(11)->state, COUPON__COUPON_STATE__GRANTED);
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
    assert_string_equal(newest_coupon_of(11)->voucher->reason, "VOUCHER_NO_WECHAT");
    assert_refused(claim(id, 12), "SOLD_OUT");
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_LIMIT);
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_FAILED, COUPON__REASON__VOUCHER_LIMIT);
    assert_int_equal(newest_coupon_of(11)->state, COUPON__COUPON_STATE__VOID);
    assert_string_equal(newest_coupon_of(11)->voucher->reason, "VOUCHER_LIMIT");
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
    assert_int_equal(newest_coupon_of(11)->state, COUPON__COUPON_STATE__REDEEMED);
    assert_int_equal(newest_coupon_of(11)->redeemed_at, clock_now(&h.service.clock));
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_DONE, 0);
    assert_int_equal(newest_coupon_of(11)->state, COUPON__COUPON_STATE__GRANTED);
    clock_step(&h.service.clock, 31 * COUPON_DAY_MS);
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_OVER, 0);
    assert_int_equal(newest_coupon_of(11)->state, COUPON__COUPON_STATE__EXPIRED);
    tidy_all();
    assert_clean();
}

static const Rpc__Answer *list(int64_t union_id, int role, const char *path)
{
    Coupon__ListBackingsRequest request = COUPON__LIST_BACKINGS_REQUEST__INIT;

    request.union_id = union_id;
    return harness_call(&h, "Backings.ListBackings", &request.base, harness_official(&h, 903, role, path), NULL);
}

static void its_numbers_are_for_who_looks_after_the_money(void **state)
{
    int64_t unbacked = publish(draft_of(10, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE)), id = open_backed(10),
            union_id = a_union(&h, UNION), other_id = a_union(&h, "0002"), coupon_id;
    const Coupon__BackedReleaseList *found;

    (void)state;
    assert_true(unbacked != id);
    coupon_id = coupon_of(claim(id, 11))->coupon_id;
    assert_ok(claim(id, 12));
    tidy_all();
    clock_step(&h.service.clock, 1000);
    tidy_all();
    hear_send(coupon_id, BRIDGE__SEND_STATE__SEND_USED, 0);
    found = harness_output(&h, list(union_id, RULE__ROLE__FINANCE, UNION), &coupon__backed_release_list__descriptor);
    assert_int_equal(found->n_releases, 1);
    assert_int_equal(found->releases[0]->release_id, id);
    assert_int_equal(found->releases[0]->union_id, union_id);
    assert_int_equal(found->releases[0]->coupons, 10);
    assert_string_equal(found->releases[0]->backing->stock, "9001");
    assert_int_equal(found->releases[0]->counts->used, 1);
    assert_int_equal(found->releases[0]->counts->pending, 1);
    assert_int_equal(found->releases[0]->proposed_by, 0);
    assert_ok(on_backing("Propose", id, COUPON__BACKING_STEP__STOCK_PAUSE, 901));
    found = harness_output(&h, list(union_id, RULE__ROLE__FINANCE, UNION), &coupon__backed_release_list__descriptor);
    assert_int_equal(found->releases[0]->proposed_by, 901);
    assert_refused(list(other_id, RULE__ROLE__FINANCE, UNION), "OUTSIDE_YOUR_UNION");
    assert_refused(list(union_id, RULE__ROLE__UNION_ADMIN, UNION), "NOT_OFFICIAL");
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_published_when_its_stock_runs),
        TEST(what_is_refused_is_not_ordered),
        TEST(a_coupon_is_owed_once_and_only_of_such_a_release),
        TEST(whom_wechat_gives_nothing_makes_room_for_the_next),
        TEST(its_numbers_are_for_who_looks_after_the_money),
        TEST(what_was_used_is_spent_and_a_purchase_given_back_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
