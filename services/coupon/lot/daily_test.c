/* A lot each day, drawn by itself from the day's committed secret. */
#include "services/coupon/lot/lot_fixture.h"

static void draft_is_refused(Coupon__Release draft, int reason, const char *field)
{
    const Rpc__Answer *answer = create(&draft, manager_of(UNION));

    assert_reason(answer, reason);
    assert_string_equal(answer->field, field);
}

static void a_form_that_mixes_what_does_not_fit_is_refused(void **state)
{
    Coupon__Release draft = draft_of(3, 1, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    form_of(&draft);
    draft_is_refused(draft, COUPON__REASON__LOT_NOT_ASKED, "release.lot");
    draft = lot_draft(COUPON__WAY__LOT, 3, 1);
    draft.lot = NULL;
    draft_is_refused(draft, RPC__REASON__MISSING_FIELD, "release.lot");
    draft = lot_draft(COUPON__WAY__LOT, 3, 1);
    draft.lot->entry_seconds = 0;
    draft_is_refused(draft, RPC__REASON__MISSING_FIELD, "release.lot.entrySeconds");
    draft = lot_draft(COUPON__WAY__FAIR, 3, 1);
    draft.lot->waiting = 1;
    draft_is_refused(draft, COUPON__REASON__LOT_FORM_MIXED, "release.lot.season");
    draft = lot_draft(COUPON__WAY__LOT, 3, 1);
    draft.allowance = COUPON__ALLOWANCE__ONE_PER_MONTH;
    draft_is_refused(draft, COUPON__REASON__LOT_ALLOWANCE_WRONG, "release.allowance");
    draft = season_draft(3, 3, 0);
    draft.way = COUPON__WAY__FAIR;
    draft_is_refused(draft, COUPON__REASON__LOT_FORM_MIXED, "release.lot.season");
    draft = season_draft(3, 3, 0);
    draft.lot->value_format = "第#期";
    draft_is_refused(draft, COUPON__REASON__LOT_VALUE_FORMAT_UNKNOWN, "release.lot.valueFormat");
    draft = season_draft(3, 3, 0);
    draft.lot->value_format = "none";
    draft_is_refused(draft, COUPON__REASON__LOT_VALUE_FORMAT_UNKNOWN, "release.lot.valueFormat");
    draft = season_draft(3, 3, 0);
    draft.lot->until = draft.lot->draw_at + LOTTERY_PUBLISH_MS;
    draft_is_refused(draft, COUPON__REASON__LOT_TIMES_WRONG, "release.lot.closesAt");
    draft = season_draft(3, 3, 0);
    draft.lot->public_name = "";
    draft_is_refused(draft, RPC__REASON__MISSING_FIELD, "release.lot.publicName");
    assert_false(h.grown);
    assert_clean();
}

static void a_lot_is_published_before_it_opens(void **state)
{
    Coupon__Release draft = lot_draft(COUPON__WAY__LOT, 3, 3);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    clock_to(OPENS);
    assert_reason(change("Coupons.PublishRelease", id), COUPON__REASON__LOT_OPENS_TOO_SOON);
    assert_int_equal(get(id)->release->state, COUPON__STATE__DRAFT);
    assert_clean();
}

/* Days of one commitment, each announced before it opens, and drawn in order. */
static void each_day_has_its_lot_from_one_commitment(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 2, 10));
    const char *commitment = arena_printf(&h.arena, "%s", get(release_id)->release->lot->commitment);

    (void)state;
    assert_int_equal(strlen(commitment), 64);
    for (int32_t day = 0; day < 3; day++) {
        int64_t opens_at = OPENS + day * COUPON_DAY_MS;
        const Coupon__LotStatus *lot;

        let_pass(opens_at - 1);
        assert_int_equal(lots_of(release_id)->n_lots, day + LOT_AHEAD_DAYS);
        clock_to(opens_at);
        for (int64_t member_id = 1; member_id <= 7; member_id++)
            assert_ok(ask(release_id, member_id));
        assert_reason(claim(release_id, 1), COUPON__REASON__NOT_BY_CLAIM);
        let_pass(opens_at + WINDOW_MS);
        lot = lots_of(release_id)->lots[lots_of(release_id)->n_lots - 1 - (size_t)day];
        assert_int_equal(lot->day, day);
        assert_int_equal(lot->lot->stage, LOTTERY__STAGE__PUBLISHED);
        assert_string_equal(lot->lot->commitment, commitment);
        assert_int_equal(lot->lot->steps, day + 1);
        assert_int_equal(get(release_id)->granted, 2 * (day + 1));
        assert_verified(lot_file(lot->lot_id), false);
        assert_reason(ask(release_id, 8), COUPON__REASON__LOT_ENTRIES_CLOSED);
        harness_reopen(&h);
    }
    assert_clean();
}

static void a_coupon_may_be_good_that_day_alone(void **state)
{
    Coupon__Release draft = lot_draft(COUPON__WAY__LOT, 2, 2);
    int64_t release_id;

    (void)state;
    draft.lot->that_day = true;
    release_id = publish(draft);
    clock_to(OPENS);
    assert_ok(ask(release_id, 1));
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(list_coupons(1, 10, NULL)->coupons[0]->expires_at, OPENS + COUPON_DAY_MS);
    assert_clean();
}

/* The daemon was down while the day ended: what was promised is given. */
static void a_day_that_is_over_is_still_drawn_and_given(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 2, 2)), lot_id;

    (void)state;
    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= 5; member_id++)
        assert_ok(ask(release_id, member_id));
    let_pass(OPENS + WINDOW_MS);
    lot_id = lots_of(release_id)->lots[1]->lot_id;
    assert_int_equal(how_many(release_id, lot_id, 5, COUPON__ENTRY_STATE__WON), 2);
    let_pass(OPENS + 2 * COUPON_DAY_MS);
    assert_int_equal(get(release_id)->release->state, COUPON__STATE__CLOSED);
    assert_int_equal(how_many(release_id, lot_id, 5, COUPON__ENTRY_STATE__WON), 2);
    assert_clean();
}

static void who_has_withdrawn_is_not_drawn(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 2, 1));
    Coupon__EnterLotRequest request = COUPON__ENTER_LOT_REQUEST__INIT;

    (void)state;
    request.release_id = release_id;
    clock_to(OPENS);
    assert_ok(ask(release_id, 1));
    assert_ok(harness_call(&h, "Lots.WithdrawLotEntry", &request.base, harness_member(&h, 1, TOWN), NULL));
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(lots_of(release_id)->lots[0]->entrants, 0);
    assert_int_equal(where(release_id, 1, 0)->state, COUPON__ENTRY_STATE__ENTRY_NONE);
    assert_clean();
}

static void a_release_that_is_ended_makes_open_lots_void(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 2, 3));

    (void)state;
    let_pass(OPENS);
    assert_ok(ask(release_id, 1));
    assert_ok(change("Coupons.EndRelease", release_id));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lots_of(release_id)->lots[i]->lot->stage, LOTTERY__STAGE__VOID);
    let_pass(OPENS + WINDOW_MS);
    assert_int_equal(get(release_id)->granted, 0);
    assert_clean();
}

/* Of those who asked on many days about as many win as there are places. */
static void about_as_many_win_as_there_are_places(void **state)
{
    int64_t release_id = publish(lot_draft(COUPON__WAY__LOT, 3, 1)), lot_id;

    (void)state;
    clock_to(OPENS);
    for (int64_t member_id = 1; member_id <= 10; member_id++)
        assert_ok(ask(release_id, member_id));
    let_pass(OPENS + WINDOW_MS);
    lot_id = lots_of(release_id)->lots[0]->lot_id;
    assert_int_equal(lot_status(lot_id)->lot->outcomes[0]->entrants, 10);
    assert_int_equal(lot_status(lot_id)->lot->outcomes[0]->places, 3);
    assert_int_equal(how_many(release_id, lot_id, 10, COUPON__ENTRY_STATE__WON), 3);
    assert_clean();
}

static void a_store_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE lot_day SET stage = 5",
        "DELETE FROM lot_form",
        "UPDATE place_given SET place = 9",
        "UPDATE place_given SET member_id = 77",
        "UPDATE place_given SET state = 7",
        "DELETE FROM place_given",
        "UPDATE place_given SET coupon_id = coupon_id + 1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        int64_t release_id;

        begin(&h);
        release_id = publish(lot_draft(COUPON__WAY__LOT, 1, 1));
        clock_to(OPENS);
        assert_ok(ask(release_id, 1));
        assert_ok(ask(release_id, 2));
        let_pass(OPENS + WINDOW_MS);
        assert_int_equal(get(release_id)->granted, 1);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_form_that_mixes_what_does_not_fit_is_refused), TEST(a_lot_is_published_before_it_opens),
        TEST(each_day_has_its_lot_from_one_commitment),       TEST(a_coupon_may_be_good_that_day_alone),
        TEST(a_day_that_is_over_is_still_drawn_and_given),    TEST(who_has_withdrawn_is_not_drawn),
        TEST(a_release_that_is_ended_makes_open_lots_void),   TEST(about_as_many_win_as_there_are_places),
        cmocka_unit_test(a_store_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
