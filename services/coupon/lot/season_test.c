/* One lot in all, with a public value, a waiting list, and winners who accept or make room. */
#include "services/coupon/lot/lot_fixture.h"

#define VALUE   "03 07 11"
#define MEMBERS 9

/* A season of two places that all members have entered. */
static int64_t entered(int32_t waiting, int32_t accept_days, int64_t *ret_lot)
{
    int64_t release_id = publish(season_draft(2, waiting, accept_days));

    let_pass(OPENS);
    for (int64_t member_id = 1; member_id <= MEMBERS; member_id++)
        assert_ok(ask(release_id, member_id));
    *ret_lot = lots_of(release_id)->lots[0]->lot_id;
    return release_id;
}

/* Until its winners have their places. */
static void draw(int64_t lot_id)
{
    let_pass(OPENS + 2 * HOUR_MS);
    assert_reason(on_lot("Lots.EnterLotValue", lot_id, VALUE, 900), COUPON__REASON__LOT_VALUE_NOT_YET);
    let_pass(OPENS + 3 * HOUR_MS);
    assert_ok(on_lot("Lots.EnterLotValue", lot_id, "3,7,11", 900));
    assert_reason(on_lot("Lots.ConfirmLotValue", lot_id, VALUE, 900), COUPON__REASON__LOT_VALUE_OWN);
    assert_reason(on_lot("Lots.ConfirmLotValue", lot_id, "03 07 12", 901), COUPON__REASON__LOT_VALUE_DIFFERS);
    assert_ok(on_lot("Lots.ConfirmLotValue", lot_id, VALUE, 901));
    assert_reason(on_lot("Lots.PublishLot", lot_id, "", 900), COUPON__REASON__LOT_NOT_DRAWN);
    let_pass(OPENS + 4 * HOUR_MS);
    assert_int_equal(lot_status(lot_id)->lot->stage, LOTTERY__STAGE__DRAWN);
    assert_ok(on_lot("Lots.PublishLot", lot_id, "", 900));
    harness_work(&h, do_what_is_due);
}

/* Some member who stands so, or 0. */
static int64_t somebody(int64_t release_id, int state)
{
    for (int64_t member_id = 1; member_id <= MEMBERS; member_id++) {
        if ((int)where(release_id, member_id, 0)->state == state)
            return member_id;
    }
    return 0;
}

/* Who is the first on the waiting list. */
static int64_t first_waiting(int64_t release_id)
{
    for (int64_t member_id = 1; member_id <= MEMBERS; member_id++) {
        if (where(release_id, member_id, 0)->waiting_position == 1)
            return member_id;
    }
    return 0;
}

static void its_whole_life(void **state)
{
    int64_t lot_id, release_id = entered(3, 0, &lot_id);

    (void)state;
    assert_int_equal(where(release_id, 1, 0)->decided_at, OPENS + 4 * HOUR_MS);
    draw(lot_id);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__WON), 2);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__WAITING), 3);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__LOST), 4);
    assert_int_equal(get(release_id)->day, 0);
    assert_verified(lot_file(lot_id), false);
    assert_verified(lot_receipt(lot_id, 1), true);
    assert_reason(on_lot("Lots.VoidLot", lot_id, "晚了", 900), COUPON__REASON__LOT_PUBLISHED);
    assert_clean();
    let_pass(OPENS + 40 * COUPON_DAY_MS);
    assert_int_equal(get(release_id)->release->state, COUPON__STATE__CLOSED);
    assert_int_equal(lot_status(lot_id)->lot->stage, LOTTERY__STAGE__CLOSED);
    assert_int_equal(how_many(release_id, lot_id, MEMBERS, COUPON__ENTRY_STATE__WAITING), 0);
    assert_clean();
}

static void who_declines_makes_room_for_the_next(void **state)
{
    int64_t lot_id, release_id = entered(3, 0, &lot_id), winner, next, coupon_id;

    (void)state;
    draw(lot_id);
    winner = somebody(release_id, COUPON__ENTRY_STATE__WON);
    next = first_waiting(release_id);
    coupon_id = where(release_id, winner, 0)->coupon_id;
    assert_reason(on_place("Lots.DeclinePlace", coupon_id, next), COUPON__REASON__PLACE_NOT_FOUND);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(entry_of(on_place("Lots.DeclinePlace", coupon_id, winner))->state,
                         COUPON__ENTRY_STATE__PLACE_DECLINED);
    assert_int_equal(where(release_id, next, 0)->state, COUPON__ENTRY_STATE__WON);
    assert_int_equal(get(release_id)->granted, 2);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__WAITING), 2);
    assert_true(list_coupons(winner, 10, NULL)->coupons[0]->ended_at > 0);
    assert_reason(on_place("Lots.AcceptPlace", coupon_id, winner), COUPON__REASON__PLACE_DECIDED);
    harness_reopen(&h);
    assert_int_equal(get(release_id)->granted, 2);
    assert_clean();
}

static void who_does_not_accept_in_time_makes_room(void **state)
{
    int64_t lot_id, release_id = entered(5, 3, &lot_id), accepts, lapses;

    (void)state;
    draw(lot_id);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__MUST_ACCEPT), 2);
    accepts = somebody(release_id, COUPON__ENTRY_STATE__MUST_ACCEPT);
    assert_int_equal(where(release_id, accepts, 0)->accept_by, clock_now(&h.service.clock) + 3 * COUPON_DAY_MS);
    assert_ok(on_place("Lots.AcceptPlace", where(release_id, accepts, 0)->coupon_id, accepts));
    lapses = somebody(release_id, COUPON__ENTRY_STATE__MUST_ACCEPT);
    let_pass(clock_now(&h.service.clock) + 3 * COUPON_DAY_MS);
    assert_int_equal(where(release_id, accepts, 0)->state, COUPON__ENTRY_STATE__WON);
    assert_int_equal(where(release_id, lapses, 0)->state, COUPON__ENTRY_STATE__PLACE_LAPSED);
    assert_int_equal(how_many(release_id, 0, MEMBERS, COUPON__ENTRY_STATE__MUST_ACCEPT), 1);
    assert_int_equal(get(release_id)->granted, 2);
    assert_clean();
}

static void a_winner_whose_account_is_closed_before_makes_room(void **state)
{
    int64_t lot_id, release_id = entered(5, 0, &lot_id);

    (void)state;
    let_pass(OPENS + 2 * HOUR_MS);
    assert_int_equal(hear_closed(&h, 1), 0);
    assert_int_equal(hear_closed(&h, 2), 0);
    assert_int_equal(hear_closed(&h, 3), 0);
    draw(lot_id);
    assert_int_equal(get(release_id)->granted, 2);
    assert_clean();
}

/* Of two persons with nine entries in the list, which never changes, each has one place. */
static void one_person_has_one_place_by_however_many_accounts(void **state)
{
    int64_t lot_id, release_id = entered(MEMBERS, 0, &lot_id);

    (void)state;
    let_pass(OPENS + 2 * HOUR_MS);
    for (int64_t member_id = 1; member_id <= MEMBERS - 2; member_id++)
        assert_int_equal(hear_merged(&h, member_id, MEMBERS), 0);
    draw(lot_id);
    assert_int_equal(get(release_id)->granted, 2);
    assert_int_equal(where(release_id, MEMBERS, 0)->state, COUPON__ENTRY_STATE__WON);
    assert_int_equal(where(release_id, MEMBERS - 1, 0)->state, COUPON__ENTRY_STATE__WON);
    assert_clean();
}

static void another_unions_official_does_nothing(void **state)
{
    int64_t lot_id, release_id = entered(5, 0, &lot_id);
    Coupon__LotRequest request = COUPON__LOT_REQUEST__INIT;

    (void)state;
    (void)release_id;
    request.lot_id = lot_id;
    assert_reason(harness_call(&h, "Lots.PublishLot", &request.base,
                               harness_official(&h, 5, RULE__ROLE__BENEFIT_MANAGER, "0009"), NULL),
                  RPC__REASON__OUTSIDE_YOUR_UNION);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_whole_life),
        TEST(who_declines_makes_room_for_the_next),
        TEST(who_does_not_accept_in_time_makes_room),
        TEST(a_winner_whose_account_is_closed_before_makes_room),
        TEST(one_person_has_one_place_by_however_many_accounts),
        TEST(another_unions_official_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
