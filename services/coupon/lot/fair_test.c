/* A release in fair mode: who asks in the first moments is in a lot, then first come. */
#include "services/coupon/lot/lot_fixture.h"

/* Half a minute of asking by members 1..n, at its opening. */
static int64_t asked(int32_t stock, int32_t days, int64_t n)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__FAIR, stock, days));

    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= n; member_id++)
        assert_true(ask(release_id, member_id)->created);
    return release_id;
}

static void who_asks_is_in_and_is_told_when_it_is_decided(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__FAIR, 2, 1));
    const Coupon__LotEntry *entry;
    const Rpc__Answer *answer;

    (void)state;
    answer = ask(release_id, 1);
    assert_reason(answer, COUPON__REASON__NOT_OPEN_YET);
    assert_non_null(harness_fact(answer, "opensAt"));
    clock_to(OPENS);
    entry = list_offers(harness_member(&h, 1, TOWN))->offers[0]->lot;
    assert_int_equal(entry->state, COUPON__ENTRY_STATE__MAY_ENTER);
    entry = entry_of(ask(release_id, 1));
    assert_int_equal(entry->state, COUPON__ENTRY_STATE__IN);
    assert_int_equal(entry->closes_at, OPENS + WINDOW_MS);
    assert_int_equal(entry->decided_at, OPENS + WINDOW_MS);
    assert_int_equal(strlen(entry->ticket), 32);
    assert_string_equal(entry->words, "您已登记，请等待开奖");
    assert_int_equal(list_offers(harness_member(&h, 1, TOWN))->offers[0]->lot->entry_id, entry->entry_id);
    answer = claim(release_id, 1);
    assert_reason(answer, COUPON__REASON__LOT_FIRST);
    assert_non_null(harness_fact(answer, "decidedAt"));
    assert_clean();
}

static void a_thousand_asks_are_one_entry_and_the_numbers_say_so(void **state)
{
    int64_t release_id = asked(1, 1, 3), lot_id;
    int64_t first = where(release_id, 1, 0)->entry_id;
    const Coupon__LotStatus *status;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        const Rpc__Answer *answer = ask(release_id, 1);

        assert_false(answer->created);
        assert_int_equal(entry_of(answer)->entry_id, first);
    }
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(entry_of(ask(release_id, 1))->entry_id, first);
    lot_id = lots_of(release_id)->lots[0]->lot_id;
    status = lot_status(lot_id);
    assert_int_equal(status->entrants, 3);
    assert_int_equal(status->repeats, 1000);
    assert_int_equal(status->asked, 1003);
    assert_clean();
}

static void it_is_drawn_by_itself_and_anybody_checks_it(void **state)
{
    int64_t release_id = asked(2, 1, 9), lot_id = lots_of(release_id)->lots[0]->lot_id;
    const Coupon__LotEntry *entry;

    (void)state;
    harness_reopen(&h);
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(lot_status(lot_id)->lot->stage, LOTTERY__STAGE__PUBLISHED);
    assert_int_equal(strlen(lot_status(lot_id)->lot->secret), 64);
    assert_int_equal(how_many(release_id, lot_id, 9, COUPON__ENTRY_STATE__WON), 2);
    assert_int_equal(how_many(release_id, lot_id, 9, COUPON__ENTRY_STATE__LOST), 7);
    assert_int_equal(get(release_id)->granted, 2);
    for (int64_t member_id = 1; member_id <= 9; member_id++) {
        entry = where(release_id, member_id, lot_id);
        assert_int_equal(entry->state == COUPON__ENTRY_STATE__WON, entry->coupon_id != 0);
        assert_int_equal(list_coupons(member_id, 10, NULL)->n_coupons, entry->coupon_id != 0);
        if (entry->coupon_id)
            assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__COUPON_WON, entry->coupon_id), 1);
        assert_non_null(strstr(entry->receipt_at, "/receipt"));
        assert_non_null(strstr(entry->check_at, "/draw/#lot-"));
        assert_verified(lot_receipt(lot_id, member_id), true);
    }
    assert_verified(lot_file(lot_id), false);
    assert_non_null(strstr(lot_file(lot_id), "\nvalue none\n"));
    assert_clean();
}

static void what_is_left_goes_first_come_until_the_day_ends(void **state)
{
    int64_t release_id = asked(5, 2, 3);

    (void)state;
    clock_to(OPENS + WINDOW_MS);
    assert_reason(claim(release_id, 4), COUPON__REASON__LOT_UNDECIDED);
    assert_reason(ask(release_id, 4), COUPON__REASON__LOT_ENTRIES_CLOSED);
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(get(release_id)->left, 2);
    assert_false(claim(release_id, 1)->created); /* she has won it */
    assert_string_equal(list_offers(harness_member(&h, 4, TOWN))->offers[0]->reason, "");
    assert_true(claim(release_id, 4)->created);
    assert_true(claim(release_id, 5)->created);
    assert_reason(claim(release_id, 6), COUPON__REASON__SOLD_OUT);
    assert_string_equal(list_offers(harness_member(&h, 6, TOWN))->offers[0]->reason, "SOLD_OUT");
    clock_to(OPENS + COUPON_DAY_MS);
    assert_reason(claim(release_id, 6), COUPON__REASON__LOT_FIRST);
    assert_true(ask(release_id, 6)->created);
    assert_clean();
}

static void who_it_is_not_for_is_not_in(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__FAIR, 5, 1)), other = open_release(5, 1, 0);

    (void)state;
    assert_reason(ask_as(release_id, harness_member(&h, 1, "0009")), COUPON__REASON__NOT_ELIGIBLE_UNION);
    assert_ok(change("Coupons.PauseRelease", release_id));
    assert_reason(ask(release_id, 1), COUPON__REASON__PAUSED);
    assert_ok(change("Coupons.PublishRelease", release_id));
    assert_ok(ask(release_id, 1));
    assert_reason(ask(other, 1), COUPON__REASON__LOT_NONE);
    assert_clean();
}

static void a_lot_that_is_void_leaves_all_to_who_comes_first(void **state)
{
    int64_t release_id = asked(1, 1, 2), lot_id = lots_of(release_id)->lots[0]->lot_id;

    (void)state;
    assert_reason(on_lot("Lots.VoidLot", lot_id, "测试", 900), 0);
    assert_int_equal(where(release_id, 1, 0)->state, COUPON__ENTRY_STATE__LOT_VOID);
    assert_true(claim(release_id, 2)->created);
    assert_clean();
}

static void two_accounts_that_become_one_have_one_coupon(void **state)
{
    int64_t release_id = asked(3, 1, 3), lot_id = lots_of(release_id)->lots[0]->lot_id;

    (void)state;
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    harness_work(&h, do_what_is_due);
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(lot_status(lot_id)->entrants, 2);
    assert_int_equal(get(release_id)->granted, 2);
    assert_clean();
}

/* Both are in the list, which never changes any more. */
static void accounts_that_become_one_later_have_one_coupon_too(void **state)
{
    int64_t release_id = asked(3, 1, 3);

    (void)state;
    clock_to(OPENS + WINDOW_MS);
    harness_tidy(&h); /* nobody enters any more */
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    assert_int_equal(hear_closed(&h, 3), 0);
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(get(release_id)->granted, 1);
    assert_int_equal(where(release_id, 2, 0)->state, COUPON__ENTRY_STATE__WON);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_is_in_and_is_told_when_it_is_decided),
        TEST(a_thousand_asks_are_one_entry_and_the_numbers_say_so),
        TEST(it_is_drawn_by_itself_and_anybody_checks_it),
        TEST(what_is_left_goes_first_come_until_the_day_ends),
        TEST(who_it_is_not_for_is_not_in),
        TEST(a_lot_that_is_void_leaves_all_to_who_comes_first),
        TEST(two_accounts_that_become_one_have_one_coupon),
        TEST(accounts_that_become_one_later_have_one_coupon_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
